# SPDX-License-Identifier: GPL-2.0
"""Which physical ranges a native run may use, on hosts that exist only here: never one that nobody
reserved."""

from pathlib import Path
from unittest import mock

from runner import guests, options, plan
from runner.host import Host
from runner.work import Batch, Work

MIB = 1 << 20
RAM = "00001000-0009ffff : System RAM\n00100000-3fffffff : System RAM\n"

# The folder stands for /.


def put(box, path: str, text: str) -> None:
    (box.folder / path).parent.mkdir(parents=True, exist_ok=True)
    (box.folder / path).write_text(text)


def host_of(box, cmdline: str = "", iomem: str = RAM,
         firmware: list[tuple[int, int, str]] | None = None) -> Host:
    """A host with a module, and what it booted with."""
    put(box, "proc/cmdline", cmdline + "\n")
    put(box, "proc/iomem", iomem)
    put(box, "proc/devices", "Character devices:\n  1 mem\n")
    put(box, "lib/modules/6.1/modules.dep", "kernel/lib/test_hmm.ko:\n")
    for number, (start, end, kind) in enumerate(firmware or []):
        for name, value in (("start", hex(start)), ("end", hex(end - 1)), ("type", kind)):
            put(box, f"sys/firmware/memmap/{number}/{name}", value + "\n")
    return Host(box.folder, 0, "6.1")


def lacks(host: Host, spm=None) -> list[str]:
    return [lack.what for lack in host.lacks(spm)]


def test_nothing_reserved_nothing_used(box):
    host = host_of(box, "quiet", RAM + "40000000-7fffffff : Reserved\n")
    assert host.ranges() == []
    assert lacks(host) == ["no two reserved 256 MiB ranges of memory"]


def test_memory_that_is_free(box):
    host = host_of(box)
    assert host.memory() == 0
    put(box, "proc/meminfo", "MemTotal: 9000 kB\nMemFree: 100 kB\nMemAvailable:    8000 kB\n")
    assert host.memory() == 8000 << 10
    put(box, "proc/self/cgroup", "0::/pod/task\n")
    for name, text in (("max", "max\n"), ("current", "1000000\n"),
                       ("stat", "anon 1\ninactive_file 200000\n")):
        put(box, f"sys/fs/cgroup/pod/task/memory.{name}", text)
    assert host.memory() == 8000 << 10
    put(box, "sys/fs/cgroup/pod/task/memory.max", "3000000\n")
    assert host.memory() == 2200000
    put(box, "sys/fs/cgroup/pod/memory.max", "1500000\n")      # of a group above
    put(box, "sys/fs/cgroup/pod/memory.current", "1400000\n")
    assert host.memory() == 100000


def test_no_more_guests_than_memory():
    work = Work([Batch(Path("p"), ["a"] * 1000)])
    for mib, count in ((0, 4), (100, 1), (3000, 1), (4000, 2), (64000, 4)):
        with mock.patch.object(Host, "memory", return_value=mib * MIB), \
                    mock.patch("os.sched_getaffinity", return_value=range(8)):
            assert guests.side_by_side(None, work) == count
            # who names a number knows why
            assert guests.side_by_side(3, work) == 3


def test_a_bare_run_takes_nobodys_reservation(box):
    host = host_of(box, "memmap=512M$0x40000000")
    assert host.lacks() == []
    for words, where in (([], "vm"), (["--native"], "native"),
                         (["--spm", "0x40000000,0x50000000"], "native")):
        assert plan.where_to_run(options.parse(words), host)[0] == where
    put(box, "proc/devices", "240 HMM_DMIRROR\n")
    assert plan.where_to_run(options.parse([]), host)[0] == "vm"


def test_memmap(box):
    for cmdline, expected in (
        ("memmap=512M$0x40000000", [0x40000000, 0x50000000]),
        ("memmap=256M$0x40000000 memmap=256M$1536M", [0x40000000, 0x60000000]),
        ("memmap=256M$0x40000000,256M$0x60000000", [0x40000000, 0x60000000]),
        ("memmap=268435456$1073741824", [0x40000000]),
        ("memmap=1G$1g", [0x40000000, 0x50000000, 0x60000000, 0x70000000]),
        # starts where the kernel can use it
        ("memmap=258M$0x40080000", [0x40200000]),
        ("memmap=512M$0x10000000", []),                 # where the kernel has memory
        ("memmap=256M$0x40080000", []),                                 # and is then too small
        ("memmap=255M$0x40000000", []),
        ("memmap=512M@0x40000000", []),                                 # memory, not reserved
        ("memmap=512M#0x40000000", []),                                 # ACPI's
        ("memmap=nonsense$what", []),
        ("xmemmap=512M$0x40000000", []),
    ):
        assert host_of(box, cmdline).ranges() == expected


def test_without_memory_behind_it_is_refused(box):
    firmware = [(0, 0x50000000, "System RAM"), (0x50000000, 0x60000000, "Reserved")]
    host = host_of(box, "memmap=512M$0x40000000", firmware=firmware)
    assert host.ranges() == [0x40000000]
    assert host.usable(0x50000000) == "0x50000000 has no memory behind it"


def test_soft_reserved(box):
    line = "140000000-17fffffff : Soft Reserved\n"
    assert host_of(box, iomem=RAM + line).ranges()[:2] == [0x140000000, 0x150000000]
    claimed = line + "  140000000-17fffffff : dax0.0\n"
    assert host_of(box, iomem=RAM + claimed).ranges() == []


def test_spm_is_checked_too(box):
    host = host_of(box, firmware=[(0, 0x60000000, "System RAM")])
    assert lacks(host, (0x40000000, 0x50000000)) == []
    assert lacks(host,
                 (0x10000000, 0x50000000)) == ["--spm: 0x10000000 is memory that the kernel uses"]
    assert lacks(host, (0x40000000, 0x60000000)) == ["--spm: 0x60000000 has no memory behind it"]


def test_loaded_needs_no_ranges(box):
    host = host_of(box)
    put(box, "proc/devices", "Character devices:\n240 HMM_DMIRROR\n")
    assert (host.major(), lacks(host)) == (240, [])


def test_not_root_and_no_module_are_both_told(box):
    host = host_of(box, "memmap=512M$0x40000000")
    host.uid, host.release = 1000, "6.2"
    assert lacks(host) == ["not root", "no test_hmm module for this kernel (6.2)"]
