# SPDX-License-Identifier: GPL-2.0
"""The claims S1..S9 and what a run answers to each.

The programs say which claims there are, which claim each rule serves, and how often each test
checked each rule (`# fact: claim`, `# fact: rule`, `# checks:`). The answer is counted from that.
Tests that are broken, skipped or did not run say nothing about the kernel and do not count.
"""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

from report.compare import facts
from report.ktap import Diag
from report.model import Run
from report.result import Attempt

HELD, FAILED, KNOWN, UNCHECKED = "held", "failed", "known issue", "not checked"
COUNTED = ("pass", "xpass", "fail", "xfail")

# S6 is about GUP-fast alone: the rule of S7 in the tests that use it. S9 compares tests with each
# other.
FAST_CHECK, FAST_RULE, SAME_RULES = "S6", "longterm-leaves-device", "S9"


# -- claim S9: slow and fast GUP


SLOW, FAST = "-slow-", "-fast-"
SAME = "same-rules"
SAME_TEST = f"run.{SAME}"
SAME_RULE = (f"{SAME} (S9) gup_fast_pte_range() and follow_page_pte(), mm/gup.c, over "
             "folio_is_longterm_pinnable() -- "
        "slow and fast have the same outcome")


def pairs(run: Run):
    """(slow, fast): tests of which both have an outcome."""
    for name, slow in list(run.tests.items()):
        fast = run.tests.get(name.replace(SLOW, FAST)) if SLOW in name else None
        if fast and slow.outcomes and fast.outcomes:
            yield slow, fast


def check_pairs(run: Run) -> int:
    """Tell the run of every pair that differs; the number of pairs."""
    count = 0
    for slow, fast in pairs(run):
        count += 1
        a, b = facts(slow.outcomes[-1]), facts(fast.outcomes[-1])
        differs = [f"{key}: {a.get(key, '-')} by GUP, {b.get(key, '-')} by GUP-fast"
                   for key in a | b if a.get(key) != b.get(key)]
        if differs:
            run.differ(SAME, f"{slow.name} and {fast.name} differ: {differs[0]}",
                       [Diag("rule", SAME_RULE), *(Diag("seen", text) for text in differs)])
    return count


# -- the answers


@dataclass
class Count:
    """Checks of one rule or of all rules of a claim."""

    checks: int = 0
    failed: int = 0
    known: int = 0          # failed as the list of known issues says

    def add(self, checks: int, failures: int, verdict: str) -> None:
        self.checks += checks
        if verdict == "xfail":
            self.known += failures
        else:
            self.failed += failures


@dataclass
class Claim:
    claim: str              # S1..S9
    name: str
    sentence: str
    count: Count = field(default_factory=Count)
    rules: dict[str, Count] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)     # names of tests
    known: list[str] = field(default_factory=list)

    @property
    def answer(self) -> str:
        if self.failed:
            return FAILED
        return KNOWN if self.known else HELD if self.count.checks else UNCHECKED

    def told(self) -> str:
        """The answer with the number of checks that failed; a test that crashed or hung failed
        without one."""
        match self.answer:
            case "failed":
                failed = self.count.failed
                tests = f"{len(self.failed)} test" + "s" * (len(self.failed) > 1)
                return f"failed: {failed or tests}"
            case "known issue":
                return f"known issue: {self.count.known}"
        return self.answer


def _add(claim: Claim, rule: str, test: str, checks: int, failures: int, attempt: Attempt) -> None:
    for count in (claim.count, claim.rules.setdefault(rule, Count())):
        count.add(checks, failures, attempt.verdict)
    # A test that crashed, hung or made the kernel complain counts against every claim that it
    # checked.
    failed = attempt.verdict == "fail" and (failures or attempt.cause != "check")
    known = failures and attempt.verdict == "xfail"
    for names in [claim.failed] * bool(failed) + [claim.known] * bool(known):
        if test not in names:
            names.append(test)


def answers(run: Run) -> list[Claim]:
    """Every claim, in order; none where no program named them."""
    claims = {key: Claim(key, row["name"], row["sentence"])
              for key, row in sorted(run.claims.items())}
    if not claims:
        return []
    for test in run.tests.values():
        for attempt in test.attempts:
            if attempt.verdict not in COUNTED:
                continue
            for rule, (checks, failures) in attempt.checks.items():
                keys = [run.rules.get(rule, {}).get("claim", "")]
                keys += [FAST_CHECK] * (rule == FAST_RULE and FAST in test.name)
                for claim in [claims[key] for key in keys if key in claims]:
                    _add(claim, rule, test.name, checks, failures, attempt)
    if same := claims.get(SAME_RULES):
        found = run.tests.get(SAME_TEST)
        differ = len(found.attempts[0].texts("fail")) if found else 0
        if count := sum(1 for _ in pairs(run)):
            attempt = Attempt(verdict="fail" if differ else "pass", cause="check" * bool(differ))
            _add(same, SAME, SAME_TEST, count, differ, attempt)
    return list(claims.values())


def unclaimed(run: Run, found: Iterable[Claim]) -> list[str]:
    """Tests that failed and count against none of these claims, answers(run): nothing was checked
    before they failed, or the run as a whole did."""
    claimed = {name for claim in found for name in claim.failed}
    return [test.name for test in run.of("fail") if test.name not in claimed]


def text(run: Run, width: int = 0) -> list[str]:
    """Lines for the summary: one for each claim that was checked; with `width`, none is longer."""
    found = answers(run)
    checked = [claim for claim in found if claim.answer != UNCHECKED]
    if not checked:
        return []
    rows = [(f"{c.claim} {c.name}", c.told(), str(c.count.checks), c.sentence) for c in checked]
    if rest := unclaimed(run, found):
        more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
        failed = f"failed: {len(rest)} test{'s' * (len(rest) > 1)}"
        rows.append(("no claim", failed, "", ", ".join(rest[:3]) + more))
    rows.insert(0, ("claim", "answer", "checks", "what it says"))
    size = [max(len(row[column]) for row in rows) for column in range(3)]
    room = width - sum(size) - 6        # the gaps between the columns are 2 wide
    if width:
        rows = [(a, b, c, textwrap.shorten(says, max(room, 3), placeholder="..."))
                for a, b, c, says in rows]
    lines = [run.label()] + [""] * (not width)
    lines += [f"{a.ljust(size[0])}  {b.ljust(size[1])}  {c.rjust(size[2])}  {d}".rstrip()
              for a, b, c, d in rows]
    if len(checked) < len(found):
        lines.append("not checked: " + " ".join(c.claim for c in found if c.answer == UNCHECKED))
    return [*lines, ""]
