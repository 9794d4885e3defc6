# SPDX-License-Identifier: GPL-2.0
"""The driver of a native run: loaded only with ranges that are reserved, and away again however the
run ends."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from base.errors import Interrupted, Stop
from runner.host import Host, NODES
from runner.native import Devices

LOADED = "Character devices:\n240 HMM_DMIRROR\n"
MODPROBE = 'echo "modprobe $*" >>{root}/calls; printf "%s" "$LOADED" >{root}/proc/devices\n'
RMMOD = 'echo "rmmod $*" >>{root}/calls; echo nothing >{root}/proc/devices\n'


class Native(unittest.TestCase):
    """A host, a modprobe and a rmmod that exist only here."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name, text in (("proc/devices", "nothing\n"),
                           ("proc/cmdline", "memmap=512M$0x40000000\n"),
                           ("proc/iomem", "00100000-3fffffff : System RAM\n"), ("dev/null", ""),
                           ("calls", "")):
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_text(text)
        self.tool("modprobe", MODPROBE)
        self.tool("rmmod", RMMOD)
        environment = {"PATH": f"{self.root / 'bin'}:{os.environ['PATH']}", "LOADED": LOADED}
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)
        self.host, self.said = Host(self.root, 0, "6.1"), []

    def tool(self, name: str, text: str) -> None:
        """A script in PATH."""
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text.format(root=self.root))
        path.chmod(0o755)

    def nodes(self) -> None:
        """The driver's own device nodes, as newer kernels make them."""
        for number in NODES:
            self.host.node(number).write_text("")

    def devices(self, spm=None) -> Devices:
        """What is tested."""
        return Devices(self.host, spm, self.said.append)

    def calls(self) -> list[str]:
        """What was called."""
        return (self.root / "calls").read_text().splitlines()

    def test_a_driver_that_the_kernel_refuses_is_the_tests_to_fail(self):
        """A host that bars the module is no statement about the kernel."""
        for reason, barred in (("Invalid argument", False), ("Cannot allocate memory", False),
                               ("Operation not permitted", True),
                               ("Key was rejected by service", True)):
            with self.subTest(reason=reason), mock.patch.dict(os.environ):
                self.tool("modprobe",
                          f'echo "modprobe: ERROR: could not insert: {reason}" >&2; exit 1\n')
                if barred:
                    with self.assertRaises(Stop):
                        self.devices().__enter__()
                else:
                    with self.devices():
                        self.assertIn(reason, os.environ["HMM_COHERENT_DRIVER_ERROR"])

    def test_loaded_with_what_is_reserved_and_unloaded(self):
        self.nodes()
        with self.devices():
            self.assertEqual(self.calls(),
                             ["modprobe test_hmm spm_addr_dev0=0x40000000 "
                              "spm_addr_dev1=0x50000000"])
        self.assertEqual(self.calls()[1:], ["rmmod test_hmm"])
        self.assertTrue(all(self.host.node(number).exists() for number in NODES))

    def test_spm_is_what_is_used(self):
        self.nodes()
        with self.devices((0x60000000, 0x80000000)):
            self.assertIn("spm_addr_dev0=0x60000000 spm_addr_dev1=0x80000000", self.calls()[0])

    def test_a_driver_that_was_there_stays(self):
        self.nodes()
        (self.root / "proc/devices").write_text(LOADED)
        with self.devices():
            pass
        self.assertEqual(self.calls(), [])

    def test_unloaded_after_an_interrupt(self):
        self.nodes()
        with self.assertRaises(Interrupted), self.devices():
            raise Interrupted(2)
        self.assertEqual(self.calls()[1:], ["rmmod test_hmm"])

    def test_a_driver_that_cannot_be_unloaded_is_told(self):
        self.nodes()
        self.tool("rmmod", "echo 'rmmod: ERROR: Module test_hmm is in use' >&2; exit 1\n")
        with self.devices():
            pass
        self.assertIn("in use", self.said[-1])

    @unittest.skipIf(os.geteuid(), "only root makes device nodes")
    def test_no_coherent_devices_and_nothing_stays(self):
        with self.assertRaises(Stop) as caught, self.devices():
            self.fail("entered")
        self.assertIn("without coherent devices", str(caught.exception))
        self.assertEqual(self.calls()[1:], ["rmmod test_hmm"])
        self.assertFalse(any(self.host.node(number).exists() for number in NODES))
