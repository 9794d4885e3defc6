# SPDX-License-Identifier: GPL-2.0
"""Building a kernel: when make runs and when not, what a failure says, and images that others
built.

The kernel here is a Makefile of a few lines with the targets that a kernel has.
"""

import bz2
import fcntl
import gzip
import importlib
import lzma
import os
import struct
import subprocess
from pathlib import Path
from unittest import mock

from vm import elf, kconfig, kernel
from vm.cache import Lock, lock_of
from vm.source import Source
from vm_kit import WithCache

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


class Builds(WithCache):
    def setUp(self):
        super().setUp()
        self.tree = self.folder / "linux"
        self.tree.mkdir()
        (self.tree / "Makefile").write_text(MAKEFILE)
        (self.tree / "code.c").write_text(CODE)
        self.fragment = self.folder / "config"
        self.fragment.write_text("CONFIG_A=y\n# CONFIG_B is not set\n")

    def source(self, kind="debian") -> Source:
        return Source(kind, self.tree, "6.1.9", "a label", "an identity")

    def build(self, kind="debian"):
        return kernel.build(self.source(kind), self.cache, (self.fragment,), self.say, 2)

    def runs(self, built) -> int:
        return len((built.build_dir / "runs").read_text().split())

    def test_unchanged_is_not_built_again(self):
        self.build()
        self.assert_said("log in")
        self.said.clear()
        built = self.build()
        self.assertEqual((self.runs(built), self.said), (1, []))

    def test_an_unchanged_tree_is_not_built_again(self):
        self.build("tree")
        self.assertEqual(self.runs(self.build("tree")), 1)

    def test_a_changed_tree_is_built_again(self):
        for number, change in enumerate((lambda: (self.tree / "code.c").write_text(CODE + "new"),
                                         lambda: (self.tree / "Makefile").write_text(MAKEFILE
                                                                                     + "# new"),
                                         lambda: (self.tree / "x.h").unlink(),
                                         lambda: os.utime(self.tree / "code.c")), 1):
            (self.tree / "x.h").write_text("")
            before = self.runs(self.build("tree"))
            change()
            self.assertEqual(self.runs(self.build("tree")), before + 1, number)

    def test_while_it_is_used_nobody_builds_it_again(self):
        built = self.build("tree")
        with Lock(lock_of(built.build_dir)) as other:
            self.assertFalse(other.tried(fcntl.LOCK_EX))
            self.assertTrue(other.tried(fcntl.LOCK_SH))         # another run that uses it
            self.said.clear()
            # does not make us wait
            self.assertEqual((self.runs(self.build("tree")), self.said), (1, []))
            del built
            self.assertTrue(other.tried(fcntl.LOCK_EX))

    def test_a_tree_that_never_stays(self):
        (self.tree / "Makefile").write_text(MAKEFILE.replace("cp code.c $(O)/vmlinux",
                                                             "cp code.c $(O)/vmlinux; touch "
                                                             "code.c"))
        self.stops(3, "changed while it was built", self.build, "tree")

    def test_other_configuration_other_folder(self):
        first = self.build()
        self.fragment.write_text("CONFIG_A=y\nCONFIG_C=y\n")
        second = self.build()
        self.assertNotEqual(first.build_dir, second.build_dir)
        self.assertNotEqual(first.config_hash, second.config_hash)

    def test_other_compiler_other_folder(self):
        first = self.build()
        self.script("gcc", "echo gcc 99")
        self.environment(PATH=f"{self.folder}:/usr/bin:/bin")
        self.assertNotEqual(self.build().build_dir, first.build_dir)

    def test_a_comment_changes_no_hash_of_the_configuration(self):
        first = self.build()
        self.fragment.write_text("# why\nCONFIG_A=y\n")
        self.assertEqual(self.build().config_hash, first.config_hash)

    def test_damage_is_repaired_and_said(self):
        for damage in (lambda folder: (folder / "vmlinux").write_text(""),
                       lambda folder: (folder / "vmlinux").unlink(),
                       lambda folder: (folder / "lib/test_hmm.ko").unlink(),
                       lambda folder: (folder / ".stamp").write_text("not json")):
            built = self.build()
            damage(built.build_dir)
            self.said.clear()
            self.assertEqual(self.build().image.read_text(), CODE)
            self.assert_said("damaged")

    def test_a_lost_line_is_named(self):
        self.fragment.write_text("CONFIG_A=y\nCONFIG_DROPPED=y\n")
        (self.tree / "Kconfig").write_text("config DROPPED\n\tbool\n\tdepends on A && NEEDED\n")
        self.stops(3, "CONFIG_DROPPED=y: for the first, it needs NEEDED", self.build)
        self.assertFalse(list((self.cache.root / "build").glob("*/.stamp")))

    def test_first_error_and_log(self):
        (self.tree / "Makefile").write_text(MAKEFILE.replace(
            "@echo run >> $(O)/runs",
            "@echo '  CC mm/error.o'; echo 'mm/gup.c:7:1: error: first'; echo 'x.c:1: error: "
            "next'; exit 1"))
        stop = self.stops(3, "does not build: mm/gup.c:7:1: error: first", self.build)
        log = Path(str(stop).rpartition(" ")[2])
        self.assertIn("error: next", log.read_text())

    def test_a_full_disk_is_no_compiler_error(self):
        (self.tree / "Makefile").write_text(MAKEFILE.replace(
            "@echo run >> $(O)/runs", "@echo 'as: x.o: error: No space left on device'; exit 1"))
        self.stops(3, "is full", self.build)

    def test_after_a_failure_it_goes_on(self):
        (self.tree / "code.c").rename(self.tree / "away")
        self.stops(3, "No rule to make target", self.build)
        (self.tree / "away").rename(self.tree / "code.c")
        self.assertEqual(self.build().image.read_text(), CODE)

    def test_the_outer_make_does_not_leak_in(self):
        self.environment(MAKEFLAGS="-n", ARCH="no-such-arch", CFLAGS="-Werror")
        self.assertNotIn("no-such-arch", (self.build().build_dir / "environment").read_text())


