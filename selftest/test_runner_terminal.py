# SPDX-License-Identifier: GPL-2.0
"""What a terminal gets, and what a pipe or a file gets, through the real command on a
pseudo-terminal."""

import fcntl
import io
import json
import os
import pty
import re
import runner_kit as kit
import select
import shlex
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from base.errors import Stop
from runner import cli, reports
from runner.folder import Folder
from runner.screen import Screen
from streams import matrix

SUM = re.compile(r"\d+ passed, \d+ failed, \d+ known, \d+ skipped, \d+ not run")
SECONDS = 60.0
PLAYER = '#!/bin/sh\ncase "$1" in --list) cat {0}.list ;; *) cat {0}.stream; exit {1} ;; esac\n'
OUTCOME = ('# outcome {"v":1,"cell":"b.one","place":"coherent","mapping":"rw","access":"cpu-read",'
           '"result":4096}')
WHY = "the programs in HMM_COHERENT_PROGRAMS, on this host: says nothing about a kernel"
PROGRAMS = 120      # more than the suite has


def recorded(folder: Path, program: str, names: list[str], stream: str) -> None:
    """A test program that says what is written here."""
    data = folder.parent / "data" / program
    data.parent.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    Path(f"{data}.list").write_text("".join(f"{name}\twhat it is\n" for name in names))
    Path(f"{data}.stream").write_text(stream)
    (folder / program).write_text(PLAYER.format(shlex.quote(str(data)), int("\nnot ok" in stream)))
    (folder / program).chmod(0o755)


def saying(scratch: Path, *lines: str) -> str:
    """The folder of one program, hmm_coherent_b, whose stream has these lines."""
    names = re.findall(r"(?m)^# begin (.*)$", "\n".join(lines))
    recorded(scratch / "programs", "hmm_coherent_b", names, "\n".join((
        "TAP version 13", f"1..{len(names)}", *lines,
        f"# end hmm_coherent_b ran={len(names)} checks={len(names)}", "")))
    return str(scratch / "programs")


def scenario(number: int) -> tuple[str, list[str], str]:
    """A small program: it serves one claim."""
    claim, names = f"S{number % 9 + 1}", [f"p{number}.one", f"p{number}.two"]
    lines = [f"# fact: claim {claim}|name {claim}|{'a sentence about the kernel ' * 3}",
             f"# fact: rule rule-{number % 9}|{claim}|f(), mm/gup.c|what it asks for", "1..2"]
    for at, name in enumerate(names, 1):
        lines += [f"# begin {name}", f"# checks: rule-{number % 9}=7", f"ok {at} {name} # time=1ms"]
    program = f"hmm_coherent_program_{number}"
    return program, names, "TAP version 13\n" + "\n".join([*lines, f"# end {program} ran=2 "
                                                           "checks=14"]) + "\n"


def test_the_whole_run_is_whole():
    words = (kit.TOP / "Makefile").read_text().partition("hmm_coherent_, ")[2].partition(")")[0]
    assert len(words.replace("\\", "").split()) <= PROGRAMS


def whole(folder: Path) -> Path:
    """As many programs as the suite has, and its matrix; all passes."""
    for number in range(PROGRAMS):
        recorded(folder / "programs", *scenario(number))
    names, stream = matrix.stream(bad=0)
    lines = [line for line in stream.splitlines() if not line.startswith("# guest: ")]
    recorded(folder / "programs", matrix.PROGRAM, names, "\n".join(lines) + "\n")
    return folder / "programs"


