# SPDX-License-Identifier: GPL-2.0
"""What counts tests must not count wrongly: .ci/run's last line and status, and the counter of
selftests."""

import os
import runner_kit as kit
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from report import summary
from dev import check
from vm import deps
from vm.arch import ARCHS

# What `make check` prints, its exit status, and what .ci/run makes of it.
RUNS = (
    ("ok\n7 passed, 0 failed, 1 skipped", 0, 0, "7 passed, 0 failed, 1 skipped"),
    ("2 passed, 0 failed, 0 skipped\nlater\n7 passed, 0 failed, 1 skipped", 0, 0,
     "7 passed, 0 failed, 1 skipped"),
    ("7 passed, 2 failed, 1 skipped", 1, 1, "7 passed, 2 failed, 1 skipped"),
    ("7 passed, 0 failed, 0 skipped", 3, 3, "7 passed, 0 failed, 0 skipped"),
    ("0 passed, 0 failed, 0 skipped", 0, 1, "0 passed, 0 failed, 0 skipped"),
    ("0 passed, 0 failed, 9 skipped", 0, 1, "0 passed, 0 failed, 9 skipped"),
    ("10 passed, 0 failed, 0 skipped", 0, 0, "10 passed, 0 failed, 0 skipped"),
    ("nothing at all", 0, 1, "0 passed, 1 failed, 0 skipped"),
    ("7 passed, 0 failed, 1 known, 0 skipped, 0 not run", 0, 1, "0 passed, 1 failed, 0 skipped"),
    ("9 passed, 0 failed, 1 skipped\n7 passed, 0 failed, 1 known, 0 skipped, 0 not run", 0, 0,
     "9 passed, 0 failed, 1 skipped"),
    ("not alone: 7 passed, 0 failed, 0 skipped", 0, 1, "0 passed, 1 failed, 0 skipped"),
)


# .ci/run with a run_tests.sh and a make that exist only here.
@pytest.fixture(name="box")
def box_(box):
    (box.folder / ".ci").mkdir()
    shutil.copy(kit.TOP / ".ci" / "run", box.folder / ".ci")
    return box


def run_ci(box) -> subprocess.CompletedProcess:
    """From another folder, as CI machines do."""
    env = {**os.environ, "PATH": f"{box.folder}:{os.environ['PATH']}",
           "TMPDIR": str(box.folder), "CI": "true"}
    return subprocess.run([box.folder / ".ci" / "run"], cwd="/", env=env, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)


def test_last_line_and_status(box):
    box.script("run_tests.sh", "exit 0")
    for said, made, status, last in RUNS:
        box.script("make", f"cat <<'EOM'\n{said}\nEOM\nexit {made}")
        done = run_ci(box)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (status, last)
        assert list(box.folder.glob("tmp.*")) == []


def test_packages_that_cannot_be_installed(box):
    box.script("run_tests.sh", "echo 'missing' >&2; exit 3")
    box.script("make", "echo '9 passed, 0 failed, 0 skipped'")
    done = run_ci(box)
    assert (done.returncode,
            done.stdout.splitlines()) == (3, ["missing", "0 passed, 1 failed, 0 skipped"])


def test_packages_for_another_architecture_may_be_missing(box):
    """Then its guest is counted as skipped, and the check goes on."""
    one = check.Check.__new__(check.Check)
    one.arch, one.screen = ARCHS["arm64"], SimpleNamespace(say=box.say)
    box.patch(deps, "missing", lambda parts: ["qemu-aarch64"] * ("cross-arm64" in parts))
    box.patch(deps, "manager", lambda: "dnf")
    box.patch(one, "suite", lambda *words: words)
    assert "missing: qemu-user" in one.lack()
    assert one.slice(one.lack()) == check.Step.skip(one.lack())
    box.patch(deps, "missing", lambda parts: [])
    assert one.slice(one.lack()) == ("--arch", "arm64", *check.SLICE)


def test_a_slice_on_another_architecture(box):
    """Is counted as a run, or skipped with the reason why its kernel cannot be tested."""
    box.patch(check, "TOP", box.folder)
    one = check.Check.__new__(check.Check)
    for text, status, step in (
            ("4 passed, 1 failed, 2 known, 1 skipped, 0 not run", 1, check.Step(4, 1, 3)),
            ("run_tests.sh: no driver there", 4, check.Step.skip("run_tests.sh: no driver there")),
            ("run_tests.sh: no mirror", 3, check.Step(failed=1, says=[
                "no closing line; exit status 3"]))):
        box.script("run_tests.sh", f'echo "{text}" >&2\nexit {status}\n')
        assert one.suite("--arch", "arm64", "driver.*") == step
    assert one.suite().failed, "the suite itself must not be skipped"


@pytest.mark.parametrize("line, passed, failed", [
    ("9 of 9 faults that apply are detected by an assertion and by the exit status", 9, 0),
    ("8 of 9 faults that apply are detected by an assertion (1 missed)", 8, 1),
    ("1 of 1 faults that apply are detected by an assertion (8 does not apply)", 1, 8),
    ("0 of 1 faults that apply are detected by an assertion (1 missed, 8 does not apply)", 0, 9),
    ("no line of faults", 0, 1)])
def test_each_quick_fault_applies_and_is_detected(box, line, passed, failed):
    box.patch(check, "TOP", box.folder)
    box.script("run_tests.sh", f"echo '## Linux 6.1.192: {line}'")
    step = check.Check.__new__(check.Check).faults()
    assert (step.passed, step.failed, step.skipped) == (passed, failed, 0)


# The closing line of a run in the sum of `make check`.


def test_a_run_in_three_numbers():
    totals = {"passed": 1, "fail": 2, "broken": 3, "xfail": 4, "skip": 5, "not-run": 6}
    line = summary.closing(totals)
    assert line == "1 passed, 5 failed, 4 known, 5 skipped, 6 not run"
    step = check.Step.of_run(f"results: x\n{line}\n")
    assert (step.passed, step.failed, step.skipped) == (1, 11, 9)
    assert check.Step.of_run("1 passed, 5 failed, 4 skipped\n") is None


@pytest.mark.parametrize("text, counts", [
    ("def test_good(): pass\ndef test_bad(): assert 0\n", (1, 1, 0)),
    ("import pytest\ndef test_skipped(): pytest.skip('x')\n", (0, 0, 1)),
    ("import pytest\n@pytest.fixture\ndef bad(): 1 / 0\ndef test_error(bad): pass\n", (0, 1, 0)),
    ("", (0, 1, 0))])
def test_counts_of_pytest(text, counts, tmp_path):
    (tmp_path / "test_one.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    step = check.pytest([str(tmp_path)], lambda words, *limit, **more: subprocess.run(
        words, capture_output=True, text=True, check=False, **more))
    assert (step.passed, step.failed, step.skipped) == counts, step.says
