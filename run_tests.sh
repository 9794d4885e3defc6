#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The one entry point; ./run_tests.sh --help says what it can do. It only finds a Python and hands over.
set -eu

is_good() {
	command -v "$1" >/dev/null 2>&1 &&
		"$1" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
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
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3; } \
			</dev/null >&2 && return 0
	fi
	return 1
}

main() {
	top=$(dirname -- "$(readlink -f -- "$0")")
	if ! python=$(find_python); then
		if ! install_python || ! python=$(find_python); then
			echo "run_tests.sh: Python 3.11 or newer is needed; run: apt-get install python3" >&2
			case " $* " in
			*' --bisect-step '*) exit 128 ;;	# git would take 3 for "bad"
			esac
			exit 3
		fi
	fi
	# PYTHONSAFEPATH: a folder named report/ where the user stands must not become ours.
	export PYTHONPATH="$top" PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1
	# Until its handlers stand, Python would answer Ctrl-C with a trace: signals wait for them (runner/signals.py).
	blocked='env --block-signal=INT --block-signal=TERM --block-signal=HUP --block-signal=QUIT'
	$blocked true 2>/dev/null || blocked=
	# shellcheck disable=SC2086 # a command and its words
	exec $blocked "$python" -S -m runner "$@"
}

main "$@"
