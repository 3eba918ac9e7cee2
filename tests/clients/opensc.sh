#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# OpenSC's pkcs11-tool: listing, key generation, every signature mechanism (each signature checked by openssl with the
# exported public key), hashing, random numbers, objects, and its own test commands.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/opensc-lib.sh
. "$SL_SRC/tests/clients/opensc-lib.sh"
need pkcs11-tool openssl

# verified LABEL ID MECHANISM INPUT OPENSSL-ARGS -- EXTRA...   sign with pkcs11-tool, verify with openssl and with the module;
# a changed signature must not verify.
verified()
{
	local id=$1 mech=$2 input=$3 check=$4
	shift 4

	rm -f "$T/sig"
	p11 --sign --id "$id" --mechanism "$mech" --input-file "$input" --output-file "$T/sig" "$@" || return 1
	"$check" "$T/pub.$id" "$T/sig" "$input" "$mech" || return 1
	p11 --verify --id "$id" --mechanism "$mech" --input-file "$input" --signature-file "$T/sig" "$@" >"$T/verify" 2>&1
	has "$T/verify" 'Signature is valid' || return 1
	# one bit less somewhere in the middle
	"$PYTHON" -c 'import sys; p = sys.argv[1]; b = bytearray(open(p, "rb").read()); b[len(b) * 3 // 4] ^= 4; open(p, "wb").write(b)' "$T/sig"
	p11 --verify --id "$id" --mechanism "$mech" --input-file "$input" --signature-file "$T/sig" "$@" >"$T/verify" 2>&1
	! grep -q 'Signature is valid' "$T/verify" || { echo "a changed signature is valid"; return 1; }
}

listing()
{
	ok 'list slots names the token' shows "token label *: *$TOKEN" bounded pkcs11-tool --module "$MODULE" -L
	ok 'list mechanisms: ECDSA with its key sizes' shows 'ECDSA, .*keySize=\{256,521\}|ECDSA, .*keySize=\{[0-9]+,521\}' p11 -M
	ok 'list mechanisms: RSA key pair generation' shows 'RSA-PKCS-KEY-PAIR-GEN' p11 -M
	ok 'show info' shows 'Cryptoki version' bounded pkcs11-tool --module "$MODULE" -I
	ok 'list objects of an empty token' p11 -O
}

generation()
{
	local type id=10

	for type in rsa:2048 rsa:3072 EC:prime256v1 EC:secp384r1 EC:secp521r1 EC:edwards25519; do
		id=$((id + 1))
		ok "generate $type" generate "$type" "$id" "key-$type"
		if [ "$type" = EC:edwards25519 ] && [ -z "$OTHER" ]; then
			ok "list objects shows the public half of $type" listed pubkey "$id"
			refused 'a search by class alone leaves the Edwards private key out' listed privkey "$id"
		else
			ok "list objects shows both halves of $type" both_halves "$id"
		fi
		ok "public key of $type reads as PEM" pubkey_pem "$id" "$T/pub.$id"
	done
	refused 'an unknown curve is refused' generate EC:brainpoolP160r1 7f nothing
	if [ -n "$OTHER" ]; then
		skip 'a 1024-bit RSA key is refused' 'the other module makes them'
	else
		refused 'a 1024-bit RSA key is refused' generate rsa:1024 7f nothing
	fi
	ok 'its own export of a P-256 public key is the same' own_export 13
}

own_export()
{
	p11_nologin --read-object --type pubkey --id "$1" --output-file "$T/own.der" && cmp "$T/own.der" "$T/pub.$1.der"
}

listed() # listed TYPE ID
{
	p11 -O --type "$1" >"$T/listing" 2>&1 && has "$T/listing" "ID: *$2"
}

both_halves()
{
	listed privkey "$1" && listed pubkey "$1" && p11_nologin -O --type pubkey >"$T/listing" 2>&1 && has "$T/listing" "ID: *$1"
}

rsa()
{
	local id=$1 hash

	ok "RSA-PKCS ($id)" verified "$id" RSA-PKCS "$T/info" check_raw
	for hash in SHA1 SHA256 SHA384 SHA512; do
		ok "$hash-RSA-PKCS ($id)" verified "$id" "$hash-RSA-PKCS" "$T/data" check_hashed
	done
	ok "RSA-PKCS-PSS ($id)" verified "$id" RSA-PKCS-PSS "$T/data.sha256" check_pss_raw --hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32
	for hash in SHA256 SHA384 SHA512; do
		ok "$hash-RSA-PKCS-PSS ($id)" verified "$id" "$hash-RSA-PKCS-PSS" "$T/data" check_pss
	done
}

