# SPDX-License-Identifier: GPL-2.0
"""Machines after each other: the tests that go apart, after those side by side, and what becomes of
them when theirs dies."""

import io
import runner_kit as kit
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from report.model import Run
from runner import guests, run, work
from runner.folder import Folder
from runner.watch import Limits
from runner.screen import Screen
from runner.session import Session
from runner.work import Batch, Work

OPTIONS = SimpleNamespace(seed=1, stress=0)

# A session with a QEMU that only speaks.


def run_session(box, behaviour: str, names: tuple[str, ...], apart: tuple[str, ...],
                jobs: int = 1) -> Session:
    """A whole run; the session after it."""
    work, model, parts = Work([Batch(Path("liar"), list(names))]), Run(), guests.pretended()
    model.expect("liar", names)
    results = box.folder / "results"
    results.mkdir()

    def machine(left: Work, number: int, company: int):
        box.companies[number] = company
        return parts.machine(left, number, company, results, 5, OPTIONS)

    box.companies: dict[int, int] = {}
    session = Session(Folder(results), model, work, Limits(boot=kit.LIMIT, grace=2, closing=2),
                      machine, Screen(stream=io.StringIO()), side_by_side=jobs, apart=apart)
    box.environment(FAKE_QEMU=behaviour, FAKE_QEMU_STATE=str(box.folder),
                    HMM_COHERENT_QEMU=str(kit.FAKE_QEMU))
    session.follow()
    return session


def verdicts(session: Session) -> dict[str, tuple[str, list[int]]]:
    """Of each test, with the machines that tried it."""
    return {name: (test.verdict, [attempt.vm for attempt in test.attempts if attempt.vm])
            for name, test in session.run.tests.items()}


def test_after_the_others_and_alone(box):
    session = run_session(box, "good", ("a.one", "x.one", "a.two", "a.three", "a.four"), ("x.",),
                          2)
    assert verdicts(session) == {"a.one": ("pass", [1]), "a.two": ("pass", [1]),
                                 "a.three": ("pass", [2]), "a.four": ("pass", [2]),
                                 "x.one": ("pass", [5])}
    assert box.companies == {1: 2, 2: 2, 5: 1}


# The cost of what has no result, and of what runs alone: one test of five costs more than a boot.
@pytest.mark.parametrize("left, then, early", [
    (2, ("x.one",), False), (1, ("x.one",), True), (1.1, ("x.one", "y.one"), True),
    (1, ("destructive.one", "x.one"), False)])
def test_the_next_boots_while_the_last_one_ends(left, then, early):
    parts = [(number, Work([Batch(Path("liar"), [name])])) for number, name in enumerate(then)]
    session = mock.Mock(work=Work([Batch(Path("liar"), list("abcde"))]))
    session.progress.left.return_value = left
    assert Session._boots_early(session, parts) == early


@pytest.mark.parametrize("behaviour, apart, found", [
    ("once-dies-in-second", ("x.", "y."),
     {"x.two": ("fail", [3]), "x.three": ("pass", [4]), "y.one": ("pass", [5])}),
    ("dies-always", ("x.",),
     {"x.one": ("fail", [3]), "x.two": ("fail", [4]), "x.three": ("not-run", [])})])
def test_each_has_a_second_chance_and_not_a_third(box, behaviour, apart, found):
    assert verdicts(run_session(box, behaviour, tuple(found), apart)) == found


def test_only_where_it_is_crowded():
    for processors, jobs, apart in ((2, 2, (work.BUSY,)), (2, 1, ()), (1, 1, ()), (4, 2, ()),
                                    (4, 3, (work.BUSY,))):
        one = run.One(mock.MagicMock(jobs=jobs, gdb=False), mock.MagicMock(), None, None,
                      "6.1", None)
        session, parts = SimpleNamespace(), guests.pretended()
        with mock.patch("os.sched_getaffinity", return_value=range(processors)), \
                    mock.patch.object(one, "session", return_value=session), \
                    mock.patch.object(one, "finish"), mock.patch.object(guests, "facts"):
            one.in_guests(parts)
        assert session.apart == apart
