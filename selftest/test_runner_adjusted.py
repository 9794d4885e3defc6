# SPDX-License-Identifier: GPL-2.0
"""What --kconfig, --make-arg, --append, --qemu-arg and --gdb change: the build with its key, the
kernel command line, and QEMU's."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from base.errors import Stop
from runner import cli, guests, run
from vm import existing, kconfig, kernel
from vm.qemu import DISKS
from vm.source import Source
from test_vm_kernel import CODE, MAKEFILE
from vm_kit import WithCache


class Adjusted(WithCache):
    def profile(self, *words: str) -> kconfig.Profile:
        return guests.adjusted(cli.parse([*words]), self.cache)

    def test_nothing_asked_nothing_changed(self):
        self.assertEqual(self.profile(), kconfig.PROFILES[""])
        self.assertEqual(self.profile("--profile", "debug"), kconfig.PROFILES["debug"])

    def test_options_of_the_kernel(self):
        """The later one decides: file, then line."""
        file = self.folder / "mine"
        file.write_text("CONFIG_A=y\nCONFIG_B=m\n")
        found = self.profile("--kconfig", "A=n", "--kconfig-file", str(file), "--kconfig",
                             "CONFIG_C=\"x y\"", "--profile", "debug")
        values = kconfig.values(*found.fragments)
        self.assertEqual([values[f"CONFIG_{name}"] for name in ("A", "B", "C", "KASAN")],
                         ["n", "m", '"x y"', "y"])
        self.assertIn("# CONFIG_A is not set\n", found.fragments[-1].read_text())

    def test_command_lines(self):
        found = self.profile("--append", "slub_debug=P x=1", "--qemu-arg=-device 'a b'",
                             "--qemu-arg=-s", "--make-arg", "KCFLAGS=-O1 -g")
        self.assertEqual((found.append, found.qemu, found.variables),
                         ("slub_debug=P x=1", ("-device", "a b", "-s"), ("KCFLAGS=-O1 -g",)))
        parts = guests.pretended()
        parts.profile, parts.kernel.mmio = found, True
        guest = parts.guest({"job/plan": ""}, self.folder, 1)
        with mock.patch("vm.qemu.binary", return_value="qemu"):
            command = guest._command("i", "r", 0, dict.fromkeys(DISKS, "d"))
        self.assertEqual(command[-3:], ["-device", "a b", "-s"])
        self.assertIn("slub_debug=P x=1", command[command.index("-append") + 1])

    def test_gdb(self):
        """The VM waits for it on a port that is said, one VM at a time, with no time limit."""
        options = cli.parse(["--gdb"])
        found = guests.adjusted(options, self.cache)
        self.assertEqual(found.qemu[:2], ("-S", "-gdb"))
        self.assertEqual(found.append, "nokaslr")
        self.assertIn(kconfig.DEBUG_INFO, found.fragments)
        host, port = found.qemu[2].removeprefix("tcp:").split(":")
        socket.create_server((host, int(port))).close()         # nobody listens there
        parts = SimpleNamespace(profile=found, kernel=SimpleNamespace(build_dir=Path("/b")))
        guests.invite(parts, SimpleNamespace(say=self.say))
        self.assert_said(f"gdb /b/vmlinux -ex 'target remote 127.0.0.1:{port}'")
        self.assertGreaterEqual(min(run.limits(options).boot, run.limits(options).grace), 86400)
        self.assertEqual((run.limits(options).test, options.jobs), (30, 1))

    def test_a_kernel_that_is_built_already_is_not_adjusted(self):
        for words in (("--kconfig", "A=y"), ("--make-arg", "V=1")):
            with self.assertRaises(Stop) as caught:
                guests.find_kernel("image", None, Path("m"), self.cache, None, self.profile(*words))
            self.assertIn("is built already", str(caught.exception))
        with mock.patch.object(existing, "load", return_value="loaded"):
            found = Source("built", self.folder, "6.1", "x", "x")
            self.assertEqual(guests.find_kernel("dir", found, None, self.cache, SimpleNamespace(
                say=self.say), self.profile("--gdb")), "loaded")


class Variables(WithCache):
    """Of make: they are in the key, and name the compiler."""

    def setUp(self):
        super().setUp()
        self.tree = self.folder / "linux"
        self.tree.mkdir()
        (self.tree / "Makefile").write_text(MAKEFILE.replace("tinyconfig: ;", "tinyconfig: ; "
                                            "echo \"$$PATH [$(KCFLAGS)]\" > $(O)/was;"))
        (self.tree / "code.c").write_text(CODE)
        self.fragment = self.folder / "config"
        self.fragment.write_text("CONFIG_A=y\n")

    def build(self, *variables: str):
        source = Source("debian", self.tree, "6.1.9", "a label", "an identity")
        return kernel.build(source, self.cache, (self.fragment,), self.say, 2, variables)

    def test_they_are_part_of_the_key_and_reach_make(self):
        plain, other = self.build(), self.build("KCFLAGS=-O1 -g")
        self.assertNotEqual(plain.build_dir, other.build_dir)
        self.assertIn("[-O1 -g]", (other.build_dir / "was").read_text())
        self.assertEqual(self.build("KCFLAGS=-O1 -g").build_dir, other.build_dir)

    def test_the_compiler(self):
        for variables, command in (((), ["gcc"]), (("LLVM=1",), ["clang"]),
                                   (("LLVM=-19",), ["clang-19"]),
                                   (("LLVM=/opt/bin/",), ["/opt/bin/clang"]),
                                   (("LLVM=1", "CC=ccache clang"), ["ccache", "clang"])):
            self.assertEqual(kernel.compiler_of(variables), command)
        self.stops(3, "there is no no-such-gcc to build a kernel", self.build, "CC=no-such-gcc")

    def test_ccache_where_it_is_installed(self):
        """By its folder of compilers, so that no command of kbuild's changes, nor the key."""
        folder = self.folder / "ccache"
        with mock.patch.object(kernel, "CCACHE", (str(folder),)):
            before = self.build()
            self.assertNotIn(str(folder), (before.build_dir / "was").read_text())
            folder.mkdir()
            (before.build_dir / ".stamp").unlink()
            (before.build_dir / ".configured").unlink()
            after = self.build()
        self.assertEqual(after.build_dir, before.build_dir)
        self.assertTrue((after.build_dir / "was").read_text().startswith(f"{folder}:"))
        self.environment(CCACHE_DIR="/c")
        self.assertEqual(kernel.environment()["CCACHE_DIR"], "/c")
