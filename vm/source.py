# SPDX-License-Identifier: GPL-2.0
"""Where a kernel's source comes from: a version that Debian packages, or a tree of the user's.

A version is the package linux-source-VERSION. It is not installed, only read: from /usr/src if it
is there, else fetched with apt. A tree is never written to.
"""

import errno
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from base import child
from base.errors import Stop, Untestable
from vm import deb

FIRST = (6, 0)
VERSION = re.compile(r"(\d+)\.(\d+)")
INSTALLED = Path("/usr/src")
# Half of a kernel is other architectures, and drivers that no guest of ours has. Their Kconfig and
# make files are needed, since kbuild reads all of them.
UNUSED_ARCH = (
    "alpha arc arm arm64 csky hexagon ia64 loongarch m68k microblaze mips nios2 openrisc parisc "
    "powerpc riscv s390 sh sparc um xtensa")
UNUSED = [*(f"arch/{name}" for name in UNUSED_ARCH.split()), "net", "samples", "sound",
          *(f"drivers/{name}" for name in "gpu iio infiniband media net scsi staging usb".split())]
UNUSED_FILES = [*(f"{folder}/*.[chS]" for folder in UNUSED), "Documentation/*.*", "*.dts", "*.dtsi"]

# What a build leaves in its tree; with one of the first three kbuild builds it nowhere else.
MADE = (".config", "include/config", "arch/x86/include/generated", "include/generated")
DAY = 86400
_said: set[tuple[str, str]] = set()


@dataclass
class Source:
    """A kernel source; ident changes when a new build folder is needed."""
    kind: str           # "debian" (never changes) or "tree" (changes under our feet)
    path: Path
    version: str
    label: str
    ident: str
    # nobody unpacks it again as long as it is there
    hold: object = field(default=None, compare=False, repr=False)


def resolve(spec: str, cache, say) -> Source:
    """The source that a --kernel SPEC names."""
    if VERSION.fullmatch(spec):
        check_age(spec)
        return debian(spec, cache, say)
    path = Path(spec).expanduser()
    if not path.is_dir():
        raise Stop(
            2, f"--kernel {spec} is neither a version nor a kernel tree",
            "give a version such as 6.1, the path of a kernel tree, or a bzImage with --modules DIR"
        )
    return tree(path.resolve(), spec)


def check_age(version: str) -> None:
    major, minor = VERSION.findall(version)[0]
    if (int(major), int(minor)) < FIRST:
        raise Untestable(4, f"Linux {version} has no device-coherent memory (it came with 6.0): "
                            "every test would skip", "choose a newer kernel with --kernel")


def tree(path: Path, spec: str) -> Source:
    """A kernel tree of the user's."""
    version = tree_version(path)
    if not version or not (path / "Kbuild").is_file() or not (path / "mm").is_dir():
        raise Stop(
            2, f"--kernel {spec} is not a kernel tree (no Makefile with a version, Kbuild and mm/)",
            "give the top folder of a kernel source")
    check_age(version)
    head = child.output(["git", "-C", path, "rev-parse", "--short=12", "HEAD"]).strip()
    return Source("tree", path, version, f"{path} ({version}{', ' + head if head else ''})",
                  f"tree {path}")


def is_built(path: Path) -> bool:
    """It was built in place, see vm/in_place.py."""
    return any((path / name).exists() for name in MADE)


