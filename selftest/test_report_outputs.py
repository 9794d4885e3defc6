# SPDX-License-Identifier: GPL-2.0
"""Every output is made from the same model: the same tests, the same totals, and safe with any
text."""

import io
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from base import files
from report import html, json_out, junit, ktap_out, summary
from report.ktap import Reader
from report.model import Run
from report.result import RUN
from streams import GOOD, MIXED, MIXED_PLAN, PLAN, matrix, replay

HOSTILE = ('</script><script>alert(1)</script> <img src=x onerror=alert(2)> ]]> <![CDATA[ &amp; '
           '&#0; ' '" \' `$(x)` \x00\x1b[31m \x7f\ud800\u2028 é %s {} \\u003c \\x41 [FAIL] # SKIP '
           'Kernel panic - not syncing: VFS: reboot: System halted')
VOID = {"meta", "input", "br"}


def ktap(run, outcomes=False):
    stream = io.StringIO()
    ktap_out.Writer(stream, outcomes).finish(run)
    return stream.getvalue()


def kunit():
    """The parser of the newest kernel in the cache; "" if there is none yet."""
    cache = os.environ.get("HMM_COHERENT_CACHE", os.path.expanduser("~/.cache/hmm-coherent"))
    found = Path(cache).glob("src/*/tools/testing/kunit/kunit.py")
    return str(max(found, default="", key=lambda path: [int(number) for number in re.findall(
        r"\d+", path.parts[-5])]))


def hostile_run():
    text = MIXED.replace("result: 4096", "result: " + ascii(HOSTILE)[1:-1].replace("\\x00", "?"))
    run = replay(text.encode("utf-8", "backslashreplace")
                 + HOSTILE.encode("utf-8", "surrogatepass"), MIXED_PLAN, finish=False)
    run.kernel = run.release = HOSTILE
    run.expect("hmm_coherent_a", ["a.hostile"], {"a.hostile": HOSTILE})
    run.hang("a.hostile", HOSTILE)
    run.splat("a.one", [HOSTILE, HOSTILE])
    run.splat("after a.one", [HOSTILE])
    run.broken(HOSTILE)
    run.guest[HOSTILE] = HOSTILE
    run.info = {"command": [HOSTILE], "path": Path("/tmp")}
    run.harmless[HOSTILE] = 3
    run.not_applicable["a.gone"] = HOSTILE
    run.fact(f"rule x|{HOSTILE}|{HOSTILE}|{HOSTILE}")
    run.tests["a.one"].attempts[0].outcomes.append({"cell": "a.one", "place": HOSTILE,
                                                    "mapping": HOSTILE, "access": HOSTILE,
                                                    "result": HOSTILE, "page": HOSTILE, "data": 3})
    run.tests["a.one"].attempts[0].outcomes.append({HOSTILE: [HOSTILE, None, {HOSTILE: 1e300}],
                                                    "place": "coherent", "mapping": "rw",
                                                    "access": "x", "page": [3, {"moved": HOSTILE}]})
    run.finish()
    return run


def random_run(rng):
    """A run with anything in it."""
    lines = MIXED.splitlines(True)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(lines))
        lines[at:at + 1] = rng.choice(([], [lines[at]] * 2, ["noise\n", lines[at]]))
    run = replay("".join(lines), MIXED_PLAN, finish=False)
    for what in rng.sample(("splat", "late", "broken", "vm", "signal", "hang"), rng.randrange(4)):
        match what:
            case "splat":
                run.splat(rng.choice(("a.one", "b.one")), ["BUG: x", "y"])
            case "late":
                run.splat("after b.one", ["WARNING: x"])
            case "broken":
                run.broken("no device")
            case "vm":
                run.vm_died(1, None, "QEMU ended", ["panic"])
            case "signal":
                run.interrupted(2)
            case "hang":
                run.hang("b.one", "too late")
    run.finish()
    return run


