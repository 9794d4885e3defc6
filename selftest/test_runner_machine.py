# SPDX-License-Identifier: GPL-2.0
"""A guest that misbehaves, through the real command and a fake QEMU: verdicts, exit status, time,
nothing left."""

import re
import runner_kit as kit
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

BOOT = 3    # seconds that guests are given to come up, of which it is known that they do not
NEVER_UP = "run.vm=broken run.instrument=broken"


@dataclass(frozen=True)
class Row:
    """What the runner must make of a machine."""

    behaviour: str
    status: int
    one: str                # verdicts of liar.one, liar.two, liar.three
    two: str
    three: str
    also: str = ""          # NAME=VERDICT of each run.* test
    says: str = ""          # on stderr
    seconds: float = 8.0
    machines: int = 1       # that were started
    jobs: int = 1           # side by side: the first has liar.one, the second the others


TABLE = (
    Row("good", 0, "pass", "pass", "pass"),
    Row("slow-lines", 0, "pass", "pass", "pass"),
    Row("byte-at-a-time", 0, "pass", "pass", "pass"),
    Row("closes-and-ends", 0, "pass", "pass", "pass"),
    Row("goes-when-told", 0, "pass", "pass", "pass"),
    # a runner that was stopped for longer than a step may take does not blame the machine
    Row("stops-runner-and-talks", 0, "pass", "pass", "pass"),
    Row("stops-runner-in-silence", 0, "pass", "pass", "pass"),
    Row("fails-second", 1, "pass", "fail/check", "pass", says="the bytes differ"),
    Row("skips", 4, "skip", "skip", "skip", says="no driver"),
    Row("forks", 0, "pass", "pass", "pass"),
    # never comes up: no statement about the kernel, no second try
    Row("abort", 3, "not-run", "not-run", "not-run", NEVER_UP, "SIGABRT"),
    Row("mute", 3, "not-run", "not-run", "not-run", NEVER_UP, f"not ready {BOOT} s after"),
    Row("banner-then-spin", 3, "not-run", "not-run", "not-run", NEVER_UP, "Booting from ROM"),
    Row("panic-in-boot", 3, "not-run", "not-run", "not-run",
        NEVER_UP + " run.kernel-log=fail/splat",
        "Kernel panic"),
    # its first process ran: the kernel died of its driver or its devices
    Row("panic-after-up", 1, "not-run", "not-run", "not-run",
        "run.vm=fail/vm run.instrument=broken "
        "run.kernel-log=fail/splat", "Kernel panic"),
    Row("lacks-and-dies", 3, "not-run", "not-run", "not-run", "run.instrument=broken",
        "cannot be killed"),
    Row("lacks-something", 3, "not-run", "not-run", "not-run", "run.instrument=broken",
        "no memory behind it"),
    # dies or hangs in a test: that one fails, the others run in a second machine
    Row("once-panic-in-second", 1, "pass", "fail/vm", "pass", says="Kernel panic", machines=2),
    Row("once-dies-in-second", 1, "pass", "fail/vm", "pass", machines=2),
    # of a result that is lost, only that the test began is known: it is not one that passed
    Row("once-panic-before-result", 1, "pass", "fail/vm", "pass", says="Kernel panic", machines=2),
    # QEMU, and not the guest, is ended: no statement about the kernel, also of what it could not
    # run
    Row("once-killed-in-second", 3, "pass", "broken", "pass", says="QEMU was killed by SIGKILL",
        machines=2),
    Row("once-terminated-in-second", 3, "pass", "broken", "pass", says="QEMU was ended by SIGTERM",
        machines=2),
    Row("once-gives-up-in-second", 3, "pass", "broken", "pass",
        says="exit status 1: no memory for it", machines=2),
    Row("killed-between", 3, "pass", "pass", "not-run", "run.vm=broken", machines=2),
    Row("killed-always", 3, "broken", "broken", "not-run", says="SIGKILL", machines=2),
    Row("killed-always", 3, "broken", "broken", "broken", says="SIGKILL", machines=3, jobs=2),
    Row("killed-after-done", 3, "pass", "pass", "pass", "run.vm=broken",
        "QEMU was killed by SIGKILL"),
    Row("once-closes-early", 1, "pass", "fail/vm", "pass", says="closed its result channel",
        machines=2),
    Row("once-hangs-in-second", 1, "pass", "fail/hang", "pass", machines=2),
    Row("once-ignores-term", 1, "pass", "fail/hang", "pass", seconds=10, machines=2),
    Row("once-hangs-between", 1, "pass", "pass", "pass", "run.program=fail/hang", machines=2),
    Row("panic-in-second", 1, "pass", "fail/vm", "pass", says="Kernel panic", machines=2),
    # two dead machines are enough
    Row("dies-always", 1, "fail/vm", "fail/vm", "not-run", machines=2),
    # all passed, and then
    Row("no-last-word", 1, "pass", "pass", "pass", "run.vm=fail/vm"),
    Row("ends-badly", 3, "pass", "pass", "pass", "run.vm=broken", "exit status 1"),
    Row("panic-after-token", 1, "pass", "pass", "pass", "run.vm=fail/vm run.kernel-log=fail/splat",
        "Kernel panic"),
    Row("panic-after-done", 1, "pass", "pass", "pass", "run.kernel-log=fail/splat", "Kernel panic"),
    Row("stays-after-done", 1, "pass", "pass", "pass", "run.vm=fail/vm", "did not power off"),
    # side by side
    Row("good", 0, "pass", "pass", "pass", machines=2, jobs=2),
    Row("mute", 3, "not-run", "not-run", "not-run", NEVER_UP, machines=2, jobs=2),
    Row("panic-in-second", 1, "pass", "fail/vm", "pass", says="Kernel panic", machines=3, jobs=2),
    Row("hangs-in-second", 1, "pass", "fail/hang", "pass", machines=3, jobs=2),
    Row("dies-always", 1, "fail/vm", "fail/vm", "fail/vm", machines=3, jobs=2),
    Row("splat-in-second", 1, "pass", "fail/splat", "pass", says="WARNING: CPU: 0", machines=2,
        jobs=2),
    # complaints of the kernel
    Row("splat-in-second", 1, "pass", "fail/splat", "pass", says="WARNING: CPU: 0"),
    Row("splat-once", 1, "pass", "fail/splat", "pass", says="WARNING: CPU: 0"),
    Row("splat-after-second", 1, "pass", "pass", "pass", "run.kernel-log=fail/splat",
        "after liar.two"),
    Row("splat-on-console", 1, "pass", "pass", "pass", "run.kernel-log=fail/splat",
        "WARNING: CPU: 0"),
    # a kernel log that is not all there
    Row("log-is-lost", 3, "pass", "pass", "pass", "run.instrument=broken",
        "the kernel log of VM 1 is lost"),
    Row("log-is-cut", 3, "pass", "pass", "pass", "run.instrument=broken",
        "the kernel log of VM 1 is cut short"),
    Row("log-has-a-gap", 3, "pass", "pass", "pass", "run.instrument=broken",
        "no mark of 1 tests that ran, such as liar.two"),
    # not what was built
    Row("other-kernel", 3, "pass", "pass", "pass", "run.instrument=broken", "9.9.9-other"),
)

