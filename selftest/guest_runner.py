# SPDX-License-Identifier: GPL-2.0
"""Trouble in real guests: a panic, a hang, a planted complaint of the kernel. One boot each, or
two."""

import os
import runner_kit as kit
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

# Which trouble, exit status, its verdict, that of the test after it, what is said, and seconds at
# most.
TABLE = (
    ("panic", 1, "fail/vm", "pass", "Kernel panic", 40),
    ("hang", 1, "fail/hang", "pass", "no result within", 60),
    ("splat", 1, "fail/splat", "pass", "planted+0x1/0x2", 30),
)


class Trouble(unittest.TestCase):
    """Through run_tests.sh --vm, on the default kernel."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-static", "-O1", "-o", Path(cls.folder.name, "trouble"),
                        kit.TOP / "selftest/trouble.c"], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)

    def env(self) -> dict[str, str]:
        """The programs, and the cache with the kernel in it."""
        kept = {name: os.environ[name] for name in ("HMM_COHERENT_CACHE", "KSRC")
                if name in os.environ}
        return {"HMM_COHERENT_PROGRAMS": self.folder.name, "HMM_COHERENT_GRACE": "4", **kept}

    def wait_for(self, proc, scratch: Path, text: bytes) -> None:
        """Until the guest has said this."""
        stream, deadline = scratch / "results" / "stream-1", time.monotonic() + 120
        while not stream.exists() or text not in stream.read_bytes():
            self.assertIsNone(proc.poll(), (scratch / "stderr").read_text())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_each_trouble(self):
        for name, status, verdict, after, text, seconds in TABLE:
            with self.subTest(name=name), tempfile.TemporaryDirectory() as folder:
                got = kit.run(Path(folder), "--vm", "--timeout", "2", "trouble.before",
                              f"trouble.{name}",
                              "trouble.after", limit=300, **self.env())
                verdicts = [got.verdict(f"trouble.{one}") for one in ("before", name, "after")]
                self.assertEqual((got.status, verdicts), (status, ["pass", verdict, after]),
                                 got.stderr)
                self.assertIn(text, got.stderr)
                self.assertLess(got.seconds, seconds)
                self.assertEqual(got.left, {})

    def test_no_qemu_outlives_the_runner(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signal=number.name), tempfile.TemporaryDirectory() as folder:
                scratch = Path(folder)
                proc, env = kit.start(scratch, "--vm", "trouble.hang", **self.env())
                try:
                    self.wait_for(proc, scratch, b"# begin trouble.hang")
                    self.assertTrue(any("qemu" in stat for stat in kit.alive(env).values()))
                    proc.send_signal(number)
                    proc.wait(30)
                finally:
                    proc.kill()
                    proc.wait()
                deadline = time.monotonic() + 5
                while kit.alive(env) and time.monotonic() < deadline:
                    time.sleep(0.05)
                self.assertEqual(kit.alive(env), {})

    def test_nothing_is_lost_while_the_runner_does_not_read(self):
        """A guest that goes at its end takes along what waits in its port; so it has to wait for
        the runner."""
        proc, env = kit.start(self.scratch, "--vm", "trouble.before", "trouble.flood",
                              "trouble.after", **self.env())
        try:
            self.wait_for(proc, self.scratch, b"# begin trouble.before")
            proc.send_signal(signal.SIGSTOP)
            # its end takes less, and it waits for us longer than that (vm/init)
            deadline = time.monotonic() + 5
            while any("qemu" in stat
                      for stat in kit.alive(env).values()) and time.monotonic() < deadline:
                time.sleep(0.05)
            proc.send_signal(signal.SIGCONT)
            self.assertEqual(proc.wait(60), 0, (self.scratch / "stderr").read_text())
        finally:
            proc.kill()
            proc.wait()
