# SPDX-License-Identifier: GPL-2.0
"""One self-contained HTML page: the claims with their answers, the failures, the matrix, and every
test.

The claims, totals and failures are plain HTML in page.html; page.js draws the grid from the data in
the page. The page loads nothing: its content security policy forbids it.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from report import claims, table
from report.ktap import plain, quote
from report.model import Run
from report.result import FAILING, Test

HERE = Path(__file__).parent
# failures at the top, and with those behind "more"; the list of all tests has the rest
OPEN, SHOWN = 12, 200
NAMES = 20                  # names of tests below a claim
ANSWERS = {claims.HELD: "pass", claims.FAILED: "fail", claims.KNOWN: "xfail",
           claims.UNCHECKED: "none"}
# Each test counts in one of the first six; the words are those of the last line of a run.
TOTALS = (("passed", "passed", "pass"), ("fail", "failed", "fail"), ("broken", "broken", "broken"),
          ("xfail", "known", "xfail"), ("skip", "skipped", "skip"),
          ("not-run", "not run", "not-run"),
          ("xpass", "known and passed", "xpass"), ("flaky", "flaky", "none"),
          ("not-applicable", "not applicable", "none"))
ALWAYS = ("passed", "fail", "xfail", "skip", "not-run")


def _cell(test: Test) -> dict | None:
    """Where a test stands in the grid."""
    outcome = next((o for o in test.outcomes if o.get("cell") == test.name), None)
    outcome = outcome or table.stub(test.name, test.verdict)
    if not outcome or not all(isinstance(outcome.get(k), str)
                              for k in ("place", "mapping", "access")):
        return None
    extent = outcome.get("extent") or "one"
    row = outcome["access"] + ("" if extent == "one" else f"/{extent}")
    return {"place": outcome["place"], "mapping": outcome["mapping"], "extent": str(extent),
            "row": row,
            "words": table.words(outcome) if "result" in outcome else None}


def _test(run: Run, test: Test) -> dict:
    return {"name": test.name, "program": test.program, "what": test.what, "verdict": test.verdict,
            "cause": test.cause,
            "reason": "" if test.verdict == "pass" else test.reason, "ms": test.ms,
            "flaky": test.flaky,
            "again": run.rerun_command(test.name), "cell": _cell(test), "outcomes": test.outcomes,
            "diags": [[d.keyword, d.text] for d in test.diags]}


def _data(runs: Sequence[Run]) -> str:
    data = {"runs": [{"label": run.label(), "rules": run.rules,
                      "tests": [_test(run, t) for t in run.tests.values()]} for run in runs],
            "readOnly": table.READ_ONLY, "nearest": table.NEAREST}
    text = json.dumps(data, separators=(",", ":"))
    # Most data has no character to quote: no escape sequences but those of \\ and ", no DEL.
    if re.search(r'\\[^"]|\x7f', text.replace("\\\\", "")):
        text = json.dumps(plain(data), separators=(",", ":"))
    # Only "<" could end the data inside <script>; JSON has an escape for it.
    return text.replace("<", "\\u003c")


def _text(text: object) -> str:
    return escape(quote(str(text)))


def _failure(run: Run, test: Test) -> str:
    log = "\n".join(map(_text, test.diags))
    return (f'<details class="test"><summary class="{test.verdict}"><b>{test.verdict}</b> '
            f'{_text(test.name)} '
            f'<span class="what">{_text(test.reason)}</span></summary>'
            f'<div><div class="what">{_text(test.what)}</div>'
            f"<pre>{log}</pre><code>{_text(run.rerun_command(test.name))}</code></div></details>")


def _total(key: str, word: str, css: str, count: int) -> str:
    return f'<li class="{css if count else "none"}"><b data-total="{key}">{count}</b> {word}</li>'


def _head(run: Run) -> str:
    totals = run.totals()
    items = "".join(_total(key, word, css, totals[key]) for key, word, css in TOTALS
                    if totals[key] or key in ALWAYS)
    bad = run.of(*FAILING)
    told = [_failure(run, t) for t in bad[:SHOWN]]
    if len(bad) > OPEN:
        hidden = len(bad) - SHOWN
        rest = f"<p>{hidden} more: see the list of all tests.</p>" if hidden > 0 else ""
        told[OPEN:] = [f"<details><summary>{len(bad) - OPEN} more</summary>", *told[OPEN:], rest,
                       "</details>"]
    facts = " · ".join(_text(f"{key}: {value}") for key, value in run.guest.items()
                       if key != "cmdline")
    return (f'<section class="run"><h2>{_text(run.label())}: '
            f'exit status <span data-total="exit">{run.exit_status()}</span></h2>'
            f'<div class="facts">{run.seconds or 0:.1f} s{" · " * bool(facts)}{facts}</div><ul '
            f'class="totals">{items}</ul>'
            + "".join(told) + "</section>")


def _answer(count: claims.Count) -> str:
    parts = [f"{count.checks} checks"]
    parts += [f"{count.failed} failed"] * bool(count.failed)
    parts += [f"{count.known} known"] * bool(count.known)
    return ", ".join(parts)


def _claim(runs: Sequence[Run], answers: Sequence[claims.Claim]) -> str:
    """One claim: a row with the answer of each run, which opens to the rules behind it."""
    head, rules = answers[0], dict.fromkeys(rule for answer in answers for rule in answer.rules)
    rows = []
    for rule in rules:
        text: dict = next((run.rules[rule] for run in runs if rule in run.rules), {})
        cells = "".join(f"<td>{_answer(answer.rules.get(rule, claims.Count()))}</td>"
                        for answer in answers)
        rows.append(f'<tr><td>{_text(rule)}</td>{cells}<td>{_text(text.get("sentence", ""))}'
                    f'<br><code>{_text(text.get("source", ""))}</code></td></tr>')
    tests = "".join(f'<p class="{css}">{word}: {_text(" ".join(names[:NAMES]))}'
                    + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "") + "</p>"
                    for answer in answers for word, css, names in
                    (("failed", "fail", answer.failed), ("known issue", "xfail", answer.known))
                    if names)
    more = (f'<details><summary>{_text(head.sentence)}</summary>{tests}'
            f'<table class="facts">{"".join(rows)}</table></details>')
    cells = "".join(f'<td class="answer {ANSWERS[answer.answer]}">{_text(answer.told())}</td>'
                    f'<td class="count">{answer.count.checks}</td>' for answer in answers)
    return (f'<tr data-claim="{_text(head.claim)}"><th>{_text(head.claim)} '
            f'{_text(head.name)}</th>{cells}'
            f"<td>{more if rules else _text(head.sentence)}</td></tr>")


def _claims(runs: Sequence[Run]) -> str:
    """The table of claims; empty if no run has claims."""
    by_run = [{claim.claim: claim for claim in claims.answers(run)} for run in runs]
    found = {key: claim for mine in by_run for key, claim in mine.items()}
    if not found:
        return ""
    rows = [_claim(runs, [mine.get(key) or claims.Claim(key, claim.name, claim.sentence)
                          for mine in by_run])
            for key, claim in sorted(found.items())]
    heads = "".join(f"<th>{_text(run.label())}</th><th>checks</th>" for run in runs)
    lost = [f'<p class="fail">{len(names)} failed and count against no claim: '
            f'{_text(" ".join(names[:NAMES]))}</p>'
            for run, mine in zip(runs, by_run) if (names := claims.unclaimed(run, mine.values()))]
    newline = "\n"
    return ('<section class="claims"><h2>Claims</h2><div class="scroll">'
            f'<table class="claims"><tr><th>claim</th>{heads}<th>what it says</th></tr>'
            f'{newline.join(rows)}</table></div>{"".join(lost)}</section>')


def text(runs: Run | Sequence[Run], extra: str = "") -> str:
    """The page of one run or several; `extra` is text below the title, such as a comparison."""
    runs = [runs] if isinstance(runs, Run) else list(runs)
    script, style = ((HERE / name).read_text() for name in ("page.js", "page.css"))
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = ("default-src 'none'; style-src 'unsafe-inline'; "
              f"script-src 'sha256-{allowed}'; base-uri 'none'")
    told = f"<pre>{_text(extra).replace(chr(92) + 'x0a', chr(10))}</pre>" if extra else ""
    return Template((HERE / "page.html").read_text()).substitute(
        policy=policy, title=_text(", ".join(run.label() for run in runs)), style=style, extra=told,
        claims=_claims(runs), runs="".join(map(_head, runs)), data=_data(runs), script=script)
