# SPDX-License-Identifier: GPL-2.0
"""`run_tests.sh deps`: install whatever a run or a check needs, or print the command."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from runner.screen import Screen
from vm import deps

EVERYTHING = {"build", "vm", "tests", "check"}


def main(_options: argparse.Namespace, screen: Screen) -> int:
    """Install what is missing."""
    need(EVERYTHING, screen)
    screen.say("nothing is missing")
    return 0


def need(for_what: set[str], screen: Screen) -> None:
    """Install what is missing, or stop with the command that does."""
    missing = deps.missing(for_what)
    if missing:
        screen.say(f"installing {' '.join(missing)}")
        deps.install(missing, Path(os.environ["HMM_COHERENT_CACHE"], "log", "apt.log"))
