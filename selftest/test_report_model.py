# SPDX-License-Identifier: GPL-2.0
"""Verdicts: honest streams, lying ones, cut ones, and what only the runner can see."""

import signal

import pytest

from report.ktap import Begin, Diag, Guest, Plan, Reader, Result
from report.model import Run
from report.result import Attempt, CAUSES, VERDICTS
from report.stream import signal_of
from streams import GOOD, MIXED, MIXED_PLAN, PLAN, RECORDED, RECORDED_PLAN, replay, verdicts

CRASH = (Diag("crash", "killed by SIGKILL"), Result("a.two", False))
ALL_PASS = {"a.one": "pass", "a.two": "pass", "a.three": "pass", "b.one": "pass"}


def change(*pairs):
    text = GOOD
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_all_pass():
    run = replay(GOOD)
    assert verdicts(run) == ALL_PASS
    assert run.exit_status() == 0
    assert run.tests["a.two"].ms == 4
    assert run.tests["a.one"].outcomes[0]["result"] == 4096
    assert run.rules["write-needs-vm-write"]["claim"] == "S5"
    assert (run.release, run.guest["build-id"]) == ("6.1.192", "0123abcd")
    assert run.facts == ["foll-longterm 0x10000"]


def test_recorded():
    run = replay(RECORDED, RECORDED_PLAN)
    assert run.totals()["pass"] == 8
    assert (len(run.tests), run.exit_status(), run.notes) == (8, 0, [])
    assert run.tests["coherent.rw.cpu-read"].outcomes[0]["result"] == 4096
    assert len(run.rules) == 3


def test_one_of_each():
    run = replay(MIXED, MIXED_PLAN)
    assert verdicts(run) == {"a.one": "fail", "a.two": "skip", "a.three": "broken",
                             "a.four": "fail", "b.one": "pass"}
    assert run.tests["a.one"].cause == "check"
    assert run.tests["a.four"].cause == "hang"
    assert run.tests["a.four"].reason == "still running after 30 s"
    assert run.tests["a.two"].reason == "no slow device; give HMM_COHERENT_SLOW"
    assert run.not_applicable == {"a.never": "this kernel has no unshare"}
    assert run.exit_status() == 1
    totals = run.totals()
    assert [totals[k] for k in ("passed", "failed", "skipped", "not-applicable",
                                          "tests")] == [1, 3, 1, 1, 5]


def test_exit_status_by_the_worst():
    broken = GOOD.replace("ok 2 a.two", "# broken: no page\nnot ok 2 a.two")
    broken = broken.replace("coherent_a 0", "coherent_a 3")
    assert replay(broken).exit_status() == 3
    skipped = GOOD.replace("ok 2 a.two # time=4ms", "ok 2 a.two # SKIP no disk")
    assert replay(skipped).exit_status() == 0
    for name in ("a.one", "a.two", "a.three", "b.one"):
        skipped = skipped.replace(f" {name} # time=", f" {name} # SKIP no disk")
    skipped = skipped.replace("coherent_a 0", "coherent_a 4").replace("coherent_b 0",
                                                                      "coherent_b 4")
    assert replay(skipped).exit_status() == 4


def test_all_not_applicable():
    text = ("# guest: start p\nTAP version 13\n# not-applicable: p.one: too old\n1..0\n"
            "# end p ran=0 checks=0\n# guest: exit p 4\n")
    run = replay(text, {"p": ["p.one"]})
    assert verdicts(run) == {}
    assert run.exit_status() == 4


def test_without_guest_lines():
    """A recorded stream of bare programs, one after the other."""
    text = "".join(line for line in GOOD.splitlines(True) if not line.startswith("# guest:"))
    assert verdicts(replay(text)) == ALL_PASS
    assert replay(text).exit_status() == 0


def test_a_begin_said_twice_in_a_row_is_one():
    assert verdicts(replay(change(("# begin a.two\n",
                                             "# begin a.two\n# begin a.two\n")))) == ALL_PASS


