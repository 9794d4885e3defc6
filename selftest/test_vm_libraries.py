# SPDX-License-Identifier: GPL-2.0
"""Programs and a busybox that are not static run in the guest with the libraries of this host."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from base.files import TOP
from runner import guests
from vm import deps, initramfs, libraries
from vm.arch import HOST
from test_vm_initramfs import unpack

needs_chroot = pytest.mark.skipif(
    subprocess.run(["unshare", "--map-root-user", "true"], capture_output=True,
                   check=False).returncode, reason="unshare --map-root-user is not permitted")
CHROOT = shutil.which("chroot", path=deps.PLACES)
KERNEL = SimpleNamespace(modules={}, release="6.1.9", arch=HOST)
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


def cc(text: str, path: Path, *words: str) -> Path:
    subprocess.run(["gcc", "-x", "c", "-", "-o", path, "-x", "none", *words], input=text,
                   text=True, check=True)
    return path


def root_of(box, *archives: bytes) -> Path:
    """What the guest would have: the archives, unpacked in their order."""
    root = box.folder / "root"
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


def run_in(root: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["unshare", "--map-root-user", CHROOT, root, *words], text=True,
                          capture_output=True, env={}, check=False)


@pytest.fixture(name="dynamic")
def dynamic_(box):
    """A program that needs a library from a folder of its own, and those of the suite."""
    own = box.folder / "own"
    own.mkdir()
    box.library = cc("int own(void) { return 7; }", own / "libown.so", "-shared")
    box.program = cc(PROGRAM, box.folder / "hmm_coherent_x", f"-L{own}", f"-Wl,-rpath,{own}",
                     "-lown", "-luring", "-lnuma")
    box.static = cc("int main(void) { return 0; }", box.folder / "hmm_coherent_y", "-static")
    return box


def test_static_programs_need_nothing(dynamic):
    assert libraries.needed(dynamic.static) == set()
    assert libraries.needed(dynamic.script("hmm_coherent_z", "true")) == set()
    assert initramfs.shared_files([dynamic.static], dynamic.cache) is None
    assert list(guests.pack([dynamic.static], dynamic.cache)) == ["hmm_coherent_y"]


@needs_chroot
def test_it_runs_in_a_root_of_the_archives_alone(dynamic):
    packed = guests.pack([dynamic.program, dynamic.static], dynamic.cache)
    root = root_of(dynamic, packed["hmm_coherent_x"].read_bytes(),
                   packed[guests.SHARED].read_bytes())
    done = run_in(root, "/bin/hmm_coherent_x")
    assert (done.returncode, done.stderr) == (0, "")
    # The folders of other distributions lead to the same files.
    for folder in ("lib64", "usr/lib", "usr/lib64", "lib/x86_64-linux-gnu"):
        assert (root / folder / "libnuma.so.1").is_file(), folder


def archives(box, packed: dict[str, Path], plan: str) -> bytes:
    """What a guest with this plan is given."""
    base = box.folder / "base"
    base.write_bytes(b"")
    with mock.patch.object(guests.qemu, "Guest") as guest:
        guests.Parts(SimpleNamespace(), base, packed, None, {}).guest({"job/plan": plan},
                                                                      box.folder, 1)
    return guest.call_args.args[1]


def test_every_guest_gets_the_libraries(dynamic):
    packed = guests.pack([dynamic.program, dynamic.static], dynamic.cache)
    for plan in ("hmm_coherent_x\n", "hmm_coherent_y\n", ""):
        found = unpack(archives(dynamic, packed, plan))
        assert "lib/libnuma.so.1" in found, plan
        assert ("bin/hmm_coherent_x" in found) == (plan != "hmm_coherent_y\n"), plan


def test_names_of_one_file(dynamic):
    other = dynamic.folder / "hmm_coherent_z"
    other.hardlink_to(dynamic.static)
    packed = guests.pack([dynamic.static, other, dynamic.program], dynamic.cache)
    assert initramfs.ONE in unpack(packed[guests.SHARED].read_bytes())
    for name in ("hmm_coherent_y", "hmm_coherent_z"):
        assert unpack(archives(dynamic, packed, name))[f"bin/{name}"][1] == b"hmm_coherent"
    assert initramfs.same_file([dynamic.static, dynamic.program]) == []


def test_another_version_of_a_library_is_packed_again(dynamic):
    first = initramfs.shared_files([dynamic.program], dynamic.cache)
    assert initramfs.shared_files([dynamic.program], dynamic.cache) == first
    cc("int own(void) { return 8; }", dynamic.library, "-shared")
    assert initramfs.shared_files([dynamic.program], dynamic.cache) != first


def test_a_library_that_is_not_there(dynamic):
    dynamic.library.unlink()
    dynamic.stops(3, f"does not find libown.so of {dynamic.program}", libraries.needed,
                  dynamic.program)


def test_cut_short(dynamic):
    data = dynamic.program.read_bytes()
    for length in (0, 5, 63, 64, 100):
        dynamic.program.write_bytes(data[:length])
        assert libraries.loader(dynamic.program) == "", length


# A busybox made of this host's: the static one, and a dynamic program that has its name.
@pytest.fixture(name="places")
def places_(box):
    """Two folders in which it is looked for."""
    box.places = [box.folder / "one", box.folder / "two"]
    for place in box.places:
        place.mkdir()
    box.patch(deps, "PLACES", ":".join(map(str, box.places)))
    return box


def busybox(place: Path, applets, *words: str) -> Path:
    lines = "".join(f'puts("{name}");' for name in sorted(applets))
    return cc(f"#include <stdio.h>\nint main(void) {{ {lines} return 0; }}", place / "busybox",
              *words)


def test_the_static_one_is_preferred(places):
    busybox(places.places[0], initramfs.APPLETS)
    static = busybox(places.places[1], initramfs.APPLETS, "-static")
    assert initramfs.busybox() == static
    assert "lib64" not in unpack(
        initramfs.base(KERNEL, places.cache, places.say).read_bytes())


@needs_chroot
def test_a_dynamic_one_runs(places):
    busybox(places.places[0], initramfs.APPLETS)
    base = initramfs.base(KERNEL, places.cache, places.say)
    done = run_in(root_of(places, base.read_bytes()), "/bin/busybox")
    assert set(done.stdout.split()) == set(initramfs.APPLETS), done.stderr


def test_one_that_lacks_something_init_needs(places):
    places.stops(3, "there is no busybox for the guest", initramfs.busybox)
    path = busybox(places.places[0], initramfs.APPLETS - {"devmem", "insmod"})
    places.stops(3, f"{path} has no devmem insmod", initramfs.busybox)


def test_init_uses_them():
    words = " ".join(initramfs.INIT.read_text().split())
    assert [name for name in initramfs.APPLETS if name not in words] == []

# What the Makefile decides, asked of a compiler that refuses some words.


@pytest.mark.parametrize("refused, linkage", [
    ("no", "-static"), ("-static", "-g"), ("-lnuma", "missing")])
def test_static_first_then_dynamic(box, refused, linkage):
    compiler = box.script("cc", f'for word; do case $word in {refused}) exit 1 ;; esac; done\n'
                                'exec gcc "$@"')
    done = subprocess.run(["make", "-s", f"CC={compiler}", "--eval=linked: ; @echo $(LINKAGE)",
                           "linked"], cwd=TOP, env={"PATH": os.environ["PATH"]},
                          capture_output=True, text=True, check=False)
    assert done.stdout.strip() == linkage
