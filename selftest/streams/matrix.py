# SPDX-License-Identifier: GPL-2.0
"""A synthetic run of the whole matrix: some 1000 cells, with one of everything that can happen to a
cell."""

import json
import random

from report.ktap import Reader
from report.model import Run

PROGRAM = "hmm_coherent_matrix"
PLACES = ("system", "movable", "coherent", "private")
MAPPINGS = ("rw", "ro", "ro-rw", "born-ro", "cow-shared", "cow-left", "cow-then-migrated",
            "uffd-wp",
            "prot-none", "soft-dirty")
ACCESSES = ("cpu-read cpu-write child-read child-write dio-read dio-write raw-read raw-write "
            "ring-register "
            "ring-read-fixed ring-write-fixed ring-read ring-write vmsplice vm-read vm-write "
            "mem-write "
            "ptrace-poke device-read device-write populate-read populate-write gup-slow-read "
            "gup-slow-write "
            "gup-fast-read gup-fast-write pin-longterm-read pin-longterm-write").split()
WRITES = ("write", "poke", "dio-read", "raw-read", "ring-read", "register")
RULES = {
    "write-needs-vm-write": ("S5", "check_vma_flags(), mm/gup.c",
                             "a write needs a mapping that may be written"),
    "longterm-leaves": ("S7", "migrate_longterm_unpinnable_pages(), mm/gup.c",
                        "no long-term pin on device memory"),
    "shared-is-copied": ("S5", "do_wp_page(), mm/memory.c",
                         "a write to a shared page copies it into system memory"),
}


def outcome(place: str, mapping: str, access: str) -> dict:
    write = any(access.endswith(w) or access.startswith(w) for w in WRITES)
    refused = (write and mapping in ("ro", "born-ro", "prot-none")) or mapping == "prot-none"
    longterm = "longterm" in access or "register" in access or "fixed" in access
    shared = mapping.startswith("cow") and mapping != "cow-left"
    state = {"at": place, "pfn": "0x5ffff", "perm": "ro" if mapping in ("ro", "born-ro") else "rw",
             "excl": int(not shared)}
    moved, after = "stays", state
    if not refused and write and shared:
        moved, after = "copied", state | {"at": "system", "pfn": "0x1234", "excl": 1}
    elif not refused and longterm and place == "coherent" or place == "private" and not refused:
        moved, after = "migrated", state | {"at": "system", "pfn": "0x1234"}
    new = "new" if write and not refused else "old"
    rule = ("write-needs-vm-write" if refused else
            "longterm-leaves" if longterm else "shared-is-copied")
    page = {"at": after["at"], "same": int(moved == "stays"), "perm": after["perm"],
            "excl": after["excl"],
            "owner": new, "child": "old", "medium": "-", "holder": "-"}
    return {"v": 1, "cell": f"{place}.{mapping}.{access}", "place": place, "mapping": mapping,
            "access": access,
            "extent": "one", "pages": 1, "result": -14 if refused else 4096,
            "errno": "EFAULT" if refused
            else None,
            "page": [{"before": state, "after": after, "moved": moved}],
            "data": {"owner": new, "child": "old" if shared else "-", "medium": "-", "device": new,
                     "holder": "-"},
            "devpages": {"before": 1, "after": int(moved == "stays")}, "rules": [rule],
            "expect": {"result": "EFAULT" if refused else "4096", "result-rule": rule,
                       "page": [page]},
            "verdict": "pass"}


def stream(seed: int = 1, hostile: str = "", bad: float = 0.02) -> tuple[list[str], str]:
    """The names that are planned, and the stream of one program that runs them."""
    rng = random.Random(seed)
    cells = [(p, m, a) for p in PLACES for m in MAPPINGS for a in ACCESSES if p == "coherent"
             or m != "born-ro"]
    names = [".".join(cell) for cell in cells]
    lines = [f"# guest: start {PROGRAM}", "TAP version 13"]
    lines += [f"# fact: rule {name}|{'|'.join(rest)}" for name, rest in RULES.items()]
    never = {n for n in names if n.startswith("private.soft-dirty.")}
    lines += [f"# not-applicable: {n}: this kernel has no soft-dirty bit in swap entries"
              for n in sorted(never)]
    cells = [cell for cell in cells if ".".join(cell) not in never]
    lines.append(f"1..{len(cells)}")
    verdicts = set()
    for number, cell in enumerate(cells, 1):
        name, record = ".".join(cell), outcome(*cell)
        lines.append(f"# begin {name}")
        kind = rng.choices(("pass", "fail", "broken", "skip", "hang"),
                           (1 - bad, bad / 2, bad / 6, bad / 6, bad / 6))[0]
        if cell[2].startswith("raw-") and cell[0] == "movable":
            kind = "skip"
        verdicts.add(kind)
        end = f"not ok {number} {name} # time={rng.randrange(40)}ms"
        if kind == "pass":
            end = end[4:]
        elif kind == "fail":
            rule = record["rules"][0]
            claim, source, sentence = RULES[rule]
            record |= {"verdict": "fail", "result": 512, "errno": None}
            record["data"]["owner"] = "mixed"
            lines += [f"# rule: {rule} ({claim}) {source} -- {sentence}",
                      f"# expected: result: {record['expect']['result']}",
                      "# seen: result: 512", f"# log: {hostile or 'a word for people'}"]
        elif kind == "broken":
            lines.append(f"# broken: page 0 is system before the access, not coherent {hostile}")
        elif kind == "hang":
            lines.append("# hang: still running after 30 s")
        elif kind == "skip":
            end = (f"ok {number} {name} # SKIP HMM_COHERENT_RAW is not set; "
                   "name a block device that may be overwritten")
        if kind in ("pass", "fail"):
            lines.append("# outcome " + json.dumps(record))
        lines.append(end)
    status = 1 if verdicts & {"fail", "hang"} else 3 if "broken" in verdicts else 0
    lines += [f"# end {PROGRAM} ran={len(cells)} checks=9999", f"# guest: exit {PROGRAM} {status}"]
    return names, "\n".join(lines) + "\n"


def run(seed: int = 1, hostile: str = "", bad: float = 0.02, release: str = "6.1.192") -> Run:
    names, text = stream(seed, hostile, bad)
    model = Run()
    model.release, model.kernel = release, ".".join(release.split(".")[:2])
    model.rerun_command = lambda name: f"./run_tests.sh --kernel {model.kernel} '{name}'"
    model.expect(PROGRAM, names, {n: "what " + n.replace(".", ", ") for n in names})
    reader = Reader()
    for event in reader.feed(text.encode()) + reader.close():
        model.take(event, 1)
    model.finish()
    return model
