# SPDX-License-Identifier: GPL-2.0
"""What a person reads: the summary, the outcome table, and the grid of the page."""

import copy
import os
import random
import re
import shutil
import subprocess

import pytest

from report import html, summary, table
from report.ktap import Diag
from streams import GOOD, MIXED, MIXED_PLAN, matrix, replay
from test_report_outputs import hostile_run


def test_a_summary_shows_the_first_lines_of_a_splat_however_often_they_come():
    run = replay(GOOD, finish=False)
    run.splat("a.two", ["WARNING: at mm/gup.c:1"] + ["Call Trace:"] * 20)
    run.tests["a.two"].attempts[-1].diags += [Diag("splat", "WARNING: at mm/gup.c:1")] * 20
    run.finish()
    text = summary.text(run, False)
    assert "splat:    WARNING: at mm/gup.c:1\n" in text
    assert "more lines in the results folder" in text


def test_a_failure_has_everything():
    run = replay(MIXED, MIXED_PLAN)
    run.rerun_command = lambda name: f"./run_tests.sh --kernel 6.1 '{name}'"
    text = summary.text(run)
    failure = text[:text.index("FAILED a.four")]
    for part in ("FAILED a.one", "rule:     write-needs-vm-write (S5) check_vma_flags(), mm/gup.c",
                 "expected: result: EFAULT", "seen:     result: 4096",
                 "again:    ./run_tests.sh --kernel 6.1 'a.one'"):
        assert part in failure
    assert "FAILED a.four (hung)" in text
    assert "BROKEN a.three" in text
    assert "skipped 1: no slow device\n    remedy:   give HMM_COHERENT_SLOW" in text
    assert "not applicable 1: this kernel has no unshare" in text
    assert text.startswith("FAILED")
    assert "\n2 wrong, 1 broken, 1 not applicable, " in text


def test_skips_are_grouped():
    text = summary.text(matrix.run())
    assert text.count("HMM_COHERENT_RAW is not set") == 1


def test_colour_only_when_asked():
    run = replay(MIXED, MIXED_PLAN)
    assert "\x1b" not in summary.text(run)
    coloured = summary.text(run, colour=True)
    assert "\x1b[31;1mFAILED a.one\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == summary.text(run)
    run = replay(GOOD, finish=False)
    run.broken("no device")
    run.finish()
    assert summary.text(run, colour=True).splitlines()[-1].startswith("\x1b[31;1m")


def test_a_thousand_failures_stay_readable():
    text = summary.text(matrix.run(bad=1.0))
    assert len(text.splitlines()) < 2500
    assert text.count("again:") > 19


def test_flaky():
    text = ("1..3\n" + "".join(f"# begin p.x\n{'not ' * (n == 2)}ok {n} p.x\n"
                               for n in (1, 2, 3)) + "# end p ran=3 checks=3\n")
    run = replay(text, {"p": ["p.x"] * 3})
    assert "FAILED p.x  flaky: 2 of 3 attempts passed" in summary.text(run)


def cell(place, mapping, access="cpu-write", **more):
    return matrix.outcome(place, mapping, access) | more


def rows(*outcomes):
    return table.text(outcomes, "6.1").splitlines()


def test_readable():
    text = table.text(summary.outcomes(matrix.run(bad=0)), "6.1", 118)
    assert max(map(len, text.splitlines())) <= 118
    assert ("cpu-write           4096·stays·new     EFAULT·stays·old !"
            "  4096·copied·new") in text
    assert "vmsplice            4096·stays·old     =                   =  " in text
    assert "In every row as rw: ro-rw, cow-left, uffd-wp, soft-dirty" in text


LONGTERM = "pin-longterm-write"


@pytest.mark.parametrize("cells, row", [
    # in full where there is room
    ([cell("coherent", mapping) for mapping in ("rw", "ro", "cow-shared")],
     r"cpu-write +4096 · stays · new +EFAULT · stays · old ! +4096 · copied to RAM · new"),
    # signs
    ([cell(place, mapping, LONGTERM) for place in ("coherent", "system")
      for mapping in ("rw", "ro")], r"4096 · moved to RAM · new ~ +EFAULT · stays · old !$"),
    ([cell("coherent", "rw", verdict="fail")], " X$"),
    # without an outcome
    ([cell("coherent", "rw"), table.stub("coherent.ro.cpu-write", "broken")], r"\(broken\)$")])
