# SPDX-License-Identifier: GPL-2.0
"""Kernel sources: what is one, what is too old, and how Debian's are found and unpacked."""

import os
import subprocess
import time
from pathlib import Path
from unittest import mock

from vm import deb, source
from vm_kit import WithCache

MAKEFILE = "# SPDX\nVERSION = {}\nPATCHLEVEL = {}\nSUBLEVEL = 9\nEXTRAVERSION ={}\nNAME = x\n"


def tree(folder: Path, major=6, minor=1, extra="") -> Path:
    (folder / "mm").mkdir(parents=True)
    (folder / "Kbuild").write_text("")
    (folder / "Makefile").write_text(MAKEFILE.format(major, minor, extra))
    return folder


class Trees(WithCache):
    def resolve(self, spec):
        return source.resolve(str(spec), self.cache, self.say)

    def test_a_tree(self):
        found = self.resolve(tree(self.folder / "linux", extra=" -rc3"))
        self.assertEqual((found.kind, found.version), ("tree", "6.1.9-rc3"))
        self.assertIn(str(self.folder / "linux"), found.label)

    def test_two_trees_do_not_share_a_build(self):
        self.assertNotEqual(self.resolve(tree(self.folder / "a")).ident,
                            self.resolve(tree(self.folder / "b")).ident)

    def test_the_first_with_coherent_memory(self):
        self.assertEqual(self.resolve(tree(self.folder / "linux", 6, 0)).version, "6.0.9")

    def test_too_old(self):
        self.stops(4, "Linux 5.19.9 has no device-coherent memory", self.resolve,
                   tree(self.folder / "linux", 5, 19))
        self.stops(4, "every test would skip", self.resolve, "5.10")

    def test_no_tree(self):
        self.stops(2, "not a kernel tree", self.resolve, self.folder)
        self.stops(2, "neither a version nor a kernel tree", self.resolve, "no/such/folder")
        self.stops(2, "neither a version nor a kernel tree", self.resolve, "latest")
        (tree(self.folder / "linux") / "Makefile").write_text("all:\n\techo VERSION = 6\n")
        self.stops(2, "not a kernel tree", self.resolve, self.folder / "linux")


