# SPDX-License-Identifier: GPL-2.0
"""What needs a machine of its own gets one: what may bring it down, alone and only when asked for;
what a profile names, together."""

from pathlib import Path
from unittest import mock

import pytest

from runner import guests, plan, work
from runner.programs import Test

USUAL, WRECK = Path("hmm_coherent_fork"), Path("hmm_coherent_destructive")


def tests(*names: str) -> list[Test]:
    """Tests of these names; the program follows from the name."""
    return [Test(name, "", WRECK if name.startswith("destructive.") else USUAL) for name in names]


# Tests, beginnings of those that go together, whether the version tells nothing; what is usual, and
# what each machine after it has.
RISKY = ("devices.coherent-rw.opener-gone-access", "reclaim.coherent-ro.swap-cache")


@pytest.mark.parametrize("names, beginnings, untold, usual, others", [
    # destructive.*, told by its name
    (["destructive.a"], (), False, [], [["destructive.a"]]),
    (["fork.destructive", "fork.a"], (), False, ["fork.destructive", "fork.a"], []),
    (["fork.a", "ksm.a", "destructive.a", "ksm.b", "ksmd.a"], ("ksm.",), False,
     ["fork.a", "ksmd.a"], [["ksm.a", "ksm.b"], ["destructive.a"]]),
    (["ksm.a"], ("ksm.",), False, [], [["ksm.a"]]),
    # each beginning has its machine
    (["races.a", "fork.a", "ksm.a", "races.b", "destructive.a"], ("ksm.", "races."), False,
     ["fork.a"], [["ksm.a"], ["races.a", "races.b"], ["destructive.a"]]),
    (["races.a", "fork.a", "ksm.a", "races.b", "destructive.a"], (("ksm.", "races."),), False,
     ["fork.a"], [["races.a", "ksm.a", "races.b"], ["destructive.a"]]),
    # what a version does not tell
    (["fork.a", *RISKY], (), False, ["fork.a", *RISKY], []),
    (["fork.a", RISKY[0], "devices.coherent-rw.opener-gone", RISKY[1]], (), True,
     ["fork.a", "devices.coherent-rw.opener-gone"], [[*RISKY]])])
def test_what_goes_apart(names, beginnings, untold, usual, others):
    found, machines = work.apart(work.arrange(tests(*names), 1, None), beginnings, untold)
    assert [name for batch in found.batches for name in batch.names] == usual
    assert [[name for batch in one.batches for name in batch.names]
            for one in machines] == others
    assert bool(found) == bool(usual)


def test_each_destructive_one_is_alone_and_once_a_round():
    arranged = work.arrange(tests("fork.a", "destructive.a", "fork.b", "destructive.b"), 2, None)
    usual, alone = work.apart(arranged)
    assert [(b.program, b.names) for b in usual.batches] == [(USUAL, ["fork.a", "fork.b"] * 2)]
    assert [[b.names for b in one.batches] for one in alone] == [[["destructive.a"]],
                                                                 [["destructive.b"]]] * 2
    assert usual.total() + sum(one.total() for one in alone) == arranged.total()


def test_the_machine_apart_is_told_so():
    risky, usual = (work.arrange(tests(name), 1, None)
                    for name in ("reclaim.coherent-ro.swap-cache", "fork.a"))
    options = mock.Mock(seed=1, stress=0)
    for source, part, told in ((None, risky, True), (mock.Mock(kind="tree"), risky, True),
                               (mock.Mock(kind="debian"), risky, False), (None, usual, False)):
        parts = guests.Parts(mock.Mock(source=source), Path(), {}, mock.Mock(), {})
        with mock.patch.object(guests.Parts, "guest") as guest:
            parts.machine(part, 1, 1, Path(), 30, options)
        assert ("HMM_COHERENT_APART=1" in guest.call_args[0][0]["job/env"]) == told


def test_spared_unless_asked_for(box):
    kept = plan.spared(tests("fork.a", "destructive.a"))
    assert [test.name for test in kept] == ["fork.a"]
    box.stops(2, "--destructive", plan.spared, tests("destructive.a"))

# Guests do not take more of the host's processors than it has.


def test_as_many_as_there_are():
    for processors, company, crowded in ((1, 1, True), (2, 1, False), (2, 2, True),
                                         (4, 2, False), (4, 3, True), (8, 4, False)):
        with mock.patch("os.sched_getaffinity", return_value=range(processors)):
            assert guests.crowded(company) == crowded

# Side by side: all of the work, each test once, in its order, and nobody waits long for
# the other.


def test_what_takes_long_counts_more():
    names = ["device-full.a", *(f"fork.{number}" for number in range(200))]
    parts = work.share(work.arrange(tests(*names), 1, None), 2)
    costs = [sum(work.cost(USUAL.name, name) for batch in part.batches for name in batch.names)
             for part in parts]
    assert abs(costs[0] - costs[1]) <= 1.0
    assert parts[0].total() < parts[1].total()
    got = [[name for batch in part.batches for name in batch.names] for part in parts]
    assert sorted(got[0] + got[1]) == sorted(names)
    for part in got:
        assert part == [name for name in names if name in part]


def test_few_programs_are_cut():
    names = [f"{subject}.{number}" for subject in ("fork", "destructive", "zap")
             for number in range(10)]
    programs = {subject: Path(f"hmm_coherent_{subject}")
                for subject in ("fork", "destructive", "zap")}
    arranged = work.arrange([Test(name, "", programs[name.partition(".")[0]])
                             for name in names], 1, None)
    parts = work.share(arranged, 2)
    assert [[(b.program.name, len(b.names)) for b in part.batches]
            for part in parts] == [[("hmm_coherent_fork", 10), ("hmm_coherent_destructive", 5)],
                                   [("hmm_coherent_destructive", 5), ("hmm_coherent_zap", 10)]]


def test_a_start_counts():
    many = [Test(f"{subject}.{number}", "", Path(f"hmm_coherent_{subject}"))
            for subject in ("a", "b", "c") for number in range(4)]
    few = [Test(f"z.{number}", "", Path("hmm_coherent_z")) for number in range(12)]
    one, other = work.share(work.arrange([*many, *few], 1, None), 2)
    assert one.total() + 2 < other.total()


def test_no_part_is_empty():
    assert [part.total()
            for part in work.share(work.arrange(tests("fork.a", "fork.b"), 1, None), 4)] == [1, 1]


def test_the_same_each_time():
    arranged = work.arrange(tests(*(f"races.{number}" for number in range(9)), "fork.a",
                                  "fork.b"), 2, 7)
    assert work.share(arranged, 3) == work.share(arranged, 3)
