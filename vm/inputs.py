# SPDX-License-Identifier: GPL-2.0
"""The files of a tree that a build was made from: if none has changed, make need not run.

kbuild lists the inputs of each object beside it. These files, and the make and Kconfig files around
them, are compared in no time; make takes five seconds to find nothing to do.
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
    """The time of the last change of these files, in ns since the epoch."""
    times = [os.stat(tree / name).st_mtime_ns for name in names if (tree / name).exists()]
    return max(times, default=0)


def state(tree: Path, names: list[str]) -> str:
    """A digest that changes when one of the files does."""
    facts = []
    for name in names:
        try:
            stat = os.stat(tree / name)
            facts.append((name, stat.st_size, stat.st_mtime_ns))
        except OSError:
            facts.append((name, -1, 0))
    return digest(repr(facts))
