# SPDX-License-Identifier: GPL-2.0
"""The tests that can never apply on an architecture: common/suite/architecture.c names tests that
exist, and all that need what an architecture may lack."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
TEXT = (TOP / "common/suite/architecture.c").read_text()
LISTS = {name: re.findall(r'"(\S+)"', globs) for name, globs in
         re.findall(r"static const char \*const (\w+)\[\] = \{(.*?)\};", TEXT, re.S)}
# The glob of each row with the function that decides.
ROWS = [(glob, absent) for name, absent in re.findall(r"^\t\{ (\w+), (\w+), \"", TEXT, re.M)
        for glob in LISTS[name]]
# The first line of a function, a setup or a test.
FIRST = re.compile(r"^(?:[a-z][\w ]*[ *])?(\w+)\((.*)", re.M)
# What a test calls that cannot do without it.
NEEDS = {"huge_is_too_large": r"\bhuge_(range_)?begin\(",
         "no_soft_dirty": r"\bneed\(features\.soft_dirty,",
         "no_uffd_wp": r"\bneed\(features\.uffd_wp,"}


def dashed(name: str) -> str:
    return name.replace("_", "-")


def bodies(text: str) -> list[tuple[str, str, str]]:
    """Name, first words in parentheses, and body of each function, setup and test."""
    parts = [chunk.partition("\n{\n") for chunk in text.replace("\n};", "\n}").split("\n}\n")]
    return [(*FIRST.findall(head)[-1], body) for head, _, body in parts if body]


def tests_of(text: str, which=lambda body: True) -> set[str]:
    """The tests of a program whose setup or body `which` is true for, with V for a variant."""
    found, parts = set(), bodies(text)
    setups = {words.rstrip(")") for name, words, body in parts
              if name == "FIXTURE_SETUP" and which(body)}
    for name, words, body in parts:
        if name == "SCENARIO":
            fixture, test = (word.strip() for word in words.split(",")[:2])
            if fixture in setups or which(body):
                found.add(f"{dashed(fixture)}.V.{dashed(test)}")
    return found


def helpers(text: str, call: str) -> set[str]:
    """Functions that make this call, directly or by another one."""
    found: set[str] = set()
    while more := {name for name, _, body in bodies(text) if needs(body, call, found)
                   and name not in (*found, "SCENARIO", "FIXTURE_SETUP")}:
        found |= more
    return found


def needs(body: str, call: str, functions: set[str]) -> bool:
    return any(re.search(part, body) for part in (call, *(rf"\b{name}\(" for name in functions)))


def program(path: Path) -> str:
    """Its text, with that of the headers beside it that it includes."""
    text = path.read_text()
    return text + "".join((path.parent / name).read_text()
                          for name in re.findall(r'#include "(\w+\.h)"', text))


TEXTS = {path.stem: program(path) for path in sorted((TOP / "hmm-coherent").glob("*.c"))}
TESTS = {test for text in TEXTS.values() for test in tests_of(text)}


def is_named(test: str, absent: str, some: Iterable[str] = ()) -> bool:
    """By a glob for all variants, for one of `some`, or for a test without a variant."""
    return any(fnmatchcase(name, glob) for glob, function in ROWS if function == absent
               for name in (test, *(test.replace(".V.", v) for v in (".", *some))))


def some_variants(text: str, call: str) -> list[str]:
    """The variants, if only some of them make the call: it depends on a condition."""
    if not re.search(rf"^\t\t+{call}", text, re.M):
        return []
    return [f".{dashed(variant)}." for variant in re.findall(r"FIXTURE_VARIANT_ADD\(\w+, (\w+)\)",
                                                           text)]


def test_rows_are_found():
    assert {function for _, function in ROWS} == set(NEEDS)
    assert len(TESTS) > 500 and len(ROWS) > 50
    for call in NEEDS.values():
        assert len(re.findall(call, "".join(TEXTS.values()))) > 9, call


@pytest.mark.parametrize("glob", sorted({row[0] for row in ROWS}))
def test_each_row_names_a_test(glob):
    """Or a variant of its tests: of the matrix, a mapping."""
    if variant := re.fullmatch(r"(.*)\.([*a-z-]*[a-z])\.\*", glob):
        texts = [(TOP / "common/cell/mapping.c").read_text()] if variant[1] == "*" else [
            text for text in TEXTS.values() if f"FIXTURE({variant[1].replace('-', '_')})" in text]
        word = variant[2].strip("*-")
        assert any(form in text for text in texts for form in (word, word.replace("-", "_")))
        return
    assert any(fnmatchcase(name, glob)
               for test in TESTS for name in (test, test.replace(".V.", ".")))


@pytest.mark.parametrize("absent, stem", sorted(
    (absent, stem) for absent, call in NEEDS.items() for stem, text in TEXTS.items()
    if re.search(call, text)))
def test_all_that_need_it_are_named(absent, stem):
    text, call = TEXTS[stem], NEEDS[absent]
    wanted = tests_of(text, lambda body: needs(body, call, helpers(text, call)))
    assert [test for test in sorted(wanted)
            if not is_named(test, absent, some_variants(text, call))] == []
