# SPDX-License-Identifier: GPL-2.0
"""Known issues: failures that are expected, each with a range of kernels and its text.

docs/known-issues.md describes the file. An entry excuses *failed checks* if each of their lines has
that text, or *warnings* of the kernel if the first line of each has it. It never excuses a crash, a
hang, another complaint, a dead VM, a broken or skipped test, or another failure of the same test. A
test that has an entry for checks and passes is XPASS: the entry is out of date.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from base.errors import Stop, WRONG_USE
from report import splat
from report.result import Attempt, Test

KEYS = ("tests", "kernels", "text", "reason", "link")
OPTIONAL = ("kind", "platform")
# What can be known. Which warnings come depends on the kernel's options: without them a test may
# pass, and its entry is not out of date.
CHECK, WARNING = KINDS = ("check", "warning")
SOURCE = re.compile(r"[\w/]+\.[chS]:")


@lru_cache
def _version(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", re.split(r"[^\d.]", text)[0]))


@dataclass(frozen=True)
class Range:
    """Kernel releases from `first` to `last`, both included: 6.1 stands for all of 6.1.x."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Range":
        number = r"(\d+(?:\.\d+)*)"
        if m := re.fullmatch(rf"\s*{number}?\s*\.\.\s*{number}?\s*", text):
            return cls(_version(m[1]) if m[1] else (), _version(m[2]) if m[2] else ())
        if m := re.fullmatch(rf"\s*{number}\s*", text):
            return cls(_version(m[1]), _version(m[1]))
        raise ValueError(f"'{text}' is not a range of kernels such as '6.1 .. 6.11'")

    @lru_cache(maxsize=None)
    def __contains__(self, release: str) -> bool:
        if not re.match(r"\d", release):
            return False                # the kernel's version is not known
        version = _version(release)
        return self.first <= version and (not self.last or version[:len(self.last)] <= self.last)


@dataclass
class Entry:
    tests: list[str]
    kernels: Range
    text: list[str]
    reason: str
    link: str
    kind: str = CHECK
    platform: frozenset[str] = frozenset()      # the architecture, or also its page size
    failed: int = 0         # how often it excused a failure
    passed: int = 0         # how often a test of it passed

    def covers(self, name: str, release: str) -> bool:
        return release in self.kernels and any(fnmatchcase(name, glob) for glob in self.tests)

    def excuses(self, failures: list[str]) -> bool:
        return all(any(text in line for text in self.text) for line in failures)


def _failures(attempt: Attempt) -> dict[str, list[str]]:
    """The lines that an entry of each kind has to excuse; empty if it can excuse none of it all."""
    heads = splat.heads(attempt.texts("splat"))
    if (attempt.texts("crash", "hang", "broken")
            or (attempt.cause == "splat" and not heads)
            or not all(head.startswith("WARNING: ") for head in heads)):
        return {}
    lines = {CHECK: [str(d) for d in attempt.diags if d.keyword in ("fail", "seen")],
             WARNING: heads}
    return {kind: said for kind, said in lines.items() if said}


class Known:
    """The entries, and what the run is on: the name of its architecture, its page size."""

    def __init__(self, entries: list[Entry], strict: bool = False,
                 platform: Iterable[str] = ()) -> None:
        self.entries = entries
        self.strict = strict
        self.platform = frozenset(platform)

    def refuse_strangers(self, path: Path | str, names: Iterable[str]) -> None:
        """Stop for a glob that matches no test of the suite: misspelt, or of a removed test."""
        names = list(names)
        for number, entry in enumerate(self.entries, 1):
            for glob in entry.tests:
                if not any(fnmatchcase(name, glob) for name in names):
                    raise Stop(WRONG_USE,
                               f"--known: {path}: entry {number}: no test matches '{glob}'",
                               "correct or remove it")

    def judge(self, test: Test, attempt: Attempt, release: str) -> None:
        """Turn a failure into xfail or a pass into xpass, where an entry says so."""
        mine = [e for e in self.entries
                if e.covers(test.name, release) and e.platform <= self.platform]
        failures = _failures(attempt)
        found = [next((e for e in mine if e.kind == kind and e.excuses(lines)), None)
                 for kind, lines in failures.items()]
        entries = [entry for entry in found if entry]
        if failures and len(entries) == len(found):
            for entry in entries:
                entry.failed += 1
            attempt.verdict, attempt.cause = "xfail", ""
            attempt.reason = "; ".join(f"{entry.reason} ({entry.link})" for entry in entries)
        elif attempt.verdict == "pass" and (checks := [e for e in mine if e.kind == CHECK]):
            checks[0].passed += 1
            why = f"it passed, though it is a known issue: {checks[0].reason} ({checks[0].link})"
            attempt.verdict, attempt.reason = "xpass", why
            if self.strict:
                attempt.verdict, attempt.cause = "fail", "check"


def load(path: Path | str, strict: bool = False, platform: Iterable[str] = ()) -> Known:
    """The list, or Stop with what is wrong with it."""
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise Stop(WRONG_USE, f"--known: {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Stop(WRONG_USE, f"--known: {path}: {error}", "see docs/known-issues.md") from None
    issues = data.pop("issue", [])
    if data or not isinstance(issues, list):
        raise Stop(WRONG_USE, f"--known: {path}: only [[issue]] entries belong there")
    return Known([_entry(path, number, issue) for number, issue in enumerate(issues, 1)], strict,
                 platform)


def _entry(path: Path | str, number: int, issue: dict) -> Entry:
    def wrong(what: str) -> Stop:
        return Stop(WRONG_USE, f"--known: {path}: entry {number}: {what}")

    if not isinstance(issue, dict) or set(issue) - {*KEYS, *OPTIONAL}:
        raise wrong(f"its keys are {', '.join((*KEYS, *OPTIONAL))}")
    kind = issue.get("kind", CHECK)
    if kind not in KINDS:
        raise wrong(f"only a failed {CHECK} or a {WARNING} of the kernel can be known, not "
                    f"'{kind}': a crash, hang or other complaint may hide anything")
    for key in (*KEYS, *(key for key in OPTIONAL if key in issue)):
        value = issue.get(key)
        several = value if isinstance(value, list) and key in ("tests", "text") else [value]
        if not several or not all(isinstance(v, str) and v.strip() for v in several):
            raise wrong(f"it has no {key}")
    try:
        kernels = Range.parse(issue["kernels"])
    except ValueError as error:
        raise wrong(str(error)) from None
    tests, text = ([v] if isinstance(v, str) else v for v in (issue["tests"], issue["text"]))
    if kind == WARNING and not all(SOURCE.search(line) for line in text):
        raise wrong(f"the text of a {WARNING} has the source file of it, as in 'mm/memory.c:'")
    platform = frozenset(issue.get("platform", "").split())
    return Entry(tests, kernels, text, issue["reason"].strip(), issue["link"].strip(), kind,
                 platform)
