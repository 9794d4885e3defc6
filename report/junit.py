# SPDX-License-Identifier: GPL-2.0
"""JUnit XML, as CI systems read it: a suite a program, a case a test.

failure: the kernel did the wrong thing (check, crash, hang, splat, vm). error: no statement about
the kernel (broken, not run). skipped: also a known failure, since neither red nor green is true of
it.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from base import files
from report.ktap import quote
from report.model import Run
from report.result import Test

ELEMENT = {
    "fail": "failure", "broken": "error", "not-run": "error", "skip": "skipped", "xfail": "skipped"}


def _attributes(**values: object) -> str:
    return "".join(f" {key}={quoteattr(quote(str(value)))}" for key, value in values.items())


def _seconds(ms: float | None) -> str:
    return f"{(ms or 0) / 1000:.3f}"


def _log(test: Test) -> str:
    return "\n".join(quote(f"{d.keyword}: {d.text}" if d.keyword else d.text) for d in test.diags)


def _case(run: Run, test: Test) -> list[str]:
    lines = [
        f"  <testcase{_attributes(classname=test.program, name=test.name, time=_seconds(test.ms))}>"
    ]
    if element := ELEMENT.get(test.verdict):
        message = ("known issue: " if test.verdict == "xfail" else "") + test.reason
        kind = {} if element == "skipped" else {"type": test.cause or test.verdict}
        again = f"\nagain: {quote(run.rerun_command(test.name))}" if element != "skipped" else ""
        start = f"<{element}{_attributes(message=message, **kind)}>"
        lines.append(f"   {start}{escape(_log(test) + again)}</{element}>")
    notes = [quote(test.what)] if test.what else []
    if test.flaky:
        notes.append(
            f"flaky: {test.count('pass', 'xpass')} of {len(test.attempts)} attempts passed")
    if test.verdict == "xpass":
        notes.append(quote(test.reason))
    if notes:
        lines.append(f"   <system-out>{escape(chr(10).join(notes))}</system-out>")
    return lines + ["  </testcase>"]


def _counts(tests: list[Test], ms: float) -> str:
    elements = [ELEMENT.get(t.verdict) for t in tests]
    return _attributes(tests=len(tests), failures=elements.count("failure"),
                       errors=elements.count("error"), skipped=elements.count("skipped"),
                       time=_seconds(ms))


def text(run: Run) -> str:
    tests = list(run.tests.values())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites{_attributes(name='hmm-coherent')}{_counts(tests, (run.seconds or 0) * 1000)}>"
    ]
    facts = {"kernel": run.kernel, "release": run.release, "exit-status": run.exit_status(),
             "not-applicable": len(run.not_applicable), **run.guest}
    for program in dict.fromkeys(t.program for t in tests):
        mine = [t for t in tests if t.program == program]
        lines.append(
            f" <testsuite{_attributes(name=program)}{_counts(mine, sum(t.ms or 0 for t in mine))}>")
        lines.append("  <properties>")
        lines += [
            f"   <property{_attributes(name=key, value=value)}/>" for key, value in facts.items()]
        lines.append("  </properties>")
        for test in mine:
            lines += _case(run, test)
        lines.append(" </testsuite>")
    return "\n".join(lines + ["</testsuites>"]) + "\n"


def write(run: Run, path: Path | str) -> None:
    files.write(path, text(run))
