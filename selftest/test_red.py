# SPDX-License-Identifier: GPL-2.0
"""The tables of red.py and of red_stories.py are those of the code as it is."""

import re
import shutil

import pytest

import red
import red_stories


@pytest.mark.parametrize("name", ["report", "runner"])
def test_each_line_to_break_stands_once(name):
    wrong = [f"{one.stands()} times: {one.line}" for one in red.table(name) if one.stands() != 1]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("name", ["report", "runner"])
def test_each_line_names_tests_that_exist(name):
    """pytest -k without a match would run nothing."""
    named = {test.partition(":")[0].partition(".")[::2] for one in red.table(name)
             for test in one.tests}
    for module, part in sorted(named):
        text = (red.TOP / "selftest" / f"test_{module}.py").read_text()
        names = re.findall(r"(?m)^ *(?:def|class) ((?:test_|[A-Z])\w+)", text)
        assert any(part in name for name in names), f"{module}.{part}"


def test_each_line_breaks_a_story(tmp_path):
    """What it replaces stands there once."""
    lines = [line for line in red_stories.TABLE.read_text().splitlines() if line[0] != "#"]
    assert lines
    for folder in ("common", "hmm-coherent"):
        shutil.copytree(red_stories.TOP / folder, tmp_path / folder)
    for line in lines:
        red_stories.break_one(tmp_path, line)
        name = line.split(" | ")[0].strip()
        path = f"{name}.c" if "/" in name else f"hmm-coherent/{name}.c"
        shutil.copy(red_stories.TOP / path, tmp_path / path)
