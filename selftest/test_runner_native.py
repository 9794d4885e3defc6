# SPDX-License-Identifier: GPL-2.0
"""The driver of a native run: loaded only with ranges that are reserved, and away again however the
run ends."""

import os
from unittest import mock

import pytest

from base.errors import Interrupted, Stop
from runner.host import Host, NODES
from runner.native import Devices, DEVKMSG

LOADED = "Character devices:\n240 HMM_DMIRROR\n"
MODPROBE = 'echo "modprobe $*" >>{root}/calls; printf "%s" "$LOADED" >{root}/proc/devices\n'
RMMOD = 'echo "rmmod $*" >>{root}/calls; echo nothing >{root}/proc/devices\n'


# A host, a modprobe and a rmmod that exist only here.
@pytest.fixture(name="box")
def box_(box):
    box.root = box.folder
    for name, text in (("proc/devices", "nothing\n"), ("proc/cmdline", "memmap=512M$0x40000000\n"),
                       ("proc/iomem", "00100000-3fffffff : System RAM\n"), ("dev/null", ""),
                       (DEVKMSG, "ratelimit\n"), ("calls", "")):
        (box.root / name).parent.mkdir(parents=True, exist_ok=True)
        (box.root / name).write_text(text)
    tool(box, "modprobe", MODPROBE)
    tool(box, "rmmod", RMMOD)
    box.environment(PATH=f"{box.root / 'bin'}:{os.environ['PATH']}", LOADED=LOADED)
    box.host = Host(box.root, 0, "6.1")
    return box


def tool(box, name: str, text: str) -> None:
    (box.root / "bin").mkdir(exist_ok=True)
    box.script(f"bin/{name}", text.format(root=box.root))


def nodes(box) -> None:
    """The driver's own device nodes, as newer kernels make them."""
    for number in NODES:
        box.host.node(number).write_text("")


def devices(box, spm=None) -> Devices:
    return Devices(box.host, spm, box.say)


def calls(box) -> list[str]:
    return (box.root / "calls").read_text().splitlines()


def test_the_kernel_log_keeps_marks_and_is_put_back(box):
    """However the run ends; where that cannot be set, a line says what helps."""
    path = box.root / DEVKMSG
    nodes(box)
    for before in ("ratelimit", "off", "on"):
        path.write_text(f"{before}\n")
        with devices(box):
            assert path.read_text() == "on\n"
        assert path.read_text() == f"{before}\n"
    path.write_text("ratelimit\n")
    with pytest.raises(Interrupted), devices(box):
        raise Interrupted(2)
    assert path.read_text() == "ratelimit\n"
    with mock.patch("runner.native.modprobe", side_effect=Stop(3, "x")), pytest.raises(Stop):
        devices(box).__enter__()
    assert path.read_text() == "ratelimit\n" and not any("devkmsg" in line for line in box.said)
    path.unlink()
    path.mkdir()
    with devices(box):
        pass
    assert any("boot with printk.devkmsg=on" in line for line in box.said), box.said


@pytest.mark.parametrize("reason, barred", [
    ("Invalid argument", False), ("Cannot allocate memory", False),
    ("Operation not permitted", True), ("Key was rejected by service", True)])
def test_a_driver_that_the_kernel_refuses_is_the_tests_to_fail(box, reason, barred):
    """A host that bars the module is no statement about the kernel."""
    box.environment(HMM_COHERENT_DRIVER_ERROR="")
    tool(box, "modprobe", f'echo "modprobe: ERROR: could not insert: {reason}" >&2; exit 1\n')
    if barred:
        box.stops(3, reason, devices(box).__enter__)
    else:
        with devices(box):
            assert reason in os.environ["HMM_COHERENT_DRIVER_ERROR"]


@pytest.mark.parametrize("spm, first, second", [
    (None, 0x40000000, 0x50000000), ((0x60000000, 0x80000000), 0x60000000, 0x80000000)])
def test_loaded_with_what_is_reserved_or_given_and_unloaded(box, spm, first, second):
    nodes(box)
    with devices(box, spm):
        assert calls(box) == [
            f"modprobe test_hmm spm_addr_dev0={first:#x} spm_addr_dev1={second:#x}"]
    assert calls(box)[1:] == ["rmmod test_hmm"]
    assert all(box.host.node(number).exists() for number in NODES)


def test_a_driver_that_was_there_stays(box):
    nodes(box)
    (box.root / "proc/devices").write_text(LOADED)
    with devices(box):
        pass
    assert calls(box) == []


def test_unloaded_after_an_interrupt(box):
    nodes(box)
    with pytest.raises(Interrupted), devices(box):
        raise Interrupted(2)
    assert calls(box)[1:] == ["rmmod test_hmm"]


def test_a_driver_that_cannot_be_unloaded_is_told(box):
    nodes(box)
    tool(box, "rmmod", "echo 'rmmod: ERROR: Module test_hmm is in use' >&2; exit 1\n")
    with devices(box):
        pass
    box.assert_said("in use")


@pytest.mark.skipif(os.geteuid(), reason="only root makes device nodes")
def test_no_coherent_devices_and_nothing_stays(box):
    with pytest.raises(Stop) as caught, devices(box):
        pytest.fail("entered")
    assert "without coherent devices" in str(caught.value)
    assert calls(box)[1:] == ["rmmod test_hmm"]
    assert not any(box.host.node(number).exists() for number in NODES)
