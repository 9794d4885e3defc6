# SPDX-License-Identifier: GPL-2.0
"""What is made of stored results: `report`, `compare`, `merge`, and another run of what did not
pass."""

import argparse
from pathlib import Path

from base.errors import NOTHING_TESTED, Stop, WRONG_USE, worst
from report import compare, json_out, ktap_out, merge, summary
from report.model import Run
from report.result import FAILING, RUN
from runner import options as command_line, reports
from runner.folder import Both, Folder
from runner.programs import Test
from runner.screen import Screen, shown

# Of the options of a run, what another run of its tests does not take over: what selected them, and
# where the results went.
NOT_AGAIN = frozenset(
    "failed skip shard results junit json html kcidb gate verbose dry_run".split())


def main(options: argparse.Namespace, screen: Screen) -> int:
    """Dispatch, kernel by kernel: the folder of a run on several kernels has one for each."""
    given = [json_out.read_kernels(Path(name)) for name in options.globs]
    if options.word == "report" and len(given) > 1:
        several = [run for runs in given for run in runs.values()]
        reports.write_page(options, several)
        print(summary.table_of(several), end="")
        return 0
    for name, runs in zip(options.globs, given):
        if set(runs) != set(given[0]):
            raise Stop(
                WRONG_USE,
                f"{options.globs[0]} has results of {listed(given[0])}, {name} of {listed(runs)}",
                "give folders of the same kernels")
    gates = reports.prepare(options)
    if options.word == "report":
        return report(options, screen, given[0])
    if options.word == "compare":
        return compare_two(options, *given)
    return merge_all(options, screen, given, gates)


def listed(runs: dict[str, Run]) -> str:
    """The kernels, for a message."""
    return " and ".join(runs) if "" not in runs else "one kernel"


def report(options: argparse.Namespace, screen: Screen, runs: dict[str, Run]) -> int:
    """The files that are asked for, and the summary on stdout. It judges nothing."""
    for kernel, run in runs.items():
        for name in reports.FORMATS:
            reports.write_format(reports.labelled(options, kernel), run, name)
        print(summary.for_terminal(run, screen.width(), screen.colour) if screen.on_stdout
              else summary.text(run, False), end="")
    if len(runs) > 1:
        reports.write_page(options, [*runs.values()])
    return 0


def compare_two(options: argparse.Namespace, before: dict[str, Run], after: dict[str, Run]) -> int:
    """What changed, on stdout, and as a page with --html. A difference is no error: --gate judges.
    """
    text = "\n".join(compare.text(before[kernel], after[kernel]) for kernel in before)
    print(text, end="")
    reports.write_page(options, [run for kernel in before
                                 for run in (before[kernel], after[kernel])], text)
    return 0


def merge_all(options: argparse.Namespace, screen: Screen, given: list[dict[str, Run]],
              gates: dict[str, Run]) -> int:
    """The shards as one run, with all that a run has: KTAP, results folder, reports, summary and
    exit status."""
    statuses, wholes = [], []
    for kernel in given[0]:
        whole = merge.merge([runs[kernel] for runs in given])
        for cut in (runs[kernel] for runs in given if runs[kernel].signal):
            screen.say(f"shard {cut.info.get('shard')} was interrupted: "
                       "the tests that it did not run are unknown")
        label = kernel if options.results else "-".join(filter(None, ("merged", kernel)))
        folder = Folder.create(options.results, label)
        out = Both(folder.path / "ktap", not screen.on_stdout)
        ktap_out.Writer(out, options.outcomes).finish(whole)
        out.close()
        gate = reports.baseline(gates, kernel or whole.kernel)
        statuses.append(reports.write_all(reports.labelled(options, kernel), whole, folder, screen,
                                          gate))
        wholes.append(whole)
    if len(wholes) > 1:
        reports.write_page(options, wholes)
    return worst(statuses)


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
        raise Stop(NOTHING_TESTED, f"nothing failed in {shown(folder)}",
                   "there is nothing to run again")
    chosen = [test for test in tests if test.name in names]
    if not chosen:
        raise Stop(WRONG_USE, f"none of the {len(names)} tests that failed in {shown(folder)} "
                              "is among the selected ones", "give other globs, or none")
    return chosen
