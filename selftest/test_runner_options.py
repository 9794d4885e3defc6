# SPDX-License-Identifier: GPL-2.0
"""Bad input: each gets one line, the right status and no trace; and what is selected is what was
meant."""

import os
import re
import runner_kit as kit
import shlex
import signal
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from base.errors import bisect_status
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
    (["report"], "report takes a results folder"),
    (["report", "a", "b", "--json", "x"], "of several folders writes only --html"),
    (["rerun", "a", "--kernel", "6.1"], "rerun takes no --kernel"),
    (["cache", "clear"], "cache takes no 'clear'"),
    (["cache", "clean", "x"], "cache takes no 'x'"),
)

# The command line alone.


@pytest.mark.parametrize("words, text", WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_use(box, words, text):
    box.stops(2, text, cli.parse, words)


def test_globs_and_options_mix():
    found = cli.parse(["fork.*", "--repeat", "3", "dio.*", "--shuffle", "pin.*", "--skip", "x"])
    assert (found.globs, found.repeat, found.shuffle, found.skip) == (["fork.*", "dio.*", "pin.*"],
                                                                      3, "draw", ["x"])
    assert cli.parse(["--shuffle=7", "check.*"]).shuffle == 7
    found = cli.parse(["--shuffle", "8", "check.*"])
    assert (found.shuffle, found.globs) == (8, ["check.*"])
    assert cli.parse(["check.*", "--shuffle"]).shuffle == "draw"
    assert cli.parse(["-v", "bisect", "a", "b", "t.*", "--kernel", "x"]).globs == ["a", "b", "t.*"]
    assert cli.parse(["--until-fail"]).repeat == 100
    assert cli.parse(["--until-fail", "--repeat", "5"]).repeat == 5


def test_each_word_with_each_option(box):
    """What a command takes it is given, and every other option is refused by its name."""
    values = {"ADDR,ADDR": "0x140000000,0x160000000", "debug": "debug", None: "tcg", "N": "2",
              "DIR": "/", "I/N": "1/2", "SEED": "=3", "S": "5", "FILE": "README.md",
              "CONFIG_X=y": "X=y", "VAR=VALUE": "V=1", "ARCH": "arm64", "SIZE": "16K",
              "MIN..MAX": "12..40"}     # of those that are not any text, by what --help names them
    needs = {"compare": ["a", "b"], "merge": ["a"], "bisect": ["a", "b", "--kernel=t"],
             "import": ["t"], "rerun": ["d"], "report": ["d"]}
    with_another = {"--modules": ["--kernel", "x"], "--bisect-step": ["--kernel", "x"],
                    "--copy": ["--shell"], "--as-program": ["--replay", "x"],
                    "--as-scenario": ["--replay", "x"]}
    actions = {action.option_strings[-1]: action for action in options.parser(developer)._actions
               if action.option_strings and action.dest != "help"}
    names = list(actions)
    takes, commands = options.TAKES | developer.TAKES, options.WORDS | developer.WORDS
    assert set().union(*takes.values()) == {*names, "--help"}
    assert set(commands) - set(takes) == set()
    assert set(developer.WORDS) == set(cli.DEV_WORDS)
    for command, taken in takes.items():
        for name in names:
            words = [command] * bool(command) + needs.get(command, [])
            value = [values.get(actions[name].metavar, "x")] if actions[name].nargs != 0 else []
            given = [name + value[0]] if name == "--shuffle" else [name, *value]
            if name in taken:
                words = [word for word in words if not word.startswith(f"{name}=")]
                found = cli.parse([*words, *given, *with_another.get(name, [])])
                assert name[2:].replace("-", "_") in found.given
            # By which another way to run is chosen.
            elif command in commands or name not in (*takes, "--spm"):
                box.stops(2, name, cli.parse, [*words, *given])


def test_a_bisection_gives_each_of_its_options_to_its_steps():
    values = ["--profile=debug", "--accel=tcg", "-j2", "--destructive", "--skip=s",
              "--repeat=2", "--until-fail", "--shuffle=3", "--seed=4", "--stress=5",
              "--timeout=6", "--boot-timeout=7", "--known=/k", "--strict", "-v",
              "--kconfig=X=y", "--kconfig=Y=n", f"--kconfig-file={kit.TOP}/README.md",
              "--make-arg=KCFLAGS=-O1 -g", "--append=x y", "--qemu-arg=-device x", "--arch=arm64",
              "--page-size=16K"]
    asked = cli.parse(["bisect", "--kernel", "t", "a", "b", "fork.*", *values])
    step = bisect.Bisection.__new__(bisect.Bisection)
    step.options, step.globs, step.tree = asked, asked.globs[2:], SimpleNamespace(path="t")
    with mock.patch.dict(os.environ, HMM_COHERENT_CACHE="/c"):
        got = cli.parse(step._command(Path("/r"))[1:])
    for dest in asked.given - {"kernel"}:
        assert getattr(got, dest) == getattr(asked, dest), dest
    assert (got.globs, got.bisect_step, got.results) == (["fork.*"], True, Path("/r"))
    missing = {options.flag(dest) for dest in asked.given} ^ options.TAKES["bisect"]
    # --gate: not with --until-fail. --replay: not with GLOB; its step is one of `explore`.
    assert missing == {"--help", "--vm", "--gate", "--results", "--cache", "--replay"}


def test_again_repeats_what_ran():
    """From the folder of the suite, wherever the user stood."""
    here = os.getcwd()
    for where, words, name, expected in (
        ("vm", [], "fork.a", "--vm --kernel 6.1 fork.a"),
        ("vm", ["--profile", "debug", "--seed", "7"],
         "fork.a", "--vm --kernel 6.1 --profile debug --seed 7 fork.a"),
        ("vm", ["--destructive"], "destructive.a", "--vm --kernel 6.1 --destructive destructive.a"),
        ("vm", ["--destructive"], "fork.a", "--vm --kernel 6.1 fork.a"),
        ("vm", ["--kernel", "selftest"], "fork.a", f"--vm --kernel {here}/selftest fork.a"),
        ("vm", ["--kernel", "README.md", "--modules",
                "docs", "--cache", "c", "--timeout", "9", "--boot-timeout", "8", "--accel", "tcg"],
         "fork.a", f"--vm --kernel {here}/README.md --modules {here}/docs --accel tcg "
         f"--cache {here}/c --boot-timeout 8 --timeout 9 fork.a"),
        ("vm", ["--known", "k.toml", "--strict", "--repeat", "3"],
         "fork.a", f"--vm --kernel 6.1 --known {here}/k.toml --strict fork.a"),
        ("vm", ["--build", "docs", "--append", "a b"],
         "fork.a", f"--vm --build {here}/docs --append 'a b' fork.a"),
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
        assert One.rerun(ran, name) == f"./run_tests.sh {expected}"
        cli.parse(shlex.split(One.rerun(ran, name))[1:])


def test_the_limit_is_that_of_the_programs():
    """And what is within it can finish: the program, its machine, here and in a VM."""
    limit = int(re.search(r"timeout_s > (\d+)", (kit.TOP / "common/suite/plan.c").read_text())[1])
    assert options.TEST_SECONDS == limit
    for words, seconds in ((["--stress", "3570"], 3600), (["--timeout", "3600"], 3600),
                           (["--profile", "debug"], 600),
                           (["--profile", "debug", "--stress", "60"], 660), ([], 30)):
        assert run.limits(cli.parse(words)).test == seconds, words


def test_bisect_status():
    for status, expected in ((0, 0), (1, 1), (3, 125), (4, 125), (2, 128), (127, 128),
                             (130, 130), (143, 143)):
        assert bisect_status(status) == expected

# The real command, on the honest program.


def stops(box, status: int, text: str, *words: str, **extra: str) -> None:
    """It ends with one line and this status, and leaves nothing."""
    got = kit.run(box.scratch, *words, **extra)
    last = got.stderr.splitlines()[-1]
    assert (got.status, got.left) == (status, {}), got.stderr
    assert text in last
    assert last.startswith("run_tests.sh: "), last
    assert "Traceback" not in got.stderr


def test_unknown_test(box):
    stops(box, 2, "the nearest is liar.two", "liar.tow")
    stops(box, 2, "the nearest is liar.*", "lier.*")
    stops(box, 2, "no test matches", "--skip", "nothing.*")
    stops(box, 2, "--skip leaves no test", "--skip", "*")
    stops(box, 128, "no test matches", "nothing.*", "--bisect-step", "--kernel", "t")


def test_no_program(box):
    empty = box.scratch / "empty"
    empty.mkdir()
    stops(box, 3, "there are no tests", HMM_COHERENT_PROGRAMS=str(empty))
    stops(box, 2, "is not a folder", HMM_COHERENT_PROGRAMS=str(empty / "not"))
    (empty / "prog").write_text("not a program")
    (empty / "prog").chmod(0o755)
    stops(box, 3, "cannot be started", HMM_COHERENT_PROGRAMS=str(empty))


def test_results_that_cannot_be_written(box):
    (box.scratch / "results").mkdir()
    (box.scratch / "results" / "precious").write_text("keep")
    stops(box, 2, "is not an empty folder")
    assert (box.scratch / "results" / "precious").read_text() == "keep"
    stops(box, 3, "cannot write /proc/", "--results", "/proc/nowhere/x")
    for name in ("junit", "json", "html"):
        stops(box, 2, "cannot be written", f"--{name}", str(box.scratch / "no" / "file"))
        stops(box, 2, "is a folder", f"--{name}", str(box.scratch))


def test_cache_that_cannot_be_made(box):
    stops(box, 3, "the cache folder /proc/nowhere cannot be made", "--cache", "/proc/nowhere")
    (box.scratch / "file").write_text("")
    stops(box, 3, "cannot be made", "--cache", str(box.scratch / "file"))


def test_full_disk(box):
    got = kit.run(box.scratch, stdout="/dev/full")
    assert got.status == 3, got.stderr
    assert "cannot write to stdout: No space left" in got.stderr
    assert "Traceback" not in got.stderr
    got = kit.run(box.scratch, "--results", str(box.scratch / "small"),
                  prefix=("prlimit", "--fsize=600"))
    assert got.status == 3, got.stderr
    assert "free some space, or give --results DIR elsewhere" in got.stderr
    assert "Traceback" not in got.stderr


def test_gate_and_known_are_looked_at_first(box):
    stops(box, 2, "give a results folder", "--gate", str(box.scratch))
    stops(box, 2, "--known", "--known", str(box.scratch / "none.toml"))
    (box.scratch / "known.toml").write_text('[[issue]]\ntests = "liar.too"\nkernels = '
                                             '".."\ntext = "x"\nreason = "x"\nlink = "x"\n')
    stops(box, 2, "entry 1: no test matches 'liar.too'", "--known", str(box.scratch / "known.toml"))
    assert not (box.scratch / "results").exists()


def test_a_baseline_that_proves_nothing(box):
    """Is said before anything runs."""
    for lie in ("honest-skip", "honest-broken"):
        words = ("liar.two",) if lie == "honest-broken" else ()
        kit.run(box.scratch, *words, "--results", str(box.scratch / lie), LIE=lie)
        stops(box, 2, "no test of the baseline passed", "--gate", str(box.scratch / lie), LIE=lie)
    assert not (box.scratch / "results").exists()


def test_nothing_but_known_issues(box):
    known = box.scratch / "known.toml"
    known.write_text(kit.KNOWN)
    step = ("liar.two", "--bisect-step", "--kernel", "x")
    for number, (words, status) in enumerate(((("liar.two",), 4), ((), 0), (step, 125))):
        got = kit.run(box.scratch, *words, "--known", str(known), "--results",
                      str(box.scratch / str(number)), LIE="honest-fail")
        assert got.status == status, got.stderr


def test_strict_counts_skips(box):
    assert kit.run(box.scratch, LIE="honest-skip").status == 4
    got = kit.run(box.scratch, "--strict", "--results", str(box.scratch / "2"), LIE="honest-skip")
    assert got.status == 1
    assert "--strict: 3 skipped" in got.stderr


def test_selection(box):
    for number, (words, expected) in enumerate(
        ((("liar.one",), "liar.one"), (("liar.t*",), "liar.two liar.three"),
         (("liar",), "liar.one liar.two liar.three"), (("--skip", "*.two"), "liar.one liar.three"),
         (("--shard", "2/2"), "liar.two"), (("--repeat", "2", "*.one"), "liar.one liar.one"),)):
        folder = box.scratch / str(number)
        got = kit.run(box.scratch, *words, "--results", str(folder))
        ran = [line.split()[-1] for line in (folder / "stream-1").read_text().splitlines()
               if line.startswith("# begin ")]
        assert (got.status, ran) == (0, expected.split()), got.stderr


def test_shards_are_merged_and_compared(box):
    for number in (1, 2):
        kit.run(box.scratch, "--shard", f"{number}/2", "--results",
                str(box.scratch / f"part-{number}"))
    parts = [str(box.scratch / "part-1"), str(box.scratch / "part-2")]
    whole = box.scratch / "whole"
    got = kit.run(box.scratch, "merge", *parts, "--results", str(whole))
    assert (got.status,
            got.last_line) == (0, "3 passed, 0 failed, 0 known, 0 skipped, 0 not run"), got.stderr
    assert "# 1..3" in got.stdout
    stops(box, 2, "a shard was given twice", "merge", parts[0], parts[0])
    got = kit.run(box.scratch, "merge", parts[0], "--results", str(box.scratch / "half"))
    assert got.status == 3, got.stderr
    got = kit.run(box.scratch, "compare", parts[0], str(whole), "--html",
                  str(box.scratch / "x.html"))
    assert got.status == 0, got.stderr
    assert "only in the second: 1" in got.stdout
    stops(box, 2, "the results have no test in common", "compare", *parts)
    stops(box, 2, "the results have no test in common", "--gate", parts[0], "liar.two")
    got = kit.run(box.scratch, "merge", *parts, "--gate", str(whole), "--results",
                  str(box.scratch / "again"))
    assert (got.status, "gate: passed, no test is worse" in got.stderr) == (0, True), got.stderr
    assert "<html" in (box.scratch / "x.html").read_text()


def test_list_and_dry_run_run_nothing(box):
    got = kit.run(box.scratch, "--list", "liar.t*")
    assert got.stdout == "liar.two\tthe second, where the lie is\nliar.three\tthe third\n"
    got = kit.run(box.scratch, "--dry-run", "liar.two")
    assert got.stdout.split()[-1] == "liar.two"
    assert not (box.scratch / "results").exists()


def test_a_bug_of_ours_is_one_line_and_never_a_bad_commit(box):
    for words, status in (((), 3), (("--bisect-step", "--kernel", "tree"), 128)):
        stops(box, status, "a bug in the suite, not in the kernel", *words,
                   HMM_COHERENT_GRACE="soon")
    kept = list(box.scratch.glob("hmm-coherent-bug-*.txt"))
    assert len(kept) == 2
    assert "Traceback" in kept[0].read_text()


def test_a_flaky_test_is_not_passed(box):
    got = kit.run(box.scratch, "--repeat", "3", LIE="honest-flaky")
    assert (got.status, got.verdict("liar.two")) == (1, "fail/check")
    assert "flaky: 2 of 3" in got.stderr


def test_a_closed_stdout_costs_no_result(box):
    read, write = os.pipe()
    os.close(read)
    got = kit.run(box.scratch, stdout=f"/dev/fd/{write}", pass_fd=write)
    os.close(write)
    assert (got.status, got.verdict("liar.two")) == (0, "pass"), got.stderr


def test_a_reader_that_has_enough(box):
    """--list | head: no bug, no word, whether it leaves in the middle or before all of it was
    written at the end."""
    for word, middle in (("--list", "1"), ("--list", ""), ("doctor", "1"), ("--help", "")):
        read, write = os.pipe()
        os.close(read)
        got = kit.run(box.scratch, word, stdout=f"/dev/fd/{write}", pass_fd=write,
                      PYTHONUNBUFFERED=middle)
        os.close(write)
        assert (got.status, got.stderr) == (128 + signal.SIGPIPE, ""), word
