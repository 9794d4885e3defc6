# SPDX-License-Identifier: GPL-2.0
"""The results of runs on kernels with seeded faults: a verdict for each, a table by claim and rule.

A fault is detected if an assertion fails in a test that passes on the unmodified kernel, and the
run ends with exit status 1, which is all that a gate or a bisection sees. A splat, a crash, a hang
or a dead guest shows that something is wrong but not what, so it counts separately, unless the
header says that the fault has no other effect.
"""

import json
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path

from base import files
from base.errors import BAD, CANNOT, bisect_word
from report.ktap import plain
from report.model import Run
from report.result import FAILING, Test
from runner.run import suite_commit

DETECTED, BY_OTHERS = "detected", "detected by others"
NO_ASSERTION, MISSED = "no assertion", "missed"
OTHER_STATUS = "detected, but status"   # and the number: not detected by the exit status
BROKEN = "broken"
DOES_NOT_APPLY, DOES_NOT_BUILD, DOES_NOT_BOOT = "does not apply", "does not build", "does not boot"
GOOD = (DETECTED, BY_OTHERS)
SCHEMA, VERSION = "hmm-coherent-faults", 2


@dataclass
class Theirs:
    """The results of one of the kernel's own programs with a fault."""

    # passed on the unmodified kernel, and says not ok here
    failed: list[str] = field(default_factory=list)
    # how it ended, where it ended properly without the fault
    ended: str = ""

    def word(self) -> str:
        """The result as a cell of the table."""
        return f"{len(self.failed)} tests" if self.failed else self.ended or "-"


@dataclass
class Measured:
    """One fault on one kernel."""

    name: str
    breaks: str
    claims: list[str]
    rules: list[str]
    resembles: str
    tests: list[str]
    seen: list[str] = field(default_factory=lambda: ["check"])  # how they may fail: Fault.seen
    verdict: str = BROKEN
    status: int | None = None   # of the run; None: no run, or ended before a test had failed
    cut: bool = False           # the run took too long and was ended
    why: str = ""               # of a verdict that a table cannot tell alone
    red: list[str] = field(default_factory=list)        # tests that failed by an assertion
    cited: list[str] = field(default_factory=list)      # rules that those name, most often first
    # of `tests`, what ran and of which none failed
    silent: list[str] = field(default_factory=list)
    causes: dict[str, int] = field(default_factory=dict)    # red without an assertion, by cause
    sequence: str = ""          # with --explore: the shortest that failed
    seconds: float = 0.0
    theirs: dict[str, Theirs] = field(default_factory=dict)

    @property
    def applied(self) -> bool:
        """The fault applies to this kernel."""
        return self.verdict != DOES_NOT_APPLY

    @property
    def expects(self) -> int:
        """The exit status that the run must have."""
        return CANNOT if self.seen == ["broken"] else BAD

    @property
    def words(self) -> str:
        """The verdict as text."""
        return f"{self.verdict} {self.status}" if self.verdict == OTHER_STATUS else self.verdict

    @property
    def bisect(self) -> str:
        """The verdict of --bisect-step on this kernel."""
        return "" if self.status is None else bisect_word(self.status)


@dataclass
class Kernel:
    """All faults on one kernel."""

    spec: str
    release: str
    command: str
    control: int                # tests that pass without a fault
    # the same of the kernel's own programs, in words
    theirs: dict[str, str] = field(default_factory=dict)
    faults: list[Measured] = field(default_factory=list)
    control_status: int | None = None   # that the run without a fault ended with


# -- the verdict


def asserted(test: Test) -> bool:
    """An assertion of the test failed. The `fail:` of a test whose guest died is the runner's."""
    return any(a.verdict == "fail" and (a.cause == "check" or a.texts("expected")
                                        or a.cause != "vm" and a.texts("fail"))
               for a in test.attempts)


