# SPDX-License-Identifier: GPL-2.0
"""--kernel TREE@REF: a git worktree in the cache."""

import fcntl
import subprocess
from pathlib import Path

from vm import source
from vm.cache import Lock, lock_of
from test_vm_source import tree
from vm_kit import WithCache


class Worktrees(WithCache):
    def setUp(self):
        super().setUp()
        self.tree = tree(self.folder / "li@nux")
        (self.tree / "mm/gup.c").write_text("first\n")
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "x")
        self.git("config", "user.email", "x@example.org")
        self.first = self.commit("first")
        (self.tree / "mm/gup.c").write_text("second\n")
        self.second = self.commit("second")
        (self.tree / "mm/gup.c").write_text("not committed\n")

    def git(self, *words) -> str:
        return subprocess.run(["git", "-C", self.tree, *words], check=True, capture_output=True,
                              text=True).stdout.strip()

    def commit(self, subject: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", subject)
        return self.git("rev-parse", "HEAD")

    def resolve(self, ref: str):
        return source.resolve(f"{self.tree}@{ref}", self.cache, self.say)

    def test_a_commit_of_the_tree(self):
        found = self.resolve("HEAD~1")
        self.assertEqual(((found.path / "mm/gup.c").read_text(), found.commit, found.kind),
                         ("first\n", self.first, "tree"))
        self.assertTrue(found.path.is_relative_to(self.cache.root))
        self.assertEqual((self.tree / "mm/gup.c").read_text(), "not committed\n")
        self.assertEqual(self.git("rev-parse", "HEAD"), self.second)

    def test_it_is_used_again(self):
        first = self.resolve("main")
        before = (first.path / "mm/gup.c").stat().st_mtime_ns
        self.said.clear()
        self.assertEqual((self.resolve("main").path, self.said), (first.path, []))
        (self.tree / "mm/new.c").write_text("new\n")
        del first
        self.commit("third")            # a branch that moves: what did not change is not touched
        third = self.resolve("main")
        self.assertEqual((third.path / "mm/new.c").read_text(), "new\n")
        self.assertEqual((third.path / "Kbuild").stat().st_mtime_ns // 10**9, before // 10**9)
        self.assertNotEqual(self.resolve("HEAD~1").path, third.path)

    def test_while_it_is_used_nobody_checks_out_over_it(self):
        found = self.resolve("main")
        with Lock(lock_of(found.path)) as other:
            self.assertFalse(other.tried(fcntl.LOCK_EX))
            self.assertFalse(self.cache.drop(found.path, source.forget))
        self.assertTrue((found.path / "Makefile").exists())

    def test_a_killed_one_is_made_again(self):
        found = self.resolve("main").path
        (found / "mm/gup.c").unlink()
        found.with_name(f"{found.name}.commit").unlink()
        (Path(self.git("rev-parse", "--absolute-git-dir")) / "worktrees" / found.name
         / "index.lock").write_text("")
        self.assertEqual((self.resolve("main").path / "mm/gup.c").read_text(), "second\n")

    def test_it_is_forgotten(self):
        found = self.resolve("main").path
        self.assertIn(str(found), self.git("worktree", "list"))
        self.assertTrue(self.cache.drop(found, source.forget))
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)
        self.assertEqual([path.name for path in found.parent.iterdir()
                          if not path.name.startswith(".")], [])
        self.assertEqual(self.resolve("main").path, found)

    def test_a_cache_that_was_removed(self):
        found = self.resolve("main").path
        subprocess.run(["rm", "-r", found.parent], check=True)
        self.assertTrue((self.resolve("main").path / "Makefile").exists())

    def test_wrong_use(self):
        self.stops(2, "no-such is not a commit of", self.resolve, "no-such")
        self.stops(2, "neither a version nor a kernel tree", source.resolve,
                   f"{self.folder}/none@main", self.cache, self.say)
        (self.tree / "Kbuild").unlink()
        self.commit("no kernel")
        self.stops(2, "is not a kernel tree", self.resolve, "main")
