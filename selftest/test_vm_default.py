# SPDX-License-Identifier: GPL-2.0
"""The kernel of a run without --kernel, and kernels that come in a tarball."""

import shutil
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from runner import guests, plan
from runner.options import parse
from runner.screen import Screen
from vm import deb, source
import test_vm_source as debian
from test_vm_source import tree

NOBLE = """linux-source-6.8.0:
  Installed: (none)
  Candidate: 6.8.0-31.31
  Version table:
     6.8.0-31.31 500
        500 http://archive.ubuntu.com/ubuntu noble/main amd64 Packages
"""

# On Debian 13, and on what may come after it.
trixie_ = debian.trixie_


def default(trixie) -> str:
    trixie.said.clear()
    return deb.default("6.1", trixie.cache, trixie.say)


def offers(trixie, text: str) -> None:
    """The names that the system's suite has."""
    trixie.script("apt-cache", debian.APT_CACHE.format(folder=trixie.folder).replace(
        "echo linux-source-6.12", f"echo {text}"))


def unpacked(trixie, version: str) -> None:
    trixie.cache.entry("src", version, lambda folder: tree(folder / "x"),
                       f"linux-source-{version}-{version}.9-1")


def test_one_of_an_older_suite(trixie):
    assert default(trixie) == "6.1"
    assert trixie.said == ["looking for linux-source-6.1 in trixie-backports",
                           "looking for linux-source-6.1 in oldstable"]


def test_one_that_is_there_needs_no_suite(trixie):
    unpacked(trixie, "6.1")
    assert (default(trixie), trixie.said) == ("6.1", [])
    assert not (trixie.folder / "calls").exists()


@pytest.mark.parametrize("names, chosen", [
    ("linux-source-6.12", "6.12"), ("linux-source-6.12 linux-source-6.18", "6.18"),
    ("linux-source-6.6 linux-source-7.3 linux-source-6.12", "6.12"),
    ("linux-source-6.9 linux-source-6.10", "6.10"), ("linux-source-6.120", "6.120")])
def test_the_newest_long_term_one_instead(trixie, names, chosen):
    (trixie.folder / "old.txt").unlink()
    offers(trixie, names)
    assert default(trixie) == chosen
    kind = "newest long-term" if chosen in deb.LONGTERM else "newest"
    assert trixie.said[-1] == (f"kernel {chosen}: the {kind} one of this system and its mirror, "
                               "which have no linux-source-6.1")


def test_what_was_chosen_stays_as_long_as_it_is_there(trixie):
    (trixie.folder / "old.txt").unlink()
    offers(trixie, "linux-source-6.12")
    assert default(trixie) == "6.12"
    unpacked(trixie, "6.12")
    (trixie.folder / "old.txt").write_text(debian.OLDSTABLE)
    (trixie.folder / "calls").unlink()
    assert default(trixie) == "6.12"
    assert len(trixie.said) == 1
    assert not (trixie.folder / "calls").exists()
    trixie.cache.drop(trixie.cache.root / "src/linux-source-6.12-6.12.9-1")
    assert default(trixie) == "6.1"


@pytest.mark.parametrize("failure, again", [
    ("", []), ("exit 100", ["trixie-backports", "oldstable"]),
    ("echo W: Failed to fetch x", ["trixie-backports", "oldstable"])])
def test_each_suite_is_fetched_once_a_day(trixie, failure, again):
    """Also one that does not have the package, but not one that could not be fetched."""
    trixie.script("apt-get", f"{debian.APT_GET.format(folder=trixie.folder)}\n{failure}")
    default(trixie)
    default(trixie)
    assert trixie.said == [f"looking for linux-source-6.1 in {suite}" for suite in again]


def test_where_kernels_come_from(trixie):
    """No suite has one; a system without apt; Ubuntu, whose packages are made otherwise."""
    (trixie.folder / "old.txt").unlink()
    (trixie.folder / "trixie.txt").write_text(NOBLE)
    offers(trixie, "linux-source-6.8.0")
    trixie.stops(3, "https://kernel.org", default, trixie)
    (trixie.folder / "sources.list").unlink()
    trixie.script("apt-cache", "exit 127")
    trixie.patch(deb, "codename", lambda: "")
    trixie.stops(3, "https://kernel.org", default, trixie)


@pytest.mark.parametrize("suite", ["sid", "unstable", "testing", "stable"])
def test_sources_that_name_a_role(trixie, suite):
    """sid's os-release(5) says forky, and its sources sid."""
    (trixie.folder / "sources.list").write_text(
        "deb http://tool.example.org/linux stable main\n"
        f"deb http://deb.example.org/debian {suite} main\n"
        f"deb http://deb.example.org/debian-security {suite}-security main\n")
    trixie.patch(deb, "codename", lambda: "forky")
    assert deb.mirror()[::2] == ("http://deb.example.org/debian", suite)
    assert default(trixie) == "6.1"
    written = (trixie.cache.root / "apt/oldstable/sources.list").read_text()
    assert "debian-security oldstable-security main" in written


