# SPDX-License-Identifier: GPL-2.0
"""Slow and fast GUP are compared with each other, over the outcomes of a run."""

from report import claims, merge, summary
from report.model import Run

NAMES = ["coherent.rw.pin-slow-read", "coherent.rw.pin-fast-read", "coherent.rw.cpu-read"]

def run(fast_place: str = "coherent") -> Run:
    model = Run()
    model.expect("hmm_coherent_matrix", NAMES)
    model.finish()
    for name in NAMES:
        at = fast_place if "-fast-" in name else "coherent"
        model.tests[name].attempts[-1].outcomes.append(
            {"result": 4096, "page": [{"moved": "stays", "after": {"at": at}}]})
    return model

def test_the_same_outcome():
    model = run()
    assert claims.check_pairs(model) == 1
    assert "run.same-rules" not in model.tests
    model.fact("claim S9|same rules|slow and fast are the same")
    assert [(c.answer, c.count.checks) for c in claims.answers(model)] == [("held", 1)]

def test_another_outcome_is_a_failure_that_names_both():
    model = run("system")
    claims.check_pairs(model)
    test = model.tests["run.same-rules"]
    assert test.verdict == "fail"
    assert ("coherent.rw.pin-slow-read and coherent.rw.pin-fast-read differ: page "
                  "place: coherent by GUP, system by GUP-fast") in test.reason
    assert "same-rules (S9)" in summary.text(model)
    model.fact("claim S9|same rules|slow and fast are the same")
    assert [(c.answer, c.failed) for c in claims.answers(model)] == [("failed", ["run.same-rules"])]

def test_one_of_two_says_nothing():
    model = run()
    model.tests["coherent.rw.pin-fast-read"].attempts[-1].outcomes.clear()
    assert claims.check_pairs(model) == 0

def test_the_halves_of_a_pair_in_two_shards():
    shards = []
    for number, keep in enumerate(NAMES[:2], 1):
        model = run("system")
        model.tests = {keep: model.tests[keep]}
        model.plans, model.info = {"hmm_coherent_matrix": [keep]}, {"shard": f"{number}/2"}
        assert claims.check_pairs(model) == 0
        shards.append(model)
    whole = merge.merge(shards)
    assert whole.info["slow_fast_pairs"] == 1
    assert whole.tests["run.same-rules"].verdict == "fail"
    again = merge.merge([merged_alone(whole)])
    assert len(again.tests["run.same-rules"].attempts[0].texts("fail")) == 1

def merged_alone(whole: Run) -> Run:
    whole.info["shard"] = "1/1"
    return whole
