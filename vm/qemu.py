# SPDX-License-Identifier: GPL-2.0
"""One guest: QEMU's command line, its channels, its start and its end.

Two kinds of machine. On x86-64 a kernel that finds virtio by its command line and has no PCI, as
ours, runs on a microvm: nothing to probe, and a third of the boot is gone. Any other is given a q35
with its devices on PCI. vm/arch.py has what differs between architectures.

Memory on x86-64, by physical address (all below either machine's hole, so nothing moves):

    0           1024 MiB    the kernel's, in two nodes by numa=fake=2; a block of
                            node 1 is made movable
    1024 MiB    1280 MiB    device range 0
    1280 MiB    1536 MiB    device range 1

and on arm64, where memory begins at 1024 MiB:

    1024 MiB    2560 MiB    the kernel's: 512 MiB of node 0, 1024 of node 1
    2560 MiB    2816 MiB    device range 0
    2816 MiB    3072 MiB    device range 1

The device ranges are RAM that the kernel is told to leave alone. `memmap=` needs a plain `$`: there
is no shell between us and the kernel.
"""

import contextlib
import ctypes
import mmap
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from base import child
from base.errors import Stop
from vm import deps
from vm.arch import Arch, HOST

SPM_SIZE_MIB = 256
SLOW_MS = 1
SLOW_SECTORS = 16 * 2048
# Disks have to appear in the guest in this order, and those of a profile after them; vdc carries
# the slow one.
DISKS = ("ext4", "raw", "slow", "raw-4k")
# More words for QEMU's device, by disk.
BLOCKS = {"raw-4k": ",logical_block_size=4096,physical_block_size=4096"}
DONE = b"# guest: done\n"
# qemu_kill_report() of QEMU
TERMINATING = re.compile(r"^\S*qemu\S*: terminating on signal (\d+)", re.M)
TAIL_BYTES = 1 << 16
END_OF_LOG = b"hmm-coherent: end of log"    # vm/init writes it after the last record


def binary(arch: Arch = HOST) -> str:
    """The path of QEMU, or of what HMM_COHERENT_QEMU names."""
    name = os.environ.get("HMM_COHERENT_QEMU", arch.qemu)
    path = shutil.which(name)
    if not path:
        raise Stop(3, f"there is no {name}", deps.remedy(arch.qemu))
    return path


def clock(arch: Arch, accel, hz: int) -> list[str]:
    """Parameters for the TSC, which an x86 guest has to use, since there is no ACPI. KVM tells it
    the rate. With lpj= there is no calibration, which takes a twentieth of the boot."""
    if not arch.tsc:
        return []
    rate = khz() if accel.name == "tcg" else 0
    return ["tsc=reliable", "no_timer_check", *([f"tsc_early_khz={rate}"] if rate else []),
            *([f"lpj={rate * 1000 // hz}"] if rate and hz else [])]


def append(kernel, accel, extra: str = "") -> str:
    """The kernel command line, to which QEMU adds where a microvm has its devices.

    The delay sits in the guest's block layer: a read of /dev/dm-0 waits with its pages pinned, as
    long as a test keeps the device suspended (common/reach/dm_suspend.h) and SLOW_MS more, and then
    returns real data. Writes, by which tests prepare it, do not wait. QEMU's null-co fills
    the page at once and only completes late; its throttling lets the first request through.

    Grace periods of RCU are not waited out but forced at once: io_uring waits for one whenever a
    buffer is unregistered, and several ticks would be most of the time of a cell.
    """
    arch = kernel.arch
    words = [
        f"console={arch.console}", "loglevel=4", "panic=-1", *arch.words,
    # the guest sends the log as it happens; a larger one takes longer to set up
        "log_buf_len=1M", *clock(arch, accel, kernel.hz), "mitigations=off", "random.trust_cpu=on",
        *(arch.mmio_words if kernel.mmio else ()), *(arch.kasan_words if kernel.kasan else ()),
    # do not fill new struct pages with a pattern: that is a tenth of the boot
        "vm_debug=-",
        f'dm-mod.create="hmm-slow,,,rw,0 {SLOW_SECTORS} delay /dev/vdc 0 {SLOW_MS} /dev/vdc 0 0"',
        "rcupdate.rcu_expedited=1", "rcutree.jiffies_till_first_fqs=0",
        "rcutree.jiffies_till_next_fqs=0",
    # a processor that TCG emulates waits for one of the host and looks stuck: 27 s were seen
        *(("watchdog_thresh=30", "rcupdate.rcu_cpu_stall_timeout=60", "LOG_S=1")
          if accel.name == "tcg" else ()),
        *(f"SPM{number}={start:#x}" for number, start in enumerate(arch.spm)), extra, ]
    return " ".join(word for word in words if word)


