# SPDX-License-Identifier: GPL-2.0
"""A run as data, run.json, and back. The schema is in docs/results-schema.md.

read() makes a finished Run of a results folder, so that compare, --gate and merge work on the model
of a run, and every output can be made from stored results.
"""

import json
from pathlib import Path

from base.errors import Stop, WRONG_USE
from report.ktap import Diag
from report.model import Run
from report.result import Attempt, CAUSES, Test, VERDICTS

SCHEMA, VERSION = "hmm-coherent-results", 1
# What is stored as Results has it.
KEPT = ("kernel", "release", "signal", "cut", "seconds", "info", "guest", "facts", "rules", "notes",
        "plans", "not_applicable")


def _test(run: Run, test: Test) -> dict:
    attempts = [vars(attempt) | {"diags": [[d.keyword, d.text] for d in attempt.diags]}
                for attempt in test.attempts]
    return {"name": test.name, "program": test.program, "what": test.what, "verdict": test.verdict,
            "cause": test.cause, "reason": test.reason, "ms": test.ms, "flaky": test.flaky,
            "planned": test.planned, "rerun": run.rerun_command(test.name), "attempts": attempts}


def document(run: Run) -> dict:
    """The whole run as plain data."""
    return {
        "schema": SCHEMA, "version": VERSION, **{key: getattr(run, key) for key in KEPT},
        "exit_status": run.exit_status(), "totals": run.totals(), "claims": run.claims,
        "harmless": dict(run.harmless), "tests": [_test(run, t) for t in run.tests.values()]}


def text(run: Run) -> str:
    """Each test is on one line: with indent, json uses its encoder in Python, which takes a second
    for all tests."""
    data = document(run)
    encode = json.JSONEncoder(default=str, allow_nan=False).encode
    tests = ",\n".join(map(encode, data.pop("tests")))
    head = json.dumps(data, indent=1, default=str, allow_nan=False).removesuffix("\n}")
    return f'{head},\n "tests": [\n{tests}\n ]\n}}\n'


def read(path: Path | str) -> Run:
    """A finished run from a results folder or its run.json; Stop for anything else."""
    path = Path(path)
    path = path / "run.json" if path.is_dir() else path
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise Stop(WRONG_USE, f"{path}: {error.strerror}", "give a results folder") from None
    except (ValueError, RecursionError):
        raise Stop(WRONG_USE, f"{path} is not a results file", "give a results folder") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise Stop(WRONG_USE, f"{path} holds no results of this suite", "give a results folder")
    if data.get("version") != VERSION:
        raise Stop(WRONG_USE,
                   f"{path} has schema version {data.get('version')}, this suite reads {VERSION}",
                   "use the suite that wrote it")
    if "tests" not in data:     # as the run writes it before its first test
        raise Stop(WRONG_USE, f"{path} has no results: its run was killed, or is still running",
                   "run again")
    try:
        return _run(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Stop(WRONG_USE, f"{path} is damaged: {type(error).__name__} {error}",
                   "run again") from None


def read_kernels(path: Path) -> dict[str, Run]:
    """One run, or one for each kernel that a results folder has."""
    if (path / "run.json").exists() or not any(path.glob("*/run.json")):
        return {"": read(path)}
    return {found.parent.name: read(found) for found in sorted(path.glob("*/run.json"))}


def _run(data: dict) -> Run:
    run = Run()
    for key in KEPT:
        default = getattr(run, key)
        if default is not None and type(data[key]) is not type(default):
            raise TypeError(f"{key} is {data[key]!r}"[:100])
        setattr(run, key, data[key])
    run.claims = dict(data.get("claims", {}))       # a baseline may be older than this key
    run.harmless.update(dict(data["harmless"]))
    commands = {t["name"]: t["rerun"] for t in data["tests"]}
    run.rerun_command = lambda name: commands.get(name, "")
    for t in data["tests"]:
        test = run.tests[t["name"]] = Test(t["name"], t["program"], t["what"], t["planned"])
        for a in t["attempts"]:
            attempt = Attempt(**a
                              | {"diags": [Diag(keyword, text) for keyword, text in a["diags"]]})
            if attempt.verdict not in VERDICTS or attempt.cause not in ("", *CAUSES):
                raise ValueError(f"verdict {attempt.verdict} {attempt.cause}")
            test.attempts.append(attempt)
            run.done.append((test, attempt))
    run.finished = True
    if run.totals() != data["totals"] or run.exit_status() != data["exit_status"]:
        raise ValueError("its totals are not those of its tests")
    return run
