# SPDX-License-Identifier: GPL-2.0
"""Break runner/ and run_tests.sh one line at a time; a test has to notice each.

Not part of `make check`, since it runs tests once for every line below:

    python3 selftest/red_runner.py [WORD]       only the breakages whose line holds WORD
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# runner/FILE.py or a path, what stands there, what shall stand there, the tests that have to fail: MODULE, MODULE:KIT_ONLY, MODULE.TEST
BREAK = r"""
watch     | elif isinstance(event, ktap.Begin) and self.ledger.begin(event.name): | elif isinstance(event, ktap.Begin): | watch
watch     | elif isinstance(event, ktap.Result) and self.ledger.result(event.name): | elif isinstance(event, ktap.Result): | watch
watch     | elif event.word == "start" and event.rest in self._to_start: | elif event.word == "start":                  | watch
watch     | if event.word == "ready" and self.phase == "boot":           | if event.word == "ready":                    | watch
watch     | if self.phase != "closing":                                  | if True:                                     | watch
watch     | self.factor = min(MAX_FACTOR, max(1.0,                       | self.factor = min(99e9, max(0.0,             | watch
watch     | self.test_seconds = self.test_seconds or now - self._born     | self.test_seconds = now - self._born         | watch
watch     | return self._spoken <= self.limits.output                    | return True                                  | watch
watch     | self.ledger.drop(self.program)                               | pass                                         | watch
work      | if self._remove(name):                                       | if name in sum(self._left.values(), []):     | watch
work      | names.remove(name)                                           | names.clear()                                | watch
work      | rounds = [list(batch.names) for _ in range(repeat)]          | rounds = [list(batch.names)]                 | watch
work      | draw = random.Random(shuffle)                                | draw = random.Random()                       | watch
work      | (one for one in beginnings if name.startswith(one))          | (one for one in ())                          | work
guests    | return 2 * company > len(                                    | return company > len(                        | work
run       | + (BUSY if shared else ())                                   |                                              | session
work      | + (START if position and not number else 0)                  |                                              | work
screen    | self._ms[program] = self._ms.get(program, 0) + (event.ms or 0) | self._ms[program] = event.ms or 0          | screen
host      | if any(s < end and start < e for s, e in self.system_ram()): | if False:                                    | host
host      | if self.backed(start, end) is False:                         | if False:                                    | host
host      | if what == "Soft Reserved" and not claimed:                  | if what == "Soft Reserved":                  | host
host      | while at + CHUNK <= end:                                     | while at < end:                              | host
host      | at = -(-start // ALIGN) * ALIGN                              | at = start                                   | host
host      | if self.uid:                                                 | if False:                                    | host
host      | for start in spm if (why := self.usable(start))]             | for start in spm if (why := "")]             | host
lint      | if lines > limit:                                            | if False:                                    | lint
lint      | code = without_comments(text)                                | code = text                                  | lint
lint      | warnings.simplefilter("error")                               | pass                                         | lint
lint      | if found := OPEN.search(line):                               | if found := None:                            | lint
programs  | if done.returncode:\n        raise Stop(CANNOT, f"{program.name} --list ended | if False:\n        raise Stop(CANNOT, f"{program.name} --list ended | liar.Liar.test_each_lie_of_the_list
programs  | if not NAME.fullmatch(name):                                 | if False:                                    | liar.Liar.test_each_lie_of_the_list
programs  | if other is not test:                                        | if False:                                    | liar.Liar.test_each_lie_of_the_list
programs  | return re.sub(r"[._-]+", "-", name)                          | return name                                  | liar.Liar.test_each_lie_of_the_list
programs  | if not tests:                                                | if False:                                    | liar.Liar.test_each_lie_of_the_list
programs  | timeout=LIST_SECONDS, check=False                            | check=False                                  | liar.Liar.test_each_lie_of_the_list
programs  | if not any(matches(test, glob) for test in tests):           | if False:                                    | options.Command.test_unknown_test
programs  | if not chosen:                                               | if False:                                    | options.Command.test_unknown_test
programs  | fnmatchcase(test.name, glob) or fnmatchcase                  | fnmatchcase                                  | options.Command.test_selection
here      | if left:\n                                                   | if False:\n                                  | liar:child-.*
here      | reap.adopt_orphans()                                         | pass                                         | liar:child-.*
here      | signal.signal(signal.SIGTERM, stop)                          | signal.signal(signal.SIGTERM, signal.SIG_IGN) | killer:here_SIGKILL
here      | shutil.rmtree(self.work, ignore_errors=True)                 | pass                                         | liar:honest
native    | death_signal=signal.SIGTERM                                  | death_signal=0                               | killer:here_SIGKILL
native    | if self._loaded and self.host.loaded():                      | if False:                                    | native
native    | if not self.host.loaded():                                   | if True:                                     | native
native    | path.unlink(missing_ok=True)                                 | pass                                         | native
session   | self.run.broken(value)                                       | pass                                         | liar:child-.*
__main__  | reap.kill_descendants()                                      | pass                                         | machine:forks
__main__  | case BrokenPipeError() if reader_is_gone():                   | case BrokenPipeError() if False:                                     | options.Command.test_a_reader_that_has_enough
__main__  | return HAD_ENOUGH                                            | return cannot                                   | options.Command.test_a_reader_that_has_enough
__main__  | signals.install()                                            | pass                                         | killer:.*_SIGINT
__main__  | cannot = errors.ABORT if BISECTING else errors.CANNOT        | cannot = errors.CANNOT                               | options.Command.test_a_bug_of_ours_is_one_line_and_never_a_bad_commit
errors    | if status in (CANNOT, 4):                                    | if False:                                    | options.Parse.test_bisect_status bisect.Toy.test_git_bisect_run
errors    | return max(status, ABORT)                                    | return status                                | options.Parse.test_bisect_status
signals   | if not _deferred:                                            | if True:                                     | killer:vm_SIG(INT|TERM)
signals   | signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)           | pass                                         | killer:here_SIG(INT|TERM)
session   | signals.raise_pending()                                      | pass                                         | killer:vm_SIGINT
session   | run.interrupted(signals.pending())                           | pass                                         | killer:vm_SIGINT
session   | writer.finish(self.run)                                      | pass                                         | killer:vm_SIGINT
session   | open(self.path, "ab", buffering=0)                           | open(self.path, "ab")                          | killer:here_SIGKILL
session   | if expected and value != expected:                           | if False:                                    | machine:other-kernel
session   | run.hang(ending.running, ending.why, number)                       | pass                                         | machine:once-hangs-in-second
session   | run.vm_died(number, ending.running or None, ending.why, console, ending.kind == "lost") | pass                                     | machine:mute
session   | if (ending.kind not in ("hang", "died", "lost") or not ending.left | if (not ending.left | machine:mute
session   | if (ending.kind not in ("hang", "died", "lost") or not ending.left | if (True     | machine:once-dies-in-second
session   | writer, lane.chance + 1)                                     | writer, lane.chance)                         | session
session   | or not ending.left or lane.chance == CHANCES                 | or lane.number > 1 | session
session   | Lane(self, number, part, len(parts), progress, writer)       | Lane(self, number, part, 1, progress, writer) | session
session   | parts = share(usual, self.side_by_side) if                  | parts = share(usual, 1) if                   | machine:good
session   | klog.blame(run,                                              | (lambda *a: None)(run,                       | machine:splat-.*
klog      | for path, known in ((kmsg, True), (console, False)):         | for path, known in ((kmsg, True),):          | machine:splat-on-console
klog      | for path, known in ((kmsg, True), (console, False)):         | for path, known in ((console, False),):      | machine:splat-in-second
klog      | if guest and last.strip() != qemu.END_OF_LOG:                | if False:                                    | machine:log-is-cut
klog      | if guest or scanner.begins else []                           | if False else []                             | machine:log-has-a-gap
plan      | if not (options.native or options.spm):                      | if False:                                    | host
guests    | // TESTS_WORTH_A_BOOT, fit))                                 | // TESTS_WORTH_A_BOOT))                      | host
programs  | lock.take(fcntl.LOCK_SH)    # for a moment                   | pass    # for a moment                       | programs
programs  | if is_built(words):                                          | if False:                                    | programs
supervise | if verdict := follower.late():                               | if False:                                    | machine:mute
supervise | if going and going[0].enough():                              | if False:                                    | machine.Machine.test_until_fail_stops_all_machines
supervise | if not self.done:                                            | if False:                                    | machine:once-panic-in-second
supervise | if why := self.machine.ended_from_outside():                 | if why := "":                                | machine:killed-.* machine:ends-badly
supervise | if self.broken:                                              | if False:                                    | machine:lacks-and-dies
supervise | self._ask("b")                                               | pass                                         | machine:goes-when-told
supervise | self.started = True\n                                        | self.started = bool(self._ask("b") or 1)\n    | machine:goes-when-told
supervise | if self.flood:                                               | if False:                                    | liar:endless-(output|line)
supervise | if kind in ("died", "lost") and not self.watch.boot_seconds: | if False: | machine:abort
supervise | self.closed = True                                           | pass                                         | machine:once-closes-early
supervise | {"boot": "boot", "closing": "died"}                          | {"boot": "boot"}                             | machine:stays-after-done
results   | if path.exists() and (not path.is_dir() or any(path.iterdir())): | if False:                                | options.Command.test_results_that_cannot_be_written
results   | if error.errno not in GONE:                                  | if True:                                     | options.Command.test_a_closed_stdout_costs_no_result
results   | if error.errno not in GONE:                                  | if False:                                    | options.Command.test_full_disk
results   | except OSError as error:\n        raise Stop(CANNOT, f"cannot write {what} | except ZeroDivisionError as error:\n        raise Stop(CANNOT, f"cannot write {what} | options.Command.test_full_disk
reports   | if not options.gate:                                         | if True:                                     | options.Command.test_gate_and_known_are_looked_at_first
reports   | found = gates.get(kernel, gates.get(""))                     | found = gates.get("")                         | machine.Machine.test_several_kernels
run       | known.refuse_strangers(options.known                         | (lambda *a: 0)(options.known                 | options.Command.test_gate_and_known_are_looked_at_first
run       | compare.refuse_strangers(gate,                               | (lambda *a: 0)(gate,                         | options.Command.test_shards_are_merged_and_compared
stored    | if set(runs) != set(given[0]):                               | if False:                                    | machine.Machine.test_several_kernels
stored    | reports.baseline(gates, kernel or whole.kernel)              | None                                         | options.Command.test_shards_are_merged_and_compared
in_tree   | if not (folder / "hmm_coherent_driver.sh").exists():         | if False:                                    | in_tree
in_tree   | if differ and not git.is_under(tree):                        | if False:                                    | in_tree
in_tree   | if done.returncode:                                          | if False:                                    | in_tree
in_tree   | if edited:                                                   | if False:                                    | in_tree
in_tree   | if NAME in (line[1] for line in lines):                      | if False:                                    | in_tree
in_tree   | (line.start() for line in lines if line[1] > NAME)           | iter(())                                     | in_tree
in_tree   | source.check_age(version)                                    | pass                                         | in_tree
in_tree   | shutil.copymode(TOP / name, new / name)                      | pass                                         | in_tree
in_tree   | shutil.rmtree(private, ignore_errors=True)                   | pass                                         | in_tree
in_tree   | if not lines:                                                | if False:                                    | in_tree
guests    | if status is None:                                           | if False:                                    | machine.Machine.test_a_script_for_the_shell
guests    | elif line.startswith("# guest: broken: "):                   | elif False:                                  | machine.Machine.test_a_script_for_the_shell
guests    | status = int(line.split()[-1])                               | status = 0                                   | machine.Machine.test_a_script_for_the_shell
coverage  | if len(found) < len(COVERED):                                | if False:                                    | coverage
coverage  | if not tar.is_file() or not tar.stat().st_size:              | if False:                                    | coverage
coverage  | self.lines[line] = self.lines.get(line, 0) + count           | pass                                         | coverage
coverage  | self.functions.get(name, (0, 0))[1] + count                  | count                                        | coverage
coverage  | if start <= line < end}                                      | if start <= line}                            | coverage
manual    | names += action.option_strings                               | pass                                         | manual
manual    | [a for a in group._group_actions if a.option_strings and     | [a for a in group._group_actions[1:] if a.option_strings and | manual
reports   | if options.strict and skipped and status in (0, 4):          | if False:                                    | options.Command.test_strict_counts_skips
options   | near = difflib.get_close_matches(unknown                     | near = (lambda *a: [])(unknown               | options.Parse
options   | if flag(dest) not in TAKES[mine]:                             | if False:                                    | options.Parse.test_each_word_with_each_option options.Parse.test_wrong_use
bisect    | if step.status != expected:                                  | if False:                                    | bisect.Toy.test_ends_that_are_not_what_they_are_said_to_be
bisect    | if step.status == UNTESTABLE:                                | if False:                                    | bisect.Toy.test_ends_that_are_not_what_they_are_said_to_be
bisect    | self.git("bisect", "reset", check=False)                     | pass                                         | bisect.Toy.test_finds_the_commit
bisect    | self.git("checkout", "--quiet", before, "--")                | pass                                         | bisect.Toy.test_ends_that_are_not_what_they_are_said_to_be
bisect    | if self.git("status", "--porcelain", "--untracked-files=no").strip(): | if False:                           | bisect.Toy.test_a_tree_with_changes_is_refused_and_nothing_is_lost
bisect    | if test.verdict == verdict] if run else []                   | if False] if run else []                     | bisect.Toy.test_finds_the_commit
bisect    | if compare.rank(change.after) > compare.rank(change.before)] | if False]                                    | bisect.Toy.test_finds_the_commit
bisect    | if not self._leads(self.good, self.bad):                     | if False:                                    | bisect.Toy.test_ends_that_are_not_what_they_are_said_to_be
fault     | lacks = [name for name in NEEDED if name not in fields]      | lacks = []                                   | faults.Header
fault     | bad = [claim for claim in words.get("claim", ())             | bad = [claim for claim in ()                 | faults.Header
fault     | odd = sorted(set(fields) - set(NEEDED)                       | odd = sorted(set()                           | faults.Header
fault     | if not line.startswith("//"):                                | if False:                                    | faults.Header
fault     | near = difflib.get_close_matches(glob                        | near = (lambda *a: [])(glob                  | faults.Select
fault     | for word in (fault.name, *fault.claims, *fault.rules))       | for word in (fault.name,))                   | faults.Select
fault     | not globs or any(matches(fault, glob) for glob in globs)     | not globs or any(True for glob in globs)     | faults.Select
theirs    | found[2]: not found[1] for found                             | found[2].split()[-1]: not found[1] for found | faults.Theirs
faults    | if not ok and before.passed.get(name)]                       | if not ok]                                   | faults.Theirs
faults    | if after.note and not before.note else                       | if after.note else                           | faults.Theirs
options   | if test_seconds(options) > TEST_SECONDS:                      | if False:                                    | options.Parse.test_wrong_use
options   | return options.timeout * PROFILES[options.profile].slowness + options.stress | return options.timeout       | options.Parse.test_the_limit_is_that_of_the_programs
options   | if options.until_fail and options.gate:                       | if False:                                    | options.Parse.test_wrong_use
options   | return str(path.absolute()) if                                | return spec if                               | options.Parse.test_again_repeats_what_ran
options   | one = one.expanduser().absolute()                             | pass                                         | options.Parse.test_again_repeats_what_ran
run       | "timeout", "seed"                                             | "seed"                                       | options.Parse.test_again_repeats_what_ran
run       | left, limits(self.options).test, self.options.seed            | left, min(limits(self.options).test, 2), self.options.seed | own_faults.Outside.test_the_limit_of_a_native_run
run       | if len(kernels) == 1:\n                        raise        | raise                                        | own_faults.Reports.test_a_kernel_that_does_not_build_stops_no_other
run       | (plain, *(f"{plain}-{number}" for number in range(2, len(kernels) + 1))) | (plain, plain)                   | own_faults.Reports.test_the_same_kernel_twice
bisect    | *command_line.words(self.options, sorted(self.options.given - OURS)) | *command_line.words(self.options, ["seed"]) | options.Parse.test_a_bisection_gives_each_of_its_options_to_its_steps
errors    | return max(self.status, ABORT)                                | return bisect_status(self.status)            | own_faults.Inside
errors    | if status in SEVERITY else -status                            |                                              | own_faults.Inside own_faults.Reports.test_a_shard_that_was_interrupted
errors    | in_bisection = UNTESTABLE                                     | pass                                         | own_faults.Inside
__main__  | except Exception as lost:                                     | except ZeroDivisionError as lost:            | own_faults.Inside
__main__  | except BaseException as another:                              | except ZeroDivisionError as another:         | own_faults.Inside
__main__  | open_closed()\n                                              | pass\n                                      | own_faults.Outside.test_closed_descriptors
__main__  | except OSError:\n        pass | except ZeroDivisionError:\n        pass | own_faults.Inside
__main__  | case OSError() if error.errno in NOT_WRITTEN:                 | case OSError() if False:                     | own_faults.Inside
__main__  | return errors.bisect_status(status) if BISECTING else status  | return status                                | bisect.Toy.test_git_bisect_run
needs     | if find_spec(name):                                           | if True:                                     | own_faults.Outside.test_a_python_that_is_not_complete
needs     | lzma math mmap os                                             | lzma math os                                 | own_faults.Inside
native    | "-I", "-S", "-c", START, str(TOP)]                            | "-I", "-S", "-m", "runner.native"]             | own_faults.Outside.test_an_odd_path
programs  | *(word.replace("$", "$$") for word in words)                  | *words                                       | own_faults.Outside.test_make_in_an_odd_path
programs  | "print-programs").splitlines()]                               | "print-programs").split("o")]                | liar
guests    | if path.is_dir() else None:                                   | if False else None:                          | own_faults.Outside.test_a_folder_that_make_cannot_take
screen    | except OSError:\n                width = 80                  | except ZeroDivisionError:\n                width = 80 | own_faults.Outside.test_a_terminal_that_goes
results   | GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO)     | GONE = (errno.EPIPE,)                        | own_faults.Outside.test_closed_descriptors own_faults.Outside.test_a_terminal_that_goes
session   | except Exception as caught:\n            ended = caught      | except Stop as caught:\n            ended = caught | own_faults.Reports.test_each_end
session   | except Exception as caught:\n                ended = ended or caught | except ZeroDivisionError as caught:\n                ended = ended or caught | own_faults.Reports.test_each_end
reports   | except Exception as error:\n            failed               | except Stop as error:\n            failed   | own_faults.Reports.test_each_end
reports   | gate.refuse_empty(run)                                        | pass                                         | options.Command.test_a_baseline_that_proves_nothing
session   | or self.enough()):                                            | or False):                                   | machine.Machine.test_until_fail_stops_at_what_the_exit_status_calls_a_failure
session   | and self._log.complains():                                    | and False:                                   | machine.Machine.test_until_fail_stops_at_what_the_exit_status_calls_a_failure
run       | ("fail", "skip") if options.strict else ("fail",)             | ("fail",)                                    | machine.Machine.test_until_fail_stops_at_what_the_exit_status_calls_a_failure
report/model.py | self.seen.add(test.verdict)                             | self.seen.add("fail" if not result.ok else "pass") | machine.Machine.test_until_fail_stops_at_what_the_exit_status_calls_a_failure
report/json_out.py | if "tests" not in data:                              | if False:                                    | own_faults.Reports.test_a_shard_that_was_interrupted
stored    | for cut in (runs[kernel] for runs in given if runs[kernel].signal): | for cut in ():                         | own_faults.Reports.test_a_shard_that_was_interrupted
klog      | found.lines, vm,\n                          found.number if known else 0) | found.lines)                                 | machine.Machine.test_a_splat_is_that_of_its_attempt
Makefile  | '$(subst ','\'',$(1))'                                     | $(1)                                         | own_faults.Outside.test_make_in_an_odd_path
Makefile  | ended with status $$status;                                   | ended;                                       | own_faults.Outside.test_make_says_the_status
run_tests.sh | [ "$word" != --bisect-step ] \|\| cannot=128             | :                                            | own_faults.Outside.test_a_python_that_is_not_complete
run_tests.sh | "$python" -I -S -X utf8                                    | "$python" -S -X utf8                         | own_faults.Outside.test_nothing_of_the_callers_python
lint      | ".bash", ".cocci",                                           | ".bash",                                       | faults.Files
"""


def unescape(text: str) -> str:
    """Two lines are joined by a \\n with the indentation of the second."""
    return text.replace("\\n", "\n").replace("\\|", "|")


def command(test: str) -> tuple[list[str], dict[str, str]]:
    """How to run `MODULE`, `MODULE:KIT_ONLY` (with _ for a space) or `MODULE.Class.test`."""
    name, _, only = test.partition(":")
    return ([sys.executable, "-B", "-m", "unittest", "-f", f"test_runner_{name}"],
            {"KIT_ONLY": only.replace("_", " ")} if only else {})


def passes(test: str, top: Path) -> tuple[bool, str]:
    """Run it in a copy."""
    words, extra = command(test)
    mark = uuid.uuid4().hex
    env = {**os.environ, "RED_RUNNER": mark, "PYTHONPATH": f"{top}:{top / 'selftest'}", **extra}
    done = subprocess.run(words, cwd=top, env=env, capture_output=True, text=True, timeout=300, check=False)
    for entry in Path("/proc").glob("[0-9]*/environ"):      # what the broken line left running
        try:
            if f"RED_RUNNER={mark}".encode() in entry.read_bytes().split(b"\0"):
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except OSError:
            continue
    return done.returncode == 0, done.stderr


def copy(folder: str) -> Path:
    """The parts of the tree that the tests need."""
    top = Path(folder, "copy")
    top.mkdir()
    for part in ("common", "docs", "faults", "hmm-coherent", "report", "runner", "selftest", "vm"):
        shutil.copytree(TOP / part, top / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in (*TOP.glob("*.sh"), *map(TOP.joinpath, (".gitignore", "Makefile", "README.md", "config", "known-issues.toml", "settings"))):
        shutil.copy(part, top)
    return top


def broken(line: str) -> tuple[str, str]:
    """Run the tests with this line broken: the line, and what is wrong when one of them passed."""
    name, old, new, tests = (part.strip(" ") for part in line.split(" | "))
    with tempfile.TemporaryDirectory() as folder:
        top = copy(folder)
        path = top / name if (top / name).is_file() else top / "runner" / f"{name}.py"
        text = path.read_text()
        if text.count(unescape(old)) != 1:
            return line, f"stands {text.count(unescape(old))} times in {name}.py"
        path.write_text(text.replace(unescape(old), unescape(new)))
        for test in tests.split():
            good, said = passes(test, top)
            if good:
                return line, f"{test} passes"
            if "SyntaxError" in said or "IndentationError" in said:
                return line, "is no Python"
    return line, ""


def main() -> int:
    """All lines, two at a time."""
    lines = [line for line in BREAK.splitlines() if line and all(word in line for word in sys.argv[1:])]
    unseen = 0
    with ThreadPoolExecutor(2) as pool:
        for line, wrong in pool.map(broken, lines):
            if wrong:
                unseen += 1
                print(f"{wrong}: {line}", flush=True)
    print(f"{len(lines)} broken lines, {unseen} of them unseen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
