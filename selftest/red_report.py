# SPDX-License-Identifier: GPL-2.0
"""Break report/ one line at a time; the tests of report/ have to notice each.

Not part of `make check`, since it runs the tests once for every line below:

    python3 selftest/red_report.py [WORD]       only the breakages whose line holds WORD
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# file, what stands there, what shall stand there, the tests that have to fail
BREAK = r"""
ktap     | return [Garbage(half)] if half.strip() else []       | return [parse(half.encode())] if half.strip() else []    | ktap cut
ktap     | raw = raw.rstrip(b"\r")                             | pass                                                     | ktap
ktap     | data[:LINE_LIMIT - len(self._line)]                  | data                                                     | ktap
ktap     | if m[4] is not None and not skip and not time:       | if False:                                                | ktap
ktap     | r"\s*(not\s+)?ok\b.*|\s*not?\s*|n|\s+#.*"      | r"x"                                                     | ktap cut
ktap     | f"\\x{ord(m[0]):02x}"                              | m[0]                                                     | ktap outputs
result   | elif not ok or cause or self.texts("fail"):          | elif not ok:                                             | model
result   | if self.texts("broken") and not cause:               | if False:                                                | model
result   | elif skip_reason is not None:                        | elif False:                                              | model
result   | if isinstance(record, dict):                         | if True:                                                 | model
result   | except (ValueError, RecursionError):                 | except ValueError:                                       | model
result   | if not self.verdict or _order(verdict, cause) < _order(self.verdict, self.cause): | if True:                    | model
result   | return min(reversed(done), key                       | return max(reversed(done), key                           | model
result   | and self.count("fail", "broken", "xfail")            | and False                                                | model
session  | if self.plan != got:                                 | if False:                                                | model
session  | if self.end is None:                                 | if self.end is None and False:                           | model
session  | if self.end.ran not in                               | if False and self.end.ran not in                         | model
session  | if self.program and self.end.prog != self.program:   | if False:                                                | model
session  | if self.ends > 1:                                    | if False:                                                | model
session  | if self.numbers != list                              | if False and self.numbers != list                        | model
session  | if status is None and self.started:                  | if False:                                                | model
session  | if status is not None and status != self.owed():     | if False:                                                | model
session  | if self.end is None or self.end.checks:              | if True:                                                 | model
session  | if number <= 0:                                      | if True:                                                 | model
model    | if len(test.attempts) > test.planned:                | if False:                                                | model
model    | elif session.program and test.program != session.program: | elif False:                                         | model
model    | wrong = "it has a result and had not begun"          | pass                                                     | model
model    | if session.running and session.running[0].name == name: | if False:                                             | model
model    | if session.plan is not None or (test and test.attempts): | if False:                                            | model
model    | if not test and name not in self.not_applicable:     | if False:                                                | model
model    | if killed and not lost:                              | if False:                                                | model
model    | if not any(struck) and before != "killed":           | if False:                                                | model
model    | if not any(struck) and before != "killed":           | if not any(struck):                                      | model
model    | session.excused = True\n            if session.running:  | if session.running:                                 | model
model    | lines = [Diag("", "console: " + quote(line))         | lines = [Diag("", "console: " + line)                    | model
model    | if (where, text[0]) in self._splats or               | if False and                                             | model
model    | if not set(text) & set(attempt.texts("splat")):      | if True:                                                 | splat
model    | attempt.spoil("fail", "splat", text[0])              | pass                                                     | model splat
model    | attempt.verdict, attempt.reason = "not-run", self.cut + " while it ran" | attempt.verdict = "pass"              | model
model    | if not self.cut:\n                self.vm_died      | if False:\n                self.vm_died                 | model
model    | Attempt(verdict="not-run", reason=why)               | Attempt(verdict="skip", reason=why)                      | model cut
model    | if not self.ran and not self.not_applicable and not self.cut: | if False:                                       | model
model    | if count["fail"] or count["not-run"]:                | if count["fail"]:                                        | model
model    | if count["broken"]:                                  | if False:                                                | model
model    | if not count["passed"] and (count["skip"]            | if False and (count["skip"]                              | model
model    | return 128 + self.signal                             | return 0                                                 | model
model    | attempt.spoil("broken", "", "it passed in a program that made no check") | pass                                 | model
model    | self.broken(f"{program} exited while                 | self.note(f"{program} exited while                       | model
model    | self.broken(f"the guest: {rest}")                    | pass                                                     | model
model    | self._problem("program", "fail", "check" if          | self.note("") if True else self._problem("program", "fail", "check" if | model
result   | found["failed"] = count["fail"] + count["broken"] + count["not-run"] | found["failed"] = count["fail"]          | model
splat    | if text.startswith("hmm-coherent:"):                 | if False:                                                | splat
splat    | if self._kmsg and line.startswith(" "):              | if False:                                                | splat
splat    | return line[stamp.end():].split(r"\x0a")            | return [line[stamp.end():]]                              | splat
splat    | return [s for s in self._found if s.hits or not s.excused] | return self._found                                 | splat
splat    | self._allowed.clear()                                | pass                                                     | splat
splat    | elif self.running and (m := ALLOW                    | elif (m := ALLOW                                         | splat
splat    | if splat.hits == 1 and splat.excused:                | if False:                                                | splat
splat    | after = not self.running and bool(self.last)         | after = False                                            | splat
splat    | if FINISH.match(text):                               | if False:                                                | splat
splat    | elif CUT.match(bare):                                | elif False:                                              | splat
splat    | if begins[name] < count]                             | if not begins[name]]                                     | splat
known    | all(any(text in line for text in self.text) for line in lines) | any(any(text in line for text in self.text) for line in lines) | known
known    | bool(lines) and                                      | bool(True) and                                           | known
known    | release in self.kernels and                          |                                                          | known
known    | attempt.verdict == "fail" and attempt.cause == "check" | attempt.verdict in ("fail", "broken")                  | known
known    | if self.strict:                                      | if False:                                                | known
known    | (not self.last or version[:len(self.last)] <= self.last) | (not self.last or version <= self.last)              | known
known    | if not re.match(r"\d", release):                    | if False:                                                | known
ktap_out | return _SPOILER.sub(lambda m: escape.format(ord(m[0][0])) + m[0][1:], text) | return text                      | outputs
ktap_out | {quote(d.text)}"[:1000]                              | {d.text}"[:1000]                                         | outputs
ktap_out | bad = late or any(                                   | bad = any(                                               | outputs
ktap_out | bad = late or any(                                   | bad = late or all(                                       | outputs
ktap_out | if status == 4 and not bad:                          | if False:                                                | outputs
ktap_out | if not run.finished and not run.is_over(program):    | if False:                                                | outputs
junit    | escape(_log(test) + again)                           | _log(test) + again                                       | outputs
junit    | quoteattr(quote(str(value)))                         | quoteattr(str(value))                                    | outputs
junit    | "not-run": "error",                                  |                                                          | outputs
html     | .replace("<", "\\u003c")                           |                                                          | outputs
html     | return escape(quote(str(text)))                      | return quote(str(text))                                  | outputs
html     | told[OPEN:] = [f"<details>                           | told[OPEN:] = [f"                                        | outputs
summary  | return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._on and colour else text | return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" | outputs
summary  | bad, good = totals["failed"], totals["passed"]       | bad, good = totals["fail"], totals["passed"]             | outputs
summary  | for test in tests[:IN_FULL]:                         | for test in tests[:3]:                                   | outputs
summary  | what, _, remedy = quote(reason).partition("; ")      | what, _, remedy = quote(reason).partition("#")           | outputs
table    | text = "="                                           | text = "?"                                               | outputs
table    | "!" if _told(reference)                              | "!" if False                                             | outputs
table    | signs += "~" if                                      | signs += "~" if False and                                | outputs
table    | "X" if outcome.get("verdict")                        | "X" if False and outcome.get("verdict")                  | outputs
table    | for short in (False, True):                          | for short in (False,):                                   | outputs
table    | if not _told(outcome):                               | if False:                                                | outputs
json_out | if run.totals() != data["totals"] or                 | if False or                                              | outputs
json_out | run.exit_status() != data["exit_status"]:            | False:                                                   | outputs
json_out | or attempt.cause not in ("", *CAUSES):               | or False:                                                | outputs
json_out | if data.get("version") != VERSION:                   | if False:                                                | outputs
compare  | if before.get(key, "-") != after.get(key, "-")       |                                                          | compare
compare  | order.insert(order.index("xfail") + 1, "skip")       | order.insert(0, "skip")                                  | compare
compare  | len(CAUSES) - CAUSES.index                           | 0 * CAUSES.index                                         | compare
gate     | if change.after == ABSENT:                           | if False:                                                | compare
gate     | if change.before == ABSENT and new <= old:           | if False:                                                | compare
gate     | if run.signal or alone == 4 or                       | if                                                       | compare
gate     | if not baseline.ran:                                 | if False:                                                | compare
gate     | if any(not change.after.startswith("broken")         | if any(True                                              | compare
merge    | whole.broken(f"shard {number}/{count} is missing")   | pass                                                     | compare
merge    | if len(set(numbers)) < len(numbers):                 | if False:                                                | compare
merge    | if len(values) > 1:                                  | if False:                                                | compare
merge    | if name in whole.tests and test.program != RUN:      | if False:                                                | compare
merge    | if len(counts) > 1:                                  | if False:                                                | compare
faults   | a.cause == "check" or a.texts("fail", "expected")    | True                                                     | faults
faults   | and (a.cause == "check" or a.texts("fail", "expected")) | and a.cause == "check"                                | faults
faults   | test.verdict in RED and test.name in passes]         | test.verdict in RED]                                     | faults
faults   | DETECTED if own else BY_OTHERS                       | DETECTED                                                 | faults
faults   | if booted(run) is False:                             | if False:                                                | faults
faults   | measured.verdict = MISSED if ran else BROKEN         | measured.verdict = MISSED                                | faults
faults   | if any(fault.verdict == BROKEN for fault in applied): | if False:                                               | faults
faults   | if not applied:                                      | if False:                                                | faults
faults   | return 0 if all(fault.verdict in GOOD                | return 0 if any(fault.verdict in GOOD                    | faults
faults   | mine = [fault for fault in applied                   | mine = [fault for fault in kernel.faults                 | faults
faults   | counts = [sum(bool(fault.theirs.get(name, Theirs()).failed) | counts = [sum(bool(fault.theirs.get(name))        | faults
faults   | f"<td class='{css.get(word, '')}'>{escape(word)}</td>" | f"<td class='{css.get(word, '')}'>{word}</td>"         | faults
faults   | <dd>{escape(value)}</dd>                             | <dd>{value}</dd>                                         | faults
claims   | if attempt.verdict not in COUNTED:                   | if False:                                                | claims
claims   | if verdict == "xfail":                               | if False:                                                | claims
claims   | (failures or attempt.cause != "check")               | failures                                                 | claims
claims   | keys += [FAST_CHECK] *                               | keys += [] *                                             | claims
claims   | if test.verdict == "fail" and test.name not in claimed] | if False]                                             | claims
claims   | if self.failed:\n            return FAILED          | if False:\n            return FAILED                    | claims
claims   | differ = len(found.attempts[0].texts("fail")) if found else 0 | differ = 0                                     | agree
result   | self.checks[m[1]] = [int(m[2]), int(m[3] or 0)]      | self.checks[m[1]] = [int(m[2]), 0]                       | claims
result   | self.diags.append(Diag("broken", f"the number of its checks | (Diag("broken", f"the number of its checks        | claims
merge    | if name == agree.TEST:                               | if False:                                                | agree
merge    | pairs = agree.check(whole)                           | pairs = 0                                                | agree
json_out | run.claims = dict(data.get("claims", {}))            | pass                                                     | claims
json_out | run.claims = dict(data.get("claims", {}))            | run.claims = dict(data["claims"])                        | claims
html     | {_claims(runs)}                                      |                                                          | claims
summary  | lines = claims.text(run) +                           | lines =                                                  | claims
files    | os.replace(temporary, path)                          | shutil = os.link(temporary, path); temporary = path.with_name("x") | outputs
"""


def unescape(text: str) -> str:
    """Two lines are joined by a \\n with the indentation of the second."""
    return text.replace("\\n   ", "\n   ")


def tests(suite: str, top: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-B", "-m", "unittest", "discover", "-f", "-s", "selftest", "-p",
                           f"test_report_{suite}.py"], cwd=top, capture_output=True, text=True, check=False)


def broken(line: str) -> tuple[str, str]:
    """Run the tests with this line broken: the line, and what is wrong when none of them failed."""
    name, old, new, suites = (part.strip() for part in line.split(" | "))
    with tempfile.TemporaryDirectory() as folder:
        for part in ("report", "selftest"):
            shutil.copytree(TOP / part, Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "runner").mkdir()
        for file in ("__init__.py", "errors.py"):
            shutil.copy(TOP / "runner" / file, Path(folder) / "runner" / file)
        path = Path(folder) / "report" / f"{name}.py"
        text = path.read_text()
        if text.count(unescape(old)) != 1:
            return line, f"stands {text.count(unescape(old))} times in {name}.py"
        path.write_text(text.replace(unescape(old), unescape(new)))
        for suite in suites.split():
            done = tests(suite, Path(folder))
            if done.returncode == 0:
                return line, f"test_report_{suite} passes"
            if "SyntaxError" in done.stderr or "IndentationError" in done.stderr:
                return line, "is no Python"
    return line, ""


def main() -> int:
    lines = [line for line in BREAK.splitlines() if line and all(w in line for w in sys.argv[1:])]
    if tests("*", TOP).returncode:
        print("the tests of report/ fail as they are; nothing can be learnt from breaking it")
        return 1
    unseen = 0
    with ThreadPoolExecutor(2) as pool:
        for line, wrong in pool.map(broken, lines):
            if wrong:
                unseen += 1
                print(f"{wrong}: {line}", flush=True)
    print(f"{len(lines)} broken lines, {unseen} of them unseen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
