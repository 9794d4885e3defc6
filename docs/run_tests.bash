# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of run_tests.sh. Made by make manual; change runner/options.py instead. Use: . docs/run_tests.bash

# Test names come from programs that are built: a completion must not start to build a kernel.
_hmm_coherent_tests() {
	local program
	for program in "${1%/*}"/build/hmm_coherent_* "${1%/*}"/build/*/hmm_coherent_*; do
		[ -x "$program" ] && [ ! -d "$program" ] && "$program" --list | cut -f 1
	done | sort -u
}

_hmm_coherent() {
	local word=$2 before=$3
	COMPREPLY=()
	case $before in
	--kernel) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--modules) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--spm) return ;;
	--profile) mapfile -t COMPREPLY < <(compgen -W 'debug coverage' -- "$word"); return ;;
	--accel) mapfile -t COMPREPLY < <(compgen -W 'kvm tcg' -- "$word"); return ;;
	-j | --jobs) return ;;
	--cache) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--copy) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--skip) return ;;
	--shard) return ;;
	--repeat) return ;;
	--shuffle) return ;;
	--seed) return ;;
	--stress) return ;;
	--timeout) return ;;
	--boot-timeout) return ;;
	--results) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--junit) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--json) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--html) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--gate) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--known) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	esac
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W '--native --vm --kernel --modules --spm --profile --accel -j --jobs --cache --shell --copy -l --list --dry-run --destructive --skip --shard --repeat --until-fail --shuffle --seed --stress --timeout --boot-timeout --results --junit --json --html --strict --gate --known --bisect-step --cold --quick --with-kernel-tests -v --verbose -h --help' -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$([ "$COMP_CWORD" != 1 ] || echo 'doctor deps check bench faults compare merge bisect import') $(_hmm_coherent_tests "$1")" -- "$word")
		[ ${#COMPREPLY[@]} != 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}

complete -o filenames -F _hmm_coherent run_tests.sh ./run_tests.sh
