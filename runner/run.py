# SPDX-License-Identifier: GPL-2.0
"""The run itself: a session, a results folder and reports for each kernel."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from base import child
from base.errors import Stop, worst
from base.files import TOP
from report import compare
from report.model import Run
from vm import initramfs, kernel
from vm.kconfig import PROFILES
from vm.source import Source, check_driver
from runner import options as command_line, plan as planning, programs, reports, stored
from runner.folder import Folder
from runner.watch import Limits
from runner.host import Host
from runner.native import Devices, Native
from runner.plan import Plan
from runner.screen import Screen
from runner.session import Session
from runner.work import BUSY

# Options that may change the result of a test.
MATTERS = ("accel", "cache", "boot_timeout", "timeout", "seed", "stress", "known", "strict")

# What `explore` does.
EXPLORING = ("seconds", "length", "only", "weight", "replay", "minimise")


def main(options: argparse.Namespace, screen: Screen, after: Callable | None = None) -> int:
    """Run the tests, on several kernels one after the other; returns the worst exit status.
    `after` is called after the run on each kernel."""
    gates = reports.prepare(options)
    # read before the tests run, so that a mistake in it is not found after an hour
    known = known_issues(options)
    plan = planning.make(options, screen, keep=True)
    if known and options.word != "explore":     # which has one program
        known.refuse_strangers(options.known or "known-issues.toml",
                               (test.name for test in programs.catalogue(plan.paths)))
    for label, (spec, _) in zip(labels(plan.kernels), plan.kernels):
        if gate := reports.baseline(gates, label or spec):
            compare.refuse_strangers(gate, [test.name for test in plan.tests])
    count = plan.work.total()
    if not options.shell:
        screen.say(
            f"{count} test{'s' * (count != 1)} {'in a VM' if plan.where == 'vm' else 'here'} "
            f"({plan.why})"
            + (f", shuffled with seed {plan.order}" if plan.order is not None else ""))
    if options.dry_run:
        planning.show(plan)
        return 0
    if plan.where == "vm":
        return Kernels(options, plan, screen, gates, after).run()
    devices: AbstractContextManager = nullcontext()
    if plan.where == "native":
        devices = Devices(Host(), options.spm, screen.say)
    with devices:
        return One(options, plan, screen, reports.baseline(gates, ""), "",
                   Folder.create(options.results)).here()


def known_issues(options: argparse.Namespace):
    """The list given with --known, or that of the suite; None for the programs of a selftest."""
    path = options.known or (None if programs.given() else TOP / "known-issues.toml")
    if not path:
        return None
    from report import known
    from runner import guests
    return known.load(path, options.strict,
                      (guests.arch_of(options).name, guests.arch_page(options)))


def limits(options: argparse.Namespace) -> Limits:
    """The deadlines; the selftests shorten them with HMM_COHERENT_GRACE."""
    grace = float(os.environ.get("HMM_COHERENT_GRACE", Limits.grace))
    if options.gdb:     # the guest is stopped as long as its user wants
        return Limits(boot=command_line.DAY, test=command_line.test_seconds(options),
                      grace=command_line.DAY, closing=command_line.DAY)
    return Limits(boot=options.boot_timeout * PROFILES[options.profile].slowness,
                  test=command_line.test_seconds(options), grace=grace, closing=grace)


def labels(kernels: list[tuple[str, Source | None]]) -> list[str]:
    """A name for each of several kernels in the results; a kernel given twice has two."""
    found: list[str] = []
    for spec, _ in kernels if len(kernels) > 1 else []:
        plain = spec.strip("/").replace("/", "-")
        names = (plain, *(f"{plain}-{number}" for number in range(2, len(kernels) + 1)))
        found.append(next(name for name in names if name not in found))
    return found or [""]


def until_fail(options: argparse.Namespace) -> frozenset[str]:
    """The verdicts that end a run with --until-fail."""
    verdicts = ("fail", "skip") if options.strict else ("fail",)
    return frozenset(verdicts if options.until_fail else ())


@dataclass
class One:
    """The run on one kernel."""

    options: argparse.Namespace
    plan: Plan
    screen: Screen
    gate: Run | None
    kernel: str                 # as given with --kernel
    folder: Folder
    result: Run | None = None   # once it has one

    def here(self) -> int:
        """On this host."""
        host = Host()
        os.environ["HMM_COHERENT_STRESS"] = str(self.options.stress)
        return self.finish(self.session(lambda left, number, _company: Native(
            left, command_line.test_seconds(self.options), self.options.seed, self.folder.path,
            number)),
            {"kernel": {"release": host.release}})

    def in_guests(self, parts) -> int:
        """In VMs made of these parts."""
        from runner import guests
        session = self.session(
            lambda left, number, company: parts.machine(left, number, company, self.folder.path,
                                                        limits(self.options).test, self.options),
            guests.identity(parts))
        session.side_by_side = guests.side_by_side(self.options.jobs, self.plan.work,
                                                   parts.kernel.arch)
        shared = session.side_by_side > 1 and guests.crowded(session.side_by_side)
        session.apart = parts.profile.apart + ((BUSY,) if shared else ())
        session.untold = parts.untold()
        session.decode = lambda lines: kernel.decoded(parts.kernel, lines)
        return self.finish(session, guests.facts(parts))

    def session(self, machine, identity: dict[str, str] | None = None) -> Session:
        """A session, with the tests to run in its model."""
        run = Run()
        run.kernel = self.kernel
        run.rerun_command = self.rerun
        run.known = known_issues(self.options)
        for batch in self.plan.work.batches:
            run.expect(batch.program.name, batch.names, {t.name: t.what for t in self.plan.tests})
        return Session(self.folder, run, self.plan.work, limits(self.options), machine, self.screen,
                       until_fail(self.options), identity or {}, outcomes=self.options.outcomes)

    def rerun(self, name: str) -> str:
        """The command that repeats this test on this kernel."""
        if self.plan.where == "vm":
            which = ["--build" if self.options.build else "--kernel",
                     command_line.anywhere(self.kernel)]
            where = ["--vm", *which, *command_line.words(self.options, command_line.MADE)]
            where += ["--destructive"] if programs.is_destructive(name) else []
        else:
            where = command_line.words(self.options, ("spm",)) or ["--native"]
        mattered = command_line.words(self.options, MATTERS)
        if self.options.word == "explore":
            mattered += command_line.words(self.options, EXPLORING)
        what = [self.options.word] if self.options.word == "explore" else []
        return shlex.join(["./run_tests.sh", *what, *where, *mattered, *([] if what else [name])])

    def finish(self, session: Session, facts: dict) -> int:
        """Run, then write all reports, also if a signal or a full disk ends the run."""
        options = self.options
        session.run.info.update(facts, where=self.plan.where,
                                command=["./run_tests.sh", *sys.argv[1:]],
                                options=stored.kept(options), seed=options.seed,
                                order=self.plan.order, timeout=options.timeout,
                                started=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                                shard="/".join(map(str, options.shard)) if options.shard else None,
                                suite=suite_commit(), compiler=child.output(
                                    [*kernel.compiler_of(compiler_words(options)), "--version"]
                                ).partition("\n")[0])
        reports.announce(session.run, self.folder)
        ended = session.follow()
        self.result = session.run
        try:
            status = reports.write_all(options, session.run, self.folder, self.screen, self.gate,
                                       session.progress.told)
        except Exception as error:
            raise ended or error    # the first one
        if ended:
            raise ended
        return status


class Kernels:
    """The run on each kernel in turn, and the differences between them."""

    def __init__(self, options: argparse.Namespace, plan: Plan, screen: Screen,
                 gates: dict[str, Run], after: Callable | None = None):
        self.options, self.plan, self.screen, self.gates = options, plan, screen, gates
        self.after = after
        self.statuses: list[int] = []
        self.runs: list[Run] = []

    def run(self) -> int:
        """Run on all kernels, also if one does not build; returns the worst exit status."""
        kernels = self.plan.kernels
        self.pack()
        if self.options.shell:
            from runner import guests
            return guests.shell(self.options, self.parts(*kernels[0]), self.screen)
        names = labels(kernels)
        try:
            for name, (spec, found) in zip(names, kernels):
                try:
                    status = self.one(name, spec, found)
                except Stop as stop:
                    if len(kernels) == 1:
                        raise
                    self.screen.say(f"run_tests.sh: {spec}: {stop}")
                    status = stop.status
                self.statuses.append(status)
        finally:
            if len(kernels) > 1 and self.runs:
                reports.tell_several(self.options, self.screen, self.runs)
        if not planning.pretending():
            planning.open_cache(self.screen).prune(initramfs.KIND, initramfs.ROOM)
        if len(kernels) > 1:
            self.screen.say("exit status: " + ", ".join(
                f"{spec} {status}" for (spec, _), status in zip(kernels, self.statuses)))
        return worst(self.statuses)

    def one(self, label: str, spec: str, found) -> int:
        """The run on one of them."""
        parts = self.parts(spec, found)
        one = One(reports.labelled(self.options, label), self.plan, self.screen,
                  reports.baseline(self.gates, label or spec), spec,
                  Folder.create(self.options.results, label))
        try:
            status = one.in_guests(parts)
        finally:
            self.runs += [one.result] if one.result else []
        if self.after:
            self.after(parts, spec, self.options.accel, one.folder.path,
                       planning.open_cache(self.screen), self.screen)
        return status

    def pack(self) -> None:
        """Pack the programs before a kernel is built: another run may build them again then."""
        from runner import guests
        self.packed = {} if planning.pretending() else guests.pack(self.plan.paths,
                                                                   planning.open_cache(self.screen))
        programs.release()

    def parts(self, spec: str, found):
        """Kernel, initramfs, disks and accelerator."""
        from runner import guests
        if planning.pretending():
            return guests.pretended()
        cache = planning.open_cache(self.screen)
        profile = guests.adjusted(self.options, cache)
        if found:
            check_driver(found, profile.arch, self.screen.say, self.options.bisect_step)
        began = time.monotonic()
        built = guests.find_kernel(spec, found, self.options.modules, cache, self.screen, profile)
        built.seconds = time.monotonic() - began
        parts = guests.assemble(built, self.packed, self.options.accel, cache, self.screen, profile,
                                self.options.boot_timeout)
        if self.options.gdb:
            guests.invite(parts, self.screen)
        return parts


def compiler_words(options: argparse.Namespace) -> list[str]:
    """What says which compiler make uses for the kernel."""
    from runner import guests
    return [*guests.arch_of(options).make_words(), *options.make_arg]


def suite_commit() -> str:
    """The commit of the suite."""
    return child.output(["git", "-C", TOP, "describe", "--always", "--dirty",
                         "--abbrev=12"]).strip()
