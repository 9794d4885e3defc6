# SPDX-License-Identifier: GPL-2.0
"""Rules of this project: each takes a path and its text, and yields what is wrong with it."""

import ast
import contextlib
import graphlib
import re
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from base.files import TOP

# Marks of unfinished work; written so that this file does not match.
OPEN = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
SHELL = re.compile(r"#! ?(/usr/bin/env )?/?(\S*/)?(busybox )?(ba|da|a)?sh\b")
TEXT = (".c", ".h", ".py", ".sh", ".bash", ".cocci", ".yml", ".yaml", ".config")

# What no test may do, and why. Only in hmm-coherent/.
BANNED = (
    (r"\b(usleep|nanosleep|sleep)\s*\(", "sleeps: look at the state instead, within a deadline"),
    (r"\brand(om)?\s*\(", "draws a number that --seed does not decide"),
    (r"\bexit\s*\(\s*(0|EXIT_SUCCESS)\s*\)", "ends half way as if it had passed"),
    (r"\bgoto\b", "jumps: an assertion leaves without reaching the label"),
    (r"\bFOLL_[A-Z]", "names a FOLL_ flag, whose number differs between kernels"),
    (r"(?m)^\t+(munmap|mprotect|madvise|mlock|munlock|mbind|set_mempolicy|sched_setaffinity"
     r"|setrlimit)\s*\(",
     "does not look at whether it worked: common/kernel/memory.h, or syscall_failed()"),
    (r"\bwaitpid\s*\([^,]*,\s*NULL", "does not look at how a child ended"),
    (r"\bio_uring_\w+\([^;]*;\s*\n?[^;\n]*\berrno\b",
     "asks errno after a ring call, which returns -errno"),
)

# broken() with the reason of a call that failed. Only common/report/report.c may do that.
REFUSAL = re.compile(r"\bbroken\([^;]*\b(no memory|strerror|errno)\b")
REPORT = Path("common/report/report.c")

# Lines of a source, and of those that may have more.
LINES = 400
LONGER = {Path("runner/options.py"): 500}   # each option with its help
# A title in docs/architecture.md; below it stands the table of layers.
ARCHITECTURE = Path("docs/architecture.md")
CHECKPATCH = Path("docs/checkpatch.md")
LAYERS = "\n### Layers of common/\n"
PACKAGES = "\n## Layers of the Python code\n"
# The one module that loads others by a name: those of dev/, for the commands of a developer.
LOADER = Path("runner/cli.py")
# Where the version of the kernel is found out, and where it decides something.
GATES = (Path("common/suite/features.c"), Path("common/kernel/since.c"))
# The reasons for which a test skips, and the page that lists them.
SKIPS, SKIP_PAGE = Path("common/report/skips.h"), Path("docs/skip-reasons.md")


def is_shell(path: Path, text: str) -> bool:
    """By name or by its first line."""
    return path.suffix in (".sh", ".bash") or SHELL.match(text) is not None


def is_python(path: Path, text: str) -> bool:
    """By name or by its first line."""
    return path.suffix == ".py" or text.startswith("#!/usr/bin/env python3")


def licence(path: Path, text: str) -> Iterator[str]:
    """Every source has its licence in its first lines."""
    wanted = path.suffix in TEXT or path.name in ("Makefile", "config",
                                                  "settings") or text.startswith("#!")
    if wanted and not any("SPDX-License-Identifier: GPL-2.0" in line
                          for line in text.splitlines()[:3]):
        yield "no SPDX-License-Identifier: GPL-2.0 in its first three lines"


def size(path: Path, text: str) -> Iterator[str]:
    """A source is not too long."""
    if path.suffix in (".c", ".h") or is_python(path, text) or is_shell(path, text):
        lines, limit = text.count("\n"), LONGER.get(path, LINES)
        if lines > limit:
            yield f"{lines} lines, at most {limit}"


