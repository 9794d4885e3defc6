# SPDX-License-Identifier: GPL-2.0
"""What ends a run early, with the one line its user reads."""

from __future__ import annotations

from collections.abc import Iterable

WRONG_USE = 2
CANNOT = 3

SEVERITY = (1, 3, 2, 4, 0)      # of several exit statuses, the first of these counts


def worst(statuses: Iterable[int]) -> int:
    """The one that counts. That a run was interrupted (128 and more) comes before everything:
    nobody knows what it would have said."""
    def rank(status: int) -> int:
        return SEVERITY.index(status) if status in SEVERITY else -status
    return min(statuses, key=rank)


# What git bisect run understands. Every status between 1 and 127 that it does not know it takes for
# "bad".
GOOD, BAD, UNTESTABLE, ABORT = 0, 1, 125, 128
BISECT_WORDS = {GOOD: "good", BAD: "bad", UNTESTABLE: "skip"}


def bisect_status(status: int) -> int:
    """An exit status that a run has come to by its results, as git bisect run has to see it."""
    if status in (GOOD, BAD):
        return status
    if status in (CANNOT, 4):
        return UNTESTABLE
    return max(status, ABORT)


def bisect_word(status: int) -> str:
    """What git bisect makes of a run with this exit status, and the number that tells it."""
    number = bisect_status(status)
    return f"{BISECT_WORDS.get(number, 'abort')} ({number})"


class Stop(Exception):
    """The run cannot go on: what is wrong, what to do about it, and the exit status that says so.

    Status 2 is wrong use, 3 is a machine that cannot or an instrument that is broken. Neither says
    anything about the kernel, so a step of a bisection then ends the bisection.
    """

    @property
    def in_bisection(self) -> int:
        """The exit status of a step of git bisect run that ends with this."""
        return max(self.status, ABORT)

    def __init__(self, status: int, what: str, remedy: str = ""):
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.status = status
        self.what = what
        self.remedy = remedy


class Untestable(Stop):
    """This kernel cannot be tested and another one may be: it does not build, or has no
    device-coherent memory. A bisection skips it."""

    in_bisection = UNTESTABLE


class Interrupted(BaseException):
    """A signal asked the run to end; not an Exception, so that no handler for errors swallows it.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number
        self.status = 128 + number
