# SPDX-License-Identifier: GPL-2.0
"""`cache`: what the cache holds, and how to get the room back."""

import argparse
import contextlib
import json
import time
from pathlib import Path

from vm import in_place, source
from vm.arch import TABLE
from vm.cache import Cache, last_use, size, STAMP
from runner import plan
from runner.screen import Screen

# What a run makes again if it needs it, and what each is for a reader.
SOURCES = {source.kind_of(arch, network):
           f"kernel sources for {arch.name}{' with a network' if network else ''}"
           for arch in TABLE for network in (False, True)}
KINDS = {**SOURCES, "tree": "checkouts of TREE@REF", "build": "kernel builds",
         "initramfs": "parts of initramfs", "disk": "disk images", "modules": "unpacked modules",
         "kconfig": "configurations", "sysroot": "libraries of other architectures",
         "outer": "the outer guest of nested"}
LISTED = (*SOURCES, "tree", "build")
DAY = 86400
MONTH = 30      # days


def main(options: argparse.Namespace, screen: Screen) -> int:
    """List the entries, or remove those that were not used for some days."""
    cache = plan.open_cache(screen)
    days = int(options.globs[1]) if len(options.globs) > 1 else MONTH
    if options.globs:
        return clean(cache, days, screen)
    whole = 0
    print(row("size", "last use", "entry", "what it is"))
    for kind, what in KINDS.items():
        found = cache.entries(kind)
        room = {path: size(path) for path in found}
        whole += sum(room.values())
        for path in found if kind in LISTED else []:
            print(row(room[path], f"{age(path)} days ago", f"{kind}/{path.name}", described(path)))
        if found and kind not in LISTED:
            print(row(sum(room.values()), f"{len(found)} entries", kind, what))
    others = [path for path in cache.root.iterdir() if path.name not in KINDS]
    rest = sum(map(size, others))
    print(row(rest, "", "others", ", ".join(sorted(path.name for path in others if path.is_dir()))))
    print(row(whole + rest, "", str(cache.root), "all of it"))
    return 0


def clean(cache: Cache, days: int, screen: Screen) -> int:
    """The old ones, and what killed runs have left."""
    count = room = 0
    for kind in (*KINDS, "view"):
        cache.sweep(cache.root / kind, in_place.remove)
        for path in cache.entries(kind):
            if age(path) >= days:
                taken = size(path)
                if cache.drop(path, source.forget if kind == "tree" else in_place.remove):
                    count, room = count + 1, room + taken
    screen.say(f"removed {count} entries that no run has used for {days} days: {human(room)}")
    return 0


def age(path: Path) -> int:
    """Days since an entry was used or made."""
    return int((time.time() - last_use(path)) // DAY)


def described(path: Path) -> str:
    """Of which kernel it is."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return json.loads((path / STAMP).read_text()).get("what") or (
            f"Linux {(path / 'include/config/kernel.release').read_text().strip()}")
    return source.tree_version(path)


def human(count: int) -> str:
    """Bytes for a reader."""
    return f"{count / 2 ** 30:.1f} GiB" if count >= 2 ** 30 else f"{count / 2 ** 20:.0f} MiB"


def row(count: int | str, when: str, name: str, what: str) -> str:
    """One line of the list."""
    room = count if isinstance(count, str) else human(count)
    return f"{room:>9}  {when:>12}  {name:45} {what}".rstrip()
