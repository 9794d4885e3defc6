# SPDX-License-Identifier: GPL-2.0
"""What is kept of the results: attempts, the tests whose verdict they give, and all of a run."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from report.ktap import Diag, plain, quote

# Worst first. `xfail` and `xpass` exist only with a known-issue list (report/known.py).
VERDICTS = ("fail", "broken", "not-run", "xfail", "xpass", "pass", "skip")
FAILING = ("fail", "broken", "not-run")     # the verdicts that count as failed
CAUSES = ("vm", "splat", "crash", "hang", "check")
RUN = "hmm_coherent_run"            # the program name of what belongs to no program
# The rule of every failure that no check of a test finds.
SURVIVES = ("kernel-survives (S2) -- the kernel does not die, hang, complain or kill a process for "
            "legal calls")

# How many lines without a keyword are kept of one attempt.
CHATTER = 200
# What explore says while it runs, for the case that the machine dies, and what has failed. There
# may be thousands of these lines, and only the last one of each counts.
PROGRESS = ("seed: ", "candidate: ", "shorter: ")
KEPT = (*PROGRESS, "sequence: ", "twin: ", "minimal: ")
NOTES = 1000        # odd lines that are kept of a run

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
        elif diag.text.startswith(KEPT) and not diag.keyword:
            word = diag.text.split()[0]
            self.diags = [old for old in self.diags
                          if old.keyword or old.text.split()[:1] != [word]]
            self.diags.append(diag)
        elif diag.keyword or len(self.diags) < CHATTER:
            self.diags.append(diag)

    def outcome(self, text: str) -> None:
        try:
            # Python's reader accepts NaN and infinity, other readers of our files do not.
            record = json.loads(text, parse_constant=str, parse_float=_finite)
            # Only an escape sequence stands for another character.
            if "\\" in text or quote(text) != text:
                record = plain(record)
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
        if len(self.attempts) == 1 and self.attempts[0].verdict:
            return self.attempts[0]     # as most
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


@dataclass(eq=False)
class Results:
    """What is known about a run; all outputs are made from it. report.model.Run finds it out."""

    release: str = ""                               # of the kernel that ran
    kernel: str = ""                                # the --kernel word, for titles
    info: dict = field(default_factory=dict)        # what the runner knows: for run.json
    guest: dict[str, str] = field(default_factory=dict)     # `# guest: fact` lines
    facts: list[str] = field(default_factory=list)          # `# fact:`, no claim and no rule
    # S1..S9 -> name, sentence
    claims: dict[str, dict[str, str]] = field(default_factory=dict)
    # rule -> claim, source, sentence
    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    harmless: Counter[str] = field(default_factory=Counter)     # kernel messages, by reason
    notes: list[str] = field(default_factory=list)          # unexpected lines without a verdict
    seconds: float | None = None
    rerun_command: Callable[[str], str] = lambda name: f"./run_tests.sh '{name}'"
    tests: dict[str, Test] = field(default_factory=dict)
    plans: dict[str, list[str]] = field(default_factory=dict)   # program -> planned, in order
    not_applicable: dict[str, str] = field(default_factory=dict)        # name -> reason
    signal: int = 0
    cut: str = ""                                   # why the run was ended early
    # programs in the order in which they ended, for each VM
    closed: list[str] = field(default_factory=list)
    # attempts in the order in which they ended
    done: list[tuple[Test, Attempt]] = field(default_factory=list)
    finished: bool = False

    def fact(self, text: str) -> None:
        """A `# fact:` line: `rule NAME|CLAIM|source|sentence`, `claim CLAIM|name|sentence`, or
        any other text."""
        kind, _, rest = text.partition(" ")
        fields = rest.split("|", 3)
        if kind == "rule" and len(fields) == 4:
            name, claim, source, sentence = (f.strip() for f in fields)
            self.rules[name] = {"claim": claim, "source": source, "sentence": sentence}
        elif kind == "claim" and len(fields) == 3:
            claim, name, sentence = (f.strip() for f in fields)
            self.claims[claim] = {"name": name, "sentence": sentence}
        elif text not in self.facts:
            self.facts.append(text)

    def note(self, text: str) -> None:
        if len(self.notes) < NOTES:
            self.notes.append(text)

    def expect(self, program: str, names: Iterable[str],
               what: Mapping[str, str] | None = None) -> None:
        plan = self.plans.setdefault(program, [])
        for name in names:
            plan.append(name)
            test = self.test(name, program)
            test.planned += 1
            test.what = (what or {}).get(name, test.what)

    def test(self, name: str, program: str) -> Test:
        """The test of this name, which is new if no program has planned it."""
        return self.tests.setdefault(name, Test(name, program or RUN))

    def remaining(self, program: str) -> list[str]:
        """Planned names without an attempt, in order; of a name that repeats, the last ones."""
        used = Counter({name: len(self.tests[name].attempts) for name in self.plans[program]})
        rest = []
        for name in self.plans[program]:
            used[name] -= 1
            if used[name] < 0:
                rest.append(name)
        return rest

    def label(self) -> str:
        """The kernel, for titles: the word of --kernel and the release."""
        first, *more = dict.fromkeys(word for word in (self.kernel, self.release) if word) or ["?"]
        return f"kernel {first}" + "".join(f" ({word})" for word in more)

    def of(self, *verdicts: str) -> list[Test]:
        """The tests with these verdicts, one verdict after the other."""
        return [test for verdict in verdicts for test in self.tests.values()
                if test.verdict == verdict]

    @property
    def ran(self) -> bool:
        """At least one test began."""
        tests = [t for t in self.tests.values() if t.program != RUN]
        return any(a.verdict != "not-run" for t in tests for a in t.attempts)

    def totals(self) -> dict[str, int]:
        """Tests by verdict, and sums: tests = passed + failed + skipped, and of these the flaky."""
        count = Counter(test.verdict for test in self.tests.values())
        found = {verdict: count[verdict] for verdict in VERDICTS}
        found["tests"] = len(self.tests)
        found["passed"] = count["pass"] + count["xpass"]
        found["failed"] = count["fail"] + count["broken"] + count["not-run"]
        found["skipped"] = count["skip"] + count["xfail"]
        found["flaky"] = sum(test.flaky for test in self.tests.values())
        found["not-applicable"] = len(self.not_applicable)
        return found

    def exit_status(self) -> int:
        if self.signal:
            return 128 + self.signal
        count = self.totals()
        if count["fail"] and (self.ran or self.release):
            return 1                # also when the kernel died between boot and first test
        if not self.ran and not self.not_applicable:
            return 3                # nothing ran, so nothing is known about the kernel
        if count["not-run"] and not self.info.get("lost"):
            return 1
        if count["broken"]:
            return 3
        return 0 if count["passed"] else 4      # skipped, not applicable, or known to fail
