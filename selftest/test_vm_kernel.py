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
from types import SimpleNamespace
from unittest import mock

import pytest

from base.errors import Stop
from vm import elf, kconfig, kernel
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
            again = importlib.reload(kconfig)
            asked.append({name: kconfig.meaning(*one.fragments) for name,
                          one in again.PROFILES.items()})
    assert asked[0] == asked[1]
    for vendor in ("INTEL", "AMD"):
        assert f"CONFIG_CPU_SUP_{vendor}=y" in asked[0][""]

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

@pytest.fixture(name="images")
def images_(box):
    box.image = box.folder / "bzImage"
    box.image.write_bytes(bzimage("6.12.9-mine"))
    box.modules = box.folder / "modules/kernel/lib"
    box.modules.mkdir(parents=True)
    return box

def module(images, release: str, name="test_hmm.ko") -> None:
    (images.modules / name).write_bytes(f"x\0vermagic={release} SMP mod_unload "
                                      "\0srcversion=ABC\0".encode())

def load(images, modules=True):
    return kernel.from_image(images.image, images.folder / "modules" if modules else None,
                             images.cache, images.say)

def test_good(images):
    module(images, "6.12.9-mine")
    for image in (bzimage("6.12.9-mine"), vmlinux("")):
        images.image.write_bytes(image)
        found = load(images)
        assert (found.release, found.srcversion, found.source) == ("6.12.9-mine", "ABC", None)

def test_where_its_virtio_devices_are(images):
    """Known from the image or its build folder; PCI where nothing is known, or where the kernel has
    both."""
    module(images, "6.12.9-mine")
    for config, mmio in (
        (MMIO, True), ("CONFIG_VIRTIO_PCI=y\n", False), (MMIO + "CONFIG_VIRTIO_PCI=y\n", False),
        (MMIO + "# CONFIG_VIRTIO_PCI is not set\n", True), (MMIO + "CONFIG_VIRTIO_PCI=m\n", True)):
        inside = vmlinux(config)
        for image in (inside, *(bzimage("6.12.9-mine", pack(inside) + b"size")
                                for pack in (gzip.compress, lzma.compress, bz2.compress))):
            images.image.write_bytes(image)
            assert load(images).mmio == mmio, config
    assert load(images).hz == 250

def test_nobody_knows_where_its_virtio_devices_are(images):
    module(images, "6.12.9-mine")
    inside = vmlinux(MMIO)
    for image in (bzimage("6.12.9-mine"), bzimage("6.12.9-mine", b"\x28\xb5\x2f\xfd" + inside),
                  bzimage("6.12.9-mine", gzip.compress(inside)[:60]),
                  bzimage("6.12.9-mine", b"\xfd7zXZ\0" + inside),
                  bzimage("6.12.9-mine", gzip.compress(inside.replace(b"IKCFG_ST\x1f\x8b",
                                                                      b"IKCFG_ST\0\0")))):
        images.image.write_bytes(image)
        assert (load(images).mmio, load(images).hz) == (False, 0)

def test_the_build_folder_says_where(images):
    module(images, "6.12.9-mine")
    (images.folder / ".config").write_text(MMIO)
    assert load(images).mmio
    images.image = images.folder / "build/arch/x86/boot/bzImage"
    images.image.parent.mkdir(parents=True)
    images.image.write_bytes(bzimage("6.12.9-mine"))
    assert not load(images).mmio
    (images.folder / "build/.config").write_text(MMIO)
    assert load(images).mmio

def test_without_module(images):
    images.stops(2, "no test_hmm.ko", load, images)
    images.stops(2, "no test_hmm.ko", load, images, False)

def test_module_of_another_kernel(images):
    module(images, "6.12.9")
    images.stops(3, "module of another kernel (6.12.9", load, images)

def test_no_image(images):
    for data in (b"", b"text", bytes(0x1000), b"\x7fELF\x02 no banner"):
        images.image.write_bytes(data)
        images.stops(2, "not a Linux image", load, images)

def test_too_old(images):
    images.image.write_bytes(bzimage("5.10.0-30-amd64"))
    images.stops(4, "every test would skip", load, images)

def test_compressed_module(images):
    module(images, "6.12.9-mine", "plain")
    (images.modules / "test_hmm.ko.gz").write_bytes(
        gzip.compress((images.modules / "plain").read_bytes()))
    assert load(images).modules["test_hmm"].read_bytes() == (images.modules / "plain").read_bytes()

def test_compressed_in_a_way_nobody_reads(images):
    module(images, "6.12.9-mine", "test_hmm.ko.zst")
    images.stops(3, "unzstd", load, images)

def test_build_id(images):
    for name, found in (("0x01ff02fe", "01ff02fe"), ("none", "")):
        image = images.folder / name
        subprocess.run(["gcc", "-shared", "-nostdlib", "-x", "c", "/dev/null", "-o", image,
                        f"-Wl,--build-id={name}"], check=True)
        assert elf.build_id(image) == found

def test_images_of_each_architecture(box):
    """What a file is for is read from it, and another --arch is named."""
    image = box.folder / "Image"
    banner = b"\0Linux version 7.3.0 (me) gcc\0"
    for arch, head in ((ARCHS["arm64"], bytes(56) + b"ARM\x64" + bytes(900)),
                       (ARCHS["arm64"], b"\x7fELF\x02" + bytes(13) + b"\xb7\0" + bytes(900)),
                       (ARCHS["x86_64"], b"\x7fELF\x02" + bytes(13) + b"\x3e\0" + bytes(900))):
        image.write_bytes(head + banner)
        assert (elf.arch(image), elf.release(image)) == (arch, "7.3.0")
        other = next(one for one in TABLE if one is not arch)
        with pytest.raises(Stop, match=f"run with --arch {arch.name}"):
            kernel.from_image(image, box.folder, box.cache, box.say, other)
    image.write_bytes(b"text")
    assert elf.arch(image) is None

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
