# SPDX-License-Identifier: GPL-2.0
"""stderr, for a person: messages, and progress as one moving line on a terminal, else a line a
program."""

from __future__ import annotations

import os
import sys

from report import ktap


def one_line(text: str, limit: int = 1000) -> str:
    """Text that may come from anywhere, made safe for a terminal and for one line."""
    safe = "".join(c if " " <= c <= "~" else " " if c in "\n\t" else f"\\x{ord(c):02x}"
                   for c in text)
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
            try:
                width = os.get_terminal_size(self.stream.fileno()).columns or 80
            except OSError:
                width = 80      # the terminal is gone
            self._write("\r" + text[:width - 1] + "\x1b[K")
            self._moving = True

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            pass  # nobody reads stderr any more; the verdict does not depend on it


class Progress:
    """What is running and how it goes, from the events of all machines."""

    WORDS = {"pass": "passed", "xpass": "passed", "xfail": "known", "skip": "skipped"}

    def __init__(self, screen: Screen, work, run):
        self.screen = screen
        self.run = run      # the model, which has seen an event before this does
        self.total = work.total()
        self.done = 0
        self._left = {batch.program.name: len(batch.names) for batch in work.batches}
        self._ms: dict[str, int] = {}           # that its tests took, on whatever machine
        self._counts: dict[str, dict[str, int]] = {}
        self._running: dict[int, str] = {}      # machine to program

    def take(self, event: ktap.Event, machine: int = 1) -> None:
        """Show what is worth showing of an event."""
        program = self._running.get(machine, "")
        if isinstance(event, ktap.Begin):
            self.screen.counter(f"[{self.done + 1:3}/{self.total}] {event.name}")
        elif isinstance(event, ktap.Result):
            self._result(event, program)
        elif isinstance(event, ktap.NotApplicable):
            self.total -= 1
            self._less(program)
        elif isinstance(event, ktap.Guest) and event.word == "start":
            self._running[machine] = event.rest
            self._counts.setdefault(event.rest, {"passed": 0})
        elif isinstance(event,
                        ktap.Guest) and event.word == "exit" and self._left.get(program, 0) <= 0:
            self._tell(program)

    def _result(self, event: ktap.Result, program: str) -> None:
        word = self.WORDS.get(self.run.done[-1][1].verdict if self.run.done else "", "failed")
        self.done += 1
        counts = self._counts.setdefault(program, {"passed": 0})
        counts[word] = counts.get(word, 0) + 1
        self._ms[program] = self._ms.get(program, 0) + (event.ms or 0)
        if word == "failed" or self.screen.verbose:
            detail = event.skip_reason or ("" if event.ms is None else f"{event.ms} ms")
            self.screen.say(f"{word:7} {event.name}  {detail}".rstrip())
        self._less(program)

    def _less(self, program: str) -> None:
        if program in self._left:
            self._left[program] -= 1

    def _tell(self, program: str) -> None:
        """A program has run all that it will; say how, where no terminal showed it."""
        counts = self._counts.pop(program, None)
        if counts and program and not self.screen.tty:
            text = ", ".join(f"{n} {word}" for word, n in counts.items() if n or word == "passed")
            self.screen.say(f"{program}: {text} ({self._ms.get(program, 0) / 1000:.1f} s)")

    def end(self) -> None:
        """Nothing runs any more: say it also of those that were cut short."""
        for program in list(self._counts):
            self._tell(program)
