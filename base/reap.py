# SPDX-License-Identifier: GPL-2.0
"""Nothing outlives a run: orphans become our children, and are killed at its end."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """A process whose parent dies becomes a child of this one, not of pid 1."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _parents() -> dict[int, tuple[int, str, str]]:
    """Of each process: its parent, state and name."""
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
    """The living processes below root, as pid and name; a zombie is not alive."""
    table = _parents()
    below, new = set(), {root}
    while new:
        new = {pid for pid, (parent, _, _) in table.items() if parent in new} - below
        below |= new
    return {pid: table[pid][2] for pid in below if table[pid][1] not in "ZX"}


def collect() -> None:
    """Take the exit status of each child that has ended, so that none stays a zombie."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def kill_descendants(limit: float = 5.0) -> dict[int, str]:
    """Kill everything below this process; gives what SIGKILL did not move within the limit (state D)."""
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
        time.sleep(0.01)  # the exit of a process that is not our child can only be looked at
    collect()
    return {}
