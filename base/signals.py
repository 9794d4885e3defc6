# SPDX-License-Identifier: GPL-2.0
"""INT, TERM, HUP and QUIT are raised as Interrupted; inside deferred() they wake an event loop."""

import contextlib
import os
import signal
from collections.abc import Iterator

from base.errors import Interrupted

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

_deferred = False
_pending = 0


def _arrived(number: int, _frame) -> None:
    global _pending
    if _pending:
        return  # the run is ending already
    _pending = number
    if not _deferred:
        raise Interrupted(number)


def install() -> None:
    """Raise Interrupted on these signals from now on; one that is ignored (nohup) stays ignored."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _arrived)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)      # run_tests.sh has blocked them


def pending() -> int:
    """The signal that has arrived, or 0."""
    return _pending


@contextlib.contextmanager
def deferred() -> Iterator[int]:
    """Inside, a signal only makes the yielded descriptor readable, so that none arrives between the
    start of a machine and its kill. Call raise_pending() afterwards."""
    global _deferred
    awake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    _deferred = True
    try:
        yield awake
    finally:
        _deferred = False
        signal.set_wakeup_fd(before)
        os.close(awake)
        os.close(wake)


def raise_pending() -> None:
    """Raise Interrupted if a signal arrived inside deferred()."""
    if _pending:
        raise Interrupted(_pending)
