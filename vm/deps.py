# SPDX-License-Identifier: GPL-2.0
"""What each part of a run needs, whether it is there, and which packages bring it."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from base import child
from base.errors import Stop
from vm import deb
from vm.arch import Arch, HOST

# What is wanted is a command, a header (.h) or a Python module (.py), wherever it comes from. A
# package "=" has the name that apt's has, and "a+b" are two. Those under "once" are only named to
# who lacks them. The suite is tried on Debian only, so the other names are from documentation.
TABLE = """
wanted             apt                  dnf                   pacman zypper apk
[build]
gcc                gcc                  =                     = = gcc+linux-headers
make               make                 =                     = = =
flex               flex                 =                     = = =
bison              bison                =                     = = =
bc                 bc                   =                     = = =
xz                 xz-utils             xz                    xz xz xz+tar+bash
libelf.h           libelf-dev           elfutils-libelf-devel libelf libelf-devel elfutils-dev
openssl/ssl.h      libssl-dev           openssl-devel         openssl libopenssl-devel openssl-dev
stdio.h            libc6-dev            glibc-devel           glibc glibc-devel musl-dev
[tests]
gcc                gcc                  =                     = = gcc+linux-headers
make               make                 =                     = = =
stdio.h            libc6-dev            glibc-devel           glibc glibc-devel musl-dev
liburing.h         liburing-dev         liburing-devel        liburing liburing-devel =
numa.h             libnuma-dev          numactl-devel         numactl libnuma-devel numactl-dev
[vm]
busybox            busybox-static       busybox               busybox = =
mke2fs             e2fsprogs            =                     = = =
[filesystems]
mkfs.xfs           xfsprogs             =                     = = =
mkfs.btrfs         btrfs-progs          =                     = btrfsprogs =
[qemu-x86_64]
qemu-system-x86_64 qemu-system-x86      qemu-system-x86-core  = qemu-x86 qemu-system-x86_64
[qemu-arm64]
qemu-system-aarch64 qemu-system-arm     qemu-system-aarch64-core = qemu-arm qemu-system-aarch64
[cross-x86_64]
x86_64-linux-gnu-gcc gcc-x86-64-linux-gnu+libc6-dev-amd64-cross = = = =
qemu-x86_64        qemu-user            qemu-user             = qemu-linux-user qemu-x86_64
[cross-arm64]
aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu+libc6-dev-arm64-cross = = = =
qemu-aarch64       qemu-user            qemu-user             = qemu-linux-user qemu-aarch64
[check]
clang              clang                =                     = = =
shellcheck         shellcheck           ShellCheck            = ShellCheck =
cppcheck           cppcheck             =                     = = =
pytest.py          python3-pytest       =                     python-pytest = py3-pytest
xdist.py           python3-pytest-xdist =                     python-pytest-xdist = py3-pytest-xdist
pyflakes.py        pyflakes3            python3-pyflakes python-pyflakes python3-pyflakes py3-flakes
mypy               mypy                 python3-mypy          = = py3-mypy
help2man           help2man             =                     = = =
argcomplete.py     python3-argcomplete  =                     python-argcomplete = py3-argcomplete
[faults]
spatch             coccinelle           =                     = = =
[once]
git                git                  =                     = = =
modprobe           kmod                 =                     = = =
genhtml            lcov                 =                     = = =
ld.lld             lld                  =                     = = =
llvm-ar            llvm                 =                     = = =
"""
# How each installs, and what os-release(5) calls the distributions that have it.
MANAGERS = {
    "apt": ("apt-get install -y --no-install-recommends", "debian ubuntu"),
    "dnf": ("dnf install -y", "fedora rhel centos"), "pacman": ("pacman -S --needed", "arch"),
    "zypper": ("zypper install -y", "suse opensuse"), "apk": ("apk add", "alpine")}
PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
IMPORTS = """
import importlib.util, sys
for name in sys.argv[1:]:
    if importlib.util.find_spec(name.removesuffix(".py")):
        print(name)"""
MINUTES = 60.0


def read_table() -> dict[str, dict[str, dict[str, str]]]:
    """Of each part, and of each thing that it wants, the package of each manager."""
    (_, *managers), *rows = (line.split() for line in TABLE.strip().splitlines())
    table: dict[str, dict[str, dict[str, str]]] = {}
    part: dict[str, dict[str, str]] = {}
    for wanted, *names in rows:
        if names:
            part[wanted] = dict(zip(managers, (names[0] if name == "=" else name for name in names),
                                    strict=True))
        else:
            part = table[wanted.strip("[]")] = {}
    return table


PARTS = read_table()
# What `deps` installs; more for another architecture, and for a profile.
PACKAGES = tuple(part for part in PARTS
                 if part not in ("once", "filesystems") and not part.startswith(
                     ("qemu-", "cross-"))) + (f"qemu-{HOST.name}", )


def for_vm(arch: Arch = HOST) -> set[str]:
    """The parts that a run in VMs needs."""
    found = {"build", "vm", "tests", f"qemu-{arch.name}"}
    return found if arch is HOST else found | {f"cross-{arch.name}"}


def manager() -> str:
    """The package manager of this distribution, or nothing."""
    text = deb.OS_RELEASE.read_text() if deb.OS_RELEASE.is_file() else ""
    found = [re.search(rf"""(?m)^{key}=["']?(.*?)["']?$""", text) for key in ("ID", "ID_LIKE")]
    words = " ".join(one[1] for one in found if one).split()
    return next((name for word in words for name, (_, ids) in MANAGERS.items()
                 if word in ids.split()), "")


def missing(for_what: Iterable[str]) -> list[str]:
    """What these parts want and this system has not."""
    wanted = list(dict.fromkeys(name for part in sorted(for_what) for name in PARTS[part]))
    there = headers([name for name in wanted if name.endswith(".h")])
    there |= modules([name for name in wanted if name.endswith(".py")])
    return [name for name in wanted if name not in there and not find(name)]


def find(command: str) -> str | None:
    """The path of a command; that of root's commands too, for who is not root."""
    return shutil.which(command) or shutil.which(command, path=PLACES)


def headers(names: list[str]) -> set[str]:
    """Those of them that the compiler finds."""
    text = "".join(f"#if __has_include(<{name}>)\n{name}\n#endif\n" for name in names)
    return set(child.output(["sh", "-c", 'printf %s "$1" | gcc -E -P -x c -', "sh", text],
                            5 * MINUTES).split())


def modules(names: list[str]) -> set[str]:
    """Those of them that this Python has, or the system's."""
    pythons = dict.fromkeys((sys.executable, "/usr/bin/python3")) if names else ()
    return {line for python in pythons
            for line in child.output([python, "-I", "-c", IMPORTS, *names], 5 * MINUTES).split()}


def packages(wanted: Iterable[str]) -> list[str]:
    """What brings it on this system; where that is not known, the wanted itself."""
    rows = {name: row for part in PARTS.values() for name, row in part.items()}
    found = [rows[name].get(manager(), name).split("+") for name in wanted]
    return list(dict.fromkeys(name for names in found for name in names))


def command(names: list[str]) -> str:
    """The command that installs packages here, for people."""
    if manager() not in MANAGERS:
        return f"install what provides {', '.join(names)}"
    return f"as root: {MANAGERS[manager()][0]} {' '.join(names)}"


def remedy(*wanted: str) -> str:
    """What to do about commands, headers or modules that are not there."""
    return command(packages(wanted))


def need(for_what: Iterable[str], say: Callable[[str], None]) -> None:
    """Install what is missing, or stop with the command that does."""
    names = packages(missing(for_what))
    if not names:
        return
    if manager() != "apt" or os.geteuid() != 0:
        raise Stop(3, f"missing: {', '.join(names)}", command(names))
    say(f"installing {' '.join(names)}")
    install(names, Path(os.environ["HMM_COHERENT_CACHE"], "log", "apt.log"))


def install(names: list[str], log: Path) -> None:
    """Install packages with apt; the package lists are fetched only if that fails without."""
    if _install(names, log):
        return
    child.run(["apt-get", "-q", "update"], log, 10 * MINUTES, append=True, env=deb.environment())
    if not _install(names, log):
        reason = next((text for text in reversed(log.read_text(errors="replace").splitlines())
                       if text.startswith("E: ")), "")
        line = command(names).removeprefix("as root: ")
        raise Stop(3, f"{line} failed{': ' + reason[3:] if reason else ''}", f"see {log}")


def _install(names: list[str], log: Path) -> bool:
    line = [*MANAGERS["apt"][0].split(), *names, "-q", "-o", "DPkg::Lock::Timeout=120", "-o",
            "Dpkg::Use-Pty=0"]
    return child.run(line, log, 30 * MINUTES, append=True, env=deb.environment()) == 0
