# SPDX-License-Identifier: GPL-2.0
"""Programs and a busybox that are not static run in the guest with the libraries of this host."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from unittest import mock, skipUnless

from base.files import TOP
from runner import guests
from vm import deps, initramfs, libraries
from vm.arch import HOST
from test_vm_initramfs import unpack
from vm_kit import WithCache

MAY_CHROOT = subprocess.run(["unshare", "--map-root-user", "true"], capture_output=True,
                            check=False).returncode == 0
CHROOT = shutil.which("chroot", path=deps.PLACES)
PROGRAM = """
#include <numa.h>
#include <liburing.h>
int own(void);
int main(void)
{
	io_uring_free_probe(0);
	return numa_available() == -2 || own() != 7;
}
"""


class Guest(WithCache):
    """What the guest would have, and a compiler for it."""

    def cc(self, text: str, path: Path, *words: str) -> Path:
        subprocess.run(["gcc", "-x", "c", "-", "-o", path, "-x", "none", *words], input=text,
                       text=True, check=True)
        return path

    def root(self, *archives: bytes) -> Path:
        """What the guest would have: the archives, unpacked in their order."""
        root = self.folder / "root"
        for name, (mode, data) in unpack(b"".join(archives)).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode & 0o170000 == 0o040000:
                path.mkdir(exist_ok=True)
            elif mode & 0o170000 == 0o120000:
                path.symlink_to(data.decode())
            elif mode & 0o170000 == 0o100000:
                path.write_bytes(data)
                path.chmod(mode & 0o777)
        return root

    def run_in(self, root: Path, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["unshare", "--map-root-user", CHROOT, root, *words], text=True,
                              capture_output=True, env={}, check=False)

class Dynamic(Guest):
    """A program that needs a library from a folder of its own, and those of the suite."""

    def setUp(self):
        super().setUp()
        self.own = self.folder / "own"
        self.own.mkdir()
        self.library = self.cc("int own(void) { return 7; }", self.own / "libown.so", "-shared")
        self.program = self.cc(PROGRAM, self.folder / "hmm_coherent_x", f"-L{self.own}",
                               f"-Wl,-rpath,{self.own}", "-lown", "-luring", "-lnuma")
        self.static = self.cc("int main(void) { return 0; }", self.folder / "hmm_coherent_y",
                              "-static")

    def test_static_programs_need_nothing(self):
        self.assertEqual(libraries.needed(self.static), set())
        self.assertEqual(libraries.needed(self.script("hmm_coherent_z", "true")), set())
        self.assertIsNone(initramfs.shared_libraries([self.static], self.cache))
        self.assertEqual(list(guests.pack([self.static], self.cache)), ["hmm_coherent_y"])

    @skipUnless(MAY_CHROOT, "unshare --map-root-user is not permitted")
    def test_it_runs_in_a_root_of_the_archives_alone(self):
        packed = guests.pack([self.program, self.static], self.cache)
        shared = packed[guests.SHARED].read_bytes()
        root = self.root(packed["hmm_coherent_x"].read_bytes(), shared)
        done = self.run_in(root, "/bin/hmm_coherent_x")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        # The folders of other distributions lead to the same files.
        for folder in ("lib64", "usr/lib", "usr/lib64", "lib/x86_64-linux-gnu"):
            self.assertTrue((root / folder / "libnuma.so.1").is_file(), folder)

    def test_every_guest_gets_the_libraries(self):
        packed = guests.pack([self.program, self.static], self.cache)
        base = self.folder / "base"
        base.write_bytes(b"")
        parts = guests.Parts(SimpleNamespace(), base, packed, None, {})
        with mock.patch.object(guests.qemu, "Guest") as guest:
            for plan in ("hmm_coherent_x\n", "hmm_coherent_y\n", ""):
                parts.guest({"job/plan": plan}, self.folder, 1)
                found = unpack(guest.call_args.args[1])
                self.assertIn("lib/libnuma.so.1", found, plan)
                self.assertEqual("bin/hmm_coherent_x" in found, plan != "hmm_coherent_y\n", plan)

    def test_another_version_of_a_library_is_packed_again(self):
        first = initramfs.shared_libraries([self.program], self.cache)
        self.assertEqual(initramfs.shared_libraries([self.program], self.cache), first)
        self.cc("int own(void) { return 8; }", self.library, "-shared")
        self.assertNotEqual(initramfs.shared_libraries([self.program], self.cache), first)

    def test_a_library_that_is_not_there(self):
        self.library.unlink()
        self.stops(3, f"does not find libown.so of {self.program}", libraries.needed, self.program)

    def test_cut_short(self):
        data = self.program.read_bytes()
        for length in (0, 5, 63, 64, 100):
            self.program.write_bytes(data[:length])
            self.assertEqual(libraries.loader(self.program), "", length)


class Busybox(Guest):
    """A busybox made of this host's: the static one, and a dynamic program that has its name."""

    def setUp(self):
        super().setUp()
        self.places = [self.folder / "one", self.folder / "two"]
        for place in self.places:
            place.mkdir()
        patch = mock.patch.object(deps, "PLACES", ":".join(map(str, self.places)))
        patch.start()
        self.addCleanup(patch.stop)

    def busybox(self, place: Path, applets, *words: str) -> Path:
        lines = "".join(f'puts("{name}");' for name in sorted(applets))
        return self.cc(f"#include <stdio.h>\nint main(void) {{ {lines} return 0; }}",
                       place / "busybox", *words)

    def base(self) -> dict:
        kernel = SimpleNamespace(modules={}, release="6.1.9", arch=HOST)
        return unpack(initramfs.base(kernel, self.cache, self.say).read_bytes())

    def test_the_static_one_is_preferred(self):
        self.busybox(self.places[0], initramfs.APPLETS)
        static = self.busybox(self.places[1], initramfs.APPLETS, "-static")
        self.assertEqual(initramfs.busybox(), static)
        self.assertNotIn("lib64", self.base())

    @skipUnless(MAY_CHROOT, "unshare --map-root-user is not permitted")
    def test_a_dynamic_one_runs(self):
        self.busybox(self.places[0], initramfs.APPLETS)
        kernel = SimpleNamespace(modules={}, release="6.1.9", arch=HOST)
        base = initramfs.base(kernel, self.cache, self.say)
        done = self.run_in(self.root(base.read_bytes()), "/bin/busybox")
        self.assertEqual(set(done.stdout.split()), set(initramfs.APPLETS), done.stderr)

    def test_one_that_lacks_something_init_needs(self):
        path = self.busybox(self.places[0], initramfs.APPLETS - {"devmem", "insmod"})
        self.stops(3, f"{path} has no devmem insmod", initramfs.busybox)

    def test_none(self):
        self.stops(3, "there is no busybox for the guest", initramfs.busybox)

    def test_init_uses_them(self):
        words = initramfs.INIT.read_text().split()
        for name in initramfs.APPLETS:
            self.assertIn(name, " ".join(words), name)


class Linkage(WithCache):
    """What the Makefile decides, asked of a compiler that refuses some words."""

    def linkage(self, refused: str) -> str:
        compiler = self.script("cc", f'for word; do case $word in {refused}) exit 1 ;; esac; done\n'
                                     'exec gcc "$@"')
        return subprocess.run(["make", "-s", f"CC={compiler}", "--eval=linked: ; @echo $(LINKAGE)",
                               "linked"], cwd=TOP, env={"PATH": os.environ["PATH"]},
                              capture_output=True, text=True, check=False).stdout.strip()

    def test_static_first_then_dynamic(self):
        self.assertEqual(self.linkage("no"), "-static")
        self.assertEqual(self.linkage("-static"), "-g")
        self.assertEqual(self.linkage("-lnuma"), "missing")
