# SPDX-License-Identifier: GPL-2.0
"""One run of one program in one VM: what its stream claims, and whether that holds together."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from report.ktap import End
from report.result import Attempt, Test

# The exit status that a program owes for its verdicts (docs/architecture.md).
PASSED, FAILED, USAGE, BROKEN, SKIPPED = 0, 1, 2, 3, 4


def signal_of(status: int) -> str:
    """The signal that a wait status, as a shell or as Python tells it, stands for; or ''."""
    number = -status if status < 0 else status - 128 if status > 128 else 0
    if number <= 0:
        return ""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}" if number < 65 else ""


@dataclass
class Stream:
    vm: int
    program: str = ""               # unknown until a `# guest: start` or a test of it begins
    started: bool = False           # it was announced, so its exit will be
    plan: int | None = None
    end: End | None = None
    ends: int = 0
    last: str = ""                  # the test that began last
    running: tuple[Test, Attempt] | None = None
    results: list[Attempt] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    began: int = 0
    said: list[str] = field(default_factory=list)       # verdicts as the program told them
    excused: bool = False           # it was cut off by somebody who told so: hang, dead VM

    def silent(self) -> bool:
        return self.plan is None and self.end is None and not self.began and not self.results

    def owed(self) -> int:
        if "fail" in self.said:
            return FAILED
        if "broken" in self.said:
            return BROKEN
        return PASSED if "pass" in self.said else SKIPPED

    def unchecked(self) -> list[Attempt]:
        """Attempts that passed in a program that says itself that it checked nothing."""
        if self.end is None or self.end.checks:
            return []
        return [a for a in self.results if a.verdict in ("pass", "xpass")]

    def complaints(self, status: int | None) -> list[str]:
        """Each way in which stream, plan, end token and exit status disagree."""
        name, got, found = self.program or "a program", len(self.results), []
        if self.end is None:
            how = "" if status is None else f", exit {status}"
            return [f"{name} ended without its `# end` line{how}"]
        if self.plan != got:
            planned = "planned nothing" if self.plan is None else f"planned {self.plan} tests"
            found.append(f"{name} {planned} and reported {got}")
        skipped = sum(a.verdict == "skip" for a in self.results)
        if self.end.ran not in (got, got - skipped):
            found.append(f"{name} says that it ran {self.end.ran} tests and reported {got}")
        if self.program and self.end.prog != self.program:
            found.append(f"{name} ended with the `# end` line of {self.end.prog}")
        if self.ends > 1:
            found.append(f"{name} printed its `# end` line {self.ends} times")
        if self.numbers != list(range(1, got + 1)):
            found.append(f"{name} numbered its results wrongly")
        if status is None and self.started:
            found.append(f"{name} has no exit status")
        if status is not None and status != self.owed():
            found.append(f"{name} exited with {status} where its results say {self.owed()}")
        return found
