# SPDX-License-Identifier: GPL-2.0
"""A test and its attempts: what is kept of every result, and how several become one verdict."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from report.ktap import Diag, plain

# Worst first. `xfail` and `xpass` exist only with a known-issue list (report/known.py).
VERDICTS = ("fail", "broken", "not-run", "xfail", "xpass", "pass", "skip")
CAUSES = ("vm", "splat", "crash", "hang", "check")
# The rule of every failure that no check of a test finds.
SURVIVES = ("kernel-survives (S2) -- the kernel does not die, hang, complain or kill a process for "
            "legal calls")

# How many lines without a keyword are kept of one attempt.
CHATTER = 200

_CHECKS = re.compile(r"([a-z0-9-]+)=([0-9]{1,9})(?:/([0-9]{1,9}))?")


def _order(verdict: str, cause: str) -> tuple[int, int]:
    return VERDICTS.index(verdict), CAUSES.index(cause) if cause else len(CAUSES)


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


@dataclass
class Attempt:
    """One run of one test. `verdict` is empty while it runs."""

    vm: int = 0
    verdict: str = ""
    cause: str = ""
    reason: str = ""
    ms: int | None = None
    diags: list[Diag] = field(default_factory=list)
    outcomes: list[dict] = field(default_factory=list)
    # rule -> how many checks, how many failed
    checks: dict[str, list[int]] = field(default_factory=dict)

    def add(self, diag: Diag) -> None:
        if diag.keyword == "outcome":
            self.outcome(diag.text)
        elif diag.keyword == "checks":
            self.count_checks(diag.text)
        elif diag.keyword or len(self.diags) < CHATTER:
            self.diags.append(diag)

    def outcome(self, text: str) -> None:
        try:
            # Python's reader accepts NaN and infinity, other readers of our files do not.
            record = plain(json.loads(text, parse_constant=str, parse_float=_finite))
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            self.outcomes.append(record)
        else:
            self.diags.append(Diag("broken", "its outcome record cannot be read: " + text[:200]))

    def count_checks(self, text: str) -> None:
        """`RULE=CHECKS RULE=CHECKS/FAILED ...`"""
        for word in text.split():
            if m := _CHECKS.fullmatch(word):
                self.checks[m[1]] = [int(m[2]), int(m[3] or 0)]
            else:
                self.diags.append(Diag("broken",
                                       f"the number of its checks cannot be read: {word[:200]}"))

    def texts(self, *keywords: str) -> list[str]:
        return [d.text for d in self.diags if d.keyword in keywords]

    def judge(self, ok: bool, skip_reason: str | None) -> None:
        """The verdict of a result line, in the light of the diagnostics before it.

        Where the line and the diagnostics disagree, the worse one counts.
        """
        cause = next((c for c in CAUSES if c != "vm" and self.texts(c)), "")
        if self.texts("broken") and not cause:
            self.verdict, self.reason = "broken", self.texts("broken")[0]
        elif not ok or cause or self.texts("fail"):
            self.verdict, self.cause = "fail", cause or "check"
            self.reason = next(iter(self.texts(cause or "fail")), "") or self._difference()
        elif skip_reason is not None:
            self.verdict, self.reason = "skip", skip_reason.strip() or "no reason given"
        else:
            self.verdict = "pass"
        self.name_rule()

    def name_rule(self) -> None:
        """A kernel that dies, hangs, kills or complains breaks a rule without a check of a test."""
        if self.verdict == "fail" and self.cause != "check" and not self.texts("rule"):
            self.diags.insert(0, Diag("rule", SURVIVES))

    def _difference(self) -> str:
        expected, seen = self.texts("expected"), self.texts("seen")
        if expected and seen:
            return f"expected {expected[0]}; seen {seen[0]}"
        return "not ok, without a reason"

    def spoil(self, verdict: str, cause: str, reason: str) -> None:
        """Take this verdict if it is worse than the one so far: an attempt never gets better."""
        if not self.verdict or _order(verdict, cause) < _order(self.verdict, self.cause):
            self.verdict, self.cause, self.reason = verdict, cause, reason
        self.name_rule()


@dataclass
class Test:
    name: str
    program: str
    what: str = ""
    planned: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def worst(self) -> Attempt:
        """The attempt that decides: the last of the worst, whose diagnostics are the newest."""
        done = [a for a in self.attempts if a.verdict]
        never = Attempt(verdict="not-run", reason="it was never started")
        return min(reversed(done), key=lambda a: VERDICTS.index(a.verdict), default=never)

    @property
    def verdict(self) -> str:
        return self.worst.verdict

    @property
    def cause(self) -> str:
        return self.worst.cause

    @property
    def reason(self) -> str:
        return self.worst.reason

    @property
    def diags(self) -> list[Diag]:
        return self.worst.diags

    @property
    def outcomes(self) -> list[dict]:
        return self.worst.outcomes

    @property
    def vm(self) -> int:
        return self.worst.vm

    @property
    def ms(self) -> int | None:
        known = [a.ms for a in self.attempts if a.ms is not None]
        return sum(known) if known else None

    def count(self, *verdicts: str) -> int:
        return sum(a.verdict in verdicts for a in self.attempts)

    @property
    def flaky(self) -> bool:
        """Some attempts passed and others did not. The verdict stays that of the worst."""
        return bool(self.count("pass", "xpass") and self.count("fail", "broken", "xfail"))


def totals(tests: Iterable[Test]) -> dict[str, int]:
    """Tests by verdict, and sums: tests = passed + failed + skipped, and of these the flaky."""
    tests = list(tests)
    count = Counter(test.verdict for test in tests)
    found = {verdict: count[verdict] for verdict in VERDICTS}
    found["tests"] = len(tests)
    found["passed"] = count["pass"] + count["xpass"]
    found["failed"] = count["fail"] + count["broken"] + count["not-run"]
    found["skipped"] = count["skip"] + count["xfail"]
    found["flaky"] = sum(test.flaky for test in tests)
    return found
