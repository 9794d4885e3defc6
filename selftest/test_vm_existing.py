# SPDX-License-Identifier: GPL-2.0
"""--build DIR: which builds can be tested, what the others lack, and which image is booted."""

import os
import shutil

import pytest

from vm import existing, kconfig
from vm.arch import TABLE
from vm.kernel import Kernel
from test_vm_image import bzimage

KCONFIG = """config GUP_TEST
	bool
	depends on DEBUG_FS && MISSING
config TEST_HMM
	tristate
config VIRTIO_PCI
	bool
	depends on PCI
"""


@pytest.fixture(name="box")
def box_(box):
    box.tree, box.build = box.folder / "tree", box.folder / "build"
    for folder in (box.tree / "lib", box.build / "lib", box.build / "arch/x86/boot"):
        folder.mkdir(parents=True)
    (box.tree / "lib/Kconfig").write_text(KCONFIG)
    (box.build / "source").symlink_to(box.tree)
    config(box)
    (box.build / "vmlinux").write_bytes(
        b"\x7fELF\x02" + bytes(200) + b"\0Linux version 6.1.9 (me) gcc\0")
    (box.build / "lib/test_hmm.ko").write_bytes(b"\0vermagic=6.1.9 SMP\0srcversion=A\0")
    return box


def config(box, *without: str, more: str = "CONFIG_VIRTIO_PCI=y\n") -> None:
    left_out = tuple(f"CONFIG_{name}=" for name in without)
    lines = kconfig.text(*kconfig.plain()).splitlines(keepends=True)
    (box.build / ".config").write_text("".join(
        line for line in lines if not line.startswith(left_out) and "is not set" not in line)
        + more)


def load(box) -> Kernel:
    return existing.load(existing.find(box.build), box.build, box.cache, box.say)


def test_the_needed_options_are_those_of_the_guest():
    guest = kconfig.values(*(path for arch in TABLE for path in kconfig.plain(arch)[1:]))
    assert [name for name in existing.NEEDED if f"CONFIG_{name}" not in guest] == []


def test_a_build_that_suffices(box):
    found = existing.find(box.build)
    assert (found.kind, found.path, found.version) == ("built", box.tree, "6.1.9")
    built = load(box)
    assert (built.release, built.image, built.source.label) == (
        "6.1.9", box.build / "vmlinux", f"{box.build} (6.1.9)")
    assert built.config_hash
    shutil.rmtree(box.tree)         # the build can still be tested
    assert existing.find(box.build).path == box.tree


def test_what_it_lacks_is_named_with_what_blocks_it(box):
    config(box, "GUP_TEST", "TEST_HMM", "VIRTIO_MMIO_CMDLINE_DEVICES", "INIT_STACK_NONE", more="")
    stop = str(box.stops(2, "lacks 3 options: ", existing.find, box.build))
    for part in ("CONFIG_TEST_HMM=m (not set; its dependencies are met)",
                 "CONFIG_GUP_TEST=y (it needs MISSING)", "CONFIG_VIRTIO_PCI=y (it needs PCI)"):
        assert part in stop
    config(box, "TEST_HMM", more="CONFIG_TEST_HMM=y\n")
    box.stops(2, "lacks 1 option: CONFIG_TEST_HMM=m", existing.find, box.build)


@pytest.mark.parametrize("age, more, image", [
    (0, "", "arch/x86/boot/bzImage"), (9, "", "vmlinux"),
    (0, "CONFIG_KASAN=y\n", "arch/x86/boot/bzImage"), (9, "CONFIG_KASAN=y\n", None)])
def test_the_image_is_the_one_that_was_built_last(box, age, more, image):
    config(box, more=more)
    path = box.build / "arch/x86/boot/bzImage"
    path.write_bytes(bzimage("6.1.9"))
    os.utime(path, ((box.build / "vmlinux").stat().st_mtime - age,) * 2)
    if image:
        assert load(box).image == box.build / image
    else:
        box.stops(2, "bzImage is older than vmlinux; make -C", load, box)


def test_built_in_place(box):
    shutil.copy(box.build / "lib/test_hmm.ko", box.tree / "lib")
    for name in ("vmlinux", ".config", "arch"):
        (box.build / name).rename(box.tree / name)
    (box.tree / "Kbuild").write_text("")
    box.build = box.tree
    assert load(box).source.path == box.tree


def test_no_build(box):
    box.stops(2, "has no .config and vmlinux", existing.find, box.tree)
    box.stops(2, "has no .config and vmlinux", existing.find, box.folder / "none")


def test_nothing_is_written(box):
    def state():
        return {path: path.lstat().st_mtime_ns for path in box.build.rglob("*")}
    before = state()
    load(box)
    assert state() == before
