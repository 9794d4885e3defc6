# SPDX-License-Identifier: GPL-2.0
"""Shared by selftests: a folder with a cache in it, what was said, and settings that last as long
as the test."""

import os
import subprocess
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


def git(tree: Path, *words) -> str:
    """git in a tree of a test, with nobody's configuration."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(["git", "-C", tree, "-c", "user.name=x", "-c", "user.email=x@example.org",
                           *words], env=env, check=True, capture_output=True,
                          text=True).stdout.strip()


def may_mount_overlay(folder: Path) -> bool:
    """Not where the folder for temporary files is on an overlay, as in many containers, or where
    this user may not have a mount namespace."""
    place = folder / "overlay"
    for name in ("lower", "upper", "work", "merged"):
        (place / name).mkdir(parents=True)
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "mount", "-t", "overlay", "overlay", "-o",
         "lowerdir=lower,upperdir=upper,workdir=work", "merged"],
        cwd=place, capture_output=True, check=False)
    for path in place.glob("work/*"):
        path.chmod(0o700)
    return done.returncode == 0
