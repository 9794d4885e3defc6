# SPDX-License-Identifier: GPL-2.0
"""The seeded faults as files: each says what it breaks, by whose rule, and who must notice; and the
command line."""

import argparse
import re
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from report import json_out, ktap
from report.model import Run
from runner import cli
from dev import fault, faults, kernel_tests, lint

TOP = Path(__file__).resolve().parent.parent
CLAIMS = {f"S{number}" for number in range(1, 10)}
HEADER = """// SPDX-License-Identifier: GPL-2.0
// breaks: something
// claim: S6 S9
// rule: pin-unshares
// file: mm/gup.c
// resembles: nothing known
// tests: a.b c.*
// tests: d.e
@@
// quick: not in the header any more
"""


def rules() -> dict[str, str]:
    """Name and claim of each rule of common/report/rules_*.h."""
    return dict(re.findall(r'RULE\(\w+, "([a-z-]+)", "(S\d)"',
                           "".join(table.read_text() for table in
                                   (TOP / "common/report").glob("rules_*.h"))))


def test_all_of_it():
    one = fault.parse(Path("x/some-fault.cocci"), HEADER)
    assert (one.name, one.claims, one.rules, one.files, one.tests, one.quick) == (
        "some-fault", ("S6", "S9"), ("pin-unshares",), ("mm/gup.c",), ("a.b", "c.*", "d.e"), False)


@pytest.mark.parametrize("old, new, part", [
    (r"// resembles: .*\n", "", "does not say resembles"),
    (r"// tests: .*\n", "", "does not say tests"), ("breaks:", "brakes:", "does not say breaks"),
    ("S6", "S10", "claims S10"), ("// file", "// odd: x\n// file", "says odd"),
    ("// file", "// seen: check smoke\n// file", "seen by smoke"),
    ("// file", "// profile: narrow\n// file", "profile narrow, which is not one")])
def test_what_is_missing_or_wrong_is_said(box, old, new, part):
    box.stops(3, part, fault.parse, Path("some-fault.cocci"), re.sub(old, new, HEADER))


def test_a_fault_of_the_kernels_history(box):
    """Its subject stands for what it resembles, and where it is known from has to be said."""
    history = "// history: mm: fix it (abc)\n// source: a list\n// kernels: 6.1 7.3\n"
    text = HEADER.replace("// resembles: nothing known\n", history)
    one = fault.parse(Path("x.cocci"), text)
    assert (one.resembles, one.source, one.kernels) == ("mm: fix it (abc)", "a list",
                                                        ("6.1", "7.3"))
    for lines, part in ((history.replace("// source: a list\n", ""), "does not say source"),
                        (history.replace("// kernels: 6.1 7.3\n", ""), "does not say kernels"),
                        (history + "// resembles: more\n", "says resembles"),
                        ("// resembles: nothing known\n// kernels: 6.1\n", "says kernels")):
        text = HEADER.replace("// resembles: nothing known\n", lines)
        box.stops(3, part, fault.parse, Path("x.cocci"), text)


def test_a_fault_of_a_profile(box):
    """It is put into a kernel of this profile, and its tests run with it."""
    text = HEADER.replace("// file", "// profile: wide\n// file")
    assert fault.parse(Path("x.cocci"), HEADER).profile == ""
    one = fault.parse(Path("x.cocci"), text)
    assert one.profile == "wide"
    with mock.patch.object(faults.guests, "find_source") as find, \
            mock.patch.object(faults.plan, "open_cache"), \
            mock.patch.object(faults, "is_built", return_value=False), \
            mock.patch.object(faults.guests, "find_kernel") as build:
        options = cli.parse(["faults", "x", "--kernel", "6.1"])
        for profile, words in (("wide", ["--profile", "wide"]), ("", [])):
            run = faults.Faults(options, mock.Mock(), [one], "6.1", profile)
            assert find.call_args.kwargs["network"] is bool(profile) and [*run.more] == words
            run.plain_kernel(faults.PROFILES["faults"].more)
            chosen = build.call_args.args[-1]
            assert chosen.name == profile and chosen.more[-1].parent.name == "faults"
            assert run.folder_of(box.folder).name == "-".join(filter(None, ("6.1", profile)))


def test_how_a_test_may_fail():
    assert fault.parse(Path("x.cocci"), HEADER).seen == ("check",)
    says = HEADER.replace("// file", "// seen: hang vm\n// file")
    assert fault.parse(Path("x.cocci"), says).seen == ("hang", "vm")

# The run of the suite on a kernel with a fault: its exit status is that of the program.


def ask(box, does: str, verdict: str = "", base=None) -> tuple:
    """Status and cut of a run_tests.sh that does this, whose test has this verdict."""
    top, options = box.folder, argparse.Namespace(timeout=30, accel="", jobs=None, explore=False)
    run = Run()
    run.expect("p", ["p.own"])
    run.info["state"] = "ended"
    run.take(ktap.Guest("start", "p"), 1)
    run.take(ktap.Begin("p.own"), 1)
    if verdict:
        run.take(ktap.Result("p.own", verdict == "pass"), 1)
    run.stopped("a selftest")
    run.finish()
    (top / "run.json").write_text(json_out.text(run))
    box.script("run_tests.sh", 'while [ "$1" != --results ]; do shift; done\n'
               f'keep() {{ mkdir -p "$2" && cp {top}/run.json "$2/"; }}\n{does}')
    one = faults.Faults.__new__(faults.Faults)
    one.options, one.screen, one.cache = options, mock.Mock(), mock.Mock(root=top / "cache")
    built = mock.Mock(image=top / "vmlinux", modules={"test_hmm": top / "test_hmm.ko"})
    box.patch(faults, "TOP", top)
    box.patch(faults, "ENOUGH", 0.3)
    _, *ended = one.suite(built, top / "runs" / "x", [], base)
    return tuple(ended)


