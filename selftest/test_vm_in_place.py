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

from vm import in_place, kernel, source
from vm_kit import WithCache

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


def state(folder: Path) -> dict[str, tuple]:
    """All that somebody could notice of a change."""
    return {str(path.relative_to(folder)): (
        hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        path.stat().st_mtime_ns, path.stat().st_mode) for path in folder.rglob("*")}


class InPlace(WithCache):
    tracked = True

    def setUp(self):
        super().setUp()
        self.tree = self.folder / "li,nu:x"
        for name in SOURCES:
            self.write(name, name)
        self.write("Makefile", MAKEFILE)
        self.write(".gitignore", IGNORED)
        self.write("lib/.gitignore", "/crctable.h\n")
        (self.tree / "link").symlink_to("mm")
        if self.tracked:
            for words in (("init", "-q"), ("add", "-f", "-A"),
                          ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x")):
                subprocess.run(["git", "-C", self.tree, *words], check=True)
        for name in (*GENERATED, "mm/new.c"):
            self.write(name, "made")
        self.fragment = self.folder / "fragment"
        self.fragment.write_text("")

    def write(self, name: str, text: str) -> None:
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def build(self):
        found = source.resolve(str(self.tree), self.cache, self.say)
        return kernel.build(found, self.cache, (self.fragment,), self.say, 1)

    def refused(self, reason: str):
        """No overlay can be mounted here."""
        return mock.patch.object(in_place, "SCRIPT", f"echo '{reason}'; exit 1")

    def may_mount(self) -> bool:
        """Not where the folder for temporary files is on an overlay, as in many containers."""
        for name in ("lower", "upper", "work"):
            (self.folder / name).mkdir(exist_ok=True)
        place = self.folder
        script = f"mount -t overlay overlay -o lowerdir={place}/lower,upperdir={place}/upper," \
                 f"workdir={place}/work {place}/lower"
        return subprocess.run(["unshare", "--mount", "--map-root-user", "sh", "-c", script],
                              capture_output=True, check=False).returncode == 0

    def seen(self, built) -> list[str]:
        return [line.removeprefix("./") for line in built.image.read_text().splitlines()[1:]]

    def status(self) -> str:
        return source.run(self.tree, "--no-optional-locks", "status", "--porcelain",
                          "--ignored").stdout

    def test_make_sees_the_sources_alone(self):
        for reason in ("", "not permitted"):
            self.said.clear()
            with self.refused(reason) if reason else mock.patch.object(in_place, "MINUTE", 60):
                found = self.seen(self.build())
            with self.subTest(reason=reason):
                self.assertEqual(sorted(set(GENERATED) & set(found)), [])
                self.assertEqual(sorted({*SOURCES, "mm/new.c", "link"} - set(found)), [])
                self.assert_said("was built in place: ")
                if reason or self.may_mount():
                    self.assertEqual([line for line in self.said if "a folder of links" in line],
                                     [line for line in self.said if reason and reason in line])
                self.assertFalse(any("mrproper" in line for line in self.said))
            (self.tree / "mm/gup.c").write_text("changed\n")    # the second is built, too

    def test_nothing_in_the_tree_changes(self):
        before, status = state(self.tree), self.status()
        self.build()
        self.assertEqual((state(self.tree), self.status()), (before, status))
        self.assertEqual(list((self.cache.root / "view").glob(".tmp-*")), [])

    def test_unchanged_is_not_built_again(self):
        self.build()
        self.said.clear()
        self.write("mm/gup.o", "made again")
        self.build()
        self.assertEqual(self.said, [])
        self.write("mm/new.c", "changed")
        self.build()
        self.assert_said("built in place")

    def test_what_cannot_be_told(self):
        for path in self.tree.rglob(".gitignore"):
            path.unlink()
        self.stops(2, "has no .gitignore", self.build)
        self.write(".gitignore", IGNORED)
        with mock.patch.object(source, "run", return_value=mock.Mock(returncode=1, stderr="fatal")):
            self.stops(2, "git cannot tell which files", self.build)

    def test_of_an_ordinary_user(self):
        """In a namespace of his own, where he may have one."""
        if os.geteuid():
            self.skipTest("is what the others do")
        found = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "true"], capture_output=True, check=False)
        if found.returncode:
            self.skipTest("this user may not have a mount namespace")
        with mock.patch.object(os, "geteuid", return_value=1000):
            self.assertNotIn("mm/gup.o", self.seen(self.build()))


class Tarball(InPlace):
    """The same without git, and with a .gitignore that names the whole tree."""

    tracked = False

    def status(self) -> str:
        return ""
