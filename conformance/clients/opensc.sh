#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# pkcs11-tool. Whatever it makes, openssl checks.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/opensc-lib.sh
. "$SL_SRC/tests/clients/opensc-lib.sh"

tool()
{
	bounded pkcs11-tool --module "$MODULE" "$@"
}

pair() # pair TYPE ID: its public half reads well
{
	generate "$1" "$2" "key-$2" && pubkey_pem "$2" "$T/pub.$2"
}

secret() # secret TYPE ID
{
	p11 --keygen --key-type "$1" --id "$2" --label "key-$2" && shows "ID: *$2" p11 -O --type secrkey
}

signed() # signed ID MECHANISM INPUT CHECK OPTION...
{
	local id=$1 mech=$2 input=$3 check=$4
	shift 4

	rm -f "$T/sig"
	p11 --sign --id "$id" --mechanism "$mech" --input-file "$input" --output-file "$T/sig" "$@" && "$check" "$T/pub.$id" "$T/sig" "$input" "$mech"
}

verified() # without login, a signature of openssl's kind
{
	signed 11 SHA256-RSA-PKCS "$T/data" check_hashed || return
	shows 'Signature is valid' p11_nologin --verify --id 11 --mechanism SHA256-RSA-PKCS --input-file "$T/data" --signature-file "$T/sig"
}

check_x509() # the padding too
{
	openssl pkeyutl -verify -pubin -inkey "$1" -sigfile "$2" -in "$T/info" -pkeyopt rsa_padding_mode:pkcs1
}

derives()
{
	p11 --keypairgen --key-type EC:prime256v1 --usage-derive --id 31 --label derive && pubkey_pem 31 "$T/pub.31" && agreed 31 P-256
}

hashed()
{
	p11_nologin --hash --mechanism SHA256 --input-file "$T/data" --output-file "$T/hash" && cmp "$T/hash" "$T/data.sha256"
}

random()
{
	p11_nologin --generate-random 32 --output-file "$T/random" && same "$(stat -c %s "$T/random")" 32
}

cert_object()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/k.pem" -outform DER -out "$T/c.der" -subj /CN=object -days 2 &&
		p11 --write-object "$T/c.der" --type cert --id 41 --label cert && p11_nologin --read-object --type cert --id 41 --output-file "$T/c2.der" &&
		cmp "$T/c.der" "$T/c2.der"
}

data_object() # data_object LABEL OPTION...
{
	local label=$1
	shift

	p11 --write-object "$T/data.sha512" --type data --label "$label" --application-label app "$@" &&
		p11 --read-object --type data --label "$label" --output-file "$T/note" && cmp "$T/data.sha512" "$T/note"
}

key_object() # key_object ID MECHANISM OPENSSL-GENPKEY-OPTION...
{
	local id=$1 mech=$2
	shift 2

	openssl genpkey "$@" -out "$T/in.key" && openssl pkey -in "$T/in.key" -outform DER -out "$T/in.der" &&
		openssl pkey -in "$T/in.key" -pubout -out "$T/pub.$id" &&
		p11 --write-object "$T/in.der" --type privkey --id "$id" --label in --usage-sign && signed "$id" "$mech" "$T/info" check_raw --signature-format openssl
}

ec_object()
{
	cp "$T/info" "$T/info.rsa" && cp "$T/data.sha256" "$T/info" && key_object 43 ECDSA -algorithm EC -pkeyopt ec_paramgen_curve:P-256
}

new_id()
{
	p11 --set-id 44 --type cert --id 41 && p11_nologin --read-object --type cert --id 44 --output-file "$T/c3.der" && cmp "$T/c.der" "$T/c3.der"
}

deleted()
{
	p11 --delete-object --type cert --id 44 && ! p11_nologin --read-object --type cert --id 44 --output-file "$T/c4.der"
}

# Modules that have no empty slot have tokens without PINs.
spare()
{
	tool -L 2>/dev/null | awk '/^Slot / { id = $3; gsub(/[()]/, "", id) } /uninitialized/ || /token label.*: seedleaf-endorsement$/ { print id; exit }'
}

initialised() # initialised SLOT SO-PIN
{
	tool --slot "$1" --init-token --label made --so-pin "$2" && shows 'token label *: made$' tool -L
}

pin_made() # pin_made SO-PIN PIN
{
	as_officer made "$1" --init-pin --new-pin "$2" && as_user made "$2" --keypairgen --key-type EC:prime256v1 --id 01 --label made
}

pin_changed()
{
	tool --token-label made --change-pin --pin first-pin --new-pin second-pin && shows 'Private Key Object' as_user made second-pin -O
}

