# SPDX-License-Identifier: GPL-2.0
"""One run: machines, side by side, until the work is done or given up, and one model of what
happened."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from base import signals
from base.errors import Interrupted
from report import claims, ktap, ktap_out, splat
from report.model import Run
from vm import qemu
from runner.folder import Both, Folder, told
from runner.follow import Ending, Follower, Machine, follow
from runner.screen import Progress, Screen
from runner.watch import Limits
from runner.work import Work, apart, share

STOPPED = "--until-fail was given, and a test had failed"
# a second machine runs what the first could not; a kernel that kills both has had its chance
CHANCES = 2


@dataclass
class Session:
    """What the runs of one kernel need, and what comes of them."""

    folder: Folder
    run: Run
    work: Work
    limits: Limits
    # with its number, and how many there are at a time
    machine: Callable[[Work, int, int], Machine]
    screen: Screen
    until: frozenset[str] = frozenset()     # --until-fail: verdicts after which no more is wanted
    identity: dict[str, str] = field(default_factory=dict)  # what the guest must say about itself
    side_by_side: int = 1
    apart: tuple[str, ...] = ()     # beginnings of names: these tests have a machine of their own
    untold: bool = False            # the kernel's version tells little: so have the risky ones
    # by the number of the machine
    commands: dict[int, list[str]] = field(default_factory=dict)
    endings: dict[int, Ending] = field(default_factory=dict)

    def follow(self) -> BaseException | None:
        """Run all work; gives what ended it early, whatever that was. The rest is in self.run."""
        progress = Progress(self.screen, self.work, self.run)
        out = Both(self.folder.path / "ktap")
        writer = ktap_out.Writer(out)
        ended: BaseException | None = None
        try:
            self._machines(progress, writer)
        except Interrupted as caught:
            ended = caught
        except Exception as caught:
            ended = caught
            self.run.stopped(str(getattr(caught, "what", "") or repr(caught)))
        for step in (progress.end, self._compare_pairs, self.run.finish,
                     lambda: writer.finish(self.run), out.close):
            try:
                step()
            except Exception as caught:
                ended = ended or caught
        return ended

    def enough(self) -> bool:
        """What was waited for has happened."""
        return bool(self.until & self.run.seen)

    def _compare_pairs(self) -> None:
        self.run.info["slow_fast_pairs"] = claims.check_pairs(self.run)

    def _machines(self, progress: Progress, writer: ktap_out.Writer) -> None:
        """Each machine has its share of the work, and a successor if it dies; what kills a machine
        has one for itself."""
        usual, alone = apart(self.work, self.apart, self.untold)
        parts = share(usual, self.side_by_side) if usual or not alone else []
        longest = max((self.limits.worst(part) for part in parts), default=0)
        longest = CHANCES * (longest + sum(self.limits.worst(part) for part in alone))
        self.screen.detail(f"this ends after {longest / 60:.0f} minutes at the latest")
        if parts:
            self._side_by_side(parts, 1, progress, writer)
        for place, part in enumerate(alone, max(len(parts), 1)):
            if self.enough():
                break
            self._side_by_side([part], CHANCES * place + 1, progress, writer)

    def _side_by_side(self, parts: list[Work], first: int, progress: Progress,
                      writer: ktap_out.Writer) -> None:
        """A machine for each part, numbered from `first`."""
        lanes = [
            Lane(self, number, part, len(parts), progress, writer)
            for number, part in enumerate(parts, first)]
        by_follower = {lane.follower: lane for lane in lanes}

        def ended(follower: Follower, ending: Ending) -> Follower | None:
            lane = by_follower.pop(follower)
            self.commands[lane.number] = lane.machine.command
            self.endings[lane.number] = ending
            with contextlib.closing(lane):
                self._judge(ending, lane.number, lane.machine)
                writer.update(self.run)
            successor = self._successor(lane, ending, progress, writer, len(lanes))
            if successor:
                by_follower[successor.follower] = successor
            return successor.follower if successor else None

        try:
            follow([lane.follower for lane in lanes], ended)
        finally:
            for lane in by_follower.values():
                lane.close()
        signals.raise_pending()

    def _successor(self, lane: Lane, ending: Ending, progress: Progress, writer: ktap_out.Writer,
                   count: int) -> Lane | None:
        """Only what stopped in the middle gets another machine; one that never came up would not
        the next time."""
        if (ending.kind not in ("hang", "died", "lost") or not ending.left or lane.chance == CHANCES
                or self.enough()):
            return None
        self.screen.say(f"{ending.running or ending.program or 'the guest'}: {ending.why}; "
                        f"running the {ending.left.total()} remaining tests in a new VM")
        return Lane(self, lane.number + count, ending.left, count, progress, writer,
                    lane.chance + 1)

    def compare(self, event: ktap.Guest) -> None:
        """What runs must be what was built, and what a program leaves behind is told."""
        key, _, value = event.rest.partition(" ")
        if event.word == "up":
            key, value = "release", event.rest
        elif event.word == "left":
            self.run.broken(value)
        expected = self.identity.get(key) if event.word in ("up", "fact") else None
        if expected and value != expected:
            self.run.broken(
                f"the guest runs another kernel or module than was built: its {key} is {value}, "
                f"not {expected}"
            )

    def _judge(self, ending: Ending, number: int, machine: Machine) -> None:
        """Tell the model what the stream could not."""
        run, console = self.run, tail(machine.console_path)
        if ending.kind == "signal":
            run.interrupted(signals.pending())
        elif ending.kind == "hang":
            run.hang(ending.running, ending.why, number)
            test = run.tests.get(ending.running)
            for attempt in [one for one in test.attempts if one.vm == number][-1:] if test else []:
                attempt.diags += [ktap.Diag("", "console: " + ktap.quote(line)) for line in console]
            run.vm_died(number, None, "it was killed", ())
        elif ending.kind in ("died", "boot", "lost"):
            run.vm_died(number, ending.running or None, ending.why, console, ending.kind == "lost")
        elif ending.kind == "stopped":
            run.stopped(ending.why)
        blame(run, machine.kmsg_path, machine.console_path,
                   ending.running or (f"after {ending.last}" if ending.last else ""), number,
                   number if ending.kind == "done" else 0, machine.keeps_log)
        if self.enough():
            run.stopped(STOPPED)    # also where a machine ended by itself: it has no successor


class Lane:
    """One machine of a session with its share of the work, and the record of what it said."""

    def __init__(self, session: Session, number: int, work: Work, company: int, progress: Progress,
                 writer: ktap_out.Writer, chance: int = 1):
        self.session, self.number, self.work, self.chance = session, number, work, chance
        self.progress, self.writer = progress, writer
        self.machine = session.machine(work, number, company)
        self.path = session.folder.path / f"stream-{number}"
        with told(self.path):
            self.stream = open(self.path, "ab", buffering=0)
        self.follower = Follower(self.machine, work, session.limits, self._keep, self._take,
                                 session.enough)
        self._log = Growing(self.machine.kmsg_path) if session.until else None

    def _keep(self, data: bytes) -> None:
        with told(self.path):
            self.stream.write(data)

    def _take(self, event: ktap.Event) -> None:
        session, screen = self.session, self.session.screen
        if isinstance(event, ktap.Guest) and event.word == "start":
            self._keep(f"# stream: {event.rest} vm={self.number}\n".encode())
        session.run.take(event, self.number)
        self.progress.take(event, self.number)
        if isinstance(event, ktap.Guest):
            session.compare(event)
            if event.word == "up":
                screen.detail(shlex.join(map(str, self.machine.command)))
        if self._log and isinstance(event, ktap.Result) and self._log.complains():
            session.run.seen.add("fail")        # of whom, is known when the machine has ended
        self.writer.update(session.run)

    def close(self) -> None:
        """Nothing more is said."""
        self.stream.close()


# -- kernel log


TAIL_LINES = 20


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a log; none when it never came to be."""
    try:
        with open(path, "rb") as file:
            yield from file
    except OSError:
        return


