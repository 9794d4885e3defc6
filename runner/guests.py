# SPDX-License-Identifier: GPL-2.0
"""What a run in VMs needs, put together from vm/: kernel, initramfs, disks, accelerator, and then
guest after guest."""

import argparse
import os
import re
import select
import shlex
import socket
import sys
import tempfile
import termios
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from base import child
from base.errors import CANNOT, Stop, WRONG_USE
from vm import deb, existing, initramfs, kconfig, kernel, kvm, qemu, source
from vm.cache import Cache
from vm.arch import Arch, ARCHS, HOST
from vm.kconfig import Profile, PROFILES
from runner import asked, lane
from runner.host import Host
from runner.progress import Building
from runner.screen import Screen
from runner.work import Work, is_risky

MOST_GUESTS = 4
# that one can take beside its memory: its disks, QEMU's translated code and QEMU
MORE_MIB = 384
TESTS_WORTH_A_BOOT = 100
SHARED = "shared files"         # no name of a program
PAGE_SIZE = "--page-size"
NOT_FOR_MAKE = re.compile(r"[^\w@+=,./~-]")


@dataclass
class Parts:
    """What each guest of a run is made of."""

    kernel: kernel.Kernel
    base: Path
    programs: dict[str, Path]       # name to archive
    accel: kvm.Accel
    disks: dict[str, Path]
    profile: Profile = PROFILES[""]

    def untold(self) -> bool:
        """Does the kernel's version tell little of what it has? A tree's and an image's do."""
        return not self.kernel.source or self.kernel.source.kind != "debian"

    def machine(self, work: Work, number: int, company: int, folder: Path, timeout: float,
                options) -> qemu.Guest:
        """A guest that will run this work, one of so many at a time."""
        files = {
            "job/plan": "".join(f"{batch.program.name}\n" for batch in work.batches),
            "job/env": f"TIMEOUT='{timeout:.0f}'\nSEED='{options.seed}'\n"
            f"export HMM_COHERENT_STRESS='{options.stress}'\nexport HMM_COHERENT_GUEST=1\n"}
        files["job/env"] += "".join(
            f"export {name}={shlex.quote(value)}\n" for name, value in asked.environment().items())
        if self.accel.name == "tcg":
            files["job/env"] += "HOLD_FILES=1\n"
        if self.untold() and all(is_risky(name) for batch in work.batches for name in batch.names):
            files["job/env"] += "export HMM_COHERENT_APART=1\n"
        for batch in work.batches:
            files[f"job/{batch.program.name}.list"] = "".join(f"{name}\n" for name in batch.names)
        return self.guest(files, folder, number, threads=1 if crowded(company) else 2)

    def guest(self, files: dict[str, str], folder: Path, number: int, interactive: bool = False,
              extra: bytes = b"", threads: int = 2) -> qemu.Guest:
        """A guest with these files for a job, the programs of its plan (all, if it has none), and
        another archive behind."""
        wanted = files["job/plan"].split() or [name for name in self.programs if name != SHARED]
        shared = self.programs[SHARED] if SHARED in self.programs else None
        paths = [self.base, *([shared] if shared else []),
                 *(path for name in wanted if (path := self.programs[name]) != shared)]
        mounted = f"FILESYSTEMS='{' '.join(self.profile.filesystems)}'\n"
        files = {**files, "job/env": mounted + files.get("job/env", "")}
        job = initramfs.pack({name: text.encode() for name, text in files.items()},
                             names=[name for name in wanted if self.programs[name] == shared])
        return qemu.Guest(self.kernel, b"".join(
            (*(path.read_bytes() for path in paths), job, extra)), self.accel, self.disks, folder,
                          number, self.profile.append, interactive, self.profile.sends_files,
                          threads, self.profile.qemu)


