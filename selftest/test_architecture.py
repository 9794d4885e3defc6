# SPDX-License-Identifier: GPL-2.0
"""The table of what an architecture lacks names tests that exist."""

import re
from pathlib import Path

TOP = Path(__file__).parent.parent

def test_each_glob_is_of_a_test():
    """By the fixture, the mapping or the scenario that it names."""
    table = (TOP / "common/suite/architecture.c").read_text()
    sources = "".join(path.read_text() for path in (TOP / "hmm-coherent").glob("*.[ch]"))
    fixtures = set(re.findall(r"^FIXTURE\((\w+)\)", sources, re.M))
    scenarios = set(re.findall(r"^SCENARIO\(\w+, (\w+),", sources, re.M))
    mappings = set(re.findall(r'\.name = "([\w-]+)"', (TOP / "common/cell/mapping.c").read_text()))
    globs = re.findall(r'^\t\{ "([^"]+)", no_', table, re.M)
    assert globs
    for glob in globs:
        first, *_, last = glob.split(".")
        begin = last.rstrip("*").replace("-", "_")
        found = (any(name.startswith(begin) for name in scenarios) if begin
                 else glob.split(".")[-2] in mappings or first.replace("-", "_") in fixtures)
        assert found, glob
