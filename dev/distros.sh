#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run commands on other releases of Debian, in a clean clone of this checkout's HEAD:
#
#	dev/distros.sh FOLDER SUITE [COMMAND...]
#
# FOLDER/SUITE is a minimal system, made with debootstrap if it is not there; the clone is
# /root/hmm-coherent in it. Without a COMMAND it runs what README.md promises, and builds with the
# other compilers of the release. Needs root and debootstrap. MIRROR= names another mirror.
#
# Each command ends with one line for a table: release, compiler, Python, QEMU, kernel, command,
# seconds, last line, exit status. The log of command N is FOLDER/SUITE-N.log.
#
# The mounts are in a namespace of their own, with the processes: all ends with the script. The root
# is changed with pivot_root, since a process in a chroot may not make user namespaces.
# shellcheck disable=SC2016 # what is in single quotes is for another shell, or for Markdown
set -eu

MIRROR=${MIRROR:-http://deb.debian.org/debian}
# The programs with each compiler that is installed then, and the kernel with clang.
COMPILERS='for cc in $(cd /usr/bin && echo gcc-[0-9][0-9] clang-[0-9][0-9]); do
	[ ! -x /usr/bin/$cc ] || make -s O=build/$cc CC=$cc USERCFLAGS="-Wall -Wextra -Werror" ||
		exit 1; done'
LLVM='apt-get -qy install --no-install-recommends clang lld llvm &&
	./run_tests.sh --make-arg LLVM=1'

make_root() {	# ROOT SUITE
	[ ! -e "$1/etc/debian_version" ] || return 0
	debootstrap --variant=minbase --include=ca-certificates "$2" "$1" "$MIRROR" >&2
}

configure() {	# ROOT SUITE
	{
		echo "deb $MIRROR $2 main"
		case $2 in
		sid | unstable) ;;
		*) echo "deb $MIRROR-security $2-security main" ;;
		esac
	} >"$1/etc/apt/sources.list"
	# how this machine reaches its mirror
	apt-config dump | grep -E '^Acquire::(Check-|https?::|Retries)' \
		>"$1/etc/apt/apt.conf.d/99distros" || :
	cp -L /etc/resolv.conf "$1/etc/resolv.conf"
}

clone() {	# ROOT
	rm -rf "$1/root/hmm-coherent"
	git clone -q --no-hardlinks "$(dirname -- "$0")/.." "$1/root/hmm-coherent"
}

inside() {	# ROOT COMMAND
	setpriv --pdeathsig KILL \
		unshare --mount --pid --fork --kill-child --mount-proc="$1/proc" sh -ec '
		mount --rbind "$1" "$1"
		mount --rbind /dev "$1/dev"
		mount --rbind /sys "$1/sys"
		cd "$1"
		pivot_root . mnt
		exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			TERM=dumb DEBIAN_FRONTEND=noninteractive \
			sh -c "umount -l /mnt; cd /root/hmm-coherent 2>/dev/null; $2"
	' sh "$1" "$2" </dev/null
}

version() {	# ROOT COMMAND
	inside "$1" "$2" 2>/dev/null | grep -o '[0-9]\{1,\}\.[0-9.]*' | head -n 1
}

kernels() {	# ROOT
	find "$1/root/.cache/hmm-coherent/src" -maxdepth 1 -name 'linux-source-*' -printf '%f ' \
		2>/dev/null
}

try() {	# ROOT SUITE NUMBER COMMAND
	log=$1-$3.log began=$(date +%s) status=0
	inside "$1" "$4" >"$log" 2>&1 || status=$?
	seconds=$(($(date +%s) - began))
	printf '| %s | gcc %s, clang %s | %s | %s | %s | `%s` | %s | %s | %s |\n' "$2" \
		"$(version "$1" 'gcc --version')" "$(version "$1" 'clang --version')" \
		"$(version "$1" 'python3 --version')" \
		"$(version "$1" 'qemu-system-x86_64 --version')" "$(kernels "$1")" \
		"$(echo "$4" | head -n 1)" "$seconds" "$(tail -n 1 "$log")" "$status"
	return "$status"
}

main() {
	[ $# -ge 2 ] || {
		sed -n 's/^#	dev/usage: dev/p' "$0" >&2
		exit 2
	}
	mkdir -p "$1"
	root=$(readlink -f -- "$1")/$2 suite=$2
	shift 2
	make_root "$root" "$suite"
	configure "$root" "$suite"
	clone "$root"
	[ $# -gt 0 ] || set -- 'make run_tests' 'make check' "$COMPILERS" "$LLVM"
	inside "$root" 'apt-get -q update &&
		apt-get -qy install --no-install-recommends make git' >&2
	number=0 worst=0
	for command; do
		number=$((number + 1))
		try "$root" "$suite" "$number" "$command" || worst=1
	done
	exit "$worst"
}

main "$@"
