# SPDX-License-Identifier: GPL-2.0
"""`explore`: random sequences of operations against a model (docs/explore.md).

hmm_coherent_explore generates, runs, judges and minimises them. This starts it with its settings in
the environment, and again after a machine has died: the sequence that ran is known from the result
stream, and so is the candidate of the minimiser that ended the machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from base.errors import CANNOT, Stop, WRONG_USE
from report import json_out
from report.ktap import Diag
from report.model import Run
from runner import programs, run as running
from runner.folder import Folder
from runner.screen import Screen, shown

PROGRAM = "hmm_coherent_explore"
VARIABLE = "HMM_COHERENT_EXPLORE"
SETTINGS = ("", "_SECONDS", "_LENGTH", "_ONLY", "_WEIGHT", "_REPLAY", "_WRONG", "_TIMES")
BOOTS = 12          # machines that a minimisation may take
MINIMISING = 100    # seconds, as in hmm-coherent/explore.c
AGAIN = 10          # times that a failure is given to come again


@dataclass
class Found:
    """A sequence that failed, as a results folder tells it."""

    text: str
    minimal: str        # empty if the machine died before it was found
    died: bool
    release: str


def environment() -> dict[str, str]:
    """The settings that are in the environment of this process, for a guest."""
    return {VARIABLE + name: os.environ[VARIABLE + name] for name in SETTINGS
            if VARIABLE + name in os.environ}


def ask(**settings: str) -> None:
    """Give the program these settings and no others, except the error that a developer wants."""
    for name in SETTINGS:
        if name != "_WRONG":
            os.environ.pop(VARIABLE + name, None)
    for name, value in settings.items():
        if value:
            os.environ[VARIABLE + name] = value


def said(diags: list[Diag], word: str) -> str:
    """The rest of the last line that begins with this word; empty if none does."""
    lines = [str(diag) for diag in diags]
    return next((line.removeprefix(word).strip() for line in reversed(lines)
                 if line.startswith(word)), "")


def text_of(program: Path, seed: str, length: str, only: str, weight: str) -> str:
    """The sequence of a seed: the same on every machine, so also here."""
    done = subprocess.run(
        [str(program), "--list"], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | {VARIABLE: "print", VARIABLE + "_SEED": seed,
                          VARIABLE + "_LENGTH": length, VARIABLE + "_ONLY": only,
                          VARIABLE + "_WEIGHT": weight})
    return done.stdout.strip()


def failed(run: Run) -> list[Diag] | None:
    """What the explore test that failed has said; None if none failed."""
    for test in run.tests.values():
        if test.program == PROGRAM and test.verdict in ("fail", "broken"):
            return [diag for attempt in test.attempts for diag in attempt.diags]
    return None


def found(path: Path, options: argparse.Namespace) -> Found:
    """The failure that a results folder has."""
    runs = json_out.read_kernels(path)
    for run in runs.values():
        diags = failed(run)
        if diags is None:
            continue
        text, minimal = said(diags, "sequence:"), said(diags, "minimal:")
        text = text or said(diags, "twin:")
        last = said(diags, "candidate:") or seed_text(diags, run, options)
        if not (text or last):
            raise Stop(CANNOT, f"{shown(path)} does not say which sequence failed", "run again")
        return Found(last if not minimal and last else minimal or text, minimal,
                     not minimal, run.release)
    raise Stop(WRONG_USE, f"no sequence has failed in {shown(path)}",
               "./run_tests.sh explore --seconds 60 looks for one")


def seed_text(diags: list[Diag], run: Run, options: argparse.Namespace) -> str:
    """The sequence that ran last, by its seed."""
    seed = said(diags, "seed:")
    if not seed:
        return ""
    words = run.info.get("command", [])
    given = {word: value for word, value in zip(words, words[1:]) if word.startswith("--")}
    program = next(path for path in programs.build(None, log()) if path.name == PROGRAM)
    return text_of(program, seed, given.get("--length", options.length or ""),
                   given.get("--only", ""), " ".join(options.weight))


def log() -> Path:
    """Where make's output goes."""
    return Path(os.environ["HMM_COHERENT_CACHE"]) / "log" / "programs.log"


class Exploration:
    """One command line."""

    def __init__(self, options: argparse.Namespace, screen: Screen):
        self.options, self.screen = options, screen

    def once(self, results: Path | None, seconds: int, **settings: str) -> tuple[int, Path]:
        """One run of the program; returns its status and its results folder."""
        options = argparse.Namespace(**vars(self.options))
        options.stress = seconds + MINIMISING
        options.globs, options.jobs = [PROGRAM], 1
        options.results = path = results or Folder.create(None).path
        ask(**settings)
        return running.main(options, self.screen), path

    def search(self) -> int:
        """Random sequences for some seconds."""
        options = self.options
        settings = {"": "search", "_SECONDS": str(options.seconds or 60),
                    "_LENGTH": options.length or "", "_ONLY": options.only or "",
                    "_WEIGHT": " ".join(options.weight)}
        return self.judged(*self.once(options.results, options.seconds or 60, **settings))

    def replay(self, text: str) -> int:
        """The sequence that was given."""
        return self.judged(*self.once(self.options.results, 0, **{"": "replay", "_REPLAY": text}))

    def judged(self, status: int, results: Path) -> int:
        """Say how the failure can be repeated, and minimise it if the machine has died."""
        paths = [results] if (results / "run.json").exists() else sorted(results.glob("*/"))
        for path in paths if status == 1 else []:
            one = found(path, self.options)
            if one.died:
                one.minimal = self.shrink(one.text, path)
            self.tell(one)
        return status

    def tell(self, one: Found) -> None:
        """The last lines."""
        kernel = f" --kernel {self.options.kernel[0]}" if self.options.kernel else ""
        text = one.minimal or one.text
        self.screen.say(f"sequence: {text}")
        self.screen.say(f"replay:   ./run_tests.sh explore{kernel} --replay '{text}'")

    def shrink(self, text: str, folder: Path) -> str:
        """The shortest sequence that still ends the machine: each machine goes on with the
        candidate that ended the one before."""
        for number in range(1, BOOTS + 1):
            self.screen.say(f"the machine died; machine {number} looks for a shorter sequence")
            status, results = self.once(folder / f"shrink-{number}", MINIMISING,
                                        **{"": "shrink", "_REPLAY": text})
            diags = failed(json_out.read(results))
            last = said(diags or [], "candidate:")
            if status != 1 or not last or last == text:
                break
            text = last
        return text

    def minimise(self, path: Path) -> int:
        """Again what failed in a results folder, until it fails, and shorter."""
        one = found(path, self.options)
        status, results = self.once(self.options.results, 0, **{
            "": "replay", "_REPLAY": one.minimal or one.text, "_TIMES": str(AGAIN)})
        if status in (0, 4):
            raise Stop(CANNOT, f"the failure did not come again: 0 of {AGAIN} times",
                       f"the sequence was: {one.text}")
        return self.judged(status, results)


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`explore`."""
    exploration = Exploration(options, screen)
    try:
        if options.replay is not None:
            return exploration.replay(options.replay)
        if options.minimise:
            return exploration.minimise(options.minimise)
        return exploration.search()
    finally:
        ask()