def noticed(test: Test, seen: Collection[str]) -> bool:
    """The test failed in a way that the header expects."""
    if "check" in seen and asserted(test):
        return True
    return (test.cause or test.verdict) in set(seen) - {"check"}


def judge(measured: Measured, run: Run, passes: Collection[str],
          known: Collection[str] = ()) -> None:
    """The verdict of a run on the kernel with the fault, whose exit status `measured` has already.

    `passes` are the tests that pass without the fault, `known` all that have a result without it.
    A test that is neither planned nor known reports a problem of the run (run.*).
    """
    planned = {name for names in run.plans.values() for name in names}
    extra = run.tests.keys() - planned - set(known)
    red = [test for test in run.tests.values()
           if test.verdict in FAILING and (test.name in passes or test.name in extra)]
    noticing = [test for test in red if noticed(test, measured.seen)]
    measured.red = [test.name for test in noticing]
    cited = Counter(text.split(" ")[0] for test in noticing
                    for text in set(test.worst.texts("rule")))
    measured.cited = [rule for rule, _ in cited.most_common()]
    measured.causes = dict(Counter(test.cause or test.verdict for test in red
                                   if test not in noticing))
    ran = {test.name for test in run.tests.values() if test.name in passes}
    measured.silent = [
        glob for glob in measured.tests
        if any(fnmatchcase(name, glob)
               for name in ran) and not any(fnmatchcase(name, glob) for name in measured.red)]
    own = [name for name in measured.red if any(fnmatchcase(name, glob) for glob in measured.tests)]
    measured.why = ""
    if measured.red and measured.status != measured.expects:
        measured.verdict = OTHER_STATUS
    elif measured.red:
        measured.verdict = DETECTED if own else BY_OTHERS
    elif booted(run) is False:
        measured.verdict, measured.why = DOES_NOT_BOOT, reason(red)
    elif measured.causes or run.cut:
        measured.verdict, measured.why = NO_ASSERTION, reason(red)
    else:
        measured.verdict = MISSED if ran else BROKEN
        measured.why = "" if ran else "no test ran"


def booted(run: Run) -> bool | None:
    """A guest was ready for its first test; None if that is not known."""
    machines = run.info.get("machines")
    return any(machine.get("boot_seconds") for machine in machines) if machines else None


def reason(red: list[Test]) -> str:
    """The name and reason of the first test that failed."""
    return f"{red[0].name}: {red[0].reason}" if red else ""


def exit_status(kernels: list[Kernel]) -> int:
    """0: all that apply are detected, 1: one is not, 3: one was not judged, 4: none applies."""
    applied = [fault for kernel in kernels for fault in kernel.faults if fault.applied]
    if any(fault.verdict == BROKEN for fault in applied):
        return 3
    if not applied:
        return 4
    return 0 if all(fault.verdict in GOOD for fault in applied) else 1


# -- the table


def by(fault: Measured) -> str:
    """The tests that failed, in a few words; of random sequences, the sequence."""
    if fault.sequence:
        return f"`{fault.sequence}`"
    own = [name for name in fault.red if any(fnmatchcase(name, glob) for glob in fault.tests)]
    if fault.red:
        return f"{(own or fault.red)[0]}" + (f" and {len(fault.red) - 1} more"
                                             if len(fault.red) > 1 else "")
    if fault.causes:
        return ", ".join(f"{count} {cause}" for cause, count in fault.causes.items())
    return fault.why


def cited(fault: Measured) -> str:
    """The rule that the failures name; a rule of the fault's header, if one of them is."""
    return next((rule for rule in fault.cited if rule in fault.rules),
                fault.cited[0] if fault.cited else "")


