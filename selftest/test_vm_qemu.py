# SPDX-License-Identifier: GPL-2.0
"""A guest's process: its command line, its results channel, and that nothing of it stays behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from base import child
from base.errors import Stop
from vm import qemu
from vm_kit import WithCache, ends, is_running

ORPHAN = """
import os, sys
from base import child
proc = child.spawn(["sleep", "60"])
print(proc.pid, flush=True)
sys.stdin.readline()
"""
DISK_BYTES = 3 << 20
INITRD = bytes(range(256)) * 64
KERNEL, TCG = SimpleNamespace(image=Path("/k"), hz=250, mmio=False), SimpleNamespace(name="tcg")
# What every fake does first: find its channels and its initramfs among the arguments.
FIND = """
for word; do
	case $word in
	file,id=results,path=*) results=${word##*path=} ;;
	/dev/fd/*) initrd=$word ;;
	esac
done
"""


class Guests(WithCache):
    def guest(self, behaviour: str, extra: str = "", kernel=None, threads: int = 2) -> qemu.Guest:
        self.environment(HMM_COHERENT_QEMU=str(self.script("qemu", FIND + behaviour)))
        disks = {name: self.folder / f"a,{name}" for name in qemu.DISKS}
        for path in disks.values():
            path.write_bytes(path.name.encode())
            os.truncate(path, DISK_BYTES)
        guest = qemu.Guest(kernel or KERNEL, INITRD, TCG, disks, self.folder, 1, extra,
                           threads=threads)
        self.addCleanup(guest.kill)
        guest.start()
        self.addCleanup(os.close, guest.results_fd)
        return guest

    def read(self, guest: qemu.Guest, limit: float = 60.0) -> bytes:
        os.set_blocking(guest.results_fd, True)
        data, deadline = b"", child.Deadline(limit)
        while deadline.left() > 0:
            piece = os.read(guest.results_fd, 65536)
            if not piece:
                return data
            data += piece
        self.fail("the channel was never closed")

    def test_nothing_is_left_to_calibrate(self):
        with mock.patch("vm.qemu.khz", return_value=2_000_000):
            self.assertIn(" tsc_early_khz=2000000 lpj=8000000 ", qemu.append(KERNEL, TCG))
            self.assertNotIn("lpj=", qemu.append(SimpleNamespace(hz=0, mmio=False), TCG))
            self.assertNotIn("lpj=", qemu.append(KERNEL, SimpleNamespace(name="kvm")))
        with mock.patch("vm.qemu.khz", return_value=0):
            self.assertNotIn("lpj=", qemu.append(KERNEL, TCG))

    def test_results_are_byte_exact_and_end(self):
        guest = self.guest(f"cat {sys.executable} >$results")
        self.assertEqual(self.read(guest), Path(sys.executable).read_bytes())

    def test_initramfs_is_byte_exact(self):
        self.assertEqual(self.read(self.guest("cat $initrd >$results")), INITRD)

    def test_nothing_left_in_the_folder(self):
        guest = self.guest("echo noise")
        guest.proc.wait(5)
        given = {"cache", "qemu", *(path.name for path in guest.disks.values())}
        self.assertEqual({path.name for path in self.folder.iterdir()} - given,
                         {"console-1.log"})
        self.assertEqual(guest.console_path.read_text(), "noise\n")

    def test_command_line(self):
        guest = self.guest("true", "extra=1")
        words = guest.command[guest.command.index("-append") + 1].split(" ")
        self.assertIn("memmap=256M$0x40000000", words)
        self.assertIn("memmap=256M$0x50000000", words)
        self.assertEqual(words[-1], "extra=1")
        self.assertEqual(qemu.escape(Path("/a,b/c,raw")), "/a,,b/c,,raw")
        self.assertLessEqual(qemu.MEMORY_MIB, 3072)

    def test_disks_are_in_memory(self):
        """A full disk of the host stops no guest, and no guest changes an image."""
        guest = self.guest("""
            for word; do
                case $word in
                if=none,id=*) disk=${word##*file=}; stat -Lc %s $disk
                    tr '\\0' '\\n' <$disk; echo x >$disk ;;
                esac
            done >$results""")
        self.assertEqual(self.read(guest).decode().split(),
                         [word for name in qemu.DISKS for word in (str(DISK_BYTES), f"a,{name}")])
        for name, path in guest.disks.items():
            self.assertEqual(path.read_bytes().rstrip(b"\0"), f"a,{name}".encode())
            self.assertEqual(path.stat().st_size, DISK_BYTES)

    def test_each_kernel_has_the_machine_that_it_knows(self):
        """All devices where it looks for them, and a reset that it can do."""
        for mmio, machine, bus, reset in ((False, "q35", "-pci,", False),
                                          (True, "microvm,acpi=off", "-device,", True)):
            command = self.guest("true", kernel=SimpleNamespace(image=Path("/k"), hz=250,
                                                                mmio=mmio)).command
            self.assertEqual(command[command.index("-machine") + 1],
                             machine + ",memory-backend=memory")
            devices = [word for word in command if word.startswith(("virtio-blk",
                                                                    "virtio-serial-"))]
            self.assertEqual(len(devices), 1 + len(qemu.DISKS))
            self.assertTrue(all(bus in word for word in devices), devices)
            self.assertEqual("reboot=t" in command[command.index("-append") + 1].split(), reset)

    def test_one_thread_for_two_processors(self):
        for threads, word in ((2, "thread=multi"), (1, "thread=single")):
            command = self.guest("true", threads=threads).command
            self.assertIn(word, command[command.index("-accel") + 1])
        self.assertEqual(qemu.machine(SimpleNamespace(name="kvm"), False, 1),
                         qemu.machine(SimpleNamespace(name="kvm"), False, 2))

    def test_device_ranges_are_inside_memory(self):
        end = qemu.MEMORY_MIB << 20
        for start in (qemu.SPM0, qemu.SPM1):
            self.assertEqual(start % (256 << 20), 0)
            self.assertLessEqual(start + (qemu.SPM_SIZE_MIB << 20), end)

    def test_kill_is_bounded_and_may_be_repeated(self):
        guest = self.guest("trap '' TERM; echo >$results; while :; do sleep 0.05; done")
        os.set_blocking(guest.results_fd, True)
        os.read(guest.results_fd, 1)
        start = time.monotonic()
        guest.kill()
        guest.kill()
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(guest.proc.returncode, -signal.SIGKILL)

    def test_kill_takes_what_qemu_started(self):
        guest = self.guest("sleep 60 & echo $! >$results; wait")
        os.set_blocking(guest.results_fd, True)
        started = int(os.read(guest.results_fd, 100))
        guest.kill()
        self.assertTrue(ends(started))

    def test_a_guest_that_is_done_may_go_however_its_word_comes(self):
        for pieces in ((b"ok 1 a\n# guest: done\n",), (b"ok 1 a\n# guest: d", b"one\n"),
                       (b"# guest: done", b"\n"), (b"#", b" guest: done\nx")):
            guest = self.guest("")
            with self.subTest(pieces=pieces), mock.patch.object(guest, "ask") as ask:
                for piece in (b"# guest: ready\n", *pieces, b"# nothing more\n"):
                    guest.answer(piece)
                ask.assert_called_once_with("b")

    def test_no_qemu(self):
        self.environment(HMM_COHERENT_QEMU="no-such-qemu")
        self.stops(3, "qemu-system-x86", qemu.binary)


class Children(WithCache):
    def test_they_die_with_us(self):
        runner = subprocess.Popen([sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        orphan = int(runner.stdout.readline())
        self.assertTrue(is_running(orphan))
        runner.kill()
        runner.wait()
        runner.stdin.close()
        runner.stdout.close()
        self.assertTrue(ends(orphan))

    def test_output_goes_to_the_log(self):
        log = self.folder / "a/log"
        self.assertEqual(child.run(["sh", "-c", "echo out; echo err >&2; exit 3"], log, 5), 3)
        self.assertEqual(log.read_text(), "out\nerr\n")

    def test_a_limit_is_a_limit(self):
        start = time.monotonic()
        with self.assertRaises(Stop):
            child.run(["sleep", "60"], self.folder / "log", 0.2)
        self.assertLess(time.monotonic() - start, 5)

    def test_no_core_files(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
        child.run(["sh", "-c", "ulimit -c"], self.folder / "log", 5)
        self.assertEqual((self.folder / "log").read_text().strip(), "0")

    def test_output_of_what_fails_is_nothing(self):
        self.assertEqual(child.output(["sh", "-c", "echo x; exit 1"]), "")
        self.assertEqual(child.output(["no-such-command"]), "")
        self.assertEqual(child.output(["echo", "x"]), "x\n")
