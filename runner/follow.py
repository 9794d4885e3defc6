# SPDX-License-Identifier: GPL-2.0
"""Machines side by side, followed from start to end in one event loop: results, exits, deadlines
and signals."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from base import signals
from report import ktap
from runner.watch import Limits, Watch
from runner.work import Work

STOPPED_SECONDS = 0.5   # a deadline noticed this late was not waited for
ANSWER_SECONDS = 1.0    # for the stacks of a few tasks, on a machine of ordinary speed


class Machine(Protocol):
    """A guest, or this host: both speak the same lines on results_fd."""

    results_fd: int
    proc: subprocess.Popen
    console_path: Path
    kmsg_path: Path
    command: list[str]
    keeps_log: bool         # its kernel log is complete, or something is wrong

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def ended_from_outside(self) -> str:
        """Of one that has ended: what ended it, if that was not what it runs; else nothing."""


@dataclass
class Ending:
    """How a machine ended.

    done     it said so, and went
    boot     it never was ready
    hang     a deadline passed
    died     it went without a word, or closed its channel
    lost     something outside of it ended it: no statement about its kernel
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
    test_seconds: float = 0.0   # from the start of the machine to its first test


class Follower:
    """One machine. `take` sees every event, `keep` every byte; `enough` says that no more is
    wanted, of any machine."""

    def __init__(self, machine: Machine, work: Work, limits: Limits, keep: Callable[[bytes], None],
                 take: Callable[[ktap.Event], None], enough: Callable[[], bool] = lambda: False):
        self.machine, self.work, self.limits = machine, work, limits
        self.keep, self.take, self.enough = keep, take, enough
        self.watch = Watch(work, limits, time.monotonic())
        self.reader = ktap.Reader()
        self.flood = False
        self.done = self.closed = self.started = False
        self.broken = ""        # what the guest said it lacks
        self._exited = -1
        self._selector: selectors.BaseSelector | None = None

    def start(self, selector: selectors.BaseSelector) -> None:
        """Start the machine and listen to it; what the selector gives back is a function that may
        give a verdict."""
        self.watch = Watch(self.work, self.limits, time.monotonic())
        self.machine.start()
        self.started = True
        self._selector = selector
        self._exited = os.pidfd_open(self.machine.proc.pid)
        selector.register(self.machine.results_fd, selectors.EVENT_READ, (self, self._readable))
        selector.register(self._exited, selectors.EVENT_READ, (self, self._ended))

    def end(self, kind: str, why: str) -> Ending:
        """Make sure that it has ended, and tell how."""
        try:
            if kind == "hang":
                self._question()
        finally:
            self.kill()
        if kind != "signal":
            self._events(self.reader.close())
        if kind in ("died", "lost") and not self.watch.boot_seconds:
            kind = "boot"
        watch = self.watch
        return Ending(kind, why, watch.running, watch.last, watch.program, watch.ledger.left(),
                      watch.factor, watch.boot_seconds, watch.test_seconds)

    def kill(self) -> None:
        """End the machine, whatever it is doing, and take what it had said; may be called again."""
        self.machine.kill()
        if self.started:
            self.started = False
            self._forget(self._exited)
            os.close(self._exited)
            self._forget(self.machine.results_fd)
            self._drain()
            os.close(self.machine.results_fd)

    def _forget(self, fd: int) -> None:
        if self._selector and fd in self._selector.get_map():
            self._selector.unregister(fd)

    def _question(self) -> None:
        """A guest that hangs is asked for the stacks of its tasks; it may be beyond answering."""
        if self._ask("wl"):
            try:
                self.machine.proc.wait(min(self.limits.grace, ANSWER_SECONDS * self.watch.factor))
            except subprocess.TimeoutExpired:
                pass

    def _ask(self, letters: str) -> bool:
        """Letters of sysrq, for a machine that takes them; this host takes none."""
        ask = getattr(self.machine, "ask", None)
        if ask:
            ask(letters)
        return ask is not None

    def late(self) -> tuple[str, str] | None:
        """The verdict on a machine whose deadline has passed."""
        if time.monotonic() < self.watch.deadline():
            return None
        if self.closed:
            return "died", "closed its result channel and went on"
        kind = {"boot": "boot", "closing": "died"}.get(self.watch.phase, "hang")
        return kind, self.watch.late()

    def _readable(self) -> tuple[str, str] | None:
        data = self._read()
        if data == b"":
            self.closed = True  # so does an orderly end; it exits then, before it is late
            self.watch.close(time.monotonic())
            self._forget(self.machine.results_fd)
        if data:
            self._feed(data)
        if self.flood:
            return "hang", f"wrote more than {self.limits.output >> 20} MiB without a result"
        return None

    def _ended(self) -> tuple[str, str]:
        self.machine.proc.wait()
        self._drain()
        status = self.machine.proc.returncode
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        if self.broken:
            return "broken", self.broken
        if why := self.machine.ended_from_outside():
            return "lost", why
        if not self.done:
            return "died", f"ended without '# guest: done' ({how})"
        if status:
            return "died", f"ended with an error after '# guest: done' ({how})"
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
        # what is written on an event stands where it happened
        for line in data.splitlines(keepends=True):
            self.keep(line)
            self._events(self.reader.feed(line))

    def _events(self, events: list[ktap.Event]) -> None:
        for event in events:
            if isinstance(event, ktap.Guest) and event.word == "done":
                self.done = True
                self._ask("b")      # it may go: all that it said is here
            if isinstance(event, ktap.Guest) and event.word == "broken":
                self.broken = event.rest
            self.watch.take(event, time.monotonic())
            self.take(event)


