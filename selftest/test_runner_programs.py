# SPDX-License-Identifier: GPL-2.0
"""The programs: built again when what they were built with is another, and not while another run
uses them."""

import fcntl
import os
import shutil
import subprocess
import threading
from pathlib import Path
from unittest import mock

import pytest

from base import child
from base.files import TOP
from vm.cache import Lock
from runner import programs


# The lock on the build folder.
@pytest.fixture(name="together")
def together_(box):
    box.ksrc, box.folder = box.folder / "linux-6.1", box.folder / "build"
    box.lock = box.folder / "linux-6.1" / ".lock"
    box.called, box.built = threading.Event(), False
    for name, value in (("BUILD", box.folder), ("given", lambda: None),
                        ("run_make", lambda *words, **log: run_make(box, *words, **log)),
                        ("is_built", lambda words: box.built)):
        box.patch(programs, name, value)
    box.later(programs.release)
    return box


def run_make(together, *words: str, log: Path | None = None) -> str:
    """A make that only says that it was there, and under which lock."""
    if log:
        with Lock(together.lock) as lock:
            assert not lock.tried(fcntl.LOCK_SH)
        together.built = True
        together.called.set()
    return ""


def build(together) -> list[Path]:
    return programs.build(together.ksrc, together.folder / "log")


def test_waits_for_another_run_that_uses_them(together):
    together.lock.parent.mkdir(parents=True)
    thread = threading.Thread(target=programs.build, args=(together.ksrc, together.folder / "log"))
    with Lock(together.lock) as lock:
        lock.take(fcntl.LOCK_SH)
        thread.start()
        assert not together.called.wait(0.3)
    assert together.called.wait(10)
    thread.join(10)


def test_does_not_wait_where_nothing_is_to_be_built(together):
    together.lock.parent.mkdir(parents=True)
    together.built = True
    with Lock(together.lock) as lock:
        lock.take(fcntl.LOCK_SH)
        assert build(together) == []
    assert not together.called.is_set()


def test_in_use_until_released(together):
    assert build(together) == []
    assert together.called.is_set()
    with Lock(together.lock) as lock:
        assert not lock.tried(fcntl.LOCK_EX)
        assert lock.tried(fcntl.LOCK_SH)
        programs.release()
        assert lock.tried(fcntl.LOCK_EX)


def test_a_folder_that_cannot_be_made_is_left_to_make(together):
    together.folder.write_text("no folder")
    with mock.patch.object(programs, "run_make", return_value="") as make:
        build(together)
    assert make.call_count == 2


# The project's own, with programs of one line.
@pytest.fixture(name="makefile")
def makefile_(box):
    box.top = box.folder / "suite"
    for name in ("common/low", "hmm-coherent"):
        (box.top / name).mkdir(parents=True)
    shutil.copy(TOP / "Makefile", box.top)
    (box.top / "common/low/x.h").write_text("int x(void);\n")
    (box.top / "common/low/x.c").write_text('#include "low/x.h"\nint x(void) { return 0; }\n')
    (box.top / "hmm-coherent/fork.c").write_text('#include "low/x.h"\nint main(void) { '
                                                  'return x(); }\n')
    box.ksrc = [box.folder / name for name in ("a", "b")]
    for tree in box.ksrc:
        (tree / "lib").mkdir(parents=True)
        (tree / "lib/test_hmm_uapi.h").write_text("")
    box.output = box.folder / "out"
    box.program = box.output / "hmm_coherent_fork"
    box.env = child.environment()
    return box