class Configurations(WithCache):
    def config(self, text: str) -> Path:
        path = self.folder / f"config-{len(list(self.folder.iterdir()))}"
        path.write_text(text)
        return path

    def test_lost(self):
        have = self.config('CONFIG_A=y\nCONFIG_M=m\n# CONFIG_N is not '
                           'set\nCONFIG_S="x"\nCONFIG_ON=y\n')
        for line, lost in (("CONFIG_A=y", []), ("CONFIG_M=y", ["CONFIG_M=y"]),
                           ("CONFIG_N=y", ["CONFIG_N=y"]),
                           ("CONFIG_NONE=y", ["CONFIG_NONE=y"]), ('CONFIG_S="x"', []),
                           ("CONFIG_S=3", ["CONFIG_S=3"]),
                           ("# CONFIG_NONE is not set", []),
                           ("# CONFIG_ON is not set", ["CONFIG_ON=n"]),
                           ("# any comment", [])):
            self.assertEqual(kconfig.lost((self.config(line + "\n"),), have), lost, line)

    def test_renamed(self):
        fragment = self.config("# renamed: CONFIG_OLD to CONFIG_NEW\nCONFIG_OLD=y\n")
        for have, lost in (("CONFIG_OLD=y", []), ("CONFIG_NEW=y", []),
                           ("CONFIG_X=y", ["CONFIG_OLD=y"]),
                           ("# CONFIG_NEW is not set", ["CONFIG_OLD=y"])):
            self.assertEqual(kconfig.lost((fragment,), self.config(have + "\n")), lost, have)

    def test_why(self):
        have = self.config("CONFIG_A=y\n")
        (self.folder / "Kconfig").write_text("menuconfig X\n\tbool\n\tdepends on A && !C && "
                                             "B\n\nconfig Y\n\tbool\n")
        for line, why in (("CONFIG_X=y", "it needs B"), ("CONFIG_Z=y", "no option Z"),
                          ("CONFIG_Y=y", "its dependencies are not met"),
                          ("CONFIG_Y=n", "selects Y")):
            self.assertIn(why, kconfig.explain(line, have, self.folder))

    def test_the_later_fragment_decides(self):
        first, second = self.config("CONFIG_A=y\nCONFIG_B=y\n"), self.folder / "second"
        second.write_text("# CONFIG_A is not set\n")
        self.assertEqual(kconfig.values(first, second), {"CONFIG_A": "n", "CONFIG_B": "y"})

    def test_the_fragments_of_this_repository(self):
        """Each line once; each block of options says why."""
        text = "\n".join(file.read_text() for file in kconfig.PLAIN)
        names = [line.removeprefix("# ").split("=")[0].split(" ")[0] for line in text.splitlines()
                 if line.removeprefix("# ").startswith("CONFIG_")]
        self.assertEqual(len(names), len(set(names)))
        for block in text.strip().split("\n\n"):
            self.assertTrue(block.startswith("#") and not block.startswith("# CONFIG_"), block)
        for needed in ("CONFIG_TEST_HMM=m", "CONFIG_GUP_TEST=y", "CONFIG_DEVICE_PRIVATE=y"):
            self.assertIn(needed, text)

    def test_every_host_builds_the_same_kernels(self):
        """Shards of one run may come from hosts with Intel's and AMD's processors: report/merge.py
        compares build ids."""
        asked = []
        for vendor in ("GenuineIntel", "AuthenticAMD"):
            text = f"processor\t: 0\nvendor_id\t: {vendor}\nmodel name\t: x\n"
            read = Path.read_text
            with mock.patch.object(Path, "read_text", lambda path, *a,
                                   **k: text if str(path) == "/proc/cpuinfo" else
                                   read(path, *a, **k)):
                again = importlib.reload(kconfig)
                asked.append({name: kconfig.meaning(*one.fragments) for name,
                              one in again.PROFILES.items()})
        self.assertEqual(*asked)
        for vendor in ("INTEL", "AMD"):
            self.assertIn(f"CONFIG_CPU_SUP_{vendor}=y", asked[0][""])


