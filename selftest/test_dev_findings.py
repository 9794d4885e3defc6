# SPDX-License-Identifier: GPL-2.0
"""The fixes of findings as files, what makes one proven, and the command line."""

import argparse
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from report.result import Attempt, Test
from runner import cli, guests
from vm import kconfig
from vm.kconfig import PROFILES
from dev import fault, faults, findings, lint
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
FIXES = findings.catalogue()
DEBUG = kconfig.values(PROFILES["debug"].more[0])
COVERAGE = kconfig.values(PROFILES["coverage"].fragments[-1])


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

# The header.


def test_all_of_it():
    one = findings.parse(Path("x/some-fix.cocci"), HEADER)
    assert (one.name, one.breaks, one.resembles, one.files, one.kernels, one.profile,
            one.tests, one.reproducer) == (
                "some-fix", "something", "a-finding", ("mm/gup.c",), ("6.1", "7.3"), "debug",
                ("a.b", "c.*@6.1"), None)


@pytest.mark.parametrize("old, new, part", [
    ("// finding: .*\n", "", "does not say finding"),
    ("// kernels: .*\n", "", "does not say kernels"),
    ("// tests: .*\n", "", "does not say tests"),
    ("fixes:", "fixed:", "does not say fixes"),
    ("// file", "// odd: x\n// file", "says odd"),
    ("profile: debug", "profile: slow", "profile slow")])
def test_what_is_missing_or_wrong_is_said(box, old, new, part):
    box.stops(3, part, findings.parse, Path("x/some-fix.cocci"), re.sub(old, new, HEADER))


def test_the_kernels_that_it_is_for():
    one = findings.parse(Path("x.cocci"), HEADER)
    for release, there in (("6.1.192", True), ("7.3.0-rc7", True), ("6.12.117", False),
                           ("6.10.1", False), ("6.1", True)):
        assert one.of(release) == there, release
    assert one.on("6.1.192").tests == ("a.b", "c.*")
    assert one.on("6.12.117").tests == ("a.b",)

# The verdict by the tests.


@pytest.mark.parametrize("before, after, verdict", [
    ("xfail", "xpass", "proven"), ("xfail", "pass", "proven"),
    ("fail/splat", "pass", "proven"), ("fail/vm", "pass", "proven"),
    ("xfail", "xfail", "still fails"), ("fail/splat", "fail/check", "still fails"),
    ("fail/vm", "broken", "still fails"), ("xfail", "skip", "still fails"),
    ("xfail", "not-run", "still fails"),
    ("pass", "pass", "passes without it"), ("skip", "skip", "passes without it"),
    ("skip", "pass", "passes without it"), ("broken", "pass", "passes without it"),
    ("pass", "fail/check", "turns a test red")])
def test_each_must_fail_without_and_pass_with(before, after, verdict):
    assert judged(tests(a_b=before), tests(a_b=after), "a.b").verdict == verdict


def test_what_has_no_result_with_the_fix():
    it = judged(tests(a_b="xfail"), {}, "a.b")
    assert (it.verdict, it.tests) == ("still fails", {"a.b": ["known", "not run"]})


def test_each_glob_needs_a_test():
    it = judged(tests(a_b="xfail", c_d="pass"), tests(a_b="pass", c_d="pass"), "a.b", "c.*")
    assert (it.verdict, it.why) == ("passes without it", "c.*")
    it = judged(tests(c_d="xfail", c_e="skip"), tests(c_d="pass", c_e="skip"), "c.*")
    assert (it.verdict, it.tests) == ("proven", {"c.d": ["known", "pass"]})


BEFORE, AFTER = tests(a_b="xfail"), tests(a_b="pass")


@pytest.mark.parametrize("was, now, verdict", [
    ("pass", "pass", "proven"), ("xfail", "xpass", "proven"),
    *((was, now, "turns a test red") for was, now in (
        ("pass", "fail/check"), ("pass", "skip"), ("fail/check", "fail/splat"),
        ("xfail", "fail/check")))])
