# SPDX-License-Identifier: GPL-2.0
"""Join the results of the shards of one run.

Each shard has its number, `info["shard"] == "2/3"`. Shards of different suites or kernels are
refused. A missing shard makes the whole run broken, since its results are not known.
"""

import re
from collections.abc import Sequence

from base.errors import Stop, WRONG_USE
from report import claims
from report.model import Run
from report.result import RUN


def _number(run: Run) -> tuple[int, int]:
    shard = run.info.get("shard")
    m = re.fullmatch(r"(\d{1,4})/(\d{1,4})", shard) if isinstance(shard, str) else None
    if not m or not 1 <= int(m[1]) <= int(m[2]):
        raise Stop(WRONG_USE, f"these are not results of a shard (shard is {shard!r})",
                   "make them with --shard I/N")
    return int(m[1]), int(m[2])


def _agree(runs: Sequence[Run]) -> None:
    for what, key in (("kernels", lambda r: (r.release, r.guest.get("build-id"))),
                      ("suites", lambda r: r.info.get("suite"))):
        values = list(dict.fromkeys(str(key(r)) for r in runs))
        if len(values) > 1:
            raise Stop(WRONG_USE, f"shards of different {what}: {' and '.join(values)}",
                       "merge the shards of one run")


def merge(runs: Sequence[Run]) -> Run:
    """One finished run of all of them, in the order of the shards."""
    if not runs:
        raise Stop(WRONG_USE, "no results to merge", "give the results folders of all shards")
    numbered = sorted(((*_number(run), run) for run in runs), key=lambda n: n[:2])
    counts = {count for _, count, _ in numbered}
    if len(counts) > 1:
        raise Stop(WRONG_USE, f"shards of {' and of '.join(map(str, sorted(counts)))}",
                   "merge the shards of one run")
    numbers, count = [number for number, _, _ in numbered], counts.pop()
    if len(set(numbers)) < len(numbers):
        raise Stop(WRONG_USE, "a shard was given twice", "give each once")
    _agree(runs)
    whole = Run()
    for _, _, run in numbered:
        _add(whole, run)
    # Also the pairs of slow and fast GUP that ran in different shards.
    pairs = claims.check_pairs(whole)
    for number in sorted(set(range(1, count + 1)) - set(numbers)):
        whole.broken(f"shard {number}/{count} is missing")
    whole.info = dict(numbered[0][2].info) | {"shard": f"{len(numbers)} of {count} merged"}
    whole.info["slow_fast_pairs"] = pairs
    whole.info |= {"lost": run.info["lost"] for run in runs if run.info.get("lost")}
    whole.finish()
    whole.seconds = sum(run.seconds or 0 for run in runs)
    return whole


def _add(whole: Run, run: Run) -> None:
    for program, names in run.plans.items():
        whole.plans.setdefault(program, []).extend(names)
    for name, test in run.tests.items():
        if name == claims.SAME_TEST:
            continue
        if name in whole.tests and test.program != RUN:
            raise Stop(WRONG_USE, f"{name} is in two shards", "merge the shards of one run")
        if name in whole.tests:
            whole.tests[name].attempts += test.attempts
        else:
            whole.tests[name] = test
    whole.done += [(test, attempt) for test, attempt in run.done if test.name != claims.SAME_TEST]
    whole.closed += run.plans
    for key in ("not_applicable", "guest", "claims", "rules"):
        getattr(whole, key).update(getattr(run, key))
    whole.facts += [fact for fact in run.facts if fact not in whole.facts]
    whole.notes += run.notes
    whole.harmless.update(run.harmless)
    whole.release, whole.kernel = run.release, run.kernel
    whole.signal, whole.cut = whole.signal or run.signal, whole.cut or run.cut
    rerun, before = run.rerun_command, whole.rerun_command
    whole.rerun_command = lambda name: rerun(name) if name in run.tests else before(name)
