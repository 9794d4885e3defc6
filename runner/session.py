# SPDX-License-Identifier: GPL-2.0
"""A run on one kernel: machines (VMs, or this host) are started, followed side by side in one event
loop, judged when they end, and replaced while work is left."""

import selectors
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from base import signals
from base.errors import Interrupted
from report import claims, ktap, ktap_out, splat
from report.model import Run
from vm import qemu
from runner.folder import Both, Folder
from runner.lane import Ending, Lane, Log, Machine, tail
from runner.programs import is_destructive
from runner.progress import Progress
from runner.screen import Screen
from runner.watch import Limits
from runner.work import Work, apart, share

STOPPED = "--until-fail was given, and a test had failed"
# How many machines may try the same work: a kernel that ends two of them ends a third, too.
CHANCES = 2
# The part of the work that takes about as long as a boot.
BOOT = 0.025
LOOK_SECONDS = 1.0      # the longest wait, so that a stop in the middle of a step is noticed, too
STOPPED_SECONDS = 0.5   # the runner was stopped if it wakes up this late


@dataclass
class Session:
    """What the machines of one kernel need, and their results."""

    folder: Folder
    run: Run
    work: Work
    limits: Limits
    # makes a machine from its work, its number and how many there are at a time
    machine: Callable[[Work, int, int], Machine]
    screen: Screen
    until: frozenset[str] = frozenset()     # verdicts that end the run, for --until-fail
    identity: dict[str, str] = field(default_factory=dict)  # facts that the guest has to confirm
    side_by_side: int = 1
    # a kernel's report, with file and line
    decode: Callable[[list[str]], list[str]] = list
    # beginnings of names, or tuples of them: these tests have a machine of their own
    apart: tuple[str | tuple[str, ...], ...] = ()
    untold: bool = False            # the version tells little of the kernel: so have risky tests
    outcomes: bool = False          # KTAP has them, for --outcomes
    endings: dict[int, Ending] = field(default_factory=dict)    # by the number of the machine

    def follow(self) -> BaseException | None:
        """Run all work; returns the exception that ended it early. The results are in self.run."""
        self.progress = Progress(self.screen, self.work, self.run)
        out = Both(self.folder.path / "ktap", not self.screen.on_stdout)
        self.writer = writer = ktap_out.Writer(out, self.outcomes)
        ended: BaseException | None = None
        try:
            self._machines()
        except Interrupted as caught:
            ended = caught
        except Exception as caught:
            ended = caught
            self.run.stopped(str(getattr(caught, "what", "") or repr(caught)))
        self.run.info.update(state="ended", machines=[ending.facts(number) for number, ending
                                                      in sorted(self.endings.items())])
        for step in (self.progress.end,
                     lambda: self.run.info.update(slow_fast_pairs=claims.check_pairs(self.run)),
                     self.run.finish,
                     lambda: writer.finish(self.run), out.close):
            try:
                step()
            except Exception as caught:
                ended = ended or caught
        return ended

    def enough(self) -> bool:
        """A test had one of the verdicts that end the run."""
        return bool(self.until & self.run.seen)

    def _machines(self) -> None:
        """First the usual tests, divided among machines side by side, then those that need a
        machine of their own, one machine at a time."""
        usual, alone = apart(self.work, self.apart, self.untold)
        parts = share(usual, self.side_by_side) if usual or not alone else []
        longest = max((self.limits.worst(part) for part in parts), default=0)
        longest = CHANCES * (longest + sum(self.limits.worst(part) for part in alone))
        self.screen.detail(f"the run takes at most {longest / 60:.0f} minutes")
        then = [(CHANCES * place + 1, part) for place, part in enumerate(alone, max(len(parts), 1))]
        if parts:
            self._side_by_side(parts, 1, then)
        while then and not self.enough():
            number, part = then.pop(0)
            self._side_by_side([part], number)

    def _side_by_side(self, parts: list[Work], first: int,
                      then: list[tuple[int, Work]] | None = None) -> None:
        """A machine for each part, numbered from `first`, until none is left. A signal ends all of
        them, and so does --until-fail. The first of `then` may boot while the last one ends."""
        count, going = len(parts), []
        with signals.deferred() as wake, selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ, None)
            try:
                for number, part in enumerate(parts, first):
                    going.append(Lane(self, number, part, count))
                for lane in going:
                    lane.start(selector)
                while going:
                    for lane, verdict in _round(going, selector):
                        for one in list(going) if verdict[0] == "signal" else [lane]:
                            going.remove(one)
                            if successor := self._ended(one, *verdict):
                                going.append(successor)
                                successor.start(selector)
                    if self.enough():
                        while going:
                            self._ended(going.pop(0), "stopped", STOPPED)
                    elif len(going) == 1 < count and then and self._boots_early(then):
                        going.append(Lane(self, *then.pop(0), 1))
                        going[-1].start(selector)
                        count = 1
            finally:
                for lane in going:
                    lane.kill()
        signals.raise_pending()

    def _boots_early(self, then: list[tuple[int, Work]]) -> bool:
        """The last of the machines side by side will have ended when the first of `then`, which
        needs all processors, has booted. One that may bring down its machine waits."""
        names = [name for batch in then[0][1].batches for name in batch.names]
        return (not signals.pending() and not any(map(is_destructive, names))
                and self.progress.left() <= sum(part.cost() for _, part in then) +
                BOOT * self.work.cost())

    def _ended(self, lane: Lane, kind: str, why: str) -> Lane | None:
        """Judge a machine that has ended, or is to end; returns its successor, if it has one."""
        try:
            ending = self.endings[lane.number] = lane.end(kind, why)
            self._judge(ending, lane)
            self.writer.update(self.run)
            return self._successor(lane, ending)
        finally:
            lane.kill()

    def _successor(self, lane: Lane, ending: Ending) -> Lane | None:
        """A machine that stopped in the middle has a successor; one that did not boot has none,
        since the next would not boot either."""
        watch, left = ending.watch, ending.watch.left()
        if (ending.kind not in ("hang", "died", "lost") or not left or lane.chance == CHANCES
                or self.enough() or signals.pending()):
            return None
        self.screen.say(f"{watch.running or watch.program or 'the guest'}: {ending.why}; "
                        f"running the {left.total()} remaining tests in a new VM")
        return Lane(self, lane.number + lane.company, left, lane.company, lane.chance + 1)

    def compare(self, event: ktap.Guest) -> None:
        """The kernel and module that run must be those that were built; a program must leave no
        process behind."""
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

    def _judge(self, ending: Ending, lane: Lane) -> None:
        """Tell the model what the result stream could not."""
        run, number, watch = self.run, lane.number, ending.watch
        console = tail(lane.machine.console_path)
        if ending.kind == "signal":
            run.interrupted(signals.pending())
        elif ending.kind == "hang":
            run.hang(watch.running, ending.why, number)
            test = run.tests.get(watch.running)
            for attempt in [one for one in test.attempts if one.vm == number][-1:] if test else []:
                attempt.diags += [ktap.Diag("", "console: " + ktap.quote(line)) for line in console]
            run.vm_died(number, None, "it was killed", ())
        elif ending.kind in ("died", "boot", "lost"):
            run.vm_died(number, watch.running or None, ending.why, console, ending.kind == "lost")
        elif ending.kind == "stopped":
            run.stopped(ending.why)
        self._blame(ending, lane)
        if self.enough():
            run.stopped(STOPPED)    # also where a machine ended by itself: it has no successor

    def _blame(self, ending: Ending, lane: Lane) -> None:
        """Hand every complaint of the machine's kernel to the model.

        The kernel log has marks that say to which test a complaint belongs. The log of a machine
        that ended well must have the mark of each test that began, and that of a guest its last
        line. A native run may not be able to read the log.

        The console has no marks, and alone has the last moments: a complaint that is only there
        belongs to the test that was running at the end, or came after the last one.
        """
        run, number, watch, guest = self.run, lane.number, ending.watch, lane.machine.keeps_log
        victim = watch.running or (f"after {watch.last}" if watch.last else "")
        kmsg = lane.log.scan(True)
        run.harmless.update(kmsg.harmless)
        if ending.kind == "done" and guest and lane.log.last.strip() != qemu.END_OF_LOG:
            run.broken(f"the kernel log of VM {number} is "
                       f"{'cut short' if lane.log.last else 'lost'}: {lane.log.path.name} does not "
                       "have its last line")
        if ending.kind == "done" and (guest or kmsg.begins):
            if lost := splat.unmarked(run, number, kmsg.begins):
                run.broken(
                    f"the kernel log has no mark of {len(lost)} tests that ran, such as {lost[0]}"
                    + ("" if guest else "; boot with printk.devkmsg=on"))
        for found in kmsg.splats:
            run.splat(found.where, self.decode(found.lines), number, found.number)
        titles = {found.title for found in kmsg.splats}
        for found in Log(lane.machine.console_path).scan(True).splats:
            if found.title not in titles:
                run.splat(victim, self.decode(found.lines), number)


