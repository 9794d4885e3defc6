# SPDX-License-Identifier: GPL-2.0
"""Two runs and several: what changed, what got worse, and shards joined."""

import copy
import unittest

from base.errors import Stop
from report import compare, merge
from report.result import VERDICTS
from streams import GOOD, MIXED, MIXED_PLAN, PLAN, replay


def named(run, kernel="6.1", release="6.1.192"):
    run.kernel, run.release = kernel, release
    return run


def with_verdict(verdict, cause=""):
    """GOOD, with a.two made into this."""
    run = replay(GOOD)
    attempt = run.tests["a.two"].attempts[0]
    attempt.verdict, attempt.cause = verdict, cause
    return run


def without(name):
    plan = {p: [n for n in names if n != name] for p, names in PLAN.items()}
    text = GOOD.replace("# begin b.one\nok 1 b.one # time=6ms\n", "").replace("1..1", "1..0")
    text = text.replace("ran=1", "ran=0")
    return replay(text.replace("exit hmm_coherent_b 0", "exit hmm_coherent_b 4"), plan)


class Compare(unittest.TestCase):
    def test_same(self):
        self.assertEqual(compare.changes(replay(GOOD), replay(GOOD)), [])
        self.assertIn("0 verdicts and 0 outcomes changed", compare.text(replay(GOOD), replay(GOOD)))

    def test_verdicts(self):
        text = compare.text(named(replay(GOOD)), named(replay(MIXED, MIXED_PLAN), "6.12", "6.12.9"))
        self.assertTrue(text.startswith("6.1 (6.1.192) -> 6.12 (6.12.9)\n"))
        for line in ("a.one: pass -> fail", "a.two: pass -> skip", "a.three: pass -> broken",
                     "a.four: absent -> fail (hang)",
                     "1 others passed or do not apply",
                     "expected result: EFAULT; seen result: 4096"):
            self.assertIn(line, text)
        self.assertNotIn("b.one", text)
        self.assertIn("4 tests in both, 3 verdicts and 0 outcomes changed", text)

    def test_tests_that_only_one_has(self):
        text = compare.text(without("b.one"), replay(GOOD))
        self.assertIn("only in the second: 1\n\n3 tests in both, 0 verdicts", text)
        text = compare.text(replay(GOOD), without("b.one"))
        self.assertIn("only in the first: 1\n\n3 tests in both, 0 verdicts", text)

    def test_an_outcome_changes_and_both_pass(self):
        def run(text):
            return replay(GOOD.replace('"result":4096}', text + '}'))
        old = run('"result":4096,"page":[{"moved":"stays","after":{"at":"coherent","pfn":"0x1"}}],'
                  '"data":{"owner":"new"},"rules":["r1"]')
        new = run('"result":-14,"errno":"EFAULT",'
                  '"page":[{"moved":"stays","after":{"at":"coherent","pfn":"0x2"}}],'
                  '"data":{"owner":"old"},"rules":["r2"]')
        [change] = compare.changes(old, new)
        self.assertEqual(change.fields, ["result 4096 -> EFAULT", "data of owner new -> old"])
        self.assertEqual(change.rules, ["r2"])
        self.assertIn("a.one: pass, another outcome", compare.text(old, new))

    def test_page_frames_are_no_difference(self):
        def run(pfn):
            return replay(GOOD.replace('"result":4096}', '"page":[{"after":{"pfn":"%s"}}]}' % pfn))
        self.assertEqual(compare.changes(run("0x1"), run("0x2")), [])

    def test_any_outcome(self):
        for page in ("3", "[3]", "[{}]", '[{"after":3}]', "{}", "null"):
            fields = ",".join(f'"{key}":{page}' for key in ("page", "data", "rules", "devpages"))
            run = replay(GOOD.replace('"result":4096}', fields + "}"))
            compare.text(replay(GOOD), run)
            compare.text(run, replay(GOOD))


