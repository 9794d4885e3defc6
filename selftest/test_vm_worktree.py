# SPDX-License-Identifier: GPL-2.0
"""--kernel TREE@REF: a git worktree in the cache."""

import fcntl
import shutil
from pathlib import Path

import pytest

from vm import source
from vm.cache import Lock, lock_of
from test_vm_source import tree
from vm_kit import git


@pytest.fixture(name="box")
def box_(box):
    """A tree with two commits, and a change that is not committed."""
    box.tree = tree(box.folder / "li@nux")
    box.file = box.tree / "mm/gup.c"
    box.file.write_text("first\n")
    git(box.tree, "init", "-q", "-b", "main")
    box.first = commit(box, "first")
    box.file.write_text("second\n")
    box.second = commit(box, "second")
    box.file.write_text("not committed\n")
    return box


def commit(box, subject: str) -> str:
    git(box.tree, "add", "-A")
    git(box.tree, "commit", "-qm", subject)
    return git(box.tree, "rev-parse", "HEAD")


def resolve(box, ref: str):
    return source.resolve(f"{box.tree}@{ref}", box.cache, box.say)


def test_a_commit_of_the_tree(box):
    found = resolve(box, "HEAD~1")
    assert ((found.path / "mm/gup.c").read_text(), found.commit, found.kind) == (
        "first\n", box.first, "tree")
    assert found.path.is_relative_to(box.cache.root)
    assert box.file.read_text() == "not committed\n"
    assert git(box.tree, "rev-parse", "HEAD") == box.second


def test_it_is_used_again(box):
    first = resolve(box, "main")
    before = (first.path / "mm/gup.c").stat().st_mtime_ns
    box.said.clear()
    assert (resolve(box, "main").path, box.said) == (first.path, [])
    (box.tree / "mm/new.c").write_text("new\n")
    del first
    commit(box, "third")            # a branch that moves: what did not change is not touched
    third = resolve(box, "main")
    assert (third.path / "mm/new.c").read_text() == "new\n"
    assert (third.path / "Kbuild").stat().st_mtime_ns // 10**9 == before // 10**9
    assert resolve(box, "HEAD~1").path != third.path


def test_while_it_is_used_nobody_checks_out_over_it(box):
    found = resolve(box, "main")
    with Lock(lock_of(found.path)) as other:
        assert not other.tried(fcntl.LOCK_EX)
        assert not box.cache.drop(found.path, source.forget)
    assert (found.path / "Makefile").exists()


def test_a_killed_one_is_made_again(box):
    found = resolve(box, "main").path
    (found / "mm/gup.c").unlink()
    found.with_name(f"{found.name}.commit").unlink()
    (Path(git(box.tree, "rev-parse", "--absolute-git-dir")) / "worktrees" / found.name
     / "index.lock").write_text("")
    assert (resolve(box, "main").path / "mm/gup.c").read_text() == "second\n"


def test_it_is_forgotten(box):
    found = resolve(box, "main").path
    assert str(found) in git(box.tree, "worktree", "list")
    assert box.cache.drop(found, source.forget)
    assert len(git(box.tree, "worktree", "list").splitlines()) == 1
    assert [path.name for path in found.parent.iterdir() if path.name[0] != "."] == []
    assert resolve(box, "main").path == found


def test_a_cache_that_was_removed(box):
    shutil.rmtree(resolve(box, "main").path.parent)
    assert (resolve(box, "main").path / "Makefile").exists()


def test_wrong_use(box):
    box.stops(2, "no-such is not a commit of", resolve, box, "no-such")
    box.stops(2, "neither a version nor a kernel tree", source.resolve,
              f"{box.folder}/none@main", box.cache, box.say)
    (box.tree / "Kbuild").unlink()
    commit(box, "no kernel")
    box.stops(2, "is not a kernel tree", resolve, box, "main")