# Each lie: the exit status, the verdicts that differ, and what to change in the good stream.
LIES = {
    **{f"all ok, and exits {status}": (3, "run.program=broken",
        ("exit hmm_coherent_a 0", f"exit hmm_coherent_a {status}")) for status in (1, 3, 4, 77)},
    "all ok, then SIGSEGV": (1, "run.program=fail",
        ("exit hmm_coherent_a 0", "exit hmm_coherent_a 139")),
    "all ok, no exit status": (3, "run.program=broken",
        ("exit hmm_coherent_a 0", "exit hmm_coherent_a")),
    "no exit": (3, "run.program=broken", ("# guest: exit hmm_coherent_a 0\n", "")),
    "not ok, and exits 0": (1, "a.two=fail run.program=broken", ("ok 2 a.two", "not ok 2 a.two")),
    "broken, and exits 0": (3, "a.two=broken run.program=broken",
        ("ok 2 a.two", "# broken: no page\nnot ok 2 a.two")),
    "ok after fail:": (1, "a.two=fail run.program=broken",
        ("ok 2 a.two", "# fail: bytes differ\nok 2 a.two")),
    "ok after broken:": (3, "a.two=broken run.program=broken",
        ("ok 2 a.two", "# broken: no page\nok 2 a.two")),
    "ok after splat:": (1, "a.two=fail run.program=broken",
        ("ok 2 a.two", "# splat: WARNING: x\nok 2 a.two")),
    "skip after fail:": (1, "a.two=fail run.program=broken",
        ("ok 2 a.two # time=4ms", "# fail: bytes\nok 2 a.two # SKIP no disk")),
    "not ok with SKIP": (1, "a.two=fail run.program=broken",
        ("ok 2 a.two # time=4ms", "not ok 2 a.two # SKIP no disk")),
    "fewer than planned": (3, "run.program=broken", ("1..3", "1..4")),
    "more than planned": (3, "run.program=broken", ("1..3", "1..2")),
    "no plan": (3, "run.program=broken", ("1..3\n", "")),
    "two plans": (3, "run.program=broken", ("1..3\n", "1..3\n1..3\n")),
    "no end token": (3, "run.program=broken", ("# end hmm_coherent_a ran=3 checks=9\n", "")),
    "two end tokens": (3, "run.program=broken",
        ("# end hmm_coherent_a ran=3 checks=9\n", "# end hmm_coherent_a ran=3 checks=9\n" * 2)),
    "another's end token": (3, "run.program=broken",
        ("# end hmm_coherent_a", "# end hmm_coherent_x")),
    "end token with a wrong count": (3, "run.program=broken", ("ran=3", "ran=4")),
    "no check at all": (3, "a.one=broken a.two=broken a.three=broken",
        ("ran=3 checks=9", "ran=3 checks=0")),
    "a test left out": (1, "a.two=not-run run.program=broken",
        ("# begin a.two\n# log: a word for people\nok 2 a.two # time=4ms\n", "")),
    "a result left out": (1, "a.two=fail run.program=broken", ("ok 2 a.two # time=4ms\n", "")),
    "a result without a begin": (3, "a.two=broken", ("# begin a.two\n", "")),
    "a result twice": (3, "a.two=broken run.program=broken",
        ("ok 2 a.two # time=4ms\n", "ok 2 a.two # time=4ms\n" * 2)),
    "a result of another test": (1, "a.two=fail b.one=broken run.program=broken",
        ("ok 2 a.two", "ok 2 b.one")),
    "a test twice": (3, "a.two=broken",
        ("# begin a.three", "# begin a.two\nok 3 a.two\n# begin a.three"), ("1..3", "1..4"),
        ("ok 3 a.three", "ok 4 a.three"), ("ran=3", "ran=4")),
    "a test that was never planned": (3, "a.new=broken",
        ("# begin a.three", "# begin a.new\nok 3 a.new\n# begin a.three"), ("1..3", "1..4"),
        ("ok 3 a.three", "ok 4 a.three"), ("ran=3", "ran=4")),
    "a fake ok of a planned test": (3, "b.one=broken run.program=broken",
        ("# log: a word for people", "ok 2 b.one")),
    "a test of another program": (3, "b.one=broken",
        ("1..3\n", "1..4\n# begin b.one\nok 1 b.one\n"), ("ran=3", "ran=4"),
        ("ok 1 a.one", "ok 2 a.one"), ("ok 2 a.two", "ok 3 a.two"),
        ("ok 3 a.three", "ok 4 a.three")),
    "a test of another program, which runs nothing then": (3, "b.one=broken",
        ("1..3\n", "1..4\n# begin b.one\nok 1 b.one\n"), ("ran=3", "ran=4"),
        ("ok 1 a.one", "ok 2 a.one"), ("ok 2 a.two", "ok 3 a.two"),
        ("ok 3 a.three", "ok 4 a.three"), ("1..1", "1..0"), ("ran=1", "ran=0"),
        ("# begin b.one\nok 1 b.one # time=6ms\n", ""),
        ("exit hmm_coherent_b 0", "exit hmm_coherent_b 4")),
    "wrong numbers": (3, "run.program=broken", ("ok 2 a.two", "ok 7 a.two")),
    "a torn result line": (1, "a.two=fail run.program=broken",
        ("ok 2 a.two # time=4ms", "not ok 2 [  1.2] a.two")),
    "the rest of a torn result line": (3, "a.two=broken",
        ("ok 2 a.two # time", "ok 2 a.two\n # time")),
    "a result line without its first word": (3, "a.two=broken run.program=broken",
        ("ok 2 a.two", "not\nok 2 a.two")),
    "not applicable and never planned": (3, "run.instrument=broken",
        ("1..3\n", "# not-applicable: a.new: too old\n1..3\n")),
    "not applicable after the plan": (3, "run.instrument=broken",
        ("# begin a.two", "# not-applicable: b.one: no\n# begin a.two")),
    "an outcome that is no JSON": (3, "a.one=broken run.program=broken",
        ('"result":4096}', '"result":')),
    "an outcome that is no object": (3, "a.one=broken run.program=broken",
        ('{"v":1,"cell":"a.one"', '[{"v":1,"cell":"a.one"'), ("4096}", "4096}]")),
    "an outcome as deep as a well": (3, "a.one=broken run.program=broken",
        ('"result":4096}', '"x":' + "[" * 100_000)),
    "the program says nothing": (1,
        "a.one=not-run a.two=not-run a.three=not-run run.program=broken",
        (GOOD[GOOD.index("TAP"):GOOD.index("# guest: exit hmm_coherent_a")], "")),
    "broken outside a test": (3, "run.instrument=broken",
        ("1..3\n", "# broken: no device\n1..3\n")),
    "a splat outside a test": (1, "run.program=fail",
        ("# end hmm_coherent_a", "# splat: BUG: x\n# end hmm_coherent_a")),
    "the guest is broken": (3, "run.instrument=broken",
        ("# guest: ready", "# guest: broken: no test_hmm.ko")),
    "the guest never says done": (1, "run.vm=fail", ("# guest: done\n", "")),
    "exit of a program that did not run": (3, "run.instrument=broken",
        ("# guest: exit hmm_coherent_a", "# guest: exit hmm_coherent_b")),
    "an unknown word of the guest": (0, "", ("# guest: ready", "# guest: tired\n# guest: ready")),
    "chatter on the channel": (0, "",
        ("# log: a word", "Kernel panic - not syncing\nBUG: x\n[FAIL]\n# log: a word")),
}


