# SPDX-License-Identifier: GPL-2.0
"""`import TREE`: what goes into a kernel tree, what a second time changes, and what is refused."""

import argparse
import contextlib
import io
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from runner import in_tree
from vm_kit import git

TARGETS = ("TARGETS += alsa\nTARGETS += hid\nTARGETS += intel_pstate\nTARGETS += zram\n"
           "#Please keep them sorted\n")


@pytest.fixture(name="box")
def box_(box):
    box.tree = box.folder / "linux"
    box.selftests = box.tree / in_tree.SELFTESTS
    box.ours = box.selftests / in_tree.NAME
    box.selftests.mkdir(parents=True)
    (box.tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n")
    (box.selftests / "lib.mk").write_text("")
    (box.selftests / "Makefile").write_text(TARGETS)
    return box


def test_the_entry_of_hmm_in_maintainers(box):
    """The folder stands once, in alphabetical order; a tree without the entry is left alone."""
    entry = ("HMM - Heterogeneous\nM:\tsomeone\nF:\tmm/hmm*\n"
             "F:\ttools/testing/selftests/mm/*hmm*\n")
    file = box.tree / "MAINTAINERS"
    file.write_text(f"A\nF:\ta\n\n{entry}\nHOST\nF:\tb\n")
    for _ in range(2):
        run_import(box)
        assert file.read_text().count("F:\ttools/testing/selftests/hmm-coherent/\n"
                                                "F:\ttools/testing/selftests/mm/*hmm*\n") == 1
    assert len(file.read_text().splitlines()) == 11
    file.write_text("A\nF:\ta\n")
    run_import(box)
    assert file.read_text() == "A\nF:\ta\n"


def run_import(box, tree: Path | str | None = None) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        in_tree.main(argparse.Namespace(globs=[str(tree if tree is not None else box.tree)]),
                     SimpleNamespace(say=box.say))
    return out.getvalue()


def commit(box) -> None:
    git(box.tree, "init", "-q")
    git(box.tree, "add", "-A")
    git(box.tree, "commit", "-qm", "tree")


def test_one_commit(box):
    commit(box)
    assert "commit -s" in run_import(box)
    git(box.tree, "add", "-A")
    found = dict(line.split("\t")[::-1]
                 for line in git(box.tree, "diff", "--cached", "--name-status").splitlines())
    assert found.pop(str(in_tree.SELFTESTS / "Makefile")) == "M"
    assert set(found) == {str(in_tree.SELFTESTS / in_tree.NAME / name)
                                  for name in in_tree.contents()}
    for needed in ("Makefile", "config", "settings", ".gitignore", "hmm_coherent_driver.sh",
                   "hmm-coherent/fork.c"):
        assert (box.ours / needed).is_file(), needed
    assert (box.ours / "hmm_coherent_driver.sh").stat().st_mode & 0o100
    assert list(box.selftests.glob(".*")) == []


def test_the_line_stands_where_the_alphabet_puts_it(box):
    for before, after in (
        (TARGETS, TARGETS.replace("TARGETS += intel", "TARGETS += hmm-coherent\nTARGETS += intel")),
        ("TARGETS += alsa\nend\n", "TARGETS += alsa\nTARGETS += hmm-coherent\nend\n")):
        (box.selftests / "Makefile").write_text(before)
        for _ in range(2):      # the second time changes nothing
            run_import(box)
            assert (box.selftests / "Makefile").read_text() == after


def test_a_second_time_replaces_the_first(box):
    run_import(box)
    (box.ours / "common" / "see" / "gone.c").write_text("")
    (box.ours / "config").write_text("old")
    commit(box)
    os.utime(box.ours / "config")      # what git has to look into is no change
    (box.ours / "hmm_coherent_fork").write_bytes(b"\x7fELF")
    run_import(box)
    assert not (box.ours / "common" / "see" / "gone.c").exists()
    assert (box.ours / "config").read_bytes() == (in_tree.TOP / "config").read_bytes()


def test_nothing_of_somebody_is_lost(box):
    box.ours.mkdir()
    (box.ours / "precious").write_text("keep")
    box.stops(2, "exists and is not this suite", run_import, box)
    (box.ours / "precious").rename(box.folder / "precious")
    box.ours.rmdir()
    run_import(box)
    commit(box)
    (box.ours / "hmm-coherent" / "fork.c").write_text("edited")
    box.stops(2, "hmm-coherent/fork.c has uncommitted changes", run_import, box)
    assert (box.ours / "hmm-coherent" / "fork.c").read_text() == "edited"


def refused(box, part: str) -> None:
    """Nothing is imported, and the edited file is as it was."""
    before = {path: path.read_bytes() for path in box.tree.rglob("*") if path.is_file()
              and ".git/" not in str(path)}
    box.stops(2, part, run_import, box)
    assert before == {path: path.read_bytes() for path in before}


def test_without_an_answer_of_git_nothing_is_lost(box):
    """It refuses, is not there, or is led elsewhere: none of that means that nothing was
    changed."""
    run_import(box)
    edited = box.ours / "config"
    edited.write_text("edited")
    refused(box, "without git it is unknown")
    edited.write_bytes((in_tree.TOP / "config").read_bytes())
    commit(box)
    edited.write_text("edited")
    refused(box, "hmm-coherent/config has uncommitted changes")
    other = box.folder / "other"
    other.mkdir()
    git(other, "init", "-q")
    box.environment(GIT_DIR=f"{other}/.git", GIT_WORK_TREE=str(other))
    refused(box, "hmm-coherent/config has uncommitted changes")
    box.script("git",
               "echo \"fatal: detected dubious ownership in repository at '$2'\" >&2; exit 128")
    box.environment(PATH=f"{box.folder}:{os.environ['PATH']}")
    refused(box, "uncommitted changes: fatal: detected dubious ownership")
    box.environment(PATH=str(box.folder / "nothing"))
    box.stops(3, "git is not installed", run_import, box)
    assert edited.read_text() == "edited"


def test_what_git_ignores_is_not_lost_either(box):
    run_import(box)
    commit(box)
    (box.ours / "hmm_coherent_notes").write_text("ignored by .gitignore, and mine")
    refused(box, "hmm_coherent_notes has uncommitted changes")
    (box.ours / "hmm_coherent_notes").unlink()
    git(box.tree, "mv", str(box.ours / "config"), str(box.ours / "config-of-mine"))
    refused(box, "config-of-mine has uncommitted changes")


def test_no_tree(box):
    box.stops(2, "no folder is not a kernel tree", run_import, box, "")
    box.stops(2, "is not a kernel tree", run_import, box, box.folder)
    (box.selftests / "Makefile").write_text("all:\n")
    box.stops(2, "has no line 'TARGETS += ...'", run_import, box)
    (box.tree / "Makefile").write_text("VERSION = 5\nPATCHLEVEL = 19\n")
    box.stops(4, "no device-coherent memory", run_import, box)
    assert not box.ours.exists()
