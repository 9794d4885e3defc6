# SPDX-License-Identifier: GPL-2.0
"""Bisections of a toy history whose first bad commit is known, through the real command, real git
and a fake QEMU."""

from __future__ import annotations

import os
import runner_kit as kit
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

GOOD, BAD, BOOT, SKIP, LACKS = "good", "fails-second", "panic-in-boot", "skips", "lacks-something"
HISTORY = [GOOD, BOOT, GOOD, GOOD, SKIP, LACKS, BAD, BAD, BOOT, BAD]
FIRST_BAD = 6


class Toy(unittest.TestCase):
    """A git checkout in which each commit says how its kernel behaves."""

    @classmethod
    def tearDownClass(cls):
        kit.forget()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)
        self.tree = self.scratch / "tree"
        self.tree.mkdir()

    def git(self, *words: str) -> str:
        """git in the toy tree, with nobody's configuration."""
        env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(["git", "-C", self.tree, "-c", "user.name=t", "-c",
                               "user.email=t@example.org", *words],
                              env=env, check=True, capture_output=True, text=True).stdout.strip()

    def history(self, behaviours: list[str]) -> None:
        """A commit each, tagged c0, c1, ..., on the branch work."""
        self.git("init", "--quiet", "--initial-branch=work")
        for number, behaviour in enumerate(behaviours):
            (self.tree / "behaviour").write_text(f"{behaviour}\n")
            (self.tree / "number").write_text(f"{number}\n")
            self.git("add", ".")
            self.git("commit", "--quiet", "-m", f"commit {number}")
            self.git("tag", f"c{number}")

    def bisect(self, *words: str) -> kit.Outcome:
        """The word `bisect`."""
        return kit.run(self.scratch, "bisect", "--kernel", str(self.tree), *words, limit=120,
                       **self.env())

    def env(self) -> dict[str, str]:
        """The commit that is checked out decides how QEMU behaves."""
        return {"FAKE_QEMU_TREE": str(self.tree), "HMM_COHERENT_QEMU": str(kit.FAKE_QEMU),
                "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def given_back(self) -> None:
        """The branch of before is checked out, nothing is changed, no bisection is open."""
        self.assertEqual(self.git("symbolic-ref", "--short", "HEAD"), "work")
        self.assertEqual(self.git("status", "--porcelain"), "")
        self.assertFalse((self.tree / ".git" / "BISECT_START").exists())

    def test_finds_the_commit(self):
        self.history([GOOD, GOOD, GOOD, BOOT, GOOD, BAD, BAD])    # git tries c3 first
        got = self.bisect("c0", "c6", "liar.*")
        self.assertEqual(got.status, 0, got.stderr)
        self.assertIn("first bad commit: ", got.stdout)
        self.assertIn("commit 5", got.stdout)
        self.assertIn("liar.two: pass -> fail", got.stderr)
        self.assertIn("the bytes differ", got.stderr)
        self.assertRegex(got.stderr, r"skip \(\d+ s\): .*BUG: kernel NULL")
        self.assertRegex(got.stderr, r"step 3: \w+ commit \d, about \d+ more, \d+ s left")
        self.assertIn("bad commit", (self.scratch / "results" / "bisect.log").read_text())
        self.given_back()

    def test_untestable_commits_around_the_bad_one(self):
        self.history(HISTORY)
        got = self.bisect("c0", "c9")
        self.assertEqual(got.status, 3, got.stderr)
        found = [line.split()[-1] for line in got.stdout.splitlines()]
        self.assertEqual(sorted(found), ["4", "5", str(FIRST_BAD)])
        self.given_back()

    def test_ends_that_are_not_what_they_are_said_to_be(self):
        self.history([GOOD, BAD, GOOD, BOOT])
        for words, status, text in ((("c1", "c2"), 2, "GOOD"), (("c0", "c2"), 2, "BAD"),
                                    (("c0", "c3"), 3, "BAD"),
                                    (("c2", "c0"), 2, "is not an ancestor"),
                                    (("c0", "c0"), 2, "is not an ancestor"),
                                    (("c0", "nothing"), 2, "is not a commit")):
            with self.subTest(words=words):
                got = self.bisect(*words, "--results", str(self.scratch / "-".join(words)))
                self.assertEqual(got.status, status, got.stderr)
                self.assertIn(text, got.stderr.splitlines()[-1])
                self.given_back()

    def test_a_tree_with_changes_is_refused_and_nothing_is_lost(self):
        self.history([GOOD, BAD])
        (self.tree / "number").write_text("my work\n")
        got = self.bisect("c0", "c1")
        self.assertEqual(got.status, 2)
        self.assertIn("uncommitted changes", got.stderr)
        self.assertEqual((self.tree / "number").read_text(), "my work\n")

    def test_no_git_tree(self):
        got = self.bisect("c0", "c1")
        self.assertEqual(got.status, 2)
        self.assertIn("is not a git checkout that can be bisected: fatal: not a git repository",
                      got.stderr)

    def test_interrupted(self):
        self.history([GOOD, "mute"])
        proc, env = kit.start(self.scratch, "bisect", "--kernel", str(self.tree), "c0", "c1",
                              **self.env())
        try:
            deadline = time.monotonic() + 30
            while "step 2" not in (self.scratch / "stderr").read_text():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            proc.send_signal(signal.SIGINT)
            self.assertEqual(proc.wait(20), 130)
        finally:
            proc.kill()
            proc.wait()
        self.given_back()
        self.assertEqual(kit.alive(env), {})

    def test_git_bisect_run(self):
        self.history([GOOD, GOOD, GOOD, BOOT, GOOD, BAD, BAD])    # git tries c3 first
        self.git("bisect", "start", "c6", "c0")
        step = [kit.COMMAND, "--bisect-step", "--vm", "--kernel", self.tree, "--results"]
        script = self.scratch / "step"
        script.write_text("#!/bin/sh\n" + " ".join(map(str, step))
                          + f" {self.scratch}/$$ >/dev/null 2>&1\n")
        script.chmod(0o755)
        done = subprocess.run(["git", "-C", self.tree, "bisect", "run", script],
                              capture_output=True, text=True,
                              env=kit.environment(self.scratch, **self.env()), check=False)
        self.assertIn("commit 5", done.stdout.partition("is the first bad commit")[2], done.stdout)
