# SPDX-License-Identifier: GPL-2.0
"""Choose the accelerator: KVM if a Linux guest runs under it, else QEMU's emulation (TCG).

That /dev/kvm opens is not enough: on some hosts it runs the firmware, and then QEMU aborts, or
loops before the first line of the kernel. So a small guest has to print a line from user space. It
may take as long as any kernel may take to boot (--boot-timeout) if its kernel prints something in
the first third of that time; a KVM that loops costs that third.

What saves time later is stored for this host kernel, QEMU, machine type and processor: that KVM
works, and KVM's own words about why it does not. A guest that was late, and a mishap such as a lack
of memory, say nothing about the next run. Only a kernel of Debian's source that this suite has
built can prove that KVM does not work: with any other, the fault may be the kernel's.
"""

import grp
import json
import os
import platform
import re
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from base import child, files
from base.errors import Stop
from vm import initramfs, kconfig, qemu, source
from vm.arch import HOST
from vm.cache import digest

DEVICE = Path("/dev/kvm")
PATIENCE = 60.0         # as --boot-timeout
SILENCE = 1 / 3         # of it, before the guest's kernel has said anything
WORD = b"kvm runs linux"
KERNEL = b"Linux version"
# QEMU's words for what KVM or the processor refuses, and for what may be better next time.
REFUSED = re.compile(r"\bMSR\b|\bKVM_\w+|\bkvm_\w+|KVM: entry failed|KVM internal error|"
                     r"kernel doesn't (allow|support)|does not support|not supported by KVM", re.I)
MISHAP = re.compile(r"memory|busy|No such file|Permission|Too many|Resource|Interrupted", re.I)
INIT = b"""#!/bin/busybox sh
echo kvm runs linux
/bin/busybox reboot -f
"""


@dataclass
class Accel:
    name: str       # "kvm" or "tcg"
    why: str


def choose(cache, force: str | None, say, kernel=None, patience: float = PATIENCE) -> Accel:
    """KVM or TCG, tested with a kernel from the cache, else with the kernel that is to run. `force`
    is --accel: an accelerator, or "probe" for a test whatever is stored."""
    if force in ("kvm", "tcg"):
        return Accel(force, "asked for")
    arch = kernel.arch if kernel else HOST
    if arch is not HOST:
        return Accel("tcg", f"QEMU emulates {arch.name} on {HOST.name}")
    if why := no_access():
        say(f"using TCG (emulation): {why}")
        return Accel("tcg", why)
    ours = newest_image(cache)
    image = ours or (kernel.image if kernel else None)
    mmio = (kernel.mmio if kernel
            else image is not None and kconfig.has_mmio(kconfig.of_image(image)))
    verdict = stored(cache, mmio)
    found = None if force == "probe" else remembered(verdict)
    if found:
        reason = str(found["reason"])
    elif not image:
        return Accel("tcg", "KVM is not tested yet; there is no kernel to test it with")
    else:
        say(f"trying KVM (at most {patience:.0f} s; --boot-timeout)")
        reason, definite = probe(image, mmio, patience)
        verdict.unlink(missing_ok=True)
        if not reason or ours and definite:
            found = remember(verdict, reason, cache)
    if reason:
        say("using TCG (emulation): KVM does not run Linux here "
            f"({reason}){since(found) or '; the next run tries again, --accel tcg does not'}")
        return Accel("tcg", reason)
    return Accel("kvm", f"proven{since(found)}")


def since(found: dict | None) -> str:
    """When a stored result was found, and how to ask again."""
    return f", tested {found['when']}; --accel probe tests it again" if found else ""


def no_access() -> str:
    """Why this user cannot open /dev/kvm; empty if he can."""
    if os.access(DEVICE, os.R_OK | os.W_OK):
        return ""
    if not DEVICE.exists():
        return f"there is no {DEVICE}"
    try:
        group = grp.getgrgid(DEVICE.stat().st_gid).gr_name
    except KeyError:
        group = str(DEVICE.stat().st_gid)
    return f"no permission for {DEVICE}: it needs group {group} (usermod -aG {group} USER)"


def state(cache, mmio: bool = True) -> str:
    """What is known about KVM, for `doctor`; nothing is tried."""
    if why := no_access():
        return f"no KVM: {why}"
    found = remembered(stored(cache, mmio))
    if not found:
        return f"{described()}: not tested yet; the next run in a VM tests it"
    return (f"no KVM: it does not run Linux here ({found['reason']}){since(found)}"
            if found["reason"] else f"{described()}: it runs Linux{since(found)}")


