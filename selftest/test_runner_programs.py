# SPDX-License-Identifier: GPL-2.0
"""Two runs in one checkout: the second does not start what the first is linking."""

from __future__ import annotations

import fcntl
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from runner import programs


class Together(unittest.TestCase):
    """The lock on the build folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name, "build")
        self.called = threading.Event()
        self.make = mock.patch.multiple(programs, BUILD=self.folder, run_make=self.run_make, given=lambda: None)
        self.make.start()
        self.addCleanup(self.make.stop)

    def run_make(self, *words: str, log: Path | None = None) -> str:
        """A make that only says that it was there, and under which lock."""
        if log:
            with open(self.folder / ".lock", "w") as lock:
                self.assertRaises(BlockingIOError, fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.called.set()
        return ""

    def test_waits_for_another_run(self):
        self.folder.mkdir()
        build = threading.Thread(target=programs.build, args=(None, self.folder / "log"))
        with open(self.folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            build.start()
            self.assertFalse(self.called.wait(0.3))
        self.assertTrue(self.called.wait(10))
        build.join(10)

    def test_alone(self):
        self.assertEqual(programs.build(None, self.folder / "log"), [])
        self.assertTrue(self.called.is_set())

    def test_a_folder_that_cannot_be_made_is_left_to_make(self):
        self.folder.write_text("no folder")
        with mock.patch.object(programs, "run_make", return_value="") as make:
            programs.build(None, self.folder / "log")
        self.assertEqual(make.call_count, 2)


if __name__ == "__main__":
    unittest.main()
