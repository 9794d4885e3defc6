# SPDX-License-Identifier: GPL-2.0
"""What the selftests of the runner share: the real command, run on programs or guests that lie."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runner import options
from dev import options as developer

TOP = Path(__file__).resolve().parent.parent
COMMAND = TOP / "run_tests.sh"
FAKE_QEMU = TOP / "selftest" / "fake-qemu"
HONEST_SECONDS = 0.6
# A list of known issues that has what LIE=honest-fail, and FAKE_QEMU=fails-second, say.
KNOWN = ('[[issue]]\ntests = "liar.two"\nkernels = ".."\ntext = "the bytes differ"\n'
         'reason = "x"\nlink = "x"\n')
GRACE = "2"         # seconds; what takes ten in a real run
# Seconds for a run that ends by itself: only one that hangs takes longer, on any machine.
LIMIT = 180.0


def chosen(rows, key):
    """The rows of a table that KIT_ONLY asks for, all without it; selftest/red.py has no time for
    all."""
    only = os.environ.get("KIT_ONLY")
    return [row for row in rows if not only or re.fullmatch(only, key(row))]


def side_by_side(check, rows) -> None:
    """Check each row of a table, some at a time; `check` gives what is wrong, as text."""
    slowness()
    with ThreadPoolExecutor(6) as pool:
        assert [what for wrong in pool.map(check, rows) for what in wrong] == []


@cache
def programs() -> Path:
    """A folder with the liar in it, compiled once."""
    folder = Path(tempfile.mkdtemp(prefix="hmm-coherent-selftest-"))
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-o", folder / "liar",
                    TOP / "selftest/liar.c"],
                   check=True)
    return folder


@cache
def slowness() -> float:
    """How much longer an honest run takes here and now than on an idle machine; time limits stretch
    by it."""
    with tempfile.TemporaryDirectory() as folder:
        return max(1.0, run(Path(folder)).seconds / HONEST_SECONDS)


def forget() -> None:
    """Remove what programs() made."""
    if programs.cache_info().currsize:
        shutil.rmtree(programs())
        programs.cache_clear()


@dataclass
class Outcome:
    status: int
    stdout: str
    stderr: str
    seconds: float
    folder: Path
    left: dict[int, str]    # processes that outlived it

    @property
    def has_report(self) -> bool:
        """It came to its end, and wrote it."""
        return (self.folder / "run.json").exists()

    @property
    def report(self) -> dict:
        return json.loads((self.folder / "run.json").read_text())

    def verdict(self, name: str) -> str:
        """`fail/hang`, `pass`, `absent`."""
        test = next((t for t in self.report["tests"] if t["name"] == name), None)
        return "absent" if test is None else "/".join(filter(None,
                                                             (test["verdict"], test.get("cause"))))

    @property
    def last_line(self) -> str:
        return self.stderr.rstrip().rsplit("\n", 1)[-1]

    def wrong(self, status: int, seconds: float) -> list[str]:
        """What no run may do: another exit status, more seconds than these on an idle machine, a
        trace, an escape sequence, a file or a process left behind."""
        found = []
        if self.status != status:
            found.append(f"exit {self.status}, not {status}")
        if self.seconds > seconds * slowness():
            found.append(f"took {self.seconds:.1f} s, at most {seconds} on an idle machine")
        if "Traceback" in self.stderr or "a bug in the suite" in self.stderr:
            found.append("a Python trace")
        if "\x1b" in self.stderr + self.stdout:
            found.append("an escape sequence came through")
        if files := leftovers(self.folder.parent):
            found.append(f"left behind: {files}")
        if self.left:
            found.append(f"still running: {self.left}")
        return found


def environment(scratch: Path, **extra: str) -> dict[str, str]:
    """For the command: nothing of ours or of an outer run leaks in."""
    kept = {k: v for k,
            v in os.environ.items() if not re.match("HMM_COHERENT_|LIE|FAKE_|KSRC$|PYTHON", k)}
    return {**kept, "HMM_COHERENT_PROGRAMS": str(programs()), "HMM_COHERENT_GRACE": GRACE,
            "HMM_COHERENT_CACHE": str(scratch / "cache"), "HMM_COHERENT_RUN": uuid.uuid4().hex,
            "TMPDIR": str(scratch), "NO_COLOR": "1", "PYTHON": sys.executable, **extra}


def start(scratch: Path, *words: str, stdout: str = "", prefix: tuple[str, ...] = (),
          pass_fd: int = -1,
          **extra: str) -> tuple[subprocess.Popen, dict[str, str]]:
    """The real command, in a session of its own, with no signal ignored, whoever started us; its
    stdout and stderr are files in scratch."""
    env = environment(scratch, **extra)
    known = options.TAKES | developer.TAKES
    takes = known[next((word for word in words if word in known), "")]
    given = [word for name, value in (("--results", scratch / "results"), ("--timeout", "1"))
             if name in takes and name not in words
             for word in (name, value)]
    with open(stdout or scratch / "stdout", "wb") as out, open(scratch / "stderr", "wb") as err:
        proc = subprocess.Popen(["env", "--default-signal", *prefix, COMMAND, *given, *words],
                                env=env, stdin=subprocess.DEVNULL,
                                stdout=out, stderr=err, start_new_session=True,
                                pass_fds=[pass_fd] if pass_fd >= 0 else [])
    return proc, env


def run(scratch: Path, *words: str, limit: float = LIMIT, **extra) -> Outcome:
    began = time.monotonic()
    proc, env = start(scratch, *words, **extra)
    try:
        status = proc.wait(limit)
    finally:
        proc.kill()
        proc.wait()
    seconds = time.monotonic() - began
    text = [path.read_text(errors="replace") if path.exists() else "" for path in
            (scratch / "stdout", scratch / "stderr")]
    return Outcome(status, *text, seconds, scratch / "results", alive(env))


def in_vm(scratch: Path, behaviour: str, *words: str, **extra) -> Outcome:
    """The same, in VMs of a QEMU that behaves so."""
    return run(scratch, "--vm", *words, FAKE_QEMU=behaviour, FAKE_QEMU_STATE=str(scratch),
               HMM_COHERENT_QEMU=str(FAKE_QEMU), **extra)


def wait_for(text: str, path: Path, proc: subprocess.Popen) -> None:
    """Until a file that a run writes has this text."""
    deadline = time.monotonic() + LIMIT
    while not path.exists() or text not in path.read_text(errors="replace"):
        assert proc.poll() is None, f"it ended by itself, and {path.name} has no {text}"
        assert time.monotonic() < deadline, f"{path.name} never had {text}"
        time.sleep(0.02)


def alive(env: dict[str, str]) -> dict[int, str]:
    """Processes of a run that still live. A zombie does not, though kill(pid, 0) finds it."""
    mark = f"HMM_COHERENT_RUN={env['HMM_COHERENT_RUN']}".encode()
    found = {}
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and mark in Path("/proc", entry,
                                                "environ").read_bytes().split(b"\0"):
                stat = Path("/proc", entry, "stat").read_text(errors="replace")
                if stat.rpartition(")")[2].split()[0] not in "ZX":
                    found[int(entry)] = stat
        except OSError:
            continue
    return found


def leftovers(scratch: Path) -> list[str]:
    """Temporary files of a run that has ended."""
    known = re.compile(r"(stdout|stderr|seen|results(/(ktap|run\.json|report\.html"
                       r"|outcomes\.jsonl|summary\.txt"
                       r"|stream-\d|console-\d\.log|kmsg-\d\.log))?|cache(/log(/.*)?)?)$")
    paths = [str(path.relative_to(scratch)) for path in scratch.rglob("*")]
    return [path for path in paths if not known.match(path)]