def line_length(path: Path, text: str) -> Iterator[str]:
    """At most 100 columns, with tabs as 8, as checkpatch counts them."""
    code = path.suffix in (".c", ".h") or path.name == "Makefile"
    if code or is_shell(path, text) or is_python(path, text):
        for number, line in enumerate(text.splitlines(), 1):
            columns = len(line.expandtabs(8))
            if columns > 100:
                yield f"line {number}: {columns} columns, at most 100"


def left_open(path: Path, text: str) -> Iterator[str]:
    """No mark of unfinished work is left, also not of those that `new` writes into a new test."""
    if path.name == "new" or path.suffix == ".md":
        return
    for number, line in enumerate(text.splitlines(), 1):
        if found := OPEN.search(line):
            yield f"line {number}: {found[1]} is still open"


def python(path: Path, text: str) -> Iterator[str]:
    """Python code compiles without a warning."""
    if is_python(path, text):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                compile(text, str(path), "exec")
            except (SyntaxError, Warning) as problem:
                yield f"python: {problem}"


def blank_lines(path: Path, text: str) -> Iterator[str]:
    """Two blank lines before a function or class of a module, as PEP 8 has it."""
    if not is_python(path, text):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return      # python() says so
    lines = text.splitlines()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            top = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
            while top and lines[top - 1].startswith("#"):       # its comment
                top -= 1
            if any(lines[max(top - 2, 0):top]):
                yield f"line {node.lineno}: two blank lines before {node.name}"


def banned(path: Path, text: str) -> Iterator[str]:
    """Constructs that a test must not use."""
    if path.parts[:1] == ("hmm-coherent",) and path.suffix == ".c":
        code = without_comments(text)
        for pattern, why in BANNED:
            for found in re.finditer(pattern, code):
                yield f"line {code.count(chr(10), 0, found.start()) + 1}: {why}"


def refusals(path: Path, text: str) -> Iterator[str]:
    """What a kernel can refuse is no error of the suite."""
    if path.suffix in (".c", ".h") and path != REPORT:
        code = without_comments(text)
        for found in REFUSAL.finditer(code):
            yield (f"line {code.count(chr(10), 0, found.start()) + 1}: broken() of a refusal of "
                   "the kernel: use syscall_failed() or not_prepared()")


def semantic_patches(path: Path, text: str) -> Iterator[str]:
    """No regular expressions: their syntax depends on how spatch was built."""
    if path.suffix == ".cocci":
        for number, line in enumerate(text.splitlines(), 1):
            if "=~" in line and not line.startswith("//"):
                yield f"line {number}: name the functions, as in 'identifier f = {{a, b}};'"


def fixtures(path: Path, text: str) -> Iterator[str]:
    """A fixture is in the program of its name, or in a header of its name that several programs
    include."""
    if path.parts[:1] == ("hmm-coherent",) and path.name != "matrix.c":
        for name in re.findall(r"(?m)^FIXTURE\((\w+)\)", text):
            if path.stem != name:
                yield (f"the fixture {name} belongs into hmm-coherent/{name}.c, or .h where "
                       "several programs have it")


def remark_types(page: str) -> set[str]:
    """The types of remarks of checkpatch.pl that docs/checkpatch.md accepts: its first column."""
    return set(re.findall(r"(?m)^\| `([A-Z_]+)` \| [^\s|]", page))


def remarks(lines: list[str], accepted: set[str]) -> list[str]:
    """Lines of checkpatch.pl --terse --show-types that are not accepted, and types that none of
    them has."""
    types = [re.search(r": (?:ERROR|WARNING|CHECK):([A-Z0-9_]+): ", line) for line in lines]
    seen = {found[1] for found in types if found}
    return ([line for line, found in zip(lines, types) if not found or found[1] not in accepted] + [
        f"{CHECKPATCH}: no remark has the type {name} any more"
        for name in sorted(accepted - seen)])


def gates(path: Path, text: str) -> Iterator[str]:
    """Code that depends on the kernel's version asks the table in common/kernel/since.c."""
    if path.suffix not in (".c", ".h") or path in GATES:
        return
    if path.parts[:1] in (("common",), ("hmm-coherent",)):
        for found in re.finditer(r"\bfeatures\.(version|sublevel)\b", without_comments(text)):
            line = text.count("\n", 0, found.start()) + 1
            yield f"line {line}: asks for the kernel's version: kernel_has(), common/kernel/since.c"


