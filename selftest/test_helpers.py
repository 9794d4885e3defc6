# SPDX-License-Identifier: GPL-2.0
"""Helpers of the test programs, on machines that are not the developer's: hundreds of memory
blocks, children that never answer, releases that say little, tests that die with the machine's
settings changed."""

import os
import signal
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
SOURCES = ("see/held_files", "see/page", "see/zone", "see/dump", "see/place", "kernel/since",
           "kernel/changes", "reach/child", "reach/request", "reach/cpu", "kernel/restore",
           "report/report", "report/rules", "report/kmsg", "kernel/kernel", "reach/buffer",
           "kernel/memory", "report/skips")
BLOCK = 128 << 20
PER_BLOCK = BLOCK // os.sysconf("SC_PAGE_SIZE")


# Compiled once, with a second for a child to answer, and for a system call that restores a setting.
@pytest.fixture(scope="module")
def program():
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "helpers")
        done = subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra",
                               "-Werror", "-D_GNU_SOURCE=", "-DANSWER_MS=1000", "-DCALL_S=1",
                               "-iquote", TOP / "common", "-o", program, TOP / "selftest/helpers.c",
                               *(TOP / f"common/{name}.c" for name in SOURCES), "-lnuma"],
                              capture_output=True, text=True, check=False)
        if "cannot find -lnuma" in done.stderr or "numa.h: No such file" in done.stderr:
            pytest.skip("no libnuma")
        assert not done.returncode, done.stderr
        yield program


