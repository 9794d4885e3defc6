# SPDX-License-Identifier: GPL-2.0
"""The verdict over a seeded fault: an assertion of a test that passes without it, and status 1."""

import json
from unittest import mock

import pytest

from base.errors import bisect_status
from report.ktap import Begin, Guest
from report.model import Run
from dev import fault_report as faults
from dev.fault_report import Kernel, Measured, Theirs
from streams import replay

RULE = "# rule: longterm-leaves-device (S7) check_and_migrate_movable_pages()\n"
FAILS = RULE + "# expected: result: 0\n# seen: result: 4096\n"
# What the first of three tests says, how its program ends, and the verdict over the fault whose
# header names it.
SAYS = {
    "an assertion": (FAILS + "not ok 1 p.own", 1, faults.DETECTED),
    "a failure that says why": ("# fail: the child sees it\nnot ok 1 p.own", 1, faults.DETECTED),
    "an assertion, and a splat": (FAILS + "# splat: WARNING: at mm/gup.c\nnot ok 1 p.own", 1,
                                  faults.DETECTED),
    "a splat": ("# splat: WARNING: at mm/gup.c\nnot ok 1 p.own", 1, faults.NO_ASSERTION),
    "a crash": ("# crash: SIGSEGV\nnot ok 1 p.own", 1, faults.NO_ASSERTION),
    "a hang": ("# hang: 10 s\nnot ok 1 p.own", 1, faults.NO_ASSERTION),
    "broken": ("# broken: page 0 could not be placed\nnot ok 1 p.own", 3, faults.NO_ASSERTION),
    "a skip": ("ok 1 p.own # SKIP no device", 0, faults.MISSED),
    "nothing": ("ok 1 p.own", 0, faults.MISSED),
}


def run_that_says(first: str, status: int, second: str = "ok 2 p.other") -> Run:
    text = (f"# guest: start p\nTAP version 13\n1..3\n# begin p.own\n{first}\n# begin "
            f"p.other\n{second}\n"
            f"# begin p.red\n{FAILS}not ok 3 p.red\n# end p ran=3 checks=3\n# guest: exit p "
            f"{status or 1}\n")
    run = replay(text, {"p": ["p.own", "p.other", "p.red"]})
    run.info["machines"] = [{"boot_seconds": 1.0}]
    return run


def measured(**facts) -> Measured:
    return Measured(**{"name": "f", "breaks": "the kernel", "claims": ["S7"],
                       "rules": ["longterm-leaves-device"],
                       "resembles": "nothing known", "tests": ["p.own", "p.absent.*"]} | facts)


def judged(first: str, status: int = 1, passes=("p.own", "p.other"), second="ok 2 p.other",
           ends=1, **facts) -> Measured:
    one = measured(status=ends, **facts)
    faults.judge(one, run_that_says(first, status, second), set(passes))
    return one


@pytest.mark.parametrize("first, status, verdict", SAYS.values(), ids=SAYS)
def test_each_way_to_say_something(first, status, verdict):
    assert judged(first, status).verdict == verdict


def test_by_another_than_the_header_names():
    one = judged("ok 1 p.own", second=FAILS + "not ok 2 p.other")
    assert (one.verdict, one.red, one.silent) == (faults.BY_OTHERS, ["p.other"], ["p.own"])


def test_what_fails_without_the_fault_says_nothing():
    one = judged(*SAYS["an assertion"][:2], passes=("p.other",))
    assert (one.verdict, one.red) == (faults.MISSED, [])


def test_nothing_ran():
    assert judged("ok 1 p.own", passes=()).verdict == faults.BROKEN


def test_the_rule_and_the_globs():
    one = judged(FAILS + "not ok 1 p.own")
    assert (one.cited, one.silent) == (["longterm-leaves-device"], [])


def test_who_reads_only_the_exit_status_must_notice():
    for ends in (0, 2, 3, 4, 143, None):
        one = judged(FAILS + "not ok 1 p.own", ends=ends)
        assert one.verdict == faults.OTHER_STATUS
        assert one.words == f"detected, but status {ends}"


def test_a_fault_that_kills_is_seen_by_what_its_header_says():
    for cause in ("splat", "crash", "hang"):
        said = f"# {cause}: something happened\nnot ok 1 p.own"
        for seen, ends, verdict in (([cause], 1, faults.DETECTED),
                                    ([cause], 3, faults.OTHER_STATUS),
                                    (["vm"], 1, faults.NO_ASSERTION)):
            assert judged(said, seen=seen, ends=ends).verdict == verdict


def test_only_what_takes_the_instrument_away_may_be_broken():
    broken = SAYS["broken"][0]
    for seen, ends, verdict in ((["broken"], 3, faults.DETECTED),
                                (["broken"], 1, faults.OTHER_STATUS),
                                (["broken", "check"], 3, faults.OTHER_STATUS)):
        assert judged(broken, 3, seen=seen, ends=ends).verdict == verdict


def dead(running: str | None, boot_seconds: float, *events) -> Run:
    """A guest that came up, said this, and died."""
    run = Run()
    run.expect("p", ["p.own"])
    for event in (Guest("up", "6.1"), Guest("ready", ""), *events):
        run.take(event, 1)
    run.vm_died(1, running, "it panicked")
    run.finish()
    run.info["machines"] = [{"boot_seconds": boot_seconds}]
    return run


@pytest.mark.parametrize("seen, verdict", [("check", faults.DOES_NOT_BOOT),
                                           ("vm", faults.BY_OTHERS)])
def test_a_guest_that_dies_before_the_first_test_is_judged(seen, verdict):
    one = measured(status=1, seen=[seen])
    faults.judge(one, dead(None, 0.0), {"p.own"}, {"p.own"})
    assert one.verdict == verdict