def side_by_side(asked: int | None, work: Work, arch: Arch = HOST) -> int:
    """How many guests share the work: a test keeps one processor busy, and fewer tests than these
    are not worth a boot. No more than fit into the memory that is free, or the host's OOM killer
    ends one."""
    memory = Host().memory()
    fit = memory // (arch.memory_mib + MORE_MIB << 20) if memory else MOST_GUESTS
    return asked or max(
        1, min(MOST_GUESTS, len(os.sched_getaffinity(0)),
               work.total() // TESTS_WORTH_A_BOOT, fit))


def crowded(company: int) -> bool:
    """So many guests, each with two processors, want more of them than the host has. They wait for
    each other's locks instead of working."""
    return 2 * company > len(os.sched_getaffinity(0))


def is_image(spec: str) -> bool:
    """A file that is no tarball is a kernel image; a folder is a tree, anything else a version."""
    path = Path(spec).expanduser()
    return path.is_file() and not source.is_tarball(path)


def arch_of(options: argparse.Namespace) -> Arch:
    """The architecture of the guests: --arch, or that of this machine."""
    return ARCHS[options.arch] if getattr(options, "arch", "") else HOST


def default_kernel(cache: Cache, screen: Screen, arch: Arch = HOST) -> str:
    """The --kernel of a run without one: that of the architecture where it is available."""
    return deb.default(arch.default, cache, screen.say, source.kind_of(arch))


def adjusted(options: argparse.Namespace, cache: Cache) -> Profile:
    """The --profile with what the command line adds to it."""
    base = of_arch(PROFILES[options.profile], options, cache)
    files = [file.absolute() for file in options.kconfig_file]
    files += [kconfig.fragment(options.kconfig, cache)] if options.kconfig else []
    qemu = [word for words in options.qemu_arg for word in shlex.split(words)]
    append = [base.append, options.append]
    if options.gdb:
        files.append(kconfig.DEBUG_INFO)
        append.append("nokaslr")
        qemu += ["-S", "-gdb", f"tcp:127.0.0.1:{free_port()}"]
    return replace(base, more=(*base.more, *files),
                   append=" ".join(filter(None, append)),
                   variables=(*base.variables, *options.make_arg), qemu=tuple(qemu))


def of_arch(base: Profile, options: argparse.Namespace, cache: Cache) -> Profile:
    """A profile for the --arch and the --page-size of the command line."""
    arch = arch_of(options)
    if arch.name not in base.archs:
        raise Stop(WRONG_USE, f"--profile {base.name} is for {', '.join(base.archs)}, not for "
                              f"{arch.name}", "leave it out")
    size = arch_page(options)
    files = [kconfig.fragment([arch.pages[size]], cache, PAGE_SIZE)] if size else []
    return replace(base, arch=arch, more=(*base.more, *files))


def arch_page(options: argparse.Namespace) -> str:
    """--page-size, or the first one that the architecture has."""
    pages = arch_of(options).pages
    if options.page_size and options.page_size not in pages:
        raise Stop(WRONG_USE, f"{arch_of(options).name} has no --page-size {options.page_size}",
                   "choose one of " + " ".join(pages) if pages else "leave it out")
    return options.page_size or next(iter(pages), "")


def free_port() -> int:
    """A TCP port of this host that is not in use."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def invite(parts: Parts, screen: Screen) -> None:
    """How to get to the guest that waits for gdb."""
    folder = parts.kernel.build_dir or parts.kernel.image.parent
    screen.say(f"the VM waits for: gdb {folder / 'vmlinux'} "
               f"-ex 'target remote {parts.profile.qemu[-1].removeprefix('tcp:')}'")


def find_source(spec: str, cache: Cache, screen: Screen, refresh: bool = False,
                arch: Arch = HOST, network: bool = False) -> source.Source | None:
    """The source of a --kernel; a kernel image has none."""
    if is_image(spec):
        return None
    tree = Path(spec).expanduser().absolute()
    for path, remedy in ((cache.root, "choose another with --cache DIR"), (tree, "move the tree")):
        if odd := NOT_FOR_MAKE.search(str(path)) if path.is_dir() else None:
            raise Stop(WRONG_USE, f"{path} has {odd[0]!r} in its path, which the kernel's "
                                  "makefiles do not take", remedy)
    return source.resolve(spec, cache, screen.say, refresh, arch, network)


def find_kernel(spec: str, found: source.Source | None, modules: Path | None, cache: Cache,
                screen: Screen, profile: Profile = PROFILES[""]):
    """The kernel of a --kernel, built if need be."""
    if found and found.kind == "built":
        return existing.load(found, Path(spec), cache, screen.say, profile.arch)
    if found:
        if modules:
            raise Stop(WRONG_USE, f"--modules belongs to a bzImage, and {spec} is not one",
                       "leave it out")
        # One job more than processors: some of them wait for a disk, or have just begun.
        return kernel.build(found, cache, profile.fragments, screen.say, (os.cpu_count() or 1) + 1,
                            profile.variables, Building(screen), profile.arch)
    if not modules:
        raise Stop(WRONG_USE, f"{spec} is a kernel image and needs its test_hmm.ko",
                   "give --modules DIR")
    usual = PROFILES[profile.name]
    pages = {kconfig.fragment([one], cache, PAGE_SIZE) for one in profile.arch.pages.values()}
    if (profile.variables != usual.variables
            or set(profile.more) - {*usual.more, *pages, kconfig.DEBUG_INFO}):
        raise Stop(WRONG_USE, f"{spec} is built already, and --kconfig, --kconfig-file and "
                              "--make-arg are for a build", "give a version or a tree")
    has = kconfig.of_image(Path(spec).expanduser()) if profile.name else {}
    wanted = kconfig.values(*usual.more[:1])
    lacks = [f"{name}={value}" for name, value in wanted.items() if has.get(name, "n") != value]
    if profile.name and (lacks or profile.sends_files):
        why = f": it lacks {lacks[0]}" if has and lacks else ""
        raise Stop(WRONG_USE, f"{spec} is built already, and not for --profile {profile.name}{why}",
                   "give a version or a tree")
    return kernel.from_image(Path(spec).expanduser().resolve(), modules, cache, screen.say,
                             profile.arch)


def pack(paths: list[Path], cache: Cache) -> dict[str, Path]:
    """The archive of each program, by its name, and one with what they share, if there is any:
    that of the programs that are one file."""
    shared, one = initramfs.shared_files(paths, cache), initramfs.same_file(paths)
    found = {SHARED: shared} if shared else {}
    return found | {path.name: found[SHARED] if path in one else initramfs.program(path, cache)
                    for path in paths}


def assemble(built, given: list[Path] | dict[str, Path], accel: str | None, cache: Cache,
             screen: Screen, profile: Profile = PROFILES[""],
             patience: float = kvm.PATIENCE) -> Parts:
    """Everything else that goes with a kernel; the programs, or what pack() made of them."""
    base = initramfs.base(built, cache, screen.say)
    programs = given if isinstance(given, dict) else pack(given, cache)
    return Parts(built, base, programs, kvm.choose(cache, accel, screen.say, built, patience),
                 initramfs.ensure(cache, screen.say, profile.filesystems), profile)


def pretended() -> Parts:
    """For the selftests: no kernel, nothing in the guest, and HMM_COHERENT_QEMU speaks for it."""
    null = Path(os.devnull)
    return Parts(kernel.Kernel(null, {}, "0.0.0-selftest"), null, defaultdict(lambda: null),
                 kvm.Accel("tcg", "pretended"), dict.fromkeys(qemu.DISKS, null))


def facts(parts: Parts) -> dict:
    """What run.json says about the machine that ran."""
    built = parts.kernel
    return {
        "arch": built.arch.name,
        "kernel": {
            "release": built.release, "build_id": built.build_id, "config_hash": built.config_hash,
            "image": str(built.image), "seconds": round(built.seconds, 1),
            "source": built.source.label if built.source else None,
            "commit": built.source.commit if built.source else ""}, "profile": parts.profile.name,
        "module_srcversion": built.srcversion,
        "qemu": child.output([qemu.binary(built.arch), "--version"]).partition("\n")[0],
        "accelerator": {"name": parts.accel.name, "why": parts.accel.why}}


def identity(parts: Parts) -> dict[str, str]:
    """What the guest will say about itself if it is the one that was built; what is not known is
    not compared."""
    built = parts.kernel
    said = {"release": built.release, "build-id": built.build_id, "srcversion": built.srcversion}
    return {key: value for key, value in said.items() if value}


def shell(options: argparse.Namespace, parts: Parts, screen: Screen) -> int:
    """--shell: a guest that is ready for tests, with a shell on this terminal, or for the script on
    stdin."""
    extra = b""
    if options.copy:
        folder = options.copy.resolve()     # ".." has no name of its own
        extra = initramfs.pack_folder(folder)
        screen.say(f"{options.copy} is /mnt/{folder.name} in the guest")
    with tempfile.TemporaryDirectory() as folder:
        if not sys.stdin.isatty():
            guest = parts.guest({"job/plan": "", "job/script": sys.stdin.read()}, Path(folder), 1,
                                extra=extra)
            return script(guest, options.boot_timeout)
        screen.say("the test programs are in /bin; exit ends the guest")
        return terminal(
            parts.guest({"job/plan": "", "job/env": "SHELL=1\n"}, Path(folder), 1, interactive=True,
                        extra=extra))


def terminal(guest: qemu.Guest) -> int:
    """The guest's console on this terminal, which is given back as it was."""
    before = termios.tcgetattr(sys.stdin)
    try:
        guest.start()
        os.set_blocking(guest.results_fd, True)
        while said := os.read(guest.results_fd, 1 << 16):
            guest.answer(said)
        return 0 if guest.proc.wait() == 0 else CANNOT
    finally:
        guest.kill()
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def script(guest: qemu.Guest, boot_timeout: int) -> int:
    """Its output, without what the guest says for the runner, and its exit status."""
    status = None
    try:
        guest.start()
        os.set_blocking(guest.results_fd, True)
        if not select.select([guest.results_fd], [], [], boot_timeout)[0]:
            raise Stop(CANNOT, f"the guest did not boot within {boot_timeout} s",
                       "--boot-timeout gives it longer")
        with open(guest.results_fd, errors="replace", closefd=False) as said:
            for line in said:
                guest.answer(line.encode())
                if line.startswith("# guest: exit script "):
                    status = int(line.split()[-1])
                elif line.startswith("# guest: broken: "):
                    raise Stop(CANNOT, line.removeprefix("# guest: broken: ").strip())
                elif not line.startswith("# guest: "):
                    print(line, end="", flush=True)
    finally:
        guest.kill()
    if status is None:
        tail = " / ".join(lane.tail(guest.console_path)[-3:])
        raise Stop(CANNOT, f"the guest ended before the script did: {tail or 'it said nothing'}")
    return status