def prints(program, *words: str, **env: str) -> str:
    """What the program prints; it has to end."""
    done = subprocess.run([program, *words], env={**os.environ, **env}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=15, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def zones(program, scratch):
    """What is made of blocks (number, state, zone, node)."""
    def found(blocks: list[tuple[int, str, str, int]], *frames: int) -> list[str]:
        (scratch / "block_size_bytes").write_text(f"{BLOCK:x}\n")
        for number, state, zone, node in blocks:
            block = scratch / f"memory{number}"
            block.mkdir()
            (block / "state").write_text(state + "\n")
            (block / "valid_zones").write_text(zone + "\n")
            (block / f"node{node}").mkdir()
        return prints(program, "zones", *map(str, frames),
                      HMM_COHERENT_MEMORY=str(scratch)).splitlines()
    return found


def test_hundreds_of_blocks(zones):
    blocks = [(n, "online", "Normal", 0) for n in range(256)] + [(n, "online", "Movable", 1)
                                                                 for n in range(256, 512)]
    frames = (0, 256 * PER_BLOCK - 1, 256 * PER_BLOCK, 400 * PER_BLOCK + 5, 512 * PER_BLOCK - 1,
              512 * PER_BLOCK)
    said = zones(blocks, *frames)
    assert said[0] == "movable 1 unmovable 0"
    assert [line.split()[1] for line in said[1:]] == ["system", "system", "movable", "movable",
                                                      "movable", "system"]


def test_an_offline_block_is_no_memory(zones):
    said = zones([(0, "online", "Normal", 0), (1, "offline", "Movable Normal", 0)], PER_BLOCK)
    assert said == ["movable -1 unmovable 0", f"{PER_BLOCK} system"]


def test_each_node_has_movable_memory(zones):
    blocks = [(0, "online", "Normal", 0), (1, "online", "Movable", 0), (2, "online", "none", 1),
              (3, "online", "Movable", 1)]
    assert zones(blocks)[0] == "movable 0 unmovable -1"


def test_a_node_with_a_large_number(zones):
    said = zones([(0, "online", "Movable", 0), (1, "online", "Normal", 200)], 0, PER_BLOCK)
    assert said == ["movable 0 unmovable 200", "0 movable", f"{PER_BLOCK} system"]


def test_more_ranges_than_are_kept(zones):
    blocks = [(n, "online", "Normal" if n % 2 else "Movable", n % 2) for n in range(200)]
    said = zones(blocks, *(n * PER_BLOCK for n in range(200)))
    assert said[0] == "movable 0 unmovable 1"
    assert [line.split()[1] for line in said[1:]] == ["movable", "system"] * 100


def test_each_word_counts(program):
    assert prints(program, "bytes").splitlines() == ["old 0", "new 0", "mixed 0", "zero 0"]


@pytest.mark.parametrize("child, what", [
    ("silent", "did not answer the request 'unmap' within 1 s"),     # while signals come
    ("killed", "was killed by Bus error during the request 'unmap'")])
def test_a_child_that_does_not_answer(program, child, what):
    said = prints(program, child)
    assert f"fail: a child {what}" in said
    assert "failures 1 broken 0" in said


def test_checks_are_counted_by_rule(program):
    said = prints(program, "checks").splitlines()
    claims = [line.removeprefix("# fact: claim ").split("|") for line in said
              if line.startswith("# fact: claim ")]
    assert [claim for claim, _, _ in claims] == [f"S{n}" for n in range(1, 10)]
    rest = said[len(claims):]
    assert [line.split("|")[0] for line in rest[:2]] == ["# fact: rule migration-is-the-way-in",
                      "# fact: rule reference-a-mapping"]
    assert rest[2:] == ["# checks: migration-is-the-way-in=3/2 reference-a-mapping=1",
                                "# checks: migration-is-the-way-in=1"]


def test_what_a_release_says(program):
    for release, evicts, ends in (
        ("6.1.175", "no", "no"), ("6.1.176", "yes", "no"),
        ("6.1.192", "yes", "yes"), ("6.12.85", "no", "no"), ("6.12.117", "yes", "yes"),
        ("6.18.3", "unknown", "unknown"), ("7.0.4", "yes", "unknown"), ("7.1.0", "yes", "unknown"),
        ("7.3.0-rc6", "yes", "unknown"), ("7.3.0-rc7", "yes", "yes"), ("7.4.0-rc1", "yes", "yes"),
        ("next-20260601", "unknown", "unknown")):
        said = dict(line.split()[3:5] for line in prints(program, "version", release).splitlines())
        assert (said["close-evicts"], said["dead-mirror-ends"]) == (evicts, ends)


def test_a_test_that_died_has_changed_nothing(program, scratch):
    setting, folder = scratch / "setting", scratch / "folder"
    setting.write_text("always [before!] never\n")
    folder.mkdir()
    said = prints(program, "undo", str(setting), str(folder))
    assert "undone 1" in said and "failures 0 broken 0" in said
    assert setting.read_text()[:7] == "before!"
    assert not folder.exists()


def test_a_setting_that_cannot_be_set_back_in_time(program, scratch):
    pipe = scratch / "setting"
    os.mkfifo(pipe)
    said = prints(program, "undo-hangs", str(pipe))
    assert "undone 0" in said
    assert f"fail: the system call that restores {pipe} after the test does not return" in said
    assert "failures 1 broken 0" in said


def test_files_of_devices_are_held(program, scratch):
    for name in ("requests", "answers"):
        os.mkfifo(scratch / name)
    with subprocess.Popen([program, "--hold-files", scratch], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL) as holder:
        try:
            # A writer waits until the holder reads.
            os.close(os.open(scratch / "requests", os.O_WRONLY))
            # The answer to a process that is gone must not be taken for that to the next one.
            with open(scratch / "answers", "r+b", buffering=0) as answers:
                answers.write(struct.pack("iiQ", 1, 3, 0))
            holder.send_signal(signal.SIGSTOP)
            threading.Timer(0.5, holder.send_signal, [signal.SIGCONT]).start()
            for _ in range(3):
                prints(program, "hold", HMM_COHERENT_HELD_FILES=str(scratch))
            held = sorted(os.readlink(file) for file in Path(f"/proc/{holder.pid}/fd").iterdir()
                          if int(file.name) > 2)
        finally:
            holder.kill()
    if os.geteuid():
        pytest.skip("a process of another user may not take files")
    assert held == ["/dev/null"] * 3 + [str(scratch / "answers"), str(scratch / "requests")]