ec()
{
	local id=$1 mech

	ok "ECDSA ($id)" verified "$id" ECDSA "$T/data.sha256" check_raw --signature-format openssl
	for mech in ECDSA-SHA1 ECDSA-SHA256 ECDSA-SHA384 ECDSA-SHA512; do
		if p11 -M | grep -q "$mech,"; then
			ok "$mech ($id)" verified "$id" "$mech" "$T/data" check_hashed --signature-format openssl
		elif [ -n "$OTHER" ]; then
			skip "$mech ($id)" 'the other module has no such mechanism'
		else
			ok "$mech ($id) is offered" false
		fi
	done
}

eddsa()
{
	local id=$1

	p11 --sign --id "$id" --mechanism EDDSA --input-file "$T/data.sha512" --output-file "$T/sig" >"$T/out" 2>&1
	ok 'EDDSA: openssl verifies it' check_rawin "$T/pub.$id" "$T/sig" "$T/data.sha512"
	refused 'EDDSA: openssl refuses it for other data' check_rawin "$T/pub.$id" "$T/sig" "$T/data.sha256"
}

without_login()
{
	local hash mech

	for hash in sha1 sha256 sha384 sha512; do
		mech=${hash^^}
		[ "$hash" != sha1 ] || mech=SHA-1
		p11_nologin --hash --mechanism "$mech" --input-file "$T/data" --output-file "$T/hash" >"$T/out" 2>&1
		ok "hash $mech without login" cmp "$T/hash" "$T/data.$hash"
	done
	p11_nologin --generate-random 64 --output-file "$T/r1" >"$T/out" 2>&1
	p11_nologin --generate-random 64 --output-file "$T/r2" >"$T/out" 2>&1
	ok '64 random bytes' same "$(stat -c %s "$T/r1")" 64
	ok 'other random bytes the second time' differ "$(base64 -w0 "$T/r1")" "$(base64 -w0 "$T/r2")"
}

objects()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/k.pem" -out "$T/c.pem" -subj /CN=object -days 2 >"$T/out" 2>&1
	openssl x509 -in "$T/c.pem" -outform DER -out "$T/c.der"
	ok 'write a certificate' p11 --write-object "$T/c.der" --type cert --id 21 --label cert
	p11_nologin --read-object --type cert --id 21 --output-file "$T/c2.der" >"$T/out" 2>&1
	ok 'read the certificate back without login' cmp "$T/c.der" "$T/c2.der"
	ok 'write a data object' p11 --write-object "$T/data.sha512" --type data --label note --application-label app ${PIN:+--private}
	p11 --read-object --type data --label note --output-file "$T/note" >"$T/out" 2>&1
	ok 'read the data object back' cmp "$T/data.sha512" "$T/note"
	ok 'change an id' p11 --set-id 22 --type cert --id 21
	p11_nologin --read-object --type cert --id 22 --output-file "$T/c3.der" >"$T/out" 2>&1
	ok 'the certificate is found by its new id' cmp "$T/c.der" "$T/c3.der"
	refused 'and not by its old one' p11_nologin --read-object --type cert --id 21 --output-file "$T/c4.der"
	ok 'delete the certificate' p11 --delete-object --type cert --id 22
	refused 'it is gone' p11_nologin --read-object --type cert --id 22 --output-file "$T/c4.der"
	ok 'delete the data object' p11 --delete-object --type data --label note
	ok 'generate a key to delete' generate EC:prime256v1 23 short
	ok 'delete the private key' p11 --delete-object --type privkey --id 23
	refused 'no signature with a deleted key' p11 --sign --id 23 --mechanism ECDSA --input-file "$T/data.sha256" --output-file "$T/sig"
	p11 --read-object --type privkey --id 11 --output-file "$T/secret" >"$T/out" 2>&1
	ok 'no private key is read out' test ! -s "$T/secret"
}

threads() # eight, each with its own sessions
{
	local one=(--test-threads ILGISLT0)

	p11 "${one[@]}" "${one[@]}" "${one[@]}" "${one[@]}" "${one[@]}" "${one[@]}" "${one[@]}" "${one[@]}" >"$T/own" 2>&1 || { tail -n 20 "$T/own"; return 1; }
	has "$T/own" 'all threads have ended with CKR_OK'
}

