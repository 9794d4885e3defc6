# SPDX-License-Identifier: GPL-2.0
"""Where a kernel's source comes from: a version that Debian packages, or a tree of the user's.

A version is the package linux-source-VERSION. It is not installed, only read: from /usr/src if it
is there, else fetched with apt. A tree is never written to.
"""

import errno
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from base import child
from base.errors import Stop, Untestable
from vm import deb, deps
from vm.arch import Arch, HOST, TABLE
from vm.cache import digest

FIRST = (6, 0)
VERSION = re.compile(r"(\d+)\.(\d+)")
INSTALLED = Path("/usr/src")
# Half of a kernel is other architectures, and drivers that no guest of ours has. Their Kconfig and
# make files are needed, since kbuild reads all of them.
UNUSED_ARCH = (
    "alpha arc arm arm64 csky hexagon ia64 loongarch m68k microblaze mips nios2 openrisc parisc "
    "powerpc riscv s390 sh sparc um xtensa")
UNUSED = ["net", "samples", "sound",
          *(f"drivers/{name}" for name in "gpu iio infiniband media net scsi staging usb".split())]
# What a kernel with a network needs of these: the loopback interface is at the top of drivers/net.
NETWORK = {"net": "", "drivers/net": "drivers/net/*"}

# What a build leaves in its tree; with .config or one of arch/*/include/generated kbuild builds it
# nowhere else.
MADE = (".config", "include/config", "include/generated",
        *(f"arch/{arch.kbuild}/include/generated" for arch in TABLE))
DAY = 86400
TRIES = 3
_said: set[tuple[str, str]] = set()


@dataclass
class Source:
    """A kernel source; ident changes when a new build folder is needed."""
    kind: str           # "debian", "tarball" (these never change) or "tree" (changes)
    path: Path
    version: str
    label: str
    ident: str
    # a lock that keeps other runs from unpacking it again
    hold: object = field(default=None, compare=False, repr=False)
    commit: str = ""    # where it is exactly this one


def unused_files(arch: Arch, network: bool = False) -> list[str]:
    """What is left out of a source for this architecture."""
    others = [name for name in UNUSED_ARCH.split() if name != arch.kbuild]
    others += ["x86"] if arch.kbuild != "x86" else []
    # A kernel with CONFIG_OF is linked with a device tree of drivers/of.
    trees = "" if arch.kbuild == "x86" else "arch/"
    unused = filter(None, (NETWORK.get(name, name) for name in UNUSED)) if network else UNUSED
    return [*(f"{folder}/*.[chS]" for folder in (*(f"arch/{name}" for name in others), *unused)),
            "Documentation/*.*", f"{trees}*.dts", f"{trees}*.dtsi"]


def kind_of(arch: Arch, network: bool = False) -> str:
    """Where in the cache the sources for an architecture are: they lack the files of the others.
    Those with a network are not where those without one are, which most runs use."""
    parts = ["src", *(["net"] if network else []), *([arch.name] if arch.kbuild != "x86" else [])]
    return "-".join(parts)


def resolve(spec: str, cache, say, refresh: bool = False, arch: Arch = HOST,
            network: bool = False) -> Source:
    """The source that a --kernel SPEC names; `refresh`: the newest point release of a version;
    `network`: with the source of it."""
    if VERSION.fullmatch(spec):
        check_age(spec)
        return debian(spec, cache, say, refresh, arch, network)
    path = Path(spec).expanduser()
    if path.is_dir():
        return tree(path.resolve(), spec)
    if is_tarball(path):
        return tarball(path.resolve(), spec, cache, say, arch, network)
    repository, ref = at_ref(spec)
    if ref:
        return worktree(repository.resolve(), ref, spec, cache, say)
    raise Stop(
        2, f"--kernel {spec} is neither a version nor a kernel tree",
        "give a version such as 6.1, the path of a kernel tree or of its tarball, TREE@COMMIT, or "
        "a bzImage with --modules DIR")


def is_tarball(path: Path) -> bool:
    """By its name, as kernel.org and git archive give them."""
    return path.is_file() and re.search(r"\.(tar(\.\w+)?|tgz|txz)$", path.name) is not None


