# SPDX-License-Identifier: GPL-2.0
"""The tests to run: programs in order, each with its tests in order, divided among machines."""

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from runner.programs import Test, is_destructive

# Beginnings of the names of tests that need two processors: if machines side by side have one each,
# these run afterwards, together in a machine of their own.
BUSY = ("races.", "pin-batches.")

# Tests that crash a kernel without a certain upstream change (common/kernel/since.c). The version
# of a kernel that is built from a tree, or given as an image, does not say which changes it has:
# there they run in a machine of their own, whose programs know that by HMM_COHERENT_APART.
RISKY = ("devices.*.opener-gone-access", "reclaim.*.swap-cache", "reclaim.*.written-on-device",
         "races.coherent.unmap-and-longterm-pin")

# How long PROGRAM/TEST takes; the first glob that matches counts. From run.json of three runs,
# each with two machines.
COSTS = (
    ("hmm_coherent_matrix/*", 0.2),
    ("*/device-full.*", 60),
    ("*/whole-device.*.filled", 30),
    ("*/registered.system-*.updated", 45),
    ("*/balancing.*", 70),
    ("*/ring-ways.*.frozen-afterwards", 20),
    ("*/ksm.*", 2.3),
    ("*/accounts.*", 2),
    ("*/limits.*", 2.3),
    ("*/explore.*", 2.6),
    ("*/long-ranges.*", 2.6),
    ("*/huge.*", 1.5),
    ("*/reclaim.*", 1.7),
    ("*/slow-io.*", 1.8),
    ("*/swapped.*", 1.9),
    ("*/collapse-states.*", 1.5),
    ("*/joined-buffers.*", 2),
    ("*/mlock.*", 1.7),
    ("*/core-dump.*", 1.7),
    ("*/failures.*", 1.5),
)
START = 3       # of a program, until its first test begins


@dataclass
class Batch:
    """One program and the tests that it has to run, which may repeat."""

    program: Path
    names: list[str]


@dataclass
class Work:
    """The batches in the order in which they run."""

    batches: list[Batch] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(batch.names for batch in self.batches)

    def total(self) -> int:
        """The number of results."""
        return sum(len(batch.names) for batch in self.batches)

    def cost(self) -> float:
        """How long it takes, as cost() tells."""
        return sum(cost(batch.program.name, name) for batch in self.batches for name in batch.names)


def arrange(tests: list[Test], repeat: int, shuffle: int | None) -> Work:
    """Tests in declaration order, or shuffled; `repeat` rounds, each complete before the next
    starts."""
    by_program: dict[Path, list[str]] = {}
    for test in tests:
        by_program.setdefault(test.program, []).append(test.name)
    batches = [Batch(program, names) for program, names in by_program.items()]
    draw = random.Random(shuffle)
    if shuffle is not None:
        draw.shuffle(batches)
    for batch in batches:
        rounds = [list(batch.names) for _ in range(repeat)]
        if shuffle is not None:
            for one in rounds:
                draw.shuffle(one)
        batch.names = [name for one in rounds for name in one]
    return Work(batches)


@lru_cache(maxsize=None)
def cost(program: str, name: str) -> float:
    """How long a test takes under emulation, relative to an ordinary scenario. Only the division
    among machines depends on it."""
    return next((cost for glob, cost in COSTS if fnmatchcase(f"{program}/{name}", glob)), 1.0)


def share(work: Work, count: int) -> list[Work]:
    """Parts that take about the same time, in the order of the work: each machine that starts a
    program has to probe the kernel again. No part is empty."""
    costs = [
        cost(batch.program.name, name) + (START if position and not number else 0)
        for position, batch in enumerate(work.batches) for number, name in enumerate(batch.names)]
    parts, left, done = [Work() for _ in range(count)], iter(costs), 0.0
    share_of_one = sum(costs) / count
    for batch in work.batches:
        shares = [Batch(batch.program, []) for _ in parts]
        for name in batch.names:
            mine = next(left)
            shares[int((done + mine / 2) / share_of_one)].names.append(name)
            done += mine
        for part, piece in zip(parts, shares):
            part.batches += [piece] if piece.names else []
    return [part for part in parts if part] or [work]


def is_risky(name: str) -> bool:
    """The test may crash a kernel whose version does not say what it has."""
    return any(fnmatchcase(name, glob) for glob in RISKY)


def apart(work: Work, beginnings: tuple[str | tuple[str, ...], ...] = (),
          untold: bool = False) -> tuple[Work, list[Work]]:
    """Divide into the usual work and the work of machines that run afterwards: one for each
    destructive test, one for all tests with the same beginning, or with one of a tuple of them,
    and, on a kernel whose version does not say what it has (`untold`), one for all risky tests."""
    usual, alone = Work(), []
    together: dict[str | tuple, Work] = {beginning: Work() for beginning in (*beginnings, RISKY)}
    for batch in work.batches:
        parts: dict[str | tuple, list[str]] = {}
        for name in batch.names:
            if is_destructive(name):
                alone.append(Work([Batch(batch.program, [name])]))
            elif untold and is_risky(name):
                parts.setdefault(RISKY, []).append(name)
            else:
                parts.setdefault(next((one for one in beginnings if name.startswith(one)), ""),
                                 []).append(name)
        for beginning, names in parts.items():
            together.get(beginning, usual).batches.append(Batch(batch.program, names))
    return usual, [part for part in together.values() if part] + alone
