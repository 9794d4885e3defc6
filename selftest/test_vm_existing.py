# SPDX-License-Identifier: GPL-2.0
"""--build DIR: which builds can be tested, what the others lack, and which image is booted."""

import os
import shutil
from pathlib import Path
from unittest import mock

from vm import existing, kconfig
from vm.arch import TABLE
from vm.kernel import Kernel
from test_vm_kernel import bzimage
from vm_kit import WithCache

KCONFIG = """config GUP_TEST
	bool
	depends on DEBUG_FS && MISSING
config TEST_HMM
	tristate
config VIRTIO_PCI
	bool
	depends on PCI
"""


class Existing(WithCache):
    def setUp(self):
        super().setUp()
        self.tree, self.build = self.folder / "tree", self.folder / "build"
        (self.tree / "lib").mkdir(parents=True)
        (self.tree / "lib/Kconfig").write_text(KCONFIG)
        (self.build / "lib").mkdir(parents=True)
        (self.build / "arch/x86/boot").mkdir(parents=True)
        (self.build / "source").symlink_to(self.tree)
        self.config("")
        (self.build / "vmlinux").write_bytes(
            b"\x7fELF\x02" + bytes(200) + b"\0Linux version 6.1.9 (me) gcc\0")
        (self.build / "lib/test_hmm.ko").write_bytes(b"\0vermagic=6.1.9 SMP\0srcversion=A\0")

    def config(self, *without: str, more: str = "CONFIG_VIRTIO_PCI=y\n") -> None:
        lines = kconfig.text(*kconfig.plain()).splitlines(keepends=True)
        (self.build / ".config").write_text("".join(
            line for line in lines if not line.startswith(tuple(f"CONFIG_{name}=" for name in
                                                                without)) and "is not set" not in
            line) + more)

    def image(self, age: int = 0) -> Path:
        path = self.build / "arch/x86/boot/bzImage"
        path.write_bytes(bzimage("6.1.9"))
        time = (self.build / "vmlinux").stat().st_mtime - age
        os.utime(path, (time, time))
        return path

    def load(self) -> Kernel:
        return existing.load(existing.find(self.build), self.build, self.cache, self.say)

    def test_the_needed_options_are_those_of_the_guest(self):
        guest = kconfig.values(*(path for arch in TABLE for path in kconfig.plain(arch)[1:]))
        self.assertEqual([name for name in existing.NEEDED if f"CONFIG_{name}" not in guest], [])

    def test_a_build_that_suffices(self):
        found = existing.find(self.build)
        self.assertEqual((found.kind, found.path, found.version), ("built", self.tree, "6.1.9"))
        built = self.load()
        self.assertEqual((built.release, built.image, built.source.label),
                         ("6.1.9", self.build / "vmlinux", f"{self.build} (6.1.9)"))
        self.assertTrue(built.config_hash)

    def test_what_it_lacks_is_named_with_what_blocks_it(self):
        self.config("GUP_TEST", "TEST_HMM", "VIRTIO_MMIO_CMDLINE_DEVICES", "INIT_STACK_NONE",
                    more="")
        stop = str(self.stops(2, "lacks 3 options: ", existing.find, self.build))
        for part in ("CONFIG_TEST_HMM=m (it is only not set)",
                     "CONFIG_GUP_TEST=y (it needs MISSING)", "CONFIG_VIRTIO_PCI=y (it needs PCI)"):
            self.assertIn(part, stop)
        self.config("TEST_HMM", more="CONFIG_TEST_HMM=y\n")
        self.stops(2, "lacks 1 option: CONFIG_TEST_HMM=m", existing.find, self.build)

    def test_the_image_is_the_one_that_was_built_last(self):
        for age, kasan, image in ((0, False, "arch/x86/boot/bzImage"), (9, False, "vmlinux"),
                                  (0, True, "arch/x86/boot/bzImage"), (9, True, None)):
            self.config(more="CONFIG_KASAN=y\n" if kasan else "")
            self.image(age)
            with self.subTest(age=age, kasan=kasan):
                if image:
                    self.assertEqual(self.load().image, self.build / image)
                else:
                    self.stops(2, "bzImage is older than vmlinux; make -C", self.load)

    def test_built_in_place(self):
        for path in self.build.iterdir():
            if path.name != "source":
                path.rename(self.tree / path.name) if path.name != "lib" else shutil.copy(
                    path / "test_hmm.ko", self.tree / "lib")
        (self.tree / "Kbuild").write_text("")
        self.build = self.tree
        self.assertEqual(self.load().source.path, self.tree)

    def test_no_build(self):
        self.stops(2, "has no .config and vmlinux", existing.find, self.tree)
        self.stops(2, "has no .config and vmlinux", existing.find, self.folder / "none")

    def test_nothing_is_written(self):
        def state():
            return {path: path.lstat().st_mtime_ns for path in self.build.rglob("*")}
        before = state()
        self.load()
        self.assertEqual(state(), before)

    def test_its_tree_is_gone(self):
        with mock.patch.object(kconfig, "explain", return_value="x"):
            self.assertEqual(existing.find(self.build).path, self.tree)
