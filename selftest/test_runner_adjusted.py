# SPDX-License-Identifier: GPL-2.0
"""What --kconfig, --make-arg, --append, --qemu-arg and --gdb change: the build with its key, the
kernel command line, and QEMU's."""

import socket
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from runner import cli, guests, plan, run
from vm import existing, initramfs, kconfig, kernel, qemu, source
from vm.arch import ARCHS
from vm.source import Source
from test_vm_kernel import CODE, MAKEFILE


def profile(box, *words: str) -> kconfig.Profile:
    return guests.adjusted(cli.parse([*words]), box.cache)


def test_nothing_asked_nothing_changed(box):
    assert profile(box) == kconfig.PROFILES[""]
    assert profile(box, "--profile", "debug") == kconfig.PROFILES["debug"]


def test_a_profile_on_another_architecture(box):
    """The options that only another one has may be missing."""
    found = profile(box, "--profile", "debug", "--arch", "arm64")
    assert found.append.startswith("page_owner=on ") and found.arch is ARCHS["arm64"]
    config = box.folder / "config"
    config.write_text(kconfig.text(*found.more[:1]).replace("CONFIG_KERNEL_GZIP=y", "").replace(
        "CONFIG_UNWINDER_FRAME_POINTER=y", ""))
    assert kconfig.lost(found.more[:1], config) == []
    with open(config, "a") as more:
        more.write("CONFIG_X86=y\nCONFIG_HAVE_KERNEL_GZIP=y\n")
    assert kconfig.lost(found.more[:1], config) == ["CONFIG_UNWINDER_FRAME_POINTER=y",
                                                   "CONFIG_KERNEL_GZIP=y"]
    box.stops(2, "--profile coverage is for x86_64, not for arm64", profile, box, "--profile",
              "coverage", "--arch", "arm64")


def test_the_wide_kernel_has_what_its_tests_need(box):
    """It is the plain kernel and more, its guest gets a disk of each filesystem, and a run of it
    needs what makes them and the source of its network."""
    found, plain = kconfig.PROFILES["wide"], kconfig.PROFILES[""]
    assert found.fragments[:-1] == plain.fragments and found.slowness == 1
    values = kconfig.values(*found.fragments)
    for name in ("INET", "UPROBE_EVENTS", *(name.upper() + "_FS" for name in found.filesystems)):
        assert values[f"CONFIG_{name}"] == "y"
        assert kconfig.values(*plain.fragments).get(f"CONFIG_{name}", "n") == "n"
    assert set(found.filesystems) == set(initramfs.OTHERS)
    asked = plan.needs(cli.parse(["--profile", "wide"]), "vm")
    assert asked - plan.needs(cli.parse([]), "vm") == {"filesystems"}
    for words, network in ((["--profile", "wide"], True), ([], False)):
        options = cli.parse([*words, "--kernel", "6.1"])
        with mock.patch.object(guests, "find_source") as find, \
                mock.patch.object(plan, "harness"), \
                mock.patch.object(plan, "open_cache", return_value=box.cache):
            find.return_value.path = box.folder
            plan.sources(options, "vm", mock.Mock())
        assert find.call_args.args[-1] is network


def test_sources_with_a_network_are_not_those_without():
    """They have net/ and the loopback interface, and none of the drivers in folders of
    drivers/net."""
    for name in ("x86_64", "arm64"):
        without, left_out = (source.unused_files(ARCHS[name], network)
                             for network in (False, True))
        assert set(without) - set(left_out) == {"net/*.[chS]", "drivers/net/*.[chS]"}
        assert set(left_out) - set(without) == {"drivers/net/*/*.[chS]"}
        assert source.kind_of(ARCHS[name], True) == source.kind_of(ARCHS[name]).replace(
            "src", "src-net")


def test_a_guest_is_told_its_filesystems(box):
    """Those of its profile, which init mounts."""
    for name, line in (("wide", "FILESYSTEMS='xfs btrfs'\n"), ("", "FILESYSTEMS=''\n")):
        parts = guests.pretended()
        parts.profile, parts.programs = kconfig.PROFILES[name], {}
        guest = parts.guest({"job/plan": "", "job/env": "SHELL=1\n"}, box.folder, 1)
        assert f"{line}SHELL=1\n".encode() in guest.initrd


def test_options_of_the_kernel(box):
    """The later one decides: file, then line."""
    file = box.folder / "mine"
    file.write_text("CONFIG_A=y\nCONFIG_B=m\n")
    found = profile(box, "--kconfig", "A=n", "--kconfig-file", str(file), "--kconfig",
                    "CONFIG_C=\"x y\"", "--profile", "debug")
    values = kconfig.values(*found.fragments)
    assert [values[f"CONFIG_{name}"] for name in ("A", "B", "C", "KASAN")] == ["n", "m", '"x y"',
                                                                              "y"]
    assert "# CONFIG_A is not set\n" in found.fragments[-1].read_text()


