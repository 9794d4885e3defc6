# SPDX-License-Identifier: GPL-2.0
"""The results folder of a run, made before anything runs. Each file is renamed into place."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from base import files
from base.errors import CANNOT, Stop, WRONG_USE
from base.files import TOP


# The reader of stdout has closed it (a pipe, a terminal), or there was none.
GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO)


@contextlib.contextmanager
def told(what: Path | str) -> Iterator[None]:
    """Stop with one line if a result cannot be written."""
    try:
        yield
    except OSError as error:
        raise Stop(CANNOT, f"cannot write {what}: {error.strerror}",
                   "free some space, or give --results DIR elsewhere") from None


class Folder:
    """results/<time>, or the folder given with --results."""

    def __init__(self, path: Path):
        self.path = path
        self.previous: Path | None = None       # what `latest` pointed to

    @classmethod
    def create(cls, given: Path | None, label: str = "") -> "Folder":
        """Make the folder; existing results are never overwritten."""
        if given:
            path = given / label if label else given
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise Stop(WRONG_USE, f"--results: {path} exists and is not an empty folder",
                           "choose another")
            with told(path):
                path.mkdir(parents=True, exist_ok=True)
            return cls(path.resolve())
        stem = time.strftime("%Y%m%d-%H%M%S") + (f"-{label}" if label else "")
        with told(TOP / "results"):
            for number in range(100):
                path = TOP / "results" / (stem + (f"-{number + 1}" if number else ""))
                try:
                    path.mkdir(parents=True)
                    break
                except FileExistsError:
                    continue
            folder = cls(path)
            folder._point_latest()
        return folder

    def _point_latest(self) -> None:
        link, temporary = self.path.parent / "latest", self.path.parent / f".latest-{os.getpid()}"
        self.previous = link.resolve() if link.exists() else None
        temporary.symlink_to(self.path.name)
        os.replace(temporary, link)

    def write(self, name: str, text: str) -> None:
        """Write a file, or leave the old one."""
        with told(self.path / name):
            files.write(self.path / name, text)


class Both:
    """The run's `ktap` file, and stdout unless a person reads it, as one text stream. The run goes
    on if stdout is closed."""

    def __init__(self, path: Path, stdout: bool = True):
        self._path = path
        with told(path):
            self._file = open(path, "w", encoding="utf-8", errors="backslashreplace")
        self._stdout: TextIO | None = sys.stdout if stdout else None

    def write(self, text: str) -> int:
        """Write to both."""
        with told(self._path):
            self._file.write(text)
        self._to_stdout(lambda stdout: stdout.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush both, so that the results so far can be read."""
        with told(self._path):
            self._file.flush()
        self._to_stdout(lambda stdout: stdout.flush())

    def _to_stdout(self, action: Callable[[TextIO], object]) -> None:
        if not self._stdout:
            return
        try:
            action(self._stdout)
        except OSError as error:
            self._stdout = None
            null = os.open(os.devnull, os.O_WRONLY)     # for the interpreter's own flush at exit
            os.dup2(null, sys.stdout.fileno())
            os.close(null)
            if error.errno not in GONE:
                raise Stop(CANNOT, f"cannot write to stdout: {error.strerror}",
                           f"the results are in {self._path.parent}") from None

    def close(self) -> None:
        """Close the file."""
        with told(self._path):
            self._file.close()