def test_a_row(cells, row):
    assert re.search(row, rows(*cells)[3])


def test_what_has_no_row():
    assert table.stub("fork.child-writes", "fail") is None
    assert table.text([cell("system", "rw"), {}, {"place": "coherent"}]) == ""


def test_several_pages_have_rows_only_where_there_is_nothing_simpler():
    many = cell("coherent", "rw", extent="many")
    lines = rows(cell("coherent", "rw"), many)
    assert "many" not in "\n".join(lines)
    assert lines[-1] == "1 outcomes of buffers with several pages are in the results folder."
    assert rows(many)[3].split()[0] == "cpu-write/many"


def test_columns_that_never_differ_are_one():
    lines = rows(*(cell("coherent", m, a) for m in ("rw", "ro", "born-ro", "cow-left")
                    for a in ("cpu-read", "cpu-write") if (m, a) != ("born-ro", "cpu-read")))
    assert lines[2].split() == ["access", "rw", "ro"]
    assert lines[3].split() == ["born-ro"]
    assert "In every row as rw: cow-left" in lines


def test_a_second_block_has_the_rows_that_are_not_as_rw():
    cells = [cell("coherent", mapping, access, **(more if access == "dio-read" else {}))
             for mapping, more in (("rw", {}), ("ro", {}), ("soft-dirty", {"verdict": "fail"}))
             for access in ("cpu-read", "dio-read")]
    text = table.text(cells, width=50)
    assert re.search(r"(?m)^access +rw +soft-dirty\ndio-read .* = X\n\(the other rows: as rw\)$",
                     text), text


def test_any_shape():
    rng = random.Random(11)
    values = (None, 0, -14, 1.5, "", "x" * 500, [], {}, [{}], [None], [{"moved": 3}],
              {"owner": []}, True)
    for _ in range(500):
        outcome = {key: rng.choice(values) for key
                   in rng.sample(("result", "errno", "page", "data", "extent", "verdict"), 4)}
        text = table.text([outcome | {"place": "coherent", "mapping": "rw", "access": "x"}] * 2)
        assert len(text) < 2000
        lines = table.folded([outcome | {"place": "coherent", "mapping": "rw",
                                         "access": "x"}] * 2, 80).splitlines()
        assert max(map(len, lines)) <= 80


browser = pytest.mark.skipif(not shutil.which(os.environ.get("HMM_COHERENT_BROWSER", "")),
                              reason="HMM_COHERENT_BROWSER names no browser")


def dom_of(scratch, runs):
    (scratch / "page.html").write_text(html.text(runs))
    return subprocess.run(
        [os.environ["HMM_COHERENT_BROWSER"], "--headless", "--no-sandbox",
         "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={scratch}/home",
         "--virtual-time-budget=5000", "--dump-dom", f"file://{scratch}/page.html"],
        capture_output=True, text=True, check=True, timeout=60).stdout


@browser
def test_grid(scratch):
    run = matrix.run()
    dom = dom_of(scratch, [run, hostile_run()])
    grid = dom[dom.index('<table class="grid"'):dom.index("</table>")]
    assert grid.count('<td class="cell ') == sum(n.startswith("coherent.") for n in run.tests)
    assert dom.count("<script") == 2


@browser
def test_signs_are_those_of_the_table(scratch):
    run = matrix.run(bad=0)
    for name in [name for name in run.tests if name.startswith("coherent.ro.")]:
        one = run.tests[name]
        shared = copy.deepcopy(one)
        shared.name = name.replace(".ro.", ".ro-shared.")
        for outcome in shared.outcomes:
            outcome |= {"cell": shared.name, "mapping": "ro-shared"}
        run.tests[shared.name] = shared
    found = dict(re.findall(r'title="(coherent\.[^:"]*): pass"[^>]*>[^<]*(?:<span '
                            r'class="sign">([^<]*)</span>)?</button>', dom_of(scratch, [run])))
    places = {place: {(o["access"], o["mapping"]): o for test in run.tests.values() for o
                      in test.outcomes if o["place"] == place} for place in ("coherent", "system")}
    wanted = {o["cell"]: table._signs(places["coherent"], places["system"], *key) for key,
              o in places["coherent"].items()}
    assert found == wanted
    assert wanted["coherent.ro-shared.cpu-write"] == "!"
    assert "~" in wanted["coherent.born-ro.pin-longterm-read"]
