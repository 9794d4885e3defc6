# SPDX-License-Identifier: GPL-2.0
"""dev/mypy.ini rejects what the interpreter would find only when it gets there."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from base.files import TOP

REJECTED = (
    ("import re\n\n\ndef f(text: str) -> str:\n    return re.match('a', text)[0]\n", "index"),
    ("def f(number):\n    g('1')\n\n\ndef g(number: int) -> None: ...\n", "arg-type"),
    ("class A:\n    one: int\n    two: one.Two\n", "name-defined"),
    ("def f(text: str) -> bool:\n    return text == 1\n", "comparison-overlap"),
)
ACCEPTED = ("import re\n\n\ndef f(text: str) -> str:\n    found = re.match('a', text)\n"
            "    return found[0] if found else ''\n\n\ndef g(words):\n    return words[0]\n")


@unittest.skipUnless(shutil.which("mypy"), "mypy is not installed")
class Mypy(unittest.TestCase):
    """The configuration, on modules that exist only here."""

    def test_each_error_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            names = [f"bad{number}.py" for number in range(len(REJECTED))]
            for name, text in zip([*names, "good.py"], [*(bad for bad, _ in REJECTED), ACCEPTED]):
                Path(folder, name).write_text(text)
            done = subprocess.run(
                ["mypy", "--config-file", str(TOP / "dev" / "mypy.ini"), "--cache-dir",
                 f"{folder}/cache", *names, "good.py"], cwd=folder, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        for name, (_, code) in zip(names, REJECTED):
            with self.subTest(name=name):
                self.assertRegex(done.stdout, rf"(?m)^{name}:\d+: error: .*\[{code}\]$")
        self.assertNotIn("good.py", done.stdout)


if __name__ == "__main__":
    unittest.main()
