# SPDX-License-Identifier: GPL-2.0
"""A kernel that the user has built, in a build folder (O=) or in its tree, booted as it is."""

from pathlib import Path

from base.errors import Stop
from vm import elf, kconfig
from vm.kernel import Kernel, from_image
from vm.source import Source

# Of vm/guest.config, what a guest cannot do without; all else there saves time. Of the pair one is
# enough.
NEEDED = (
    "64BIT SMP MULTIUSER PRINTK BLOCK BLK_DEV VIRTIO_BLK TTY VIRTIO_CONSOLE SERIAL_8250 "
    "SERIAL_8250_CONSOLE DM_INIT BLK_DEV_INITRD BINFMT_ELF BINFMT_SCRIPT DEVTMPFS PROC_FS SYSCTL "
    "SYSFS SHMEM TMPFS FUTEX EPOLL EVENTFD SIGNALFD TIMERFD POSIX_TIMERS FILE_LOCKING "
    "ADVISE_SYSCALLS MEMBARRIER UNIX98_PTYS IKCONFIG_PROC DEVMEM EXT4_FS MAGIC_SYSRQ").split()
VIRTIO = ("CONFIG_VIRTIO_PCI", "CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES")
IMAGE = "arch/x86/boot/bzImage"


def find(folder: Path) -> Source:
    """The source of a build folder, where it is still there; the folder is refused if it cannot be
    tested."""
    folder = folder.expanduser().absolute()
    if not (folder / ".config").is_file() or not (folder / "vmlinux").is_file():
        raise Stop(2, f"--build: {folder} has no .config and vmlinux of a kernel",
                   "give a build folder (O=), or a tree that was built in place")
    tree = folder if (folder / "Kbuild").is_file() else (folder / "source").resolve()
    lost = missing(folder / ".config", tree)
    if lost:
        raise Stop(
            2, f"the kernel of {folder} lacks {len(lost)} option{'s' * (len(lost) > 1)}: "
            + "; ".join(lost), "set them and build it, or give the tree with --kernel, for a "
            "kernel of its own in the cache")
    release = elf.release(folder / "vmlinux")
    return Source("built", tree, release, f"{folder} ({release})", f"built {folder}")


def missing(config: Path, tree: Path) -> list[str]:
    """The options that a kernel of this configuration lacks, each with what blocks it."""
    have, wanted = kconfig.values(config), kconfig.values(*kconfig.PLAIN[:1])
    guest = kconfig.values(*kconfig.PLAIN[1:])
    wanted |= {f"CONFIG_{name}": guest[f"CONFIG_{name}"] for name in NEEDED}
    lost = [f"{name}={value}" for name, value in wanted.items() if have.get(name, "n") != value]
    if not any(have.get(name) == "y" for name in VIRTIO):
        lost.append(f"{VIRTIO[0]}=y")
    return [f"{line} ({kconfig.explain(line, config, tree, 'it is only not set')})"
            for line in lost]


def load(found: Source, folder: Path, cache, say) -> Kernel:
    """Its newest image, with the modules of its build."""
    folder = folder.expanduser().absolute()
    vmlinux, image = folder / "vmlinux", folder / IMAGE
    if not image.is_file() or image.stat().st_mtime < vmlinux.stat().st_mtime:
        config = kconfig.values(folder / ".config")
        if config.get("CONFIG_PVH") != "y" or config.get("CONFIG_KASAN") == "y":
            raise Stop(2, f"{image} is {'older than' if image.is_file() else 'not beside'} vmlinux",
                       f"make -C {folder} bzImage")
        image = vmlinux
    built = from_image(image, folder / "lib", cache, say)
    built.source, built.build_dir = found, folder
    built.build_id = built.build_id or elf.build_id(vmlinux)
    built.config_hash = kconfig.fingerprint(folder / ".config")
    return built
