# SPDX-License-Identifier: GPL-2.0
"""`nested`: a part of the suite under real KVM, on a machine that has none.

QEMU's TCG emulates AMD's SVM, so an outer guest has a /dev/kvm that works. Its kernel is Debian's,
and its root is this machine's own, read-only under an overlay. In it ./run_tests.sh tests KVM and
runs the tests as it would on a machine with KVM. TCG has no VMX, so an Intel host is not covered.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import time
from pathlib import Path

from base import child
from base.errors import CANNOT, Stop, worst
from base.files import TOP
from report import json_out
from vm import deb, deps, elf, initramfs, kernel, qemu
from vm.arch import ARCHS, HOST
from runner import guests, plan
from runner.folder import Folder
from runner.screen import Screen, shown

META = "linux-image-{debian}"       # a package that needs the newest kernel of the release
WANTED = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "kvm_amd")
INIT = Path(__file__).with_name("nested-init")
FOLDERS = ("bin", "dev", "proc", "sys", "host", "own", "root", "modules")
MEMORY_MIB = 6144
# TCG does not intercept XSETBV; the others are left away as for a guest of the suite.
CPU = "max,+svm,+npt,-xsave,-smap,-smep,-umip,-pku,-la57,-erms,-fsrm"
SECONDS = 4 * 3600.0    # for the outer guest; two minutes on a machine that has nothing else to do
# How much slower than on a machine with KVM everything may be: --boot-timeout is for the outer
# guest, the probe and the guests in it, --timeout for a test.
SLOWNESS = 15
TRIES = 2               # TCG's SVM loses a guest now and then
SLICE = ("driver.*", "fork.coherent-*", "slow-io.*")
JOB = """\
echo >/shared/began
export HOME={home} PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
{{ cd {top} && {command}; }} >/shared/log 2>&1
echo $? >/shared/status
"""


class Silent(Exception):
    """An outer guest without a sign of life."""


class Signs:
    """Signs of life: what changes in the folder that an outer guest shares with its host. Its
    console, the output of the job, and the results folder are there."""

    def __init__(self, folder: Path):
        self.folder, self.at = folder, time.monotonic()
        self.seen: list[tuple] = []     # path, size and time of each file

    def quiet(self) -> float:
        """Seconds since the last one that was noticed."""
        now: list[tuple] = []
        for path in self.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                now.append((path, path.lstat().st_size, path.lstat().st_mtime_ns))
        if now != self.seen:
            self.seen, self.at = now, time.monotonic()
        return time.monotonic() - self.at


class Nested:
    """The outer guest and what runs in it."""

    def __init__(self, options: argparse.Namespace, screen: Screen):
        self.options, self.screen = options, screen
        self.cache = plan.open_cache(screen)
        self.patience = SLOWNESS * float(options.boot_timeout)

    def run(self) -> int:
        """Run on each kernel; returns the worst exit status."""
        if HOST is not ARCHS["x86_64"]:
            raise Stop(CANNOT, f"nested emulates AMD's SVM, and this machine is {HOST.name}")
        outer, statuses = self.outer(), []
        for spec in self.options.kernel or [guests.default_kernel(self.cache, self.screen)]:
            found = guests.find_source(spec, self.cache, self.screen)
            # not in the outer guest, where it would take long
            guests.find_kernel(spec, found, None, self.cache, self.screen)
            statuses.append(self.one(spec, outer))
        return worst(statuses)

    def one(self, spec: str, outer: Path) -> int:
        """The tests on one kernel. A lost outer guest is started again once."""
        folder = Folder.create(self.options.results, f"nested-{spec.strip('/').replace('/', '-')}")
        globs = self.options.globs or list(SLICE)
        # one guest at a time: TCG's SVM loses more of them when there are two
        command = ["./run_tests.sh", "--vm", "--accel", "probe", "--jobs", "1", "--kernel", spec,
                   "--boot-timeout", f"{self.patience:.0f}", "--timeout",
                   f"{SLOWNESS * self.options.timeout:.0f}", "--cache", str(self.cache.root),
                   "--results", "/shared/results", *globs]
        child.output([TOP / "run_tests.sh", "--kernel", spec, "--dry-run", *globs], SECONDS)
        for left in reversed(range(TRIES)):
            began = time.monotonic()
            shared = folder.path / f"outer-{TRIES - left}"
            shared.mkdir()
            (shared / "job").write_text(JOB.format(home=shlex.quote(os.path.expanduser("~")),
                                                   top=shlex.quote(str(TOP)),
                                                   command=shlex.join(command)))
            self.screen.say(f"an outer guest for {spec}: {shown(shared)}/console")
            last = self.boot(outer, shared)
            if (shared / "status").exists():
                return self.judge(spec, shared, time.monotonic() - began)
            self.screen.say(f"the outer guest was lost{last}"
                            + ("; starting it again" if left else ""))
        raise Stop(CANNOT, f"{TRIES} outer guests were lost", f"see {shown(folder.path)}")

    def boot(self, outer: Path, shared: Path) -> str:
        """Run an outer guest to its end; returns its last words."""
        signs = Signs(shared)

        def tick() -> None:
            if signs.quiet() > self.patience:
                raise Silent

        try:
            child.run(self.command(outer, shared), shared / "console", SECONDS, tick=tick)
        except Silent:
            doing = "running the job" if (shared / "began").exists() else "booting"
            return (f": no sign of life for {self.patience:.0f} s ({SLOWNESS} times "
                    f"--boot-timeout) while {doing}")
        return qemu.last_words(qemu.tail(shared / "console"))

    def judge(self, spec: str, shared: Path, seconds: float) -> int:
        """What ran in it, and whether it ran under KVM."""
        status = int((shared / "status").read_text())
        log = (shared / "log").read_text(errors="replace").strip().splitlines()
        if not (shared / "results/run.json").exists():
            raise Stop(CANNOT, f"nothing ran on {spec}: {log[-1] if log else 'no output'}",
                       f"see {shown(shared)}/log")
        run = json_out.read(shared / "results")
        accel = run.info["accelerator"]
        clock = next((fact for fact in run.facts if fact.startswith("clock ")), "no clock")
        count = run.totals()
        lost = sum(machine["ended"] == "lost" for machine in run.info["machines"])
        self.screen.say(
            f"{spec} under {accel['name']} ({accel['why']}), {clock}: {count['pass']} passed, "
            f"{count['fail']} failed, {count['xfail']} known, {count['skip']} skipped, "
            f"{lost} VMs lost, {run.seconds or 0:.0f} s of {seconds:.0f} s")
        if accel["name"] != "kvm":
            raise Stop(CANNOT, f"the outer guest has no KVM that works: {accel['why']}",
                       f"see {shown(shared)}/log")
        return status

    # -- the outer guest

    def command(self, outer: Path, shared: Path) -> list[str]:
        """QEMU's command line."""
        folders = {"host": ("/", ",readonly=on,multidevs=remap"), "shared": (str(shared), "")}
        words = [word for name, (path, more) in folders.items() for word in (
            "-fsdev", f"local,id={name},path={qemu.escape(Path(path))},security_model=none{more}",
            "-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}")]
        # On a busy host the timer of TCG is too late for check_timer(), which panics then.
        return [qemu.binary(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-machine", "q35", "-accel", "tcg,thread=multi,tb-size=1024", "-cpu", CPU,
                "-smp", "2", "-m", f"{MEMORY_MIB}M", "-kernel", str(outer / "vmlinuz"),
                "-initrd", str(outer / "initrd"), "-append",
                "console=ttyS0 loglevel=6 mitigations=off nokaslr panic=-1 audit=0 no_timer_check",
                *words, "-serial", "stdio"]

    def outer(self) -> Path:
        """Kernel and initramfs of the outer guest, from Debian's package."""
        meta = META.format(debian=HOST.debian)
        package = next(iter(deb.Apt().needs(meta)), "")
        version = deb.Apt().candidate(package) if package else ""
        if not version:
            raise Stop(CANNOT, f"there is no {meta} in this system's sources",
                       "nested needs Debian's kernel for its outer guest")
        key = f"{package} {version} {WANTED} {INIT.read_text()}"

        def make(folder: Path) -> None:
            found = deb.fetch(deb.Apt(), package, version, self.cache, self.screen.say)
            deb.unpack(found, folder / "root", folder / "log")
            found.unlink()
            (folder / "initrd").write_bytes(self.initrd(folder / "root"))
            next((folder / "root/boot").glob("vmlinuz-*")).rename(folder / "vmlinuz")
            shutil.rmtree(folder / "root")

        return self.cache.entry("outer", key, make)

    def initrd(self, root: Path) -> bytes:
        """busybox, init and the modules in the order in which they are loaded."""
        release = next((root / "lib/modules").iterdir()).name
        there = {path.name.partition(".")[0].replace("-", "_"): path
                 for path in (root / "lib/modules" / release / "kernel").rglob("*.ko*")}
        modules: dict[str, Path] = {}

        def add(name: str) -> None:
            """A module, after those that it depends on. What is not there is built in."""
            if name in there and name not in modules:
                plain = kernel.unpacked(there[name], self.cache)
                for needed in filter(None, elf.modinfo(plain, "depends").split(",")):
                    add(needed.replace("-", "_"))
                modules[name] = plain

        for name in WANTED:
            add(name)
        files = {"init": INIT.read_bytes(), "bin/busybox": initramfs.busybox().read_bytes(),
                 "modules/order": "".join(f"{path.name}\n" for path in modules.values()).encode()}
        files |= {f"modules/{path.name}": path.read_bytes() for path in modules.values()}
        return initramfs.archive(files, folders=FOLDERS, nodes=initramfs.NODES,
                                 executable=("init", "bin/busybox"))


def main(options: argparse.Namespace, screen: Screen) -> int:
    """`nested`."""
    deps.need(deps.for_vm(), screen.say)
    return Nested(options, screen).run()
