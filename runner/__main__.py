# SPDX-License-Identifier: GPL-2.0
"""Entry: the last catch of everything, so that a user never sees a Python trace."""

import os
import select
import signal
import sys

from runner import reap, signals
from runner.errors import ABORT, CANNOT, Interrupted, Stop, bisect_status
from runner.screen import one_line

BISECTING = "--bisect-step" in sys.argv
HAD_ENOUGH = 128 + signal.SIGPIPE


def trace_file() -> str:
    """Keep the trace of a bug of ours where it can be attached to a report."""
    import tempfile
    import traceback
    handle, path = tempfile.mkstemp(prefix="hmm-coherent-bug-", suffix=".txt")
    with os.fdopen(handle, "w") as file:
        traceback.print_exc(file=file)
    return path


def reader_is_gone() -> bool:
    """Who read our output has seen enough of it, as in `--list | head`."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def main() -> int:
    """Run, and turn whatever happens into one line and an exit status."""
    os.environ.setdefault("HMM_COHERENT_RUN", os.urandom(16).hex())
    try:
        signals.install()
        reap.adopt_orphans()
        from runner import cli
        return cli.main(sys.argv[1:])
    except Stop as stop:
        print(f"run_tests.sh: {one_line(str(stop))}", file=sys.stderr)
        return stop.status
    except Interrupted as interrupted:
        print("run_tests.sh: interrupted", file=sys.stderr)
        return interrupted.status
    except SystemExit as done:  # argparse, after --help
        return int(done.code or 0)
    except Exception as error:
        if isinstance(error, BrokenPipeError) and reader_is_gone():
            return HAD_ENOUGH
        if os.environ.get("HMM_COHERENT_DEBUG") == "1":
            import traceback
            traceback.print_exc()
        kept = trace_file()
        print(f"run_tests.sh: a bug of the suite, not of the kernel: {one_line(repr(error))}; trace in {kept}",
              file=sys.stderr)
        return ABORT if BISECTING else CANNOT


def leave(status: int) -> None:
    """Flush what can be flushed and end, with no process left below."""
    reap.kill_descendants()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        if status == 0:
            status = HAD_ENOUGH if isinstance(error, BrokenPipeError) else CANNOT
    os._exit(bisect_status(status) if BISECTING else status)


if __name__ == "__main__":
    leave(main())
