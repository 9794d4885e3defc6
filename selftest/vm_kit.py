# SPDX-License-Identifier: GPL-2.0
"""What the selftests of vm/ share: a folder, a cache in it, and what the cache and others said."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from base.child import Deadline
from base.errors import Stop
from vm.cache import Cache


class WithCache(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hmm-coherent-selftest-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.said: list[str] = []
        self.cache = Cache(self.folder / "cache", self.say)

    def say(self, line: str) -> None:
        self.said.append(line)

    def assert_said(self, part: str) -> None:
        self.assertTrue(any(part in line for line in self.said), self.said)

    def stops(self, status: int, part: str, function, *arguments) -> Stop:
        """The call ends with this status and with these words in its one line."""
        with self.assertRaises(Stop) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertIn(part, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))
        return caught.exception

    def script(self, name: str, text: str) -> Path:
        """An executable shell script."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def environment(self, **values: str) -> None:
        for name, value in values.items():
            old = os.environ.get(name)
            os.environ[name] = value
            self.addCleanup(os.environ.__setitem__ if old is not None else os.environ.pop,
                            *((name, old) if old is not None else (name, None)))


def ends(pid: int, within: float = 5.0) -> bool:
    """The process is gone soon."""
    deadline = Deadline(within)
    while is_running(pid) and deadline.left() > 0:
        pass
    return not is_running(pid)


def is_running(pid: int) -> bool:
    """A zombie that nobody reaps does not run any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
