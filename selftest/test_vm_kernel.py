# SPDX-License-Identifier: GPL-2.0
"""Building a kernel: when make runs and when not, and what a failure says.

The kernel here is a Makefile of a few lines with the targets that a kernel has.
"""

import fcntl
import os
import runpy
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from vm import kconfig, kernel
from vm.arch import ARCHS, HOST, TABLE
from vm.cache import Lock, lock_of
from vm.source import Source

MAKEFILE = """
all:
tinyconfig: ; echo "# nothing" > $(O)/.config
olddefconfig: ; grep -v DROPPED $(O)/.config > $(O)/new; mv $(O)/new $(O)/.config
vmlinux: code.c
	@echo run >> $(O)/runs
	cp code.c $(O)/vmlinux
	echo "deps_x := $(CURDIR)/code.c $(CURDIR)/x.h" > $(O)/.code.o.cmd
modules: vmlinux
	mkdir -p $(O)/lib
	cp code.c $(O)/lib/test_hmm.ko
	echo "$$MAKEFLAGS $$ARCH" > $(O)/environment
"""
CODE = "Linux version 6.1.9 (x)\n"


@pytest.fixture(name="builds")
def builds_(box):
    box.tree = box.folder / "linux"
    box.tree.mkdir()
    (box.tree / "Makefile").write_text(MAKEFILE)
    (box.tree / "code.c").write_text(CODE)
    box.fragment = box.folder / "config"
    box.fragment.write_text("CONFIG_A=y\n# CONFIG_B is not set\n")
    return box


def source(builds, kind="debian") -> Source:
    return Source(kind, builds.tree, "6.1.9", "a label", "an identity")


def build(builds, kind="debian"):
    return kernel.build(source(builds, kind), builds.cache, (builds.fragment,), builds.say, 2)


def runs(built) -> int:
    return len((built.build_dir / "runs").read_text().split())


@pytest.mark.parametrize("kind", ["debian", "tree"])
def test_unchanged_is_not_built_again(builds, kind):
    build(builds, kind)
    builds.assert_said("log in")
    builds.said.clear()
    assert (runs(build(builds, kind)), builds.said) == (1, [])


def test_a_changed_tree_is_built_again(builds):
    for number, change in enumerate((lambda: (builds.tree / "code.c").write_text(CODE + "new"),
                                     lambda: (builds.tree / "Makefile").write_text(MAKEFILE
                                                                                 + "# new"),
                                     lambda: (builds.tree / "x.h").unlink(),
                                     lambda: os.utime(builds.tree / "code.c")), 1):
        (builds.tree / "x.h").write_text("")
        before = runs(build(builds, "tree"))
        change()
        assert runs(build(builds, "tree")) == before + 1, number


def test_while_it_is_used_nobody_builds_it_again(builds):
    built = build(builds, "tree")
    with Lock(lock_of(built.build_dir)) as other:
        assert not other.tried(fcntl.LOCK_EX)
        assert other.tried(fcntl.LOCK_SH)         # another run that uses it
        builds.said.clear()
        # does not make us wait
        assert (runs(build(builds, "tree")), builds.said) == (1, [])
        del built
        assert other.tried(fcntl.LOCK_EX)


def test_a_tree_that_never_stays(builds):
    (builds.tree / "Makefile").write_text(MAKEFILE.replace("cp code.c $(O)/vmlinux",
                                                           "cp code.c $(O)/vmlinux; touch code.c"))
    builds.stops(3, "changed while it was built", build, builds, "tree")


def test_other_configuration_other_folder(builds):
    first = build(builds)
    builds.fragment.write_text("CONFIG_A=y\nCONFIG_C=y\n")
    second = build(builds)
    assert first.build_dir != second.build_dir
    assert first.config_hash != second.config_hash


def test_other_compiler_other_folder(builds):
    first = build(builds)
    builds.script("gcc", "echo gcc 99")
    builds.environment(PATH=f"{builds.folder}:/usr/bin:/bin")
    assert build(builds).build_dir != first.build_dir


def test_a_comment_changes_no_hash_of_the_configuration(builds):
    first = build(builds)
    builds.fragment.write_text("# why\nCONFIG_A=y\n")
    assert build(builds).config_hash == first.config_hash


