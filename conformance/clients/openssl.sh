#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# OpenSSL with the engine of libp11.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/gnutls-lib.sh
. "$SL_SRC/tests/clients/gnutls-lib.sh"
# shellcheck source=tests/clients/engine-lib.sh
. "$SL_SRC/tests/clients/engine-lib.sh"

served() # served LABEL
{
	local -x OPENSSL_CONF=$CNF

	ready "$1" && serve "served-$1" openssl s_server -accept 127.0.0.1:@PORT@ "${ENG[@]}" -key "$(key "$1")" -cert "$T/$1.crt" -www || return
	unset OPENSSL_CONF
	s_client "$PORT" 1.2 "$T/$1.crt" && s_client "$PORT" 1.3 "$T/$1.crt"
}

proves() # proves LABEL
{
	ready "$1" && wants "$1" && answered "$PORT" 1.2 "$T/soft.crt" "${ENG[@]}" -key "$(key "$1")" -cert "$T/$1.crt" &&
		answered "$PORT" 1.3 "$T/soft.crt" "${ENG[@]}" -key "$(key "$1")" -cert "$T/$1.crt" && return
	! [ -s "$T/$1.crt" ] || cat "$T/s_client"
	return 1
}

beside_edwards()
{
	generate EC:edwards25519 05 ed && signed p256 sha256
}

made rsa:2048 01 rsa
made EC:prime256v1 02 p256
made EC:secp384r1 03 p384
made EC:secp521r1 04 p521
client 'openssl -engine pkcs11' libengine-pkcs11-openssl
for label in rsa p256 p384 p521; do
	row "dgst -sign, $label" signed "$label" sha256
done
row 'dgst -sign, PSS' pss rsa
row 'pkeyutl -sign, rsa' raw rsa
row 'pkeyutl -sign, p256' raw p256
row 'pkeyutl -decrypt' decrypted rsa
row 'pkeyutl -decrypt, OAEP, SHA-1' oaep rsa sha1
row 'pkeyutl -decrypt, OAEP, SHA-256' oaep rsa sha256
row 'pkeyutl -derive' derived p256 P-256
row 'cms -sign, rsa' cms rsa
row 'cms -sign, p256' cms p256
row 'cms -decrypt' enveloped
for label in rsa p256 p384 p521; do
	row "s_server, $label" served "$label"
done
row 's_client with a client certificate, rsa' proves rsa
row 's_client with a client certificate, p256' proves p256
row 's_client with a client certificate, p521' proves p521
row 'req -new, rsa' request rsa
row 'req -new, p256' request p256
row 'req -x509, rsa' self_signed rsa
row 'req -x509, p256' self_signed p256
row 'dgst -sign with an Ed25519 key on the same token' beside_edwards
