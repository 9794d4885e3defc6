# SPDX-License-Identifier: GPL-2.0
"""The fixes of findings as files, what makes one proven, and the command line."""

import argparse
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from base.errors import Stop
from report.result import Attempt, Test
from runner import cli, guests
from vm import kconfig
from vm.kconfig import PROFILES
from dev import findings, lint
from dev.findings import Fix, Shown

TOP = Path(__file__).resolve().parent.parent
HEADER = """// SPDX-License-Identifier: GPL-2.0
// fixes: something
// finding: a-finding
// kernels: 6.1 7.3
// file: mm/gup.c
// tests: a.b c.*@6.1
// profile: debug
@@
// odd: not in the header any more
"""


def tests(**verdicts: str) -> dict[str, Test]:
    """Tests by name with a verdict, "fail/splat" with its cause; a_b is a.b."""
    found = {}
    for name, verdict in verdicts.items():
        verdict, _, cause = verdict.partition("/")
        name = name.replace("_", ".", 1)
        found[name] = Test(name, "p", attempts=[Attempt(verdict=verdict, cause=cause,
                                                        reason="because")])
    return found


def fix(*globs: str) -> Fix:
    text = re.sub("// tests: .*", f"// tests: {' '.join(globs)}", HEADER)
    return findings.parse(Path("x/some-fix.cocci"), text)


def judged(before: dict, after: dict, *globs: str, every: bool = False) -> Shown:
    it = Shown("some-fix", "a-finding", "6.1.192", "")
    findings.judge(it, fix(*globs), before, after, every)
    return it


class Header(unittest.TestCase):
    def test_all_of_it(self):
        one = findings.parse(Path("x/some-fix.cocci"), HEADER)
        self.assertEqual((one.name, one.breaks, one.resembles, one.files, one.kernels, one.profile,
                          one.tests, one.reproducer),
                         ("some-fix", "something", "a-finding", ("mm/gup.c",), ("6.1", "7.3"),
                          "debug", ("a.b", "c.*@6.1"), None))

    def test_what_is_missing_or_wrong_is_said(self):
        for old, new, part in (("// finding: .*\n", "", "does not say finding"),
                               ("// kernels: .*\n", "", "does not say kernels"),
                               ("// tests: .*\n", "", "does not say tests"),
                               ("fixes:", "fixed:", "does not say fixes"),
                               ("// file", "// odd: x\n// file", "says odd"),
                               ("profile: debug", "profile: slow", "profile slow")):
            with self.subTest(part), self.assertRaises(Stop) as caught:
                findings.parse(Path("x/some-fix.cocci"), re.sub(old, new, HEADER))
            self.assertIn(part, str(caught.exception))
            self.assertEqual(caught.exception.status, 3)

    def test_the_kernels_that_it_is_for(self):
        one = findings.parse(Path("x.cocci"), HEADER)
        for release, there in (("6.1.192", True), ("7.3.0-rc7", True), ("6.12.117", False),
                               ("6.10.1", False), ("6.1", True)):
            self.assertEqual(one.of(release), there, release)
        self.assertEqual(one.on("6.1.192").tests, ("a.b", "c.*"))
        self.assertEqual(one.on("6.12.117").tests, ("a.b",))


