# SPDX-License-Identifier: GPL-2.0
"""Trouble in real guests: a panic, a hang, a planted complaint of the kernel. One boot each, or
two."""

import os
import runner_kit as kit
import signal
import subprocess
import time

import pytest


@pytest.fixture(name="env", scope="module")
def env_(tmp_path_factory) -> dict[str, str]:
    """The programs, and the cache with the kernel in it; for run_tests.sh --vm, on the default
    kernel."""
    folder = tmp_path_factory.mktemp("programs")
    subprocess.run([os.environ.get("CC", "cc"), "-static", "-O1", "-o", folder / "trouble",
                    kit.TOP / "selftest/trouble.c"], check=True)
    kept = {name: os.environ[name] for name in ("HMM_COHERENT_CACHE", "KSRC") if name in os.environ}
    return {"HMM_COHERENT_PROGRAMS": str(folder), "HMM_COHERENT_GRACE": "4", **kept}


def qemu_runs(env) -> bool:
    return any("qemu" in stat for stat in kit.alive(env).values())


def until(condition, seconds: float = 5) -> None:
    """Wait for something that has no event, for so long at most."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.parametrize("name, verdict, text, seconds", [
    ("panic", "fail/vm", "Kernel panic", 40), ("hang", "fail/hang", "no result within", 60),
    ("splat", "fail/splat", "planted+0x1/0x2", 30)])
def test_each_trouble(scratch, env, name, verdict, text, seconds):
    """The test after it runs, in the same guest or in another one."""
    tests = [f"trouble.{one}" for one in ("before", name, "after")]
    got = kit.run(scratch, "--vm", "--timeout", "2", *tests, limit=300, **env)
    assert (got.status, [got.verdict(one) for one in tests]) == (
        1, ["pass", verdict, "pass"]), got.stderr
    assert text in got.stderr
    assert got.seconds < seconds
    assert got.left == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_qemu_outlives_the_runner(scratch, env, number):
    proc, env = kit.start(scratch, "--vm", "trouble.hang", **env)
    try:
        kit.wait_for("# begin trouble.hang", scratch / "results/stream-1", proc)
        assert qemu_runs(env)
        proc.send_signal(number)
        proc.wait(30)
    finally:
        proc.kill()
        proc.wait()
    until(lambda: not kit.alive(env))
    assert kit.alive(env) == {}


def test_nothing_is_lost_while_the_runner_does_not_read(scratch, env):
    """A guest that goes at its end takes along what waits in its port; so it has to wait for the
    runner."""
    tests = [f"trouble.{one}" for one in ("before", "flood", "after")]
    proc, env = kit.start(scratch, "--vm", *tests, **env)
    try:
        kit.wait_for("# begin trouble.before", scratch / "results/stream-1", proc)
        proc.send_signal(signal.SIGSTOP)
        # its end takes less, and it waits for us longer than that (vm/init)
        until(lambda: not qemu_runs(env))
        proc.send_signal(signal.SIGCONT)
        assert proc.wait(60) == 0, (scratch / "stderr").read_text()
    finally:
        proc.kill()
        proc.wait()
