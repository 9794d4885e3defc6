# SPDX-License-Identifier: GPL-2.0
"""`compare` and `merge`: words that work on stored results and run nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from base import files
from report import compare, html, json_out, ktap_out, merge, summary
from report.model import Run
from runner import reports
from base.errors import Stop, WRONG_USE, worst
from runner.results import Folder, told
from runner.screen import Screen


def main(options: argparse.Namespace, screen: Screen) -> int:
    """Dispatch, kernel by kernel: the folder of a run on several kernels has one for each."""
    given = [json_out.read_kernels(Path(name)) for name in options.globs]
    for name, runs in zip(options.globs, given):
        if set(runs) != set(given[0]):
            raise Stop(WRONG_USE, f"{options.globs[0]} has results of {listed(given[0])}, {name} of {listed(runs)}",
                       "give folders of the same kernels")
    gates = reports.prepare(options)
    return compare_two(options, given) if options.word == "compare" else merge_all(options, screen, given, gates)


def listed(runs: dict[str, Run]) -> str:
    """The kernels, for a message."""
    return " and ".join(runs) if "" not in runs else "one kernel"


def compare_two(options: argparse.Namespace, given: list[dict[str, Run]]) -> int:
    """What changed, on stdout, and as a page with --html. A difference is no error: --gate judges."""
    before, after = given
    text = "\n".join(compare.text(before[kernel], after[kernel]) for kernel in before)
    print(text, end="")
    if options.html:
        with told(options.html):
            files.write(options.html, html.text([run for kernel in before for run in (before[kernel], after[kernel])], text))
    return 0


def merge_all(options: argparse.Namespace, screen: Screen, given: list[dict[str, Run]], gates: dict[str, Run]) -> int:
    """The shards as one run, with all that a run has: KTAP, results folder, reports, summary and exit status."""
    statuses = []
    for kernel in given[0]:
        whole = merge.merge([runs[kernel] for runs in given])
        for cut in (runs[kernel] for runs in given if runs[kernel].signal):
            screen.say(f"shard {cut.info.get('shard')} was interrupted: "
                       "what it had not run is not known")
        folder = Folder.create(options.results, kernel if options.results else "-".join(filter(None, ("merged", kernel))))
        ktap_out.Writer(sys.stdout).finish(whole)
        folder.write("outcomes.jsonl", reports.outcomes(whole))
        folder.write("summary.txt", summary.text(whole, False))
        reports.write_format("json", whole, folder.path / "run.json")
        for name in reports.FORMATS:
            path = getattr(options, name)
            reports.write_format(name, whole, path.with_stem(f"{path.stem}-{kernel}") if path and kernel else path)
        statuses.append(reports.judge(options, whole, reports.baseline(gates, kernel or whole.kernel), screen))
        screen.say(summary.text(whole, screen.colour).rstrip())
    return worst(statuses)
