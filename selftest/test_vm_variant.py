# SPDX-License-Identifier: GPL-2.0
"""A private variant of a build: made beside it, the source and the build untouched, no mount left.
"""

import os
import shutil
import subprocess
import unittest
from pathlib import Path
from unittest import mock

from base.errors import Stop
from vm import in_place
from vm.kernel import Kernel
from vm.source import Source
from dev import fault
from vm_kit import WithCache

MAKEFILE = """vmlinux: ; cat mm/one.c mm/two.c >$(O)/vmlinux
modules: ; grep -q broken mm/one.c && { echo "mm/one.c:1: error: broken"; exit 1; } || :
"""
MAY_MOUNT = subprocess.run(["unshare", "--mount", "--map-root-user", "true"], capture_output=True,
                           check=False).returncode == 0
PATCH = """@@
@@
-one
+changed
"""


@unittest.skipUnless(MAY_MOUNT, "this user may not have a mount namespace")
class Build(WithCache):
    def setUp(self):
        super().setUp()
        tree, build = self.folder / "tree", self.folder / "bu,il:d"
        self.private = self.folder / "private"
        for path in (tree / "mm", build / "lib", self.private):
            path.mkdir(parents=True)
        (tree / "Makefile").write_text(MAKEFILE)
        for name in ("one", "two"):
            (tree / f"mm/{name}.c").write_text(f"int x = {name};\n")
        (build / "vmlinux").write_text("old")
        (build / "lib/test_hmm.ko").write_text("module")
        source = Source("tree", tree, "6.1", "tree", "tree")
        self.base = Kernel(build / "vmlinux", {}, "6.1", source=source, build_dir=build)
        self.variant = fault.Variant(self.base, self.private, 1)

    def changed(self, text: str) -> dict[str, Path]:
        (self.private / "0.c").write_text(text)
        return {"mm/one.c": self.private / "0.c"}

    def test_the_changed_file_is_built_and_nothing_else_changes(self):
        self.only_what_changed_is_built()
        if self.overlay_works():
            self.assertFalse((self.private / "whole").exists(), "overlay was not used")

    def overlay_works(self) -> bool:
        """Not where the folder for temporary files is itself on an overlay, as in many containers.
        """
        for name in ("lower", "upper", "work", "merged"):
            (self.folder / name).mkdir()
        done = subprocess.run(["unshare", "--mount", "--map-root-user", "mount", "-t", "overlay",
                               "overlay", "-o",
                               "lowerdir=lower,upperdir=upper,workdir=work", "merged"],
                              cwd=self.folder, capture_output=True, check=False)
        for path in self.folder.glob("work/*"):
            path.chmod(0o700)
        return done.returncode == 0

    def only_what_changed_is_built(self):
        kernel = self.variant.build(self.changed("int x = changed;\n"), self.folder / "log")
        self.assertEqual(kernel.image.read_text(), "int x = changed;\nint x = two;\n")
        self.assertEqual(kernel.modules["test_hmm"].read_text(), "module")
        self.assertEqual((self.base.build_dir / "vmlinux").read_text(), "old")
        self.assertEqual((self.base.source.path / "mm/one.c").read_text(), "int x = one;\n")
        self.assertNotIn(str(self.folder), Path("/proc/self/mounts").read_text())

    def test_a_fault_in_the_driver_alone(self):
        (self.base.source.path / "Makefile").write_text(
            "vmlinux: ;\nmodules: ; test -s $(O)/vmlinux && cp mm/one.c $(O)/lib/test_hmm.ko\n")
        kernel = self.variant.build(self.changed("int x = changed;\n"), self.folder / "log")
        self.assertEqual(kernel.image.read_text(), "old")
        self.assertEqual(kernel.modules["test_hmm"].read_text(), "int x = changed;\n")
        self.assertEqual((self.base.build_dir / "lib/test_hmm.ko").read_text(), "module")

    def test_a_change_of_nothing_is_told(self):
        if not self.overlay_works():
            self.skipTest("a copy has everything in it")
        (self.base.source.path / "Makefile").write_text("vmlinux modules: ;\n")
        with self.assertRaises(fault.DoesNotBuild) as caught:
            self.variant.build(self.changed("int x = one; /* the same */\n"), self.folder / "log")
        self.assertIn("it changes nothing that is compiled", str(caught.exception))

    def test_without_overlay_there_is_a_copy(self):
        script, fault.SCRIPT = fault.SCRIPT, fault.SCRIPT.replace("-t overlay", "-t nosuchfs")
        self.addCleanup(setattr, fault, "SCRIPT", script)
        self.only_what_changed_is_built()

    def test_the_compilers_first_error(self):
        with self.assertRaises(fault.DoesNotBuild) as caught:
            self.variant.build(self.changed("broken\n"), self.folder / "log")
        self.assertIn("mm/one.c:1: error: broken", str(caught.exception))

    def test_all_is_gone_afterwards(self):
        self.variant.build(self.changed("int x = changed;\n"), self.folder / "log")
        in_place.remove(self.private)
        self.assertFalse(self.private.exists())

    @unittest.skipUnless(shutil.which("spatch"), "no coccinelle")
    def test_a_semantic_patch_applies_or_does_not(self):
        rules = self.folder / "rules.cocci"
        rules.write_text(PATCH)
        changed = self.variant.patch(rules, ("mm/one.c", "mm/two.c", "mm/absent.c"))
        self.assertEqual({name: path.read_text() for name, path in changed.items()},
                         {"mm/one.c": "int x = changed;\n"})
        self.assertEqual(self.variant.patch(rules, ("mm/two.c",)), {})

    def test_a_tool_that_fails_says_nothing_about_the_fault(self):
        """spatch that cannot read the patch, is killed, or has no room, is none that does not
        apply."""
        rules, tools = self.folder / "rules.cocci", self.folder / "bin"
        rules.write_text(PATCH)
        tools.mkdir()
        for script, says in (("echo 'minus: parse error' >&2; exit 255", "minus: parse error"),
                             ("echo 'EXN: Common.Timeout in one.c'", "EXN: "),
                             ("kill -9 $$", "exit status -9"),
                             ('cp "$4" "$6"; echo "cp: error writing: No space left on device" >&2',
                              "No space left")):
            (tools / "spatch").write_text(f"#!/bin/sh\n{script}\n")
            (tools / "spatch").chmod(0o755)
            path = f"{tools}:{os.environ['PATH']}"
            with self.subTest(script=script), mock.patch.dict(os.environ, PATH=path), \
                    self.assertRaises(Stop) as caught:
                self.variant.patch(rules, ("mm/one.c",))
            self.assertEqual(caught.exception.status, 3)
            self.assertIn(says, str(caught.exception))

    def test_the_kernels_own_words_are_no_failure(self):
        """spatch prints the difference with its context, in which anything can stand."""
        rules, tools = self.folder / "rules.cocci", self.folder / "bin"
        rules.write_text(PATCH)
        tools.mkdir()
        (tools / "spatch").write_text("#!/bin/sh\necho '  * Make an exception, Fatal error, EXN'\n"
                                      "echo '-an exception' && echo 'int x = 7;' >\"$6\"\n")
        (tools / "spatch").chmod(0o755)
        path = f"{tools}:{os.environ['PATH']}"
        with mock.patch.dict(os.environ, PATH=path):
            self.assertEqual(set(self.variant.patch(rules, ("mm/one.c",))), {"mm/one.c"})

    def test_a_build_that_no_compiler_ended(self):
        """make that is killed, or finds no room, says nothing about the changed source."""
        for recipe, says in (("kill -9 $$PPID", "no error of a compiler"),
                             ("echo 'as: error: No space left on device'; exit 1",
                              "No space left")):
            (self.base.source.path / "Makefile").write_text(f"vmlinux modules: ; {recipe}\n")
            with self.subTest(recipe=recipe), self.assertRaises(Stop) as caught:
                self.variant.build(self.changed("int x = changed;\n"), self.folder / "log")
            self.assertIn(says, str(caught.exception))
            in_place.remove(self.private)
            self.private.mkdir()
