# SPDX-License-Identifier: GPL-2.0
"""Coverage: real counters of gcc's, packed as a guest packs them, come out as the lines and
functions that ran."""

import subprocess
import tarfile
from pathlib import Path

import pytest

from vm.kconfig import COVERED
from dev import coverage

CODE = """\
int %(name)s_reached(int x);
int %(name)s_missed(int x);
int %(name)s_reached(int x)
{
	if (x > 100)
		return 7;
	return x;
}
int %(name)s_missed(int x)
{
	return x + 1;
}
"""


@pytest.fixture(name="box")
def box_(box):
    """A build folder in which each covered file is a few lines, and what its program left
    behind."""
    box.build = box.folder / "build"
    names = [Path(source).stem for source in COVERED]
    for source, name in zip(COVERED, names):
        (box.build / source).parent.mkdir(parents=True, exist_ok=True)
        (box.build / source).write_text(CODE % {"name": name})
    calls = "".join(f"int {name}_reached(int);\n" for name in names)
    (box.build / "main.c").write_text(f"{calls}int main(void) {{ return "
                                       f"{' + '.join(f'{n}_reached(0)' for n in names)}; }}\n")
    objects = [str(Path(source).with_suffix(".o")) for source in COVERED]
    for source, target in zip(COVERED, objects):
        subprocess.run(["gcc", "--coverage", "-c", source, "-o", target], cwd=box.build, check=True)
    subprocess.run(["gcc", "--coverage", "-o", "main", "main.c", *objects], cwd=box.build,
                   check=True)
    subprocess.run(["./main"], cwd=box.build, check=True)
    box.tar = box.folder / "files-1.tar"
    pack(box, COVERED)
    return box


def pack(box, sources) -> None:
    with tarfile.open(box.tar, "w") as archive:
        for source in sources:
            path = box.build / Path(source).with_suffix(".gcda")
            archive.add(path, arcname=f".{path}")


def test_lines_and_functions(box):
    found = coverage.read(box.build, box.tar)
    assert set(found) == set(COVERED)
    for source, counts in found.items():
        assert (counts.share(), counts.reached()) == ((3, 6), (1, 2)), source
        assert [line for line, count in counts.lines.items() if not count] == [6, 9, 11]
    text = coverage.table(found, None, False)
    assert "50.0 % (3/6)" in text
    assert "not reached in mm/gup.c: gup_missed" in text
    assert "mm/gup.c gup_reached:  75.0 % (3/4), ran 1 times; not lines 6" in coverage.functions(
        found)


def test_several_guests_add_up(box):
    found = coverage.read(box.build, box.tar)
    both = coverage.join([found, found])
    assert both["mm/gup.c"].share() == (3, 6)
    assert both["mm/gup.c"].functions["gup_reached"] == (3, 2)
    assert "50.0 % (3/6)" + " " * 6 in coverage.table(found, both, True)


def test_lcov_reads_it(box):
    text = coverage.info(coverage.read(box.build, box.tar), Path("/tree"), "x")
    for line in ("SF:/tree/mm/gup.c", "FN:3,gup_reached", "FNDA:0,gup_missed", "DA:6,0", "LF:6",
                 "LH:3", "end_of_record"):
        assert f"{line}\n" in text


def test_nothing_is_no_zero(box):
    pack(box, COVERED[1:])
    box.stops(3, f"no coverage of {COVERED[0]}", coverage.read, box.build, box.tar)
    box.tar.write_bytes(b"")
    box.stops(3, "sent no coverage", coverage.read, box.build, box.tar)
