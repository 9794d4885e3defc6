# SPDX-License-Identifier: GPL-2.0
"""`findings [GLOB...]`: put the fix of each finding into a kernel, and see that the tests which
fail without it pass with it.

A fix is a semantic patch in fixes/, as a fault is one in faults/, and gets into a kernel in the
same way (dev/faults.py). A finding is proven on a kernel if each test that the fix names fails
without it, in the known way or because a destructive test kills its guest, and passes with it, and
if the reproducer, which needs nothing of this suite, agrees. With --all, every other test must say
with the fix what it says without.
"""

import argparse
import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from base import child, files
from base.errors import CANNOT, Stop
from base.files import TOP
from vm.kconfig import PROFILES
from vm.kernel import compiler_of
from runner.folder import Folder
from runner.screen import Screen, one_line, shown
from dev import fault, fault_report as told, faults
from dev.faults import Base, Faults

FOLDER = TOP / "fixes"
NEEDED = ("fixes", "finding", "kernels", "file")
PROVEN, STILL, PASSES, TURNED = "proven", "still fails", "passes without it", "turns a test red"
OTHER_KERNEL, BROKEN = "not of this kernel", told.BROKEN
GOOD = ("pass", "xpass")
RED = ("fail", "xfail")
REPRODUCER_SECONDS = 60
DISK = "block/fops.c"   # whose reproducer takes a block device
# In a guest. A complaint of the kernel is a symptom as well as what the program says; its guest
# takes the kernel's log, so that part of it which the program caused is read from /dev/kmsg.
SCRIPT = """echo reproducer begins >/dev/kmsg
timeout {seconds} /mnt/{folder}/{name} {words}; status=$?
timeout 2 cat /dev/kmsg >/tmp/kmsg
sed -n '/reproducer begins/,$p' /tmp/kmsg |
	grep -E -m 5 'cut here|BUG:|WARNING:|RIP:|blocked for more' && [ $status = 0 ] && status=1
exit $status
"""


@dataclass(frozen=True)
class Fix(fault.Fault):
    """What the header says. `breaks` is what it changes, `resembles` the finding."""

    reproducer: Path | None = None
    parts: "tuple[Fix, ...]" = ()     # of several together

    @property
    def words(self) -> tuple[str, ...]:
        return self.name, self.resembles

    def of(self, release: str) -> bool:
        """Is this kernel one of those that the header names?"""
        return any(f"{release}.".startswith(f"{kernel}.") for kernel in self.kernels)

    def on(self, release: str) -> "Fix":
        """With the tests that it has on this kernel: a glob may end with @6.1."""
        words = [word.partition("@") for word in self.tests]
        mine = tuple(glob for glob, _, kernel in words
                     if not kernel or f"{release}.".startswith(f"{kernel}."))
        return replace(self, tests=mine)


def parse(path: Path, text: str) -> Fix:
    """The fix of a file."""
    reproducer = path.with_suffix(".c")
    needed = [*NEEDED, *(["tests"] if not reproducer.exists() else [])]
    fields = fault.fields_of(path, text, needed, ("tests", "profile"))
    profile = fields.get("profile", "")
    if profile not in PROFILES:
        raise fault.wrong(path, f"wants a profile {profile}, which is not one")
    return Fix(path.stem, path, fields["fixes"], (), (), tuple(fields["file"].split()),
               fields["finding"], tuple(fields.get("tests", "").split()), False,
               kernels=tuple(fields["kernels"].split()), arch=fault.arch_of(path), profile=profile,
               reproducer=reproducer if reproducer.exists() else None)


def catalogue(folder: Path = FOLDER) -> list[Fix]:
    """All of them, by finding and name."""
    found = [parse(path, path.read_text()) for path in fault.files_of(folder)]
    return sorted(found, key=lambda fix: (fix.resembles, fix.name))


def together(fixes: list[Fix], folder: Path) -> Fix:
    """All of them as one: their rules are applied one after the other."""
    path = folder / "together.cocci"
    files.write(path, "".join(fix.path.read_text() for fix in fixes))
    return Fix(path.stem, path, "all of them", (), (),
               tuple(sorted({name for fix in fixes for name in fix.files})), "together",
               tuple(sorted({glob for fix in fixes for glob in fix.tests})), False,
               parts=tuple(fixes))


@dataclass
class Shown:
    """One fix on one kernel, and what the tests say without it and with it."""

    fix: str
    finding: str
    kernel: str
    profile: str
    verdict: str = BROKEN
    why: str = ""
    tests: dict[str, list[str]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)  # with --all: whose verdict changed
    reproducer: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def applied(self) -> bool:
        """There was a kernel with this fix in it, or should have been."""
        return self.verdict != OTHER_KERNEL

    def row(self) -> list[str]:
        """Of the table."""
        kinds = sorted({" -> ".join(change) for change in self.tests.values()})
        return [self.finding, self.fix, f"{self.kernel} {self.profile}".strip(),
                f"{len(self.tests)}: {', '.join(kinds)}" if kinds else "",
                " -> ".join(self.reproducer),
                f"{len(self.others)} changed" if self.others else "", self.verdict + (
                    f": {self.why}" if self.why else ""), f"{self.seconds:.0f}"]


