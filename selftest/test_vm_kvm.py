# SPDX-License-Identifier: GPL-2.0
"""KVM is believed only after a guest has spoken; a QEMU of all bad habits ends in TCG, soon. Only
what will be the same next time is stored."""

import json
import shutil
import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from vm import kvm
from vm.arch import HOST
from vm_kit import is_running


def shell_seconds() -> float:
    """How long a shell takes to start, here and now."""
    began = time.monotonic()
    subprocess.run(["sh", "-c", ":"], check=True)
    return time.monotonic() - began


# Seconds for a guest that speaks at once, on a loaded machine, too; one that is silent takes all.
PATIENCE = max(0.9, 100 * max(shell_seconds() for _ in range(3)))
REFUSED = "echo 'qemu: error: failed to set MSR 0x10a to 0x69'; kill -ABRT $$"
SPEAKS = "echo kvm runs linux; exec sleep 60"


@pytest.fixture(name="box")
def box_(box):
    device = box.folder / "kvm"
    device.touch()
    tool = box.script("busybox", "true")
    for target, name, value in ((kvm, "DEVICE", device), (kvm.initramfs, "busybox", lambda: tool)):
        box.patch(target, name, value)
    box.kernel = SimpleNamespace(image=box.folder / "under-test", mmio=False, arch=HOST)
    box.ours = build(box, "ours")
    return box


def build(box, name: str, config: str = "CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n",
          source: str = "src/linux") -> Path:
    """A whole build in the cache, as kbuild and vm/kernel.py leave it."""
    folder = box.cache.folder("build", name)
    for file, text in (("vmlinux", name), (".config", config), (".stamp", "{}")):
        (folder / file).write_text(text)
    (folder / "source").symlink_to(box.cache.root / source)
    return folder


def choose(box, behaviour: str = "exit 1", force=None, kernel=True):
    # The same file, whatever it does: a changed QEMU would be tried again.
    qemu = box.folder / "qemu"
    if not qemu.exists():
        box.script("qemu", f"echo $$ >{box.folder}/pid\n. {box.folder}/behaviour")
    (box.folder / "behaviour").write_text(behaviour + "\n")
    box.environment(HMM_COHERENT_QEMU=str(qemu))
    start = time.monotonic()
    accel = kvm.choose(box.cache, force, box.say, box.kernel if kernel else None, PATIENCE)
    assert time.monotonic() - start < 5 * PATIENCE + 3
    if (box.folder / "pid").exists():
        assert not is_running(int((box.folder / "pid").read_text()))
    return accel


@pytest.mark.parametrize("behaviour", [
    "echo SeaBIOS; echo kvm runs linux; exec sleep 60",
    "printf 'kvm runs'; sleep 0.1; printf ' linux'; exec sleep 60"])
def test_a_guest_that_speaks(box, behaviour):
    accel = choose(box, behaviour)
    assert accel.name == "kvm" and accel.why.startswith("proven, tested ")


def test_bad_habits(box):
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
        for verdict in box.cache.root.glob("kvm-*"):
            verdict.unlink()
        accel = choose(box, behaviour)
        assert accel.name == "tcg"
        assert why in accel.why
        box.assert_said("using TCG")


def test_a_refusal_is_remembered(box):
    """And said each time, with its date and how to ask again; --accel probe asks."""
    choose(box, REFUSED)
    (box.folder / "pid").unlink()
    box.said.clear()
    assert choose(box, SPEAKS).name == "tcg"
    assert not (box.folder / "pid").exists()
    box.assert_said("failed to set MSR")
    box.assert_said(f"tested {time.strftime('%Y-%m-%d')}")
    box.assert_said("--accel probe tests it again")
    assert "failed to set MSR" in kvm.state(box.cache, mmio=False)
    assert choose(box, SPEAKS, force="probe").name == "kvm"
    assert "it runs Linux, tested" in kvm.state(box.cache, mmio=False)


MISHAPS = ("Could not open '/proc/self/fd/8': No such file",
           "kvm_set_user_memory_region failed: Cannot allocate memory",
           "ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy")


def test_a_mishap_is_not_remembered(box):
    for behaviour in ("exit 0", "exit 1", "kill -KILL $$", "exec sleep 60",
                      *(f'echo "qemu: error: {mishap}"; exit 1' for mishap in MISHAPS)):
        assert choose(box, behaviour).name == "tcg"
        assert list(box.cache.root.glob("kvm-*")) == [], behaviour
    box.assert_said("the next run tries again")
    assert choose(box, SPEAKS).name == "kvm"