@pytest.mark.parametrize("lie", LIES)
def test_table(lie):
    status, differ, *changes = LIES[lie]
    run = replay(change(*changes))
    assert verdicts(run) == ALL_PASS | dict(one.split("=") for one in differ.split())
    assert run.exit_status() == status
    for test in run.tests.values():
        assert test.verdict == "pass" or test.reason


def test_nothing_ran():
    for text, plan in (("", PLAN), ("", {}), ("noise\n", PLAN),
                       ("TAP version 13\n1..0\n# end x ran=0 checks=0\n", {})):
        run = replay(text, plan)
        assert run.exit_status() == 3
        assert run.totals()["passed"] == 0
        assert any(t.verdict == "broken" for t in run.tests.values())


def test_a_kernel_that_dies_before_the_first_test_has_failed():
    """It got to its first process, and then its driver was loaded or its devices were looked at."""
    for text in ("# guest: up 6.1\n", "# guest: up 6.1\n# guest: ready\n",
                 "# guest: up 6.1\n# guest: ready\n# guest: start hmm_coherent_fork\nTAP "
                 "version 13\n"):
        run = replay(text, PLAN)
        assert run.exit_status() == 1
        assert run.totals()["passed"] == 0
    # one that does not boot is no verdict
    for text, status in (("# guest: up 6.1\n", 1), ("", 3)):
        run = replay(text, PLAN)
        run.splat("", ["BUG: unable to handle page fault"])
        assert run.exit_status() == status


