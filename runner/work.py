# SPDX-License-Identifier: GPL-2.0
"""What is to run: programs in order, and for each the names in order; and what is left after a machine died."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from runner.programs import Test, is_destructive


@dataclass
class Batch:
    """One program and the names it is to run, which may repeat."""

    program: Path
    names: list[str]


@dataclass
class Work:
    """The batches in the order in which they run."""

    batches: list[Batch] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(batch.names for batch in self.batches)

    def total(self) -> int:
        """How many results there must be."""
        return sum(len(batch.names) for batch in self.batches)

    def programs(self) -> list[Path]:
        """The programs that have something to run."""
        return [batch.program for batch in self.batches]


def arrange(tests: list[Test], repeat: int, shuffle: int | None) -> Work:
    """Tests in declaration order or shuffled, `repeat` rounds; a round is complete before the next starts."""
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


def share(work: Work, count: int) -> list[Work]:
    """Parts of about the same size: of each program every count-th test, and no part that is empty."""
    parts = [Work([Batch(b.program, b.names[i::count]) for b in work.batches if b.names[i::count]])
             for i in range(count)]
    return [part for part in parts if part] or [work]


def apart(work: Work) -> tuple[Work, list[Work]]:
    """The work without the tests that bring a machine down, and each of those by itself."""
    usual, alone = Work(), []
    for batch in work.batches:
        names = [name for name in batch.names if not is_destructive(name)]
        if names:
            usual.batches.append(Batch(batch.program, names))
        alone += [Work([Batch(batch.program, [name])]) for name in batch.names if is_destructive(name)]
    return usual, alone


class Ledger:
    """Which of the work has begun and which has a result, as the stream tells."""

    def __init__(self, work: Work):
        self._left = {batch.program.name: list(batch.names) for batch in work.batches}
        self._work = work
        self.running = ""

    def begin(self, name: str) -> bool:
        """A test has begun; False when nobody asked for it. It will not be run again, whatever becomes of it."""
        if self._remove(name):
            self.running = name
            return True
        return False

    def result(self, name: str) -> bool:
        """A test has a result; False when nobody asked for it."""
        if name == self.running:
            self.running = ""
            return True
        return self._remove(name)

    def _remove(self, name: str) -> bool:
        for names in self._left.values():
            if name in names:
                names.remove(name)
                return True
        return False

    def drop(self, program: str) -> list[str]:
        """A program has ended or is given up: what it did not run it never will."""
        names, self._left[program] = self._left.get(program, []), []
        self.running = ""
        return names

    def left(self) -> Work:
        """What a fresh machine still has to run."""
        return Work([Batch(b.program, list(names)) for b in self._work.batches
                     if (names := self._left[b.program.name])])
