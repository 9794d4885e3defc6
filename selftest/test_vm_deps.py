# SPDX-License-Identifier: GPL-2.0
"""Packages: what is missing, and how its installation goes or why it cannot."""

from pathlib import Path
from unittest import mock

from vm import deb, deps
from vm_kit import WithCache


class Packages(WithCache):
    def setUp(self):
        super().setUp()
        self.environment(PATH=f"{self.folder}:/usr/bin:/bin")
        patch = mock.patch.object(deb, "environment",
                                  lambda: {"PATH": f"{self.folder}:/usr/bin:/bin"})
        patch.start()
        self.addCleanup(patch.stop)
        self.log = self.folder / "apt.log"

    def apt(self, behaviour: str) -> None:
        self.script("apt-get", f'echo "$@" >>{self.folder}/calls\n{behaviour}')

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return [line.split(" ")[1 if "-q" == line.split(" ")[0] else 0]
                for line in path.read_text().splitlines()]

    def install(self, user: int = 0, debian: Path = Path("/dev/null")):
        with mock.patch.object(deps.os, "geteuid", return_value=user), mock.patch.object(deps,
                                                                                         "DEBIAN",
                                                                                         debian):
            deps.install(["qemu-system-x86", "bc"], self.log)

    def test_missing(self):
        self.script("dpkg-query", 'echo "ii gcc"; echo "rc make"; echo "un bison"')
        missing = deps.missing({"build"})
        self.assertNotIn("gcc", missing)
        for name in ("make", "bison", "flex"):
            self.assertIn(name, missing)

    def test_every_purpose_has_packages(self):
        self.script("dpkg-query", ":")
        for purpose in ("build", "vm", "tests", "check"):
            self.assertTrue(deps.missing({purpose}))

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

    def test_not_root_or_not_debian_is_told_the_command(self):
        self.apt("exit 0")
        line = "apt-get install -y --no-install-recommends qemu-system-x86 bc"
        self.stops(3, f"as root: {line}", self.install, 1000)
        self.stops(3, line, self.install, 0, self.folder / "none")
        self.assertFalse((self.folder / "calls").exists())

    def test_nothing_to_do(self):
        deps.install([], self.log)