def rows(kernel: Kernel) -> list[list[str]]:
    """A row for each fault, with a column for each of the kernel's own programs."""
    head = ["claim", "rule", "fault", "verdict", "exit status", "bisect", "by", "rule named",
            *kernel.theirs, "s"]
    found = [[
        " ".join(f.claims), " ".join(f.rules), f.name, f.words,
        ended_with(f), f.bisect,
        by(f),
        cited(f), *(f.theirs[name].word() if name in f.theirs else ""
                    for name in kernel.theirs), f"{f.seconds:.0f}"]
             for f in sorted(kernel.faults, key=lambda f: (f.claims, f.rules, f.name))]
    return [head, *found]


def ended_with(fault: Measured) -> str:
    """The exit status of the run, marked if the run was ended at its time limit."""
    return ("" if fault.status is None else str(fault.status)) + (" (ended)" if fault.cut else "")


def line(fault: Measured) -> str:
    """One fault, as a line for the terminal."""
    said = "no exit status"
    if fault.status is not None:
        said = f"exit status {ended_with(fault)}, bisect {fault.bisect}"
    return (f"{fault.name}: {fault.words}, {by(fault) or 'no test noticed'}"
            + (f"; {said}" if fault.applied else "") + f" ({fault.seconds:.0f} s)")


def rates(kernel: Kernel) -> list[list[str]]:
    """How many faults are detected, for each claim: by the suite, by each of the kernel's own
    programs, and by all of these together."""
    together = ["any of them"] if len(kernel.theirs) > 1 else []
    found = [["claim", "faults", "this suite", *kernel.theirs, *together]]
    applied = [fault for fault in kernel.faults if fault.applied]
    for claim in [*sorted({claim for fault in applied for claim in fault.claims}), "all"]:
        mine = [fault for fault in applied if claim in (*fault.claims, "all")]
        ours = sum(fault.verdict in GOOD for fault in mine)
        counts = [
            sum(bool(fault.theirs.get(name, Theirs()).failed) for fault in mine)
            for name in kernel.theirs]
        some = sum(any(told.failed for told in fault.theirs.values()) for fault in mine)
        found.append([
            claim,
            str(len(mine)), *map(str, [ours, *counts]), *([str(some)] if together else [])])
    return found


def named(kernel: Kernel) -> list[list[str]]:
    """Each rule that a failure named, with the faults that caused it."""
    rules = sorted({rule for fault in kernel.faults for rule in fault.cited})
    return [["rule", "turned red by"],
            *([rule, " ".join(f.name for f in kernel.faults if rule in f.cited)] for rule in rules)]


