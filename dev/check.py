# SPDX-License-Identifier: GPL-2.0
"""`make check`: lint, selftests, the suite in a VM, a few seeded faults. The last line is the sum
of all."""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from base.errors import NOTHING_TESTED, Stop, WRONG_USE
from base.files import TOP
from vm import deps, sysroot
from vm.arch import Arch, HOST, TABLE
from runner import guests, plan, programs
from runner.screen import Screen, one_line
from dev import lint

SHOWN = 20              # lines of a tool that found something
SELFTEST_SECONDS = 1800 # for all selftests, on a machine that is busy
FAULTS_SECONDS = 1800   # five minutes on a machine that has nothing else to do
COMPILERS = ("gcc", "clang")
# With --arch: the driver, features, and what depends most on an architecture.
SLICE = ("driver.*", "features.*", "fork.*", "large-folios.*")
# With --profile wide: what the ordinary kernel does not have.
WIDE = ("uprobes.*", "send-zc.*", "watched.*", "blocks.*", "ordinary.*", "sequential.*")
WARNINGS = "-Wall -Wextra -Werror"
CHECKPATCH = ("--no-tree", "--strict", "--terse", "--show-types", "-f")
DETECTED = re.compile(r"(\d+) of (\d+) faults that apply are detected.*")
ABSENT = re.compile(r"(\d+) does not apply")
PYTEST = ("-I", "-m", "pytest", "--dist", "loadfile", "-n", str(os.cpu_count() or 1))
# The closing line of a run. That of this check has three numbers; .ci/run reads only the latter.
COUNT = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) known, (\d+) skipped, (\d+) not run$",
                   re.M)


