# SPDX-License-Identifier: GPL-2.0
"""One run: machines one after the other until the work is done or given up, and one model of what happened."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from report import ktap, ktap_out
from report.model import Run
from runner import klog, signals
from runner.errors import Interrupted, Stop
from runner.results import Both, Folder, told
from runner.screen import Progress, Screen
from runner.supervise import Ending, Follower, Machine
from runner.watch import Limits
from runner.work import Work

MACHINES = 2    # the second runs what the first could not; a kernel that kills both has had its chance


@dataclass
class Session:
    """What the runs of one kernel need, and what comes of them."""

    folder: Folder
    run: Run
    work: Work
    limits: Limits
    machine: Callable[[Work, int], Machine]
    screen: Screen
    until_fail: bool = False
    identity: dict[str, str] = field(default_factory=dict)  # what the guest must say about itself
    commands: list[list[str]] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)

    def follow(self) -> Interrupted | Stop | None:
        """Run all work; gives what ended it early. The verdicts so far are in self.run either way."""
        progress = Progress(self.screen, self.work.total())
        self.screen.detail(f"this ends after {MACHINES * self.limits.worst(self.work) / 60:.0f} minutes at the latest")
        out = Both(self.folder.path / "ktap")
        writer = ktap_out.Writer(out)
        ended = None
        try:
            self._machines(progress, writer)
        except Interrupted as caught:
            ended = caught
        except Stop as caught:
            ended = caught
            self.run.stopped(caught.what)
        progress.end()
        self.run.finish()
        writer.finish(self.run)
        out.close()
        return ended

    def _machines(self, progress: Progress, writer: ktap_out.Writer) -> None:
        path = self.folder.path / "stream"
        with told(path), open(path, "ab", buffering=0) as stream:
            left = self.work
            for number in range(1, MACHINES + 1):
                ending = self._one(number, left, stream, progress, writer)
                if not self._goes_on(ending, number):
                    break
                left = ending.left

    def _one(self, number: int, work: Work, stream: BinaryIO, progress: Progress,
             writer: ktap_out.Writer) -> Ending:
        machine = self.machine(work, number)
        failed = False

        def take(event: ktap.Event) -> None:
            nonlocal failed
            if isinstance(event, ktap.Guest) and event.word == "start":
                stream.write(f"# stream: {event.rest} vm={number}\n".encode())
            progress.take(event)
            self.run.take(event, number)
            if isinstance(event, ktap.Guest):
                self._compare(event)
                if event.word == "up":
                    self.screen.detail(shlex.join(map(str, machine.command)))
            failed = failed or isinstance(event, ktap.Result) and not event.ok
            writer.update(self.run)

        follower = Follower(machine, work, self.limits, stream.write, take, lambda: self.until_fail and failed)
        ending = follower.run()
        self.commands.append(machine.command)
        self.endings.append(ending)
        self._judge(ending, number, machine)
        signals.raise_pending()
        return ending

    def _compare(self, event: ktap.Guest) -> None:
        """What runs must be what was built, and what a program leaves behind is told."""
        key, _, value = event.rest.partition(" ")
        if event.word == "up":
            key, value = "release", event.rest
        elif event.word == "left":
            self.run.broken(value)
        expected = self.identity.get(key) if event.word in ("up", "fact") else None
        if expected and value != expected:
            self.run.broken(f"the guest is not what was built: its {key} is {value}, not {expected}")

    def _judge(self, ending: Ending, number: int, machine: Machine) -> None:
        """Tell the model what the stream could not."""
        run, console = self.run, klog.tail(machine.console_path)
        if ending.kind == "signal":
            run.interrupted(signals.pending())
        elif ending.kind == "hang":
            run.hang(ending.running, ending.why)
            if ending.running in run.tests:
                run.tests[ending.running].attempts[-1].diags += [
                    ktap.Diag("", "console: " + ktap.quote(line)) for line in console]
            run.vm_died(number, None, "it was killed", ())
        elif ending.kind in ("died", "boot"):
            run.vm_died(number, ending.running or None, ending.why, console)
        elif ending.kind == "stopped":
            run.stopped(ending.why)
        klog.blame(run, machine.kmsg_path, machine.console_path,
                   ending.running or (f"after {ending.last}" if ending.last else ""),
                   number if ending.kind == "done" else 0)

    def _goes_on(self, ending: Ending, number: int) -> bool:
        """Only what stopped in the middle gets another machine; one that never came up would not the next time."""
        if ending.kind not in ("hang", "died") or not ending.left or number == MACHINES:
            return False
        self.screen.say(f"{ending.running or ending.program or 'the guest'}: {ending.why}; "
                        f"running the other {ending.left.total()} in a fresh one")
        return True
