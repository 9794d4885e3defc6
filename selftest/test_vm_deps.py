# SPDX-License-Identifier: GPL-2.0
"""What is missing, what it is called on each distribution, and how its installation goes or why it
cannot."""

import contextlib
import io
import re
from argparse import Namespace
from unittest import mock

import pytest

from vm.arch import HOST, TABLE
from runner import doctor
from vm import deb, deps

# os-release(5) of each: ID, and ID_LIKE.
SYSTEMS = {
    "apt": ("ID=debian", 'ID="linuxmint"\nID_LIKE="ubuntu debian"', "ID=ubuntu\nID_LIKE=debian"),
    "dnf": ("ID=fedora", 'ID="rocky"\nID_LIKE="rhel centos fedora"'),
    "pacman": ("ID=arch", "ID_LIKE=arch\nID=manjaro"),
    "zypper": ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'ID="sles"\nID_LIKE="suse"'),
    "apk": ("ID=alpine",), "": ("ID=nixos", "", "VERSION_ID=1")}
COMMANDS = {"apt": "apt-get install -y --no-install-recommends libnuma-dev e2fsprogs",
            "dnf": "dnf install -y numactl-devel e2fsprogs",
            "pacman": "pacman -S --needed numactl e2fsprogs", "zypper":
                "zypper install -y libnuma-devel e2fsprogs", "apk": "apk add numactl-dev e2fsprogs"}


@pytest.fixture(name="box")
def box_(box):
    """On a system that has nothing but these commands."""
    box.environment(PATH=f"{box.folder}:/usr/bin:/bin",
                     HMM_COHERENT_CACHE=str(box.folder / "cache"))
    for module, name, value in (
            (deb, "environment", lambda: {"PATH": f"{box.folder}:/usr/bin:/bin"}),
            (deps, "PLACES", str(box.folder))):
        box.patch(module, name, value)
    box.log = box.folder / "apt.log"
    system(box, "ID=debian")
    return box


def system(box, text: str) -> None:
    (box.folder / "os-release").write_text(f"NAME=x\n{text}\n")
    box.patch(deb, "OS_RELEASE", box.folder / "os-release")


def apt(box, behaviour: str) -> None:
    box.script("apt-get", f'echo "$@" >>{box.folder}/calls\n{behaviour}')


def calls(box) -> list[str]:
    path = box.folder / "calls"
    return [line.split(" ")[1 if "-q" == line.split(" ")[0] else 0]
            for line in path.read_text().splitlines()] if path.exists() else []


def install(box):
    deps.install(["qemu-system-x86", "bc"], box.log)


def need(box, user: int = 0) -> None:
    with mock.patch.object(deps, "missing", return_value=["numa.h", "mke2fs"]), \
                mock.patch.object(deps.os, "geteuid", return_value=user):
        deps.need({"tests"}, box.say)


def test_every_manager_has_a_package_for_everything():
    for part, rows in deps.PARTS.items():
        for wanted, names in rows.items():
            assert set(names) == set(deps.MANAGERS)
            for name in names.values():
                assert re.search(r"^[A-Za-z0-9][A-Za-z0-9._+-]+$", name)


def test_which_system_it_is(box):
    for manager, systems in SYSTEMS.items():
        for text in systems:
            system(box, text)
            assert deps.manager() == manager
    (box.folder / "os-release").unlink()
    assert deps.manager() == ""


def test_missing(box):
    """A command and a module that are there, wherever from, and a header."""
    box.environment(PATH=str(box.folder))
    assert deps.missing({"vm", "qemu-x86_64"}) == ["qemu-system-x86_64", "busybox", "mke2fs"]
    box.script("busybox", ":")
    assert deps.missing({"vm", "qemu-x86_64"}) == ["qemu-system-x86_64", "mke2fs"]
    box.environment(PATH="/usr/bin:/bin")
    with mock.patch.dict(deps.PARTS, {"x": dict.fromkeys(
            ("stdio.h", "no/such.h", "json.py", "no_such.py"), {})}):
        assert deps.missing({"x"}) == ["no/such.h", "no_such.py"]


def test_without_a_compiler_there_are_no_headers(box):
    box.environment(PATH=str(box.folder))
    assert deps.missing({"tests"}) == ["gcc", "make", "stdio.h", "liburing.h", "numa.h"]


def test_the_command_of_each_system(box):
    apt(box, "exit 0")
    for manager, line in COMMANDS.items():
        system(box, SYSTEMS[manager][0])
        box.stops(3, f"as root: {line}", need, box, 1000)
        if manager != "apt":
            box.stops(3, f"as root: {line}", need, box)
    system(box, "ID=nixos")
    box.stops(3, "install what provides numa.h, mke2fs", need, box)
    assert calls(box) == []


def test_two_packages_for_one(box):
    system(box, "ID=alpine")
    assert deps.packages(["gcc", "bc", "gcc"]) == ["gcc", "linux-headers", "bc"]


def test_root_on_debian_and_ubuntu(box):
    apt(box, "exit 0")
    for text in ("ID=debian", "ID=ubuntu\nID_LIKE=debian"):
        system(box, text)
        need(box)
    box.assert_said("installing libnuma-dev e2fsprogs")
    assert calls(box) == ["install", "install"]


def test_doctor_says_the_same(box):
    for manager, line in COMMANDS.items():
        system(box, SYSTEMS[manager][0])
        said = io.StringIO()
        with mock.patch.object(deps, "missing", return_value=["numa.h", "mke2fs"]), \
                    mock.patch.object(doctor.os, "geteuid", return_value=0), \
                    contextlib.redirect_stdout(said):
            doctor.main(Namespace(word="doctor"), None)
        remedy = "./run_tests.sh deps" if manager == "apt" else f"as root: {line}"
        assert f"remedy: {remedy}\n" in said.getvalue()


def test_lists_are_fetched_only_when_needed(box):
    apt(box, "exit 0")
    install(box)
    assert calls(box) == ["install"]
    (box.folder / "calls").unlink()
    apt(box, f'case "$*" in *update*) touch {box.folder}/updated;; *) [ -e '
             f'{box.folder}/updated ];; esac')
    install(box)
    assert calls(box) == ["install", "update", "install"]


def test_failure_names_the_reason(box):
    apt(box, "echo 'E: Unable to locate package bc'; exit 100")
    box.stops(3, "Unable to locate package bc", install, box)


def test_nothing_to_do(box):
    with mock.patch.object(deps, "missing", return_value=[]):
        deps.need(deps.PACKAGES, box.say)
    assert box.said == []


def test_doctor_says_what_is_known_about_kvm(box):
    """Also that nothing is, without QEMU, and for another architecture."""
    box.environment(HMM_COHERENT_QEMU=str(box.script("qemu", ":")))
    with mock.patch.object(doctor.kvm, "state", return_value="no KVM: refused, found yesterday"):
        assert "no KVM: refused, found yesterday" in doctor.vm_facts(box.cache.root, HOST)
    other = next(arch for arch in TABLE if arch is not HOST)
    facts = doctor.vm_facts(box.cache.root, other)
    assert any(f"no KVM for {other.name}" in fact for fact in facts)
    box.environment(HMM_COHERENT_QEMU="no-such-qemu")
    assert "no QEMU, so KVM is not looked at" in doctor.vm_facts(box.cache.root, HOST)
