# SPDX-License-Identifier: GPL-2.0
"""How a run goes. A terminal has one moving line, each failure at once, and the programs that
passed side by side; a log has a line for each program."""

import time

from report import ktap, summary
from report.model import Run
from runner.screen import Screen
from runner.work import Work, cost

BAR = 24                # columns
PAUSE = 30.0            # seconds between two lines of a log
PASSED = "passed: "      # begins a line of programs
ROWS = 14               # such lines: with them a whole run that passes has at most 80


def short(program: str) -> str:
    """A program's name without what all have in common."""
    return program.removeprefix("hmm_coherent_")


def clock(seconds: float) -> str:
    """1:05, or 2:00:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Building:
    """How the build of a kernel goes: a bar on a terminal, a line each 30 s in a log."""

    def __init__(self, screen: Screen):
        self.screen, self._began, self._told = screen, time.monotonic(), 0.0
        self._first: tuple[float, int] | None = None    # an interrupted build has made some before

    def __call__(self, made: int, total: int) -> None:
        """Show how many objects are made, of about `total`; 0: not known."""
        gone = time.monotonic() - self._began
        text = f"{made} of about {total} objects" if made < total else f"{made} objects"
        text += f", {clock(gone)}"
        then, before = self._first = self._first or (gone, made)
        if before < made < total:
            text += f", about {clock((gone - then) / (made - before) * (total - made))} left"
        if self.screen.moves:
            done = BAR * min(made, total) // total if total else 0
            self.screen.counter(f"[{'#' * done:{BAR}}] " * bool(total) + text)
        elif gone - self._told >= PAUSE:
            self._told = gone
            self.screen.say(f"building: {text}")


class Progress:
    """What is running and how it goes, from the events of all machines."""

    WORDS = {"pass": "passed", "xpass": "passed", "xfail": "known", "skip": "skipped"}

    def __init__(self, screen: Screen, work: Work, run: Run):
        self.screen = screen
        self.run = run      # the model, which has seen an event before this does
        self.total = work.total()
        self.done = self.failed = 0
        # failures that were told at once: name, verdict and cause
        self.told: set[tuple[str, str, str]] = set()
        self._left = {batch.program.name: len(batch.names) for batch in work.batches}
        self._ms: dict[str, int] = {}           # that its tests took, on whatever machine
        self._counts: dict[str, dict[str, int]] = {}
        self._running: dict[int, str] = {}      # machine to program
        self._began, self._cost = time.monotonic(), 0.0
        self._costs = work.cost()
        self._row: list[str] = []               # programs that ended without a failure
        self._rows = self._more = 0             # lines of them, and programs without a line
        self._seen = 0                          # attempts in run.done
        screen.counter(f"{self._count()}  booting")

    def left(self) -> float:
        """The cost of what has no result yet."""
        return self._costs - self._cost

    def take(self, event: ktap.Event, machine: int = 1) -> None:
        """Show what is worth showing of an event."""
        program = self._running.get(machine, "")
        self._tell_failures()
        if isinstance(event, ktap.Begin):
            self.screen.counter(f"{self._count()}  {self._times()}  {event.name}")
        elif isinstance(event, ktap.Result):
            self._result(event, program)
        elif isinstance(event, ktap.NotApplicable):
            self.total -= 1
            self._costs -= cost(program, event.name)
            self._less(program)
        elif isinstance(event, ktap.Guest) and event.word == "start":
            self._running[machine] = event.rest
            self._counts.setdefault(event.rest, {"passed": 0})
        elif isinstance(event,
                        ktap.Guest) and event.word == "exit" and self._left.get(program, 0) <= 0:
            self._tell(program)

    def _count(self) -> str:
        failed = f" {self.failed} failed" if self.failed else ""
        return f"[{self.done:{len(str(self.total))}}/{self.total}]{failed}"

    def _times(self) -> str:
        """Time that has passed, and an estimate of what is left: by cost, since tests differ."""
        gone = time.monotonic() - self._began
        left = gone / self._cost * self.left() if self._cost else 0
        return f"{clock(gone)}" + (f", {clock(left)} left" if left > 0 else "")

    def _result(self, event: ktap.Result, program: str) -> None:
        word = self.WORDS.get(self.run.done[-1][1].verdict if self.run.done else "", "failed")
        self.done += 1
        self._cost += cost(program, event.name)
        counts = self._counts.setdefault(program, {"passed": 0})
        counts[word] = counts.get(word, 0) + 1
        self._ms[program] = self._ms.get(program, 0) + (event.ms or 0)
        if self.screen.verbose or word == "failed" and not self.screen.terminal:
            detail = event.skip_reason or ("" if event.ms is None else f"{event.ms} ms")
            self.screen.say(f"{word:7} {event.name}  {detail}".rstrip())
        self._less(program)

    def _less(self, program: str) -> None:
        if program in self._left:
            self._left[program] -= 1

    def _tell_failures(self) -> None:
        """On a terminal, each failed test as a block when it has ended; a log has them at the end.
        """
        new, self._seen = self.run.done[self._seen:], len(self.run.done)
        for test, attempt in new:
            if attempt.verdict not in ("fail", "broken"):
                continue
            self.failed += 1
            if self.screen.terminal and len(self.told) < summary.IN_FULL and not any(
                    name == test.name for name, _, _ in self.told):
                self.told.add((test.name, test.verdict, test.cause))
                self.screen.say("\n".join(summary.failure(self.run, test, self.screen.colour,
                                                          self.screen.width())))

    def _tell(self, program: str) -> None:
        """A program has run all that it will: say how. On a terminal they share lines, but for
        those of which a test failed."""
        counts = self._counts.pop(program, None)
        if not counts or not program:
            return
        text = ", ".join(f"{n} {word}" for word, n in counts.items() if n or word == "passed")
        if not self.screen.terminal:
            self.screen.say(f"{program}: {text} ({self._ms.get(program, 0) / 1000:.1f} s)")
        elif "failed" in counts:
            self.screen.say(f"{short(program)}: {text}")
        else:
            if not any(counts.values()):
                return          # nothing of it applies to this kernel
            # What is known or skipped follows by its reason, and the reports have it by program.
            name = short(program)
            if len(", ".join([*self._row, name])) > self.screen.width() - len(PASSED):
                self._tell_row()
            if self._rows < ROWS:
                self._row.append(name)
            else:
                self._more += 1

    def _tell_row(self) -> None:
        if self._row:
            self.screen.say(PASSED + ", ".join(self._row))
            self._rows += 1
        self._row.clear()

    def end(self) -> None:
        """Nothing runs any more: say it also of those that were cut short."""
        self._tell_failures()
        for program in list(self._counts):
            self._tell(program)
        self._tell_row()
        if self._more:
            self.screen.say(f"{PASSED}and {self._more} more programs")
