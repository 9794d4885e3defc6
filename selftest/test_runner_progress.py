# SPDX-License-Identifier: GPL-2.0
"""What is said while a kernel is built, how many objects there are, of about how many and for how
long; and while the tests run, what came of each program."""

import io
import os
from pathlib import Path
from unittest import mock

import pytest

from base import child
from report import ktap, model
from runner.progress import Building, Progress
from runner.screen import Screen
from runner.work import Batch, Work
from vm import kernel
from vm.source import Source

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
TOTAL = round(10 * kernel.OBJECTS)


# kernel.build()
@pytest.fixture(name="box")
def box_(box):
    box.tree, box.fragment = box.folder / "linux", box.folder / "config"
    box.tree.mkdir()
    (box.tree / "Makefile").write_text(MAKEFILE)
    box.fragment.write_text("".join(f"CONFIG_{n}=y\n" for n in range(9))
                            + "CONFIG_M=m\n# CONFIG_N is not set\nCONFIG_S=\"y\"\n")
    box.patch(child, "TICK", 0.01)
    return box


def build(box) -> tuple[kernel.Kernel, list[tuple[int, int]]]:
    """The kernel, and what was told; make goes on when all was told."""
    told: list[tuple[int, int]] = []

    def tell(made: int, total: int) -> None:
        told.append((made, total))
        if made % 10 == 3:
            [folder] = (box.folder / "cache" / "build").glob("[0-9a-f]*")
            (folder / "told").write_text("")

    source = Source("debian", box.tree, "6.1.9", "a label", "x")
    return kernel.build(source, box.cache, (box.fragment,), box.say, 2, tell=tell), told


def test_what_make_says_is_counted(box):
    _, told = build(box)
    assert (3, TOTAL) in told
    assert max(told) <= (3, TOTAL)


def test_what_an_interrupted_build_made_counts(box):
    folder = build(box)[0].build_dir
    for name in ("vmlinux", ".stamp", "told"):
        (folder / name).unlink()
    for n in range(10):
        (folder / f"{n}.o").write_text("")
    assert (13, TOTAL) in build(box)[1]


def test_of_a_change_nobody_knows_how_many(box):
    folder = build(box)[0].build_dir
    (folder / ".stamp").unlink()
    (folder / "told").unlink()
    _, told = build(box)
    assert {total for _, total in told} == {0}
    assert (3, 0) in told


def test_a_limit_holds_while_it_is_told(box):
    box.stops(3, "did not end within", lambda: child.run(["sleep", "60"], box.folder / "log", 0.05,
                                                         tick=lambda: None))

# Building()


def after(*calls: tuple[float, int, int], terminal: bool) -> str:
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


def test_a_bar():
    assert after((1, 0, 800), (61, 200, 800), (241, 800, 800), terminal=True) == (
        "\r[                        ] 0 of about 800 objects, 0:01\x1b[K"
        "\r[######                  ] 200 of about 800 objects, 1:01, about 3:00 left\x1b[K"
        "\r[########################] 800 objects, 4:01\x1b[K")


def test_a_bar_without_an_end():
    assert after((3, 7, 0), terminal=True) == "\r7 objects, 0:03\x1b[K"


def test_an_interrupted_build_is_not_that_fast():
    text = after((1, 400, 800), (21, 500, 800), terminal=True)
    assert "500 of about 800 objects, 0:21, about 1:00 left" in text


def test_a_line_each_30_seconds():
    assert after(*((n, n, 200) for n in range(1, 95)), terminal=False) == (
        "building: 30 of about 200 objects, 0:30, about 2:50 left\n"
        "building: 60 of about 200 objects, 1:00, about 2:20 left\n"
        "building: 90 of about 200 objects, 1:30, about 1:50 left\n")

# Progress(), of one program on two machines.


NAMES = ["fork.a", "fork.b"]


def test_a_program_takes_as_long_as_its_tests():
    stderr, run = io.StringIO(), model.Run()
    run.expect("fork", NAMES)
    progress = Progress(Screen(stream=stderr), Work([Batch(Path("fork"), NAMES)]), run)

    def take(machine: int, text: str) -> None:
        for event in ktap.Reader().feed(text.encode()):
            run.take(event, machine)
            progress.take(event, machine)

    for machine, name in enumerate(NAMES, 1):
        assert stderr.getvalue() == ""
        take(machine, f"# guest: start fork\nTAP version 13\n1..1\n# begin {name}\nok 1 {name} # "
             "time=700ms\n" "# end fork ran=1 checks=1\n# guest: exit fork 0\n")
    assert stderr.getvalue() == "fork: 2 passed (1.4 s)\n"