def test_the_others_must_stay_as_they_are(was, now, verdict):
    it = judged(BEFORE | tests(z_z=was), AFTER | tests(z_z=now), "a.b", every=True)
    assert it.verdict == verdict


def test_others_that_one_of_the_runs_does_not_have():
    it = judged(BEFORE | tests(z_z="pass"), AFTER, "a.b", every=True)
    assert it.others == {"z.z": ["pass", "not run"]}
    it = judged(BEFORE, AFTER | tests(run_leaks="fail/splat"), "a.b", every=True)
    assert it.verdict == "turns a test red"
    it = judged(BEFORE | tests(z_z="pass"), AFTER | tests(z_z="fail"), "a.b")
    assert it.verdict == "proven", "not asked for"


@pytest.mark.parametrize("without, with_it, verdict", [
    ("1", "0", "proven"), ("died", "0", "proven"), ("hangs", "0", "proven"),
    ("124", "0", "proven"), ("0", "0", "passes without it"), ("2", "0", "passes without it"),
    ("1", "1", "still fails"), ("1", "died", "still fails"), ("1", "2", "still fails"),
    ("hangs", "hangs", "still fails"), ("2", "2", "still fails")])
def test_the_reproducer_must_agree(without, with_it, verdict):
    it = judged(BEFORE, AFTER, "a.b")
    it.reproducer = [without, with_it]
    findings.judge_reproducer(it, "x")
    assert it.verdict == verdict


@pytest.mark.parametrize("verdicts, status", [
    (["proven"], 0), (["proven", "not of this kernel"], 0), (["proven", "still fails"], 1),
    (["proven", "does not apply"], 1), (["still fails", "broken"], 3),
    (["not of this kernel"], 4), ([], 4)])
def test_exit_status(verdicts, status):
    table = [Shown("f", "g", "6.1", "", verdict) for verdict in verdicts]
    assert findings.exit_status(table) == status


def test_all_rules_files_and_tests_of_several_fixes_together(scratch):
    fixes = [one for one in FIXES if one.resembles == "huge-coherent"]
    one = findings.together(fixes, scratch)
    rules = one.path.read_text()
    for part in fixes:
        assert part.path.read_text() in rules
        assert set(part.files) <= set(one.files)
        assert set(part.tests) <= set(one.tests)
    assert one.parts == tuple(fixes)


def test_no_two_fixes_name_a_rule_alike():
    """spatch does not read a file with two rules of one name."""
    names = [name for one in FIXES
             for name in re.findall(r"^@(\w+)@$", one.path.read_text(), re.M)]
    assert sorted(names) == sorted(set(names))

# The reproducer in a guest: its exit status, or what became of the guest.


def reproduce(box, does: str, seconds: float = 5) -> str:
    top = box.folder
    box.patch(findings, "TOP", top)
    box.patch(findings, "REPRODUCER_SECONDS", seconds)
    box.script("run_tests.sh", f"cat >{top}/script\n{does}")
    one = findings.Findings.__new__(findings.Findings)
    one.options, one.cache = argparse.Namespace(accel=""), SimpleNamespace(root=top)
    one.programs = {"some-fix": top / "reproducer" / "some-fix"}
    one.profile = SimpleNamespace(slowness=1, name="")
    built = SimpleNamespace(image=top / "vmlinux", modules={"test_hmm": top / "x.ko"})
    said = one.reproduce(fix("a.b"), built, top / "log")
    assert "/mnt/reproducer/some-fix" in (top / "script").read_text()
    return said


@pytest.mark.parametrize("does, seconds, said", [
    ("exit 0", 5, "0"), ("exit 1", 5, "1"), ("exec sleep 60", 0.1, "hangs"),
    ("echo run_tests.sh: the guest ended before the script did >&2; exit 3", 5, "died")])
def test_what_a_reproducer_says(box, does, seconds, said):
    assert reproduce(box, does, seconds) == said


def test_a_guest_that_cannot_start_says_nothing(box):
    box.stops(3, "the reproducer: no QEMU", reproduce, box, "echo no QEMU; exit 3")

