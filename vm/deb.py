# SPDX-License-Identifier: GPL-2.0
"""Debian packages that are read but not installed.

What the machine's own sources do not offer is looked for in the other suites of the same mirror, with a
private sources file and state: the system's own are left as they are.
"""
import re
from pathlib import Path

from runner.errors import Stop
from vm import child

SOURCES = Path("/etc/apt")
# Where on the machine's own mirror a package may be, in this order. The names are roles, so they do not age.
SUITES = ("{codename}", "{codename}-backports", "stable", "stable-backports", "testing", "unstable",
          "experimental")
STATUS = Path("/var/lib/dpkg/status")
MINUTES = 60.0


def installed_version(package: str) -> str:
    text = child.output(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", package])
    return text.removeprefix("ii ").strip() if text.startswith("ii ") else ""


def newest_unpacked(cache, package: str) -> str:
    """The release of a source that is in the cache already, so that no network is needed twice."""
    newest = cache.newest("src", f"{package}-")
    return newest.name.removeprefix(f"{package}-") if newest else ""


class Apt:
    """apt with a choice of sources and state; without arguments the system's own."""

    def __init__(self, options: tuple = ()):
        self.options = options

    def candidate(self, package: str) -> str:
        text = child.output(["apt-cache", *self.options, "policy", package])
        found = re.search(r"^  Candidate: (\S+)$", text, re.M)
        return found[1] if found and found[1] != "(none)" else ""

    def names(self, start: str) -> list[str]:
        return child.output(["apt-cache", *self.options, "pkgnames", start]).split()

    def update(self, log: Path) -> bool:
        command = ["apt-get", *self.options, "-q", "update"]
        return child.run(command, log, 10 * MINUTES, env=environment()) == 0

    def download(self, package: str, version: str, folder: Path, log: Path) -> Path | None:
        command = ["apt-get", *self.options, "-q", "-o", "APT::Sandbox::User=root", "download",
                   f"{package}={version}"]
        child.run(command, log, 30 * MINUTES, append=True, cwd=folder, env=environment())
        return next(folder.glob(f"{package}_*.deb"), None)


def environment() -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def mirror() -> tuple[str, str, str]:
    """URI, Signed-By and codename of the machine's own Debian archive."""
    found = []
    for file in (*SOURCES.glob("sources.list.d/*.sources"), *SOURCES.glob("sources.list.d/*.list"),
                 SOURCES / "sources.list"):
        if file.is_file():
            text = file.read_text(errors="replace")
            found += [entry for entry in (deb822(text) if file.suffix == ".sources" else one_line(text))
                      if entry[2] == codename()]
    # Other archives use Debian's release names too, but hardly ever Debian's name in their address.
    found.sort(key=lambda entry: "debian" not in entry[0].rpartition("//")[2].partition("/")[2])
    if not found:
        raise Stop(3, "no Debian archive in /etc/apt for this system's release",
                   "get the kernel source yourself and give its path with --kernel")
    return found[0]


def codename() -> str:
    found = re.search(r"^VERSION_CODENAME=(\S+)", Path("/etc/os-release").read_text(), re.M)
    return found[1] if found else ""


def deb822(text: str):
    """(URI, Signed-By, suite) for each suite of a .sources file."""
    for stanza in re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", text, flags=re.M)):
        field = {name.lower(): value.strip() for name, value in re.findall(r"^([\w-]+):(.*)$", stanza, re.M)}
        if "deb" in field.get("types", "").split() and "main" in field.get("components", "").split() \
                and field.get("enabled", "yes") != "no":
            for suite in field.get("suites", "").split():
                yield field["uris"].split()[0], field.get("signed-by", ""), suite


def one_line(text: str):
    """The same for a sources.list."""
    for options, uri, suite, parts in re.findall(r"^deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)(.*)$", text, re.M):
        key = re.search(r"signed-by=(\S+)", options)
        if "main" in parts.split():
            yield uri, key[1] if key else "", suite


def elsewhere(cache, suite: str) -> Apt:
    """apt over another suite of the machine's mirror, with all of its state in the cache."""
    uri, key, release = mirror()
    name = suite.format(codename=release)
    folder = cache.folder("apt", name)
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    option = f"[signed-by={key}] " if key else ""
    (folder / "sources.list").write_text(f"deb {option}{uri} {name} main\n")
    return Apt(("-o", f"Dir::Etc::sourcelist={folder}/sources.list", "-o", "Dir::Etc::sourceparts=/dev/null",
                "-o", f"Dir::State={folder}", "-o", f"Dir::State::lists={folder}/lists",
                "-o", f"Dir::State::status={STATUS}", "-o", f"Dir::Cache={folder}",
                "-o", f"Dir::Cache::archives={folder}/archives", "-o", "APT::Sandbox::User=root",
                "-o", "Acquire::Languages=none", "-o", "APT::Get::List-Cleanup=false"))


def find(package: str, cache, say) -> tuple[Apt, str]:
    """Who offers a package, and its version: the system's sources as they are, then other suites."""
    system = Apt()
    version = system.candidate(package)
    if version:
        return system, version
    offered = system.names(family(package))
    for suite in SUITES:
        apt = elsewhere(cache, suite)
        name = Path(apt.options[1]).parent.name
        version = apt.candidate(package)
        if not version:
            say(f"looking for {package} in {name}")
            apt.update(cache.root / "apt" / name / "update.log")
            version = apt.candidate(package)
        if version:
            return apt, version
        offered += apt.names(family(package))
    names = sorted(name for name in set(offered) if re.fullmatch(rf"{family(package)}[0-9.]+", name))
    raise Stop(3, f"no {package} in this system's sources nor elsewhere on its mirror",
               f"there is {', '.join(names) or 'none at all'} (see {cache.root}/apt/*/update.log); "
               "a kernel tree can be given with --kernel PATH")


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
        raise Stop(3, f"{package} could not be fetched{': ' + reason if reason else ''}", f"see {log}")
    return found
