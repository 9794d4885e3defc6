# SPDX-License-Identifier: GPL-2.0
"""`cache`: what is listed, what `cache clean` removes, and what it must not."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from unittest import mock

from runner import cached, cli
from runner.screen import Screen
from vm.cache import lock_of
from vm_kit import WithCache


class Listed(WithCache):
    def setUp(self):
        super().setUp()
        self.environment(HMM_COHERENT_CACHE=str(self.cache.root))

    def entry(self, kind: str, name: str, days: int, stamp: dict | None = None) -> Path:
        path = self.cache.entry(kind, name, lambda folder: (folder / "data").write_text("x" * 9000),
                                name)
        if stamp:
            (path / ".stamp").write_text(json.dumps(stamp))
        then = time.time() - days * 86400
        for file in (path / ".stamp", lock_of(path)):
            os.utime(file, (then, then))
        return path

    def run_it(self, *words: str) -> tuple[list[str], list[str]]:
        out, said = [], []
        screen = Screen()
        with mock.patch.object(screen, "say", said.append), \
                mock.patch("builtins.print", lambda line: out.append(line)):
            self.assertEqual(cached.main(cli.parse(["cache", *words]), screen), 0)
        return out, said

    def test_list(self):
        self.entry("build", "abc", 3, {"what": "a tree debug.config LLVM=1"})
        for number in range(3):
            self.entry("initramfs", f"i{number}", 1)
        (self.cache.root / "log").mkdir()
        out, _ = self.run_it()
        build = next(line for line in out if "build/abc" in line)
        self.assertIn("a tree debug.config LLVM=1", build)
        self.assertIn("3 days", build)
        self.assertIn("3 entries", next(line for line in out if "initramfs" in line))
        self.assertIn("log", out[-2])
        self.assertIn(str(self.cache.root), out[-1])

    def test_clean_removes_the_old_alone(self):
        old, new = self.entry("build", "old", 40), self.entry("build", "new", 20)
        self.entry("initramfs", "old", 31)
        _, said = self.run_it("clean")
        self.assertIn("removed 2 entries that no run has used for 30 days", said[0])
        self.assertEqual((old.exists(), new.exists()), (False, True))
        self.run_it("clean", "20")
        self.assertFalse(new.exists())

    def test_use_makes_an_entry_young(self):
        for use in (self.cache.shared, lambda path: self.cache.entry("build", path.name, None,
                                                                     path.name)):
            path = self.entry("build", "one", 40)
            use(path)
            self.run_it("clean")
            self.assertTrue((path / "data").exists())

    def test_what_is_used_stays(self):
        path = self.entry("build", "one", 40)
        hold = self.cache.shared(path)
        self.run_it("clean", "0")
        self.assertTrue((path / "data").exists())
        hold.close()
        self.run_it("clean", "0")
        self.assertFalse(path.exists())

    def test_half_removed_is_none(self):
        """It is made again, not used."""
        path = self.entry("build", "one", 40)

        def killed(_folder):
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            self.cache.drop(path, killed)
        made = []
        self.cache.entry("build", "one", lambda folder: made.append(folder), "one")
        self.assertEqual(len(made), 1)

    def test_what_killed_runs_left(self):
        self.entry("view", "x", 0)
        left = self.cache.root / "view" / ".tmp-x"
        (left / "work/work").mkdir(parents=True)
        (left / "work/work").chmod(0)
        self.run_it("clean")
        self.assertFalse(left.exists())
