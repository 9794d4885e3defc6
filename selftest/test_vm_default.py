# SPDX-License-Identifier: GPL-2.0
"""The kernel of a run without --kernel, and kernels that come in a tarball."""

import subprocess
from pathlib import Path
from unittest import mock

from runner import guests, plan
from runner.options import parse
from runner.screen import Screen
from vm import deb, source
import test_vm_source as debian
from test_vm_source import tree
from vm_kit import WithCache

NOBLE = """linux-source-6.8.0:
  Installed: (none)
  Candidate: 6.8.0-31.31
  Version table:
     6.8.0-31.31 500
        500 http://archive.ubuntu.com/ubuntu noble/main amd64 Packages
"""


class Default(WithCache):
    """On Debian 13, and on what may come after it."""

    def setUp(self):
        super().setUp()
        debian.on_trixie(self, self.patch)

    def patch(self, where, name: str, value) -> None:
        patch = mock.patch.object(where, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def default(self) -> str:
        self.said.clear()
        return deb.default("6.1", self.cache, self.say)

    def names(self, text: str) -> None:
        """What the system's suite offers."""
        self.script("apt-cache", debian.APT_CACHE.format(folder=self.folder).replace(
            "echo linux-source-6.12", f"echo {text}"))

    def unpacked(self, version: str) -> None:
        self.cache.entry("src", version, lambda folder: tree(folder / "x"),
                         f"linux-source-{version}-{version}.9-1")

    def test_one_of_an_older_suite(self):
        self.assertEqual(self.default(), "6.1")
        self.assertEqual(self.said, ["looking for linux-source-6.1 in trixie-backports",
                                     "looking for linux-source-6.1 in oldstable"])

    def test_one_that_is_there_needs_no_suite(self):
        self.unpacked("6.1")
        self.assertEqual((self.default(), self.said), ("6.1", []))
        self.assertFalse((self.folder / "calls").exists())

    def test_the_newest_long_term_one_instead(self):
        (self.folder / "old.txt").unlink()
        for names, chosen in (
                ("linux-source-6.12", "6.12"), ("linux-source-6.12 linux-source-6.18", "6.18"),
                ("linux-source-6.6 linux-source-7.3 linux-source-6.12", "6.12"),
                ("linux-source-6.9 linux-source-6.10", "6.10"), ("linux-source-6.120", "6.120")):
            self.names(names)
            with self.subTest(names=names):
                self.assertEqual(self.default(), chosen)
                kind = "newest long-term" if chosen in deb.LONGTERM else "newest"
                self.assertEqual(self.said[-1], f"kernel {chosen}: the {kind} one of this system "
                                                "and its mirror, which have no linux-source-6.1")

    def test_what_was_chosen_stays_as_long_as_it_is_there(self):
        (self.folder / "old.txt").unlink()
        self.names("linux-source-6.12")
        self.assertEqual(self.default(), "6.12")
        self.unpacked("6.12")
        (self.folder / "old.txt").write_text(debian.OLDSTABLE)
        (self.folder / "calls").unlink()
        self.assertEqual(self.default(), "6.12")
        self.assertEqual(len(self.said), 1)
        self.assertFalse((self.folder / "calls").exists())
        self.cache.drop(self.cache.root / "src/linux-source-6.12-6.12.9-1")
        self.assertEqual(self.default(), "6.1")

    def test_each_suite_is_fetched_once_a_day(self):
        """Also one that does not have the package, but not one that could not be fetched."""
        for failure, again in (("", []), ("exit 100", ["trixie-backports", "oldstable"]),
                               ("echo W: Failed to fetch x", ["trixie-backports", "oldstable"])):
            self.script("apt-get", f"{debian.APT_GET.format(folder=self.folder)}\n{failure}")
            for log in self.cache.root.glob("apt/*/update.log"):
                log.unlink()
            self.default()
            self.default()
            with self.subTest(failure=failure):
                self.assertEqual(self.said, [f"looking for linux-source-6.1 in {suite}"
                                             for suite in again])

    def test_where_kernels_come_from(self):
        """No suite has one; a system without apt; Ubuntu, whose packages are made otherwise."""
        (self.folder / "old.txt").unlink()
        (self.folder / "trixie.txt").write_text(NOBLE)
        self.names("linux-source-6.8.0")
        self.stops(3, "https://kernel.org", self.default)
        (self.folder / "sources.list").unlink()
        self.script("apt-cache", "exit 127")
        with mock.patch.object(deb, "codename", return_value=""):
            self.stops(3, "https://kernel.org", self.default)

    def test_sources_that_name_a_role(self):
        """sid's os-release(5) says forky, and its sources sid."""
        for suite in ("sid", "unstable", "testing", "stable"):
            (self.folder / "sources.list").write_text(
                "deb http://tool.example.org/linux stable main\n"
                f"deb http://deb.example.org/debian {suite} main\n"
                f"deb http://deb.example.org/debian-security {suite}-security main\n")
            with self.subTest(suite=suite), \
                    mock.patch.object(deb, "codename", return_value="forky"):
                self.assertEqual(deb.mirror()[::2], ("http://deb.example.org/debian", suite))
                self.assertEqual(self.default(), "6.1")
                written = (self.cache.root / "apt/oldstable/sources.list").read_text()
                self.assertIn("debian-security oldstable-security main", written)

    def test_a_run_takes_it(self):
        """Kernel and harness; another one is given by the user."""
        options = parse([])
        with mock.patch.object(deb, "default", return_value="6.12") as default, \
                mock.patch.object(plan, "open_cache", return_value=self.cache), \
                mock.patch.object(guests, "find_source") as find:
            kernels, _ = plan.sources(options, "vm", Screen())
            self.assertEqual([spec for spec, _ in kernels], ["6.12"])
            default.assert_called_once_with("6.1", self.cache, mock.ANY, "src")
            options.kernel = ["7.3"]
            kernels, _ = plan.sources(options, "vm", Screen())
            self.assertEqual([spec for spec, _ in kernels], ["7.3"])
            default.assert_called_once()
            plan.harness(parse(["--bisect-step", "--kernel", "x"]), [], self.cache, Screen())
            self.assertEqual(find.call_args.args[0], "6.12")


class Tarballs(WithCache):
    def setUp(self):
        super().setUp()
        linux = tree(self.folder / "pack" / "linux-6.12.9", 6, 12)
        for name in ("mm/gup.c", "arch/x86/x.c", "arch/arm/x.c"):
            (linux / name).parent.mkdir(parents=True, exist_ok=True)
            (linux / name).write_text(name)

    def tar(self, name: str, *words: str) -> Path:
        path = self.folder / name
        subprocess.run(["tar", "-caf", path, "-C", self.folder / "pack",
                        *(words or ["linux-6.12.9"])], check=True)
        return path

    def resolve(self, path: Path) -> source.Source:
        return source.resolve(str(path), self.cache, self.say)

    def test_each_compression(self):
        for name in ("linux.tar.xz", "linux.tar.gz", "linux.tar.bz2", "linux.tar", "linux.tgz"):
            found = self.resolve(self.tar(name))
            with self.subTest(name=name):
                self.assertEqual((found.kind, found.version), ("tarball", "6.12.9"))
                self.assertEqual((found.path / "mm/gup.c").read_text(), "mm/gup.c")
                self.assertIn(name, found.label)

    def test_unpacked_once_and_again_for_another(self):
        path = self.tar("linux.tar.gz")
        first = self.resolve(path)
        self.assert_said(f"unpacking {path}")
        self.said.clear()
        self.assertEqual(self.resolve(path), first)
        self.assertEqual(self.said, [])
        (self.folder / "pack/linux-6.12.9/mm/gup.c").write_text("another")
        second = self.resolve(self.tar("linux.tar.gz"))
        self.assertNotEqual(second.ident, first.ident)
        self.assertEqual((second.path / "mm/gup.c").read_text(), "another")

    def test_what_no_build_needs_stays_packed(self):
        folder = self.resolve(self.tar("linux.tar.gz")).path
        self.assertFalse((folder / "arch/arm/x.c").exists())
        self.assertTrue((folder / "arch/x86/x.c").exists())

    def test_a_top_folder_of_any_name(self):
        for top in (".", "./linux-6.12.9"):
            folder = ["-C", self.folder / "pack/linux-6.12.9", "."] if top == "." else [top]
            found = self.resolve(self.tar("own.tar", *folder))
            self.assertTrue((found.path / "mm/gup.c").exists(), top)

    def test_no_kernel_in_it(self):
        (self.folder / "pack/other").mkdir()
        (self.folder / "pack/other/x").write_text("")
        path = self.tar("other.tar.gz", "other")
        self.stops(2, f"--kernel {path} is not a kernel tree", self.resolve, path)
        path.write_bytes(path.read_bytes()[:20])
        self.stops(3, "cannot unpack the kernel source", self.resolve, path)
        left = [item for item in (self.cache.root / "src").iterdir() if item.is_dir()]
        self.assertEqual(left, [])

    def test_too_old(self):
        (self.folder / "pack/linux-6.12.9/Makefile").write_text(debian.MAKEFILE.format(5, 9, ""))
        self.stops(4, "no device-coherent memory", self.resolve, self.tar("old.tar.gz"))

    def test_a_tarball_is_no_image(self):
        self.assertFalse(guests.is_image(str(self.tar("linux.tar.xz"))))
        (self.folder / "bzImage").write_bytes(b"")
        self.assertTrue(guests.is_image(str(self.folder / "bzImage")))
        found = guests.find_source(str(self.folder / "linux.tar.xz"), self.cache, Screen())
        self.assertEqual(found.kind, "tarball")
