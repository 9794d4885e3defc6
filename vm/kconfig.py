# SPDX-License-Identifier: GPL-2.0
"""What became of a configuration fragment: kconfig silently drops a line that it cannot honour."""

import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from vm import elf
from vm.arch import Arch, HOST, TABLE

RENAMED = re.compile(r"^# renamed: (CONFIG_\w+) to (CONFIG_\w+)$", re.M)
NEWER = re.compile(r"^# newer: (CONFIG_.*)$", re.M)
WHERE = re.compile(r"^# where (CONFIG_\w+): (CONFIG_\w+)$", re.M)
UNSET = re.compile(r"# (CONFIG_\w+) is not set")
EMBEDDED = re.compile(rb"IKCFG_ST(.*?)IKCFG_ED", re.S)     # kernel/configs.c


def values(*files: Path) -> dict[str, str]:
    """Symbol to value, "n" where a file says "is not set"; of two files the later one decides."""
    return parsed(text(*files))


def parsed(lines: str) -> dict[str, str]:
    """The same of a text."""
    found = {}
    for line in lines.splitlines():
        unset = UNSET.fullmatch(line)
        if unset:
            found[unset[1]] = "n"
        elif line.startswith("CONFIG_") and "=" in line:
            name, _, value = line.partition("=")
            found[name] = value
    return found


def text(*files: Path) -> str:
    """Fragments as one."""
    return "".join(file.read_text() for file in files)


def fragment(lines: list[str], cache, option: str = "--kconfig") -> Path:
    """A file with these lines, CONFIG_X=n as a configuration has it. Its name is the option's, for
    the message that one of them was lost."""
    said = "".join(f"# {line[:-2]} is not set\n" if line.endswith("=n") else f"{line}\n"
                   for line in lines)
    return cache.entry("kconfig", said + option.removeprefix("--kconfig"),
                       lambda folder: (folder / option).write_text(said)) / option


def meaning(*fragments: Path) -> str:
    """What fragments ask for: a better comment in one is no reason to build a kernel."""
    asked = [f"{name}={value}" for name, value in values(*fragments).items()]
    return "\n".join(
        sorted(asked + [f"{old} is {new}" for old, new in RENAMED.findall(text(*fragments))]))


def lost(fragments: tuple[Path, ...], config: Path) -> list[str]:
    """The fragments' lines that the configuration does not honour. No such symbol is as good as
    "not set"; a symbol of a line "newer:" may be missing, and that of a line "where:" if the
    architecture lacks what it needs."""
    have = values(config)
    later = dict(RENAMED.findall(text(*fragments)))
    newer = {name for names in NEWER.findall(text(*fragments)) for name in names.split()}
    newer |= {name for what, name in WHERE.findall(text(*fragments)) if have.get(what) != "y"}
    return [f"{name}={value}" for name, value in values(*fragments).items()
            if not (name in newer and name not in have)
            and value not in (have.get(name, "n"), have.get(later.get(name, name), "n"))]


def fingerprint(config: Path) -> str:
    """One short word for a configuration, whatever its comments say."""
    lines = sorted(f"{name}={value}" for name, value in values(config).items() if value != "n")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def of_image(image: Path) -> dict[str, str]:
    """What an image was configured with: as its build folder says or, with CONFIG_IKCONFIG, the
    image itself. Empty if neither does."""
    boot = (Path(path).parent.parts for arch in TABLE for path in (arch.image, arch.boot_image))
    above = next((len(parts) for parts in boot
                  if parts and image.parts[-1 - len(parts):-1] == parts),
                 0)
    beside = image.parents[above] / ".config"
    if beside.is_file():
        return parsed(beside.read_text(errors="replace"))
    found = EMBEDDED.search(elf.kernel(image.read_bytes()))
    try:
        return parsed(gzip.decompress(found[1]).decode(errors="replace")) if found else {}
    except (OSError, EOFError, zlib.error):
        return {}


def has_mmio(config: dict[str, str], arch: Arch = HOST) -> bool:
    """The kernel is told where its virtio devices are, and does not look for them on PCI."""
    return config.get(arch.mmio) == "y" and config.get("CONFIG_VIRTIO_PCI") != "y"


def has_kasan(config: dict[str, str]) -> bool:
    """The kernel has KASAN, with which it may boot in another way (vm/arch.py)."""
    return config.get("CONFIG_KASAN") == "y"


def arch_of(config: dict[str, str]) -> Arch:
    """The architecture of a kernel of this configuration."""
    return next((arch for arch in TABLE
                 if config.get(f"CONFIG_{arch.kbuild.upper()}") == "y"), HOST)