class Gate(unittest.TestCase):
    STATES = [("pass", ""), ("xpass", ""), ("xfail", ""), ("skip", ""), ("not-run", ""),
              ("broken", ""),
              ("fail", "check"), ("fail", "hang"), ("fail", "crash"), ("fail", "splat"),
              ("fail", "vm")]

    def test_every_pair_of_verdicts(self):
        """Listed from good to bad: later is worse, earlier is better, the same is neither. A known
        issue is not worse, but told."""
        self.assertEqual({v for v, _ in self.STATES}, set(VERDICTS))
        for i, old in enumerate(self.STATES):
            for j, new in enumerate(self.STATES):
                with self.subTest(old=old, new=new):
                    result = compare.judge(with_verdict(*old), with_verdict(*new))
                    worse = j > i and new[0] != "xfail"
                    self.assertEqual((len(result.worse), len(result.better)),
                                     (int(worse), int(j < i)))
                    self.assertEqual(result.status,
                                     0 if not worse else 3 if new[0] == "broken" else 1)
                    self.assertEqual("a.two" in result.text, i != j)

    def test_another_outcome_alone_is_not_worse(self):
        result = compare.judge(replay(GOOD), replay(GOOD.replace('"result":4096', '"result":512')))
        self.assertEqual((result.worse, result.better, result.status), ([], [], 0))

    def test_new_tests(self):
        result = compare.judge(without("b.one"), replay(GOOD))
        self.assertEqual((result.status, result.worse, result.better), (0, [], []))
        skipping = GOOD.replace("b.one # time=6ms", "b.one # SKIP x").replace("coherent_b 0",
                                                                              "coherent_b 4")
        skipping = replay(skipping)
        self.assertEqual(compare.judge(without("b.one"), skipping).status, 0)
        failing = replay(GOOD.replace("ok 1 b.one", "not ok 1 b.one").replace("coherent_b 0",
                                                                              "coherent_b 1"))
        self.assertEqual(compare.judge(without("b.one"), failing).status, 1)

    def test_tests_that_are_gone(self):
        result = compare.judge(replay(GOOD), without("b.one"))
        self.assertEqual((result.status, result.left_out), (0, 1))
        self.assertIn("1 tests of the baseline were not asked for", result.text)

    def test_no_longer_applicable_is_worse(self):
        run = replay(GOOD)
        del run.tests["b.one"]
        run.not_applicable["b.one"] = "gone"
        self.assertEqual(compare.judge(replay(GOOD), run).status, 1)

    def test_a_splat_outside_a_test(self):
        run = replay(GOOD)
        run.splat("after b.one", ["BUG: x"])
        self.assertEqual(compare.judge(replay(GOOD), run).status, 1)
        self.assertEqual(compare.judge(run, replay(GOOD)).status, 0)
        self.assertEqual(compare.judge(run, run).status, 0)

    def test_no_run_is_no_pass(self):
        bad = replay("", PLAN)
        self.assertEqual(compare.judge(replay(GOOD), bad).status, 3)
        with self.assertRaises(Stop) as stop:
            compare.judge(bad, replay(GOOD))
        self.assertEqual(stop.exception.status, 2)
        interrupted = replay(GOOD[:GOOD.index("# begin a.two")], finish=False)
        interrupted.interrupted(2)
        interrupted.finish()
        self.assertEqual(compare.judge(replay(GOOD), interrupted).status, 130)
        skipped = replay("1..1\n# begin b.one\nok 1 b.one # SKIP x\n# end hmm_coherent_b ran=1 "
                         "checks=0\n",
                         {"hmm_coherent_b": ["b.one"]})
        self.assertEqual(compare.judge(replay(GOOD), skipped).status, 4)

    def test_what_proves_nothing_opens_no_gate(self):
        """Neither a baseline in which nothing passed, nor a run: whatever of them is equal."""
        def all_of(verdict: str):
            run = replay(GOOD)
            for test in run.tests.values():
                test.attempts[0].verdict = verdict
                test.attempts[0].cause = "check" if verdict == "fail" else ""
            return run

        for verdict in ("broken", "skip", "xfail", "not-run", "fail"):
            with self.subTest(baseline=verdict), self.assertRaises(Stop) as stop:
                compare.judge(all_of(verdict), replay(GOOD))
            self.assertEqual(stop.exception.status, 2)
        # All that was asked for is as it was before.
        for verdict, status in (("broken", 3), ("skip", 4), ("xfail", 4), ("fail", 4)):
            before, after = replay(GOOD), replay(GOOD)
            for run in (before, after):
                attempt = run.tests["b.one"].attempts[0]
                attempt.verdict, attempt.cause = verdict, "check" if verdict == "fail" else ""
            for name in ("a.one", "a.two", "a.three"):
                del after.tests[name]
            with self.subTest(run=verdict):
                self.assertEqual(compare.judge(before, after).status, status)
                self.assertIn("gate: FAILED, ", compare.judge(before, after).text)

    def test_a_run_that_is_broken_itself_opens_no_gate(self):
        """A guest that is not what was built gives results of something else, every time."""
        runs = [replay(GOOD), replay(GOOD)]
        for run in runs:
            run.broken("the guest is not what was built")
        self.assertEqual(compare.judge(*runs).status, 3)


