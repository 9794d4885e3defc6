# SPDX-License-Identifier: GPL-2.0
"""One run of one program: what its result stream, its plan and its exit status say, and where they
disagree."""

import signal
from dataclasses import dataclass, field

from report.ktap import End
from report.result import Attempt, Test

# Exit statuses of a program, by its verdicts (docs/architecture.md).
PASSED, FAILED, BROKEN, SKIPPED = 0, 1, 3, 4


def signal_of(status: int) -> str:
    """The name of the signal in a status of Python (-9) or of a shell (137); else empty."""
    number = -status if status < 0 else status - 128 if status > 128 else 0
    if number <= 0:
        return ""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}" if number < 65 else ""


@dataclass
class Stream:
    """One run of one program in one VM: what its result stream says."""

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
    said: list[str] = field(default_factory=list)       # verdicts of its result lines
    excused: bool = False           # cut short by a hang or a dead VM, which is reported

    def silent(self) -> bool:
        return self.plan is None and self.end is None and not self.began and not self.results

    def owed(self) -> int:
        if "fail" in self.said:
            return FAILED
        if "broken" in self.said:
            return BROKEN
        return PASSED if "pass" in self.said else SKIPPED

    def unchecked(self) -> list[Attempt]:
        """Attempts that passed in a program whose `# end` line says that it checked nothing."""
        if self.end is None or self.end.checks:
            return []
        return [a for a in self.results if a.verdict in ("pass", "xpass")]

    def complaints(self, status: int | None) -> list[str]:
        """Each disagreement between results, plan, `# end` line and exit status."""
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