def follow(first: list[Follower], ended: Callable[[Follower, Ending], Follower | None]) -> None:
    """Follow machines until none is left. `ended` hears of each end, and may give the machine that
    goes on with the work.

    A signal, and that no more is wanted, end all of them.
    """
    with signals.deferred() as wake, selectors.DefaultSelector() as selector:
        selector.register(wake, selectors.EVENT_READ, None)
        going: list[Follower] = []

        def start(follower: Follower) -> None:
            going.append(follower)
            follower.start(selector)

        def end(follower: Follower, kind: str, why: str) -> None:
            going.remove(follower)
            try:
                successor = ended(follower, follower.end(kind, why))
            finally:
                follower.kill()
            if successor and not signals.pending():
                start(successor)

        try:
            for follower in first:
                start(follower)
            while going:
                for follower, verdict in _round(going, selector):
                    alone = verdict[0] != "signal"
                    for one in [follower] if alone else list(going):
                        end(one, *verdict)
                if going and going[0].enough():
                    for one in list(going):
                        end(one, "stopped", "no more was wanted")
        finally:
            for follower in going:
                follower.kill()


def _round(going: list[Follower],
           selector: selectors.BaseSelector) -> Iterator[tuple[Follower, tuple[str, str]]]:
    """Wait until something happens; which machines have come to an end by it, and how."""
    ready = _select(going, selector)
    if signals.pending() or any(key.data is None for key, _ in ready):
        yield going[0], ("signal", "interrupted")
        return
    heard = set()
    for key, _ in ready:
        follower, handler = key.data
        heard.add(follower)
        if follower in going and (verdict := handler()):
            yield follower, verdict
    for follower in [one for one in going if one not in heard]:
        if verdict := follower.late():
            yield follower, verdict


def _select(going: list[Follower], selector: selectors.BaseSelector) -> list:
    """What happens until the first deadline. Time in which this process was stopped (Ctrl-Z, a
    debugger) and could not listen is no machine's fault.

    An epoll_wait() that a stop interrupts reports nothing if its time is over when the process
    goes on, although there is something to read: EINTR is not repeated then (PEP 475).
    """
    due = min(follower.watch.deadline() for follower in going)
    ready = selector.select(max(0.0, due - time.monotonic()))
    now = time.monotonic()
    if now > due + STOPPED_SECONDS:
        for follower in going:
            follower.watch.forgive(now)
    return ready or selector.select(0)
