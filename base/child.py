# SPDX-License-Identifier: GPL-2.0
"""Child processes: they end with their parent, and each wait for one has a limit.

A child asks the kernel for a signal when its parent dies, so that a killed run leaves no QEMU and
no make behind. It checks its parent once more afterwards, since that may have died between fork()
and prctl().
"""

import ctypes
import math
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from base.errors import Stop

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TICK = 1.0      # seconds
# Variables that make git, make, a shell, tar or a compiler work on something else: of a git hook,
# of an outer make, or exported for another project.
LEADS_ELSEWHERE = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_FILE|(ALTERNATE_)?OBJECT_DIRECTOR(Y|IES)|COMMON_DIR|NAMESPACE"
    r"|PREFIX|CEILING_DIRECTORIES|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE|NO_REPLACE_OBJECTS"
    r"|IMPLICIT_WORK_TREE|EXTERNAL_DIFF|DIFF_OPTS|TRACE.*)"
    r"|MAKE(FLAGS|LEVEL|FILES|OVERRIDES|_TERMOUT|_TERMERR)|MFLAGS|GNUMAKEFLAGS|O|V|OUTPUT"
    r"|INSTALL_PATH|KDIR|KBUILD_.*|KCONFIG_.*|ARCH|CROSS_COMPILE|LLVM|CC|LD|HOSTCC"
    r"|(USER|HOST|K)?(CFLAGS|CPPFLAGS|LDFLAGS)|LDLIBS|KHDR_INCLUDES|LOCALVERSION"
    r"|C_INCLUDE_PATH|CPATH|GCC_EXEC_PREFIX|COMPILER_PATH|CDPATH|ENV|BASH_ENV|TAR_OPTIONS"
    r"|XZ_(OPT|DEFAULTS)|POSIXLY_CORRECT")
_libc = ctypes.CDLL(None, use_errno=True)


def dies_with_us(death_signal: int):
    """A preexec function. The child gets the signal when the thread that started it ends, so it
    has to be started by the main thread."""
    parent = os.getpid()

    def before_exec() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))        # QEMU aborts where KVM is broken
        if os.getppid() != parent:
            os._exit(127)
    return before_exec


def environment() -> dict[str, str]:
    """The environment of children: the caller's, without LEADS_ELSEWHERE."""
    return {
        name: value for name, value in os.environ.items() if not LEADS_ELSEWHERE.fullmatch(name)}


def spawn(command: list, *, death_signal: int = signal.SIGKILL, session: bool = True,
          **options) -> subprocess.Popen:
    """Start a child, by default without a terminal and in a process group of its own."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("env", environment())
    return subprocess.Popen([str(part) for part in command], preexec_fn=dies_with_us(death_signal),
                            start_new_session=session, **options)


def end(proc: subprocess.Popen, grace: float = 2.0) -> int:
    """End a child and its process group by SIGTERM, then by SIGKILL. May be called again."""
    for sig, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        if proc.poll() is not None:
            break
        _signal(proc, sig)
        try:
            proc.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    return proc.returncode if proc.returncode is not None else -signal.SIGKILL


def _signal(proc: subprocess.Popen, sig: int) -> None:
    try:
        if os.getpgid(proc.pid) == proc.pid:
            os.killpg(proc.pid, sig)
        else:
            proc.send_signal(sig)
    except ProcessLookupError:
        pass


def run(command: list, log: Path, limit: float | None, *, append: bool = False,
        tick: Callable[[], None] | None = None, **options) -> int:
    """Run a command to its end with all of its output in a log; its exit status. Meanwhile `tick`
    is called about once a second.

    The death signal is SIGTERM: make passes it on to compilers, and apt-get lets dpkg finish.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab" if append else "wb") as out:
        proc = spawn(command, death_signal=signal.SIGTERM, stdout=out, stderr=subprocess.STDOUT,
                     **options)
        deadline = Deadline(limit or math.inf)
        try:
            while True:
                try:
                    return proc.wait(min(deadline.left(), TICK) if tick else limit)
                except subprocess.TimeoutExpired:
                    if not tick or not deadline.left():
                        raise
                tick()
        except subprocess.TimeoutExpired:
            end(proc)
            raise Stop(3, f"{command[0]} did not end within {limit:.0f} s",
                       f"see {log}") from None
        finally:
            end(proc)


def output(command: list, limit: float = 30.0, **options) -> str:
    """What a short command prints on stdout; empty if it fails or does not exist."""
    try:
        proc = spawn(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options)
    except OSError:
        return ""
    try:
        text, _ = proc.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        return ""
    finally:
        end(proc)
    return text.decode(errors="replace") if proc.returncode == 0 else ""


class Deadline:
    """A point in time that waits are measured against."""

    def __init__(self, seconds: float):
        self.at = time.monotonic() + seconds

    def left(self) -> float:
        return max(0.0, self.at - time.monotonic())


# -- processes that a test or a tool left behind


def adopt_orphans() -> None:
    """A process whose parent dies becomes a child of this one, not of pid 1."""
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _parents() -> dict[int, tuple[int, str, str]]:
    """The parent, state and name of each process."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = Path("/proc", entry, "stat").read_text(errors="replace")
            except OSError:
                continue  # it has ended
            name, _, rest = text.partition("(")[2].rpartition(")")
            fields = rest.split()
            found[int(entry)] = int(fields[1]), fields[0], name
    return found


def descendants(root: int) -> dict[int, str]:
    """Processes below root, as pid and name; without zombies."""
    table = _parents()
    below: set[int] = set()
    new = {root}
    while new:
        new = {pid for pid, (parent, _, _) in table.items() if parent in new} - below
        below |= new
    return {pid: table[pid][2] for pid in below if table[pid][1] not in "ZX"}


def collect() -> None:
    """Reap each child that has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def kill_descendants(limit: float = 5.0) -> dict[int, str]:
    """Kill all processes below this one; returns those that SIGKILL did not end within the limit
    (state D)."""
    deadline = time.monotonic() + limit
    while left := descendants(os.getpid()):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        collect()
        if time.monotonic() > deadline:
            return left
        time.sleep(0.01)  # there is no event for the exit of a process that is not a child
    collect()
    return {}
