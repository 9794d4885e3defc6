# SPDX-License-Identifier: GPL-2.0
"""The real command, killed at any moment: no process, no temporary file, and a report of what was
known."""

import concurrent.futures
import json
import os
import random
import runner_kit as kit
import signal
import tempfile
import time
from pathlib import Path

SEED = int(os.environ.get("KILLER_SEED", "1"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)
MOMENTS = 2             # of each signal, for each way to run
LAST_MOMENT = 2.0       # seconds; the run hangs in its second test from about 0.5 s on
GONE = 5.0              # seconds after which nothing may be left
READY = "# begin liar.two"


def draw() -> list[tuple[str, int, float]]:
    """Ways to run, signals and moments; the last of the moments is surely in the middle of a
    test."""
    random_source = random.Random(SEED)
    return [(way, number, random_source.uniform(0, LAST_MOMENT) if moment else -1.0)
            for way in ("here", "vm", "deaf vm") for number in SIGNALS for moment in range(MOMENTS)]

# Everything through run_tests.sh.


def begin(way: str, scratch: Path):
    """A run that hangs in its second test, for longer than the killer waits."""
    if way == "here":
        return kit.start(scratch, LIE="hang", HMM_COHERENT_GRACE="60")
    behaviour = "ignores-term" if way == "deaf vm" else "hangs-in-second"
    return kit.start(scratch, "--vm", FAKE_QEMU=behaviour, HMM_COHERENT_QEMU=str(kit.FAKE_QEMU),
                     HMM_COHERENT_GRACE="60")


def kill_one(case: tuple[str, int, float]) -> list[str]:
    """What is wrong after one kill."""
    way, number, moment = case
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        proc, env = begin(way, scratch)
        try:
            if moment >= 0:
                time.sleep(moment)
            else:
                kit.wait_for(READY, scratch / "results" / "stream-1", proc)
            proc.send_signal(number)
            wrong = inspect(proc, number, scratch, env, moment < 0)
        finally:
            proc.kill()
            proc.wait()
        return [f"{way}, {signal.Signals(number).name} after {moment:.2f} s: {what}"
                for what in wrong]


def inspect(proc, number: int, scratch: Path, env: dict, in_test: bool) -> list[str]:
    """Exit status, processes, files, report."""
    wrong, deadline = [], time.monotonic() + GONE
    status = proc.wait(GONE + 10)
    # before its handlers stand, a signal just ends it
    if status not in (128 + number, -number):
        wrong.append(f"exit {status}")
    while (left := kit.alive(env)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if left:
        wrong.append(f"still running: {left}")
    if kit.leftovers(scratch):
        wrong.append(f"left behind: {kit.leftovers(scratch)}")
    if "Traceback" in (scratch / "stderr").read_text():
        wrong.append("a Python trace")
    if in_test:
        wrong += partial_report(scratch / "results", number)
    return wrong


def partial_report(folder: Path, number: int) -> list[str]:
    """What was known must be readable: complete after a signal, its raw form after SIGKILL."""
    report = json.loads((folder / "run.json").read_text())
    stream = (folder / "stream-1").read_text()
    ktap = (folder / "ktap").read_text()
    if "ok 1 liar.one" not in stream or "ok 1 liar.one" not in ktap:
        return ["the result of liar.one is lost"]
    if number == signal.SIGKILL:
        return [] if report["info"]["state"] == "running" else ["run.json does not say that "
                                                                "the run has no end"]
    verdicts = {t["name"]: t["verdict"] for t in report["tests"]}
    if "not ok 3 liar.three" not in ktap:
        return ["the KTAP has no end"]
    expected = {"liar.one": "pass", "liar.two": "not-run", "liar.three": "not-run"}
    return [] if verdicts == expected else [f"verdicts {verdicts}"]


def test_also_where_the_signal_is_ignored():
    """`make check &` in a script, or nohup: what starts us ignores signals, and so would the runs
    that are to be killed."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert kill_one(("here", signal.SIGINT, -1.0)) == []
    finally:
        signal.signal(signal.SIGINT, before)


def test_each_signal_at_each_moment():
    kit.programs()
    cases = kit.chosen(draw(), lambda case: f"{case[0]} {signal.Signals(case[1]).name}")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        wrong = [what for some in pool.map(kill_one, cases) for what in some]
    assert wrong == [], f"KILLER_SEED={SEED}"
