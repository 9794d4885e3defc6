# SPDX-License-Identifier: GPL-2.0
"""`--profile coverage`: the lines and functions of the code under test that a run reached, and
those that the kernel's own tests reach.

The guest sends gcov's counters when it ends. gcov converts them; the result is written in lcov's
format, and as HTML pages if lcov is installed.
"""

import json
import os
import select
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from base import child
from base.errors import CANNOT, Stop
from vm import deps
from vm.kconfig import COVERED
from runner import guests
from runner.screen import Screen, shown
from dev import kernel_tests

NAMES = 12      # functions that are named in the summary; coverage.txt has all


@dataclass
class Source:
    """One file of the kernel: how often each line and each function ran."""

    lines: dict[int, int] = field(default_factory=dict)
    # name: first line, count
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: "Source") -> None:
        """Add the counts of another run of the same kernel."""
        for line, count in other.lines.items():
            self.lines[line] = self.lines.get(line, 0) + count
        for name, (line, count) in other.functions.items():
            self.functions[name] = line, self.functions.get(name, (0, 0))[1] + count

    def share(self) -> tuple[int, int]:
        """Lines that ran, and all."""
        return sum(count > 0 for count in self.lines.values()), len(self.lines)

    def reached(self) -> tuple[int, int]:
        """Functions that ran, and all."""
        return sum(count > 0 for _, count in self.functions.values()), len(self.functions)


Coverage = dict[str, Source]    # by name in the kernel tree


def read(build: Path | None, tar: Path) -> Coverage:
    """The counters that a guest sent, for the kernel of this build folder."""
    assert build        # a profile builds its kernel
    if not tar.is_file() or not tar.stat().st_size:
        raise Stop(CANNOT, "the guest sent no coverage",
                   "its console and kernel log are in the results folder")
    found: Coverage = {}
    with tempfile.TemporaryDirectory() as name, tarfile.open(tar) as archive:
        for member in archive:
            source = next((s for s in COVERED
                           if member.name.endswith(str(build / s).removesuffix(".c") + ".gcda")),
                          "")
            if not source:
                continue
            counters = Path(name, Path(source).with_suffix(".gcda"))
            counters.parent.mkdir(parents=True, exist_ok=True)
            sent = archive.extractfile(member)
            counters.write_bytes(sent.read() if sent else b"")
            shutil.copy(build / Path(source).with_suffix(".gcno"), counters.with_suffix(".gcno"))
            found[source] = parse(
                source,
                child.output(["gcov", "--json-format", "--stdout", counters.name],
                             cwd=counters.parent))
    if len(found) < len(COVERED):
        raise Stop(CANNOT,
                   f"the guest sent no coverage of {', '.join(sorted(set(COVERED) - set(found)))}",
                   f"the files in {build} have changed since the build: remove that folder")
    return found


def parse(source: str, text: str) -> Source:
    """gcov's JSON. A function that was inlined several times has its lines several times."""
    found = Source()
    for line in text.splitlines():
        for file in json.loads(line)["files"]:
            if not file["file"].endswith(source):
                continue
            for entry in file["lines"]:
                number = entry["line_number"]
                found.lines[number] = found.lines.get(number, 0) + entry["count"]
            for entry in file["functions"]:
                count = found.functions.get(entry["name"], (0, 0))[1] + entry["execution_count"]
                found.functions[entry["name"]] = entry["start_line"], count
    return found


def join(parts: list[Coverage]) -> Coverage:
    """Add up the counts of several guests."""
    whole = {source: Source() for source in COVERED}
    for part in parts:
        for source, counts in part.items():
            whole[source].add(counts)
    return whole


def info(coverage: Coverage, tree: Path, title: str) -> str:
    """The counts as a tracefile of lcov."""
    lines = []
    for source, counts in coverage.items():
        lines += [f"TN:{title}", f"SF:{tree / source}"]
        lines += [f"FN:{line},{name}" for name, (line, _) in counts.functions.items()]
        lines += [f"FNDA:{count},{name}" for name, (_, count) in counts.functions.items()]
        lines += [f"FNF:{counts.reached()[1]}", f"FNH:{counts.reached()[0]}"]
        lines += [f"DA:{line},{count}" for line, count in sorted(counts.lines.items())]
        lines += [f"LF:{counts.share()[1]}", f"LH:{counts.share()[0]}", "end_of_record"]
    return "\n".join(lines) + "\n"


def percent(share: tuple[int, int]) -> str:
    """62.5 % (5/8)."""
    return f"{100 * share[0] / share[1] if share[1] else 0:5.1f} % ({share[0]}/{share[1]})"


