# SPDX-License-Identifier: GPL-2.0
"""The command line of run_tests.sh."""

import argparse
import difflib
import re
from collections.abc import Iterable
from pathlib import Path

from base.errors import Stop, WRONG_USE
from vm.arch import ARCHS, TABLE
from vm.kconfig import PROFILES
from vm.source import at_ref

# Word: what it takes, and what it does. --help, the manual and the completion are made from these
# tables.
WORDS = {
    "doctor": ("", "show what this machine has and lacks for each kind of run"),
    "deps": ("", "install the missing Debian packages (as root), or print the command"),
    "compare": ("A B", "show what changed between two results folders"),
    "merge": ("A B...", "join the results of --shard 1/N, 2/N, ..."),
    "bisect": ("GOOD BAD [GLOB...]", "find the commit in the tree given with --kernel"),
    "import": ("TREE", "put the suite into a kernel tree, as a kselftest"),
    "rerun": ("DIR", "run what did not pass in a results folder again, with its options"),
    "explore": ("", "run random sequences of operations against a model: docs/explore.md"),
    "report": ("DIR...", "print the summary of stored results, and write --junit, --html, ...; of "
                         "several, a table"),
    "cache": ("[clean [DAYS]]", "list what the cache holds; clean: remove what was not used for "
                                "30 days, or DAYS"),
}
# Which options each word, and each way to run, takes. What is not here is refused by name: an
# option that is accepted and then dropped would give results of something else than was asked for.
_WHICH = "--skip --shard --failed --cache"
_WRITE = "--results --junit --json --html --kcidb --strict --gate --ktap --outcomes"
_HOW = (f"{_WHICH} {_WRITE} --repeat --until-fail --shuffle --seed --stress --timeout --known "
        "--verbose --dry-run")
_BUILD = "--arch --page-size --kconfig --kconfig-file --make-arg --append --qemu-arg"
_KERNEL = f"--kernel --modules --profile --accel --boot-timeout --build --refresh {_BUILD}"
# Which of them say what runs, for the command that repeats a test.
MADE = ("modules", "profile", *(name[2:].replace("-", "_") for name in _BUILD.split()))
TAKES = {
    word: frozenset(f"{names} --help".split()) for word, names in {
        "": f"{_HOW} {_KERNEL} --vm --jobs --destructive --bisect-step --gdb",
        "--native": f"{_HOW} --native --spm",
        "--list": f"{_WHICH} --list --vm --native --kernel --arch --destructive",
        "--shell": f"{_KERNEL} --gdb --cache --shell --copy --vm --verbose",
        "--print-kernel-tree": "--print-kernel-tree --cache", "doctor": "--cache --arch",
        "deps": "--cache --arch", "compare": "--html",
        "merge": _WRITE, "report": "--junit --json --html --kcidb", "cache": "--cache",
        "explore": f"{_KERNEL} --vm --native --spm --cache --results --ktap --seed --timeout "
                   "--seconds --length --only --weight --replay --minimise --as-program "
                   "--as-scenario --shard --jobs --verbose --known --strict --gate --bisect-step",
        "rerun": f"{_WRITE} --cache --jobs --verbose --dry-run",
        "bisect": f"{_BUILD} --kernel --vm --profile --accel --jobs --destructive --skip --repeat "
                  "--until-fail --replay "
        "--shuffle --seed --stress --timeout --boot-timeout --known --strict --gate --results "
        "--cache --verbose", "import": "", }.items()}
PAGE_SIZES = tuple(dict.fromkeys(size for arch in TABLE for size in arch.pages))
DAY = 86400             # seconds
TEST_SECONDS = 3600     # the programs' own limit of --timeout
EXAMPLES = (
    ("./run_tests.sh", "everything, in a VM"),
    ("./run_tests.sh -l 'fork.*'", "what the fork tests check"),
    ("./run_tests.sh --kernel ~/linux 'coherent.*'", "on your own tree"),
    ("./run_tests.sh --repeat 50 --shuffle", "look for flakes"),
    ("git bisect run ./run_tests.sh --bisect-step --kernel . coherent.rw.dio-read", ""),
)
STATUSES = (
    ("0", "tests passed and none failed (with --gate: none got worse)"),
    ("1", "a test failed or did not run"),
    ("2", "wrong use"),
    ("3", "broken, or the suite failed: says nothing about the kernel"),
    ("4", "nothing passed and nothing failed: everything was skipped, or is a known issue"),
    ("130, 143", "interrupted"),
)
BISECT_STATUSES = ("with --bisect-step: 0 good, 1 bad, 125 cannot be tested, "
                   "128 and more stop the bisection")
