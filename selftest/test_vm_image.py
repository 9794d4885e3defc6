# SPDX-License-Identifier: GPL-2.0
"""Kernel images that others built: their release, their modules, and where their devices are."""

import bz2
import gzip
import lzma
import struct
import subprocess

import pytest

from base.errors import Stop
from vm import elf, kernel
from vm.arch import ARCHS, TABLE


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
