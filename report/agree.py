# SPDX-License-Identifier: GPL-2.0
"""Claim S9 over a whole run: GUP and GUP-fast have the same rules.

Each cell is held against a model, which has one expectation for slow and fast. This looks at what they did: the outcome of every
`-slow-` test beside that of its `-fast-` sibling, also where both are wrong in different ways or where the model says nothing.
"""

from __future__ import annotations

from report.compare import facts
from report.ktap import Diag
from report.model import Run

SLOW, FAST = "-slow-", "-fast-"
RULE = ("same-rules (S9) gup_fast_pte_range() and follow_page_pte(), mm/gup.c, over folio_is_longterm_pinnable() -- "
        "slow and fast have the same outcome")


def pairs(run: Run):
    """(slow, fast): tests of which both have an outcome."""
    for name, slow in list(run.tests.items()):
        fast = run.tests.get(name.replace(SLOW, FAST)) if SLOW in name else None
        if fast and slow.outcomes and fast.outcomes:
            yield slow, fast


def check(run: Run) -> int:
    """Tell the run of every pair that differs; the number of pairs."""
    count = 0
    for slow, fast in pairs(run):
        count += 1
        a, b = facts(slow.outcomes[-1]), facts(fast.outcomes[-1])
        differs = [f"{key}: {a.get(key, '-')} by GUP, {b.get(key, '-')} by GUP-fast" for key in a | b if a.get(key) != b.get(key)]
        if differs:
            run.differ("same-rules", f"{slow.name} and {fast.name} differ: {differs[0]}",
                       [Diag("rule", RULE), *(Diag("seen", text) for text in differs)])
    return count
