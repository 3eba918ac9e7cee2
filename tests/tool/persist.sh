#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf token persist beside a software TPM.
set -u
if [ -z "${SL_PERSIST_INNER:-}" ]; then
	SL_PERSIST_INNER=1
	export SL_PERSIST_INNER
	exec "${SL_SRC:?}/tests/with-tpm" sh "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
out=$SL_TPM_DIR/out
n=0
failed=0

check() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

want() {
	expected=$1
	name=$2
	shift 2
	"$@" >"$out" 2>"$out.err"
	status=$?
	check "$name" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' "$out" "$out.err"
}

handles() {
	tpm2_getcap handles-persistent | tr -d ' -' | tr A-F a-f | sort | xargs
}

name_of() {
	tpm2_readpublic -c "$1" 2>/dev/null | sed -n 's/^name: //p'
}

check "nothing is persistent at first" "" "$(handles)"
want 2 "an unknown token" "$tool" token persist nobody
want 2 "the null hierarchy" "$tool" token persist null
want 2 "the endorsement hierarchy" "$tool" token persist endorsement
want 2 "a bad handle" "$tool" token persist owner --handle 0x80000001
want 2 "half a handle" "$tool" token persist owner --handle 0x8101
check "these did nothing" "" "$(handles)"
want 0 "owner" "$tool" token persist owner --srk
check "root and storage root key are there" "0x81000001 0x81010001" "$(handles)"
check "the settings that it prints" "[token owner]
root = tpm:0x81010001
salt-key = $(name_of 0x81000001)" "$(cat "$out")"
cp "$out" "$out.first"
want 0 "a second time" "$tool" token persist owner --srk
check "gives the same" "$(cat "$out.first")" "$(cat "$out")"
cp "$out" "$SEEDLEAF_CONF"
want 0 "the settings are a good configuration" "$tool" config check
want 0 "with these settings" "$tool" token persist owner
check "it is the same handle" "$(cat "$out.first")" "$(cat "$out")"
want 0 "another handle" "$tool" token persist owner --handle 0x81010077
check "is the same key" "$(name_of 0x81010001)" "$(name_of 0x81010077)"
printf '[token web]\nroot = tpm:owner\n' >"$SEEDLEAF_CONF"
want 2 "a handle that is in use by something else" "$tool" token persist web --handle 0x81010077
want 0 "another namespace" "$tool" token persist web
check "is another key" no "$([ "$(name_of 0x81010001)" = "$(name_of 0x81010005)" ] && echo yes || echo no)"
want 0 "platform" "$tool" token persist platform
check "all handles" "0x81000001 0x81010001 0x81010005 0x81010077 0x81810003" "$(handles)"
SEEDLEAF_TCTI=device:/nonexistent
export SEEDLEAF_TCTI
want 1 "no TPM" "$tool" token persist owner
check "no TPM: says where it looked" 1 "$(grep -c /nonexistent "$out.err")"
echo "1..$n"
exit $failed
