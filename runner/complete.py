#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
# PYTHON_ARGCOMPLETE_OK
"""Completion of run_tests.sh by argcomplete (Debian: python3-argcomplete). To use it:
eval "$(register-python-argcomplete --external-argcomplete-script \\
        $PWD/runner/complete.py run_tests.sh)"
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from runner import options  # noqa: E402


def names(prefix: str, **_parsed) -> list[str]:
    """Commands, and test names of the programs that are built: a completion builds none."""
    programs = {path.name: path for path in TOP.glob("build/**/hmm_coherent_*")
                if path.is_file() and path.stat().st_mode & 0o100}
    found = [*options.WORDS]
    for path in programs.values():
        done = subprocess.run([path, "--list"], capture_output=True, text=True, check=False)
        found += [line.partition("\t")[0] for line in done.stdout.splitlines()]
    return found


def main() -> None:
    """Print the completions; the shell passes the command line in the environment."""
    import argcomplete
    parser = options.parser()
    actions: list[Any] = parser._actions
    for action in actions:
        if action.dest == "words":
            action.completer = names
        elif action.metavar in ("DIR", "FILE", "SPEC"):
            action.completer = argcomplete.completers.FilesCompleter()
        elif action.nargs != 0 and not action.choices:
            action.completer = argcomplete.completers.SuppressCompleter()
    argcomplete.autocomplete(parser)


if __name__ == "__main__":
    main()
