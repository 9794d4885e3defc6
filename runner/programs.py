# SPDX-License-Identifier: GPL-2.0
"""The test programs: built by the Makefile, and asked what they contain."""

import difflib
import fcntl
import os
import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from base import child
from base.errors import CANNOT, Stop, WRONG_USE
from base.files import TOP
from vm import elf
from vm.arch import Arch, HOST
from vm.cache import Lock
from runner.screen import one_line

BUILD = TOP / "build"
TRIES = 3
NAME = re.compile(r"[a-z0-9._-]{1,200}")
LIST_SECONDS = float(os.environ.get("HMM_COHERENT_GRACE", "10"))


@dataclass(frozen=True)
class Test:
    """One test as its program lists it."""

    name: str
    what: str
    program: Path

    @property
    def destructive(self) -> bool:
        """Meant to bring a kernel down that has a certain bug: runs only when asked, and alone."""
        return is_destructive(self.name)


def is_destructive(name: str) -> bool:
    """By name, so that a bare list of names is enough."""
    return name.startswith("destructive.")


def given() -> Path | None:
    """A folder of programs to run instead of the suite's own: for the selftests, says nothing about
    a kernel."""
    folder = os.environ.get("HMM_COHERENT_PROGRAMS")
    return Path(folder) if folder else None


def make(*words: str) -> list[str]:
    """make in this checkout; a word may have a dollar in it, which make would expand."""
    return [
        "make", "--no-print-directory", "-C",
        str(TOP), *(word.replace("$", "$$") for word in words)]


def run_make(*words: str, log: Path | None = None) -> str:
    """make's stdout; a failure is one line with make's first error."""
    try:
        done = subprocess.run(make("-s", *words), env=child.environment(), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT if log else subprocess.PIPE,
                              errors="replace", check=False)
    except FileNotFoundError:
        raise Stop(CANNOT, "make is not installed", "./run_tests.sh deps") from None
    text = done.stdout + (done.stderr or "")
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
    if done.returncode:
        lines = text.strip().splitlines() or ["no message"]
        first = next((line for line in lines if re.search(r"error|\*\*\*|No rule", line, re.I)),
                     lines[0])
        raise Stop(CANNOT, f"the test programs do not build: {one_line(first, 300)}",
                   f"log: {log}" if log else f"make -C {TOP}")
    return done.stdout


_used: list[Lock] = []      # the shared lock of the programs that are in use


