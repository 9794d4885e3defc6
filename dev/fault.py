# SPDX-License-Identifier: GPL-2.0
"""A seeded fault: a semantic patch with a header that says what it breaks and which tests must
fail."""

import argparse
import difflib
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from base import child
from base.errors import CANNOT, Stop, WRONG_USE
from base.files import TOP
from report.result import CAUSES
from vm import elf
from vm.arch import ARCHS
from vm.in_place import escaped
from vm.kconfig import PROFILES
from vm.kernel import ERROR, Kernel, MACHINE, MODULES, environment
from runner import guests, options as command_line
from runner.screen import one_line

FOLDER = TOP / "faults"
# Fields that each header must have; "resembles: nothing known" is allowed, no "resembles" is not.
NEEDED = ("breaks", "claim", "rule", "file", "resembles", "tests")
# Fields of a fault of the kernel's history, all needed, instead of "resembles".
HISTORY = ("history", "source", "kernels")
LINE = re.compile(r"// ([a-z]+): (.*\S)")
CLAIM = re.compile(r"S[1-9]")
# Values of "seen": a cause of a failure, or "broken" for a fault in what the suite observes with.
SEEN = (*CAUSES, "broken")


@dataclass(frozen=True)
class Fault:
    """The fields of the header; those of several words in order."""

    name: str
    path: Path
    breaks: str
    claims: tuple[str, ...]
    rules: tuple[str, ...]
    files: tuple[str, ...]      # of the kernel, those that exist; the patch has to change one
    resembles: str              # or its history
    tests: tuple[str, ...]      # globs, for each of which a test must fail
    quick: bool                 # the one of its claim that `make check` runs
    seen: tuple[str, ...] = ("check",)  # of SEEN: how those tests may fail
    source: str = ""                    # of the kernel's history: how it is known
    kernels: tuple[str, ...] = ()       # and the kernels that it can be put into
    arch: str = ""                      # the only architecture that has it
    profile: str = ""                   # of the kernel that has the code

    @property
    def words(self) -> tuple[str, ...]:
        """What a GLOB of the command line may match."""
        return self.name, *self.claims, *self.rules


