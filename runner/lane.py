# SPDX-License-Identifier: GPL-2.0
"""One machine (a VM, or this host) with its share of the work: it is started, read, asked and
ended, and its logs are scanned."""

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TYPE_CHECKING

from report import ktap, splat
from vm import qemu
from runner.folder import told
from runner.watch import Watch
from runner.work import Work
if TYPE_CHECKING:
    from runner.session import Session

ANSWER_SECONDS = 1.0    # for the stacks of a few tasks, on a machine of ordinary speed
TAIL_LINES = 20         # of the console of a machine that died


class Machine(Protocol):
    """A guest, or this host: both print the same lines on results_fd."""

    results_fd: int
    proc: subprocess.Popen
    console_path: Path
    kmsg_path: Path
    command: list[str]
    keeps_log: bool         # a kernel log that is not complete is an error

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def ended_from_outside(self) -> str:
        """What ended a machine that has ended, if that was not its kernel; else empty."""


@dataclass
class Ending:
    """How a machine ended.

    done     orderly
    boot     it was never ready
    hang     a deadline passed
    died     without `# guest: done`, or it closed its result channel
    lost     something outside of it ended it, which says nothing about its kernel
    broken   it printed what it lacks
    stopped  the runner ended it, for --until-fail
    signal   the user ended it
    """

    kind: str
    why: str
    watch: Watch
    command: list[str]

    def facts(self, number: int) -> dict:
        """For run.json."""
        watch = self.watch
        return {"number": number, "ended": self.kind, "why": self.why, "running": watch.running,
                "command": self.command, "slowness": round(watch.factor, 2),
                "boot_seconds": round(watch.boot_seconds, 2),
                "test_seconds": round(watch.test_seconds, 2)}


class Lane:
    """One machine with its share of the work, from its start to its end."""

    def __init__(self, session: "Session", number: int, work: Work, company: int, chance: int = 1):
        self.session, self.number, self.chance, self.work = session, number, chance, work
        self.company = company
        self.machine = session.machine(work, number, company)
        self.log = Log(self.machine.kmsg_path)
        self.path = session.folder.path / f"stream-{number}"
        with told(self.path):
            self.stream = open(self.path, "ab", buffering=0)
        self.reader = ktap.Reader()
        self.flood = self.done = self.closed = False
        self.broken = ""        # what the guest printed that it lacks
        self._exited = -1
        self._selector: selectors.BaseSelector | None = None

    def start(self, selector: selectors.BaseSelector) -> None:
        """Start the machine and listen to it. The selector's data is the lane and a function that
        returns a verdict if the machine has come to its end."""
        self.watch = Watch(self.work, self.session.limits, time.monotonic())
        self.machine.start()
        self._selector = selector
        self._exited = os.pidfd_open(self.machine.proc.pid)
        selector.register(self.machine.results_fd, selectors.EVENT_READ, (self, self._readable))
        selector.register(self._exited, selectors.EVENT_READ, (self, self._ended))

    def end(self, kind: str, why: str) -> Ending:
        """Make sure that the machine has ended; returns how."""
        try:
            if kind == "hang" and self._ask("wl"):      # the stacks of its tasks, if it can answer
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.machine.proc.wait(
                        min(self.session.limits.grace, ANSWER_SECONDS * self.watch.factor))
        finally:
            self.kill()
        if kind != "signal":
            self._events(self.reader.close())
        if kind in ("died", "lost") and not self.watch.boot_seconds:
            kind = "boot"
        return Ending(kind, why, self.watch, self.machine.command)

    def kill(self) -> None:
        """End the machine, and read what it had printed; may be called again."""
        self.machine.kill()
        if self._selector:
            self._forget(self._exited)
            self._forget(self.machine.results_fd)
            self._selector = None
            os.close(self._exited)
            self._drain()
            os.close(self.machine.results_fd)
        self.stream.close()

    def _forget(self, fd: int) -> None:
        if self._selector and fd in self._selector.get_map():
            self._selector.unregister(fd)

    def _ask(self, letters: str) -> bool:
        """Send letters of sysrq to a machine that takes them; this host takes none."""
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
            self.closed = True  # also at an orderly end; it exits then, before it is late
            self.watch.close(time.monotonic())
            self._forget(self.machine.results_fd)
        if data:
            self._feed(data)
        if self.flood:
            limit = self.session.limits.output >> 20
            return "hang", f"wrote more than {limit} MiB without a result"
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
        """Read what is still in the pipe of a machine that has ended."""
        while not self.flood and (data := self._read()):
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        self.flood = not self.watch.heard(len(data))
        # by line, so that what an event adds to the stream stands where it happened
        for line in data.splitlines(keepends=True):
            self._keep(line)
            self._events(self.reader.feed(line))

    def _keep(self, data: bytes) -> None:
        with told(self.path):
            self.stream.write(data)

    def _events(self, events: list[ktap.Event]) -> None:
        for event in events:
            if isinstance(event, ktap.Guest) and event.word == "done":
                self.done = True
                self._ask("b")      # all that it printed is here: it may power off
            if isinstance(event, ktap.Guest) and event.word == "broken":
                self.broken = event.rest
            self.watch.take(event, time.monotonic())
            self._take(event)

    def _take(self, event: ktap.Event) -> None:
        session = self.session
        if isinstance(event, ktap.Guest) and event.word == "start":
            self._keep(f"# stream: {event.rest} vm={self.number}\n".encode())
        session.run.take(event, self.number)
        session.progress.take(event, self.number)
        if isinstance(event, ktap.Guest):
            session.compare(event)
            if event.word == "up":
                session.screen.detail(shlex.join(map(str, self.machine.command)))
        if session.until and isinstance(event, ktap.Result) and any(
                found.hits for found in self.log.scan().splats):
            session.run.seen.add("fail")        # of which test is known when the machine has ended
        session.writer.update(session.run)


def tail(path: Path) -> list[str]:
    """The last lines of a console, however large it is."""
    return [line.rstrip() for line in qemu.tail(path).splitlines() if line.strip()][-TAIL_LINES:]


class Log:
    """A kernel log or a console, which may grow while it is read; it need not exist."""

    def __init__(self, path: Path):
        self.path, self.last = path, b""
        self._scanner, self._at = splat.Scanner(), 0

    def scan(self, ended: bool = False) -> splat.Scanner:
        """Scan the lines that are new; a line without its end only when the machine has ended."""
        with contextlib.suppress(OSError), open(self.path, "rb") as file:
            file.seek(self._at)
            for line in file:
                if ended or line.endswith(b"\n"):
                    self._scanner.feed(line)
                    self._at, self.last = self._at + len(line), line
        return self._scanner
