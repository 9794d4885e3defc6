# SPDX-License-Identifier: GPL-2.0
"""Kernel sources: what is one, what is too old, and how Debian's are found and unpacked."""

import os
import subprocess
import time
from pathlib import Path
from unittest import mock

import pytest

from base.errors import Untestable
from vm import deb, source
from vm.arch import ARCHS

MAKEFILE = "# SPDX\nVERSION = {}\nPATCHLEVEL = {}\nSUBLEVEL = 9\nEXTRAVERSION ={}\nNAME = x\n"


def tree(folder: Path, major=6, minor=1, extra="") -> Path:
    (folder / "mm").mkdir(parents=True)
    (folder / "Kbuild").write_text("")
    (folder / "Makefile").write_text(MAKEFILE.format(major, minor, extra))
    return folder


def resolve(box, spec):
    return source.resolve(str(spec), box.cache, box.say)


def test_a_tree(box):
    found = resolve(box, tree(box.folder / "linux", extra=" -rc3"))
    assert (found.kind, found.version) == ("tree", "6.1.9-rc3")
    assert str(box.folder / "linux") in found.label
    other = resolve(box, tree(box.folder / "first-with-coherent-memory", 6, 0))
    assert other.version == "6.0.9"
    assert other.ident != found.ident, "they would share a build"


def test_too_old(box):
    box.stops(4, "Linux 5.19.9 has no device-coherent memory", resolve, box,
              tree(box.folder / "linux", 5, 19))
    box.stops(4, "every test would skip", resolve, box, "5.10")


def test_no_tree(box):
    box.stops(2, "not a kernel tree", resolve, box, box.folder)
    box.stops(2, "neither a version nor a kernel tree", resolve, box, "no/such/folder")
    box.stops(2, "neither a version nor a kernel tree", resolve, box, "latest")
    (tree(box.folder / "linux") / "Makefile").write_text("all:\n\techo VERSION = 6\n")
    box.stops(2, "not a kernel tree", resolve, box, box.folder / "linux")


# A package of our own making, so that no network is needed.
@pytest.fixture(name="debian")
def debian_(box):
    linux = tree(box.folder / "pack" / "linux-source-6.1")
    for name in ("mm/gup.c", "arch/x86/x.c", "arch/arm/x.c", "arch/arm/Kconfig",
                 "arch/arm/boot/x.dts", "drivers/gpu/drm/x.h", "drivers/gpu/Makefile",
                 "drivers/base/x.c", "Documentation/a/x.rst", "Documentation/Kconfig",
                 "tools/net/x.c"):
        (linux / name).parent.mkdir(parents=True, exist_ok=True)
        (linux / name).write_text(name)
    box.tarball = box.folder / "linux-source-6.1.tar.xz"
    subprocess.run(["tar", "-cJf", box.tarball, "-C", box.folder / "pack",
                    "linux-source-6.1"], check=True)
    box.patch(source, "INSTALLED", box.folder)
    version(box, "6.1.9-1")
    offers(box, "")
    return box


def offers(debian, release: str) -> None:
    """The package index of this system."""
    source._said.clear()
    debian.patch(deb.Apt, "candidate", lambda apt, package: release)


def version(debian, release: str) -> None:
    debian.patch(deb, "installed_version", lambda package: release)


def resolve_61(debian):
    return source.resolve("6.1", debian.cache, debian.say)


def test_unpacked_once(debian):
    found = resolve_61(debian)
    assert (found.kind, found.version, found.path.name) == ("debian", "6.1.9",
                                                            "linux-source-6.1-6.1.9-1")
    assert (found.path / "mm/gup.c").read_text() == "mm/gup.c"
    debian.assert_said("unpacking")
    debian.said.clear()
    assert resolve_61(debian) == found
    assert debian.said == []


def test_what_no_build_needs_stays_packed(debian):
    path = resolve_61(debian).path
    for name in ("arch/arm/x.c", "arch/arm/boot/x.dts", "drivers/gpu/drm/x.h",
                 "Documentation/a/x.rst"):
        assert not (path / name).exists(), name
    for name in ("arch/x86/x.c", "arch/arm/Kconfig", "drivers/gpu/Makefile", "drivers/base/x.c",
                 "Documentation/Kconfig", "tools/net/x.c"):
        assert (path / name).exists(), name


