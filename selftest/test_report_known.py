# SPDX-License-Identifier: GPL-2.0
"""Known issues excuse exactly one failure or warning, never another."""

import re
from pathlib import Path

import pytest

from report import known
from report.model import Run
from streams import replay

PLAN = {"p": ["p.x"]}
GOOD_ENTRY = {"tests": "p.*", "kernels": "6.1 .. 6.11", "text": "seen: result: 4096",
              "reason": "FOLL_GET", "link": "https://x.y/z"}

WARNING_ENTRY = {"kind": "warning", "text": "mm/page_table_check.c:"}
WARNING = ("# splat: WARNING: mm/page_table_check.c:206 at ptes_set+0x1/0x2, CPU#1: x/1\n"
           "# splat: Modules linked in: test_hmm\n")

# What can become of a test: the lines before its end, and the verdict without any list.
OUTCOMES = {
    "pass": ("", "ok 1 p.x", 0, "pass"),
    "the known failure": ("# expected: result: EFAULT\n# seen: result: 4096\n",
                          "not ok 1 p.x", 1, "fail"),
    "another failure": ("# expected: data: old\n# seen: data: mixed\n", "not ok 1 p.x", 1, "fail"),
    "the known failure and another": ("# seen: result: 4096\n# fail: the child sees the parent's "
                                      "bytes\n", "not ok 1 p.x", 1, "fail"),
    "the known warning": (WARNING, "not ok 1 p.x", 1, "fail"),
    "the known warning twice": (WARNING + WARNING, "not ok 1 p.x", 1, "fail"),
    "the known warning and the known failure": ("# seen: result: 4096\n" + WARNING,
                                                "not ok 1 p.x", 1, "fail"),
    "the known warning and a {cause}": (WARNING + "# {cause}: BUG: KASAN: mm/page_table_check.c:\n",
                                        "not ok 1 p.x", 1, "fail"),
    "the known warning and another": (WARNING + "# splat: WARNING: mm/gup.c:70 at try_grab\n",
                                      "not ok 1 p.x", 1, "fail"),
    "another complaint": ("# splat: BUG: KASAN: in mm/page_table_check.c:206\n", "not ok 1 p.x", 1,
                          "fail"),
    "crash, hang or splat": ("# seen: result: 4096\n# {cause}: seen: result: 4096\n",
                             "not ok 1 p.x", 1, "fail"),
    "broken": ("# seen: result: 4096\n# broken: no page\n", "not ok 1 p.x", 3, "broken"),
    "skip": ("", "ok 1 p.x # SKIP seen: result: 4096", 4, "skip"),
}
# The lists: what differs from the entry above, and the outcomes whose verdict they change.
LISTS = {
    "the entry": ({}, {"the known failure": "xfail", "pass": "xpass"}),
    "no entry": (None, {}),
    "of another test": ({"tests": "q.*"}, {}),
    "of another kernel": ({"kernels": "6.12 .."}, {}),
    "with another text": ({"text": "seen: result: 512"}, {"pass": "xpass"}),
    "with several texts": ({"text": ["seen: result: 4096", "the child sees"], "kernels": ".."},
                           {"the known failure": "xfail", "the known failure and another": "xfail",
                            "pass": "xpass"}),
    "of a warning": (WARNING_ENTRY, {"the known warning": "xfail",
                                     "the known warning twice": "xfail"}),
    "of a warning, strict": (WARNING_ENTRY | {"strict": True},
                             {"the known warning": "xfail", "the known warning twice": "xfail"}),
    "of a check that has the warning's text": ({"text": WARNING_ENTRY["text"]}, {"pass": "xpass"}),
    "of a warning and a check": ([WARNING_ENTRY, {}], {
        "the known failure": "xfail", "the known warning": "xfail",
        "the known warning twice": "xfail", "the known warning and the known failure": "xfail",
        "pass": "xpass"}),
    "strict": ({"strict": True}, {"the known failure": "xfail", "pass": "fail"}),
}


def entry(changes):
    data = GOOD_ENTRY | {k: v for k, v in changes.items() if k != "strict"}
    return known._entry("list", 1, data)


def run_with(changes, outcome, cause="crash"):
    lines, end, status, _ = OUTCOMES[outcome]
    run = Run()
    run.release = "6.1.192"
    several = changes if isinstance(changes, list) else [changes] if changes is not None else []
    run.known = known.Known([entry(each) for each in several],
                            strict=any("strict" in each for each in several))
    text = ("# guest: start p\nTAP version 13\n1..1\n# begin "
            f"p.x\n{lines.format(cause=cause)}{end}\n"
            f"# end p ran=1 checks=3\n# guest: exit p {status}\n")
    return replay(text, PLAN, run)


@pytest.mark.parametrize("platform, here, verdict", [
    ("", (), "xfail"), ("", ("arm64", "4K"), "xfail"), ("arm64", ("arm64", "4K"), "xfail"),
    ("4K arm64", ("arm64", "4K"), "xfail"), ("arm64", ("x86_64", ""), "fail"),
    ("arm64 4K", ("arm64", "64K"), "fail"), ("arm64", (), "fail")])
def test_an_entry_is_for_its_platform(platform, here, verdict):
    lines, end, *_ = OUTCOMES["the known failure"]
    for text, expected in ((f"{lines}{end}", verdict),
                           ("ok 1 p.x", "xpass" if verdict == "xfail" else "pass")):
        run = Run()
        run.release = "6.1.192"
        run.known = known.Known([entry({"platform": platform} if platform else {})], platform=here)
        run = replay(f"1..1\n# begin p.x\n{text}\n# end p ran=1 checks=3\n", PLAN, run)
        assert run.tests["p.x"].verdict == expected


