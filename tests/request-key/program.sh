#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf-request-key: its arguments, its rule. What it says to a request that there is not, conformance/vm/guest-upcall.sh looks at: its lock file
# and its log are the system's.
set -u
helper=${SL_BUILD:?}/seedleaf-request-key
n=0
failed=0

check() { # check NAME EXPECTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

status() { # status ARGUMENT...: the exit status; 124 when it takes too long
	timeout 10 "$helper" "$@" >/dev/null 2>&1
	echo $?
}

check "--version" "seedleaf-request-key 0.1.0" "$("$helper" --version)"
check "no arguments" 2 "$(status)"
check "too few" 2 "$(status 1 seedleaf:a:b - 0 0)"
check "too many" 2 "$(status 1 seedleaf:a:b - 0 0 0 0)"
for key in 0 -1 x '' 01 2147483648; do
	check "key number '$key'" 2 "$(status "$key" seedleaf:a:b - 0 0 0)"
done
check "a user that is no number" 2 "$(status 1 seedleaf:a:b - 0 root 0)"
check "a group that is no number" 2 "$(status 1 seedleaf:a:b - 0 0 -1)"
rule=$(grep -v '^#' "$SL_BUILD/request-key/seedleaf.conf" | tr -s '\t' ' ')
check "the rule" "create user seedleaf:* * %k %d %c %S %u %g" "$(echo "$rule" | sed 's| /[^ ]*sbin/seedleaf-request-key||')"
echo "1..$n"
exit $failed
