# SPDX-License-Identifier: GPL-2.0
"""dev/mypy.ini rejects what the interpreter would find only when it gets there."""

import re
import shutil
import subprocess

import pytest

from base.files import TOP

REJECTED = (
    ("import re\n\n\ndef f(text: str) -> str:\n    return re.match('a', text)[0]\n", "index"),
    ("def f(number):\n    g('1')\n\n\ndef g(number: int) -> None: ...\n", "arg-type"),
    ("class A:\n    one: int\n    two: one.Two\n", "name-defined"),
    ("def f(text: str) -> bool:\n    return text == 1\n", "comparison-overlap"),
)
ACCEPTED = ("import re\n\n\ndef f(text: str) -> str:\n    found = re.match('a', text)\n"
            "    return found[0] if found else ''\n\n\ndef g(words):\n    return words[0]\n")

@pytest.mark.skipif(not shutil.which("mypy"), reason="mypy is not installed")
def test_each_error_is_found(scratch):
    """By the configuration, on modules that exist only here."""
    names = [f"bad{number}.py" for number in range(len(REJECTED))]
    for name, text in zip([*names, "good.py"], [*(bad for bad, _ in REJECTED), ACCEPTED]):
        (scratch / name).write_text(text)
    done = subprocess.run(
        ["mypy", "--config-file", str(TOP / "dev" / "mypy.ini"), "--cache-dir", scratch / "cache",
         *names, "good.py"], cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=600, check=False)
    assert done.returncode == 1, done.stderr
    for name, (_, code) in zip(names, REJECTED):
        assert re.search(rf"(?m)^{name}:\d+: error: .*\[{code}\]$", done.stdout), done.stdout
    assert "good.py" not in done.stdout