class Guest:
    """A QEMU process that runs one job."""

    keeps_log = True

    def __init__(self, kernel, initrd: bytes, accel, disks: dict[str, Path], folder: Path,
                 number: int, extra_append: str = "", interactive: bool = False,
                 sends_files: bool = False, threads: int = 2, words: tuple[str, ...] = ()):
        self.kernel, self.initrd, self.accel, self.disks = kernel, initrd, accel, disks
        self.extra_append, self.interactive, self.threads = extra_append, interactive, threads
        self.words = words      # more of QEMU's command line, at its end
        self.console_path = folder / f"console-{number}.log"
        self.kmsg_path = folder / f"kmsg-{number}.log"
        # Where a guest that has files to send puts them, as one tar.
        self.files_path = folder / f"files-{number}.tar" if sends_files else Path(os.devnull)
        self.results_fd = -1
        self.asking: socket.socket
        self._heard = b""
        self.proc: subprocess.Popen
        self.command: list[str] = []
        self._kept = contextlib.ExitStack()     # what kill() ends

    def start(self) -> None:
        """Start QEMU. The initramfs and the disks are in memory and the results go into a pipe:
        nothing to clean up."""
        initrd = os.memfd_create("initrd", 0)
        with open(initrd, "wb", closefd=False) as out:
            out.write(self.initrd)
        disks = {name: in_memory(path) for name, path in self.disks.items()}
        self.results_fd, results = os.pipe()
        self.asking, asked = socket.socketpair()
        self._kept.enter_context(self.asking)
        os.set_blocking(self.results_fd, False)
        self.command = self._command(path_of(initrd), path_of(results), asked.fileno(), disks)
        try:
            with open(self.console_path, "wb") as console:
                quiet: dict = {} if self.interactive else {
                    "stdout": console, "stderr": subprocess.STDOUT}
                self.proc = child.spawn(self.command, pass_fds=(initrd, results, asked.fileno(),
                                                               *disks.values()),
                                        session=not self.interactive,
                                        stdin=None if self.interactive else subprocess.DEVNULL,
                                        **quiet)
            self._kept.callback(child.end, self.proc)
        except OSError as error:
            raise Stop(3, f"cannot start {self.command[0]}: {error.strerror}") from None
        finally:
            for fd in (initrd, results, *disks.values()):
                os.close(fd)
            asked.close()

    def ask(self, letters: str) -> None:
        """Send letters of sysrq to the guest: "w" prints blocked tasks to the kernel log, "l" what
        each processor does, "b" ends a guest that is done. The guest's init has to be running."""
        try:
            self.asking.sendall("".join(f"{letter}\n" for letter in letters).encode())
        except OSError:
            pass        # it has just ended

    def answer(self, said: bytes) -> None:
        """Let a guest that is done end; for callers that read its results themselves."""
        heard = self._heard + said
        if DONE in heard:
            self.ask("b")
        self._heard = heard[1 - len(DONE):]     # the line may come in two pieces

    def kill(self) -> None:
        """End QEMU; may be called again."""
        self._kept.close()

    def ended_from_outside(self) -> str:
        """What ended QEMU, if that was not its guest; empty otherwise. QEMU must have ended.

        A guest that panics, faults three times or powers off resets the machine, and with
        -no-reboot QEMU then ends with 0. A guest cannot send a signal to QEMU. QEMU prints a
        signal on which it terminates, and ends with 0, too.
        """
        status = self.proc.returncode
        if status < 0:
            return f"QEMU was killed by {signal.Signals(-status).name}"
        said = tail(self.console_path)
        if status:
            return f"QEMU ended with exit status {status}{last_words(said)}"
        obeyed = TERMINATING.search(said)
        return f"QEMU was ended by {signal.Signals(int(obeyed[1])).name}" if obeyed else ""

    def _command(self, initrd: str, results: str, asked: int, disks: dict[str, int]) -> list[str]:
        kernel = self.kernel
        bus = "device" if kernel.mmio else "pci"
        command = [
            binary(kernel.arch), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            *machine(kernel.arch, self.accel, kernel.mmio, self.threads), "-smp", "2,sockets=2",
            "-kernel", str(kernel.image), "-initrd", initrd,
            "-append", append(kernel, self.accel, self.extra_append),
            "-device", f"virtio-serial-{bus},max_ports=5"]
        for name, kind, where in (("results", "file", f"path={results}"),
                                  ("log", "file", f"path={escape(self.kmsg_path)}"),
                                  ("files", "file", f"path={escape(self.files_path)}"),
                                  ("sysrq", "socket", f"fd={asked}")):
            command += ["-chardev", f"{kind},id={name},{where}",
                        "-device", f"virtserialport,chardev={name},name=hmm.{name}"]
        console = escape(self.console_path)
        kept = (f"stdio,id=console,mux=on,signal=off,logfile={console}" if self.interactive
                else f"file,id=console,append=on,path={console}")
        command += ["-chardev", kept, "-serial", "chardev:console"]
        order = reversed(disks) if kernel.arch.disks_reversed else disks
        for name in order:
            place = f"format=raw,cache=unsafe,file={path_of(disks[name])}"
            command += ["-drive", f"if=none,id={name},{place}",
                        "-device",
                        f"virtio-blk-{bus},drive={name},serial=hmm-{name}{BLOCKS.get(name, '')}"]
        return [*command, *self.words]


