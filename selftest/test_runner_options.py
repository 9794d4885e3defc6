# SPDX-License-Identifier: GPL-2.0
"""Bad input: each gets one line, the right status and no trace; and what is selected is what was
meant."""

from __future__ import annotations

import os
import re
import runner_kit as kit
import shlex
import signal
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from base.errors import Stop, bisect_status
from runner import bisect, cli, options, run
from runner.run import One
from dev import options as developer

# Words, and what the one line has to say.
WRONG = (
    (["--shufle"], "the nearest is --shuffle"),
    (["--nonsense-of-mine"], "unknown option"),
    (["--repeat", "0"], "not a whole number above 0"),
    (["--repeat", "-3"], ""),
    (["--repeat", "٣"], "not a whole number"),
    (["--timeout", "99999999"], "more than a day"),
    (["--seed", "4294967296"], "not a number from 0"),
    (["--shuffle=x"], "not a number from 0"),
    (["--spm", "0x140000000"], "not two 2 MiB aligned"),
    (["--spm", "0x140000000,0x140000000"], "overlap"),
    (["--spm", "0x140000001,0x160000000"], "not two 2 MiB aligned"),
    (["--spm", "a,b"], "not two 2 MiB aligned"),
    (["--shard", "3/2"], "not a shard"),
    (["--shard", "0/2"], "not a whole number"),
    (["--shard", "1"], "not a shard"),
    (["--native", "--vm"], "not allowed with"),
    (["--native", "--kernel", "6.1"], "--native takes no --kernel; it is for runs in VMs, "),
    (["--destructive", "--native"], "--native takes no --destructive"),
    (["--vm", "--spm", "0x140000000,0x160000000"], "--native takes no --vm"),
    (["--copy", "/"], "a run in VMs takes no --copy; it is for --shell"),
    (["--list", "--junit", "x"], "--list takes no --junit"),
    (["check", "--kernel", "T", "--profile", "debug"], "check takes no --kernel"),
    (["--shell", "fork.*"], "--shell takes no 'fork.*'"),
    (["--shell", "--kernel", "a", "--kernel", "b"], "--shell takes one --kernel"),
    (["bench", "--kernel", "a", "--kernel", "b"], "bench takes one --kernel"),
    (["--until-fail", "--gate", "x"], "leaves tests out"),
    (["--stress", "7200"],
     "a test may take at most 3600 s; --timeout (times 1 with this --profile) and --stress "
     "add up to 7230 s"),
    (["--native", "--timeout", "7200"], "at most 3600 s"),
    (["--profile", "debug", "--timeout", "181"],
     "(times 20 with this --profile) and --stress add up to 3620"),
    (["--modules", "/lib"], "belongs to a bzImage"),
    (["--bisect-step"], "one kernel tree"),
    (["--bisect-step", "--kernel", "a", "--kernel", "b"], "one kernel tree"),
    (["--kernel"], "expected one argument"),
    (["compare", "a"], "two results folders"),
    (["merge"], "folders of all shards"),
    (["bisect", "a", "b"], "bisect takes --kernel"),
    (["bisect", "--kernel", "t", "a"], "bisect takes --kernel"),
    (["doctor", "who"], "doctor takes no 'who'"),
    (["--kconfig", "CONFIG_X"], "not an option such as CONFIG_X=y"),
    (["--kconfig-file", "no/such"], "there is no file no/such"),
    (["--make-arg", "vmlinux"], "not a variable such as LLVM=1"),
    (["--make-arg", "O=x"], "O is for this suite to set"),
    (["--build", "b", "--kernel", "6.1"], "two kernels"),
    (["--build", "b", "--make-arg", "V=1"], "--build takes a kernel as it is, and --make-arg"),
    (["--gdb", "--kernel", "a", "--kernel", "b"], "--gdb takes one --kernel and one VM"),
    (["--gdb", "--jobs", "2"], "one VM at a time"),
    (["--gdb", "--native"], "--native takes no --gdb"),
    (["rerun"], "rerun takes a results folder"),
    (["report", "a", "b"], "report takes a results folder"),
    (["rerun", "a", "--kernel", "6.1"], "rerun takes no --kernel"),
    (["cache", "clear"], "cache takes no 'clear'"),
    (["cache", "clean", "x"], "cache takes no 'x'"),
)


