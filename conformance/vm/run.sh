#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# run.sh [STORY...]   tells stories in virtual machines, with a real kernel and a software TPM, as one TAP report; without names, all of them.
# A story is conformance/vm/STORY.sh: it prints TAP of its own (conformance/vm/lib.sh), which is numbered anew here.
#
# `make conformance-vm` runs it, with STORIES='nas trusted' only those; `make check` does not: it wants qemu and a download (conformance/vm/kernel.sh).
# Emulation only (TCG), a machine with one processor for each of ours, at most four at once: with two idle ones, all of it takes three minutes. A story
# skips, with the reason, where something is missing.
#
# SL_SRC and SL_BUILD name the source and the build tree; SL_VM_CACHE what is kept between runs, $SL_BUILD/conformance/vm-cache; SL_VM_JOBS how many
# machines run at once.
set -u
SL_SRC=$(cd "${SL_SRC:-$(dirname "$0")/../..}" && pwd)
SL_BUILD=$(cd "${SL_BUILD:-.}" && pwd)
SL_VM_CACHE=${SL_VM_CACHE:-$SL_BUILD/conformance/vm-cache}
export SL_SRC SL_BUILD SL_VM_CACHE
# The longest first.
STORIES=(upcall disks nas roots trusted)
[ $# -eq 0 ] || STORIES=("$@")

# Beside others these would miss the limits of time that they are about.
ALONE=upcall
JOBS=${SL_VM_JOBS:-$(nproc)}
[ "$JOBS" -le 4 ] || JOBS=4
OUT=$(mktemp -d)

n=0
bad=0
cleanup()
{
	local jobs

	jobs=$(jobs -p)
	# shellcheck disable=SC2086
	[ -z "$jobs" ] || { kill $jobs 2>/dev/null; wait; }
	rm -rf "$OUT"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

result() # result "ok"|"not ok" NAME
{
	n=$((n + 1))
	[ "$1" = ok ] || bad=$((bad + 1))
	printf '%s %d - %s\n' "$1" $n "$2"
}

# tell STORY   its results as ours; what it did not come to is a failure
tell()
{
	local story=$1 line plan='' told=0

	while IFS= read -r line; do
		if [[ $line =~ ^(ok|not\ ok)\ [0-9]+\ -\ (.*)$ ]]; then
			told=$((told + 1))
			result "${BASH_REMATCH[1]}" "$story: ${BASH_REMATCH[2]}"
		elif [[ $line =~ ^1\.\.0\ (#\ SKIP.*)$ ]]; then
			plan=0
			result ok "$story ${BASH_REMATCH[1]}"
		elif [[ $line =~ ^1\.\.([0-9]+)$ ]]; then
			plan=${BASH_REMATCH[1]}
		else
			printf '# %s\n' "${line#\# }"
		fi
	done <"$OUT/$story"
	[ "$plan" = "$told" ] || result 'not ok' "$story: $told results, and a plan of ${plan:-none}"
}

# Once for all; each story says what is wrong with it.
"$SL_SRC/conformance/vm/kernel.sh" "$SL_VM_CACHE" >/dev/null 2>&1
running=0
for story in "${STORIES[@]}"; do
	[[ " $ALONE " == *" $story "* ]] || continue
	"$SL_SRC/conformance/vm/$story.sh" >"$OUT/$story" 2>&1 </dev/null &
	wait
done
for story in "${STORIES[@]}"; do
	[[ " $ALONE " != *" $story "* ]] || continue
	if [ $running -ge "$JOBS" ]; then
		wait -n
		running=$((running - 1))
	fi
	"$SL_SRC/conformance/vm/$story.sh" >"$OUT/$story" 2>&1 </dev/null &
	running=$((running + 1))
done
wait
for story in "${STORIES[@]}"; do
	tell "$story"
done
echo "1..$n"
[ $bad -eq 0 ]
