# SPDX-License-Identifier: GPL-2.0
"""What is made of stored results: another run of what failed, and each kind of report."""

import json
import re
import runner_kit as kit
import shutil
from types import SimpleNamespace

import pytest

from report import json_out, kcidb
from report.ktap import Diag
from report.model import Run
from report.result import Attempt
from runner import cli, stored

# Of the schema 5.0 of kcidb-io: what each object needs, and the form of what else it may have; no
# other fields are allowed, and none may be null.
ID, ORIGIN = r"[a-z0-9_]+:[^\0]*", r"[a-z0-9_]+"
STATUS = "FAIL|ERROR|MISS|PASS|DONE|SKIP"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)"
SHAPE = {
    "checkouts": ({"id", "origin"}, {"id": ID, "origin": ORIGIN, "comment": r"[^\0]*",
                                     "git_commit_hash": "[0-9a-f]{40}", "valid": bool}),
    "builds": ({"id", "origin", "checkout_id"},
               {"id": ID, "origin": ORIGIN, "checkout_id": ID,
                "comment": r"[^\0]*", "duration": float, "architecture": "[a-z0-9_]*",
                "compiler": r"[^\0]*", "config_name": r"[^\0]*", "status": STATUS, "misc": dict}),
    "tests": ({"id", "origin", "build_id"},
              {"id": ID, "origin": ORIGIN, "build_id": ID, "comment": r"[^\0]*", "duration": float,
               "path": r"([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?", "log_excerpt": r"[^\0]{0,16384}",
               "status": STATUS, "start_time": TIME, "environment": dict, "misc": dict}),
}


def misshapen(document: dict) -> list[str]:
    """What the schema would not accept."""
    found = [] if document["version"]["major"] == 5 else ["version"]
    found += sorted(set(document) - {"version", *SHAPE})
    for kind, (needed, forms) in SHAPE.items():
        for one in document[kind]:
            found += [f"{kind} lacks {name}" for name in sorted(needed - set(one))]
            for name, value in one.items():
                form = forms.get(name)
                fits = (form and isinstance(value, str) and re.fullmatch(form, value)
                        if isinstance(form, str) else form and isinstance(
                            value, (int, float) if form is float else form))
                found += [] if fits else [f"{kind}.{name}: {value!r:.80}"]
    return found


def run_of(**info) -> Run:
    """A run with a test of each verdict."""
    run = Run()
    run.release, run.finished = "6.1.9", True
    run.info = {"started": "2026-11-27T10:00:00+0100", "compiler": "gcc 12", **info}
    for number, verdict in enumerate(kcidb.STATUS):
        said = [Diag("seen", "a\0b")] * 4000
        run.test(f"coherent.a-{number}", "hmm_coherent_x").attempts.append(
            Attempt(verdict=verdict, ms=7, diags=said))
    return run


WHOLE = {"build_id": "ab", "commit": "c" * 40, "seconds": 3.0, "source": "a tree"}


@pytest.mark.parametrize("info", [
    {}, {"kernel": WHOLE, "accelerator": {"name": "tcg"}, "where": "vm"},
    {"kernel": {"source": None, "commit": "", "build_id": ""}, "shard": None}])
def test_the_shape_of_a_submission_to_kcidb(info):
    document = kcidb.document(run_of(**info))
    assert misshapen(document) == []
    tests = document["tests"]
    assert [test["status"] for test in tests] == [*kcidb.STATUS.values()]
    assert {test["build_id"] for test in tests} == {document["builds"][0]["id"]}
    assert len({test["id"] for test in tests}) == len(kcidb.STATUS)
    commit = info["kernel"]["commit"] if info else ""
    assert document["checkouts"][0].get("git_commit_hash", "") == commit


def test_the_origin(box):
    box.environment(HMM_COHERENT_ORIGIN="my_ci")
    assert kcidb.document(run_of())["builds"][0]["origin"] == "my_ci"
    box.environment(HMM_COHERENT_ORIGIN="My CI")
    box.stops(2, "is no origin of KCIDB", kcidb.document, run_of())


# The real command, on stored results.
@pytest.fixture(name="box")
def box_(box):
    box.first = box.scratch / "first"
    return box


def ran(folder) -> list[str]:
    return [line.split()[-1] for line in (folder / "stream-1").read_text().splitlines()
            if line.startswith("# begin ")]


