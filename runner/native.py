# SPDX-License-Identifier: GPL-2.0
"""A run on this host: its machine, and the devices it needs."""

import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

from base import child
from base.errors import CANNOT, Stop
from base.files import TOP
from vm import deps
from runner.host import Host, NODES
from runner.work import Work

MODULE = "test_hmm"
DEVKMSG = "proc/sys/kernel/printk_devkmsg"
# Not with PYTHONPATH, whose entries end at a colon.
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runner import native; native.main()"


class Native:
    """This host as a machine, like vm.qemu.Guest: a child process that runs this module."""

    keeps_log = False

    def __init__(self, work: Work, timeout: int, seed: int, folder: Path, number: int):
        self.console_path = folder / f"console-{number}.log"
        self.kmsg_path = folder / f"kmsg-{number}.log"
        self.command = [sys.executable, "-I", "-S", "-c", START, str(TOP)]
        self.proc: subprocess.Popen | None = None
        self.results_fd = -1
        self._job = json.dumps({
            "programs": [[str(batch.program), batch.names] for batch in work.batches],
            "timeout": timeout, "seed": seed, "kmsg": str(self.kmsg_path),
            "work": str(folder / "work")}).encode()

    def start(self) -> None:
        """Start the child process. SIGTERM as its death signal lets it kill its programs."""
        job = os.memfd_create("job")
        os.write(job, self._job)
        os.lseek(job, 0, os.SEEK_SET)
        self.results_fd, results = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(results, True)
        try:
            with open(self.console_path, "wb") as console:
                self.proc = child.spawn(self.command, death_signal=signal.SIGTERM, stdin=job,
                                        stdout=results, stderr=console)
        finally:
            os.close(results)
            os.close(job)

    def kill(self) -> None:
        """End the child process; may be called again."""
        if self.proc:
            child.end(self.proc, grace=5.0)

    def ended_from_outside(self) -> str:
        """Empty: the kernel under test may be the cause of any end."""
        return ""


class Devices:
    """Loads test_hmm, makes its device nodes and lets the kernel log keep the marks of tests; takes
    all of it back at the end."""

    def __init__(self, host: Host, spm: tuple[int, int] | None, say):
        self.host, self.spm, self.say = host, spm, say
        self._loaded = False
        self._made: list[Path] = []
        self._devkmsg = ""      # what it was before

    def __enter__(self) -> "Devices":
        try:
            self._keep_marks()
            self._provide()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _keep_marks(self) -> None:
        """With printk_devkmsg=ratelimit, the default, the kernel drops most of what is written to
        /dev/kmsg (devkmsg_write()), and with "off" all of it."""
        path = self.host.root / DEVKMSG
        try:
            before = path.read_text().strip()
            if before != "on":
                path.write_text("on\n")
                self._devkmsg = before
        except OSError as error:
            self.say(f"/{DEVKMSG} stays as it is ({error.strerror}), and the kernel log may lack "
                     "marks of tests: boot with printk.devkmsg=on")

    def _provide(self) -> None:
        if not self.host.loaded():
            first, second = self.spm or self.host.ranges()[:2]
            self.say(f"loading {MODULE} with device memory at {first:#x} and {second:#x}")
            self._loaded = True
            refused = modprobe(MODULE, f"spm_addr_dev0={first:#x}", f"spm_addr_dev1={second:#x}")
            if refused:
                # the programs fail (driver.loads)
                os.environ["HMM_COHERENT_DRIVER_ERROR"] = refused
                return
        for number in NODES:
            self._node(number)

    def _node(self, number: int) -> None:
        """Make a device node, as tools/testing/selftests/mm/test_hmm.sh does: older drivers make
        none."""
        path, major = self.host.node(number), self.host.major()
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(major, number))
            self._made.append(path)
        except FileExistsError:
            pass
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
        except OSError as error:
            raise Stop(
                CANNOT, f"{path} cannot be opened: {error.strerror}",
                f"{MODULE} is loaded without coherent devices: rmmod {MODULE}, then run again"
            ) from None

    def __exit__(self, *_error) -> None:
        if self._devkmsg:
            (self.host.root / DEVKMSG).write_text(f"{self._devkmsg}\n")
            self._devkmsg = ""
        for path in self._made:
            path.unlink(missing_ok=True)
        if self._loaded and self.host.loaded():
            done = subprocess.run(["rmmod", MODULE], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, check=False)
            if done.returncode:
                self.say(f"{MODULE} could not be unloaded: {done.stderr.strip()}")


