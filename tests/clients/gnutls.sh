#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# GnuTLS: p11tool and certtool on the module, and gnutls-serv with its key, met by gnutls-cli and by openssl.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/gnutls-lib.sh
. "$SL_SRC/tests/clients/gnutls-lib.sh"
need p11tool certtool gnutls-serv gnutls-cli openssl pkcs11-tool

generation()
{
	ok 'p11tool --generate-privkey rsa' tool --generate-privkey rsa --bits 2048 --label g-rsa --outfile "$T/g-rsa.pem" "$TOKEN_URI"
	ok 'p11tool --generate-rsa 3072' tool --generate-rsa --bits 3072 --label g-rsa3 --outfile "$T/g-rsa3.pem" "$TOKEN_URI"
	ok 'p11tool --generate-ecc P-256' tool --generate-ecc --curve secp256r1 --label g-p256 --outfile "$T/g-p256.pem" "$TOKEN_URI"
	ok 'p11tool --generate-privkey ecdsa P-384' tool --generate-privkey ecdsa --curve secp384r1 --label g-p384 --outfile "$T/g-p384.pem" "$TOKEN_URI"
	ok 'p11tool --generate-privkey ecdsa P-521' tool --generate-privkey ecdsa --curve secp521r1 --label g-p521 --outfile "$T/g-p521.pem" "$TOKEN_URI"
	if [ -n "$OTHER" ]; then
		skip 'p11tool --generate-privkey ed25519' 'the other module does not know it'
	else
		ok 'p11tool --generate-privkey ed25519' tool --generate-privkey ed25519 --label g-ed --outfile "$T/g-ed.pem" "$TOKEN_URI"
		ok 'p11tool --test-sign ed25519' shows 'ok' tool --test-sign --hash SHA512 "$(object g-ed private)"
		ok 'p11tool --export-pubkey ed25519' exported g-ed
	fi
}

listing()
{
	ok 'p11tool --list-tokens' shows "Label: $TOKEN" tool --list-tokens
	ok 'p11tool --list-tokens: a serial number' shows 'Serial: [0-9a-fA-F]+' tool --list-tokens
	ok 'p11tool --list-token-urls is the same twice' same_urls
	ok 'p11tool --list-mechanisms' shows 'CKM_ECDSA' tool --list-mechanisms "$TOKEN_URI"
	ok 'p11tool --list-all: a private key' shows 'Private key' tool --list-all "$TOKEN_URI"
	ok 'p11tool --list-all: a public key' shows 'Public key' tool --list-all "$TOKEN_URI"
	ok 'p11tool --list-all names each key' shows 'Label: g-p384' tool --list-all "$TOKEN_URI"
	ok 'p11tool --list-all-privkeys' shows 'Label: g-rsa3' tool --list-all-privkeys "$TOKEN_URI"
	ok 'p11tool --info' shows 'Private key \(EC/ECDSA' tool --info "$(object g-p256 private)"
	ok 'p11tool --generate-random' tool --generate-random 32 --outfile "$T/random" "$TOKEN_URI"
}

same_urls()
{
	tool --list-token-urls >"$T/urls1" && tool --list-token-urls >"$T/urls2" && [ -s "$T/urls1" ] && cmp "$T/urls1" "$T/urls2" &&
		has "$T/urls1" "token=$TOKEN"
}

signing()
{
	local label

	for label in g-rsa g-rsa3 g-p256 g-p384 g-p521; do
		ok "p11tool --test-sign $label" shows 'ok' tool --test-sign "$(object "$label" private)"
		ok "p11tool --export-pubkey $label" exported "$label"
	done
	ok 'p11tool --test-sign RSA-PSS' shows 'ok' tool --test-sign --sign-params rsa-pss "$(object g-rsa private)"
	refused 'p11tool --test-sign of no key' tool --test-sign "$(object nobody private)"
}

writing()
{
	ok 'p11tool --write of an RSA key' written w-rsa --key-type rsa --bits 2048
	ok 'p11tool --write of an EC key' written w-p256 --key-type ecdsa --curve secp256r1
	ok 'p11tool --write of a P-384 key' written w-p384 --key-type ecdsa --curve secp384r1
	for label in w-rsa w-p256 w-p384; do
		ok "certtool --generate-self-signed with $label" written_signs "$label"
	done
	ok 'p11tool --write of a secret key' secret_key
	ok 'p11tool --delete of a secret key' tool --delete "$(object w-secret secret-key)"
	refused 'it is gone' shows 'Label: w-secret' tool --list-all "$TOKEN_URI"
}

# tls LABEL   a server with that key; both clients verify it, in both versions
tls()
{
	local label=$1 cert=${2:-$T/$1.crt} version wrong=$T/other.crt

	ok "gnutls-serv with $label" serve "tls-$label" gnutls-serv "${SERV[@]}" --disable-client-cert \
		--x509keyfile "$(object "$label" private)" --x509certfile "$cert" || return
	for version in 1.2 1.3; do
		ok "TLS $version, $label, gnutls-cli" gnutls_client "$version" "$T/$label.crt"
		ok "TLS $version, $label, openssl" s_client "$PORT" "$version" "$T/$label.crt"
		refused "TLS $version, $label: who expects another key refuses" s_client "$PORT" "$version" "$wrong"
	done
	stop "$SPAWNED"
}

