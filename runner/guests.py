# SPDX-License-Identifier: GPL-2.0
"""What a run in VMs needs, put together from vm/: kernel, initramfs, disks, accelerator, and then guest after guest."""

from __future__ import annotations

import os
import sys
import tempfile
import termios
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from runner.errors import CANNOT, Stop, WRONG_USE
from runner.programs import TOP
from runner.screen import Screen
from runner.work import Work
from vm import child, disk, initramfs, kernel, kvm, qemu, source
from vm.cache import Cache

DEFAULT_KERNEL = "6.1"
MOST_GUESTS = 4             # each takes 1.5 GiB at most, and a quarter of that in practice
TESTS_WORTH_A_BOOT = 100


@dataclass
class Parts:
    """What each guest of a run is made of."""

    kernel: object
    base: Path
    accel: object
    disks: dict[str, Path]

    def machine(self, work: Work, number: int, folder: Path, options) -> qemu.Guest:
        """A guest that will run this work."""
        files = {"job/plan": "".join(f"{batch.program.name}\n" for batch in work.batches),
                 "job/env": f"TIMEOUT='{options.timeout}'\nSEED='{options.seed}'\n"
                            f"export HMM_COHERENT_STRESS='{options.stress}'\n"}
        for batch in work.batches:
            files[f"job/{batch.program.name}.list"] = "".join(f"{name}\n" for name in batch.names)
        return self.guest(files, folder, number)

    def guest(self, files: dict[str, str], folder: Path, number: int, interactive: bool = False) -> qemu.Guest:
        """A guest with these files for a job."""
        job = initramfs.pack({name: text.encode() for name, text in files.items()})
        return qemu.Guest(self.kernel, self.base, job, self.accel, self.disks, folder, number,
                          interactive=interactive)


def side_by_side(asked: int | None, work: Work) -> int:
    """How many guests share the work: a test keeps one processor busy, and fewer tests than these are not worth a boot."""
    return asked or max(1, min(MOST_GUESTS, len(os.sched_getaffinity(0)), work.total() // TESTS_WORTH_A_BOOT))


def is_image(spec: str) -> bool:
    """A file is a kernel image; a folder is a tree, anything else a version."""
    return Path(spec).expanduser().is_file()


def find_source(spec: str, cache: Cache, screen: Screen) -> source.Source | None:
    """The source of a --kernel; a kernel image has none."""
    return None if is_image(spec) else source.resolve(spec, cache, screen.say)


def find_kernel(spec: str, found: source.Source | None, modules: Path | None, cache: Cache, screen: Screen):
    """The kernel of a --kernel, built if need be."""
    if found:
        if modules:
            raise Stop(WRONG_USE, f"--modules belongs to a bzImage, and {spec} is none", "leave it out")
        return kernel.build(found, cache, TOP / "config", screen.say, os.cpu_count() or 1)
    if not modules:
        raise Stop(WRONG_USE, f"{spec} is a kernel image and needs its test_hmm.ko", "give --modules DIR")
    return kernel.from_image(Path(spec).expanduser().resolve(), modules, cache, screen.say)


def assemble(built, paths: list[Path], accel: str | None, cache: Cache, screen: Screen) -> Parts:
    """Everything else that goes with a kernel."""
    base = initramfs.base(built, paths, cache, screen.say)
    return Parts(built, base, kvm.choose(cache, accel, screen.say, built), disk.ensure(cache, screen.say))


def pretended() -> Parts:
    """For the selftests: no kernel, nothing in the guest, and HMM_COHERENT_QEMU speaks for it."""
    null = Path(os.devnull)
    image = SimpleNamespace(image=null, modules={}, release="0.0.0-selftest", build_id="", srcversion="",
                            config_hash="", source=None, build_dir=None, log=None)
    return Parts(image, null, SimpleNamespace(name="tcg", why="pretended"), dict.fromkeys(qemu.DISKS, null))


def facts(parts: Parts) -> dict:
    """What run.json says about the machine that ran."""
    built = parts.kernel
    return {"kernel": {"release": built.release, "build_id": built.build_id, "config_hash": built.config_hash,
                       "image": str(built.image), "source": built.source.label if built.source else None},
            "module_srcversion": built.srcversion,
            "qemu": child.output([qemu.binary(), "--version"]).partition("\n")[0],
            "accelerator": {"name": parts.accel.name, "why": parts.accel.why}}


def identity(parts: Parts) -> dict[str, str]:
    """What the guest will say about itself if it is the one that was built; what is not known is not compared."""
    built = parts.kernel
    said = {"release": built.release, "build-id": built.build_id, "srcversion": built.srcversion}
    return {key: value for key, value in said.items() if value}


def shell(parts: Parts, screen: Screen) -> int:
    """--shell: the guest, ready for tests, with a shell on this terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop(WRONG_USE, "--shell needs a terminal", "call it from one")
    screen.say("the test programs are in /bin; exit ends the guest")
    terminal = termios.tcgetattr(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        guest = parts.guest({"job/plan": "", "job/env": "SHELL=1\n"}, Path(folder), 1, interactive=True)
        try:
            guest.start()
            os.set_blocking(guest.results_fd, True)
            while os.read(guest.results_fd, 1 << 16):
                pass
            return 0 if guest.proc.wait() == 0 else CANNOT
        finally:
            guest.kill()
            termios.tcsetattr(sys.stdin, termios.TCSANOW, terminal)
