# SPDX-License-Identifier: GPL-2.0
"""A seeded fault: a semantic patch with a header that says what it breaks and who must notice."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from report.result import CAUSES
from base.errors import CANNOT, Stop, WRONG_USE
from base.files import TOP
from runner.screen import one_line

FOLDER = TOP / "faults"
# What each header must say; "resembles: nothing known" is an answer, silence is none.
NEEDED = ("breaks", "claim", "rule", "file", "resembles", "tests")
LINE = re.compile(r"// ([a-z]+): (.*\S)")
CLAIM = re.compile(r"S[1-9]")
# What counts as noticing a fault: a cause of a failure, or "broken" for one that takes away what
# the suite looks with.
SEEN = (*CAUSES, "broken")


@dataclass(frozen=True)
class Fault:
    """What the header says; a field that takes several words has them in order."""

    name: str
    path: Path
    breaks: str
    claims: tuple[str, ...]
    rules: tuple[str, ...]
    files: tuple[str, ...]      # of the kernel, those that exist; the patch has to change one
    resembles: str
    tests: tuple[str, ...]      # globs, for each of which a test must fail
    quick: bool                 # the one of its claim that `make check` runs
    seen: tuple[str, ...] = ("check",)  # of SEEN: how those tests may fail


def parse(path: Path, text: str) -> Fault:
    """The fault of a file; a header that lacks something cannot be measured against."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        if found := LINE.fullmatch(line):
            fields.setdefault(found[1], []).append(found[2])
    lacks = [name for name in NEEDED if name not in fields]
    odd = sorted(set(fields) - set(NEEDED) - {"quick", "seen"})
    words = {name: tuple(" ".join(lines).split()) for name, lines in fields.items()}
    bad = [claim for claim in words.get("claim", ()) if not CLAIM.fullmatch(claim)]
    strange = sorted(set(words.get("seen", ())) - set(SEEN))
    if lacks or odd or bad or strange:
        what = (f"does not say {', '.join(lacks)}" if lacks else f"says {odd[0]}, which is not a field" if odd
                else f"claims {bad[0]}, which is not one of S1..S9" if bad
                else f"is seen by {strange[0]}, which is not one of {', '.join(SEEN)}")
        raise Stop(CANNOT, f"the header of {path.name} {what}", "see faults/README.md")
    return Fault(path.stem, path, " ".join(fields["breaks"]), words["claim"], words["rule"], words["file"],
                 " ".join(fields["resembles"]), words["tests"], "quick" in fields,
                 words.get("seen", ("check",)))


def catalogue(folder: Path = FOLDER) -> list[Fault]:
    """All of them, by claim and name."""
    found = [parse(path, path.read_text()) for path in folder.glob("*.cocci")]
    return sorted(found, key=lambda fault: (fault.claims, fault.name))


def select(faults: list[Fault], globs: list[str]) -> list[Fault]:
    """Those whose name, claim or rule matches; a glob that selects none is wrong use."""
    def matches(fault: Fault, glob: str) -> bool:
        return any(fnmatchcase(word, glob) for word in (fault.name, *fault.claims, *fault.rules))

    for glob in globs:
        if not any(matches(fault, glob) for fault in faults):
            words = {word for fault in faults for word in (fault.name, *fault.rules)}
            near = difflib.get_close_matches(glob, words, 1, 0.3)
            raise Stop(WRONG_USE, f"no fault matches '{one_line(glob, 80)}'"
                       + (f", the nearest is {near[0]}" if near else ""), "./run_tests.sh faults --list shows all")
    return [fault for fault in faults if not globs or any(matches(fault, glob) for glob in globs)]
