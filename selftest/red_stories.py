# SPDX-License-Identifier: GPL-2.0
"""Break the stories that no seeded fault of the kernel turns red: another step is taken, and the
story has to notice.

Each line changes what happens, not what is expected. All of them are broken in one copy of the
tree, which runs once, in a VM. Not part of `make check`:

python3 selftest/red_stories.py [KERNEL [WORD...]]     as of run_tests.sh --kernel, the default is
                                                       its own; only the lines that hold a WORD
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

TABLE = TOP / "selftest" / "red-stories.txt"


def break_one(top: Path, line: str) -> str:
    """Break a line in the copy; which tests have to fail."""
    name, function, old, new, tests = (part.strip(" ") for part in re.split(r" \| (?!PROT_)", line))
    path = top / f"{name}.c" if "/" in name else top / "hmm-coherent" / f"{name}.c"
    text = path.read_text()
    head = rf"(?:SCENARIO\(\w+, {function},|[a-z][\w ]+[ *]{function}\()"
    body = re.search(rf"^{head}(?:.|\n)*?^}}$", text, re.M)
    if not body or body[0].count(old) != 1:
        raise SystemExit(f"red_stories: {path.name} has no {function}() in which this stands once: "
                         f"{old}")
    path.write_text(text[:body.start()] + body[0].replace(old, new) + text[body.end():])
    return tests


def said(test: dict) -> str:
    """The rule that was broken, and by what."""
    diags = [(key, text) for attempt in test["attempts"] for key, text in attempt["diags"]]
    rule, expected, seen, fail = (next((text for key, text in diags if key == wanted), "")
                                  for wanted in ("rule", "expected", "seen", "fail"))
    name = rule.split(" ")[0]
    return f"{name}: {expected} / {seen}" if seen else ": ".join(filter(None, (name, fail)))


def run(top: Path, tests: list[str], kernel: list[str]) -> dict[str, tuple[str, str]]:
    """Run them in the copy: the verdict of each, and what it says."""
    results = top / "results"
    done = subprocess.run([top / "run_tests.sh", "--vm", *kernel, "--results", results, *tests],
                          capture_output=True, text=True, check=False)
    if not (results / "run.json").exists():
        raise SystemExit(f"red_stories: nothing ran\n{done.stderr}")
    return {test["name"]: (test["verdict"], said(test))
            for test in json.loads((results / "run.json").read_text())["tests"]}


def main() -> int:
    kernel, words = ["--kernel", *sys.argv[1:2]] if sys.argv[1:] else [], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        top = shutil.copytree(TOP, Path(folder, "copy"), ignore=shutil.ignore_patterns(
            ".git", "build", "results", "__pycache__"))
        tests = [break_one(top, line) for line in TABLE.read_text().splitlines()
                 if line[0] != "#" and (not words or any(word in line for word in words))]
        got = run(top, tests, kernel)
    for name, (verdict, text) in got.items():
        print(f"{verdict:6} {name}: {text}")
    here = [glob for glob in tests if any(fnmatchcase(name, glob) for name in got)]
    green = [name for name, (verdict, _) in got.items() if verdict != "fail"]
    print(f"{len(here)} stories broken, {len(tests) - len(here)} not on this kernel; "
          f"{len(got) - len(green)} tests failed; not red: {' '.join(green) or 'none'}")
    return 1 if green or not got else 0


if __name__ == "__main__":
    sys.exit(main())
