#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# /init of the guest of conformance/vm/upcall.sh: keys by upcall. Nobody but root can open the TPM here.
# shellcheck shell=dash disable=SC2086 # the users' commands are words
. /lib.sh
unset SEEDLEAF_TCTI
export SEEDLEAF_STORE=/run/store
LOG=/run/upcall.log
CGROUPS=/sys/fs/cgroup
TOKENS="web path csum unit lsm"
SETPRIV="/usr/bin/setpriv --clear-groups" # busybox has one, too
U1="$SETPRIV --reuid 1000 --regid 1000 keyctl session -"
U2="$SETPRIV --reuid 1001 --regid 1001 keyctl session -"
umask 022
chmod 755 /run

configure() { # configure TCTI: what the helper reads
	cat >/conf/seedleaf.conf <<-CONF
		tcti = $1
		log-file = $LOG
		[token web]
		root = tpm:owner
		binders = uid
		[token path]
		root = tpm:owner
		binders = uid path
		[token csum]
		root = tpm:owner
		binders = uid csum
		[token unit]
		root = tpm:owner
		binders = uid unit
		[token lsm]
		root = tpm:owner
		binders = uid lsm
		[token silent]
		root = tpm:owner
	CONF
}

is_key() {
	[ ${#1} = 64 ] && [ -z "$(echo "$1" | tr -d 0-9a-f)" ]
}

uptime_s() {
	cut -d. -f1 /proc/uptime
}

in_unit() { # in_unit UNIT COMMAND...: "" is no unit
	(echo 0 >$CGROUPS/${1:+system.slice/$1/}cgroup.procs && shift && "$@")
}

# One line of the table: for each token s, the same key as the base; d, another; r, refused.
row() { # row NAME EXPECTED COMMAND...: the description follows
	local name=$1 expected=$2 got='' token key base
	shift 2
	for token in $TOKENS; do
		key=$("$@" seedleaf:$token:key 2>/dev/null | tail -n 1)
		eval "base=\$base_$token"
		if [ "$key" = ENOKEY ]; then
			got=${got}r
		elif ! is_key "$key"; then
			got="$got<$key>"
		elif [ "$key" = "$base" ]; then
			got=${got}s
		else
			got=${got}d
		fi
	done
	check "$name: uid, path, csum, unit, lsm" "$expected" "$got"
}

timed() { # timed LIMIT COMMAND...: its last line, and whether it took so many seconds at most
	local limit=$1 began
	shift
	began=$(uptime_s)
	"$@" 2>/dev/null | tail -n 1
	[ $(($(uptime_s) - began)) -le "$limit" ] || echo "after $(($(uptime_s) - began)) s"
}

fresh_log() { # what was in it is kept for the last look
	cat $LOG >>$LOG.all
	: >$LOG
}

log_has() { # log_has NAME TEXT: since fresh_log
	check "log: $1" yes "$(grep -q "$2" $LOG && echo yes || echo no)"
	[ -n "$(grep "$2" $LOG)" ] || sed 's/^/# /' $LOG
}

# ---- the system: programs, services, a profile
cp /bin/asker /bin/a
cp /bin/asker /bin/copy
cp /bin/asker /bin/other
printf x | dd of=/bin/other bs=1 seek=15 conv=notrunc 2>/dev/null
chmod 755 /bin/a /bin/copy /bin/other
mount -t cgroup2 cgroup2 $CGROUPS
mkdir -p $CGROUPS/system.slice/a.service $CGROUPS/system.slice/b.service
echo 0 >$CGROUPS/system.slice/a.service/cgroup.procs
mount -t securityfs security /sys/kernel/security
echo 'profile leaf { file, capability, network, signal, ptrace, unix, mount, }' >/run/leaf
want yes "a profile of AppArmor" apparmor_parser -q -K -r /run/leaf
configure device:/dev/tpmrm0
want yes "a storage root key" seedleaf token persist owner --srk
check "users cannot open the TPM" no "$($U1 sh -c 'if [ -r /dev/tpmrm0 ] || [ -w /dev/tpmrm0 ] || [ -r /dev/tpm0 ]; then echo yes; else echo no; fi' 2>/dev/null)"
check "root can" yes "$([ -r /dev/tpmrm0 ] && [ -w /dev/tpmrm0 ] && echo yes)"

# ---- the table
touch $LOG
for token in $TOKENS; do
	key=$($U1 /bin/a ask seedleaf:$token:key 2>/dev/null)
	is_key "$key" || key="no key: $key"
	eval "base_$token=\$key"
done
# shellcheck disable=SC2154 # set by eval
check "five tokens, five keys" 5 "$(printf '%s\n' "$base_web" "$base_path" "$base_csum" "$base_unit" "$base_lsm" | grep -c '^[0-9a-f]\{64\}$')"
log_has "who got which name" "uid 1000, thread [0-9]*, /usr/bin/a: token web, name key, version 1: given for 60 s"
row "again" sssss $U1 /bin/a ask
row "another user" ddddd $U2 /bin/a ask
row "root" ddddd keyctl session - /bin/a ask
row "another program" sddss $U1 /bin/other ask
row "the same program at another path" sdsss $U1 /bin/copy ask
cp /bin/a /run/a.kept
printf x | dd of=/bin/a bs=1 seek=15 conv=notrunc 2>/dev/null
row "one byte of it changed" ssdss $U1 /bin/a ask
cp /run/a.kept /bin/a
row "and back" sssss $U1 /bin/a ask
row "another service" sssds in_unit b.service $U1 /bin/a ask
row "no service" sssrs in_unit "" $U1 /bin/a ask
leaf_lsm=$($U1 /bin/a under leaf /bin/a ask seedleaf:lsm:key 2>/dev/null)
row "under a profile" ssssd $U1 /bin/a under leaf /bin/a ask
row "another pid namespace" sssss unshare -p -f $U1 /bin/a ask
row "another user namespace" srrss $U1 unshare -U -r /bin/a ask
row "root of a user namespace of user 1001" drrdd $U2 unshare -U -r /bin/a ask
own_mounts() {
	unshare -m sh -c "mount --bind /bin/other /bin/a && exec $U1 /bin/a ask \$0" "$1"
}
row "another file at the path, for itself alone" srdss own_mounts
asks() {
	$U1 /bin/a ask "$@" 2>/dev/null
}
check "version 1" "$base_web" "$(asks seedleaf:web:key@1)"
check "a nonce" "$base_web" "$(asks seedleaf:web:key#00ff)"
second=$(asks seedleaf:web:key@2)
check "version 2 is another" yes "$(is_key "$second" && [ "$second" != "$base_web" ] && echo yes)"

# ---- where the key goes, and what may be done with it
D=seedleaf:web:key
described=$($U1 sh -c "k=\$(keyctl request2 user $D - @s) && keyctl rdescribe \$k && keyctl pipe \$k | od -An -v -tx1 | tr -d ' \n'; echo
	grep $D /proc/keys | grep -oE ' [0-9]+[ms] '" 2>/run/err)
check "keyctl request2: for its possessor alone" "user;1000;1000;1b000000;$D" "$(echo "$described" | sed -n 1p)"
check "the same key" "$base_web" "$(echo "$described" | sed -n 2p)"
check "for a minute at most" yes "$(echo "$described" | grep -qE '^ ([0-9]+s|1m) $' && echo yes || echo "$described")"
check "for less when asked" yes "$($U1 sh -c "keyctl request2 user $D timeout=1 @s && sleep 3 && keyctl search @s user $D && echo kept || echo yes" 2>/dev/null | tail -n 1)"
check "what a thread asked for is not in the session" no "$($U1 sh -c "/bin/a ask $D >/dev/null && { keyctl search @s user $D || echo no; }" 2>/dev/null)"
mkfifo -m 666 /run/number
$U1 sh -c "keyctl request2 user $D - @s >/run/number; sleep 3" >/dev/null 2>&1 &
read -r number </run/number
check "another user who knows its number" denied "$($U2 keyctl pipe "$number" 2>&1 >/run/stolen | grep -q denied && [ ! -s /run/stolen ] && echo denied)"
wait $!

inherited=$(keyctl session - sh -c "k=\$(keyctl request2 user $D - @s) && keyctl pipe \$k | od -An -v -tx1 >/run/first && $SETPRIV --reuid 1001 --regid 1001 keyctl pipe \$k |
	od -An -v -tx1 | cmp - /run/first && [ -s /run/first ] && echo read" 2>/dev/null)
check "in a session that root's child keeps as user 1001, it can read what root asked for" read "$inherited"

# ---- a helper that no request has started
fresh_log
want no "no request is waiting" /helper 123456789 $D - 0 0 0
log_has "why" "key 123456789: no authority to instantiate it"
fresh_log
given=$(keyctl session - sh -c "k=\$(keyctl add user $D x @s); /helper \$k $D - 0 0 0; echo \$? \$(keyctl pipe \$k)" 2>/dev/null)
check "a key that nobody asks for stays as it is" "1 x" "$given"
log_has "why" "no authority to instantiate it"

# ---- refusals, in bounded time
fresh_log
check "no such token" ENOKEY "$(timed 3 asks seedleaf:nosuch:key)"
log_has "why" "refused: there is no such token"
check "a token without binders" ENOKEY "$(timed 3 asks seedleaf:silent:key)"
check "a built-in token without binders" ENOKEY "$(timed 3 asks seedleaf:owner:key)"
check "a description of another form" ENOKEY "$(timed 3 asks seedleaf:web)"
check "options that there are not" ENOKEY "$(timed 3 asks $D uid=1001)"
check "a program between two users" ENOKEY "$(timed 3 keyctl session - /bin/a between 1000 1001 $D)"
log_has "why" "refused: the requesting thread is not of one user alone"
check "a user from 2^31 on" ENOKEY "$(timed 3 $SETPRIV --reuid 3000000000 --regid 1000 keyctl session - /bin/a ask $D)"
configure device:/nonexistent
check "no TPM" ENOKEY "$(timed 3 asks $D)"
log_has "why" "refused: device:/nonexistent"
echo "bad = line" >/conf/seedleaf.conf
check "a bad configuration" ENOKEY "$(timed 3 asks $D)"

# ---- a TPM that hangs, and whoever dies meanwhile
asker listen /run/tpm.sock &
i=0
while [ ! -S /run/tpm.sock ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
configure swtpm:path=/run/tpm.sock
fresh_log
check "a TPM that hangs: the helper ends" ETIMEDOUT "$(timed 4 asks $D)"
log_has "why" "uid 1000: not done within 1800 ms"
check "a requester that is killed" killed "$(timed 4 $U1 /bin/a killed $D | sed 's/ .*//')"
# The helper's two processes: the one that the kernel started, and its child, which does the work.
dies() { # dies worker|supervisor
	local i=0 pids=''
	while [ "$(echo "$pids" | wc -w)" != 2 ] && [ $i -lt 100 ]; do
		pids=$(pidof seedleaf-request-key)
		i=$((i + 1))
		sleep 0.02
	done
	for pid in $pids; do
		case $1$(grep -c "^PPid:	\($(echo $pids | sed 's/ /\\|/g')\)$" /proc/$pid/status) in
		worker1 | supervisor0) kill -SEGV $pid ;;
		esac
	done
}
for which in worker supervisor; do
	dies $which &
	check "the helper's $which dies" ENOKEY "$(timed 4 asks $D)"
	wait $!
	i=0
	while [ -n "$(pidof seedleaf-request-key)" ] && [ $i -lt 30 ]; do sleep 0.1; i=$((i + 1)); done
	check "nothing is left of it" "" "$(pidof seedleaf-request-key)"
done
log_has "a worker's end" "uid 1000: ended by signal 11"
configure device:/dev/tpmrm0
check "the next one gets its key" "$base_web" "$(asks $D)"

# ---- a program in another one's place
fresh_log
other_path=$($U1 /bin/other ask seedleaf:path:key 2>/dev/null)
check "executed while a thread asks: a key of its own" "$other_path" "$($U1 /bin/a swapped t seedleaf:path:key /bin/other ask seedleaf:path:key 2>/dev/null)"
log_has "the thread was looked at as what it was" "/usr/bin/a: token path, name key, version 1: given"
check "from the session keyring it has what was asked for there" "$base_path" \
	"$($U1 /bin/a swapped s seedleaf:path:key /bin/other ask seedleaf:path:key 2>/dev/null)"

# ---- what lsm does not protect from: whoever is unconfined chooses his profile
check "a user who enters the profile himself gets its key" "$leaf_lsm" "$($U1 /bin/other under leaf /bin/other ask seedleaf:lsm:key 2>/dev/null)"

# ---- what path and csum do not protect from: whoever may run a program can make it ask, or tell the kernel that he runs it
row "a program that says that it is another one, by way of a user namespace" sssss $U1 /bin/other posed /bin/a
for token in path csum; do
	eval "base=\$base_$token"
	check "LD_PRELOAD gets the $token key of another program" "$base" "$($U1 env ASK=seedleaf:$token:key LD_PRELOAD=/usr/lib/preload.so /bin/a ask nothing 2>/dev/null)"
	check "ptrace gets the $token key of another program" "$base" "$($U1 /bin/other traced seedleaf:$token:key /bin/a 2>/dev/null)"
done
stolen=$($U2 /bin/other traced seedleaf:path:key /bin/a 2>/dev/null)
check "but not that of another user" yes "$(is_key "$stolen" && [ "$stolen" != "$base_path" ] && echo yes)"

# ---- fifty at once
crowd=$($U1 /bin/a many 50 $D 2>/run/err)
sort /run/err | uniq -c | sed 's/^/# /'
echo "# ${crowd%%
*}"
check "fifty at once: all have the key" "keys 50 different 0" "$(echo "$crowd" | sed -n '1s/ seconds.*//p')"
check "the same key" "$base_web" "$(echo "$crowd" | sed -n 2p)"

# ---- the module, for users who cannot open the TPM
mkdir -p /etc/keys.d /run/u1000 /run/u1001
chown 1000 /run/u1000
chown 1001 /run/u1001
printf 'label = mine\ntype = ec:P-256\ntoken = mine\n' >/etc/keys.d/mine.key
users() { # users TOKEN [LINE]
	printf 'keys-dir = /etc/keys.d\n[token mine]\nroot = keyring:seedleaf:%s\n%s\n' "$1" "${2:-}" >/etc/user.conf
}
echo a text >/run/text
p11() { # p11 UID OPTION...
	local uid=$1 began
	shift
	(cd /run/u$uid && SEEDLEAF_STORE=/run/u$uid/store SEEDLEAF_CONF=/etc/user.conf timeout 20 $SETPRIV --reuid $uid --regid $uid keyctl session - \
		pkcs11-tool --module $MODULE "$@")
}
users web
for uid in 1000 1001; do
	want yes "user $uid signs" p11 $uid --token-label seedleaf-mine --sign --mechanism ECDSA-SHA256 --signature-format openssl --label mine -i /run/text -o sig
	want yes "user $uid: public key" p11 $uid --token-label seedleaf-mine --read-object --type pubkey --label mine -o pub
	want yes "user $uid: it is right" openssl dgst -sha256 -verify /run/u$uid/pub -keyform DER -signature /run/u$uid/sig /run/text
done
check "another user has another key" no "$([ -s /run/u1000/pub ] && [ -s /run/u1001/pub ] && { cmp -s /run/u1000/pub /run/u1001/pub || echo no; })"
cp /run/u1000/pub /run/pub
rm -rf /run/u1000/store
want yes "in another process" p11 1000 --token-label seedleaf-mine --read-object --type pubkey --label mine -o pub
check "the same key" yes "$(cmp -s /run/u1000/pub /run/pub && echo yes)"

# With upcall-cache the second process of a session costs no upcall.
count() {
	grep -c ': given for' $LOG
}
sign="pkcs11-tool --module $MODULE --token-label seedleaf-mine --sign --mechanism ECDSA-SHA256 --label mine -i /run/text -o sig >/dev/null 2>&1 &&
	grep -c ': given for' $LOG"
fresh_log
chmod 644 $LOG
users web 'upcall-cache = yes'
# shellcheck disable=SC2016 # for the inner shell
kept='for k in $(keyctl rlist @s); do keyctl pipe $k | od -An -v -tx1 | tr -d " \n"; echo; done >answers'
counts=$(cd /run/u1000 && SEEDLEAF_STORE=/run/u1000/store SEEDLEAF_CONF=/etc/user.conf $U1 sh -c "$sign; $sign; $kept" 2>/dev/null)
users web
check "upcall-cache: the second process asks nobody" "$(echo "$counts" | sed -n 1p)" "$(echo "$counts" | sed -n 2p)"
check "the first did" yes "$([ "$(echo "$counts" | sed -n 1p)" -gt 0 ] && echo yes)"
fresh_log
p11 1000 --token-label seedleaf-mine --sign --mechanism ECDSA-SHA256 --label mine -i /run/text -o sig >/dev/null 2>&1
first=$(count)
p11 1000 --token-label seedleaf-mine --sign --mechanism ECDSA-SHA256 --label mine -i /run/text -o sig >/dev/null 2>&1
check "without it each process asks" $((2 * first)) "$(count)"

# What fails is a token that is not there: the program does not, nor does it take long.
listed() {
	p11 1000 --list-token-slots >/run/slots 2>&1
	echo "status $?, listed $(grep -c seedleaf-mine /run/slots), $(grep -o 'No slots' /run/slots)"
}
check "the token is listed" "status 0, listed 1, " "$(timed 8 listed)"
users nosuch
check "no such token behind it: no token, in time" "status 1, listed 0, No slots" "$(timed 8 listed)"
users web
configure device:/nonexistent
check "no TPM behind it: no token, in time" "status 1, listed 0, No slots" "$(timed 8 listed)"
configure device:/dev/tpmrm0
want yes "and there again" p11 1000 --token-label seedleaf-mine --sign --mechanism ECDSA-SHA256 --label mine -i /run/text -o sig

# ---- a kernel that lets nobody look at system calls; there is no way back
fresh_log
check "a helper that may look" "$base_web" "$(timed 3 asks $D)"
echo 3 >/proc/sys/kernel/yama/ptrace_scope
check "kernel.yama.ptrace_scope = 3" ENOKEY "$(timed 3 asks $D)"
log_has "why" "refused: the requesting thread.*cannot be read"

# ---- the whole log
fresh_log
for token in $TOKENS; do
	eval "echo \$base_$token"
done >/run/keys
cat /run/u1000/answers >>/run/keys
check "answers to the module, too" yes "$([ "$(grep -c '^[0-9a-f]\{64\}$' /run/keys)" -gt 6 ] && echo yes)"
check "the log has what was given" yes "$([ "$(grep -c ': given for' $LOG.all)" -gt 100 ] && echo yes)"
check "and no key" 0 "$(grep -c -i -F -f /run/keys $LOG.all)"
check "nothing is left on the TPM" "" "$(tpm2 getcap handles-transient)$(tpm2 getcap handles-loaded-session)"
finish
