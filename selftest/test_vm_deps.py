# SPDX-License-Identifier: GPL-2.0
"""What is missing, what it is called on each distribution, and how its installation goes or why it
cannot."""

import contextlib
import io
from argparse import Namespace
from unittest import mock

from runner import doctor
from vm import deb, deps
from vm_kit import WithCache

# os-release(5) of each: ID, and ID_LIKE.
SYSTEMS = {
    "apt": ("ID=debian", 'ID="linuxmint"\nID_LIKE="ubuntu debian"', "ID=ubuntu\nID_LIKE=debian"),
    "dnf": ("ID=fedora", 'ID="rocky"\nID_LIKE="rhel centos fedora"'),
    "pacman": ("ID=arch", "ID_LIKE=arch\nID=manjaro"),
    "zypper": ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'ID="sles"\nID_LIKE="suse"'),
    "apk": ("ID=alpine",), "": ("ID=nixos", "", "VERSION_ID=1")}
COMMANDS = {
    "apt": "apt-get install -y --no-install-recommends libnuma-dev e2fsprogs",
    "dnf": "dnf install -y numactl-devel e2fsprogs",
    "pacman": "pacman -S --needed numactl e2fsprogs",
    "zypper": "zypper install -y libnuma-devel e2fsprogs", "apk": "apk add numactl-dev e2fsprogs"}


class Packages(WithCache):
    """On a system that has nothing but these commands."""

    def setUp(self):
        super().setUp()
        self.environment(PATH=f"{self.folder}:/usr/bin:/bin",
                         HMM_COHERENT_CACHE=str(self.folder / "cache"))
        for module, name, value in (
                (deb, "environment", lambda: {"PATH": f"{self.folder}:/usr/bin:/bin"}),
                (deps, "PLACES", str(self.folder))):
            self.patch(module, name, value)
        self.log = self.folder / "apt.log"
        self.system("ID=debian")

    def patch(self, module, name: str, value) -> None:
        patch = mock.patch.object(module, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def system(self, text: str) -> None:
        (self.folder / "os-release").write_text(f"NAME=x\n{text}\n")
        self.patch(deb, "OS_RELEASE", self.folder / "os-release")

    def apt(self, behaviour: str) -> None:
        self.script("apt-get", f'echo "$@" >>{self.folder}/calls\n{behaviour}')

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return [line.split(" ")[1 if "-q" == line.split(" ")[0] else 0]
                for line in path.read_text().splitlines()] if path.exists() else []

    def install(self):
        deps.install(["qemu-system-x86", "bc"], self.log)

    def need(self, user: int = 0) -> None:
        with mock.patch.object(deps, "missing", return_value=["numa.h", "mke2fs"]), \
                mock.patch.object(deps.os, "geteuid", return_value=user):
            deps.need({"tests"}, self.say)

    def test_every_manager_has_a_package_for_everything(self):
        for part, rows in deps.PARTS.items():
            for wanted, names in rows.items():
                with self.subTest(part=part, wanted=wanted):
                    self.assertEqual(set(names), set(deps.MANAGERS))
                    for name in names.values():
                        self.assertRegex(name, r"^[A-Za-z0-9][A-Za-z0-9._+-]+$")

    def test_which_system_it_is(self):
        for manager, systems in SYSTEMS.items():
            for text in systems:
                self.system(text)
                with self.subTest(text=text):
                    self.assertEqual(deps.manager(), manager)
        (self.folder / "os-release").unlink()
        self.assertEqual(deps.manager(), "")

    def test_missing(self):
        """A command and a module that are there, wherever from, and a header."""
        self.environment(PATH=str(self.folder))
        self.assertEqual(deps.missing({"vm"}), ["qemu-system-x86_64", "busybox", "mke2fs"])
        self.script("busybox", ":")
        self.assertEqual(deps.missing({"vm"}), ["qemu-system-x86_64", "mke2fs"])
        self.environment(PATH="/usr/bin:/bin")
        with mock.patch.dict(deps.PARTS, {"x": dict.fromkeys(
                ("stdio.h", "no/such.h", "json.py", "no_such.py"), {})}):
            self.assertEqual(deps.missing({"x"}), ["no/such.h", "no_such.py"])

    def test_without_a_compiler_there_are_no_headers(self):
        self.environment(PATH=str(self.folder))
        self.assertEqual(deps.missing({"tests"}),
                         ["gcc", "make", "stdio.h", "liburing.h", "numa.h"])

    def test_the_command_of_each_system(self):
        self.apt("exit 0")
        for manager, line in COMMANDS.items():
            self.system(SYSTEMS[manager][0])
            with self.subTest(manager=manager):
                self.stops(3, f"as root: {line}", self.need, 1000)
                if manager != "apt":
                    self.stops(3, f"as root: {line}", self.need)
        self.system("ID=nixos")
        self.stops(3, "install what provides numa.h, mke2fs", self.need)
        self.assertEqual(self.calls(), [])

    def test_two_packages_for_one(self):
        self.system("ID=alpine")
        self.assertEqual(deps.packages(["gcc", "bc", "gcc"]), ["gcc", "linux-headers", "bc"])

    def test_root_on_debian_and_ubuntu(self):
        self.apt("exit 0")
        for text in ("ID=debian", "ID=ubuntu\nID_LIKE=debian"):
            self.system(text)
            self.need()
        self.assert_said("installing libnuma-dev e2fsprogs")
        self.assertEqual(self.calls(), ["install", "install"])

    def test_doctor_says_the_same(self):
        for manager, line in COMMANDS.items():
            self.system(SYSTEMS[manager][0])
            said = io.StringIO()
            with mock.patch.object(deps, "missing", return_value=["numa.h", "mke2fs"]), \
                    mock.patch.object(doctor.os, "geteuid", return_value=0), \
                    contextlib.redirect_stdout(said):
                doctor.main(Namespace(word="doctor"), None)
            remedy = "./run_tests.sh deps" if manager == "apt" else f"as root: {line}"
            self.assertIn(f"remedy: {remedy}\n", said.getvalue())

    def test_lists_are_fetched_only_when_needed(self):
        self.apt("exit 0")
        self.install()
        self.assertEqual(self.calls(), ["install"])

    def test_old_lists_are_fetched_and_it_is_tried_again(self):
        self.apt(f'case "$*" in *update*) touch {self.folder}/updated;; *) [ -e '
                 f'{self.folder}/updated ];; esac')
        self.install()
        self.assertEqual(self.calls(), ["install", "update", "install"])

    def test_failure_names_the_reason(self):
        self.apt("echo 'E: Unable to locate package bc'; exit 100")
        self.stops(3, "Unable to locate package bc", self.install)

    def test_nothing_to_do(self):
        with mock.patch.object(deps, "missing", return_value=[]):
            deps.need(deps.PACKAGES, self.say)
        self.assertEqual(self.said, [])