def test_what_failed_runs_again_with_the_options_of_its_run(box):
    """And with those that are given now."""
    kit.run(box.scratch, "--seed", "7", "--repeat", "2", "--skip", "*.three", "--results",
            str(box.first), LIE="honest-fail")
    second, third = box.scratch / "second", box.scratch / "third"
    got = kit.run(box.scratch, "rerun", str(box.first), "--results", str(second), "--junit",
                  str(box.scratch / "x.xml"), LIE="honest-fail")
    assert (got.status, ran(second)) == (1, ["liar.two"] * 2), got.stderr
    info = json.loads((second / "run.json").read_text())["info"]
    assert info["seed"] == 7
    assert "gcc" in info["compiler"]
    assert "--skip" not in info["options"]
    assert (box.scratch / "x.xml").exists()
    got = kit.run(box.scratch, "rerun", str(second), "--results", str(third))
    assert (got.status, ran(third)) == (0, ["liar.two"] * 2), got.stderr
    got = kit.run(box.scratch, "rerun", str(third), "--results", str(box.scratch / "none"))
    assert got.status == 4
    assert "nothing failed in" in got.stderr
    assert not (box.scratch / "none").exists()


def test_failed_selects_with_globs_and_options_of_now(box):
    kit.run(box.scratch, "--results", str(box.first), LIE="honest-fail")
    got = kit.run(box.scratch, "--list", "--failed", str(box.first))
    assert [line.split()[0] for line in got.stdout.splitlines()] == ["liar.two"]
    got = kit.run(box.scratch, "--list", "--failed", str(box.first), "liar.one")
    assert got.status == 2
    assert "none of the 1 tests that failed in" in got.stderr
    got = kit.run(box.scratch, "--list", "--failed", str(box.scratch / "none"))
    assert got.status == 2


def test_skipped_ones_only_with_strict(box):
    tests = [SimpleNamespace(name=f"liar.{name}") for name in ("one", "two", "three")]
    kit.run(box.scratch, "--results", str(box.first), LIE="honest-skip")
    box.stops(4, "nothing failed in", stored.failed, tests, box.first, False)
    assert stored.failed(tests, box.first, True) == tests


def test_each_report_from_stored_results(box):
    kit.run(box.scratch, "--results", str(box.first), "--junit", str(box.scratch / "then.x"),
            LIE="honest-fail")
    names = {name: box.scratch / f"now.{name}" for name in ("junit", "json", "html", "kcidb")}
    got = kit.run(box.scratch, "report", str(box.first), *(
        word for name, path in names.items() for word in (f"--{name}", str(path))))
    assert (got.status, got.stderr) == (0, "")
    assert "1 failed" in got.stdout
    assert names["junit"].read_text() == (box.scratch / "then.x").read_text()
    assert json_out.read(names["json"]).totals() == json_out.read(box.first).totals()
    assert "<html" in names["html"].read_text()
    document = json.loads(names["kcidb"].read_text())
    assert misshapen(document) == []
    assert sorted(test["status"] for test in document["tests"]) == ["FAIL", "PASS", "PASS"]


def test_a_table_of_several_folders(box):
    """A row for each, which docs/ can take; their kernels may differ."""
    kit.run(box.scratch, "--results", str(box.first), LIE="honest-fail")
    second = box.scratch / "second"
    shutil.copytree(box.first, second)
    report = json.loads((second / "run.json").read_text())
    report["info"] |= {"arch": "arm64", "accelerator": {"name": "tcg"}, "profile": "debug"}
    report["facts"] = ["clock x, timers of 1 ns", "pages of 64 KiB"]
    report["release"] = "7.3"
    (second / "run.json").write_text(json.dumps(report))
    got = kit.run(box.scratch, "report", str(box.first), str(second))
    lines = got.stdout.splitlines()
    assert got.status == 0 and len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    assert lines[3].startswith("| arm64, 7.3, pages of 64 KiB, debug, TCG | ")
    assert lines[2].partition(" | ")[2] == lines[3].partition(" | ")[2]
    got = kit.run(box.scratch, "report", str(box.first), str(second), "--json", "x")
    assert (got.status, "only --html" in got.stderr) == (2, True)


def test_reports_of_several_kernels(box):
    """A file for each, and one page."""
    for kernel in ("6.1", "6.12"):
        kit.run(box.scratch, "--results", str(box.first / kernel))
    got = kit.run(box.scratch, "report", str(box.first), "--html", str(box.scratch / "page.html"),
                  "--junit", str(box.scratch / "j.xml"))
    assert got.status == 0, got.stderr
    assert sorted(path.name for path in box.scratch.glob("*.xml")) == ["j-6.1.xml", "j-6.12.xml"]
    assert (box.scratch / "page.html").exists()


def test_results_of_an_older_suite(box):
    """Say which command does it."""
    kit.run(box.scratch, "--results", str(box.first), LIE="honest-fail")
    report = json.loads((box.first / "run.json").read_text())
    del report["info"]["options"]
    (box.first / "run.json").write_text(json.dumps(report))
    box.stops(2, f"--failed {box.first}", stored.again, cli.parse(["rerun", str(box.first)]))
