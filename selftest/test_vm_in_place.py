# SPDX-License-Identifier: GPL-2.0
"""A tree that was built in place: make sees its sources and nothing that was generated, and nothing
in the tree changes.

The kernel here is a Makefile that refuses what kbuild refuses, and copies what it sees.
"""

import hashlib
import os
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from vm import in_place, kernel, source
from vm_kit import git, may_mount_overlay

MAKEFILE = """VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 9
tinyconfig:
	test ! -e .config && test ! -d include/config || { echo "*** run mrproper"; exit 1; }
	echo "# nothing" > $(O)/.config
olddefconfig: ;
vmlinux:
	echo "Linux version 6.1.9 (x)" > $(O)/vmlinux
	find . ! -type d ! -path './.git/*' | sort >> $(O)/vmlinux
	echo "deps_x := $(CURDIR)/mm/gup.c $(CURDIR)/mm/new.c" > $(O)/.gup.o.cmd
modules:
	mkdir -p $(O)/lib && echo module > $(O)/lib/test_hmm.ko
	test ! -w mm || touch mm/by-make
"""
# Debian's last two lines hide the whole tree.
IGNORED = ".*\n!.gitignore\n*.o\n/vmlinux\n/include/config/\n/include/generated/\n/*\n!/debian/\n"
SOURCES = ("Makefile", "Kbuild", "mm/gup.c", "mm/.gitignore", "lib/crc.c", "lib/.gitignore",
           "scripts/tool.sh", ".gitignore", "localversion-mine")
GENERATED = (".config", ".config.old", "vmlinux", "vmlinux.o", "System.map", "mm/gup.o",
             "mm/.gup.o.cmd", "lib/crctable.h", "include/config/auto.conf",
             "include/generated/autoconf.h", "arch/x86/include/generated/asm/x.h")


@pytest.fixture(name="box", params=["git", "tarball"])
def box_(box, request):
    """A built tree, in git or not, with a .gitignore that names the whole tree."""
    box.tree, box.fragment = box.folder / "li,nu:x", box.folder / "fragment"
    box.fragment.write_text("")
    text = {"Makefile": MAKEFILE, ".gitignore": IGNORED, "lib/.gitignore": "/crctable.h\n"}
    for name in SOURCES:
        write(box, name, text.get(name, name))
    (box.tree / "link").symlink_to("mm")
    if request.param == "git":
        for words in (("init", "-q"), ("add", "-f", "-A"), ("commit", "-qm", "x")):
            git(box.tree, *words)
    for name in (*GENERATED, "mm/new.c"):
        write(box, name, "made")
    return box


def write(box, name: str, text: str) -> None:
    path = box.tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def build(box):
    found = source.resolve(str(box.tree), box.cache, box.say)
    return kernel.build(found, box.cache, (box.fragment,), box.say, 1)


def seen(built) -> list[str]:
    """The files that make saw."""
    return [line.removeprefix("./") for line in built.image.read_text().splitlines()[1:]]


def state(folder: Path) -> dict[str, tuple]:
    """All that somebody could notice of a change."""
    return {str(path.relative_to(folder)): (
        hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        path.stat().st_mtime_ns, path.stat().st_mode) for path in folder.rglob("*")} | {
            "status": source.run(folder, "--no-optional-locks", "status", "--porcelain",
                                 "--ignored").stdout}


@pytest.mark.parametrize("reason", ["", "not permitted"])
def test_make_sees_the_sources_alone(box, reason):
    if reason:      # no overlay can be mounted here
        box.patch(in_place, "SCRIPT", f"echo '{reason}'; exit 1")
    found = seen(build(box))
    assert sorted(set(GENERATED) & set(found)) == []
    assert sorted({*SOURCES, "mm/new.c", "link"} - set(found)) == []
    box.assert_said("was built in place: ")
    if reason or may_mount_overlay(box.folder):
        assert [line for line in box.said if "a folder of links" in line] == [
            line for line in box.said if reason and reason in line]
    assert not any("mrproper" in line for line in box.said)


def test_nothing_in_the_tree_changes(box):
    before = state(box.tree)
    build(box)
    assert state(box.tree) == before
    assert list((box.cache.root / "view").glob(".tmp-*")) == []


def test_unchanged_is_not_built_again(box):
    build(box)
    box.said.clear()
    write(box, "mm/gup.o", "made again")
    build(box)
    assert box.said == []
    write(box, "mm/new.c", "changed")
    build(box)
    box.assert_said("built in place")


def test_what_cannot_be_told(box):
    for path in box.tree.rglob(".gitignore"):
        path.unlink()
    box.stops(2, "has no .gitignore", build, box)
    write(box, ".gitignore", IGNORED)
    with mock.patch.object(source, "run", return_value=mock.Mock(returncode=1, stderr="fatal")):
        box.stops(2, "git cannot tell which files", build, box)


@pytest.mark.skipif(os.geteuid(), reason="is what the others do")
def test_of_an_ordinary_user(box):
    """In a namespace of his own, where he may have one."""
    if subprocess.run(["unshare", "--mount", "--map-root-user", "true"], capture_output=True,
                      check=False).returncode:
        pytest.skip("this user may not have a mount namespace")
    with mock.patch.object(os, "geteuid", return_value=1000):
        assert "mm/gup.o" not in seen(build(box))
