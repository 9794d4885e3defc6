# SPDX-License-Identifier: GPL-2.0
"""KVM is believed only after a guest has spoken; a QEMU of all bad habits ends in TCG, soon."""

import json
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from vm import kvm
from vm_kit import WithCache, is_running

PATIENCE = 0.5


class Probe(WithCache):
    def setUp(self):
        super().setUp()
        device = self.folder / "kvm"
        device.touch()
        tool = self.script("busybox", "true")
        for target, name, value in ((kvm, "DEVICE", device),
                                    (kvm.initramfs, "busybox", lambda: tool)):
            patch = mock.patch.object(target, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.kernel = SimpleNamespace(image=self.folder / "under-test", mmio=False)
        self.ours = self.build("ours")

    def build(self, name: str, config: str = "CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n",
              source: str = "src/linux") -> Path:
        """A whole build in the cache, as kbuild and vm/kernel.py leave it."""
        folder = self.cache.folder("build", name)
        for file, text in (("vmlinux", name), (".config", config), (".stamp", "{}")):
            (folder / file).write_text(text)
        (folder / "source").symlink_to(self.cache.root / source)
        return folder

    def choose(self, behaviour: str = "exit 1", force=None, kernel=True):
        # The same file, whatever it does: a changed QEMU would be tried again.
        qemu = self.folder / "qemu"
        if not qemu.exists():
            self.script("qemu", f"echo $$ >{self.folder}/pid\n. {self.folder}/behaviour")
        (self.folder / "behaviour").write_text(behaviour + "\n")
        self.environment(HMM_COHERENT_QEMU=str(qemu))
        start = time.monotonic()
        accel = kvm.choose(self.cache, force, self.say, self.kernel if kernel else None, PATIENCE)
        self.assertLess(time.monotonic() - start, PATIENCE + 3)
        if (self.folder / "pid").exists():
            self.assertFalse(is_running(int((self.folder / "pid").read_text())))
        return accel

    def test_a_guest_that_speaks(self):
        accel = self.choose("echo SeaBIOS; echo kvm runs linux; exec sleep 60")
        self.assertEqual((accel.name, accel.why), ("kvm", "proven"))

    def test_a_word_in_pieces(self):
        self.assertEqual(self.choose("printf 'kvm runs'; sleep 0.1; printf ' linux'; exec sleep "
                                     "60").name, "kvm")

    def test_bad_habits(self):
        for behaviour, why in (
            ("echo 'qemu: error: failed to set MSR 0x10a'; echo 'Assertion failed.'; kill -ABRT $$",
             "failed to set MSR"),
            ("exec sleep 60", "no sign of life"),
            ("echo SeaBIOS; exec sleep 60", "no sign of life"),
            ("echo SeaBIOS; while :; do :; done", "no sign of life"),
            ("trap '' TERM; while :; do sleep 0.05; done", "no sign of life"),
            ("while :; do echo noise; sleep 0.01; done", "no sign of life"),
            ("exit 0", "and printed nothing"),
            ("echo kvm runs; echo linux; exit 0", "QEMU ended: linux"),
            ("printf 'a\\033[2Jb\\n'; exit 1", "QEMU ended: a?[2Jb"),
        ):
            with self.subTest(behaviour):
                for verdict in self.cache.root.glob("kvm-*"):
                    verdict.unlink()
                accel = self.choose(behaviour)
                self.assertEqual(accel.name, "tcg")
                self.assertIn(why, accel.why)
                self.assert_said("using TCG")

    def test_the_verdict_is_remembered(self):
        self.choose("exit 0")
        (self.folder / "pid").unlink()
        self.assertEqual(self.choose("echo kvm runs linux; sleep 60").name, "tcg")
        self.assertFalse((self.folder / "pid").exists())

    def test_a_kernel_under_test_proves_nothing_against_kvm(self):
        """Its failure may be its own; what it shows for KVM counts."""
        shutil.rmtree(self.ours)
        self.assertEqual(self.choose("exit 0").name, "tcg")
        self.assertEqual(list(self.cache.root.glob("kvm-*")), [])
        self.assertEqual(self.choose("echo kvm runs linux; exec sleep 60").name, "kvm")
        (self.folder / "pid").unlink()
        self.assertEqual(self.choose("exit 0").name, "kvm")
        self.assertFalse((self.folder / "pid").exists())

    def test_tried_with_a_kernel_of_ours(self):
        """Not with the one that is to run, which may be broken, nor with another that is built."""
        self.build("of-a-tree", source="../linux")
        self.build("with-kasan", config="CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\nCONFIG_KASAN=y\n")
        self.build("half").joinpath(".stamp").unlink()
        speaks = f"case \"$*\" in *{self.ours}/vmlinux*) echo kvm runs linux; exec sleep 60;; esac"
        self.assertEqual(self.choose(speaks).name, "kvm")

    def test_a_late_guest_is_not_remembered(self):
        self.assertEqual(self.choose("exec sleep 60").name, "tcg")
        self.assertEqual(list(self.cache.root.glob("kvm-*")), [])
        self.assertEqual(self.choose("echo kvm runs linux; exec sleep 60").name, "kvm")

    def test_for_this_host_only(self):
        self.choose("exit 0")
        with mock.patch.object(kvm.platform, "release", return_value="another"):
            self.assertEqual(self.choose("echo kvm runs linux; exec sleep 60").name, "kvm")

    def test_another_qemu_is_tried_again(self):
        self.choose("exit 0")
        self.script("qemu", f". {self.folder}/behaviour")
        self.assertEqual(self.choose("echo kvm runs linux; exec sleep 60").name, "kvm")

    def test_each_kind_of_machine_is_tried(self):
        speaks = "case \"$*\" in *microvm*) echo kvm runs linux; exec sleep 60;; esac"
        self.assertEqual(self.choose(speaks).name, "tcg")
        self.kernel.mmio = True
        self.assertEqual(self.choose(speaks).name, "kvm")

    def test_a_damaged_verdict_is_forgotten(self):
        self.choose("exit 0")
        for verdict in self.cache.root.glob("kvm-*"):
            for text in ("", "[]", "{}", "\0"):
                verdict.write_text(text)
                self.assertEqual(self.choose("echo kvm runs linux; exec sleep 60").name, "kvm")
            self.assertEqual(json.loads(verdict.read_text()), {"reason": ""})

    def test_asked_for(self):
        for name in ("kvm", "tcg"):
            self.assertEqual(self.choose(force=name).name, name)
        self.assertFalse((self.folder / "pid").exists())

    def test_no_device(self):
        kvm.DEVICE.unlink()
        self.assertIn("there is no", self.choose().why)
        self.assertFalse((self.folder / "pid").exists())

    def test_nothing_to_prove_it_with(self):
        shutil.rmtree(self.ours)
        self.assertEqual(self.choose(kernel=False).name, "tcg")
        self.assertEqual(list(self.cache.root.glob("kvm-*")), [])