# The files.


@pytest.mark.parametrize("one", FIXES, ids=lambda one: one.name)
def test_findings_and_tests_exist(one):
    page = (TOP / "docs/findings.md").read_text()
    assert one.resembles in re.findall(r"(?m)^## ([a-z-]+):", page)
    name = Path("fixes", one.arch, f"{one.name}.cocci")
    assert str(name) in page, "docs/findings.md names it"
    assert re.search(r"^[a-z-]+$", one.name)
    for name in one.files:
        assert re.search(r"^[a-z0-9_/-]+\.[ch]$", name)


def test_each_known_issue_has_a_fix():
    """The list of known issues is proven by them."""
    linked = re.findall(r'link = "docs/findings.md, ([a-z-]+)"',
                        (TOP / "known-issues.toml").read_text())
    assert set(linked) - {one.resembles for one in FIXES} == set()


def test_reproducers_need_no_suite_and_no_second_page():
    for path in (TOP / "fixes").glob("*.c"):
        text = path.read_text()
        assert path.stem in {one.name for one in FIXES}
        assert text.count("\n") <= 75, path
        assert re.findall(r'#include "', text) == [], path
        assert [*lint.licence(path, text)] == []

# How a kernel with a fix gets to run_tests.sh: as an image, which tells its profile.


def from_image(box, config: dict[str, str], profile: str):
    box.patch(kconfig, "of_image", lambda _path: config)
    box.patch(guests.kernel, "from_image", lambda *_words: "the kernel")
    return guests.find_kernel("/x/bzImage", None, Path("/x"), None, mock.Mock(), PROFILES[profile])


def test_reproducers_ask_for_sizes_and_wait_for_events():
    """Pages of other sizes than x86's, and machines that are slow."""
    for path in (TOP / "fixes").glob("*.c"):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        assert not re.search(r"\b(4096|512)(UL)?\b", code), path.name
        assert not re.search(r"\b(sleep|usleep)\(", code), path.name


def test_an_image_of_a_profile(box):
    assert from_image(box, {}, "") == "the kernel"
    assert from_image(box, DEBUG, "debug") == "the kernel"
    for config, profile, part in ((DEBUG | {"CONFIG_KASAN": "n"}, "debug", "CONFIG_KASAN=y"),
                                  ({}, "debug", "not for --profile debug"),
                                  (COVERAGE, "coverage", "not for --profile coverage")):
        box.stops(2, part, from_image, box, config, profile)


def test_those_of_one_architecture(box):
    """By their folder; others than the guest's are not run."""
    mine = [one for one in FIXES if one.arch]
    assert ("physmem-end", "arm64") in [(one.name, one.arch) for one in mine]
    assert {one.arch for one in mine} == {"arm64"}
    options = argparse.Namespace(globs=["physmem-end"], skip=[], quick=False, list=False, arch="")
    box.stops(2, "physmem-end is for arm64; give --arch arm64", faults.chosen, options, "findings",
              FIXES)
    options.arch = "arm64"
    assert [one.name for one in faults.chosen(options, "findings", FIXES)] == ["physmem-end"]
    options.globs, options.arch = [], "x86_64"
    assert not set(mine) & set(faults.chosen(options, "findings", FIXES))


def test_by_name_and_finding(box):
    assert [one.name for one in fault.select(FIXES, ["mlocked-leak"])] == ["mlocked-leak"]
    assert len(fault.select(FIXES, ["huge-coherent"])) > 1
    assert fault.select(FIXES, []) == FIXES
    box.stops(2, "the nearest is mlocked-leak", fault.select, FIXES, ["mlocked-leek"], "findings")


def test_the_command(box):
    done = subprocess.run([TOP / "run_tests.sh", "findings", "--list"], capture_output=True,
                          text=True, check=True)
    assert len(done.stdout.splitlines()) == len(FIXES)
    box.stops(2, "faults takes no --all", cli.parse, ["faults", "--all"])