class Page(HTMLParser):
    """Strict enough: every element is closed, in order; collects totals, data, and what would
    run."""

    def __init__(self, text):
        super().__init__()
        self.open, self.totals, self.scripts, self.errors = [], [], [], []
        self.data = self.total = ""
        self.feed(text)
        self.close()
        if self.open:
            self.errors.append(f"not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append((tag, attrs))
        if tag == "section" and attrs.get("class") == "run":
            self.totals.append({})
        loads = any(key.startswith("on") or key in ("src", "href") for key in attrs)
        if loads or tag in ("img", "iframe", "link", "object"):
            self.errors.append(f"<{tag} {attrs}>")
        self.total = attrs.get("data-total", "")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.errors.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()
        self.total = ""

    def handle_data(self, data):
        tag, attrs = self.open[-1] if self.open else ("", {})
        if tag == "script":
            if attrs.get("id") == "data":
                self.data += data
            else:
                self.scripts.append(data)
        elif self.total:
            self.totals[-1][self.total] = int(data)


def check(run):
    totals = run.totals()
    names = sorted(run.tests)
    assert totals["passed"] + totals["failed"] + totals["skipped"] == totals["tests"]
    assert totals["tests"] == len(names)

    text = summary.text(run)
    numbers = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) known, (\d+) skipped, (\d+) not run",
                           text.splitlines()[-1]).groups()
    assert [*map(int, numbers)] == [totals["passed"], totals["fail"] + totals["broken"],
                                    totals["xfail"], totals["skip"], totals["not-run"]]
    for test in run.tests.values():
        if test.verdict in ("fail", "broken"):
            word = "FAILED" if test.verdict == "fail" else "BROKEN"
            assert text.count(f"{word} {test.name}") == 1

    root = ET.fromstring(junit.text(run))
    counted = {k: int(root.get(k)) for k in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": totals["tests"], "failures": totals["fail"],
                       "skipped": totals["skipped"], "errors": totals["broken"] + totals["not-run"]}
    cases = root.findall(".//testcase")
    assert sorted(c.get("name") for c in cases) == names
    assert sum(len(c) == 0 or all(e.tag == "system-out" for e in c)
               for c in cases) == totals["passed"]
    assert {k: sum(int(s.get(k)) for s in root) for k in counted} == counted

    data = json.loads(json.dumps(json_out.document(run), default=str))
    assert (data["totals"], data["exit_status"]) == (totals, run.exit_status())
    assert sorted(t["name"] for t in data["tests"]) == names

    page = Page(html.text(run))
    assert page.errors == []
    assert sorted(t["name"] for t in json.loads(page.data)["runs"][0]["tests"]) == names
    shown = page.totals[0]
    assert shown.pop("exit") == run.exit_status()
    assert shown.items() <= totals.items()
    counted = ("passed", "fail", "broken", "xfail", "skip", "not-run")
    assert sum(shown.get(key, 0) for key in counted) == totals["tests"]

    outer = re.findall(r"^(not )?ok \d+ (.*)$", ktap(run), re.M)
    bad = {t.program if t.program in run.plans else RUN for t in run.tests.values()
           if t.verdict in ("fail", "broken", "not-run")}
    assert {title.split()[2] for no, title in outer if no} == bad
    inner = re.findall(r"^# (?:not )?ok \d+ (\S+)", ktap(run), re.M)
    assert sorted(inner) == sorted(t.name for t in run.tests.values() for _ in t.attempts)

    status = run.exit_status()
    if not run.signal:
        assert (status == 0) == (totals["failed"] == 0 and (totals["passed"] > 0))
        assert bool(bad) == (status in (1, 3))


def test_good_and_mixed():
    check(replay(GOOD))
    check(replay(MIXED, MIXED_PLAN))
    check(replay("", {}))
    check(replay("", PLAN))


def test_random():
    rng = random.Random(7)
    for number in range(80):
        check(random_run(rng))


def test_matrix():
    check(matrix.run())


def test_many_failures():
    page = Page(html.text(matrix.run(bad=0.2)))
    assert page.errors == []


def test_hostile():
    run = hostile_run()
    assert {n: t.verdict for n, t in run.tests.items()
            if not n.startswith("run.")} == {"a.one": "fail", "a.two": "skip", "a.three": "broken",
                                             "a.four": "fail", "b.one": "pass", "a.hostile": "fail"}
    check(run)
    for text in (summary.text(run), junit.text(run), ktap(run), ktap(run, True),
                 summary.for_terminal(run, 80, False)):
        assert all(c == "\n" or c == "·" or " " <= c <= "~" for c in text), repr(text)
    for end in ("reboot: System halted", "Kernel panic - not syncing: VFS:", "[FAIL]",
                "result: </script> # SKIP"):
        # the kernel's parser would stop there, NIPA see a verdict
        assert end not in ktap(run)
    page = Page(html.text(run))
    assert len(page.scripts) == 1
    assert "alert" not in page.scripts[0]


def test_read_back(scratch):
    for run in (replay(GOOD), replay(MIXED, MIXED_PLAN), hostile_run(),
                random_run(random.Random(9))):
        files.write(scratch / "run.json", json_out.text(run))
        again = json_out.read(scratch)
        assert list(scratch.iterdir()) == [scratch / "run.json"]
        assert json_out.document(again) | {"info": 0} == (
            json.loads(json.dumps(json_out.document(run), default=str)) | {"info": 0})
        assert junit.text(again) == junit.text(run)
        assert summary.text(again) == summary.text(run)
        check(again)


def test_not_results(box):
    good = json.dumps(json_out.document(replay(GOOD)))
    data = json.loads(good)
    cases = ["", "{}", "[]", "null", good[:-5], good.replace('"version": 1', '"version": 2'),
             good.replace("hmm-coherent-results", "other"),
             good.replace('"verdict": "pass"', '"verdict": "fail"'),
             good.replace('"verdict": "pass"', '"verdict": "great"'),
             good.replace('"attempts"', '"tries"'), good.replace('"cause": ""', '"cause": "luck"'),
             good.replace('"exit_status": 0', '"exit_status": 1'), "[" * 100_000]
    cases += [json.dumps({k: v for k, v in data.items() if k != key}) for key in data
              if key != "claims"]
    cases += [json.dumps(data | {key: None}) for key in ("tests", "plans", "totals", "harmless")]
    for text in cases:
        (box.folder / "run.json").write_text(text)
        box.stops(2, "", json_out.read, box.folder)
    box.stops(2, "give a results folder", json_out.read, "/nonexistent")