WHAT = """\
Tests GUP, copy-on-write and DMA on device-coherent pages, in a VM or on the running kernel.

Without options it builds a kernel and boots it in QEMU. It uses the running kernel only with
--native or --spm, because reserved memory of this machine may be in use."""


def columns(rows, width: int) -> str:
    """Two columns, indented; what is too long for the first stands alone."""
    return "\n".join(f"  {left:{width}}  {right}".rstrip() if len(left) <= width or not right
                     else f"  {left}\n  {'':{width}}  {right}" for left, right in rows)


def about(what: str, words: dict[str, tuple[str, str]]) -> str:
    """The head of --help."""
    rows = [(f"{word} {takes}".rstrip(), does) for word, (takes, does) in words.items()]
    return f"{what}\n\ncommands:\n{columns(rows, 20)}"


def epilog(examples, statuses, bisecting: str = "") -> str:
    """Its end."""
    return (f"examples:\n{columns(examples, 44)}\n\nexit status:\n{columns(statuses, 8)}"
            + (f"\n  {bisecting}" if bisecting else ""))


class Parser(argparse.ArgumentParser):
    """argparse that answers wrong use with one line and the nearest option there is."""

    def error(self, message: str):
        unknown = message.removeprefix("unrecognized arguments: ").split()[0]
        if message.startswith("unrecognized arguments: "):
            known = [o for action in self._actions for o in action.option_strings]
            near = difflib.get_close_matches(unknown.split("=")[0], known, 1)
            message = f"unknown option {unknown}" + (f", the nearest is {near[0]}" if near else "")
        raise Stop(WRONG_USE, message, "see ./run_tests.sh --help")


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def seconds(text: str) -> int:
    """A time in whole seconds, at most a day so that sums of it stay sane."""
    value = positive(text)
    if value > DAY:
        raise argparse.ArgumentTypeError(f"'{text}' is more than a day (86400 s)")
    return value


def scenario_name(text: str) -> str:
    """What is a file name and, with '_' for '-', a name in C."""
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a name such as writer-gets-copy")
    return text


def natural(text: str) -> int:
    """A seed: what the programs take as an unsigned number."""
    if not text.isascii() or not text.isdigit() or int(text) >= 1 << 32:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to {(1 << 32) - 1}")
    return int(text)


def kconfig_line(text: str) -> str:
    """CONFIG_X=y, from that or X=y."""
    found = re.fullmatch(r"(?:CONFIG_)?([A-Za-z0-9_]+)=(\S.*)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is not an option such as CONFIG_X=y")
    return f"CONFIG_{found[1]}={found[2]}"


def make_arg(text: str) -> str:
    """A variable of the kernel's make that does not say what is built, or where."""
    name, equals, _ = text.partition("=")
    if not equals or not re.fullmatch(r"\w[\w.-]*", name):
        raise argparse.ArgumentTypeError(f"'{text}' is not a variable such as LLVM=1")
    if name in ("O", "M", "ARCH", "SUBARCH", "KBUILD_OUTPUT", "KBUILD_EXTMOD", "KBUILD_SRC"):
        raise argparse.ArgumentTypeError(f"{name} is for this suite to set")
    return text


def length(text: str) -> str:
    """MIN..MAX operations."""
    first, dots, last = text.partition("..")
    if not dots or not 4 <= positive(first) <= positive(last) <= 48:
        raise argparse.ArgumentTypeError(f"'{text}' is not a length such as 12..40 (4 to 48)")
    return text


def shuffle(text: str) -> int | str:
    """--shuffle alone draws a seed, which is printed."""
    return text if text == "draw" else natural(text)


