# SPDX-License-Identifier: GPL-2.0
"""What may bring a machine down is kept away from everything else, and left out unless asked for."""

from __future__ import annotations

import unittest
from pathlib import Path

from runner import plan, work
from runner.errors import Stop
from runner.programs import Test

USUAL, WRECK = Path("hmm_coherent_fork"), Path("hmm_coherent_destructive")


def tests(*names: str) -> list[Test]:
    """Tests of these names; the program follows from the name."""
    return [Test(name, "", WRECK if name.startswith("destructive.") else USUAL) for name in names]


class Destructive(unittest.TestCase):
    """destructive.*, told by its name."""

    def test_each_alone_and_once_a_round(self):
        arranged = work.arrange(tests("fork.a", "destructive.a", "fork.b", "destructive.b"), 2, None)
        usual, alone = work.apart(arranged)
        self.assertEqual([(b.program, b.names) for b in usual.batches], [(USUAL, ["fork.a", "fork.b"] * 2)])
        self.assertEqual([[b.names for b in one.batches] for one in alone],
                         [[["destructive.a"]], [["destructive.b"]]] * 2)
        self.assertEqual(usual.total() + sum(one.total() for one in alone), arranged.total())

    def test_nothing_else_is_left(self):
        usual, alone = work.apart(work.arrange(tests("destructive.a"), 1, None))
        self.assertFalse(usual)
        self.assertEqual(len(alone), 1)
        usual, alone = work.apart(work.arrange(tests("fork.destructive", "fork.a"), 1, None))
        self.assertEqual((usual.total(), alone), (2, []))

    def test_spared_unless_asked_for(self):
        kept = plan.spared(tests("fork.a", "destructive.a"))
        self.assertEqual([test.name for test in kept], ["fork.a"])
        with self.assertRaises(Stop) as caught:
            plan.spared(tests("destructive.a"))
        self.assertEqual(caught.exception.status, 2)
        self.assertIn("--destructive", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
