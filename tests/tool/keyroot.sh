#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf token init --root and token load, with encrypted keys, which most kernels have; and seedleaf-keyring, which loads them at boot. Trusted keys and
# what is derived: conformance/vm/roots.sh. The keys are in the user keyring, by names that are this test's own, and go at its end.
set -u
if [ -z "${SL_KEYROOT_INNER:-}" ]; then
	command -v keyctl >/dev/null || { echo '1..0 # SKIP no keyctl'; exit 0; }
	keyctl session - true >/dev/null 2>&1 || { echo '1..0 # SKIP this process may not have keyrings'; exit 0; }
	export SL_KEYROOT_INNER=1
	exec keyctl session - "${SL_SRC:?}/tests/with-tpm" bash "$0" 2>/dev/null
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
me=seedleaf-keyroot-$$
dir=$(mktemp -d "${TMPDIR:-/tmp}/seedleaf-keyroot.XXXXXX") || exit 99
gone() { # gone NAME: no encrypted key of that name in the user keyring
	local serial
	while serial=$(keyctl search @u encrypted "$1" 2>/dev/null); do
		keyctl unlink "$serial" @u >/dev/null 2>&1 || break
	done
}
trap 'gone "$me"; gone "$me-2"; rm -rf "$dir"' EXIT
cd "$dir" || exit 99
umask 077
keyctl add user "$me-master" 0123456789abcdef0123456789abcdef @s >/dev/null || exit 99
keyctl add user "$me-other" fedcba9876543210fedcba9876543210 @s >/dev/null
if keyctl add encrypted "$me-probe" "new default user:$me-master 32" @s 2>&1 | grep -q 'No such device'; then
	echo '1..0 # SKIP this kernel has no encrypted keys'
	exit 0
fi
export SEEDLEAF_CONF=$dir/conf SEEDLEAF_STORE=$dir/store
cat >conf <<CONF
[token wrapped]
root = keyring:encrypted:$me
[token sealed]
root = keyring:trusted:$me
[token weak]
root = keyring:user:$me
CONF
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
want() { # want STATUS NAME COMMAND...
	local expected=$1 name=$2
	shift 2
	"$@" >out 2>err </dev/null
	local status=$?
	check "$name" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' out err
}
says() { # says PATTERN
	check "it says: $1" yes "$(grep -Eq "^seedleaf: .*$1" err && echo yes || cat err)"
}
key() { # key NAME: what the kernel shows of it: encrypted
	keyctl link @u @s
	keyctl pipe "$(keyctl search @s encrypted "$1" 2>/dev/null)" 2>/dev/null
	keyctl unlink @u @s
}
init() { "$tool" token init "$@"; }
load() { "$tool" token load "$@"; }

# ---- refused, and nothing is made
for root in keyring:user:x keyring:trusted keyring:trusted: keyring:encrypted: 'keyring:trusted:a b' keyring:logon:x:y keyring:seedleaf tpm:owner ''; do
	want 2 "root '$root'" init --root "$root" --blob b
	says "root: '$root', expected keyring:trusted:NAME or keyring:encrypted:NAME"
done
want 2 "no root" init --blob b
says 'token: missing'
want 2 "another token" init --token owner --blob b
says "token: 'owner', expected a token of the configuration with root = keyring:"
want 2 "a token with another root" init --token wrapped --root keyring:encrypted:other --master "user:$me-master" --blob b
says 'expected a token of the configuration with root = keyring:encrypted:other'
want 2 "a user key" init --token weak --blob b
says 'has no encrypted form'
want 2 "no blob" init --token wrapped --root "keyring:encrypted:$me" --master "user:$me-master"
says 'blob: missing'
want 2 "no master" init --token wrapped --blob b
says 'master: expected the key that encrypts this one'
want 2 "a master for a trusted key" init --token sealed --master "user:$me-master" --blob b
for master in user: x:y 'user:a b' logon:a:b; do
	want 2 "master '$master'" init --token wrapped --master "$master" --blob b
	says "master: '$master', expected trusted:NAME or user:NAME"