def test_crash_is_named_and_the_rest_is_not_run():
    before, after = GOOD.index("ok 2 a.two"), GOOD.index("# guest: start hmm_coherent_b")
    run = replay(GOOD[:before] + "# guest: exit hmm_coherent_a 139\n" + GOOD[after:])
    assert verdicts(run) == ALL_PASS | {"a.two": "fail", "a.three": "not-run"}
    assert run.tests["a.two"].cause == "crash"
    assert "SIGSEGV" in run.tests["a.two"].reason
    assert "SIGSEGV before it" in run.tests["a.three"].reason


def test_signal_names():
    assert [signal_of(s) for s in (0, 1, 127, 128, 139, -9, 255)] == ["", "", "", "", "SIGSEGV",
                                                                      "SIGKILL", ""]

# What is learnt later makes an attempt worse, never better.


def test_every_pair():
    states = [("fail", cause) for cause in CAUSES] + [(v, "") for v in VERDICTS[1:]]
    for i, (verdict, cause) in enumerate(states):
        for j, new in enumerate(states):
            attempt = Attempt(verdict=verdict, cause=cause, reason="old")
            attempt.spoil(*new, "new")
            assert (attempt.verdict, attempt.cause) == states[min(i, j)]
            assert attempt.reason == ("new" if j < i else "old")


def run_attempts(*results):
    run = Run()
    run.expect("p", ["p.x"] * len(results))
    run.take(Guest("start", "p"), 1)
    run.take(Plan(len(results)), 1)
    for number, ok in enumerate(results, 1):
        run.take(Begin("p.x"), 1)
        run.take(Result("p.x", ok, None, 5, number), 1)
    return run


def test_any_failure_fails_and_is_flaky():
    run = run_attempts(True, False, True)
    test = run.tests["p.x"]
    assert (test.verdict, test.flaky, len(test.attempts), test.ms) == ("fail", True, 3, 15)
    assert run.totals()["flaky"] == 1


def test_constant_is_not_flaky():
    for ok, verdict in ((True, "pass"), (False, "fail")):
        test = run_attempts(ok, ok).tests["p.x"]
        assert (test.verdict, test.flaky) == (verdict, False)


def test_an_attempt_that_did_not_run_is_no_pass():
    run = run_attempts(True)
    run.expect("p", ["p.x"])
    assert run.remaining("p") == ["p.x"]
    run.finish()
    assert run.tests["p.x"].verdict == "not-run"

# What the stream cannot tell.


HALF = GOOD[:GOOD.index("ok 2 a.two")]


def half():
    return replay(HALF, finish=False)


def test_dead_vm():
    run = half()
    run.vm_died(1, "a.two", "QEMU ended", ["Kernel panic - not syncing: \x1b[31mx"])
    assert run.remaining("hmm_coherent_a") == ["a.three"]
    assert run.remaining("hmm_coherent_b") == ["b.one"]
    run.finish()
    assert verdicts(run) == {"a.one": "pass", "a.two": "fail", "a.three": "not-run",
                      "b.one": "not-run"}
    assert run.tests["a.two"].cause == "vm"
    assert run.tests["b.one"].reason == "VM 1 had died: QEMU ended"
    assert any("Kernel panic" in d.text and "\x1b" not in d.text for d in run.tests["a.two"].diags)
    assert run.exit_status() == 1


def test_second_vm_runs_the_rest():
    run = half()
    run.vm_died(1, "a.two", "QEMU ended")
    rest = ("# guest: up 6.1.192\n# guest: ready\n# guest: start hmm_coherent_a\n1..1\n# "
            "begin a.three\n" "ok 1 a.three # time=1ms\n# end hmm_coherent_a ran=1 checks=3\n"
            "# guest: exit hmm_coherent_a 0\n" + GOOD[GOOD.index("# guest: start hmm_coherent_b"):])
    for event in Reader().feed(rest.encode()):
        run.take(event, 2)
    run.finish()
    assert verdicts(run) == ALL_PASS | {"a.two": "fail"}


