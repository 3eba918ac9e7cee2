#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The probe itself is tested on another module: it gets to its end there, tells failures and absences apart, and notices when it is lied to.
set -u
run=${SL_SRC:-.}/conformance/run.sh
if [ ! -e "${SL_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}" ]; then
	echo "1..0 # SKIP SoftHSM2 is missing"
	exit 0
fi
n=0
failed=0
check() {
	n=$((n + 1))
	if [ "$2" = yes ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; failed=1; fi
}
plain=$($run softhsm) || { echo "Bail out! the probe ended with $?"; exit 99; }
count() { printf '%s\n' "$plain" | grep -c "^$1 "; }
total=$(printf '%s\n' "$plain" | grep -vc '^#')
echo "# $(printf '%s\n' "$plain" | tail -n 1)"
check "at least 600 cases ($total)" "$([ "$total" -ge 600 ] && echo yes)"
check "most of what SoftHSM2 has passes" "$([ "$(count pass)" -ge 600 ] && echo yes)"
check "its known failures are seen" "$(printf '%s\n' "$plain" | grep -q '^fail copy-null ' && echo yes)"
check "its known crashes are seen, and the next case runs" "$(printf '%s\n' "$plain" | grep -q '^crash aead-gcm-null-iv ' && echo yes)"
check "what it lacks is absent" "$(printf '%s\n' "$plain" | grep -q '^absent digest-SHA3_256-abc ' && echo yes)"
lied=$($run softhsm --sabotage flip --only digest-) || { echo "Bail out! the probe ended with $?"; exit 99; }
check "a wrong digest is noticed" "$(printf '%s\n' "$lied" | grep -q '^fail digest-SHA256-abc ' && echo yes)"
lied=$($run softhsm --sabotage permit --only session-closed-) || { echo "Bail out! the probe ended with $?"; exit 99; }
check "a missing error is noticed" "$(printf '%s\n' "$lied" | grep -q '^fail session-closed-C_GetSessionInfo ' && echo yes)"
echo "1..$n"
exit $failed
