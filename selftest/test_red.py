# SPDX-License-Identifier: GPL-2.0
"""The tables of red.py are those of the code as it is."""

from __future__ import annotations

import pytest

import red


@pytest.mark.parametrize("name", ["report", "runner"])
def test_each_line_to_break_stands_once(name):
    wrong = [f"{one.stands()} times: {one.line}" for one in red.table(name) if one.stands() != 1]
    assert wrong == [], "\n".join(wrong)
    there = {path.stem for path in (red.TOP / "selftest").glob("test_*.py")}
    tests = {test.partition(":")[0].partition(".")[0] for one in red.table(name)
             for test in one.tests}
    assert {f"test_{test}" for test in tests} <= there
