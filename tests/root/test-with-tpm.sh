#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# tests/with-tpm itself: what it promises to the other tests.
with=$SL_SRC/tests/with-tpm
n=0 bad=0
check() { # NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; bad=1; fi
}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

"$with" sh -c 'exit 7'
[ $? = 7 ]; check "exits as the command does" $?
"$with" sh -c 'kill -9 $$'
[ $? = 137 ]; check "also when a signal ended it" $?
"$with" no-such-command-here 2>/dev/null
[ $? = 127 ]; check "a command that is not there" $?
"$with" --no-such-option true 2>/dev/null
[ $? = 99 ]; check "an option that is not there" $?

"$with" sh -c 'echo "$SL_TPM_DIR" >'"$work"'/dir
	test -d "$HOME" && test -f "$SEEDLEAF_CONF" && test ! -e "$SEEDLEAF_STORE" && case $SEEDLEAF_MODULE in /*.so) ;; *) exit 1 ;; esac &&
	tpm2_getrandom -Q 4 && { sleep 1000 & echo $! >'"$work"'/left; }'
check "the environment, and a TPM that answers" $?
[ ! -e "$(cat "$work/dir")" ]; check "its folder is gone" $?
kill -0 "$(cat "$work/left")" 2>/dev/null; [ $? != 0 ]; check "what the command left running is gone" $?

for how in TERM KILL; do
	"$with" --count sh -c 'echo "$SL_TPM_DIR" "$(pgrep -f "$SL_TPM_DIR/state")" >'"$work"'/killed.new && mv '"$work/killed.new $work/killed"'; exec sleep 1000' &
	pid=$!
	i=0
	while [ ! -e "$work/killed" ] && [ $i -lt 400 ]; do sleep 0.05; i=$((i + 1)); done
	read -r dir swtpm <"$work/killed"
	kill -s $how $pid
	wait $pid 2>/dev/null
	i=0
	while { [ -e "$dir" ] || kill -0 "$swtpm" 2>/dev/null; } && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
	[ ! -e "$dir" ] && ! kill -0 "$swtpm" 2>/dev/null; check "nothing is left after SIG$how" $?
	rm -f "$work/killed"
done

name='tpm2_createprimary -Q -C $h -c $SL_TPM_DIR/k && tpm2_flushcontext -t && tpm2_readpublic -Q -c $SL_TPM_DIR/k -n $SL_TPM_DIR/$h$i && tpm2_flushcontext -t'
"$with" sh -c '
	for i in 1 2 3; do
		for h in o n; do '"$name"' || exit 1; done
		[ $i = 1 ] && { "$0" --power-cycle || exit 2; }
		[ $i = 2 ] && { "$0" --clear || exit 3; }
	done
	cd $SL_TPM_DIR && cmp -s o1 o2 && ! cmp -s n1 n2 && ! cmp -s o2 o3 && cmp -s n2 n3' "$with"
check "power cycle and clear" $?
"$with" --platform-locked sh -c 'p() { tpm2_createprimary -Q -C p -c $SL_TPM_DIR/k 2>/dev/null; }; ! p && "$0" --power-cycle && ! p' "$with"
check "--platform-locked, over a power cycle, too" $?
"$with" --platform-off sh -c '! tpm2_createprimary -Q -C p -c $SL_TPM_DIR/k 2>/dev/null && tpm2_getcap properties-variable | grep -q "phEnable: *0"'
check "--platform-off" $?
"$with" --owner-auth hello sh -c '! tpm2_createprimary -Q -C o -c $SL_TPM_DIR/k 2>/dev/null && tpm2_createprimary -Q -C o -P hello -c $SL_TPM_DIR/k'
check "--owner-auth" $?
"$with" --no-startup sh -c '! tpm2_getrandom -Q 4 2>/dev/null && tpm2_startup -c && tpm2_getrandom -Q 4'
check "--no-startup" $?
"$with" --no-startup --count "$SL_BUILD/tests/root/test-link" unstarted >"$work/out"
check "a TPM without TPM2_Startup is absent" $?
"$with" --log "$work/log" sh -c 'tpm2_getrandom -Q 4' && grep -q '^cmd GetRandom 0 8001' "$work/log"
check "--log" $?
for i in 1 2 3 4; do "$with" sh -c 'tpm2_getrandom -Q 4 && "$0" --power-cycle && tpm2_getrandom -Q 4' "$with" || touch "$work/failed" & done
wait
[ ! -e "$work/failed" ]; check "four at once" $?
echo "1..$n"
exit $bad
