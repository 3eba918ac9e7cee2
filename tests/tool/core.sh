#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The command leaves no core dump: keys and PINs are in its memory. Seen on one that waits for its input.
set -u
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/seedleaf-core.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0

limit() {
	awk '/^Max core file size/ { print $5, $6 }' "/proc/$1/limits" 2>/dev/null
}

export SEEDLEAF_CONF=$dir/conf SEEDLEAF_STORE=$dir/store SEEDLEAF_TCTI=swtpm:host=127.0.0.1,port=1
: >"$dir/conf"
mkfifo "$dir/in" || exit 99
ulimit -c unlimited 2>/dev/null || ulimit -S -c "$(ulimit -H -c)"
before=$(limit $$)
"$tool" key import - --label x <"$dir/in" >"$dir/out" 2>&1 &
pid=$!
exec 3>"$dir/in"
# Until the shell's child has become the command, and that has begun.
for _ in $(seq 500); do
	[ "$(limit "$pid")" = '0 0' ] && break
	sleep 0.02
done
now=$(limit "$pid")
exec 3>&-
wait "$pid"
status=$?
if [ "$before" = '0 0' ]; then
	echo 'ok 1 - no core dumps # SKIP this shell may have none either'
elif [ "$now" = '0 0' ]; then
	echo 'ok 1 - no core dumps'
else
	echo 'not ok 1 - no core dumps'
	echo "# before: $before, now: $now"
	failed=1
fi
if [ "$status" -eq 2 ] || [ "$status" -eq 1 ]; then
	echo 'ok 2 - and it ends with its input'
else
	echo 'not ok 2 - and it ends with its input'
	sed 's/^/# /' "$dir/out"
	failed=1
fi
echo 1..2
exit $failed