own_tests()
{
	ok 'its --test-threads' threads
	if [ -n "$OTHER" ]; then
		skip 'its --test' 'the other module fails OAEP'
	else
		ok 'its --test' no_errors p11 --test --allow-sw
		ok 'its --test-fork' no_errors p11 --test-fork
	fi
	[ -n "$OTHER" ] && skip 'its --test-ec' 'the other module lacks ECDSA-SHA1' && return
	ok 'its --test-ec' p11 --session-rw --test-ec --id 24 --label test-ec --key-type EC:prime256v1
}

altered() # the same with a changed text
{
	"$PYTHON" -c 'import sys; p = sys.argv[1]; b = bytearray(open(p, "rb").read()); b[9] ^= 4; open(p, "wb").write(b)' "$T/crypt"
	p11 --decrypt --id "$1" --mechanism RSA-PKCS-OAEP --hash-algorithm SHA256 --mgf MGF1-SHA256 --input-file "$T/crypt" --output-file "$T/plain"
}

decryption()
{
	ok "RSA-PKCS decryption ($1)" decrypted "$1" RSA-PKCS none
	ok "RSA-PKCS-OAEP decryption, SHA-1 ($1)" decrypted "$1" RSA-PKCS-OAEP sha1
	if [ -n "$OTHER" ]; then
		skip "RSA-PKCS-OAEP decryption, SHA-256 ($1)" 'the other module has SHA-1 only'
	else
		ok "RSA-PKCS-OAEP decryption, SHA-256 ($1)" decrypted "$1" RSA-PKCS-OAEP sha256
		refused "a changed text is refused ($1)" altered "$1"
	fi
}

agreement()
{
	ok 'generate a P-256 key that derives' p11 --keypairgen --key-type EC:prime256v1 --usage-derive --id 41 --label derive-256
	ok 'generate a P-384 key that derives' p11 --keypairgen --key-type EC:secp384r1 --usage-derive --id 42 --label derive-384
	ok 'its public key' pubkey_pem 41 "$T/pub.41"
	ok 'its public key' pubkey_pem 42 "$T/pub.42"
	ok 'ECDH1-DERIVE, P-256' agreed 41 P-256
	ok 'ECDH1-DERIVE, P-384' agreed 42 P-384
}

# The plain key is known: openssl does the same.
aes() # aes ID MECHANISM OPENSSL-CIPHER
{
	local key iv=000102030405060708090a0b0c0d0e0f pad=-nopad

	[ "$2" != AES-CBC-PAD ] || pad=-nosalt # the default pads
	key=$(od -An -v -tx1 "$T/aes.bin" | tr -d ' \n')
	head -c 4096 "$T/data" >"$T/blocks"
	rm -f "$T/crypt" "$T/plain"
	p11 --encrypt --id "$1" --mechanism "$2" --iv $iv --input-file "$T/blocks" --output-file "$T/crypt" || return 1
	openssl enc -d "-$3" -K "$key" -iv $iv -in "$T/crypt" -out "$T/plain" $pad && cmp "$T/plain" "$T/blocks" || return 1
	rm -f "$T/plain"
	p11 --decrypt --id "$1" --mechanism "$2" --iv $iv --input-file "$T/crypt" --output-file "$T/plain" && cmp "$T/plain" "$T/blocks"
}

crypted_by() # with a key of the token's own: there and back
{
	rm -f "$T/crypt" "$T/plain"
	p11 --encrypt --id "$1" --mechanism AES-CBC-PAD --iv 000102030405060708090a0b0c0d0e0f --input-file "$T/data" --output-file "$T/crypt" || return 1
	same "$(stat -c %s "$T/crypt")" 5008 && ! cmp -s -n 5000 "$T/crypt" "$T/data" || return 1
	p11 --decrypt --id "$1" --mechanism AES-CBC-PAD --iv 000102030405060708090a0b0c0d0e0f --input-file "$T/crypt" --output-file "$T/plain" &&
		cmp "$T/plain" "$T/data"
}