def shard(text: str) -> tuple[int, int]:
    """I/N."""
    number, slash, count = text.partition("/")
    if not slash or not 1 <= positive(number) <= positive(count):
        raise argparse.ArgumentTypeError(f"'{text}' is not a shard such as 2/3")
    return int(number), int(count)


def addresses(text: str) -> tuple[int, int]:
    """Two physical addresses, as test_hmm's spm_addr_dev0 and spm_addr_dev1."""
    try:
        first, second = (int(part, 0) for part in text.split(","))
    except ValueError:
        first = second = 0
    if min(first, second) <= 0 or first % (2 << 20) or second % (2 << 20):
        raise argparse.ArgumentTypeError(f"'{text}' is not two 2 MiB aligned addresses, such as "
                                         "0x140000000,0x150000000")
    if abs(first - second) < 256 << 20:
        raise argparse.ArgumentTypeError(f"'{text}': the ranges are 256 MiB each and overlap")
    return first, second


# In the order of --help: the names of an option and of its value ("..." if it may be given several
# times), what reads the value (None: it takes none; a tuple: one of these), what it does, and the
# value without it.
OPTIONS: dict[str, tuple[tuple, ...]] = {
    "where to run": (
        ("--native", None, "on this kernel; needs root and test_hmm"),
        ("--vm", None, "in QEMU (default)"),
        ("--kernel SPEC...", str,
         "a version (6.1), a kernel tree, TREE@COMMIT or a bzImage; may be given several times"),
        ("--arch ARCH", tuple(ARCHS),
         f"architecture of the VM: {', '.join(ARCHS)} (default: the host's); "
         "docs/platforms.md", ""),
        ("--page-size SIZE", PAGE_SIZES,
         "of the kernel that is built: 4K, 16K or 64K on arm64", ""),
        ("--modules DIR", Path, "the modules of a bzImage"),
        ("--build DIR", Path, "boot the kernel of a build folder (O=) or of a built tree as it is"),
        ("--refresh", None, "use the newest point release of --kernel 6.1, not that in the cache"),
        ("--kconfig CONFIG_X=y...", kconfig_line, "also set this option of the kernel"),
        ("--kconfig-file FILE...", Path, "also set the options of a configuration fragment"),
        ("--make-arg VAR=VALUE...", make_arg,
         "for the kernel's make: LLVM=1, CC='ccache gcc', KCFLAGS=-O1, V=1"),
        ("--append WORDS", str, "also put this on the kernel command line", ""),
        ("--qemu-arg WORDS...", str, "also give this to QEMU: --qemu-arg='-device pvpanic'"),
        ("--gdb", None, "build with debug information; the VM waits for gdb on a printed port"),
        ("--spm ADDR,ADDR", addresses,
         "two reserved 256 MiB ranges for the devices of a native run"),
        ("--profile debug", ("debug", "coverage", "wide"),
         "build the kernel with KASAN, lockdep and others: docs/profiles.md", ""),
        ("--accel", ("kvm", "tcg", "probe"),
         "accelerator to use, without a test of KVM; probe: test KVM again"),
        ("-j --jobs N", positive,
         "VMs at a time (default: one per processor, as memory allows, at most 4)"),
        ("--cache DIR", Path, "cache folder (default: ~/.cache/hmm-coherent)"),
        ("--shell", None, "boot the VM and start a shell in it, or run the script on stdin"),
        ("--copy DIR", Path, "with --shell: put a folder into the guest, under /mnt"),
    ),
    "what to run": (
        ("-l --list", None, "list the name and purpose of each test"),
        ("--dry-run", None, "print which tests would run, and where"),
        ("--destructive", None,
         "also run tests that may crash the kernel, last and each in its own VM"),
        ("--skip GLOB...", str, "do not run the tests that match"),
        ("--failed DIR", Path,
         "run only what failed, was broken or did not run in a results folder"),
        ("--shard I/N", shard, "run part I of N, for several machines"),
        ("--repeat N", positive, "run each test N times"),
        ("--until-fail", None,
         "stop at the first failure; repeats 100 times unless --repeat says otherwise"),
        ("--shuffle SEED", shuffle, "run in random order (--shuffle=SEED to repeat an order)"),
        ("--seed N", natural, "seed for all randomness in the tests (default 1)", 1),
        ("--stress S", seconds, "seconds for which each race runs", 0),
        ("--timeout S", seconds, "seconds until a test counts as hung (default 30)", 30),
        ("--boot-timeout S", seconds,
         "seconds until a kernel counts as not booting (default 60)", 60),
    ),
    "explore": (
        ("--seconds S", seconds, "run random sequences for so long (default 60), from --seed on"),
        ("--length MIN..MAX", length, "operations in a sequence (default 12..40)"),
        ("--only GLOBS", str, "only these operations: 'migrate pin* fork'"),
        ("--weight NAME=N...", str, "how often an operation is taken: fork=5"),
        ("--replay TEXT", str, "run this sequence"),
        ("--minimise DIR", Path,
         "repeat the sequence that failed in a results folder, and make it shorter"),
        ("--as-program", None,
         "print the sequence of --replay or --minimise as a program in plain C, for a bug report"),
        ("--as-scenario NAME", scenario_name, "print it as a scenario of this suite"),
    ),
    "results": (
        ("--results DIR", Path, "results folder (default: results/<time>)"),
        ("--ktap", None, "print KTAP on stdout also if that is a terminal"),
        ("--outcomes", None, "KTAP with the outcome of each cell as JSON: docs/outcomes.md"),
        ("--junit FILE", Path, "also write JUnit XML, for CI systems"),
        ("--json FILE", Path, "also write JSON: docs/results-schema.md"),
        ("--html FILE", Path, "also write an HTML page with the matrix"),
        ("--kcidb FILE", Path,
         "also write KCIDB's JSON, for kcidb-submit (docs/results-schema.md)"),
        ("--strict", None,
         "a skip counts as a failure, and so does a known issue that no longer fails"),
        ("--gate DIR", Path, "fail only for tests that are worse than in DIR"),
        ("--known FILE", Path,
         "list of known issues (default: known-issues.toml): docs/known-issues.md"),
        ("--bisect-step", None, "exit with the statuses that git bisect run expects"),
    ),
}