class Debian(WithCache):
    """A package of our own making, so that no network is needed."""

    def setUp(self):
        super().setUp()
        linux = tree(self.folder / "pack" / "linux-source-6.1")
        for name in ("mm/gup.c", "arch/x86/x.c", "arch/arm/x.c", "arch/arm/Kconfig",
                     "arch/arm/boot/x.dts",
                     "drivers/gpu/drm/x.h", "drivers/gpu/Makefile", "drivers/base/x.c",
                     "Documentation/a/x.rst",
                     "Documentation/Kconfig", "tools/net/x.c"):
            (linux / name).parent.mkdir(parents=True, exist_ok=True)
            (linux / name).write_text(name)
        self.tarball = self.folder / "linux-source-6.1.tar.xz"
        subprocess.run(["tar", "-cJf", self.tarball, "-C", self.folder / "pack",
                        "linux-source-6.1"], check=True)
        for target, value in ((source, "INSTALLED"),):
            patch = mock.patch.object(target, value, self.folder)
            patch.start()
            self.addCleanup(patch.stop)
        self.version("6.1.9-1")
        self.offers("")

    def offers(self, release: str) -> None:
        """The package index of this system."""
        source._said.clear()
        patch = mock.patch.object(deb.Apt, "candidate", lambda apt, package: release)
        patch.start()
        self.addCleanup(patch.stop)

    def version(self, release: str) -> None:
        patch = mock.patch.object(deb, "installed_version", lambda package: release)
        patch.start()
        self.addCleanup(patch.stop)

    def resolve(self):
        return source.resolve("6.1", self.cache, self.say)

    def test_unpacked_once(self):
        found = self.resolve()
        self.assertEqual((found.kind, found.version, found.path.name),
                         ("debian", "6.1.9", "linux-source-6.1-6.1.9-1"))
        self.assertEqual((found.path / "mm/gup.c").read_text(), "mm/gup.c")
        self.assert_said("unpacking")
        self.said.clear()
        self.assertEqual(self.resolve(), found)
        self.assertEqual(self.said, [])

    def test_what_no_build_needs_stays_packed(self):
        path = self.resolve().path
        for name in ("arch/arm/x.c", "arch/arm/boot/x.dts", "drivers/gpu/drm/x.h",
                     "Documentation/a/x.rst"):
            self.assertFalse((path / name).exists(), name)
        for name in ("arch/x86/x.c", "arch/arm/Kconfig", "drivers/gpu/Makefile", "drivers/base/x.c",
                     "Documentation/Kconfig", "tools/net/x.c"):
            self.assertTrue((path / name).exists(), name)

    def test_new_package_is_unpacked_beside_the_old(self):
        first = self.resolve()
        self.version("6.1.9-2")
        self.assertNotEqual(self.resolve().path, first.path)
        self.assertNotEqual(self.resolve().ident, first.ident)

    def test_not_installed_but_in_the_cache(self):
        first = self.resolve()
        self.version("")
        self.assertEqual(self.resolve(), first)

    def test_which_point_release_it_is(self):
        """The one in the cache is said, once, and a newer one too; the index is asked once a day.
        """
        self.resolve()
        self.version("")
        for offered, newer in (("6.1.9-1", False), ("6.1.8-1", False), ("6.1.10-1", True),
                               ("", False)):
            self.offers(offered)
            self.said.clear()
            (self.cache.root / "apt/linux-source-6.1.newest").unlink(missing_ok=True)
            self.resolve()
            self.resolve()
            with self.subTest(offered=offered):
                self.assertEqual(len(self.said), 1, self.said)
                self.assertIn("linux-source-6.1: using 6.1.9-1 from the cache", self.said[0])
                said = f"{offered} is available: --refresh uses it" in self.said[0]
                self.assertEqual(said, newer)
        self.offers("6.1.11-1")
        self.said.clear()
        self.resolve()
        self.assertNotIn("6.1.11-1", self.said[0])

    def test_refresh(self):
        """Takes a newer one if there is one, and that one stays; not an older one."""
        first = self.resolve()
        self.version("")
        for offered, taken in (("6.1.9-1", "6.1.9-1"), ("6.1.8-1", "6.1.9-1"),
                               ("6.1.10-1", "6.1.10-1")):
            self.said.clear()
            with mock.patch.object(deb, "find", return_value=(deb.Apt(), offered)), \
                    mock.patch.object(deb, "fetch", return_value=self.tarball), \
                    mock.patch.object(deb.Apt, "update") as update:
                found = source.resolve("6.1", self.cache, self.say, True)
            self.assertEqual((found.path.name, update.called),
                             (f"linux-source-6.1-{taken}", os.geteuid() == 0), offered)
            same = found.path == first.path
            self.assertEqual(any("6.1.9-1 from the cache is the newest" in line
                                 for line in self.said), same, self.said)
        self.assertEqual(self.resolve().path, found.path)

    def test_a_damaged_one_in_the_cache_is_not_taken(self):
        (self.resolve().path / "Makefile").write_text("")
        self.version("")
        with mock.patch.object(deb, "find",
                               side_effect=LookupError), self.assertRaises(LookupError):
            self.resolve()

    def test_one_of_another_series_in_the_cache_is_not_taken(self):
        """apt's answer for linux-source-6.12, kept under the wrong name."""
        self.cache.entry("src", "x", lambda folder: tree(folder / "x"),
                         "linux-source-6.1-6.12.117-1")
        self.version("")
        with mock.patch.object(deb, "find",
                               side_effect=LookupError), self.assertRaises(LookupError):
            self.resolve()

    def test_a_package_of_another_series(self):
        self.tarball.unlink()
        linux = self.folder / "pack" / "linux-source-6.1"
        (linux / "Makefile").write_text(MAKEFILE.format(6, 12, ""))
        subprocess.run(["tar", "-cJf", self.tarball, "-C", self.folder / "pack",
                        "linux-source-6.1"], check=True)
        self.stops(3, "linux-source-6.1 6.1.9-1 contains Linux 6.12.9, not 6.1", self.resolve)

    def test_damaged_tarball(self):
        self.tarball.write_bytes(self.tarball.read_bytes()[:-40])
        self.stops(3, "cannot unpack", self.resolve)
        self.assertEqual([path.name for path in (self.cache.root / "src").iterdir()
                          if path.is_dir()], [])

    def test_a_package_is_unpacked_without_installing_it(self):
        root = self.folder / "deb"
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text("Package: linux-source-6.1\nVersion: "
                                             "6.1.9-3\nArchitecture: all\n"
                                             "Maintainer: nobody <n@example.org>\nDescription: x\n")
        (root / "usr/src").mkdir(parents=True)
        self.tarball.rename(root / "usr/src" / self.tarball.name)
        package = self.folder / "linux-source-6.1_6.1.9-3_all.deb"
        subprocess.run(["dpkg-deb", "--build", "-Znone", root, package], check=True,
                       stdout=subprocess.DEVNULL)
        with mock.patch.object(deb, "find", return_value=(None, "6.1.9-3")), \
                mock.patch.object(deb, "fetch", return_value=package):
            path = self.resolve().path
        self.assertTrue((path / "mm/gup.c").exists())
        self.assertFalse(package.exists() or (path / ".deb").exists())


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


