# SPDX-License-Identifier: GPL-2.0
"""One machine, followed from its start to its end in one event loop: results, exit, deadlines and signals."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from report import ktap
from runner import signals
from runner.watch import Limits, Watch
from runner.work import Work


ANSWER_SECONDS = 1.0    # for the stacks of a few tasks, on a machine of ordinary speed


class Machine(Protocol):
    """A guest, or this host: both speak the same lines on results_fd."""

    results_fd: int
    proc: subprocess.Popen
    console_path: Path
    kmsg_path: Path
    command: list[str]

    def start(self) -> None: ...

    def kill(self) -> None: ...


@dataclass
class Ending:
    """How a machine ended.

    done     it said so, and went
    boot     it never was ready
    hang     a deadline passed
    died     it went without a word, or closed its channel
    broken   it lacks something, and said what
    stopped  on our wish: --until-fail
    signal   the user's wish
    """

    kind: str
    why: str
    running: str = ""       # the test that had begun and has no result
    last: str = ""          # the test that began last
    program: str = ""       # the program that had started
    left: Work | None = None
    factor: float = 1.0     # how much slower than a machine of ordinary speed
    boot_seconds: float = 0.0


class Follower:
    """The loop. `take` sees every event, `keep` every byte; `enough` says after an event that no more is wanted."""

    def __init__(self, machine: Machine, work: Work, limits: Limits, keep: Callable[[bytes], None],
                 take: Callable[[ktap.Event], None], enough: Callable[[], bool] = lambda: False):
        self.machine, self.limits = machine, limits
        self.keep, self.take, self.enough = keep, take, enough
        self.watch = Watch(work, limits, time.monotonic())
        self.reader = ktap.Reader()
        self.flood = False
        self.done = self.closed = self.started = False
        self.broken = ""        # what the guest said it lacks

    def run(self) -> Ending:
        """Start the machine, follow it, and make sure that it has ended."""
        with signals.deferred() as wake:
            try:
                self.machine.start()
                self.started = True
                kind, why = self._loop(wake)
                if kind == "hang":
                    self._question()
            finally:
                self.machine.kill()
                if self.started:
                    self._drain()
                    os.close(self.machine.results_fd)
            if kind != "signal":
                self._events(self.reader.close())
            if kind == "died" and not self.watch.boot_seconds:
                kind = "boot"
            watch = self.watch
            return Ending(kind, why, watch.running, watch.last, watch.program, watch.ledger.left(),
                          watch.factor, watch.boot_seconds)

    def _question(self) -> None:
        """A guest that hangs is asked for the stacks of its tasks; it may be beyond answering."""
        ask = getattr(self.machine, "ask", None)
        if ask:
            ask("wl")
            try:
                self.machine.proc.wait(min(self.limits.grace, ANSWER_SECONDS * self.watch.factor))
            except subprocess.TimeoutExpired:
                pass

    def _loop(self, wake: int) -> tuple[str, str]:
        exited = os.pidfd_open(self.machine.proc.pid)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.machine.results_fd, selectors.EVENT_READ, self._readable)
                selector.register(exited, selectors.EVENT_READ, self._ended)
                selector.register(wake, selectors.EVENT_READ, lambda: ("signal", "interrupted"))
                return self._wait(selector)
        finally:
            os.close(exited)

    def _wait(self, selector: selectors.BaseSelector) -> tuple[str, str]:
        while True:
            left = self.watch.deadline() - time.monotonic()
            ready = selector.select(max(0.0, left))
            if signals.pending():
                return "signal", "interrupted"
            if not ready and left <= 0:
                return self._late()
            for key, _ in ready:
                if verdict := key.data():
                    return verdict
            if self.closed and self.machine.results_fd in selector.get_map():
                selector.unregister(self.machine.results_fd)

    def _late(self) -> tuple[str, str]:
        if self.closed:
            return "died", "closed its result channel and went on"
        kind = {"boot": "boot", "closing": "died"}.get(self.watch.phase, "hang")
        return kind, self.watch.late()

    def _readable(self) -> tuple[str, str] | None:
        data = self._read()
        if data == b"":
            self.closed = True  # so does an orderly end; it exits then, before it is late
            self.watch.close(time.monotonic())
        if data:
            self._feed(data)
        if self.flood:
            return "hang", f"wrote more than {self.limits.output >> 20} MiB without a result"
        if self.enough():
            return "stopped", "a test failed, and --until-fail was given"
        return None

    def _ended(self) -> tuple[str, str]:
        self.machine.proc.wait()
        self._drain()
        status = self.machine.proc.returncode
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        if self.broken:
            return "broken", self.broken
        if not self.done:
            return "died", f"ended without its last word ({how})"
        if status:
            return "died", f"ended badly after its last word ({how})"
        return "done", ""

    def _read(self) -> bytes | None:
        try:
            return os.read(self.machine.results_fd, 1 << 16)
        except BlockingIOError:
            return None

    def _drain(self) -> None:
        """What was written before the end is still in the pipe."""
        while not self.flood and (data := self._read()):
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        self.flood = not self.watch.heard(len(data))
        for line in data.splitlines(keepends=True):     # what is written on an event stands where it happened
            self.keep(line)
            self._events(self.reader.feed(line))

    def _events(self, events: list[ktap.Event]) -> None:
        for event in events:
            if isinstance(event, ktap.Guest) and event.word == "done":
                self.done = True
            if isinstance(event, ktap.Guest) and event.word == "broken":
                self.broken = event.rest
            self.watch.take(event, time.monotonic())
            self.take(event)
