# SPDX-License-Identifier: GPL-2.0
"""What the test program of `explore` is asked to do: variables of the environment, which guests
get, too."""

import os

VARIABLE = "HMM_COHERENT_EXPLORE"
SETTINGS = ("", "_SECONDS", "_STRIDE", "_LENGTH", "_ONLY", "_WEIGHT", "_REPLAY", "_WRONG", "_TIMES",
            "_PATIENCE")


def environment() -> dict[str, str]:
    """The settings that are in the environment of this process, for a guest."""
    return {VARIABLE + name: os.environ[VARIABLE + name] for name in SETTINGS
            if VARIABLE + name in os.environ}


def ask(**settings: str) -> None:
    """Give the program these settings and no others, except the error that a developer wants."""
    for name in SETTINGS:
        if name != "_WRONG":
            os.environ.pop(VARIABLE + name, None)
    for name, value in settings.items():
        if value:
            os.environ[VARIABLE + name] = value
