# SPDX-License-Identifier: GPL-2.0
"""A kernel for the guest: built small from a source, or given as an image.

Only vmlinux and the modules are built, as a rule. QEMU enters vmlinux directly, so there is nothing
to compress and nothing to decompress at each boot. A build folder belongs to one source, one
configuration and one compiler; an interrupted build goes on where it was.
"""

import errno
import gzip
import json
import lzma
import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from base import child
from base.errors import Stop, Untestable
from vm import deps, elf, in_place, inputs, kconfig
from vm.arch import Arch, HOST
from vm.cache import digest
from vm.source import Source, check_age

MODULES = {"test_hmm": "lib/test_hmm.ko"}
DONE = ".stamp"
WHOLE, UNDONE, DAMAGED = "whole", "undone", "damaged"
TRIES = 3
CCACHE = ("/usr/lib/ccache", "/usr/lib64/ccache", "/usr/lib/ccache/bin")
HOURS = 3600.0
DECODE = "scripts/decode_stacktrace.sh"
# It reads the whole debug information, which may take some.
DECODE_SECONDS = 120.0
# Objects for each option that is set: 1.35 to 1.55 for kernels from 6.1 to 7.3, with and without
# the debug profile.
OBJECTS = 1.45
MADE = re.compile(rb"^  (?:CC|AS)(?: \[M\])? ", re.M)      # what make says of one
# Not a path that happens to contain "error": what a compiler, a linker, make or the shell says.
ERROR = re.compile(r"error: |undefined reference|\*\*\* |: not found|Killed|Error \d+$")
# What is wrong with the machine and not with the source: no other commit would build either.
MACHINE = re.compile(r"No space left on device|\bKilled\b|Cannot allocate memory|"
                     r"virtual memory exhausted|[a-z0-9]+: (command )?not found$", re.M)


@dataclass
class Kernel:
    """What the guest boots, and the facts by which it can prove that it did."""
    image: Path
    modules: dict[str, Path]
    release: str
    build_id: str = ""
    srcversion: str = ""
    config_hash: str = ""
    hz: int = 0             # ticks a second; 0: not known
    mmio: bool = False      # how it finds its virtio devices, see qemu.py
    source: Source | None = None
    build_dir: Path | None = None
    log: Path | None = field(default=None)
    # a lock that keeps other runs from building this again
    hold: object = field(default=None, compare=False)
    seconds: float = 0.0    # until it was there
    arch: Arch = HOST
    kasan: bool = False


def build(source: Source, cache, fragments: tuple[Path, ...], say, jobs: int,
          variables: tuple[str, ...] = (), tell: Callable[[int, int], None] | None = None,
          arch: Arch = HOST) -> Kernel:
    """The kernel of a source, built if it is not there or if its tree has changed since.

    Meanwhile `tell` is called with the objects that are made and how many there will be, about;
    0: it is not known.
    """
    variables = (*arch.make_words(), *variables)
    kasan = kconfig.has_kasan(kconfig.values(*fragments))
    image = kasan and arch.kasan_image or arch.image
    command = compiler_of(variables)
    compiler = child.output([*command, "--version"]).partition("\n")[0]
    cross = "" if arch is HOST else f"{arch.triplet}-"
    if not compiler:
        raise Stop(3, f"there is no {shlex.join(command)} to build a kernel",
                   deps.remedy(*((command[0], "make") if command == [f"{cross}gcc"]
                                 else ("clang", "ld.lld", "llvm-ar"))))
    key = digest(source.ident, kconfig.meaning(*fragments), compiler, *variables)
    folder = cache.folder("build", key[:24])
    # Who uses a build shares its lock, so runs on one that is whole do not wait for each other.
    for _ in range(TRIES):
        hold = cache.shared(folder)
        if state(folder, source, image) == WHOLE:
            break
        hold.close()
        with cache.lock(folder), cache.explained(folder):
            found = state(folder, source, image)    # another run may have built it meanwhile
            if found == DAMAGED:
                say(f"kernel build {folder} is damaged: making it again")
                shutil.rmtree(folder)
                folder.mkdir()
            if found != WHOLE:
                (folder / DONE).unlink(missing_ok=True)
                began = time.time_ns()
                with in_place.view(source, cache, say) as view:
                    Build(source, folder, fragments, say, jobs, variables, image, view, tell).run()
                    names = inputs.used(folder, view.top) if source.kind == "tree" else []
                # What was changed while make ran may have been read before.
                changed = inputs.newest(source.path, names) > began
                made_from = "" if changed else inputs.state(source.path, names)
                (folder / DONE).write_text(
                    json.dumps({"sizes": sizes(folder, image), "inputs": names, "what": " ".join(
                        [source.label, *(file.name for file in fragments
                                         if file not in kconfig.plain(arch)), *variables]),
                                "state": made_from}))
    else:
        raise Stop(3, f"{source.path} changed while it was built",
                   "do not change the tree during the build")
    return describe(source, folder, image, hold, arch)


