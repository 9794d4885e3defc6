# SPDX-License-Identifier: GPL-2.0
"""A kernel that the user has built, in a build folder (O=) or in its tree, booted as it is."""

from pathlib import Path

from base.errors import Stop
from vm import elf, kconfig
from vm.arch import Arch, HOST
from vm.kernel import Kernel, from_image
from vm.source import Source

# Of the guest's fragments, what a guest cannot do without; all else there saves time. Each
# architecture has one of the serial ports, and one way to virtio is enough.
NEEDED = (
    "64BIT SMP MULTIUSER PRINTK BLOCK BLK_DEV VIRTIO_BLK TTY VIRTIO_CONSOLE SERIAL_8250 "
    "SERIAL_8250_CONSOLE SERIAL_AMBA_PL011 SERIAL_AMBA_PL011_CONSOLE DM_INIT BLK_DEV_INITRD "
    "BINFMT_ELF BINFMT_SCRIPT DEVTMPFS PROC_FS SYSCTL SYSFS SHMEM TMPFS FUTEX EPOLL EVENTFD "
    "SIGNALFD TIMERFD POSIX_TIMERS FILE_LOCKING "
    "ADVISE_SYSCALLS MEMBARRIER UNIX98_PTYS IKCONFIG_PROC DEVMEM EXT4_FS MAGIC_SYSRQ").split()
PCI = "CONFIG_VIRTIO_PCI"


def find(folder: Path, arch: Arch = HOST) -> Source:
    """The source of a build folder, where it is still there; the folder is refused if it cannot be
    tested."""
    folder = folder.expanduser().absolute()
    if not (folder / ".config").is_file() or not (folder / "vmlinux").is_file():
        raise Stop(2, f"--build: {folder} has no .config and vmlinux of a kernel",
                   "give a build folder (O=), or a tree that was built in place")
    tree = folder if (folder / "Kbuild").is_file() else (folder / "source").resolve()
    found = elf.arch(folder / "vmlinux")
    if found and found is not arch:
        raise Stop(2, f"the kernel of {folder} is for {found.name}",
                   f"run with --arch {found.name}")
    lost = missing(folder / ".config", tree, arch)
    if lost:
        raise Stop(
            2, f"the kernel of {folder} lacks {len(lost)} option{'s' * (len(lost) > 1)}: "
            + "; ".join(lost), "set them and build it, or give the tree with --kernel, for a "
            "kernel of its own in the cache")
    release = elf.release(folder / "vmlinux")
    return Source("built", tree, release, f"{folder} ({release})", f"built {folder}")


def missing(config: Path, tree: Path, arch: Arch = HOST) -> list[str]:
    """The options that a kernel of this configuration lacks, each with what blocks it."""
    tests, *guest = kconfig.plain(arch)
    have, needed = kconfig.values(config), kconfig.values(*guest)
    lost = kconfig.lost((tests, ), config)
    lost += [f"CONFIG_{name}={value}" for name in NEEDED
             if (value := needed.get(f"CONFIG_{name}")) not in (None, have.get(f"CONFIG_{name}"))]
    if not any(have.get(name) == "y" for name in (PCI, arch.mmio)):
        lost.append(f"{PCI}=y")
    return [f"{line} ({kconfig.explain(line, config, tree, 'not set; its dependencies are met')})"
            for line in lost]


def load(found: Source, folder: Path, cache, say, arch: Arch = HOST) -> Kernel:
    """Its newest image, with the modules of its build."""
    folder = folder.expanduser().absolute()
    vmlinux, image = folder / "vmlinux", folder / arch.boot_image
    if not image.is_file() or image.stat().st_mtime < vmlinux.stat().st_mtime:
        config = kconfig.values(folder / ".config")
        enters = arch.image == "vmlinux" and config.get("CONFIG_PVH") == "y"
        if not enters or kconfig.has_kasan(config):
            raise Stop(2, f"{image} is {'older than' if image.is_file() else 'not beside'} vmlinux",
                       f"make -C {folder} {image.name}")
        image = vmlinux
    built = from_image(image, folder / "lib", cache, say, arch)
    built.source, built.build_dir = found, folder
    built.build_id = built.build_id or elf.build_id(vmlinux)
    built.config_hash = kconfig.fingerprint(folder / ".config")
    return built
