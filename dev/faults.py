# SPDX-License-Identifier: GPL-2.0
"""`faults [GLOB...]`: put each seeded fault into a kernel, run the suite on it, and report whether
a test fails.

Each fault gets a private copy of one kernel build (dev/fault.py). The tests that the header names
run first, together with ALWAYS: once one of them has failed, the exit status of the whole suite is
1, too. Only if none fails, the whole suite runs; not with --named and --quick. With --explore
random sequences run in place of all tests.
"""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from base import child
from base.errors import BAD, CANNOT, Interrupted, Stop, WRONG_USE, bisect_word
from base.files import TOP
from report import json_out
from report.model import Run
from vm import deps, in_place
from vm.arch import Arch, HOST
from vm.kconfig import PROFILES
from vm.kernel import Kernel
from vm.source import check_driver, is_built
from runner import explore, guests, plan, programs
from runner.folder import Folder
from runner.screen import Screen, shown
from dev import fault, fault_report as told, kernel_tests
from dev.fault import Build, chosen, command, Fault

# A kernel with a fault may hang in one test after the other, so its run has a time limit.
ENOUGH = 60.0           # and twice the time without a fault
ENDING_SECONDS = 20.0   # for a run that is ended to kill its guest and write its report
EXPLORING_SECONDS = 60
# Run with each fault: tests of the driver, its devices and the features.
ALWAYS = ("driver.*", "features.*")


@dataclass
class Base:
    """The unmodified kernel and its results."""

    kernel: Kernel
    passes: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)                # all tests that have a result
    seconds: float = 0.0                                        # that the run took
    programs: dict[str, Path] = field(default_factory=dict)     # the kernel's own tests
    heard: dict[str, kernel_tests.Heard] = field(default_factory=dict)      # their results


@dataclass
class Making:
    """A kernel with a fault that is being built."""

    fault: Fault
    measured: told.Measured
    began: float
    kept: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)    # its private copy
    build: Build | None = None      # None: it does not apply, or could not be begun

    def kernel(self):
        """The kernel, or None if there is none."""
        try:
            return self.build.kernel() if self.build else None
        except fault.DoesNotBuild as failed:
            self.measured.verdict, self.measured.why = told.DOES_NOT_BUILD, str(failed)
            return None
        finally:
            ended = self.build.ended if self.build else time.monotonic()
            self.measured.seconds = ended - self.began

    def remove(self) -> None:
        """End make and remove the private copy. May be called again."""
        if self.build:
            self.build.end()
        self.kept.close()


