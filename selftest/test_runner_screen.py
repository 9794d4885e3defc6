# SPDX-License-Identifier: GPL-2.0
"""What a run says on stderr while it goes: of each program what came of it, though its tests are
shared by two machines."""

from __future__ import annotations

import io
from pathlib import Path

from report import ktap, model
from runner.progress import Progress
from runner.screen import Screen
from runner.work import Batch, Work

NAMES = ["fork.a", "fork.b"]

# One program on two machines.

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
