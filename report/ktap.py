# SPDX-License-Identifier: GPL-2.0
"""Read the result stream of the test programs.

The stream arrives in pieces, from a machine that may be dying. The reader takes bytes in any
portions, turns each complete line into one event and never raises. A line that is not in the
dialect (docs/architecture.md, "The result stream") is Garbage; so is a last line without its
newline, since `ok 3 name` may be the beginning of a skip.
"""

import re
from dataclasses import dataclass

NAME = r"[a-z0-9._-]+"

# The programs cut text at 1000 characters; an outcome is data and may be longer.
TEXT_LIMIT = 4096
LINE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    n: int


@dataclass(frozen=True, slots=True)
class Begin:
    name: str


@dataclass(frozen=True, slots=True)
class Diag:
    keyword: str        # one of KEYWORDS without its colon, or "" for text that is only for people
    text: str

    def __str__(self) -> str:
        return f"{self.keyword}: {self.text}" if self.keyword else self.text


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    ok: bool
    skip_reason: str | None = None
    ms: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class NotApplicable:
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class End:
    prog: str
    ran: int
    checks: int


@dataclass(frozen=True, slots=True)
class Guest:
    # up, fact, ready, start, exit, broken, done; `stream` for a "# stream:" line
    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Garbage:
    line: str

    @property
    def like_result(self) -> bool:
        """It looks like a result line or a part of one, so a verdict may be lost."""
        return _LIKE_RESULT.fullmatch(self.line) is not None


Event = Plan | Begin | Diag | Result | NotApplicable | End | Guest | Garbage

KEYWORDS = frozenset("rule expected seen fail broken splat crash hang outcome fact checks".split())

_PLAN = re.compile(r"1\.\.([0-9]{1,9})(?: # SKIP.*)?")
_BEGIN = re.compile(rf"# begin ({NAME})")
_END = re.compile(r"# end ([A-Za-z0-9._-]+) ran=([0-9]{1,9}) checks=([0-9]{1,18})")
_GUEST = re.compile(r"# guest: ([a-z-]+):?(?: (.*))?")
_STREAM = re.compile(r"# stream: (.*)")
_NOT_APPLICABLE = re.compile(rf"# not-applicable: ({NAME}): (.*)")
_RESULT = re.compile(rf"(not )?ok ([0-9]{{1,9}}) ({NAME})(?: # (.*))?")
_LIKE_RESULT = re.compile(r"\s*(not\s+)?ok\b.*|\s*not?\s*|n|\s+#.*")
_SKIP = re.compile(r"(?:time=[0-9]+ms )?SKIP(?: (.*))?")
_TIME = re.compile(r"time=([0-9]{1,12})ms(?: SKIP\b.*)?")
_VERSION = re.compile(r"K?TAP version [0-9]+")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def quote(data: bytes | str) -> str:
    """Printable ASCII; every other byte as \\xNN, for terminals, XML and HTML."""
    if isinstance(data, str):
        if data.isascii() and data.isprintable():
            return data     # most are
        data = data.encode("utf-8", "backslashreplace")
    return _UNPRINTABLE.sub(lambda m: f"\\x{ord(m[0]):02x}", data.decode("latin-1"))


def plain(data: object) -> object:
    """JSON data with every string quoted, keys too: parsers fail on half a surrogate pair."""
    if isinstance(data, dict):
        return {quote(str(key)): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    return data if isinstance(data, (int, float, type(None))) else quote(str(data))


def parse(raw: bytes) -> Event | None:
    """One line without its newline; None for an empty line, a version line and a bare `#`."""
    raw = raw.rstrip(b"\r")
    limit = LINE_LIMIT if raw.startswith(b"# outcome ") else TEXT_LIMIT
    line = quote(raw[:limit])
    if line.strip() in ("", "#") or _VERSION.fullmatch(line):
        return None
    if m := _RESULT.fullmatch(line):
        return _result(m)
    if m := _PLAN.fullmatch(line):
        return Plan(int(m[1]))
    if line.startswith("# "):
        return _comment(line)
    return Garbage(line)


def _result(m: re.Match) -> Result | Garbage:
    skip, time = _SKIP.fullmatch(m[4] or ""), _TIME.fullmatch(m[4] or "")
    if m[4] is not None and not skip and not time:
        return Garbage(m[0])        # an unknown directive: not a result
    return Result(name=m[3], ok=not m[1], skip_reason=(skip[1] or "") if skip else None,
                  ms=int(time[1]) if time else None, number=int(m[2]))


def _comment(line: str) -> Event:
    if m := _BEGIN.fullmatch(line):
        return Begin(m[1])
    if m := _END.fullmatch(line):
        return End(m[1], int(m[2]), int(m[3]))
    if m := _GUEST.fullmatch(line):
        return Guest(m[1], m[2] or "")
    if m := _STREAM.fullmatch(line):
        return Guest("stream", m[1])
    if m := _NOT_APPLICABLE.fullmatch(line):
        return NotApplicable(m[1], m[2])
    word, _, rest = line[2:].partition(" ")
    keyword = word[:-1] if word.endswith(":") else "outcome" if word == "outcome" else ""
    if keyword in KEYWORDS:
        return Diag(keyword, rest)
    return Diag("", line[2:])


class Reader:
    """Bytes in, events out. feed() in any portions gives the same events as feed() of the whole."""

    def __init__(self) -> None:
        self._line = bytearray()

    def _append(self, data: bytes) -> None:
        # A line that is too long is cut, so that endless output takes no memory.
        self._line += data[:LINE_LIMIT - len(self._line)]

    def _take(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def feed(self, data: bytes) -> list[Event]:
        *complete, rest = data.split(b"\n")
        events = []
        for part in complete:
            self._append(part)
            event = parse(self._take())
            if event is not None:
                events.append(event)
        self._append(rest)
        return events

    def close(self) -> list[Event]:
        """The end of the stream: a last line without its newline is Garbage."""
        half = quote(self._take()[:TEXT_LIMIT])
        return [Garbage(half)] if half.strip() else []
