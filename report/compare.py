# SPDX-License-Identifier: GPL-2.0
"""What differs between two runs: verdicts, and outcomes of cells even where both are right.

Of an outcome, only what a rule can be about is compared: page frame numbers differ between any two
runs. A changed outcome is printed with its rule.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from base.errors import CANNOT, NOTHING_TESTED, Stop, WRONG_USE
from report.ktap import quote
from report.model import Run
from report.result import CAUSES, RUN, Test, VERDICTS

ABSENT, NOT_APPLICABLE = "absent", "not applicable"
GOOD = {"pass", NOT_APPLICABLE}
SHOWN = 200
KINDS = ("worse", "better", "other outcomes", "only in the first", "only in the second")


@dataclass
class Change:
    name: str
    before: str                 # verdict, with its cause; or "absent", "not applicable"
    after: str
    reason: str = ""
    fields: list[str] = field(default_factory=list)     # "result 4096 -> EFAULT"
    rules: list[str] = field(default_factory=list)

    @property
    def verdict_changed(self) -> bool:
        return self.before != self.after

    @property
    def kind(self) -> str:
        """One of KINDS."""
        if ABSENT in (self.before, self.after):
            return "only in the second" if self.before == ABSENT else "only in the first"
        old, new = rank(self.before), rank(self.after)
        return "worse" if new > old else "better" if new < old else "other outcomes"


def state(run: Run, name: str) -> str:
    """A test's verdict, with the cause where it is not a failed check."""
    if name in run.not_applicable:
        return NOT_APPLICABLE
    if name not in run.tests:
        return "pass" if name.startswith("run.") else ABSENT    # `run.<topic>`: only with a problem
    test = run.tests[name]
    return f"{test.verdict} ({test.cause})" if test.cause not in ("", "check") else test.verdict


def facts(outcome: dict) -> dict[str, str]:
    """The fields of an outcome, without those that change from run to run."""
    def inner(outer: dict, key: str, kind: type):
        return outer[key] if isinstance(outer.get(key), kind) else kind()

    found = {"result": outcome.get("errno") or outcome.get("result")}
    pages = [page for page in inner(outcome, "page", list) if isinstance(page, dict)]
    for number, page in enumerate(pages):
        after = inner(page, "after", dict)
        at = f"page {number} " if len(pages) > 1 else "page "
        found |= {at + "moved": page.get("moved"), at + "place": after.get("at"),
                  at + "permission": after.get("perm"),
                  at + "exclusive": after.get("excl")}
    found |= {f"data of {who}": what for who, what in inner(outcome, "data", dict).items()}
    if isinstance(outcome.get("devpages"), dict):
        found["device pages after"] = outcome["devpages"].get("after")
    return {quote(str(key)): quote(str(value)) for key, value in found.items()}


def _outcomes(a: Test, b: Test) -> tuple[list[str], list[str]]:
    fields, rules = [], []
    for old, new in zip(a.outcomes, b.outcomes):
        before, after = facts(old), facts(new)
        fields += [
            f"{key} {before.get(key, '-')} -> {after.get(key, '-')}" for key in before | after
            if before.get(key, "-") != after.get(key, "-")]
        if before != after and isinstance(new.get("rules"), list):
            rules += [quote(str(rule)) for rule in new["rules"]]
    if len(a.outcomes) != len(b.outcomes) and a.outcomes and b.outcomes:
        fields.append(f"outcomes {len(a.outcomes)} -> {len(b.outcomes)}")
    return fields, list(dict.fromkeys(rules))


def refuse_strangers(a: Run, names: Collection[str]) -> None:
    """Stop if no test is in both results."""
    if names and a.tests and not any(name in a.tests and a.tests[name].program != RUN
                                     for name in names):
        raise Stop(
            WRONG_USE,
            f"the results have no test in common (suite {suite(a)}): they are of another suite, or "
            "of another selection of tests",
            "compare runs of the same tests")


def suite(run: Run) -> str:
    """The commit of the suite, from run.json."""
    return quote(str(run.info.get("suite") or "unknown suite"))


def changes(a: Run, b: Run) -> list[Change]:
    """Everything that differs, in b's order; tests that only a has come last."""
    names = dict.fromkeys([*b.tests, *b.not_applicable, *a.tests, *a.not_applicable])
    found = []
    for name in names:
        change = Change(name, state(a, name), state(b, name))
        if name in b.tests and b.tests[name].verdict != "pass":
            change.reason = b.tests[name].reason
        if name in a.tests and name in b.tests:
            change.fields, change.rules = _outcomes(a.tests[name], b.tests[name])
        if change.verdict_changed or change.fields:
            found.append(change)
    return found


