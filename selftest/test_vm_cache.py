# SPDX-License-Identifier: GPL-2.0
"""The cache: made once, never half, repaired and said, and clear about a folder that cannot be
used."""

import errno
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from vm.cache import Cache, STAMP, digest
from vm_kit import WithCache

RACE = """
import sys, time
from pathlib import Path
from vm.cache import Cache
def make(folder):
    print("made", flush=True)
    sys.stdin.readline()
    (folder / "file").write_text("x")
key = sys.argv[2] if len(sys.argv) > 2 else "key"
print(Cache(Path(sys.argv[1]), lambda line: print(line, flush=True)).entry("kind", key, make))
"""
USE = """
import sys
from pathlib import Path
from vm.cache import Cache
cache = Cache(Path(sys.argv[1]))
hold = cache.shared(cache.root / "build" / "x")
print("used", flush=True)
sys.stdin.readline()
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
        for damage in (lambda entry: (entry / "file").write_text("con"),
                       lambda entry: (entry / "file").unlink(),
                       lambda entry: (entry / STAMP).unlink(),
                       lambda entry: (entry / STAMP).write_bytes(b"\xff{"),
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
        self.assertEqual([path.name for path in (self.cache.root / "kind").iterdir()
                          if path.is_dir()], [])

    def test_leftovers_of_the_dead_go(self):
        """What nobody makes is nobody's; one whose lock nobody knows may be an older suite's."""
        kind = self.cache.root / "kind"
        dead, alive, strange = (kind / f".tmp-{name}" for name in ("dead", "alive", "123-strange"))
        for folder in (dead, alive, strange):
            folder.mkdir(parents=True)
        with self.cache.lock(kind / "dead"):
            pass
        with self.cache.lock(kind / "alive"):
            self.entry()
        self.assertEqual((dead.exists(), alive.exists(), strange.exists()), (False, True, True))
        self.cache.entry("kind", "key", self.make, "alive")
        self.assertFalse(alive.exists())

    @unittest.skipIf(os.geteuid(), "only root makes namespaces everywhere")
    def test_two_containers_share_it(self):
        """The number of a process in one says nothing in the other, where it may be nobody's."""
        container = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c"]
        runs = []
        # processes 3 and 1
        for key, script in (("a", 'true; "$@"; exit $?'), ("b", 'exec "$@"')):
            run = subprocess.Popen([*container, script, "sh", sys.executable, "-c", RACE,
                                    self.folder / "race", key],
                                   text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.addCleanup(run.stdout.close)
            self.assertEqual(run.stdout.readline(), "made\n")
            runs.append(run)
        for run in runs:
            run.stdin.close()
        self.assertEqual([run.wait(10) for run in runs], [0, 0])

    def test_private_folders(self):
        """Each has its own; they are gone at the end, and a killed run's with the next sweep."""
        with self.cache.private("faults", "x") as one, self.cache.private("faults", "x") as two:
            self.assertNotEqual(one, two)
            (one / "file").write_text("")
            self.cache.sweep(one.parent)
            self.assertTrue((one / "file").exists() and two.is_dir())
        self.assertFalse(one.exists() or two.exists())
        one.mkdir()
        self.cache.sweep(one.parent)
        self.assertFalse(one.exists())

    def test_what_is_used_is_not_made_again(self):
        """Users do not wait for each other; who makes it again waits for all of them, and not for
        himself."""
        folder = self.cache.folder("build", "x")
        user = subprocess.Popen([sys.executable, "-c", USE, self.cache.root], text=True,
                                stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        self.addCleanup(user.stdout.close)
        self.assertEqual(user.stdout.readline(), "used\n")
        hold = self.cache.shared(folder)
        self.assertEqual(self.said, [])

        def make():
            with self.cache.lock(folder):
                self.made += 1

        waiting = threading.Event()
        self.cache.say = lambda line: waiting.set() if "uses or makes" in line else None
        maker = threading.Thread(target=make)
        maker.start()
        self.assertTrue(waiting.wait(10))
        self.assertEqual(self.made, 0)
        user.stdin.close()
        maker.join(10)
        self.assertEqual((self.made, user.wait(10)), (1, 0))
        del hold

    def test_two_runs_make_it_once(self):
        runs = [subprocess.Popen([sys.executable, "-c", RACE, self.folder / "race"], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
        # one makes, the other says that it waits
        first = [run.stdout.readline() for run in runs]
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
        for number, words in ((errno.ENOSPC, "is full"), (errno.EDQUOT, "is full"),
                              (errno.EROFS, "cannot be written")):
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
