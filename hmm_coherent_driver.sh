#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Load test_hmm with two coherent devices, for tests on the running kernel. The test programs call
# this script if the driver is not loaded.
#
# Each coherent device needs 256 MiB of memory that the kernel does not use. The script uses
# ranges that are reserved, by memmap=SIZE$START on the kernel's command line or as "Soft Reserved"
# memory in /proc/iomem that no driver uses.
set -eu

CHUNK=0x10000000

die() {	# STATUS TEXT
	status=$1
	shift
	echo "hmm_coherent_driver.sh: $*" >&2
	exit "$status"
}

usage() {
	die 2 "usage: hmm_coherent_driver.sh load [ADDRESS ADDRESS] | ranges | unload"
}

bytes() {	# 512M: a number
	case $1 in
	*[kK]) echo $((${1%?} << 10)) ;;
	*[mM]) echo $((${1%?} << 20)) ;;
	*[gG]) echo $((${1%?} << 30)) ;;
	*) echo $(($1)) ;;
	esac
}

# Print the "Soft Reserved" ranges of which a driver uses no part: that part is indented below it.
soft_reserved() {
	unused=
	while IFS= read -r line; do
		case $line in
		' '*)
			unused=
			continue
			;;
		esac
		[ -z "$unused" ] || echo "$unused"
		unused=
		case $line in *' : Soft Reserved') unused=${line% : *} ;; esac
	done
	[ -z "$unused" ] || echo "$unused"
}

reserved() {	# prints START and SIZE of each reserved range, as decimal numbers
	number='\([0-9a-fA-FxXkKmMgG]*\)'
	tr ',' ' ' </proc/cmdline | tr ' ' '\n' |
		sed -n 's/^\(memmap=\)\{0,1\}'"$number"'\$'"$number"'$/\2 \3/p' |
		while read -r size start; do
			echo "$(bytes "$start") $(bytes "$size")"
		done
	soft_reserved </proc/iomem | while IFS=- read -r start end; do
		echo "$((0x$start)) $((0x$end - 0x$start + 1))"
	done
}

ranges() {	# prints the start of each chunk in the reserved ranges, one per line
	reserved | while read -r start size; do
		end=$((start + size))
		while [ $((start + CHUNK)) -le $end ]; do
			printf '0x%x\n' "$start"
			start=$((start + CHUNK))
		done
	done
}

find_ranges() {
	# shellcheck disable=SC2046 # one word for each range
	set -- $(ranges)
	[ $# -ge 2 ] || die 4 "no two reserved ranges of 256 MiB; \
boot with memmap=512M\$ADDRESS inside RAM, or give two ADDRESSes"
	echo "$1 $2"
}

# The driver of 6.0 does not create device nodes.
make_nodes() {
	major=$(sed -n 's/^ *\([0-9]*\) HMM_DMIRROR$/\1/p' /proc/devices)
	for minor in 0 1 2 3; do
		[ -c /dev/hmm_dmirror$minor ] || mknod /dev/hmm_dmirror$minor c "$major" $minor
	done
}

load() {
	[ "$(id -u)" = 0 ] || die 4 "only root can load test_hmm"
	if ! grep -q ' HMM_DMIRROR$' /proc/devices; then
		found=${1:+$1 $2}
		[ -n "$found" ] || found=$(find_ranges)
		modprobe -n test_hmm ||
			die 4 "no module test_hmm; the kernel needs CONFIG_TEST_HMM=m" \
				"and the options in the file config"
		modprobe test_hmm spm_addr_dev0="${found% *}" spm_addr_dev1="${found#* }" ||
			die 1 "test_hmm does not load with device memory at $found;" \
				"see the kernel log"
	fi
	make_nodes
}

# Print the ranges that load uses by default.
ranges_only() {
	[ "$(id -u)" = 0 ] || die 4 "only root can load test_hmm"
	find_ranges
}

unload() {
	rmmod test_hmm || die 3 "test_hmm cannot be unloaded: it is in use"
	rm -f /dev/hmm_dmirror[0-3]
}

main() {
	case ${1:-}:$# in
	load:1 | load:3) "$@" ;;
	ranges:1) ranges_only ;;
	unload:1) unload ;;
	*) usage ;;
	esac
}

main "$@"
