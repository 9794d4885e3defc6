# SPDX-License-Identifier: GPL-2.0
"""What differs between the architectures of a guest: a row of this table, and NAME.config in this
folder. Another architecture is another row and another file.

Device ranges are RAM of the machine that the kernel does not use; `words` keep it away from them.
"""

import platform
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Arch:
    """An architecture that guests can have."""

    name: str                   # for --arch
    uname: str                  # uname -m; also in the names of compilers and of QEMU
    kbuild: str                 # ARCH= of the kernel's make, and the folder below arch/
    debian: str                 # the name of Debian's port
    elf: int                    # e_machine
    image: str                  # what QEMU starts, in a build folder
    boot_image: str             # what a boot loader starts
    console: str                # the serial console of QEMU's machine
    mmio: str                   # with this option a kernel finds virtio devices without PCI
    machine: str                # QEMU's machine
    mmio_machine: str           # for a kernel with the option above
    cpu: str                    # QEMU's processor under TCG
    nodes: tuple[int, ...]      # MiB of each NUMA node of QEMU's machine
    spm: tuple[int, int]        # where the device ranges start
    words: tuple[str, ...]      # of the kernel command line
    mmio_words: tuple[str, ...] = ()    # on the machine for mmio
    default: str = "6.1"        # the series of a run without --kernel
    # where the kernel defines the physical address at which its linear map ends (PHYSMEM_END)
    linear_end: str = ""
    kasan_image: str = ""       # what QEMU starts of a kernel with KASAN, if not `image`
    kasan_words: tuple[str, ...] = ()
    tsc: bool = False           # the kernel's clock is the TSC, whose rate has to be measured
    disks_reversed: bool = False        # the guest numbers its disks from the last one
    pages: dict[str, str] = field(default_factory=dict, hash=False)     # --page-size: its option

    @property
    def fragment(self) -> Path:
        """The options of the guest's kernel that only this architecture has."""
        return HERE / f"{self.name}.config"

    @property
    def triplet(self) -> str:
        """As the names of the tools and of the folders of libraries begin."""
        return f"{self.uname}-linux-gnu"

    @property
    def qemu(self) -> str:
        """The command that emulates a machine."""
        return f"qemu-system-{self.uname}"

    @property
    def memory_mib(self) -> int:
        """The memory of a guest."""
        return sum(self.nodes)

    @property
    def runner(self) -> tuple[str, ...]:
        """What a command line begins with that runs a program of this architecture here."""
        return () if self is HOST else (f"qemu-{self.uname}",)

    def make_words(self) -> tuple[str, ...]:
        """For the kernel's make; none on a host of this architecture."""
        return () if self is HOST else (f"ARCH={self.kbuild}", f"CROSS_COMPILE={self.triplet}-")


# x86_64: node 1 and the memory behind 1 GiB are made by words for the kernel. What TCG has to
# emulate at each entry to the kernel (stac, clac, ...) is left away: a sixth of the time.
# QEMU enters vmlinux where KASAN has no shadow memory yet (PVH), and 6.1 ends there and prints
# nothing. noapic: with KASAN a timer interrupt can come between two stores of mp_irqdomain_alloc(),
# which ends the boot. no5lvl: identify_cpu() forgets for a moment that there are five levels, and
# an interrupt then makes KASAN report an access to the memory of a processor.
# arm64: memory behind mem= is not the kernel's. Memory of the boot cannot be made offline there, so
# kernelcore= makes ZONE_MOVABLE; it is shared between nodes, and node 1 has more than it takes.
TABLE = (
    Arch(name="x86_64", uname="x86_64", kbuild="x86", debian="amd64", elf=62, image="vmlinux",
         boot_image="arch/x86/boot/bzImage", console="ttyS0",
         mmio="CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES", machine="q35", mmio_machine="microvm,acpi=off",
         cpu="max,-smap,-smep,-umip,-pku,-erms,-fsrm", nodes=(1536,), spm=(0x40000000, 0x50000000),
         words=("numa=fake=2", "memmap=256M$0x40000000", "memmap=256M$0x50000000"),
         mmio_words=("reboot=t",),      # a microvm has nothing else to reset it by
         kasan_image="arch/x86/boot/bzImage", kasan_words=("noapic", "no5lvl"),
         tsc=True),
    Arch(name="arm64", uname="aarch64", kbuild="arm64", debian="arm64", elf=183,
         image="arch/arm64/boot/Image", boot_image="arch/arm64/boot/Image", console="ttyAMA0",
         mmio="CONFIG_VIRTIO_MMIO", machine="virt,gic-version=max",
         mmio_machine="virt,gic-version=max", cpu="max,pauth=off,sve=off", nodes=(512, 1536),
         spm=(0xa0000000, 0xb0000000), words=("mem=1536M", "kernelcore=1024M"),
         disks_reversed=True, default="6.12", linear_end="arch/arm64/include/asm/memory.h",
         pages={size: f"CONFIG_ARM64_{size}_PAGES=y" for size in ("4K", "16K", "64K")}),
)
ARCHS = {arch.name: arch for arch in TABLE}
# Where the suite runs; a host that is not in the table emulates the first one.
HOST = next((arch for arch in TABLE if arch.uname == platform.machine()), TABLE[0])


def of_elf(machine: int) -> Arch | None:
    """The architecture of an ELF file."""
    return next((arch for arch in TABLE if arch.elf == machine), None)