def bzimage(release: str, payload: bytes = b"") -> bytes:
    data = bytearray(0x800)
    data[0x1f1] = 2
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x20e, 0x300)
    struct.pack_into("<II", data, 0x248, 0x200, len(payload))
    text = f"{release} (me@here) #1\0".encode()
    data[0x500:0x500 + len(text)] = text
    return bytes(data) + payload + bytes(64)


MMIO = "CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\nCONFIG_HZ=250\n"


def vmlinux(config: str) -> bytes:
    """What matters of one with CONFIG_IKCONFIG."""
    return (b"\x7fELF\x02" + bytes(200) + b"\0Linux version 6.12.9-mine (me) gcc\0IKCFG_ST"
            + gzip.compress(config.encode()) + b"IKCFG_ED\0")


class Images(WithCache):
    def setUp(self):
        super().setUp()
        self.image = self.folder / "bzImage"
        self.image.write_bytes(bzimage("6.12.9-mine"))
        self.modules = self.folder / "modules/kernel/lib"
        self.modules.mkdir(parents=True)

    def module(self, release: str, name="test_hmm.ko") -> None:
        (self.modules / name).write_bytes(f"x\0vermagic={release} SMP mod_unload "
                                          "\0srcversion=ABC\0".encode())

    def load(self, modules=True):
        return kernel.from_image(self.image, self.folder / "modules" if modules else None,
                                 self.cache, self.say)

    def test_good(self):
        self.module("6.12.9-mine")
        found = self.load()
        self.assertEqual((found.release, found.srcversion, found.source),
                         ("6.12.9-mine", "ABC", None))

    def test_vmlinux(self):
        self.image.write_bytes(b"\x7fELF\x02" + bytes(200) + b"\0Linux version 6.1.9 (me) gcc\0")
        self.module("6.1.9")
        self.assertEqual(self.load().release, "6.1.9")

    def test_where_its_virtio_devices_are(self):
        """Known from the image or its build folder; PCI where nothing is known, or where the kernel
        has both."""
        self.module("6.12.9-mine")
        for config, mmio in ((MMIO, True), ("CONFIG_VIRTIO_PCI=y\n", False),
                             (MMIO + "CONFIG_VIRTIO_PCI=y\n", False),
                             (MMIO + "# CONFIG_VIRTIO_PCI is not set\n", True),
                             (MMIO + "CONFIG_VIRTIO_PCI=m\n", True)):
            inside = vmlinux(config)
            for image in (inside, *(bzimage("6.12.9-mine", pack(inside) + b"size")
                                    for pack in (gzip.compress, lzma.compress, bz2.compress))):
                self.image.write_bytes(image)
                self.assertEqual(self.load().mmio, mmio, config)
        self.assertEqual(self.load().hz, 250)

    def test_nobody_knows_where_its_virtio_devices_are(self):
        self.module("6.12.9-mine")
        inside = vmlinux(MMIO)
        for image in (bzimage("6.12.9-mine"), bzimage("6.12.9-mine", b"\x28\xb5\x2f\xfd" + inside),
                      bzimage("6.12.9-mine", gzip.compress(inside)[:60]),
                      bzimage("6.12.9-mine", b"\xfd7zXZ\0" + inside),
                      bzimage("6.12.9-mine", gzip.compress(inside.replace(b"IKCFG_ST\x1f\x8b",
                                                                          b"IKCFG_ST\0\0")))):
            self.image.write_bytes(image)
            self.assertEqual((self.load().mmio, self.load().hz), (False, 0))

    def test_the_build_folder_says_where(self):
        self.module("6.12.9-mine")
        (self.folder / ".config").write_text(MMIO)
        self.assertTrue(self.load().mmio)
        self.image = self.folder / "build/arch/x86/boot/bzImage"
        self.image.parent.mkdir(parents=True)
        self.image.write_bytes(bzimage("6.12.9-mine"))
        self.assertFalse(self.load().mmio)
        (self.folder / "build/.config").write_text(MMIO)
        self.assertTrue(self.load().mmio)

    def test_without_module(self):
        self.stops(2, "no test_hmm.ko", self.load)
        self.stops(2, "no test_hmm.ko", self.load, False)

    def test_module_of_another_kernel(self):
        self.module("6.12.9")
        self.stops(3, "module of another kernel (6.12.9", self.load)

    def test_no_image(self):
        for data in (b"", b"text", bytes(0x1000), b"\x7fELF\x02 no banner"):
            self.image.write_bytes(data)
            self.stops(2, "not a Linux image", self.load)

    def test_too_old(self):
        self.image.write_bytes(bzimage("5.10.0-30-amd64"))
        self.stops(4, "every test would skip", self.load)

    def test_compressed_module(self):
        self.module("6.12.9-mine", "plain")
        (self.modules / "test_hmm.ko.gz").write_bytes(
            gzip.compress((self.modules / "plain").read_bytes()))
        self.assertEqual(self.load().modules["test_hmm"].read_bytes(),
                         (self.modules / "plain").read_bytes())

    def test_compressed_in_a_way_nobody_reads(self):
        self.module("6.12.9-mine", "test_hmm.ko.zst")
        self.stops(3, "unzstd", self.load)

    def test_build_id(self):
        for name, found in (("0x01ff02fe", "01ff02fe"), ("none", "")):
            image = self.folder / name
            subprocess.run(["gcc", "-shared", "-nostdlib", "-x", "c", "/dev/null", "-o", image,
                            f"-Wl,--build-id={name}"], check=True)
            self.assertEqual(elf.build_id(image), found)