def table(ours: Coverage, others: Coverage | None, all_names: bool) -> str:
    """The figures as text, and the functions that were not reached."""
    head = f"{'coverage':22}{'lines':>20}{'functions':>20}"
    lines = [head + (f"{'lines, theirs':>22}{'functions, theirs':>22}" if others else "")]
    for source, counts in ours.items():
        line = f"{source:22}{percent(counts.share()):>20}{percent(counts.reached()):>20}"
        if others:
            line += f"{percent(others[source].share()):>22}{percent(others[source].reached()):>22}"
        lines.append(line)
    if others:
        lines.append(f"theirs: {', '.join(kernel_tests.PROGRAMS)}, the kernel's own")
    for source, counts in ours.items():
        missed = [
            name for name, (_, count) in sorted(counts.functions.items(), key=lambda item: item[1])
            if not count]
        if missed:
            more = "" if all_names or len(missed) <= NAMES else f" and {len(missed) - NAMES} more"
            lines.append(
                f"not reached in {source}: "
                f"{' '.join(missed if all_names else missed[:NAMES])}{more}"
            )
    return "\n".join(lines) + "\n"


def functions(coverage: Coverage) -> str:
    """Each function with the share of its lines that ran; they end where the next one begins."""
    out = []
    for source, counts in coverage.items():
        starts = sorted({line for line, _ in counts.functions.values()}) + [1 << 30]
        for name, (start, count) in sorted(counts.functions.items(), key=lambda item: item[1]):
            end = next(line for line in starts if line > start)
            mine = {line: ran for line, ran in counts.lines.items() if start <= line < end}
            missed = [str(line) for line, ran in sorted(mine.items()) if not ran]
            out.append(
                f"{source} {name}: {percent((len(mine) - len(missed), len(mine)))}, ran {count} "
                "times"
                + (f"; not lines {' '.join(missed)}" if missed and count else ""))
    return "\n".join(out) + "\n"


def of_theirs(parts: guests.Parts, tree, accel: str | None, cache,
              screen: Screen) -> Coverage | None:
    """The coverage of the kernel's own tests; None if none of them could be run."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for number, test in enumerate(kernel_tests.PROGRAMS, 1):
            try:
                program = kernel_tests.build(test, kernel_tests.tree_of(test, tree, cache, screen),
                                             Path(name))
                own = guests.assemble(parts.kernel, [program], accel, cache, screen, parts.profile)
                guest = own.guest({"job/plan": f"{test}\n"}, Path(name), number)
                run_to_end(guest, kernel_tests.SECONDS * parts.profile.slowness)
                found.append(read(parts.kernel.build_dir, guest.files_path))
                screen.detail(f"{test}: done")
            except Stop as stop:
                screen.say(f"coverage of {test}: {stop.what}")
    return join(found) if found else None


def run_to_end(guest, seconds: float) -> None:
    """Run a guest until QEMU has ended, and ignore its output."""
    deadline = child.Deadline(seconds)
    guest.start()
    try:
        while select.select([guest.results_fd], [], [], deadline.left())[0]:
            said = os.read(guest.results_fd, 1 << 16)
            if not said:
                return
            guest.answer(said)
        raise Stop(CANNOT, f"it does not end within {seconds:.0f} s")
    finally:
        guest.kill()
        os.close(guest.results_fd)


def report(parts: guests.Parts, spec: str, accel: str | None, folder: Path, cache,
           screen: Screen) -> None:
    """coverage.txt, coverage.info and coverage/ in a results folder, and the figures on stderr."""
    built = parts.kernel
    assert built.source
    ours = join([
        read(built.build_dir, tar) for tar in sorted(folder.glob("files-*.tar"))
        if tar.stat().st_size])
    if not any(counts.lines for counts in ours.values()):
        raise Stop(CANNOT, "no guest sent its coverage", f"see {shown(folder)}")
    others = of_theirs(parts, guests.find_source(spec, cache, screen), accel, cache, screen)
    (folder / "coverage.txt").write_text(table(ours, others, True) + "\n" + functions(ours))
    traces = {"coverage": ours} | ({"coverage-theirs": others} if others else {})
    for name, coverage in traces.items():
        (folder /
         f"{name}.info").write_text(info(coverage, built.source.path, name.replace("-", "_")))
        if shutil.which("genhtml"):
            child.run([
                "genhtml", "--quiet", "--output-directory", folder / name, folder / f"{name}.info"],
                      folder / f"{name}.log", 300)
    drawn = shutil.which("genhtml")
    pages = (f"{shown(folder)}/coverage/index.html" if drawn
             else f"for pages, {deps.remedy('genhtml')}")
    screen.say(
        table(ours, others, False) + f"coverage by function: {shown(folder)}/coverage.txt; {pages}")
