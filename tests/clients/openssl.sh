#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# OpenSSL through the pkcs11 engine: requests, signatures, CMS, TLS servers and clients with keys of the module. The token holds
# an Ed25519 key as well, which makes engine 0.4.12 give up unless searches by class alone leave Edwards keys out.
# Errors end the program with an exit status of its own, not with a signal: the engine finalises modules inside OPENSSL_cleanup.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need openssl pkcs11-tool
engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null)
need "${engine:-engines-3/pkcs11.so}"

cat >"$T/openssl.cnf" <<END
openssl_conf = all
[all]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = $engine
MODULE_PATH = $MODULE
init = @INIT@
[req]
distinguished_name = dn
prompt = no
x509_extensions = v3
[dn]
CN = localhost
[v3]
basicConstraints = critical, CA:true
subjectAltName = DNS:localhost
END
sed 's/@INIT@/0/' "$T/openssl.cnf" >"$T/init0.cnf"
sed 's/@INIT@/1/' "$T/openssl.cnf" >"$T/init1.cnf"

# openssl with the engine; CNF picks the configuration
CNF=$T/init0.cnf
ssl()
{
	OPENSSL_CONF=$CNF bounded openssl "$@"
}
ENG=(-engine pkcs11 -keyform engine)

key()
{
	uri private "$1"
}

signed() # signed LABEL HASH
{
	rm -f "$T/sig"
	ssl dgst "-$2" -engine pkcs11 -keyform engine -sign "$(key "$1")" -out "$T/sig" "$T/data" &&
		openssl dgst "-$2" -verify "$T/pub.$1" -signature "$T/sig" "$T/data"
}

other_data()
{
	openssl dgst -sha256 -verify "$T/pub.$1" -signature "$T/sig" "$T/init0.cnf"
}

pss()
{
	ssl dgst -sha256 -engine pkcs11 -keyform engine -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign "$(key "$1")" \
		-out "$T/sig" "$T/data" &&
		openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -verify "$T/pub.$1" -signature "$T/sig" "$T/data"
}

raw()
{
	openssl dgst -sha256 -binary -out "$T/digest" "$T/data"
	ssl pkeyutl -sign "${ENG[@]}" -inkey "$(key "$1")" -in "$T/digest" -pkeyopt digest:sha256 -out "$T/sig" &&
		openssl pkeyutl -verify -pubin -inkey "$T/pub.$1" -in "$T/digest" -pkeyopt digest:sha256 -sigfile "$T/sig"
}

decrypted()
{
	head -c 40 /dev/urandom >"$T/secret"
	openssl pkeyutl -encrypt -pubin -inkey "$T/pub.$1" -in "$T/secret" -out "$T/crypt" &&
		ssl pkeyutl -decrypt "${ENG[@]}" -inkey "$(key "$1")" -in "$T/crypt" -out "$T/plain" && cmp "$T/secret" "$T/plain"
}

oaep() # oaep LABEL HASH
{
	local options=(-pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$2" -pkeyopt "rsa_mgf1_md:$2")

	head -c 40 /dev/urandom >"$T/secret"
	openssl pkeyutl -encrypt -pubin -inkey "$T/pub.$1" "${options[@]}" -in "$T/secret" -out "$T/crypt" &&
		ssl pkeyutl -decrypt "${ENG[@]}" -inkey "$(key "$1")" "${options[@]}" -in "$T/crypt" -out "$T/plain" && cmp "$T/secret" "$T/plain"
}

enveloped() # enveloped CMS-OPTION...   to the RSA key's certificate
{
	rm -f "$T/cms.data"
	openssl cms -encrypt -binary -aes-256-cbc -in "$T/data" -outform PEM -out "$T/cms" -recip "$T/rsa.crt" "$@" &&
		ssl cms -decrypt -binary -inform PEM -in "$T/cms" -recip "$T/rsa.crt" "${ENG[@]}" -inkey "$(key rsa)" -out "$T/cms.data" &&
		cmp "$T/data" "$T/cms.data"
}

derived() # derived LABEL CURVE   with a key of openssl's
{
	rm -f "$T/ours"
	openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$T/peer.key" && openssl pkey -in "$T/peer.key" -pubout -out "$T/peer.pub" &&
		openssl pkeyutl -derive -inkey "$T/peer.key" -peerkey "$T/pub.$1" -out "$T/theirs" &&
		ssl pkeyutl -derive "${ENG[@]}" -inkey "$(key "$1")" -peerkey "$T/peer.pub" -peerform PEM -out "$T/ours" && cmp "$T/ours" "$T/theirs"
}

self_signed()
{
	ssl req -x509 -new "${ENG[@]}" -key "$(key "$1")" -days 2 -out "$T/$1.crt" &&
		openssl verify -CAfile "$T/$1.crt" "$T/$1.crt" &&
		openssl x509 -in "$T/$1.crt" -pubkey -noout | openssl pkey -pubin -outform DER >"$T/in-cert.der" && cmp "$T/in-cert.der" "$T/pub.$1.der"
}

request()
{
	ssl req -new "${ENG[@]}" -key "$(key "$1")" -out "$T/$1.csr" && openssl req -in "$T/$1.csr" -verify -noout
}

cms()
{
	ssl cms -sign -binary -in "$T/data" -signer "$T/$1.crt" "${ENG[@]}" -inkey "$(key "$1")" -nodetach -outform PEM -out "$T/cms" &&
		openssl cms -verify -binary -inform PEM -in "$T/cms" -CAfile "$T/$1.crt" -purpose any -out "$T/cms.data" && cmp "$T/data" "$T/cms.data"
}

connect() # connect PORT VERSION CA [OPTION...]
{
	local port=$1 version=$2 ca=$3
	shift 3

	ssl s_client -connect "127.0.0.1:$port" "-tls1_${version#1.}" -CAfile "$ca" -verify_return_error -verify_hostname localhost "$@" >"$T/s_client" 2>&1 || {
		tail -n 15 "$T/s_client"
		return 1
	}
	has "$T/s_client" "Verify return code: 0"
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

	ok 'a server that wants a client certificate' serve "wants-$label" openssl s_server -accept 127.0.0.1:@PORT@ -key "$T/soft.key" \
		-cert "$T/soft.crt" -CAfile "$T/$label.crt" -Verify 1 -verify_return_error -www || return
	for version in 1.2 1.3; do
		ok "client certificate with $label, TLS $version" answered "$PORT" "$version" "$T/soft.crt" "${ENG[@]}" -key "$(key "$label")" \
			-cert "$T/$label.crt"
	done
	refused "client certificate of a stranger is refused, TLS 1.3" answered "$PORT" 1.3 "$T/soft.crt" -key "$T/soft.key" -cert "$T/soft.crt"
	stop "$SPAWNED"
}

# The page tells that the server has accepted the client: in TLS 1.3 a client may see success first.
answered()
{
	local port=$1 version=$2 ca=$3
	shift 3

	printf 'GET / HTTP/1.0\r\n\r\n' | ssl s_client -ign_eof -connect "127.0.0.1:$port" "-tls1_${version#1.}" -CAfile "$ca" -verify_return_error \
		-verify_hostname localhost "$@" >"$T/s_client" 2>&1
	has "$T/s_client" 'HTTP/1.0 200 ok'
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

head -c 5000 /dev/urandom >"$T/data"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/soft.key" -out "$T/soft.crt" -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -days 2 2>"$T/out"

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
