# SPDX-License-Identifier: GPL-2.0
"""The programs: built again when what they were built with is another, and not while another run
uses them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from base import child
from base.files import TOP
from vm.cache import Lock
from runner import programs


class Together(unittest.TestCase):
    """The lock on the build folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name, "build")
        self.ksrc = Path(folder.name, "linux-6.1")
        self.lock = self.folder / "linux-6.1" / ".lock"
        self.called, self.built = threading.Event(), False
        patches = mock.patch.multiple(programs, BUILD=self.folder, run_make=self.run_make,
                                      given=lambda: None,
                                      is_built=lambda words: self.built)
        patches.start()
        self.addCleanup(patches.stop)
        self.addCleanup(programs.release)

    def run_make(self, *words: str, log: Path | None = None) -> str:
        """A make that only says that it was there, and under which lock."""
        if log:
            with Lock(self.lock) as lock:
                self.assertFalse(lock.tried(fcntl.LOCK_SH))
            self.built = True
            self.called.set()
        return ""

    def build(self) -> list[Path]:
        """What is tested."""
        return programs.build(self.ksrc, self.folder / "log")

    def test_waits_for_another_run_that_uses_them(self):
        self.lock.parent.mkdir(parents=True)
        build = threading.Thread(target=self.build)
        with Lock(self.lock) as lock:
            lock.take(fcntl.LOCK_SH)
            build.start()
            self.assertFalse(self.called.wait(0.3))
        self.assertTrue(self.called.wait(10))
        build.join(10)

    def test_does_not_wait_where_nothing_is_to_be_built(self):
        self.lock.parent.mkdir(parents=True)
        self.built = True
        with Lock(self.lock) as lock:
            lock.take(fcntl.LOCK_SH)
            self.assertEqual(self.build(), [])
        self.assertFalse(self.called.is_set())

    def test_in_use_until_released(self):
        self.assertEqual(self.build(), [])
        self.assertTrue(self.called.is_set())
        with Lock(self.lock) as lock:
            self.assertFalse(lock.tried(fcntl.LOCK_EX))
            self.assertTrue(lock.tried(fcntl.LOCK_SH))
            programs.release()
            self.assertTrue(lock.tried(fcntl.LOCK_EX))

    def test_a_folder_that_cannot_be_made_is_left_to_make(self):
        self.folder.write_text("no folder")
        with mock.patch.object(programs, "run_make", return_value="") as make:
            self.build()
        self.assertEqual(make.call_count, 2)


class Makefile(unittest.TestCase):
    """The project's own, with programs of one line."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name, "suite")
        for name in ("common/low", "hmm-coherent"):
            (self.top / name).mkdir(parents=True)
        shutil.copy(TOP / "Makefile", self.top)
        (self.top / "common/low/x.h").write_text("int x(void);\n")
        (self.top / "common/low/x.c").write_text('#include "low/x.h"\nint x(void) { return 0; }\n')
        (self.top / "hmm-coherent/fork.c").write_text('#include "low/x.h"\nint main(void) { '
                                                      'return x(); }\n')
        self.ksrc = [Path(folder.name, name) for name in ("a", "b")]
        for tree in self.ksrc:
            (tree / "lib").mkdir(parents=True)
            (tree / "lib/test_hmm_uapi.h").write_text("")
        self.output = Path(folder.name, "out")
        self.program = self.output / "hmm_coherent_fork"
        self.env = child.environment()

    def make(self, *words: str | Path) -> None:
        """A make with an output folder that is not the suite's."""
        done = subprocess.run(["make", "-C", self.top, f"O={self.output}", *words], env=self.env,
                              capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def remade(self, *words: str) -> bool:
        """It was linked again, and then not once more."""
        before = self.program.stat().st_mtime_ns if self.program.exists() else 0
        self.make(*words, self.program)
        made = self.program.stat().st_mtime_ns
        self.make(*words, self.program)
        self.assertEqual(self.program.stat().st_mtime_ns, made, words)
        return made != before

    def test_what_is_built_otherwise_is_built_again(self):
        first, second = (f"KSRC={tree}" for tree in self.ksrc)
        self.assertTrue(self.remade(first))
        self.assertFalse(self.remade(first))
        self.assertTrue(self.remade(second))
        self.assertTrue(self.remade(second, "USERCFLAGS=-DX"))
        self.assertTrue(self.remade(second))
        (self.ksrc[1] / "lib/test_hmm_uapi.h").write_text("/* new */")
        self.assertTrue(self.remade(second))
        compiler = self.output / "another-cc"
        compiler.write_text('#!/bin/sh\nexec gcc "$@"\n')
        compiler.chmod(0o755)
        self.assertTrue(self.remade(second, f"CC={compiler}"))

    def test_clean_removes_what_was_made(self):
        (self.output / "obj").mkdir(parents=True)
        for name in ("mine", "obj/mine", "hmm_coherent_mine"):
            (self.output / name).write_text("")
        self.assertTrue(self.remade(f"KSRC={self.ksrc[0]}"))
        self.make("clean")
        left = {str(path.relative_to(self.output)) for path in self.output.rglob("*")}
        self.assertEqual(left, {"mine", "obj", "obj/mine", "hmm_coherent_mine"})
        shutil.rmtree(self.output)
        self.assertTrue(self.remade(f"KSRC={self.ksrc[0]}"))
        self.make("clean")
        self.assertFalse(self.output.exists())

    def test_clean_in_a_tree_leaves_the_script(self):
        """As lib.mk does it, called without OUTPUT, with the folder itself, and with another."""
        (self.top.parent / "lib.mk").write_text("OUTPUT ?= $(CURDIR)\nTEST_GEN_FILES := "
                                                "$(patsubst %,$(OUTPUT)/%,$(TEST_GEN_FILES))\n"
                                                "clean:\n\trm -f $(TEST_GEN_FILES)\n")
        script = self.top / "hmm_coherent_driver.sh"
        script.write_text("")
        for words in ([], [f"OUTPUT={self.top}"], [f"OUTPUT={self.output}"]):
            subprocess.run(["make", "-s", "-C", self.top, "clean", *words], env=self.env,
                           check=True)
            self.assertEqual(script.exists(), True, words)

    def test_what_is_exported_is_not_meant(self):
        """OUTPUT and O of another project; the runner's children do not see them either."""
        for name in ("OUTPUT", "O"):
            with mock.patch.dict(os.environ, {name: str(self.output), "KEPT": "1"}):
                done = subprocess.run(["make", "-s", "-C", self.top, "print-programs"],
                                      capture_output=True, text=True,
                                      check=True)
                self.assertIn("build/hmm_coherent_fork", done.stdout.splitlines())
                self.assertEqual((child.environment().get(name), child.environment()["KEPT"]),
                                 (None, "1"))