class Mirrors(WithCache):
    def setUp(self):
        super().setUp()
        self.etc = self.folder / "apt"
        (self.etc / "sources.list.d").mkdir(parents=True)
        for name, value in (("SOURCES", self.etc), ("codename", lambda: "bookworm")):
            patch = mock.patch.object(deb, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def test_deb822(self):
        (self.etc / "sources.list.d/debian.sources").write_text(DEB822)
        self.assertEqual(deb.mirror(), ("http://deb.example.org/debian",
                                        "/usr/share/keyrings/debian.gpg", "bookworm"))

    def test_one_line(self):
        (self.etc / "sources.list").write_text("# deb http://no.example.org/debian bookworm main\n"
                                               "deb [arch=amd64 signed-by=/k.gpg] "
                                               "http://a.example.org/debian "
                                               "bookworm main contrib\n")
        self.assertEqual(deb.mirror(), ("http://a.example.org/debian", "/k.gpg", "bookworm"))

    def test_other_archives_are_not_debian(self):
        (self.etc / "sources.list.d/a.list").write_text("deb http://tool.example.org/apt "
                                                        "bookworm main\n")
        (self.etc / "sources.list").write_text("deb http://a.example.org/debian bookworm main\n")
        self.assertEqual(deb.mirror()[0], "http://a.example.org/debian")

    def test_none(self):
        self.stops(3, "--kernel", deb.mirror)

    def test_private_state_only(self):
        (self.etc / "sources.list.d/debian.sources").write_text(DEB822)
        options = deb.elsewhere(self.cache, "{codename}-backports").options
        written = (self.cache.root / "apt/bookworm-backports/sources.list").read_text()
        self.assertEqual(written,
                         "deb [signed-by=/usr/share/keyrings/debian.gpg] "
                         "http://deb.example.org/debian "
                                  "bookworm-backports main\n")
        for setting in ("Dir::Etc::sourceparts=/dev/null",
                        f"Dir::State={self.cache.root}/apt/bookworm-backports"):
            self.assertIn(setting, options)

    def test_security(self):
        """A longterm kernel's newest release is there; it is another archive of the same mirror."""
        (self.etc / "sources.list").write_text("deb http://a.example.org/debian bookworm main\n"
                                               "deb http://a.example.org/debian-security "
                                               "bookworm-security main\n")
        for suite, lines in (("oldstable", ["a.example.org/debian oldstable ",
                                            "debian-security oldstable-security "]),
                             ("testing", ["a.example.org/debian testing "])):
            deb.elsewhere(self.cache, suite)
            written = (self.cache.root / "apt" / suite / "sources.list").read_text().splitlines()
            self.assertEqual([line in text for line, text in zip(lines, written, strict=True)],
                             [True] * len(lines))

    def test_nowhere(self):
        (self.etc / "sources.list.d/debian.sources").write_text(DEB822)
        names = ["linux-source-6.12", "linux-source", "linux-source-6.1"]
        with mock.patch.object(deb.Apt, "candidate", return_value=""), \
                mock.patch.object(deb.Apt, "update"), \
                mock.patch.object(deb.Apt, "names", return_value=names):
            stop = self.stops(3, "no linux-source-9.9", deb.find, "linux-source-9.9", self.cache,
                              self.say)
        self.assertIn("available: linux-source-6.1, linux-source-6.12 (", str(stop))
        self.assert_said("bookworm-backports")


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


class Trixie(WithCache):
    """The README's first command on Debian 13, whose newest kernel is 6.12."""

    def setUp(self):
        super().setUp()
        (self.folder / "trixie.txt").write_text(TRIXIE)
        (self.folder / "old.txt").write_text(OLDSTABLE)
        (self.folder / "sources.list").write_text("deb http://deb.debian.org/debian trixie main\n")
        for name, text in (("apt-cache", APT_CACHE), ("apt-get", APT_GET)):
            self.script(name, text.format(folder=self.folder))
        for name, value in (("SOURCES", self.folder), ("codename", lambda: "trixie"),
                            ("TOOLS", f"{self.folder}:{deb.TOOLS}")):
            patch = mock.patch.object(deb, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.environment(PATH=f"{self.folder}:{deb.TOOLS}", LC_ALL="de_DE.UTF-8")

    def find(self, package: str):
        return deb.find(package, self.cache, self.say)

    def test_a_name_is_no_pattern(self):
        self.assertEqual(deb.Apt().candidate("linux-source-6.1"), "")
        self.assertEqual(deb.Apt().candidate("linux-source-6.12"), "6.12.117-1")
        self.assertEqual(deb.Apt().candidate("linux-source-6.122"), "")

    def test_an_older_one_is_in_oldstable(self):
        apt, version = self.find("linux-source-6.1")
        self.assertEqual(version, "6.1.176-1")
        self.assertIn("oldstable/sources.list", apt.options[1])
        # nine megabytes for nothing
        self.assertNotIn("testing", (self.folder / "calls").read_text())

    def test_lists_are_fetched_again_the_next_day_only(self):
        for age, fetched in ((0, True), (3600, False), (2 * 24 * 3600, True)):
            (self.folder / "calls").write_text("")
            for log in self.cache.root.glob("apt/*/update.log"):
                os.utime(log, (time.time() - age,) * 2)
            self.find("linux-source-6.1")
            self.assertEqual("oldstable/sources.list" in (self.folder / "calls").read_text(),
                             fetched, age)

    def test_where_to_look_first(self):
        offered = ["linux-source", "linux-source-6.12"]
        self.assertEqual(deb.suites("linux-source-6.1", offered)[1], "oldstable")
        self.assertEqual(deb.suites("linux-source-7.3", offered)[1], "stable")
        self.assertEqual(set(deb.suites("linux-source-7.3", [])),
                         set(deb.suites("linux-source-6.1", offered)) | {"{codename}"})
