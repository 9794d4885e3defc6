# SPDX-License-Identifier: GPL-2.0
"""The reader of result streams: exact, incremental, and never surprised."""

import random

from report.ktap import (Begin, Diag, End, Garbage, Guest, LINE_LIMIT, NotApplicable, Plan, Reader,
                         Result, parse, quote)
from streams import GOOD, MIXED


def events(data: bytes):
    reader = Reader()
    return reader.feed(data) + reader.close()


def test_every_kind():
    for line, event in (
        (b"1..12", Plan(12)), (b"1..0 # SKIP no device", Plan(0)),
        (b"# begin coherent.ro.dio-read", Begin("coherent.ro.dio-read")),
        (b"# end hmm_coherent_fork ran=2 checks=57", End("hmm_coherent_fork", 2, 57)),
        (b"# not-applicable: a.b: no unshare: too old",
         NotApplicable("a.b", "no unshare: too old")),
        (b"# guest: up 6.1.0-hmm", Guest("up", "6.1.0-hmm")),
        (b"# guest: ready", Guest("ready", "")),
        (b"# guest: exit hmm_coherent_fork 1", Guest("exit", "hmm_coherent_fork 1")),
        (b"# guest: broken: no test_hmm.ko", Guest("broken", "no test_hmm.ko")),
        (b"# stream: hmm_coherent_fork vm=2", Guest("stream", "hmm_coherent_fork vm=2")),
        (b"# rule: x (S5) f(), mm/gup.c", Diag("rule", "x (S5) f(), mm/gup.c")),
        (b'# outcome {"a":1}', Diag("outcome", '{"a":1}')),
        (b"# outcome: not one", Diag("outcome", "not one")),
        (b"# log: anything", Diag("", "log: anything")),
        (b"# ok 3 not.a.result", Diag("", "ok 3 not.a.result")),
        (b"ok 1 a.b # time=12ms", Result("a.b", True, None, 12, 1)),
        (b"not ok 2 a.b # time=0ms", Result("a.b", False, None, 0, 2)),
        (b"ok 3 a.b # SKIP no slow device", Result("a.b", True, "no slow device", None, 3)),
        (b"ok 3 a.b # time=4ms SKIP no disk", Result("a.b", True, "no disk", 4, 3)),
        (b"ok 3 a.b # SKIP", Result("a.b", True, "", None, 3)),
        (b"ok 4 a.b", Result("a.b", True, None, None, 4)),
        (b"ok 4 a.b\r", Result("a.b", True, None, None, 4)), (b"TAP version 13", None),
        (b"KTAP version 1", None), (b"", None), (b"#", None), (b"\r", None),):
        assert parse(line) == event


def test_what_is_no_result():
    for line in (b"ok", b"ok 1", b"ok 1 ", b"ok a.b", b"ok 1 a b", b"ok 1 a.b # TO" b"DO later",
                 b" ok 1 a.b", b"ok 1 - a.b", b"ok 1 A.B", b"ok 1 a.b time=3ms", b"not  ok 1 a.b",
                 b"ok 1 a.b # time=xms", b"ok 1 a.b # XFAIL known", b"ok 1 a.\xffb",
                 b"ok 1 a.b\x00", b"ok 12345678901234567890 a.b", b"n", b"no", b"not ",
                 b"ok 1 a.b # ", b"ok 1 a.b ", b" # SKIP no disk"):
        event = parse(line)
        assert isinstance(event, Garbage)
        assert event.like_result
    for line in (b"okay", b"random text", b"1..", b"1..99999999999999999", b"2..3", b"#no space",
                 b"\x00\x01"):
        assert isinstance(parse(line), Garbage)
        assert not parse(line).like_result


def test_quote_leaves_only_printable_ascii():
    assert quote(bytes([0, 9, 27, 31, 32, 65, 126, 127, 255])) == r"\x00\x09\x1b\x1f A~\x7f\xff"
    assert quote("\udc80é\n") == r"\udc80\xc3\xa9\x0a"


DATA = (GOOD + MIXED).encode() + b"\x00\xff\r\nok 1 half"


def test_one_byte_at_a_time():
    reader, found = Reader(), []
    for i in range(len(DATA)):
        found += reader.feed(DATA[i:i + 1])
    assert found + reader.close() == events(DATA)


def test_random_portions():
    rng = random.Random(1)
    for _ in range(50):
        reader, found, at = Reader(), [], 0
        while at < len(DATA):
            size = rng.choice((0, 1, 2, 7, 100, 1000))
            found += reader.feed(DATA[at:at + size])
            at += size
        assert found + reader.close() == events(DATA)


def test_half_line_is_no_result():
    assert events(b"ok 1 a.b") == [Garbage("ok 1 a.b")]
    assert events(b"ok 1 a.b\n") == [Result("a.b", True, None, None, 1)]


def test_random_bytes_never_raise():
    rng = random.Random(2)
    pieces = [b"ok ", b"not ok ", b"1", b"# ", b"begin ", b"end ", b"guest: ", b"a.b", b"\n",
              b"\r\n", b"\0", b"\xff", b"outcome ", b"{", b"SKIP", b"1..", b"time=", b"ms", b"ran=",
              b"\xe2\x80\xa8", b":"]
    for _ in range(2000):
        events(b"".join(rng.choices(pieces, k=rng.randrange(40))))
    for _ in range(200):
        events(rng.randbytes(rng.randrange(500)))


def test_endless_line_costs_no_memory_and_hides_nothing():
    reader = Reader()
    for _ in range(40):
        assert reader.feed(b"x" * 100_000) == []
    assert len(reader._line) <= LINE_LIMIT
    found = reader.feed(b"\nnot ok 1 a.b\n")
    assert isinstance(found[0], Garbage)
    assert len(found[0].line) < 10_000
    assert found[1] == Result("a.b", False, None, None, 1)


def test_long_outcome_is_kept_whole():
    [event] = events(b'# outcome {"a":"' + b"y" * 50_000 + b'"}\n')
    assert len(event.text) == 50_008