# Everything through run_tests.sh --vm.


def check(row: Row) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        boot = BOOT if NEVER_UP in row.also else round(kit.LIMIT)
        got = kit.in_vm(Path(name), row.behaviour, "--boot-timeout", str(boot), "-j",
                        str(row.jobs))
        wrong = got.wrong(row.status, row.seconds)
        if row.says not in got.stderr:
            wrong.append(f"does not say {row.says}")
        if not got.has_report:
            wrong.append("no run.json")
        else:
            wrong += verdicts(row, got)
            machines = len(got.report["info"]["machines"])
            if machines != row.machines:
                wrong.append(f"{machines} machines, not {row.machines}")
        return [f"{row.behaviour} x {row.jobs}: {what}\n{got.stderr}" for what in wrong]


def verdicts(row: Row, got: kit.Outcome) -> list[str]:
    """The verdicts that differ; a run.* test that nobody expects is one too."""
    expected = {"liar.one": row.one, "liar.two": row.two, "liar.three": row.three}
    expected |= dict(one.split("=") for one in row.also.split())
    names = set(expected) | {t["name"] for t in got.report["tests"] if t["name"].startswith("run.")}
    return [f"{name} is {got.verdict(name)}, not {expected.get(name, 'there')}"
            for name in sorted(names) if got.verdict(name) != expected.get(name)]


def test_no_behaviour_is_forgotten():
    source = kit.FAKE_QEMU.read_text()
    known = set(re.findall(r'(?m)^    "([a-z-]+)": ', source))
    assert known == {row.behaviour.removeprefix("once-") for row in TABLE}


