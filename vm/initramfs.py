# SPDX-License-Identifier: GPL-2.0
"""The guest's root: a base archive and one of each test program, cached by content, and a small one
with the job of each run.

The kernel unpacks archives that follow each other, so a guest gets the programs that it runs, and
nothing is made again for each run. newc is written here and not with cpio: no root for device
nodes, no times and inode numbers of the host, so equal content gives equal bytes. Not compressed:
unpacking would cost the guest more than QEMU saves.
"""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from base import child
from base.errors import Stop
from vm import deps, elf, libraries, sysroot
from vm.arch import Arch, HOST
from vm.cache import digest

INIT = Path(__file__).with_name("init")
FOLDERS = ("bin", "dev", "etc", "job", "lib", "mnt", "mnt/btrfs", "mnt/ext4", "mnt/xfs", "proc",
           "sys", "tmp")
NODES = {"dev/console": (5, 1), "dev/null": (1, 3)}
# The commands of init without which no test runs.
APPLETS = frozenset("cat devmem dmesg hexdump insmod ln mkfifo mount sed sh sync".split())
FSTAB = b"""\
dev	/dev			devtmpfs	defaults	0 0
proc	/proc			proc		defaults	0 0
sys	/sys			sysfs		defaults	0 0
tmp	/tmp			tmpfs		defaults	0 0
debug	/sys/kernel/debug	debugfs		defaults	0 0
cgroup	/sys/fs/cgroup		cgroup2		defaults	0 0
"""
TRAILER = "TRAILER!!!"
ONE = "bin/hmm_coherent"        # the file with all programs
KIND = "initramfs"              # in the cache
ROOM = 1 << 30                  # bytes that archives may take there after a run


def _entry(name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0),
           number: int = 0) -> bytes:
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
    return _pad(head) + _pad(data)


def _pad(data: bytes, to: int = 4) -> bytes:
    return data + b"\0" * (-len(data) % to)


def archive(files: dict[str, bytes], links: dict[str, str] | None = None, folders: tuple = (),
            nodes: dict[str, tuple[int, int]] | None = None, executable: tuple = ()) -> bytes:
    """A newc archive; its length is a multiple of 512, so another may follow."""
    parts = [(name, stat.S_IFDIR | 0o755, b"", (0, 0)) for name in folders]
    parts += [(name, stat.S_IFCHR | 0o600, b"", device) for name, device in (nodes or {}).items()]
    parts += [(name, stat.S_IFREG | (0o755 if name in executable else 0o644), data, (0, 0))
              for name, data in sorted(files.items())]
    parts += [(name, stat.S_IFLNK | 0o777, target.encode(), (0, 0))
              for name, target in sorted((links or {}).items())]
    body = b"".join(_entry(name, mode, data, device, number)
                    for number, (name, mode, data, device) in enumerate(parts, 1))
    return _pad(body + _entry(TRAILER, 0), 512)


def pack(files: dict[str, bytes], executable: tuple = (), names: Iterable[str] = ()) -> bytes:
    """An archive of plain files ("job/plan"), with the folders that they need, and with names of
    the file with all programs."""
    clean = {name.lstrip("/"): data for name, data in files.items()}
    links = {f"bin/{name}": Path(ONE).name for name in names}
    return archive(clean, links, tuple(parents([*clean, *links])), executable=executable)


