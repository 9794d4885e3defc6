# SPDX-License-Identifier: GPL-2.0
"""`import TREE`: put the test programs into a kernel tree, as an ordinary kselftest.

All checks come before the first write. The folder is filled under another name and then renamed, so
that the tree never has half of the suite.
"""

import argparse
import re
import shutil
import tempfile
from pathlib import Path

from base import files
from base.errors import CANNOT, Stop, WRONG_USE
from base.files import TOP
from vm import source
from runner.screen import Screen, one_line

NAME = "hmm-coherent"
SELFTESTS = Path("tools/testing/selftests")
FILES = ("Makefile", "config", "settings", "hmm_coherent_driver.sh", "common/*/*.[ch]",
         "hmm-coherent/*.[ch]")
IGNORED = "# SPDX-License-Identifier: GPL-2.0\n/hmm_coherent_*\n!/hmm_coherent_*.sh\n/obj/\n"
TARGET = re.compile(r"^TARGETS \+= (\S+)\n", re.M)
# The entry of MAINTAINERS to which the folder is added: that of test_hmm.
ENTRY = re.compile(r"^HMM - .*\n(?:[A-Z]:\t.*\n)+", re.M)


def main(options: argparse.Namespace, screen: Screen) -> int:
    """Import the suite, and print the next commands."""
    tree = checked(Path(options.globs[0]).expanduser().resolve(), options.globs[0])
    makefile, folder = tree / SELFTESTS / "Makefile", tree / SELFTESTS / NAME
    wanted, text = contents(), with_target(makefile)
    maintainers, entries = tree / "MAINTAINERS", with_entry(tree / "MAINTAINERS")
    refuse_changes(tree, folder, wanted)
    try:
        replace(folder, wanted)
        if text != makefile.read_text():
            files.write(makefile, text)
        if entries and entries != maintainers.read_text():
            files.write(maintainers, entries)
    except OSError as error:
        raise Stop(CANNOT, f"{folder} cannot be written: {error.strerror}",
                   "make the tree writable") from None
    lines = sum(data.count(b"\n") for data in wanted.values())
    screen.say(f"{len(wanted)} files, {lines} lines in {folder}, and a line in {makefile}")
    print(f"make -C {tree} kselftest-merge     # adds the options to an existing .config")
    print(f"make -C {tree / SELFTESTS} TARGETS={NAME} run_tests")
    if (tree / ".git").exists():
        print(
            f"git -C {tree} add {SELFTESTS / NAME} {SELFTESTS / 'Makefile'}"
            f"{' MAINTAINERS' * bool(entries)} && git -C {tree} commit -s"
        )
    return 0


def checked(tree: Path, given: str) -> Path:
    """The path of a kernel tree that has kselftests and device-coherent memory; else Stop."""
    version = source.tree_version(tree)
    if not version or not (tree / SELFTESTS / "lib.mk").is_file():
        raise Stop(WRONG_USE,
                   f"{given or 'no folder'} is not a kernel tree with {SELFTESTS}/lib.mk",
                   "give one: make import KDIR=TREE")
    source.check_age(version)
    return tree


def contents() -> dict[str, bytes]:
    """The files of the commit, by their names in the new folder."""
    found = {
        str(path.relative_to(TOP)): path.read_bytes() for glob in FILES
        for path in sorted(TOP.glob(glob))}
    return found | {".gitignore": IGNORED.encode()}


def with_target(makefile: Path) -> str:
    """The kselftest Makefile with our line, in alphabetical order."""
    text = makefile.read_text()
    lines = list(TARGET.finditer(text))
    if not lines:
        raise Stop(WRONG_USE, f"{makefile} has no line 'TARGETS += ...'",
                   "give a kernel tree with kselftests")
    if NAME in (line[1] for line in lines):
        return text
    at = next((line.start() for line in lines if line[1] > NAME), lines[-1].end())
    return f"{text[:at]}TARGETS += {NAME}\n{text[at:]}"


def with_entry(maintainers: Path) -> str:
    """MAINTAINERS with our folder in the entry of HMM; empty if there is no such entry."""
    text = maintainers.read_text() if maintainers.is_file() else ""
    entry = ENTRY.search(text)
    if not entry:
        return ""
    ours = f"F:\t{SELFTESTS / NAME}/\n"
    lines = entry[0].splitlines(keepends=True)
    if ours not in lines:
        at = next((number for number, line in enumerate(lines) if line[0] == "F" and line > ours),
                  len(lines))
        lines.insert(at, ours)
    return text[:entry.start()] + "".join(lines) + text[entry.end():]


def refuse_changes(tree: Path, folder: Path, wanted: dict[str, bytes]) -> None:
    """Stop if a second import would lose uncommitted changes, or if the folder is not ours."""
    if not folder.exists():
        return
    if not (folder / "hmm_coherent_driver.sh").exists():
        raise Stop(WRONG_USE, f"{folder} exists and is not this suite", "move it away")
    # without the programs and objects of a build
    differ = [path for path in sorted(folder.rglob("*"))
              if path.is_file() and path.read_bytes()[:4] != b"\x7fELF"
              and wanted.get(str(path.relative_to(folder))) != path.read_bytes()]
    if differ and not source.is_under(tree):
        raise Stop(
            WRONG_USE,
            f"{differ[0]} differs from this suite, and without git it is unknown whether you "
            "changed it",
            f"move {folder} away")
    changed = uncommitted(folder) if differ else set()
    edited = [path for path in differ if str(path.relative_to(folder)) in changed]
    if edited:
        raise Stop(WRONG_USE, f"{edited[0].relative_to(tree)} has uncommitted changes",
                   "commit or remove them first")


def uncommitted(folder: Path) -> set[str]:
    """Files that differ from HEAD or are not in it, ignored ones too, relative to the folder."""
    names: set[str] = set()
    for words in (("diff", "--name-only", "--relative", "-z", "HEAD", "--", "."),
                  ("ls-files", "--others", "-z")):
        done = source.run(folder, *words)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no message"])[0]
            raise Stop(
                WRONG_USE,
                f"git cannot tell whether {folder} has uncommitted changes: {one_line(said, 200)}",
                "nothing was imported")
        names.update(done.stdout.split("\0"))
    return names


def replace(folder: Path, wanted: dict[str, bytes]) -> None:
    """Replace the folder by one with these files and no others."""
    private = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=folder.parent))
    new, old = private / "new", private / "old"
    try:
        for name, data in wanted.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
            shutil.copymode(TOP / name, new / name)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(private, ignore_errors=True)
