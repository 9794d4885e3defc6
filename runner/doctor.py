# SPDX-License-Identifier: GPL-2.0
"""What this machine has and lacks for each way to run, and what to do about each lack."""

import argparse
import os
import shutil
from pathlib import Path

from base.errors import Stop
from vm import deps, kvm, qemu
from vm.arch import Arch, HOST
from vm.cache import Cache
from runner import guests
from runner.host import Host, Lack
from runner.screen import Screen

NEEDED_BYTES = 3 << 30      # a kernel source and its build


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`doctor` prints it all, and a lack is no error; `deps` installs the packages."""
    if options.word == "deps":
        deps.need({*deps.PACKAGES, *deps.for_vm(guests.arch_of(options))}, screen.say)
        screen.say("nothing is missing")
        return 0
    host = Host()
    cache = Path(os.environ["HMM_COHERENT_CACHE"])
    chapter("here (--native)", native_facts(host), host.lacks())
    arch = guests.arch_of(options)
    chapter("in a VM (--vm)" if arch is HOST else f"in a VM (--arch {arch.name})",
            vm_facts(cache, arch), package_lacks(deps.for_vm(arch)) + cache_lacks(cache))
    chapter("make check", [], package_lacks({"check", "faults"}))
    return 0


def chapter(title: str, facts: list[str], lacks: list[Lack]) -> None:
    """One way to run."""
    print(f"{title}: {'ready' if not lacks else 'not possible yet'}")
    for fact in facts:
        print(f"  {'note ' if fact.startswith('no ') else 'has  '}  {fact}")
    for lack in lacks:
        print(f"  lacks  {lack.what}")
        print(f"         remedy: {lack.remedy}")


def native_facts(host: Host) -> list[str]:
    """What helps a native run."""
    facts = [f"kernel {host.release}"]
    if host.loaded():
        facts.append("test_hmm, loaded" +
                     (", with nodes for its coherent devices" if host.coherent_nodes() else ""))
    elif host.module():
        facts.append("the test_hmm module")
    ranges = host.ranges() if host.uid == 0 else []
    if ranges:
        facts.append("reserved memory for devices at " +
                     ", ".join(hex(start) for start in ranges[:2]))
    return facts


def vm_facts(cache: Path, arch: Arch) -> list[str]:
    """What a VM run would use."""
    facts = []
    try:
        facts.append(qemu.binary(arch))
        facts.append(kvm.state(Cache(cache)) if arch is HOST
                     else f"no KVM for {arch.name} on {HOST.name}: QEMU emulates it")
    except Stop:
        facts.append("no QEMU, so KVM is not looked at")
    built = len(list((cache / "build").glob("*/vmlinux")))
    facts.append(f"{built} kernels built in {cache}" if built
                 else f"no kernel built yet in {cache}: the first run builds one")
    return facts


def package_lacks(for_what: set[str]) -> list[Lack]:
    """Packages, as one lack with one command."""
    wanted = deps.missing(for_what)
    if not wanted:
        return []
    installs = os.geteuid() == 0 and deps.manager() == "apt"
    return [Lack(f"packages: {' '.join(deps.packages(wanted))}",
                 "./run_tests.sh deps" if installs else deps.remedy(*wanted))]


def cache_lacks(cache: Path) -> list[Lack]:
    """A cache folder that can be written and has room."""
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    if not os.access(there, os.W_OK):
        return [Lack(f"a cache folder: {there} cannot be written",
                     "choose another with --cache DIR")]
    free = shutil.disk_usage(there).free
    if free < NEEDED_BYTES and not any((cache / "build").glob("*/vmlinux")):
        return [Lack(f"room for a kernel: {free >> 20} MiB are free at {there}",
                     "free 3 GiB, or choose another folder with --cache DIR")]
    return []