def tarball(path: Path, spec: str, cache, say, arch: Arch = HOST, network: bool = False) -> Source:
    """A kernel in a tarball of the user's, unpacked in the cache."""
    found = path.stat()
    name = f"{re.sub(r'[^A-Za-z0-9.+~_-]', '_', path.name)}-{digest(path)[:8]}"

    def make(folder: Path) -> None:
        # The names in it have a folder before them: linux-6.12.5/, or that of the one who made it.
        first = child.output(["sh", "-c", 'tar -tf "$1" | head -n 1', "sh", path], 300).strip()
        top = first.removesuffix("/") if first.endswith("/") else first.partition("/")[0]
        say(f"unpacking {spec}")
        unpack(path, top, folder, unused)
        tree(folder, spec)

    unused = unused_files(arch, network)
    entry = cache.entry(
        kind_of(arch, network), f"{path} {found.st_size} {found.st_mtime_ns} {unused}", make, name)
    made = tree(entry, spec)
    return Source("tarball", entry, made.version, f"{path} ({made.version})",
                  f"tarball {name} {found.st_size} {found.st_mtime_ns}", cache.shared(entry))


def at_ref(spec: str) -> tuple[Path, str]:
    """TREE@REF; no REF where it is something else."""
    path, _, ref = spec.partition("@")
    while ref and not Path(path).expanduser().is_dir() and "@" in ref:
        more, _, ref = ref.partition("@")
        path += f"@{more}"
    found = Path(path).expanduser()
    return found, ref if found.is_dir() else ""


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


def check_driver(found: Source, arch: Arch, say, strict: bool = True) -> None:
    """Refuse a kernel that cannot load test_hmm; a user's tree only if `strict`, otherwise the
    reason is printed, and the tests fail. The driver asks for the highest addresses that have no
    memory (request_free_mem_region(), kernel/resource.c). A kernel that does not say where its
    linear map ends takes some beyond vmemmap, and vmemmap_populate() oopses."""
    header = found.path / arch.linear_end
    if not header.is_file() or "PHYSMEM_END" in header.read_text():
        return
    why = (f"Linux {found.version} for {arch.name} oopses when test_hmm is loaded, since "
           f"{arch.linear_end} does not define PHYSMEM_END")
    if strict or found.kind != "tree":
        raise Untestable(4, why, "choose 6.12 or newer, or a tree with "
                                 "fixes/arm64/physmem-end.cocci (docs/findings.md)")
    say(f"{why}: docs/findings.md, physmem-end")


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


def worktree(repository: Path, ref: str, spec: str, cache, say) -> Source:
    """A commit of a user's tree, in a git worktree of the cache, one for each REF: a branch that
    has moved is checked out over its last state, so that little is built again."""
    commit = asked(repository, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}",
                   why=f"{ref} is not a commit of {repository}")
    folder = cache.folder("tree", digest(repository, ref)[:16])
    there = folder.with_name(f"{folder.name}.commit")   # written when all of it is there
    for _ in range(TRIES):
        hold = cache.shared(folder)
        if there.is_file() and there.read_text() == commit and (folder / "Makefile").is_file():
            found = tree(folder, spec)
            found.label, found.commit, found.hold = f"{spec} ({found.version})", commit, hold
            return found
        hold.close()
        with cache.lock(folder), cache.explained(folder):
            there.unlink(missing_ok=True)
            say(f"checking out {ref} of {repository} in {folder}")
            # What a killed one has left cannot be checked out over.
            if not (folder / ".git").is_file() or run(folder, "checkout", "--quiet", "--force",
                                                      "--detach", commit).returncode:
                forget(folder)
                asked(repository, "worktree", "add", "--quiet", "--force", "--detach", folder,
                      commit)
            there.write_text(commit)
    raise Stop(3, f"other runs check out other commits of {ref} in {folder}", "try again")