class Faults:
    """All faults on one kernel."""

    more: tuple[str, ...] = ()      # words for each run of the suite

    def __init__(self, options: argparse.Namespace, screen: Screen, chosen: Sequence[Fault],
                 spec: str, profile: str = ""):
        self.options, self.screen, self.chosen, self.spec = options, screen, chosen, spec
        self.profile = PROFILES[profile]
        if profile:
            self.more = (*self.more, "--profile", profile)
        self.cache = plan.open_cache(screen)
        source = guests.find_source(spec, self.cache, screen, arch=self.arch,
                                    network=self.profile.network)
        if not source:
            raise Stop(WRONG_USE, f"{spec} is a kernel image, and a fault changes the source",
                       "give a version or a tree")
        if is_built(source.path):
            raise Stop(WRONG_USE, f"{spec} was built in place, and a fault is built from its path",
                       f"give a commit of it: {spec}@HEAD")
        self.source = source
        self.kernel = told.Kernel(spec, "", shlex.join(command(options)), 0)

    @property
    def arch(self) -> Arch:
        """The architecture of the guests."""
        return guests.arch_of(self.options)

    @property
    def on(self) -> list[str]:
        """Words for each run of the suite that name it."""
        return [] if self.arch is HOST else ["--arch", self.arch.name]

    @property
    def named_only(self) -> bool:
        """Whether no test runs but those that the headers name, and ALWAYS."""
        return self.options.quick or self.options.named

    def run(self, folder: Path) -> Iterator[object]:
        """Measure all faults; yields the table so far after each."""
        self.runs = self.folder_of(folder)
        check_driver(self.source, self.arch, self.screen.say)
        built = self.plain_kernel(() if self.options.quick else PROFILES["faults"].more)
        self.kernel.release = f"{built.release} {self.profile.name}".strip()
        with self.cache.shared(built.build_dir):    # whose files the copies share
            base = self.control(built)
            yield from self.each(base)

    def folder_of(self, folder: Path) -> Path:
        """Where the runs on this kernel are."""
        return folder / "-".join(
            filter(None, (self.spec.strip("/").replace("/", "-"), self.profile.name)))

    def plain_kernel(self, more: Sequence[Path] = ()):
        """The kernel without a fault, with more fragments."""
        chosen = replace(self.profile, more=(*self.profile.more, *more))
        chosen = guests.of_arch(chosen, self.options, self.cache)
        return guests.find_kernel(self.spec, self.source, None, self.cache, self.screen, chosen)

    def each(self, base: Base) -> Iterator[object]:
        """Measure one fault while make builds the kernel with the next."""
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
        """Run the same tests on the kernel without a fault; those that fail are not counted."""
        base = Base(built)
        globs = sorted({glob for one in self.chosen
                        for glob in self.globs(one)}) if self.named_only else []
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
        """The globs of a fault's header that match a test of the suite."""
        return self.present(one.tests)

    def present(self, globs: Iterable[str]) -> list[str]:
        """The globs that match a test of the suite."""
        return [glob for glob in globs if any(fnmatchcase(test.name, glob) for test in self.tests)]

    @property
    def tests(self) -> list[programs.Test]:
        """All tests of the suite."""
        if not hasattr(self, "_tests"):
            # in which GLOB and --skip name tests, not faults
            every = {**vars(self.options), "globs": [], "skip": [], "vm": True,
                     "destructive": "--destructive" in self.more}
            self._tests = plan.make(argparse.Namespace(**every), self.screen).tests
        return self._tests

    # -- one fault

    def begin(self, one: Fault, base: Base) -> Making:
        """Apply the semantic patch and start make."""
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
        """Find the verdict, and remove the private copy in any case."""
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
        """Run the tests that must fail; the whole suite, if they do not."""
        if self.options.explore:
            self.look(measured, built, folder / "explore", [], base)
            return
        globs = self.globs(one)
        if globs:
            self.look(measured, built, folder / "named", [*globs, *self.present(ALWAYS)], base)
        if measured.verdict not in (told.DETECTED,
                                    told.DOES_NOT_BOOT) and not (globs and self.named_only):
            self.look(measured, built, folder / "all", [], base)
        if self.options.with_kernel_tests and measured.verdict != told.DOES_NOT_BOOT:
            measured.theirs = {name: self.compare(base.heard[name], heard)
                               for name, heard in self.listen(built, base, folder).items()}

    def look(self, measured: told.Measured, built, results: Path, globs: list[str],
             base: Base) -> None:
        """Run these tests, and judge."""
        run, measured.status, measured.cut = self.suite(built, results, globs, base)
        told.judge(measured, run, base.passes, base.known)
        if self.options.explore and (failure := explore.failed(run)):
            measured.sequence = (explore.said(failure[1], "minimal:")
                                 or explore.said(failure[1], "sequence:"))

    def suite(self, built, results: Path, globs: list[str],
              base: Base | None = None) -> tuple[Run, int | None, bool]:
        """Run the suite as a user does; returns its results, its exit status, and whether it was
        ended at the time limit, which a kernel with a fault has. Then the status is 1 if a test had
        failed, else None.
        """
        options = self.options
        words = [
            str(TOP / "run_tests.sh"),
            *(["explore", "--seconds", str(EXPLORING_SECONDS)] if options.explore else []),
            "--vm", "--kernel",
            str(built.image), "--modules",
            str(built.modules["test_hmm"].parent), "--results",
            str(results), "--timeout",
            str(options.timeout), "--cache",
            str(self.cache.root), *self.on,
            *(["--accel", options.accel] if options.accel else []),
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
        """Build the kernel's own tests."""
        folder = self.runs / "theirs"
        folder.mkdir(parents=True, exist_ok=True)
        for name in kernel_tests.PROGRAMS:
            try:
                tree = kernel_tests.tree_of(name, base.kernel.source, self.cache, self.screen)
                base.programs[name] = kernel_tests.build(name, tree, folder)
            except Stop as stop:
                self.screen.say(f"{name}: {stop.what}")

    def listen(self, built, base: Base, folder: Path) -> dict[str, kernel_tests.Heard]:
        """Run each of the kernel's own tests in a boot of its own. The limit is three times its
        time without the fault."""
        parts = guests.assemble(built, list(base.programs.values()), self.options.accel, self.cache,
                                self.screen)
        # so that the reason for the accelerator is printed once, not for each fault
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
        """The tests that fail and passed without the fault."""
        failed = [name for name, ok in after.passed.items() if not ok and before.passed.get(name)]
        return told.Theirs(failed, after.note if after.note and not before.note else "")


def prepare(options: argparse.Namespace, screen: Screen, chosen: Iterable[Fault]) -> None:
    """The packages, the --kernel, and no private copies of runs that were killed."""
    arch = guests.arch_of(options)
    mounts = any(PROFILES[one.profile].filesystems for one in chosen)
    deps.need({*deps.for_vm(arch), "faults", *(["filesystems"] if mounts else [])}, screen.say)
    cache = plan.open_cache(screen)
    cache.sweep(cache.root / "faults", in_place.remove)
    options.kernel = options.kernel or [guests.default_kernel(cache, screen, arch)]


def measure(steps: Iterator[object], write: Callable[[], str], folder: Folder,
            screen: Screen) -> None:
    """Take all steps. `write` puts the table so far into the results folder, after each step, and
    gives it as text, which is printed at the end, also if the run is interrupted."""
    ended: BaseException | None = None
    try:
        for _ in steps:
            write()
    except (Interrupted, Stop) as caught:
        ended = caught
    print(write(), end="", flush=True)
    screen.say(f"results: {shown(folder.path)}")
    if ended:
        raise ended


def main(options: argparse.Namespace, screen: Screen) -> int:
    """Print the table, and write it to the results folder."""
    ours = chosen(options, "faults", fault.catalogue())
    if options.list:
        for one in ours:
            print(f"{one.name}\t{' '.join(one.claims)}\t{one.breaks}")
        return 0
    prepare(options, screen, ours)
    each = [Faults(options, screen, [one for one in ours if one.profile == profile], spec, profile)
            for spec in options.kernel for profile in sorted({one.profile for one in ours})]
    folder = Folder.create(options.results, "" if options.results else "faults")
    kernels: list[told.Kernel] = []

    def steps() -> Iterator[object]:
        for kernel in each:
            kernels.append(kernel.kernel)
            yield from kernel.run(folder.path)

    def write() -> str:
        told.write(kernels, folder.path)
        return told.text(kernels)

    measure(steps(), write, folder, screen)
    return told.exit_status(kernels)
