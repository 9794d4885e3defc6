# SPDX-License-Identifier: GPL-2.0
"""What vm/init is in a guest, for this host: runs the plan, says what happens, leaves no process behind.

A process of its own, so that a run here has the same shape as one in a VM: one stream of results, one thing to kill.
It reads its job from stdin, as JSON: `programs`, a list of [path, names]; `timeout`, `seed`; `kmsg`, where to keep
the kernel log; `work`, a folder to make for the tests and to remove again.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
from pathlib import Path

from base import reap
from base import child


def tell(text: str) -> None:
    """A line for the runner, in one write, so that a program's output cannot split it."""
    os.write(1, f"# guest: {text}\n".encode("ascii", "replace"))


class Log:
    """The kernel log from now on, in the raw form of /dev/kmsg, as the guest's init keeps it."""

    def __init__(self, path: Path):
        self.out = open(path, "ab", buffering=0)
        try:
            self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self.fd, 0, os.SEEK_END)
        except OSError as error:
            self.fd = -1
            tell(f"fact kernel-log unreadable: {error.strerror}")

    def copy(self) -> None:
        """Everything that is new."""
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
    """One job on this host."""

    def __init__(self, job: dict):
        self.job = job
        self.work = Path(job["work"])
        self.log = Log(Path(job["kmsg"]))

    def run(self) -> None:
        """The plan, in order."""
        self.work.mkdir(exist_ok=True)
        os.environ.setdefault("HMM_COHERENT_DIR", str(self.work))
        tell("ready")
        for path, names in self.job["programs"]:
            self.run_program(Path(path), names)
        self.clean()
        tell("done")

    def run_program(self, program: Path, names: list[str]) -> None:
        """One program, from start to exit; what it leaves behind is killed and told."""
        tell(f"start {program.name}")
        wanted = os.memfd_create("run-list", 0)
        os.write(wanted, "".join(f"{name}\n" for name in names).encode())
        command = [program, "--run-list", f"/dev/fd/{wanted}", "--timeout", self.job["timeout"],
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
        left = reap.descendants(os.getpid())
        stuck = reap.kill_descendants()
        if left:
            names = ", ".join(sorted(set(left.values())))
            tell(f"left {program.name} left {len(left)} processes behind ({names})")
        if stuck:
            tell(f"broken: {len(stuck)} processes of {program.name} cannot be killed")
            raise SystemExit(1)
        tell(f"exit {program.name} {status if status >= 0 else 128 - status}")

    def wait(self, pid: int) -> None:
        """Until the process has ended, copying the kernel log as it grows."""
        exited = os.pidfd_open(pid)
        while True:
            waiting = [exited] + [self.log.fd] * (self.log.fd >= 0)
            ready = select.select(waiting, [], [])[0]
            self.log.copy()
            if exited in ready:
                os.close(exited)
                return

    def clean(self) -> None:
        """Remove what only the tests needed."""
        shutil.rmtree(self.work, ignore_errors=True)


def main() -> None:
    """The job from stdin, to its end or to SIGTERM, which comes also when the runner dies."""
    reap.adopt_orphans()
    tell(f"up {os.uname().release}")
    here = Here(json.load(sys.stdin))

    def stop(_number: int, _frame) -> None:
        reap.kill_descendants(2.0)
        here.clean()
        os._exit(1)

    signal.signal(signal.SIGTERM, stop)
    try:
        here.run()
    finally:
        here.clean()


if __name__ == "__main__":
    main()
