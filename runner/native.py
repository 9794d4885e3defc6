# SPDX-License-Identifier: GPL-2.0
"""A run on this host: its machine, and the devices it needs."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

from base.errors import CANNOT, Stop
from runner.host import NODES, Host
from base.files import TOP
from runner.work import Work
from base import child

MODULE = "test_hmm"
# By sys.path: an entry of PYTHONPATH ends at a colon.
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runner import here; here.main()"


class Native:
    """runner/here.py as a child process: the same shape as vm.qemu.Guest."""

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
        """Start it; dying with us by SIGTERM, it takes its programs along."""
        job = os.memfd_create("job")
        os.write(job, self._job)
        os.lseek(job, 0, os.SEEK_SET)
        self.results_fd, results = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(results, True)
        try:
            with open(self.console_path, "wb") as console:
                self.proc = child.spawn(self.command, death_signal=signal.SIGTERM, stdin=job, stdout=results,
                                        stderr=console)
        finally:
            os.close(results)
            os.close(job)

    def kill(self) -> None:
        """End it; may be called again."""
        if self.proc:
            child.end(self.proc, grace=5.0)

    def ended_from_outside(self) -> str:
        """What it runs on is the kernel under test, so whatever ends it may be that."""
        return ""


class Devices:
    """test_hmm with its coherent devices; what was loaded or made here is taken away again."""

    def __init__(self, host: Host, spm: tuple[int, int] | None, say):
        self.host, self.spm, self.say = host, spm, say
        self._loaded = False
        self._made: list[Path] = []

    def __enter__(self) -> Devices:
        try:
            self._provide()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _provide(self) -> None:
        if not self.host.loaded():
            first, second = self.spm or self.host.ranges()[:2]
            self.say(f"loading {MODULE} with device memory at {first:#x} and {second:#x}")
            self._loaded = True
            refused = modprobe(MODULE, f"spm_addr_dev0={first:#x}", f"spm_addr_dev1={second:#x}")
            if refused:
                os.environ["HMM_COHERENT_DRIVER_ERROR"] = refused   # the programs fail (driver.loads)
                return
        for number in NODES:
            self._node(number)

    def _node(self, number: int) -> None:
        """Older drivers make no device nodes, so tools/testing/selftests/mm/test_hmm.sh has to; as here."""
        path, major = self.host.node(number), self.host.major()
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(major, number))
            self._made.append(path)
        except FileExistsError:
            pass
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
        except OSError as error:
            raise Stop(CANNOT, f"{path} cannot be opened: {error.strerror}",
                       f"{MODULE} is loaded without coherent devices: rmmod {MODULE}, then run again") from None

    def __exit__(self, *_error) -> None:
        for path in self._made:
            path.unlink(missing_ok=True)
        if self._loaded and self.host.loaded():
            done = subprocess.run(["rmmod", MODULE], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False)
            if done.returncode:
                self.say(f"{MODULE} could not be unloaded: {done.stderr.strip()}")


# What modprobe says where this host does not let the module in, whatever the kernel would make of it.
BARRED = re.compile("not permitted|Permission denied|Key was rejected|Exec format|Invalid module format|not found", re.I)


def modprobe(*words: str) -> str:
    """Load a module; gives why the kernel refused it, or nothing. Stops where this host bars it."""
    try:
        done = subprocess.run(["modprobe", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
    except FileNotFoundError as error:
        raise Stop(CANNOT, f"cannot load {MODULE}: {error}", "apt-get install kmod") from None
    except subprocess.TimeoutExpired:
        return "modprobe did not end within 60 s"
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        if BARRED.search(reason):
            raise Stop(CANNOT, f"cannot load {MODULE}: {reason}", "the kernel log says more; or run with --vm")
        return reason
    return ""
