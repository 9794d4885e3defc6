# SPDX-License-Identifier: GPL-2.0
"""The Debian packages that each part of a run needs, and their installation."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from base import child
from base.errors import Stop
from vm import deb

PACKAGES = {
    "build": ("gcc", "make", "flex", "bison", "bc", "libelf-dev", "libssl-dev", "libc6-dev",
              "xz-utils"), "tests": ("gcc", "make", "libc6-dev", "liburing-dev", "libnuma-dev"),
    "vm": ("qemu-system-x86", "busybox-static", "cpio", "e2fsprogs"),
    "check": ("clang", "shellcheck", "cppcheck", "python3-pytest", "python3-pytest-xdist",
              "pyflakes3", "mypy", "help2man", "python3-argcomplete"), "faults": ("coccinelle", ), }
DEBIAN = Path("/etc/debian_version")
MINUTES = 60.0


def missing(for_what: set[str]) -> list[str]:
    """The packages that are not installed. Where there is no dpkg, nobody can tell: none."""
    wanted = dict.fromkeys(name for part in sorted(for_what) for name in PACKAGES[part])
    if not shutil.which("dpkg-query"):
        return []
    # It fails if it does not know one of the packages, and still prints the others.
    query = 'dpkg-query -W -f "\\${db:Status-Abbrev}\\${Package}\\n" "$@" || :'
    text = child.output(["sh", "-c", query, "sh", *wanted])
    present = {line[3:].strip() for line in text.splitlines() if line.startswith("ii")}
    return [name for name in wanted if name not in present]


def need(for_what: set[str], say: Callable[[str], None]) -> None:
    """Install what is missing, or stop with the command that does."""
    packages = missing(for_what)
    if packages:
        say(f"installing {' '.join(packages)}")
        install(packages, Path(os.environ["HMM_COHERENT_CACHE"], "log", "apt.log"))


def command(packages: list[str]) -> list[str]:
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def install(packages: list[str], log: Path) -> None:
    """Install packages, fetching the package lists only if they are missing or too old."""
    if not packages:
        return
    line = " ".join(command(packages))
    what = f"missing package{'s' if len(packages) > 1 else ''}: {' '.join(packages)}"
    if not DEBIAN.exists() or not shutil.which("apt-get"):
        raise Stop(
            3, what,
            f"this is not Debian: install the packages that provide them (on Debian: {line})")
    if os.geteuid() != 0:
        raise Stop(3, what, f"as root: {line}")
    if _install(packages, log):
        return
    child.run(["apt-get", "-q", "update"], log, 10 * MINUTES, append=True, env=deb.environment())
    if not _install(packages, log):
        reason = next((text for text in reversed(log.read_text(errors="replace").splitlines())
                       if text.startswith("E: ")), "")
        raise Stop(3, f"{line} failed{': ' + reason[3:] if reason else ''}", f"see {log}")


def _install(packages: list[str], log: Path) -> bool:
    line = [*command(packages), "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"]
    return child.run(line, log, 30 * MINUTES, append=True, env=deb.environment()) == 0