def test_splats():
    run = replay(GOOD, finish=False)
    run.splat("a.two", ["WARNING: CPU: 0 at mm/gup.c:1", "Call Trace:"])
    for _ in range(2):
        run.splat("after a.three", ["BUG: Bad page state"])     # once is enough
    run.splat("", ["WARNING: CPU: 0 at mm/gup.c:1"])        # the console says it again
    run.finish()
    assert verdicts(run) == ALL_PASS | {"a.two": "fail", "run.kernel-log": "fail"}
    assert run.tests["a.two"].cause == "splat"
    log = run.tests["run.kernel-log"]
    assert sum(len(attempt.texts("splat")) for attempt in log.attempts) == 1
    assert "after a.three" in run.tests["run.kernel-log"].reason


def test_what_no_check_finds_names_a_rule():
    """And what a check finds keeps its own."""
    ended = {"splat": lambda run: run.splat("a.two", ["BUG: x"]),
             "hang": lambda run: run.hang("a.two", "no result", 1),
             "vm": lambda run: run.vm_died(1, "a.two", "ended"),
             "crash": lambda run: [run.take(event, 1) for event in CRASH]}
    for cause, end in ended.items():
        for own, named in (("", "kernel-survives"), ("# rule: bytes-arrive (S7)\n",
                                                     "bytes-arrive")):
            run = replay(HALF + own, finish=False)
            end(run)
            test = run.tests["a.two"]
            assert (test.verdict, test.cause) == ("fail", cause)
            assert [text.split()[0] for text in test.worst.texts("rule")] == [named]


# How it goes on after a stream: what the runner tells, the verdicts then (VERDICT/CAUSE of those
# that are not pass), and the exit status.
NOTHING_MORE = {"a.three": "not-run", "b.one": "not-run"}
ENDS = {
    "the kernel log knows more than the stream": (
        HALF, [("vm_died", 1, "a.three", "QEMU ended")],
        {"a.two": "fail/vm", "a.three": "fail/vm", "b.one": "not-run"}, 1),
    "death after the last result": (
        GOOD.replace("# guest: done\n", ""), [("vm_died", 1, None, "panic")],
        {"run.vm": "fail/vm"}, 1),
    "a boot that fails is no statement": (
        "", [("vm_died", 1, None, "no sign of life")],
        {"a.one": "not-run", "a.two": "not-run", **NOTHING_MORE, "run.vm": "broken",
         "run.instrument": "broken"}, 3),
    "a hang": (
        HALF, [("hang", "a.two", "no result within 40 s"), ("vm_died", 1, None, "it was killed")],
        {"a.two": "fail/hang", **NOTHING_MORE}, 1),
    "a hang between tests": (
        GOOD[:GOOD.index("# begin a.two")], [("hang", "", "did nothing for 10 s")],
        {"a.two": "not-run", **NOTHING_MORE, "run.program": "fail/hang"}, 1),
    "a splat of a test that the stream does not know": (
        GOOD, [("splat", "x.y", ["BUG: x"])], {"run.kernel-log": "fail/splat"}, 1),
    "SIGINT": (HALF, [("interrupted", signal.SIGINT)], {"a.two": "not-run", **NOTHING_MORE}, 130),
    "SIGTERM": (HALF, [("interrupted", signal.SIGTERM)], {"a.two": "not-run", **NOTHING_MORE}, 143),
    "stopped on purpose": (
        HALF + "not ok 2 a.two\n# begin a.three\n", [("stopped", "--until-fail")],
        {"a.two": "fail/check", **NOTHING_MORE}, 1),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_the_runner_tells(end):
    text, calls, differ, status = ENDS[end]
    run = replay(text, finish=False)
    for name, *words in calls:
        getattr(run, name)(*words)
    run.finish()
    found = {test.name: "/".join(filter(None, (test.verdict, test.cause)))
             for test in run.tests.values()}
    assert found == ALL_PASS | differ
    assert run.exit_status() == status


def test_finish_twice():
    run = half()
    run.finish()
    before = verdicts(run)
    run.finish()
    assert verdicts(run) == before
