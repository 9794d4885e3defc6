# SPDX-License-Identifier: GPL-2.0
"""Facts from kernel images and modules."""

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from base import child
from vm.arch import Arch, of_elf, TABLE

# setup_header of a bzImage, Documentation/arch/x86/boot.rst
HEADER_MAGIC, VERSION_POINTER, SETUP_START = 0x202, 0x20e, 0x200
SECTORS, PAYLOAD_OFFSET, SECTOR = 0x1f1, 0x248, 512
# The magic of an arm64 Image, which is not compressed: Documentation/arch/arm64/booting.rst
ARM64_MAGIC, ARM64_AT = b"ARM\x64", 56
# Compression formats of kernels that Python can read, by their first bytes.
COMPRESSED: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    b"\xfd7zXZ": lzma.LZMADecompressor, b"\x5d\0\0": lzma.LZMADecompressor,
    b"BZh": bz2.BZ2Decompressor}


def is_elf(data: bytes) -> bool:
    return data[:5] == b"\x7fELF\x02"


def arch(path: Path) -> Arch | None:
    """The architecture of a program, a module or a kernel image; None if it is none of ours."""
    with open(path, "rb") as file:
        head = file.read(HEADER_MAGIC + 4)
    if is_elf(head) and len(head) > 20:
        return of_elf(struct.unpack_from("<H", head, 18)[0])
    if head[ARM64_AT:ARM64_AT + 4] == ARM64_MAGIC:
        return next(one for one in TABLE if one.name == "arm64")
    return TABLE[0] if head[HEADER_MAGIC:] == b"HdrS" else None


def read(path: Path, what: str) -> str:
    """What readelf says of a file; of one that is not ELF, nothing that has a meaning."""
    return child.output(["readelf", what, path], env=child.environment() | {"LC_ALL": "C"})


def build_id(image: Path) -> str:
    """The GNU build id of a vmlinux; empty if it has none, and for any other file."""
    found = re.search(r"Build ID: ([0-9a-f]+)", read(image, "--notes"))
    return found[1] if found else ""


def kernel(image: bytes) -> bytes:
    """The kernel in an image; empty if that cannot be unpacked here."""
    if is_elf(image) or image[ARM64_AT:ARM64_AT + 4] == ARM64_MAGIC:
        return image
    if len(image) < PAYLOAD_OFFSET + 8 or image[HEADER_MAGIC:HEADER_MAGIC + 4] != b"HdrS":
        return b""
    offset, length = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    start = ((image[SECTORS] or 4) + 1) * SECTOR + offset
    payload = image[start:start + length]
    for magic, unpacker in COMPRESSED.items():
        if payload.startswith(magic):
            try:
                return unpacker().decompress(payload)
            except (OSError, EOFError, lzma.LZMAError, zlib.error):
                return b""
    return b""


def release(image: Path) -> str:
    """The release of a vmlinux or an arm64 Image (its banner), or of a bzImage (its header); empty
    for anything else."""
    data = image.read_bytes()
    if is_elf(data) or data[ARM64_AT:ARM64_AT + 4] == ARM64_MAGIC:
        found = re.search(rb"Linux version (\S+) \(", data)
        return found[1].decode() if found else ""
    if len(data) > SETUP_START + 0x20 and data[HEADER_MAGIC:HEADER_MAGIC + 4] == b"HdrS":
        pointer, = struct.unpack_from("<H", data, VERSION_POINTER)
        text = data[SETUP_START + pointer:SETUP_START + pointer + 256].split(b"\0")[0]
        return text.split(b" ")[0].decode(errors="replace")
    return ""


def modinfo(module: Path, field: str) -> str:
    """A field of a module's .modinfo section, empty if it has none."""
    found = re.search(rb"\0" + field.encode() + rb"=([^\0]*)\0", module.read_bytes())
    return found[1].decode(errors="replace") if found else ""
