# SPDX-License-Identifier: GPL-2.0
"""What is made of the results of a run that is over: its reports, and another run of what did not
pass."""

from __future__ import annotations

import argparse
from pathlib import Path

from base.errors import Stop, WRONG_USE
from report import html, json_out, summary
from report.result import FAILING, RUN
from runner import options as command_line, reports
from runner.folder import told
from runner.programs import Test
from runner.screen import Screen, shown

# Of the options of a run, what another run of its tests does not take over: what selected them, and
# where the results went.
NOT_AGAIN = frozenset(
    "failed skip shard results junit json html kcidb gate verbose dry_run".split())


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`report DIR`: the files that are asked for, and the summary on stdout. It judges nothing."""
    from runner.run import labelled
    runs = json_out.read_kernels(Path(options.globs[0]))
    reports.prepare(options)
    for kernel, run in runs.items():
        for name in reports.FORMATS:
            reports.write_format(name, run, getattr(labelled(options, kernel), name))
        print(summary.for_terminal(run, screen.width(), screen.colour) if screen.on_stdout
              else summary.text(run, False), end="")
    if options.html:
        with told(options.html):
            html.write(list(runs.values()), options.html)
    return 0


def again(options: argparse.Namespace) -> argparse.Namespace:
    """`rerun DIR` as the command line of that run, with --failed DIR for its globs, and with the
    options that are given now."""
    folder = Path(options.globs[0])
    run = next(iter(json_out.read_kernels(folder).values()))
    if "options" not in run.info:
        raise Stop(WRONG_USE, f"{folder} does not have the options of its run",
                   f"give them: ./run_tests.sh --failed {folder} ...")
    return command_line.parse([*run.info["options"], "--failed", str(folder.absolute()),
                               *command_line.words(options, sorted(options.given))])


def kept(options: argparse.Namespace) -> list[str]:
    """What again() needs of this run, for its run.json."""
    return command_line.words(options, sorted(options.given - NOT_AGAIN))


def failed(tests: list[Test], folder: Path, strict: bool) -> list[Test]:
    """Those that failed, were broken or did not run there, on whatever kernel; with --strict also
    those that were skipped. Known failures are not among them."""
    wanted = (*FAILING, "skip") if strict else FAILING
    names = {test.name for run in json_out.read_kernels(folder).values()
             for test in run.of(*wanted) if test.program != RUN}
    if not names:
        raise Stop(4, f"nothing failed in {shown(folder)}", "there is nothing to run again")
    chosen = [test for test in tests if test.name in names]
    if not chosen:
        raise Stop(WRONG_USE, f"none of the {len(names)} tests that failed in {shown(folder)} "
                              "is among the selected ones", "give other globs, or none")
    return chosen
