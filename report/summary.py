# SPDX-License-Identifier: GPL-2.0
"""What a person reads at the end of a run: the worst first, and how to see each of it again.

In full it is summary.txt and the end of a log. A terminal gets it in its width and in so few lines
that one can read them: what has a line there has all of them in summary.txt.
"""

import re
import textwrap
from collections.abc import Collection, Iterable

from report import claims, table
from report.ktap import quote
from report.model import Run
from report.result import PROGRESS, RUN, Test

FINDING = re.compile(r"(.*) \(docs/findings\.md, ([\w-]+)\)")     # how known-issues.toml names it
IN_FULL = 20        # failures that are told with everything; of the others the name and the reason
REASONS = 4         # that a terminal gets for each verdict
EXCERPT = 12        # lines of a splat or a console
NAMES = 8           # names in a group

_COLOURS = {"red": "31;1", "green": "32;1", "yellow": "33"}
_DIFFERS = {"check": "", "crash": " (crashed)", "hang": " (hung)",
            "splat": " (the kernel complained)",
            "vm": " (the machine died)"}


class _Paint:
    def __init__(self, colour: bool) -> None:
        self._on = colour

    def __call__(self, colour: str, text: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._on and colour else text


def times(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _details(test: Test) -> list[str]:
    """Rule, expected, seen, cause: each diagnostic that has a keyword, and an excerpt of the rest.
    """
    lines, chatter, splats = [], 0, 0
    told = {d.text for d in test.diags if d.keyword}
    if test.reason and test.reason not in told and not test.reason.startswith("expected "):
        lines.append(("because", test.reason))
    for diag in test.diags:
        if diag.text.startswith(PROGRESS):
            continue
        chatter += not diag.keyword
        splats += diag.keyword == "splat"
        if chatter <= EXCERPT if not diag.keyword else diag.keyword != "splat" or splats <= EXCERPT:
            lines.append((diag.keyword, diag.text))
    more = max(0, chatter - EXCERPT) + max(0, splats - EXCERPT)
    if more:
        lines.append(("", f"... {more} more lines in the results folder"))
    return [f"    {(k + ':').ljust(10) if k else ' ' * 10}{quote(t)}" for k, t in lines]


def failure(run: Run, test: Test, colour: bool, width: int = 0) -> list[str]:
    """All that there is to say of a test that failed or is broken, with an empty line behind."""
    paint, word = _Paint(colour), "FAILED" if test.verdict == "fail" else "BROKEN"
    counts = ""
    if test.flaky:
        counts = f"  flaky: {test.count('pass', 'xpass')} of {len(test.attempts)} attempts passed"
    elif len(test.attempts) > 1:
        counts = f"  {test.count(test.verdict)} of {len(test.attempts)} attempts"
    head = paint("red", f"{word} {test.name}") + _DIFFERS.get(test.cause, "") + counts
    lines = [head] + _details(test)
    if test.program != RUN:
        if test.what:
            lines.insert(1, f"    {'checks:'.ljust(10)}{quote(test.what)}")
    if width:
        lines[1:] = [textwrap.fill(line, width, subsequent_indent=" " * 14, break_on_hyphens=False,
                                   break_long_words=False) for line in lines[1:]]
    if test.program != RUN:     # a command is never broken
        lines.append(f"    {'again:'.ljust(10)}{run.rerun_command(test.name)}")
    return lines + [""]


def _failures(run: Run, verdict: str, colour: bool) -> list[str]:
    tests, lines = run.of(verdict), []
    for test in tests[:IN_FULL]:
        lines += failure(run, test, colour)
    lines += [_line(test, _Paint(colour), 0) for test in tests[IN_FULL:]]
    return lines + ([""] if tests[IN_FULL:] else [])


def _line(test: Test, paint: _Paint, width: int) -> str:
    """A test that failed or is broken, in one line."""
    head = f"{'FAILED' if test.verdict == 'fail' else 'BROKEN'} {test.name}"
    room = width - len(head) if width else 82
    return paint("red", head) + _cut(f": {quote(test.reason)}", max(room, 0))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[:max(width - 3, 0)] + "..."


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, reason in pairs:
        groups.setdefault(reason, []).append(name)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _grouped(word: str, pairs: Iterable[tuple[str, str]], paint: _Paint, names: bool) -> list[str]:
    lines = []
    for reason, members in _groups(pairs).items():
        # "what is missing; how to get it": the second half stands on a line of its own.
        what, _, remedy = quote(reason).partition("; ")
        lines.append(paint("yellow", f"{word} {len(members)}") + f": {what}")
        if remedy:
            lines.append(f"    {'remedy:'.ljust(10)}{remedy}")
        if names:
            rest = f" and {len(members) - NAMES} more" if len(members) > NAMES else ""
            lines.append(f"    {' '.join(members[:NAMES])}{rest}")
    return lines + ([""] if lines else [])


def _of(run: Run, verdict: str) -> list[tuple[str, str]]:
    return [(test.name, test.reason) for test in run.of(verdict)]


def _before_last(run: Run, totals: dict[str, int]) -> str:
    parts = [f"{totals[key]} {word}" for key, word in (
        ("fail", "wrong"), ("broken", "broken"), ("flaky", "flaky"),
        ("xpass", "known to fail and passed"),
        ("not-applicable", "not applicable"),
    ) if totals[key]]
    if run.signal:
        parts.insert(0, "interrupted")
    harmless = sum(run.harmless.values())
    if harmless:
        parts.append(times(harmless, "harmless kernel message"))
    return ", ".join(parts + [f"{run.seconds or 0:.1f} s"])


COLUMNS = {"tests": "tests", "passed": "pass", "fail": "fail", "broken": "broken",
           "xfail": "known issue", "not-applicable": "not applicable", "skip": "skip",
           "not-run": "not run"}


def table_of(runs: Iterable[Run]) -> str:
    """Several runs as a table in Markdown, a row for each, for docs/."""
    rows = [["guest", *COLUMNS.values(), "s"]]
    rows.append(["---"] * len(rows[0]))
    for run in runs:
        page = next((fact for fact in run.facts if fact.startswith("pages of ")), "")
        accel = run.info.get("accelerator", {}).get("name", "").upper()
        words = (run.info.get("arch"), run.release, page, run.info.get("profile"), accel)
        totals = run.totals()
        rows.append([", ".join(filter(None, words)), *(str(totals[key]) for key in COLUMNS),
                     f"{run.seconds or 0:.0f}"])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def outcomes(run: Run) -> list[dict]:
    """What the table is made of; a cell without an outcome shows its verdict."""
    found = []
    for test in run.tests.values():
        if test.outcomes:
            found += test.outcomes
        elif cell := table.stub(test.name, test.verdict):
            found.append(cell)
    return found


def closing(totals: dict[str, int]) -> str:
    """The last line of a run: each test counts in one of the five numbers."""
    return (f"{totals['passed']} passed, {totals['fail'] + totals['broken']} failed, "
            f"{totals['xfail']} known, {totals['skip']} skipped, {totals['not-run']} not run")


def text(run: Run, colour: bool = False, after: Iterable[str] = ()) -> str:
    """In full, for a file; `after` comes before the sum."""
    paint = _Paint(colour)
    lines = claims.text(run) + _failures(run, "fail", colour) + _failures(run, "broken", colour)
    lines += _grouped("not run", _of(run, "not-run"), paint, True)
    lines += _grouped("known to fail", _of(run, "xfail"), paint, True)
    lines += _grouped("known to fail, and passed", _of(run, "xpass"), paint, True)
    lines += _grouped("skipped", _of(run, "skip"), paint, False)
    lines += _grouped("not applicable", run.not_applicable.items(), paint, False)
    lines += [f"harmless kernel message, {times(n, 'time')}: {quote(why)}" for why,
              n in run.harmless.items()]
    if grid := table.text(outcomes(run), run.kernel or run.release):
        lines += [grid, ""]
    return "\n".join([*lines, *after, *_sum(run, paint)]) + "\n"


def _sum(run: Run, paint: _Paint) -> list[str]:
    totals = run.totals()
    colour = "red" if totals["failed"] else "green" if totals["passed"] else "yellow"
    return [_before_last(run, totals), paint(colour, closing(totals))]


def for_terminal(run: Run, width: int, colour: bool, told: Collection[tuple] = (),
                 after: Iterable[str] = ()) -> str:
    """For a terminal so many columns wide. The failures in `told` (name, verdict, cause) stand
    there in full already."""
    paint = _Paint(colour)
    lines = claims.text(run, width)
    bad = run.of("fail", "broken")
    new = [t for t in bad if (t.name, t.verdict, t.cause) not in told]
    new = new[:max(IN_FULL - len(told), 0)]
    for test in new:
        lines += failure(run, test, colour, width)
    old = [t for t in bad if t not in new]
    lines += [_line(test, paint, width) for test in old[:IN_FULL]]
    lines += [f"and {len(old) - IN_FULL} more, in summary.txt"] * (len(old) > IN_FULL)
    for verdict, word, hue in (("not-run", "not run", "red"), ("xfail", "known", "yellow"),
                               ("xpass", "known, and passed", "yellow"),
                               ("skip", "skipped", "yellow")):
        groups = sorted(_groups(_of(run, verdict)).items(), key=lambda each: -len(each[1]))
        for reason, members in groups[:REASONS]:
            head = f"{word} {len(members)}"
            what = FINDING.sub(r"\2: \1", quote(reason))
            lines.append(paint(hue, head) + _cut(f": {what}", width - len(head)))
        if rest := sum(len(members) for _, members in groups[REASONS:]):
            lines.append(paint(hue, f"{word} {rest}") + ": for other reasons, in summary.txt")
    lines += [""] * (lines[-1:] not in ([], [""]))
    if grid := table.folded(outcomes(run), width):
        lines += [grid, ""]
    return "\n".join([*lines, *after, *_sum(run, paint)]) + "\n"
