# SPDX-License-Identifier: GPL-2.0
"""The shared libraries and the loader of programs that are not static, for the guest.

All of them are put into /lib, and the folders in which the loaders of glibc and musl look by
default lead there, so the guest needs no ld.so.cache. A library or loader from any other folder,
which a program names itself, is linked under its own path too.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from base import child
from base.errors import Stop
from vm import elf

DEFAULT = {"lib64": "lib", "usr": ".", "lib/x86_64-linux-gnu": "."}


def loader(program: Path) -> str:
    """The loader that an ELF program names (PT_INTERP); empty for any other program."""
    found = re.search(r"program interpreter: (.*)\]", elf.read(program, "--program-headers"))
    return found[1] if found else ""


def needed(program: Path) -> set[str]:
    """The paths of its loader and of all libraries that this loads, as the loader finds them."""
    name = loader(program)
    if not name:
        return set()
    # It fails if it does not find one, in words that differ between loaders.
    said = child.output(["sh", "-c", '"$@" 2>&1 || :', "sh", name, "--list", program])
    found = set(re.findall(r"(?:^\s*|=> )(/\S+) \(0x", said, re.M))
    lost = re.search(r"\b[\w.+-]+\.so[\w.]*(?=: | => not found)", re.sub(r"\S*/\S*", "", said))
    if lost or not found:
        raise Stop(3, f"{name} does not find {lost[0] if lost else 'the libraries'} of {program}",
                   "install it, or build again: make clean all")
    return found | {name}


def pack(programs: Iterable[Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """The libraries of these programs as files of an archive, and its links; nothing for static
    programs."""
    paths = sorted(set().union(*(needed(program) for program in programs)))
    files = {f"lib/{Path(path).name}": Path(path) for path in paths}
    links = dict(DEFAULT) if files else {}
    for path in paths:
        name = path.lstrip("/").removeprefix("usr/")
        if os.path.dirname(name) not in ("lib", *DEFAULT):
            links[name] = f"/lib/{Path(path).name}"
    return files, links
