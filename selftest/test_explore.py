# SPDX-License-Identifier: GPL-2.0
"""Random sequences (docs/explore.md), without a kernel: the text of a sequence, the generator, and
what `run_tests.sh explore` does with a command line and with results."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from base.errors import Interrupted, Stop
from report import json_out
from report.ktap import Diag
from runner import asked, explore, options, plan
from runner.screen import Screen
from streams import replay

TOP = Path(__file__).resolve().parent.parent
VARIABLE = "HMM_COHERENT_EXPLORE"


# The first sequences; see test_seed_makes_the_same_sequence().
DIGEST = "8ab27932890539e3"


@pytest.fixture(name="program", scope="module")
def a_program(tmp_path_factory) -> Path:
    """The program, which lists and prints without a driver: built as for a run."""
    cache = Path(os.environ.get("HMM_COHERENT_CACHE") or Path.home() / ".cache/hmm-coherent")
    trees = [header.parent.parent for header in sorted(cache.glob("src/*/lib/test_hmm_uapi.h"))]
    if not trees:
        pytest.skip("the cache has no kernel source to build against")
    output = tmp_path_factory.mktemp("explore")
    done = subprocess.run(
        ["make", "-s", "-C", TOP, f"-j{os.cpu_count()}", f"OUTPUT={output}", f"KSRC={trees[0]}",
         f"{output}/{plan.EXPLORE}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output / plan.EXPLORE


def ask(program: Path, **settings: str) -> subprocess.CompletedProcess:
    """PROG --list with these settings."""
    return subprocess.run(
        [program, "--list"], capture_output=True, text=True, check=False,
        env=os.environ | {VARIABLE + name: value for name, value in settings.items()})


def sequence(program: Path, seed: int, **settings: str) -> str:
    """The sequence of a seed."""
    done = ask(program, **{"": "print", "_SEED": str(seed)} | settings)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_seed_makes_the_same_sequence(program):
    """On every machine: the texts of the first seeds are known. Operations that are added, or
    other weights, change them on purpose."""
    texts = [sequence(program, seed) for seed in range(1, 21)]
    assert texts == [sequence(program, seed) for seed in range(1, 21)]
    assert len(set(texts)) == 20
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    assert digest == DIGEST, f"the sequences are others than before: {digest}\n{texts[0]}"


def test_sequence_is_what_its_text_says(program):
    """The text of a generated sequence is accepted as a replay."""
    for seed in range(1, 101):
        done = ask(program, **{"": "replay", "_REPLAY": sequence(program, seed)})
        assert done.returncode == 0, done.stderr


def test_length_and_choice(program):
    """--length, --only and --weight."""
    for seed in range(1, 30):
        words = sequence(program, seed, _LENGTH="6..8", _ONLY="fork write").split("; ")
        assert 6 <= len(words) <= 8
        assert {word.split()[0] for word in words} <= {"map", "file", "fork", "write"}
    assert "migrate" not in sequence(program, 3, _WEIGHT="migrate=0 evict=0")


WRONG_TEXTS = {
    "": "no operation",
    "map 4; fork; pin long fast wrte 1": "operation 3, word 4 is 'wrte': expected read|write",
    "map 4; migrate": "operation 2 ends after 1 words: expected a|b|p",
    "map 9": "expected a number from 1 to 4",
    "map 4; write uncle 1": "operation 2, word 2 is 'uncle': expected a process",
    "map 4; write 2-5": "expected pages of one buffer, 0-3 or 4-7",
    "map 4; read 0-1": "expected one page from 0 to 7",
    "map 4; fork 3 4": "expected ';' or the end",
    "mop 4": "operation 1, word 1 is 'mop': expected one of map, file, fork",
}


@pytest.mark.parametrize("text", WRONG_TEXTS)
def test_wrong_replay_says_where(program, text):
    """One line, status 2."""
    done = ask(program, **{"": "replay", "_REPLAY": text})
    assert done.returncode == 2
    assert WRONG_TEXTS[text] in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("settings, says", [
    ({"_ONLY": "frok"}, "no operation matches 'frok'"),
    ({"_WEIGHT": "fork"}, "'fork' is not the weight"),
    ({"_WEIGHT": "fork=many"}, "'fork=many' is not the weight"),
    ({"_ONLY": "fork", "_WEIGHT": "fork=0"}, "no operation is left"),
    ({"_LENGTH": "9"}, "the length of sequences is MIN..MAX"),
])
def test_wrong_settings(program, settings, says):
    """One line, status 2."""
    done = ask(program, **{"": "search"} | settings)
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("line, says", [
    ("explore --seconds 0", "'0' is not a whole number above 0"),
    ("explore --length 40", "'40' is not a length"),
    ("explore --length 3..9", "is not a length"),
    ("explore fork", "explore takes no 'fork'"),
    ("explore --seconds 9 --minimise x", "exclude each other"),
    ("explore --repeat 3", "explore takes no --repeat"),
    ("--seconds 9", "a run in VMs takes no --seconds"),
])
def test_wrong_command_line(line, says):
    """Refused before anything is built."""
    with pytest.raises(Stop) as stopped:
        options.parse(line.split())
    assert stopped.value.status == 2 and says in str(stopped.value)


def test_settings_reach_a_guest():
    """What ask() sets is in the job of a guest, and nothing of the run before."""
    asked.ask(**{"": "replay", "_REPLAY": "map 4; write 0"})
    assert asked.environment() == {VARIABLE: "replay", VARIABLE + "_REPLAY": "map 4; write 0"}
    asked.ask(**{"": "search", "_SECONDS": "9"})
    assert asked.environment() == {VARIABLE: "search", VARIABLE + "_SECONDS": "9"}
    asked.ask()
    assert not asked.environment()


def test_what_a_failure_says():
    """The last line that begins with the word."""
    diags = [Diag("", "sequence: map 4"), Diag("", "minimal: map 1"), Diag("", "minimal: map 2")]
    assert explore.said(diags, "minimal:") == "map 2"
    assert explore.said(diags, "seed:") == ""


def test_folder_without_a_failure(tmp_path):
    """One line, status 2."""
    with pytest.raises(Stop) as stopped:
        explore.found(tmp_path, argparse.Namespace(), Screen())
    assert stopped.value.status == 2


@pytest.mark.parametrize("version", (601, 612, 703))
def test_both_models_describe_the_same_kernel(program, version):
    """Each cell of the matrix that can be said in operations: the same expectation."""
    done = ask(program, **{"": "cross-check", "_VERSION": str(version)})
    assert done.returncode == 0, done.stdout
    cells, differences = (int(word) for word in done.stdout.split()[-4::2])
    assert cells > 1000 and not differences


@pytest.mark.parametrize("version", (601, 612, 703))
def test_no_operation_hides_its_effects(program, version):
    """For each effect that is left out of the model, some sequence has another prediction: only
    then a run can notice it (HMM_COHERENT_EXPLORE=flips)."""
    done = ask(program, **{"": "effects", "_VERSION": str(version)})
    pairs = done.stdout.splitlines()
    assert done.returncode == 0, [pair for pair in pairs if not pair.endswith(" shown")]
    assert len(pairs) > 180


# -- C that is written of a sequence


PARTS = TOP / "common/explore/program"
# Every possible thing in one sequence, for a first look at a failure of the tests below.
EVERYTHING = ("map 2; map 3; write 0-1; write 5; migrate a 0-1; fork; write child 0; "
              "protect r child 0-1; pin long fast write 1; dio read 0; device b write 1; "
              "vm read 0; mem write child 1; gup pin fast read 0; splice a 0; unmap child 1; "
              "write child 1; "
              "register b 1; fixed b read; exit child; dontneed 0; read 0; evict p; migrate p 4; "
              "write 0-1; fork; kill child; fork; back a child 0; drain a; unpin; unregister b")


# Operations for which story.h has no words.
NO_WORDS = ("file", "guard", "node", "bind", "merge", "swap", "update", "clone", "move", "take",
            "trace", "begin", "land")


def tree_of(program: Path) -> str:
    """The kernel tree against which the program was built."""
    return (program.parent / "obj/built-with").read_text().split()[0]


def written(program: Path, what: str, text: str, version: str = "703") -> str:
    """The C of a sequence."""
    done = ask(program, **{"": what, "_REPLAY": text, "_VERSION": version, "_PARTS": str(PARTS),
                           "_NAME": "found"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def sequences_of_all(program: Path) -> list[str]:
    """Sequences in which every operation is possible on 7.3."""
    left = {line.split("\t")[0] for line in ask(program, **{"": "operations"}).stdout.splitlines()}
    chosen = []
    for seed in range(1, 500):
        text = sequence(program, seed, _LENGTH="40..48")
        done = {word.split()[0] for word in text.split("; ")} & left
        if done:
            chosen.append(text)
            left -= done
    assert not left, f"in no sequence: {left}"
    return chosen


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_program_of_each_operation_compiles(program, compiler, tmp_path):
    """Alone, without a warning."""
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler} here")
    tree = tree_of(program)
    for number, text in enumerate([EVERYTHING, "map 1; read 0", *sequences_of_all(program)]):
        source = tmp_path / f"{number}.c"
        source.write_text(written(program, "program", text))
        done = subprocess.run(
            [compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-isystem", tree,
             "-idirafter", f"{tree}/include/uapi", source], capture_output=True, text=True,
            check=False)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        assert "suite" not in source.read_text() and "left out" not in (
            source.read_text() if text == EVERYTHING else "")


def test_each_operation_can_be_said_in_a_scenario(program, tmp_path):
    """It compiles without a warning, in lines of at most 100 columns."""
    tree = tree_of(program)
    for number, text in enumerate([EVERYTHING, *sequences_of_all(program)]):
        # a scenario has no child of a child
        text = re.sub(r"fork (child|grandchild)", "fork", text)
        text = "; ".join(word for word in text.split("; ") if word.split()[0] not in NO_WORDS)
        source = tmp_path / f"{number}.c"
        source.write_text(written(program, "scenario", text))
        done = subprocess.run(
            ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE=", "-fsyntax-only",
             "-iquote", TOP / "common", "-isystem", f"{tree}/tools/testing/selftests", "-isystem",
             tree, "-idirafter", f"{tree}/include/uapi", source], capture_output=True, text=True,
            check=False)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        long = [line for line in source.read_text().splitlines()
                if len(line.expandtabs(8)) > 100]
        assert not long, long


def test_program_of_a_kernel_without_an_operation(program):
    """What the kernel does not have is left out, and said."""
    text = written(program, "program", "map 1; write 0; pin long fast write 0", "601")
    assert "left out, not possible here: pin long fast write 0" in text


def test_scenario_says_what_it_cannot_say(program):
    """One line, status 3."""
    done = ask(program, **{"": "scenario", "_REPLAY": "map 1; fork; fork child; write 0",
                           "_PARTS": str(PARTS)})
    assert done.returncode == 3
    assert done.stderr == "hmm_coherent_explore: a scenario has no child of a child: 'fork child'\n"


@pytest.mark.parametrize("line, says", [
    ("explore --as-program", "write a sequence"),
    ("explore --replay x --as-scenario 9", "is not a name"),
    ("explore --replay x --as-program --as-scenario a", "exclude each other"),
    ("bisect --kernel . a b c --replay x", "takes no other"),
    ("bisect --kernel . a b --replay x --repeat 3", "takes no --repeat"),
])
def test_wrong_use_of_tools(line, says):
    """One line, status 2."""
    with pytest.raises(Stop) as stopped:
        options.parse(line.split())
    assert stopped.value.status == 2 and says in str(stopped.value)


SEARCH = "explore.coherent.search"
# What the test said, the verdict that it has, and what is found: sequence, minimal, died.
SAID = {
    "shorter": (SEARCH, "not ok 1 {name}", ("sequence: map 4; fork", "minimal: map 1; fork"),
                ("map 4; fork", "map 1; fork", False)),
    "interrupted while it was made shorter": (
        SEARCH, "not ok 1 {name}",
        ("sequence: map 4; fork", "candidate: map 2; fork", "shorter: map 2; fork",
         "candidate: map 1"), ("map 4; fork", "map 2; fork", False)),
    "died in a candidate": (SEARCH, "", ("seed: 7", "candidate: map 2; fork"),
                            ("map 2; fork", "", True)),
    "of no use any more": (SEARCH, "not ok 1 {name}", ("seed: 7", "sequence: map 3; fork"),
                           ("map 3; fork", "", True)),
    "after many": (SEARCH, "not ok 1 {name}",
                   (*(f"seed: {seed}" for seed in range(1000)), *(200 * ["note: of many"]),
                    "twin: map 4; fork", *(f"candidate: map {i}" for i in range(1, 5)),
                    "minimal: map 4"), ("map 4; fork", "map 4", False)),
    "of an ordinary run": ("explore.coherent.seed-4", "not ok 1 {name}",
                           ("sequence: map 4; fork",), ("map 4; fork", "", True)),
}


def results(path: Path, name: str, result: str, said: tuple[str, ...]) -> Path:
    """A results folder in which an explore test has said this."""
    text = (f"# guest: start {plan.EXPLORE}\nTAP version 13\n1..1\n# begin {name}\n"
            + "".join(f"# {line}\n" for line in said))
    text += (f"{result.format(name=name)}\n# end {plan.EXPLORE} ran=1 checks=1\n"
             f"# guest: exit {plan.EXPLORE} 1\n# guest: done\n" if result else "")
    run = replay(text, {plan.EXPLORE: [name]})
    path.mkdir(exist_ok=True)
    (path / "run.json").write_text(json_out.text(run))
    return path


@pytest.mark.parametrize("name, result, said, wanted", SAID.values(), ids=SAID)
def test_what_is_found_in_results(tmp_path, name, result, said, wanted):
    """The sequence that failed, and what is known of a shorter one."""
    one = explore.found(results(tmp_path, name, result, said), argparse.Namespace(), Screen())
    assert (one.text, one.minimal, one.died) == wanted


def test_seed_of_a_test_whose_machine_died(tmp_path, program, monkeypatch):
    """The sequence of an ordinary test is that of its number."""
    monkeypatch.setenv("HMM_COHERENT_PROGRAMS", str(program.parent))
    monkeypatch.setenv("HMM_COHERENT_CACHE", str(tmp_path))
    options_ = argparse.Namespace(length=None, only=None, weight=[])
    one = explore.found(results(tmp_path, "explore.coherent.seed-4", "", ()), options_, Screen())
    assert one.text == sequence(program, 4) and one.died


def test_folder_whose_explore_tests_pass(tmp_path):
    """One line, status 2."""
    folder = results(tmp_path, SEARCH, "ok 1 {name}", ("seed: 1",))
    with pytest.raises(Stop) as stopped:
        explore.found(folder, argparse.Namespace(), Screen())
    assert stopped.value.status == 2 and "no sequence has failed" in str(stopped.value)


def test_failure_that_does_not_come_again(tmp_path, monkeypatch):
    """It says how often it was tried, status 3."""
    folder = results(tmp_path / "failed", SEARCH, "not ok 1 {name}", SAID["shorter"][2])
    tried = []

    def passes(_, path, seconds, **settings):
        tried.append((settings["_REPLAY"], settings["_TIMES"], seconds))
        return 0, path

    monkeypatch.setattr(explore.Exploration, "once", passes)
    options_ = argparse.Namespace(results=tmp_path, minimise=folder)
    with pytest.raises(Stop) as stopped:
        explore.Exploration(options_, Screen()).minimise(folder)
    assert stopped.value.status == 3 and "0 of 10 times" in str(stopped.value)
    assert tried == [("map 1; fork", "10", 0)]


def test_interruption_keeps_what_was_found(tmp_path, monkeypatch, capsys):
    """The sequence, as short as it was then, and the command that repeats it."""
    folder = results(tmp_path / "cut", SEARCH, "",
                     ("sequence: map 4; fork", "shorter: map 2; fork"))

    def interrupted(*_, **__):
        raise Interrupted(2)

    monkeypatch.setattr(explore.Exploration, "once", interrupted)
    with pytest.raises(Interrupted):
        explore.main(options.parse(["explore", "--results", str(folder)]), Screen())
    assert "explore --replay 'map 2; fork'" in capsys.readouterr().err


def test_docs_have_each_operation(program):
    """The table in docs/explore.md."""
    page = (TOP / "docs/explore.md").read_text()
    rows = [re.split(r"(?<!\\)\|", line)[1] for line in page.splitlines()
            if line.startswith("| `")]
    told = {word for row in rows for word in re.findall(r"`([a-z]+)", row)}
    lines = ask(program, **{"": "operations"}).stdout.splitlines()
    assert lines and not {line.split("\t")[0] for line in lines} - told
