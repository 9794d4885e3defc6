# SPDX-License-Identifier: GPL-2.0
"""The outer guest of `nested`: what it loads, that a lost one is told, and that TCG is no KVM."""

import argparse
import json
from types import SimpleNamespace
from unittest import mock

import pytest

from base.errors import Stop
from dev import nested
from test_vm_initramfs import unpack
from vm_kit import Box

MODULES = {"virtio_pci": "virtio-pci-modern", "virtio-pci-modern": "", "9pnet_virtio": "9pnet",
           "9pnet": "", "9p": "9pnet,netfs", "netfs": "",
            "overlay": "", "kvm-amd": "kvm", "kvm": ""}
RUN = {"info": {"accelerator": {"name": "kvm", "why": "proven"}, "machines": []}, "facts": []}


@pytest.fixture(name="box")
def box_(box: Box):
    box.environment(HMM_COHERENT_CACHE=str(box.cache.root))
    for name, needs in MODULES.items():
        path = box.folder / f"root/lib/modules/6.1/kernel/some/{name}.ko"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0depends=" + needs.encode() + b"\0")
    box.screen = SimpleNamespace(say=box.say, detail=box.say)
    box.options = argparse.Namespace(kernel=["6.1"], results=box.folder / "results", globs=[],
                                     boot_timeout=60, timeout=30)
    box.nested = nested.Nested(box.options, box.screen)
    for name in ("vmlinuz", "initrd"):
        (box.folder / name).write_text("")
    return box


def one(box: Box, qemu: str) -> int:
    """Run with a QEMU that finds the shared folder in $shared."""
    find = ('for word; do case $word in *id=shared*) shared=${word#*path=}; '
            'shared=${shared%%,*} ;; esac; done\n')
    box.environment(HMM_COHERENT_QEMU=str(box.script("qemu", find + qemu)))
    with mock.patch.object(nested.child, "output", return_value=""):
        return box.nested.one("6.1", box.folder)


def test_modules_after_what_they_need(box: Box):
    files = unpack(box.nested.initrd(box.folder / "root"))
    order = files["modules/order"][1].decode().split()
    assert sorted(order) == sorted(f"{name}.ko" for name in MODULES)
    for name, needs in MODULES.items():
        for needed in filter(None, needs.split(",")):
            assert order.index(f"{needed}.ko") < order.index(f"{name}.ko")
    assert set(files) >= {"init", "bin/busybox", "root", "own", "host"}


def test_a_lost_guest_is_started_again_once_and_told(box: Box):
    with pytest.raises(Stop, match="2 outer guests were lost"):
        one(box, "echo 'Kernel panic'; exit 0")
    box.assert_said("the outer guest was lost: Kernel panic; starting it again")
    assert sorted(path.name for path in (box.folder / "results").glob("*/*")) == [
        "outer-1", "outer-2"]


@pytest.mark.parametrize("began, doing", [("", "booting"), ("echo >$shared/began; ", "running")])
def test_a_guest_without_a_sign_of_life(box: Box, began: str, doing: str):
    box.nested.patience = 0.5
    with pytest.raises(Stop, match="2 outer guests were lost"):
        one(box, f"{began}exec sleep 60")
    box.assert_said(f"the outer guest was lost: no sign of life for 0 s (15 times --boot-timeout) "
                    f"while {doing}")


def test_what_is_a_sign_of_life(box: Box):
    """Any file that is new, longer or written again, also in a folder."""
    signs = nested.Signs(box.folder)
    signs.quiet()
    for change in (lambda: (box.folder / "console").write_text("x"),
                   lambda: (box.folder / "console").write_text("xy"),
                   lambda: (box.folder / "results").mkdir(),
                   lambda: (box.folder / "results/stream-1").write_text("x")):
        signs.at = -1e9
        assert signs.quiet() > 1e9
        change()
        assert signs.quiet() < 60


def test_it_is_patient(box: Box):
    """A guest in it may boot, and a test run, many times as long as on a machine with KVM."""
    with pytest.raises(Stop):
        one(box, "exit 0")
    job = next((box.folder / "results").rglob("job")).read_text()
    assert "--boot-timeout 900 --timeout 450" in job and "--jobs 1" in job


def test_what_ran_is_judged(box: Box):
    """By the accelerator, and by the status of the run."""
    text = json.dumps(RUN)
    found = SimpleNamespace(**RUN, seconds=3.0, totals=lambda: dict.fromkeys(
        ("pass", "fail", "xfail", "skip"), 1))
    writes = (f"mkdir $shared/results; echo '{text}' >$shared/results/run.json; "
              "echo x >$shared/log; echo 1 >$shared/status")
    with mock.patch.object(nested.json_out, "read", return_value=found):
        assert one(box, writes) == 1
        box.assert_said("6.1 under kvm (proven)")
        found.info["accelerator"] = {"name": "tcg", "why": "late"}
        box.options.results = box.folder / "again"
        with pytest.raises(Stop, match="no KVM that works: late"):
            one(box, writes)


def test_nothing_ran(box: Box):
    with pytest.raises(Stop, match="nothing ran on 6.1: no such kernel"):
        one(box, "echo 'no such kernel' >$shared/log; echo 3 >$shared/status")


def test_only_where_svm_can_be_emulated(box: Box):
    with mock.patch.object(nested, "HOST", nested.ARCHS["arm64"]), pytest.raises(Stop):
        box.nested.run()