class Merge(unittest.TestCase):
    A = {"hmm_coherent_a": PLAN["hmm_coherent_a"]}
    B = {"hmm_coherent_b": PLAN["hmm_coherent_b"]}
    CUT = GOOD.index("# guest: start hmm_coherent_b")

    def shard(self, number, text, plan, count=2, **info):
        run = named(replay(text, plan))
        run.guest["build-id"] = "0123abcd"
        run.info = {"shard": f"{number}/{count}", "suite": "abc"} | info
        run.rerun_command = lambda name: f"shard {number}: {name}"
        return run

    def shards(self):
        return [self.shard(1, GOOD[:self.CUT] + "# guest: done\n", self.A),
                self.shard(2, GOOD[self.CUT:], self.B)]

    def test_whole(self):
        for order in (1, -1):
            whole = merge.merge(self.shards()[::order])
            plain = replay(GOOD)
            self.assertEqual(list(whole.tests), list(plain.tests))
            self.assertEqual(whole.totals(), plain.totals())
            self.assertEqual((whole.exit_status(), whole.plans), (0, plain.plans))
            self.assertEqual(whole.rerun_command("b.one"), "shard 2: b.one")

    def test_a_failure_stays(self):
        first, second = self.shards()
        second.splat("b.one", ["BUG: x"])
        first.broken("no device")
        second.broken("no disk")
        whole = merge.merge([first, second])
        self.assertEqual(whole.exit_status(), 1)
        self.assertEqual(len(whole.tests["run.instrument"].attempts), 2)

    def test_a_shard_is_missing(self):
        whole = merge.merge(self.shards()[:1])
        self.assertEqual(whole.exit_status(), 3)
        self.assertIn("shard 2/2 is missing", whole.tests["run.instrument"].reason)

    def test_refused(self):
        def wrong(change):
            first, second = self.shards()
            change(first, second)
            return [first, second]
        cases = {
            "nothing": [],
            "no shard": wrong(lambda a, b: b.info.pop("shard")),
            "0/2": wrong(lambda a, b: b.info.update(shard="0/2")),
            "3/2": wrong(lambda a, b: b.info.update(shard="3/2")),
            "not text": wrong(lambda a, b: b.info.update(shard=[2, 2])),
            "another count": wrong(lambda a, b: b.info.update(shard="2/3")),
            "twice": wrong(lambda a, b: b.info.update(shard="1/2")),
            "another kernel": wrong(lambda a, b: b.guest.update({"build-id": "other"})),
            "another release": wrong(lambda a, b: setattr(b, "release", "6.12")),
            "another suite": wrong(lambda a, b: b.info.update(suite="xyz")),
            "the same test": wrong(lambda a,
                                   b: b.tests.update({"a.one": copy.deepcopy(a.tests["a.one"])})),
        }
        for case, runs in cases.items():
            with self.subTest(case=case), self.assertRaises(Stop) as stop:
                merge.merge(runs)
            self.assertEqual(stop.exception.status, 2)
