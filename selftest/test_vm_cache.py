# SPDX-License-Identifier: GPL-2.0
"""The cache: made once, never half, repaired and said, and clear about a folder that cannot be
used."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vm.cache import Cache, STAMP, digest

RACE = """
import sys, time
from pathlib import Path
from vm.cache import Cache
def make(folder):
    print("made", flush=True)
    sys.stdin.readline()
    (folder / "file").write_text("x")
key = sys.argv[2] if len(sys.argv) > 2 else "key"
print(Cache(Path(sys.argv[1]), lambda line: print(line, flush=True)).entry("kind", key, make))
"""
USE = """
import sys
from pathlib import Path
from vm.cache import Cache
cache = Cache(Path(sys.argv[1]))
hold = cache.shared(cache.root / "build" / "x")
print("used", flush=True)
sys.stdin.readline()
"""


def make(box, folder: Path) -> None:
    box.made += 1
    (folder / "file").write_text("content")


@pytest.fixture(name="box")
def box_(box):
    box.made, box.make = 0, lambda folder: make(box, folder)
    return box


def entry_of(box, key="key") -> Path:
    return box.cache.entry("kind", key, box.make)


def test_made_once_for_each_key(box):
    assert entry_of(box) == entry_of(box)
    assert (box.made, box.said) == (1, [])
    assert entry_of(box, "a") != entry_of(box, "b")
    for key in "ab":
        folder = box.cache.entry("kind", key, box.make, "name")
    assert (folder.name, box.made) == ("name", 5)


def test_damage_is_repaired_and_said(box):
    for damage in (lambda entry: (entry / "file").write_text("con"),
                   lambda entry: (entry / "file").unlink(),
                   lambda entry: (entry / STAMP).unlink(),
                   lambda entry: (entry / STAMP).write_bytes(b"\xff{"),
                   lambda entry: (entry / STAMP).write_text("{}")):
        entry = entry_of(box)
        damage(entry)
        box.said.clear()
        before = box.made
        assert (entry_of(box) / "file").read_text() == "content"
        assert box.made == before + 1
        box.assert_said("damaged")


def test_failure_leaves_nothing(box):
    def fail(folder):
        (folder / "half").write_text("x")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        box.cache.entry("kind", "key", fail)
    assert [path.name for path in (box.cache.root / "kind").iterdir() if path.is_dir()] == []


def test_leftovers_of_the_dead_go(box):
    """What nobody makes is nobody's; one whose lock nobody knows may be an older suite's."""
    kind = box.cache.root / "kind"
    dead, alive, strange = (kind / f".tmp-{name}" for name in ("dead", "alive", "123-strange"))
    for folder in (dead, alive, strange):
        folder.mkdir(parents=True)
    with box.cache.lock(kind / "dead"):
        pass
    with box.cache.lock(kind / "alive"):
        entry_of(box)
    assert (dead.exists(), alive.exists(), strange.exists()) == (False, True, True)
    box.cache.entry("kind", "key", box.make, "alive")
    assert not alive.exists()


@pytest.mark.skipif(os.geteuid(), reason="only root makes namespaces everywhere")
def test_two_containers_share_it(box):
    """The number of a process in one says nothing in the other, where it may be nobody's."""
    container = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c"]
    runs = []
    # processes 3 and 1
    for key, script in (("a", 'true; "$@"; exit $?'), ("b", 'exec "$@"')):
        run = subprocess.Popen([*container, script, "sh", sys.executable, "-c", RACE,
                                box.folder / "race", key],
                               text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        box.later(run.stdout.close)
        assert run.stdout.readline() == "made\n"
        runs.append(run)
    for run in runs:
        run.stdin.close()
    assert [run.wait(10) for run in runs] == [0, 0]


def test_private_folders(box):
    """Each has its own; they are gone at the end, and a killed run's with the next sweep."""
    with box.cache.private("faults", "x") as one, box.cache.private("faults", "x") as two:
        assert one != two
        (one / "file").write_text("")
        box.cache.sweep(one.parent)
        assert (one / "file").exists() and two.is_dir()
    assert not (one.exists() or two.exists())
    one.mkdir()
    box.cache.sweep(one.parent)
    assert not one.exists()


def test_what_is_used_is_not_made_again(box):
    """Users do not wait for each other; who makes it again waits for all of them, and not for
    himself."""
    folder = box.cache.folder("build", "x")
    user = subprocess.Popen([sys.executable, "-c", USE, box.cache.root], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    box.later(user.stdout.close)
    assert user.stdout.readline() == "used\n"
    hold = box.cache.shared(folder)
    assert box.said == []

    def make():
        with box.cache.lock(folder):
            box.made += 1

    waiting = threading.Event()
    box.cache.say = lambda line: waiting.set() if "uses or makes" in line else None
    maker = threading.Thread(target=make)
    maker.start()
    assert waiting.wait(10)
    assert box.made == 0
    user.stdin.close()
    maker.join(10)
    assert (box.made, user.wait(10)) == (1, 0)
    del hold


def test_two_runs_make_it_once(box):
    runs = [subprocess.Popen([sys.executable, "-c", RACE, box.folder / "race"], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    # one makes, the other says that it waits
    first = [run.stdout.readline() for run in runs]
    for run in runs:
        run.stdin.close()
    rest = [run.stdout.read() for run in runs]
    assert [run.wait(10) for run in runs] == [0, 0]
    for run in runs:
        run.stdout.close()
    assert sorted(line.split(" ")[0].strip() for line in first) == ["made", "waiting"]
    assert len(set(line for text in rest for line in text.split("\n") if line)) == 1


def test_unusable_folder_is_one_line(box):
    (box.folder / "file").write_text("")
    for root in (box.folder / "file", Path("/sys/hmm-coherent")):
        box.stops(3, "--cache DIR", Cache(root).entry, "kind", "key", box.make)
        box.stops(3, "--cache DIR", Cache(root).folder, "kind", "name")


@pytest.mark.parametrize("number, words", [
    (errno.ENOSPC, "is full"), (errno.EDQUOT, "is full"), (errno.EROFS, "cannot be written"),
    (errno.EIO, "")])
def test_full_disk_and_read_only_are_one_line(box, number, words):
    """Other errors are not disguised."""
    def fail(folder):
        raise OSError(number, os.strerror(number))
    if words:
        box.stops(3, words, box.cache.entry, "kind", "key", fail)
    else:
        with pytest.raises(OSError):
            box.cache.entry("kind", "key", fail)


def test_parts_do_not_run_together():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") != digest("a", "")
    assert digest("a", 1) == digest(b"a", "1")
