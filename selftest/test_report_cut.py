# SPDX-License-Identifier: GPL-2.0
"""Damage a good stream in every way that machines know: no verdict gets better, nothing is raised.
"""

import io
import random

from report import ktap_out, summary
from streams import GOOD, MIXED, MIXED_PLAN, PLAN, RECORDED, RECORDED_PLAN, replay

STREAMS = {"good": (GOOD, PLAN), "mixed": (MIXED, MIXED_PLAN)}
for _name in ("good", "mixed"):
    _text, _plan = STREAMS[_name]
    STREAMS[_name + ", bare"] = "".join(
        line for line in _text.splitlines(True) if not line.startswith("# guest: ")), _plan


def not_better(damaged, whole):
    for name, test in damaged.tests.items():
        was = whole.tests[name].verdict if name in whole.tests else "absent"
        if test.verdict in ("pass", "skip"):
            assert was in ("pass", test.verdict), name
    assert set(whole.tests) - set(damaged.tests) - set(
        damaged.not_applicable) <= {n for n in whole.tests if n.startswith("run.")}
    assert set(damaged.not_applicable) <= set(whole.not_applicable)
    if damaged.exit_status() in (0, 4):
        assert whole.exit_status() in (0, damaged.exit_status())


def readable(run):
    assert summary.text(run).endswith("not run\n")
    ktap_out.Writer(io.StringIO()).finish(run)


def streams():
    """Each stream as a text, its lines, its plan, and what it says as a whole."""
    for text, plan in STREAMS.values():
        yield text, text.splitlines(True), plan, replay(text, plan)


def test_cut_after_every_byte():
    for text, _, plan, whole in streams():
        data = text.encode()
        for size in range(len(data)):
            run = replay(data[:size], plan)
            not_better(run, whole)
            assert run.exit_status() != 0
            if size % 29 == 0:
                readable(run)


def test_cut_of_a_recorded_stream():
    data = RECORDED.encode()
    assert replay(data, RECORDED_PLAN).exit_status() == 0
    for size in range(0, len(data), 31):
        assert replay(data[:size], RECORDED_PLAN).exit_status() != 0, size


def test_every_line_twice():
    for _, lines, plan, whole in streams():
        for at in range(len(lines)):
            not_better(replay("".join(lines[:at + 1] + lines[at:]), plan), whole)
        doubled = replay("".join(line * 2 for line in lines), plan)
        not_better(doubled, whole)
        readable(doubled)


def test_every_line_lost():
    for _, lines, plan, whole in streams():
        for at in range(len(lines)):
            run = replay("".join(lines[:at] + lines[at + 1:]), plan)
            if lines[at].startswith(("# broken:", "# not-applicable:")):
                continue        # without it the rest is an honest stream of another story
            not_better(run, whole)


def test_every_pair_of_lines_swapped():
    for _, lines, plan, whole in streams():
        for at in range(len(lines) - 1):
            not_better(replay("".join(lines[:at] + [lines[at + 1], lines[at]] + lines[at + 2:]),
                              plan), whole)


def insert(data, rng, junk):
    damaged = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(damaged))
        damaged[at:at] = rng.choice(junk)
    return bytes(damaged)


def test_garbage_between_any_two_bytes():
    rng = random.Random(3)
    junk = (b"\x00", b"\xff\xfe", b"\n", b"\r\n", b"[    1.234567] BUG: x\n", b"x" * 2000,
            b"# SKIP ", b" # SKIP no\n", b"\nno news\n", b"\n# log: ok 1 a.one\n", b"\n\n\n", b"# ",
            b"[FAIL]", b"Kernel panic - not syncing\n")
    for text, _, plan, whole in streams():
        for _ in range(250):
            damaged = insert(text.encode(), rng, junk)
            not_better(replay(damaged, plan), whole)


def test_whole_forged_lines():
    """They may whitewash a test, but not the run: count, numbers and exit status still disagree."""
    rng = random.Random(5)
    junk = (b"\n# end x ran=0 checks=0\n", b"\nok 1 a.one\n", b"\nnot ok 1 a.one\n", b"\n1..0\n",
            b"\n# begin a.one\n", b"\n# guest: done\n", b"\n# guest: exit hmm_coherent_a 0\n",
            b"\n# guest: start hmm_coherent_b\n", b"\n# guest: exit hmm_coherent_b 0\n")
    bad = GOOD.replace("ok 2 a.two", "not ok 2 a.two").replace("exit hmm_coherent_a 0",
                                                               "exit hmm_coherent_a 1")
    for _ in range(700):
        damaged = insert(bad.encode(), rng, junk)
        assert replay(damaged).exit_status() in (1, 3)


def test_any_byte_changed():
    rng = random.Random(4)
    for text, _, plan, whole in streams():
        data = text.encode()
        for at in range(0, len(data), 5):
            damaged = bytearray(data)
            damaged[at] = rng.choice((0, 10, 13, 32, 255, damaged[at] ^ 1))
            run = replay(bytes(damaged), plan)
            assert {n for n, t in run.tests.items()
                    if t.verdict == "pass"} <= {n for n, t in whole.tests.items()
                                                if t.verdict == "pass"} | {"a.three"}


def test_the_kernel_s_words_in_a_result_channel():
    """What a serial console does to a stream: none of it reads better than it was."""
    lines = GOOD.splitlines(True)
    for at in range(len(lines)):
        line = lines[at]
        for cut in range(0, len(line), 3):
            torn = line[:cut] + "[   12.3] BUG: Bad page state\n" + line[cut:]
            not_better(replay("".join(lines[:at] + [torn] + lines[at + 1:])), replay(GOOD))