def rank(word: str) -> tuple[int, int]:
    """How bad a state is: greater is worse. A skip is worse than a pass, a crash than a check."""
    verdict, _, cause = word.partition(" (")
    order = [*reversed(VERDICTS)]                               # skip, pass, xpass, ... fail
    order.remove("skip")
    order.insert(order.index("xfail") + 1, "skip")              # here a skip is lost coverage
    if word in (ABSENT, NOT_APPLICABLE):
        return order.index("skip"), 0
    return order.index(verdict), len(CAUSES) - CAUSES.index(cause.rstrip(")")) if cause else 0


def label(run: Run) -> str:
    return quote(run.kernel or run.release or "?")


def lines_of(change: Change) -> list[str]:
    """One change, as text."""
    head = f"{change.before} -> {change.after}"
    if not change.verdict_changed:
        head = f"{change.after}, another outcome"
    lines = [quote(change.reason)[:300]] if change.reason else []
    lines += change.fields + ([f"rule: {', '.join(change.rules)}"] if change.rules else [])
    return [f"{change.name}: {head}", *(f"    {line}" for line in lines)]


def text(a: Run, b: Run) -> str:
    """As text: first what is worse, then what is better, then changed outcomes."""
    refuse_strangers(a, b.tests)
    found = changes(a, b)
    lines = [f"{label(a)} ({a.release}) -> {label(b)} ({b.release})"]
    if suite(a) != suite(b):
        lines.append(f"different versions of the suite: {suite(a)}, {suite(b)}")
    for kind in KINDS:
        members = [change for change in found if change.kind == kind]
        # A test that only one run has is named only if it did not pass.
        told = [c for c in members
                if ABSENT not in (c.before, c.after) or not {c.before, c.after} & GOOD]
        if members:
            lines += ["", f"{kind}: {len(members)}"]
        for change in told[:SHOWN]:
            lines += ["  " + line for line in lines_of(change)]
        if len(told) > SHOWN:
            lines.append(f"  and {len(told) - SHOWN} more")
        if told and len(told) < len(members):
            lines.append(f"  {len(members) - len(told)} others passed or do not apply")
    both = [name for name in b.tests if name in a.tests and b.tests[name].program != RUN]
    inside = [change for change in found if ABSENT not in (change.before, change.after)]
    lines += [
        "", f"{len(both)} tests in both, {sum(c.verdict_changed for c in inside)} verdicts and "
        f"{sum(bool(c.fields) for c in inside)} outcomes changed"]
    return "\n".join(lines) + "\n"


# -- gate


@dataclass
class Gate:
    worse: list[Change]
    better: list[Change]
    left_out: int           # tests of the baseline that were not asked for
    status: int             # the exit status of the run under this gate
    text: str


def judge(baseline: Run, run: Run, where: str = "the baseline") -> Gate:
    """The results under the gate; `where` names the baseline in the text.

    A known issue is not worse. A test that is not in the baseline is worse if it fails, is broken
    or does not run. A test of the baseline that was not selected is only counted; one that was
    selected and did not run is worse.
    """
    refuse_empty(baseline)
    worse, better, known, left_out = [], [], [], 0
    for change in changes(baseline, run):
        if change.after == ABSENT:
            left_out += 1
            continue
        old, new = rank(change.before), rank(change.after)
        if change.before == ABSENT and new <= old:
            continue                        # a new test that passed
        if new > old and change.after == "xfail":
            known.append(change.name)
        elif new > old:
            worse.append(change)
        elif new < old:
            better.append(change)
    status = _status(run, worse)
    closing = _closing(len(worse), len(better), status, where)
    return Gate(worse, better, left_out, status, _text(worse, better, known, left_out, closing))


def refuse_empty(baseline: Run) -> None:
    """Stop for a baseline in which nothing passed: no result can be worse than that."""
    if not baseline.totals()["passed"]:
        raise Stop(WRONG_USE, f"no test of the baseline {'passed' if baseline.ran else 'ran'}",
                   "give a results folder of a run in which tests passed")


def _status(run: Run, worse: list[Change]) -> int:
    """The exit status. The gate does not pass if nothing passed or the run is broken."""
    alone = run.exit_status()
    if run.signal or alone == NOTHING_TESTED or (not run.ran and not run.not_applicable):
        return alone
    if any(not change.after.startswith("broken") for change in worse):
        return 1
    if worse or any(test.verdict == "broken" for test in run.tests.values() if test.program == RUN):
        return 3
    return 0 if run.totals()["passed"] else CANNOT if alone == CANNOT else NOTHING_TESTED


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
    why = {0: "", 1: "", NOTHING_TESTED: ", nothing passed"}.get(status, f", exit status {status}")
    return f"gate: {'FAILED' if status else 'passed'}, {text}{why}"
