# SPDX-License-Identifier: GPL-2.0
"""`bisect`: runs git bisect in the user's tree, `run_tests.sh --bisect-step` for each commit."""

import argparse
import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from base import child
from base.errors import BAD, BISECT_WORDS as WORDS, CANNOT, GOOD, Stop, UNTESTABLE, WRONG_USE
from base.files import TOP
from report import compare, json_out
from report.model import Run
from vm import source
from runner import options as command_line
from runner.folder import Folder
from runner.screen import Screen, one_line, shown

# Options that a bisection sets for each step; it passes all others on.
OURS = {"kernel", "results", "cache", "vm"}
TOLD, LINES = 5, 4     # tests that a bad commit made worse, and lines of each; `compare` has all
LEFT = re.compile(r"Bisecting: (\d+) revisions? left .*\(roughly (\d+) steps?\)")
# git 2.55 writes 'bad' in quotes.
FIRST_BAD = re.compile(r"^([0-9a-f]{40,64}) is the first '?bad'? commit", re.M)


@dataclass
class Step:
    """One tested commit."""

    commit: str
    title: str
    status: int
    seconds: float
    folder: Path

    def run(self) -> Run | None:
        """Its results; None if it has none."""
        try:
            return json_out.read(self.folder)
        except Stop:
            return None

    def took(self) -> str:
        """Its time, and how much of that was the build of the kernel."""
        run = self.run()
        building = (run.info.get("kernel") or {}).get("seconds", 0) if run else 0
        return f"{self.seconds:.0f} s" + (f", {building:.0f} of them to build"
                                          if building >= 1 else "")

    def why(self) -> str:
        """Why a commit cannot be tested: the message of the runner, else its worst result."""
        log = Path(f"{self.folder}.log").read_text(errors="replace")
        said = re.findall(r"(?m)^run_tests\.sh: (.*)$", log)
        run = self.run()
        said += [test.reason for test in run.of("fail", "broken", "skip")] if run else []
        return one_line(said[0], 200) if said else f"see {shown(self.folder)}.log"


class Tree:
    """The user's git checkout, which is restored at the end."""

    def __init__(self, path: Path):
        self.path = path

    def git(self, *words: str, check: bool = True) -> str:
        """git's stdout, and with check=False also its messages; Stop with one line if it fails."""
        if check:
            return source.asked(self.path, *words)
        done = source.run(self.path, *words)
        return done.stdout + done.stderr

    def commit(self, name: str) -> str:
        """The full name of a commit."""
        return source.asked(self.path, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}",
                            why=f"{name} is not a commit of {self.path}")

    def title(self, commit: str) -> str:
        """Its short name and subject."""
        return one_line(self.git("show", "-s", "--format=%h %s", commit))

    def must_be_clean(self) -> None:
        """Stop if the tree has uncommitted changes, which a checkout could lose."""
        asked = source.run(self.path, "rev-parse", "--is-inside-work-tree")
        if asked.stdout.strip() != "true":
            why = (asked.stderr.strip().splitlines() or ["it has no files"])[0]
            raise Stop(
                WRONG_USE,
                f"--kernel {self.path} is not a git checkout that can be bisected: "
                f"{one_line(why, 200)}",
                "bisect needs its history")
        if self.git("status", "--porcelain", "--untracked-files=no").strip():
            raise Stop(WRONG_USE, f"{self.path} has uncommitted changes",
                       "commit or stash them first")
        if Path(self.path, self.git("rev-parse", "--git-path", "BISECT_START")).exists():
            raise Stop(WRONG_USE, f"{self.path} is being bisected already",
                       f"git -C {self.path} bisect reset")

    @contextlib.contextmanager
    def given_back(self) -> Iterator[None]:
        """Check out the branch or commit of before again, however this ends."""
        before = self.git("symbolic-ref", "--quiet", "--short", "HEAD",
                          check=False).strip() or self.commit("HEAD")
        try:
            yield
        finally:
            self.git("bisect", "reset", check=False)
            self.git("checkout", "--quiet", before, "--")


