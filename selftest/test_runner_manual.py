# SPDX-License-Identifier: GPL-2.0
"""The manual and the completion are those of the option parser, and do what they are for."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from runner import manual, options
from base.files import TOP


def long_options() -> set[str]:
    """What the parser itself takes."""
    return {name for action in options.parser()._actions for name in action.option_strings if name.startswith("--")
            and name != "--print-kernel-tree"}


class Manual(unittest.TestCase):
    def test_it_is_what_the_parser_says(self):
        for path, text in ((manual.PAGE, manual.page()), (manual.COMPLETION, manual.completion())):
            self.assertEqual(path.read_text(), text, f"{path.name} is out of date: make manual")

    def test_nothing_is_left_out(self):
        found = set(re.findall(r"--[a-z-]+", manual.page().replace("\\-", "-")))
        self.assertEqual(long_options() - found, set())
        for word in options.WORDS:
            self.assertIn(f".B ./run_tests.sh {word}".replace("-", "\\-"), manual.page())

    def test_each_option_says_what_it_does(self):
        for action in options.parser()._actions:
            self.assertTrue(action.help, action.option_strings)

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_man_has_nothing_to_remark(self):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", manual.PAGE], capture_output=True, text=True,
                              env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("something passed and nothing is worse", done.stdout)

    def test_documents_name_only_options_that_exist(self):
        """`./run_tests.sh --option` anywhere in README.md and docs/, the definitions for CI systems included."""
        for path in (TOP / "README.md", *sorted((TOP / "docs").rglob("*.md")), *sorted((TOP / "docs" / "ci").glob("*.y*ml"))):
            text = re.sub(r"\\?\n\s+(?=--)", " ", path.read_text())
            for line in re.findall(r"run_tests\.sh[^`|\n]*", text):
                unknown = set(re.findall(r"(?<=\s)--[a-z-]+", line.partition("#")[0])) - long_options()
                self.assertEqual(unknown, set(), f"{path.name}: {line}")

    def test_documents_have_100_columns(self):
        """Tables and code blocks excepted."""
        for path in (TOP / "README.md", *(TOP / "docs").glob("*.md"), TOP / "faults" / "README.md"):
            long = [f"{path.name}:{number}" for number, line in
                    enumerate(path.read_text().splitlines(), 1)
                    if len(line) > 100 and not line.startswith(("|", "    "))]
            self.assertEqual(long, [], "wrap prose at 100 columns")

    def test_the_index_has_each_document(self):
        """docs/README.md names each page, and no page that does not exist."""
        named = set(re.findall(r"\]\(([a-z-]+\.md)\)", (TOP / "docs" / "README.md").read_text()))
        there = {path.name for path in (TOP / "docs").glob("*.md")} - {"README.md"}
        self.assertEqual(named, there)


class Completion(unittest.TestCase):
    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last word."""
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "build", "hmm_coherent_x")
            program.parent.mkdir()
            program.write_text("#!/bin/sh\nprintf 'fork.one\\twhat\\nfork.two\\twhat\\n'\n")
            program.chmod(0o755)
            script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); set -- "$1" "${@: -1}" "${@: -2:1}"; '
                      '_hmm_coherent "$1" "$2" "$3"; printf "%s\\n" "${COMPREPLY[@]}"')
            done = subprocess.run(["bash", "-c", script, "bash", manual.COMPLETION, f"{folder}/run_tests.sh", *words],
                                  capture_output=True, text=True, cwd=folder, check=True)
            self.assertEqual(done.stderr, "")
            return done.stdout.split()

    def test_what_is_offered(self):
        self.assertEqual(self.complete("--ju"), ["--junit"])
        self.assertEqual(self.complete("bis"), ["bisect"])
        self.assertEqual(self.complete("--vm", "bis"), [])
        self.assertEqual(self.complete("fork."), ["fork.one", "fork.two"])
        self.assertEqual(self.complete("--accel", "t"), ["tcg"])
        self.assertEqual(self.complete("--repeat", ""), [])
        self.assertEqual(self.complete("--kernel", "bui"), ["build"])
        self.assertEqual(set(self.complete("--")), long_options())


if __name__ == "__main__":
    unittest.main()
