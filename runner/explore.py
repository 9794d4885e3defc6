# SPDX-License-Identifier: GPL-2.0
"""`explore`: random sequences of operations against a model (docs/explore.md).

hmm_coherent_explore generates, runs, judges and minimises them. This starts it with its settings in
the environment, and again after a machine has died: the sequence that ran is known from the result
stream, and so is the candidate of the minimiser that ended the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from base.errors import CANNOT, Interrupted, Stop, Untestable, WRONG_USE
from base.files import TOP
from report import json_out
from report.ktap import Diag
from report.model import Run
from report.result import Test
from vm.kconfig import PROFILES
from runner import options as command_line, plan, programs, run as running
from runner.asked import VARIABLE, ask
from runner.folder import Folder
from runner.screen import Screen, one_line, shown

PARTS = TOP / "common/explore/program"  # of the programs and scenarios that are written
BOOTS = 24          # machines that a minimisation may take
MINIMISING = 100    # seconds, as in common/explore/search.c
PATIENCE = 30       # seconds for one operation, on a kernel that does not look harder
AGAIN = 10          # times that a failure is given to come again
SEED = re.compile(r"explore\.coherent\.seed-(\d+)")


@dataclass
class Found:
    """A sequence that failed, as a results folder tells it."""

    text: str
    minimal: str        # empty if it was not made shorter
    died: bool          # the machine, or it was of no use any more
    release: str


def said(diags: list[Diag], word: str) -> str:
    """The rest of the last line that begins with this word; empty if none does."""
    lines = [str(diag) for diag in diags]
    return next((line.removeprefix(word).strip() for line in reversed(lines)
                 if line.startswith(word)), "")


def asked(options: argparse.Namespace, screen: Screen, **settings: str) -> str:
    """What the program prints, which needs no kernel, so it is asked here."""
    ksrc = None if programs.given() else plan.sources(options, "vm", screen)[1]
    built = programs.build(ksrc, log(), only=plan.EXPLORE)
    path = next(path for path in built if path.name == plan.EXPLORE)
    done = subprocess.run([str(path), "--list"], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, env=os.environ | {
                              VARIABLE + name: value for name, value in settings.items()})
    if done.returncode:
        raise Stop(WRONG_USE if done.returncode == WRONG_USE else CANNOT,
                   one_line(done.stderr.removeprefix(f"{plan.EXPLORE}: ").strip(), 600))
    return done.stdout


def diags_of(test: Test) -> list[Diag]:
    """All that its attempts said."""
    return [diag for attempt in test.attempts for diag in attempt.diags]


def failed(run: Run) -> tuple[str, list[Diag]] | None:
    """The explore test that failed, and what it has said; None if none failed."""
    for test in run.tests.values():
        if test.program == plan.EXPLORE and test.verdict in ("fail", "broken"):
            return test.name, diags_of(test)
    return None


def found(path: Path, options: argparse.Namespace, screen: Screen) -> Found:
    """The failure that a results folder has."""
    for run in json_out.read_kernels(path).values():
        if not (failure := failed(run)):
            continue
        name, diags = failure
        text = (said(diags, "sequence:") or said(diags, "twin:") or said(diags, "candidate:")
                or seed_text(name, diags, run, options, screen))
        if not text:
            raise Stop(CANNOT, f"{shown(path)} does not say which sequence failed", "run again")
        minimal = said(diags, "minimal:") or said(diags, "shorter:")
        return Found(text, minimal, run.tests[name].verdict == "fail" and not minimal,
                     run.release)
    raise Stop(WRONG_USE, f"no sequence has failed in {shown(path)}",
               "./run_tests.sh explore --seconds 60 looks for one")


def seed_text(name: str, diags: list[Diag], run: Run, options: argparse.Namespace,
              screen: Screen) -> str:
    """The sequence that ran last, by its seed."""
    match = SEED.fullmatch(name)
    seed = match[1] if match else said(diags, "seed:")
    if not seed:
        return ""
    words = run.info.get("command", []) if not match else []
    given = {word: value for word, value in zip(words, words[1:]) if word.startswith("--")}
    return asked(options, screen, **{"": "print", "_SEED": seed,
        "_LENGTH": given.get("--length", options.length or ""),
        "_ONLY": given.get("--only", options.only or ""),
        "_WEIGHT": " ".join(value for word, value in zip(words, words[1:])
                            if word == "--weight")}).strip()


def log() -> Path:
    """Where make's output goes."""
    return Path(os.environ["HMM_COHERENT_CACHE"]) / "log" / "programs.log"


def version_of(options: argparse.Namespace, release: str, screen: Screen) -> str:
    """Of which kernel the written C tells: 703 is 7.3. That of --kernel, else of the results, else
    the one that a run takes."""
    from runner import guests
    spec = options.kernel[0] if options.kernel else release
    if options.kernel and not command_line.is_version(spec):
        found = guests.find_source(spec, plan.open_cache(screen), screen)
        spec = found.version if found else spec
    if not spec:
        spec = guests.default_kernel(plan.open_cache(screen), screen)
    if not (version := re.match(r"(\d+)\.(\d+)", spec)):
        raise Stop(WRONG_USE, f"{spec} does not say its version", "give --kernel 7.3, or a tree")
    return f"{version[1]}{int(version[2]):02}"


