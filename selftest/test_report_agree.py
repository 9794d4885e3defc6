# SPDX-License-Identifier: GPL-2.0
"""Slow and fast GUP are compared with each other, over the outcomes of a run."""

import unittest

from report import compare, summary
from report.model import Run

NAMES = ["coherent.rw.pin-slow-read", "coherent.rw.pin-fast-read", "coherent.rw.cpu-read"]


def run(fast_place: str = "coherent") -> Run:
    model = Run()
    model.expect("hmm_coherent_matrix", NAMES)
    model.finish()
    for name in NAMES:
        at = fast_place if "-fast-" in name else "coherent"
        model.tests[name].attempts[-1].outcomes.append({"result": 4096, "page": [{"moved": "stays", "after": {"at": at}}]})
    return model


class Agree(unittest.TestCase):
    def test_the_same_outcome(self):
        model = run()
        self.assertEqual(compare.check_pairs(model), 1)
        self.assertNotIn("run.same-rules", model.tests)
        model.info["slow_fast_pairs"] = 1
        self.assertIn("1 pairs of slow and fast GUP have the same outcome", summary.text(model))

    def test_another_outcome_is_a_failure_that_names_both(self):
        model = run("system")
        compare.check_pairs(model)
        test = model.tests["run.same-rules"]
        self.assertEqual(test.verdict, "fail")
        self.assertIn("coherent.rw.pin-slow-read and coherent.rw.pin-fast-read differ: page place: coherent by GUP, system by GUP-fast",
                      test.reason)
        self.assertIn("same-rules (S9)", summary.text(model))

    def test_one_of_two_says_nothing(self):
        model = run()
        model.tests["coherent.rw.pin-fast-read"].attempts[-1].outcomes.clear()
        self.assertEqual(compare.check_pairs(model), 0)


if __name__ == "__main__":
    unittest.main()
