# SPDX-License-Identifier: GPL-2.0
"""What a terminal gets, and what a pipe or a file gets, through the real command on a
pseudo-terminal."""

from __future__ import annotations

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
import tempfile
import termios
import time
import unittest
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

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
PROGRAMS = 60       # more than the suite has


def recorded(folder: Path, program: str, names: list[str], stream: str) -> None:
    """A test program that says what is written here."""
    data = folder.parent / "data" / program
    data.parent.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    Path(f"{data}.list").write_text("".join(f"{name}\twhat it is\n" for name in names))
    Path(f"{data}.stream").write_text(stream)
    (folder / program).write_text(PLAYER.format(shlex.quote(str(data)), int("\nnot ok" in stream)))
    (folder / program).chmod(0o755)


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
        """Lines as the terminal breaks them."""
        return sum(max(1, -(-len(line) // self.columns)) for line in self.lines)

    @property
    def text(self) -> str:
        """All lines."""
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


class Case(unittest.TestCase):
    """A folder of its own for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)


class Terminal(Case):
    """stdout is one."""

    def test_a_screen_of_a_whole_run(self):
        """All is well: at most 80 lines in 80 columns, with all that was promised."""
        programs = str(whole(self.scratch))
        for columns in (80, 200):
            with self.subTest(columns=columns):
                results = self.scratch / f"results-{columns}"
                got = terminal(self.scratch, "--results", str(results), columns=columns,
                               HMM_COHERENT_PROGRAMS=programs)
                self.assertEqual(got.status, 0, got.text)
                self.assertLessEqual(got.rows, 80, got.text)
                tests = PROGRAMS * 2 + len(matrix.stream(bad=0)[0])
                commands = ("page:", "again:", "compare:", "results:")
                self.assertEqual([line for line in got.lines
                                  if len(line) > columns and not line.startswith(commands)],
                                 [f"{tests} tests here ({WHY})"][:columns < 100])
                self.assertNotRegex(got.text, r"ok \d|outcome \{|TAP version|\d+\.\.\d+")
                for number in range(PROGRAMS):
                    self.assertRegex(got.text, rf"\bprogram_{number} 2\b")
                for part in (*(f"S{n} name" for n in range(1, 10)), "gup-*-write",
                             "= as rw   ! R/O changes the outcome"):
                    self.assertIn(part, got.text)
                heads = next(line for line in got.lines if line.startswith("access "))
                self.assertIn("cow-shared", heads.split())
                *_, where, page, again, count, total = got.lines
                self.assertRegex(where, "^results: .*results-")
                self.assertRegex(page, r"^page: +xdg-open .*/report\.html$")
                self.assertRegex(again, r"^again: +\./run_tests\.sh --results ")
                self.assertRegex(count, r"^\d+ not applicable, [\d.]+ s$")
                self.assertTrue(SUM.fullmatch(total), total)
                self.assertTrue((results / "report.html").exists())
                ktap = (results / "ktap").read_text()
                self.assertIn("ok 1 selftests: hmm-coherent: ", ktap)

    def test_the_moving_line_says_how_far_it_is(self):
        got = terminal(self.scratch)
        self.assertEqual(got.status, 0, got.text)
        moving = re.findall(r"\r(\[[^\r\x1b]*)\x1b\[K", got.raw)
        self.assertEqual(moving[0], "[0/3]  booting")
        self.assertRegex(moving[-1], r"^\[2/3\]  0:0\d, 0:0\d left  liar\.three$")
        self.assertNotIn("[2/3]", got.text)
        got = terminal(self.scratch, "--results", str(self.scratch / "narrow"), columns=20)
        moving = re.findall(r"\r(\[[^\r\x1b]*)\x1b\[K", got.raw)
        self.assertEqual({len(line) for line in moving[1:]}, {19}, moving)

    def test_a_failure_is_told_at_once_and_whole(self):
        names = ["b.one", "b.two", "b.three"]
        recorded(self.scratch / "programs", "hmm_coherent_b", names, "\n".join((
            "TAP version 13", "1..3", "# begin b.one", OUTCOME, "ok 1 b.one", "# begin b.two",
            "# rule: write-needs-vm-write (S5) check_vma_flags(), mm/gup.c -- a write needs a"
            " mapping that may be written",
            "# expected: result: EFAULT", "# seen: result: 4096", "not ok 2 b.two # time=1ms",
            "# begin b.three", "ok 3 b.three", "# end hmm_coherent_b ran=3 checks=3", "")))
        got = terminal(self.scratch, HMM_COHERENT_PROGRAMS=str(self.scratch / "programs"))
        self.assertEqual(got.status, 1, got.text)
        self.assertEqual((got.text.count("FAILED b.two"), got.text.count("    again: ")), (2, 1),
                         got.text)      # the second in one line
        first = got.lines.index("FAILED b.two")
        block = "\n".join(got.lines[first:first + 7])
        self.assertIn("    rule:     write-needs-vm-write (S5) check_vma_flags(), mm/gup.c -- a "
                      "write\n              needs a mapping that may be written\n", block)
        for part in ("rule:     write-needs-vm-write (S5) check_vma_flags()",
                     "expected: result: EFAULT", "seen:     result: 4096",
                     "again:    ./run_tests.sh --native b.two", "checks:   what it is"):
            self.assertIn("    " + part, block)
        self.assertLess(got.raw.index("FAILED b.two"), got.raw.index("b.three"), "too late")
        self.assertIn("\r[2/3] 1 failed  ", got.raw)
        self.assertIn("b: 2 passed, 1 failed", got.lines)
        self.assertIn("again:   ./run_tests.sh --native b.two", got.lines)
        self.assertEqual(got.lines[-1], "2 passed, 1 failed, 0 known, 0 skipped, 0 not run")

    def test_what_kills_the_machine_is_told_in_full_once(self):
        for name in ("panic-in-second", "splat-in-second"):
            with self.subTest(behaviour=name):
                got = terminal(self.scratch, "--vm", "--results", str(self.scratch / name),
                               FAKE_QEMU=name, HMM_COHERENT_QEMU=str(kit.FAKE_QEMU),
                               FAKE_QEMU_STATE=str(self.scratch))
                self.assertEqual(got.status, 1, got.text)
                self.assertEqual(len(re.findall("^ +again: ", got.text, re.M)), 1, got.text)
                self.assertRegex(got.text, r"FAILED liar\.two \(the (machine died|kernel comp)")

    def test_many_failures_end_in_a_list_that_is_short(self):
        names = [f"b.number-{n}" for n in range(100)]
        recorded(self.scratch / "programs", "hmm_coherent_b", names, "\n".join((
            "TAP version 13", "1..100", *(f"# begin {name}\n# fail: it is wrong\nnot ok {n} {name}"
                                          for n, name in enumerate(names, 1)),
            "# end hmm_coherent_b ran=100 checks=100", "")))
        got = terminal(self.scratch, HMM_COHERENT_PROGRAMS=str(self.scratch / "programs"))
        self.assertEqual(len(re.findall("^ +again: ", got.text, re.M)), 20)
        self.assertIn("b: 0 passed, 100 failed", got.lines)
        self.assertIn("and 80 more, in summary.txt", got.lines)
        self.assertEqual(got.text.count(": it is wrong"), 20)
        self.assertRegex(got.text, r"(?m)^again: +\./run_tests\.sh rerun \S+$")

    def test_escape_codes_only_where_they_are_wanted(self):
        """NO_COLOR (https://no-color.org) and TERM."""
        for number, (environ, colour, moving) in enumerate(
            (({"NO_COLOR": None}, True, True), ({"NO_COLOR": ""}, True, True),
             ({"NO_COLOR": "1"}, False, True), ({"NO_COLOR": None, "TERM": "dumb"}, False, False),
             ({"NO_COLOR": None, "TERM": None}, False, False))):
            with self.subTest(environ=environ):
                got = terminal(self.scratch, "--results", str(self.scratch / str(number)),
                               LIE="honest-fail", **environ)
                self.assertEqual((bool(re.search(r"\x1b\[[0-9;]+m", got.raw)),
                                  "\x1b[K" in got.raw), (colour, moving), got.raw)
                self.assertEqual("\x1b" in got.raw, colour or moving)
                self.assertNotIn("TAP version", got.raw)
                log = self.scratch / str(number)
                for name in ("ktap", "summary.txt", "run.json"):
                    self.assertNotIn("\x1b", (log / name).read_text(), name)

    def test_ktap_when_it_is_asked_for(self):
        got = terminal(self.scratch, "--ktap")
        self.assertEqual((got.status, got.lines.count("TAP version 13")), (0, 1), got.text)
        self.assertIn("# ok 3 liar.three # time=1ms", got.lines)
        self.assertNotIn("\x1b[K", got.raw, "it would tear the lines of KTAP")
        self.assertTrue(SUM.fullmatch(got.lines[-1]), got.text)

    def test_an_error_has_a_line_of_its_own(self):
        """Not behind the moving one."""
        screen = Screen(stream=io.StringIO())
        screen.terminal = screen.moves = True

        def fails(_options):
            screen.counter("[####    ] 3 of about 6 objects")
            raise Stop(2, "make failed")

        with mock.patch("runner.cli.Screen", return_value=screen), \
                mock.patch("runner.cli.cache_folder", fails), self.assertRaises(Stop):
            cli.main(["--list"])
        self.assertEqual(screen.stream.getvalue(), "\r[####    ] 3 of about 6 objects\x1b[K\n")

    def test_stderr_elsewhere(self):
        """A person reads the terminal; errors alone go to stderr."""
        log = self.scratch / "log"
        got = terminal(self.scratch, stderr=log)
        self.assertTrue(SUM.fullmatch(got.lines[-1]), got.text)
        self.assertEqual((got.status, log.read_text()), (0, ""))
        got = terminal(self.scratch, "nothing.like-it", stderr=log)
        self.assertRegex(log.read_text(), "^run_tests.sh: no test matches")
        self.assertEqual(got.status, 2)

    def test_merged_shards(self):
        for number in (1, 2):
            terminal(self.scratch, "--shard", f"{number}/2", "--results",
                     str(self.scratch / str(number)))
        got = terminal(self.scratch, "merge", str(self.scratch / "1"), str(self.scratch / "2"))
        self.assertEqual((got.status, got.lines[-1]),
                         (0, "3 passed, 0 failed, 0 known, 0 skipped, 0 not run"), got.text)
        self.assertNotIn("TAP version", got.text)
        self.assertIn("# ok 2 liar.three", (self.scratch / "results/ktap").read_text())
        self.assertTrue((self.scratch / "results/report.html").exists())

    def test_stored_results(self):
        results = self.scratch / "results"
        terminal(self.scratch, HMM_COHERENT_PROGRAMS=str(whole(self.scratch)))
        got = terminal(self.scratch, "report", str(results))
        self.assertEqual(got.status, 0, got.text)
        self.assertLessEqual(max(map(len, got.lines)), 80)
        self.assertIn("outcomes: result", got.text)
        again = kit.run(self.scratch, "report", str(results))
        self.assertEqual(again.stdout, (results / "summary.txt").read_text())

    def test_the_run_before_is_what_to_compare_with(self):
        """Only a run in results/ has one before it, and that may have been killed."""
        with mock.patch("runner.folder.TOP", self.scratch):
            first, second = Folder.create(None), Folder.create(None)
        self.assertEqual((first.previous, second.previous), (None, first.path))
        for name, told in (("other", False), ("run.json", True)):
            (first.path / name).write_text("")
            said = io.StringIO()
            reports.tell(Screen(stream=said), matrix.run(bad=0), second)
            self.assertEqual(f"\ncompare: ./run_tests.sh compare {first.path} {second.path}\n"
                             in said.getvalue(), told, said.getvalue())


class Log(Case):
    """stdout is a pipe or a file."""

    def setUp(self):
        super().setUp()
        recorded(self.scratch / "programs", "hmm_coherent_b", ["b.one"], "\n".join((
            "TAP version 13", "1..1", "# begin b.one", OUTCOME, "ok 1 b.one",
            "# end hmm_coherent_b ran=1 checks=1", "")))
        self.environ = {"HMM_COHERENT_PROGRAMS": str(self.scratch / "programs"), "TERM": "xterm"}

    def test_ktap_has_outcomes_only_when_it_shall(self):
        for words, count in (((), 0), (("--outcomes",), 1)):
            with self.subTest(words=words):
                folder = self.scratch / f"results-{count}"
                got = kit.run(self.scratch, "--results", str(folder), *words, **self.environ)
                self.assertEqual((got.status, got.stdout.count("# outcome {")), (0, count))
                self.assertEqual((folder / "ktap").read_text(), got.stdout)
                [line] = (folder / "outcomes.jsonl").read_text().splitlines()
                self.assertEqual(json.loads(line)["outcome"]["result"], 4096)
                self.assertIn("# outcome", (folder / "stream-1").read_text())

    def test_merged_ktap_has_outcomes_only_when_it_shall(self):
        kit.run(self.scratch, "--shard", "1/1", "--results", str(self.scratch / "1"),
                **self.environ)
        for words, count in (((), 0), (("--outcomes",), 1)):
            got = kit.run(self.scratch, "merge", str(self.scratch / "1"), *words, "--results",
                          str(self.scratch / f"whole-{count}"), **self.environ)
            self.assertEqual((got.status, got.stdout.count("# outcome {")), (0, count), got.stderr)

    def test_no_escape_codes(self):
        environ = {name: value for name, value in self.environ.items()} | {"NO_COLOR": ""}
        for number, words in enumerate(((), ("--ktap",), ("-v",))):
            got = kit.run(self.scratch, "--results", str(self.scratch / str(number)), *words,
                          **environ)
            self.assertEqual((got.status, "\x1b" in got.stdout + got.stderr), (0, False))
            self.assertIn("TAP version 13", got.stdout)

    def test_the_last_lines(self):
        got = kit.run(self.scratch, **self.environ)
        *_, where, page, again, _, total = got.stderr.splitlines()
        self.assertEqual((where.split()[0], page.split()[0], again.split()[0]),
                         ("results:", "page:", "again:"))
        self.assertTrue(SUM.fullmatch(total))
        for line in (page, again):
            self.assertTrue(Path(shlex.split(line)[-1 if line == page else 1]).exists(), line)

    def test_a_person_watches_while_ktap_goes_to_a_file(self):
        got = terminal(self.scratch, stdout=self.scratch / "out", **self.environ)
        self.assertIn("TAP version 13", (self.scratch / "out").read_text())
        self.assertNotIn("TAP version", got.text)
        self.assertIn("\r[0/1]", got.raw)
        self.assertTrue(SUM.fullmatch(got.lines[-1]), got.text)


class Capture(unittest.TestCase):
    """docs/terminal.txt is what a terminal of 80 columns showed."""

    def test_it_fits(self):
        lines = (kit.TOP / "docs/terminal.txt").read_text().splitlines()
        self.assertLessEqual(len(lines), 80)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertTrue(SUM.fullmatch(lines[-1]), lines[-1])
        self.assertNotIn("\x1b", "".join(lines))
        tests = sum(int(n) for n in re.findall(r"\d+", lines[-1]))
        tests += int(lines[-2].partition(" not applicable")[0])
        self.assertIn(f"{tests} tests in a VM", lines[1])
