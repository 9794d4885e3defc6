# SPDX-License-Identifier: GPL-2.0
"""`compare` and `merge`: words that work on stored results and run nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from report import compare, files, html, json_out, ktap_out, merge, summary
from runner import reports
from runner.results import Folder, told
from runner.screen import Screen


def main(options: argparse.Namespace, screen: Screen) -> int:
    """Dispatch."""
    runs = [json_out.read(Path(name)) for name in options.globs]
    reports.prepare(options)
    return (compare_two if options.word == "compare" else merge_all)(options, screen, runs)


def compare_two(options: argparse.Namespace, _screen: Screen, runs: list) -> int:
    """What changed, on stdout, and as a page with --html. A difference is no error: --gate judges."""
    text = compare.text(*runs)
    print(text, end="")
    if options.html:
        with told(options.html):
            files.write(options.html, html.text(runs, text))
    return 0


def merge_all(options: argparse.Namespace, screen: Screen, runs: list) -> int:
    """The shards as one run, with all that a run has: KTAP, results folder, reports, summary and exit status."""
    whole = merge.merge(runs)
    folder = Folder.create(options.results, "" if options.results else "merged")
    ktap_out.Writer(sys.stdout).finish(whole)
    folder.write("outcomes.jsonl", reports.outcomes(whole))
    folder.write("summary.txt", summary.text(whole, False))
    reports.write_format("json", whole, folder.path / "run.json")
    for name in reports.FORMATS:
        reports.write_format(name, whole, getattr(options, name))
    screen.say(summary.text(whole, screen.colour).rstrip())
    return whole.exit_status()
