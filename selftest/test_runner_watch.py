# SPDX-License-Identifier: GPL-2.0
"""Deadlines, and what is left to run, with made-up times."""

from pathlib import Path

from report.ktap import Begin, Diag, End, Garbage, Guest, Plan, Result
from runner.watch import BOOT_SECONDS, Limits, MAX_FACTOR, Watch
from runner.programs import Test
from runner.work import Batch, Work, arrange

LIMITS = Limits(boot=60, test=30, grace=10, closing=5)


def work() -> Work:
    return Work([Batch(Path("/bin/p"), ["a", "b", "a"]), Batch(Path("/bin/q"), ["c"])])


def booted(seconds: float = 1.0) -> Watch:
    """A machine that came up after so long."""
    watch = Watch(work(), LIMITS, 0.0)
    watch.take(Guest("ready", ""), seconds)
    return watch


def names(watch: Watch) -> list[list[str]]:
    """What is left, program by program."""
    return [batch.names for batch in watch.left().batches]

# When a machine is late.


def test_boot():
    watch = Watch(work(), LIMITS, 100.0)
    assert watch.deadline() == 160.0
    watch.take(Guest("up", "6.1"), 120.0)
    watch.take(Garbage("noise"), 150.0)
    assert watch.deadline() == 160.0


def test_the_way_to_the_first_test():
    watch = Watch(work(), LIMITS, 100.0)
    for event, now in ((Guest("ready", ""), 101.5), (Guest("start", "p"), 101.6),
                       (Begin("unknown"), 101.7), (Begin("a"), 102.0),
                       (Result("a", True), 103.0), (Begin("b"), 104.0)):
        watch.take(event, now)
    assert (watch.boot_seconds, watch.test_seconds) == (1.5, 2.0)


def test_steps_that_were_asked_for_move_the_deadline():
    watch = booted()
    for event, now, deadline in ((Guest("start", "p"), 2, 12), (Begin("a"), 3, 43),
                                 (Result("a", True), 9, 19), (Begin("b"), 10, 50),
                                 (Result("b", False), 20, 30), (Begin("a"), 21, 61),
                                 (Result("a", True), 22, 32), (Guest("exit", "p 0"), 23, 33),
                                 (Guest("start", "q"), 24, 34), (Guest("done", ""), 25, 30)):
        watch.take(event, now)
        assert watch.deadline() == deadline, event


def test_talk_does_not():
    watch = booted()
    watch.take(Guest("start", "p"), 2)
    for event in (Guest("start", "p"), Guest("start", "unknown"), Guest("exit", "q 0"),
                  Begin("c_unknown"), Result("unknown", True), Plan(3), End("p", 3, 3),
                  Diag("", "x"), Garbage("y"), Guest("up", "z"), Guest("ready", "")):
        watch.take(event, 9)
        assert watch.deadline() == 12, event


def test_a_search_for_leaks_is_heard_when_all_programs_have_ended():
    watch = booted()
    for event, now, deadline in ((Guest("fact", "leaks x"), 2, 11),
                                 (Guest("start", "p"), 3, 13), (Guest("exit", "p 0"), 4, 14),
                                 (Guest("start", "q"), 5, 15), (Guest("fact", "leaks x"), 6, 15),
                                 (Guest("exit", "q 0"), 7, 17), (Guest("fact", "other x"), 8, 17),
                                 (Guest("fact", "leaks x"), 9, 19)):
        watch.take(event, now)
        assert watch.deadline() == deadline, event


def test_a_test_cannot_begin_for_ever():
    watch = booted()
    watch.take(Begin("b"), 2)
    watch.take(Begin("b"), 30)
    assert watch.deadline() == 42


def test_a_slow_machine_gets_more_time():
    watch = booted(3 * BOOT_SECONDS)
    assert watch.factor == 3.0
    watch.take(Begin("a"), 100)
    assert watch.deadline() == 100 + 30 + 3 * 10
    assert booted(0.1).factor == 1.0
    assert booted(1e6).factor == MAX_FACTOR


def test_closing_stays_closing():
    watch = booted()
    watch.take(Guest("done", ""), 3)
    watch.take(Begin("a"), 7)
    assert watch.deadline() == 8


def test_a_flood_is_noticed_and_a_step_forgives():
    watch = booted()
    assert watch.heard(LIMITS.output)
    assert not watch.heard(1)
    watch.take(Begin("a"), 2)
    assert watch.heard(LIMITS.output)


def test_no_run_is_longer_than_it_says():
    watch, now = Watch(work(), LIMITS, 0.0), 0.0
    events = [Guest("ready", ""), Guest("start", "p"), Begin("a"), Result("a", True),
              Begin("b"), Result("b", True), Begin("a"), Result("a", True), Guest("exit", "p 0"),
              Guest("start", "q"), Begin("c"), Result("c", True), Guest("exit", "q 0"),
              Guest("done", "")]
    for event in events:    # each at the last moment, on a machine that boots in no time
        watch.take(event, now)
        now = watch.deadline()
    assert now <= LIMITS.worst(work())

# What a second machine has to run.


def test_all_before_anything_ran():
    assert names(booted()) == [["a", "b", "a"], ["c"]]


def test_the_running_one_is_not_run_again():
    watch = booted()
    watch.take(Begin("a"), 1)
    assert (watch.running, names(watch)) == ("a", [["b", "a"], ["c"]])
    watch.take(Result("a", True), 2)
    assert (watch.running, names(watch)) == ("", [["b", "a"], ["c"]])


def test_a_program_that_ended_is_not_started_again():
    watch = booted()
    watch.take(Guest("start", "p"), 1)
    watch.take(Begin("a"), 1)
    watch.take(Guest("exit", "p 139"), 2)
    assert names(watch) == [["c"]]


def test_nothing_when_all_ran():
    watch = booted()
    for name in "abac":
        watch.take(Begin(name), 1)
        watch.take(Result(name, True), 1)
    assert not watch.left()

# The order.


tests = [Test(name, "", Path("/bin", program)) for program,
         all_ in (("p", "abcdef"), ("q", "ghi")) for name in all_]


def flat(*arguments) -> list[str]:
    return [name for batch in arrange(tests, *arguments).batches for name in batch.names]


def test_as_declared_and_rounds_are_complete():
    assert "".join(flat(1, None)) == "abcdefghi"
    assert "".join(flat(2, None)) == "abcdefabcdefghighi"


def test_shuffle_is_repeatable_and_loses_nothing():
    orders = {seed: flat(2, seed) for seed in range(8)}
    for seed, order in orders.items():
        assert order == flat(2, seed)
        assert sorted(order) == sorted("abcdefghi" * 2)
    assert len({tuple(order) for order in orders.values()}) > 6