def _round(going: list[Lane],
           selector: selectors.BaseSelector) -> Iterator[tuple[Lane, tuple[str, str]]]:
    """Wait until something happens; yields the machines that have come to their end, and how."""
    ready = _select(going, selector)
    if signals.pending() or any(key.data is None for key, _ in ready):
        yield going[0], ("signal", "interrupted")
        return
    heard = set()
    for key, _ in ready:
        lane, handler = key.data
        heard.add(lane)
        if lane in going and (verdict := handler()):
            yield lane, verdict
    for lane in [one for one in going if one not in heard]:
        if verdict := lane.late():
            yield lane, verdict


def _select(going: list[Lane], selector: selectors.BaseSelector) -> list:
    """What happens until the first deadline, or within a second. Time in which this process was
    stopped (Ctrl-Z, a debugger) and could not listen does not count against a machine.

    An epoll_wait() that a stop interrupts reports nothing if its time is over when the process
    goes on, although there is something to read: EINTR is not repeated then (PEP 475).
    """
    due = min(lane.watch.deadline() for lane in going)
    wake = min(due, time.monotonic() + LOOK_SECONDS)
    ready = selector.select(max(0.0, wake - time.monotonic()))
    now = time.monotonic()
    if now > wake + STOPPED_SECONDS:
        for lane in going:
            lane.watch.forgive(now)
    return ready or selector.select(0)
