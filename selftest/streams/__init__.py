# SPDX-License-Identifier: GPL-2.0
"""Result streams for the tests of report/: a good one to be spoiled, and how to replay them."""

from pathlib import Path

from report.ktap import Reader
from report.model import Run

HERE = Path(__file__).parent

PLAN = {"hmm_coherent_a": ["a.one", "a.two", "a.three"], "hmm_coherent_b": ["b.one"]}

GOOD = """\
# guest: up 6.1.192
# guest: fact build-id 0123abcd
# guest: ready
# guest: start hmm_coherent_a
TAP version 13
# fact: rule write-needs-vm-write|S5|check_vma_flags(), mm/gup.c|a write needs \
a mapping that may be written
# fact: foll-longterm 0x10000
1..3
# begin a.one
# outcome {"v":1,"cell":"a.one","place":"coherent","mapping":"rw","access":"cpu-read","result":4096}
ok 1 a.one # time=3ms
# begin a.two
# log: a word for people
ok 2 a.two # time=4ms
# begin a.three
ok 3 a.three # time=5ms
# end hmm_coherent_a ran=3 checks=9
# guest: exit hmm_coherent_a 0
# guest: start hmm_coherent_b
TAP version 13
1..1
# begin b.one
ok 1 b.one # time=6ms
# end hmm_coherent_b ran=1 checks=2
# guest: exit hmm_coherent_b 0
# guest: done
"""

# The same with one of everything that an honest program can say.
MIXED_PLAN = {"hmm_coherent_a": ["a.one", "a.two", "a.three", "a.never", "a.four"],
              "hmm_coherent_b": ["b.one"]}
MIXED = GOOD.replace("1..3\n",
                     "# not-applicable: a.never: this kernel has no unshare\n1..4\n").replace("""\
ok 1 a.one # time=3ms
""", """\
# rule: write-needs-vm-write (S5) check_vma_flags(), mm/gup.c -- a write needs \
a mapping that may be written
# expected: result: EFAULT
# seen: result: 4096
not ok 1 a.one # time=3ms
""").replace("ok 2 a.two # time=4ms", "ok 2 a.two # SKIP no slow device; give "
                                      "HMM_COHERENT_SLOW").replace("""\
ok 3 a.three # time=5ms
""", """\
# broken: the page is not where it was put
not ok 3 a.three # time=5ms
# begin a.four
# hang: still running after 30 s
not ok 4 a.four # time=30000ms
""").replace("ran=3", "ran=4").replace("exit hmm_coherent_a 0", "exit hmm_coherent_a 1")

# Recorded: eight cells on 6.1, with the runner's and the guest's lines.
RECORDED = (HERE / "matrix-6.1.stream").read_text().partition("\n")[2]     # without its licence
RECORDED_PLAN = {"hmm_coherent_matrix": [f"coherent.rw.cpu-{access}{extent}"
                                         for access in ("read", "write")
                                         for extent in ("", ".many", ".half-placed", ".hole")]}


def replay(stream: str | bytes, plan: dict[str, list[str]] | None = None, run: Run | None = None,
           finish: bool = True) -> Run:
    """A run that saw exactly this stream, as VM 1."""
    run = run or Run()
    if plan is None:
        plan = PLAN
    if not run.plans:
        for program, names in plan.items():
            run.expect(program, names)
    reader = Reader()
    data = stream if isinstance(stream, bytes) else stream.encode()
    for event in reader.feed(data) + reader.close():
        run.take(event, 1)
    if finish:
        run.finish()
    return run


def verdicts(run: Run) -> dict[str, str]:
    return {test.name: test.verdict for test in run.tests.values()}
