# SPDX-License-Identifier: GPL-2.0
"""Run by run_tests.sh with each Python that it finds: status 1 and a line if it will not do.

It is too old, or lacks a part of the standard library: the list has every module that the suite
imports, and what of them is compiled, which minimal installations leave out. They are looked for
and not imported, since that would take longer than all else before the first test.
"""

import sys

OLDEST = (3, 11)
NAMES = """
argparse base64 bz2 collections concurrent.futures contextlib ctypes dataclasses difflib errno fcntl
fnmatch functools grp gzip hashlib html importlib itertools json lzma math mmap os pathlib platform
random re resource select selectors shlex shutil signal socket stat statistics string struct
subprocess sys tarfile tempfile termios textwrap time tomllib traceback types typing unittest
warnings weakref
xml.sax.saxutils zlib
_bz2 _ctypes _lzma _posixsubprocess _random _socket _struct
""".split()


def lacks():
    """What is missing, in words; empty if nothing is. Written so that an old Python can read it."""
    if sys.version_info < OLDEST:
        return "is %d.%d" % sys.version_info[:2]
    from importlib.util import find_spec
    for name in NAMES:
        try:
            if find_spec(name):
                continue
        except ImportError:
            pass
        return "has no %s" % name
    return ""


if __name__ == "__main__":
    if lacks():
        sys.stderr.write("run_tests.sh: %s %s\n" % (sys.executable, lacks()))
        sys.exit(1)