@dataclass
class Step:
    """The result of one step of the check."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    says: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, problems: list[str]) -> "Step":
        """The result of a lint: passed if it found no problem."""
        return cls(passed=int(not problems), failed=int(bool(problems)), says=problems)

    @classmethod
    def of_run(cls, text: str) -> "Step | None":
        """A run's closing line in the three numbers of a check; None without one."""
        found = COUNT.findall(text)
        if not found:
            return None
        passed, failed, known, skipped, not_run = map(int, found[-1])
        return cls(passed, failed + not_run, known + skipped)

    @classmethod
    def of_junit(cls, text: str) -> "Step":
        """The counts of pytest."""
        suites = ElementTree.fromstring(text).iter("testsuite")
        counts = [[int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")]
                  for suite in suites]
        total, failures, errors, skipped = (sum(column) for column in zip(*counts))
        return cls(total - failures - errors - skipped, failures + errors, skipped)

    @classmethod
    def skip(cls, why: str) -> "Step":
        """A tool is missing."""
        return cls(skipped=1, says=[why])


class Check:
    """The steps, in order; a failed one stops none of the others."""

    def __init__(self, options: argparse.Namespace, screen: Screen):
        # The other steps are for this machine.
        self.arch, options.arch = guests.arch_of(options), ""
        self.wide, options.profile = options.profile == "wide", ""
        self.options, self.screen = options, screen
        self.cache = Path(os.environ["HMM_COHERENT_CACHE"])
        self.sources = lint.texts()
        self.total = Step()

    def run(self) -> int:
        """Everything; exit status 1 if something failed, 3 if nothing was tested."""
        lack = self.lack()      # also what "programs for" needs
        for name, step in (("rules of this project", self.rules), ("shellcheck", self.shellcheck),
                           ("cppcheck", self.cppcheck), ("pyflakes", self.pyflakes),
                           ("mypy", self.mypy), ("checkpatch", self.checkpatch),
                           ("test names", self.names)):
            self.step(name, step)
        for compiler in COMPILERS:
            self.step(f"{compiler} {WARNINGS}", partial(self.compiler, compiler))
        for arch in TABLE:
            if arch is not HOST:
                self.step(f"programs for {arch.name} {WARNINGS}", partial(self.cross, arch))
        self.step("harnesses of other kernels", self.harnesses)
        self.step("selftests", lambda: self.pytest("test_*.py"))
        self.step("the suite", self.suite)
        if self.arch is not HOST:
            self.step(f"a slice of the suite on {self.arch.name}", partial(self.slice, lack))
        if self.wide:
            self.step("a slice of the suite on a wide kernel", self.wide_slice)
        # They need the kernel that the suite has built.
        self.step("selftests in a guest", lambda: self.pytest("guest_*.py"))
        self.step("seeded faults", self.faults)
        total = self.total
        print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
        return 1 if total.failed else 0 if total.passed else 3

    def step(self, name: str, make: Callable[[], Step]) -> None:
        """Run a step, print its result, add it up."""
        began = time.monotonic()
        try:
            done = make()
        except Stop as stop:
            done = Step(failed=1, says=[str(stop)])
        self.add(name, done, time.monotonic() - began)

    def add(self, name: str, done: Step, seconds: float) -> None:
        """Print one line for a step, and its problems."""
        word = "FAILED" if done.failed else "ok" if done.passed else "skipped"
        print(f"{word:8}{name}: {done.passed} passed, {done.failed} failed, {done.skipped} skipped "
              f"({seconds:.1f} s)")
        for line in done.says[:SHOWN]:
            print(f"        {one_line(line, 300)}")
        if done.says[SHOWN:]:
            print(f"        and {len(done.says) - SHOWN} more lines")
        sys.stdout.flush()
        self.total.passed += done.passed
        self.total.failed += done.failed
        self.total.skipped += done.skipped

    # -- lint

    def rules(self) -> Step:
        """dev/lint.py."""
        return Step.of(lint.problems(self.sources))

    def shellcheck(self) -> Step:
        """Every shell script, the guest's init included."""
        return self.tool("shellcheck", ["shellcheck", "-x", "-f", "gcc"], lint.is_shell)

    def cppcheck(self) -> Step:
        """All C."""
        return self.tool("cppcheck", [
            "cppcheck", "--quiet", "--error-exitcode=1", "--enable=warning,portability",
            "--inline-suppr", "--suppress=missingIncludeSystem",
            "--suppress=normalCheckLevelMaxBranches",   # a remark of 2.11 about itself
            "--max-configs=4", f"-I{TOP}", f"-I{TOP}/common",
        ], lambda path, _text: path.suffix == ".c")

    def pyflakes(self) -> Step:
        """All Python."""
        return self.tool("/usr/bin/python3", ["/usr/bin/python3", "-m", "pyflakes"], lint.is_python)

    def mypy(self) -> Step:
        """The types of all Python but that of the selftests."""
        packages = lint.packages((TOP / lint.ARCHITECTURE).read_text())
        return self.tool("mypy", [
            "mypy", "--config-file", "dev/mypy.ini", "--cache-dir", str(self.cache / "mypy")],
            lambda path, _text: path.suffix == ".py" and path.parts[0] in packages)

    def checkpatch(self) -> Step:
        """checkpatch.pl of the newest kernel source in the cache; docs/checkpatch.md lists the
        remarks that stay."""
        scripts = sorted(
            self.cache.glob("src/*/scripts/checkpatch.pl"),
            key=lambda path: [int(number) for number in re.findall(r"\d+", path.parts[-3])])
        if not scripts or not shutil.which("perl"):
            return Step.skip(
                "no kernel source with scripts/checkpatch.pl yet, or no perl; the first run in a "
                "VM fetches one"
            )
        known = self.cache / "check" / "checkpatch"
        known.mkdir(parents=True, exist_ok=True)
        lines: list[str] = []
        for path, text in self.sources.items():
            if path.suffix not in (".c", ".h") and path.name != "Makefile" and not lint.is_shell(
                    path, text):
                continue
            said = known / hashlib.sha256(
                f"{scripts[-1]} {CHECKPATCH} {path} {text}".encode()).hexdigest()
            if not said.exists():       # half a second of perl for each file
                done = self.call(["perl", str(scripts[-1]), *CHECKPATCH, str(path)])
                # Without a remark it prints nothing and ends with 0.
                if done.stderr or (done.returncode and "lines checked" not in done.stdout):
                    return Step.of([
                        f"{path}: checkpatch.pl: {done.stderr or done.stdout or done.returncode}"])
                said.write_text(done.stdout)
            lines += [
                line for line in said.read_text().splitlines()
                if line and not line.startswith("total: ")]
        accepted = lint.remark_types((TOP / lint.CHECKPATCH).read_text())
        # That of an older kernel does not know each type.
        script = scripts[-1].read_text()
        return Step.of(lint.remarks(lines, {name for name in accepted if f'"{name}"' in script}))

    def tool(self, name: str, command: list[str], wanted: Callable[[Path, str], bool]) -> Step:
        """A program that takes files and fails when it finds something."""
        if not shutil.which(name):
            return Step.skip(f"{name} is not installed; ./run_tests.sh deps")
        files = [str(path) for path, text in self.sources.items() if wanted(path, text)]
        done = self.call([*command, *files])
        lines = (done.stdout + done.stderr).splitlines()
        return Step.of(lines or [f"exit status {done.returncode}"] if done.returncode else [])

    def call(self, command: list[str], limit: float = 600, **more) -> subprocess.CompletedProcess:
        """A tool's output."""
        try:
            return subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=limit, check=False, **more)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "",
                                               f"{command[0]} did not end within {limit:.0f} s")

    # -- build

    def ksrc(self) -> list[str]:
        """Where the kselftest harness is."""
        return [f"KSRC={plan.harness(self.options, [], plan.open_cache(self.screen), self.screen)}"]

    def compiler(self, compiler: str) -> Step:
        """Compile all C without a warning, in a folder that only this checkout uses."""
        if not shutil.which(compiler):
            return Step.skip(f"{compiler} is not installed; ./run_tests.sh deps")
        output = TOP / "build" / "check" / compiler
        output.mkdir(parents=True, exist_ok=True)
        ksrc = self.ksrc()
        programs.run_make(f"-j{os.cpu_count() or 1}", *ksrc, f"CC={compiler}",
                          f"O={output.relative_to(TOP)}", f"USERCFLAGS={WARNINGS}",
                          log=self.cache / "log" / f"check-{compiler}.log")
        # The reproducers of fixes/ take nothing of the suite.
        ours, kernel = (f"-I{TOP}", "-D_GNU_SOURCE=", f"-iquote{TOP / 'common'}"), ksrc[0][5:]
        for path in sorted([*TOP.glob("selftest/*.c"), *TOP.glob("fixes/*.c")]):
            done = self.call([
                compiler, *WARNINGS.split(), "-std=gnu11", "-fsyntax-only",
                *(ours if path.parent.name == "selftest" else (f"-I{kernel}",)), str(path)])
            if done.returncode:
                return Step.of(done.stderr.splitlines())
        return Step(passed=1)

    def cross(self, arch: Arch) -> Step:
        """Compile the programs for another architecture without a warning."""
        if lacks := deps.missing({f"cross-{arch.name}"}):
            return Step.skip(f"{lacks[0]} is not installed; ./run_tests.sh deps --arch {arch.name}")
        output = TOP / "build" / "check" / arch.name
        output.mkdir(parents=True, exist_ok=True)
        root = sysroot.find(arch, plan.open_cache(self.screen), self.screen.say)
        programs.run_make(f"-j{os.cpu_count() or 1}", *self.ksrc(),
                          f"CC={sysroot.compiler(arch, root)}", f"O={output.relative_to(TOP)}",
                          f"USERCFLAGS={WARNINGS}",
                          log=self.cache / "log" / f"check-{arch.name}.log")
        return Step(passed=1)

    def harnesses(self) -> Step:
        """Compile the suite with the headers of each kernel source in the cache."""
        done = Step()
        for tree in sorted(self.cache.glob("src/*/tools/testing/selftests/kselftest_harness.h")):
            tree = tree.parents[3]
            output = TOP / "build" / "check" / tree.name
            output.mkdir(parents=True, exist_ok=True)
            try:
                programs.run_make(f"-j{os.cpu_count() or 1}", f"KSRC={tree}",
                                  f"O={output.relative_to(TOP)}", f"USERCFLAGS={WARNINGS}",
                                  log=self.cache / "log" / f"check-{tree.name}.log")
                done.passed += 1
            except Stop as stop:
                done.failed += 1
                done.says.append(f"{tree.name}: {stop}")
        nothing = Step.skip("no kernel source in the cache yet")
        return done if done.passed or done.failed else nothing

    def names(self) -> Step:
        """Names of tests are unique and well formed."""
        paths = programs.build(Path(self.ksrc()[0].partition("=")[2]),
                               self.cache / "log" / "programs.log")
        tests = programs.catalogue(paths)
        programs.release()
        return Step.of([
            f"{test.name} does not say what it checks" for test in tests if not test.what.strip()])

    # -- tests

    def pytest(self, pattern: str) -> Step:
        """Run files of selftest/, as many at a time as there are processors."""
        files = sorted((TOP / "selftest").glob(pattern))
        step = pytest([str(path) for path in files], self.call)
        step.says = step.says[-SHOWN:]
        return step

    def suite(self, *words: str) -> Step:
        """Run the suite, or a part of it, as a user does."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "summary")
            with open(path, "w") as summary:
                done = subprocess.run([str(TOP / "run_tests.sh"), "--vm", *words], cwd=TOP,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=summary, check=False)
            text = path.read_text(errors="replace")
        sys.stdout.write(text)
        step = Step.of_run(text)
        if not step and words and done.returncode == NOTHING_TESTED:
            return Step.skip(one_line(text.strip().rpartition("\n")[2], 300))
        if not step:
            return Step(failed=1, says=[f"no closing line; exit status {done.returncode}"])
        if done.returncode and not step.failed:
            step.failed, step.says = 1, [f"exit status {done.returncode}"]
        return step

    def lack(self) -> str:
        """Why guests of --arch cannot run here; installs their packages if it can."""
        try:
            deps.need(deps.for_vm(self.arch), self.screen.say)
        except Stop as stop:
            return str(stop)
        return ""

    def slice(self, lack: str) -> Step:
        """The tests that depend most on an architecture."""
        return Step.skip(lack) if lack else self.suite("--arch", self.arch.name, *SLICE)

    def wide_slice(self) -> Step:
        """The tests that need a kernel with a network, breakpoints, xfs and btrfs."""
        try:
            deps.need({*deps.for_vm(), "filesystems"}, self.screen.say)
        except Stop as stop:
            return Step.skip(str(stop))
        return self.suite("--profile", "wide", *WIDE)

    def faults(self) -> Step:
        """Run one seeded fault for each claim, on the suite's kernel; each must apply and be
        detected."""
        done = self.call([str(TOP / "run_tests.sh"), "faults", "--quick"], FAULTS_SECONDS)
        found = DETECTED.search(done.stdout)
        if not found:
            return Step(failed=1, says=(done.stdout + done.stderr).splitlines()[-SHOWN:])
        absent = ABSENT.search(found[0])
        detected, all_of_them = int(found[1]), int(found[2]) + (int(absent[1]) if absent else 0)
        return Step(detected, all_of_them - detected,
                    says=[] if detected == all_of_them else done.stderr.splitlines())


def pytest(words: list[str], call) -> Step:
    """Run pytest on these files, with a Python that has it."""
    python = next((path for path in (sys.executable, "/usr/bin/python3")
                   if not call([path, "-I", "-c", "import pytest, xdist"]).returncode), "")
    if not python:
        return Step(failed=1, says=["pytest and xdist are not installed; ./run_tests.sh deps"])
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "junit.xml")
        done = call([python, *PYTEST, f"--junitxml={counts}", *words], SELFTEST_SECONDS, env=env)
        step = Step.of_junit(counts.read_text()) if counts.exists() else Step()
    if done.returncode:
        step.failed = step.failed or 1
        step.says = (done.stdout + done.stderr).splitlines()
    return step


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`check`."""
    if options.profile not in ("", "wide"):
        raise Stop(WRONG_USE, f"check has no tests for --profile {options.profile}",
                   "give --profile wide, or leave it out")
    deps.need(deps.PACKAGES, screen.say)
    return Check(options, screen).run()
