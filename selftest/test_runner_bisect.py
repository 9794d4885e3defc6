# SPDX-License-Identifier: GPL-2.0
"""Bisections of a toy history whose first bad commit is known, through the real command, real git
and a fake QEMU."""

import os
import re
import runner_kit as kit
import signal
import subprocess

import pytest

from runner import bisect as runner_bisect
from vm_kit import git

GOOD, BAD, BOOT, SKIP, LACKS = "good", "fails-second", "panic-in-boot", "skips", "lacks-something"
HISTORY = [GOOD, BOOT, GOOD, GOOD, SKIP, LACKS, BAD, BAD, BOOT, BAD]
FIRST_BAD = 6


@pytest.fixture(name="box")
def box_(box):
    """A folder for a git checkout in which each commit says how its kernel behaves."""
    box.tree = box.scratch / "tree"
    box.tree.mkdir()
    return box


def history(box, behaviours: list[str]) -> None:
    """A commit each, tagged c0, c1, ..., on the branch work."""
    git(box.tree, "init", "--quiet", "--initial-branch=work")
    for number, behaviour in enumerate(behaviours):
        (box.tree / "behaviour").write_text(f"{behaviour}\n")
        (box.tree / "number").write_text(f"{number}\n")
        git(box.tree, "add", ".")
        git(box.tree, "commit", "--quiet", "-m", f"commit {number}")
        git(box.tree, "tag", f"c{number}")


def bisect(box, *words: str) -> kit.Outcome:
    return kit.run(box.scratch, "bisect", "--kernel", str(box.tree), *words, limit=5 * kit.LIMIT,
                   **fake(box))


def fake(box) -> dict[str, str]:
    """The commit that is checked out decides how QEMU behaves."""
    return {"FAKE_QEMU_TREE": str(box.tree), "HMM_COHERENT_QEMU": str(kit.FAKE_QEMU),
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def given_back(box) -> None:
    """The branch of before is checked out, nothing is changed, no bisection is open."""
    assert git(box.tree, "symbolic-ref", "--short", "HEAD") == "work"
    assert git(box.tree, "status", "--porcelain") == ""
    assert not (box.tree / ".git" / "BISECT_START").exists()


def test_finds_the_commit(box):
    history(box, [GOOD, GOOD, GOOD, BOOT, GOOD, BAD, BAD])    # git tries c3 first
    got = bisect(box, "c0", "c6", "liar.*")
    assert got.status == 0, got.stderr
    assert "first bad commit: " in got.stdout
    assert "commit 5" in got.stdout
    assert "liar.two: pass -> fail" in got.stderr
    assert "the bytes differ" in got.stderr
    assert re.search(r"skip \(\d+ s\): .*BUG: kernel NULL", got.stderr)
    assert re.search(r"step 3: \w+ commit \d, about \d+ more, \d+ s left", got.stderr)
    log = (box.scratch / "results" / "bisect.log").read_text()
    assert re.search(r"first '?bad'? commit: .*commit 5", log)
    given_back(box)


def test_untestable_commits_around_the_bad_one(box):
    history(box, HISTORY)
    got = bisect(box, "c0", "c9")
    assert got.status == 3, got.stderr
    found = [line.split()[-1] for line in got.stdout.splitlines()]
    assert sorted(found) == ["4", "5", str(FIRST_BAD)]
    given_back(box)


def test_ends_that_are_not_what_they_are_said_to_be(box):
    history(box, [GOOD, BAD, GOOD, BOOT])
    for words, status, text in ((("c1", "c2"), 2, "GOOD"), (("c0", "c2"), 2, "BAD"),
                                (("c0", "c3"), 3, "BAD"), (("c2", "c0"), 2, "is not an ancestor"),
                                (("c0", "c0"), 2, "is not an ancestor"),
                                (("c0", "nothing"), 2, "is not a commit")):
        got = bisect(box, *words, "--results", str(box.scratch / "-".join(words)))
        assert got.status == status, got.stderr
        assert text in got.stderr.splitlines()[-1]
        given_back(box)


def test_a_tree_with_changes_is_refused_and_nothing_is_lost(box):
    history(box, [GOOD, BAD])
    (box.tree / "number").write_text("my work\n")
    got = bisect(box, "c0", "c1")
    assert got.status == 2
    assert "uncommitted changes" in got.stderr
    assert (box.tree / "number").read_text() == "my work\n"


def test_no_git_tree(box):
    got = bisect(box, "c0", "c1")
    assert got.status == 2
    assert "is not a git checkout that can be bisected: fatal: not a git repository" in got.stderr


def test_interrupted(box):
    history(box, [GOOD, "mute"])
    proc, env = kit.start(box.scratch, "bisect", "--kernel", str(box.tree), "c0", "c1", **fake(box))
    try:
        kit.wait_for("step 2", box.scratch / "stderr", proc)
        proc.send_signal(signal.SIGINT)
        assert proc.wait(20) == 130
    finally:
        proc.kill()
        proc.wait()
    given_back(box)
    assert kit.alive(env) == {}


@pytest.mark.parametrize("word", ["bad", "'bad'"])
def test_each_wording_of_git(word):
    assert runner_bisect.FIRST_BAD.search(f"{'a' * 40} is the first {word} commit\n")


def test_git_bisect_run(box):
    history(box, [GOOD, GOOD, GOOD, BOOT, GOOD, BAD, BAD])    # git tries c3 first
    git(box.tree, "bisect", "start", "c6", "c0")
    step = [kit.COMMAND, "--bisect-step", "--vm", "--kernel", box.tree, "--results"]
    script = box.scratch / "step"
    script.write_text("#!/bin/sh\n" + " ".join(map(str, step))
                      + f" {box.scratch}/$$ >/dev/null 2>&1\n")
    script.chmod(0o755)
    done = subprocess.run(["git", "-C", box.tree, "bisect", "run", script], capture_output=True,
                          text=True, env=kit.environment(box.scratch, **fake(box)), check=False)
    assert re.search(r"is the first '?bad'? commit$.*^    commit 5$", done.stdout, re.M | re.S), (
        done.stdout)