# ---- PINs: by their variables, in a URL, in a file that a URL names; and a token that p11tool makes
without_pin() # without_pin COMMAND...   nothing is typed, nothing is in the environment
{
	env -u GNUTLS_PIN "$@"
}

certified() # certified KEY-URL   certtool signs with it
{
	certtool --provider "$MODULE" --generate-self-signed --template "$T/template" --load-privkey "$1" --load-pubkey "$T/g-p256.pem" --outfile "$T/url.crt" &&
		openssl verify -CAfile "$T/url.crt" "$T/url.crt"
}

server_with() # server_with WHAT KEY-URL
{
	ok "gnutls-serv with the PIN $1" serve "tls-pin" env -u GNUTLS_PIN gnutls-serv --provider "$MODULE" --http --disable-client-cert --port @PORT@ \
		--x509keyfile "$2" --x509certfile "$T/g-p256.crt" || return
	ok "TLS 1.3, PIN $1" s_client "$PORT" 1.3 "$T/g-p256.crt"
	stop "$SPAWNED"
}

plain_tool() # p11tool as nobody
{
	bounded p11tool --batch --provider "$MODULE" "$@"
}

private_of() # private_of URL PIN
{
	GNUTLS_PIN=$2 plain_tool --login --list-all-privkeys "$1" >"$T/shown" 2>&1 && has "$T/shown" 'Label: made-key'
}

no_private() # no_private COMMAND...
{
	"$@" >"$T/shown" 2>&1
	has "$T/shown" 'Public key' && ! grep 'Private key' "$T/shown"
}

# As SO: a certificate that is trusted, as an anchor of TLS.
trusted()
{
	GNUTLS_SO_PIN=officer plain_tool --so-login --write --mark-trusted --load-certificate "$T/g-p256.crt" --label anchor pkcs11:token=made &&
		plain_tool --list-all-trusted pkcs11:token=made >"$T/shown" && has "$T/shown" 'Label: anchor' && has "$T/shown" 'Flags:.*CKA_TRUSTED'
}

trusted_by_user()
{
	GNUTLS_PIN=second plain_tool --login --write --mark-trusted --load-certificate "$T/g-p256.crt" --label mine pkcs11:token=made
}

pins()
{
	local key

	key=$(object g-p256 private)
	printf '%s' "$PIN" >"$T/pin"
	ok 'public objects are listed without a PIN, private ones are not' no_private plain_tool --list-all "$TOKEN_URI"
	ok 'certtool with pin-value' without_pin bash -c 'certified "$@"' certified "$key?pin-value=$PIN"
	ok 'certtool with pin-source' without_pin bash -c 'certified "$@"' certified "$key?pin-source=$T/pin"
	refused 'certtool with a wrong pin-value' without_pin bash -c 'certified "$@"' certified "$key?pin-value=nonsense"
	refused 'certtool without a PIN' without_pin bash -c 'certified "$@"' certified "$key"
	server_with 'in the URL' "$key?pin-value=$PIN"
	server_with 'in a file' "$key?pin-source=$T/pin"
	[ -z "$OTHER" ] || return
	ok 'p11tool --initialize' bounded env GNUTLS_SO_PIN=officer p11tool --batch --provider "$MODULE" --initialize --label made --set-so-pin officer \
		'pkcs11:token=seedleaf-endorsement'
	ok 'p11tool --initialize-pin' bounded env GNUTLS_SO_PIN=officer GNUTLS_PIN=first p11tool --batch --provider "$MODULE" --initialize-pin --set-so-pin officer \
		--set-pin first pkcs11:token=made
	ok 'a key on it' bounded env GNUTLS_PIN=first p11tool --batch --provider "$MODULE" --login --generate-privkey ecdsa --curve secp256r1 --label made-key \
		--outfile "$T/made.pem" pkcs11:token=made
	ok 'it is there' private_of pkcs11:token=made first
	ok 'p11tool --initialize-pin again: the SO gives another one' bounded env GNUTLS_SO_PIN=officer GNUTLS_PIN=second p11tool --batch --provider "$MODULE" \
		--initialize-pin --set-so-pin officer --set-pin second pkcs11:token=made
	refused 'the old one is wrong then' private_of pkcs11:token=made first
	ok 'and the key stays' private_of pkcs11:token=made second
	ok '--so-login --mark-trusted' trusted
	refused '--mark-trusted by the user' trusted_by_user
}
export -f certified
export MODULE T

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/other.key" -out "$T/other.crt" -subj /CN=localhost -days 2 2>"$T/out"

generation
listing
signing
for label in g-rsa g-p256 g-p384; do
	ok "certtool --generate-self-signed with $label" certificate "$label"
	! whole && [ "$label" != g-p256 ] || tls "$label"
done
writing
if whole; then
	tls w-rsa
	tls w-p256
fi
ok 'p11tool writes a certificate and reads it back' on_token
tls g-p256 "$(object g-p256 cert)"
[ -z "$PIN" ] || pins
ok 'p11tool --delete' tool --delete "$(object g-p521 private)"
refused 'the deleted key signs no more' tool --test-sign "$(object g-p521 private)"
finish