def test_a_new_package_is_unpacked_beside_the_old(debian):
    """And what is not installed any more is in the cache."""
    first = resolve_61(debian)
    version(debian, "6.1.9-2")
    second = resolve_61(debian)
    assert (second.path != first.path, second.ident != first.ident) == (True, True)
    version(debian, "")
    assert resolve_61(debian) == second


def test_which_point_release_it_is(debian):
    """The one in the cache is said, once, and a newer one too; the index is asked once a day."""
    resolve_61(debian)
    version(debian, "")
    for offered, newer in (("6.1.9-1", False), ("6.1.8-1", False), ("6.1.10-1", True), ("", False)):
        offers(debian, offered)
        debian.said.clear()
        (debian.cache.root / "apt/linux-source-6.1.newest").unlink(missing_ok=True)
        resolve_61(debian)
        resolve_61(debian)
        assert len(debian.said) == 1, debian.said
        assert "linux-source-6.1: using 6.1.9-1 from the cache" in debian.said[0]
        said = f"{offered} is available: --refresh uses it" in debian.said[0]
        assert said == newer
    offers(debian, "6.1.11-1")
    debian.said.clear()
    resolve_61(debian)
    assert "6.1.11-1" not in debian.said[0]


def test_refresh(debian):
    """Takes a newer one if there is one, and that one stays; not an older one."""
    first = resolve_61(debian)
    version(debian, "")
    for offered, taken in (("6.1.9-1", "6.1.9-1"), ("6.1.8-1", "6.1.9-1"),
                           ("6.1.10-1", "6.1.10-1")):
        debian.said.clear()
        with mock.patch.object(deb, "find", return_value=(deb.Apt(), offered)), \
                    mock.patch.object(deb, "fetch", return_value=debian.tarball), \
                    mock.patch.object(deb.Apt, "update") as update:
            found = source.resolve("6.1", debian.cache, debian.say, True)
        assert (found.path.name, update.called) == (f"linux-source-6.1-{taken}",
                                                    os.geteuid() == 0), offered
        same = found.path == first.path
        assert any("6.1.9-1 from the cache is the newest" in line
                             for line in debian.said) == same, debian.said
    assert resolve_61(debian).path == found.path


@pytest.mark.parametrize("damaged", [True, False])
def test_what_is_not_taken_from_the_cache(debian, damaged):
    """One that is damaged, and apt's answer for linux-source-6.12, kept under the wrong name."""
    if damaged:
        (resolve_61(debian).path / "Makefile").write_text("")
    else:
        debian.cache.entry("src", "x", lambda folder: tree(folder / "x"),
                           "linux-source-6.1-6.12.117-1")
    version(debian, "")
    with mock.patch.object(deb, "find", side_effect=LookupError), pytest.raises(LookupError):
        resolve_61(debian)


def test_a_package_of_another_series(debian):
    debian.tarball.unlink()
    linux = debian.folder / "pack" / "linux-source-6.1"
    (linux / "Makefile").write_text(MAKEFILE.format(6, 12, ""))
    subprocess.run(["tar", "-cJf", debian.tarball, "-C", debian.folder / "pack",
                    "linux-source-6.1"], check=True)
    debian.stops(3, "linux-source-6.1 6.1.9-1 contains Linux 6.12.9, not 6.1", resolve_61, debian)


def test_damaged_tarball(debian):
    debian.tarball.write_bytes(debian.tarball.read_bytes()[:-40])
    debian.stops(3, "cannot unpack", resolve_61, debian)
    assert [path.name for path in (debian.cache.root / "src").iterdir() if path.is_dir()] == []


def test_a_package_is_unpacked_without_installing_it(debian):
    root = debian.folder / "deb"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text("Package: linux-source-6.1\nVersion: "
                                         "6.1.9-3\nArchitecture: all\n"
                                         "Maintainer: nobody <n@example.org>\nDescription: x\n")
    (root / "usr/src").mkdir(parents=True)
    debian.tarball.rename(root / "usr/src" / debian.tarball.name)
    package = debian.folder / "linux-source-6.1_6.1.9-3_all.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", root, package], check=True,
                   stdout=subprocess.DEVNULL)
    with mock.patch.object(deb, "find", return_value=(None, "6.1.9-3")), \
                mock.patch.object(deb, "fetch", return_value=package):
        path = resolve_61(debian).path
    assert (path / "mm/gup.c").exists()
    assert not (package.exists() or (path / ".deb").exists())


