# SPDX-License-Identifier: GPL-2.0
"""What goes wrong in the runner itself: one line, 3, in a step of a bisection 128; never 0, 1 or
125."""

import ast
import os
import re
import pty
import runner_kit as kit
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from base.errors import Interrupted, Stop, Untestable, worst
from runner import cli, folder, needs, options, programs, reports, run, session
from runner.run import Kernels
from runner.session import Session

# The command with something that goes wrong inside.
INJECTED = """
import errno, sys
sys.path.insert(0, sys.argv.pop(1))
sys.argv = ["run_tests.sh", *sys.argv[2:], sys.argv[1]]
error = sys.argv.pop()
from base import errors
from runner import __main__ as entry, cli
def goes_wrong(_):
    exec(error)
cli.main = goes_wrong
entry.leave(entry.main())
"""
# What goes wrong, the status, that of a step of a bisection, and what the line says.
WRONG = (
    ("raise MemoryError", 3, 128, "a bug in the suite, not in the kernel: MemoryError()"),
    ("def f(f): f(f)\nf(f)", 3, 128, "RecursionError"),
    ("raise OSError(errno.ENOSPC, 'No space left on device', '/a/run.json')", 3, 128,
     "cannot write /a/run.json: No space left on device"),
    ("raise OSError(errno.EIO, 'Input/output error')", 3, 128,
     "cannot write to stdout: Input/output error"),
    ("raise PermissionError(errno.EACCES, 'Permission denied', '/a')", 3, 128, "Permission denied"),
    ("raise BrokenPipeError(errno.EPIPE, 'Broken pipe')", 3, 128, "BrokenPipeError"),
    ("raise UnicodeEncodeError('ascii', '\\udc80', 0, 1, 'no')", 3, 128, "UnicodeEncodeError"),
    ("import nosuchmodule", 3, 128, "is not complete: No module named 'nosuchmodule'"),
    ("raise SystemExit(1)", 3, 128, None),
    ("raise SystemExit(0)", 0, 0, None),
    ("raise GeneratorExit", 3, 128, "GeneratorExit"),
    ("raise KeyboardInterrupt", 130, 130, "interrupted"),
    ("raise errors.Interrupted(15)", 143, 143, "interrupted"),
    # a clean-up that fails
    ("try:\n\traise errors.Interrupted(15)\nfinally:\n\tnone.such()", 143, 143, "interrupted"),
    ("raise errors.Stop(3, 'the cache is full')", 3, 128, "the cache is full"),
    ("raise errors.Stop(2, 'wrong\\nuse')", 2, 128, "wrong use"),
    ("raise errors.Untestable(3, 'it does not build')", 3, 125, "it does not build"),
    ("raise errors.Untestable(4, 'it is too old')", 4, 125, "it is too old"),
    # while it is told
    ("entry.trace_file = lambda error: 1 / 0\nraise ValueError('first')", 3, 128,
     "ZeroDivisionError"),
    ("import tempfile; tempfile.mkstemp = goes_wrong\nraise OSError(errno.ENOMEM, 'no memory')", 3,
     128, "the trace could not be written"),
    ("def again(_): raise errors.Interrupted(2)\nentry.trace_file = again\nraise ValueError", 130,
     130, "interrupted"),
    ("def gone(_): raise MemoryError\nentry.of_exception = gone\nraise ValueError", 3, 128,
     "MemoryError"),
    ("sys.stderr.close()\nraise ValueError('x')", 3, 128, "x"),
    ("import os; os.close(2)\nraise ValueError('x')", 3, 128, None),
)
PARTS = ("run_tests.sh", "Makefile", "known-issues.toml", "base", "runner", "report", "vm",
         "common", "hmm-coherent", "config", "settings")
USER = ("base", "report", "vm", "runner")     # what a user runs, with a bare Python
ODD = "a b:c'd\"e$f,g"


# Exceptions of every sort.
@pytest.mark.parametrize("code, plain, bisecting, says", WRONG)
def test_each(scratch, code, plain, bisecting, says):
    for words, status in (((), plain), (("--bisect-step",), bisecting)):
        done = subprocess.run([sys.executable, "-I", "-S", "-c", INJECTED, kit.TOP, code, *words],
                              capture_output=True, text=True,
                              env={**os.environ, "TMPDIR": str(scratch)}, check=False)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == (0 if says is None else 1), done.stderr
        assert (says or "") in done.stderr
        assert says is None or done.stderr.startswith("run_tests.sh: ")


def test_the_list_of_modules_is_complete():
    used = set()
    for path in (path for folder in USER for path in (kit.TOP / folder).glob("*.py")
                 if path.name != "complete.py"):     # no run needs it
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                used.add(node.module)
    own = {name for name in used if name.split(".")[0] in (*USER, "__future__")}
    assert {name for name in used - own if name.split(".")[0] not in needs.NAMES
                      and name not in needs.NAMES} == set()
    assert needs.lacks() == ""


