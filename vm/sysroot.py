# SPDX-License-Identifier: GPL-2.0
"""Headers, libraries and busybox of another architecture, from Debian's packages.

They are downloaded with a private apt, whose state is in the cache, and unpacked there. The machine
itself does not get the architecture.
"""

import shutil
from pathlib import Path

from base.errors import Stop
from vm import deb
from vm.arch import Arch

# The C library comes with the cross compiler.
PACKAGES = ("liburing-dev", "libnuma-dev", "busybox-static")


def find(arch: Arch, cache, say) -> Path:
    """The root of an unpacked system with what a guest of this architecture needs."""
    def make(folder: Path) -> None:
        # Only who fetches waits for other runs that use apt's lists.
        with cache.lock(cache.root / "apt" / "lists"):
            fetch(folder)

    def fetch(folder: Path) -> None:
        apt, log = deb.foreign(cache, arch.debian, folder / "apt")
        say(f"fetching {' '.join(PACKAGES)} for {arch.name}")
        if not apt.update(log):
            raise Stop(3, f"apt finds no packages for {arch.debian}",
                       f"see {log}; --arch {arch.name} needs a mirror of Debian")
        for package in PACKAGES:
            version = apt.candidate(package)
            found = apt.download(package, version, folder, log) if version else None
            if not found:
                raise Stop(3, f"there is no {package} for {arch.debian}", f"see {log}")
            deb.unpack(found, folder / "root", log)
            found.unlink()
        shutil.rmtree(folder / "apt")

    return cache.entry("sysroot", f"{arch.name} {PACKAGES} {deb.codename()}", make,
                       f"{arch.name}-{deb.codename()}") / "root"


def busybox(root: Path) -> Path:
    """Its busybox, in /bin or, with a merged /usr, in /usr/bin."""
    return next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.is_file())


def compiler(arch: Arch, root: Path) -> str:
    """CC for programs of this architecture."""
    libraries = root / "usr" / "lib" / arch.triplet
    return f"{arch.triplet}-gcc -idirafter {root}/usr/include -L{libraries}"
