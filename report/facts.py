# SPDX-License-Identifier: GPL-2.0
"""What is known about a run apart from its results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

NOTES = 1000        # odd lines that are kept


class Facts:
    def __init__(self) -> None:
        self.release = ""                               # of the kernel that ran
        self.kernel = ""                                # the --kernel word, for titles
        self.info: dict = {}                            # what the runner knows: for run.json
        self.guest: dict[str, str] = {}                 # `# guest: fact` lines
        self.facts: list[str] = []                      # `# fact:` lines that are no rules
        self.rules: dict[str, dict[str, str]] = {}      # rule -> claim, source, sentence
        self.harmless: Counter[str] = Counter()         # filtered kernel messages, by reason
        self.notes: list[str] = []                      # odd, and no verdict
        self.seconds: float | None = None
        self.rerun_command: Callable[[str], str] = lambda name: f"./run_tests.sh '{name}'"

    def fact(self, text: str) -> None:
        """`rule NAME|CLAIM|source|sentence`, or anything else that a program found out before it ran."""
        kind, _, rest = text.partition(" ")
        fields = rest.split("|", 3)
        if kind == "rule" and len(fields) == 4:
            name, claim, source, sentence = (f.strip() for f in fields)
            self.rules[name] = {"claim": claim, "source": source, "sentence": sentence}
        elif text not in self.facts:
            self.facts.append(text)

    def note(self, text: str) -> None:
        if len(self.notes) < NOTES:
            self.notes.append(text)