def test_a_run_takes_it(box):
    """Kernel and harness; another one is given by the user."""
    options = parse([])
    with mock.patch.object(deb, "default", return_value="6.12") as asked, \
            mock.patch.object(plan, "open_cache", return_value=box.cache), \
            mock.patch.object(guests, "find_source") as find:
        kernels, _ = plan.sources(options, "vm", Screen())
        assert [spec for spec, _ in kernels] == ["6.12"]
        asked.assert_called_once_with("6.1", box.cache, mock.ANY, "src")
        options.kernel = ["7.3"]
        kernels, _ = plan.sources(options, "vm", Screen())
        assert [spec for spec, _ in kernels] == ["7.3"]
        asked.assert_called_once()
        plan.harness(parse(["--bisect-step", "--kernel", "x"]), [], box.cache, Screen())
        assert find.call_args.args[0] == "6.12"


# Tarballs.
@pytest.fixture(name="tarballs")
def tarballs_(box):
    linux = tree(box.folder / "pack" / "linux-6.12.9", 6, 12)
    for name in ("mm/gup.c", "arch/x86/x.c", "arch/arm/x.c"):
        (linux / name).parent.mkdir(parents=True, exist_ok=True)
        (linux / name).write_text(name)
    return box


def tar(tarballs, name: str, *words) -> Path:
    path = tarballs.folder / name
    subprocess.run(["tar", "-caf", path, "-C", tarballs.folder / "pack",
                    *(words or ["linux-6.12.9"])], check=True)
    return path


def resolve(tarballs, path: Path) -> source.Source:
    return source.resolve(str(path), tarballs.cache, tarballs.say)


@pytest.mark.parametrize("end", ["tar.xz", "tar.gz", "tar.bz2", "tar", "tgz"])
def test_each_compression(tarballs, end):
    if end == "tar.bz2" and not shutil.which("bzip2"):
        pytest.skip("no bzip2")
    found = resolve(tarballs, tar(tarballs, f"linux.{end}"))
    assert (found.kind, found.version) == ("tarball", "6.12.9")
    assert (found.path / "mm/gup.c").read_text() == "mm/gup.c"
    assert f"linux.{end}" in found.label
    # what no build needs stays packed
    assert not (found.path / "arch/arm/x.c").exists()
    assert (found.path / "arch/x86/x.c").exists()


def test_nothing_here_unpacks_it(tarballs, monkeypatch):
    path = tar(tarballs, "linux.tar.gz")
    tools = tarballs.folder / "tools"
    tools.mkdir()
    (tools / "tar").symlink_to(shutil.which("tar"))
    monkeypatch.setenv("PATH", str(tools))
    stop = tarballs.stops(3, "tar cannot unpack the kernel source: ", resolve, tarballs, path)
    assert "gzip" in str(stop) and "install what unpacks it" in str(stop)


def test_unpacked_once_and_again_for_another(tarballs):
    path = tar(tarballs, "linux.tar.gz")
    first = resolve(tarballs, path)
    tarballs.assert_said(f"unpacking {path}")
    tarballs.said.clear()
    assert (resolve(tarballs, path), tarballs.said) == (first, [])
    (tarballs.folder / "pack/linux-6.12.9/mm/gup.c").write_text("another")
    second = resolve(tarballs, tar(tarballs, "linux.tar.gz"))
    assert second.ident != first.ident
    assert (second.path / "mm/gup.c").read_text() == "another"


def test_a_top_folder_of_any_name(tarballs):
    for words in (["-C", tarballs.folder / "pack/linux-6.12.9", "."], ["./linux-6.12.9"]):
        found = resolve(tarballs, tar(tarballs, "own.tar", *words))
        assert (found.path / "mm/gup.c").exists(), words


def test_no_kernel_in_it(tarballs):
    (tarballs.folder / "pack/other").mkdir()
    (tarballs.folder / "pack/other/x").write_text("")
    path = tar(tarballs, "other.tar.gz", "other")
    tarballs.stops(2, f"--kernel {path} is not a kernel tree", resolve, tarballs, path)
    path.write_bytes(path.read_bytes()[:20])
    tarballs.stops(3, "cannot unpack the kernel source", resolve, tarballs, path)
    assert [item for item in (tarballs.cache.root / "src").iterdir() if item.is_dir()] == []


def test_too_old(tarballs):
    (tarballs.folder / "pack/linux-6.12.9/Makefile").write_text(debian.MAKEFILE.format(5, 9, ""))
    tarballs.stops(4, "no device-coherent memory", resolve, tarballs, tar(tarballs, "old.tar.gz"))


def test_a_tarball_is_no_image(tarballs):
    path = tar(tarballs, "linux.tar.xz")
    assert not guests.is_image(str(path))
    (tarballs.folder / "bzImage").write_bytes(b"")
    assert guests.is_image(str(tarballs.folder / "bzImage"))
    assert guests.find_source(str(path), tarballs.cache, Screen()).kind == "tarball"
