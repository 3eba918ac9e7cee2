#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# PyKCS11, the Python binding that administrators' scripts use: pykcs11-test.py in two processes, the second of which finds what the first
# has put on the token.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
"$PYTHON" -c 'import PyKCS11, cryptography' 2>/dev/null || { echo '1..0 # SKIP python3-pykcs11 or python3-cryptography is not installed'; exit 0; }

program() # program MODE   each line is a result of ours
{
	local line rc=0 n=0

	bounded "$PYTHON" "$SL_SRC/tests/clients/pykcs11-test.py" "$MODULE" "$TOKEN" "$PIN" "$1" "$T" "${SL_SO_PIN:-}" >"$T/py.out" 2>"$T/py.err" || rc=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) sl_result ok "${line#ok }" ;;
		'not ok '*) sl_result 'not ok' "${line#not ok }" ;;
		*) continue ;;
		esac
		n=$((n + 1))
	done <"$T/py.out"
	[ $rc -eq 0 ] || note "$(tail -n 20 "$T/py.err")"
	ok "the program ends well ($1)" test $rc -eq 0 -a $n -ge "${2:-6}"
}

program make
program again
[ -z "$PIN" ] || program pins 4
finish
