# SPDX-License-Identifier: GPL-2.0
"""What a machine has run, and until when it has to make the next step."""

from __future__ import annotations

from dataclasses import dataclass

from report import ktap
from runner.work import Batch, Work

# A boot takes this long on a machine that is neither slow nor loaded; a slower one stretches the
# other deadlines.
BOOT_SECONDS = 1.5
MAX_FACTOR = 20.0


@dataclass(frozen=True)
class Limits:
    """In seconds, for a machine of ordinary speed."""

    boot: float = 60.0      # start of the machine to `# guest: ready`
    test: float = 30.0      # the program's own limit for a test; the host waits `grace` longer
    grace: float = 10.0     # between two steps of a program, and beyond the limit of a test
    closing: float = 10.0   # `# guest: done` to the end of the machine
    # bytes between two steps; a test's report is a quarter of a megabyte at most
    output: int = 4 << 20

    def worst(self, work: Work) -> float:
        """The longest that one machine can take for this work without being stopped."""
        steps = work.total() * (self.test + 2 * self.grace) + 2 * len(work.batches) * self.grace
        return self.boot + steps + self.closing


class Watch:
    """Follows the events of one machine."""

    def __init__(self, work: Work, limits: Limits, now: float):
        self.ledger = Ledger(work)
        self.limits = limits
        self.factor = 1.0
        self.program = ""
        self.phase = "boot"     # boot, between, test, closing
        self.boot_seconds = 0.0 # until it was ready; 0 if it never was
        self.test_seconds = 0.0 # until its first test began
        self.last = ""          # the test that began last
        self._to_start = [p.name for p in work.programs()]
        self._born = self._since = now
        self._spoken = 0

    @property
    def running(self) -> str:
        """The test that has begun and has no result."""
        return self.ledger.running

    def take(self, event: ktap.Event, now: float) -> None:
        """Note an event; one that the plan does not hold moves no deadline."""
        if isinstance(event, ktap.Guest):
            self._guest(event, now)
        elif isinstance(event, ktap.Begin) and self.ledger.begin(event.name):
            self.last = event.name
            self.test_seconds = self.test_seconds or now - self._born
            self._enter("test", now)
        elif isinstance(event, ktap.Result) and self.ledger.result(event.name):
            self._enter("between", now)

    def _guest(self, event: ktap.Guest, now: float) -> None:
        if event.word == "ready" and self.phase == "boot":
            self.boot_seconds = now - self._born
            self.factor = min(MAX_FACTOR, max(1.0, self.boot_seconds / BOOT_SECONDS))
            self._enter("between", now)
        elif event.word == "start" and event.rest in self._to_start:
            self._to_start.remove(event.rest)
            self.program = event.rest
            self._enter("between", now)
        elif event.word == "exit" and event.rest.split(" ")[0] == self.program:
            self.ledger.drop(self.program)
            self.program = ""
            self._enter("between", now)
        elif (event.word == "fact" and event.rest.startswith("leaks ")
              and not self.program and not self._to_start):
            self._enter("between", now)         # kmemleak's scans, when all programs have ended
        elif event.word in ("done", "broken"):
            self._enter("closing", now)

    def close(self, now: float) -> None:
        """Nothing more will be heard; what is left is to end."""
        self._enter("closing", now)

    def _enter(self, phase: str, now: float) -> None:
        if self.phase != "closing":
            self.phase = phase
            self._since = now
            self._spoken = 0

    def forgive(self, now: float) -> None:
        """Let the time of the present step begin anew: nobody listened to it."""
        self._since = now

    def heard(self, count: int) -> bool:
        """Count bytes of output; False when it is more than one step can have to say."""
        self._spoken += count
        return self._spoken <= self.limits.output

    def deadline(self) -> float:
        """When the present step is late."""
        limits = self.limits
        allowed = {"boot": limits.boot,
                   "between": limits.grace * self.factor,
                   "test": limits.test + limits.grace * self.factor,
                   "closing": limits.closing * self.factor}[self.phase]
        return self._since + allowed

    def late(self) -> str:
        """What to say when the deadline has passed."""
        allowed = f"{self.deadline() - self._since:.0f} s"
        if self.phase == "boot":
            return f"not ready {allowed} after its start"
        if self.phase == "test":
            return f"no result within {allowed}"
        if self.phase == "closing":
            return f"did not power off within {allowed}"
        return f"{self.program or 'the guest'} did nothing for {allowed}"


class Ledger:
    """Which of the work has begun and which has a result, as the stream tells."""

    def __init__(self, work: Work):
        self._left = {batch.program.name: list(batch.names) for batch in work.batches}
        self._work = work
        self.running = ""

    def begin(self, name: str) -> bool:
        """A test has begun; False when nobody asked for it. It will not be run again, whatever
        becomes of it."""
        if self._remove(name):
            self.running = name
            return True
        return False

    def result(self, name: str) -> bool:
        """A test has a result; False when nobody asked for it."""
        if name == self.running:
            self.running = ""
            return True
        return self._remove(name)

    def _remove(self, name: str) -> bool:
        for names in self._left.values():
            if name in names:
                names.remove(name)
                return True
        return False

    def drop(self, program: str) -> list[str]:
        """A program has ended or is given up: what it did not run it never will."""
        names, self._left[program] = self._left.get(program, []), []
        self.running = ""
        return names

    def left(self) -> Work:
        """What a fresh machine still has to run."""
        return Work([Batch(b.program, list(names)) for b in self._work.batches
                     if (names := self._left[b.program.name])])
