# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# OpenSSL with the pkcs11 engine and a key of the module: for openssl.sh and servers.sh, and for the table of clients. Sourced after lib.sh.

engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null)
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
head -c 5000 /dev/urandom >"$T/data"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/soft.key" -out "$T/soft.crt" -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -days 2 2>"$T/out"

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
		openssl verify -CAfile "$T/$1.crt" "$T/$1.crt"
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

# The page tells that the server has accepted the client: in TLS 1.3 a client may see success first.
answered()
{
	local port=$1 version=$2 ca=$3
	shift 3

	printf 'GET / HTTP/1.0\r\n\r\n' | ssl s_client -ign_eof -connect "127.0.0.1:$port" "-tls1_${version#1.}" -CAfile "$ca" -verify_return_error \
		-verify_hostname localhost "$@" >"$T/s_client" 2>&1
	has "$T/s_client" 'HTTP/1.0 200 ok'
}

wants() # wants LABEL   a server that wants a client certificate of that key's
{
	serve "wants-$1" openssl s_server -accept 127.0.0.1:@PORT@ -key "$T/soft.key" -cert "$T/soft.crt" -CAfile "$T/$1.crt" -Verify 1 \
		-verify_return_error -www
}
