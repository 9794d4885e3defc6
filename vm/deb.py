# SPDX-License-Identifier: GPL-2.0
"""Debian packages that are read but not installed.

What the machine's own sources do not offer is looked for in the other suites of the same mirror,
with a private sources file and state: the system's own are left as they are.
"""

import os
import re
import time
from pathlib import Path

from base import child
from base.errors import Stop
from vm.cache import STAMP

SOURCES = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
TOOLS = "/usr/sbin:/usr/bin:/sbin:/bin"
# Where on the machine's own mirror a package may be. The names are roles, so they do not age.
OWN = ("{codename}", "{codename}-backports")
NEWER = ("stable", "stable-backports", "testing", "unstable", "experimental")
ROLES = ("stable", "testing", "unstable", "sid", "oldstable")
OLDER = ("oldstable", "oldstable-backports", "oldoldstable", "oldoldstable-backports")
# Series that kernel.org maintains for years, the newest first, and the stable suites carry.
LONGTERM = ("6.18", "6.12", "6.6", "6.1")
KERNELS = ("https://kernel.org has kernels: give the path of a tree or of a tarball, such as "
           "linux-6.12.tar.xz, with --kernel")
STATUS = Path("/var/lib/dpkg/status")
MINUTES = 60.0
DAY = 24 * 3600.0