@pytest.mark.parametrize("status", [0, 1, 3, 4, 143])
def test_the_status_is_the_programs(box, status):
    assert ask(box, f'keep "$@"; exit {status}', "pass") == (status, False)


@pytest.mark.parametrize("verdict, status", [("fail", 1), ("pass", None), ("", None)])
def test_what_was_ended_has_failed_or_nobody_knows(box, verdict, status):
    hangs = 'trap \'keep "$@"; exit 143\' TERM; while :; do sleep 0.1; done'
    assert ask(box, hangs, verdict, faults.Base(None)) == (status, True)


def test_no_results_are_no_verdict(box):
    box.stops(3, "status 3 (bisect skip (125)): no disk", ask, box, "echo no disk; exit 3")


FAULTS = fault.catalogue()


def test_enough_for_all_claims():
    assert len(FAULTS) >= 40
    assert {claim for one in FAULTS for claim in one.claims} == CLAIMS


def test_rules_are_the_suites_own():
    for one in FAULTS:
        assert set(one.rules) <= set(rules())


def test_names_files_and_licence():
    for one in FAULTS:
        assert re.search(r"^[a-z-]+$", one.name)
        for name in one.files:
            assert re.search(r"^[a-z0-9_/-]+\.c$", name)
        assert one.path.read_text().splitlines()[0] == "// SPDX-License-Identifier: GPL-2.0"


def test_the_list_of_history_is_that_of_the_files():
    """docs/history.md and the headers name the same faults, subjects and kernels."""
    rows = re.findall(r"^\| (h-[a-z-]+) \| (.+?) \| .+? \| (.+?) \| (.+?) \|",
                      (TOP / "docs/history.md").read_text(), re.MULTILINE)
    listed = {name: (subject, *(tuple(cell.split(", ")) for cell in cells))
              for name, subject, *cells in rows}
    files = {one.name: (one.resembles.rpartition(" (")[0], one.files, one.kernels)
             for one in FAULTS if one.kernels}
    assert files == {name: what for name, what in listed.items() if name in files}
    assert sorted(files) == sorted(one.name for one in FAULTS if one.name.startswith("h-"))


def test_the_quick_ones_are_one_a_claim_at_most():
    quick = [one.claims[0] for one in FAULTS if one.quick]
    assert len(quick) == len(set(quick))
    assert len(quick) >= 5


def test_lint_knows_semantic_patches():
    assert "no SPDX" in " ".join(lint.licence(Path("faults/x.cocci"), "@@\n@@\n"))

# The kernel's own tests: what says not ok, and did not without the fault.


WITHOUT = ("TAP version 13\nok 1 No leak\nok 2 No leak\nnot ok 3 hmm.open\n"
           "ok 4 # SKIP no swap\n# not ok 9 x\n")
WITH = "TAP version 13\nnot ok 1 No leak\nok 2 No leak\nnot ok 3 hmm.open\nnot ok 4 swap\r\n"


def test_results_with_equal_names():
    assert kernel_tests.results(WITHOUT) == {"1 No leak": True, "2 No leak": True,
                                             "3 hmm.open": False, "4": True}


def test_only_what_turned_red():
    before, after = (kernel_tests.Heard(kernel_tests.results(text), 1.0)
                     for text in (WITHOUT, WITH))
    told = faults.Faults.compare(before, after)
    assert (told.failed, told.ended) == (["1 No leak"], "")


def test_an_end_counts_where_there_was_one_before():
    well, hung = kernel_tests.Heard({}, 1.0), kernel_tests.Heard({}, 1.0, "killed its guest")
    assert faults.Faults.compare(well, hung).ended == "killed its guest"
    assert faults.Faults.compare(hung, hung).ended == ""


def test_by_name_claim_and_rule():
    assert [one.name for one in fault.select(FAULTS, ["unshare-skipped"])] == ["unshare-skipped"]
    assert all("S4" in one.claims for one in fault.select(FAULTS, ["S4"]))
    assert all("pin-unshares" in one.rules for one in fault.select(FAULTS, ["pin-unshares"]))
    assert fault.select(FAULTS, []) == FAULTS


def test_the_nearest_name(box):
    box.stops(2, "the nearest is unshare-skipped", fault.select, FAULTS, ["unshare-skiped"])


def test_options_of_faults_belong_to_faults(box):
    for word in ("--quick", "--with-kernel-tests"):
        box.stops(2, word, cli.parse, [word, "fork.*"])


def test_the_command_lists():
    done = subprocess.run([TOP / "run_tests.sh", "faults", "--list", "S8"], capture_output=True,
                          text=True, check=True)
    assert len(done.stdout.splitlines()) == len(fault.select(FAULTS, ["S8"]))