def machine(arch: Arch, accel, mmio: bool, threads: int = 2) -> list[str]:
    """Machine, memory and processor for an accelerator. TCG's code cache is limited: its default is
    1 GiB. With one thread TCG runs both processors in turn, and one that waits for the other gives
    way; two threads on one processor of the host spin instead, for as long as the host lets them.
    """
    kind = arch.mmio_machine if mmio else arch.machine
    memory = ["-m", f"{arch.memory_mib}M"]
    words = ["-global", "virtio-mmio.force-legacy=off"] if mmio else []
    if len(arch.nodes) > 1:
        for node, mib in enumerate(arch.nodes):
            memory += ["-object", f"memory-backend-memfd,id=memory{node},size={mib}M",
                       "-numa", f"node,nodeid={node},memdev=memory{node},cpus={node}"]
    elif accel.name == "tcg":
        # In a memfd, memory is cleared by the page where it would be by 2 MiB otherwise, for a
        # guest that boots a fifth of the time.
        memory += ["-object", f"memory-backend-memfd,id=memory,size={arch.memory_mib}M"]
        kind += ",memory-backend=memory"
    if accel.name == "kvm":
        return [*memory, "-machine", kind, *words, "-accel", "kvm", "-cpu", "host"]
    return [*memory, "-machine", kind, *words, "-accel",
            f"tcg,thread={'multi' if threads > 1 else 'single'},tb-size=128", "-cpu", arch.cpu]


def in_memory(image: Path) -> int:
    """A memfd with the bytes of a disk image, and its holes. With snapshot=on QEMU keeps what the
    guest writes in a file below /var/tmp; when that disk is full it stops the guest, which then
    looks like a kernel that hangs."""
    memory = os.memfd_create(image.name, 0)
    with open(image, "rb", buffering=0) as source:
        size, at = os.fstat(source.fileno()).st_size, 0
        os.truncate(memory, size)
        while at < size:
            try:
                at = os.lseek(source.fileno(), at, os.SEEK_DATA)
            except OSError:     # ENXIO: only a hole is left
                break
            end = os.lseek(source.fileno(), at, os.SEEK_HOLE)
            at += os.pwrite(memory, os.pread(source.fileno(), min(end - at, 1 << 20), at), at)
    return memory


def tail(path: Path) -> str:
    """The end of a file; empty if it does not exist."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read().decode("latin-1")
    except OSError:
        return ""


def last_words(text: str) -> str:
    """QEMU's error message, else its last line; for the end of a message."""
    lines = [re.sub(r"[^ -~]", "?", line) for line in text.splitlines() if line.strip()]
    error = next((line.partition(" error: ")[2] for line in lines if " error: " in line), "")
    return f": {error or lines[-1]}"[:120] if lines else " and printed nothing"


def path_of(fd: int) -> str:
    """The path by which QEMU opens a descriptor that it has inherited. Not /dev/fd, which is only a
    link that some systems lack."""
    return f"/proc/self/fd/{fd}"


def escape(path: Path) -> str:
    """A path inside a QEMU option, where a comma ends the value."""
    return str(path).replace(",", ",,")


# -- the time stamp counter


RDTSC = bytes.fromhex("0f31" "48c1e220" "4809d0" "c3")     # rdtsc; shl $32,%rdx; or %rdx,%rax; ret
SPAN_NS = 5_000_000


def khz() -> int:
    """The rate in kHz; 0 if it cannot be measured: other architecture, no executable mmap()."""
    if platform.machine() != "x86_64":
        return 0
    try:
        memory = mmap.mmap(-1, mmap.PAGESIZE,
                           prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return 0
    memory.write(RDTSC)
    place = ctypes.c_char.from_buffer(memory)
    count = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(place))
    first, start = count(), time.monotonic_ns()
    while time.monotonic_ns() - start < SPAN_NS:
        pass
    last, end = count(), time.monotonic_ns()
    return (last - first) * 1_000_000 // (end - start)
