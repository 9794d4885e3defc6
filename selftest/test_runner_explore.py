# SPDX-License-Identifier: GPL-2.0
"""What the runner makes of a run of random sequences: bisections and shards."""

import argparse
from pathlib import Path

import pytest

from base.errors import Untestable
from runner import bisect, explore, options
from runner.screen import Screen


def test_bisection_with_a_sequence(monkeypatch):
    """Each step runs it: `explore --bisect-step --replay TEXT`."""
    monkeypatch.setenv("HMM_COHERENT_CACHE", "cache")
    one = object.__new__(bisect.Bisection)
    one.options = options.parse("bisect --kernel . GOOD BAD --replay".split() + ["map 1; fork"])
    one.tree, one.globs = argparse.Namespace(path="tree"), []
    words = one._command(Path("step-1"))[1:]
    assert words[:2] == ["explore", "--bisect-step"]
    assert options.parse(words).replay == "map 1; fork"


def test_a_step_whose_sequence_was_not_run_whole(monkeypatch, tmp_path):
    """It says nothing about the kernel, unless what was run has failed."""
    test = argparse.Namespace(attempts=[argparse.Namespace(diags=["left-out: pin: not here"])])
    monkeypatch.setattr(explore.json_out, "read_kernels",
                        lambda _: {"": argparse.Namespace(tests={"x": test})})
    line = ["explore", "--bisect-step", "--kernel", ".", "--replay", "map 1"]
    step = explore.Exploration(options.parse(line), Screen())
    assert step.judged(1, tmp_path) == 1
    with pytest.raises(Untestable, match="pin: not here"):
        step.judged(0, tmp_path)
    line.remove("--bisect-step")
    assert explore.Exploration(options.parse(line), Screen()).judged(0, tmp_path) == 0


def test_shard_has_its_own_seeds(monkeypatch):
    """Every second seed for each of two shards."""
    asked = []

    def once(exploration, path, _seconds, **settings):
        asked.append((exploration.options.seed, settings["_STRIDE"]))
        return 0, path

    monkeypatch.setattr(explore.Exploration, "once", once)
    monkeypatch.setattr(explore.Exploration, "judged", lambda *_: 0)
    for number in ("1/2", "2/2"):
        line = f"explore --seed 10 --shard {number} --results unused".split()
        assert explore.main(options.parse(line), Screen()) == 0
    assert asked == [(10, "2"), (11, "2")]
