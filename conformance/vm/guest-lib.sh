# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=dash
#
# /lib.sh in the guest: what the stories of the virtual machine share there. /init begins with it and ends with `finish`.
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
exec </dev/null >/dev/console 2>&1
/bin/busybox --install -s /applets
export PATH=/usr/bin:/usr/sbin:/applets HOME=/run
export SEEDLEAF_TCTI=device:/dev/tpmrm0 TPM2TOOLS_TCTI=device:/dev/tpmrm0
MODULE=/usr/lib/seedleaf-pkcs11.so
umask 077
cd /run || poweroff -f
n=0

check() { # check NAME EXPECTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

want() { # want yes|no NAME COMMAND...
	local expected=$1 name=$2 got=yes
	shift 2
	"$@" >/run/out 2>/run/err || got=no
	check "$name" "$expected" "$got"
	[ "$expected" = "$got" ] || cut -c 1-200 /run/out /run/err | sed 's/^/# /'
	return 0
}

said() { # said WORD: is it on the kernel's command line
	grep -qE "(^| )$1( |\$)" /proc/cmdline
}

note() { # note WORD TEXT: for the host's side (`noted`)
	printf 'note %s %s\n' "$1" "$2"
}

modules() { # what the host's side named
	local file
	while read -r file; do
		insmod "/ko/$file" || echo "# no $file"
	done </ko/order
}

hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

finish() {
	echo "# Linux $(uname -r), $(cut -d' ' -f1 /proc/uptime) s"
	echo "1..$n"
	sync
	poweroff -f
}