def installed_version(package: str) -> str:
    text = child.output(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", package])
    return text.removeprefix("ii ").strip() if text.startswith("ii ") else ""


def newest_unpacked(cache, package: str, kind: str = "src") -> str:
    """The release of a source that is in the cache already, so that no network is needed twice."""
    start = f"{package}-{package.removeprefix(family(package))}"
    found = [newest for mark in ".~-" if (newest := cache.newest(kind, start + mark))]
    newest = max(found, key=lambda path: (path / STAMP).stat().st_mtime, default=None)
    return newest.name.removeprefix(f"{package}-") if newest else ""


class NotOffered(Stop):
    """No suite has a package; `names` are those of its family that one has."""

    def __init__(self, package: str, names: list[str], remedy: str):
        super().__init__(3, f"no {package} in this system's sources or elsewhere on its mirror",
                         remedy)
        self.names = names


class Apt:
    """apt with a choice of sources and state; without arguments the system's own."""

    def __init__(self, options: tuple = ()):
        self.options = options

    def candidate(self, package: str) -> str:
        """The version that would be installed. apt takes a name that it does not know for a
        pattern, and then answers for every package in which it finds that: linux-source-6.12 for
        linux-source-6.1."""
        text = child.output(["apt-cache", *self.options, "policy", package], 5 * MINUTES,
                            env=environment())
        found = re.search(rf"^{re.escape(package)}:\n(?: .*\n)*?  Candidate: (\S+)$", text, re.M)
        return found[1] if found and found[1] != "(none)" else ""

    def names(self, start: str) -> list[str]:
        return child.output(["apt-cache", *self.options, "pkgnames", start], 5 * MINUTES,
                            env=environment()).split()

    def needs(self, package: str) -> list[str]:
        """The packages that a package depends on."""
        text = child.output(["apt-cache", *self.options, "depends", package], 5 * MINUTES,
                            env=environment())
        return re.findall(r"^\s*Depends: (\S+)$", text, re.M)

    def update(self, log: Path) -> bool:
        # A role goes to another release one day, and apt would refuse that.
        command = [
            "apt-get", *self.options, "-q", "-o", "Acquire::AllowReleaseInfoChange=true", "update"]
        done = child.run(command, log, 10 * MINUTES, env=environment())
        return done == 0 and "Failed to fetch" not in log.read_text(errors="replace")

    def download(self, package: str, version: str, folder: Path, log: Path) -> Path | None:
        command = ["apt-get", *self.options, "-q", "-o", "APT::Sandbox::User=root", "download",
                   f"{package}={version}"]
        child.run(command, log, 30 * MINUTES, append=True, cwd=folder, env=environment())
        return next(folder.glob(f"{package}_*.deb"), None)


def environment() -> dict[str, str]:
    """Of apt and dpkg: their words, and nothing of the caller's."""
    return {"PATH": TOOLS, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def mirror(suite: str = "") -> tuple[str, str, str]:
    """URI, Signed-By and suite of the machine's own Debian archive, or of another suite that it
    uses; empty if it does not. The sources may name a release by its role, as sid does always."""
    found = []
    for file in (*SOURCES.glob("sources.list.d/*.sources"), *SOURCES.glob("sources.list.d/*.list"),
                 SOURCES / "sources.list"):
        if file.is_file():
            text = file.read_text(errors="replace")
            found += [
                entry for entry in (deb822(text) if file.suffix == ".sources" else one_line(text))
                if entry[2] in ({suite} if suite else {codename(), *ROLES})]
    # Other archives use Debian's release names too, but hardly ever Debian's name in their address.
    found.sort(key=lambda entry: ("debian" not in entry[0].rpartition("//")[2].partition("/")[2],
                                  entry[2] != codename()))
    if not found and suite:
        return "", "", suite
    if not found:
        raise NotOffered("package of a kernel's source", [], KERNELS)
    return found[0]


def codename() -> str:
    text = OS_RELEASE.read_text() if OS_RELEASE.is_file() else ""
    found = re.search(r"^VERSION_CODENAME=(\S+)", text, re.M)
    return found[1] if found else ""


def deb822(text: str):
    """(URI, Signed-By, suite) for each suite of a .sources file."""
    for stanza in re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", text, flags=re.M)):
        field = {
            name.lower(): value.strip()
            for name, value in re.findall(r"^([\w-]+):(.*)$", stanza, re.M)}
        types, components = (field.get(key, "").split() for key in ("types", "components"))
        if "deb" in types and "main" in components and field.get("enabled", "yes") != "no":
            for suite in field.get("suites", "").split():
                yield field["uris"].split()[0], field.get("signed-by", ""), suite


def one_line(text: str):
    """The same for a sources.list."""
    for options, uri, suite, parts in re.findall(r"^deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)(.*)$",
                                                 text, re.M):
        key = re.search(r"signed-by=(\S+)", options)
        if "main" in parts.split():
            yield uri, key[1] if key else "", suite


def one_source(uri: str, key: str, suite: str) -> str:
    """A line of a sources.list."""
    return f"deb {f'[signed-by={key}] ' if key else ''}{uri} {suite} main\n"


def elsewhere(cache, suite: str) -> Apt:
    """apt over another suite of the machine's mirror, with all of its state in the cache."""
    uri, key, release = mirror()
    name = suite.format(codename=release)
    folder = cache.folder("apt", name)
    lines = [one_source(uri, key, name)]
    uri, key, _ = mirror(f"{release}-security")
    if uri and name.endswith("stable"):     # a longterm kernel's newest release is there
        lines.append(one_source(uri, key, f"{name}-security"))
    (folder / "sources.list").write_text("".join(lines))
    return Apt(private(folder, **{"Dir::State::status": STATUS}))


def private(folder: Path, **more: object) -> tuple[str, ...]:
    """apt's options for sources, lists and downloads of its own, in folders that it can use."""
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    options = {"Dir::Etc::sourcelist": folder / "sources.list",
               "Dir::Etc::sourceparts": "/dev/null", "Dir::State": folder,
               "Dir::State::lists": folder / "lists", "Dir::Cache": folder,
               "Dir::Cache::archives": folder / "archives", "APT::Sandbox::User": "root",
               "Acquire::Languages": "none", "APT::Get::List-Cleanup": "false", **more}
    return tuple(word for name, value in options.items() for word in ("-o", f"{name}={value}"))


def foreign(cache, architecture: str, folder: Path) -> tuple[Apt, Path]:
    """apt for packages of another architecture from the machine's mirror, with all of its state in
    `folder`; and the log of what it does."""
    uri, key, release = mirror()
    own = private(folder, **{"APT::Architecture": architecture, "APT::Architectures": architecture,
                             "Dir::State::status": folder / "status"})
    (folder / "status").touch()
    (folder / "sources.list").write_text(one_source(uri, key, release))
    return Apt(own), cache.folder("log", "") / f"apt-{architecture}.log"


def unpack(package: Path, folder: Path, log: Path) -> None:
    """Unpack a .deb without installing it."""
    folder.mkdir(parents=True, exist_ok=True)
    if child.run(["dpkg-deb", "-x", package, folder], log, 10 * MINUTES, append=True) != 0:
        raise Stop(3, f"{package.name} cannot be unpacked", f"see {log}")


def find(package: str, cache, say) -> tuple[Apt, str]:
    """Who offers a package, and its version: the system's sources as they are, then other suites.
    """
    system = Apt()
    version = system.candidate(package)
    if version:
        return system, version
    with cache.lock(cache.root / "apt" / "lists"):      # two apt at the same lists fail
        return find_elsewhere(package, system.names(family(package)), cache, say)


def find_elsewhere(package: str, offered: list[str], cache, say) -> tuple[Apt, str]:
    """The same in the other suites; `offered` are the names that the system knows."""
    for suite in suites(package, offered):
        apt = elsewhere(cache, suite)
        name = Path(apt.options[1]).parent.name
        log = cache.root / "apt" / name / "update.log"
        # What an old list names may be gone from the mirror.
        if not log.is_file() or time.time() - log.stat().st_mtime > DAY:
            say(f"looking for {package} in {name}")
            if not apt.update(log) and log.is_file():
                os.utime(log, (0, 0))       # the next run tries again
        version = apt.candidate(package)
        if version:
            return apt, version
        offered += apt.names(family(package))
    names = sorted(name for name in set(offered)
                   if re.fullmatch(rf"{family(package)}[0-9.]+", name))
    raise NotOffered(package, names, f"available: {', '.join(names) or 'no kernel source'} (see "
                                     f"{cache.root}/apt/*/update.log); {KERNELS}")


def default(wanted: str, cache, say, kind: str = "src") -> str:
    """The series of a run without --kernel: `wanted`, or what this system and its mirror have
    instead. What was taken once is kept as long as its source is in the cache."""
    package = f"linux-source-{wanted}"
    if newest_unpacked(cache, package, kind) or installed_version(package):
        return wanted
    kept = cache.root / "apt" / "default"
    taken = kept.read_text() if kept.is_file() else ""
    if not taken or not newest_unpacked(cache, f"linux-source-{taken}", kind):
        try:
            find(package, cache, say)
            return wanted
        except NotOffered as stop:
            taken = instead(stop.names)
            if not taken:
                raise
        with cache.explained(kept):
            kept.write_text(taken)
    kind = "newest long-term" if taken in LONGTERM else "newest"
    say(f"kernel {taken}: the {kind} one of this system and its mirror, which have no {package}")
    return taken


def instead(names: list[str]) -> str:
    """Of the packages that there are, the newest long-term series, or else the newest."""
    there = {".".join(map(str, number(name))) for name in names if len(number(name)) == 2}
    by_age = sorted(there, key=lambda series: tuple(map(int, series.split("."))), reverse=True)
    return next((series for series in (*LONGTERM, *by_age) if series in there), "")


def suites(package: str, offered: list[str]) -> tuple[str, ...]:
    """Where to look for a package, the likelier first: each suite costs some megabytes."""
    own = [number(name) for name in offered if number(name)]
    older = bool(own) and number(package) < max(own)
    # the first is the system's own
    return OWN[bool(own):] + (OLDER + NEWER if older else NEWER + OLDER)


def number(package: str) -> tuple[int, ...]:
    """(6, 1) of linux-source-6.1, nothing of a name without a version at its end."""
    version = package.removeprefix(family(package))
    return tuple(map(int, version.split("."))) if re.fullmatch(r"\d+(\.\d+)+", version) else ()


def family(package: str) -> str:
    return package.rstrip("0123456789.")


def fetch(apt: Apt, package: str, version: str, cache, say) -> Path:
    """Download a package that find() has found into the cache; the .deb file."""
    folder = cache.folder("apt", "download")
    for old in folder.glob(f"{package}_*.deb"):
        old.unlink()
    say(f"fetching {package} {version}")
    log = folder / f"{package}.log"
    found = apt.download(package, version, folder, log)
    if not found:
        said = log.read_text(errors="replace").splitlines()
        reason = next((line for line in said if line.startswith("E:")), "")
        raise Stop(3, f"{package} could not be fetched{': ' + reason if reason else ''}",
                   f"see {log}")
    return found