def tree_version(path: Path) -> str:
    """6.1.192-rc1 from the Makefile, empty if there is none."""
    try:
        text = (path / "Makefile").read_text(errors="replace")
    except OSError:
        return ""
    parts = {
        name: value for name, value in re.findall(
            r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)", text[:2000], re.M)}
    if not parts.get("VERSION", "").isdigit() or not parts.get("PATCHLEVEL", "").isdigit():
        return ""
    number = ".".join(parts[name] for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")
                      if parts.get(name))
    return number + parts.get("EXTRAVERSION", "")


def debian(version: str, cache, say) -> Source:
    """Debian's source package of a version, unpacked in the cache."""
    package = f"linux-source-{version}"
    installed = INSTALLED / f"{package}.tar.xz"
    tarball: Path | None = installed
    release, apt = deb.installed_version(package) if installed.is_file() else "", None
    if not release:
        release, tarball = deb.newest_unpacked(cache, package), None
        if release:
            say_release(package, release, cache, say)
    if not release:
        apt, release = deb.find(package, cache, say)

    def make(folder: Path) -> None:
        archive = tarball or deb.fetch(apt or deb.find(package, cache, say)[0], package, release,
                                       cache, say)
        say(f"unpacking {package} {release}")
        unpack(archive, package, folder)
        if not of_series(tree_version(folder), version):
            raise Stop(
                3,
                f"{package} {release} contains Linux "
                f"{tree_version(folder) or 'without a version'}, not {version}",
                "give the path of a kernel tree with --kernel")

    path = cache.entry("src", f"{package} {release} {UNUSED_FILES}", make, f"{package}-{release}")
    return Source("debian", path, tree_version(path) or version, f"Debian {package} {release}",
                  f"{package} {release}", cache.shared(path))


def of_series(release: str, version: str) -> bool:
    """6.1.192 is of 6.1, and 6.12.1 is not."""
    return re.match(rf"{re.escape(version)}(?!\d)", release) is not None


def say_release(package: str, release: str, cache, say) -> None:
    """Which point release a version stands for, once a process: the one in the cache stays."""
    if (package, release) in _said:
        return
    _said.add((package, release))
    known = newest_known(package, cache)
    newer = known and child.output(
        ["sh", "-c", 'dpkg --compare-versions "$1" gt "$2" && echo newer', "sh", known, release])
    folder = cache.root / "src" / f"{package}-{release}"
    say(f"{package}: using {release} from the cache"
        + (f"; {known} is available: remove {folder} to use it" if newer else ""))


def newest_known(package: str, cache) -> str:
    """What the system's package index offers, or nothing. Asked once a day: apt takes a second."""
    kept = cache.root / "apt" / f"{package}.newest"
    try:
        if time.time() - kept.stat().st_mtime < DAY:
            return kept.read_text()
    except OSError:
        pass
    known = deb.Apt().candidate(package)
    with cache.explained(kept):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(known)
    return known


def unpack(archive: Path, package: str, folder: Path) -> None:
    """A linux-source package, or its tarball, into a folder."""
    log = folder / ".unpack.log"
    tarball = archive
    if archive.suffix == ".deb":
        step(["dpkg-deb", "-x", archive, folder / ".deb"], log)
        tarball = folder / f".deb/usr/src/{package}.tar.xz"
    excluded = [f"--exclude={package}/{pattern}" for pattern in UNUSED_FILES]
    step([
        "tar", "-x", "--use-compress-program=xz -T0", "-f", tarball, "-C", folder,
        "--strip-components=1", "--no-same-owner", "--anchored", *excluded], log)
    shutil.rmtree(folder / ".deb", ignore_errors=True)
    if archive.suffix == ".deb":
        archive.unlink()        # the cache keeps the tree


def step(command: list, log: Path) -> None:
    if child.run(command, log, 1800) != 0:
        text = log.read_text(errors="replace").strip().splitlines()
        if any("No space left" in line for line in text):
            raise OSError(errno.ENOSPC, "No space left on device")
        reason = text[-1] if text else "no reason given"
        raise Stop(3, f"{command[0]} cannot unpack the kernel source: {reason}",
                   "remove it and try again")


# -- git


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """Its status, stdout and stderr as text, in its own language."""
    try:
        return subprocess.run(["git", "-C", str(folder), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="surrogateescape",
                              env={**child.environment(), "LC_ALL": "C"}, check=False)
    except FileNotFoundError:
        raise Stop(3, "git is not installed", "apt-get install git") from None


def is_under(folder: Path) -> bool:
    """It belongs to a checkout, whether or not git is willing to work there."""
    return any((above / ".git").exists() for above in (folder, *folder.parents))
