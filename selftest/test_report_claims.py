# SPDX-License-Identifier: GPL-2.0
"""What a run answers to the claims S1..S9, and where the outputs say it."""

import json
import re
from pathlib import Path

from report import claims, html, json_out, merge, summary
from report.known import Entry, Known, Range
from report.model import Run
from streams import replay

TOP = Path(__file__).resolve().parent.parent
FACTS = """\
# fact: claim S1|present|it is present
# fact: claim S6|fast check|the fast one checks
# fact: claim S7|no long pin|no long pin
# fact: rule r1|S1|f1()|one
# fact: rule longterm-leaves-device|S7|f7()|seven
"""
SEEN = "# expected: x: 1\n# seen: x: 2\n"


def run(known=None, **tests):
    """A run of tests: name -> (diagnostics, result), as `ok`, `not ok` or `ok ... # SKIP`."""
    names = [name.replace("_", ".").replace("..", "-") for name in tests]
    body, status = "", 0
    for number, (name, (lines, result)) in enumerate(zip(names, tests.values()), 1):
        word, _, rest = result.partition(" #")
        body += f"# begin {name}\n{lines}{word} {number} {name} #{rest or ' time=1ms'}\n"
        status = max(status, {"not ok": 1}.get(word, 0))
    text = ("# guest: up 6.1.1\n# guest: ready\n# guest: start p\nTAP version "
            f"13\n{FACTS}1..{len(names)}\n{body}"
            f"# end p ran={len(names)} checks=9\n# guest: exit p {status}\n# guest: done\n")
    model = Run()
    model.known = known
    return replay(text, {"p": names}, model)


def told(model):
    return {c.claim: (c.answer, c.count.checks, c.count.failed, c.count.known)
            for c in claims.answers(model)}


def test_held_and_not_checked():
    model = run(a=("# checks: r1=3\n", "ok"), b=("# checks: r1=2\n", "ok"))
    assert told(model) == {"S1": ("held", 5, 0, 0), "S6": ("not checked", 0, 0, 0),
                                   "S7": ("not checked", 0, 0, 0)}


def test_failed():
    model = run(a=("# checks: r1=3\n", "ok"),
                b=(SEEN + "# checks: longterm-leaves-device=1 r1=4/2\n", "not ok"))
    assert told(model)["S1"] == ("failed", 7, 2, 0)
    assert told(model)["S7"] == ("held", 1, 0, 0)
    assert claims.answers(model)[0].failed == ["b"]


def test_a_known_issue_and_a_failure_beside_it():
    known = Known([Entry(["b"], Range(), ["seen: x: 2"], "why", "link")])
    tests = {"b": (SEEN + "# checks: r1=4/2\n", "not ok")}
    model = run(known, **tests)
    assert told(model)["S1"] == ("known issue", 4, 0, 2)
    assert told(run(known, **tests, c=(SEEN + "# checks: r1=1/1\n", "not ok")))["S1"] == ("failed",
                                                                                          5, 1, 2)


def test_a_crash_counts_against_what_the_test_checked():
    model = run(b=("# crash: it died\n# checks: r1=4\n", "not ok"),
                c=("# crash: it died\n", "not ok"))
    assert told(model)["S1"] == ("failed", 4, 0, 0)
    assert claims.unclaimed(model, claims.answers(model)) == ["c"]
    text = summary.text(model)
    assert re.search(r"\nS1 present +failed: 1 test +4  it is present\n", text)
    assert re.search(r"\nno claim +failed: 1 test +c\n", text)


def test_broken_and_skipped_tests_say_nothing():
    model = run(b=("# broken: no device\n# checks: r1=4\n", "not ok"),
                c=("# checks: r1=1\n", "ok # SKIP no disk"))
    assert told(model)["S1"] == ("not checked", 0, 0, 0)
    assert "it is present" not in summary.text(model)


def test_gup_fast_has_a_claim_of_its_own():
    line = "# checks: longterm-leaves-device=2\n"
    model = run(**{"x.longterm-slow-read": (line, "ok")})
    assert (told(model)["S6"][0], told(model)["S7"][:2]) == ("not checked", ("held", 2))
    model = run(**{"x.longterm-fast-read": (SEEN + line.replace("=2", "=2/1"), "not ok")})
    assert (told(model)["S6"], told(model)["S7"]) == (("failed", 2, 1, 0),) * 2


def test_what_cannot_be_read_is_broken():
    for word in ("r1", "r1=", "r1=x", "r1=1/", "=3", "r1=-1"):
        model = run(a=(f"# checks: {word}\n", "ok"))
        assert (model.tests["a"].verdict, told(model)["S1"][0]) == ("broken", "not checked")