def word(test) -> str:
    """A verdict as people read it."""
    return {"xfail": "known", "xpass": "pass"}.get(test.verdict, test.cause or test.verdict)


def judge(it: Shown, fix: Fix, before: dict, after: dict, every: bool) -> None:
    """The verdict by the tests; `before` and `after` have them by name."""
    named = {name for name in before if any(fnmatchcase(name, glob) for glob in fix.tests)}
    it.tests = {name: [word(before[name]), word(after[name]) if name in after else "not run"]
                for name in sorted(named) if before[name].verdict in RED}
    quiet = [glob for glob in fix.tests if not any(fnmatchcase(name, glob) for name in it.tests)]
    red = [name for name in sorted(named)
           if name not in after or after[name].verdict not in (*GOOD, before[name].verdict)
           or name in it.tests and after[name].verdict not in GOOD]
    if every:
        it.others = {name: [word(test), word(after[name]) if name in after else "not run"]
                     for name, test in before.items() if name not in named and
                     (name not in after or word(after[name]) != word(test))}
        it.others |= {name: ["no such test", word(test)] for name, test in after.items()
                      if name not in before and test.verdict not in GOOD}
    worse = [name for name, change in it.others.items() if change[1] != "pass"]
    if red or worse:
        name = (red or worse)[0]
        it.verdict = STILL if name in it.tests else TURNED
        it.why = f"{name}: {after[name].reason}" if name in after else f"{name} did not run"
    elif quiet:
        it.verdict, it.why = PASSES, " ".join(quiet)
    else:
        it.verdict = PROVEN


def judge_reproducer(it: Shown, name: str) -> None:
    """And by the reproducer, which ends with 1, or not at all, where the bug is; with 2 if it could
    not be tried."""
    before, after = it.reproducer
    if it.verdict != PROVEN or (before not in ("0", "2") and after == "0"):
        return
    it.verdict = STILL if after != "0" else PASSES
    it.why = f"{name}.c ends with {before}, and with {after} where the fix is"