done
for handle in 0x80000001 81000001 0x8100000 0x81000001x ''; do
	want 2 "keyhandle '$handle'" init --token sealed --keyhandle "$handle" --blob b
	says "keyhandle: '$handle', expected 0x81 and six more hex digits"
done
want 2 "PINs" init --token wrapped --master "user:$me-master" --blob b --pin-file x
says 'have no PINs'
want 2 "a master and no root" init --token owner --master user:x
says 'with --root only'
if keyctl add trusted x 'new 32' @s 2>&1 | grep -q 'No such device'; then
	want 1 "a trusted key" init --token sealed --blob b
	says 'this kernel has no trusted keys'
fi
want 1 "a master that is not there" init --token wrapped --master "user:$me-none" --blob b
says 'its blob cannot be read: .*expected the master key'
want 2 "a directory that is not there" init --token wrapped --master "user:$me-master" --blob no-such/b
check "none of them made a file" '' "$(ls b no-such 2>/dev/null)"
check "nor a key for the user" '' "$(keyctl search @u encrypted "$me" 2>/dev/null)"

# ---- made, and loaded again
want 0 "make it" init --token wrapped --root "keyring:encrypted:$me" --master "user:$me-master" --blob wrapped.blob
check "nobody else reads the file" 600 "$(stat -c %a wrapped.blob)"
check "it is in the user keyring" yes "$(keyctl search @u encrypted "$me" >/dev/null 2>&1 && echo yes || echo no)"
made=$(key "$me")
check "the file is what the kernel shows" "$made" "$(cat wrapped.blob)"
want 2 "the file is not overwritten" init --token wrapped --master "user:$me-master" --blob wrapped.blob
says 'wrapped.blob is there already'
want 0 "it is saved once more" init --token wrapped --master "user:$me-master" --blob again.blob
check "the same" "$made" "$(cat again.blob)"
want 0 "without the configuration" init --root "keyring:encrypted:$me-2" --master "user:$me-master" --blob second.blob
check "another key" no "$([ "$(cat second.blob)" = "$made" ] && echo yes || echo no)"
want 0 "load what is there" load --token wrapped --blob wrapped.blob
gone "$me"
gone "$me-2"
check "it is gone, as by a reboot" '' "$(key "$me")"
chmod 666 wrapped.blob
want 1 "a file that others can write" load --token wrapped --blob wrapped.blob
chmod 600 wrapped.blob
want 0 "load it" load --token wrapped --blob wrapped.blob
check "the same key" "$made" "$(key "$me")"
want 0 "by its root" load --root "keyring:encrypted:$me-2" --blob second.blob
check "the same key" "$(cat second.blob)" "$(key "$me-2")"

# ---- what is no blob of it
gone "$me"
sed 's/.\{4\}$/0000/' wrapped.blob >altered
sed "s/$me-master/$me-other/" wrapped.blob >foreign
sed "s/$me-master/$me-none/" wrapped.blob >none
head -c 100 /dev/urandom >random
tr -d '\n' <wrapped.blob >long; tr -d '\n' <wrapped.blob | tr -cd '0-9a-f' | head -c 4000 >>long
head -c 5000 /dev/zero | tr '\0' a >longer
: >empty
printf 'new default user:%s 32 00\n' "$me-master" >new
for file in altered foreign none; do
	want 1 "$file" load --token wrapped --blob $file
	says "$file: keyring:encrypted:$me: it cannot be loaded"
done
for file in random empty new longer; do
	want 2 "$file" load --token wrapped --blob $file
	says "$file"
done
want 2 "no file" load --token wrapped --blob no-such
want 2 "no token" load --blob wrapped.blob
want 2 "a keyhandle" load --token wrapped --blob wrapped.blob --keyhandle 0x81000001
check "none of them is in the user keyring" '' "$(keyctl search @u encrypted "$me" 2>/dev/null)"