@dataclass
class Seen:
    """What a terminal was sent, and what it shows."""

    status: int
    raw: str
    columns: int

    @property
    def lines(self) -> list[str]:
        """Every line that was ever on it, as a terminal shows them."""
        return [self._line(line) for line in self.raw.split("\r\n")[:-1]]

    @staticmethod
    def _line(sent: str) -> str:
        shown, at = "", 0
        for part in re.findall(r"\r|\x1b\[[0-9;]*[A-Za-z]|[^\r\x1b]+", sent):
            if part == "\r":
                at = 0
            elif part == "\x1b[K":
                shown = shown[:at]
            elif part[0] != "\x1b":
                shown, at = shown[:at] + part + shown[at + len(part):], at + len(part)
        return shown

    @property
    def rows(self) -> int:
        return sum(max(1, -(-len(line) // self.columns)) for line in self.lines)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def terminal(scratch: Path, *words: str, columns: int = 80, stdout: Path | None = None,
             stderr: Path | None = None, **environ: str) -> Seen:
    """The real command on a terminal so wide, to its end; stdout or stderr may be a file."""
    env = {**kit.environment(scratch), "TERM": "xterm"} | environ
    env = {name: value for name, value in env.items() if value is not None}
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    out, err = (open(path, "wb") if path else slave for path in (stdout, stderr))
    given = [] if {"--results", "report"} & set(words) else ["--results", str(scratch / "results")]
    proc = subprocess.Popen(["env", "--default-signal", kit.COMMAND, *words, *given],
                            stdin=slave, stdout=out, stderr=err, env=env, start_new_session=True)
    for file in (out, err):
        if file is not slave:
            file.close()
    os.close(slave)
    sent, deadline = b"", time.monotonic() + SECONDS * kit.slowness()
    try:
        while left := max(0.0, deadline - time.monotonic()):
            if not select.select([master], [], [], left)[0]:
                break
            try:
                sent += os.read(master, 1 << 16)
            except OSError:     # the last one who had it open has closed it
                break
        status = proc.wait(kit.GRACE and 10)
    finally:
        proc.kill()
        proc.wait()
        os.close(master)
    return Seen(status, sent.decode(), columns)

# stdout is a terminal.


@pytest.mark.parametrize("columns", [80, 200])
def test_a_screen_of_a_whole_run(scratch, columns):
    """All is well: at most 80 lines in 80 columns, with all that was promised."""
    results = scratch / f"results-{columns}"
    got = terminal(scratch, "--results", str(results), columns=columns,
                   HMM_COHERENT_PROGRAMS=str(whole(scratch)))
    assert got.status == 0, got.text
    assert got.rows <= 80, got.text
    tests = PROGRAMS * 2 + len(matrix.stream(bad=0)[0])
    commands = ("page:", "again:", "compare:", "results:")
    assert [line for line in got.lines if len(line) > columns and not line.startswith(commands)
            ] == [f"{tests} tests here ({WHY})"][:columns < 100]
    assert not re.search(r"ok \d|outcome \{|TAP version|\d+\.\.\d+", got.text), got.text
    # Several on a line; where the lines do not suffice, the others are counted.
    shown = len(set(re.findall(r"\bprogram_\d+\b", got.text)))
    more = re.search(r"^passed: and (\d+) more programs$", got.text, re.M)
    assert PROGRAMS - 50 < shown <= PROGRAMS and shown + int(more[1] if more else 0) >= PROGRAMS
    for part in (*(f"S{n} name" for n in range(1, 10)), "gup-*-write",
                 "= as rw   ! R/O changes the outcome"):
        assert part in got.text
    heads = next(line for line in got.lines if line.startswith("access "))
    assert "cow-shared" in heads.split()
    for line, form in zip(got.lines[-5:], (
            "results: .*results-.*", r"page: +xdg-open .*/report\.html",
            r"again: +\./run_tests\.sh --results .*", r"\d+ not applicable, [\d.]+ s", SUM)):
        assert re.fullmatch(form, line), line
    assert (results / "report.html").exists()
    assert "ok 1 selftests: hmm-coherent: " in (results / "ktap").read_text()


def test_the_moving_line_says_how_far_it_is(scratch):
    got = terminal(scratch)
    assert got.status == 0, got.text
    moving = re.findall(r"\r(\[[^\r\x1b]*)\x1b\[K", got.raw)
    assert moving[0] == "[0/3]  booting"
    assert re.fullmatch(r"\[2/3\]  0:0\d, 0:0\d left  liar\.three", moving[-1])
    assert "[2/3]" not in got.text
    got = terminal(scratch, "--results", str(scratch / "narrow"), columns=20)
    moving = re.findall(r"\r(\[[^\r\x1b]*)\x1b\[K", got.raw)
    assert {len(line) for line in moving[1:]} == {19}, moving


def test_a_failure_is_told_at_once_and_whole(scratch):
    got = terminal(scratch, HMM_COHERENT_PROGRAMS=saying(
        scratch, "# begin b.one", OUTCOME, "ok 1 b.one", "# begin b.two",
        "# rule: write-needs-vm-write (S5) check_vma_flags(), mm/gup.c -- a write needs a"
        " mapping that may be written",
        "# expected: result: EFAULT", "# seen: result: 4096", "not ok 2 b.two # time=1ms",
        "# begin b.three", "ok 3 b.three"))
    assert got.status == 1, got.text
    # the second in one line
    assert (got.text.count("FAILED b.two"), got.text.count("    again: ")) == (2, 1), got.text
    first = got.lines.index("FAILED b.two")
    block = "\n".join(got.lines[first:first + 7])
    for part in ("rule:     write-needs-vm-write (S5) check_vma_flags(), mm/gup.c -- a write\n"
                 "              needs a mapping that may be written\n",
                 "expected: result: EFAULT", "seen:     result: 4096",
                 "again:    ./run_tests.sh --native b.two", "checks:   what it is"):
        assert "    " + part in block
    assert got.raw.index("FAILED b.two") < got.raw.index("b.three"), "too late"
    assert "\r[2/3] 1 failed  " in got.raw
    assert "b: 2 passed, 1 failed" in got.lines
    assert "again:   ./run_tests.sh --native b.two" in got.lines
    assert got.lines[-1] == "2 passed, 1 failed, 0 known, 0 skipped, 0 not run"


@pytest.mark.parametrize("name", ["panic-in-second", "splat-in-second"])
def test_what_kills_the_machine_is_told_in_full_once(scratch, name):
    got = terminal(scratch, "--vm", FAKE_QEMU=name, HMM_COHERENT_QEMU=str(kit.FAKE_QEMU),
                   FAKE_QEMU_STATE=str(scratch))
    assert got.status == 1, got.text
    assert len(re.findall("^ +again: ", got.text, re.M)) == 1, got.text
    assert re.search(r"FAILED liar\.two \(the (machine died|kernel comp)", got.text), got.text


def test_many_failures_end_in_a_list_that_is_short(scratch):
    got = terminal(scratch, HMM_COHERENT_PROGRAMS=saying(scratch, *(
        f"# begin b.number-{n}\n# fail: it is wrong\nnot ok {n} b.number-{n}"
        for n in range(1, 101))))
    assert len(re.findall("^ +again: ", got.text, re.M)) == 20
    assert "b: 0 passed, 100 failed" in got.lines
    assert "and 80 more, in summary.txt" in got.lines
    assert got.text.count(": it is wrong") == 20
    assert re.search(r"(?m)^again: +\./run_tests\.sh rerun \S+$", got.text), got.text


@pytest.mark.parametrize("environ, colour, moving", [
    ({"NO_COLOR": None}, True, True), ({"NO_COLOR": ""}, True, True),
    ({"NO_COLOR": "1"}, False, True), ({"NO_COLOR": None, "TERM": "dumb"}, False, False),
    ({"NO_COLOR": None, "TERM": None}, False, False)])
def test_escape_codes_only_where_they_are_wanted(scratch, environ, colour, moving):
    """NO_COLOR (https://no-color.org) and TERM."""
    got = terminal(scratch, LIE="honest-fail", **environ)
    assert (bool(re.search(r"\x1b\[[0-9;]+m", got.raw)),
            "\x1b[K" in got.raw) == (colour, moving), got.raw
    assert ("\x1b" in got.raw) == (colour or moving)
    assert "TAP version" not in got.raw
    for name in ("ktap", "summary.txt", "run.json"):
        assert "\x1b" not in (scratch / "results" / name).read_text(), name


def test_ktap_when_it_is_asked_for(scratch):
    got = terminal(scratch, "--ktap")
    assert (got.status, got.lines.count("TAP version 13")) == (0, 1), got.text
    assert "# ok 3 liar.three # time=1ms" in got.lines
    assert "\x1b[K" not in got.raw, "it would tear the lines of KTAP"
    assert SUM.fullmatch(got.lines[-1]), got.text


def test_an_error_has_a_line_of_its_own():
    """Not behind the moving one."""
    screen = Screen(stream=io.StringIO())
    screen.terminal = screen.moves = True

    def fails(_options):
        screen.counter("[####    ] 3 of about 6 objects")
        raise Stop(2, "make failed")

    with mock.patch("runner.cli.Screen", return_value=screen), \
            mock.patch("runner.cli.cache_folder", fails), pytest.raises(Stop):
        cli.main(["--list"])
    assert screen.stream.getvalue() == "\r[####    ] 3 of about 6 objects\x1b[K\n"


def test_stderr_elsewhere(scratch):
    """A person reads the terminal; errors alone go to stderr."""
    log = scratch / "log"
    got = terminal(scratch, stderr=log)
    assert SUM.fullmatch(got.lines[-1]), got.text
    assert (got.status, log.read_text()) == (0, "")
    got = terminal(scratch, "nothing.like-it", stderr=log)
    assert log.read_text().startswith("run_tests.sh: no test matches")
    assert got.status == 2


def test_merged_shards(scratch):
    for number in (1, 2):
        terminal(scratch, "--shard", f"{number}/2", "--results", str(scratch / str(number)))
    got = terminal(scratch, "merge", str(scratch / "1"), str(scratch / "2"))
    assert (got.status, got.lines[-1]) == (
        0, "3 passed, 0 failed, 0 known, 0 skipped, 0 not run"), got.text
    assert "TAP version" not in got.text
    assert "# ok 2 liar.three" in (scratch / "results/ktap").read_text()
    assert (scratch / "results/report.html").exists()


def test_stored_results(scratch):
    results = scratch / "results"
    terminal(scratch, HMM_COHERENT_PROGRAMS=str(whole(scratch)))
    got = terminal(scratch, "report", str(results))
    assert got.status == 0, got.text
    assert max(map(len, got.lines)) <= 80
    assert "outcomes: result" in got.text
    again = kit.run(scratch, "report", str(results))
    assert again.stdout == (results / "summary.txt").read_text()


def test_the_run_before_is_what_to_compare_with(scratch):
    """Only a run in results/ has one before it, and that may have been killed."""
    with mock.patch("runner.folder.TOP", scratch):
        first, second = Folder.create(None), Folder.create(None)
    assert (first.previous, second.previous) == (None, first.path)
    for name, told in (("other", False), ("run.json", True)):
        (first.path / name).write_text("")
        said = io.StringIO()
        reports.tell(Screen(stream=said), matrix.run(bad=0), second)
        compare = f"\ncompare: ./run_tests.sh compare {first.path} {second.path}\n"
        assert (compare in said.getvalue()) == told, said.getvalue()


# stdout is a pipe or a file.
@pytest.fixture(name="environ")
def environ_(scratch):
    """A program with an outcome."""
    return {"HMM_COHERENT_PROGRAMS": saying(scratch, "# begin b.one", OUTCOME, "ok 1 b.one"),
            "TERM": "xterm"}


@pytest.mark.parametrize("words, count", [((), 0), (("--outcomes",), 1)])
def test_ktap_has_outcomes_only_when_it_shall(scratch, environ, words, count):
    folder = scratch / "results"
    got = kit.run(scratch, *words, "--shard", "1/1", **environ)
    assert (got.status, got.stdout.count("# outcome {")) == (0, count)
    assert (folder / "ktap").read_text() == got.stdout
    [line] = (folder / "outcomes.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"]["result"] == 4096
    assert "# outcome" in (folder / "stream-1").read_text()
    got = kit.run(scratch, "merge", str(folder), *words, "--results", str(scratch / "whole"),
                  **environ)
    assert (got.status, got.stdout.count("# outcome {")) == (0, count), got.stderr


@pytest.mark.parametrize("words", [(), ("--ktap",), ("-v",)])
def test_no_escape_codes(scratch, environ, words):
    got = kit.run(scratch, *words, **environ | {"NO_COLOR": ""})
    assert (got.status, "\x1b" in got.stdout + got.stderr) == (0, False)
    assert "TAP version 13" in got.stdout


def test_the_last_lines(scratch, environ):
    got = kit.run(scratch, **environ)
    *_, where, page, again, _, total = got.stderr.splitlines()
    assert [line.split()[0] for line in (where, page, again)] == ["results:", "page:", "again:"]
    assert SUM.fullmatch(total)
    for path in (shlex.split(page)[-1], shlex.split(again)[1]):
        assert Path(path).exists(), path


def test_a_person_watches_while_ktap_goes_to_a_file(scratch, environ):
    got = terminal(scratch, stdout=scratch / "out", **environ)
    assert "TAP version 13" in (scratch / "out").read_text()
    assert "TAP version" not in got.text
    assert "\r[0/1]" in got.raw
    assert SUM.fullmatch(got.lines[-1]), got.text


def test_the_page_of_a_terminal_fits():
    """docs/terminal.txt is what a terminal of 80 columns showed."""
    lines = (kit.TOP / "docs/terminal.txt").read_text().splitlines()
    assert len(lines) <= 80
    assert max(map(len, lines)) <= 80
    assert SUM.fullmatch(lines[-1]), lines[-1]
    assert "\x1b" not in "".join(lines)
    tests = sum(int(n) for n in re.findall(r"\d+", lines[-1]))
    tests += int(lines[-2].partition(" not applicable")[0])
    assert f"{tests} tests in a VM" in lines[1]