class Parse(unittest.TestCase):
    """The command line alone."""

    def test_wrong_use(self):
        for words, text in WRONG:
            with self.subTest(words=words), self.assertRaises(Stop) as caught:
                cli.parse(words)
            self.assertEqual(caught.exception.status, 2)
            self.assertIn(text, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

    def test_globs_and_options_mix(self):
        found = cli.parse(["fork.*", "--repeat", "3", "dio.*", "--shuffle", "pin.*", "--skip", "x"])
        self.assertEqual((found.globs, found.repeat, found.shuffle, found.skip),
                         (["fork.*", "dio.*", "pin.*"], 3, "draw", ["x"]))
        self.assertEqual(cli.parse(["--shuffle=7", "check.*"]).shuffle, 7)
        self.assertEqual(cli.parse(["-v", "bisect", "a", "b", "t.*", "--kernel", "x"]).globs,
                         ["a", "b", "t.*"])
        self.assertEqual(cli.parse(["--until-fail"]).repeat, 100)
        self.assertEqual(cli.parse(["--until-fail", "--repeat", "5"]).repeat, 5)

    def test_each_word_with_each_option(self):
        """What a command takes it is given, and every other option is refused by its name."""
        values = {"--kernel": "x", "--modules": "m", "--spm": "0x140000000,0x160000000",
                  "--profile": "debug", "--accel": "tcg", "--jobs": "2", "--cache": "c",
                  "--copy": "/", "--skip": "s", "--shard": "1/2", "--repeat": "2",
                  "--shuffle": "=3", "--seed": "4", "--stress": "5", "--timeout": "6",
                  "--boot-timeout": "7", "--results": "r", "--junit": "j", "--json": "j",
                  "--html": "h", "--gate": "g", "--known": "k", "--build": "b",
                  "--kconfig": "X=y", "--kconfig-file": "README.md", "--make-arg": "V=1",
                  "--append": "x", "--qemu-arg": "x", "--failed": "f", "--kcidb": "f"}
        needs = {"compare": ["a", "b"], "merge": ["a"], "bisect": ["a", "b", "--kernel=t"],
                 "import": ["t"], "rerun": ["d"], "report": ["d"]}
        with_another = {"--modules": ["--kernel", "x"], "--bisect-step": ["--kernel", "x"],
                        "--copy": ["--shell"]}
        names = [name for action in options.parser(developer)._actions
                 for name in action.option_strings
                 if name.startswith("--") and name != "--help"]
        takes, commands = options.TAKES | developer.TAKES, options.WORDS | developer.WORDS
        self.assertEqual(set().union(*takes.values()), {*names, "--help"})
        self.assertEqual(set(commands) - set(takes), set())
        self.assertEqual(set(developer.WORDS), set(cli.DEV_WORDS))
        for command, taken in takes.items():
            for name in names:
                words = [command] * bool(command) + needs.get(command, [])
                value = [values[name]] if name in values else []
                given = [name + value[0]] if name == "--shuffle" else [name, *value]
                with self.subTest(command=command, option=name):
                    if name in taken:
                        words = [word for word in words if not word.startswith(f"{name}=")]
                        found = cli.parse([*words, *given, *with_another.get(name, [])])
                        self.assertIn(name[2:].replace("-", "_"), found.given)
                    # By which another way to run is chosen.
                    elif command in commands or name not in (*takes, "--spm"):
                        with self.assertRaises(Stop) as caught:
                            cli.parse([*words, *given])
                        self.assertEqual(caught.exception.status, 2)
                        self.assertIn(name, str(caught.exception))

    def test_a_bisection_gives_each_of_its_options_to_its_steps(self):
        values = ["--profile=debug", "--accel=tcg", "-j2", "--destructive", "--skip=s",
                  "--repeat=2", "--until-fail", "--shuffle=3", "--seed=4", "--stress=5",
                  "--timeout=6", "--boot-timeout=7", "--known=/k", "--strict", "-v",
                  "--kconfig=X=y", "--kconfig=Y=n", f"--kconfig-file={kit.TOP}/README.md",
                  "--make-arg=KCFLAGS=-O1 -g", "--append=x y", "--qemu-arg=-device x"]
        asked = cli.parse(["bisect", "--kernel", "t", "a", "b", "fork.*", *values])
        step = bisect.Bisection.__new__(bisect.Bisection)
        step.options, step.globs, step.tree = asked, asked.globs[2:], SimpleNamespace(path="t")
        with mock.patch.dict(os.environ, HMM_COHERENT_CACHE="/c"):
            got = cli.parse(step._command(Path("/r"))[1:])
        for dest in asked.given - {"kernel"}:
            self.assertEqual(getattr(got, dest), getattr(asked, dest), dest)
        self.assertEqual((got.globs, got.bisect_step, got.results), (["fork.*"], True, Path("/r")))
        missing = {options.flag(dest) for dest in asked.given} ^ options.TAKES["bisect"]
        # --gate: not with --until-fail.
        self.assertEqual(missing, {"--help", "--vm", "--gate", "--results", "--cache"})

    def test_again_repeats_what_ran(self):
        """From the folder of the suite, wherever the user stood."""
        here = os.getcwd()
        for where, words, name, expected in (
                ("vm", [], "fork.a", "--vm --kernel 6.1 fork.a"),
                ("vm", ["--profile", "debug", "--seed", "7"], "fork.a",
                 "--vm --kernel 6.1 --profile debug --seed 7 fork.a"),
                ("vm", ["--destructive"], "destructive.a",
                 "--vm --kernel 6.1 --destructive destructive.a"),
                ("vm", ["--destructive"], "fork.a", "--vm --kernel 6.1 fork.a"),
                ("vm", ["--kernel", "selftest"], "fork.a", f"--vm --kernel {here}/selftest fork.a"),
                ("vm", ["--kernel", "README.md", "--modules", "docs", "--cache", "c", "--timeout",
                        "9", "--boot-timeout", "8", "--accel", "tcg"], "fork.a",
                 f"--vm --kernel {here}/README.md --modules {here}/docs --accel tcg "
                 f"--cache {here}/c --boot-timeout 8 --timeout 9 fork.a"),
                ("vm", ["--known", "k.toml", "--strict", "--repeat", "3"], "fork.a",
                 f"--vm --kernel 6.1 --known {here}/k.toml --strict fork.a"),
                ("vm", ["--build", "docs", "--append", "a b"], "fork.a",
                 f"--vm --build {here}/docs --append 'a b' fork.a"),
                ("vm", ["--kernel", ".@HEAD", "--kconfig", "X=y", "--kconfig", "CONFIG_Y=n",
                        "--kconfig-file", "README.md", "--make-arg", "LLVM=1", "--qemu-arg=-s"],
                 "fork.a", f"--vm --kernel {here}@HEAD --kconfig CONFIG_X=y --kconfig CONFIG_Y=n "
                 f"--kconfig-file {here}/README.md --make-arg LLVM=1 --qemu-arg=-s fork.a"),
                ("native", ["--native", "--stress", "3"], "fork.a", "--native --stress 3 fork.a"),
                ("native", ["--spm", "0x140000000,0x160000000", "--timeout", "5"], "fork.a",
                 "--spm 0x140000000,0x160000000 --timeout 5 fork.a")):
            asked = cli.parse(words)
            ran = SimpleNamespace(options=asked, plan=SimpleNamespace(where=where),
                                  kernel=str(asked.build or (asked.kernel or ["6.1"])[0]))
            self.assertEqual(One.rerun(ran, name), f"./run_tests.sh {expected}")
            cli.parse(shlex.split(One.rerun(ran, name))[1:])

    def test_the_limit_is_that_of_the_programs(self):
        """And what is within it can finish: the program, its machine, here and in a VM."""
        limit = int(re.search(r"timeout_s > (\d+)",
                              (kit.TOP / "common/suite/plan.c").read_text())[1])
        self.assertEqual(options.TEST_SECONDS, limit)
        for words, seconds in ((["--stress", "3570"], 3600), (["--timeout", "3600"], 3600),
                               (["--profile", "debug"], 600),
                               (["--profile", "debug", "--stress", "60"], 660), ([], 30)):
            self.assertEqual(run.limits(cli.parse(words)).test, seconds, words)

    def test_bisect_status(self):
        for status, expected in ((0, 0), (1, 1), (3, 125), (4, 125), (2, 128), (127, 128),
                                 (130, 130), (143, 143)):
            self.assertEqual(bisect_status(status), expected)


class Command(unittest.TestCase):
    """The real command, on the honest program."""

    @classmethod
    def tearDownClass(cls):
        kit.forget()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)

    def stops(self, status: int, text: str, *words: str, **extra: str) -> None:
        """It ends with one line and this status, and leaves nothing."""
        got = kit.run(self.scratch, *words, **extra)
        last = got.stderr.splitlines()[-1]
        self.assertEqual((got.status, got.left), (status, {}), got.stderr)
        self.assertIn(text, last)
        self.assertTrue(last.startswith("run_tests.sh: "), last)
        self.assertNotIn("Traceback", got.stderr)

    def test_unknown_test(self):
        self.stops(2, "the nearest is liar.two", "liar.tow")
        self.stops(2, "the nearest is liar.*", "lier.*")
        self.stops(2, "no test matches", "--skip", "nothing.*")
        self.stops(2, "--skip leaves no test", "--skip", "*")
        self.stops(128, "no test matches", "nothing.*", "--bisect-step", "--kernel", "t")

    def test_no_program(self):
        empty = self.scratch / "empty"
        empty.mkdir()
        self.stops(3, "there are no tests", HMM_COHERENT_PROGRAMS=str(empty))
        self.stops(2, "is not a folder", HMM_COHERENT_PROGRAMS=str(empty / "not"))
        (empty / "prog").write_text("not a program")
        (empty / "prog").chmod(0o755)
        self.stops(3, "cannot be started", HMM_COHERENT_PROGRAMS=str(empty))

    def test_results_that_cannot_be_written(self):
        (self.scratch / "results").mkdir()
        (self.scratch / "results" / "precious").write_text("keep")
        self.stops(2, "is not an empty folder")
        self.assertEqual((self.scratch / "results" / "precious").read_text(), "keep")
        self.stops(3, "cannot write /proc/", "--results", "/proc/nowhere/x")
        for name in ("junit", "json", "html"):
            self.stops(2, "cannot be written", f"--{name}", str(self.scratch / "no" / "file"))
            self.stops(2, "is a folder", f"--{name}", str(self.scratch))

    def test_cache_that_cannot_be_made(self):
        self.stops(3, "the cache folder /proc/nowhere cannot be made", "--cache", "/proc/nowhere")
        (self.scratch / "file").write_text("")
        self.stops(3, "cannot be made", "--cache", str(self.scratch / "file"))

    def test_full_disk(self):
        with self.subTest("stdout"):
            got = kit.run(self.scratch, stdout="/dev/full")
            self.assertEqual(got.status, 3, got.stderr)
            self.assertIn("cannot write to stdout: No space left", got.stderr)
            self.assertNotIn("Traceback", got.stderr)
        with self.subTest("results"):
            got = kit.run(self.scratch, "--results", str(self.scratch / "small"),
                          prefix=("prlimit", "--fsize=600"))
            self.assertEqual(got.status, 3, got.stderr)
            self.assertIn("free some space, or give --results DIR elsewhere", got.stderr)
            self.assertNotIn("Traceback", got.stderr)

    def test_gate_and_known_are_looked_at_first(self):
        self.stops(2, "give a results folder", "--gate", str(self.scratch))
        self.stops(2, "--known", "--known", str(self.scratch / "none.toml"))
        (self.scratch / "known.toml").write_text('[[issue]]\ntests = "liar.too"\nkernels = '
                                                 '".."\ntext = "x"\nreason = "x"\nlink = "x"\n')
        self.stops(2, "entry 1: no test matches 'liar.too'", "--known",
                   str(self.scratch / "known.toml"))
        self.assertFalse((self.scratch / "results").exists())

    def test_a_baseline_that_proves_nothing(self):
        """Is said before anything runs."""
        for lie in ("honest-skip", "honest-broken"):
            words = ("liar.two",) if lie == "honest-broken" else ()
            kit.run(self.scratch, *words, "--results", str(self.scratch / lie), LIE=lie)
            self.stops(2, "no test of the baseline passed", "--gate", str(self.scratch / lie),
                       LIE=lie)
        self.assertFalse((self.scratch / "results").exists())

    def test_nothing_but_known_issues(self):
        known = self.scratch / "known.toml"
        known.write_text(kit.KNOWN)
        step = ("liar.two", "--bisect-step", "--kernel", "x")
        for number, (words, status) in enumerate(((("liar.two",), 4), ((), 0), (step, 125))):
            got = kit.run(self.scratch, *words, "--known", str(known), "--results",
                          str(self.scratch / str(number)), LIE="honest-fail")
            self.assertEqual(got.status, status, got.stderr)

    def test_strict_counts_skips(self):
        self.assertEqual(kit.run(self.scratch, LIE="honest-skip").status, 4)
        got = kit.run(self.scratch, "--strict", "--results", str(self.scratch / "2"),
                      LIE="honest-skip")
        self.assertEqual(got.status, 1)
        self.assertIn("--strict: 3 skipped", got.stderr)

    def test_selection(self):
        for number, (words, expected) in enumerate((
            (("liar.one",), "liar.one"), (("liar.t*",), "liar.two liar.three"),
            (("liar",), "liar.one liar.two liar.three"),
            (("--skip", "*.two"), "liar.one liar.three"), (("--shard", "2/2"), "liar.two"),
            (("--repeat", "2", "*.one"), "liar.one liar.one"),
        )):
            with self.subTest(words=words):
                folder = self.scratch / str(number)
                got = kit.run(self.scratch, *words, "--results", str(folder))
                ran = [line.split()[-1] for line in (folder / "stream-1").read_text().splitlines()
                       if line.startswith("# begin ")]
                self.assertEqual((got.status, ran), (0, expected.split()), got.stderr)

    def test_shards_are_merged_and_compared(self):
        for number in (1, 2):
            kit.run(self.scratch, "--shard", f"{number}/2", "--results",
                    str(self.scratch / f"part-{number}"))
        parts = [str(self.scratch / "part-1"), str(self.scratch / "part-2")]
        whole = self.scratch / "whole"
        got = kit.run(self.scratch, "merge", *parts, "--results", str(whole))
        self.assertEqual((got.status, got.last_line),
                         (0, "3 passed, 0 failed, 0 known, 0 skipped, 0 not run"), got.stderr)
        self.assertIn("# 1..3", got.stdout)
        self.stops(2, "a shard was given twice", "merge", parts[0], parts[0])
        got = kit.run(self.scratch, "merge", parts[0], "--results", str(self.scratch / "half"))
        self.assertEqual(got.status, 3, got.stderr)
        got = kit.run(self.scratch, "compare", parts[0], str(whole), "--html",
                      str(self.scratch / "x.html"))
        self.assertEqual(got.status, 0, got.stderr)
        self.assertIn("only in the second: 1", got.stdout)
        self.stops(2, "no test of the results of suite", "compare", *parts)
        self.stops(2, "no test of the results of suite", "--gate", parts[0], "liar.two")
        got = kit.run(self.scratch, "merge", *parts, "--gate", str(whole), "--results",
                      str(self.scratch / "again"))
        self.assertEqual((got.status, "gate: passed, no test is worse" in got.stderr), (0, True),
                         got.stderr)
        self.assertIn("<html", (self.scratch / "x.html").read_text())

    def test_list_and_dry_run_run_nothing(self):
        got = kit.run(self.scratch, "--list", "liar.t*")
        self.assertEqual(got.stdout,
                         "liar.two\tthe second, where the lie is\nliar.three\tthe third\n")
        got = kit.run(self.scratch, "--dry-run", "liar.two")
        self.assertEqual(got.stdout.split()[-1], "liar.two")
        self.assertFalse((self.scratch / "results").exists())

    def test_a_bug_of_ours_is_one_line_and_never_a_bad_commit(self):
        for words, status in (((), 3), (("--bisect-step", "--kernel", "tree"), 128)):
            self.stops(status, "a bug in the suite, not in the kernel", *words,
                       HMM_COHERENT_GRACE="soon")
        kept = list(self.scratch.glob("hmm-coherent-bug-*.txt"))
        self.assertEqual(len(kept), 2)
        self.assertIn("Traceback", kept[0].read_text())

    def test_a_flaky_test_is_not_passed(self):
        got = kit.run(self.scratch, "--repeat", "3", LIE="honest-flaky")
        self.assertEqual((got.status, got.verdict("liar.two")), (1, "fail/check"))
        self.assertIn("flaky: 2 of 3", got.stderr)

    def test_a_closed_stdout_costs_no_result(self):
        read, write = os.pipe()
        os.close(read)
        got = kit.run(self.scratch, stdout=f"/dev/fd/{write}", pass_fd=write)
        os.close(write)
        self.assertEqual((got.status, got.verdict("liar.two")), (0, "pass"), got.stderr)

    def test_a_reader_that_has_enough(self):
        """--list | head: no bug, no word, whether it leaves in the middle or before all of it was
        written at the end."""
        for word, middle in (("--list", "1"), ("--list", ""), ("doctor", "1"), ("--help", "")):
            read, write = os.pipe()
            os.close(read)
            got = kit.run(self.scratch, word, stdout=f"/dev/fd/{write}", pass_fd=write,
                          PYTHONUNBUFFERED=middle)
            os.close(write)
            self.assertEqual((got.status, got.stderr), (128 + signal.SIGPIPE, ""), word)