def prefixes(path: Path, text: str) -> Iterator[str]:
    """The constants of an enum share a prefix: PERM_NONE, not NONE."""
    if path.suffix not in (".c", ".h") or path.parts[:1] not in (("common",), ("hmm-coherent",)):
        return
    code = without_comments(text)
    for found in re.finditer(r"\benum\s*\w*\s*\{([^}]*)\}", code):
        names = re.findall(r"(?:^|,)\s*([A-Z]\w*)(?=\s*(?:[,=]|$))", found[1])
        first = {name.partition("_")[0] if "_" in name else name for name in names}
        if len(first) > 1 or any("_" not in name for name in names):
            line = code.count("\n", 0, found.start()) + 1
            yield f"line {line}: the constants of an enum need a common prefix: {', '.join(names)}"


def skips(path: Path, text: str) -> Iterator[str]:
    """docs/skip-reasons.md has the rows of the table of skips, and no others."""
    if path == SKIPS:
        table = re.sub(r'"\s*(?:\\\n)?\s*"', "", text.partition("#define SKIPS(")[2])
        rows = [f"| {what} | {how} |" for what,
                how in re.findall(r'SKIP\(\w+,[\s\\]*"(.*?)",[\s\\]*"(.*?)"\)', table)]
        listed = re.findall(r"(?m)^\| (?!what is missing).*\|$", (TOP / SKIP_PAGE).read_text())
        if rows != listed:
            missing, extra = [row for row in rows if row not in listed], [row for row in listed
                                                                          if row not in rows]
            yield (f"{SKIP_PAGE} is not the table of skips: it lacks {missing}, "
                   f"it has beside them {extra}")


def layers(table: str) -> list[str]:
    """Modules of common/, such as see/page, in the order of the table in docs/architecture.md."""
    section = table.partition(LAYERS)[2].partition("\n#")[0]
    return re.findall(r"(?m)^\| `(\w+/\w+)` \|", section)


def includes(path: Path, text: str) -> Iterator[str]:
    """A module of common/ includes only what stands below it in the table of layers."""
    if path == ARCHITECTURE:
        yield from table_problems(layers(text))
    if path.parts[:1] != ("common",) or path.suffix not in (".c", ".h"):
        return
    order = layers((TOP / ARCHITECTURE).read_text())
    module = "/".join(path.with_suffix("").parts[1:])
    if module not in order:
        yield f"{module} is not in the table of layers in {ARCHITECTURE}"
        return
    for found in re.finditer(r'(?m)^\s*#\s*include\s*"([^"]*)"', text):
        line, other = text.count("\n", 0, found.start()) + 1, found[1].removesuffix(".h")
        if other not in order:
            yield (f"line {line}: include of {found[1]}, which is not in the table of layers in "
                   f"{ARCHITECTURE}")
        elif order.index(other) < order.index(module):
            yield (f"line {line}: {module} includes {other}, which is above it in the table of "
                   f"layers in {ARCHITECTURE}")


def table_problems(order: list[str]) -> Iterator[str]:
    """Each module once, the modules of a folder together, and none that is gone."""
    there = {"/".join(path.relative_to(TOP / "common").with_suffix("").parts)
             for path in (TOP / "common").rglob("*.[ch]")}
    for module in sorted(set(order) - there):
        yield f"the table of layers names {module}, which does not exist"
    for module in sorted({module for module in order if order.count(module) > 1}):
        yield f"the table of layers names {module} twice"
    folders = [module.partition("/")[0] for module in order]
    starts = [folder for at, folder in enumerate(folders) if not at or folders[at - 1] != folder]
    for folder in sorted({folder for folder in starts if starts.count(folder) > 1}):
        yield f"the table of layers has the modules of {folder}/ in more than one group"


