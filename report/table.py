# SPDX-License-Identifier: GPL-2.0
"""The outcome table: one row an access, one column a mapping, coherent memory held against system
memory.

A cell reads "result, what happened to the page, what its owner sees". A mapping whose outcome is
that of `rw` shows `=`, so what a reader sees are the differences; mappings that never differ share
a column. What does not fit the width is first abbreviated and then put into a second block, with
`rw` repeated as the reference and without the rows that are as `rw`. Only single pages are shown:
what buffers of several pages give is in the results folder.

A terminal gets it folded: accesses with equal outcomes share a row, and columns for which there is
no room are left out.
"""

import textwrap
from collections.abc import Iterable
from typing import TypeGuard

from report.ktap import quote

WIDTH = 140
PLACE, CONTROL = "coherent", "system"
PLACES = ("coherent", "system", "movable", "private", "remote")
MAPPINGS = ("rw", "ro", "born-ro", "ro-rw", "cow-shared", "ro-shared", "cow-left",
            "cow-then-migrated",
            "uffd-wp", "prot-none", "soft-dirty")
# What R/O is held against.
READ_ONLY = {"ro": "rw", "born-ro": "rw", "ro-rw": "rw", "ro-shared": "cow-shared"}
MEMORY = ("system", "movable")
# What to hold mappings against in system memory, where they make no sense.
NEAREST = {"born-ro": "ro", "cow-then-migrated": "cow-shared"}
SHORT = {"copied to RAM": "copied", "moved to RAM": "to RAM", "faulted-in": "faulted",
         "unreadable": "?"}
LABEL = 22          # characters of names that are folded into one
LEGEND = ("= as rw   ! R/O changes the outcome   ~ not as in system memory   "
          "X not what the rule says")
LEGEND_SHORT = "copied, to RAM: into system memory   ?: cannot be read"


def stub(name: str, verdict: str) -> dict | None:
    """What a cell's name says of an outcome that was never recorded: PLACE.MAPPING.ACCESS[.EXTENT].
    """
    parts = name.split(".")
    if len(parts) not in (3, 4) or parts[0] not in PLACES:
        return None
    return {"place": parts[0], "mapping": parts[1], "access": parts[2],
            "extent": (parts + ["one"])[3],
            "verdict": verdict}


def words(outcome: dict) -> tuple[str, ...]:
    """Result, page and data of one outcome; "-" for what it does not hold."""
    result = outcome.get("errno")
    result = outcome.get("result") if result is None else result
    data = outcome.get("data")
    owner = data.get("owner") if isinstance(data, dict) else None
    pages = outcome.get("page")
    moves = {_moved(p) for p in pages if isinstance(p, dict)} if isinstance(pages, list) else set()
    moved = moves.pop() if len(moves) == 1 else "mixed" if moves else "-"
    return tuple(quote(str("-" if w is None or w == "" else w))[:20]
                 for w in (result, moved, owner))


def _moved(page: dict) -> str:
    moved = page.get("moved")
    before, after = (p.get("at") if isinstance(p, dict) else None
                     for p in (page.get("before"), page.get("after")))
    where = "RAM" if after in (*MEMORY, None) else str(after)
    match moved:
        case "copied":
            return f"copied to {where}"
        case "migrated":
            return "replaced" if before == after else f"moved to {where}"
        case _:
            return str(moved or "-")


def _pick(outcomes: Iterable[dict], place: str) -> dict[tuple[str, str], dict]:
    """(access, mapping) -> outcome. Buffers of several pages have rows only where nothing is
    simpler."""
    one: dict[tuple[str, str], dict] = {}
    more: dict[tuple[str, str], dict] = {}
    for o in outcomes:
        if isinstance(o, dict) and o.get("place") == place and o.get("access") and o.get("mapping"):
            access, mapping = quote(str(o["access"])), quote(str(o["mapping"])).replace("_", "-")
            if (extent := o.get("extent") or "one") == "one":
                one.setdefault((access, mapping), o)
            else:
                more.setdefault((f"{access}/{quote(str(extent))}", mapping), o)
    return one or more