DEB822 = """Types: deb
URIs: http://off.example.org/debian
Suites: bookworm
Components: main
Enabled: no

# comment
Types: deb deb-src
URIs: http://deb.example.org/debian
# another
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://tool.example.org/linux
Suites: bookworm
Components: stable
"""


@pytest.fixture(name="mirrors")
def mirrors_(box):
    box.etc = box.folder / "apt"
    (box.etc / "sources.list.d").mkdir(parents=True)
    for name, value in (("SOURCES", box.etc), ("codename", lambda: "bookworm")):
        box.patch(deb, name, value)
    return box


@pytest.mark.parametrize("files, found", [
    ({"sources.list.d/debian.sources": DEB822},
     ("http://deb.example.org/debian", "/usr/share/keyrings/debian.gpg", "bookworm")),
    ({"sources.list": "# deb http://no.example.org/debian bookworm main\n"
                      "deb [arch=amd64 signed-by=/k.gpg] http://a.example.org/debian bookworm "
                      "main contrib\n"}, ("http://a.example.org/debian", "/k.gpg", "bookworm")),
    # another archive
    ({"sources.list.d/a.list": "deb http://tool.example.org/apt bookworm main\n",
      "sources.list": "deb http://a.example.org/debian bookworm main\n"},
     ("http://a.example.org/debian", "", "bookworm"))], ids=["deb822", "line", "others"])
def test_the_mirror(mirrors, files, found):
    for name, text in files.items():
        (mirrors.etc / name).write_text(text)
    assert deb.mirror() == found


def test_none(mirrors):
    mirrors.stops(3, "--kernel", deb.mirror)


def test_private_state_only(mirrors):
    (mirrors.etc / "sources.list.d/debian.sources").write_text(DEB822)
    options = deb.elsewhere(mirrors.cache, "{codename}-backports").options
    written = (mirrors.cache.root / "apt/bookworm-backports/sources.list").read_text()
    assert written == ("deb [signed-by=/usr/share/keyrings/debian.gpg] "
                       "http://deb.example.org/debian " "bookworm-backports main\n")
    for setting in ("Dir::Etc::sourceparts=/dev/null",
                    f"Dir::State={mirrors.cache.root}/apt/bookworm-backports"):
        assert setting in options


def test_security(mirrors):
    """A longterm kernel's newest release is there; it is another archive of the same mirror."""
    (mirrors.etc / "sources.list").write_text("deb http://a.example.org/debian bookworm main\n"
                                           "deb http://a.example.org/debian-security "
                                           "bookworm-security main\n")
    for suite, lines in (("oldstable", ["a.example.org/debian oldstable ",
                                        "debian-security oldstable-security "]),
                         ("testing", ["a.example.org/debian testing "])):
        deb.elsewhere(mirrors.cache, suite)
        written = (mirrors.cache.root / "apt" / suite / "sources.list").read_text().splitlines()
        assert [line in text for line,
                text in zip(lines, written, strict=True)] == [True] * len(lines)


def test_nowhere(mirrors):
    (mirrors.etc / "sources.list.d/debian.sources").write_text(DEB822)
    names = ["linux-source-6.12", "linux-source", "linux-source-6.1"]
    with mock.patch.object(deb.Apt, "candidate", return_value=""), mock.patch.object(
        deb.Apt, "update"), mock.patch.object(deb.Apt, "names", return_value=names):
        stop = mirrors.stops(3, "no linux-source-9.9", deb.find, "linux-source-9.9", mirrors.cache,
                          mirrors.say)
    assert "available: linux-source-6.1, linux-source-6.12 (" in str(stop)
    mirrors.assert_said("bookworm-backports")


# What apt 3.0 of Debian 13 says to `apt-cache policy linux-source-6.1`, which it has not: the name
# is a pattern then.
TRIXIE = """linux-source-6.12:
  Installed: (none)
  Candidate: 6.12.117-1
  Version table:
     6.12.117-1 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
"""
OLDSTABLE = """linux-source-6.1:
  Installed: (none)
  Candidate: 6.1.176-1
  Version table:
     6.1.176-1 500
        500 http://deb.debian.org/debian oldstable/main amd64 Packages
"""
# Its lists are there once they were fetched.
APT_CACHE = """
case "$*" in
*oldstable/sources.list*policy*) [ -e {folder}/oldstable ] && cat {folder}/old.txt ;;
*policy*) [ "$LC_ALL" = C ] && cat {folder}/trixie.txt ;;
*pkgnames*) echo linux-source; echo linux-source-6.12 ;;
esac
"""
APT_GET = """
echo "$*" >>{folder}/calls
case "$*" in
*oldstable/sources.list*update*) touch {folder}/oldstable ;;
esac
"""


