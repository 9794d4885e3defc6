# SPDX-License-Identifier: GPL-2.0
"""The cache: made once, never half, repaired and said, and clear about a folder that cannot be used."""

import errno
import os
import subprocess
import sys
import unittest
from pathlib import Path

from vm.cache import STAMP, Cache, digest
from vm_kit import WithCache

RACE = """
import sys, time
from pathlib import Path
from vm.cache import Cache
def make(folder):
    print("made", flush=True)
    sys.stdin.readline()
    (folder / "file").write_text("x")
print(Cache(Path(sys.argv[1]), lambda line: print(line, flush=True)).entry("kind", "key", make))
"""


class Entries(WithCache):
    def make(self, folder: Path) -> None:
        self.made += 1
        (folder / "file").write_text("content")

    def setUp(self):
        super().setUp()
        self.made = 0

    def entry(self, key="key") -> Path:
        return self.cache.entry("kind", key, self.make)

    def test_made_once(self):
        self.assertEqual(self.entry(), self.entry())
        self.assertEqual(self.made, 1)
        self.assertEqual(self.said, [])

    def test_other_key_other_entry(self):
        self.assertNotEqual(self.entry("a"), self.entry("b"))
        self.assertEqual(self.made, 2)

    def test_name_with_new_key_is_made_again(self):
        for key in "ab":
            folder = self.cache.entry("kind", key, self.make, "name")
        self.assertEqual((folder.name, self.made), ("name", 2))

    def test_damage_is_repaired_and_said(self):
        for damage in (lambda entry: (entry / "file").write_text("con"), lambda entry: (entry / "file").unlink(),
                       lambda entry: (entry / STAMP).unlink(), lambda entry: (entry / STAMP).write_bytes(b"\xff{"),
                       lambda entry: (entry / STAMP).write_text("{}")):
            with self.subTest():
                entry = self.entry()
                damage(entry)
                self.said.clear()
                before = self.made
                self.assertEqual((self.entry() / "file").read_text(), "content")
                self.assertEqual(self.made, before + 1)
                self.assert_said("damaged")

    def test_failure_leaves_nothing(self):
        def fail(folder):
            (folder / "half").write_text("x")
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            self.cache.entry("kind", "key", fail)
        self.assertEqual([path.name for path in (self.cache.root / "kind").iterdir() if path.is_dir()], [])

    def test_leftovers_of_the_dead_go(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        dead, alive = (self.cache.root / "kind" / f".tmp-{pid}-x" for pid in (gone.pid, os.getpid()))
        for folder in (dead, alive):
            folder.mkdir(parents=True)
        self.entry()
        self.assertEqual((dead.exists(), alive.exists()), (False, True))

    def test_two_runs_make_it_once(self):
        runs = [subprocess.Popen([sys.executable, "-c", RACE, self.folder / "race"], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
        first = [run.stdout.readline() for run in runs]      # one makes, the other says that it waits
        for run in runs:
            run.stdin.write("\n")
            run.stdin.close()
        rest = [run.stdout.read() for run in runs]
        self.assertEqual([run.wait(10) for run in runs], [0, 0])
        for run in runs:
            run.stdout.close()
        self.assertEqual(sorted(line.split(" ")[0].strip() for line in first), ["made", "waiting"])
        self.assertEqual(len(set(line for text in rest for line in text.split("\n") if line)), 1)

    def test_unusable_folder_is_one_line(self):
        (self.folder / "file").write_text("")
        for root in (self.folder / "file", Path("/sys/hmm-coherent")):
            self.stops(3, "--cache DIR", Cache(root).entry, "kind", "key", self.make)
            self.stops(3, "--cache DIR", Cache(root).folder, "kind", "name")

    def test_full_disk_and_read_only_are_one_line(self):
        for number, words in ((errno.ENOSPC, "is full"), (errno.EDQUOT, "is full"), (errno.EROFS, "cannot be written")):
            def fail(folder):
                raise OSError(number, os.strerror(number))
            self.stops(3, words, self.cache.entry, "kind", "key", fail)

    def test_other_errors_are_not_disguised(self):
        def fail(folder):
            raise OSError(errno.EIO, "broken disk")
        with self.assertRaises(OSError):
            self.cache.entry("kind", "key", fail)


class Keys(unittest.TestCase):
    def test_parts_do_not_run_together(self):
        self.assertNotEqual(digest("ab", "c"), digest("a", "bc"))
        self.assertNotEqual(digest("a"), digest("a", ""))
        self.assertEqual(digest("a", 1), digest(b"a", "1"))


if __name__ == "__main__":
    unittest.main()
