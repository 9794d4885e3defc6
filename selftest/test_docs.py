# SPDX-License-Identifier: GPL-2.0
"""What the documents and --help say is true of the option parser."""

from __future__ import annotations

import re

from base.files import TOP
from dev import options as developer
from runner import options


def long_options() -> set[str]:
    """What the parser itself takes."""
    return {name for action in options.parser(developer)._actions
            for name in action.option_strings
            if name.startswith("--") and name != "--print-kernel-tree"}


def test_each_option_says_what_it_does():
    assert all(action.help for action in options.parser()._actions)


def test_help_of_a_user_has_no_option_of_a_developer():
    found = options.parser().format_help()
    assert "--quick" not in found and "bench" not in found and "coverage" not in found
    assert "--quick" in (help_of := options.parser(developer).format_help())
    assert "--junit" not in help_of


def test_documents_name_only_options_that_exist():
    """`./run_tests.sh --option` anywhere in README.md and docs/, the definitions for CI systems included."""
    for path in (TOP / "README.md", *sorted((TOP / "docs").rglob("*.md")), *sorted((TOP / "docs" / "ci").glob("*.y*ml"))):
        text = re.sub(r"\\?\n\s+(?=--)", " ", path.read_text())
        for line in re.findall(r"run_tests\.sh[^`|\n]*", text):
            unknown = set(re.findall(r"(?<=\s)--[a-z-]+", line.partition("#")[0])) - long_options()
            assert unknown == set(), f"{path.name}: {line}"


def test_documents_have_100_columns():
    """Tables and code blocks excepted."""
    for path in (TOP / "README.md", *(TOP / "docs").glob("*.md"), TOP / "faults" / "README.md"):
        long = [f"{path.name}:{number}" for number, line in
                enumerate(path.read_text().splitlines(), 1)
                if len(line) > 100 and not line.startswith(("|", "    "))]
        assert long == [], "wrap prose at 100 columns"


def test_the_index_has_each_document():
    """docs/README.md names each page, and no page that does not exist."""
    named = set(re.findall(r"\]\(([a-z-]+\.md)\)", (TOP / "docs" / "README.md").read_text()))
    there = {path.name for path in (TOP / "docs").glob("*.md")} - {"README.md"}
    assert named == there
