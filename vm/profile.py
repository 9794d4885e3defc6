# SPDX-License-Identifier: GPL-2.0
"""Other kernels of the same source: one that looks harder, one that counts which lines ran."""
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


# Nothing of it may depend on the host: what several machines say of one kernel is put together (report/merge.py).
PLAIN = (HERE.parent / "config", HERE / "guest.config")
# The code of the claims.
COVERED = ("mm/gup.c", "mm/migrate_device.c", "mm/memory.c", "mm/mprotect.c", "lib/test_hmm.c")


@dataclass(frozen=True)
class Profile:
    """What differs from the plain kernel."""
    name: str = ""
    fragments: tuple[Path, ...] = PLAIN
    variables: tuple[str, ...] = ()     # for make
    append: str = ""                    # to the kernel command line
    slowness: int = 1                   # by which time limits grow
    sends_files: bool = False           # the guest has something to send at its end
    image: str = "vmlinux"              # what QEMU enters, inside the build folder
    apart: tuple[str, ...] = ()         # tests that go into a machine of their own, by the beginning of their names


PROFILES = {
    "": Profile(),
    # QEMU enters vmlinux where KASAN has no shadow yet to look at (PVH), and 6.1 ends there without a word. noapic: with KASAN a timer
    # interrupt can come between two stores of mp_irqdomain_alloc(), which ends the boot. ksm.*: docs/findings.md, test-hmm-lock-order.
    # A system call that goes over all pages of a device takes seconds there, and many times that when the host is busy: the watchdogs wait for as
    # long as they can.
    "debug": Profile("debug", (*PLAIN, HERE / "debug.config"), slowness=20, image="arch/x86/boot/bzImage", apart=("ksm.",),
                     append="page_owner=on kmemleak=on noapic watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300"),
    # One that a fault does not kill before a test can speak.
    "faults": Profile("faults", (*PLAIN, HERE.parent / "faults" / "config")),
    # kbuild asks for GCOV_PROFILE_<object>.o; on make's command line, so that nobody's tree has to be changed.
    "coverage": Profile("coverage", (*PLAIN, HERE / "coverage.config"), slowness=2, sends_files=True,
                        variables=tuple(f"GCOV_PROFILE_{Path(name).stem}.o=y" for name in COVERED)),
}
