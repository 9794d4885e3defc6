# SPDX-License-Identifier: GPL-2.0
"""The KTAP of a run on stdout, nested as the kernel's kselftest runner nests it.

    TAP version 13
    1..3
    # selftests: hmm-coherent: hmm_coherent_fork
    # TAP version 13
    # 1..2
    # ok 1 fork.child-writes # time=12ms
    ...
    not ok 1 selftests: hmm-coherent: hmm_coherent_fork # exit=1

The inner lines are made from the model and not copied, so a program that ran in two VMs is one
document, numbered and complete, and a test that crashed has a result. The last outer item is the
run as a whole: splats outside a test, a dead VM, and verdicts that became worse after they had been
printed.

    writer = Writer(stream)     a text stream; with outcomes=True also each `# outcome`
    writer.update(run)          after each event: prints what is final; flushed
    writer.finish(run)          after run.finish()
"""

import json
import re
from typing import Protocol

from report.ktap import quote
from report.model import Run
from report.result import Attempt, FAILING, RUN, Test

TITLE = "selftests: hmm-coherent: "

# The kernel's parser ends a document at the first group, wherever in a line it stands; NIPA takes
# the second for verdicts. In text that we only quote, they lose their first letter's shape.
_SPOILER = re.compile(r"List of all partitions:|Kernel panic - not syncing: VFS:|reboot: System "
                      r"halted|"
                      r"K?TAP version \d+$|\[(?:FAIL|fail|SKIP)\]| FAIL:| # SKIP|SKIP:")


def harmless(text: str, escape: str = "\\x{:02x}") -> str:
    return _SPOILER.sub(lambda m: escape.format(ord(m[0][0])) + m[0][1:], text)


def _lines(test: Test, attempt: Attempt, number: int, outcomes: bool) -> list[str]:
    lines = [harmless(f"# {quote(str(diag))}"[:1000]) for diag in attempt.diags]
    lines += ["# outcome " + harmless(json.dumps(o), "\\u{:04x}")
              for o in attempt.outcomes if outcomes]
    reason = harmless(quote(attempt.reason)[:900])
    said = attempt.texts("fail", "broken", "splat", "crash", "hang")
    if reason and attempt.verdict in FAILING and attempt.reason not in said:
        lines.append(f"# {attempt.verdict}: {reason}")
    time = f" # time={attempt.ms}ms" if attempt.ms is not None else ""
    match attempt.verdict:
        case "pass":
            end = f"ok {number} {test.name}{time}"
        case "skip":
            end = f"ok {number} {test.name} # SKIP {reason}"
        case "xfail" | "xpass":
            end = f"ok {number} {test.name} # {attempt.verdict.upper()} {reason}"
        case _:
            end = f"not ok {number} {test.name}{time}"
    return lines + [end]


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...

    def flush(self) -> None: ...


class Writer:
    def __init__(self, stream: Stream, outcomes: bool = False) -> None:
        self._stream, self._outcomes = stream, outcomes
        self._programs: list[str] | None = None
        self._closed = 0                                        # programs with their outer line
        self._opened = False                                    # the current one has its heading
        self._pending: dict[str, list[tuple[Test, Attempt]]] = {}
        self._printed: list[tuple[Test, Attempt, str]] = []
        self._seen = 0
        self._news: tuple | None = None
        self._number = 0

    def update(self, run: Run) -> None:
        if self._programs is None:
            self._programs = list(run.plans)
            self._out("TAP version 13", f"1..{len(self._programs) + 1}")
        news = (len(run.done), len(run.closed), run.finished)
        if news == self._news:
            return
        self._news = news
        for test, attempt in run.done[self._seen:]:
            program = test.program if test.program in self._programs else RUN
            self._pending.setdefault(program, []).append((test, attempt))
        self._seen = len(run.done)
        while self._closed < len(self._programs):
            program = self._programs[self._closed]
            self._print(program, run)
            if not run.finished and not run.is_over(program):
                break
            self._close(program, run)
        self._stream.flush()

    def finish(self, run: Run) -> None:
        self.update(run)
        self._open(RUN, None)
        for test, attempt in self._pending.pop(RUN, []):
            self._tell(test, attempt)
        late = [(t, a) for t, a, verdict in self._printed if a.verdict != verdict]
        for test, attempt in late:
            news = f"# {test.name} became {attempt.verdict}: {quote(attempt.reason)}"
            self._out("# " + harmless(news[:1000]))
        of_none = [t for t in run.tests.values() if t.program not in (self._programs or ())]
        self._result(RUN, of_none, run.exit_status(), bool(late))
        self._stream.flush()

    def _out(self, *lines: str) -> None:
        self._stream.write("".join(line + "\n" for line in lines))

    def _open(self, program: str, count: int | None) -> None:
        if not self._opened:
            self._opened, self._number = True, 0
            self._out(f"# {TITLE}{program}")
            if count is not None:
                self._out("# TAP version 13", f"# 1..{count}")

    def _tell(self, test: Test, attempt: Attempt) -> None:
        self._number += 1
        self._out(*("# " + line for line in _lines(test, attempt, self._number, self._outcomes)))

    def _print(self, program: str, run: Run) -> None:
        ready = self._pending.pop(program, [])
        if ready:
            self._open(program, len(run.plans[program]))
        for test, attempt in ready:
            self._tell(test, attempt)
            self._printed.append((test, attempt, attempt.verdict))

    def _close(self, program: str, run: Run) -> None:
        self._open(program, len(run.plans[program]))
        mine = [t for t in run.tests.values() if t.program == program]
        count = {v: sum(t.count(v) for t in mine)
                 for v in ("pass", "fail", "xfail", "xpass", "skip", "broken")}
        error = count["broken"] + sum(t.count("not-run") for t in mine)
        self._out(f"# # Totals: pass:{count['pass']} fail:{count['fail']} xfail:{count['xfail']} "
                  f"xpass:{count['xpass']} skip:{count['skip']} error:{error}")
        verdicts = {t.verdict for t in mine}
        status = (1 if verdicts & {"fail", "not-run"} else 3 if "broken" in verdicts
                  else 0 if verdicts & {"pass", "xpass", "xfail"} else 4)
        self._result(program, mine, status, False)
        self._closed += 1

    def _result(self, program: str, tests: list[Test], status: int, late: bool) -> None:
        bad = late or any(t.verdict in FAILING for t in tests)
        number, self._opened = self._closed + 1, False
        title = f"{number} {TITLE}{quote(program)}"
        if status == 4 and not bad:
            self._out(f"ok {title} # SKIP")
        elif bad or (program != RUN and status):
            self._out(f"not ok {title} # exit={status or 1}")
        else:
            self._out(f"ok {title}")