def test_several_kernels(scratch):
    kernels = ("--kernel", "a/old", "--kernel", "new")
    got = kit.in_vm(scratch, "once-fails-second", *kernels, "--html", str(scratch / "x.html"),
                    "--json", str(scratch / "x.json"))
    assert got.status == 1, got.stderr
    assert "liar.two: fail -> pass" in got.stderr
    assert "exit status: a/old 1, new 0" in got.stderr
    folders = sorted(path.parent.name for path in got.folder.glob("*/run.json"))
    assert folders == ["a-old", "new"]
    both = kit.run(scratch, "compare", str(got.folder), str(got.folder))
    assert (both.status, both.stdout.count("3 tests in both")) == (0, 2), both.stderr
    one = kit.run(scratch, "compare", str(got.folder), str(got.folder / "new"))
    assert (one.status, "of a-old and new, " in one.stderr) == (2, True), one.stderr
    gate = kit.in_vm(scratch, "fails-second", *kernels, "--gate", str(got.folder), "--results",
                     str(scratch / "gated"))
    # as before on one, worse on the other
    assert "exit status: a/old 0, new 1" in gate.stderr
    assert sorted(path.name for path in scratch.glob("x*")) == ["x-a-old.json", "x-new.json",
                                                                "x.html"]


@pytest.mark.parametrize("behaviour, status, out, says", [
    ("good", 7, "echo hello\n", ""), ("mute", 3, "", "did not boot within {limit} s"),
    ("panic-in-boot", 3, "", "before the script did: "), ("lacks-something", 3, "", "behind it")])
def test_a_script_for_the_shell(scratch, behaviour, status, out, says):
    """Its output and status, without what the guest says to the runner; a guest that ends before it
    is told."""
    limit = math.ceil(kit.slowness())
    (scratch / "folder").mkdir()
    got = kit.in_vm(scratch, behaviour, "--shell", "--copy", f"{scratch}/folder",
                    "--boot-timeout", str(limit),
                    prefix=("sh", "-c", 'echo "echo hello" | "$0" "$@"'))
    assert (got.status, got.stdout.replace("\n\n", "\n")) == (status, out), got.stderr
    assert says.format(limit=limit) in got.stderr
    assert (got.left, "Traceback" in got.stderr) == ({}, False)


def until_fail(scratch, behaviour: str, *words: str, rounds: int = 3000):
    """A run of many rounds that may stop at the first failure: its outcome, and how its machines
    ended."""
    got = kit.in_vm(scratch, behaviour, "--until-fail", "--repeat", str(rounds), *words)
    return got, [machine["ended"] for machine in got.report["info"]["machines"]]


def test_until_fail_stops_all_machines(scratch):
    got, machines = until_fail(scratch, "fails-second", "-j", "3")
    assert got.status == 1, got.stderr
    assert sum(len(t["attempts"]) for t in got.report["tests"] if t["verdict"] == "pass") < 6000
    assert machines == ["stopped"] * 3


@pytest.mark.parametrize("behaviour, words, endings", [
    ("panic-in-second", "-j1", ["died"]), ("hangs-in-second", "-j1", ["hang"]),
    ("closes-early", "-j1", ["died"]), ("dies-always", "-j2", None),
    ("splat-in-second", "-j1", ["stopped"]), ("splat-in-second", "-j2", ["stopped"] * 2),
    ("skips", "-j1 --strict", ["stopped"])])
def test_until_fail_stops_at_what_the_exit_status_calls_a_failure(scratch, behaviour, words,
                                                                  endings):
    """There is no second machine after one that died, and none goes on."""
    got, machines = until_fail(scratch, behaviour, *words.split())
    assert got.status == 1, got.stderr
    assert machines == endings if endings else set(machines) - {"stopped"} == {"died"}, machines
    assert "--until-fail was given" in got.stderr


@pytest.mark.parametrize("words, behaviour, status", [
    (("--known", "known.toml"), "fails-second", 0), ((), "good", 0), ((), "skips", 4)])
def test_until_fail_stops_at_nothing_else(scratch, words, behaviour, status):
    (scratch / "known.toml").write_text(kit.KNOWN)
    words = [word.replace("known.toml", str(scratch / "known.toml")) for word in words]
    got, _ = until_fail(scratch, behaviour, "-j", "1", *words, rounds=20)
    attempts = [len(t["attempts"]) for t in got.report["tests"]]
    assert (got.status, attempts) == (status, [20] * 3), got.stderr


def test_a_splat_is_that_of_its_attempt(scratch):
    got = kit.in_vm(scratch, "splat-once", "--repeat", "4", "-j", "1")
    two = next(test for test in got.report["tests"] if test["name"] == "liar.two")
    assert [attempt["verdict"] for attempt in two["attempts"]] == ["fail", "pass", "pass", "pass"]
    assert "flaky: 3 of 4" in got.stderr


def test_each_behaviour():
    kit.side_by_side(check, kit.chosen(TABLE, lambda row: row.behaviour))
