# SPDX-License-Identifier: GPL-2.0
"""The archives of the guest: what the kernel's unpacker wants, and nothing of this host in them."""

import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from base.errors import Stop
from vm import initramfs
from vm_kit import WithCache


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


class Archives(unittest.TestCase):
    def test_files_come_back(self):
        files = {"job/plan": b"a\nb\n", "/job/env": b"", "x": bytes(range(256)) * 3}
        found = unpack(initramfs.pack(files))
        self.assertEqual({name: data for name, (mode, data) in found.items() if stat.S_ISREG(mode)},
                         {"job/plan": b"a\nb\n", "job/env": b"", "x": bytes(range(256)) * 3})
        self.assertTrue(stat.S_ISDIR(found["job"][0]))

    def test_every_length_is_padded(self):
        for length in range(9):
            data = initramfs.pack({"a" * (length + 1): b"b" * length})
            self.assertEqual(len(data) % 512, 0)
            self.assertEqual(unpack(data)["a" * (length + 1)][1], b"b" * length)

    def test_folders_come_before_their_content(self):
        self.assertEqual(list(unpack(initramfs.pack({"a/b/c": b""}))), ["a", "a/b", "a/b/c"])

    def test_archives_follow_each_other(self):
        both = unpack(initramfs.pack({"one": b"1"}) + initramfs.pack({"two": b"2"}))
        self.assertEqual(list(both), ["one", "two"])

    def test_a_folder_of_the_host(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "installed")
            (folder / "deep").mkdir(parents=True)
            (folder / "deep" / "data").write_bytes(b"1")
            (folder / "run.sh").write_bytes(b"2")
            (folder / "run.sh").chmod(0o755)
            (folder / "link").symlink_to("run.sh")
            Path(name, "beside").write_text("not packed")
            (folder / "out").symlink_to("../beside")
            found = unpack(initramfs.pack_folder(folder / "deep" / ".."))
            with self.assertRaises(Stop):
                initramfs.pack_folder(Path("/"))
        self.assertEqual({name: (mode & 0o777, data) for name,
                          (mode, data) in found.items() if stat.S_ISREG(mode)},
                         {"mnt/installed/deep/data": (0o644, b"1"),
                          "mnt/installed/run.sh": (0o755, b"2"),
                          "mnt/installed/link": (0o755, b"2")})

    def test_same_content_same_bytes(self):
        self.assertEqual(initramfs.pack({"a": b"1", "b": b"2"}),
                         initramfs.pack({"b": b"2", "a": b"1"}))


class Base(WithCache):
    def setUp(self):
        super().setUp()
        self.program = self.script("hmm_coherent_x", "true")
        self.module = self.folder / "test_hmm.ko"
        self.module.write_bytes(b"module")
        self.kernel = SimpleNamespace(modules={"test_hmm": self.module}, release="6.1.9")
        tool = self.script("busybox", 'echo "ls sh init"')
        self.addCleanup(setattr, initramfs, "busybox", initramfs.busybox)
        initramfs.busybox = lambda: tool

    def base(self) -> Path:
        return initramfs.base(self.kernel, self.cache, self.say)

    def packed(self) -> tuple[int, bytes]:
        return unpack(initramfs.program(self.program,
                                        self.cache).read_bytes())["bin/hmm_coherent_x"]

    def test_holds_what_the_guest_needs(self):
        found = unpack(self.base().read_bytes())
        self.assertTrue(found["init"][0] & 0o111)
        self.assertTrue(self.packed()[0] & 0o111)
        self.assertTrue(found["bin/busybox"][0] & 0o111)
        self.assertEqual(found["lib/test_hmm.ko"][1], b"module")
        self.assertEqual(found["lib/modules/6.1.9/modules.dep"][1], b"/lib/test_hmm.ko:\n")
        self.assertEqual(found["bin/sh"][1], b"busybox")
        self.assertNotIn("bin/ls", found)     # nothing that init names
        self.assertTrue(stat.S_ISCHR(found["dev/console"][0]))
        self.assertNotIn("bin/init", found)

    def test_made_again_only_for_new_content(self):
        first = self.base()
        made = first.stat().st_mtime_ns
        self.assertEqual((self.base(), first.stat().st_mtime_ns), (first, made))
        self.module.write_bytes(b"another")
        self.assertNotEqual(self.base(), first)

    def test_a_program_is_packed_again_only_for_new_content(self):
        first = initramfs.program(self.program, self.cache)
        os.utime(self.program)
        self.assertEqual(initramfs.program(self.program, self.cache), first)
        self.program.write_text("another")
        self.assertNotEqual(initramfs.program(self.program, self.cache), first)

    def test_programs_are_stripped(self):
        source = self.folder / "x.c"
        source.write_text("int main(void) { return 0; }\n")
        subprocess.run(["cc", "-g", "-o", self.program, source], check=True)
        packed = self.packed()[1]
        self.assertIn(b".debug_info", self.program.read_bytes())
        self.assertNotIn(b".debug_info", packed)

    def test_what_strip_refuses_is_taken_as_it_is(self):
        self.program.write_bytes(b"\x7fELF" + b"broken")
        self.assertEqual(self.packed()[1], b"\x7fELFbroken")