def test_the_worst_of_several():
    assert [worst(each) for each in ((0, 4), (0, 3, 4), (3, 1, 0), (2, 3), (1, 130),
                                     (130, 143, 1))] == [4, 3, 1, 3, 130, 143]

# The real command, where its surroundings are odd.


def copy(box) -> Path:
    """The suite in a folder with a name that breaks lists and words."""
    top = box.scratch / ODD / "suite"
    top.mkdir(parents=True)
    for name in PARTS:
        source = kit.TOP / name
        if source.is_dir():
            shutil.copytree(source, top / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, top / name)
    return top


def sh(box, script: str, *words, **extra) -> subprocess.CompletedProcess:
    """A shell script with the command as "$0"."""
    return subprocess.run(["sh", "-c", script, kit.COMMAND, *words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL,
                          env=kit.environment(box.scratch, **extra), timeout=60, check=False)


def test_an_odd_path(box):
    """Of the suite, of its results, its cache for programs, and of TMPDIR: here and in a VM."""
    top = copy(box)
    odd = box.scratch / ODD
    with mock.patch.object(kit, "COMMAND", top / "run_tests.sh"):
        here = kit.run(odd, "--results", str(odd / "r1"))
        vm = kit.in_vm(odd, "good", "--results", str(odd / "r2"))
        step = kit.run(odd, "--results", str(odd / "r3"), "--bisect-step", "--kernel", "x",
                       LIE="honest-fail")
    assert (here.status, vm.status, step.status) == (0, 0, 1), here.stderr + vm.stderr + step.stderr


def test_make_in_an_odd_path(box):
    """Every word that the compiler gets is one that exists, and the programs are found."""
    top, tree, log = copy(box), box.scratch / ODD / "linux", box.scratch / "log"
    (tree / "tools/testing/selftests").mkdir(parents=True)
    compiler = box.script("cc", 'printf "%s\\n" "$@" >>"$LOG"\n'
                          '[ "$1" != -print-prog-name=objcopy ] || echo true\n'
                          'while [ $# -gt 0 ]; do [ "$1" != -o ] || : >"$2"; shift; done')
    with mock.patch("runner.programs.TOP", top), mock.patch.dict(os.environ, LOG=str(log)):
        programs.run_make(f"KSRC={tree}", f"CC={compiler}", "build/hmm_coherent_fork")
        found = programs.run_make(f"KSRC={tree}", "print-programs").splitlines()
    (tree / "a$b c").mkdir()
    path = f"{compiler.parent}:{os.environ['PATH']}"
    with mock.patch.multiple("runner.programs", TOP=top, BUILD=top / "build"), \
                mock.patch.dict(os.environ, LOG=str(log), PATH=path):
        built = programs.build(tree / "a$b c", box.scratch / "programs.log")
        programs.release()
    assert built and all(one.exists() for one in built), built
    assert {f"{tree}/a$b c", str(tree), f"{tree}/tools/testing/selftests",
            "build/hmm_coherent_fork"} <= set(log.read_text().splitlines())
    assert "build/hmm_coherent_fork" in found
    assert (top / "build/hmm_coherent_fork").exists()


def test_make_says_the_status(box):
    """make ends with 2 whatever its command ended with; the last lines say which it was."""
    for lie, status in (("honest", 0), ("honest-fail", 1), ("honest-broken", 3),
                        ("honest-skip", 4)):
        done = subprocess.run(
            ["make", "-C", kit.TOP, "run_tests", f"ARGS=--results {box.scratch}/{lie} --timeout 1"],
            capture_output=True, text=True, env=kit.environment(box.scratch, LIE=lie), check=False)
        assert done.returncode == (2 if status else 0)
        said = f"./run_tests.sh ended with status {status}; make ends with 2" in done.stderr
        assert said == bool(status), done.stderr


def test_the_limit_of_a_native_run():
    """The program and the machine that it runs on are told the same: nothing is ended too early."""
    with mock.patch.object(run, "Native") as native, mock.patch.object(run.One, "finish"), \
                mock.patch.object(run, "known_issues", return_value=None):
        one = run.One(options.parse(["--native", "--stress", "3000", "--timeout", "500"]),
                      mock.MagicMock(), None, None, "", mock.MagicMock())
        with mock.patch.dict(os.environ):
            one.here()
            session_ = one.finish.mock_calls[0].args[0]
            session_.machine(None, 1, 1)
    assert (native.mock_calls[0].args[1], session_.limits.test) == (3500, 3500)


def test_a_folder_that_make_cannot_take(box):
    """The kernel's makefiles take no blank and no colon in a path; a commit is not to blame."""
    odd = box.scratch / "a b"
    odd.mkdir()
    says = "which the kernel's makefiles do not take"
    for cache, kernel in ((odd, "x"), (box.scratch / "a:b", "x"), (box.scratch / "c", odd)):
        for step, status in (((), 2), (("--bisect-step",), 128)):
            done = sh(box, '"$0" --vm --cache "$@"', cache, "--kernel", kernel, *step,
                      HMM_COHERENT_PROGRAMS="")
            assert (done.returncode, says in done.stderr) == (status, True), done.stderr


def test_closed_descriptors(box):
    for script, status, out, says in (('"$0" --results "$1" >&-', 0, "", "3 passed"),
                                      ('"$0" --results "$1" 2>&-', 0, "# 1..3", ""),
                                      ('"$0" --results "$1" <&- >&- 2>&-', 0, "", ""),
                                      ('"$0" --list >&-',
                                       3, "", "cannot write to stdout: Bad file"),
                                      ('"$0" --list 2>&-', 0, "liar.one", ""),
                                      ('"$0" --nonsense 2>&- >&-', 2, "", ""),
                                      ('"$0" --list --bisect-step --kernel x >&-', 128, "", "")):
        done = sh(box, script, box.scratch / str(abs(hash(script))))
        assert done.returncode == status, done.stderr
        assert out in done.stdout
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_nobody_reads_stderr(box):
    """A pipe whose reader has gone, a full disk: the verdict is the same."""
    gone = '{ "$0" %s 2>&1 >/dev/null; echo $? >"$1.status"; } | :'
    for script, status in (('"$0" --results "$1" 2>/dev/full', 0), (gone % '--results "$1"', 0),
                           (gone % "--nonsense", 2), ('"$0" --nonsense 2>/dev/full', 2)):
        folder = box.scratch / str(abs(hash(script)))
        done = sh(box, script, folder)
        kept = Path(f"{folder}.status")
        assert (int(kept.read_text()) if kept.exists() else done.returncode) == status, done.stderr


def test_full_disk_in_a_step(box):
    """Whichever file is the first that does not fit; what the tests said is no verdict."""
    for limit in (0, 300, 2000, 8000):
        done = sh(box, 'prlimit --fsize="$1" "$0" --results "$2" --bisect-step --kernel x',
                       str(limit), box.scratch / f"r{limit}", LIE="honest-fail")
        assert done.returncode == 128, done.stderr
        assert "cannot write" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_python_that_is_not_complete(box):
    """Another one is looked for; without any it is said what this one lacks."""
    tools, more = box.scratch / "bin", box.scratch / "more"
    tools.mkdir()
    more.mkdir()
    (more / "python3.11").symlink_to(sys.executable)
    for name in ("env", "id", "readlink", "sh"):
        (tools / name).symlink_to(shutil.which(name))
    for module, path, status in (("json", tools, 3), ("_ctypes", tools, 3),
                                 ("ctypes", f"{tools}:{more}", 0)):
        (tools / "python3").write_text(
            f'#!{sys.executable} -IS\nimport runpy, sys\nsys.modules["{module}"] = None\n'
            'sys.argv = [a for a in sys.argv[1:] if a not in ("-I", "-S")]\n'
            'runpy.run_path(sys.argv[0], run_name="__main__")\n')
        (tools / "python3").chmod(0o755)
        for words, expected in ((["--help"], status),
                                (["--bisect-step", "--help"], status and 128)):
            done = sh(box, '"$0" "$@"', *words, PATH=str(path), PYTHON="python3")
            assert done.returncode == expected, done.stderr
            assert (f"has no {module}" if status else "") in done.stderr


def test_nothing_of_the_callers_python(box):
    bad = box.scratch / "report"
    bad.mkdir()
    (bad / "__init__.py").write_text("raise SystemExit(1)\n")
    done = sh(box, 'cd "$1" && "$0" --list', box.scratch, PYTHONPATH=str(box.scratch),
                   PYTHONHOME="/nowhere", PYTHONINSPECT="1", PYTHONWARNINGS="error")
    assert (done.returncode, done.stdout.count("liar.")) == (0, 3), done.stderr


def test_a_terminal_that_goes(box):
    """A window is closed, a connection breaks: the reports are there. With nohup the run goes
    on."""
    for prefix, status, verdict in ((("env", "--default-signal=HUP"), 129, "not-run"),
                                    (("env", "--ignore-signal=HUP"), 1, "fail")):
        scratch = box.scratch / verdict
        scratch.mkdir()
        master, slave = pty.openpty()
        proc = subprocess.Popen(["setsid", "--ctty", *prefix, kit.COMMAND, "--results",
                                 scratch / "results", "--timeout", "2"], stdin=slave, stdout=slave,
                                stderr=slave, env=kit.environment(scratch, LIE="hang"))
        os.close(slave)
        kit.wait_for("# begin liar.two", scratch / "results/stream-1", proc)
        os.close(master)
        assert proc.wait(30) == status
        got = kit.Outcome(0, "", "", 0, scratch / "results", {})
        assert (got.verdict("liar.one"), got.verdict("liar.two").partition("/")[0]) == ("pass",
                                                                                       verdict)
        assert (scratch / "results/report.html").exists()

# Whatever ends a run, its reports are written first.


def broken_off(box, where, name: str, error: BaseException) -> kit.Outcome:
    """The command in this process, with a method that raises; its outcome."""
    folder = box.scratch / f"{name}-{type(error).__name__}"
    environ = kit.environment(box.scratch)
    with mock.patch.dict(os.environ, environ), mock.patch("sys.stdout"), mock.patch(
        "sys.stderr"), mock.patch.object(where, name, side_effect=error):
        with pytest.raises(type(error)):
            cli.main(["--results", str(folder), "--timeout", "1"])
    return kit.Outcome(0, "", "", 0, folder, {})


def test_each_end(box):
    ends = ((Session, "_successor"), (Session, "_judge"),
            (Session, "compare"), (session.claims, "check_pairs"), (session.Progress, "end"),
            (session.ktap_out.Writer, "finish"), (folder.Both, "close"), (reports.summary, "text"))
    for where, name in ends:
        for error in (MemoryError(), Stop(3, "stopped")):
            got = broken_off(box, where, name, error)
            assert got.verdict("liar.one") in (("pass", "not-run") if name == "compare"
                          else ("pass",))
            assert (got.folder / "outcomes.jsonl").exists()


def test_a_kernel_that_does_not_build_stops_no_other():
    built = []

    def one(_self, _label, spec, _found):
        built.append(spec)
        if spec == "second":
            raise Untestable(3, "the kernel does not build")
        if spec == "interrupted":
            raise Interrupted(2)
        return 1 if spec == "bad" else 0

    screen = mock.MagicMock()
    with mock.patch.object(Kernels, "one", one), mock.patch.object(Kernels, "pack"), \
                mock.patch.object(run.planning, "pretending"):
        for specs, status in ((("first", "second", "third"), 3),
                              (("bad", "second", "third"), 1), (("first", "third"), 0)):
            built.clear()
            plan = mock.MagicMock(kernels=[(spec, None) for spec in specs])
            assert Kernels(mock.MagicMock(shell=False), plan, screen, {}).run() == status
            assert tuple(built) == specs
        assert "second: the kernel does not build" in str(screen.say.mock_calls)
        for specs, error in ((("second",), Untestable),
                             (("first", "interrupted", "third"), Interrupted)):
            plan = mock.MagicMock(kernels=[(spec, None) for spec in specs])
            with pytest.raises(error):
                Kernels(mock.MagicMock(shell=False), plan, screen, {}).run()


def test_the_same_kernel_twice(box):
    kernels = [("a/b", None), ("a-b", None), ("a/b", None)]
    assert run.labels(kernels) == ["a-b", "a-b-2", "a-b-3"]
    assert run.labels(kernels[:1]) == [""]
    got = kit.in_vm(box.scratch, "good", "--kernel", "a", "--kernel", "a", "--json",
                    str(box.scratch / "x.json"))
    assert got.status == 0, got.stderr
    assert sorted(path.parent.name for path in got.folder.glob("*/run.json")) == ["a", "a-2"]
    assert sorted(path.name for path in box.scratch.glob("x*")) == ["x-a-2.json", "x-a.json"]
    gated = kit.in_vm(box.scratch, "good", "--kernel", "b", "--gate", str(got.folder),
                      "--results", str(box.scratch / "g"))
    assert (gated.status, "the baseline has results of a and a-2, and none of b"
            in gated.stderr) == (2, True), gated.stderr
    assert not (box.scratch / "g").exists()


def test_a_shard_that_was_interrupted(box):
    kit.run(box.scratch, "--shard", "1/2", "--results", str(box.scratch / "one"))
    for number, status, says in ((signal.SIGINT, 130, "shard 2/2 was interrupted"),
                                 (signal.SIGKILL, 2, "its run was killed, or is still running")):
        folder = box.scratch / f"two-{number}"
        proc, _ = kit.start(box.scratch, "--shard", "2/2", "--results", str(folder),
                            LIE="hang", HMM_COHERENT_GRACE="60")
        kit.wait_for("# begin", folder / "stream-1", proc)
        proc.send_signal(number)
        proc.wait(20)
        got = kit.run(box.scratch, "merge", str(box.scratch / "one"), str(folder),
                      "--results", str(box.scratch / f"whole-{number}"))
        assert (got.status, says in got.stderr) == (status, True), got.stderr
        assert not re.search("Traceback|a bug of", got.stderr)