def test_a_slow_guest_has_as_long_as_a_kernel(box):
    """If its kernel has said something in the first third."""
    late = f"sleep {PATIENCE / 2}; {SPEAKS}"
    assert choose(box, f"echo '[0.0] Linux version 6.1.9'; {late}").name == "kvm"
    accel = choose(box, f"echo SeaBIOS; {late}", force="probe")
    assert (accel.name, "no sign of life of the guest's kernel" in accel.why) == ("tcg", True)
    accel = choose(box, "echo 'Linux version 6.1.9'; exec sleep 60", force="probe")
    assert f"did not reach user space within {PATIENCE:.0f} s" in accel.why


def test_a_kernel_under_test_proves_nothing_against_kvm(box):
    """Its failure may be its own; what it shows for KVM counts."""
    shutil.rmtree(box.ours)
    assert choose(box, REFUSED).name == "tcg"
    assert list(box.cache.root.glob("kvm-*")) == []
    assert choose(box, SPEAKS).name == "kvm"
    (box.folder / "pid").unlink()
    assert choose(box, "exit 0").name == "kvm"
    assert not (box.folder / "pid").exists()


def test_tried_with_a_kernel_of_ours(box):
    """Not with the one that is to run, which may be broken, nor with another that is built."""
    build(box, "of-a-tree", source="../linux")
    build(box, "with-kasan", config="CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\nCONFIG_KASAN=y\n")
    build(box, "half").joinpath(".stamp").unlink()
    speaks = f"case \"$*\" in *{box.ours}/vmlinux*) echo kvm runs linux; exec sleep 60;; esac"
    assert choose(box, speaks).name == "kvm"


@pytest.mark.parametrize("change", [
    lambda box: box.patch(kvm.platform, "release", lambda: "another"),
    lambda box: box.script("qemu", f". {box.folder}/behaviour")], ids=["host", "qemu"])
def test_another_host_or_qemu_is_tried_again(box, change):
    choose(box, REFUSED)
    change(box)
    assert choose(box, SPEAKS).name == "kvm"


def test_each_kind_of_machine_is_tried(box):
    speaks = "case \"$*\" in *microvm*) echo kvm runs linux; exec sleep 60;; esac"
    assert choose(box, speaks).name == "tcg"
    box.kernel.mmio = True
    assert choose(box, speaks).name == "kvm"


def test_a_damaged_verdict_is_forgotten(box):
    choose(box, REFUSED)
    for verdict in box.cache.root.glob("kvm-*"):
        for text in ("", "[]", "{}", "\0", '{"reason": "no date"}'):
            verdict.write_text(text)
            assert choose(box, SPEAKS).name == "kvm"
        assert json.loads(verdict.read_text())["reason"] == ""


def test_asked_for(box):
    for name in ("kvm", "tcg"):
        assert choose(box, force=name).name == name
    assert not (box.folder / "pid").exists()


def test_no_permission(box):
    """It names the group that the device belongs to."""
    with mock.patch.object(kvm.os, "access", return_value=False):
        why = choose(box).why
        assert kvm.state(box.cache) == f"no KVM: {why}"
    group = kvm.grp.getgrgid(os.getegid()).gr_name
    assert f"it needs group {group} (usermod -aG {group} USER)" in why
    assert not (box.folder / "pid").exists()


def test_which_kvm_it_is(box):
    (box.folder / "proc").mkdir()
    (box.folder / "sys/module/kvm_amd").mkdir(parents=True)
    for flags, nested in (("fpu svm", ""), ("fpu svm hypervisor", ", nested")):
        (box.folder / "proc/cpuinfo").write_text(f"flags\t\t: {flags}\n")
        assert kvm.described(box.folder) == f"{kvm.DEVICE} (kvm_amd{nested})"


def test_no_device(box):
    kvm.DEVICE.unlink()
    assert "there is no" in choose(box).why
    assert not (box.folder / "pid").exists()


def test_nothing_to_prove_it_with(box):
    shutil.rmtree(box.ours)
    assert choose(box, kernel=False).name == "tcg"
    assert list(box.cache.root.glob("kvm-*")) == []
