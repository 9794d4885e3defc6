# SPDX-License-Identifier: GPL-2.0
"""Coverage: real counters of gcc's, packed as a guest packs them, come out as the lines and
functions that ran."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from vm.kconfig import COVERED
from dev import coverage
from vm_kit import WithCache

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


class Coverage(WithCache):
    def setUp(self):
        """A build folder in which each covered file is a few lines, and what its program left
        behind."""
        super().setUp()
        self.build = self.folder / "build"
        names = [Path(source).stem for source in COVERED]
        for source, name in zip(COVERED, names):
            (self.build / source).parent.mkdir(parents=True, exist_ok=True)
            (self.build / source).write_text(CODE % {"name": name})
        calls = "".join(f"int {name}_reached(int);\n" for name in names)
        (self.build / "main.c").write_text(f"{calls}int main(void) {{ return "
                                           f"{' + '.join(f'{n}_reached(0)' for n in names)}; }}\n")
        objects = [str(Path(source).with_suffix(".o")) for source in COVERED]
        for source, target in zip(COVERED, objects):
            subprocess.run(["gcc", "--coverage", "-c", source, "-o", target], cwd=self.build,
                           check=True)
        subprocess.run(["gcc", "--coverage", "-o", "main", "main.c", *objects], cwd=self.build,
                       check=True)
        subprocess.run(["./main"], cwd=self.build, check=True)
        self.tar = self.folder / "files-1.tar"
        self.pack(COVERED)

    def pack(self, sources) -> None:
        with tarfile.open(self.tar, "w") as archive:
            for source in sources:
                path = self.build / Path(source).with_suffix(".gcda")
                archive.add(path, arcname=f".{path}")

    def test_lines_and_functions(self):
        found = coverage.read(self.build, self.tar)
        self.assertEqual(set(found), set(COVERED))
        for source, counts in found.items():
            self.assertEqual((counts.share(), counts.reached()), ((3, 6), (1, 2)), source)
            self.assertEqual([line for line, count in counts.lines.items() if not count],
                             [6, 9, 11])
        text = coverage.table(found, None, False)
        self.assertIn("50.0 % (3/6)", text)
        self.assertIn("not reached in mm/gup.c: gup_missed", text)
        self.assertIn("mm/gup.c gup_reached:  75.0 % (3/4), ran 1 times; not lines 6",
                      coverage.functions(found))

    def test_several_guests_add_up(self):
        found = coverage.read(self.build, self.tar)
        both = coverage.join([found, found])
        self.assertEqual(both["mm/gup.c"].share(), (3, 6))
        self.assertEqual(both["mm/gup.c"].functions["gup_reached"], (3, 2))
        self.assertIn("50.0 % (3/6)" + " " * 6, coverage.table(found, both, True))

    def test_lcov_reads_it(self):
        text = coverage.info(coverage.read(self.build, self.tar), Path("/tree"), "x")
        for line in ("SF:/tree/mm/gup.c", "FN:3,gup_reached", "FNDA:0,gup_missed", "DA:6,0", "LF:6",
                     "LH:3", "end_of_record"):
            self.assertIn(f"{line}\n", text)

    def test_nothing_is_no_zero(self):
        self.pack(COVERED[1:])
        self.stops(3, f"no coverage of {COVERED[0]}", coverage.read, self.build, self.tar)
        self.tar.write_bytes(b"")
        self.stops(3, "sent no coverage", coverage.read, self.build, self.tar)
