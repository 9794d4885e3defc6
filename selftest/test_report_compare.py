# SPDX-License-Identifier: GPL-2.0
"""Two runs and several: what changed, what got worse, and shards joined."""

import copy

import pytest

from report import compare, merge
from report.result import Attempt, VERDICTS
from streams import GOOD, MIXED, MIXED_PLAN, PLAN, replay


def named(run, kernel="6.1", release="6.1.192"):
    run.kernel, run.release = kernel, release
    return run


def with_verdict(verdict, cause=""):
    """GOOD, with a.two made into this."""
    run = replay(GOOD)
    run.tests["a.two"].attempts[0] = Attempt(verdict=verdict, cause=cause)
    return run


def without(name):
    plan = {p: [n for n in names if n != name] for p, names in PLAN.items()}
    text = GOOD.replace("# begin b.one\nok 1 b.one # time=6ms\n", "").replace("1..1", "1..0")
    text = text.replace("ran=1", "ran=0")
    return replay(text.replace("exit hmm_coherent_b 0", "exit hmm_coherent_b 4"), plan)


def test_same():
    assert compare.changes(replay(GOOD), replay(GOOD)) == []
    assert "0 verdicts and 0 outcomes changed" in compare.text(replay(GOOD), replay(GOOD))


def test_verdicts():
    text = compare.text(named(replay(GOOD)), named(replay(MIXED, MIXED_PLAN), "6.12", "6.12.9"))
    assert text.startswith("6.1 (6.1.192) -> 6.12 (6.12.9)\n")
    for line in ("a.one: pass -> fail", "a.two: pass -> skip", "a.three: pass -> broken",
                 "a.four: absent -> fail (hang)", "1 others passed or do not apply",
                 "expected result: EFAULT; seen result: 4096"):
        assert line in text
    assert "b.one" not in text
    assert "4 tests in both, 3 verdicts and 0 outcomes changed" in text


def test_tests_that_only_one_has():
    for runs, which in (((without("b.one"), replay(GOOD)), "second"),
                        ((replay(GOOD), without("b.one")), "first")):
        assert f"only in the {which}: 1\n\n3 tests in both, 0 verdicts" in compare.text(*runs)


def test_an_outcome_changes_and_both_pass():
    def run(text):
        return replay(GOOD.replace('"result":4096}', text + '}'))
    old = run('"result":4096,"page":[{"moved":"stays","after":{"at":"coherent","pfn":"0x1"}}],'
              '"data":{"owner":"new"},"rules":["r1"]')
    new = run('"result":-14,"errno":"EFAULT",'
              '"page":[{"moved":"stays","after":{"at":"coherent","pfn":"0x2"}}],'
              '"data":{"owner":"old"},"rules":["r2"]')
    [change] = compare.changes(old, new)
    assert change.fields == ["result 4096 -> EFAULT", "data of owner new -> old"]
    assert change.rules == ["r2"]
    assert "a.one: pass, another outcome" in compare.text(old, new)
    result = compare.judge(old, new)
    assert (result.worse, result.better, result.status) == ([], [], 0)


def test_page_frames_are_no_difference():
    def run(pfn):
        return replay(GOOD.replace('"result":4096}', '"page":[{"after":{"pfn":"%s"}}]}' % pfn))
    assert compare.changes(run("0x1"), run("0x2")) == []


def test_any_outcome():
    for page in ("3", "[3]", "[{}]", '[{"after":3}]', "{}", "null"):
        fields = ",".join(f'"{key}":{page}' for key in ("page", "data", "rules", "devpages"))
        run = replay(GOOD.replace('"result":4096}', fields + "}"))
        compare.text(replay(GOOD), run)
        compare.text(run, replay(GOOD))


STATES = [("pass", ""), ("xpass", ""), ("xfail", ""), ("skip", ""), ("not-run", ""), ("broken", ""),
          ("fail", "check"), ("fail", "hang"), ("fail", "crash"), ("fail", "splat"), ("fail", "vm")]


def test_every_pair_of_verdicts():
    """Listed from good to bad: later is worse, earlier is better, the same is neither. A known
    issue is not worse, but told."""
    assert {v for v, _ in STATES} == set(VERDICTS)
    for i, old in enumerate(STATES):
        for j, new in enumerate(STATES):
            result = compare.judge(with_verdict(*old), with_verdict(*new))
            worse = j > i and new[0] != "xfail"
            assert (len(result.worse), len(result.better)) == (int(worse), int(j < i))
            assert result.status == (0 if not worse else 3 if new[0] == "broken" else 1)
            assert ("a.two" in result.text) == (i != j)


def test_new_tests():
    result = compare.judge(without("b.one"), replay(GOOD))
    assert (result.status, result.worse, result.better) == (0, [], [])
    for old, new, ended, status in (("b.one # time=6ms", "b.one # SKIP x", 4, 0),
                                    ("ok 1 b.one", "not ok 1 b.one", 1, 1)):
        run = replay(GOOD.replace(old, new).replace("coherent_b 0", f"coherent_b {ended}"))
        assert compare.judge(without("b.one"), run).status == status


def test_tests_that_are_gone():
    result = compare.judge(replay(GOOD), without("b.one"))
    assert (result.status, result.left_out) == (0, 1)
    assert "1 tests of the baseline were not asked for" in result.text


