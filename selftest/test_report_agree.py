# SPDX-License-Identifier: GPL-2.0
"""Slow and fast GUP are compared with each other, over the outcomes of a run."""

import unittest

from report import claims, merge, summary
from report.model import Run

NAMES = ["coherent.rw.pin-slow-read", "coherent.rw.pin-fast-read", "coherent.rw.cpu-read"]


def run(fast_place: str = "coherent") -> Run:
    model = Run()
    model.expect("hmm_coherent_matrix", NAMES)
    model.finish()
    for name in NAMES:
        at = fast_place if "-fast-" in name else "coherent"
        model.tests[name].attempts[-1].outcomes.append({"result": 4096,
                                                        "page": [{"moved": "stays",
                                                                  "after": {"at": at}}]})
    return model


class Agree(unittest.TestCase):
    def test_the_same_outcome(self):
        model = run()
        self.assertEqual(claims.check_pairs(model), 1)
        self.assertNotIn("run.same-rules", model.tests)
        model.fact("claim S9|same rules|slow and fast are the same")
        self.assertEqual([(c.answer, c.count.checks) for c in claims.answers(model)], [("held", 1)])

    def test_another_outcome_is_a_failure_that_names_both(self):
        model = run("system")
        claims.check_pairs(model)
        test = model.tests["run.same-rules"]
        self.assertEqual(test.verdict, "fail")
        self.assertIn("coherent.rw.pin-slow-read and coherent.rw.pin-fast-read differ: page "
                      "place: coherent by GUP, system by GUP-fast",
                      test.reason)
        self.assertIn("same-rules (S9)", summary.text(model))
        model.fact("claim S9|same rules|slow and fast are the same")
        self.assertEqual([(c.answer, c.failed) for c in claims.answers(model)],
                         [("failed", ["run.same-rules"])])

    def test_one_of_two_says_nothing(self):
        model = run()
        model.tests["coherent.rw.pin-fast-read"].attempts[-1].outcomes.clear()
        self.assertEqual(claims.check_pairs(model), 0)

    def test_the_halves_of_a_pair_in_two_shards(self):
        shards = []
        for number, keep in enumerate(NAMES[:2], 1):
            model = run("system")
            model.tests = {keep: model.tests[keep]}
            model.plans, model.info = {"hmm_coherent_matrix": [keep]}, {"shard": f"{number}/2"}
            self.assertEqual(claims.check_pairs(model), 0)
            shards.append(model)
        whole = merge.merge(shards)
        self.assertEqual(whole.info["slow_fast_pairs"], 1)
        self.assertEqual(whole.tests["run.same-rules"].verdict, "fail")
        again = merge.merge([merged_alone(whole)])
        self.assertEqual(len(again.tests["run.same-rules"].attempts[0].texts("fail")), 1)


def merged_alone(whole: Run) -> Run:
    whole.info["shard"] = "1/1"
    return whole
