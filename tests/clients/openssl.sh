#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# OpenSSL through the pkcs11 engine: requests, signatures, CMS, TLS servers and clients with keys of the module. The token holds
# an Ed25519 key as well, which makes engine 0.4.12 give up unless searches by class alone leave Edwards keys out.
# Errors end the program with an exit status of its own, not with a signal: the engine finalises modules inside OPENSSL_cleanup.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/engine-lib.sh
. "$SL_SRC/tests/clients/engine-lib.sh"
need openssl pkcs11-tool "${engine:-engines-3/pkcs11.so}"

own_key() # own_key LABEL   is in its certificate
{
	openssl x509 -in "$T/$1.crt" -pubkey -noout | openssl pkey -pubin -outform DER >"$T/in-cert.der" && cmp "$T/in-cert.der" "$T/pub.$1.der"
}

other_data()
{
	openssl dgst -sha256 -verify "$T/pub.$1" -signature "$T/sig" "$T/init0.cnf"
}

# A server with the module's key. With init = 1 too: that is what servers such as nginx need.
tls_server() # tls_server LABEL OTHER
{
	local label=$1 version

	for CNF in "$T/init0.cnf" "$T/init1.cnf"; do
		export OPENSSL_CONF=$CNF
		ok "s_server with $label, $(basename "$CNF")" serve "server-$label" openssl s_server -accept 127.0.0.1:@PORT@ "${ENG[@]}" \
			-key "$(key "$label")" -cert "$T/$label.crt" -www -naccept 100 || continue
		unset OPENSSL_CONF
		for version in 1.2 1.3; do
			ok "TLS $version with $label, $(basename "$CNF")" connect "$PORT" "$version" "$T/$label.crt"
		done
		refused "TLS with $label: who expects another key refuses" connect "$PORT" 1.3 "$T/$2.crt"
		stop "$SPAWNED"
	done
	CNF=$T/init0.cnf
}

tls_client() # tls_client LABEL: the client proves itself with the module's key
{
	local label=$1 version

	ok 'a server that wants a client certificate' wants "$label" || return
	for version in 1.2 1.3; do
		ok "client certificate with $label, TLS $version" answered "$PORT" "$version" "$T/soft.crt" "${ENG[@]}" -key "$(key "$label")" \
			-cert "$T/$label.crt"
	done
	refused "client certificate of a stranger is refused, TLS 1.3" answered "$PORT" 1.3 "$T/soft.crt" -key "$T/soft.key" -cert "$T/soft.crt"
	stop "$SPAWNED"
}

# ---- the PIN in the configuration, and none in the URI
pins()
{
	local PIN='' key

	[ -z "$OTHER" ] || return
	key=$(key p256)
	sed "s/^init = @INIT@/PIN = $1\ninit = 0/" "$T/openssl.cnf" >"$T/pin0.cnf"
	sed "s/^init = @INIT@/PIN = $1\ninit = 1/" "$T/openssl.cnf" >"$T/pin1.cnf"
	sed "s/^init = @INIT@/PIN = nonsense\ninit = 0/" "$T/openssl.cnf" >"$T/wrong.cnf"
	for CNF in "$T/pin0.cnf" "$T/pin1.cnf"; do
		ok "dgst -sign with the PIN of $(basename "$CNF")" signed p256 sha256
		ok "req -x509 with the PIN of $(basename "$CNF")" self_signed p256
	done
	for CNF in "$T/wrong.cnf" "$T/init0.cnf"; do
		refused "dgst -sign with that of $(basename "$CNF")" signed p256 sha256
	done
	refused 'a wrong pin-value' ssl dgst -sha256 -engine pkcs11 -keyform engine -sign "$key?pin-value=nonsense" -out "$T/sig" "$T/data"
	printf '%s' "$1" >"$T/pin"
	ok 'pin-source in the URI' ssl dgst -sha256 -engine pkcs11 -keyform engine -sign "$key?pin-source=file:$T/pin" -out "$T/sig" "$T/data"
	export OPENSSL_CONF=$T/pin1.cnf
	ok 's_server with the PIN of pin1.cnf' serve server-pin openssl s_server -accept 127.0.0.1:@PORT@ "${ENG[@]}" -key "$key" -cert "$T/p256.crt" -www -naccept 9
	unset OPENSSL_CONF
	ok 'TLS 1.3 with it' connect "$PORT" 1.3 "$T/p256.crt"
	stop "$SPAWNED"
}

errors()
{
	local label

	[ -n "$OTHER" ] && skip 'errors' 'the other module ends with a segmentation fault' && return
	refused 'no such key' ssl dgst -sha256 -engine pkcs11 -keyform engine -sign "$(key nobody)" -out "$T/sig" "$T/data"
	refused 'no such token' ssl dgst -sha256 -engine pkcs11 -keyform engine -sign 'pkcs11:token=nobody;object=x' -out "$T/sig" "$T/data"
	refused 'a malformed URI' ssl dgst -sha256 -engine pkcs11 -keyform engine -sign 'pkcs11:tok%zz' -out "$T/sig" "$T/data"
	refused 'decryption of rubbish' ssl pkeyutl -decrypt "${ENG[@]}" -inkey "$(key rsa)" -in "$T/init0.cnf" -out "$T/plain"
	refused 'a signature that the key cannot make' ssl pkeyutl -sign "${ENG[@]}" -inkey "$(key rsa)" -in "$T/data" -out "$T/sig"
	for label in rsa p256; do
		refused "a server with key $label and another's certificate" ssl s_server -accept 127.0.0.1:0 "${ENG[@]}" -key "$(key "$label")" -cert "$T/soft.crt"
	done
}

ok 'generate rsa:2048' generate rsa:2048 01 rsa
ok 'generate P-256' generate EC:prime256v1 02 p256
ok 'generate P-384' generate EC:secp384r1 03 p384
ok 'generate P-521' generate EC:secp521r1 04 p521
if [ -n "$OTHER" ]; then
	skip 'generate Ed25519 on the same token' 'the other module does not hide it from the engine'
else
	ok 'generate Ed25519 on the same token' generate EC:edwards25519 05 ed
fi
id=0
for label in rsa p256 p384 p521; do
	id=$((id + 1))
	ok "public key $label" pubkey_pem "0$id" "$T/pub.$label" &&
		openssl pkey -pubin -in "$T/pub.$label" -outform DER -out "$T/pub.$label.der"
	for hash in sha256 sha384 sha512; do
		ok "dgst -$hash -sign $label" signed "$label" "$hash"
	done
	ok "pkeyutl -sign $label" raw "$label"
	ok "req -x509 $label" self_signed "$label"
	ok "its key, $label" own_key "$label"
	ok "req -new $label" request "$label"
	ok "cms -sign $label" cms "$label"
done
signed p256 sha256 >"$T/out" 2>&1
refused 'a signature does not verify for other data' other_data p256
ok 'dgst -sign with PSS' pss rsa
ok 'pkeyutl -decrypt' decrypted rsa
ok 'pkeyutl -decrypt, OAEP with SHA-1' oaep rsa sha1
ok 'pkeyutl -decrypt, OAEP with SHA-256' oaep rsa sha256
ok 'cms -decrypt' enveloped
ok 'cms -decrypt, OAEP' enveloped -keyopt rsa_padding_mode:oaep
ok 'pkeyutl -derive' derived p256 P-256
tls_server rsa p256
tls_client rsa
if whole; then
	tls_server p256 rsa
	tls_server p384 rsa
	tls_client p256
fi
[ -z "$PIN" ] || pins "$PIN"
CNF=$T/init0.cnf
errors
finish
