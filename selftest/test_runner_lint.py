# SPDX-License-Identifier: GPL-2.0
"""Each lint has a file that it must reject and one that it must accept."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dev import lint

HEAD = "// SPDX-License-Identifier: GPL-2.0\n"
PYTHON = "# SPDX-License-Identifier: GPL-2.0\n"
MARK = "TO" + "DO"
TABLE = lint.PACKAGES + "".join(f"| `{name}/` | x | {imports} |\n" for name, imports in (
    ("dev", "`runner/`"), ("runner", "`report/`, `vm/`"), ("report", "`base/`"), ("vm", "`base/`"),
    ("base", "")))

REJECTED = (
    ("common/see/page.c", "int x;\n", "SPDX"),
    ("tool", "#!/bin/sh\n\n\n# SPDX-License-Identifier: GPL-2.0\n", "SPDX"),
    ("Makefile", "all:\n", "SPDX"),
    ("common/see/page.c", HEAD + "int x;\n" * 400, "401 lines, at most 400"),
    ("hmm-coherent/fork.c", HEAD + "int x;\n" * 400, "401 lines, at most 400"),
    ("hmm-coherent/fork.c", HEAD + "FIXTURE(slow_io)\n",
     "the fixture slow_io belongs into hmm-coherent/slow_io.c"),
    ("common/see/page.c", HEAD + "\t\t" + "x" * 84 + ";\n", "line 2: 101 columns, at most 100"),
    ("hmm-coherent/fork.c", HEAD + "/* " + "x" * 98 + " */\n", "line 2: 104 columns"),
    ("report/big.py", "# SPDX-License-Identifier: GPL-2.0\n" + "x = 1\n" * 400,
     "401 lines, at most 400"),
    ("runner/options.py", "# SPDX-License-Identifier: GPL-2.0\n" + "x = 1\n" * 500, "501 lines"),
    ("hmm-coherent/fork.c", HEAD + f"/* {MARK}: say what goes wrong */\n", "is still open"),
    ("runner/x.py", "# SPDX-License-Identifier: GPL-2.0\ndef f(:\n", "python"),
    ("runner/x.py", "# SPDX-License-Identifier: GPL-2.0\nx = '\\d'\n", "python"),
    ("runner/x.py", "# SPDX-License-Identifier: GPL-2.0\nassert (1, 'always true')\n", "python"),
    ("selftest/x.py", PYTHON + "X = 1\n\n@pytest.fixture(\n)\ndef f(): pass\n",
     "line 6: two blank lines before f"),
    ("selftest/x.py", PYTHON + "X = 1\n\n# why\nclass A: pass\n", "two blank lines before A"),
    ("hmm-coherent/fork.c", HEAD + "usleep(10);\n", "sleeps"),
    ("common/see/zone.c", HEAD + 'broken("no memory for a list");\n', "refusal of the kernel"),
    ("common/reach/swap.c", HEAD + 'broken("pipe: %s",\n\t\tstrerror(errno));\n', "refusal"),
    ("faults/x.cocci", HEAD + "@@\nidentifier f =~ \"^(a|b)$\";\n", "line 3: name the functions"),
    ("hmm-coherent/fork.c", HEAD + "x = rand();\n", "draws"),
    ("hmm-coherent/fork.c", HEAD + "exit(0);\n", "half way"),
    ("hmm-coherent/fork.c", HEAD + "goto out;\n", "jumps"),
    ("hmm-coherent/fork.c", HEAD + "flags = FOLL_LONGTERM;\n", "FOLL_"),
    ("hmm-coherent/fork.c", HEAD + "waitpid(pid, NULL, 0);\n", "how a child ended"),
    ("hmm-coherent/fork.c", HEAD + "if (features.version >= 602)\n",
     "line 2: asks for the kernel's"),
    ("common/see/page.c", HEAD + "enum x { OLD, NEW };\n",
     "line 2: the constants of an enum need a common prefix: OLD, NEW"),
    ("common/see/page.c", HEAD + "enum x { DATA_OLD = 1,\n\t/* a word, NEW */\n\tMIXED\n};\n",
     "DATA_OLD, MIXED"),
    ("hmm-coherent/fork.c", HEAD + "static enum { NONE } x;\n", "prefix: NONE"),
    ("common/report/skips.h",
     HEAD + '#define SKIPS(SKIP) \\\n\tSKIP(A, "nothing " \\\n\t"here", \\\n\t"buy it")\n',
     "docs/skip-reasons.md is not the table of skips: it lacks ['| nothing here | buy it |']"),
    ("common/report/skips.h", HEAD + "#define SKIPS(SKIP)\n",
     "it has beside them ['| no gup_test here | the kernel needs"),
    ("common/see/page.c", HEAD + '#include "reach/buffer.h"\n',
     "line 2: see/page includes reach/buffer, which is above"),
    ("common/see/page.h", HEAD + '#include "see/device.h"\n',
     "see/page includes see/device, which is above"),
    ("common/see/page.c", HEAD + '#include "page.h"\n',
     "include of page.h, which is not in the table"),
    ("common/see/new.c", HEAD, "see/new is not in the table"),
    ("common/new.c", HEAD, "new is not in the table"),
    ("docs/architecture.md",
     TABLE + "\n### Layers of common/\n| `see/page` | |\n| `see/gone` | |\n",
     "see/gone, which does not exist"),
    ("docs/architecture.md",
     TABLE + "\n### Layers of common/\n| `see/page` | |\n| `see/page` | |\n", "see/page twice"),
    ("docs/architecture.md",
     TABLE + "\n### Layers of common/\n| `see/page` | |\n| `kernel/kernel` | |\n| `see/pin` | |\n",
     "see/ in more than one group"),
    ("vm/x.py", PYTHON + "from base import child\nfrom runner import work\n",
     "line 3: vm/ imports runner"),
    ("base/x.py", PYTHON + "def f():\n    import vm.cache\n", "line 3: base/ imports vm.cache"),
    ("report/x.py", PYTHON + "from vm.cache import digest\n", "line 2: report/ imports vm.cache"),
    ("runner/x.py", PYTHON + "import report, dev.lint\n", "runner/ imports dev.lint"),
    ("runner/x.py", PYTHON + "from . import cli\n", "hides from this check"),
    ("runner/x.py", PYTHON + "importlib.import_module('dev')\n", "hides from this check"),
    ("docs/architecture.md", TABLE + "| `gone/` | x | |\n", "names gone/"),
    ("docs/architecture.md", TABLE.replace("x |  |", "x | `dev/` |"),
     "lets base/ import dev/, which is not below it"),
    ("hmm-coherent/ring.c", HEAD + "ret = io_uring_submit(&ring);\nif (errno == EFAULT)\n",
     "errno"),
)

ACCEPTED = (
    ("common/see/page.c",
     HEAD + "enum x { DATA_OLD = 'o', DATA_NEW };\nenum x f(void);\nenum x y[] = { DATA_NEW, "
            "RULE_OLD };\nenum y { RULES(RULE_ID) RULE_COUNT };\n"),
    ("common/see/page.c", HEAD + "\t\t" + "x" * 83 + ";\n"),
    ("common/see/page.c", HEAD + "int x;\n" * 399),
    ("hmm-coherent/devices.h", HEAD + "FIXTURE(devices)\n"),
    ("hmm-coherent/fork.c",
     HEAD + "/* no usleep() here, no goto, no FOLL_ */\nint status;\nwaitpid(pid, &status, 0);\n"),
    ("common/see/page.c",
     HEAD + '#include "see/page.h"\n#include <poll.h>\n\n#include "report/kmsg.h"\n'),
    ("hmm-coherent/fork.c", HEAD + '#include "suite/harness.h"\n'),
    ("common/reach/child.c", HEAD + "_exit(0);\n"),
    ("docs/writing-a-test.md", f"remove each {MARK}\n"),
    ("runner/x.py", PYTHON + "x = r'\\d'\n"),
    ("runner/x.py", PYTHON + "import base.errors\nfrom runner import work\nfrom vm import qemu\n"),
    ("docs/architecture.md", TABLE),
    ("vm/x.py", PYTHON + "X = 1\n\n\n# why\n@one\ndef f():\n    def g(): pass\n"),
)

# The rules, on files that exist only here.


def test_each_rule_rejects():
    for name, text, why in REJECTED:
        found = lint.problems({Path(name): text})
        assert len(found) == 1, found
        assert why in found[0]


def test_each_rule_accepts():
    for name, text in ACCEPTED:
        assert lint.problems({Path(name): text}) == []


def test_imports_in_a_circle_are_found():
    sources = {
        Path("runner/x.py"): "from runner import y\n", Path("vm/z.py"): "import runner.x\n",
        Path("runner/y.py"): "def f():\n    from vm.z import name\n"}
    found = lint.circles(sources)
    assert len(found) == 1 and "imports go in a circle: " in found[0]
    assert all(name in found[0] for name in ("runner.x", "runner.y", "vm.z"))
    types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from vm.z import Name\n"
    assert lint.circles(sources | {Path("runner/y.py"): types}) == []


def test_the_table_of_layers_is_there():
    order = lint.layers((lint.TOP / lint.ARCHITECTURE).read_text())
    assert (order[0], order[-1]) == ("suite/harness", "report/compiler")
    assert order.index("cell/cell") < order.index("see/page")


def test_remarks_of_checkpatch():
    accepted = lint.remark_types("| type | why |\n|---|---|\n| `VOLATILE` | it is meant |\n| "
                                 "`ENOSYS` | |\n")
    assert accepted == {"VOLATILE"}, "a row without a reason"
    stays = "common/a.c:1: WARNING:VOLATILE: Use of volatile is usually wrong"
    new = "common/a.c:2: CHECK:LONG_LINE: line length of 101 exceeds 100 columns"
    assert lint.remarks([stays], accepted) == []
    assert lint.remarks([stays, new], accepted) == [new]
    assert lint.remarks(
        [], accepted) == ["docs/checkpatch.md: no remark has the type VOLATILE any more"]


def test_the_table_of_remarks_is_there():
    assert "SPLIT_STRING" in lint.remark_types((lint.TOP / lint.CHECKPATCH).read_text())


def test_shell_is_recognised():
    for first, expected in (("#!/bin/sh", True), ("#!/bin/busybox sh", True),
                            ("#!/usr/bin/env bash", True), ("#! /bin/dash", True),
                            ("#!/usr/bin/env python3", False), ("shell", False)):
        assert lint.is_shell(Path("init"), first + "\n") == expected

# dev/mypy.ini.


NO_TYPES = (
    ("import re\n\n\ndef f(text: str) -> str:\n    return re.match('a', text)[0]\n", "index"),
    ("def f(number):\n    g('1')\n\n\ndef g(number: int) -> None: ...\n", "arg-type"),
    ("class A:\n    one: int\n    two: one.Two\n", "name-defined"),
    ("def f(text: str) -> bool:\n    return text == 1\n", "comparison-overlap"),
)
TYPES = ("import re\n\n\ndef f(text: str) -> str:\n    found = re.match('a', text)\n"
         "    return found[0] if found else ''\n\n\ndef g(words):\n    return words[0]\n")


@pytest.mark.skipif(not shutil.which("mypy"), reason="mypy is not installed")
def test_mypy_finds_each_error(scratch):
    """What the interpreter would find only when it gets there, by dev/mypy.ini."""
    names = [f"bad{number}.py" for number in range(len(NO_TYPES))]
    for name, text in zip([*names, "good.py"], [*(bad for bad, _ in NO_TYPES), TYPES]):
        (scratch / name).write_text(text)
    done = subprocess.run(
        ["mypy", "--config-file", lint.TOP / "dev/mypy.ini", "--cache-dir", scratch / "cache",
         *names, "good.py"], cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=600, check=False)
    assert done.returncode == 1, done.stderr
    for name, (_, code) in zip(names, NO_TYPES):
        assert re.search(rf"(?m)^{name}:\d+: error: .*\[{code}\]$", done.stdout), done.stdout
    assert "good.py" not in done.stdout
