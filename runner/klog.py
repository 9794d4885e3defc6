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


def blame(run: Run, kmsg: Path, console: Path, victim: str, whole: int = 0, guest: bool = False) -> None:
    """Hand every complaint of a machine that has ended to the model.

    `whole` is the number of a machine that ended well, so that its kernel log has all there was: then each test that
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
                run.splat(found.where if known else victim, found.lines)
        seen.update(found.title for found in scanner.splats)
