# SPDX-License-Identifier: GPL-2.0
"""The kernel's own tests of the same code, run in the same VM."""

import os
import re
import select
import time
from dataclasses import dataclass, field
from pathlib import Path

from base import child
from base.errors import CANNOT, Stop
from runner import guests

PROGRAMS = ("hmm-tests", "cow", "gup_longterm")
COW = ("cow", "gup_longterm")
COW_KERNEL = "6.12"         # the first longterm kernel that has them
SECONDS = 120.0             # they have no limit of their own
# With the number: cow gives hundreds of tests the same few names. It is stable, since each test has
# one result.
RESULT = re.compile(r"^(not )?ok (\d+\b.*?)(?: # .*)?\r?$", re.M)


@dataclass
class Heard:
    """The results of a program in one boot."""

    passed: dict[str, bool] = field(default_factory=dict)
    seconds: float = 0.0    # to its end, or to its last output
    note: str = ""          # how it ended, if it did not end orderly


def tree_of(name: str, own, cache, screen):
    """The source that a program is built from: the kernel's own, if it has the program."""
    return guests.find_source(COW_KERNEL, cache, screen) if name in COW else own


def build(name: str, tree, folder: Path) -> Path:
    """One of the kernel's own test programs, static, as its Makefile would build it where liburing
    is installed."""
    if not tree:
        raise Stop(CANNOT, "this kernel was given without its source")
    selftests = tree.path / "tools/testing/selftests"
    home = next((selftests / mm
                 for mm in ("mm", "vm") if (selftests / mm / f"{name}.c").exists()), None)
    if not home:
        raise Stop(CANNOT, f"{tree.label} has no {name}")
    (folder / "local_config.h").write_text("#define LOCAL_CONFIG_HAVE_LIBURING 1\n")
    # What the Makefile of each kernel links with all of them; hmm-tests of older ones stands alone,
    # and takes no harm.
    more = [
        home / extra for extra in ("vm_util.c", "thp_settings.c", "hugepage_settings.c")
        if (home / extra).exists()]
    command = [
        "gcc", "-O2", "-static", "-w", "-D_GNU_SOURCE=", f"-I{folder}", "-isystem", selftests,
        "-isystem", tree.path, "-isystem", tree.path / "tools/include/uapi", home / f"{name}.c",
        *more, "-o", folder / name, "-luring", "-lpthread"]
    log = folder / f"{name}.log"
    if child.run(command, log, 120):
        first = next((line
                      for line in log.read_text().splitlines() if "error" in line), "no message")
        raise Stop(CANNOT, f"{name} does not build: {first[:120]}")
    return folder / name


def results(text: str) -> dict[str, bool]:
    """Each test, and whether it passed; a skip has passed."""
    return {found[2]: not found[1] for found in RESULT.finditer(text)}


def run(parts: guests.Parts, name: str, folder: Path, limit: float = SECONDS) -> Heard:
    """Boot a guest with one program; the time is that between the start and exit lines."""
    guest = parts.guest({"job/plan": f"{name}\n"}, folder, 1)
    stream, began, last, ended = b"", 0.0, 0.0, False
    deadline = child.Deadline(limit)
    guest.start()
    try:
        while not ended and deadline.left():
            if not select.select([guest.results_fd], [], [], deadline.left())[0]:
                break
            data = os.read(guest.results_fd, 1 << 16)
            stream += data
            last = time.monotonic()
            began = began or (last if b"# guest: start " in stream else 0.0)
            ended = b"# guest: exit " in stream
            if not data:
                break
    finally:
        guest.kill()
        os.close(guest.results_fd)
    heard = Heard(results(stream.decode(errors="replace")))
    heard.seconds = last - began if began else 0.0
    if not ended:
        late = not deadline.left()
        heard.note = f"does not end within {limit:.0f} s" if late else "killed its guest"
    return heard
