# SPDX-License-Identifier: GPL-2.0
"""The verdict over a seeded fault: only an assertion of a test that passes without it counts."""

import json
import tempfile
import unittest
from pathlib import Path

from report import faults
from report.faults import Kernel, Measured, Theirs
from report.model import Run
from streams import replay

RULE = "# rule: longterm-leaves-device (S7) check_and_migrate_movable_pages()\n"
FAILS = RULE + "# expected: result: 0\n# seen: result: 4096\n"
# What the first of three tests says, how its program ends, and the verdict over the fault whose header names it.
SAYS = {
    "an assertion": (FAILS + "not ok 1 p.own", 1, faults.DETECTED),
    "a failure that says why": ("# fail: the child sees it\nnot ok 1 p.own", 1, faults.DETECTED),
    "an assertion, and a splat": (FAILS + "# splat: WARNING: at mm/gup.c\nnot ok 1 p.own", 1, faults.DETECTED),
    "a splat": ("# splat: WARNING: at mm/gup.c\nnot ok 1 p.own", 1, faults.NO_ASSERTION),
    "a crash": ("# crash: SIGSEGV\nnot ok 1 p.own", 1, faults.NO_ASSERTION),
    "a hang": ("# hang: 10 s\nnot ok 1 p.own", 1, faults.NO_ASSERTION),
    "broken": ("# broken: page 0 could not be placed\nnot ok 1 p.own", 3, faults.NO_ASSERTION),
    "a skip": ("ok 1 p.own # SKIP no device", 0, faults.MISSED),
    "nothing": ("ok 1 p.own", 0, faults.MISSED),
}


def run_that_says(first: str, status: int, second: str = "ok 2 p.other") -> Run:
    text = (f"# guest: start p\nTAP version 13\n1..3\n# begin p.own\n{first}\n# begin p.other\n{second}\n"
            f"# begin p.red\n{FAILS}not ok 3 p.red\n# end p ran=3 checks=3\n# guest: exit p {status or 1}\n")
    run = replay(text, {"p": ["p.own", "p.other", "p.red"]})
    run.info["machines"] = [{"boot_seconds": 1.0}]
    return run


def measured(**facts) -> Measured:
    return Measured(**{"name": "f", "breaks": "the kernel", "claims": ["S7"], "rules": ["longterm-leaves-device"],
                       "resembles": "nothing known", "tests": ["p.own", "p.absent.*"]} | facts)


def judged(first: str, status: int = 1, passes=("p.own", "p.other"), second="ok 2 p.other") -> Measured:
    one = measured()
    faults.judge(one, run_that_says(first, status, second), set(passes))
    return one


class Verdict(unittest.TestCase):
    def test_each_way_to_say_something(self):
        for what, (first, status, verdict) in SAYS.items():
            with self.subTest(what):
                self.assertEqual(judged(first, status).verdict, verdict)

    def test_by_another_than_the_header_names(self):
        one = judged("ok 1 p.own", second=FAILS + "not ok 2 p.other")
        self.assertEqual((one.verdict, one.red, one.silent), (faults.BY_OTHERS, ["p.other"], ["p.own"]))

    def test_what_fails_without_the_fault_says_nothing(self):
        one = judged(*SAYS["an assertion"][:2], passes=("p.other",))
        self.assertEqual((one.verdict, one.red), (faults.MISSED, []))

    def test_nothing_ran(self):
        self.assertEqual(judged("ok 1 p.own", passes=()).verdict, faults.BROKEN)

    def test_the_rule_and_the_globs(self):
        one = judged(FAILS + "not ok 1 p.own")
        self.assertEqual((one.cited, one.silent), (["longterm-leaves-device"], []))

    def test_a_kernel_that_does_not_boot(self):
        one, run = measured(), Run()
        run.info["machines"] = [{"boot_seconds": 0.0}]
        faults.judge(one, run, {"p.own"})
        self.assertEqual(one.verdict, faults.DOES_NOT_BOOT)


class Table(unittest.TestCase):
    def kernel(self, *verdicts: str) -> Kernel:
        found = [measured(name=f"f{number}", verdict=verdict, red=["p.own"] * (verdict in faults.GOOD),
                          cited=["longterm-leaves-device"], theirs={"cow": Theirs(["x"] if number == 0 else [])})
                 for number, verdict in enumerate(verdicts)]
        return Kernel("6.1", "6.1.192", "./run_tests.sh faults", 1603, {"cow": "505 pass"}, found)

    def test_exit_status(self):
        for verdicts, status in (((faults.DETECTED, faults.BY_OTHERS), 0), ((faults.DETECTED, faults.MISSED), 1),
                                 ((faults.DETECTED, faults.NO_ASSERTION), 1), ((faults.DETECTED, faults.DOES_NOT_BUILD), 1),
                                 ((faults.DETECTED, faults.DOES_NOT_BOOT), 1), ((faults.DETECTED, faults.DOES_NOT_APPLY), 0),
                                 ((faults.MISSED, faults.BROKEN), 3), ((faults.DOES_NOT_APPLY,), 4), ((), 4)):
            with self.subTest(verdicts):
                self.assertEqual(faults.exit_status([self.kernel(*verdicts)]), status)

    def test_rates_side_by_side(self):
        head, claim, total = faults.rates(self.kernel(faults.DETECTED, faults.MISSED, faults.DOES_NOT_APPLY))
        self.assertEqual(head, ["claim", "faults", "this suite", "cow"])
        self.assertEqual((claim, total), (["S7", "2", "1", "1"], ["all", "2", "1", "1"]))

    def test_a_row_says_who_noticed(self):
        head, row = faults.rows(self.kernel(faults.DETECTED))
        self.assertEqual(dict(zip(head, row))["by"], "p.own")
        self.assertEqual(dict(zip(head, row))["cow"], "1 tests")

    def test_each_rule_with_the_faults_that_turned_it_red(self):
        kernel = self.kernel(faults.DETECTED, faults.DETECTED, faults.MISSED)
        kernel.faults[1].cited, kernel.faults[2].cited = ["bytes-arrive", "longterm-leaves-device"], []
        self.assertEqual(faults.named(kernel)[1:], [["bytes-arrive", "f1"], ["longterm-leaves-device", "f0 f1"]])

    def test_three_formats_tell_the_same(self):
        kernels = [self.kernel(faults.DETECTED, faults.MISSED)]
        with tempfile.TemporaryDirectory() as folder:
            faults.write(kernels, Path(folder))
            text, page = (Path(folder, f"faults.{kind}").read_text() for kind in ("md", "html"))
            data = json.loads(Path(folder, "faults.json").read_text())
        self.assertEqual([fault["verdict"] for fault in data["kernels"][0]["faults"]], ["detected", "missed"])
        for part in ("1 of 2 faults that apply", "f1", "missed", "./run_tests.sh faults", "turned red by"):
            self.assertIn(part, text)
            self.assertIn(part, page)
        self.assertNotIn("http", page.replace("http-equiv", ""))

    def test_html_is_not_broken_by_what_a_kernel_says(self):
        kernel = self.kernel(faults.NO_ASSERTION)
        kernel.faults[0].why = "<script>alert(1)</script>"
        self.assertNotIn("<script>", faults.page([kernel]))


if __name__ == "__main__":
    unittest.main()