def test_damage_is_repaired_and_said(builds):
    for damage in (lambda folder: (folder / "vmlinux").write_text(""),
                   lambda folder: (folder / "vmlinux").unlink(),
                   lambda folder: (folder / "lib/test_hmm.ko").unlink(),
                   lambda folder: (folder / ".stamp").write_text("not json")):
        built = build(builds)
        damage(built.build_dir)
        builds.said.clear()
        assert build(builds).image.read_text() == CODE
        builds.assert_said("damaged")


def test_a_lost_line_is_named(builds):
    builds.fragment.write_text("CONFIG_A=y\nCONFIG_DROPPED=y\n")
    (builds.tree / "Kconfig").write_text("config DROPPED\n\tbool\n\tdepends on A && NEEDED\n")
    builds.stops(3, "CONFIG_DROPPED=y: for the first, it needs NEEDED", build, builds)
    assert not list((builds.cache.root / "build").glob("*/.stamp"))


def test_first_error_and_log(builds):
    (builds.tree / "Makefile").write_text(MAKEFILE.replace(
        "@echo run >> $(O)/runs",
        "@echo '  CC mm/error.o'; echo 'mm/gup.c:7:1: error: first'; echo 'x.c:1: error: "
        "next'; exit 1"))
    stop = builds.stops(3, "does not build: mm/gup.c:7:1: error: first", build, builds)
    log = Path(str(stop).rpartition(" ")[2])
    assert "error: next" in log.read_text()


def test_a_full_disk_is_no_compiler_error(builds):
    (builds.tree / "Makefile").write_text(MAKEFILE.replace(
        "@echo run >> $(O)/runs", "@echo 'as: x.o: error: No space left on device'; exit 1"))
    builds.stops(3, "is full", build, builds)


def test_after_a_failure_it_goes_on(builds):
    (builds.tree / "code.c").rename(builds.tree / "away")
    builds.stops(3, "No rule to make target", build, builds)
    (builds.tree / "away").rename(builds.tree / "code.c")
    assert build(builds).image.read_text() == CODE


def test_the_outer_make_does_not_leak_in(builds):
    builds.environment(MAKEFLAGS="-n", ARCH="no-such-arch", CFLAGS="-Werror")
    assert "no-such-arch" not in (build(builds).build_dir / "environment").read_text()


def config(box, text: str) -> Path:
    path = box.folder / f"config-{len(list(box.folder.iterdir()))}"
    path.write_text(text)
    return path


HAVE = 'CONFIG_A=y\nCONFIG_M=m\n# CONFIG_N is not set\nCONFIG_S="x"\nCONFIG_ON=y'
RENAMED = "# renamed: CONFIG_OLD to CONFIG_NEW\nCONFIG_OLD=y"
NEWER = "# newer: CONFIG_A CONFIG_B\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y"
# asked for only where the architecture has the other
WHERE = "# where CONFIG_HAVE_A: CONFIG_A\nCONFIG_A=y"


@pytest.mark.parametrize("asked, have, lost", [
    ("CONFIG_A=y", HAVE, ""), ("CONFIG_M=y", HAVE, "CONFIG_M=y"),
    ("CONFIG_N=y", HAVE, "CONFIG_N=y"),
    ("CONFIG_NONE=y", HAVE, "CONFIG_NONE=y"), ('CONFIG_S="x"', HAVE, ""),
    ("CONFIG_S=3", HAVE, "CONFIG_S=3"), ("# CONFIG_NONE is not set", HAVE, ""),
    ("# CONFIG_ON is not set", HAVE, "CONFIG_ON=n"), ("# any comment", HAVE, ""),
    (RENAMED, "CONFIG_OLD=y", ""), (RENAMED, "CONFIG_NEW=y", ""),
    (RENAMED, "CONFIG_X=y", "CONFIG_OLD=y"), (RENAMED, "# CONFIG_NEW is not set", "CONFIG_OLD=y"),
    (NEWER, "CONFIG_C=y", ""), (NEWER, "CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y", ""),
    (NEWER, "# CONFIG_B is not set\nCONFIG_C=y", "CONFIG_B=y"), (NEWER, "CONFIG_A=y", "CONFIG_C=y"),
    (WHERE, "CONFIG_HAVE_A=y\nCONFIG_A=y", ""), (WHERE, "", ""),
    (WHERE, "CONFIG_HAVE_A=y\n# CONFIG_A is not set", "CONFIG_A=y")])
def test_lost(box, asked, have, lost):
    found = kconfig.lost((config(box, asked + "\n"),), config(box, have + "\n"))
    assert found == ([lost] if lost else [])


