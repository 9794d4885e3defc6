# SPDX-License-Identifier: GPL-2.0
"""The tests that can never apply on an architecture: common/suite/architecture.c names tests that
exist, and all that need a huge page."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
ROWS = re.findall(r'^\t\{ "(\S+)", (\w+), (\w+) \},$',
                  (TOP / "common/suite/architecture.c").read_text(), re.M)
# The first line of a function, a setup or a test.
FIRST = re.compile(r"^(?:[a-z][\w ]*[ *])?(\w+)\((.*)", re.M)
HUGE = re.compile(r"\bhuge_(range_)?begin\(")

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

def helpers(text: str) -> set[str]:
    """Functions that make a huge page, directly or by another one."""
    found: set[str] = set()
    while more := {name for name, _, body in bodies(text)
                   if name not in (*found, "SCENARIO", "FIXTURE_SETUP") and needs(body, found)}:
        found |= more
    return found

def needs(body: str, functions: set[str]) -> bool:
    return bool(HUGE.search(body)) or any(re.search(rf"\b{name}\(", body) for name in functions)

def program(path: Path) -> str:
    """Its text, with that of the headers beside it that it includes."""
    text = path.read_text()
    return text + "".join((path.parent / name).read_text()
                          for name in re.findall(r'#include "(\w+\.h)"', text))

TEXTS = {path.stem: program(path) for path in sorted((TOP / "hmm-coherent").glob("*.c"))}
TESTS = {test for text in TEXTS.values() for test in tests_of(text)}

def is_named(test: str, absent: str) -> bool:
    """By a glob for all variants, or for a test without one."""
    return any(fnmatchcase(name, glob) for glob, function, _ in ROWS if function == absent
               for name in (test, test.replace(".V.", ".")))

def test_rows_are_found():
    assert {function for _, function, _ in ROWS} == {"no_soft_dirty", "no_uffd_wp",
                                                     "huge_is_too_large"}
    assert len(TESTS) > 500 and len(HUGE.findall("".join(TEXTS.values()))) > 15

@pytest.mark.parametrize("glob", sorted({row[0] for row in ROWS}))
def test_each_row_names_a_test(glob):
    """Or cells of the matrix, which have a mapping in their names."""
    mapping = re.fullmatch(r"\*\.([a-z-]+)\.\*", glob)
    assert (f'"{mapping[1]}"' in (TOP / "common/cell/mapping.c").read_text() if mapping else
            any(fnmatchcase(name, glob)
                for test in TESTS for name in (test, test.replace(".V.", "."))))

@pytest.mark.parametrize("stem", sorted(stem for stem, text in TEXTS.items() if HUGE.search(text)))
def test_all_that_need_a_huge_page_are_named(stem):
    """With pages of 64 KiB there is none that fits into a device."""
    text = TEXTS[stem]
    wanted = tests_of(text, lambda body: needs(body, helpers(text)))
    assert wanted, f"no test of {stem}.c is found that needs one"
    assert [test for test in sorted(wanted) if not is_named(test, "huge_is_too_large")] == []
