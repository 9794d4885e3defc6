#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The one entry point; ./run_tests.sh --help says what it can do. It only finds a Python and hands
# over.
set -eu

# What ends before Python runs says nothing about a kernel; git bisect run would take 3 for "bad".
cannot=3
for word; do
	[ "$word" != --bisect-step ] || cannot=128
done
trap 'exit $cannot' EXIT

# Nothing of the caller's Python is used: no PYTHONPATH (whose entries end at a colon), PYTHONHOME,
# user site, nor a folder named report/ where the user stands.
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

# What goes wrong before runner/__main__.py can catch it.
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
			find_python || :	# which says what each lacks
			echo "run_tests.sh: Python 3.11 or newer, with its whole standard" \
				"library, is needed; run: apt-get install python3" >&2
			exit $cannot
		fi
	fi
	# What leads Python or a shell elsewhere; git, make and compilers: base/child.py.
	unset PYTHONHOME PYTHONINSPECT PYTHONSTARTUP CDPATH
	# Until its handlers stand, Python would answer Ctrl-C with a trace: signals wait for them
	# (base/signals.py).
	blocked='env --block-signal=INT --block-signal=TERM --block-signal=HUP --block-signal=QUIT'
	$blocked true 2>/dev/null || blocked=
	# shellcheck disable=SC2086 # a command and its words
	exec $blocked "$python" -I -S -X utf8 -c "$start" "$top" $cannot "$@"
}

main "$@"
