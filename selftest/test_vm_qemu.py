# SPDX-License-Identifier: GPL-2.0
"""A guest's process: its command line, its results channel, and that nothing of it stays behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from base import child
from base.errors import Stop
from vm import qemu
from vm.arch import ARCHS
from vm.kernel import Kernel
from vm_kit import ends, is_running

ORPHAN = """
import os, sys
from base import child
proc = child.spawn(["sleep", "60"])
print(proc.pid, flush=True)
sys.stdin.readline()
"""
DISK_BYTES = 3 << 20
INITRD = bytes(range(256)) * 64
X86, ARM64 = ARCHS["x86_64"], ARCHS["arm64"]
KERNEL, TCG = Kernel(Path("/k"), {}, "6.1.9", hz=250, arch=X86), SimpleNamespace(name="tcg")
# What every fake does first: find its channels and its initramfs among the arguments.
FIND = """
for word; do
	case $word in
	file,id=results,path=*) results=${word##*path=} ;;
	/proc/self/fd/*) initrd=$word ;;
	esac
done
"""


def start_guest(box, behaviour: str, extra: str = "", kernel=None, threads: int = 2) -> qemu.Guest:
    box.environment(HMM_COHERENT_QEMU=str(box.script("qemu", FIND + behaviour)))
    disks = {name: box.folder / f"a,{name}" for name in qemu.DISKS}
    for path in disks.values():
        path.write_bytes(path.name.encode())
        os.truncate(path, DISK_BYTES)
    guest = qemu.Guest(kernel or KERNEL, INITRD, TCG, disks, box.folder, 1, extra, threads=threads)
    box.later(guest.kill)
    guest.start()
    box.later(os.close, guest.results_fd)
    return guest


def read(box, guest: qemu.Guest, limit: float = 60.0) -> bytes:
    os.set_blocking(guest.results_fd, True)
    data, deadline = b"", child.Deadline(limit)
    while deadline.left() > 0:
        piece = os.read(guest.results_fd, 65536)
        if not piece:
            return data
        data += piece
    pytest.fail("the channel was never closed")


def test_nothing_is_left_to_calibrate():
    with mock.patch("vm.qemu.khz", return_value=2_000_000):
        assert " tsc_early_khz=2000000 lpj=8000000 " in qemu.append(KERNEL, TCG)
        assert "lpj=" not in qemu.append(replace(KERNEL, hz=0), TCG)
        assert "lpj=" not in qemu.append(KERNEL, SimpleNamespace(name="kvm"))
    with mock.patch("vm.qemu.khz", return_value=0):
        assert "lpj=" not in qemu.append(KERNEL, TCG)


def test_results_are_byte_exact_and_end(box):
    guest = start_guest(box, f"cat {sys.executable} >$results")
    assert read(box, guest) == Path(sys.executable).read_bytes()


def test_initramfs_is_byte_exact(box):
    assert read(box, start_guest(box, "cat $initrd >$results")) == INITRD


def test_nothing_left_in_the_folder(box):
    guest = start_guest(box, "echo noise")
    guest.proc.wait(5)
    given = {"cache", "qemu", *(path.name for path in guest.disks.values())}
    assert {path.name for path in box.folder.iterdir()} - given == {"console-1.log"}
    assert guest.console_path.read_text() == "noise\n"


def test_command_line(box):
    guest = start_guest(box, "true", "extra=1")
    words = guest.command[guest.command.index("-append") + 1].split(" ")
    assert "memmap=256M$0x40000000" in words
    assert "memmap=256M$0x50000000" in words
    assert words[-1] == "extra=1"
    assert qemu.escape(Path("/a,b/c,raw")) == "/a,,b/c,,raw"


def test_disks_are_in_memory(box):
    """A full disk of the host stops no guest, and no guest changes an image."""
    guest = start_guest(box, """
            for word; do
                case $word in
                if=none,id=*) disk=${word##*file=}; stat -Lc %s $disk
                    tr '\\0' '\\n' <$disk; echo x >$disk ;;
                esac
            done >$results""")
    assert read(box, guest).decode().split() == [word for name in qemu.DISKS
                                                 for word in (str(DISK_BYTES), f"a,{name}")]
    for name, path in guest.disks.items():
        assert path.read_bytes().rstrip(b"\0") == f"a,{name}".encode()
        assert path.stat().st_size == DISK_BYTES


def test_each_kernel_has_the_machine_that_it_knows(box):
    """All devices where it looks for them, and a reset that it can do."""
    for mmio, machine, bus, reset in ((False, "q35", "-pci,", False),
                                      (True, "microvm,acpi=off", "-device,", True)):
        command = start_guest(box, "true", kernel=replace(KERNEL, mmio=mmio)).command
        assert command[command.index("-machine") + 1] == machine + ",memory-backend=memory"
        devices = [word for word in command if word.startswith(("virtio-blk", "virtio-serial-"))]
        assert len(devices) == 1 + len(qemu.DISKS)
        assert all(bus in word for word in devices), devices
        assert ("reboot=t" in command[command.index("-append") + 1].split()) == reset


def test_disks_of_a_profile_and_blocks_of_4_kib(box):
    """More disks come after the usual ones, so that vdc stays the slow one, and one disk only has
    large blocks."""
    guest = start_guest(box, "true")
    guest.disks |= {"xfs": box.folder / "x"}
    disks = [word for word in guest._command("i", "r", 0, dict.fromkeys(guest.disks, 0))
             if word.startswith("virtio-blk-")]
    assert [word.split(",")[1] for word in disks] == [f"drive={name}"
                                                      for name in (*qemu.DISKS, "xfs")]
    assert [word for word in disks if "block_size" in word] == [disks[3]]
    assert disks[3].endswith("serial=hmm-raw-4k,logical_block_size=4096,physical_block_size=4096")


def test_one_thread_for_two_processors(box):
    for threads, word in ((2, "thread=multi"), (1, "thread=single")):
        command = start_guest(box, "true", threads=threads).command
        assert word in command[command.index("-accel") + 1]
    assert qemu.machine(X86, SimpleNamespace(name="kvm"), False,
                        1) == qemu.machine(X86, SimpleNamespace(name="kvm"), False, 2)


def test_device_ranges_are_inside_memory():
    assert X86.memory_mib <= 3072      # below the hole of q35
    for arch, base in ((X86, 0), (ARM64, 1 << 30)):
        for start in arch.spm:
            assert start % (256 << 20) == 0
            assert base <= start and start + (qemu.SPM_SIZE_MIB << 20) <= base + (
                arch.memory_mib << 20)


def test_an_arm64_guest_has_what_its_words_say(box):
    """The kernel's memory ends where the ranges begin, node 1 is the larger one, and vdc is the
    slow disk although the guest numbers its disks from the last one."""
    command = start_guest(box, "true", kernel=replace(KERNEL, mmio=True, arch=ARM64)).command
    words = command[command.index("-append") + 1].split()
    assert "mem=1536M" in words and (1 << 30) + (1536 << 20) == ARM64.spm[0]
    assert "console=ttyAMA0" in words and not any("tsc" in word for word in words)
    assert [word.partition(",")[0] for word in command if word.startswith("virtio-blk")] == [
        "virtio-blk-device"] * 4
    assert [word.split(",")[1] for word in command if word.startswith("if=none")] == [
        "id=raw-4k", "id=slow", "id=raw", "id=ext4"]
    assert command[command.index("-machine") + 1] == "virt,gic-version=max"
    assert [word for word in command if word.startswith("node,")] == [
        "node,nodeid=0,memdev=memory0,cpus=0", "node,nodeid=1,memdev=memory1,cpus=1"]


def test_a_guest_that_waits_for_the_host_does_not_look_stuck():
    """Whatever its architecture; with KVM the kernel's own limits are right."""
    for arch in (X86, ARM64):
        limits = ["watchdog_thresh=30", "rcupdate.rcu_cpu_stall_timeout=60"]
        for accel, wanted in ((TCG, limits), (SimpleNamespace(name="kvm"), [])):
            words = qemu.append(replace(KERNEL, arch=arch), accel).split()
            assert [word for word in words if word.startswith(("watchdog_", "rcupdate.rcu_cpu"))
                    ] == wanted


def test_kill_is_bounded_and_may_be_repeated(box):
    guest = start_guest(box, "trap '' TERM; echo >$results; while :; do sleep 0.05; done")
    os.set_blocking(guest.results_fd, True)
    os.read(guest.results_fd, 1)
    start = time.monotonic()
    guest.kill()
    guest.kill()
    assert time.monotonic() - start < 5
    assert guest.proc.returncode == -signal.SIGKILL


def test_kill_takes_what_qemu_started(box):
    guest = start_guest(box, "sleep 60 & echo $! >$results; wait")
    os.set_blocking(guest.results_fd, True)
    started = int(os.read(guest.results_fd, 100))
    guest.kill()
    assert ends(started)


def test_a_guest_that_is_done_may_go_however_its_word_comes(box):
    for pieces in ((b"ok 1 a\n# guest: done\n",), (b"ok 1 a\n# guest: d", b"one\n"),
                   (b"# guest: done", b"\n"), (b"#", b" guest: done\nx")):
        guest = start_guest(box, "")
        with mock.patch.object(guest, "ask") as ask:
            for piece in (b"# guest: ready\n", *pieces, b"# nothing more\n"):
                guest.answer(piece)
            ask.assert_called_once_with("b")


def test_no_qemu(box):
    box.environment(HMM_COHERENT_QEMU="no-such-qemu")
    box.stops(3, "qemu-system-x86", qemu.binary)


def test_they_die_with_us():
    runner = subprocess.Popen([sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    orphan = int(runner.stdout.readline())
    assert is_running(orphan)
    runner.kill()
    runner.wait()
    runner.stdin.close()
    runner.stdout.close()
    assert ends(orphan)


def test_output_goes_to_the_log(box):
    log = box.folder / "a/log"
    assert child.run(["sh", "-c", "echo out; echo err >&2; exit 3"], log, 5) == 3
    assert log.read_text() == "out\nerr\n"


def test_a_limit_is_a_limit(box):
    start = time.monotonic()
    with pytest.raises(Stop):
        child.run(["sleep", "60"], box.folder / "log", 0.2)
    assert time.monotonic() - start < 5


def test_no_core_files(box):
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    box.later(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
    child.run(["sh", "-c", "ulimit -c"], box.folder / "log", 5)
    assert (box.folder / "log").read_text().strip() == "0"


def test_output_of_what_fails_is_nothing():
    assert child.output(["sh", "-c", "echo x; exit 1"]) == ""
    assert child.output(["no-such-command"]) == ""
    assert child.output(["echo", "x"]) == "x\n"

# The rate of the time stamp counter: steady, or not claimed at all.


def test_the_rate_is_plausible_and_repeatable():
    rates = sorted(qemu.khz() for _ in range(5))
    if rates[0]:
        assert 200_000 < rates[2] < 10_000_000, rates
        assert rates[3] - rates[1] < rates[2] // 100, rates


def test_a_rate_that_cannot_be_measured_is_not_claimed():
    with mock.patch.object(qemu.platform, "machine", return_value="aarch64"):
        assert qemu.khz() == 0
    with mock.patch.object(qemu.mmap, "mmap", side_effect=PermissionError):
        assert qemu.khz() == 0