def described(root: Path = Path("/")) -> str:
    """The kind of KVM: its module, and whether this host is a guest itself."""
    module = next((name for name in ("kvm_intel", "kvm_amd")
                   if (root / "sys/module" / name).exists()), "kvm")
    nested = re.search(r"^flags\s*:.*\bhypervisor\b", (root / "proc/cpuinfo").read_text(), re.M)
    return f"{DEVICE} ({module}{', nested' if nested else ''})"


def stored(cache, mmio: bool) -> Path:
    """Where the result for this host is stored."""
    program = Path(qemu.binary())
    stat = program.stat()
    host = digest(platform.release(), processor(), program, stat.st_size, stat.st_mtime_ns,
                  *(["microvm"] if mmio else []))
    return Path(cache.root / f"kvm-{host[:16]}.json")


def newest_image(cache) -> Path | None:
    """The newest kernel in the cache that was built completely, from Debian's source in the cache
    (to which kbuild leaves a link), for a microvm. QEMU cannot enter the vmlinux of a kernel with
    KASAN (vm/arch.py)."""
    sources, images = (cache.root / source.kind_of(HOST)).resolve(), []
    for vmlinux in (cache.root / "build").glob("*/vmlinux"):
        build, config = vmlinux.parent, kconfig.of_image(vmlinux)
        if ((build / ".stamp").exists() and kconfig.has_mmio(config)
                and Path(os.path.realpath(build / "source")).parent == sources
                and not kconfig.has_kasan(config)):
            images.append(build / HOST.image)
    return max(images, key=lambda path: path.stat().st_mtime) if images else None


def processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else ""


def remembered(verdict: Path) -> dict | None:
    """The stored result: "reason" says why KVM does not work and is empty if it does, "when" is the
    date. None if there is none, or only one that was stored without a date."""
    try:
        found = json.loads(verdict.read_text())
        return found if found.keys() >= {"reason", "when"} else None
    except (OSError, ValueError, AttributeError):
        return None


def remember(verdict: Path, reason: str, cache) -> dict:
    """Store a result."""
    found = {"reason": reason, "when": time.strftime("%Y-%m-%d %H:%M")}
    with cache.explained(verdict):
        verdict.parent.mkdir(parents=True, exist_ok=True)
        files.write(verdict, json.dumps(found))
    return found


def probe(image: Path, mmio: bool, patience: float) -> tuple[str, bool]:
    """Boot a guest under KVM; returns why that failed, empty if it did not, and whether these are
    the words of KVM or of the processor. The guest's kernel prints its first line as soon as it
    has a console, by which a slow guest is known from one that never enters its kernel."""
    content = {"init": INIT, "bin/busybox": initramfs.busybox().read_bytes()}
    initrd = os.memfd_create("initrd", 0)
    with open(initrd, "wb", closefd=False) as out:
        out.write(initramfs.archive(content, folders=("bin", "dev"), nodes=initramfs.NODES,
                                    executable=tuple(content)))
    words = (f"console={HOST.console}", "panic=-1", "loglevel=6",
             *(HOST.mmio_words if mmio else ()))
    command = [qemu.binary(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               *qemu.machine(HOST, Accel("kvm", ""), mmio), "-smp", "2",
               "-kernel", image, "-initrd", qemu.path_of(initrd), "-append", " ".join(words),
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
        return _listen(output, patience)
    finally:
        child.end(proc, grace=0.5)
        os.close(output)


def _listen(output: int, patience: float) -> tuple[str, bool]:
    said, end = b"", child.Deadline(patience)
    first = child.Deadline(patience * SILENCE)
    while (left := min(end.left(), first.left())) > 0:
        if not select.select([output], [], [], left)[0]:
            continue
        data = os.read(output, 65536)
        said = said[-65536:] + data
        if WORD in said:
            return "", True
        if KERNEL in said:
            first = end
        if not data:
            text = said.decode(errors="replace")
            last = qemu.last_words(text)
            # what KVM or the processor refuses will be the same next time
            return f"QEMU ended{last}", bool(REFUSED.search(text) and not MISHAP.search(last))
    if first is end:
        return f"the guest did not reach user space within {patience:.0f} s", False
    return f"no sign of life of the guest's kernel within {patience * SILENCE:.0f} s", False
