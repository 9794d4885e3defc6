# SPDX-License-Identifier: GPL-2.0
"""How fast this processor's time stamp counter counts.

An emulated guest sees the host's counter, and without ACPI it has only the old interval timer to find out its
rate. On a loaded host that fails, and the guest is left with a clock of 4 ms steps that loses time. Linux shows
the rate nowhere, so it is measured: a few bytes of machine code read the counter, twice.
"""
import ctypes
import mmap
import platform
import time

RDTSC = bytes.fromhex("0f31" "48c1e220" "4809d0" "c3")     # rdtsc; shl $32,%rdx; or %rdx,%rax; ret
SPAN_NS = 5_000_000


def khz() -> int:
    """The rate in kHz, 0 where it cannot be measured: not this architecture, or no right to run made code."""
    if platform.machine() != "x86_64":
        return 0
    try:
        memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return 0
    memory.write(RDTSC)
    place = ctypes.c_char.from_buffer(memory)
    count = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(place))
    first, start = count(), time.monotonic_ns()
    while time.monotonic_ns() - start < SPAN_NS:
        pass
    last, end = count(), time.monotonic_ns()
    return (last - first) * 1_000_000 // (end - start)