class Findings(Faults):
    """One kernel of one profile, fix after fix."""

    more: tuple[str, ...] = ("--destructive",)
    chosen: list[Fix]

    def __init__(self, options: argparse.Namespace, screen: Screen, chosen: list[Fix], spec: str,
                 profile: str):
        super().__init__(options, screen, chosen, spec, profile)
        self.table: list[Shown] = []
        self.ours: dict[str, Shown] = {}
        self.before: dict = {}

    def run(self, folder: Path) -> Iterator[list[Shown]]:
        """All of them; gives the table so far after each."""
        self.runs = self.folder_of(folder)
        built = self.plain_kernel()
        for fix in self.chosen:
            self.ours[fix.name] = Shown(fix.name, fix.resembles, built.release, self.profile.name)
            if not fix.of(built.release) and self.source.kind != "tree":
                self.ours[fix.name].verdict = OTHER_KERNEL
        self.chosen = [fix.on(built.release) for fix in self.chosen if self.ours[fix.name].applied]
        if self.options.together and self.chosen:
            self.runs.mkdir(parents=True, exist_ok=True)
            self.chosen = [together(self.chosen, self.runs)]
            self.ours = {"together": Shown("together", f"{len(self.chosen[0].parts)} fixes",
                                           built.release, self.profile.name)}
        self.table = list(self.ours.values())
        if self.chosen:
            with self.cache.shared(built.build_dir):
                for _ in self.each(self.control(built)):
                    yield self.table

    def control(self, built) -> Base:
        """The same tests on the kernel without a fix."""
        base = Base(built)
        self.programs = self.compiled()
        globs = sorted({glob for fix in self.chosen for glob in self.globs(fix)})
        if globs or self.options.all:
            run, self.kernel.control_status, _ = self.suite(
                built, self.runs / "without", [] if self.options.all else globs)
            base.seconds = run.seconds or 0.0
            self.before = dict(run.tests)
        return base

    def tell(self, measured: told.Measured) -> str:
        """A line about a fix that was measured."""
        it = self.ours[measured.name]
        if it.verdict == BROKEN:
            it.verdict, it.why = measured.verdict, measured.why
        it.seconds = measured.seconds
        _, fix, kernel, tests, program, others, verdict, seconds = it.row()
        more = ", ".join(filter(None, (tests, program and f"reproducer {program}", others)))
        return f"{fix} on {kernel}: {verdict}{f' ({more})' if more else ''}, {seconds} s"

    def judge(self, measured: told.Measured, one: fault.Fault, base: Base, built,
              folder: Path) -> None:
        """Run the tests that it names, or all, and the reproducer without it and with it."""
        assert isinstance(one, Fix)
        it = self.ours[one.name]
        after, globs = {}, self.globs(one)
        if globs or self.options.all:
            run, measured.status, cut = self.suite(
                built, folder / "with", [] if self.options.all else globs, base)
            if cut:
                raise Stop(CANNOT, "its tests take far longer than without the fix")
            after = dict(run.tests)
        judge(it, one, self.before, after, self.options.all)
        for fix in one.parts or (one,):
            if fix.name in self.programs:
                it.reproducer = [self.reproduce(fix, kernel, folder / f"{fix.name}-{name}")
                                 for kernel, name in ((base.kernel, "without"), (built, "with"))]
                self.screen.detail(f"{fix.name}: reproducer {' -> '.join(it.reproducer)}")
                judge_reproducer(it, fix.name)

    def compiled(self) -> dict[str, Path]:
        """The reproducers, as a reader would compile them, but static."""
        found = {}
        for fix in [part for one in self.chosen for part in one.parts or (one,)]:
            if fix.reproducer:
                program = self.runs / fix.name / "reproducer" / fix.name
                program.parent.mkdir(parents=True, exist_ok=True)
                log = program.with_suffix(".log")
                compiler = compiler_of(self.arch.make_words())[0]
                if child.run([compiler, "-static", "-pthread", "-O2", "-I", self.source.path,
                              fix.reproducer, "-o", program], log, 120):
                    raise Stop(CANNOT, f"{shown(fix.reproducer)} does not compile", f"log: {log}")
                found[fix.name] = program
        return found

    def reproduce(self, fix: Fix, built, log: Path) -> str:
        """The exit status of its reproducer in a guest of its own, or that the guest died."""
        folder = self.programs[fix.name].parent
        words = [TOP / "run_tests.sh", "--shell", "--kernel", built.image, "--modules",
                 built.modules["test_hmm"].parent, "--copy", folder, "--cache", self.cache.root,
                 *self.on,
                 *(["--accel", self.options.accel] if self.options.accel else []),
                 *(["--profile", self.profile.name] if self.profile.name else [])]
        limit = REPRODUCER_SECONDS * self.profile.slowness
        log = log.with_suffix(".log")
        with open(log, "wb") as out, open(log.with_suffix(".sh"), "w+") as script:
            script.write(SCRIPT.format(seconds=limit, folder=folder.name, name=fix.name,
                                       words="$HMM_COHERENT_RAW" if DISK in fix.files else ""))
            script.seek(0)
            proc = child.spawn(words, stdin=script, stdout=out, stderr=subprocess.STDOUT,
                               death_signal=signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                proc.wait(3 * limit)
                if proc.returncode == CANNOT:
                    last = log.read_text(errors="replace").strip().rpartition("\n")[2]
                    if "guest ended before" not in last:
                        raise Stop(CANNOT, f"the reproducer: {one_line(last, 200)}", f"log: {log}")
                    return "died"
                return str(proc.returncode)
            child.end(proc)
        return "hangs"


def exit_status(table: list[Shown]) -> int:
    """0 all of these kernels are proven, 1 one is not, 3 one could not be judged, 4 none applied.
    """
    applied = [it for it in table if it.applied]
    if any(it.verdict == BROKEN for it in applied):
        return CANNOT
    return 4 if not applied else int(any(it.verdict != PROVEN for it in applied))


def text(table: list[Shown]) -> str:
    """The table, for a terminal and for docs/."""
    head = ["finding", "fix", "kernel", "tests: without -> with", "reproducer", "other tests",
            "verdict", "s"]
    lines = [told.aligned([head, *(it.row() for it in table if it.applied)])]
    lines += [f"- {it.fix}, {it.kernel}: {name}: {' -> '.join(change)}"
              for it in table for name, change in it.others.items()]
    return "\n".join(lines) + "\n"


def main(options: argparse.Namespace, screen: Screen) -> int:
    """The table, on stdout and in the results folder."""
    chosen = faults.chosen(options, "findings", catalogue())
    if options.list:
        for fix in chosen:
            print(f"{fix.name}\t{fix.resembles}\t{' '.join(fix.kernels)}\t{fix.breaks}")
        return 0
    faults.prepare(options, screen, chosen)
    folder = Folder.create(options.results, "" if options.results else "findings")
    table: list[Shown] = []

    def steps() -> Iterator[object]:
        for spec in options.kernel:
            for profile in sorted({options.profile or fix.profile for fix in chosen}):
                mine = [fix for fix in chosen if (options.profile or fix.profile) == profile]
                done = list(table)
                for part in Findings(options, screen, mine, spec, profile).run(folder.path):
                    table[:] = done + part
                    yield table

    def write() -> str:
        files.write(folder.path / "findings.md", text(table))
        files.write(folder.path / "findings.json",
                    json.dumps([asdict(it) for it in table], indent=1) + "\n")
        return text(table)

    faults.measure(steps(), write, folder, screen)
    return exit_status(table)