def forget(folder: Path) -> None:
    """Remove a worktree, also from its repository's list if there still is one."""
    folder.with_name(f"{folder.name}.commit").unlink(missing_ok=True)
    common = run(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").stdout.strip()
    shutil.rmtree(folder, ignore_errors=True)
    if common:
        run(Path(common), "worktree", "prune", "--expire=now")


def debian(version: str, cache, say, refresh: bool = False, arch: Arch = HOST,
           network: bool = False) -> Source:
    """Debian's source package of a version, unpacked in the cache."""
    package = f"linux-source-{version}"
    installed = INSTALLED / f"{package}.tar.xz"
    tarball: Path | None = installed
    release, apt = deb.installed_version(package) if installed.is_file() else "", None
    if not release:
        release, tarball = deb.newest_unpacked(cache, package, kind_of(arch, network)), None
        if release and refresh:
            apt, release = newer(package, release, cache, say)
        elif release:
            say_release(package, release, cache, say)
    if not release:
        apt, release = deb.find(package, cache, say)

    def make(folder: Path) -> None:
        archive = tarball or deb.fetch(apt or deb.find(package, cache, say)[0], package, release,
                                       cache, say)
        say(f"unpacking {package} {release}")
        unpack(archive, package, folder, unused)
        if not of_series(tree_version(folder), version):
            raise Stop(
                3,
                f"{package} {release} contains Linux "
                f"{tree_version(folder) or 'without a version'}, not {version}",
                "give the path of a kernel tree with --kernel")

    unused = unused_files(arch, network)
    path = cache.entry(kind_of(arch, network), f"{package} {release} {unused}", make,
                       f"{package}-{release}")
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
    say(f"{package}: using {release} from the cache"
        + (f"; {known} is available: --refresh uses it" if is_newer(known, release) else ""))


def is_newer(version: str, than: str) -> bool:
    """As Debian orders versions."""
    command = 'dpkg --compare-versions "$1" gt "$2" && echo newer'
    return bool(version and child.output(["sh", "-c", command, "sh", version, than]))


def newer(package: str, release: str, cache, say) -> tuple[deb.Apt | None, str]:
    """--refresh: fetch the package lists again, as root those of the system, too; the release that
    they offer if it is newer than ours."""
    say(f"looking for a newer {package} than {release}")
    for log in (cache.root / "apt").glob("*/update.log"):
        log.unlink()
    if os.geteuid() == 0:
        deb.Apt().update(cache.folder("log", "") / "apt.log")
    apt, offered = deb.find(package, cache, say)
    (cache.root / "apt" / f"{package}.newest").unlink(missing_ok=True)
    if is_newer(offered, release):
        return apt, offered
    say(f"{package}: {release} from the cache is the newest")
    return None, release


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


def unpack(archive: Path, package: str, folder: Path, unused: list[str]) -> None:
    """A linux-source package, or its tarball, into a folder, without what is not used."""
    log = folder / ".unpack.log"
    tarball = archive
    if archive.suffix == ".deb":
        step(["dpkg-deb", "-x", archive, folder / ".deb"], log)
        tarball = folder / f".deb/usr/src/{package}.tar.xz"
    excluded = [f"--exclude={package}/{pattern}" for pattern in unused]
    step([
        "tar", "-x", *(["--use-compress-program=xz -T0"] if tarball.suffix == ".xz" else []), "-f",
        tarball, "-C", folder,
        f"--strip-components={package.count('/') + 1}", "--no-same-owner", "--anchored", *excluded],
        log)
    shutil.rmtree(folder / ".deb", ignore_errors=True)
    if archive.suffix == ".deb":
        archive.unlink()        # the cache keeps the tree


def step(command: list, log: Path) -> None:
    if child.run(command, log, 1800) != 0:
        text = log.read_text(errors="replace").strip().splitlines()
        if any("No space left" in line for line in text):
            raise OSError(errno.ENOSPC, "No space left on device")
        reason = text[0] if text else "no reason given"
        raise Stop(3, f"{command[0]} cannot unpack the kernel source: {reason}",
                   "install what unpacks it"
                   if re.search(r"not found|Cannot exec", reason) else "remove it and try again")


# -- git


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """Its status, stdout and stderr as text, in its own language."""
    try:
        return subprocess.run(["git", "-C", str(folder), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="surrogateescape",
                              env={**child.environment(), "LC_ALL": "C"}, check=False)
    except FileNotFoundError:
        raise Stop(3, "git is not installed", deps.remedy("git")) from None


def asked(folder: Path, *words, why: str = "") -> str:
    """git's answer; a failure is one line, `why` or git's own."""
    done = run(folder, *map(str, words))
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Stop(2, why or f"git {words[0]}: {said[:200]}", f"in {folder}")
    return done.stdout.strip()


def is_under(folder: Path) -> bool:
    """It belongs to a checkout, whether or not git is willing to work there."""
    return any((above / ".git").exists() for above in (folder, *folder.parents))