def compiler_of(variables: Iterable[str]) -> list[str]:
    """What make would compile with, given these variables: CC, or LLVM as kbuild has it."""
    given = dict(variable.split("=", 1) for variable in variables)
    llvm = given.get("LLVM", "")
    usual = (f"{llvm}clang" if llvm.endswith("/") else f"clang{llvm}" if llvm.startswith("-")
             else "clang" if llvm else f"{given.get('CROSS_COMPILE', '')}gcc")
    return shlex.split(given.get("CC") or usual)


def state(folder: Path, source: Source, image: str) -> str:
    """What a build folder holds: all of a kernel made from what is there now, something that needs
    make, or garbage."""
    try:
        stamp = json.loads((folder / DONE).read_text())
        if stamp["sizes"] != sizes(folder, image):
            raise ValueError
        return WHOLE if stamp["state"] == inputs.state(source.path, stamp["inputs"]) else UNDONE
    except FileNotFoundError:
        return UNDONE
    except (ValueError, KeyError, TypeError):
        return DAMAGED


def sizes(folder: Path, image: str) -> dict[str, int]:
    """Enough to see that a file is missing or was cut short."""
    return {name: (folder / name).stat().st_size if (folder / name).is_file() else -1
            for name in ("vmlinux", image, ".config", *MODULES.values())}


def describe(source: Source, folder: Path, image: str, hold: object, arch: Arch) -> Kernel:
    vmlinux = folder / "vmlinux"
    modules = {name: folder / path for name, path in MODULES.items()}
    config = kconfig.values(folder / ".config")
    return Kernel(folder / image, modules, elf.release(vmlinux), elf.build_id(vmlinux),
                  elf.modinfo(modules["test_hmm"], "srcversion"),
                  kconfig.fingerprint(folder / ".config"), int(config.get("CONFIG_HZ", 0)),
                  kconfig.has_mmio(config, arch), source, folder, folder / "build.log", hold,
                  arch=arch, kasan=kconfig.has_kasan(config))


class Build:
    """One run of make in a build folder."""

    def __init__(self, source: Source, folder: Path, fragments: tuple[Path, ...], say, jobs: int,
                 variables: tuple[str, ...], image: str, view: in_place.View,
                 tell: Callable[[int, int], None] | None):
        self.source, self.folder, self.fragments, self.view = source, folder, fragments, view
        self.say, self.jobs = say, jobs
        self.variables, self.image, self.tell = variables, image, tell
        self.before = self.total = 0
        self.log = folder / "build.log"

    def run(self) -> None:
        first = not (self.folder / "vmlinux").exists()
        self.log.unlink(missing_ok=True)
        if first:
            self.say(
                f"building Linux {self.source.version} ({self.source.label}): this takes some "
                "minutes, once; "
                f"log in {self.log}")
        if not self._configured():
            self._configure()
        if first:       # what an interrupted build has made is not made again
            self.before = sum(1 for _ in self.folder.rglob("*.o"))
            values = kconfig.values(self.folder / ".config").values()
            self.total = round(OBJECTS * sum(value in ("y", "m") for value in values))
        self._make(Path(self.image).name, "modules", tick=self._count)

    def _count(self) -> None:
        if self.tell:
            self.tell(self.before + len(MADE.findall(self.log.read_bytes())), self.total)

    def _configured(self) -> bool:
        """The configuration is newer than the fragments and than each Kconfig file that it was made
        from."""
        config = self.folder / ".config"
        inputs = self.folder / "include/config/auto.conf.cmd"
        if not (config.exists() and inputs.exists() and (self.folder / ".configured").exists()):
            return False
        made = (self.folder / ".configured").stat().st_mtime_ns
        names = re.findall(r"^\t(\S+Kconfig\S*) \\$", inputs.read_text(), re.M)
        files = [self.folder / name for name in names]
        return all(file.exists() and file.stat().st_mtime_ns < made for file in files)

    def _configure(self) -> None:
        self._make("tinyconfig")
        config = self.folder / ".config"
        with open(config, "a") as out:
            out.write(kconfig.text(*self.fragments))
        self._make("olddefconfig")
        lost = kconfig.lost(self.fragments, config)
        if lost:
            why = kconfig.explain(lost[0], config, self.source.path)
            config.unlink()
            raise Untestable(
                3, f"Linux {self.source.version} does not accept {' and '.join(lost[:3])}"
                f"{f' and {len(lost) - 3} more' if len(lost) > 3 else ''}: for the first, {why}",
                f"correct {' or '.join(file.name for file in self.fragments)} "
                "or choose another kernel with --kernel")
        (self.folder / ".configured").touch()

    def _make(self, *targets: str, tick: Callable[[], None] | None = None) -> None:
        command = [
            *self.view.prefix, "make", "-C", self.view.top, f"O={self.folder}", f"-j{self.jobs}",
            *self.variables, *targets]
        if child.run(command, self.log, 2 * HOURS, append=True, tick=tick,
                     env=environment()) != 0:
            text = self.log.read_text(errors="replace")
            if "No space left on device" in text:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            first = next((line for line in text.splitlines() if ERROR.search(line)),
                         "no error in the log")
            kind = Stop if MACHINE.search(text) else Untestable
            raise kind(3, f"the kernel ({self.source.label}) does not build: {first.strip()[:200]}",
                       f"the whole log is {self.log}")


