# SPDX-License-Identifier: GPL-2.0
"""Kernel reports: every kind is found, in both log formats, and blamed on the right test."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from report.ktap import Begin, Guest, Result
from report.model import Run
from report.splat import HARMLESS, LIST, PATTERNS, Scanner, begins, scan, unmarked
from streams import GOOD, HERE, replay

TOP = Path(__file__).resolve().parent.parent
TAIL = ["CPU: 0 PID: 93 Comm: hmm_coherent_fo Not tainted 6.1.192 #1",
        "Hardware name: QEMU Standard PC", "Call Trace:", " <TASK>", " dump_stack_lvl+0x45/0x5e",
        " do_syscall_64+0x3b/0x90", " </TASK>"]
CUT = "------------[ cut here ]------------"
END = "---[ end trace 0000000000000000 ]---"


def lines_of(name: str) -> list[str]:
    """A file of streams/, without its head."""
    return [line for line in (HERE / name).read_text().splitlines() if not line.startswith("## ")]


def kinds() -> dict[str, list[str]]:
    """The first lines of each kind of report, by its name."""
    found: dict[str, list[str]] = {}
    for line in lines_of("splats.txt"):
        if line.startswith("# "):
            lines = found[line[2:]] = []
        else:
            lines.append(line)
    return found


KINDS, HARMLESS_LINES = kinds(), lines_of("no-splats.txt")


def kmsg(lines, start=1):
    return [f"4,{n},{n * 1000},-;{line}\n".encode() for n, line in enumerate(lines, start)]


def console(lines, start=1):
    return [f"[{n:5}.{n:06}] {line}\r\n".encode() for n, line in enumerate(lines, start)]


def caller(lines):
    return [f"<4>[{n:5}.{n:06}][    T{n}] {line}" for n, line in enumerate(lines)]


def begin(name):
    return f"hmm-coherent: begin {name}"


def end(name):
    return f"hmm-coherent: end {name}"


def scanned(log, harmless=HARMLESS):
    scanner = Scanner(harmless)
    for line in kmsg(log):
        scanner.feed(line)
    return scanner


def test_every_kind_in_every_format():
    for kind, head in KINDS.items():
        for form in (kmsg, console, caller, list):
            log = [begin("a.one"), "some line"] + head + TAIL + [END, end("a.one"), "another"]
            found = scan(form(log))
            assert [s.where for s in found] == ["a.one"]
            title = next(line for line in head if line and line != CUT and set(line) != {"="})
            assert found[0].title == title
            assert len(found) == 1
            assert "Call Trace:" in found[0].lines
            assert "another" not in found[0].lines


def test_lines_that_are_none():
    for form in (kmsg, console, list):
        for line in HARMLESS_LINES:
            assert scan(form([line])) == []


def test_a_recorded_panic():
    with open(HERE / "panic-6.1.console", "rb") as lines:
        [splat] = scan(lines)
    assert splat.title == "Kernel panic - not syncing: sysrq triggered crash"
    assert "Call Trace:" in splat.lines


def test_one_planted_in_a_clean_boot():
    for log in sorted(HERE.glob("boot-*.kmsg")):
        lines = log.read_bytes().splitlines(True)
        assert [s.title for s in scan(lines)] == []
        for at in range(0, len(lines), 37):
            found = scan(lines[:at] + kmsg(["BUG: Bad page state in process x  pfn:1"])
                         + lines[at:])
            assert len(found) == 1
            assert found[0].line_no == at + 1


def test_several():
    log = []
    for head in KINDS.values():
        log += head + TAIL + [END]
    assert len(scan(kmsg(log))) == len(KINDS)


def test_oops_and_its_panic_are_one():
    log = KINDS["NULL"] + TAIL + ["Kernel panic - not syncing: Fatal exception"]
    assert len(scan(console(log))) == 1
    log = KINDS["NULL"] + TAIL + [END, "note: x[93] exited with irqs disabled",
                                  "Kernel panic - not syncing: Fatal"]
    assert [s.title for s in scan(console(log))] == [KINDS["NULL"][0],
                                                     "Kernel panic - not syncing: Fatal"]


def test_cut_log():
    assert len(scan([CUT])) == 1
    assert len(scan(console(KINDS["WARN"])[:1])) == 1


def test_records():
    found = scan([b"4,1,1000,-;BUG: Bad page state in process x\n", b" SUBSYSTEM=pci\n",
                  b" DEVICE=+pci:0000\n",
                  b"4,2,1001,c;second\\x0athird\n", b"4,3,1002,-,caller=T1;fourth\n"])
    assert found[0].lines == ["BUG: Bad page state in process x", "second", "third", "fourth"]


def test_any_bytes():
    assert scan([b"\xff\x00\n", b"", b"4,", b"4,1,2,-;", b"[", b"[ 1.1]", b"\x1b[31mBUG: x"]) == []
    assert len(scan([b"4,1,2,-;BUG: \xff\x00" + b"x" * 1_000_000])) == 1


def test_every_pattern_is_used():
    """A kind nobody tests is a kind nobody finds."""
    heads = [line for head in KINDS.values() for line in head]
    for pattern in PATTERNS:
        assert any(re.match(begins(pattern), line) for line in heads), pattern


def test_nothing_of_the_list_is_lost():
    """A line in another form would be one for neither."""
    lines = [line for line in LIST.read_text().splitlines()
             if re.match(r"\s*(SPLAT|HARMLESS)", line)]
    assert len(lines) == len(PATTERNS) + len(HARMLESS)
    assert len(PATTERNS) > 50


def test_the_kill_belongs_to_its_oom():
    log = KINDS["OOM"] + TAIL + KINDS["OOM kill by memcg"]
    assert [s.title for s in scan(kmsg(log))] == KINDS["OOM"]

# The test programs read the same list: common/report/kmsg.c and this scanner agree on
# every line.


def answers(lines: list[str], *words: str) -> list[bool]:
    with tempfile.TemporaryDirectory() as folder:
        tool = Path(folder, "splats")
        subprocess.run([os.environ.get("CC", "cc"), "-Wall", "-Wextra", "-Werror", f"-I{TOP}",
                        "-iquote", TOP / "common",
                        TOP / "selftest/splats.c", "-o", tool], check=True)
        done = subprocess.run([tool, *words], input="".join(f"{line}\n" for line in lines),
                              text=True, stdout=subprocess.PIPE, check=True)
    return [word == "1" for word in done.stdout.split()]


def test_a_log_that_wrapped_makes_the_test_broken():
    assert answers([], "wrap") == [False, True]


def test_both_agree():
    excused = "WARNING: The mand mount option has been deprecated and"
    lines = [line for head in KINDS.values() for line in head if line and line != CUT]
    lines += [f"  {line}" for line in lines] + HARMLESS_LINES + TAIL + [excused]
    found = dict(zip(lines, answers(lines), strict=True))
    for line in lines:
        assert found[line] == bool(scan([line]))
    for kind, head in KINDS.items():
        assert any(found.get(line) for line in head), kind


BUG = ["BUG: Bad page state in process x", "stack"]


@pytest.mark.parametrize("log, where", [
    ([*BUG, begin("a.one"), *BUG, end("a.one"), *BUG, begin("a.two"), end("a.two"), *BUG],
     ["", "a.one", "after a.one", "after a.two"]),
    ([begin("a.one"), *KINDS["WARN"], end("a.one"), begin("a.two"), *KINDS["WARN"], end("a.two")],
     ["a.one", "a.two"]),
    ([begin("a.one"), begin("a.two"), *BUG], ["a.two"])], ids=["between", "twice", "no end"])
def test_to_which_test_it_belongs(log, where):
    assert [s.where for s in scan(kmsg(log))] == where


def test_a_report_over_a_marker():
    """Printed by one CPU while the test on the other ends: it stays where it began."""
    [splat] = scan(kmsg([begin("a.one"), *BUG, end("a.one"), "more of it"]))
    assert (splat.where, splat.lines) == ("a.one", BUG)


def test_markers_are_counted():
    scanner = scanned([begin("a.one"), end("a.one"), begin("a.one"), "hmm-coherent: begin",
                       "hmm-coherent: end of log", "x hmm-coherent: begin a.two"])
    assert scanner.begins == {"a.one": 2}


def test_a_log_without_all_markers():
    run, scanner = replay(GOOD), scanned([begin("a.one"), begin("a.two"), begin("b.one")])
    assert unmarked(run, 1, scanner.begins) == ["a.three"]
    assert unmarked(run, 2, scanner.begins) == []
    run.tests["a.one"].attempts *= 2
    assert unmarked(run, 1, scanner.begins) == ["a.one", "a.three"]


def test_into_the_model():
    run = replay(GOOD, finish=False)
    for splat in scan(kmsg([begin("a.two"), *KINDS["KASAN"], end("a.two"), begin("b.one"),
                            end("b.one"), *BUG])):
        run.splat(splat.where, splat.lines)
    run.finish()
    assert (run.tests["a.two"].verdict, run.tests["a.two"].cause) == ("fail", "splat")
    assert "after b.one: BUG: Bad page state" in run.tests["run.kernel-log"].reason
    assert run.exit_status() == 1


def test_each_attempt_has_its_own():
    """--repeat, on two machines: a report belongs to the attempt during which it was written."""
    run = Run()
    run.expect("p", ["a.x"] * 5)
    for vm, count in ((1, 3), (2, 2)):
        run.take(Guest("start", "p"), vm)
        for number in range(1, count + 1):
            run.take(Begin("a.x"), vm)
            run.take(Result("a.x", True, number=number), vm)
    for vm, second in ((1, True), (2, False)):
        log = [begin("a.x"), *(BUG * (not second)), end("a.x"), begin("a.x"),
               *(BUG * second), end("a.x")]
        for found in scan(kmsg(log)):
            run.splat(found.where, found.lines, vm, found.number)
    assert [(a.vm, a.verdict) for a in run.tests["a.x"].attempts] == [(1, "pass"), (1, "fail"),
                                                                      (1, "pass"), (2, "fail"),
                                                                      (2, "pass")]
    run.splat("a.x", ["BUG: on the console"], 1)
    assert [a.verdict for a in run.tests["a.x"].attempts] == ["pass", "fail", "fail", "fail",
                                                              "pass"]


def test_what_the_test_saw_itself_is_told_once():
    run = replay(GOOD.replace("# log: a word for people\nok 2",
                              "# splat: WARNING: CPU: 0\n# splat: stack\nnot ok 2"), finish=False)
    run.splat("a.two", ["WARNING: CPU: 0", "stack"])
    assert run.tests["a.two"].attempts[0].texts("splat").count("WARNING: CPU: 0") == 1
    assert run.tests["a.two"].cause == "splat"


LINE = "WARNING: CPU: 0 PID: 1 at mm/memremap.c:1 Conflicting mapping in same section"


def test_known_lines_are_counted_and_hide_nothing_else():
    known = [(re.compile(r"WARNING: .*memremap\.c"), "the driver's own")]
    scanner = scanned([CUT, LINE, *TAIL, END] * 2, known)
    assert (scanner.splats, scanner.harmless) == ([], {"the driver's own": 2})
    for real in KINDS.values():
        for log in ([CUT, LINE, *real], [CUT, LINE, *TAIL, END, *real], [*real, LINE],
                    [CUT, LINE, *TAIL, *real]):
            scanner = scanned(log, known)
            assert scanner.splats
            assert scanner.splats[-1].title != LINE


def test_a_test_may_provoke_one():
    allow = "hmm-coherent: allow Conflicting mapping"
    log = [CUT, LINE, *TAIL, END]
    scanner = scanned([begin("a.one"), allow, *log, end("a.one"), *log, begin("a.two"), *log,
                       end("a.two")])
    assert [s.where for s in scanner.splats] == ["after a.one", "a.two"]
    assert scanner.harmless == {"provoked by a.one": 1}


def test_allowing_outside_a_test_allows_nothing():
    assert len(scanned(["hmm-coherent: allow Conflicting", CUT, LINE]).splats) == 1


def test_every_filter_has_a_reason():
    for pattern, reason in HARMLESS:
        assert len(reason) > 10
        assert not any(pattern.match(line) for head in KINDS.values() for line in head)
