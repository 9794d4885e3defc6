# SPDX-License-Identifier: GPL-2.0
"""What is made of stored results: another run of what failed, and each kind of report."""

from __future__ import annotations

import json
import re
import runner_kit as kit
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from base.errors import Stop
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


class Kcidb(unittest.TestCase):
    def run_of(self, **info) -> Run:
        run = Run()
        run.release, run.finished = "6.1.9", True
        run.info = {"started": "2026-11-27T10:00:00+0100", "compiler": "gcc 12", **info}
        for number, verdict in enumerate(kcidb.STATUS):
            test = run.test(f"coherent.a-{number}", "hmm_coherent_x")
            said = [Diag("seen", "a\0b")] * 4000
            test.attempts.append(Attempt(verdict=verdict, ms=7, diags=said))
        return run

    def test_its_shape(self):
        whole = {"build_id": "ab", "commit": "c" * 40, "seconds": 3.0, "source": "a tree"}
        for info in ({}, {"kernel": whole, "accelerator": {"name": "tcg"}, "where": "vm"},
                     {"kernel": {"source": None, "commit": "", "build_id": ""}, "shard": None}):
            with self.subTest(info=info):
                document = kcidb.document(self.run_of(**info))
                self.assertEqual(misshapen(document), [])
                self.assertEqual([test["status"] for test in document["tests"]],
                                 [*kcidb.STATUS.values()])
                self.assertEqual({test["build_id"] for test in document["tests"]},
                                 {document["builds"][0]["id"]})
                self.assertEqual(len({test["id"] for test in document["tests"]}), len(kcidb.STATUS))
        self.assertEqual(kcidb.document(self.run_of(kernel=whole))["checkouts"][0]
                         ["git_commit_hash"], "c" * 40)

    def test_the_origin(self):
        with mock.patch.dict("os.environ", HMM_COHERENT_ORIGIN="my_ci"):
            self.assertEqual(kcidb.document(self.run_of())["builds"][0]["origin"], "my_ci")
        with mock.patch.dict("os.environ", HMM_COHERENT_ORIGIN="My CI"):
            self.assertRaises(Stop, kcidb.document, self.run_of())


class Stored(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        kit.forget()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)
        self.first = self.scratch / "first"

    def ran(self, folder: Path) -> list[str]:
        return [line.split()[-1] for line in (folder / "stream-1").read_text().splitlines()
                if line.startswith("# begin ")]

    def test_what_failed_runs_again_with_the_options_of_its_run(self):
        """And with those that are given now."""
        kit.run(self.scratch, "--seed", "7", "--repeat", "2", "--skip", "*.three", "--results",
                str(self.first), LIE="honest-fail")
        second = self.scratch / "second"
        got = kit.run(self.scratch, "rerun", str(self.first), "--results", str(second), "--junit",
                      str(self.scratch / "x.xml"), LIE="honest-fail")
        self.assertEqual((got.status, self.ran(second)), (1, ["liar.two"] * 2), got.stderr)
        info = json.loads((second / "run.json").read_text())["info"]
        self.assertEqual(info["seed"], 7)
        self.assertIn("gcc", info["compiler"])
        self.assertNotIn("--skip", info["options"])
        self.assertTrue((self.scratch / "x.xml").exists())
        third = self.scratch / "third"
        got = kit.run(self.scratch, "rerun", str(second), "--results", str(third))
        self.assertEqual((got.status, self.ran(third)), (0, ["liar.two"] * 2), got.stderr)
        got = kit.run(self.scratch, "rerun", str(third), "--results", str(self.scratch / "none"))
        self.assertEqual(got.status, 4)
        self.assertIn("nothing failed in", got.stderr)
        self.assertFalse((self.scratch / "none").exists())

    def test_failed_selects_with_globs_and_options_of_now(self):
        kit.run(self.scratch, "--results", str(self.first), LIE="honest-fail")
        got = kit.run(self.scratch, "--list", "--failed", str(self.first))
        self.assertEqual(got.stdout.split()[0], "liar.two")
        self.assertEqual(len(got.stdout.splitlines()), 1)
        got = kit.run(self.scratch, "--list", "--failed", str(self.first), "liar.one")
        self.assertEqual(got.status, 2)
        self.assertIn("none of the 1 tests that failed in", got.stderr)
        got = kit.run(self.scratch, "--list", "--failed", str(self.scratch / "none"))
        self.assertEqual(got.status, 2)

    def test_skipped_ones_only_with_strict(self):
        tests = [SimpleNamespace(name=f"liar.{name}") for name in ("one", "two", "three")]
        kit.run(self.scratch, "--results", str(self.first), LIE="honest-skip")
        with self.assertRaises(Stop) as caught:
            stored.failed(tests, self.first, False)
        self.assertEqual(caught.exception.status, 4)
        self.assertEqual(stored.failed(tests, self.first, True), tests)

    def test_each_report_from_stored_results(self):
        kit.run(self.scratch, "--results", str(self.first), "--junit", str(self.scratch / "then.x"),
                LIE="honest-fail")
        names = {name: self.scratch / f"now.{name}" for name in ("junit", "json", "html", "kcidb")}
        got = kit.run(self.scratch, "report", str(self.first), *(
            word for name, path in names.items() for word in (f"--{name}", str(path))))
        self.assertEqual((got.status, got.stderr), (0, ""))
        self.assertIn("1 failed", got.stdout)
        self.assertEqual(names["junit"].read_text(), (self.scratch / "then.x").read_text())
        self.assertEqual(json_out.read(names["json"]).totals(), json_out.read(self.first).totals())
        self.assertIn("<html", names["html"].read_text())
        document = json.loads(names["kcidb"].read_text())
        self.assertEqual(misshapen(document), [])
        self.assertEqual(sorted(test["status"] for test in document["tests"]),
                         ["FAIL", "PASS", "PASS"])

    def test_reports_of_several_kernels(self):
        """A file for each, and one page."""
        for kernel in ("6.1", "6.12"):
            kit.run(self.scratch, "--results", str(self.first / kernel))
        got = kit.run(self.scratch, "report", str(self.first), "--html",
                      str(self.scratch / "page.html"), "--junit", str(self.scratch / "j.xml"))
        self.assertEqual(got.status, 0, got.stderr)
        self.assertEqual(sorted(path.name for path in self.scratch.glob("*.xml")),
                         ["j-6.1.xml", "j-6.12.xml"])
        self.assertTrue((self.scratch / "page.html").exists())

    def test_results_of_an_older_suite(self):
        """Say which command does it."""
        kit.run(self.scratch, "--results", str(self.first), LIE="honest-fail")
        report = json.loads((self.first / "run.json").read_text())
        del report["info"]["options"]
        (self.first / "run.json").write_text(json.dumps(report))
        with self.assertRaises(Stop) as caught:
            stored.again(cli.parse(["rerun", str(self.first)]))
        self.assertIn(f"--failed {self.first}", str(caught.exception))