def aligned(table: list[list[str]]) -> str:
    """A Markdown table with aligned columns."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [
        "| " + " | ".join(word.ljust(width) for word, width in zip(row, widths)) + " |"
        for row in table]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def summary(kernel: Kernel) -> str:
    """The last line: how many are detected."""
    count = Counter(fault.verdict for fault in kernel.faults)
    applied = sum(fault.applied for fault in kernel.faults)
    others = (BY_OTHERS, OTHER_STATUS, NO_ASSERTION, MISSED, BROKEN, DOES_NOT_APPLY, DOES_NOT_BUILD,
              DOES_NOT_BOOT)
    rest = ", ".join(f"{count[verdict]} {verdict}{' other' if verdict == OTHER_STATUS else ''}"
                     for verdict in others if count[verdict])
    return (
        f"Linux {kernel.release or kernel.spec}: {sum(count[verdict] for verdict in GOOD)} of "
        f"{applied} faults that apply "
        f"are detected by an assertion and by the exit status" + (f" ({rest})" if rest else ""))


def text(kernels: list[Kernel]) -> str:
    """The whole report, for the terminal and for docs/."""
    parts = []
    for kernel in kernels:
        without = ", ".join(f"{name}: {words}" for name, words in kernel.theirs.items())
        ended = kernel.control_status
        status = "" if ended is None else f", exit status {ended}, bisect {bisect_word(ended)}"
        parts += [f"## {summary(kernel)}", f"    {kernel.command}",
                  f"Suite {suite_commit()} of {time.strftime('%Y-%m-%d')}. Without a fault "
                  f"{kernel.control} of its tests pass{status}"
                  f"{f'; {without}' if without else ''}.",
                  aligned(rates(kernel)), aligned(rows(kernel)), aligned(named(kernel))]
        weak = [f for f in kernel.faults if f.applied and weakness(f)]
        if weak:
            parts.append("\n".join(f"- {fault.name}: {weakness(fault)}" for fault in weak))
    return "\n\n".join(parts) + "\n"


def weakness(fault: Measured) -> str:
    """Faults that are not detected as they should be."""
    if fault.verdict not in GOOD:
        return f"{fault.words}{f' ({fault.why})' if fault.why else ''}: {fault.breaks}"
    if fault.silent:
        return f"not noticed by {' '.join(fault.silent)}"
    if (fault.cited or fault.seen == ["check"]) and cited(fault) not in fault.rules:
        return f"the failures name {', '.join(fault.cited) or 'no rule'}"
    return ""


def document(kernels: list[Kernel]) -> dict:
    """The report as plain data."""
    return {"schema": SCHEMA, "version": VERSION, "exit_status": exit_status(kernels),
            "kernels": [asdict(kernel) | {"faults": [one(fault) for fault in kernel.faults]}
                        for kernel in kernels]}


def one(fault: Measured) -> dict:
    """A fault as plain data, with its derived values."""
    return asdict(fault) | {"bisect": fault.bisect, "expects": fault.expects}


def page(kernels: list[Kernel]) -> str:
    """One HTML page that loads nothing."""
    style = (files.TOP / "report" / "page.css").read_text()
    css = {MISSED: "fail", BROKEN: "broken", NO_ASSERTION: "not-run", DOES_NOT_APPLY: "skip"}
    css |= dict.fromkeys(GOOD, "pass")
    css |= {f.words: "fail" for kernel in kernels for f in kernel.faults
            if f.verdict == OTHER_STATUS}
    parts = []
    for kernel in kernels:
        parts.append(f"<h2>{escape(summary(kernel))}</h2><pre>{escape(kernel.command)}</pre>")
        for table in (rates(kernel), rows(kernel), named(kernel)):
            head, *body = table
            parts.append("<div class='scroll'><table class='facts'><tr>" +
                         "".join(f"<th>{escape(word)}</th>" for word in head) + "</tr>" +
                         "".join(html_row(row, css) for row in body) + "</table></div>")
        parts += [html_fault(fault) for fault in kernel.faults]
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><meta "
        "http-equiv='Content-Security-Policy' "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>hmm-coherent: seeded "
        "faults</title>"
        f"<style>{style}</style></head><body><h1>Seeded faults</h1>{''.join(parts)}</body></html>\n"
    )


def html_row(row: list[str], css: dict[str, str]) -> str:
    """A row, its verdict in colour."""
    return "<tr>" + "".join(f"<td class='{css.get(word, '')}'>{escape(word)}</td>"
                            for word in row) + "</tr>"


def html_fault(fault: Measured) -> str:
    """The details of a fault, below its row."""
    facts = {"breaks": fault.breaks, "resembles": fault.resembles,
             "must fail": " ".join(fault.tests), "exit status": ended_with(fault),
             "bisect": fault.bisect, "why": fault.why,
             "failed by an assertion": " ".join(fault.red), "rules named": " ".join(fault.cited),
             **{name: " ".join(told.failed) or told.ended for name, told in fault.theirs.items()}}
    told = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>"
                   for key, value in facts.items() if value)
    return (f"<details class='test'><summary>{escape(fault.name)}: {escape(fault.words)}</summary>"
            f"<div><dl>{told}</dl></div></details>")


def write(kernels: list[Kernel], folder: Path) -> None:
    """Write faults.md, faults.json and faults.html."""
    files.write(folder / "faults.md", text(kernels))
    files.write(folder / "faults.json", json.dumps(plain(document(kernels)), indent=1) + "\n")
    files.write(folder / "faults.html", page(kernels))
