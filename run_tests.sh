#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The entry point of the suite; see ./run_tests.sh --help. It finds a Python and starts the runner.
set -eu

# Exit status of an error before the runner starts. It says nothing about the kernel, but git bisect
# run would treat 3 as "bad".
cannot=3
for word; do
	[ "$word" != --bisect-step ] || cannot=128
done
trap 'exit $cannot' EXIT

# The runner must not use the caller's Python settings: not PYTHONPATH (in which a path with a colon
# cannot be given), PYTHONHOME, the user site, or a folder named report/ in the current folder.
is_good() {
	command -v "$1" >/dev/null 2>&1 && "$1" -I -S "$top/runner/needs.py"
}

find_python() {
	for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
		if is_good "$python"; then
			printf '%s\n' "$python"
			return 0
		fi
	done
	return 1
}

install_python() {
	if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
		echo "run_tests.sh: installing python3 with apt-get" >&2
		{
			apt-get update &&
			DEBIAN_FRONTEND=noninteractive \
				apt-get install -y --no-install-recommends python3
		} </dev/null >&2 && return 0
	fi
	return 1
}

# Catches errors that occur before runner/__main__.py can catch them.
start='
import os, sys
top, cannot = sys.argv.pop(1), int(sys.argv.pop(1))
try:
	sys.path.insert(0, top)
	from runner import __main__ as entry
except BaseException as error:
	try:
		said = f"run_tests.sh: the runner in {top} cannot be started: {error!r}\n"
		os.write(2, said.encode("ascii", "backslashreplace"))
	finally:
		os._exit(cannot)
entry.leave(entry.main())
'

main() {
	self=$(readlink -f -- "$0")
	top=${self%/*}
	if ! python=$(find_python 2>/dev/null); then
		if ! install_python || ! python=$(find_python); then
			find_python || :	# prints what each of them lacks
			echo "run_tests.sh: Python 3.11 or newer, with its whole standard" \
				"library, is needed; install the package python3 (Debian," \
				"Fedora, openSUSE, Alpine) or python (Arch)" >&2
			exit $cannot
		fi
	fi
	# Unset variables that change what Python or a shell does. base/child.py has those of git,
	# make and compilers.
	unset PYTHONHOME PYTHONINSPECT PYTHONSTARTUP CDPATH
	# Block signals until Python has installed its handlers (base/signals.py): before that, it
	# would print a traceback after Ctrl-C.
	blocked='env --block-signal=INT --block-signal=TERM --block-signal=HUP --block-signal=QUIT'
	$blocked true 2>/dev/null || blocked=
	# shellcheck disable=SC2086 # a command and its words
	exec $blocked "$python" -I -S -X utf8 -c "$start" "$top" $cannot "$@"
}

main "$@"
