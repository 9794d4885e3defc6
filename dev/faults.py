# SPDX-License-Identifier: GPL-2.0
"""`faults [GLOB...]`: put each seeded fault into a kernel, run the suite on it, and see whether a
test notices.

Each fault gets a private copy of one kernel build (dev/fault.py). A user gives its kernel to the
whole suite, and reads the exit status. That the status is 1 is certain once one test has failed, so
the tests that the header names run first, with those that look at the machine; only where that is
not enough, the whole suite does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from base import child
from base.errors import BAD, CANNOT, Interrupted, Stop, WRONG_USE, bisect_word
from base.files import TOP
from report import json_out
from report.model import Run
from vm import deps, in_place
from vm.kconfig import PROFILES
from vm.kernel import Kernel
from runner import guests, plan, programs
from runner.folder import Folder
from runner.screen import Screen, shown
from dev import fault, fault_report as told, kernel_tests
from dev.fault import Build, Fault

# A broken kernel may hang in one test after the other. What has not failed an assertion by then
# hardly will.
ENOUGH = 60.0           # and twice the time that the same takes without a fault
ENDING_SECONDS = 20.0   # a run that is ended kills its guest and writes its report
# Part of each run, as of each user's: they look at the driver, its devices and the features.
ALWAYS = ("driver.*", "features.*")


@dataclass
class Base:
    """The unmodified kernel and what passes on it."""

    kernel: Kernel
    passes: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)        # all that have a result on it
    seconds: float = 0.0                                                # that all of it takes
    # the kernel's own tests, built
    programs: dict[str, Path] = field(default_factory=dict)
    heard: dict[str, kernel_tests.Heard] = field(default_factory=dict)        # and what they say


@dataclass
class Making:
    """A fault on its way into a kernel."""

    fault: Fault
    measured: told.Measured
    began: float
    kept: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)    # its private copy
    build: Build | None = None      # None: it does not apply, or could not be begun

    def kernel(self):
        """The kernel with it, or None."""
        try:
            return self.build.kernel() if self.build else None
        except fault.DoesNotBuild as failed:
            self.measured.verdict, self.measured.why = told.DOES_NOT_BUILD, str(failed)
            return None
        finally:
            ended = self.build.ended if self.build else time.monotonic()
            self.measured.seconds = ended - self.began

    def remove(self) -> None:
        """No process and no private copy is left. May be called again."""
        if self.build:
            self.build.end()
        self.kept.close()


class Faults:
    """One kernel, fault after fault."""

    more: tuple[str, ...] = ()      # words for each run of the suite

    def __init__(self, options: argparse.Namespace, screen: Screen, chosen: list[Fault], spec: str):
        self.options, self.screen, self.chosen, self.spec = options, screen, chosen, spec
        self.cache = plan.open_cache(screen)
        self.source = guests.find_source(spec, self.cache, screen)
        if not self.source:
            raise Stop(WRONG_USE, f"{spec} is a kernel image, and a fault changes the source",
                       "give a version or a tree")
        self.kernel = told.Kernel(spec, "", shlex.join(command(options)), 0)

    def run(self, folder: Path) -> Iterator[told.Kernel]:
        """All of them; gives the table so far after each."""
        self.runs = folder / self.spec.strip("/").replace("/", "-")
        built = guests.find_kernel(self.spec, self.source, None, self.cache, self.screen,
                                   PROFILES["" if self.options.quick else "faults"])
        self.kernel.release = built.release
        with self.cache.shared(built.build_dir):    # whose files the copies share
            base = self.control(built)
            yield from self.each(base)

    def each(self, base: Base) -> Iterator[told.Kernel]:
        """Fault after fault; while the tests run on one kernel, make works on the next."""
        this = following = None
        try:
            for number, one in enumerate(self.chosen, 1):
                self.screen.counter(f"[{number}/{len(self.chosen)}] {one.name}")
                this, following = following or self.begin(one, base), None
                built = this.kernel()
                if number < len(self.chosen):
                    following = self.begin(self.chosen[number], base)
                self.measure(this, built, base)
                self.screen.say(self.tell(this.measured))
                yield self.kernel
        finally:
            for made in (this, following):
                if made:
                    made.remove()

    def tell(self, measured: told.Measured) -> str:
        """A line about a fault that was measured."""
        return told.line(measured)

    def control(self, built) -> Base:
        """The same tests on the same kernel without a fault: what fails there says nothing about a
        fault."""
        base = Base(built)
        globs = sorted({glob for one in self.chosen
                        for glob in self.globs(one)}) if self.options.quick else []
        globs += self.present(ALWAYS) if globs else []
        began = time.monotonic()
        run, status, _ = self.suite(built, self.runs / "no-fault", globs)
        assert status is not None       # it has no time limit
        self.kernel.control_status = status
        base.seconds = time.monotonic() - began
        base.known = set(run.tests)
        base.passes = {test.name for test in run.tests.values() if test.verdict == "pass"}
        self.kernel.control = len(base.passes)
        if not base.passes:
            raise Stop(CANNOT, "no test passes on the unmodified kernel",
                       f"see {shown(self.runs / 'no-fault')}")
        self.screen.say(f"Linux {built.release} without a fault: {len(base.passes)} tests pass, "
                        f"exit status {status}, bisect {bisect_word(status)}")
        if self.options.with_kernel_tests:
            self.build_theirs(base)
            base.heard = self.listen(built, base, self.runs / "no-fault")
            for name, heard in base.heard.items():
                said = f"{sum(heard.passed.values())} pass" + f", {heard.note}" * bool(heard.note)
                self.kernel.theirs[name] = said
                self.screen.say(f"{name} without a fault: {said}")
        return base

    def globs(self, one: Fault) -> list[str]:
        """Those of its tests that this suite has."""
        return self.present(one.tests)

    def present(self, globs: Iterable[str]) -> list[str]:
        """Those that match a test of the suite."""
        return [glob for glob in globs if any(fnmatchcase(test.name, glob) for test in self.tests)]

    @property
    def tests(self) -> list[programs.Test]:
        """All tests of the suite."""
        if not hasattr(self, "_tests"):
            # both of which name faults here
            every = {**vars(self.options), "globs": [], "skip": [], "vm": True,
                     "destructive": "--destructive" in self.more}
            self._tests = plan.make(argparse.Namespace(**every), self.screen).tests
        return self._tests

    # -- one fault

    def begin(self, one: Fault, base: Base) -> Making:
        """From semantic patch to a make that runs."""
        measured = told.Measured(one.name, one.breaks, list(one.claims), list(one.rules),
                                 one.resembles, list(one.tests), list(one.seen))
        making = Making(one, measured, time.monotonic())
        private = making.kept.enter_context(self.cache.private("faults", one.name, in_place.remove))
        copy = fault.Variant(base.kernel, private, os.cpu_count() or 1)
        try:
            changed = copy.patch(one.path, one.files)
            if changed:
                making.build = copy.start(changed, self.runs / one.name / "build.log")
            else:
                measured.verdict = told.DOES_NOT_APPLY
        except Stop as stop:
            measured.why = stop.what
        except BaseException:
            making.remove()
            raise
        return making

    def measure(self, making: Making, built, base: Base) -> None:
        """The verdict. The private copy is gone afterwards, whatever happens."""
        measured, began = making.measured, time.monotonic()
        try:
            if built:
                self.judge(measured, making.fault, base, built, self.runs / measured.name)
        except Stop as stop:
            measured.verdict, measured.why = told.BROKEN, stop.what
        finally:
            making.remove()
        measured.seconds += time.monotonic() - began
        self.kernel.faults.append(measured)

    def judge(self, measured: told.Measured, one: Fault, base: Base, built, folder: Path) -> None:
        """Run the tests that must notice; everything, where they did not."""
        globs = self.globs(one)
        if globs:
            self.look(measured, built, folder / "named", [*globs, *self.present(ALWAYS)], base)
        if measured.verdict not in (told.DETECTED,
                                    told.DOES_NOT_BOOT) and not (globs and self.options.quick):
            self.look(measured, built, folder / "all", [], base)
        if self.options.with_kernel_tests and measured.verdict != told.DOES_NOT_BOOT:
            measured.theirs = {name: self.compare(base.heard[name], heard)
                               for name, heard in self.listen(built, base, folder).items()}

    def look(self, measured: told.Measured, built, results: Path, globs: list[str],
             base: Base) -> None:
        """A run, and the verdict of it."""
        run, measured.status, measured.cut = self.suite(built, results, globs, base)
        told.judge(measured, run, base.passes, base.known)

    def suite(self, built, results: Path, globs: list[str],
              base: Base | None = None) -> tuple[Run, int | None, bool]:
        """The suite as a user runs it: what it found, its exit status, and whether it was ended.

        On a kernel with a fault it does not go on for ever. Ended, its status is 1 if a test had
        failed already, which no other test makes better, and else nobody knows it.
        """
        options = self.options
        words = [
            str(TOP / "run_tests.sh"), "--vm", "--kernel",
            str(built.image), "--modules",
            str(built.modules["test_hmm"].parent), "--results",
            str(results), "--timeout",
            str(options.timeout), "--cache",
            str(self.cache.root), *(["--accel", options.accel] if options.accel else []),
            *(["--jobs", str(options.jobs)] if options.jobs else []), *self.more, *globs]
        results.parent.mkdir(parents=True, exist_ok=True)
        log = results.with_suffix(".log")
        cut = False
        with open(log, "wb") as out:
            proc = child.spawn(words, stdout=out, stderr=subprocess.STDOUT,
                               death_signal=signal.SIGTERM,
                               env={**os.environ, "KSRC": str(built.source.path)})
            try:
                proc.wait(ENOUGH + 2 * base.seconds if base else None)
            except subprocess.TimeoutExpired:
                cut = True
                self.screen.detail(f"{results.parent.name}: ended at its time limit")
            finally:
                status = child.end(proc, ENDING_SECONDS)
        if not (results / "run.json").exists():
            last = (log.read_text(errors="replace").strip().splitlines() or ["no message"])[-1]
            raise Stop(CANNOT, f"the suite ended with status {status} "
                       f"(bisect {bisect_word(status)}): {last}", f"log: {log}")
        run = json_out.read(results)
        if cut:
            return run, BAD if run.totals()["fail"] else None, True
        return run, status, False

    # -- the kernel's own tests

    def build_theirs(self, base: Base) -> None:
        """Those that can be built."""
        folder = self.runs / "theirs"
        folder.mkdir(parents=True, exist_ok=True)
        for name in kernel_tests.PROGRAMS:
            try:
                tree = kernel_tests.tree_of(name, base.kernel.source, self.cache, self.screen)
                base.programs[name] = kernel_tests.build(name, tree, folder)
            except Stop as stop:
                self.screen.say(f"{name}: {stop.what}")

    def listen(self, built, base: Base, folder: Path) -> dict[str, kernel_tests.Heard]:
        """Each in a boot of its own. One that goes on for ever is heard for as long as it said
        something before."""
        parts = guests.assemble(built, list(base.programs.values()), self.options.accel, self.cache,
                                self.screen)
        # why it is that is said once, not for each fault
        self.options.accel = parts.accel.name
        heard = {}
        for name in base.programs:
            before = base.heard.get(name)
            limit = 3 * before.seconds + 20 if before else kernel_tests.SECONDS
            (folder / name).mkdir(parents=True, exist_ok=True)
            heard[name] = kernel_tests.run(parts, name, folder / name, limit)
        return heard

    @staticmethod
    def compare(before: kernel_tests.Heard, after: kernel_tests.Heard) -> told.Theirs:
        """What says not ok and did not without the fault."""
        failed = [name for name, ok in after.passed.items() if not ok and before.passed.get(name)]
        return told.Theirs(failed, after.note if after.note and not before.note else "")


def command(options: argparse.Namespace) -> list[str]:
    """What makes this table again."""
    words = ["./run_tests.sh", "faults", *options.globs]
    for spec in options.kernel or [guests.DEFAULT_KERNEL]:
        words += ["--kernel", spec]
    for glob in options.skip:
        words += ["--skip", glob]
    return words + ["--quick"] * options.quick + ["--with-kernel-tests"] * options.with_kernel_tests


def main(options: argparse.Namespace, screen: Screen) -> int:
    """The table, on stdout and in the results folder; an interrupted run leaves what it knows."""
    chosen = fault.select(fault.catalogue(), options.globs)
    chosen = [
        one for one in chosen if not any(fnmatchcase(one.name, glob) for glob in options.skip)]
    if options.quick:
        chosen = [one for one in chosen if one.quick]
    if options.list:
        for one in chosen:
            print(f"{one.name}\t{' '.join(one.claims)}\t{one.breaks}")
        return 0
    if not chosen:
        raise Stop(WRONG_USE, "no fault is left to run", "see --quick and --skip")
    deps.need({"build", "vm", "tests", "faults"}, screen.say)
    cache = plan.open_cache(screen)
    # the private copies of runs that were killed
    cache.sweep(cache.root / "faults", in_place.remove)
    each = [
        Faults(options, screen, chosen, spec) for spec in options.kernel or [guests.DEFAULT_KERNEL]]
    folder = Folder.create(options.results, "" if options.results else "faults")
    kernels: list[told.Kernel] = []
    ended: BaseException | None = None
    try:
        for kernel in each:
            kernels.append(kernel.kernel)
            for _ in kernel.run(folder.path):
                told.write(kernels, folder.path)
    except (Interrupted, Stop) as caught:
        ended = caught
    told.write(kernels, folder.path)
    print(told.text(kernels), end="", flush=True)
    screen.say(f"results: {shown(folder.path)}")
    if ended:
        raise ended
    return told.exit_status(kernels)
