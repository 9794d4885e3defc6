# SPDX-License-Identifier: GPL-2.0
"""`python3 -m runner.selftests MODULE FILE`: run one module of unit tests and write its counts, as JSON, to FILE."""

from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path


class Counted(unittest.TextTestResult):
    """A result that also counts what passed."""

    passed = 0

    def addSuccess(self, test) -> None:  # noqa: N802, unittest's name
        """A test has passed."""
        super().addSuccess(test)
        self.passed += 1


def main(module: str, counts: Path) -> int:
    """All tests of a module; none at all is a failure."""
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Counted).run(suite)
    failed = suite.countTestCases() - result.passed - len(result.skipped)
    if not suite.countTestCases():
        failed = 1
    counts.write_text(json.dumps({"passed": result.passed, "failed": failed, "skipped": len(result.skipped)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
