# SPDX-License-Identifier: GPL-2.0
"""What a person reads: messages, and on a terminal one moving line."""

import os
import sys

from report.ktap import quote


def one_line(text: str, limit: int = 1000) -> str:
    """Text that may come from anywhere, made safe for a terminal and for one line."""
    return quote(text.replace("\n", " ").replace("\t", " "))[:limit]


def shown(path) -> str:
    """A path as a user best finds it: from where he stands, if it is below."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


class Screen:
    """Everything for a person goes through here, so that the moving line is never torn.

    It goes to stderr, or with `on_stdout` to the terminal that stdout is.
    """

    def __init__(self, verbose: bool = False, stream=None, on_stdout: bool = False,
                 moving: bool = True):
        # An own stream: what a terminal that is gone did not take is not flushed again at the end.
        self.stream = stream or (open(1, "w", errors="backslashreplace", closefd=False)
                                 if on_stdout else sys.stderr)
        self.on_stdout, self.verbose = on_stdout, verbose
        self.terminal = self.stream.isatty()
        knows = self.terminal and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = knows and not os.environ.get("NO_COLOR")
        self.moves, self._moving = knows and moving, False

    def width(self) -> int:
        """Columns of the terminal; 0 where there is none."""
        if not self.terminal:
            return 0
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 80
        except OSError:
            return 80       # the terminal is gone

    def say(self, text: str) -> None:
        """One message; several lines are several messages."""
        self._write(("\r\x1b[K" if self._moving else "") + text + "\n")
        self._moving = False

    def detail(self, text: str) -> None:
        """A message for -v only."""
        if self.verbose:
            self.say(text)

    def counter(self, text: str) -> None:
        """Replace the moving line; nothing where there is no terminal."""
        if self.moves:
            self._write("\r" + text[:self.width() - 1] + "\x1b[K")
            self._moving = True

    def leave(self) -> None:
        """The moving line stays as it is; what comes next stands below it."""
        if self._moving:
            self._write("\n")
        self._moving = False

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            pass  # its reader has closed it; the verdict does not depend on it