secrets()
{
	ok 'generate AES' p11 --keygen --key-type AES:32 --id 51 --label aes --sensitive
	ok 'generate GENERIC' p11 --keygen --key-type GENERIC:32 --id 52 --label generic
	ok 'both are listed' listed secrkey 51
	ok 'both are listed' listed secrkey 52
	ok 'AES-CBC-PAD with a generated key' crypted_by 51
	head -c 32 /dev/urandom >"$T/aes.bin"
	ok 'write an AES key' p11 --write-object "$T/aes.bin" --type secrkey --key-type AES:32 --id 53 --label aes-in --usage-decrypt
	ok 'AES-CBC with it' aes 53 AES-CBC aes-256-cbc
	ok 'AES-CBC-PAD with it' aes 53 AES-CBC-PAD aes-256-cbc
	ok 'delete a secret key' p11 --delete-object --type secrkey --id 51
	refused 'it is gone' crypted_by 51
}

write_key() # write_key ID OPENSSL-GENPKEY-ARGUMENT...
{
	local id=$1
	shift

	openssl genpkey "$@" -out "$T/in.key" && openssl pkey -in "$T/in.key" -outform DER -out "$T/in.der" &&
		openssl pkey -in "$T/in.key" -pubout -out "$T/pub.$id" && openssl pkey -in "$T/in.key" -pubout -outform DER -out "$T/in.pub" || return 1
	p11 --write-object "$T/in.der" --type privkey --id "$id" --label "in-$id" --usage-sign --usage-decrypt &&
		p11 --write-object "$T/in.pub" --type pubkey --id "$id" --label "in-$id"
}

keys_from_outside()
{
	ok 'write an RSA private key' write_key 61 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
	ok 'SHA256-RSA-PKCS with it' verified 61 SHA256-RSA-PKCS "$T/data" check_hashed
	ok 'RSA-PKCS decryption with it' decrypted 61 RSA-PKCS none
	ok 'write an EC private key' write_key 62 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
	ok 'ECDSA with it' verified 62 ECDSA "$T/data.sha256" check_raw --signature-format openssl
	ok 'write a P-384 private key' write_key 63 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
	ok 'ECDSA with it' verified 63 ECDSA "$T/data.sha256" check_raw --signature-format openssl
	p11 --read-object --type privkey --id 61 --output-file "$T/secret" >"$T/out" 2>&1
	ok 'no private key is read out' test ! -s "$T/secret"
}

no_errors()
{
	"$@" >"$T/own" 2>&1 || { tail -n 20 "$T/own"; return 1; }
	grep -q '^No errors\|^Child\|child' "$T/own" && ! grep -Eq 'ERR:|: ERR|[1-9][0-9]* errors|CKR_' "$T/own" && return 0
	tail -n 40 "$T/own"
	return 1
}

# A key is wrapped, made again from that, and does the same.
wrapped() # wrapped WRAPPER MECHANISM OPTION...   of key 72
{
	local by=$1 id
	shift

	rm -f "$T/wrapped" "$T/c1" "$T/c2"
	p11 --wrap --mechanism "$@" --id "$by" --application-id 72 --output-file "$T/wrapped" && [ -s "$T/wrapped" ] || return 1
	p11 --unwrap --mechanism "$@" --id "$by" --application-id 73 --application-label unwrapped --key-type AES: --input-file "$T/wrapped" || return 1
	for id in 72 73; do
		p11 --encrypt --id $id --mechanism AES-CBC-PAD --iv 000102030405060708090a0b0c0d0e0f --input-file "$T/data" --output-file "$T/c$id" || return 1
	done
	cmp "$T/c72" "$T/c73" && p11 --delete-object --type secrkey --id 73
}

wrapping()
{
	ok 'a key that wraps' p11 --keygen --key-type AES:32 --id 71 --label wrapper --usage-wrap
	ok 'a key to wrap' p11 --keygen --key-type AES:32 --id 72 --label wrapped --extractable --usage-decrypt
	ok 'AES-KEY-WRAP wraps and unwraps' wrapped 71 AES-KEY-WRAP
	if [ -n "$OTHER" ]; then
		skip 'a key that only wraps does not in a mode that notices no changes' 'the other module does'
	else
		refused 'a key that only wraps does not in a mode that notices no changes' wrapped 71 AES-CBC-PAD --iv 000102030405060708090a0b0c0d0e0f
	fi
}

# ---- PINs, on a token that pkcs11-tool makes
on() # on PIN OPTION...
{
	as_user made "$@"
}

officer() # officer SO-PIN OPTION...
{
	as_officer made "$@"
}