def test_no_longer_applicable_is_worse():
    run = replay(GOOD)
    del run.tests["b.one"]
    run.not_applicable["b.one"] = "gone"
    assert compare.judge(replay(GOOD), run).status == 1


def test_a_splat_outside_a_test():
    good, run = replay(GOOD), replay(GOOD)
    run.splat("after b.one", ["BUG: x"])
    assert [compare.judge(*runs).status for runs in ((good, run), (run, good), (run, run))] == [
        1, 0, 0]


def test_no_run_is_no_pass(box):
    bad = replay("", PLAN)
    assert compare.judge(replay(GOOD), bad).status == 3
    box.stops(2, "no test of the baseline ran", compare.judge, bad, replay(GOOD))
    interrupted = replay(GOOD[:GOOD.index("# begin a.two")], finish=False)
    interrupted.interrupted(2)
    interrupted.finish()
    assert compare.judge(replay(GOOD), interrupted).status == 130
    skipped = replay("1..1\n# begin b.one\nok 1 b.one # SKIP x\n# end hmm_coherent_b ran=1 "
                     "checks=0\n", {"hmm_coherent_b": ["b.one"]})
    assert compare.judge(replay(GOOD), skipped).status == 4


def all_are(verdict: str, *names: str):
    """GOOD, with these tests, or all, made into this."""
    run = replay(GOOD)
    for name in names or run.tests:
        attempt = run.tests[name].attempts[0]
        attempt.verdict, attempt.cause = verdict, "check" if verdict == "fail" else ""
    return run


@pytest.mark.parametrize("verdict", ["broken", "skip", "xfail", "not-run", "fail"])
def test_a_baseline_in_which_nothing_passed_opens_no_gate(box, verdict):
    box.stops(2, "no test of the baseline", compare.judge, all_are(verdict), replay(GOOD))


@pytest.mark.parametrize("verdict, status", [("broken", 3), ("skip", 4), ("xfail", 4),
                                             ("fail", 4)])
def test_a_run_in_which_nothing_passed_opens_no_gate(verdict, status):
    """Though all that was asked for is as it was before."""
    before, after = all_are(verdict, "b.one"), all_are(verdict, "b.one")
    for name in ("a.one", "a.two", "a.three"):
        del after.tests[name]
    gate = compare.judge(before, after)
    assert (gate.status, "gate: FAILED, " in gate.text) == (status, True)


def test_a_run_that_is_broken_itself_opens_no_gate():
    """A guest that is not what was built gives results of something else, every time."""
    runs = [replay(GOOD), replay(GOOD)]
    for run in runs:
        run.broken("the guest is not what was built")
    assert compare.judge(*runs).status == 3


A = {"hmm_coherent_a": PLAN["hmm_coherent_a"]}
B = {"hmm_coherent_b": PLAN["hmm_coherent_b"]}
CUT = GOOD.index("# guest: start hmm_coherent_b")


def shard(number, text, plan, count=2, **info):
    run = named(replay(text, plan))
    run.guest["build-id"] = "0123abcd"
    run.info = {"shard": f"{number}/{count}", "suite": "abc"} | info
    run.rerun_command = lambda name: f"shard {number}: {name}"
    return run


def shards():
    return [shard(1, GOOD[:CUT] + "# guest: done\n", A), shard(2, GOOD[CUT:], B)]


def test_whole():
    for order in (1, -1):
        whole = merge.merge(shards()[::order])
        plain = replay(GOOD)
        assert list(whole.tests) == list(plain.tests)
        assert whole.totals() == plain.totals()
        assert (whole.exit_status(), whole.plans) == (0, plain.plans)
        assert whole.rerun_command("b.one") == "shard 2: b.one"


def test_a_failure_stays():
    first, second = shards()
    second.splat("b.one", ["BUG: x"])
    first.broken("no device")
    second.broken("no disk")
    whole = merge.merge([first, second])
    assert whole.exit_status() == 1
    assert len(whole.tests["run.instrument"].attempts) == 2


def test_a_shard_is_missing():
    whole = merge.merge(shards()[:1])
    assert whole.exit_status() == 3
    assert "shard 2/2 is missing" in whole.tests["run.instrument"].reason


# What makes two shards none of one run.
STRANGE = {
    "no shard": lambda a, b: b.info.pop("shard"),
    "0/2": lambda a, b: b.info.update(shard="0/2"),
    "3/2": lambda a, b: b.info.update(shard="3/2"),
    "not text": lambda a, b: b.info.update(shard=[2, 2]),
    "another count": lambda a, b: b.info.update(shard="2/3"),
    "twice": lambda a, b: b.info.update(shard="1/2"),
    "another kernel": lambda a, b: b.guest.update({"build-id": "other"}),
    "another release": lambda a, b: setattr(b, "release", "6.12"),
    "another suite": lambda a, b: b.info.update(suite="xyz"),
    "the same test": lambda a, b: b.tests.update({"a.one": copy.deepcopy(a.tests["a.one"])}),
}


@pytest.mark.parametrize("case", STRANGE)
def test_refused(box, case):
    first, second = shards()
    STRANGE[case](first, second)
    box.stops(2, "", merge.merge, [first, second])


def test_nothing_to_merge(box):
    box.stops(2, "no results to merge", merge.merge, [])