def add(group, names: str, kind, says: str, default=None) -> None:
    """Add an option: a row of OPTIONS."""
    flags = [word for word in names.split() if word.startswith("-")]
    if kind is None:
        group.add_argument(*flags, action="store_true", help=says)
        return
    value = names.removesuffix("...").split()[len(flags):]
    more: dict = {"choices": kind} if isinstance(kind, tuple) else {"type": kind}
    if names.endswith("..."):
        more |= {"action": "append"}
        default = []
    group.add_argument(*flags, metavar=value[0] if value else None, default=default, help=says,
                       **more)


def parser(dev=None) -> Parser:
    """The options, in the order --help shows them; with dev/options.py, those of its commands."""
    head = about(dev.WHAT, dev.WORDS) if dev else about(WHAT, WORDS)
    end = (epilog(dev.EXAMPLES, dev.STATUSES) if dev
           else epilog(EXAMPLES, STATUSES, BISECT_STATUSES))
    p = Parser(prog="run_tests.sh", description=head, epilog=end, allow_abbrev=False,
               add_help=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("words", nargs="*", metavar="GLOB",
                   help="tests or programs to run (default: all), or a command and its arguments")
    for title, rows in OPTIONS.items():
        group = p.add_argument_group(title)
        here = group.add_mutually_exclusive_group() if rows[0][0] == "--native" else group
        for row in rows:
            add(here if row[0] in ("--native", "--vm") else group, *row)
    if dev:
        dev.add(group)
    # for the Makefile
    p.add_argument("--print-kernel-tree", action="store_true", help=argparse.SUPPRESS)
    add(group, "-v --verbose", None, "print a line for each test, and commands")
    group.add_argument("-h", "--help", action="help", help="show this text")
    taken = frozenset().union(*dev.TAKES.values()) if dev else ()
    for action in p._actions:
        if dev and action.option_strings and action.option_strings[-1] not in taken:
            action.help = argparse.SUPPRESS
    return p


def parse(argv: list[str], dev=None) -> argparse.Namespace:
    """argv as options, and in `given` those that stood there; Stop(2) on what makes no sense.

    `dev` is dev/options.py when the command line may be one of a developer.
    """
    words: list[str] = []
    for word in argv:       # the seed of --shuffle is optional, and a GLOB may follow
        if words[-1:] == ["--shuffle=draw"] and word.isdigit():
            words[-1] = f"--shuffle={word}"
        else:
            words.append("--shuffle=draw" if word == "--shuffle" else word)
    p = parser(dev)
    commands, takes = (WORDS | dev.WORDS, TAKES | dev.TAKES) if dev else (WORDS, TAKES)
    usual = {action.dest: action.default for action in p._actions
             if action.option_strings and action.dest != "help"}
    for action in p._actions:
        action.default = argparse.SUPPRESS if action.option_strings else action.default
    options = p.parse_intermixed_args(words)
    options.given = frozenset(vars(options)) & usual.keys()
    for dest, value in usual.items():
        setattr(options, dest, getattr(options, dest, value))
    options.word = options.words.pop(0) if options.words and options.words[0] in commands else ""
    options.globs = options.words
    refuse_others(options, takes)
    check_sense(options, commands)
    if dev:
        dev.check_sense(options)
    return options


def flag(dest: str) -> str:
    """The long name of an option."""
    return "--" + dest.replace("_", "-")


def way(options: argparse.Namespace) -> str:
    """The row of TAKES that this command line is one of."""
    if options.word:
        return options.word
    for name in ("list", "shell", "print_kernel_tree", "native"):
        if getattr(options, name):
            return flag(name)
    return "--native" if options.spm else ""


def refuse_others(options: argparse.Namespace, takes: dict[str, frozenset[str]]) -> None:
    """Options that this word, or this way to run, does not use."""
    mine = way(options)
    for dest in sorted(options.given):
        if flag(dest) not in takes[mine]:
            others = [name or "runs in VMs" for name, names in takes.items()
                      if flag(dest) in names and name not in (flag(dest), "--print-kernel-tree")]
            raise Stop(WRONG_USE, f"{mine or 'a run in VMs'} takes no {flag(dest)}",
                       f"it is for {', '.join(others)}")


def words(options: argparse.Namespace, dests: Iterable[str]) -> list[str]:
    """Those of these options that were given, as words that mean the same in any folder."""
    found = []
    for dest in dests:
        value = getattr(options, dest) if dest in options.given else None
        for one in value if isinstance(value, list) else [] if value is None else [value]:
            if dest == "spm":
                one = ",".join(map(hex, one))
            elif dest == "kernel":
                one = anywhere(one)
            elif isinstance(one, Path):
                one = one.expanduser().absolute()
            if one is True:
                found.append(flag(dest))
            elif dest == "shuffle" or str(one).startswith("-"):
                found.append(f"{flag(dest)}={one}")
            else:
                found += [flag(dest), str(one)]
    return found


def anywhere(spec: str) -> str:
    """A --kernel: a path as an absolute one, a version as it is."""
    path = Path(spec).expanduser()
    repository, ref = at_ref(spec)
    if ref and not path.exists():
        return f"{repository.absolute()}@{ref}"
    return str(path.absolute()) if path.exists() and not is_version(spec) else spec


def is_version(spec: str) -> bool:
    """6.1, and no path: a version for vm/source.py, whatever lies where the user stands."""
    return re.fullmatch(r"\d+\.\d+", spec) is not None


def check_sense(options: argparse.Namespace, commands: dict[str, tuple[str, str]]) -> None:
    """Stop for options that exclude or need each other."""
    if options.until_fail and not options.repeat:
        options.repeat = 100
    options.repeat = options.repeat or 1
    word, globs, here = options.word, options.globs, way(options)
    first, several = (globs or [""])[0], len(options.kernel) > 1
    built = [flag(dest) for dest in ("profile", "kconfig", "kconfig_file", "make_arg", "refresh")
             if getattr(options, dest)]
    absent = [file for file in options.kconfig_file if not file.is_file()]
    alone = ["--shell", "--print-kernel-tree",
             *(name for name, (takes, _) in commands.items() if not takes)]
    asked = [one for one in (options.seconds, options.replay, options.minimise) if one is not None]
    astray = [flag(dest) for dest in sorted(options.given) if flag(dest) not in TAKES["explore"]
              ] if word == "bisect" and options.replay is not None else []
    for wrong, what, remedy in (
            (options.copy and not options.copy.is_dir(),
             f"--copy: {options.copy} is not a folder", "give a folder"),
            (options.modules and not options.kernel,
             "--modules belongs to a bzImage", "give it with --kernel"),
            (options.build and (options.kernel or options.modules),
             "--build and --kernel are two kernels", "give one of them"),
            (options.build and built, "--build takes a kernel as it is, and "
             f"{' '.join(built[:1])} is for one that is built", "leave one out"),
            (absent, f"--kconfig-file: there is no file {' '.join(map(str, absent[:1]))}",
             "give a fragment"),
            (options.gdb and (several or (options.jobs or 1) > 1),
             "--gdb takes one --kernel and one VM at a time", "leave the others out"),
            (options.bisect_step and len(options.kernel) != 1,
             "--bisect-step tests one kernel tree", "give it with --kernel TREE"),
            (options.until_fail and options.gate,
             "--until-fail leaves tests out, which --gate counts as worse", "leave one out"),
            (test_seconds(options) > TEST_SECONDS,
             f"a test may take at most {TEST_SECONDS} s; --timeout (times "
             f"{PROFILES[options.profile].slowness} with this --profile) and --stress add up to "
             f"{test_seconds(options)} s", "reduce them"),
            (word == "compare" and len(globs) != 2,
             "compare takes two results folders", "./run_tests.sh compare A B"),
            (word == "merge" and not globs,
             "merge takes the results folders of all shards", "./run_tests.sh merge A B..."),
            (word == "rerun" and len(globs) != 1 or word == "report" and not globs,
             f"{word} takes a results folder", f"./run_tests.sh {word} results/latest"),
            (word == "report" and len(globs) > 1 and (options.json or options.junit
                                                      or options.kcidb),
             "report of several folders writes only --html", "give one folder, or merge them"),
            (word == "cache" and globs and (first != "clean" or len(globs) > 2
                                            or not all(days.isdecimal() for days in globs[1:])),
             f"cache takes no '{(globs or [''])[-1]}'", "./run_tests.sh cache clean [DAYS]"),
            (word == "bisect" and (len(globs) < 2 or len(options.kernel) != 1),
             "bisect takes --kernel TREE, a good and a bad commit",
             "./run_tests.sh bisect --kernel TREE GOOD BAD [GLOB...]"),
            (word == "import" and len(globs) != 1,
             "import takes a kernel tree", "./run_tests.sh import TREE"),
            (here in alone and globs,
             f"{here} takes no '{first}'", "--only chooses operations" if word == "explore"
             else "see ./run_tests.sh --help"),
            (len(asked) > 1,
             "--seconds, --replay and --minimise exclude each other", "give one of them"),
            ((options.as_program or options.as_scenario) and options.replay is None
             and not options.minimise, "--as-program and --as-scenario write a sequence",
             "give it with --replay TEXT or --minimise DIR"),
            (options.as_program and options.as_scenario,
             "--as-program and --as-scenario exclude each other", "give one of them"),
            (word == "bisect" and options.replay is not None and len(globs) > 2,
             "--replay is the test of a bisection, which takes no other",
             f"leave out '{' '.join(globs[2:3])}'"),
            (astray, f"bisect with --replay takes no {' '.join(astray[:1])}", "leave it out"),
            (options.shell and several, "--shell takes one --kernel", "leave the others out")):
        if wrong:
            raise Stop(WRONG_USE, what, remedy)
    options.jobs = 1 if options.gdb else options.jobs


def test_seconds(options: argparse.Namespace) -> int:
    """What a test has: its --timeout, longer on a kernel that looks harder, and the time for which
    it shall go on, which no kernel stretches."""
    return options.timeout * PROFILES[options.profile].slowness + options.stress
