# SPDX-License-Identifier: GPL-2.0
"""The guest's disks: files made once, that no run ever writes to (QEMU opens them with snapshot=on).

ext4 is a filesystem with O_DIRECT, raw and slow are empty. What makes the slow one slow is in the guest's kernel
(dm-delay, see vm/qemu.py).
"""
import shutil
from pathlib import Path

from base.errors import Stop
from base import child

MIB = 1 << 20
SIZES = {"ext4": 256 * MIB, "raw": 64 * MIB, "slow": 16 * MIB}
# No lazy initialisation and no journal: their writes would come in the middle of a test.
MKFS = ("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=0", "-N", "4096")


def ensure(cache, say) -> dict[str, Path]:
    """The disk images by name, made if they do not exist."""
    tool = shutil.which(MKFS[0], path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not tool:
        raise Stop(3, "there is no mke2fs to make the guest's filesystem", "apt-get install e2fsprogs")

    def make(folder: Path) -> None:
        for name, size in SIZES.items():
            with open(folder / name, "wb") as image:
                image.truncate(size)
        log = folder / "mke2fs.log"
        if child.run([tool, *MKFS[1:], folder / "ext4"], log, 60) != 0:
            raise Stop(3, f"mke2fs failed: {log.read_text(errors='replace').strip()[-200:]}")

    key = " ".join(MKFS) + repr(SIZES)
    folder = cache.entry("disk", key, make)
    return {name: folder / name for name in SIZES}