signs_as() # signs_as PIN
{
	rm -f "$T/sig"
	on "$1" --sign --id 01 --mechanism ECDSA-SHA256 --input-file "$T/data" --output-file "$T/sig" --signature-format openssl &&
		openssl dgst -sha256 -verify "$T/made.pub" -signature "$T/sig" "$T/data"
}

made_pub()
{
	TOKEN=made pubkey_pem 01 "$T/made.pub"
}

hidden() # hidden COMMAND...   it lists the public half, and no private key
{
	"$@" -O >"$T/listing" 2>&1
	has "$T/listing" 'Public Key Object' && ! grep 'Private Key Object' "$T/listing"
}

wrong() # wrong WHAT COMMAND...
{
	local what=$1
	shift

	refused "$what" "$@"
	ok "$what: CKR_PIN_INCORRECT" has "$T/out" CKR_PIN_INCORRECT
}

pins()
{
	local slot

	refused 'C_InitToken of this token by somebody without its SO PIN' bounded pkcs11-tool --module "$MODULE" --slot "$(first_slot "$TOKEN")" \
		--init-token --label made --so-pin 00000000
	ok 'which changes nothing' listed privkey 11
	slot=$(first_slot seedleaf-endorsement)
	ok '--init-token' bounded pkcs11-tool --module "$MODULE" --slot "$slot" --init-token --label made --so-pin officer
	refused 'no login before there is a user PIN' on first -O
	ok '--init-pin by the SO' officer officer --init-pin --new-pin first
	ok 'generate a key' on first --keypairgen --key-type EC:prime256v1 --id 01 --label made
	ok 'its public half is read without a PIN' made_pub
	ok 'it signs' signs_as first
	wrong 'with a wrong PIN it does not' signs_as nonsense
	ok 'without login there is no private key' hidden bounded pkcs11-tool --module "$MODULE" --token-label made
	ok 'for the SO neither' hidden officer officer --session-rw
	ok '--change-pin' bounded pkcs11-tool --module "$MODULE" --token-label made --change-pin --pin first --new-pin second
	wrong 'the old PIN is no more' signs_as first
	ok 'the new one signs with the same key' signs_as second
	refused '--change-pin with a wrong PIN' bounded pkcs11-tool --module "$MODULE" --token-label made --change-pin --pin first --new-pin third
	refused '--change-pin to one that is too short' bounded pkcs11-tool --module "$MODULE" --token-label made --change-pin --pin second --new-pin abc
	ok 'change nothing' signs_as second
	ok '--init-pin by the SO, when the user has forgotten his' officer officer --init-pin --new-pin fourth
	wrong 'the forgotten one is no more' signs_as second
	ok 'the key is still there' signs_as fourth
	wrong '--init-pin by a SO with a wrong PIN' officer fourth --init-pin --new-pin fifth
	# C_SetPIN without login (PKCS#11 5.5.9): the user's own PIN, so an SO PIN as PUK is a wrong one.
	refused '--unlock-pin with the SO PIN' bounded pkcs11-tool --module "$MODULE" --token-label made --unlock-pin --puk officer --new-pin sixth
	ok '--unlock-pin with the own PIN' bounded pkcs11-tool --module "$MODULE" --token-label made --unlock-pin --puk fourth --new-pin sixth
	ok 'the key is still there' signs_as sixth
	ok 'the SO changes his' officer officer --change-pin --new-pin officer2
	ok '--init-token again' bounded pkcs11-tool --module "$MODULE" --slot "$slot" --init-token --label made --so-pin officer2
	ok '--init-pin again' officer officer2 --init-pin --new-pin sixth
	refused 'takes the key away for good' signs_as sixth
	refused 'the public half, too' made_pub
	ok 'always-auth: a key that asks for each signature' on sixth --keypairgen --key-type EC:prime256v1 --id 02 --label each --always-auth
	ok 'and gets it' on sixth --sign --id 02 --mechanism ECDSA-SHA256 --input-file "$T/data" --output-file "$T/sig"
}

listing
generation
rsa 11
ec 13
eddsa 16
decryption 11
if whole; then
	rsa 12
	ec 14
	ec 15
	decryption 12
fi
agreement
secrets
keys_from_outside
wrapping
without_login
objects
own_tests
[ -z "$PIN" ] || [ -n "$OTHER" ] || pins
finish
