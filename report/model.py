# SPDX-License-Identifier: GPL-2.0
"""The model of a run, from which every output is made.

Run takes the events of the result streams and what the runner saw itself (a hang, a dead VM, a
kernel splat), and keeps a verdict for every planned test. The rules are those of
docs/architecture.md, "Verdicts". Where two sources disagree, the worse one counts; a test that did
not run has not passed.

A problem that belongs to no test becomes a test of its own, `run.<topic>` of the program
hmm_coherent_run, so that every output shows and counts it.

How a runner uses it:

    run = Run(); run.release = "6.1.192"; run.rerun_command = lambda name: "..."
    run.expect("hmm_coherent_fork", names, {name: what})    once a program; a name may repeat
    run.take(event, vm)             every event of the Reader
    run.hang(name, why, vm)         this test ("": none) took too long; its machine will be killed
    run.vm_died(vm, running, why, console_lines, lost=False)    lost: ended from outside
    run.splat(where, lines, vm, number)     where: NAME, "after NAME", or "" (before the first)
    run.broken(why)                 the suite itself failed
    run.differ(topic, why, lines)   tests contradict each other
    run.interrupted(signum)         Ctrl-C: a test that was not finished is not-run
    run.stopped(why)                the same without a signal, for --until-fail
    run.finish()                    then exit_status(), totals() and the outputs
"""

import time
from collections.abc import Iterable

from report.ktap import Begin, Diag, End, Event, Garbage, Guest, NotApplicable, Plan, Result, quote
from report.known import Known
from report.splat import heads
from report.result import Attempt, Results, RUN
from report.stream import signal_of, Stream


def _keyword(verdict: str, cause: str) -> str:
    """The keyword of the diagnostic for a verdict and its cause."""
    if verdict == "broken":
        return "broken"
    return cause if cause in ("splat", "crash", "hang") else "fail"


