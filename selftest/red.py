# SPDX-License-Identifier: GPL-2.0
"""Break the suite one line at a time; a test has to notice each.

Not part of `make check`, since it runs tests once for every line of a table:

    python3 selftest/red.py report|runner [WORD]     only the lines of red-*.txt that hold WORD
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
NO_PYTHON = ("SyntaxError", "IndentationError")
# A test takes seconds. One that takes longer than this, on a loaded machine too, waits for ever.
SECONDS = 1800
SLOW = f"does not end within {SECONDS} s"


@dataclass(frozen=True)
class Break:
    line: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> "Break":
        """The columns, with new lines in place of \\n."""
        parts = [part.strip(" ") for part in line.split(" | ")]
        path, old, new, tests = (part.replace("\\|", "|") for part in parts)
        old, new = (re.sub(r"\\n(?= |$)", "\n", text) for text in (old, new))
        return cls(line, path, old, new, tuple(tests.split()))

    def stands(self, top: Path = TOP) -> int:
        """How often the text to be broken stands there: once, unless the table is out of date."""
        return (top / self.path).read_text().count(self.old)


def table(name: str) -> list[Break]:
    text = (TOP / "selftest" / f"red-{name}.txt").read_text()
    return [Break.read(line) for line in text.splitlines() if line and line[0] != "#"]


def passes(test: str, top: Path) -> tuple[bool, str]:
    """Run one test in a copy, and end what the broken line left running. A test that waits for
    ever has noticed it."""
    test, _, only = test.partition(":")
    module, _, name = test.partition(".")
    mark = uuid.uuid4().hex
    env = {**os.environ, "RED": mark, "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {"KIT_ONLY": only.replace("_", " ")} if only else {}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", f"selftest/test_{module}.py",
             *(["-k", name] if name else [])], cwd=top, env=env, capture_output=True, text=True,
            timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = subprocess.CompletedProcess([], 1, SLOW)
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"RED={mark}".encode() in entry.read_bytes().split(b"\0"):
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except OSError:
            continue
    if done.returncode not in (0, 1, 2):
        return True, f"pytest ends with {done.returncode}"      # it found no test
    return done.returncode == 0, done.stdout


def broken(one: Break) -> tuple[str, str]:
    """Run the tests with this line broken: the line, and what is wrong when one of them passed."""
    if one.stands() != 1:
        return one.line, f"stands {one.stands()} times in {one.path}"
    with tempfile.TemporaryDirectory() as folder:
        top = shutil.copytree(TOP, Path(folder, "copy"), symlinks=True, ignore=shutil.
                              ignore_patterns(".git", "build", "results", "__pycache__"))
        path = top / one.path
        path.write_text(path.read_text().replace(one.old, one.new))
        slow = False
        for test in one.tests:
            good, said = passes(test, top)
            if good:
                return one.line, f"{test} passes"
            if any(word in said for word in NO_PYTHON):
                return one.line, "is no Python"
            slow = slow or said == SLOW
    return one.line, "waits for ever: see whether it is only slow" if slow else ""


def main() -> int:
    """All lines of a table, two at a time."""
    lines = [one for one in table(sys.argv[1]) if all(word in one.line for word in sys.argv[2:])]
    unseen = 0
    with ThreadPoolExecutor(2) as pool:
        for number, (line, wrong) in enumerate(pool.map(broken, lines), 1):
            unseen += bool(wrong)
            print(f"{number}/{len(lines)} {wrong or 'seen'}: {line}", flush=True)
    print(f"{len(lines)} broken lines, {unseen} of them unseen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
