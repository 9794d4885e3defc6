# SPDX-License-Identifier: GPL-2.0
"""What the documents and --help say is true of the options, the files and the code."""

import re
from pathlib import Path

from base.files import TOP
from dev import options as developer
from runner import options

OURS = re.compile(r"(?<![\w/.-])((?:base|common|dev|docs|faults|hmm-coherent|report|runner"
                  r"|selftest|vm)" r"/[\w./-]*\w\.(?:[ch]|py|md|config|png|js))\b")


def long_options() -> set[str]:
    """What the parser itself takes."""
    return {name for action in options.parser(developer)._actions for name in action.option_strings
            if name.startswith("--") and name != "--print-kernel-tree"}


def test_each_option_says_what_it_does():
    assert all(action.help for action in options.parser()._actions)


def test_help_of_a_user_has_no_option_of_a_developer():
    found = options.parser().format_help()
    assert "--quick" not in found and "bench" not in found and "coverage" not in found
    assert "--quick" in (help_of := options.parser(developer).format_help())
    assert "--junit" not in help_of


def test_documents_name_only_options_that_exist():
    """`./run_tests.sh --option` anywhere in README.md and docs/, the definitions for CI systems
    included."""
    for path in (TOP / "README.md", *sorted((TOP / "docs").rglob("*.md")),
                 *sorted((TOP / "docs" / "ci").glob("*.y*ml"))):
        text = re.sub(r"\\?\n\s+(?=--)", " ", path.read_text())
        for line in re.findall(r"run_tests\.sh[^`|\n]*", text):
            unknown = set(re.findall(r"(?<=\s)--[a-z-]+", line.partition("#")[0])) - long_options()
            assert unknown == set(), f"{path.name}: {line}"


COMMAND = re.compile(r" +(\$ )?(\./run_tests\.sh|make|git) ")


def test_documents_have_100_columns():
    """Tables and what a program prints excepted."""
    for path in documents():
        long = [f"{path.name}:{number}" for number, line in
                enumerate(path.read_text().splitlines(), 1)
                if len(line) > 100 and not line.startswith("|") and (
                    not line.startswith("    ") or COMMAND.match(line))]
        assert long == [], "wrap prose at 100 columns"


def test_the_index_has_each_document():
    """docs/README.md names each page, and no page that does not exist."""
    named = set(re.findall(r"\]\(([a-z-]+\.md)\)", (TOP / "docs" / "README.md").read_text()))
    there = {path.name for path in (TOP / "docs").glob("*.md")} - {"README.md"}
    assert named == there


def documents() -> list[Path]:
    return [TOP / "README.md", *sorted((TOP / "docs").glob("*.md")), *TOP.glob("f*/README.md")]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_files_exist():
    gone = {f"{page.name}: {name}" for page in documents()
            for name in OURS.findall(page.read_text()) if not (TOP / name).exists()}
    assert gone == set()


def test_the_example_of_a_cell_is_the_code():
    page = (TOP / "docs/writing-a-test.md").read_text()
    code = flat((TOP / "common/cell/io_access.c").read_text())
    block = re.search(r"(?m)(?:^(?:    .*)?\n)+", page[page.index("    static long"):])[0]
    for part in re.split(r"\.\.\.|\n\n", block):
        assert flat(part).strip() in code, f"not in common/cell/io_access.c: {flat(part)}"


def test_functions_for_writing_a_test_exist():
    page = (TOP / "docs/writing-a-test.md").read_text()
    code = "".join(path.read_text() for path in TOP.glob("common/*/*.h"))
    named = set(re.findall(r"`([a-z_]+)\(", page)) | set(re.findall(r"`([A-Z_]{4,})\b", page))
    system = {"fork", "mprotect", "TO" + "DO"}
    assert {name for name in named - system if not re.search(rf"\b{name}\b", code)} == set()


def test_columns_of_an_access_exist():
    page = (TOP / "docs/writing-a-test.md").read_text()
    rows = page[page.index("| column |"):]
    columns = re.findall(r"^\| `(\w+)` \|", rows[:rows.index("\n\n")], re.M)
    struct = re.search(r"struct access \{(.*?)\n\};", (TOP / "common/cell/cell.h").read_text(),
                       re.S)[1]
    assert len(columns) > 3
    assert [name for name in columns if not re.search(rf"\b{name}\b\)?[;(]", struct)] == []