def make(makefile, *words: str | Path) -> None:
    """A make with an output folder that is not the suite's."""
    done = subprocess.run(["make", "-C", makefile.top, f"O={makefile.output}", *words],
                          env=makefile.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def remade(makefile, *words: str) -> bool:
    """It was linked again, and then not once more."""
    before = makefile.program.stat().st_mtime_ns if makefile.program.exists() else 0
    make(makefile, *words, makefile.program)
    made = makefile.program.stat().st_mtime_ns
    make(makefile, *words, makefile.program)
    assert makefile.program.stat().st_mtime_ns == made, words
    return made != before


def test_what_is_built_otherwise_is_built_again(makefile):
    first, second = (f"KSRC={tree}" for tree in makefile.ksrc)
    assert remade(makefile, first)
    assert not remade(makefile, first)
    assert remade(makefile, second)
    assert remade(makefile, second, "USERCFLAGS=-DX")
    assert remade(makefile, second)
    (makefile.ksrc[1] / "lib/test_hmm_uapi.h").write_text("/* new */")
    assert remade(makefile, second)
    compiler = makefile.output / "another-cc"
    compiler.write_text('#!/bin/sh\nexec gcc "$@"\n')
    compiler.chmod(0o755)
    assert remade(makefile, second, f"CC={compiler}")


def test_one_file_with_a_name_for_each(makefile):
    """Functions of two programs may have the same name; a program made alone is a file of its own.
    """
    (makefile.top / "common/suite").mkdir()
    for name in ("program.c", "program.h"):
        shutil.copy(TOP / "common/suite" / name, makefile.top / "common/suite")
    statuses, words = {"fork": 3, "zap": 4}, (f"KSRC={makefile.ksrc[0]}",
                                              "PROGRAMS=hmm_coherent_fork hmm_coherent_zap")
    for name, status in statuses.items():
        (makefile.top / f"hmm-coherent/{name}.c").write_text(
            '#include "suite/program.h"\n'
            f"int same(void);\nint same(void) {{ return {status}; }}\n"
            "int main(int argc, char **argv) { (void)argv; return argc + same(); }\n")
    make(makefile, *words)
    paths = [makefile.output / f"hmm_coherent_{name}" for name in statuses]
    stranger = makefile.output / "hmm_coherent_stranger"
    stranger.hardlink_to(paths[0])
    assert paths[0].samefile(paths[1])
    assert [subprocess.run([path], check=False).returncode for path in paths] == [4, 5]
    done = subprocess.run([stranger], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2, "hmm_coherent_stranger: this file has no program of this name\n")
    made = paths[0].stat().st_mtime_ns
    make(makefile, *words)
    assert paths[0].stat().st_mtime_ns == made
    (makefile.top / "hmm-coherent/zap.c").write_text("int main(void) { return 7; }\n")
    make(makefile, *words, paths[1])
    assert not paths[0].samefile(paths[1])
    assert [subprocess.run([path], check=False).returncode for path in paths] == [4, 7]


def test_clean_removes_what_was_made(makefile):
    (makefile.output / "obj").mkdir(parents=True)
    for name in ("mine", "obj/mine", "hmm_coherent_mine"):
        (makefile.output / name).write_text("")
    assert remade(makefile, f"KSRC={makefile.ksrc[0]}")
    make(makefile, "clean")
    left = {str(path.relative_to(makefile.output)) for path in makefile.output.rglob("*")}
    assert left == {"mine", "obj", "obj/mine", "hmm_coherent_mine"}
    shutil.rmtree(makefile.output)
    assert remade(makefile, f"KSRC={makefile.ksrc[0]}")
    make(makefile, "clean")
    assert not makefile.output.exists()


def test_clean_in_a_tree_leaves_the_script(makefile):
    """As lib.mk does it, called without OUTPUT, with the folder itself, and with another."""
    (makefile.top.parent / "lib.mk").write_text("OUTPUT ?= $(CURDIR)\nTEST_GEN_FILES := "
                                            "$(patsubst %,$(OUTPUT)/%,$(TEST_GEN_FILES))\n"
                                            "clean:\n\trm -f $(TEST_GEN_FILES)\n")
    script = makefile.top / "hmm_coherent_driver.sh"
    script.write_text("")
    for words in ([], [f"OUTPUT={makefile.top}"], [f"OUTPUT={makefile.output}"]):
        subprocess.run(["make", "-s", "-C", makefile.top, "clean", *words], env=makefile.env,
                       check=True)
        assert script.exists() == True, words


def test_what_is_exported_is_not_meant(makefile):
    """OUTPUT and O of another project; the runner's children do not see them either."""
    for name in ("OUTPUT", "O"):
        with mock.patch.dict(os.environ, {name: str(makefile.output), "KEPT": "1"}):
            done = subprocess.run(["make", "-s", "-C", makefile.top, "print-programs"],
                                  capture_output=True, text=True, check=True)
            assert "build/hmm_coherent_fork" in done.stdout.splitlines()
            assert (child.environment().get(name), child.environment()["KEPT"]) == (None, "1")
