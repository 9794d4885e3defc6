# SPDX-License-Identifier: GPL-2.0
"""The entry point, which catches every exception.

An error of the suite itself prints one line and says nothing about a kernel: the exit status is 3,
or 128 in a step of git bisect run; never 0, 1 or 125.
"""

import errno
import os
import select
import signal
import sys

from base import errors

BISECTING = "--bisect-step" in sys.argv
# EBADF: stdout is closed.
NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EBADF)
CLOSED_PIPE = 128 + signal.SIGPIPE


def say(text: str) -> None:
    """Print one line on stderr, if that is open."""
    safe = "".join(c if " " <= c <= "~" else " " if c in "\n\t" else f"\\x{ord(c):02x}"
                   for c in text)
    try:
        os.write(2, f"run_tests.sh: {safe[:2000]}\n".encode())
    except OSError:
        pass


def open_closed() -> None:
    """Open standard descriptors that are closed, or the next file opened would get their number. A
    write to one is still an error."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
        if getattr(sys, name) is None:
            errors_ = "backslashreplace" if number == 2 else "surrogateescape"
            setattr(sys, name, open(number, mode, errors=errors_, closefd=False))


def trace_file(error: BaseException) -> str:
    """Write the trace of a bug to a file; returns where, for a message."""
    import tempfile
    import traceback
    try:
        handle, path = tempfile.mkstemp(prefix="hmm-coherent-bug-", suffix=".txt")
        with os.fdopen(handle, "w", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
    except Exception as lost:
        return f"the trace could not be written ({lost}): HMM_COHERENT_DEBUG=1 prints it"
    return f"trace in {path}"


def reader_is_gone() -> bool:
    """The reader of stdout has closed the pipe, as in `--list | head`."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def run() -> int:
    """Run the command line; returns the exit status."""
    from base import child, signals
    signals.install()
    child.adopt_orphans()
    from runner import cli
    status = cli.main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        if status == 0:
            raise
    return errors.bisect_status(status) if BISECTING else status


def cause(error: BaseException) -> BaseException:
    """The interruption during which a clean-up failed, as that of argparse does (3.11), or the
    error itself."""
    one: BaseException | None = error
    while one and not isinstance(one, errors.Interrupted):
        one = one.__context__
    return one or error


def of_exception(error: BaseException) -> int:
    """Print what ended the run; returns the exit status."""
    cannot = errors.ABORT if BISECTING else errors.CANNOT
    error = cause(error)
    match error:
        case errors.Stop():
            say(str(error))
            return error.in_bisection if BISECTING else error.status
        case errors.Interrupted() | KeyboardInterrupt():
            say("interrupted")
            return getattr(error, "status", 128 + signal.SIGINT)
        case SystemExit():      # argparse, after --help
            sys.stdout.flush()
            return int(error.code or 0) and cannot
        case BrokenPipeError() if reader_is_gone():
            return CLOSED_PIPE
        case ImportError():
            say(f"the suite or this Python ({sys.executable}) is not complete: {error}")
        case OSError() if error.errno in NOT_WRITTEN:
            say(f"cannot write {error.filename or 'to stdout'}: {error.strerror}")
        case _:
            say(f"a bug in the suite, not in the kernel: {error!r:.1000}; {trace_file(error)}")
    if os.environ.get("HMM_COHERENT_DEBUG") == "1":
        import traceback
        traceback.print_exception(error)
    return cannot


def main() -> int:
    """Run; every exception ends in one line and an exit status, also one that is raised while
    another is handled (a signal, no memory)."""
    os.environ.setdefault("HMM_COHERENT_RUN", os.urandom(16).hex())
    try:
        open_closed()
        return run()
    except BaseException as error:
        caught = error
    for _ in range(3):
        try:
            return of_exception(caught)
        except BaseException as another:
            caught = another
    say(f"a bug in the suite, not in the kernel: {caught!r:.1000}")
    return errors.ABORT if BISECTING else errors.CANNOT


def leave(status: int) -> None:
    """Exit, and leave no process behind. main() has reported an output that cannot be flushed."""
    try:
        from base import child
        child.kill_descendants()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
