# SPDX-License-Identifier: GPL-2.0
"""What a machine has run, and the deadline of its next step."""

from dataclasses import dataclass

from report import ktap
from runner.work import Batch, Work

# A boot takes this long on a machine that is neither slow nor loaded; a slower boot stretches the
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
    """Follows the events of one machine. The times are those of time.monotonic()."""

    def __init__(self, work: Work, limits: Limits, now: float):
        self.limits = limits
        self.factor = 1.0       # how much slower than a machine of ordinary speed
        self.program = ""       # the program that has started
        self.phase = "boot"     # boot, between, test, closing
        self.boot_seconds = 0.0 # until it was ready; 0 if it never was
        self.test_seconds = 0.0 # until its first test began
        self.running = ""       # the test that has begun and has no result
        self.last = ""          # the test that began last
        self._work = work
        self._names = {batch.program.name: list(batch.names) for batch in work.batches}
        self._to_start = list(self._names)
        self._born = self._since = now
        self._spoken = 0

    def left(self) -> Work:
        """What has not begun: a new machine has to run it."""
        return Work([Batch(batch.program, names) for batch in self._work.batches
                     if (names := self._names[batch.program.name])])

    def take(self, event: ktap.Event, now: float) -> None:
        """Note an event; a test that is not in the work moves no deadline."""
        if isinstance(event, ktap.Guest):
            self._guest(event, now)
        elif isinstance(event, ktap.Begin) and self._remove(event.name):
            self.running = self.last = event.name
            self.test_seconds = self.test_seconds or now - self._born
            self._enter("test", now)
        elif isinstance(event, ktap.Result) and self._result(event.name):
            self._enter("between", now)

    def _remove(self, name: str) -> bool:
        """A test that has begun is not run again; False if it was not to run."""
        names = next((names for names in self._names.values() if name in names), None)
        if names:
            names.remove(name)
        return names is not None

    def _result(self, name: str) -> bool:
        if name != self.running:
            return self._remove(name)
        self.running = ""
        return True

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
            self._names[self.program] = []      # what it did not run it never will
            self.program = self.running = ""
            self._enter("between", now)
        elif (event.word == "fact" and event.rest.startswith("leaks ")
              and not self.program and not self._to_start):
            self._enter("between", now)         # kmemleak's scans, when all programs have ended
        elif event.word in ("done", "broken"):
            self._enter("closing", now)

    def close(self, now: float) -> None:
        """The machine can say nothing more and has to end."""
        self._enter("closing", now)

    def _enter(self, phase: str, now: float) -> None:
        if self.phase != "closing":
            self.phase = phase
            self._since = now
            self._spoken = 0

    def forgive(self, now: float) -> None:
        """Restart the time of the present step, in which the runner could not listen."""
        self._since = now

    def heard(self, count: int) -> bool:
        """Count bytes of output; False when they are more than one step can print."""
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
        """The message for a deadline that has passed."""
        allowed = f"{self.deadline() - self._since:.0f} s"
        return {"boot": f"not ready {allowed} after its start",
                "test": f"no result within {allowed}",
                "closing": f"did not power off within {allowed}",
                }.get(self.phase, f"{self.program or 'the guest'} did nothing for {allowed}")
