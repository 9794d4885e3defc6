# SPDX-License-Identifier: GPL-2.0
"""Every file of a run's end, made from the one model, and the summary for a person."""

import argparse
import json
import re
import shlex
import tempfile
from collections.abc import Callable, Collection, Sequence
from functools import partial

from base import files
from base.errors import NOTHING_TESTED, Stop, WRONG_USE
from report import compare, html, json_out, junit, kcidb, summary
from report.model import Run
from report.result import FAILING, RUN
from runner.folder import Folder, told
from runner.screen import Screen, shown

MOST = 5        # tests in a command
# The files that an option asks for, each with what makes its text.
FORMATS: dict[str, Callable[[Run], str]] = {
    "junit": junit.text, "json": json_out.text, "html": html.text, "kcidb": kcidb.text}


def prepare(options: argparse.Namespace) -> dict[str, Run]:
    """Find out before an hour of testing, not after it, that a report cannot be made; gives
    --gate's baselines by kernel."""
    for name in FORMATS:
        path = getattr(options, name)
        if not path:
            continue
        if path.is_dir():
            raise Stop(WRONG_USE, f"--{name}: {path} is a folder", "give a file")
        try:
            with tempfile.TemporaryFile(dir=path.absolute().parent):
                pass
        except OSError as error:
            raise Stop(WRONG_USE, f"--{name}: {path} cannot be written: {error.strerror}",
                       "choose another file") from None
    if not options.gate:
        return {}
    gates = json_out.read_kernels(options.gate)
    for run in gates.values():
        compare.refuse_empty(run)
    return gates


def baseline(gates: dict[str, Run], kernel: str) -> Run | None:
    """The one of this kernel, else the only one; None without --gate."""
    found = gates.get(kernel, gates.get(""))
    if gates and not found:
        raise Stop(WRONG_USE, f"--gate: the baseline has results of {' and '.join(gates)}, "
                              f"and none of {kernel}", "run on the same kernels")
    return found


def labelled(options: argparse.Namespace, label: str) -> argparse.Namespace:
    """The options for one of several kernels: --junit x.xml becomes x-6.12.xml; --html is one page
    for all of them."""
    if not label:
        return options
    own = argparse.Namespace(**vars(options) | {"html": None})
    for name in ("junit", "json", "kcidb"):
        if path := getattr(options, name):
            setattr(own, name, path.with_stem(f"{path.stem}-{label}"))
    return own


def write_all(options: argparse.Namespace, run: Run, folder: Folder, screen: Screen,
              baseline: Run | None, told_already: Collection[tuple] = ()) -> int:
    """All files, then the summary; gives the exit status.

    One file that cannot be written, or made, costs neither the others nor the summary.
    """
    statuses: list[int] = []
    steps: list[Callable[[], None]] = [
        lambda: folder.write("outcomes.jsonl", outcomes(run)),
        lambda: folder.write("summary.txt", summary.text(run, False)),
        lambda: folder.write("report.html", html.text(run)),
        lambda: folder.write("run.json", json_out.text(run)),
        *(partial(write_format, options, run, name) for name in FORMATS),
        lambda: statuses.append(judge(options, run, baseline, screen)),
        lambda: tell(screen, run, folder, told_already)]
    failed = None
    for step in steps:
        try:
            step()
        except Exception as error:
            failed = failed or error
    if failed:
        raise failed
    return statuses[0]


def write_format(options: argparse.Namespace, run: Run, name: str) -> None:
    """One of the formats, if an option asks for it."""
    if path := getattr(options, name):
        with told(path):
            files.write(path, FORMATS[name](run))


def write_page(options: argparse.Namespace, runs: Sequence[Run], extra: str = "") -> None:
    """--html: one page of several runs."""
    if options.html:
        with told(options.html):
            files.write(options.html, html.text(runs, extra))


def tell(screen: Screen, run: Run, folder: Folder, told: Collection[tuple] = ()) -> None:
    """The summary, and before its sum where the results are and what to do with them."""
    here, before = shown(folder.path), folder.previous
    after = [f"results: {here}", f"page:    xdg-open {here}/report.html",
             f"again:   {again(run, here)}"]
    after += slow_clock(run)
    if before and (before / "run.json").exists():
        after.append(f"compare: ./run_tests.sh compare {shown(before)} {here}")
    if screen.terminal:
        text = summary.for_terminal(run, screen.width(), screen.colour, told, after)
    else:
        text = summary.text(run, screen.colour, after)
    screen.say("\n" + text.rstrip("\n"))


def slow_clock(run: Run) -> list[str]:
    """A line about a kernel whose timers are no better than its tick."""
    found = [fact for fact in run.facts if re.fullmatch(r"clock \S+, timers of (?!1 )\d+ ns", fact)]
    return [f"note:    the kernel has no high-resolution timers ({found[0]}): waits take longer, "
            "races are rarer"] if found else []


def again(run: Run, here: str) -> str:
    """The command that repeats what failed, or the run if nothing did."""
    bad = [name for name, test in run.tests.items() if test.program != RUN
           and test.verdict in FAILING]
    if not bad:
        return shlex.join(run.info.get("command", ["./run_tests.sh"]))
    *command, last = shlex.split(run.rerun_command(bad[0]))
    if last != bad[0]:      # `explore` names no test
        return run.rerun_command(bad[0])
    return shlex.join(command + bad) if len(bad) <= MOST else f"./run_tests.sh rerun {here}"


def judge(options: argparse.Namespace, run: Run, baseline: Run | None, screen: Screen) -> int:
    """The exit status under --gate and --strict, which say why it is not what the verdicts alone
    would give."""
    status = run.exit_status()
    if baseline:
        found = compare.judge(baseline, run, shown(options.gate))
        screen.say(found.text)
        status = found.status
    skipped = run.totals()["skip"]
    if options.strict and skipped and status in (0, NOTHING_TESTED):
        screen.say(f"--strict: {skipped} skipped")
        status = 1
    return status


def tell_several(options: argparse.Namespace, screen: Screen, runs: list[Run]) -> None:
    """How the kernels differ from the first, and one page for all."""
    for other in runs[1:]:
        screen.say("\n" + compare.text(runs[0], other).rstrip())
    write_page(options, runs)


def outcomes(run: Run) -> str:
    """A line for each outcome, with its test, the attempt it is from, and that attempt's verdict.
    """
    return "".join(
        json.dumps({
            "test": test.name, "attempt": number, "verdict": attempt.verdict, "outcome": outcome}) +
        "\n" for test in run.tests.values() for number, attempt in enumerate(test.attempts, 1)
        for outcome in attempt.outcomes)


def announce(run: Run, folder: Folder) -> None:
    """run.json from the start, without results, so that a run that was killed is known as one."""
    run.info["state"] = "running"
    folder.write("run.json", json.dumps({"schema": json_out.SCHEMA, "version": json_out.VERSION,
                                         "kernel": run.kernel, "info": run.info}) + "\n")