class Exploration:
    """One command line."""

    def __init__(self, options: argparse.Namespace, screen: Screen):
        self.options, self.screen = options, screen

    def once(self, results: Path | None, seconds: int, **settings: str) -> tuple[int, Path]:
        """One run of the program; returns its status and its results folder."""
        options = argparse.Namespace(**vars(self.options))
        options.stress = seconds + MINIMISING
        options.globs, options.jobs = [plan.EXPLORE], 1
        options.results = path = results or Folder.create(None).path
        if text := settings.get("_REPLAY"):     # in the command that repeats it, too
            options.replay = text
            options.given = options.given - set(running.EXPLORING) | {"replay"}
        ask(**settings, _PATIENCE=str(PATIENCE * PROFILES[options.profile].slowness))
        return running.main(options, self.screen), path

    def search(self) -> int:
        """Random sequences for some seconds; the seeds of a shard are every N-th one."""
        options = self.options
        number, count = options.shard or (1, 1)
        options.seed, options.shard = options.seed + number - 1, None
        settings = {"": "search", "_SECONDS": str(options.seconds or 60), "_STRIDE": str(count),
                    "_LENGTH": options.length or "", "_ONLY": options.only or "",
                    "_WEIGHT": " ".join(options.weight)}
        results = options.results or Folder.create(None).path
        try:
            return self.judged(*self.once(results, options.seconds or 60, **settings))
        except Interrupted:
            self.tell_interrupted(results)
            raise

    def replay(self, text: str) -> int:
        """The sequence that was given."""
        return self.judged(*self.once(self.options.results, 0, **{"": "replay", "_REPLAY": text}))

    def tell_interrupted(self, results: Path) -> None:
        """What was found before the interruption."""
        with contextlib.suppress(Stop):
            one = found(results, self.options, self.screen)
            if not one.died:
                self.tell(one)

    def judged(self, status: int, results: Path) -> int:
        """Say how the failure can be repeated, and minimise it if the machine has died."""
        paths = [results] if (results / "run.json").exists() else sorted(results.glob("*/"))
        lines = [str(diag) for run in json_out.read_kernels(results).values()
                 for test in run.tests.values() for diag in diags_of(test)]
        for line in lines:
            if line.startswith(("explored: ", "left-out: ")):
                self.screen.say(line.partition(" ")[2])
        left = [line.partition(" ")[2] for line in lines if line.startswith("left-out: ")]
        if self.options.bisect_step and status == 0 and left:
            raise Untestable(4, left[0])    # the sequence was not run whole
        for path in paths if status == 1 and not self.options.bisect_step else []:
            one = found(path, self.options, self.screen)
            if one.died:
                one.minimal = self.shrink(one.text, path)
            self.tell(one)
        return status

    def tell(self, one: Found) -> None:
        """The last lines."""
        options, text = self.options, one.minimal or one.text
        words = [*command_line.words(options, ("kernel", "build", "native", "spm")),
                 *command_line.words(options, command_line.MADE)]
        self.screen.say(f"sequence: {text}")
        self.screen.say(f"replay:   {shlex.join(['./run_tests.sh', 'explore', *words])} "
                        f"--replay '{text}'")

    def shrink(self, text: str, folder: Path) -> str:
        """The shortest sequence that still ends the machine: each machine goes on with the
        candidate that ended the one before."""
        for number in range(1, BOOTS + 1):
            self.screen.say(f"the machine died; machine {number} looks for a shorter sequence")
            status, results = self.once(folder / f"shrink-{number}", MINIMISING,
                                        **{"": "shrink", "_REPLAY": text})
            failure = failed(json_out.read(results))
            last = said(failure[1], "candidate:") if failure else ""
            if status not in (0, 1):
                self.screen.say(f"machine {number} has no result: there may be a shorter one")
            if status != 1 or not last or last == text:
                break
            text = last
        return text

    def again(self, one: Found) -> tuple[int, Path]:
        """Run it until it fails, at most AGAIN times; Stop if it does not."""
        status, results = self.once(self.options.results, 0, **{
            "": "replay", "_REPLAY": one.minimal or one.text, "_TIMES": str(AGAIN)})
        if status in (0, 4):
            raise Stop(CANNOT, f"the failure did not come again: 0 of {AGAIN} times",
                       f"the sequence was: {one.minimal or one.text}")
        return status, results

    def minimise(self, path: Path) -> int:
        """Again what failed in a results folder, and shorter."""
        return self.judged(*self.again(found(path, self.options, self.screen)))

    def write(self) -> int:
        """The sequence as a program, or as a scenario, on stdout."""
        options, release, text = self.options, "", self.options.replay
        if options.minimise:
            one = found(options.minimise, options, self.screen)
            if not one.minimal:     # a run prints its results, which are no C
                with contextlib.redirect_stdout(sys.stderr):
                    status, results = self.again(one)
                    self.judged(status, results)
                    one = found(results, options, self.screen)
            release, text = one.release, one.minimal or one.text
        name = options.as_scenario
        print(asked(options, self.screen, **{
            "": "scenario" if name else "program", "_REPLAY": text, "_NAME": name or "",
            "_PARTS": str(PARTS), "_VERSION": version_of(options, release, self.screen)}), end="")
        return 0


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`explore`."""
    exploration = Exploration(options, screen)
    try:
        if options.as_program or options.as_scenario:
            return exploration.write()
        if options.replay is not None:
            return exploration.replay(options.replay)
        if options.minimise:
            return exploration.minimise(options.minimise)
        return exploration.search()
    finally:
        ask()
