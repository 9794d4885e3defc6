# SPDX-License-Identifier: GPL-2.0
"""`cache`: what is listed, what `cache clean` removes, and what it must not."""

import json
import os
import time
from pathlib import Path
from unittest import mock

import pytest

from runner import cached, cli, run
from runner.screen import Screen
from vm import initramfs
from vm.cache import lock_of, size


@pytest.fixture(name="box")
def box_(box):
    box.environment(HMM_COHERENT_CACHE=str(box.cache.root))
    return box


def entry(box, kind: str, name: str, days: int, stamp: dict | None = None) -> Path:
    """An entry that was used so many days ago."""
    path = box.cache.entry(kind, name, lambda folder: (folder / "data").write_text("x" * 9000),
                           name)
    if stamp:
        (path / ".stamp").write_text(json.dumps(stamp))
    then = time.time() - days * 86400
    for file in (path / ".stamp", lock_of(path)):
        os.utime(file, (then, then))
    return path


def run_it(box, capsys, *words: str) -> list[str]:
    """The lines on stdout; what is said is in box.said."""
    screen = Screen()
    box.patch(screen, "say", box.say)
    assert cached.main(cli.parse(["cache", *words]), screen) == 0
    return capsys.readouterr().out.splitlines()


def test_list(box, capsys):
    entry(box, "build", "abc", 3, {"what": "a tree debug.config LLVM=1"})
    for number in range(3):
        entry(box, "initramfs", f"i{number}", 1)
    (box.cache.root / "log").mkdir()
    out = run_it(box, capsys)
    build = next(line for line in out if "build/abc" in line)
    assert "a tree debug.config LLVM=1" in build
    assert "3 days ago" in build
    assert "3 entries" in next(line for line in out if "initramfs" in line)
    assert "log" in out[-2]
    assert str(box.cache.root) in out[-1]


def test_clean_removes_the_old_alone(box, capsys):
    old, new = entry(box, "build", "old", 40), entry(box, "build", "new", 20)
    entry(box, "initramfs", "old", 31)
    run_it(box, capsys, "clean")
    box.assert_said("removed 2 entries that no run has used for 30 days")
    assert (old.exists(), new.exists()) == (False, True)
    run_it(box, capsys, "clean", "20")
    assert not new.exists()


def test_use_makes_an_entry_young(box, capsys):
    for use in (box.cache.shared, lambda path: box.cache.entry("build", path.name, None,
                                                               path.name)):
        path = entry(box, "build", "one", 40)
        use(path)
        run_it(box, capsys, "clean")
        assert (path / "data").exists()


def test_what_is_used_stays(box, capsys):
    path = entry(box, "build", "one", 40)
    with box.cache.shared(path):
        run_it(box, capsys, "clean", "0")
        assert (path / "data").exists()
    run_it(box, capsys, "clean", "0")
    assert not path.exists()


def test_a_run_leaves_the_archives_that_were_used_last(box):
    """And what another run uses, however old it is."""
    paths = [entry(box, "initramfs", f"{days}", days) for days in range(4)]
    box.patch(initramfs, "ROOM", 2 * size(paths[0]))
    plan = mock.MagicMock(kernels=[("6.1", None)])
    with box.cache.shared(paths[3]), mock.patch.multiple(run.Kernels, pack=mock.DEFAULT,
                                                         one=lambda *_: 0):
        os.utime(lock_of(paths[3]), (0, 0))
        run.Kernels(mock.MagicMock(shell=False), plan, mock.MagicMock(), {}).run()
    assert [path.exists() for path in paths] == [True, True, False, True]


def test_an_archive_is_kept_while_its_run_goes_on(box):
    """Also if another run removes it between the time when it was made and its lock."""
    def make(folder):
        made.append(folder)
        (folder / "data").write_text("x" * 9000)
    made, shared = [], box.cache.shared

    def late(folder):
        if len(made) == 1:
            box.cache.drop(folder)
        return shared(folder)
    box.patch(box.cache, "shared", late)
    path = box.cache.kept("initramfs", "key", make)
    box.cache.prune("initramfs", 0)
    assert (path / "data").exists() and len(made) == 2


def test_half_removed_is_none(box):
    """It is made again, not used."""
    path = entry(box, "build", "one", 40)

    def killed(_folder):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        box.cache.drop(path, killed)
    made = []
    box.cache.entry("build", "one", made.append, "one")
    assert len(made) == 1


def test_what_killed_runs_left(box, capsys):
    entry(box, "view", "x", 0)
    left = box.cache.root / "view" / ".tmp-x"
    (left / "work/work").mkdir(parents=True)
    (left / "work/work").chmod(0)
    run_it(box, capsys, "clean")
    assert not left.exists()