def _signs(cells: dict, control: dict, access: str, mapping: str) -> str:
    outcome, reference = cells[access, mapping], cells.get((access, READ_ONLY.get(mapping)))
    other = control.get((access, mapping)) or control.get((access, NEAREST.get(mapping)))
    mine = words(outcome)
    signs = "!" if _told(reference) and words(reference) != mine else ""
    signs += "~" if _told(other) and words(other) != mine else ""
    return signs + ("X" if outcome.get("verdict") in ("fail", "broken") else "")


def _told(outcome: dict | None) -> TypeGuard[dict]:
    return outcome is not None and "result" in outcome


def _render(cells: dict, control: dict, access: str, mapping: str, short: bool) -> str:
    outcome, reference = cells.get((access, mapping)), cells.get((access, "rw"))
    if outcome is None:
        return ""
    if not _told(outcome):
        return f"({quote(str(outcome.get('verdict')))[:20]})"
    if mapping != "rw" and _told(reference) and words(reference) == words(outcome):
        text = "="
    else:
        text = ("·" if short else " · ").join(SHORT.get(w, w) if short else w
                                              for w in words(outcome))
    return f"{text} {_signs(cells, control, access, mapping)}".rstrip()


def _as_rw(cells: dict, control: dict, accesses: list[str], mapping: str) -> bool:
    """This column would show nothing but what `rw` shows."""
    for access in accesses:
        mine, reference = cells.get((access, mapping)), cells.get((access, "rw"))
        if mine is None:
            continue
        if not (_told(mine) and _told(reference)) or words(mine) != words(reference) or (
                _signs(cells, control, access, mapping) != _signs(cells, control, access, "rw")):
            return False
    return mapping != "rw"