class Judge(unittest.TestCase):
    """By the tests."""

    def test_each_must_fail_without_and_pass_with(self):
        for before, after, verdict in (
                ("xfail", "xpass", "proven"), ("xfail", "pass", "proven"),
                ("fail/splat", "pass", "proven"), ("fail/vm", "pass", "proven"),
                ("xfail", "xfail", "still fails"), ("fail/splat", "fail/check", "still fails"),
                ("fail/vm", "broken", "still fails"), ("xfail", "skip", "still fails"),
                ("xfail", "not-run", "still fails"),
                ("pass", "pass", "passes without it"), ("skip", "skip", "passes without it"),
                ("skip", "pass", "passes without it"), ("broken", "pass", "passes without it"),
                ("pass", "fail/check", "turns a test red")):
            with self.subTest(before=before, after=after):
                it = judged(tests(a_b=before), tests(a_b=after), "a.b")
                self.assertEqual(it.verdict, verdict)

    def test_what_has_no_result_with_the_fix(self):
        it = judged(tests(a_b="xfail"), {}, "a.b")
        self.assertEqual((it.verdict, it.tests), ("still fails", {"a.b": ["known", "not run"]}))

    def test_each_glob_needs_a_test(self):
        it = judged(tests(a_b="xfail", c_d="pass"), tests(a_b="pass", c_d="pass"), "a.b", "c.*")
        self.assertEqual((it.verdict, it.why), ("passes without it", "c.*"))
        it = judged(tests(c_d="xfail", c_e="skip"), tests(c_d="pass", c_e="skip"), "c.*")
        self.assertEqual((it.verdict, it.tests), ("proven", {"c.d": ["known", "pass"]}))

    def test_the_others_must_stay_as_they_are(self):
        before, after = tests(a_b="xfail"), tests(a_b="pass")
        for was, now, verdict in (("pass", "pass", "proven"), ("pass", "fail/check", None),
                                  ("pass", "skip", None), ("fail/check", "fail/splat", None),
                                  ("xfail", "xpass", "proven"), ("xfail", "fail/check", None)):
            with self.subTest(was=was, now=now):
                it = judged(before | tests(z_z=was), after | tests(z_z=now), "a.b", every=True)
                self.assertEqual(it.verdict, verdict or "turns a test red")
        it = judged(before | tests(z_z="pass"), after, "a.b", every=True)
        self.assertEqual(it.others, {"z.z": ["pass", "not run"]})
        it = judged(before, after | tests(run_leaks="fail/splat"), "a.b", every=True)
        self.assertEqual(it.verdict, "turns a test red")
        it = judged(before | tests(z_z="pass"), after | tests(z_z="fail"), "a.b")
        self.assertEqual(it.verdict, "proven", "not asked for")

    def test_the_reproducer_must_agree(self):
        for said, verdict in ((["1", "0"], "proven"), (["died", "0"], "proven"),
                              (["0", "0"], "passes without it"), (["1", "1"], "still fails"),
                              (["1", "died"], "still fails"), (["1", "2"], "still fails"),
                              (["hangs", "hangs"], "still fails"), (["hangs", "0"], "proven"),
                              (["2", "0"], "passes without it"), (["2", "2"], "still fails"),
                              (["124", "0"], "proven")):
            with self.subTest(said=said):
                it = judged(tests(a_b="xfail"), tests(a_b="pass"), "a.b")
                it.reproducer = said
                findings.judge_reproducer(it, "x")
                self.assertEqual(it.verdict, verdict)

    def test_exit_status(self):
        for verdicts, status in ((["proven"], 0), (["proven", "not of this kernel"], 0),
                                 (["proven", "still fails"], 1), (["proven", "does not apply"], 1),
                                 (["still fails", "broken"], 3), (["not of this kernel"], 4),
                                 ([], 4)):
            table = [Shown("f", "g", "6.1", "", verdict) for verdict in verdicts]
            self.assertEqual(findings.exit_status(table), status, verdicts)


class Together(unittest.TestCase):
    def test_all_rules_files_and_tests_of_several(self):
        fixes = [one for one in findings.catalogue() if one.resembles == "huge-coherent"]
        with tempfile.TemporaryDirectory() as name:
            one = findings.together(fixes, Path(name))
            rules = one.path.read_text()
        for part in fixes:
            self.assertIn(part.path.read_text(), rules)
            self.assertLessEqual(set(part.files), set(one.files))
            self.assertLessEqual(set(part.tests), set(one.tests))
        self.assertEqual(one.parts, tuple(fixes))


class Reproduce(unittest.TestCase):
    """The reproducer in a guest: its exit status, or what became of the guest."""

    def ask(self, does: str, seconds: float = 5) -> str:
        with tempfile.TemporaryDirectory() as name, \
                mock.patch("dev.findings.TOP", Path(name)), \
                mock.patch("dev.findings.REPRODUCER_SECONDS", seconds):
            top = Path(name)
            (top / "run_tests.sh").write_text(f"#!/bin/sh\ncat >{top}/script\n{does}\n")
            (top / "run_tests.sh").chmod(0o755)
            one = findings.Findings.__new__(findings.Findings)
            one.options, one.cache = argparse.Namespace(accel=""), SimpleNamespace(root=top)
            one.programs = {"some-fix": top / "reproducer" / "some-fix"}
            one.profile = SimpleNamespace(slowness=1, name="")
            built = SimpleNamespace(image=top / "vmlinux", modules={"test_hmm": top / "x.ko"})
            said = one.reproduce(fix("a.b"), built, top / "log")
            self.assertIn("/mnt/reproducer/some-fix", (top / "script").read_text())
            return said

    def test_what_it_says(self):
        for does, said in (("exit 0", "0"), ("exit 1", "1"),
                           ("echo run_tests.sh: the guest ended before the script did >&2; exit 3",
                            "died")):
            self.assertEqual(self.ask(does), said)
        self.assertEqual(self.ask("exec sleep 60", 0.1), "hangs")

    def test_a_guest_that_cannot_start_says_nothing(self):
        with self.assertRaises(Stop) as caught:
            self.ask("echo no QEMU; exit 3")
        self.assertIn("the reproducer: no QEMU", str(caught.exception))