def is_built(words: list[str]) -> bool:
    """make would find nothing to do."""
    done = subprocess.run(make("-q", *words), env=child.environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def build(ksrc: Path | None, log: Path, arch: Arch = HOST, compiler: str = "",
          only: str = "") -> list[Path]:
    """Build the suite, or `only` this program, against the harness of ksrc, in a folder for each
    and for each other architecture, with its compiler; gives the programs in the Makefile's order.

    Until release() no other run builds them again: what is just being linked can not be started.
    Who finds nothing to build does not wait for who uses them.
    """
    folder = given()
    if folder:
        return executables(folder)
    # make takes no target with a blank in it, so it is told where from here, and by a plain name.
    base = BUILD if arch is HOST else BUILD / arch.name
    output = base / re.sub(r"[^\w.+~-]", "_", ksrc.name) if ksrc else base
    folder = Path(os.path.relpath(output, TOP))
    words = [f"OUTPUT={folder}", *([f"KSRC={ksrc}"] if ksrc else []),
             *([f"CC={compiler}"] if compiler else [])]
    wanted = [*words, *([str(folder / only)] if only else [])]
    release()
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = Lock(output / ".lock")
    except OSError:         # a checkout that cannot be written: make says so
        run_make(f"-j{os.cpu_count() or 1}", *wanted, log=log)
    else:
        lock.take(fcntl.LOCK_SH)
        for _ in range(TRIES):
            if is_built(wanted):
                break
            lock.take(fcntl.LOCK_EX)
            run_make(f"-j{os.cpu_count() or 1}", *wanted, log=log)
            lock.take(fcntl.LOCK_SH)    # for a moment another run may have it
        _used.append(lock)
    if only:
        return [output / only]
    return [(TOP / line).resolve() for line in run_make(*words, "print-programs").splitlines()]


def release() -> None:
    """The programs are no longer needed, or were copied."""
    while _used:
        _used.pop().close()


def executables(folder: Path) -> list[Path]:
    """The programs of a folder, by name."""
    if not folder.is_dir():
        raise Stop(WRONG_USE, f"HMM_COHERENT_PROGRAMS: {folder} is not a folder")
    return sorted(p.resolve() for p in folder.iterdir() if p.is_file() and os.access(p, os.X_OK))


def listing(program: Path) -> list[Test]:
    """What PROG --list says. A program that cannot say it cannot be trusted with a verdict either.
    """
    arch = elf.arch(program) or HOST
    try:
        done = subprocess.run([*arch.runner, str(program), "--list"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=LIST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Stop(CANNOT, f"{program.name} --list did not end within {LIST_SECONDS:g} s") from None
    except OSError as error:
        raise Stop(CANNOT, f"{program} cannot be started: {error.strerror}",
                   "build it again: make clean all") from None
    if done.returncode == 2:    # what the user asked of it makes no sense
        raise Stop(WRONG_USE, one_line(done.stderr.decode(errors="replace"), 500))
    if done.returncode:
        raise Stop(CANNOT, f"{program.name} --list ended with status {done.returncode}")
    tests = []
    for line in done.stdout.decode(errors="replace").splitlines():
        name, _, what = line.partition("\t")
        if not NAME.fullmatch(name):
            raise Stop(
                CANNOT,
                f"{program.name} --list: '{one_line(name, 80)}' is not a test name ([a-z0-9._-]+)")
        tests.append(Test(name, one_line(what), program))
    return tests


def folded(name: str) -> str:
    """A name as CI readers fold it: they take '.', '_' and '-' for the same character."""
    return re.sub(r"[._-]+", "-", name)


def catalogue(programs: list[Path]) -> list[Test]:
    """All tests of all programs; their names must stay distinct also where readers fold them."""
    tests = [test for program in programs for test in listing(program)]
    seen: dict[str, Test] = {}
    for test in tests:
        other = seen.setdefault(folded(test.name), test)
        if other is not test:
            raise Stop(
                CANNOT, f"two tests have the same name: {other.name} in {other.program.name} and "
                               f"{test.name} in {test.program.name}", "rename one")
    if len({p.name for p in programs}) != len(programs):
        raise Stop(CANNOT, "two programs have the same name")
    if not tests:
        raise Stop(CANNOT, "there are no tests", "the programs list none")
    return tests


def matches(test: Test, glob: str) -> bool:
    """A glob selects by test name, or by the name of the program."""
    return fnmatchcase(test.name, glob) or fnmatchcase(test.program.name, glob)


def select(tests: list[Test], globs: list[str], skips: list[str]) -> list[Test]:
    """The tests that match a glob and no skip, in the order they are declared."""
    for glob in globs + skips:
        if not any(matches(test, glob) for test in tests):
            families = {f"{t.name.partition('.')[0]}.*" for t in tests} if "*" in glob else set()
            near = difflib.get_close_matches(glob, families | {t.name for t in tests} | {
                t.program.name for t in tests}, 1, 0.3)
            raise Stop(
                WRONG_USE, f"no test matches '{one_line(glob, 80)}'" +
                (f", the nearest is {near[0]}" if near else ""), "./run_tests.sh --list shows all")
    chosen = [t for t in tests if not globs or any(matches(t, g) for g in globs)]
    chosen = [t for t in chosen if not any(matches(t, s) for s in skips)]
    if not chosen:
        raise Stop(WRONG_USE, "--skip leaves no test to run")
    return chosen
