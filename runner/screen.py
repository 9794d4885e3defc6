# SPDX-License-Identifier: GPL-2.0
"""stderr, for a person: messages, and progress as one moving line on a terminal, else a line a program."""

from __future__ import annotations

import os
import sys
import time

from report import ktap


def one_line(text: str, limit: int = 1000) -> str:
    """Text that may come from anywhere, made safe for a terminal and for one line."""
    safe = "".join(c if " " <= c <= "~" else " " if c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
    return safe[:limit]


def shown(path) -> str:
    """A path as a user best finds it: from where he stands, if it is below."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


class Screen:
    """Everything that goes to stderr goes through here, so that the moving line is never torn."""

    def __init__(self, verbose: bool = False, stream=None):
        self.stream = stream or sys.stderr
        self.tty = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.tty and "NO_COLOR" not in os.environ
        self.verbose = verbose
        self._moving = False

    def say(self, text: str) -> None:
        """One message; several lines are several messages."""
        self._write(("\r\x1b[K" if self._moving else "") + text + "\n")
        self._moving = False

    def detail(self, text: str) -> None:
        """A message for -v only."""
        if self.verbose:
            self.say(text)

    def counter(self, text: str) -> None:
        """Replace the moving line; nothing where there is no terminal."""
        if self.tty:
            width = os.get_terminal_size(self.stream.fileno()).columns or 80
            self._write("\r" + text[:width - 1] + "\x1b[K")
            self._moving = True

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            pass  # nobody reads stderr any more; the verdict does not depend on it


class Progress:
    """What is running and how it goes, from the events of the stream."""

    def __init__(self, screen: Screen, total: int):
        self.screen = screen
        self.total = total
        self.done = 0
        self._program = ""
        self._counts: dict[str, int] = {}
        self._since = 0.0

    def take(self, event: ktap.Event) -> None:
        """Show what is worth showing of an event."""
        if isinstance(event, ktap.Begin):
            self.screen.counter(f"[{self.done + 1:3}/{self.total}] {event.name}")
        elif isinstance(event, ktap.Result):
            self._result(event)
        elif isinstance(event, ktap.Guest) and event.word == "start":
            self.end()
            self._program, self._since = event.rest, time.monotonic()
            self._counts = {"passed": 0, "failed": 0, "skipped": 0}
        elif isinstance(event, ktap.Guest) and event.word == "exit":
            self.end()

    def _result(self, event: ktap.Result) -> None:
        word = "failed" if not event.ok else "skipped" if event.skip_reason is not None else "passed"
        self.done += 1
        self._counts[word] = self._counts.get(word, 0) + 1
        if word == "failed" or self.screen.verbose:
            detail = event.skip_reason or ("" if event.ms is None else f"{event.ms} ms")
            self.screen.say(f"{word:7} {event.name}  {detail}".rstrip())

    def end(self) -> None:
        """The program that was running has ended; say how, where no terminal showed it."""
        if self._program and not self.screen.tty:
            counts = ", ".join(f"{n} {word}" for word, n in self._counts.items() if n or word == "passed")
            self.screen.say(f"{self._program}: {counts} ({time.monotonic() - self._since:.1f} s)")
        self._program = ""