def test_claims_come_first_then_failures_then_the_matrix():
    outcome = ('# outcome {"place":"coherent","mapping":"rw","access":"cpu-read","result":4096}\n')
    model = run(a=(outcome + "# checks: r1=3\n", "ok"), b=(SEEN + "# checks: r1=4/2\n", "not ok"))
    text = summary.text(model)
    at = [text.index(part) for part in ("kernel 6.1.1", "S1 present", "not checked: S6 S7",
                                        "FAILED b", "Outcomes on")]
    assert at == sorted(at)
    page = html.text(model)
    at = [page.index(part) for part in ('data-claim="S1"', 'data-claim="S7"', 'class="run"',
                                        "<h2>Outcomes")]
    assert at == sorted(at)
    assert '<td class="answer fail">failed: 2</td><td class="count">7</td>' in page
    assert "<td>7 checks, 2 failed</td><td>one<br><code>f1()</code></td>" in page


def test_a_page_of_two_kernels_has_both_answers():
    model, other = run(a=("# checks: r1=3\n", "ok")), run(a=(SEEN + "# checks: r1=4/1\n", "not ok"))
    [row] = re.findall(r'<tr data-claim="S1">.*', html.text([model, other]))
    assert re.findall(r'<td class="answer \w+">(.*?)</td>', row) == ["held", "failed: 1"]


def test_stored_and_read_back(scratch):
    model, path = run(a=("# checks: r1=3 longterm-leaves-device=1\n", "ok")), scratch / "run.json"
    path.write_text(json_out.text(model))
    assert told(json_out.read(path)) == told(model)
    data = json.loads(path.read_text())
    del data["claims"]                              # an older suite wrote neither
    del data["tests"][0]["attempts"][0]["checks"]
    path.write_text(json.dumps(data))
    assert claims.answers(json_out.read(path)) == []

# S9: slow and fast GUP are compared with each other, over the outcomes of a run.


PAIR = ["coherent.rw.pin-slow-read", "coherent.rw.pin-fast-read", "coherent.rw.cpu-read"]


def run_of_pair(fast_place: str = "coherent") -> Run:
    model = Run()
    model.expect("hmm_coherent_matrix", PAIR)
    model.finish()
    for name in PAIR:
        at = fast_place if "-fast-" in name else "coherent"
        model.tests[name].attempts[-1].outcomes.append(
            {"result": 4096, "page": [{"moved": "stays", "after": {"at": at}}]})
    return model


def test_the_same_outcome():
    model = run_of_pair()
    assert claims.check_pairs(model) == 1
    assert "run.same-rules" not in model.tests
    model.fact("claim S9|same rules|slow and fast are the same")
    assert [(c.answer, c.count.checks) for c in claims.answers(model)] == [("held", 1)]


def test_another_outcome_is_a_failure_that_names_both():
    model = run_of_pair("system")
    claims.check_pairs(model)
    test = model.tests["run.same-rules"]
    assert test.verdict == "fail"
    assert ("coherent.rw.pin-slow-read and coherent.rw.pin-fast-read differ: page "
                  "place: coherent by GUP, system by GUP-fast") in test.reason
    assert "same-rules (S9)" in summary.text(model)
    model.fact("claim S9|same rules|slow and fast are the same")
    assert [(c.answer, c.failed) for c in claims.answers(model)] == [("failed", ["run.same-rules"])]


def test_one_of_two_says_nothing():
    model = run_of_pair()
    model.tests["coherent.rw.pin-fast-read"].attempts[-1].outcomes.clear()
    assert claims.check_pairs(model) == 0


def test_the_halves_of_a_pair_in_two_shards():
    shards = []
    for number, keep in enumerate(PAIR[:2], 1):
        model = run_of_pair("system")
        model.tests = {keep: model.tests[keep]}
        model.plans, model.info = {"hmm_coherent_matrix": [keep]}, {"shard": f"{number}/2"}
        assert claims.check_pairs(model) == 0
        shards.append(model)
    whole = merge.merge(shards)
    assert whole.info["slow_fast_pairs"] == 1
    assert whole.tests["run.same-rules"].verdict == "fail"
    whole.info["shard"] = "1/1"
    again = merge.merge([whole])
    assert len(again.tests["run.same-rules"].attempts[0].texts("fail")) == 1

# The suite's own claims: common/report/rules.c has the only table.


CLAIMS = re.findall(r'\{ "(S\d)", "([^"]+)",\s*"([^"]+)" \}',
                    (TOP / "common/report/rules.c").read_text())
RULES = re.findall(r'\bRULE\([A-Z_]+,[\\\s]*"([a-z-]+)",[\\\s]*"(\w+)"',
                   "".join(table.read_text() for table in
                           sorted((TOP / "common/report").glob("rules_*.h"))))


def test_each_rule_serves_a_claim():
    named = [claim for claim, _, _ in CLAIMS]
    assert named == [f"S{n}" for n in range(1, 10)]
    assert len(RULES) > 50
    assert [rule for rule in RULES if rule[1] not in named] == []
    assert (claims.FAST_RULE, "S7") in RULES
    assert set(named) - {claim for _, claim in RULES} == {claims.FAST_CHECK}


def test_readme_has_each_claim():
    rows = re.findall(r"^\| (S\d) ([a-z ]+): ", (TOP / "README.md").read_text(), re.M)
    assert rows == [(claim, name) for claim, name, _ in CLAIMS]
