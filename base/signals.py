# SPDX-License-Identifier: GPL-2.0
"""INT, TERM, HUP and QUIT: raised as Interrupted, or only noted while an event loop looks after
them."""

from __future__ import annotations

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
        return  # the run is being cleaned up already, which is bounded
    _pending = number
    if not _deferred:
        raise Interrupted(number)


def install() -> None:
    """From here on an ending signal unwinds the run; one that was ignored from outside (nohup)
    stays so."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _arrived)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)      # run_tests.sh has blocked them


def pending() -> int:
    """The signal that asked for the end, or 0."""
    return _pending


@contextlib.contextmanager
def deferred() -> Iterator[int]:
    """Inside, a signal only makes the yielded descriptor readable; afterwards, call
    raise_pending().

    What starts a machine and follows it is inside, so that no signal falls between start and kill.
    """
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
    """The signal that was only noted now ends the run."""
    if _pending:
        raise Interrupted(_pending)
