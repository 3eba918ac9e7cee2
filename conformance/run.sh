#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# run.sh softhsm|seedleaf|bare [PROBE-OPTION...]   runs the probe on one module: SoftHSM2 with a token of its own, or Seedleaf beside a software TPM,
#                                             with PINs or (bare) without any
# run.sh matrix FILE                          runs it on both and writes FILE; exit status 1 when SoftHSM2 passes a case that Seedleaf fails
# run.sh known FILE                           writes the cases that fail on Seedleaf, with what happened
# run.sh sabotage                             runs it on both under every lie; exit status 1 when a case that passes notices none
#
# SL_SRC and SL_BUILD name the source and the build tree; SL_SOFTHSM SoftHSM2's module.
set -eu
SL_SRC=$(cd "${SL_SRC:-$(dirname "$0")/..}" && pwd)
SL_BUILD=$(cd "${SL_BUILD:-.}" && pwd)
export SL_SRC SL_BUILD
PROBE=$SL_BUILD/conformance/probe
SOFTHSM=${SL_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}

on_softhsm()
(
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	mkdir "$dir/tokens"
	printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$dir" >"$dir/softhsm.conf"
	export SOFTHSM2_CONF=$dir/softhsm.conf
	softhsm2-util --module "$SOFTHSM" --init-token --free --label probe --so-pin 12345678 --pin 1234 >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 99; }
	"$PROBE" --module "$SOFTHSM" --token probe --pin 1234 --so-pin 12345678 "$@"
)

# The TPM locks after so many wrong PINs that the cases cannot reach it.
on_seedleaf()
{
	# shellcheck disable=SC2016
	"$SL_SRC/tests/with-tpm" sh -c 'probe=$1; shift; tpm2_dictionarylockout -s -n 10000 -t 1000 -l 1000 &&
		exec "$probe" --module "$SEEDLEAF_MODULE" --token seedleaf-owner --init --bare seedleaf-null --pin 1234 --so-pin 12345678 "$@"' sh "$PROBE" "$@"
}

# The token as it is with no configuration: no PIN, no login.
on_bare()
{
	# shellcheck disable=SC2016
	"$SL_SRC/tests/with-tpm" sh -c 'probe=$1; shift; exec "$probe" --module "$SEEDLEAF_MODULE" --token seedleaf-owner "$@"' sh "$PROBE" "$@"
}

both()
{
	on_softhsm "${@:2}" >"$1/softhsm"
	on_seedleaf "${@:2}" >"$1/seedleaf"
}

matrix()
{
	local dir rc=0

	dir=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -rf '$dir'" EXIT
	both "$dir"
	/usr/bin/python3 "$SL_SRC/conformance/matrix.py" matrix "$dir/softhsm" "$dir/seedleaf" >"$dir/matrix" || rc=$?
	[ $rc -le 1 ] || exit $rc
	cp "$dir/matrix" "$1"
	exit $rc
}

sabotage()
{
	local dir kind

	dir=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -rf '$dir'" EXIT
	mkdir "$dir/plain"
	both "$dir/plain"
	for kind in $("$PROBE" --kinds); do
		mkdir "$dir/$kind"
		both "$dir/$kind" --sabotage "$kind"
	done
	/usr/bin/python3 "$SL_SRC/conformance/matrix.py" sabotage "$dir"
}

known()
{
	local report

	report=$(on_seedleaf)
	printf '%s\n' "$report" | sed -nE 's/^(fail|crash) //p' >"$1"
}

case ${1:-} in
known) known "${2:?which file}" ;;
softhsm) shift; on_softhsm "$@" ;;
seedleaf) shift; on_seedleaf "$@" ;;
bare) shift; on_bare "$@" ;;
matrix) matrix "${2:?which file}" ;;
sabotage) sabotage ;;
*) sed -n '5,11s/^# //p' "$0" >&2; exit 2 ;;
esac
