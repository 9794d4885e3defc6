# SPDX-License-Identifier: GPL-2.0
"""Decide where to run, on which kernels, and which tests in which order."""

import argparse
import os
import random
from dataclasses import dataclass
from pathlib import Path

from base.errors import CANNOT, Stop, WRONG_USE
from vm import deps, existing, sysroot
from vm.arch import HOST
from vm.kconfig import PROFILES
from vm.source import Source
from runner import programs, work
from runner.host import Host
from runner.screen import Screen

EXPLORE = "hmm_coherent_explore"
HARNESS = "tools/testing/selftests/kselftest_harness.h"


@dataclass
class Plan:
    """All that is decided before anything runs."""

    where: str                          # vm, native, or programs (of a selftest)
    why: str
    paths: list[Path]
    tests: list[programs.Test]
    work: work.Work
    order: int | None                   # the seed of --shuffle
    kernels: list[tuple[str, Source | None]]   # spec and source, for VMs


def where_to_run(options: argparse.Namespace, host: Host) -> tuple[str, str]:
    """vm, native or programs, and why, for a message. A VM unless the user asks for this host:
    reserved memory of this host, or a driver that is loaded, may be in use."""
    if programs.given() and not options.vm:
        return ("programs", "the programs in HMM_COHERENT_PROGRAMS, on this host: says nothing "
                            "about a kernel")
    if (options.vm or options.kernel or options.build or options.shell or options.profile
            or options.arch or options.destructive):
        return "vm", "as requested"
    if not (options.native or options.spm):
        return "vm", "default; --native tests the running kernel"
    lacks = host.lacks(options.spm)
    if lacks:
        raise Stop(CANNOT, f"cannot run here: {', '.join(lack.what for lack in lacks)}",
                   ", ".join(lack.remedy for lack in lacks) + ", or run with --vm")
    return "native", "as requested"


def pretending() -> bool:
    """A selftest replaces both the programs and QEMU, so no kernel is needed."""
    return programs.given() is not None and "HMM_COHERENT_QEMU" in os.environ


def open_cache(screen: Screen):
    """The cache of this run; see runner.cli.cache_folder()."""
    from vm.cache import Cache
    return Cache(Path(os.environ["HMM_COHERENT_CACHE"]), screen.say)


def harness(options: argparse.Namespace, sources: list, cache, screen: Screen) -> Path:
    """The kernel source whose kselftest harness the programs are built with: the same for all
    kernels of a run, and for all steps of a bisection."""
    from runner import guests
    given = os.environ.get("KSRC")
    if given:
        if not Path(given, HARNESS).is_file():
            raise Stop(WRONG_USE, f"KSRC={given} is not a kernel tree with kselftests",
                       "unset it, or choose another")
        return Path(given).resolve()
    if sources and not options.bisect_step:
        return sources[0].path
    arch = guests.arch_of(options)
    found = guests.find_source(guests.default_kernel(cache, screen, arch), cache, screen, arch=arch)
    assert found        # None is for images
    return found.path


def make(options: argparse.Namespace, screen: Screen, keep: bool = False) -> Plan:
    """Decide where to run, build the programs, select the tests. With `keep`, other runs do not
    build these programs again until programs.release()."""
    where, why = where_to_run(options, Host())
    kernels: list[tuple[str, Source | None]]
    kernels, ksrc = [(spec, None) for spec in options.kernel or ["pretended"]], None
    if where in ("vm", "native") and not pretending():
        deps.need(needs(options, where), screen.say)
        kernels, ksrc = sources(options, where, screen)
    paths = build(options, ksrc, screen)
    tests = programs.select(programs.catalogue(paths), options.globs, options.skip)
    if options.failed:
        from runner import stored
        tests = stored.failed(tests, options.failed, options.strict)
    if not keep:
        programs.release()
    if not options.destructive:
        tests = spared(tests)
    if options.shard:
        tests = shard(tests, *options.shard)
    order = random.SystemRandom().randrange(
        1 << 32) if options.shuffle == "draw" else options.shuffle
    return Plan(where, why, paths, tests, work.arrange(tests, options.repeat, order), order,
                kernels)


def needs(options: argparse.Namespace, where: str) -> set[str]:
    """The parts of vm/deps.py that a run needs."""
    from runner import guests
    if where != "vm":
        return {"tests"}
    found = deps.for_vm(guests.arch_of(options))
    return found | ({"filesystems"} if PROFILES[options.profile].filesystems else set())


def build(options: argparse.Namespace, ksrc: Path | None, screen: Screen) -> list[Path]:
    """The test programs, for the architecture of the guests."""
    from runner import guests
    arch, log = guests.arch_of(options), Path(os.environ["HMM_COHERENT_CACHE"]) / "log"
    only = EXPLORE if options.word == "explore" else ""
    if not ksrc or arch is HOST:
        return programs.build(ksrc, log / "programs.log", only=only)
    root = sysroot.find(arch, open_cache(screen), screen.say)
    return programs.build(ksrc, log / f"programs-{arch.name}.log", arch,
                          sysroot.compiler(arch, root), only)


def sources(options: argparse.Namespace, where: str,
            screen: Screen) -> tuple[list[tuple[str, Source | None]], Path]:
    """The kernels with their sources, and the source that the programs are built against."""
    from runner import guests
    cache, arch = open_cache(screen), guests.arch_of(options)
    specs = options.kernel if where == "vm" else []
    if where == "vm" and not options.build:
        specs = specs or [guests.default_kernel(cache, screen, arch)]
    network = PROFILES[options.profile].network
    kernels = [(spec, guests.find_source(spec, cache, screen, options.refresh, arch, network))
               for spec in specs]
    if options.build:
        kernels = [(str(options.build), existing.find(options.build, arch))]
    trees = [found for _, found in kernels if found and (found.path / HARNESS).is_file()]
    return kernels, harness(options, trees, cache, screen)


def spared(tests: list[programs.Test]) -> list[programs.Test]:
    """The tests without those that may crash the kernel."""
    kept = [test for test in tests if not test.destructive]
    if not kept:
        raise Stop(WRONG_USE, f"{tests[0].name} may crash the kernel",
                   "add --destructive to run it")
    return kept


def shard(tests: list[programs.Test], number: int, count: int) -> list[programs.Test]:
    """Every count-th test, so that all shards take about the same time."""
    mine = tests[number - 1::count]
    if not mine:
        raise Stop(WRONG_USE, f"--shard {number}/{count}: there are only {len(tests)} tests",
                   "use fewer shards")
    return mine


def show(plan: Plan) -> None:
    """Print the plan, for --dry-run."""
    for spec, found in plan.kernels:
        print(f"kernel {spec}" + (f": {found.label}" if found else ""))
    for batch in plan.work.batches:
        print(f"{batch.program}: {' '.join(batch.names)}")
