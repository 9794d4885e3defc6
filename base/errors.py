# SPDX-License-Identifier: GPL-2.0
"""Errors that end a run, each with its exit status and one line for the user."""

from collections.abc import Iterable

WRONG_USE = 2
CANNOT = 3
NOTHING_TESTED = 4      # nothing passed and nothing failed

# of several exit statuses, the first of these counts
SEVERITY = (1, CANNOT, WRONG_USE, NOTHING_TESTED, 0)


def worst(statuses: Iterable[int]) -> int:
    """The exit status of several runs; one that was interrupted (128 and more) comes first."""
    def rank(status: int) -> int:
        return SEVERITY.index(status) if status in SEVERITY else -status
    return min(statuses, key=rank)


# Exit statuses for git bisect run, which takes every other one from 1 to 127 for "bad".
GOOD, BAD, UNTESTABLE, ABORT = 0, 1, 125, 128
BISECT_WORDS = {GOOD: "good", BAD: "bad", UNTESTABLE: "skip"}


def bisect_status(status: int) -> int:
    """The exit status for git bisect run of a run that ended with this one."""
    if status in (GOOD, BAD):
        return status
    if status in (CANNOT, NOTHING_TESTED):
        return UNTESTABLE
    return max(status, ABORT)


def bisect_word(status: int) -> str:
    """The verdict of git bisect on a run with this exit status, and its number."""
    number = bisect_status(status)
    return f"{BISECT_WORDS.get(number, 'abort')} ({number})"


class Stop(Exception):
    """The run cannot go on: what is wrong, what to do about it, and the exit status.

    Status 2 is wrong use, 3 is a machine that lacks something or a fault of the suite. Neither says
    anything about the kernel, so a step of a bisection ends the bisection.
    """

    @property
    def in_bisection(self) -> int:
        """The exit status in a step of git bisect run."""
        return max(self.status, ABORT)

    def __init__(self, status: int, what: str, remedy: str = ""):
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.status = status
        self.what = what
        self.remedy = remedy


class Untestable(Stop):
    """This kernel cannot be tested: it does not build, or has no device-coherent memory. A
    bisection skips it."""

    in_bisection = UNTESTABLE


class Interrupted(BaseException):
    """A signal ends the run. Not an Exception, so that no handler for errors catches it."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number
        self.status = 128 + number
