# SPDX-License-Identifier: GPL-2.0
"""Choose the accelerator: KVM if a Linux guest runs under it, else QEMU's emulation (TCG).

That /dev/kvm opens is not enough: on some hosts it runs the firmware, and then QEMU aborts, or
loops before the first line of the kernel. So a small guest has to print a line from user space
within a few seconds. The result is stored for this host kernel, QEMU, machine type and processor.

Only a kernel of Debian's source that this suite has built can prove that KVM does not work. With
any other, a failed boot may be the fault of the kernel, and is not stored. Nor is a guest that was
late, since the host may be busy.
"""

import json
import os
import platform
import re
import select
import subprocess
from dataclasses import dataclass
from pathlib import Path

from base import child
from base.errors import Stop
from vm import initramfs, kconfig, qemu
from vm.arch import HOST
from vm.cache import digest, replace

DEVICE = Path("/dev/kvm")
PATIENCE = 5.0
WORD = b"kvm runs linux"
LATE = "no sign of life"
INIT = b"""#!/bin/busybox sh
echo kvm runs linux
/bin/busybox reboot -f
"""


@dataclass
class Accel:
    name: str       # "kvm" or "tcg"
    why: str


def choose(cache, force: str | None, say, kernel=None, patience: float = PATIENCE) -> Accel:
    """KVM or TCG, tested with a kernel from the cache, else with the kernel that is to run."""
    if force:
        return Accel(force, "asked for")
    arch = kernel.arch if kernel else HOST
    if arch is not HOST:
        return Accel("tcg", f"QEMU emulates {arch.name} on {HOST.name}")
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        why = f"no access to {DEVICE}" if DEVICE.exists() else f"there is no {DEVICE}"
        say(f"using TCG (emulation): {why}")
        return Accel("tcg", why)
    ours = newest_image(cache)
    image = ours or (kernel.image if kernel else None)
    mmio = (kernel.mmio if kernel
            else image is not None and kconfig.has_mmio(kconfig.of_image(image)))
    program = Path(qemu.binary())
    stat = program.stat()
    host = digest(platform.release(), processor(), program, stat.st_size, stat.st_mtime_ns,
                  *(["microvm"] if mmio else []))
    verdict = cache.root / f"kvm-{host[:16]}.json"
    reason = remembered(verdict)
    if reason is None:
        if not image:
            return Accel("tcg", "KVM is not tested yet; there is no kernel to test it with")
        say(f"trying KVM (at most {patience:.0f} s, once)")
        reason = probe(image, mmio, patience)
        if not reason or ours and not reason.startswith(LATE):
            remember(verdict, reason, cache)
    if reason:
        say(f"using TCG (emulation): KVM does not run Linux here ({reason})")
        return Accel("tcg", reason)
    return Accel("kvm", "proven")


def newest_image(cache) -> Path | None:
    """The newest kernel of Debian's source in the cache."""
    images = [path for path in (cache.root / "build").glob("*/vmlinux") if is_ours(path, cache)]
    return max(images, key=lambda path: path.stat().st_mtime) if images else None


def is_ours(image: Path, cache) -> bool:
    """Built completely, from a source in the cache (to which kbuild leaves a link), for a microvm.
    QEMU cannot enter the vmlinux of a kernel with KASAN (vm/kconfig.py)."""
    source = Path(os.path.realpath(image.parent / "source"))
    config = kconfig.of_image(image)
    return ((image.parent / ".stamp").exists() and source.parent == (cache.root / "src").resolve()
            and kconfig.has_mmio(config) and config.get("CONFIG_KASAN") != "y")


def processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else ""


def remembered(verdict: Path) -> str | None:
    """The stored reason why KVM does not work, empty if it works, None if it was not tried."""
    try:
        return str(json.loads(verdict.read_text())["reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(verdict: Path, reason: str, cache) -> None:
    with cache.explained(verdict):
        verdict.parent.mkdir(parents=True, exist_ok=True)
        replace(verdict, json.dumps({"reason": reason}))


def probe(image: Path, mmio: bool, patience: float) -> str:
    """Boot a guest under KVM; returns why that failed, empty if it did not."""
    files = {"init": INIT, "bin/busybox": initramfs.busybox().read_bytes()}
    initrd = os.memfd_create("initrd", 0)
    with open(initrd, "wb", closefd=False) as out:
        out.write(initramfs.archive(files, folders=("bin", "dev"), nodes=initramfs.NODES,
                                    executable=tuple(files)))
    command = [qemu.binary(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               *qemu.machine(HOST, Accel("kvm", ""), mmio), "-smp", "2",
               "-kernel", image, "-initrd", f"/dev/fd/{initrd}",
               "-append", " ".join((f"console={HOST.console} panic=-1 loglevel=4",
                                    *(HOST.mmio_words if mmio else ()))),
               "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    output, said = os.pipe()
    try:
        proc = child.spawn(command, pass_fds=(initrd, ), stdout=said, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Stop(3, f"cannot start {command[0]}: {error.strerror}") from None
    finally:
        os.close(initrd)
        os.close(said)
    try:
        return _listen(output, child.Deadline(patience), patience)
    finally:
        child.end(proc, grace=0.5)
        os.close(output)


def _listen(output: int, deadline: child.Deadline, patience: float) -> str:
    said = b""
    while deadline.left() > 0:
        if not select.select([output], [], [], deadline.left())[0]:
            continue
        data = os.read(output, 65536)
        said = said[-65536:] + data
        if WORD in said:
            return ""
        if not data:
            return f"QEMU ended{qemu.last_words(said.decode(errors='replace'))}"
    return f"{LATE} from user space within {patience:.0f} s"
