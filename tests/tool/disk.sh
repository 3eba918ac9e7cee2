#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf-disk: its table and its words, as far as they go without a disk. What it does with one is in conformance/vm/disks.sh.
set -u
DISK=${SL_BUILD:-.}/initramfs/seedleaf-disk
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
export SEEDLEAF_DISKS=$T/disks
n=0
failed=0

# says NAME STATUS TEXT LINE COMMAND...   with LINE as the table the command ends so and says that
says()
{
	local name=$1 status=$2 text=$3 rc=0
	n=$((n + 1))
	printf '%b\n' "$4" >"$SEEDLEAF_DISKS"
	shift 4
	"$DISK" "$@" >"$T/out" 2>&1 </dev/null || rc=$?
	if [ $rc -eq "$status" ] && grep -qxF -- "$text" "$T/out"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed "s/^/# $rc: /" "$T/out"
		failed=1
	fi
}

D=$T/disks
says 'no command' 2 "seedleaf-disk: unknown command ''" ''
says 'another command' 2 "seedleaf-disk: unknown command 'format'" '' format
says 'open what?' 2 'seedleaf-disk: open wants the name of a disk' '' open
says 'too many words' 2 "seedleaf-disk: unexpected 'more'" 'a /dev/a k' open a more
says 'close waits for nothing' 2 "seedleaf-disk: unexpected '--now'" 'a /dev/a k' close a --now
says 'no such disk' 1 "seedleaf-disk: $D has no disk 'b'" 'a /dev/a k' open b
says 'a line without a key' 1 "seedleaf-disk: $D:2: expected NAME DEVICE KEY [OPTIONS]" '# disks\na /dev/a' open a
says 'a strange name' 1 "seedleaf-disk: $D:1: a name is made of letters, digits and + . _ -, unlike 'a/b'" 'a/b /dev/a k' list
says 'a name like an option' 1 "seedleaf-disk: $D:1: a name is made of letters, digits and + . _ -, unlike '-a'" '-a /dev/a k' list
says 'no device' 1 "seedleaf-disk: $D:1: a device is a path below /dev, unlike 'UUID=1'" 'a UUID=1 k' open a
says 'an unknown option' 1 "seedleaf-disk: $D:1: unknown option 'swap'" 'a /dev/a k discard,swap' open a
says 'no number' 1 "seedleaf-disk: $D:1: key-size= wants a number of bytes, not '64b'" 'a /dev/a k key-size=64b' open a
says 'an octal number' 1 "seedleaf-disk: $D:1: offset= wants a number of 512-byte sectors, not '0100'" 'a /dev/a k offset=0100' open a
says 'a negative number' 1 "seedleaf-disk: $D:1: timeout= wants a number of seconds, not '-1'" 'a /dev/a k timeout=-1' open a
says 'an odd sector' 1 "seedleaf-disk: $D:1: sector-size= wants 512, 1024, 2048 or 4096, not '513'" 'a /dev/a k sector-size=513' open a
says 'options with blanks' 1 "seedleaf-disk: $D:1: 'discard' after the options; they have commas between them" 'a /dev/a k read-only discard' open a
says 'list' 0 b 'a /dev/a k\n\n b /dev/b k initramfs,timeout=5   # c\n#c /dev/c k initramfs' list
n=$((n + 1))
[ "$(cat "$T/out")" = $'a\nb' ] && echo "ok $n - both of them" || { echo "not ok $n - both of them"; failed=1; }
says 'list --initramfs' 0 b 'a /dev/a k\nb /dev/b k initramfs' list --initramfs
n=$((n + 1))
[ "$(cat "$T/out")" = b ] && echo "ok $n - only that" || { echo "not ok $n - only that"; failed=1; }
rm "$D"
n=$((n + 1))
"$DISK" list 2>&1 | grep -qxF "seedleaf-disk: $D cannot be read" && echo "ok $n - no table" || { echo "not ok $n - no table"; failed=1; }
echo "1..$n"
exit $failed