def _merge(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Columns that agree wherever both say something become one, with all their names in its
    heading."""
    merged: list[tuple[list[str], list[str]]] = []
    for mapping, texts in columns.items():
        for names, column in merged:
            if all(not a or not b or a == b for a, b in zip(column, texts)):
                names.append(mapping)
                column[:] = [a or b for a, b in zip(column, texts)]
                break
        else:
            merged.append(([mapping], list(texts)))
    return {"\n".join(names): column for names, column in merged}


def _width(head: str, texts: list[str]) -> int:
    return max(len(text) for text in (*head.split("\n"), *texts))


def _blocks(columns: dict[str, list[str]], label: int, width: int) -> list[list[str]]:
    """Headings that fit side by side; each block after the first repeats the first column."""
    size = {head: _width(head, texts) + 2 for head, texts in columns.items()}
    first, *rest = columns
    blocks, used = [[first]], label + size[first]
    for head in rest:
        if used + size[head] > width and len(blocks[-1]) > 1:
            blocks.append([first])
            used = label + size[first]
        blocks[-1].append(head)
        used += size[head]
    return blocks


def _sorted(outcomes: Iterable[dict]) -> tuple[dict, dict, list[str], list[str], list[str]]:
    """The cells, their control cells, the accesses, the mappings that have a column, and those that
    are in every row as `rw`."""
    outcomes = list(outcomes)
    cells, control = _pick(outcomes, PLACE), _pick(outcomes, CONTROL)
    accesses = list(dict.fromkeys(a for a, _ in cells))
    there = {m for _, m in cells}
    mappings = [m for m in MAPPINGS if m in there] + sorted(there - set(MAPPINGS))
    same = [m for m in mappings if _as_rw(cells, control, accesses, m)]
    return cells, control, accesses, [m for m in mappings if m not in same], same


def text(outcomes: Iterable[dict], kernel: str = "", width: int = WIDTH) -> str:
    """The whole table with its title and legend, or "" where nothing was done to coherent memory.
    """
    cells, control, accesses, mappings, same = _sorted(outcomes)
    if not cells:
        return ""
    for short in (False, True):
        columns = _merge({m: [_render(cells, control, a, m, short) for a in accesses]
                          for m in mappings})
        label = max(len("access"), *(len(a) for a in accesses)) + 2
        blocks = _blocks(columns, label, width)
        if len(blocks) == 1:
            break
    title = f"Outcomes on device-coherent memory{', kernel ' + quote(kernel) if kernel else ''}: " \
            "result · page · what its owner sees"
    lines = [title]
    as_rw = {access: f"= {_signs(cells, control, access, 'rw')}".rstrip()
             for access in accesses if (access, "rw") in cells}
    for number, block in enumerate(blocks):
        shown = [row for row, access in enumerate(accesses) if not number or any(
            columns[head][row] not in ("", as_rw.get(access)) for head in block[1:])]
        size = [_width(head, columns[head]) for head in block]
        heads = [head.split("\n") for head in block]
        rows = [["access" if row == 0 else ""] + [(h[row:] or [""])[0] for h in heads]
                for row in range(max(map(len, heads)))]
        rows += [[accesses[row]] + [columns[head][row] for head in block] for row in shown]
        lines.append("")
        for first, *rest in rows:
            lines.append((first.ljust(label) + "  ".join(t.ljust(n) for t,
                                                         n in zip(rest, size))).rstrip())
        lines += ["(the other rows: as rw)"] * (len(shown) < len(accesses))
    several = sum(isinstance(o, dict) and o.get("place") == PLACE
                  and (o.get("extent") or "one") != "one"
                  for o in outcomes)
    lines += [""] + ([f"In every row as rw: {', '.join(same)}"] if same else []) + [LEGEND]
    if short:
        lines.append(LEGEND_SHORT)
    if several and not any("/" in access for access in accesses):
        lines.append(f"{several} outcomes of buffers with several pages are in the results folder.")
    return "\n".join(lines)


# -- for a terminal


def _fold(accesses: list[str]) -> list[str]:
    """pin-slow-read and pin-fast-read as pin-*-read, dio-read and raw-read as dio/raw-read."""
    names = dict.fromkeys(
        a.replace("-slow-", "-*-").replace("-fast-", "-*-")
        if {a.replace("-fast-", "-slow-"), a.replace("-slow-", "-fast-")} <= set(accesses) else a
        for a in accesses)
    found: list[str] = []
    for name in names:
        first, dash, end = name.partition("-")
        place = next((at for at, other in enumerate(found)
                      if dash and other.partition("-")[2] == end
                      and len(other) + len(first) < LABEL), None)
        if place is None:
            found.append(name)
        else:
            before, _, _ = found[place].partition("-")
            found[place] = f"{before}/{name}"
    return found


def folded(outcomes: Iterable[dict], width: int) -> str:
    """The table for a terminal so many columns wide, or ""."""
    cells, control, accesses, mappings, same = _sorted(outcomes)
    if not cells:
        return ""
    columns = _merge({m: [_render(cells, control, a, m, True) for a in accesses]
                      for m in mappings})
    for count in range(len(columns), 0, -1):        # as many columns as there is room for
        heads = list(columns)[:count]
        groups: dict[tuple, list[str]] = {}
        for row, access in enumerate(accesses):
            groups.setdefault(tuple(columns[head][row] for head in heads), []).append(access)
        rows = {texts: _fold(names) for texts, names in groups.items() if any(texts)}
        size = [_width(head, columns[head]) + 2 for head in heads]
        longest = max(len(name) for names in rows.values() for name in names)
        label = min(longest + 2, max(width // 2, 4))
        room = width + 2 - sum(size)        # for the label; nothing follows the last column
        if label <= room:
            break
    label = max(label, min(room, 2 * label))
    lines = ["outcomes: result · page · what its owner sees"]
    tops = [head.split("\n") for head in heads]
    table = [("" if row else "access", tuple((top[row:] or [""])[0] for top in tops))
             for row in range(max(map(len, tops)))]
    table += [(", ".join(names), texts) for texts, names in rows.items()]
    for name, texts in table:
        first, *more = textwrap.wrap(name, label - 2, break_on_hyphens=False) or [""]
        line = first.ljust(label) + "".join(text.ljust(n) for text, n in zip(texts, size))
        lines += [line.rstrip(), *("  " + rest for rest in more)]
    shown = " ".join(text for texts in rows for text in texts)
    legend = [item for item in f"{LEGEND}   {LEGEND_SHORT}".split("   ") if item[0] in shown
              or item.startswith("copied")]
    left = [name for head in list(columns)[count:] for name in head.split("\n")]
    lines += ["", *textwrap.wrap("   ".join(item.replace(" ", "\0") for item in legend), width)]
    for what, names in (("in every row as rw", same), ("in summary.txt", left)):
        lines += textwrap.wrap(f"{what}: {', '.join(names)}", width) if names else []
    return "\n".join(lines).replace("\0", " ")
