# SPDX-License-Identifier: GPL-2.0
"""Find what the kernel complained about in its log, and during which test.

Reads /dev/kmsg records (`6,123,456789,-;text`, continuation lines begin with a space) and console
lines (`[ 12.345678] text`), in any order. The tests write `hmm-coherent: begin NAME` and
`hmm-coherent: end NAME` to the log: a complaint between them belongs to NAME, a later one came
"after NAME". A line of the suite is never a splat. Only the beginning of a message is compared,
since a program's name or a path can have any word in it.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from report.ktap import NAME, quote
from report.result import Results, RUN

EXCERPT = 60        # lines kept of one report
HEAD = 4            # lines within which several patterns are one report

LIST = Path(__file__).resolve().parent.parent / "common" / "report" / "splats.h"


def begins(pattern: str) -> str:
    """A pattern of common/report/splats.h as a regular expression for the beginning of a message.
    """
    return ".*".join(re.escape(part) for part in pattern.split("*"))


# Beginnings of reports; the test programs use the same list.
_LIST = LIST.read_text()
PATTERNS = re.findall(r'^SPLAT\("(.+)"\)$', _LIST, re.M)
REPORT = re.compile("|".join(map(begins, PATTERNS)))
# A line of the report that has just begun, not a new report.
SECOND = re.compile(r"Oops: |invalid opcode|Internal error: |Kernel panic - not syncing|"
                    r"(?:Out of memory|Memory cgroup out of memory).*: Killed process ")
CUT = re.compile(r"-+\[ cut here \]-+")
FINISH = re.compile(r"---\[ end (?:trace|Kernel panic)")
MARKER = re.compile(rf"hmm-coherent: (begin|end) ({NAME})\s*")
ALLOW = re.compile(r"hmm-coherent: allow (.+)")

# Messages that look like a report and are not. They are counted, and printed with the reason.
HARMLESS: tuple[tuple[re.Pattern, str], ...] = tuple(
    (re.compile(begins(pattern)), why)
    for pattern, why in re.findall(r'^HARMLESS\("(.+)", "(.+)"\)$', _LIST, re.M))

_KMSG = re.compile(r"\d+,\d+,\d+,[^;]*;")
_CONSOLE = re.compile(r"(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[CT]\d+\])? ?")


def messages(raw: str | bytes) -> list[str]:
    """The text of one log line, without its stamp, as printable ASCII; one record may hold several
    lines."""
    line = quote(raw.rstrip(b"\r\n") if isinstance(raw, bytes) else raw.rstrip("\r\n"))
    if stamp := _KMSG.match(line):
        return line[stamp.end():].split(r"\x0a")
    stamp = _CONSOLE.match(line)
    return [line[stamp.end():] if stamp else line]


def heads(lines: Iterable[str]) -> list[str]:
    """Those that begin a report."""
    return [line for line in lines if REPORT.match(line)]


@dataclass
class Splat:
    """One report of the kernel. Its first line is not "cut here" but the one after it."""

    line_no: int
    lines: list[str]
    test: str = ""              # the test that ran, or after which it came
    after: bool = False
    number: int = 0             # of the run of that test in this log, from 1
    hits: int = 0               # lines that made it a report
    excused: int = 0            # harmless lines

    @property
    def title(self) -> str:
        return self.lines[0]

    @property
    def where(self) -> str:
        """As Run.splat() wants it: NAME, "after NAME", or "" before the first test."""
        return f"after {self.test}" if self.after else self.test


class Scanner:
    """feed() takes line by line; splats, harmless (reason -> count) and begins (test -> count)
    have the results so far."""

    def __init__(self, harmless: Iterable[tuple[re.Pattern, str]] = HARMLESS) -> None:
        self.harmless: Counter[str] = Counter()
        self.begins: Counter[str] = Counter()
        self.running = ""
        self.last = ""
        self._filter = tuple(harmless)
        self._allowed: list[str] = []           # messages that the running test causes on purpose
        self._found: list[Splat] = []
        self._open: Splat | None = None
        self._line_no = 0
        self._kmsg = False

    @property
    def splats(self) -> list[Splat]:
        # "cut here" alone is a report, too: the log ends there.
        return [s for s in self._found if s.hits or not s.excused]

    def feed(self, raw: str | bytes) -> None:
        self._line_no += 1
        line = raw.decode("latin-1") if isinstance(raw, bytes) else raw
        if self._kmsg and line.startswith(" "):
            return                              # KEY=value of a record
        self._kmsg = _KMSG.match(line) is not None
        for text in messages(raw):
            self._message(text)

    def _message(self, text: str) -> None:
        bare = text.lstrip()
        if text.startswith("hmm-coherent:"):
            self._mark(text)
        elif CUT.match(bare):
            self._keep(self._begin(), bare)
        elif REPORT.match(bare):
            self._hit(bare)
        elif self._open:
            self._keep(self._open, text)

    def _mark(self, text: str) -> None:
        self._open = None
        if m := MARKER.fullmatch(text):
            self._allowed.clear()
            if m[1] == "begin":
                self.running = m[2]
                self.begins[m[2]] += 1
            else:
                self.running, self.last = "", m[2]
        elif self.running and (m := ALLOW.fullmatch(text)):
            self._allowed.append(m[1])

    def _begin(self) -> Splat:
        after = not self.running and bool(self.last)
        test = self.running or self.last
        self._open = Splat(self._line_no, [], test, after, self.begins[test])
        self._found.append(self._open)
        return self._open

    def _hit(self, text: str) -> None:
        reason = self._reason(text)
        splat = self._open
        if not splat or not (SECOND.match(text) or len(splat.lines) < HEAD):
            splat = self._begin()
        if reason:
            self.harmless[reason] += 1
            splat.excused += 1
        else:
            splat.hits += 1
            if splat.hits == 1 and splat.excused:
                splat.lines.clear()             # the lines above were harmless
        self._keep(splat, text)

    def _reason(self, text: str) -> str:
        if any(allowed in text for allowed in self._allowed):
            return f"provoked by {self.running}"
        return next((reason for pattern, reason in self._filter if pattern.match(text)), "")

    def _keep(self, splat: Splat, text: str) -> None:
        if splat.lines and CUT.match(splat.lines[0]):
            splat.lines.clear()
        if len(splat.lines) < EXCERPT:
            splat.lines.append(text)
        if FINISH.match(text):
            self._open = None


def unmarked(run: Results, vm: int, begins: Counter[str]) -> list[str]:
    """Tests that began more often in this VM than its kernel log has marks of: a report may then
    be attributed to another test."""
    began = Counter(test.name for test in run.tests.values() if test.program != RUN
                    for attempt in test.attempts
                    if attempt.vm == vm and attempt.verdict != "not-run")
    return [name for name, count in began.items() if begins[name] < count]


def scan(lines: Iterable[str | bytes]) -> list[Splat]:
    scanner = Scanner()
    for line in lines:
        scanner.feed(line)
    return scanner.splats