def pack_folder(folder: Path) -> bytes:
    """A folder of the host as mnt/NAME; of links what they point to, where that is in the folder
    too."""
    folder = folder.resolve()
    if not folder.name:
        raise Stop(2, f"{folder} is the whole file system", "give a folder with --copy")
    found = {
        f"mnt/{folder.name}/{path.relative_to(folder)}": path for path in sorted(folder.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(folder)}
    return pack({name: path.read_bytes() for name, path in found.items()},
                tuple(name for name, path in found.items() if os.access(path, os.X_OK)))


def busybox_for(arch: Arch, cache, say) -> Path:
    """That of this machine, or of Debian for another architecture."""
    return busybox() if arch is HOST else sysroot.busybox(sysroot.find(arch, cache, say))


def busybox() -> Path:
    """A static busybox if there is one, or one whose libraries the guest gets."""
    found = [path for name in ("busybox", "busybox.static", "busybox-static")
             for folder in deps.PLACES.split(":") if (path := shutil.which(name, path=folder))]
    for path in sorted(found, key=lambda path: bool(libraries.loader(Path(path)))):
        lacks = APPLETS.difference(child.output([path, "--list"]).split())
        if not lacks:
            return Path(path)
    raise Stop(3, f"{path} has no {' '.join(sorted(lacks))}" if found
               else "there is no busybox for the guest", deps.remedy("busybox"))


def applets(program: Path, arch: Arch = HOST) -> dict[str, str]:
    """Those that init names. Each costs a boot 1 ms, so init itself links the others, where there
    is a shell to use them."""
    words = set(re.findall(r"[a-z]+", INIT.read_text()))
    return {
        f"bin/{name}": "busybox"
        for name in child.output([*arch.runner, program, "--list"]).split()
        if name in words - {"busybox", "init"}}


def base(kernel, cache, say) -> Path:
    """The archive with busybox, init and the kernel's modules."""
    shell = busybox_for(kernel.arch, cache, say)
    sources = {"init": INIT, "bin/busybox": shell}
    sources |= {f"lib/{name}.ko": path for name, path in kernel.modules.items()}
    shared, links = libraries.pack([shell]) if kernel.arch is HOST else ({}, {})
    sources |= shared

    def content(files: dict[str, bytes]) -> bytes:
        files = files | {"etc/fstab": FSTAB}
        files[f"lib/modules/{kernel.release}/modules.dep"] = "".join(
            f"/lib/{name}.ko:\n" for name in kernel.modules).encode()
        # where modprobe looks
        folders = (*FOLDERS, "lib/modules", f"lib/modules/{kernel.release}")
        return archive(files, links | applets(shell, kernel.arch), (*folders, *parents(links)),
                       NODES, ("init", "bin/busybox", *shared))

    return cached(sources, content, cache, kernel.release)


def cached(sources: dict[str, Path], content: Callable[[dict[str, bytes]], bytes], cache,
           *more: object) -> Path:
    """The archive that `content` makes of these files without their symbols, from the cache if
    nothing of it has changed; what else it depends on is in `more`."""
    key: list[object] = [Path(__file__).read_bytes(), *more]
    key += [(name, hashlib.sha256(path.read_bytes()).hexdigest())
            for name, path in sorted(sources.items())]

    def make(folder: Path) -> None:
        files = {name: _stripped(path, folder) for name, path in sources.items()}
        (folder / "archive.cpio").write_bytes(content(files))

    return cache.kept(KIND, digest(*key), make) / "archive.cpio"


def program(path: Path, cache) -> Path:
    """The archive with one test program."""
    name = f"bin/{path.name}"
    return cached({name: path}, lambda files: pack(files, (name,)), cache)


def same_file(programs: list[Path]) -> list[Path]:
    """Those that are names of one file (common/suite/program.h); empty if none is."""
    found: dict[tuple[int, int], list[Path]] = {}
    for path in programs:
        found.setdefault((path.stat().st_dev, path.stat().st_ino), []).append(path)
    most: list[Path] = max(found.values(), key=len, default=[])
    return most if len(most) > 1 else []


def shared_files(programs: list[Path], cache) -> Path | None:
    """The archive with the libraries of test programs, and with the file that has the names of
    several of them; None if there is neither."""
    one = same_file(programs)
    files, links = libraries.pack([*one[:1], *(path for path in programs if path not in one)])
    files |= {ONE: one[0]} if one else {}
    if not files:
        return None

    def content(data: dict[str, bytes]) -> bytes:
        return archive(data, links, ("bin", "lib", *parents(links)), executable=tuple(files))

    return cached(files, content, cache, sorted(links.items()))


def parents(names: Iterable[str]) -> list[str]:
    """The folders in which these names are, the upper ones first."""
    return sorted({str(parent) for name in names for parent in Path(name).parents} - {"."})


def _stripped(path: Path, folder: Path) -> bytes:
    """A program without its debug information: the guest has to carry every byte in memory."""
    data = path.read_bytes()
    arch = elf.arch(path) or HOST
    tool = "strip" if arch is HOST else f"{arch.triplet}-strip"
    if data[:4] != b"\x7fELF" or path.suffix == ".ko" or not shutil.which(tool):
        return data
    copy = folder / ".strip"
    if child.run([tool, "-o", copy, path], folder / ".strip.log", 60) == 0:
        data = copy.read_bytes()
    for left in (copy, folder / ".strip.log"):
        left.unlink(missing_ok=True)
    return data


# -- disks


MIB = 1 << 20
SIZES = {"ext4": 256 * MIB, "raw": 64 * MIB, "slow": 16 * MIB, "raw-4k": 16 * MIB}
# No lazy initialisation and no journal: their writes would come in the middle of a test.
MKFS = ("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=0", "-N",
        "4096")
# Of the smallest size that both take. Blocks of btrfs have the size of a page at most.
OTHERS = {"xfs": ("mkfs.xfs", "-q", "-f"), "btrfs": ("mkfs.btrfs", "-q", "-f")}
OTHERS_SIZE = 320 * MIB


def tool_of(name: str) -> str:
    """The path of a command that makes a filesystem."""
    if not (tool := deps.find(name)):
        raise Stop(3, f"there is no {name} to make the guest's filesystem", deps.remedy(name))
    return tool


def ensure(cache, say, filesystems: Iterable[str] = ()) -> dict[str, Path]:
    """The disk images by name, those of more filesystems last, made if they do not exist."""
    tool = tool_of(MKFS[0])

    def make(folder: Path) -> None:
        for name, size in SIZES.items():
            with open(folder / name, "wb") as image:
                image.truncate(size)
        log = folder / "mke2fs.log"
        if child.run([tool, *MKFS[1:], folder / "ext4"], log, 60) != 0:
            raise Stop(3, f"mke2fs failed: {log.read_text(errors='replace').strip()[-200:]}")

    key = " ".join(MKFS) + repr(SIZES)
    folder = cache.entry("disk", key, make)
    return {name: folder / name for name in SIZES} | {name: other(name, cache)
                                                     for name in filesystems}


def other(name: str, cache) -> Path:
    """The image of a disk with one of the other filesystems."""
    tool = tool_of(OTHERS[name][0])

    def make(folder: Path) -> None:
        log, full = folder / "mkfs.log", folder / "full"
        with open(full, "wb") as image:
            image.truncate(OTHERS_SIZE)
        if child.run([tool, *OTHERS[name][1:], full], log, 60) != 0:
            raise Stop(3, f"{OTHERS[name][0]} failed: "
                          f"{log.read_text(errors='replace').strip()[-200:]}")
        # xfs writes a log of 64 MiB of zeros, of which each guest would get a copy.
        with open(full, "rb") as source, open(folder / name, "wb") as image:
            while block := source.read(MIB):
                image.seek(len(block), 1) if not any(block) else image.write(block)
            image.truncate(OTHERS_SIZE)
        full.unlink()

    return cache.entry("disk", f"{' '.join(OTHERS[name])} {OTHERS_SIZE}", make) / name
