# SPDX-License-Identifier: GPL-2.0
"""Hold a run against an earlier one: fail for what got worse, and say what got better."""

from __future__ import annotations

from dataclasses import dataclass

from report.compare import ABSENT, Change, changes, lines_of, rank
from report.model import RUN, Run
from base.errors import WRONG_USE, Stop


@dataclass
class Gate:
    worse: list[Change]
    better: list[Change]
    left_out: int           # tests of the baseline that were not asked for
    status: int             # the exit status of the run under this gate
    text: str


def judge(baseline: Run, run: Run, where: str = "the baseline") -> Gate:
    """The results under the gate; `where` names the baseline in the text.

    A known issue is not worse, whatever it was. A test that the baseline does not know is worse when
    it fails, is broken or does not run. One that was not asked for now (another selection) is only
    counted; one that was asked for and did not run is worse.
    """
    refuse_empty(baseline)
    worse, better, known, left_out = [], [], [], 0
    for change in changes(baseline, run):
        if change.after == ABSENT:
            left_out += 1
            continue
        old, new = rank(change.before), rank(change.after)
        if change.before == ABSENT and new <= old:
            continue                    # new, and nothing is wrong with it
        if new > old and change.after == "xfail":
            known.append(change.name)       # somebody has looked at it and said so
        elif new > old:
            worse.append(change)
        elif new < old:
            better.append(change)
    status = _status(run, worse)
    closing = _closing(len(worse), len(better), status, where)
    return Gate(worse, better, left_out, status, _text(worse, better, known, left_out, closing))


def refuse_empty(baseline: Run) -> None:
    """A baseline in which nothing passed proves nothing, and nothing can be worse."""
    if not baseline.totals()["passed"]:
        raise Stop(WRONG_USE, f"no test of the baseline {'passed' if baseline.ran else 'ran'}",
                   "give a results folder of a run in which tests passed")


def _status(run: Run, worse: list[Change]) -> int:
    """The gate makes no statement out of none: where nothing passed, or the run is broken."""
    alone = run.exit_status()
    if run.signal or alone == 4 or (not run.ran and not run.not_applicable):
        return alone
    if any(not change.after.startswith("broken") for change in worse):
        return 1
    if worse or any(test.verdict == "broken" for test in run.tests.values() if test.program == RUN):
        return 3
    return 0 if run.totals()["passed"] else 3 if alone == 3 else 4


def _text(worse: list[Change], better: list[Change], known: list[str], left_out: int,
          closing: str) -> str:
    lines = []
    for kind, members in (("worse", worse), ("better", better)):
        if members:
            lines.append(f"{kind} than the baseline: {len(members)}")
        for change in members:
            lines += ["  " + line for line in lines_of(change)]
    if known:
        lines.append(f"known issues, not judged: {' '.join(known)}")
    if left_out:
        lines.append(f"{left_out} tests of the baseline were not asked for")
    lines.append(closing)
    return "\n".join(lines) + "\n"


def _closing(worse: int, better: int, status: int, where: str) -> str:
    """The last line: whether the gate passes, and what decided it."""
    def tests(count: int) -> str:
        return f"{count} test{' is' if count == 1 else 's are'}"
    if worse:
        text = f"{tests(worse)} worse than in {where}"
    else:
        text = f"no test is worse than in {where}"
    if better:
        text += f", {tests(better)} better"
    why = {0: "", 1: "", 4: ", nothing passed"}.get(status, f", exit status {status}")
    return f"gate: {'FAILED' if status else 'passed'}, {text}{why}"