def test_command_lines(box):
    found = profile(box, "--append", "slub_debug=P x=1", "--qemu-arg=-device 'a b'",
                    "--qemu-arg=-s", "--make-arg", "KCFLAGS=-O1 -g")
    assert (found.append, found.qemu, found.variables) == (
        "slub_debug=P x=1", ("-device", "a b", "-s"), ("KCFLAGS=-O1 -g",))
    parts = guests.pretended()
    parts.profile, parts.kernel.mmio = found, True
    guest = parts.guest({"job/plan": ""}, box.folder, 1)
    box.patch(qemu, "binary", lambda *_: "qemu")
    command = guest._command("i", "r", 0, dict.fromkeys(qemu.DISKS, "d"))
    assert command[-3:] == ["-device", "a b", "-s"]
    assert "slub_debug=P x=1" in command[command.index("-append") + 1]


def test_gdb(box):
    """The VM waits for it on a port that is said, one VM at a time, with no time limit."""
    options = cli.parse(["--gdb"])
    found = guests.adjusted(options, box.cache)
    assert found.qemu[:2] == ("-S", "-gdb")
    assert found.append == "nokaslr"
    assert kconfig.DEBUG_INFO in found.fragments
    host, port = found.qemu[2].removeprefix("tcp:").split(":")
    socket.create_server((host, int(port))).close()         # nobody listens there
    parts = SimpleNamespace(profile=found, kernel=SimpleNamespace(build_dir=Path("/b")))
    guests.invite(parts, box)
    box.assert_said(f"gdb /b/vmlinux -ex 'target remote 127.0.0.1:{port}'")
    assert min(run.limits(options).boot, run.limits(options).grace) >= 86400
    assert (run.limits(options).test, options.jobs) == (30, 1)


def test_a_kernel_that_is_built_already_is_not_adjusted(box):
    for words in (("--kconfig", "A=y"), ("--make-arg", "V=1")):
        box.stops(2, "is built already", guests.find_kernel, "image", None, Path("m"), box.cache,
                  None, profile(box, *words))
    box.patch(existing, "load", lambda *_words: "loaded")
    found = Source("built", box.folder, "6.1", "x", "x")
    assert guests.find_kernel("dir", found, None, box.cache, box, profile(box, "--gdb")) == "loaded"


# Variables of make: they are in the key, and name the compiler.
@pytest.fixture(name="variables")
def variables_(box):
    box.tree, box.fragment = box.folder / "linux", box.folder / "config"
    box.tree.mkdir()
    (box.tree / "Makefile").write_text(MAKEFILE.replace(
        "tinyconfig: ;", "tinyconfig: ; echo \"$$PATH [$(KCFLAGS)]\" > $(O)/was;"))
    (box.tree / "code.c").write_text(CODE)
    box.fragment.write_text("CONFIG_A=y\n")
    return box


def build(box, *variables: str) -> kernel.Kernel:
    source = Source("debian", box.tree, "6.1.9", "a label", "an identity")
    return kernel.build(source, box.cache, (box.fragment,), box.say, 2, variables)


def test_they_are_part_of_the_key_and_reach_make(variables):
    plain, other = build(variables), build(variables, "KCFLAGS=-O1 -g")
    assert plain.build_dir != other.build_dir
    assert "[-O1 -g]" in (other.build_dir / "was").read_text()
    assert build(variables, "KCFLAGS=-O1 -g").build_dir == other.build_dir


@pytest.mark.parametrize("value, image, words", [
    ("y", "arch/x86/boot/bzImage", ["noapic", "no5lvl"]), ("n", "vmlinux", [])])
def test_how_a_kernel_with_kasan_boots(variables, value, image, words):
    """As its architecture has it, whichever fragment asks for KASAN."""
    with open(variables.tree / "Makefile", "a") as file:
        file.write("bzImage: ; mkdir -p $(O)/arch/x86/boot; touch $(O)/arch/x86/boot/bzImage\n")
    variables.fragment = profile(variables, "--kconfig", f"KASAN={value}").more[-1]
    built = build(variables)
    assert (built.image, built.kasan) == (built.build_dir / image, value == "y")
    line = qemu.append(built, SimpleNamespace(name="tcg"))
    assert [word for word in line.split() if word in built.arch.kasan_words] == words


def test_the_compiler(variables):
    for given, command in (((), ["gcc"]), (("LLVM=1",), ["clang"]), (("LLVM=-19",), ["clang-19"]),
                           (("LLVM=/opt/bin/",), ["/opt/bin/clang"]),
                           (("LLVM=1", "CC=ccache clang"), ["ccache", "clang"])):
        assert kernel.compiler_of(given) == command
    variables.stops(3, "there is no no-such-gcc to build a kernel", build, variables,
                    "CC=no-such-gcc")


def test_ccache_where_it_is_installed(variables):
    """By its folder of compilers, so that no command of kbuild's changes, nor the key."""
    folder = variables.folder / "ccache"
    variables.patch(kernel, "CCACHE", (str(folder),))
    before = build(variables)
    assert str(folder) not in (before.build_dir / "was").read_text()
    folder.mkdir()
    (before.build_dir / ".stamp").unlink()
    (before.build_dir / ".configured").unlink()
    after = build(variables)
    assert after.build_dir == before.build_dir
    assert (after.build_dir / "was").read_text().startswith(f"{folder}:")
    variables.environment(CCACHE_DIR="/c")
    assert kernel.environment()["CCACHE_DIR"] == "/c"
