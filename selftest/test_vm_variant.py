# SPDX-License-Identifier: GPL-2.0
"""A private variant of a build: made beside it, the source and the build untouched, no mount left.
"""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from vm import in_place
from vm.kernel import Kernel
from vm.source import Source
from dev import fault
from vm_kit import may_mount_overlay

MAKEFILE = """vmlinux: ; cat mm/one.c mm/two.c >$(O)/vmlinux
modules: ; grep -q broken mm/one.c && { echo "mm/one.c:1: error: broken"; exit 1; } || :
"""
MAY_MOUNT = subprocess.run(["unshare", "--mount", "--map-root-user", "true"], capture_output=True,
                           check=False).returncode == 0
pytestmark = pytest.mark.skipif(not MAY_MOUNT, reason="this user may not have a mount namespace")
PATCH = """@@
@@
-one
+changed
"""


@pytest.fixture(name="box")
def box_(box):
    tree, build = box.folder / "tree", box.folder / "bu,il:d"
    box.private = box.folder / "private"
    for path in (tree / "mm", build / "lib", box.private):
        path.mkdir(parents=True)
    (tree / "Makefile").write_text(MAKEFILE)
    for name in ("one", "two"):
        (tree / f"mm/{name}.c").write_text(f"int x = {name};\n")
    (build / "vmlinux").write_text("old")
    (build / "lib/test_hmm.ko").write_text("module")
    source = Source("tree", tree, "6.1", "tree", "tree")
    box.base = Kernel(build / "vmlinux", {}, "6.1", source=source, build_dir=build)
    box.variant = fault.Variant(box.base, box.private, 1)
    return box


def changed(box, text: str) -> dict[str, Path]:
    (box.private / "0.c").write_text(text)
    return {"mm/one.c": box.private / "0.c"}


def test_the_changed_file_is_built_and_nothing_else_changes(box):
    only_what_changed_is_built(box)
    if may_mount_overlay(box.folder):
        assert not (box.private / "whole").exists(), "overlay was not used"


def only_what_changed_is_built(box):
    kernel = box.variant.build(changed(box, "int x = changed;\n"), box.folder / "log")
    assert kernel.image.read_text() == "int x = changed;\nint x = two;\n"
    assert kernel.modules["test_hmm"].read_text() == "module"
    assert (box.base.build_dir / "vmlinux").read_text() == "old"
    assert (box.base.source.path / "mm/one.c").read_text() == "int x = one;\n"
    assert str(box.folder) not in Path("/proc/self/mounts").read_text()


def test_a_fault_in_the_driver_alone(box):
    (box.base.source.path / "Makefile").write_text(
        "vmlinux: ;\nmodules: ; test -s $(O)/vmlinux && cp mm/one.c $(O)/lib/test_hmm.ko\n")
    kernel = box.variant.build(changed(box, "int x = changed;\n"), box.folder / "log")
    assert kernel.image.read_text() == "old"
    assert kernel.modules["test_hmm"].read_text() == "int x = changed;\n"
    assert (box.base.build_dir / "lib/test_hmm.ko").read_text() == "module"


def test_a_change_of_nothing_is_told(box):
    if not may_mount_overlay(box.folder):
        pytest.skip("a copy has everything in it")
    (box.base.source.path / "Makefile").write_text("vmlinux modules: ;\n")
    with pytest.raises(fault.DoesNotBuild) as caught:
        box.variant.build(changed(box, "int x = one; /* the same */\n"), box.folder / "log")
    assert "it changes nothing that is compiled" in str(caught.value)


def test_a_kernel_that_is_the_same_is_not_measured(box):
    """All of it was compiled and linked again, and none of it has the fault."""
    box.base = box.variant.base = replace(box.base, build_id="same")
    with mock.patch("vm.elf.build_id", return_value="same"), \
            pytest.raises(fault.DoesNotBuild) as caught:
        box.variant.build(changed(box, "int x = 1;\n"), box.folder / "log")
    assert "the same as the kernel without it" in str(caught.value)


def test_without_overlay_there_is_a_copy(box):
    script, fault.SCRIPT = fault.SCRIPT, fault.SCRIPT.replace("-t overlay", "-t nosuchfs")
    box.later(setattr, fault, "SCRIPT", script)
    only_what_changed_is_built(box)


def test_the_compilers_first_error(box):
    with pytest.raises(fault.DoesNotBuild) as caught:
        box.variant.build(changed(box, "broken\n"), box.folder / "log")
    assert "mm/one.c:1: error: broken" in str(caught.value)


def test_all_is_gone_afterwards(box):
    box.variant.build(changed(box, "int x = changed;\n"), box.folder / "log")
    in_place.remove(box.private)
    assert not box.private.exists()


@pytest.mark.skipif(not shutil.which("spatch"), reason="no coccinelle")
def test_a_semantic_patch_applies_or_does_not(box):
    rules = box.folder / "rules.cocci"
    rules.write_text(PATCH)
    changed = box.variant.patch(rules, ("mm/one.c", "mm/two.c", "mm/absent.c"))
    assert {name: path.read_text() for name,
            path in changed.items()} == {"mm/one.c": "int x = changed;\n"}
    assert box.variant.patch(rules, ("mm/two.c",)) == {}


def patched_by(box, spatch: str) -> dict[str, Path]:
    """What a script in place of spatch makes of a file."""
    (box.folder / "rules.cocci").write_text(PATCH)
    (box.folder / "bin").mkdir(exist_ok=True)
    box.script("bin/spatch", spatch)
    with mock.patch.dict(os.environ, PATH=f"{box.folder}/bin:{os.environ['PATH']}"):
        return box.variant.patch(box.folder / "rules.cocci", ("mm/one.c",))


def test_a_tool_that_fails_says_nothing_about_the_fault(box):
    """spatch that cannot read the patch, is killed, or has no room, is none that does not apply."""
    for script, says in (("echo 'minus: parse error' >&2; exit 255", "minus: parse error"),
                         ("echo 'EXN: Common.Timeout in one.c'", "EXN: "),
                         ("kill -9 $$", "exit status -9"),
                         ('cp "$4" "$6"; echo "cp: error writing: No space left on device" >&2',
                          "No space left")):
        box.stops(3, says, patched_by, box, script)


def test_the_kernels_own_words_are_no_failure(box):
    """spatch prints the difference with its context, in which anything can stand."""
    script = ("echo '  * Make an exception, Fatal error, EXN'\n"
              "echo '-an exception' && echo 'int x = 7;' >\"$6\"")
    assert set(patched_by(box, script)) == {"mm/one.c"}


def test_a_build_that_no_compiler_ended(box):
    """make that is killed, or finds no room, says nothing about the changed source."""
    for recipe, says in (("kill -9 $$PPID", "no error of a compiler"),
                         ("echo 'as: error: No space left on device'; exit 1", "No space left")):
        (box.base.source.path / "Makefile").write_text(f"vmlinux modules: ; {recipe}\n")
        box.stops(3, says, box.variant.build, changed(box, "int x = changed;\n"),
                  box.folder / "log")
        in_place.remove(box.private)
        box.private.mkdir()
