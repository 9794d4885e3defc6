# SPDX-License-Identifier: GPL-2.0
"""Each line of red-stories.txt still breaks a story: what it replaces stands there once."""

import shutil
from pathlib import Path

import red_stories

def test_each_line_breaks_a_story(tmp_path):
    lines = [line for line in red_stories.TABLE.read_text().splitlines() if line[0] != "#"]
    assert lines
    for number, line in enumerate(lines):
        top = Path(tmp_path, str(number))
        for folder in ("common", "hmm-coherent"):
            shutil.copytree(red_stories.TOP / folder, top / folder)
        red_stories.break_one(top, line)
        shutil.rmtree(top)
