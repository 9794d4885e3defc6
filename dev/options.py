# SPDX-License-Identifier: GPL-2.0
"""The commands for developers of the suite, and the options that only these take."""

from base.errors import Stop, WRONG_USE

WORDS = {
    "check": ("", "lint, selftests, then the suite"),
    "bench": ("", "measure the run time, next to the kernel's own tests"),
    "faults": ("[GLOB...]", "test which seeded kernel faults the suite detects"),
    "findings": ("[GLOB...]", "prove each finding: its tests fail without its fix, and pass with"),
    "nested": ("[GLOB...]", "run tests under real KVM, in a guest with an emulated processor"),
}
TAKES = {word: frozenset(f"{names} --help".split()) for word, names in {
    "check": "--cache --arch --profile",
    "bench": "--kernel --accel --repeat --cold --cache",
    "faults": "--kernel --arch --page-size --accel --jobs --skip --timeout --results --list "
              "--quick --named --explore --with-kernel-tests --cache --verbose",
    "findings": "--kernel --arch --page-size --profile --accel --jobs --skip --timeout --results "
                "--list --all --together --cache --verbose",
    "nested": "--kernel --results --boot-timeout --timeout --cache --verbose",
}.items()}
WHAT = """\
Commands for developers of the suite. ./run_tests.sh --help has those for its users.

./run_tests.sh --profile coverage is for developers, too: docs/profiles.md."""
EXAMPLES = (
    ("./run_tests.sh check", "all that must pass before a commit"),
    ("./run_tests.sh faults --list S5", "the seeded faults of a claim"),
    ("./run_tests.sh faults --quick", "one fault per claim"),
    ("./run_tests.sh findings 'huge-*' --kernel 7.3", "with and without the fixes of a finding"),
)
STATUSES = (
    ("0", "all passed"),
    ("1", "something failed, a fault was not detected, a finding was not proven"),
    ("2", "wrong use"),
    ("3", "nothing was tested, or it could not be finished"),
    ("4", "none of the faults, or of the fixes, applies to this kernel"),
)


def add(options) -> None:
    """Add the options that only these commands take."""
    options.add_argument("--cold", action="store_true",
                         help="bench: also a run with an empty cache")
    options.add_argument("--quick", action="store_true",
                         help="faults: one per claim, on the kernel of ordinary runs")
    options.add_argument("--named", action="store_true",
                         help="faults: run only the tests that the header of a fault names, never "
                         "the whole suite")
    options.add_argument("--explore", action="store_true",
                         help="faults: run random sequences for 60 s on each, in place of the "
                         "tests")
    options.add_argument("--with-kernel-tests", action="store_true",
                         help="faults: also run hmm-tests, cow and gup_longterm on each")
    options.add_argument("--all", action="store_true",
                         help="findings: run every other test, too, which must stay as it is")
    options.add_argument("--together", action="store_true",
                         help="findings: all fixes in one kernel, in place of one after the other")


def check_sense(options) -> None:
    """Stop for options that exclude each other."""
    if options.word == "bench" and len(options.kernel) > 1:
        raise Stop(WRONG_USE, "bench takes one --kernel", "leave the others out")
    other = [name for name, given in (("--quick", options.quick), ("--named", options.named),
                                      ("--with-kernel-tests", options.with_kernel_tests)) if given]
    if options.explore and other:
        raise Stop(WRONG_USE, f"--explore runs no tests, which {other[0]} chooses",
                   f"leave {other[0]} out")
