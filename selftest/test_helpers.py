# SPDX-License-Identifier: GPL-2.0
"""Helpers of the test programs, on machines that are not the developer's: hundreds of memory
blocks, children that never answer, releases that say little, tests that die with the machine's
settings changed."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
SOURCES = ("see/page", "see/zone", "see/dump", "see/place", "kernel/since", "reach/child",
           "reach/request", "reach/cpu", "kernel/restore", "report/report", "report/rules",
           "report/kmsg", "kernel/kernel", "reach/buffer", "kernel/memory", "report/skips")
BLOCK = 128 << 20
PER_BLOCK = BLOCK // os.sysconf("SC_PAGE_SIZE")


class Helpers(unittest.TestCase):
    """Compiled once, with a second for a child to answer."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = Path(cls.folder.name, "helpers")
        done = subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra",
                               "-Werror", "-D_GNU_SOURCE=",
                               "-DANSWER_MS=1000", "-iquote", TOP / "common", "-o", cls.program,
                               TOP / "selftest/helpers.c",
                               *(TOP / f"common/{name}.c" for name in SOURCES), "-lnuma"],
                              capture_output=True, text=True, check=False)
        if "cannot find -lnuma" in done.stderr or "numa.h: No such file" in done.stderr:
            raise unittest.SkipTest("no libnuma")
        if done.returncode:
            raise AssertionError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def said(self, *words: str, **env: str) -> str:
        """What the program prints; it has to end."""
        done = subprocess.run([self.program, *words], env={**os.environ, **env},
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=15, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def zones(self, blocks: list[tuple[int, str, str, int]], *frames: int) -> list[str]:
        """What is made of blocks (number, state, zone, node)."""
        with tempfile.TemporaryDirectory() as name:
            Path(name, "block_size_bytes").write_text(f"{BLOCK:x}\n")
            for number, state, zone, node in blocks:
                block = Path(name, f"memory{number}")
                block.mkdir()
                (block / "state").write_text(state + "\n")
                (block / "valid_zones").write_text(zone + "\n")
                (block / f"node{node}").mkdir()
            return self.said("zones", *map(str, frames), HMM_COHERENT_MEMORY=name).splitlines()

    def test_hundreds_of_blocks(self):
        blocks = [(n, "online", "Normal", 0) for n in range(256)] + [(n, "online", "Movable", 1)
                                                                     for n in range(256, 512)]
        frames = (0, 256 * PER_BLOCK - 1, 256 * PER_BLOCK, 400 * PER_BLOCK + 5, 512 * PER_BLOCK - 1,
                  512 * PER_BLOCK)
        said = self.zones(blocks, *frames)
        self.assertEqual(said[0], "movable 1 unmovable 0")
        self.assertEqual([line.split()[1] for line in said[1:]],
                         ["system", "system", "movable", "movable", "movable", "system"])

    def test_an_offline_block_is_no_memory(self):
        said = self.zones([(0, "online", "Normal", 0), (1, "offline", "Movable Normal", 0)],
                          PER_BLOCK)
        self.assertEqual(said, ["movable -1 unmovable 0", f"{PER_BLOCK} system"])

    def test_each_node_has_movable_memory(self):
        blocks = [(0, "online", "Normal", 0), (1, "online", "Movable", 0), (2, "online", "none", 1),
                  (3, "online", "Movable", 1)]
        self.assertEqual(self.zones(blocks)[0], "movable 0 unmovable -1")

    def test_a_node_with_a_large_number(self):
        said = self.zones([(0, "online", "Movable", 0), (1, "online", "Normal", 200)], 0, PER_BLOCK)
        self.assertEqual(said, ["movable 0 unmovable 200", "0 movable", f"{PER_BLOCK} system"])

    def test_a_child_that_does_not_answer_while_signals_come(self):
        said = self.said("silent")
        self.assertIn("fail: a child did not answer the request 'unmap' within 1 s", said)
        self.assertIn("failures 1 broken 0", said)

    def test_a_child_that_is_killed(self):
        said = self.said("killed")
        self.assertIn("fail: a child was killed by Bus error during the request 'unmap'", said)
        self.assertIn("failures 1 broken 0", said)

    def test_checks_are_counted_by_rule(self):
        said = self.said("checks").splitlines()
        claims = [line.removeprefix("# fact: claim ").split("|") for line in said
                  if line.startswith("# fact: claim ")]
        self.assertEqual([claim for claim, _, _ in claims], [f"S{n}" for n in range(1, 10)])
        rest = said[len(claims):]
        self.assertEqual([line.split("|")[0] for line in rest[:2]],
                         ["# fact: rule migration-is-the-way-in",
                          "# fact: rule reference-a-mapping"])
        self.assertEqual(rest[2:], ["# checks: migration-is-the-way-in=3/2 reference-a-mapping=1",
                                    "# checks: migration-is-the-way-in=1"])

    def test_what_a_release_says(self):
        for release, evicts, ends in (("6.1.175", "no", "no"), ("6.1.176", "yes", "no"),
                                      ("6.1.192", "yes", "yes"),
                                      ("6.12.85", "no", "no"), ("6.12.117", "yes", "yes"),
                                      ("6.18.3", "unknown", "unknown"),
                                      ("7.0.4", "yes", "unknown"), ("7.1.0", "yes", "unknown"),
                                      ("7.3.0-rc6", "yes", "unknown"),
                                      ("7.3.0-rc7", "yes", "yes"), ("7.4.0-rc1", "yes", "yes"),
                                      ("next-20260601", "unknown", "unknown")):
            with self.subTest(release=release):
                said = dict(line.split()[3:5] for line in self.said("version",
                                                                    release).splitlines())
                self.assertEqual((said["close-evicts"], said["dead-mirror-ends"]), (evicts, ends))

    def test_a_test_that_died_has_changed_nothing(self):
        with tempfile.TemporaryDirectory() as name:
            setting, folder = Path(name, "setting"), Path(name, "folder")
            setting.write_text("always [before!] never\n")
            folder.mkdir()
            self.assertIn("undone 1", self.said("undo", str(setting), str(folder)))
            self.assertEqual(setting.read_text()[:7], "before!")
            self.assertFalse(folder.exists())

    def test_a_setting_that_cannot_be_set_back_in_time(self):
        with tempfile.TemporaryDirectory() as name:
            pipe = Path(name, "setting")
            os.mkfifo(pipe)
            said = self.said("undo-hangs", str(pipe))
        self.assertIn("undone 0", said)
        self.assertIn(f"fail: the system call that restores {pipe} after the test does not return",
                      said)
        self.assertIn("failures 1 broken 0", said)
