# SPDX-License-Identifier: GPL-2.0
"""`import TREE`: what goes into a kernel tree, what a second time changes, and what is refused."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

from runner import in_tree
from vm_kit import WithCache

TARGETS = ("TARGETS += alsa\nTARGETS += hid\nTARGETS += intel_pstate\nTARGETS += zram\n"
           "#Please keep them sorted\n")


class Import(WithCache):
    def setUp(self):
        super().setUp()
        self.tree = self.folder / "linux"
        self.selftests = self.tree / in_tree.SELFTESTS
        self.ours = self.selftests / in_tree.NAME
        self.selftests.mkdir(parents=True)
        (self.tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n")
        (self.selftests / "lib.mk").write_text("")
        (self.selftests / "Makefile").write_text(TARGETS)

    def test_the_entry_of_hmm_in_maintainers(self):
        """The folder stands once, in alphabetical order; a tree without the entry is left alone."""
        entry = ("HMM - Heterogeneous\nM:\tsomeone\nF:\tmm/hmm*\n"
                 "F:\ttools/testing/selftests/mm/*hmm*\n")
        file = self.tree / "MAINTAINERS"
        file.write_text(f"A\nF:\ta\n\n{entry}\nHOST\nF:\tb\n")
        for _ in range(2):
            self.run_import()
            self.assertEqual(file.read_text().count("F:\ttools/testing/selftests/hmm-coherent/\n"
                                                    "F:\ttools/testing/selftests/mm/*hmm*\n"), 1)
        self.assertEqual(len(file.read_text().splitlines()), 11)
        file.write_text("A\nF:\ta\n")
        self.run_import()
        self.assertEqual(file.read_text(), "A\nF:\ta\n")

    def run_import(self, tree: Path | str | None = None) -> str:
        """Its stdout."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            in_tree.main(argparse.Namespace(globs=[str(tree if tree is not None else self.tree)]),
                         SimpleNamespace(say=self.say))
        return out.getvalue()

    def git(self, *words: str) -> str:
        return subprocess.run(["git", "-C", self.tree, "-c", "user.name=x", "-c", "user.email=x",
                               *words], check=True,
                              capture_output=True, text=True).stdout

    def test_one_commit(self):
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "tree")
        self.assertIn("commit -s", self.run_import())
        self.git("add", "-A")
        found = dict(line.split("\t")[::-1] for line in self.git("diff", "--cached",
                                                                 "--name-status",
                                                                 "HEAD").splitlines())
        self.assertEqual(found.pop(str(in_tree.SELFTESTS / "Makefile")), "M")
        self.assertEqual(set(found), {str(in_tree.SELFTESTS / in_tree.NAME / name)
                                      for name in in_tree.contents()})
        for needed in ("Makefile", "config", "settings", ".gitignore", "hmm_coherent_driver.sh",
                       "hmm-coherent/fork.c"):
            self.assertTrue((self.ours / needed).is_file(), needed)
        self.assertTrue((self.ours / "hmm_coherent_driver.sh").stat().st_mode & 0o100)
        self.assertEqual(list(self.selftests.glob(".*")), [])

    def test_the_line_stands_where_the_alphabet_puts_it(self):
        for before, after in ((TARGETS, TARGETS.replace("TARGETS += intel",
                                                        "TARGETS += hmm-coherent\nTARGETS += "
                                                        "intel")),
                              ("TARGETS += alsa\nend\n",
                               "TARGETS += alsa\nTARGETS += hmm-coherent\nend\n")):
            (self.selftests / "Makefile").write_text(before)
            for _ in range(2):      # the second time changes nothing
                self.run_import()
                self.assertEqual((self.selftests / "Makefile").read_text(), after)

    def commit(self) -> None:
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "tree")

    def test_a_second_time_replaces_the_first(self):
        self.run_import()
        (self.ours / "common" / "see" / "gone.c").write_text("")
        (self.ours / "config").write_text("old")
        self.commit()
        os.utime(self.ours / "config")      # what git has to look into is no change
        (self.ours / "hmm_coherent_fork").write_bytes(b"\x7fELF")
        self.run_import()
        self.assertFalse((self.ours / "common" / "see" / "gone.c").exists())
        self.assertEqual((self.ours / "config").read_bytes(), (in_tree.TOP / "config").read_bytes())

    def test_nothing_of_somebody_is_lost(self):
        self.ours.mkdir()
        (self.ours / "precious").write_text("keep")
        self.stops(2, "exists and is not this suite", self.run_import)
        (self.ours / "precious").rename(self.folder / "precious")
        self.ours.rmdir()
        self.run_import()
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "tree")
        (self.ours / "hmm-coherent" / "fork.c").write_text("edited")
        self.stops(2, "hmm-coherent/fork.c has uncommitted changes", self.run_import)
        self.assertEqual((self.ours / "hmm-coherent" / "fork.c").read_text(), "edited")

    def refused(self, part: str) -> None:
        """Nothing is imported, and the edited file is as it was."""
        before = {path: path.read_bytes() for path in self.tree.rglob("*") if path.is_file()
                  and ".git/" not in str(path)}
        self.stops(2, part, self.run_import)
        self.assertEqual(before, {path: path.read_bytes() for path in before})

    def test_without_an_answer_of_git_nothing_is_lost(self):
        """It refuses, is not there, or is led elsewhere: none of that means that nothing was
        changed."""
        self.run_import()
        edited = self.ours / "config"
        edited.write_text("edited")
        self.refused("without git it is unknown")
        edited.write_bytes((in_tree.TOP / "config").read_bytes())
        self.commit()
        edited.write_text("edited")
        self.refused("hmm-coherent/config has uncommitted changes")
        other = self.folder / "other"
        subprocess.run(["git", "init", "-q", other], check=True)
        self.environment(GIT_DIR=f"{other}/.git", GIT_WORK_TREE=str(other))
        self.refused("hmm-coherent/config has uncommitted changes")
        self.script("git",
                    "echo \"fatal: detected dubious ownership in repository at '$2'\" >&2; exit "
                    "128")
        self.environment(PATH=f"{self.folder}:{os.environ['PATH']}")
        self.refused("uncommitted changes: fatal: detected dubious ownership")
        self.environment(PATH=str(self.folder / "nothing"))
        self.stops(3, "git is not installed", self.run_import)
        self.assertEqual(edited.read_text(), "edited")

    def test_what_git_ignores_is_not_lost_either(self):
        self.run_import()
        self.commit()
        (self.ours / "hmm_coherent_notes").write_text("ignored by .gitignore, and mine")
        self.refused("hmm_coherent_notes has uncommitted changes")
        (self.ours / "hmm_coherent_notes").unlink()
        self.git("mv", str(self.ours / "config"), str(self.ours / "config-of-mine"))
        self.refused("config-of-mine has uncommitted changes")

    def test_no_tree(self):
        self.stops(2, "no folder is not a kernel tree", self.run_import, "")
        self.stops(2, "is not a kernel tree", self.run_import, self.folder)
        (self.selftests / "Makefile").write_text("all:\n")
        self.stops(2, "has no line 'TARGETS += ...'", self.run_import)
        (self.tree / "Makefile").write_text("VERSION = 5\nPATCHLEVEL = 19\n")
        self.stops(4, "no device-coherent memory", self.run_import)
        self.assertFalse(self.ours.exists())
