# SPDX-License-Identifier: GPL-2.0
"""Every file of a run's end, made from the one model, and the summary for a person."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import tempfile
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from base import files
from base.errors import Stop, WRONG_USE, worst
from report import compare, html, json_out, ktap_out, merge, summary
from report.model import Run
from report.result import FAILING, RUN
from runner.folder import Both, Folder, told
from runner.screen import Screen, shown
from runner.session import Session

MOST = 5        # tests in a command
FORMATS = ("junit", "json", "html", "kcidb")


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
    from report import compare
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


def write_all(options: argparse.Namespace, session: Session, baseline: Run | None) -> int:
    """All files, then the summary; gives the exit status.

    One file that cannot be written, or made, costs neither the others nor the summary.
    """
    run, folder, screen = session.run, session.folder, session.screen
    statuses: list[int] = []
    steps: list[Callable[[], None]] = [
        lambda: folder.write("outcomes.jsonl", outcomes(run)),
        lambda: folder.write("summary.txt", summary.text(run, False)),
        lambda: write_format("html", run, folder.path / "report.html"),
        lambda: write_run(session)]
    steps += [partial(write_format, name, run, getattr(options, name)) for name in FORMATS]
    steps += [lambda: statuses.append(judge(options, run, baseline, screen)),
              lambda: tell(screen, run, folder, session.progress.told)]
    failed = None
    for step in steps:
        try:
            step()
        except Exception as error:
            failed = failed or error
    if failed:
        raise failed
    return statuses[0]


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
    return [f"note:    the kernel has no high-resolution timers ({found[0]}): waits are longer, and "
            "races are rarer"] if found else []


def again(run: Run, here: str) -> str:
    """The command that repeats what failed, or the run if nothing did."""
    bad = [name for name, test in run.tests.items() if test.program != RUN
           and test.verdict in FAILING]
    if not bad:
        return shlex.join(run.info.get("command", ["./run_tests.sh"]))
    *command, _ = shlex.split(run.rerun_command(bad[0]))
    return shlex.join(command + bad) if len(bad) <= MOST else f"./run_tests.sh rerun {here}"


def judge(options: argparse.Namespace, run: Run, baseline: Run | None, screen: Screen) -> int:
    """The exit status under --gate and --strict, which say why it is not what the verdicts alone
    would give."""
    status = run.exit_status()
    if baseline:
        from report import compare
        found = compare.judge(baseline, run, shown(options.gate))
        screen.say(found.text)
        status = found.status
    skipped = run.totals()["skip"]
    if options.strict and skipped and status in (0, 4):
        screen.say(f"--strict: {skipped} skipped")
        status = 1
    return status


def tell_several(options: argparse.Namespace, screen: Screen, runs: list[Run]) -> None:
    """How the kernels differ from the first, and one page for all."""
    from report import compare, html
    for other in runs[1:]:
        screen.say("\n" + compare.text(runs[0], other).rstrip())
    if options.html:
        with told(options.html):
            html.write(runs, options.html)


def outcomes(run: Run) -> str:
    """A line for each outcome, with its test, the attempt it is from, and that attempt's verdict.
    """
    return "".join(
        json.dumps({
            "test": test.name, "attempt": number, "verdict": attempt.verdict, "outcome": outcome}) +
        "\n" for test in run.tests.values() for number, attempt in enumerate(test.attempts, 1)
        for outcome in attempt.outcomes)


def announce(session: Session) -> None:
    """run.json from the start, without results, so that a run that was killed is known as one."""
    session.run.info["state"] = "running"
    session.folder.write(
        "run.json",
        json.dumps({
            "schema": json_out.SCHEMA, "version": json_out.VERSION, "kernel": session.run.kernel,
            "info": session.run.info}) + "\n")


def write_run(session: Session) -> None:
    """run.json: the model and what the runner knows."""
    run = session.run
    run.info.update(
        state="ended", machines=[{
            "number": number, "ended": ending.kind, "why": ending.why,
            "running": ending.watch.running, "command": ending.command,
            "slowness": round(ending.watch.factor, 2),
            "boot_seconds": round(ending.watch.boot_seconds, 2),
            "test_seconds": round(ending.watch.test_seconds, 2)}
                                 for number, ending in sorted(session.endings.items())])
    write_format("json", run, session.folder.path / "run.json")


def write_format(name: str, run: Run, path: Path | None) -> None:
    """One of the formats."""
    if path:
        with told(path):
            from report import html, junit, kcidb
            {"junit": junit, "json": json_out, "html": html, "kcidb": kcidb}[name].write(run, path)


# -- compare and merge


def main(options: argparse.Namespace, screen: Screen) -> int:
    """Dispatch, kernel by kernel: the folder of a run on several kernels has one for each."""
    given = [json_out.read_kernels(Path(name)) for name in options.globs]
    for name, runs in zip(options.globs, given):
        if set(runs) != set(given[0]):
            raise Stop(
                WRONG_USE,
                f"{options.globs[0]} has results of {listed(given[0])}, {name} of {listed(runs)}",
                "give folders of the same kernels")
    gates = prepare(options)
    return compare_two(options, given) if options.word == "compare" else merge_all(
        options, screen, given, gates)


def listed(runs: dict[str, Run]) -> str:
    """The kernels, for a message."""
    return " and ".join(runs) if "" not in runs else "one kernel"


def compare_two(options: argparse.Namespace, given: list[dict[str, Run]]) -> int:
    """What changed, on stdout, and as a page with --html. A difference is no error: --gate judges.
    """
    before, after = given
    text = "\n".join(compare.text(before[kernel], after[kernel]) for kernel in before)
    print(text, end="")
    if options.html:
        with told(options.html):
            files.write(
                options.html,
                html.text([run for kernel in before
                           for run in (before[kernel], after[kernel])], text))
    return 0


def merge_all(options: argparse.Namespace, screen: Screen, given: list[dict[str, Run]],
              gates: dict[str, Run]) -> int:
    """The shards as one run, with all that a run has: KTAP, results folder, reports, summary and
    exit status."""
    statuses = []
    for kernel in given[0]:
        whole = merge.merge([runs[kernel] for runs in given])
        for cut in (runs[kernel] for runs in given if runs[kernel].signal):
            screen.say(f"shard {cut.info.get('shard')} was interrupted: "
                       "the tests that it did not run are unknown")
        folder = Folder.create(
            options.results,
            kernel if options.results else "-".join(filter(None, ("merged", kernel))))
        out = Both(folder.path / "ktap", not screen.on_stdout)
        ktap_out.Writer(out, options.outcomes).finish(whole)
        out.close()
        folder.write("outcomes.jsonl", outcomes(whole))
        folder.write("summary.txt", summary.text(whole, False))
        write_format("html", whole, folder.path / "report.html")
        write_format("json", whole, folder.path / "run.json")
        for name in FORMATS:
            path = getattr(options, name)
            write_format(name, whole,
                         path.with_stem(f"{path.stem}-{kernel}") if path and kernel else path)
        statuses.append(judge(options, whole, baseline(gates, kernel or whole.kernel), screen))
        tell(screen, whole, folder)
    return worst(statuses)
