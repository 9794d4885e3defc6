# SPDX-License-Identifier: GPL-2.0
"""A run as a submission for KCIDB, the results database of KernelCI: its I/O schema 5.0, which
kcidb-validate and kcidb-submit take (https://github.com/kernelci/kcidb-io).

One checkout, one build, and a test for each of ours. HMM_COHERENT_ORIGIN is the origin of the CI
system that submits.
"""

import hashlib
import json
import os
import re

from base.errors import Stop, WRONG_USE
from report.ktap import quote
from report.model import Run
from report.result import Test

MAJOR, MINOR = 5, 0
# A known failure is one: KCIDB itself links it to an issue.
STATUS = {"pass": "PASS", "xpass": "PASS", "fail": "FAIL", "xfail": "FAIL", "broken": "ERROR",
          "not-run": "MISS", "skip": "SKIP"}
EXCERPT = 16384     # characters that the schema allows for a part of a log


def document(run: Run) -> dict:
    """The submission, as plain data; what is not known is left out, since nothing may be null."""
    origin = os.environ.get("HMM_COHERENT_ORIGIN") or "hmm_coherent"
    if not re.fullmatch(r"[a-z0-9_]+", origin):
        raise Stop(WRONG_USE, f"HMM_COHERENT_ORIGIN={origin} is no origin of KCIDB",
                   "it consists of a-z, 0-9 and _")
    kernel = run.info.get("kernel") or {}
    source, commit = kernel.get("source") or run.label(), kernel.get("commit") or ""
    build = kernel.get("build_id") or run.guest.get("build-id") or run.release
    checkout = {"id": f"{origin}:{commit or digest(source)}", "origin": origin,
                "comment": quote(source), "valid": True, "git_commit_hash": commit}
    name = f"{origin}:{build}"
    built = {"id": name, "origin": origin, "checkout_id": checkout["id"],
             "architecture": run.info.get("arch") or "x86_64",
             "compiler": quote(run.info.get("compiler") or ""),
             "config_name": run.info.get("profile") or "plain", "status": "PASS",
             "duration": kernel.get("seconds"), "comment": quote(run.release),
             "misc": {"config_hash": kernel.get("config_hash") or ""}}
    which = digest(build, run.info.get("started"), run.info.get("shard"), list(run.tests))
    tests = [_test(run, test, origin, name, which) for test in run.tests.values()]
    return {"version": {"major": MAJOR, "minor": MINOR}, "checkouts": [_known(checkout)],
            "builds": [_known(built)], "tests": tests}


def _test(run: Run, test: Test, origin: str, build: str, which: str) -> dict:
    log = "\n".join(quote(str(diag)) for diag in test.diags)
    started = re.sub(r"(\d\d)$", r":\1", run.info.get("started") or "")     # as RFC 3339 has it
    accel = (run.info.get("accelerator") or {}).get("name")
    return _known({
        "id": f"{origin}:{which}/{test.name}", "origin": origin, "build_id": build,
        "path": "kselftest.hmm-coherent." + ".".join(filter(None, test.name.split("."))),
        "status": STATUS[test.verdict], "comment": quote(test.what), "start_time": started,
        "duration": None if test.ms is None else test.ms / 1000, "log_excerpt": log[-EXCERPT:],
        "environment": {"comment": f"QEMU, {accel}" if accel else run.info.get("where") or "?"},
        "misc": {"verdict": test.verdict, "cause": test.cause, "reason": quote(test.reason),
                 "rerun": run.rerun_command(test.name)}})


def _known(fields: dict) -> dict:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def digest(*parts: object) -> str:
    """A name for what has none."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def text(run: Run) -> str:
    return json.dumps(document(run), indent=1, allow_nan=False) + "\n"
