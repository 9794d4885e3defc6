# SPDX-License-Identifier: GPL-2.0
"""File and line in the call traces of a kernel that has debug information, by the script of its
tree."""

import tempfile

from base import child
from vm import kconfig
from vm.kernel import Kernel

SCRIPT = "scripts/decode_stacktrace.sh"
LIMIT = 120.0       # seconds: it reads the whole debug information, which may take some


def decoded(kernel: Kernel, lines: list[str]) -> list[str]:
    """A report of the kernel, with FILE:LINE for each FUNCTION+OFFSET/SIZE after its first line;
    as it is where that cannot be found out."""
    places = [number for number, line in enumerate(lines) if number and "+0x" in line]
    source, build = kernel.source, kernel.build_dir
    if not places or not source or not build or not (source.path / SCRIPT).is_file():
        return lines
    if kconfig.values(build / ".config").get("CONFIG_DEBUG_INFO") != "y":
        return lines
    with tempfile.TemporaryFile("w+") as given:
        given.writelines(f"{lines[number]}\n" for number in places)
        given.seek(0)
        said = child.output(["bash", source.path / SCRIPT, build / "vmlinux", source.path,
                             build / "lib"], LIMIT, stdin=given).splitlines()
    if len(said) != len(places):
        return lines
    found = dict(zip(places, said))
    return [found.get(number, line).rstrip() for number, line in enumerate(lines)]