def test_streaming_gives_the_same():
    """Written event by event, or all at once: the same, and each program as soon as it has
    ended."""
    run, stream = Run(), io.StringIO()
    for program, names in MIXED_PLAN.items():
        run.expect(program, names)
    writer = ktap_out.Writer(stream)
    for event in Reader().feed(MIXED.encode()):
        run.take(event, 1)
        writer.update(run)
        if "start hmm_coherent_b" in str(event):
            said = "\nnot ok 1 selftests: hmm-coherent: hmm_coherent_a # exit=1\n"
            assert said in stream.getvalue()
    run.finish()
    writer.finish(run)
    assert stream.getvalue() == ktap(replay(MIXED, MIXED_PLAN))


def test_a_program_in_two_machines_ends_when_both_have_ended_it():
    run, stream = Run(), io.StringIO()
    run.expect("p", ["p.one", "p.two"])
    run.expect("q", ["q.one"])
    writer = ktap_out.Writer(stream)
    first, second = ([b"# guest: start %b\nTAP version 13\n1..1\n# begin %b\n" % (name[:1], name),
                      b"ok 1 %b\n" % name, b"# end %b ran=1 checks=1\n# guest: exit %b 0\n"
                      % (name[:1], name[:1])] for name in (b"p.one", b"p.two"))
    other = (b"# guest: start q\nTAP version 13\n1..1\n# begin q.one\nok 1 q.one\n"
             b"# end q ran=1 checks=1\n# guest: exit q 0\n")
    # The second one is in the middle of its test while the first goes on with another program.
    for vm, data in ((2, second[0]), *((1, part) for part in first), (1, other), (2, second[1]),
                     (2, second[2])):
        for event in Reader().feed(data):
            run.take(event, vm)
            writer.update(run)
    run.finish()
    writer.finish(run)
    lines = [line.split(" # time")[0] for line in stream.getvalue().splitlines()]
    assert [line.replace("selftests: hmm-coherent: ", "") for line in lines if "ok " in line] == [
        "# ok 1 p.one", "# ok 2 p.two", "ok 1 p", "# ok 1 q.one", "ok 2 q",
        "ok 3 hmm_coherent_run"]


def test_a_verdict_that_got_worse_after_it_was_printed():
    run, stream = replay(GOOD, finish=False), io.StringIO()
    writer = ktap_out.Writer(stream)
    writer.update(run)
    assert "\nok 1 selftests" in stream.getvalue()
    run.splat("a.two", ["BUG: late"])
    run.finish()
    writer.finish(run)
    assert ("# # a.two became fail: BUG: late\nnot ok 3 selftests: hmm-coherent: "
                  "hmm_coherent_run") in stream.getvalue()


def test_all_skipped():
    text = GOOD
    for name in ("a.one", "a.two", "a.three", "b.one"):
        text = text.replace(f" {name} # time=", f" {name} # SKIP no disk")
    text = text.replace("coherent_a 0", "coherent_a 4").replace("coherent_b 0", "coherent_b 4")
    assert re.findall(r"^ok .*", ktap(replay(text)), re.M) == [
        f"ok {number} selftests: hmm-coherent: hmm_coherent_{name} # SKIP"
        for number, name in enumerate(("a", "b", "run"), 1)]


def runs():
    return {"good": replay(GOOD), "mixed": replay(MIXED, MIXED_PLAN), "hostile": hostile_run(),
            "matrix": matrix.run(), "cut": replay(MIXED[:len(MIXED) // 2], MIXED_PLAN)}


def parsed(scratch, run, command, outcomes):
    (scratch / "ktap").write_text(ktap(run, outcomes))
    return subprocess.run([*command, scratch / "ktap"],
                          cwd=scratch, capture_output=True, text=True, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1"),
                          stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("command, error, count", [
    pytest.param(["prove", "--exec", "cat"], "Parse errors", "Tests={},", marks=pytest.mark.skipif(
        not shutil.which("prove"), reason="no prove: apt-get install perl")),
    pytest.param([sys.executable, kunit(), "parse"], "[ERROR]", "Ran {} tests:", marks=(
        pytest.mark.skipif(not kunit(), reason="no kernel source in the cache yet")))],
    ids=["prove", "kunit"])
def test_other_parsers(scratch, command, error, count):
    for (name, run), outcomes in itertools.product(runs().items(), (False, True)):
        done = parsed(scratch, run, command, outcomes)
        assert error not in done.stdout
        assert (done.returncode == 0) == (name == "good"), done.stdout
        assert count.format(len(run.plans) + 1) in done.stdout


@pytest.mark.skipif(not shutil.which("xmllint"), reason="no xmllint: apt-get install libxml2-utils")
def test_a_second_parser():
    for run in (hostile_run(), matrix.run(hostile="]]>")):
        done = subprocess.run(["xmllint", "--noout", "-"], input=junit.text(run),
                              capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