def packages(page: str) -> dict[str, set[str]]:
    """Each package of Python code with those that it may import, from docs/architecture.md."""
    section = page.partition(PACKAGES)[2].partition("\n#")[0]
    rows = re.findall(r"(?m)^\| `(\w+)/` \|[^|]*\|([^|]*)\|", section)
    return {name: set(re.findall(r"`(\w+)/`", imports)) for name, imports in rows}


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
            yield node.lineno, "importlib.import_module()"


def imports(path: Path, text: str) -> Iterator[str]:
    """A package imports only what the table of docs/architecture.md lets it."""
    allowed = packages((TOP / ARCHITECTURE).read_text())
    package = path.parts[0]
    if path == ARCHITECTURE:
        yield from package_problems(packages(text))
    if path.suffix != ".py" or package not in allowed:
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return      # python() says so
    for line, name in imported(tree):
        other = name.partition(".")[0]
        if not other or name == "importlib.import_module()" and path != LOADER:
            yield (f"line {line}: {name or 'a relative import'} hides from this check what is "
                   "imported")
        elif other in allowed and other not in allowed[package] | {package}:
            yield f"line {line}: {package}/ imports {name}, which {ARCHITECTURE} does not let it"


def package_problems(table: dict[str, set[str]]) -> Iterator[str]:
    """A package imports only what stands below it in the table, and none is missing or gone."""
    there = {path.parent.name for path in TOP.glob("*/__init__.py")}
    for name in sorted(set(table) ^ there):
        yield f"the table of packages {'names' if name in table else 'lacks'} {name}/"
    order = list(table)
    for name, others in table.items():
        for other in sorted(others):
            if other not in order[order.index(name) + 1:]:
                yield f"the table of packages lets {name}/ import {other}/, which is not below it"


def module_imports(tree: ast.AST, modules: set[str]) -> Iterator[str]:
    """The modules of ours that a module imports, except for the names of types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from (name for name in names if name in modules)
        yield from module_imports(node, modules)


def circles(sources: dict[Path, str]) -> list[str]:
    """A module that imports itself, through others of its package."""
    trees = {}
    for path, text in sources.items():
        if path.suffix == ".py" and len(path.parts) == 2 and path.name != "__init__.py":
            with contextlib.suppress(SyntaxError):      # python() says so
                trees[".".join(path.with_suffix("").parts)] = ast.parse(text)
    graph = {name: set(module_imports(tree, set(trees))) for name, tree in trees.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as found:
        return [f"imports go in a circle: {' <- '.join(found.args[1])}"]
    return []


def without_comments(code: str) -> str:
    """C with blanks in place of its comments, so that lines keep their numbers."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub(r"[^\n]", " ", found[0]), code,
                  flags=re.S)


LINTS: tuple[Callable[[Path, str], Iterator[str]], ...] = (
    licence, size, line_length, left_open, python, blank_lines, banned, refusals,
    semantic_patches, fixtures, prefixes, gates, skips, includes, imports)


def files() -> list[Path]:
    """Everything in git or about to be, relative to the top."""
    done = subprocess.run(["git", "-C", str(TOP), "ls-files", "-z", "-co", "--exclude-standard"],
                          capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    if done.returncode == 0:
        names = [Path(name) for name in done.stdout.split("\0") if name]
    else:
        names = [path.relative_to(TOP) for path in TOP.rglob("*")
                 if not {"build", "results", ".git",
                         "__pycache__"} & set(path.relative_to(TOP).parts)]
    return sorted(name for name in names if (TOP / name).is_file())


def texts() -> dict[Path, str]:
    """Each file that is text."""
    found = {}
    for path in files():
        data = (TOP / path).read_bytes()
        if b"\0" not in data:
            found[path] = data.decode(errors="replace")
    return found


def problems(sources: dict[Path, str]) -> list[str]:
    """All problems, as PATH: what is wrong."""
    return [f"{path}: {what}" for path, text in sources.items() for lint in LINTS
            for what in lint(path, text)] + circles(sources)