class Run(Results):
    """The results of a run, from the events of its machines."""

    def __init__(self) -> None:
        super().__init__()
        self.known: Known | None = None
        self.seen: set[str] = set()                     # verdicts that a test has had at some time
        self._started = time.monotonic()
        self._streams: dict[int, Stream] = {}           # the running program of each VM
        self._up: dict[int, str] = {}                   # VM -> up, ready, killed, done, dead
        self._why: dict[str, str] = {}                  # program -> why its rest did not run
        self._splats: set[tuple[str, str]] = set()

    def is_over(self, program: str) -> bool:
        """The program has ended in each VM, and each of its tests has a result."""
        runs = any(stream.program == program for stream in self._streams.values())
        return program in self.closed and not runs and not self.remaining(program)

    # -- the stream

    def take(self, event: Event, vm: int) -> None:
        stream = self._streams.setdefault(vm, Stream(vm))
        match event:
            case Guest(word, rest):
                self._guest(word, rest, vm)
            case Plan(n):
                if stream.plan is not None or stream.end:       # another program's
                    stream = self._next(vm, "")
                stream.plan = n
            case Begin(name):
                self._begin(stream, name)
            case Result():
                self._result(stream, event)
            case Diag():
                self._diag(stream, event)
            case Garbage(line):
                self._garbage(stream, event, line)
            case NotApplicable(name, reason):
                self._not_applicable(stream, name, reason)
            case End():
                self._lost(stream, "the program ended its stream without a result for it")
                stream.end, stream.ends = event, stream.ends + 1
                stream.program = stream.program or event.prog

    def _begin(self, stream: Stream, name: str) -> None:
        if stream.running and stream.running[0].name == name:
            return          # printed twice: a program may begin, prepare, and begin
        self._lost(stream, f"{name} began, and it had no result")
        if stream.end:
            stream = self._next(stream.vm, "")
        test = self.test(name, stream.program)
        stream.program = stream.program or test.program
        attempt = Attempt(vm=stream.vm)
        test.attempts.append(attempt)
        stream.running, stream.last = (test, attempt), name
        stream.began += 1

    def _result(self, stream: Stream, result: Result) -> None:
        stream.numbers.append(result.number)
        wrong = ""
        if stream.running and stream.running[0].name == result.name:
            test, attempt = stream.running
            stream.running = None
        else:
            test, attempt = self.test(result.name, stream.program), Attempt(vm=stream.vm)
            test.attempts.append(attempt)
            wrong = "it has a result and had not begun"
        stream.results.append(attempt)
        attempt.ms = result.ms
        attempt.judge(result.ok, result.skip_reason)
        stream.said.append(attempt.verdict)
        if len(test.attempts) > test.planned:
            wrong = ("it was reported more often than planned" if test.planned else
                     "it was never planned")
        elif stream.program and test.program != stream.program:
            wrong = f"it belongs to {test.program} and was run by {stream.program}"
        if wrong:
            attempt.spoil("broken", "", wrong)
        if self.known:
            self.known.judge(test, attempt, self.release)
        self.done.append((test, attempt))
        self.seen.add(test.verdict)

    def _diag(self, stream: Stream, diag: Diag) -> None:
        if diag.keyword == "fact":
            self.fact(diag.text)
        elif stream.running:
            stream.running[1].add(diag)
        elif diag.keyword == "broken":
            self.broken(f"{stream.program or 'a program'}: {diag.text}")
        elif diag.keyword in ("fail", "splat", "crash", "hang"):
            self._problem("program", "fail", "check" if diag.keyword == "fail" else diag.keyword,
                          f"{stream.program or 'a program'}, outside a test: {diag.text}")
        elif diag.text:
            self.note(diag.text)

    def _garbage(self, stream: Stream, garbage: Garbage, line: str) -> None:
        if not garbage.like_result:
            if stream.running:
                stream.running[1].add(Diag("", "garbage: " + line[:1000]))
            else:
                self.note("garbage: " + line[:1000])
        elif stream.running:
            stream.running[1].add(Diag("broken", "a result line cannot be read: " + line[:200]))
        elif stream.results:
            stream.results[-1].spoil("broken", "",
                                     "a line after its result cannot be read: " + line[:200])
        else:
            self.broken(f"{stream.program or 'a program'}: a result line cannot be read: "
                        f"{line[:200]}")

    def _not_applicable(self, stream: Stream, name: str, reason: str) -> None:
        test = self.tests.get(name)
        if stream.plan is not None or (test and test.attempts):
            self.broken(f"{name} was declared not applicable after the plan")
            return
        if not test and name not in self.not_applicable:
            self.broken(f"{name} was declared not applicable, and was never planned")
            return
        self.not_applicable[name] = reason
        if test:            # else a second VM repeats it
            del self.tests[name]
            self.plans[test.program] = [n for n in self.plans[test.program] if n != name]

    # -- programs and VMs

    def _guest(self, word: str, rest: str, vm: int) -> None:
        first, _, more = rest.partition(" ")
        match word:
            case "up":
                self._up[vm], self.release = "up", self.release or first
            case "ready" | "done":
                self._up[vm] = word
            case "fact":
                self.guest[first] = more
            case "stream" if vm in self._streams and self._streams[vm].program == first:
                pass                            # in a recording it repeats the start
            case "start" | "stream":
                if self._up.get(vm) == "killed":        # only the hung program was
                    self._up[vm] = "ready"
                self._next(vm, first)
            case "exit":
                number = more.strip()
                readable = number.lstrip("-").isdigit() and len(number) < 9
                self._exit(vm, first, int(number) if readable else None)
            case "broken":
                self._up[vm] = "done"           # it powers off
                self.broken(f"the guest: {rest}")
            case _:
                self.note(f"unknown line of the guest: {word} {rest}")

    def _next(self, vm: int, program: str) -> Stream:
        """The next program's stream begins: the one before ended without an exit status."""
        self._close(self._streams.pop(vm, None), None)
        self._streams[vm] = Stream(vm, program, bool(program))
        return self._streams[vm]

    def _exit(self, vm: int, program: str, status: int | None) -> None:
        stream = self._streams.pop(vm, None) or Stream(vm)
        if stream.silent() and not stream.program:
            stream.program = program            # it printed nothing
        if stream.program != program:
            self.broken(f"{program} exited while {stream.program or 'nothing'} ran")
        if status is None:
            stream.started = True
        self._close(stream, status)

    def _close(self, stream: Stream | None, status: int | None) -> None:
        if stream is None or (stream.silent() and not stream.program):
            return
        program, killed = stream.program or "a program", signal_of(status or 0)
        how = f"{program} was killed by {killed}" if killed else f"{program} ended"
        lost = self._lost(stream, how if status is None else f"{how}, exit {status}")
        self.closed.append(program)
        self._why[program] = f"{how} before it"
        for attempt in stream.unchecked():
            attempt.spoil("broken", "", "it passed in a program that made no check")
        if stream.excused or self.cut:
            return
        if killed and not lost:
            self._problem("program", "fail", "crash", f"{how} after {stream.last or 'its start'}")
        elif not lost:
            for complaint in stream.complaints(status):
                self._problem("program", "broken", "", complaint)

    def _lost(self, stream: Stream, why: str) -> bool:
        """The running test will have no result: it crashed, unless the run was ended early."""
        if not stream.running:
            return False
        (test, attempt), stream.running = stream.running, None
        self.done.append((test, attempt))
        if self.cut:
            attempt.verdict, attempt.reason = "not-run", self.cut + " while it ran"
        else:
            attempt.add(Diag("crash", why))
            attempt.judge(False, None)
        self.seen.add(attempt.verdict)
        stream.results.append(attempt)
        return True

    # -- what the runner saw

    def hang(self, name: str, why: str, vm: int = 0) -> None:
        """A test, or the time between two, took too long. `vm` will be killed; 0: all of them."""
        mine = [stream for number, stream in self._streams.items() if vm in (0, number)]
        if not self._strike(name, "hang", why, (), mine):
            when = f"after {name}" if name else "between tests"
            self._problem("program", "fail", "hang", f"{why} ({when})")
        for stream in mine:
            stream.excused = True
        for number, state in self._up.items():
            if vm in (0, number) and state in ("up", "ready"):
                self._up[number] = "killed"

    def vm_died(self, vm: int, running: str | None, why: str, console: Iterable[str] = (),
                lost: bool = False) -> None:
        if lost:
            self.info["lost"] = why     # not the kernel: tests that did not run are no failure
        stream = self._streams.pop(vm, None)
        before, self._up[vm] = self._up.get(vm, ""), "dead"
        last = stream.last if stream else ""
        names = {running or ""} - {""}
        if stream:
            stream.excused = True
            if stream.running:      # the kernel log may have a later mark: both are lost then
                names.add(stream.running[0].name)
        lines = [Diag("", "console: " + quote(line)) for line in console]
        struck = [self._strike(name, "" if lost else "vm", why, lines, [stream] if stream else [])
                  for name in sorted(names)]
        if not any(struck) and before != "killed":      # a hang is reported already
            # A kernel that never started its first process says nothing about any test. One that
            # did, and died while its driver was loaded or its devices were probed, has failed.
            verdict, cause = ("broken", "") if lost or not before and not last else ("fail", "vm")
            after = f", after {last}" if last else ""
            self._problem("vm", verdict, cause, f"VM {vm}: {why}{after}", lines)
        self._close(stream, None)
        for program in self.plans:
            if self.remaining(program):
                self._why[program] = f"VM {vm} had died: {why}"

    def _strike(self, name: str, cause: str, why: str, lines: Iterable[Diag],
                streams: list[Stream]) -> bool:
        """End the test `name` with this cause, broken if there is none; False if it cannot be
        running."""
        for s in streams or list(self._streams.values()):
            if s.running and s.running[0].name == name:
                (test, attempt), s.running = s.running, None
                s.results.append(attempt)
                break
        else:
            # The kernel log may have the mark of a test whose line did not arrive in the stream.
            planned = self.tests.get(name)
            if not planned or len(planned.attempts) >= planned.planned:
                return False
            test, attempt = planned, Attempt(vm=streams[0].vm if streams else 0)
            test.attempts.append(attempt)
        verdict = "fail" if cause else "broken"
        attempt.diags += [Diag(_keyword(verdict, cause), why), *lines]
        attempt.verdict, attempt.cause, attempt.reason = verdict, cause, why
        attempt.name_rule()
        self.seen.add(verdict)
        self.done.append((test, attempt))
        return True

    def splat(self, where: str, lines: Iterable[str], vm: int = 0, number: int = 0) -> None:
        """A complaint of the kernel of this VM (0: any), in the number-th run there of the test
        (0: the last)."""
        text = [quote(line) for line in lines] or ["(no text)"]
        test = self.tests.get(where)
        attempts = test.attempts if test else []
        mine = [attempt for attempt in attempts if vm in (0, attempt.vm)] or attempts
        if not mine:
            # The console, which has no marks, repeats complaints of the kernel log.
            if ((where, text[0]) in self._splats
                    or (not where and any(t == text[0] for _, t in self._splats))):
                return
            self._problem("kernel-log", "fail", "splat",
                          f"{where or 'before the first test'}: {text[0]}",
                          [Diag("", line) for line in text[1:]])
        else:
            attempt = mine[number - 1 if number <= len(mine) else -1]
            # A line before WARNING has what WARN_ONCE() and the like print.
            if attempt.verdict == "xfail" and set(heads(text)) & set(attempt.texts("splat")):
                return          # the test reported it, and it is a known issue
            if not set(text) & set(attempt.texts("splat")):     # else the test reported it
                attempt.diags += [Diag("splat", text[0])] + [Diag("", line) for line in text[1:]]
            attempt.spoil("fail", "splat", text[0])
            self.seen.add(attempt.verdict)
        self._splats.add((where, text[0]))

    def broken(self, why: str) -> None:
        self._problem("instrument", "broken", "", why)

    def differ(self, topic: str, why: str, lines: Iterable[Diag]) -> None:
        """Results of tests contradict each other, which the kernel has to answer for."""
        self._problem(topic, "fail", "check", why, lines)

    def interrupted(self, signum: int) -> None:
        self.signal, self.cut = signum, "interrupted"

    def stopped(self, why: str) -> None:
        self.cut = why

    def _problem(self, topic: str, verdict: str, cause: str, why: str,
                 lines: Iterable[Diag] = ()) -> None:
        test = self.test(f"run.{topic}", RUN)
        test.what = "the run as a whole: " + topic
        if not test.attempts:
            test.attempts.append(Attempt())
            self.done.append((test, test.attempts[0]))
        attempt = test.attempts[0]
        attempt.diags += [Diag(_keyword(verdict, cause), why), *lines]
        attempt.spoil(verdict, cause, why)
        self.seen.add(attempt.verdict)

    # -- the end

    def finish(self) -> None:
        if self.finished:
            return
        for vm in [vm for vm, state in self._up.items() if state in ("up", "ready")]:
            if not self.cut:
                self.vm_died(vm, None, "its stream ends without `# guest: done`")
        for vm in list(self._streams):
            self._close(self._streams.pop(vm), None)
        for program in list(self.plans):
            why = self.cut or self._why.get(program, f"{program} was not started")
            for name in self.remaining(program):
                test, attempt = self.tests[name], Attempt(verdict="not-run", reason=why)
                test.attempts.append(attempt)
                self.done.append((test, attempt))
        if not self.ran and not self.not_applicable and not self.cut:
            self.broken("no test ran")
        self.finished = True
        if self.seconds is None:
            self.seconds = time.monotonic() - self._started