# Messages of modprobe on a host that does not allow the module, whatever the kernel is.
BARRED = re.compile(
    "not permitted|Permission denied|Key was rejected|Exec format|Invalid module format|not found",
    re.I)


def modprobe(*words: str) -> str:
    """Load a module; returns why the kernel refused it, or nothing. Stop if this host bars it."""
    try:
        done = subprocess.run(["modprobe", *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise Stop(CANNOT, f"cannot load {MODULE}: {error}", deps.remedy("modprobe")) from None
    except subprocess.TimeoutExpired:
        return "modprobe did not end within 60 s"
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        if BARRED.search(reason):
            raise Stop(CANNOT, f"cannot load {MODULE}: {reason}",
                       "the kernel log says more; or run with --vm")
        return reason
    return ""


# -- the process that runs the programs


def tell(text: str) -> None:
    """Write a line for the runner, in one write, so that no output of a program splits it."""
    os.write(1, f"# guest: {text}\n".encode("ascii", "replace"))


class Log:
    """The kernel log from now on, in the format of /dev/kmsg, as vm/init sends it."""

    def __init__(self, path: Path):
        self.out = open(path, "ab", buffering=0)
        try:
            self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self.fd, 0, os.SEEK_END)
        except OSError as error:
            self.fd = -1
            tell(f"fact kernel-log unreadable: {error.strerror}")

    def copy(self) -> None:
        """Copy the new records."""
        while self.fd >= 0:
            try:
                self.out.write(os.read(self.fd, 8192))
            except BlockingIOError:
                return
            except BrokenPipeError:
                continue  # records were overwritten before they were read
            except OSError:
                os.close(self.fd)
                self.fd = -1


class Here:
    """Runs the programs of one job on this host."""

    def __init__(self, job: dict):
        self.job = job
        self.work = Path(job["work"])
        self.log = Log(Path(job["kmsg"]))

    def run(self) -> None:
        """Run all programs, in order."""
        self.work.mkdir(exist_ok=True)
        os.environ.setdefault("HMM_COHERENT_DIR", str(self.work))
        tell("ready")
        for path, names in self.job["programs"]:
            self.run_program(Path(path), names)
        self.clean()
        tell("done")

    def run_program(self, program: Path, names: list[str]) -> None:
        """Run one program; kill and report the processes that it leaves behind."""
        tell(f"start {program.name}")
        wanted = os.memfd_create("run-list", 0)
        os.write(wanted, "".join(f"{name}\n" for name in names).encode())
        command = [program, "--run-list", f"/proc/self/fd/{wanted}",
                   "--timeout", self.job["timeout"],
                   "--seed", self.job["seed"]]
        try:
            proc = child.spawn(command, pass_fds=[wanted])
        except OSError as error:
            tell(f"broken: {program.name} cannot be started: {error.strerror}")
            raise SystemExit(1) from None
        finally:
            os.close(wanted)
        self.wait(proc.pid)
        status = proc.wait()
        self.log.copy()
        left = child.descendants(os.getpid())
        stuck = child.kill_descendants()
        if left:
            who = ", ".join(sorted(set(left.values())))
            tell(f"left {program.name} left {len(left)} processes behind ({who})")
        if stuck:
            tell(f"broken: {len(stuck)} processes of {program.name} cannot be killed")
            raise SystemExit(1)
        tell(f"exit {program.name} {status if status >= 0 else 128 - status}")

    def wait(self, pid: int) -> None:
        """Copy the kernel log as it grows, until the process has ended."""
        exited = os.pidfd_open(pid)
        while True:
            waiting = [exited] + [self.log.fd] * (self.log.fd >= 0)
            ready = select.select(waiting, [], [])[0]
            self.log.copy()
            if exited in ready:
                os.close(exited)
                return

    def clean(self) -> None:
        """Remove the files of the tests."""
        shutil.rmtree(self.work, ignore_errors=True)


def main() -> None:
    """Run the job on stdin, until SIGTERM, which the kernel also sends when the runner dies."""
    child.adopt_orphans()
    tell(f"up {os.uname().release}")
    here = Here(json.load(sys.stdin))

    def stop(_number: int, _frame) -> None:
        child.kill_descendants(2.0)
        here.clean()
        os._exit(1)

    signal.signal(signal.SIGTERM, stop)
    try:
        here.run()
    finally:
        here.clean()


if __name__ == "__main__":
    main()
