# SPDX-License-Identifier: GPL-2.0
"""Shared by selftests: a folder with a cache in it, what was said, and settings that last as long
as the test."""

import tempfile
import unittest
from pathlib import Path

import pytest

from base.child import Deadline
from base.errors import Stop
from vm.cache import Cache

class Box:
    """A test's folder and cache; a test file adds what its tests share."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, later):
        self.folder = self.scratch = folder
        self.patch, self.setenv = monkeypatch.setattr, monkeypatch.setenv
        self.later = later
        self.said: list[str] = []
        self.cache = Cache(folder / "cache", self.say)

    def say(self, line: str) -> None:
        self.said.append(line)

    def assert_said(self, part: str) -> None:
        assert any(part in line for line in self.said), self.said

    def stops(self, status: int, part: str, function, *arguments) -> Stop:
        """The call ends with this status and with these words in its one line."""
        with pytest.raises(Stop) as caught:
            function(*arguments)
        assert (caught.value.status, "\n" in str(caught.value)) == (status, False), caught.value
        assert part in str(caught.value)
        return caught.value

    def script(self, name: str, text: str) -> Path:
        """An executable shell script."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def environment(self, **values: str) -> None:
        for name, value in values.items():
            self.setenv(name, value)

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

class WithCache(unittest.TestCase):
    """A Box in a class of unittest."""

    def setUp(self):
        folder, patch = tempfile.TemporaryDirectory(), pytest.MonkeyPatch()
        self.addCleanup(folder.cleanup)
        self.addCleanup(patch.undo)
        box = Box(Path(folder.name), patch, self.addCleanup)
        for name in ("folder", "said", "cache", "say", "assert_said", "stops", "script",
                     "environment"):
            setattr(self, name, getattr(box, name))