def test_that_the_guest_died_is_no_assertion_of_the_test_that_ran():
    one = measured(status=1)
    faults.judge(one, dead("p.own", 1.0, Guest("start", "p"), Begin("p.own")), {"p.own"})
    assert (one.verdict, one.causes) == (faults.NO_ASSERTION, {"vm": 1})


@pytest.mark.parametrize("status, run, verdict", [
    (1, run_that_says(FAILS + "not ok 1 p.own", 1), faults.DETECTED),
    (None, Run(), faults.DOES_NOT_BOOT)], ids=["the driver does not load", "nothing boots"])
def test_a_guest_that_was_never_ready(status, run, verdict):
    """A driver that does not load is an assertion."""
    one = measured(status=status)
    run.info["machines"] = [{"boot_seconds": 0.0}]
    faults.judge(one, run, {"p.own"})
    assert one.verdict == verdict


# What the run on a kernel with this verdict ends with; else 1.
STATUS = {faults.MISSED: 0, faults.OTHER_STATUS: 3, faults.BROKEN: None,
          faults.DOES_NOT_APPLY: None}


def kernel_of(*verdicts: str) -> Kernel:
    found = [measured(name=f"f{number}", verdict=verdict, status=STATUS.get(verdict, 1),
                      red=["p.own"] * (verdict in faults.GOOD), cited=["longterm-leaves-device"],
                      theirs={"cow": Theirs(["x"] if number == 0 else [])}) for number,
             verdict in enumerate(verdicts)]
    return Kernel("6.1", "6.1.192", "./run_tests.sh faults", 1603, {"cow": "505 pass"}, found)


def test_exit_status():
    for verdicts, status in (
        ((faults.DETECTED, faults.BY_OTHERS), 0), ((faults.DETECTED, faults.MISSED), 1),
        ((faults.DETECTED, faults.NO_ASSERTION), 1), ((faults.DETECTED, faults.OTHER_STATUS), 1),
        ((faults.DETECTED, faults.DOES_NOT_BUILD), 1), ((faults.DETECTED, faults.DOES_NOT_BOOT), 1),
        ((faults.DETECTED, faults.DOES_NOT_APPLY), 0), ((faults.MISSED, faults.BROKEN), 3),
        ((faults.DOES_NOT_APPLY,), 4), ((), 4)):
        assert faults.exit_status([kernel_of(*verdicts)]) == status


def test_rates_side_by_side():
    head, claim, total = faults.rates(kernel_of(faults.DETECTED, faults.MISSED,
                                                faults.DOES_NOT_APPLY))
    assert head == ["claim", "faults", "this suite", "cow"]
    assert (claim, total) == (["S7", "2", "1", "1"], ["all", "2", "1", "1"])


def test_a_row_says_who_noticed():
    head, row = faults.rows(kernel_of(faults.DETECTED))
    assert dict(zip(head, row))["by"] == "p.own"
    assert dict(zip(head, row))["cow"] == "1 tests"


def test_a_row_says_how_the_run_ended_and_what_a_bisection_makes_of_it():
    one = measured(red=["p.own"])
    for status, cut, verdict, bisect in (
        (1, False, faults.DETECTED, "bad (1)"), (0, False, faults.MISSED, "good (0)"),
        (3, False, faults.OTHER_STATUS, "skip (125)"), (2, False, faults.BROKEN, "abort (128)"),
        (143, False, faults.BROKEN, "abort (143)"), (1, True, faults.DETECTED, "bad (1)"),
        (None, True, faults.OTHER_STATUS, "")):
        one.status, one.cut, one.verdict = status, cut, verdict
        head, row = faults.rows(Kernel("6.1", "6.1.192", "", 3, {}, [one]))
        said = dict(zip(head, row))
        ended = f"{'' if status is None else status}{' (ended)' if cut else ''}"
        assert (said["exit status"], said["bisect"]) == (ended, bisect)
        if status is not None:
            assert str(bisect_status(status)) in said["bisect"]
            assert f"exit status {ended}, bisect {bisect}" in faults.line(one)


def test_the_bisect_column_is_the_function_of_the_exit_status():
    with mock.patch("base.errors.bisect_status", return_value=77):
        assert measured(status=0).bisect == "abort (77)"


def test_each_rule_with_the_faults_that_turned_it_red():
    kernel = kernel_of(faults.DETECTED, faults.DETECTED, faults.MISSED)
    kernel.faults[1].cited, kernel.faults[2].cited = ["bytes-arrive", "longterm-leaves-device"], []
    assert faults.named(kernel)[1:] == [["bytes-arrive", "f1"], ["longterm-leaves-device", "f0 f1"]]


def test_three_formats_tell_the_same(scratch):
    faults.write([kernel_of(faults.DETECTED, faults.MISSED, faults.OTHER_STATUS)], scratch)
    text, page = ((scratch / f"faults.{kind}").read_text() for kind in ("md", "html"))
    data = json.loads((scratch / "faults.json").read_text())
    assert [(fault["verdict"], fault["status"], fault["bisect"]) for fault
            in data["kernels"][0]["faults"]] == [("detected", 1, "bad (1)"),
                                                 ("missed", 0, "good (0)"),
                                                 ("detected, but status", 3, "skip (125)")]
    for part in ("1 of 3 faults that apply", "f1", "missed", "detected, but status 3", "skip (125)",
                 "good (0)", "exit status", "./run_tests.sh faults", "turned red by"):
        assert part in text
        assert part in page
    assert "http" not in page.replace("http-equiv", "")


def test_html_is_not_broken_by_what_a_kernel_says():
    kernel = kernel_of(faults.NO_ASSERTION)
    kernel.faults[0].why = "<script>alert(1)</script>"
    assert "<script>" not in faults.page([kernel])