class Bisection:
    """From a good and a bad commit to the first bad one."""

    def __init__(self, options: argparse.Namespace, screen: Screen):
        self.options, self.screen = options, screen
        self.tree = Tree(Path(options.kernel[0]).expanduser().resolve())
        self.steps: list[Step] = []
        good, bad, *self.globs = options.globs
        self.tree.must_be_clean()
        self.good, self.bad = self.tree.commit(good), self.tree.commit(bad)
        if not self._leads(self.good, self.bad):
            raise Stop(WRONG_USE, f"{good} is not an ancestor of {bad}",
                       "give an ancestor of BAD as GOOD")
        self.folder = Folder.create(options.results, "" if options.results else "bisect")

    def _leads(self, good: str, bad: str) -> bool:
        return good != bad and self.tree.git("merge-base", good, bad, check=False).strip() == good

    def run(self) -> int:
        """Test both ends, since a wrong end makes every step useless, then the commits that git
        chooses."""
        with self.tree.given_back():
            self._end(self.good, GOOD, "GOOD")
            self._end(self.bad, BAD, "BAD")
            said = self.tree.git("bisect", "start", self.bad, self.good)
            while not (found := FIRST_BAD.search(said)):
                if not LEFT.search(said):
                    return self._undecided(said)
                step = self._test(self.tree.commit("HEAD"), LEFT.search(said))
                said = self.tree.git("bisect", WORDS[step.status], check=False)
            self.folder.write("bisect.log", self.tree.git("bisect", "log") + "\n")
        self._tell(found[1])
        return 0

    def _end(self, commit: str, expected: int, name: str) -> None:
        self.tree.git("checkout", "--quiet", "--detach", commit)
        step = self._test(commit)
        if step.status == UNTESTABLE:
            raise Stop(CANNOT, f"{name} ({step.title}) cannot be tested", f"log: {step.folder}.log")
        if step.status != expected:
            raise Stop(WRONG_USE, f"{name} ({step.title}) is {WORDS[step.status]}",
                       f"choose another; results: {step.folder}")

    def _test(self, commit: str, left: re.Match | None = None) -> Step:
        """Test what is checked out."""
        number = len(self.steps) + 1
        title = self.tree.title(commit)
        more = f", about {left[2]} more{self._estimate(int(left[2]))}" if left else ""
        self.screen.say(f"step {number}: {title}{more}")
        folder = self.folder.path / f"step-{number}"
        began = time.monotonic()
        # Without a limit: each wait inside a step has one.
        status = child.run(self._command(folder), Path(f"{folder}.log"), None)
        step = Step(commit, title, status, time.monotonic() - began, folder)
        self.steps.append(step)
        if status not in WORDS:
            raise Stop(CANNOT, f"step {number} could not be run (exit status {status})",
                       f"log: {folder}.log")
        self.screen.say(f"        {WORDS[status]} ({step.took()})" +
                        (f": {step.why()}" if status == UNTESTABLE else ""))
        return step

    def _estimate(self, more: int) -> str:
        recent = [step.seconds for step in self.steps[-3:]]
        return f", {sum(recent) / len(recent) * (more + 1):.0f} s left" if recent else ""

    def _command(self, folder: Path) -> list[str]:
        word = ["explore"] if self.options.replay is not None else []
        return [str(TOP / "run_tests.sh"), *word, "--bisect-step", "--vm", "--kernel",
                str(self.tree.path),
                "--results", str(folder), "--cache", os.environ["HMM_COHERENT_CACHE"],
                *command_line.words(self.options, sorted(self.options.given - OURS)), *self.globs]

    def _undecided(self, said: str) -> int:
        """Print the candidates, if commits between good and bad cannot be tested."""
        names = re.findall(r"^[0-9a-f]{40,64}$", said, re.M)
        self.folder.write("bisect.log", self.tree.git("bisect", "log") + "\n")
        self.screen.say("the first bad commit is one of these; the others cannot be tested:")
        for name in names:
            print(self.tree.title(name))
        return CANNOT

    def _tell(self, commit: str) -> None:
        """Print the commit on stdout, and what it made worse on stderr."""
        bad = next(step for step in self.steps if step.commit == commit)
        good = next(step for step in reversed(self.steps) if step.status == GOOD)
        before, after = good.run(), bad.run()
        worse = [change for change in compare.changes(before, after) if change.kind == "worse"
                 ] if before and after else []
        if worse:
            self.screen.say(f"tests that are worse than with {good.title}: {len(worse)}")
        for change in worse[:TOLD]:
            self.screen.say("\n".join("  " + line for line in compare.lines_of(change)[:LINES]))
        if len(worse) > TOLD:
            self.screen.say(f"  and {len(worse) - TOLD} more")
        self.screen.say(f"results: {shown(bad.folder)}; log: {shown(self.folder.path)}/bisect.log")
        print(f"first bad commit: {bad.title}")


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`bisect --kernel TREE GOOD BAD [GLOB...]`."""
    return Bisection(options, screen).run()
