# SPDX-License-Identifier: GPL-2.0
"""The kernel functions that the rules cite exist: each in one of the kernels in the cache, and at
least one of each rule in each of these kernels. Skipped without the kernel sources in the cache."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TABLES = sorted((Path(__file__).resolve().parent.parent / "common/report").glob("rules_*.h"))
RULES = "".join(table.read_text() for table in TABLES)
CACHE = Path(os.environ.get("HMM_COHERENT_CACHE", os.path.expanduser("~/.cache/hmm-coherent")))
FOLDERS = ("mm", "fs", "io_uring", "block", "lib", "kernel", "include", "arch/x86/mm",
           "drivers/iommu/iommufd", "drivers/dma-buf")


def sources() -> dict[str, str]:
    """What each rule cites."""
    text = " ".join(RULES.replace("\\\n", " ").split()).replace('" "', "")
    string = r'"((?:[^"\\]|\\.)*)"'
    return {row[0]: row[3] for row in
            re.findall(rf"\bRULE\((\w+), {string}, {string}, {string}, {string}\)", text)}


def functions(source: str) -> set[str]:
    return set(re.findall(r"(\w+)\(\)", source))


def test_the_header_is_read():
    assert len(sources()) == RULES.count("\tRULE(")
    assert functions(sources()["FREED_TO_DRIVER"]) == {
        "zap_pte_range", "free_zone_device_folio", "free_zone_device_page"}


@pytest.fixture(name="kernels", scope="module")
def kernels_():
    """The cited functions that each kernel in the cache has."""
    names = set().union(*map(functions, sources().values()))
    found = {}
    for source in sorted(CACHE.glob("src/linux-source-*")):
        folders = [folder for folder in FOLDERS if (source / folder).is_dir()]
        if folders:
            words = subprocess.run(["grep", "-rhowF", "--include=*.[ch]", "-e", "\n".join(names),
                                    *folders], cwd=source, capture_output=True, text=True,
                                   check=False).stdout.split()
            found[source.name] = set(words)
    if not found:
        pytest.skip("no kernel source in the cache")
    return found


def test_each_function_exists(kernels):
    missing = [f"linux-source-{release}" for release in ("6.1", "6.12", "7.3")
               if not any(name.startswith(f"linux-source-{release}-") for name in kernels)]
    if missing:
        pytest.skip(f"a rule may cite what only {' or '.join(missing)} has, which is not cached")
    existing = set().union(*kernels.values())
    assert {rule: functions(source) - existing for rule, source in sources().items()
            if functions(source) - existing} == {}


def test_each_kernel_has_one_of_each_rule(kernels):
    assert [(rule, kernel) for rule, source in sources().items() for kernel in kernels
            if functions(source) and not functions(source) & kernels[kernel]
            and "since" not in source] == []


PROGRAMS = Path(__file__).resolve().parent.parent / "hmm-coherent"


def test_why_not_names_scenarios():
    """A name that WHY_NOT() compares with and that no scenario has takes tests away unseen."""
    texts = {path.name: path.read_text() for path in sorted(PROGRAMS.glob("*.[ch]"))}
    scenarios = set(re.findall(r"^[A-Z_]+\(\w+, (\w+),", "\n".join(texts.values()), re.M))
    fits = {"strcmp": lambda word, name: word == name,
            "strncmp": lambda word, name: name.startswith(word),
            "strstr": lambda word, name: word in name}
    compared = [(file, how, word) for file, text in texts.items()
                for how, word in re.findall(r'\b(str\w+)\(test, "(\w+)"', text)]
    lists = [(file, "strcmp", word) for file, text in texts.items()
             for words in re.findall(r'\bstrstr\("([\w ]+)", test\)', text)
             for word in words.split()]
    assert len(compared) > 50 and lists
    assert [(file, word) for file, how, word in compared + lists
            if not any(fits[how](word, name) for name in scenarios)] == []