def test_every_outcome_with_every_list():
    for title, (changes, different) in LISTS.items():
        for outcome, (_, _, _, plain) in OUTCOMES.items():
            for cause in ("crash", "hang", "splat") if "{cause}" in OUTCOMES[outcome][0] else ("",):
                run = run_with(changes, outcome, cause)
                assert run.tests["p.x"].verdict == different.get(outcome, plain)
                assert list(run.tests) == ["p.x"]
                expected = {"xfail": 4, "xpass": 0, "pass": 0, "skip": 4, "broken": 3, "fail": 1}
                assert run.exit_status() == expected[run.tests["p.x"].verdict]


def test_not_run_and_dead_vm():
    run = Run()
    run.release, run.known = "6.1.192", known.Known([entry({})])
    run = replay("# guest: up 6.1.192\n# guest: ready\n# guest: start p\n1..1\n# begin p.x\n"
                 "# seen: result: 4096\n", PLAN, run, finish=False)
    run.vm_died(1, "p.x", "seen: result: 4096")
    run.finish()
    assert (run.tests["p.x"].verdict, run.tests["p.x"].cause) == ("fail", "vm")


def test_a_splat_that_comes_later_is_not_excused():
    run = run_with({}, "the known failure")
    run.splat("p.x", ["WARNING: seen: result: 4096"])
    assert (run.tests["p.x"].verdict, run.exit_status()) == ("fail", 1)


def test_the_kernel_log_repeats_a_known_warning():
    head = WARNING.splitlines()[0].removeprefix("# splat: ")
    other = head.replace("x/1", "x/2")
    for texts, verdict in (([head], "xfail"), ([other], "fail"),
                           (["what WARN() prints", head], "xfail"),
                           (["what WARN() prints", other], "fail")):
        run = run_with(WARNING_ENTRY, "the known warning")
        run.splat("p.x", [*texts, "Modules linked in: test_hmm"])
        assert run.tests["p.x"].verdict == verdict, texts


def test_the_reason_is_told():
    assert run_with({}, "the known failure").tests["p.x"].reason == "FOLL_GET (https://x.y/z)"
    assert "known issue" in run_with({}, "pass").tests["p.x"].reason


@pytest.mark.parametrize("release, changes, said", [
    ("6.1.192", {"text": "o"}, ""), ("", {"kernels": ".."}, "# seen: result: 4096\n")],
    ids=["a failure without a word", "an unknown kernel"])
def test_what_is_not_excused(release, changes, said):
    run = Run()
    run.release, run.known = release, known.Known([entry(changes)])
    run = replay(f"1..1\n# begin p.x\n{said}not ok 1 p.x\n# end p ran=1 checks=1\n", PLAN, run)
    assert run.tests["p.x"].verdict == "fail"


def test_table():
    for text, inside, outside in (
        ("6.1", ("6.1", "6.1.0", "6.1.192-hmm"), ("6.0.9", "6.10", "6.2", "7.1")),
        ("6.1 .. 6.11", ("6.1", "6.5.3", "6.11.99"), ("6.0", "6.12", "7.0")),
        ("6.12 ..", ("6.12.0-rc3", "7.3.1"), ("6.11.5",)),
        (".. 6.5", ("5.10", "6.5.9"), ("6.6",)),
        ("6.1.100..6.1.192", ("6.1.100", "6.1.192"), ("6.1.99", "6.1.193", "6.1")),
        ("..", ("6.1", "99.9"), ("", "next")),
    ):
        for release in inside:
            assert release in known.Range.parse(text), text
        for release in outside:
            assert release not in known.Range.parse(text), text
    for wrong in ("", "6.x", "all", "6.1 - 6.5", "6.1 .. 6.5 .. 7"):
        with pytest.raises(ValueError):
            known.Range.parse(wrong)


def toml(**changes: str | None) -> str:
    """A list with one entry, as GOOD_ENTRY or with these values in place of its own."""
    values = {key: f'"{value}"' for key, value in GOOD_ENTRY.items()} | changes
    return "[[issue]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()
                                   if value is not None)


BAD_LISTS = ["[[issue]\n", "issue = 3\n", "[other]\nx = 1\n", "\x00",
             toml(severity='"low"'), toml(kernels='"old"'),
             *(toml(kind='"warning"', text=text) for text in ('"WARNING: "', '["a/b.c:", "at x"]')),
             toml(platform="3"), toml(platform='" "'),
             *(toml(kind=f'"{kind}"') for kind in ("crash", "hang", "splat", "broken", "skip")),
             *(toml(**{key: value}) for key in known.KEYS
               for value in (None, '""', '" "', "3", "[]", "[3]", '["a", ""]'))]


def load(scratch, text):
    (scratch / "known.toml").write_text(text)
    return known.load(scratch / "known.toml")


def test_a_good_list(scratch):
    assert load(scratch, toml()).entries == [entry({})]
    assert load(scratch, toml(kind='"check"')).entries == [entry({})]
    assert load(scratch, toml(kind='"warning"', text='"mm/page_table_check.c:"')).entries == [
        entry(WARNING_ENTRY)]
    assert load(scratch, "# nothing is known\n").entries == []


@pytest.mark.parametrize("text", BAD_LISTS)
def test_bad_lists(box, text):
    box.stops(2, "--known: ", load, box.folder, text)


def test_no_file(box):
    box.stops(2, "No such file", known.load, "/nonexistent/known.toml")


def test_no_text_of_the_list_depends_on_the_page_size():
    """A number of bytes is another one where pages are larger: expect_byte_count() prints pages."""
    entries = known.load(Path(__file__).parent.parent / "known-issues.toml", False).entries
    sizes = [(text, number) for entry in entries for text in entry.text
             for number in re.findall(r"\d+", text) if int(number) >= 512]
    assert sizes == []
