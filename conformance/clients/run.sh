#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# run.sh softhsm|tpm2|seedleaf [CLIENT...]   the rows of all clients, or of some, on one module, each client on a fresh token with PINs
# run.sh table FILE                          runs them on all three and writes FILE; exit status 1 when one works on another module and not
#                                            on Seedleaf. A module that is not installed has no results.
#
# SL_SRC and SL_BUILD name the source and the build tree, SL_SOFTHSM and SL_TPM2 the other modules.
set -eu
SL_SRC=$(cd "${SL_SRC:-$(dirname "$0")/../..}" && pwd)
SL_BUILD=$(cd "${SL_BUILD:-.}" && pwd)
SL_SOFTHSM=${SL_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}
[ -n "${SL_TPM2:-}" ] || SL_TPM2=$(realpath -q /usr/lib/*/libtpm2_pkcs11.so.1 || true)
export SL_SRC SL_BUILD SL_SOFTHSM SL_TPM2
here=$SL_SRC/conformance/clients
ALL=(opensc gnutls openssl servers openssh nss java pykcs11 p11kit)

package()
{
	dpkg-query -W -f='${Version}' "$1" 2>/dev/null || echo none
}

on() # on MODULE CLIENT...
{
	local client

	case $1 in
	softhsm)
		export SL_WITH=$SL_SRC/tests/clients/with-softhsm
		[ -e "$SL_SOFTHSM" ] && echo "module $(package softhsm2)" || return 0
		;;
	tpm2)
		export SL_WITH=$here/with-tpm2
		[ -e "$SL_TPM2" ] && echo "module $(package libtpm2-pkcs11-1), tpm2-abrmd $(package tpm2-abrmd)" || return 0
		;;
	seedleaf)
		export SL_WITH=$SL_SRC/tests/clients/with-pin
		echo "module $("$SL_BUILD/seedleaf" --version | grep -oE '[0-9][^ ]*' | head -n 1)"
		;;
	*)
		sed -n '5,9s/^# //p' "$0" >&2
		exit 2
		;;
	esac
	# A module that hangs takes its client's rows with it and no more.
	for client in "${@:2}"; do
		SL_LIMIT=${SL_LIMIT:-570} "$here/$client.sh" || true
	done
}

table()
{
	local dir rc=0 module

	dir=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -rf '$dir'" EXIT
	for module in softhsm tpm2 seedleaf; do
		on $module "${ALL[@]}" >"$dir/$module"
	done
	/usr/bin/python3 "$here/table.py" write "$dir/softhsm" "$dir/tpm2" "$dir/seedleaf" >"$dir/table" || rc=$?
	[ $rc -le 1 ] || exit $rc
	cp "$dir/table" "$1"
	exit $rc
}

case ${1:-} in
table) table "${2:?which file}" ;;
*)
	module=${1:-}
	shift || true
	[ $# -gt 0 ] || set -- "${ALL[@]}"
	on "$module" "$@"
	;;
esac