def test_why(box):
    have = config(box, "CONFIG_A=y\n")
    (box.folder / "Kconfig").write_text("menuconfig X\n\tbool\n\tdepends on A && !C && "
                                         "B\n\nconfig Y\n\tbool\n")
    for line, why in (("CONFIG_X=y", "it needs B"), ("CONFIG_Z=y", "no option Z"),
                      ("CONFIG_Y=y", "its dependencies are not met"), ("CONFIG_Y=n", "selects Y")):
        assert why in kconfig.explain(line, have, box.folder)


def test_the_later_fragment_decides(box):
    first, second = config(box, "CONFIG_A=y\nCONFIG_B=y\n"), box.folder / "second"
    second.write_text("# CONFIG_A is not set\n")
    assert kconfig.values(first, second) == {"CONFIG_A": "n", "CONFIG_B": "y"}


@pytest.mark.parametrize("arch", TABLE, ids=lambda arch: arch.name)
def test_the_fragments_of_this_repository(arch):
    """Each line once; each block of options says why."""
    text = "\n".join(file.read_text() for file in kconfig.plain(arch))
    names = [line.removeprefix("# ").split("=")[0].split(" ")[0] for line in text.splitlines()
             if line.removeprefix("# ").startswith("CONFIG_")]
    assert len(names) == len(set(names))
    for block in text.strip().split("\n\n"):
        assert block.startswith("#") and not block.startswith("# CONFIG_"), block
    for needed in ("CONFIG_TEST_HMM=m", "CONFIG_GUP_TEST=y", "CONFIG_DEVICE_PRIVATE=y"):
        assert needed in text


def test_every_host_builds_the_same_kernels(box):
    """Shards of one run may come from hosts with Intel's and AMD's processors: report/merge.py
    compares build ids."""
    asked = []
    for vendor in ("GenuineIntel", "AuthenticAMD"):
        text = f"processor\t: 0\nvendor_id\t: {vendor}\nmodel name\t: x\n"
        read = Path.read_text
        with mock.patch.object(Path, "read_text", lambda path, *a,
                               **k: text if str(path) == "/proc/cpuinfo" else read(path, *a, **k)):
            again = runpy.run_path(kconfig.__file__)["PROFILES"]
            asked.append({name: kconfig.meaning(*one.fragments) for name, one in again.items()})
    assert asked[0] == asked[1]
    for vendor in ("INTEL", "AMD"):
        assert f"CONFIG_CPU_SUP_{vendor}=y" in asked[0][""]


def test_a_cross_build_says_so_to_make(box):
    """And not on a host of the architecture itself, where the key stays what it was."""
    assert ARCHS["arm64"].make_words() == ("ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-")
    assert HOST.make_words() == HOST.runner == ()
    assert kernel.compiler_of(ARCHS["arm64"].make_words()) == ["aarch64-linux-gnu-gcc"]
    assert kernel.compiler_of(("LLVM=1", *ARCHS["arm64"].make_words())) == ["clang"]


REPORT = ["WARNING: CPU: 0 PID: 7 at mm/gup.c:9 gup+0x1/0x2", "Call Trace:", " dup+0x3/0x4",
          "Code: 00", " ? hmm+0x5/0x6 [test_hmm]"]
SCRIPT = "scripts/decode_stacktrace.sh"


def test_file_and_line_for_each_function_but_the_title(box):
    (box.folder / "scripts").mkdir()
    script = box.script(SCRIPT, 'echo "$@" >"${0%/*}/words"; sed "s/+0x.*[0-9]/ (mm\\/gup.c:12)/"')
    config = box.folder / ".config"
    config.write_text("CONFIG_DEBUG_INFO=y\n")
    built = SimpleNamespace(source=SimpleNamespace(path=box.folder), build_dir=box.folder)
    assert kernel.decoded(built, REPORT) == [
        *REPORT[:2], " dup (mm/gup.c:12)", "Code: 00", " ? hmm (mm/gup.c:12) [test_hmm]"]
    assert (box.folder / "scripts/words").read_text().split() == [
        f"{box.folder}/vmlinux", str(box.folder), f"{box.folder}/lib"]
    assert kernel.decoded(built, ["no trace"]) == ["no trace"]
    for change in (lambda: box.script(SCRIPT, "echo one"), lambda: box.script(SCRIPT, "exit 1"),
                   script.unlink, lambda: config.write_text(""),
                   lambda: setattr(built, "source", None),
                   lambda: setattr(built, "build_dir", None)):
        change()
        assert kernel.decoded(built, REPORT) == REPORT
