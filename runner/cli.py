# SPDX-License-Identifier: GPL-2.0
"""From the command line to an exit status."""

import argparse
import importlib
import os
from pathlib import Path

from base.errors import CANNOT, Stop
from vm.kconfig import PROFILES
from runner import options as option_parser
from runner.screen import Screen

MODULES = {"doctor": "runner.doctor", "deps": "runner.doctor", "compare": "runner.stored",
           "merge": "runner.stored", "bisect": "runner.bisect", "import": "runner.in_tree",
           "report": "runner.stored", "cache": "runner.cached",
           "explore": "runner.explore"}
# Words and ways to run that print results.
PRINTS = ("", "--native", "merge", "report")
# Commands for developers. Only this module loads dev/, and only for these and --profile coverage.
DEV_WORDS = ("check", "bench", "faults", "findings", "nested")


def dev(module: str):
    """A module of dev/."""
    return importlib.import_module(f"dev.{module}")


def parse(argv: list[str]) -> argparse.Namespace:
    """The options; those of dev/ only if one of its commands is given."""
    return option_parser.parse(argv, dev("options") if set(argv) & set(DEV_WORDS) else None)


def main(argv: list[str]) -> int:
    """Run one command line; returns the exit status."""
    options = parse(argv)
    if options.word == "rerun":
        from runner import stored
        options = stored.again(options)
    # A terminal on stdout is for a person, unless KTAP is wanted there; that would tear a moving
    # line.
    for_person = os.isatty(1) and option_parser.way(options) in PRINTS
    screen = Screen(options.verbose, on_stdout=for_person and not options.ktap,
                    moving=not (for_person and options.ktap))
    try:
        return dispatch(options, screen)
    finally:
        screen.leave()      # what is said next has its own line


def dispatch(options: argparse.Namespace, screen: Screen) -> int:
    """To the command, or the way to run."""
    cache = cache_folder(options)
    os.environ["HMM_COHERENT_CACHE"] = str(cache)
    if options.word != "doctor":    # which reports it among everything else
        make_folder(cache)
    if options.word in DEV_WORDS:
        return dev(options.word).main(options, screen)
    if options.word:
        return importlib.import_module(MODULES[options.word]).main(options, screen)
    from runner import plan
    if options.print_kernel_tree:
        print(plan.harness(options, [], plan.open_cache(screen), screen))
    elif options.list:
        for test in plan.make(options, screen).tests:
            print(f"{test.name}\t{test.what}")
    else:
        from runner import run
        after = dev("coverage").report if PROFILES[options.profile].sends_files else None
        return run.main(options, screen, after)
    return 0


def cache_folder(options: argparse.Namespace) -> Path:
    """The cache folder; child processes get it as HMM_COHERENT_CACHE."""
    given = options.cache or os.environ.get("HMM_COHERENT_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    try:
        home = Path(xdg) if os.path.isabs(xdg) else Path("~/.cache").expanduser()
    except RuntimeError:
        home = Path()
    if not home.is_absolute() or home == Path("/.cache"):   # a user without a home
        raise Stop(CANNOT, "there is no home folder for the cache",
                   "give a folder with --cache DIR, or set HOME")
    return home / "hmm-coherent"


def make_folder(cache: Path) -> None:
    """Make the cache folder, or stop before anything is done."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(CANNOT, f"the cache folder {cache} cannot be made: {error.strerror}",
                   "choose another with --cache DIR") from None
