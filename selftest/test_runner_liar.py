# SPDX-License-Identifier: GPL-2.0
"""A program that lies, through the real command: each lie with the verdict, exit status and time it
must get."""

import runner_kit as kit
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """What the runner must make of a lie."""

    lie: str
    status: int
    verdict: str            # of liar.two, or of the run.* test named in `at`
    at: str = "liar.two"
    seconds: float = 6.0
    extra: tuple = ()


TABLE = (
    # those that tell the truth
    Row("honest", 0, "pass"),
    Row("honest-fail", 1, "fail/check"),
    Row("honest-broken", 3, "broken"),
    Row("honest-skip", 4, "skip"),
    # nothing, or not all of it, ran
    Row("silent", 3, "not-run"),
    Row("no-plan", 3, "broken", "run.program"),
    Row("wrong-plan", 3, "broken", "run.program"),
    Row("one-missing", 1, "not-run", "liar.three"),
    Row("one-twice", 3, "broken"),
    Row("uninvited", 3, "broken", "liar.four"),
    Row("exit-0-half-way", 1, "fail/crash"),
    Row("no-token", 3, "broken", "run.program"),
    Row("wrong-token", 3, "broken", "run.program"),
    Row("no-check", 3, "broken"),
    # stream and exit status disagree
    Row("ok-then-exit-1", 3, "broken", "run.program"),
    Row("ok-then-exit-77", 3, "broken", "run.program"),
    Row("not-ok-then-exit-0", 1, "fail/check"),
    Row("ok-with-fail", 1, "fail/check"),
    Row("late-skip", 1, "fail/check"),
    # death
    *(Row("killed", 1, "fail/crash", extra=(("LIE_SIGNAL", str(number)),))
      for number in (4, 6, 7, 8, 9, 11, 15)),
    Row("killed-at-the-end", 1, "fail/crash", "run.program"),
    Row("half-a-line", 1, "fail/crash"),
    # no end: 1 s for the test and 2 s of grace, then the rest runs again
    Row("hang", 1, "fail/hang", seconds=9),
    Row("hang", 1, "pass", "liar.three", seconds=9),
    Row("hang-ignoring-term", 1, "fail/hang", seconds=9),
    # it looks at the devices of the kernel under test then, so the kernel may not let it go on
    Row("hang-at-start", 1, "fail/hang", "run.program", seconds=9),
    Row("hang-at-end", 1, "fail/hang", "run.program", seconds=9),
    Row("endless-output", 1, "fail/hang", seconds=8),
    Row("endless-line", 1, "fail/hang", seconds=8),
    Row("endless-begin", 1, "fail/hang", seconds=9),
    # what is left behind
    Row("child-in-own-session", 3, "broken", "run.instrument"),
    Row("child-holding-stdout", 3, "broken", "run.instrument"),
    # text that looks like something else
    Row("binary-output", 0, "pass"),
    Row("result-like-text", 0, "pass"),
    Row("stray-result", 3, "broken", "fake"),
    Row("guest-talk", 1, "fail/crash"),
)

# Lies of --list: no run at all, one line on stderr.
LISTS = (("no-test", "there are no tests"), ("list-hangs", "did not end"),
         ("list-fails", "status 1"), ("duplicate-name", "two tests have the same name"),
         ("folded-name", "two tests have the same name"), ("bad-name", "is not a test name"))

# Everything through run_tests.sh.


def check(row: Row) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        got = kit.run(Path(name), LIE=row.lie, **dict(row.extra))
        wrong = got.wrong(row.status, row.seconds)
        if not got.has_report:
            wrong.append("no run.json")
        elif got.verdict(row.at) != row.verdict:
            wrong.append(f"{row.at} is {got.verdict(row.at)}, not {row.verdict}")
        return [f"{row.lie} {dict(row.extra)}: {what}\n{got.stderr}" for what in wrong]


def test_each_lie():
    kit.side_by_side(check, kit.chosen(TABLE, lambda row: row.lie))


def test_each_lie_of_the_list(scratch):
    for lie, text in kit.chosen(LISTS, lambda row: row[0]):
        got = kit.run(scratch, LIE=lie)
        assert got.status == 3, got.stderr
        assert text in got.stderr
        assert got.stderr.count("\n") == 1
        assert got.stdout == ""


def test_no_lie_is_forgotten():
    source = (kit.TOP / "selftest/liar.c").read_text()
    told = {line.split('"')[1] for line in source.splitlines() if line.startswith('\t{ "')}
    # see test_runner_options.py
    assert told - {row.lie for row in TABLE} == {"honest-flaky"}
