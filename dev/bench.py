# SPDX-License-Identifier: GPL-2.0
"""`bench`: measures the time and memory of the suite, and of the kernel's own tests in the same VM.

Writes docs/benchmark.md. --repeat N: number of runs (default 5); --cold: also a run with an empty
cache, with the download of the source and the build of the kernel.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from base.errors import CANNOT, Stop
from base.files import TOP
from vm import deps
from runner import guests, plan
from runner.run import suite_commit
from runner.screen import Screen
from dev import kernel_tests

RUNS = 5
MATRIX = "hmm_coherent_matrix"
BASICS = ("hmm_coherent_fork", "hmm_coherent_protect", "hmm_coherent_direct_io",
          "hmm_coherent_fixed_buffers")
FEW = ("fork.coherent-rw.*",)   # as a step of a bisection: one VM
TABLE = TOP / "docs" / "benchmark.md"


@dataclass(eq=False)
class Row:
    """A row of the table, measured several times."""

    what: str
    tests: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    note: str = ""

    def line(self, base: float) -> str:
        """As a row of the table; base is the suite's median."""
        tests = f"{self.tests or ''}" + (f" ({self.failed} failed)" if self.failed else "")
        if not self.seconds:
            return f"| {self.what} | {tests} | {self.note} | | | |"
        median = statistics.median(self.seconds)
        each = f"{1000 * median / self.tests:.1f} ms" if self.tests else ""
        return (f"| {self.what} | {tests} | {median:.1f} s | {min(self.seconds):.1f} to "
                f"{max(self.seconds):.1f} s | {each} | {median / base:.2f} |")


class Bench:
    """All measurements, one after the other. The machine should do nothing else."""

    def __init__(self, options: argparse.Namespace, screen: Screen):
        self.options, self.screen = options, screen
        self.runs = options.repeat if options.repeat > 1 else RUNS
        self.cache = plan.open_cache(screen)
        self.spec = (options.kernel or [guests.default_kernel(self.cache, screen)])[0]
        self.accel = ""
        self.peak_kib = 0
        self.build_seconds = 0.0    # of the kernel, in the last run

    def run(self) -> int:
        """Measure, and write the table."""
        bare = Row("bare machine to verdict, packages installed")
        building = Row("of that, the kernel's first build")
        if self.options.cold:
            with tempfile.TemporaryDirectory(dir=self.cache.root) as empty:
                self.suite(bare, "--cache", empty)
            building.seconds.append(self.build_seconds)
        else:
            bare.note = building.note = "not measured (--cold)"
        self.suite(Row("warm-up"))
        again = Row("the suite, everything built")
        side_by_side = Row("of that, the start of two QEMU to the later one's first test")
        for _ in range(self.runs):
            side_by_side.seconds.append(self.suite(again))
        parts = {
            Row("the matrix alone, with its boot"): (MATRIX, ),
            Row("all scenarios, with their boot"): ("--skip", MATRIX),
            Row("fork, protect, direct-io and fixed-buffers, with their boot"): BASICS}
        few = Row("ten tests, as in a bisection, with their boot")
        alone = Row("of that, the start of QEMU to the first test")
        for _ in range(self.runs):
            for row, words in parts.items():
                self.suite(row, *words)
            alone.seconds.append(self.suite(few, *FEW))
        rows = [bare, building, again, side_by_side, *parts, few, alone, *self.theirs()]
        text = self.table(rows, statistics.median(again.seconds))
        TABLE.write_text(text)
        print(text, end="")
        return 0

    def suite(self, row: Row, *words: str) -> float:
        """Measure one run of ./run_tests.sh, and the memory of its largest process, which is QEMU.
        Returns the seconds until all machines that start together have begun their first test."""
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder, "results")
            command = [
                str(TOP / "run_tests.sh"), "--vm", "--kernel", self.spec, "--results",
                str(results), *(["--accel", self.options.accel] if self.options.accel else []),
                *words]
            began = time.monotonic()
            with open(Path(folder, "log"), "wb") as log:
                proc = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=log)
                _, status, usage = os.wait4(proc.pid, 0)
                proc.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - began
            if proc.returncode:
                raise Stop(CANNOT,
                           f"a run ended with status {proc.returncode}, so it measures nothing",
                           "run ./run_tests.sh first")
            report = json.loads((results / "run.json").read_text())
        row.seconds.append(seconds)
        self.accel, self.build_seconds = report["info"]["accelerator"]["name"], report["info"][
            "kernel"]["seconds"]
        row.tests = report["totals"]["tests"]
        self.peak_kib = max(self.peak_kib, usage.ru_maxrss)
        self.screen.say(f"{row.what}: {seconds:.1f} s")
        machines = report["info"]["machines"]
        return max(machine["test_seconds"] for machine in machines
                   if machine["number"] <= len(os.sched_getaffinity(0)))

    # -- the kernel's own tests

    def theirs(self) -> list[Row]:
        """hmm-tests of this kernel; cow and gup_longterm of the first longterm kernel with them."""
        rows = []
        found = guests.find_source(self.spec, self.cache, self.screen)
        built = guests.find_kernel(self.spec, found, self.options.modules, self.cache, self.screen)
        with tempfile.TemporaryDirectory() as folder:
            for name in kernel_tests.PROGRAMS:
                row = Row(f"{name}, the kernel's own")
                rows.append(row)
                try:
                    tree = kernel_tests.tree_of(name, found, self.cache, self.screen)
                    program = kernel_tests.build(name, tree, Path(folder))
                    parts = guests.assemble(built, [program], self.options.accel, self.cache,
                                            self.screen)
                    for _ in range(self.runs):
                        self.time_theirs(row, parts, name, Path(folder))
                        if row.note:
                            break
                except Stop as stop:
                    row.note = stop.what
        return rows

    def time_theirs(self, row: Row, parts: guests.Parts, name: str, folder: Path) -> None:
        """Measure one boot with one of them."""
        heard = kernel_tests.run(parts, name, folder)
        row.tests, row.failed = len(heard.passed), sum(not ok for ok in heard.passed.values())
        row.note = heard.note
        if heard.note:
            row.seconds.clear()
        else:
            row.seconds.append(heard.seconds)
            self.screen.say(f"{row.what}: {heard.seconds:.1f} s")

    def table(self, rows: list[Row], base: float) -> str:
        """docs/benchmark.md."""
        return "\n".join([
            "# Benchmark", "",
            "Written by `make bench`. The suite grows: compare only figures of one such page.", "",
            f"Kernel {self.spec}, {os.cpu_count()} processors ({processor()}), QEMU with "
            f"{self.accel.upper()}, {self.runs} runs, "
            f"suite {suite_commit()} of {time.strftime('%Y-%m-%d')}.", "",
            "| what | tests | median | range | a test | ratio |", "|---|---|---|---|---|---|",
            *(row.line(base) for row in rows), "",
            f"Peak memory of the QEMU process: {self.peak_kib / 1024:.0f} MiB.", ""])


def processor() -> str:
    """The name of the processor."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else "unknown"


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`bench`."""
    deps.need({"build", "vm", "tests"}, screen.say)
    return Bench(options, screen).run()
