# SPDX-License-Identifier: GPL-2.0
"""Break the stories that no seeded fault of the kernel turns red: another step is taken, and the story has to notice.

Each line changes what happens, not what is expected. All of them are broken in one copy of the tree, which runs once, in a VM. Not part of
`make check`:

    python3 selftest/red_stories.py [KERNEL]       as of run_tests.sh --kernel; the default is its own
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# file of hmm-coherent/ or path, its function or scenario, what stands there, what shall stand there, the tests that have to fail
BREAK = r"""
protect       | write_again    | story_write(s, 0);             | child_fork(&s->child); story_write(s, 0);                   | protect.*.write-again
protect       | many_rounds    | story_write(s, 0);             | if (round == 4) child_fork(&s->child); story_write(s, 0);   | protect.*.many-rounds
protect       | one_of_three   | story_protect(s, 1, 1,         | story_protect(s, 1, 2,                                      | protect.*.one-of-three
protect       | none_and_back  | 3, PROT_NONE                   | 3, PROT_READ                                                 | protect.*.none-and-back
direct_io     | write_whole    | expect_written(s,              | story_make_writable(s); story_write(s, 2); expect_written(s, | direct-io.*.write-whole
direct_io     | write_odd_pieces | pwritev(s->medium.fd, iov, count, 0) | pwritev(s->medium.fd, iov, count - 1, 0)             | direct-io.*.write-odd-pieces
direct_io     | async_half_placed | set_rule(RULE_BYTES_ARRIVE);   | story_write(s, 0); set_rule(RULE_BYTES_ARRIVE);                | direct-io.*.async-half-placed
fixed_buffers | registered_while_shared | expect_owner_sees(s, 0, BY_MEDIUM); | story_write(s, 0); expect_owner_sees(s, 0, BY_MEDIUM); | fixed-buffers.*.registered-while-shared
slow_io       | page_waits_for_its_bytes | expect_owner_sees(s, 0, BY_MEDIUM); | story_write(s, 0); expect_owner_sees(s, 0, BY_MEDIUM); | slow-io.*.page-waits-for-its-bytes
slow_io       | migration_meets_transfer | transfer_prove_in_flight(&self->transfer, &s->suspension); | madvise(s->buffer.addr, s->buffer.size, MADV_DONTNEED); story_write(s, 0); transfer_prove_in_flight(&self->transfer, &s->suspension); | slow-io.*.migration-meets-transfer
slow_io       | unmap_meets_transfer | transfer_prove_in_flight(&self->transfer, &s->suspension); | landed(s, &self->transfer); transfer_start_read(&self->transfer, s->medium.fd, next.addr, features.page_size); | slow-io.*.unmap-meets-transfer
slow_io       | child_writes_meanwhile | child_write(&s->child, &s->buffer, 0, 1, BY_CHILD) | child_read(&s->child, &s->buffer, 0, 1, NULL) | slow-io.*.child-writes-meanwhile
slow_io       | protection_meets_transfer | story_protect(s, 0, 1, PROT_READ); |                                                    | slow-io.*.protection-meets-transfer
registered    | updated        | iov = (struct iovec){ second.addr, second.size }; |                                              | registered.*.updated
registered    | unregistered_in_flight | expect_same_frame(s, 0);   | story_write(s, 0); expect_same_frame(s, 0);                 | registered.*.unregistered-in-flight
common/story/race | race_migrate   | dither(side);                  | dither(side); ((uint64_t *)buffer_page(&s->buffer, 1))[16] += 1; | races.*.writer-and-migrator
races         | remote_to_and_fro | dither(side);               | dither(side); *counter(side->race->story, 1) += 1;          | races.*.two-migrators
gup_races     | take_references_slow | take_references(side, false);  | story_protect(side->race->story, 3, 1, PROT_NONE); take_references(side, false); story_protect(side->race->story, 3, 1, PROT_READ | PROT_WRITE); | races.*.gup-slow-and-migrator
accounts      | migrate_to_and_fro | memset(range->addr, 0x5a, pages * features.page_size); |  | accounts.*.migrated-to-and-fro
whole_device  | filled         | range_map(&range, all);        | range_map(&range, all - RANGE_STEP); | whole-device.*
numa          | mbind_strict   | set_rule(RULE_NODES_PASS_OVER);   | half_back(s); bind_mapping(s, self->other, story_on_device(s) ? 0 : MPOL_MF_MOVE); set_rule(RULE_NODES_PASS_OVER); | numa.*.mbind-strict
numa          | migrate_process | numa_migrate_pages(0, from, to) | numa_migrate_pages(0, to, from) | numa.*.migrate-process
numa          | maps           | half_back(s);                  | madvise(s->buffer.addr, features.page_size, MADV_DONTNEED); | numa.*.maps
memory_policy | unshared_by_mapping | bind_buffer(s, self->other);   |  | numa.*.unshared-by-mapping
memory_policy | back_by_mapping | bind_buffer(s, self->other);   | if (!story_on_device(s) && bind_mapping(s, self->other, 2)) give_up(); | numa.*.back-by-mapping
mirrors       | opener_gone    | device_migrate_back(orphan,    | device_migrate_back(&s->device,                             | devices.*.opener-gone
mirrors       | opener_gone_access | device_read(orphan,        | device_read(&s->device,                                     | devices.*.opener-gone-access
exclusive     | exclusive_then_unmapped | unmap_memory(s->buffer.addr, features.page_size); |  | devices.*.exclusive-then-unmapped
tracking      | accessed       | expect_result("a read", cpu_read(&s->buffer, 1, 1, NULL), features.page_size); |  | tracking.*.accessed
tracking      | pagemap_scan   | found = ioctl(                 | madvise(s->buffer.addr, features.page_size, MADV_DONTNEED); found = ioctl( | tracking.*.pagemap-scan
empty_pages   | zero_page      | device_migrate_to(&s->device, addr, 2) | device_migrate_to(&s->device, addr, 1) | tracking.*.zero-page
reclaim       | pressure       | cgroup_leave(&group);          | cgroup_leave(&group); device_move_back(&s->device, charged.addr, 1); | reclaim.*pressure
collapse      | by_khugepaged  | huge_move_to_device(h, 7, 1);  |  | collapse*.by-khugepaged
"""


def break_one(top: Path, line: str) -> str:
    """Break a line in the copy; which tests have to fail."""
    name, function, old, new, tests = (part.strip(" ") for part in re.split(r" \| (?!PROT_)", line))
    path = top / f"{name}.c" if "/" in name else top / "hmm-coherent" / f"{name}.c"
    text = path.read_text()
    body = re.search(rf"^(?:SCENARIO\(\w+, {function},|[a-z][\w ]+[ *]{function}\()(?:.|\n)*?^}}$", text, re.M)
    if not body or body[0].count(old) != 1:
        raise SystemExit(f"red_stories: {path.name} has no {function}() in which this stands once: {old}")
    path.write_text(text[:body.start()] + body[0].replace(old, new) + text[body.end():])
    return tests


def said(test: dict) -> str:
    """The rule that was broken, and by what."""
    diags = [(key, text) for attempt in test["attempts"] for key, text in attempt["diags"]]
    words = [next((text for key, text in diags if key == wanted), "") for wanted in ("rule", "expected", "seen", "fail")]
    return f"{words[0].split(' ')[0]}: {words[1]} / {words[2]}" if words[2] else ": ".join(filter(None, (words[0].split(" ")[0], words[3])))


def run(top: Path, tests: list[str], kernel: list[str]) -> dict[str, tuple[str, str]]:
    """Run them in the copy: the verdict of each, and what it says."""
    results = top / "results"
    done = subprocess.run([top / "run_tests.sh", "--vm", *kernel, "--results", results, *tests], capture_output=True, text=True, check=False)
    if not (results / "run.json").exists():
        raise SystemExit(f"red_stories: nothing ran\n{done.stderr}")
    return {test["name"]: (test["verdict"], said(test))
            for test in json.loads((results / "run.json").read_text())["tests"]}


def main() -> int:
    """All lines at once."""
    kernel = ["--kernel", *sys.argv[1:2]] if sys.argv[1:] else []
    with tempfile.TemporaryDirectory() as folder:
        top = shutil.copytree(TOP, Path(folder, "copy"), ignore=shutil.ignore_patterns(".git", "build", "results", "__pycache__"))
        tests = [break_one(top, line) for line in BREAK.splitlines() if line]
        got = run(top, tests, kernel)
    for name, (verdict, text) in got.items():
        print(f"{verdict:6} {name}: {text}")
    here = [glob for glob in tests if any(fnmatchcase(name, glob) for name in got)]
    green = [name for name, (verdict, _) in got.items() if verdict != "fail"]
    print(f"{len(here)} stories broken, {len(tests) - len(here)} not on this kernel; {len(got) - len(green)} tests failed; not red: {' '.join(green) or 'none'}")
    return 1 if green or not got else 0


if __name__ == "__main__":
    sys.exit(main())