def fields_of(path: Path, text: str, needed: Iterable[str],
              optional: Iterable[str]) -> dict[str, str]:
    """The fields at the top of a semantic patch; Stop if one that is needed is not there, or one
    is there that is none of these."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        if found := LINE.fullmatch(line):
            fields[found[1]] = f"{fields.get(found[1], '')} {found[2]}".strip()
    lacks = [name for name in needed if name not in fields]
    odd = sorted(set(fields) - {*needed, *optional})
    if lacks:
        raise wrong(path, f"does not say {', '.join(lacks)}")
    if odd:
        raise wrong(path, f"says {odd[0]}, which is not a field")
    return fields


def wrong(path: Path, what: str) -> Stop:
    """The error for a header that is not as it has to be."""
    return Stop(CANNOT, f"the header of {path.name} {what}", f"see {path.parent.name}/README.md")


def parse(path: Path, text: str) -> Fault:
    """The fault of a file."""
    of_history = "// history: " in text
    needed = [name for name in NEEDED if not (of_history and name == "resembles")]
    fields = fields_of(path, text, [*needed, *(HISTORY if of_history else ())],
                       ("quick", "seen", "profile"))
    words = {name: tuple(line.split()) for name, line in fields.items()}
    for claim in words["claim"]:
        if not CLAIM.fullmatch(claim):
            raise wrong(path, f"claims {claim}, which is not one of S1..S9")
    for seen in words.get("seen", ()):
        if seen not in SEEN:
            raise wrong(path, f"is seen by {seen}, which is not one of {', '.join(SEEN)}")
    profile = fields.get("profile", "")
    if profile not in PROFILES:
        raise wrong(path, f"wants a profile {profile}, which is not one")
    return Fault(path.stem, path, fields["breaks"], words["claim"], words["rule"], words["file"],
                 fields.get("history") or fields["resembles"], words["tests"], "quick" in fields,
                 words.get("seen", ("check",)), fields.get("source", ""), words.get("kernels", ()),
                 arch_of(path), profile)


def arch_of(path: Path) -> str:
    """The architecture that a folder such as faults/arm64/ is for; empty for the others."""
    return path.parent.name if path.parent.name in ARCHS else ""


def files_of(folder: Path) -> list[Path]:
    """The semantic patches of a folder, and those for one architecture."""
    return [*folder.glob("*.cocci"), *(path for arch in ARCHS
                                       for path in folder.glob(f"{arch}/*.cocci"))]


def catalogue(folder: Path = FOLDER) -> list[Fault]:
    """All faults, by claim and name."""
    found = [parse(path, path.read_text()) for path in files_of(folder)]
    return sorted(found, key=lambda fault: (fault.claims, fault.name))


F = TypeVar("F", bound=Fault)


def select(faults: list[F], globs: list[str], command: str = "faults") -> list[F]:
    """Those one of whose words matches; a glob that selects none is wrong use."""
    def matches(fault: Fault, glob: str) -> bool:
        return any(fnmatchcase(word, glob) for word in fault.words)

    for glob in globs:
        if not any(matches(fault, glob) for fault in faults):
            words = {word for fault in faults for word in fault.words}
            near = difflib.get_close_matches(glob, words, 1, 0.3)
            raise Stop(
                WRONG_USE, f"none of the {command} matches '{one_line(glob, 80)}'" +
                (f", the nearest is {near[0]}" if near else ""),
                f"./run_tests.sh {command} --list shows all")
    return [fault for fault in faults if not globs or any(matches(fault, glob) for glob in globs)]


def chosen(options: argparse.Namespace, command: str, catalogue: list[F]) -> list[F]:
    """Those that the command line selects; at least one, unless they are only to be listed."""
    found = [one for one in select(catalogue, options.globs, command)
             if not any(fnmatchcase(one.name, glob) for glob in options.skip)
             and (one.quick or not options.quick)]
    if options.list:
        return found
    here = [one for one in found if one.arch in ("", guests.arch_of(options).name)]
    if found and not here:
        raise Stop(WRONG_USE, f"{found[0].name} is for {found[0].arch}",
                   f"give --arch {found[0].arch}")
    if not here:
        raise Stop(WRONG_USE, f"none of the {command} is left to run", "see --quick and --skip")
    return here


def command(options: argparse.Namespace) -> list[str]:
    """The command that makes this table."""
    words = ["./run_tests.sh", "faults", *options.globs]
    for spec in options.kernel:
        words += ["--kernel", spec]
    for glob in options.skip:
        words += ["--skip", glob]
    words += command_line.words(options, ("arch", "page_size"))
    return words + [f"--{name}" for name, given in (
        ("quick", options.quick), ("named", options.named), ("explore", options.explore),
        ("with-kernel-tests", options.with_kernel_tests)) if given]


# -- the kernel that has it


MINUTES = 60.0
# spatch ends with status 255 and this for a file that has no name in the patch.
NOTHING_APPLIES = "-o can not be applied because there are no modified files"
# spatch prints the difference, too, whose lines are the kernel's: "make an exception for tmpfs".
SPATCH_FAILED = re.compile(r"^(cp|mv): |^(?![ +-]).*(\bEXN\b|Fatal error|[Ee]xception)")
# The kernel's own words for these: overlay, bind, and what make is to do. $1 build folder, $2
# private folder, $6 what QEMU enters, $7 more words for make.
SCRIPT = r"""set -e
build=$1 private=$2 options=$3 source=$4 jobs=$5 image=$6 words=$7
shift 7
mount -t overlay overlay -o "$options" "$build" 2>/dev/null || {
	[ -e "$private/whole" ] || cp -a --reflink=auto "$build" "$private/whole"
	mount --bind "$private/whole" "$build"
}
while [ $# -gt 0 ]; do
	mount --bind "$2" "$source/$1"
	shift 2
done
exec make -C "$source" O="$build" -j"$jobs" $words "$image" modules
"""


class DoesNotBuild(Exception):
    """The kernel with the fault does not build; the text is the compiler's first error."""


@dataclass
class Variant:
    """A private copy of a kernel build, in a folder of its own."""

    base: Kernel
    folder: Path
    jobs: int

    def patch(self, semantic: Path, names: tuple[str, ...]) -> dict[str, Path]:
        """The source files that a semantic patch changes, changed; empty if it does not apply."""
        found: dict[str, Path] = {}
        assert self.base.source
        for number, name in enumerate(names):
            original, changed = self.base.source.path / name, self.folder / f"{number}.c"
            if not original.is_file():
                continue
            changed.unlink(missing_ok=True)
            log = self.folder / f"spatch-{number}.log"
            command = ["spatch", "--very-quiet", "--sp-file", semantic, original, "-o", changed]
            status = child.run(command, log, 2 * MINUTES)
            lines = log.read_text(errors="replace").splitlines()
            # spatch may end with status 0 then.
            failed = [line for line in lines if SPATCH_FAILED.search(line)]
            if failed or status and NOTHING_APPLIES not in lines:
                said = [line for line in lines if line.strip() and not line.startswith("warning:")]
                why = next(iter(failed + said), f"exit status {status}")
                raise Stop(3, f"spatch failed on {name}: {why[:200]}",
                           "it has not said whether the fault applies")
            if changed.is_file() and changed.read_bytes() != original.read_bytes():
                found[name] = changed
        return found

    def build(self, changed: dict[str, Path], log: Path) -> Kernel:
        """Build the kernel with these files in place of the source's."""
        return self.start(changed, log).kernel()

    def start(self, changed: dict[str, Path], log: Path) -> "Build":
        """Start make, and return without waiting for it."""
        base, upper, work = self.base, self.folder / "upper", self.folder / "work"
        assert base.source and base.build_dir
        for path in (upper, work):
            path.mkdir()
        options = ",".join(f"{key}dir={escaped(path)}" for key, path in
                           (("lower", base.build_dir), ("upper", upper), ("work", work)))
        pairs = [word for pair in changed.items() for word in pair]
        command = [
            "unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c",
            SCRIPT, "sh", base.build_dir, self.folder, options, base.source.path, self.jobs,
            base.image.name, shlex.join(base.arch.make_words()), *pairs]
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as out:
            proc = child.spawn(command, death_signal=signal.SIGTERM, stdout=out,
                               stderr=subprocess.STDOUT, env=environment())
        return Build(self, proc, log)

    def built(self, log: Path) -> Kernel:
        """The kernel that make has built."""
        base, upper = self.base, self.folder / "upper"
        assert base.build_dir
        whole = self.folder / "whole"
        made = whole if whole.exists() else upper
        modules = {name: made / path if (made / path).exists() else base.build_dir / path
                   for name, path in MODULES.items()}
        if made == upper and not any((upper / name).exists()
                                     for name in ("vmlinux", *MODULES.values())):
            raise DoesNotBuild("it changes nothing that is compiled")
        image, vmlinux = (path if path.exists() else base.build_dir / path.relative_to(made)
                          for path in (made / base.image.relative_to(base.build_dir),
                                       made / "vmlinux"))
        build_id = elf.build_id(vmlinux)
        # A run on it would be reported as one that missed the fault.
        if build_id and build_id == base.build_id and all(
                path.read_bytes() == (base.build_dir / MODULES[name]).read_bytes()
                for name, path in modules.items()):
            raise DoesNotBuild("the kernel with it is the same as the kernel without it")
        return replace(base, image=image, modules=modules, build_id=build_id,
                       srcversion=elf.modinfo(modules["test_hmm"], "srcversion"), log=log)


@dataclass
class Build:
    """A make that runs in the background."""

    variant: Variant
    proc: subprocess.Popen
    log: Path

    @property
    def ended(self) -> float:
        """When make wrote its last line, on the clock of time.monotonic()."""
        return time.monotonic() - (time.time() - self.log.stat().st_mtime)

    def kernel(self) -> Kernel:
        """Wait for make; DoesNotBuild with the first error, Stop if make failed otherwise."""
        try:
            self.proc.wait(30 * MINUTES)
        except subprocess.TimeoutExpired:
            raise Stop(3, f"make did not end within {30 * MINUTES:.0f} s",
                       f"see {self.log}") from None
        finally:
            self.end()
        if self.proc.returncode:
            text = self.log.read_text(errors="replace")
            first = next((line.strip() for line in text.splitlines() if ERROR.search(line)), "")
            if not first or MACHINE.search(text):
                raise Stop(3, f"the copy could not be built: {first or 'no error of a compiler'}",
                           f"see {self.log}")
            raise DoesNotBuild(first)
        return self.variant.built(self.log)

    def end(self) -> None:
        """End make."""
        child.end(self.proc)
