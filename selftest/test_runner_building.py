# SPDX-License-Identifier: GPL-2.0
"""What is said while a kernel is built: how many objects there are, of about how many, and for how
long."""

from __future__ import annotations

import io
import os
import unittest
from unittest import mock

from base import child
from base.errors import Stop
from runner.progress import Building
from runner.screen import Screen
from vm import kernel
from vm.source import Source
from vm_kit import WithCache

# make waits until it was told that three objects are made; then it makes the rest.
MAKEFILE = """
tinyconfig: ; echo "# nothing" > $(O)/.config
olddefconfig: ;
vmlinux:
	@echo "  HOSTCC  scripts/x.o"; echo "  CC      a.o"; echo "  CC [M]  lib/b.o"
	@echo "  AS      c.o"; echo "  AR      built-in.a"
	for n in $$(seq 500); do test -e $(O)/told && exit 0; sleep 0.01; done; exit 1
modules: vmlinux
	@echo "Linux version 6.1.9 (x)" > $(O)/vmlinux
	@mkdir -p $(O)/lib; touch $(O)/lib/test_hmm.ko
"""


class Objects(WithCache):
    """kernel.build()"""

    def setUp(self):
        super().setUp()
        self.tree, self.fragment = self.folder / "linux", self.folder / "config"
        self.tree.mkdir()
        (self.tree / "Makefile").write_text(MAKEFILE)
        self.fragment.write_text("".join(f"CONFIG_{n}=y\n" for n in range(9))
                                 + "CONFIG_M=m\n# CONFIG_N is not set\nCONFIG_S=\"y\"\n")
        self.told: list[tuple[int, int]] = []
        patch = mock.patch("base.child.TICK", 0.01)
        patch.start()
        self.addCleanup(patch.stop)

    def tell(self, made: int, total: int) -> None:
        """Let make go on when it has said all."""
        self.told.append((made, total))
        if made % 10 == 3:
            [folder] = (self.folder / "cache" / "build").glob("[0-9a-f]*")
            (folder / "told").write_text("")

    def build(self):
        return kernel.build(Source("debian", self.tree, "6.1.9", "a label", "x"), self.cache,
                            (self.fragment,), self.say, 2, tell=self.tell)

    def test_what_make_says_is_counted(self):
        self.build()
        self.assertIn((3, round(10 * kernel.OBJECTS)), self.told)
        self.assertLessEqual(max(self.told), (3, round(10 * kernel.OBJECTS)))

    def test_what_an_interrupted_build_made_counts(self):
        folder = self.build().build_dir
        for name in ("vmlinux", ".stamp", "told"):
            (folder / name).unlink()
        for n in range(10):
            (folder / f"{n}.o").write_text("")
        self.told.clear()
        self.build()
        self.assertIn((13, round(10 * kernel.OBJECTS)), self.told)

    def test_of_a_change_nobody_knows_how_many(self):
        folder = self.build().build_dir
        (folder / ".stamp").unlink()
        (folder / "told").unlink()
        self.told.clear()
        self.build()
        self.assertEqual({total for _, total in self.told}, {0})
        self.assertIn((3, 0), self.told)

    def test_a_limit_holds_while_it_is_told(self):
        with self.assertRaisesRegex(Stop, "did not end within"):
            child.run(["sleep", "60"], self.folder / "log", 0.05, tick=lambda: None)


class Told(unittest.TestCase):
    """Building()"""

    def after(self, *calls: tuple[float, int, int], terminal: bool) -> str:
        """What is written when this is told at these times."""
        stream = io.StringIO()
        with mock.patch.dict(os.environ, TERM="xterm"), mock.patch("time.monotonic") as now, \
                mock.patch.object(stream, "isatty", return_value=terminal):
            now.return_value = 1000.0
            building = Building(Screen(stream=stream))
            for seconds, made, total in calls:
                now.return_value = 1000.0 + seconds
                building(made, total)
        return stream.getvalue()

    def test_a_bar(self):
        text = self.after((1, 0, 800), (61, 200, 800), (241, 800, 800), terminal=True)
        self.assertEqual(text, "\r[                        ] 0 of about 800 objects, 0:01\x1b[K"
                         "\r[######                  ] 200 of about 800 objects, 1:01, about 3:00 "
                         "left\x1b[K" "\r[########################] 800 objects, 4:01\x1b[K")

    def test_a_bar_without_an_end(self):
        self.assertEqual(self.after((3, 7, 0), terminal=True), "\r7 objects, 0:03\x1b[K")

    def test_an_interrupted_build_is_not_that_fast(self):
        text = self.after((1, 400, 800), (21, 500, 800), terminal=True)
        self.assertIn("500 of about 800 objects, 0:21, about 1:00 left", text)

    def test_a_line_each_30_seconds(self):
        text = self.after(*((n, n, 200) for n in range(1, 95)), terminal=False)
        self.assertEqual(text, "building: 30 of about 200 objects, 0:30, about 2:50 left\n"
                         "building: 60 of about 200 objects, 1:00, about 2:20 left\n"
                         "building: 90 of about 200 objects, 1:30, about 1:50 left\n")