class Files(unittest.TestCase):
    def setUp(self):
        self.fixes = findings.catalogue()

    def test_findings_and_tests_exist(self):
        page = (TOP / "docs/findings.md").read_text()
        titles = set(re.findall(r"(?m)^## ([a-z-]+):", page))
        for one in self.fixes:
            with self.subTest(one.name):
                self.assertIn(one.resembles, titles)
                self.assertTrue(f"fixes/{one.name}.cocci" in page, "docs/findings.md names it")
                self.assertRegex(one.name, r"^[a-z-]+$")
                for name in one.files:
                    self.assertRegex(name, r"^[a-z0-9_/-]+\.c$")

    def test_each_known_issue_has_a_fix(self):
        """The list of known issues is proven by them."""
        linked = re.findall(r'link = "docs/findings.md, ([a-z-]+)"',
                            (TOP / "known-issues.toml").read_text())
        self.assertEqual(set(linked) - {one.resembles for one in self.fixes}, set())

    def test_reproducers_need_no_suite_and_no_second_page(self):
        names = {one.name for one in self.fixes}
        for path in (TOP / "fixes").glob("*.c"):
            with self.subTest(path.name):
                text = path.read_text()
                self.assertIn(path.stem, names)
                self.assertLessEqual(text.count("\n"), 75)
                self.assertEqual(re.findall(r'#include "', text), [])
                self.assertEqual([*lint.licence(path, text)], [])


class Image(unittest.TestCase):
    """How a kernel with a fix gets to run_tests.sh: as an image, which tells its profile."""

    def ask(self, config: dict[str, str], profile: str):
        with mock.patch("vm.kconfig.of_image", return_value=config), \
                mock.patch("vm.kernel.from_image", return_value="the kernel"):
            return guests.find_kernel("/x/bzImage", None, Path("/x"), None, mock.Mock(),
                                      PROFILES[profile])

    def test_an_image_of_a_profile(self):
        debug = kconfig.values(PROFILES["debug"].more[0])
        self.assertEqual(self.ask({}, ""), "the kernel")
        self.assertEqual(self.ask(debug, "debug"), "the kernel")
        for config, profile, part in ((debug | {"CONFIG_KASAN": "n"}, "debug", "CONFIG_KASAN=y"),
                                      ({}, "debug", "not for --profile debug"),
                                      (kconfig.values(PROFILES["coverage"].fragments[-1]),
                                       "coverage", "not for --profile coverage")):
            with self.subTest(part), self.assertRaises(Stop) as caught:
                self.ask(config, profile)
            self.assertIn(part, str(caught.exception))


class Select(unittest.TestCase):
    def test_by_name_and_finding(self):
        fixes = findings.catalogue()
        self.assertEqual([one.name for one in findings.select(fixes, ["mlocked-leak"])],
                         ["mlocked-leak"])
        self.assertGreater(len(findings.select(fixes, ["huge-coherent"])), 1)
        self.assertEqual(findings.select(fixes, []), fixes)
        with self.assertRaises(Stop) as caught:
            findings.select(fixes, ["mlocked-leek"])
        self.assertEqual(caught.exception.status, 2)

    def test_the_command(self):
        done = subprocess.run([TOP / "run_tests.sh", "findings", "--list"], capture_output=True,
                              text=True, check=True)
        self.assertEqual(len(done.stdout.splitlines()), len(findings.catalogue()))
        with self.assertRaises(Stop) as caught:
            cli.parse(["faults", "--all"])
        self.assertEqual(caught.exception.status, 2)
