# SPDX-License-Identifier: GPL-2.0
"""`make manual`: the man page and the bash completion, made from the option parser so that neither can drift from it."""

from __future__ import annotations

import argparse
import re
import textwrap
from pathlib import Path

from runner import options
from base.files import TOP

PAGE, COMPLETION = TOP / "docs" / "run_tests.1", TOP / "docs" / "run_tests.bash"
FILE_NAMES = ("DIR", "FILE", "TREE", "SPEC")    # metavars that a file name completes
ENVIRONMENT = (
    ("HMM_COHERENT_CACHE", "as --cache"),
    ("HMM_COHERENT_DIR", "native runs: a folder on a file system with O_DIRECT, for the tests' files"),
    ("HMM_COHERENT_RAW", "native runs: a block device that the tests may overwrite"),
    ("HMM_COHERENT_SLOW", "native runs: a block device that completes late, such as dm-delay"),
    ("HMM_COHERENT_QEMU", "the QEMU to use, qemu-system-x86_64 by default"),
    ("KSRC", "the kernel tree whose kselftest harness the tests are built with"),
)
FILES = (
    ("results/latest/", "the newest results folder; summary.txt, run.json, ktap, console and kernel log of each VM"),
    ("~/.cache/hmm-coherent/", "kernel sources, builds and other files that can be made again"),
)


def actions(parser: argparse.ArgumentParser) -> list[tuple[str, list[argparse.Action]]]:
    """The options by group, as --help shows them."""
    return [(group.title, [a for a in group._group_actions if a.option_strings and a.help != argparse.SUPPRESS])
            for group in parser._action_groups]


def takes(action: argparse.Action) -> str:
    """What an option takes, empty if nothing."""
    if action.nargs == 0:
        return ""
    return "|".join(action.choices) if action.choices else action.metavar


def roff(text: str) -> str:
    """Text in which nothing is a command of roff; its quotes and dashes can be copied."""
    text = "\n".join(textwrap.wrap(text, 66)).replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    return re.sub(r"^\.", "\\&.", text, flags=re.M)


def entry(term: str, text: str) -> list[str]:
    """One entry of a list."""
    return [".TP", f"\\fB{roff(term)}\\fR" if " " not in term else bold_first(term), roff(text)]


def bold_first(term: str) -> str:
    """`bisect GOOD BAD`: the first word is literal, the rest is to be filled in."""
    first, _, rest = term.partition(" ")
    return f"\\fB{roff(first)}\\fR \\fI{roff(rest)}\\fR"


def page() -> str:
    """run_tests.1."""
    lines = ['.\\" SPDX-License-Identifier: GPL-2.0', '.\\" Made by make manual; change runner/options.py instead.',
             ".TH RUN_TESTS 1 2026-11-22 hmm\\-coherent", ".SH NAME",
             roff("run_tests.sh - test GUP, copy-on-write and DMA over device-coherent pages"), ".SH SYNOPSIS",
             ".B ./run_tests.sh", "[\\fIoption\\fR ...] [\\fIGLOB\\fR ...]"]
    for word, (what, _) in options.WORDS.items():
        lines += [".br", ".B ./run_tests.sh " + roff(word), "[\\fIoption\\fR ...]" + (f" \\fI{roff(what)}\\fR" if what else "")]
    lines += [".SH DESCRIPTION"]
    for paragraph in options.WHAT.split("\n\n"):
        lines += [".PP", roff(paragraph.replace("\n", " "))] if lines[-1] != ".SH DESCRIPTION" else [roff(paragraph)]
    lines += [".SS Commands"]
    for word, (what, does) in options.WORDS.items():
        lines += entry(f"{word} {what}".strip(), does)
    lines += [".SH OPTIONS"]
    for title, members in actions(options.parser()):
        lines += [".SS " + roff(title.capitalize())] * bool(members)
        for action in members:
            names = ", ".join(f"\\fB{roff(name)}\\fR" for name in action.option_strings)
            lines += [".TP", names + (f" \\fI{roff(takes(action))}\\fR" if takes(action) else ""), roff(action.help)]
    lines += [".SS Options of each command; others are refused"]
    for word, names in options.TAKES.items():
        if word != "--print-kernel-tree":
            lines += entry(word or "runs in VMs", ", ".join(sorted(names)) + ".")
    for title, rows in (("EXIT STATUS", options.STATUSES), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        lines += [".SH " + title]
        for term, text in rows:
            lines += entry(term, text)
        if title == "EXIT STATUS":
            lines += [".PP", roff(options.BISECT_STATUSES[0].upper() + options.BISECT_STATUSES[1:] + ".")]
    lines += [".SH EXAMPLES"]
    for command, what in options.EXAMPLES:
        lines += entry(command, what or "put the suite behind git bisect").copy()
    return "\n".join(lines + [".SH SEE ALSO", "README.md and docs/ of the suite, \\fBgit\\-bisect\\fR(1), \\fBqemu\\fR(1)"]) + "\n"


SCRIPT = '''\
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of run_tests.sh. Made by make manual; change runner/options.py instead. Use: . docs/run_tests.bash

# Test names come from programs that are built: a completion must not start to build a kernel.
_hmm_coherent_tests() {
	local program
	for program in "${1%%/*}"/build/hmm_coherent_* "${1%%/*}"/build/*/hmm_coherent_*; do
		[ -x "$program" ] && [ ! -d "$program" ] && "$program" --list | cut -f 1
	done | sort -u
}

_hmm_coherent() {
	local word=$2 before=$3
	COMPREPLY=()
	case $before in
%s
	esac
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W '%s' -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$([ "$COMP_CWORD" != 1 ] || echo '%s') $(_hmm_coherent_tests "$1")" -- "$word")
		[ ${#COMPREPLY[@]} != 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}

complete -o filenames -F _hmm_coherent run_tests.sh ./run_tests.sh
'''


def completion() -> str:
    """run_tests.bash."""
    cases, names = [], []
    for _, members in actions(options.parser()):
        for action in members:
            names += action.option_strings
            if not takes(action):
                continue
            kind = "-f" if action.metavar in FILE_NAMES else f"-W '{' '.join(action.choices or ())}'"
            answer = f"mapfile -t COMPREPLY < <(compgen {kind} -- \"$word\")" if action.choices or kind == "-f" else ""
            cases.append(f"\t{' | '.join(action.option_strings)}) {answer + '; ' if answer else ''}return ;;")
    return SCRIPT % ("\n".join(cases), " ".join(names), " ".join(options.WORDS))


def main() -> None:
    """Write both."""
    for path, text in ((PAGE, page()), (COMPLETION, completion())):
        Path(path).write_text(text)


if __name__ == "__main__":
    main()