# The README's first command on Debian 13, whose newest kernel is 6.12.
@pytest.fixture(name="trixie")
def trixie_(box):
    (box.folder / "trixie.txt").write_text(TRIXIE)
    (box.folder / "old.txt").write_text(OLDSTABLE)
    (box.folder / "sources.list").write_text("deb http://deb.debian.org/debian trixie main\n")
    for name, text in (("apt-cache", APT_CACHE), ("apt-get", APT_GET)):
        box.script(name, text.format(folder=box.folder))
    for name, value in (("SOURCES", box.folder), ("codename", lambda: "trixie"),
                        ("TOOLS", f"{box.folder}:{deb.TOOLS}")):
        box.patch(deb, name, value)
    box.environment(PATH=f"{box.folder}:{deb.TOOLS}", LC_ALL="de_DE.UTF-8")
    return box


def find(trixie, package: str):
    return deb.find(package, trixie.cache, trixie.say)


def test_a_name_is_no_pattern(trixie):
    assert deb.Apt().candidate("linux-source-6.1") == ""
    assert deb.Apt().candidate("linux-source-6.12") == "6.12.117-1"
    assert deb.Apt().candidate("linux-source-6.122") == ""


def test_an_older_one_is_in_oldstable(trixie):
    apt, version = find(trixie, "linux-source-6.1")
    assert version == "6.1.176-1"
    assert "oldstable/sources.list" in apt.options[1]
    # nine megabytes for nothing
    assert "testing" not in (trixie.folder / "calls").read_text()


def test_lists_are_fetched_again_the_next_day_only(trixie):
    for age, fetched in ((0, True), (3600, False), (2 * 24 * 3600, True)):
        (trixie.folder / "calls").write_text("")
        for log in trixie.cache.root.glob("apt/*/update.log"):
            os.utime(log, (time.time() - age,) * 2)
        find(trixie, "linux-source-6.1")
        assert ("oldstable/sources.list" in (trixie.folder / "calls").read_text()) == fetched, age


def test_where_to_look_first(trixie):
    offered = ["linux-source", "linux-source-6.12"]
    assert deb.suites("linux-source-6.1", offered)[1] == "oldstable"
    assert deb.suites("linux-source-7.3", offered)[1] == "stable"
    assert set(deb.suites("linux-source-7.3", [])) == set(deb.suites("linux-source-6.1",
                                                                     offered)) | {"{codename}"}


def test_a_kernel_that_cannot_load_the_driver(box):
    """Refused with the option that it has, where the architecture needs it; a user's tree is told,
    unless it is a step of a bisection."""
    for text, refused in (("#define PAGE_END x\n", True), ("#define PHYSMEM_END x\n", False),
                          ("#define DIRECT_MAP_PHYSMEM_END x\n", False)):
        header = box.folder / ARCHS["arm64"].linear_end
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(text)
        for kind, strict in (("tree", False), ("tree", True), ("debian", False)):
            found = source.Source(kind, box.folder, "6.1.9", "a label", "x")
            source.check_driver(found, ARCHS["x86_64"], box.say, strict)
            if refused and (kind, strict) != ("tree", False):
                stop = box.stops(4, "oopses when test_hmm is loaded", source.check_driver, found,
                                 ARCHS["arm64"], box.say, strict)
                assert isinstance(stop, Untestable)
                assert "fixes/arm64/physmem-end.cocci" in str(stop)
                continue
            source.check_driver(found, ARCHS["arm64"], box.say, strict)
        if refused:
            box.assert_said("docs/findings.md, physmem-end")


def test_sources_of_each_architecture_have_its_files():
    """And those for x86-64 are what they were before there was another one."""
    for name, mine, others in (("x86_64", "arch/x86", "arch/arm64"),
                               ("arm64", "arch/arm64", "arch/x86")):
        left_out = source.unused_files(ARCHS[name])
        assert f"{mine}/*.[chS]" not in left_out and f"{others}/*.[chS]" in left_out
    assert source.kind_of(ARCHS["x86_64"]) == "src"
    assert source.kind_of(ARCHS["arm64"]) == "src-arm64"