again() # made anew, the key is gone
{
	initialised "$(first_slot made)" officer-pin && ! shows 'Public Key Object' tool --token-label made -O
}

own() # own OPTION...   a test of its own that says at its end that nothing failed
{
	p11 "$@" || return
	! grep -aE 'ERR:|: ERR|[1-9][0-9]* errors|CKR_' "$T/row.out"
}

threads() # threads N
{
	local i all=()

	for ((i = 0; i < $1; i++)); do
		all+=(--test-threads ILGISLT0)
	done
	shows 'all threads have ended with CKR_OK' p11 "${all[@]}"
}

client pkcs11-tool opensc
row '-L' shows "token label *: $TOKEN" tool -L
row '-M' shows ECDSA p11_nologin -M
row '--generate-random' random
row '--keypairgen --key-type rsa:2048' pair rsa:2048 11
row '--keypairgen --key-type rsa:3072' pair rsa:3072 12
row '--keypairgen --key-type rsa:4096' pair rsa:4096 13
row '--keypairgen --key-type EC:prime256v1' pair EC:prime256v1 14
row '--keypairgen --key-type EC:secp384r1' pair EC:secp384r1 15
row '--keypairgen --key-type EC:secp521r1' pair EC:secp521r1 16
row '--keypairgen --key-type EC:edwards25519' pair EC:edwards25519 17
row '--keygen --key-type AES:32' secret AES:32 18
row '--keygen --key-type GENERIC:32' secret GENERIC:32 19
row '-O' shows 'label: *key-14' p11_nologin -O
row '-O --login' shows 'Private Key Object' p11 -O
row '--sign RSA-PKCS' signed 11 RSA-PKCS "$T/info" check_raw
row '--sign SHA1-RSA-PKCS' signed 11 SHA1-RSA-PKCS "$T/data" check_hashed
row '--sign SHA256-RSA-PKCS' signed 11 SHA256-RSA-PKCS "$T/data" check_hashed
row '--sign SHA512-RSA-PKCS, 3072 bits' signed 12 SHA512-RSA-PKCS "$T/data" check_hashed
row '--sign RSA-PKCS-PSS' signed 11 RSA-PKCS-PSS "$T/data.sha256" check_pss_raw --hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32
row '--sign SHA256-RSA-PKCS-PSS' signed 11 SHA256-RSA-PKCS-PSS "$T/data" check_pss
{ printf '\x00\x01'; head -c 202 /dev/zero | tr '\0' '\377'; printf '\x00'; cat "$T/info"; } >"$T/padded"
row '--sign RSA-X-509' signed 11 RSA-X-509 "$T/padded" check_x509
row '--sign ECDSA, P-256' signed 14 ECDSA "$T/data.sha256" check_raw --signature-format openssl
row '--sign ECDSA, P-384' signed 15 ECDSA "$T/data.sha384" check_raw --signature-format openssl
row '--sign ECDSA, P-521' signed 16 ECDSA "$T/data.sha512" check_raw --signature-format openssl
row '--sign ECDSA-SHA1' signed 14 ECDSA-SHA1 "$T/data" check_hashed --signature-format openssl
row '--sign ECDSA-SHA256' signed 14 ECDSA-SHA256 "$T/data" check_hashed --signature-format openssl
row '--sign EDDSA' signed 17 EDDSA "$T/data.sha512" check_rawin
row '--verify without login' verified
row '--decrypt RSA-PKCS' decrypted 11 RSA-PKCS none
row '--decrypt RSA-PKCS-OAEP, SHA-1' decrypted 11 RSA-PKCS-OAEP sha1
row '--decrypt RSA-PKCS-OAEP, SHA-256' decrypted 11 RSA-PKCS-OAEP sha256
row '--derive ECDH1-DERIVE' derives
row '--hash without login' hashed
row '--write-object --type cert' cert_object
row '--write-object --type data' data_object note
row '--write-object --type data --private' data_object secret --private
row '--write-object --type privkey, RSA' key_object 42 RSA-PKCS -algorithm RSA -pkeyopt rsa_keygen_bits:2048
row '--write-object --type privkey, EC' ec_object
row '--set-id' new_id
row '--delete-object' deleted
row '--init-token' initialised "$(spare)" officer-pin
row '--init-pin' pin_made officer-pin first-pin
row '--change-pin' pin_changed
row '--init-token of an initialised token' again
row '--test --login' own --test
row '--test --login --allow-sw' own --test --allow-sw
row '--test-ec' own --session-rw --test-ec --id 51 --label test-ec --key-type EC:prime256v1
row '--test-threads ILGISLT0' threads 1
row '--test-threads ILGISLT0, four times' threads 4
row '--test-fork' own --test-fork