def tail(path: Path) -> list[str]:
    """The last lines, of however large a file."""
    return [line.rstrip() for line in qemu.tail(path).splitlines() if line.strip()][-TAIL_LINES:]


class Growing:
    """The kernel log of a machine that goes on."""

    def __init__(self, path: Path):
        self._path, self._at, self._half = path, 0, b""
        self._scanner = splat.Scanner()

    def complains(self) -> bool:
        """The kernel has complained by now; blame() tells of what when the machine has ended."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._at)
                new = file.read()
        except OSError:
            return False
        self._at += len(new)
        *lines, self._half = (self._half + new).split(b"\n")
        for line in lines:
            self._scanner.feed(line)
        return any(found.hits for found in self._scanner.splats)


def blame(run: Run, kmsg: Path, console: Path, victim: str, vm: int = 0, whole: int = 0,
          guest: bool = False) -> None:
    """Hand every complaint of machine `vm`, which has ended, to the model.

    `whole` is its number if it ended well, so that its kernel log has all there was: then each test
    that began must have left its marker there, or a complaint may have been blamed on another. That
    of a `guest` also must have its last line: a log that is lost or cut short says nothing about
    the kernel. Natively it may be out of reach.

    The kernel log has markers and says where each belongs. The console has none, and is all there
    is of the last moments: what only it holds belongs to `victim`: the test that was running at the
    end, or "after" the last one.
    """
    seen: set[str] = set()
    for path, known in ((kmsg, True), (console, False)):
        scanner, last = splat.Scanner(), b""
        for line in lines_of(path):
            scanner.feed(line)
            last = line
        if known:
            run.harmless.update(scanner.harmless)
        if known and whole:
            if guest and last.strip() != qemu.END_OF_LOG:
                run.broken(
                    f"the kernel log of VM {whole} is {'cut short' if last else 'lost'}: "
                    f"{path.name} "
                    "does not have its last line")
            lost = splat.unmarked(run, whole, scanner.begins) if guest or scanner.begins else []
            if lost:
                run.broken(
                    f"the kernel log has no mark of {len(lost)} tests that ran, such as {lost[0]}")
        for found in scanner.splats:
            if found.title not in seen:
                run.splat(found.where if known else victim, found.lines, vm,
                          found.number if known else 0)
        seen.update(found.title for found in scanner.splats)