def explain(line: str, config: Path, source: Path,
            otherwise: str = "its dependencies are not met") -> str:
    """Why a symbol was dropped: the dependencies in its Kconfig entry that are not met."""
    symbol, _, value = line.removeprefix("CONFIG_").partition("=")
    have = values(config)
    mine = ("arch", arch_of(have).kbuild)
    files = [file for file in sorted(source.rglob("Kconfig*"))
             if file.relative_to(source).parts[:2] in (mine, ("arch", "Kconfig"))
             or file.relative_to(source).parts[0] != "arch"]
    entries = [entry for file in files for entry in _entries(file, symbol)]
    if not entries:
        return f"it has no option {symbol}"
    unmet = []
    for entry in entries:
        for condition in re.findall(r"^\s+depends on (.*)$", entry.replace("\\\n", " "), re.M):
            unmet += [
                name for name in re.findall(r"(?<![!\w\"])[A-Z][A-Z0-9_]*(?![\w]|\s*=)", condition)
                if have.get(f"CONFIG_{name}", "n") == "n"]
    if value == "n":
        return f"something selects {symbol}, or it cannot be switched off"
    needs = ", ".join(dict.fromkeys(unmet))
    return f"it needs {needs}" if unmet else otherwise


def _entries(file: Path, symbol: str) -> list[str]:
    text = file.read_text(errors="replace")
    return re.findall(rf"^(?:menu)?config {symbol}\n((?:[ \t].*\n|\n)*)", text, re.M)


# -- profiles


HERE = Path(__file__).parent


# Nothing of it may depend on the host: what several machines say of one kernel is put together
# (report/merge.py).
def plain(arch: Arch = HOST) -> tuple[Path, ...]:
    """What each kernel is configured with: config first, then what the guest needs."""
    return HERE.parent / "config", HERE / "guest.config", arch.fragment


DEBUG_INFO = HERE / "debug-info.config"
# The code of the claims and of what is next to it (docs/neighbours.md).
COVERED = ("mm/gup.c", "mm/migrate_device.c", "mm/memory.c", "mm/mprotect.c", "mm/rmap.c",
           "mm/mremap.c", "mm/userfaultfd.c", "mm/huge_memory.c", "io_uring/rsrc.c",
           "lib/test_hmm.c")


@dataclass(frozen=True)
class Profile:
    """What differs from the plain kernel."""
    name: str = ""
    more: tuple[Path, ...] = ()         # fragments
    arch: Arch = HOST
    variables: tuple[str, ...] = ()     # for make
    append: str = ""                    # to the kernel command line
    slowness: int = 1                   # by which time limits grow
    sends_files: bool = False           # the guest has something to send at its end
    qemu: tuple[str, ...] = ()          # more words for it
    # tests that go into a machine of their own, by the beginning of their names; those of a
    # tuple go together
    apart: tuple[str | tuple[str, ...], ...] = ()
    archs: tuple[str, ...] = ("x86_64", )       # where it can be used
    network: bool = False               # needs the source of it
    filesystems: tuple[str, ...] = ()   # of which the guest gets disks

    @property
    def fragments(self) -> tuple[Path, ...]:
        """All of them; a later one decides."""
        return (*plain(self.arch), *self.more)


EVERY = tuple(arch.name for arch in TABLE)
PROFILES = {
    "": Profile(archs=EVERY),
    # apart: tests that take mmap_lock under ksm_thread_mutex or cpuset_mutex must not share a VM
    # with tests that add memory to a device (docs/findings.md, test-hmm-lock-order). A system call
    # that goes over all pages of a device takes seconds there, and many times that when the host is
    # busy: the watchdogs wait for as long as they can.
    "debug": Profile(
        "debug", (HERE / "debug.config", DEBUG_INFO), slowness=20,
        apart=(("ksm", "merged.", "numa.", "explore."), ), archs=EVERY, append=
        "page_owner=on kmemleak=on watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300"),
    # One that a fault does not kill before a test can speak.
    "faults": Profile("faults", (HERE.parent / "faults" / "config", ), archs=EVERY),
    # What a distribution's kernel has in addition, with disks of its filesystems.
    "wide": Profile("wide", (HERE / "wide.config", ), network=True,
                    filesystems=("xfs", "btrfs")),
    # kbuild asks for GCOV_PROFILE_<object>.o; on make's command line, so that the tree need
    # not be changed.
    "coverage": Profile("coverage", (HERE / "coverage.config", ), slowness=2,
                        sends_files=True, variables=tuple(f"GCOV_PROFILE_{Path(name).stem}.o=y"
                                                          for name in COVERED)), }