def environment() -> dict[str, str]:
    """Nothing of an outer make may leak in: not its jobserver, its flags nor its ARCH.

    User, host and time are fixed, so that equal sources give equal kernels.
    """
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "HOME", "TMPDIR") or name.startswith("CCACHE_")}
    # Compilers of ccache, by the names of those that they call: no command of kbuild's changes.
    if folder := next(filter(os.path.isdir, CCACHE), ""):
        kept["PATH"] = f"{folder}:{kept.get('PATH', os.defpath)}"
    fixed = {"USER": "hmm", "HOST": "coherent", "TIMESTAMP": "1970-01-01", "VERSION": "1"}
    fixed = {f"KBUILD_BUILD_{name}": value for name, value in fixed.items()}
    return kept | fixed | {"LC_ALL": "C", "LOCALVERSION": ""}


def from_image(image: Path, modules: Path, cache, say, arch: Arch = HOST) -> Kernel:
    """A kernel image that the user has built, with the folder of its modules."""
    release, found_arch = elf.release(image), elf.arch(image)
    if not release:
        raise Stop(2, f"{image} is not a Linux image for {arch.name} (neither a "
                      f"{Path(arch.boot_image).name} nor a vmlinux)",
                   f"give {arch.boot_image} or {arch.image} of the build")
    if found_arch and found_arch is not arch:
        raise Stop(2, f"{image} is a kernel for {found_arch.name}",
                   f"run with --arch {found_arch.name}")
    check_age(release)
    found = {}
    for name in MODULES:
        module = next(iter(sorted(modules.rglob(f"{name}.ko*"))), None) if modules else None
        if not module:
            raise Stop(2, f"no {name}.ko for {image}" + (f" under {modules}" if modules else ""),
                       "build it with CONFIG_TEST_HMM=m and give its folder with --modules DIR")
        found[name] = unpacked(module, cache)
        magic = elf.modinfo(found[name], "vermagic").split(" ")[0]
        if magic != release:
            raise Stop(
                3,
                f"{module} is a module of another kernel ({magic or 'no version'}, not {release})",
                "give the modules of the same build with --modules DIR")
    config = kconfig.of_image(image)
    return Kernel(image, found, release, elf.build_id(image),
                  elf.modinfo(found["test_hmm"], "srcversion"), hz=int(config.get("CONFIG_HZ", 0)),
                  mmio=kconfig.has_mmio(config, arch), arch=arch, kasan=kconfig.has_kasan(config))


def unpacked(module: Path, cache) -> Path:
    """A module that distributions compress; the guest's insmod takes it only plain."""
    readers: dict = {".xz": lzma.open, ".gz": gzip.open}
    if module.suffix == ".ko":
        return module
    if module.suffix not in readers:
        raise Stop(3, f"{module} is compressed in a way that cannot be read here",
                   f"unpack it: unzstd {module}")

    def make(folder: Path) -> None:
        with readers[module.suffix](module) as packed:
            (folder / module.stem).write_bytes(packed.read())

    return cache.entry("modules", digest(module.read_bytes()), make) / module.stem


def decoded(kernel: Kernel, lines: list[str]) -> list[str]:
    """A report of a kernel that has debug information, with FILE:LINE for each
    FUNCTION+OFFSET/SIZE after its first line, by the script of its tree; as it is where that cannot
    be found out."""
    places = [number for number, line in enumerate(lines) if number and "+0x" in line]
    source, build = kernel.source, kernel.build_dir
    if not places or not source or not build or not (source.path / DECODE).is_file():
        return lines
    if kconfig.values(build / ".config").get("CONFIG_DEBUG_INFO") != "y":
        return lines
    with tempfile.TemporaryFile("w+") as given:
        given.writelines(f"{lines[number]}\n" for number in places)
        given.seek(0)
        said = child.output(["bash", source.path / DECODE, build / "vmlinux", source.path,
                             build / "lib"], DECODE_SECONDS, stdin=given).splitlines()
    if len(said) != len(places):
        return lines
    found = dict(zip(places, said))
    return [found.get(number, line).rstrip() for number, line in enumerate(lines)]
