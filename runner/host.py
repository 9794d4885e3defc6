# SPDX-License-Identifier: GPL-2.0
"""What this host has for a native run. Nothing is changed here."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

CHUNK = 256 << 20       # DEVMEM_CHUNK_SIZE of lib/test_hmm.c
ALIGN = 2 << 20         # what memremap_pages() accepts
NODES = (0, 1, 2, 3)    # 2 and 3 are the coherent devices
SUFFIX = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclass(frozen=True)
class Lack:
    """Something that this host lacks, and its remedy."""

    what: str
    remedy: str


def number(text: str) -> int:
    """A size or address as the kernel's memparse() reads it."""
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|[0-9]+)([kKmMgGtT]?)", text)
    if not match:
        raise ValueError(text)
    return int(match[1], 16 if match[1][:2] in ("0x", "0X") else 10) * SUFFIX[match[2].lower()]


class Host:
    """Facts from /proc, /sys and /dev below `root`, which selftests replace."""

    def __init__(self, root: Path = Path("/"), uid: int | None = None, release: str = ""):
        self.root = root
        self.uid = os.geteuid() if uid is None else uid
        self.release = release or os.uname().release

    def _text(self, path: str) -> str:
        try:
            return (self.root / path).read_text(errors="replace")
        except OSError:
            return ""

    def loaded(self) -> bool:
        """test_hmm is loaded."""
        return self.major() > 0

    def major(self) -> int:
        """The major number of the driver; 0 if it is not loaded."""
        match = re.search(r"^\s*(\d+)\s+HMM_DMIRROR$", self._text("proc/devices"), re.M)
        return int(match[1]) if match else 0

    def node(self, number: int) -> Path:
        """The device node of one of the driver's devices."""
        return self.root / f"dev/hmm_dmirror{number}"

    def coherent_nodes(self) -> bool:
        """Both coherent devices have a node."""
        return all(self.node(number).exists() for number in NODES[2:])

    def module(self) -> bool:
        """The module is installed for this kernel."""
        folder = self.root / "lib/modules" / self.release
        return "/test_hmm.ko" in self._text(f"lib/modules/{self.release}/modules.dep") or any(
            folder.glob("**/test_hmm.ko*"))

    def memory(self) -> int:
        """Bytes that new processes can use without swapping: MemAvailable, and no more than the
        limits of the control groups leave, where page cache can be reclaimed. 0: not known."""
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", self._text("proc/meminfo"), re.M)
        room = [int(found[1]) << 10] if found else []
        group = re.search(r"^0::/(.*)$", self._text("proc/self/cgroup"), re.M)
        own = Path("sys/fs/cgroup", group[1] if group else "")
        for folder in (own, *own.parents)[:-3]:     # not above sys/fs/cgroup
            limit, used = (self._text(f"{folder}/memory.{name}").strip()
                           for name in ("max", "current"))
            if limit.isdigit() and used.isdigit():
                cache = re.search(r"^inactive_file (\d+)$", self._text(f"{folder}/memory.stat"),
                                  re.M)
                room.append(max(0, int(limit) - int(used) + (int(cache[1]) if cache else 0)))
        return min(room, default=0)

    def system_ram(self) -> list[tuple[int, int]]:
        """The ranges of System RAM: [start, end)."""
        return [r for r, what in self._iomem() if what == "System RAM"]

    def _iomem(self) -> list[tuple[tuple[int, int], str]]:
        lines = re.findall(r"^( *)([0-9a-f]+)-([0-9a-f]+) : (.*)$", self._text("proc/iomem"), re.M)
        return [((int(start, 16), int(end, 16) + 1), what) for _, start, end, what in lines]

    def backed(self, start: int, end: int) -> bool | None:
        """The firmware's map has memory in the range; None if there is no map to read."""
        entries = []
        for folder in (self.root / "sys/firmware/memmap").glob("*"):
            kind = self._text(f"sys/firmware/memmap/{folder.name}/type").strip()
            first, last = (self._text(f"sys/firmware/memmap/{folder.name}/{side}").strip()
                           for side in ("start", "end"))
            if first and last:
                entries.append((int(first, 16), int(last, 16) + 1, kind))
        if not entries:
            return None
        return any(s <= start and end <= e and kind in ("System RAM", "Soft Reserved")
                   for s, e, kind in entries)

    def reserved(self) -> list[tuple[int, int]]:
        """Ranges that are Soft Reserved and not used, or reserved with memmap=SIZE$START."""
        iomem = self._iomem()
        found = []
        for (start, end), what in iomem:
            claimed = any(start <= s and e <= end and w != what for (s, e), w in iomem)
            if what == "Soft Reserved" and not claimed:
                found.append((start, end))
        for part in re.findall(r"(?:^|\s)memmap=(\S+)", self._text("proc/cmdline")):
            for size, first in re.findall(r"([0-9a-zA-Z]+)\$([0-9a-zA-Z]+)", part):
                try:
                    found.append((number(first), number(first) + number(size)))
                except ValueError:
                    continue  # the kernel ignores it, too
        return found

    def usable(self, start: int) -> str:
        """Why a device range cannot start here; empty if it can."""
        end = start + CHUNK
        if any(s < end and start < e for s, e in self.system_ram()):
            return f"{start:#x} is memory that the kernel uses"
        if self.backed(start, end) is False:
            return f"{start:#x} has no memory behind it"
        return ""

    def ranges(self) -> list[int]:
        """The starts of 256 MiB ranges in reserved memory."""
        starts: list[int] = []
        for start, end in sorted(set(self.reserved())):
            at = -(-start // ALIGN) * ALIGN
            while at + CHUNK <= end:
                if not self.usable(at) and all(abs(at - other) >= CHUNK for other in starts):
                    starts.append(at)
                at += CHUNK
        return starts

    def lacks(self, spm: tuple[int, int] | None = None) -> list[Lack]:
        """All reasons for which a native run is not possible."""
        found = []
        if self.uid:
            found.append(Lack("not root", "run as root"))
        if self.loaded():
            return found
        if not self.module():
            found.append(Lack(f"no test_hmm module for this kernel ({self.release})",
                              "use a kernel with CONFIG_TEST_HMM=m"))
        if spm:
            found += [
                Lack(f"--spm: {why}", "give ranges that are reserved with memmap=256M$ADDRESS")
                for start in spm if (why := self.usable(start))]
        elif len(self.ranges()) < 2:
            found.append(Lack("no two reserved 256 MiB ranges of memory",
                              "boot with memmap=512M$ADDRESS inside RAM, or give --spm ADDR,ADDR"))
        return found
