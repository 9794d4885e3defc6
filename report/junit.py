# SPDX-License-Identifier: GPL-2.0
"""JUnit XML, as CI systems read it: a suite for each program, a case for each test.

failure: the kernel did the wrong thing (check, crash, hang, splat, vm). error: nothing is known
about the kernel (broken, not run). skipped: also a known issue.
"""

from xml.sax.saxutils import escape, quoteattr

from report.ktap import quote
from report.model import Run
from report.result import Test

ELEMENT = {
    "fail": "failure", "broken": "error", "not-run": "error", "skip": "skipped", "xfail": "skipped"}


def _attributes(**values: object) -> str:
    return "".join(f" {key}={quoteattr(quote(str(value)))}" for key, value in values.items())


def _seconds(ms: float | None) -> str:
    return f"{(ms or 0) / 1000:.3f}"


def _case(run: Run, test: Test) -> list[str]:
    about = _attributes(classname=test.program, name=test.name, time=_seconds(test.ms))
    lines = [f"  <testcase{about}>"]
    if element := ELEMENT.get(test.verdict):
        message = ("known issue: " if test.verdict == "xfail" else "") + test.reason
        kind = {} if element == "skipped" else {"type": test.cause or test.verdict}
        log = "\n".join(quote(str(diag)) for diag in test.diags)
        again = f"\nagain: {quote(run.rerun_command(test.name))}" if element != "skipped" else ""
        start = f"<{element}{_attributes(message=message, **kind)}>"
        lines.append(f"   {start}{escape(log + again)}</{element}>")
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
    properties = [f"   <property{_attributes(name=key, value=value)}/>"
                  for key, value in facts.items()]
    for program in dict.fromkeys(t.program for t in tests):
        mine = [t for t in tests if t.program == program]
        lines.append(
            f" <testsuite{_attributes(name=program)}{_counts(mine, sum(t.ms or 0 for t in mine))}>")
        lines += ["  <properties>", *properties, "  </properties>",
                  *(line for test in mine for line in _case(run, test)), " </testsuite>"]
    return "\n".join(lines + ["</testsuites>"]) + "\n"
