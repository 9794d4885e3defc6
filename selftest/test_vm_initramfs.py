# SPDX-License-Identifier: GPL-2.0
"""The archives of the guest: what the kernel's unpacker wants, and nothing of this host in them."""

import os
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from base.errors import Stop
from vm import initramfs
from vm.arch import HOST


def unpack(data: bytes) -> dict[str, tuple[int, bytes]]:
    """Name to mode and content, read as init/initramfs.c reads it: archives after each other, zeros
    between."""
    found, at = {}, 0
    while at < len(data):
        if data[at] == 0:
            at += 1
            continue
        assert at % 4 == 0 and data[at:at + 6] == b"070701", at
        field = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + field[11]]
        assert name.endswith(b"\0")
        start = at + -(-(110 + field[11]) // 4) * 4
        at = start + -(-field[6] // 4) * 4
        if name[:-1] != b"TRAILER!!!":
            found[name[:-1].decode()] = (field[1], data[start:start + field[6]])
    return found


def test_files_come_back():
    files = {"job/plan": b"a\nb\n", "/job/env": b"", "x": bytes(range(256)) * 3}
    found = unpack(initramfs.pack(files))
    assert {name: data for name, (mode, data) in found.items() if stat.S_ISREG(mode)} == {
        name.lstrip("/"): data for name, data in files.items()}
    assert stat.S_ISDIR(found["job"][0])


def test_every_length_is_padded():
    for length in range(9):
        data = initramfs.pack({"a" * (length + 1): b"b" * length})
        assert len(data) % 512 == 0
        assert unpack(data)["a" * (length + 1)][1] == b"b" * length


def test_folders_come_before_their_content():
    assert list(unpack(initramfs.pack({"a/b/c": b""}))) == ["a", "a/b", "a/b/c"]


def test_archives_follow_each_other():
    both = unpack(initramfs.pack({"one": b"1"}) + initramfs.pack({"two": b"2"}))
    assert list(both) == ["one", "two"]


def test_a_folder_of_the_host(scratch):
    folder = scratch / "installed"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "data").write_bytes(b"1")
    (folder / "run.sh").write_bytes(b"2")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    (scratch / "beside").write_text("not packed")
    (folder / "out").symlink_to("../beside")
    found = unpack(initramfs.pack_folder(folder / "deep" / ".."))
    with pytest.raises(Stop):
        initramfs.pack_folder(Path("/"))
    assert {name: (mode & 0o777, data) for name, (mode, data) in found.items()
            if stat.S_ISREG(mode)} == {"mnt/installed/deep/data": (0o644, b"1"),
                                       "mnt/installed/run.sh": (0o755, b"2"),
                                       "mnt/installed/link": (0o755, b"2")}


def test_same_content_same_bytes():
    assert initramfs.pack({"a": b"1", "b": b"2"}) == initramfs.pack({"b": b"2", "a": b"1"})


@pytest.fixture(name="box")
def box_(box):
    box.program = box.script("hmm_coherent_x", "true")
    box.module = box.folder / "test_hmm.ko"
    box.module.write_bytes(b"module")
    box.kernel = SimpleNamespace(modules={"test_hmm": box.module}, release="6.1.9",
                                 arch=HOST)
    tool = box.script("busybox", 'echo "ls sh init"')
    box.patch(initramfs, "busybox", lambda: tool)
    return box


def base(box) -> Path:
    return initramfs.base(box.kernel, box.cache, box.say)


def packed_of(box) -> tuple[int, bytes]:
    return unpack(initramfs.program(box.program, box.cache).read_bytes())["bin/hmm_coherent_x"]


def test_holds_what_the_guest_needs(box):
    found = unpack(base(box).read_bytes())
    assert found["init"][0] & 0o111
    assert packed_of(box)[0] & 0o111
    assert found["bin/busybox"][0] & 0o111
    assert found["lib/test_hmm.ko"][1] == b"module"
    assert found["lib/modules/6.1.9/modules.dep"][1] == b"/lib/test_hmm.ko:\n"
    assert found["bin/sh"][1] == b"busybox"
    assert "bin/ls" not in found     # nothing that init names
    assert stat.S_ISCHR(found["dev/console"][0])
    assert "bin/init" not in found


def test_made_again_only_for_new_content(box):
    first = base(box)
    made = first.stat().st_mtime_ns
    assert (base(box), first.stat().st_mtime_ns) == (first, made)
    box.module.write_bytes(b"another")
    assert base(box) != first


def test_a_program_is_packed_again_only_for_new_content(box):
    first = initramfs.program(box.program, box.cache)
    os.utime(box.program)
    assert initramfs.program(box.program, box.cache) == first
    box.program.write_text("another")
    assert initramfs.program(box.program, box.cache) != first


def test_programs_are_stripped(box):
    source = box.folder / "x.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", "-g", "-o", box.program, source], check=True)
    packed = packed_of(box)[1]
    assert b".debug_info" in box.program.read_bytes()
    assert b".debug_info" not in packed


def test_what_strip_refuses_is_taken_as_it_is(box):
    box.program.write_bytes(b"\x7fELF" + b"broken")
    assert packed_of(box)[1] == b"\x7fELFbroken"



def test_a_disk_of_another_filesystem(box):
    """It is as large as mkfs leaves it, and has holes where mkfs writes zeros: each guest gets its
    own copy. What mkfs says is told if it fails."""
    path = box.script("mkfs.odd", 'shift\n{ printf begin; head -c 67108864 /dev/zero; printf end; '
                      '} | dd of="$1" conv=notrunc status=none')
    box.patch(initramfs, "OTHERS", {"odd": ("mkfs.odd", "-q")})
    box.patch(initramfs.deps, "find", lambda name: path if name == "mkfs.odd" else None)
    image = initramfs.other("odd", box.cache)
    data = image.read_bytes()
    assert len(data) == initramfs.OTHERS_SIZE == image.stat().st_size
    assert data.strip(b"\0") == b"begin" + bytes(64 << 20) + b"end"
    assert image.stat().st_blocks * 512 < 16 << 20
    assert sorted(file.name for file in image.parent.glob("[!.]*")) == ["mkfs.log", "odd"]
    box.script("mkfs.odd", "echo too small; exit 1")
    box.patch(initramfs, "OTHERS_SIZE", initramfs.OTHERS_SIZE + 1)
    box.stops(3, "mkfs.odd failed: too small", initramfs.other, "odd", box.cache)
    box.patch(initramfs, "OTHERS", {"xfs": ("mkfs.xfs",)})
    box.stops(3, "there is no mkfs.xfs to make the guest's filesystem", initramfs.other, "xfs",
              box.cache)
