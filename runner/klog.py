# SPDX-License-Identifier: GPL-2.0
"""What the kernel said: the tail of a console for a person, and complaints for the test they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from report import splat
from report.model import Run
from vm import qemu

TAIL_LINES = 20


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a log; none when it never came to be."""
    try:
        with open(path, "rb") as file:
            yield from file
    except OSError:
        return


def tail(path: Path) -> list[str]:
    """The last lines, of however large a file."""
    return [line.rstrip() for line in qemu.tail(path).splitlines() if line.strip()][-TAIL_LINES:]


class Growing:
    """The kernel log of a machine that goes on."""

    def __init__(self, path: Path):
        self._path, self._at, self._half = path, 0, b""
        self._scanner = splat.Scanner()

    def complains(self) -> bool:
        """The kernel has complained by now; blame() tells of what when the machine has ended."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._at)
                new = file.read()
        except OSError:
            return False
        self._at += len(new)
        *lines, self._half = (self._half + new).split(b"\n")
        for line in lines:
            self._scanner.feed(line)
        return any(found.hits for found in self._scanner.splats)


def blame(run: Run, kmsg: Path, console: Path, victim: str, vm: int = 0, whole: int = 0,
          guest: bool = False) -> None:
    """Hand every complaint of machine `vm`, which has ended, to the model.

    `whole` is its number if it ended well, so that its kernel log has all there was: then each test that
    began must have left its marker there, or a complaint may have been blamed on another. That of a `guest` also must
    have its last line: a log that is lost or cut short says nothing about the kernel. Natively it may be out of reach.

    The kernel log has markers and says where each belongs. The console has none, and is all there is of the last
    moments: what only it holds belongs to `victim`: the test that was running at the end, or "after" the last one.
    """
    seen = set()
    for path, known in ((kmsg, True), (console, False)):
        scanner, last = splat.Scanner(), b""
        for line in lines_of(path):
            scanner.feed(line)
            last = line
        run.harmless.update(scanner.harmless if known else {})
        if known and whole:
            if guest and last.strip() != qemu.END_OF_LOG:
                run.broken(f"the kernel log of VM {whole} is {'cut short' if last else 'lost'}: {path.name} "
                           "does not have its last line")
            lost = splat.unmarked(run, whole, scanner.begins) if guest or scanner.begins else []
            if lost:
                run.broken(f"the kernel log has no mark of {len(lost)} tests that ran, such as {lost[0]}")
        for found in scanner.splats:
            if found.title not in seen:
                run.splat(found.where if known else victim, found.lines, vm,
                          found.number if known else 0)
        seen.update(found.title for found in scanner.splats)
