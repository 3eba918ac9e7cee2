#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# NSS and its tools: the module in a database, keys and certificates made on the token and imported into it, a TLS server and a TLS client
# with them. NSS asks every slot at start, makes keys as it pleases (C_GenerateKeyPair, then CKA_ID on both halves), copies objects with a
# NULL template, and imports a key under one that PBKDF2 makes on the token. Certificates of one subject are one nickname to NSS, so each has
# its own.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/nss-lib.sh
. "$SL_SRC/tests/clients/nss-lib.sh"
need certutil modutil pk12util selfserv tstclnt openssl
NAMES='rsa p256 p384 p12rsa p12ec'

hides()
{
	local pattern=$1
	shift

	"$@" >"$T/listing" 2>&1 || { cat "$T/listing"; return 1; }
	! grep -Eq -e "$pattern" "$T/listing" || { cat "$T/listing"; return 1; }
}

server() # server NAME OTHER
{
	local name=$1 version i

	ok "selfserv with $name" self_server "$name" || return
	for version in 1.2 1.3; do
		ok "TLS $version with $name" connect "$name" "$version"
	done
	[ "$name" != rsa ] || ok 'TLS 1.2 with RSA key transport, which decrypts' connect "$name" 1.2 -cipher AES128-SHA256
	refused "who expects another key than $name refuses" connect "$2" 1.3
	stop "$SPAWNED"
}

client() # client NAME: it proves itself with the token's key
{
	local name=$1 version

	ok 'a server that wants a client certificate' wants "$name" || return
	for version in 1.2 1.3; do
		ok "tstclnt with $name, TLS $version" fetched "$name" "$version"
	done
	stop "$SPAWNED"
}

# ---- PINs, and a token without one beside it
change() # change OLD NEW
{
	printf '%s\n' "$1" >"$T/old"
	printf '%s\n' "$2" >"$T/new"
	mods -changepw "$TOKEN" -pwfile "$T/old" -newpwfile "$T/new" >"$T/changed" 2>&1
	has "$T/changed" 'changed successfully'
}

bare() # certutil on the token that has no PIN
{
	nss certutil -h seedleaf-null "$@"
}

with_wrong()
{
	printf 'wrong\n' >"$T/wrong"
	nss certutil -K -h "$TOKEN" -f "$T/wrong"
}

pins()
{
	refused 'certutil -K with a wrong PIN' with_wrong
	ok 'that is, for the PIN' has "$T/out" SEC_ERROR_BAD_PASSWORD
	ok 'modutil -changepw' change "$PIN" other-pin
	refused 'the old PIN is no more' change "$PIN" third-pin
	printf 'other-pin\n' >"$T/pin"
	ok 'certutil -S with the new one' self_signed later 9 -k ec -q nistp256
	ok 'the old keys are there' says '(rsa|ec) .*p256' cert -K
	ok 'modutil -changepw back' change other-pin "$PIN"
	printf '%s\n' "$PIN" >"$T/pin"
	[ -z "$OTHER" ] || return
	ok 'certutil -S on a token without a PIN asks for nothing' bare -S -k ec -q nistp256 -n bare -s CN=bare -x -t ,, -z "$T/noise" -m 20
	ok 'certutil -K shows its key' says 'ec .*bare' bare -K
	ok 'modutil -list names both' says "token: seedleaf-null\$" mods -list
}

ok 'certutil -N' nss certutil -N --empty-password
ok 'modutil -add' mods -add module -libfile "$MODULE"
ok 'modutil -list' says "^[[:space:]]*library name: $MODULE" mods -list
ok 'modutil -list names the token' says "token: $TOKEN\$" mods -list
ok 'certutil -K of an empty token' says 'no keys found' cert -K
ok 'certutil -L of an empty token' cert -L
ok 'certutil -S -k rsa' self_signed rsa 1 -k rsa -g 2048
ok 'certutil -S -k ec -q nistp256' self_signed p256 2 -k ec -q nistp256
ok 'certutil -S -k ec -q nistp384' self_signed p384 3 -k ec -q nistp384
ok 'certutil -R -k rsa' request -k rsa -g 2048
ok 'certutil -R -k ec' request -k ec -q nistp256
ok 'pk12util -i of an RSA key' imported p12rsa -newkey rsa:2048
ok 'pk12util -i of an EC key' imported p12ec -newkey ec -pkeyopt ec_paramgen_curve:P-256
for name in $NAMES; do
	ok "certutil -K shows $name" says "(rsa|ec) .*$name" cert -K
	ok "certutil -L shows $name as a key's certificate" says "^$TOKEN:$name  *u,u,u" cert -L
done
server rsa p256
server p256 rsa
client rsa
if whole; then
	server p384 rsa
	server p12rsa rsa
	server p12ec rsa
	client p256
	client p12rsa
	client p12ec
fi
[ -z "$PIN" ] || pins
ok 'certutil -F deletes a key with its certificate' cert -F -n "$TOKEN:p12ec"
ok 'it is gone from -L' hides p12ec cert -L
ok 'it is gone from -K' hides p12ec cert -K
ok 'the others are there' says "^$TOKEN:p256  *u,u,u" cert -L
ok 'modutil -delete' mods -delete module
ok 'the module is gone' hides "$MODULE" mods -list
finish