# ---- in the TPM
if command -v tpm2_nvdefine >/dev/null; then
	nv=0x01c0de10
	attributes='ownerwrite|ownerread|authread|no_da|writeall'
	want 2 "an NV index of another form" init --token wrapped --master "user:$me-master" --blob nv:0x0100
	says 'expected nv:0x01 and six more hex digits'
	want 2 "no NV index" init --token wrapped --master "user:$me-master" --blob nv:0x81000001
	want 2 "nothing is there" load --token wrapped --blob nv:$nv
	says "NV index $nv is not there"
	# Somebody died before he wrote it.
	tpm2_nvdefine $nv -s 100 -a "$attributes" >/dev/null
	want 2 "nothing was written" load --token wrapped --blob nv:$nv
	says "NV index $nv was not written to"
	want 0 "make the key, its blob is in the TPM" init --token wrapped --master "user:$me-master" --blob nv:$nv
	stored=$(key "$me")
	check "as text, for other programs too" "$stored" "$(tpm2_nvread $nv 2>/dev/null)"
	check "that anybody reads and the owner wrote" 'ownerwrite|writeall|ownerread|authread|no_da|written' \
		"$(tpm2_nvreadpublic $nv | sed -n 's/ *friendly: \(ownerwrite.*\)/\1/p')"
	want 2 "no second one there" init --token wrapped --master "user:$me-master" --blob nv:$nv
	says 'the NV index is in use'
	gone "$me"
	want 0 "load it" load --token wrapped --blob nv:$nv
	check "the same key" "$stored" "$(key "$me")"
	tpm2_nvdefine 0x01c0de11 -s 100 -a 'ownerwrite|ownerread|authread|authwrite' >/dev/null
	want 2 "another's index is not overwritten" init --token wrapped --master "user:$me-master" --blob nv:0x01c0de11
	check "it is still his" 100 "$(tpm2_nvreadpublic 0x01c0de11 | sed -n 's/ *size: //p')"
	want 1 "nor taken for a blob" load --token wrapped --blob nv:0x01c0de11
	tpm2_changeauth -c o owner-secret >/dev/null
	want 1 "without the owner's authorization" init --token wrapped --master "user:$me-master" --blob nv:0x01c0de12
	printf 'owner-secret' >auth
	printf '[token owner]\nauthorization = file:%s/auth\n' "$dir" >>conf
	want 0 "with it" init --token wrapped --master "user:$me-master" --blob nv:0x01c0de12
	check "the same blob" "$stored" "$(tpm2_nvread 0x01c0de12 2>/dev/null)"
	printf 'other-secret' >auth
	want 1 "with a wrong one" init --token wrapped --master "user:$me-master" --blob nv:0x01c0de13
	gone "$me"
	want 0 "reading needs none" load --token wrapped --blob nv:0x01c0de12
	check "the same key" "$stored" "$(key "$me")"
	check "nothing is left on the TPM" '' "$(tpm2_getcap handles-transient)$(tpm2_getcap handles-loaded-session)"
else
	echo '# no tpm2_nvdefine'
fi
gone "$me"

# ---- at boot
PATH=$SL_BUILD:$PATH
script=$SL_BUILD/systemd/seedleaf-keyring
mkdir blobs empty.d
cp wrapped.blob blobs/
cp wrapped.blob blobs/nobody.blob
want 2 "the script says what fails" "$script" "$dir/blobs"
says "token: 'nobody'"
check "and loads the others" "$made" "$(key "$me")"
rm blobs/nobody.blob
want 0 "it may run again" "$script" "$dir/blobs"
want 0 "nothing to load" "$script" "$dir/empty.d"
if command -v systemd-analyze >/dev/null; then
	mkdir units && sed 's|/.*/bin/seedleaf |/bin/true |' "$SL_BUILD/systemd/seedleaf-keyring@.service" >'units/seedleaf-keyring@x.service'
	rc=0
	systemd-analyze verify --man=no 'units/seedleaf-keyring@x.service' >out 2>&1 || rc=$?
	check "the unit is one" '0 ' "$rc $(grep seedleaf-keyring out)"
fi
echo "1..$n"
exit $failed
