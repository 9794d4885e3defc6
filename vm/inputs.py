# SPDX-License-Identifier: GPL-2.0
"""What of a tree went into a build, so that a make that would find nothing to do need not be
started.

kbuild writes down beside each object which files it was made from. Those files, and the make and
Kconfig files around them, decide whether anything has changed; asking make costs five seconds,
looking at them costs none.
"""

import os
import re
from pathlib import Path

from vm.cache import digest

RECIPES = ("Makefile", "Kbuild", "Kconfig")


def used(build: Path, tree: Path) -> list[str]:
    """The files of a tree that a build folder was made from, relative to the tree."""
    pattern = re.compile(rf"(?<=\s){re.escape(str(tree))}/([^\s:;()\\]+)")
    names: set[str] = set()
    for folder, _, files in os.walk(build):
        for name in files:
            if name.endswith(".cmd"):
                names.update(pattern.findall(Path(folder, name).read_text(errors="replace")))
    folders = {str(parent) for name in names for parent in Path(name).parents} | {".", "scripts"}
    for folder in folders:
        if (tree / folder).is_dir():
            names.update(str(Path(folder, name)) for name in os.listdir(tree / folder)
                         if folder == "scripts" or name.startswith(RECIPES))
    return sorted(name for name in names if (tree / name).is_file())


def newest(tree: Path, names: list[str]) -> int:
    """When the last of the files was changed, in ns since the epoch."""
    times = [os.stat(tree / name).st_mtime_ns for name in names if (tree / name).exists()]
    return max(times, default=0)


def state(tree: Path, names: list[str]) -> str:
    """One word that changes when one of the files does."""
    facts = []
    for name in names:
        try:
            stat = os.stat(tree / name)
            facts.append((name, stat.st_size, stat.st_mtime_ns))
        except OSError:
            facts.append((name, -1, 0))
    return digest(repr(facts))
