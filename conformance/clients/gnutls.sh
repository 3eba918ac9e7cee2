#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# GnuTLS: p11tool, certtool, gnutls-serv and gnutls-cli.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/gnutls-lib.sh
. "$SL_SRC/tests/clients/gnutls-lib.sh"

makes() # makes LABEL OPTION...
{
	tool "${@:2}" --label "$1" --outfile "$T/$1.pem" "$TOKEN_URI" && openssl pkey -pubin -in "$T/$1.pem" -noout
}

trusted()
{
	bounded env GNUTLS_SO_PIN="$SL_SO_PIN" p11tool --batch --provider "$MODULE" --so-login --write --mark-trusted --load-certificate "$T/g-p256.crt" \
		--label anchor "$TOKEN_URI" && shows 'Flags:.*CKA_TRUSTED' tool --list-all-trusted "$TOKEN_URI"
}

pkcs7()
{
	bounded certtool --provider "$MODULE" --p7-sign --load-privkey "$(object g-p256 private)" --load-certificate "$T/g-p256.crt" --infile "$T/template" \
		--outfile "$T/p7" && bounded certtool --p7-verify --load-ca-certificate "$T/g-p256.crt" --infile "$T/p7"
}

serves() # serves LABEL [CERTIFICATE]   both versions, met by both clients
{
	local label=$1 version

	[ -s "$T/$1.crt" ] || { echo "no certificate $1"; return 1; }
	serve "serves-$label" gnutls-serv "${SERV[@]}" --disable-client-cert --x509keyfile "$(object "$label" private)" --x509certfile "${2:-$T/$label.crt}" ||
		{ cat "$T/serves-$label.log"; return 1; }
	for version in 1.2 1.3; do
		gnutls_client "$version" "$T/$label.crt" && s_client "$PORT" "$version" "$T/$label.crt" || return
	done
}

proves() # proves LABEL [CERTIFICATE]   itself, to a server that wants to know
{
	local version

	[ -s "$T/$1.crt" ] || { echo "no certificate $1"; return 1; }
	serve wants gnutls-serv --http --port @PORT@ --x509keyfile "$T/soft.key" --x509certfile "$T/soft.crt" --require-client-cert --verify-client-cert \
		--x509cafile "$T/$1.crt" || return
	for version in 1.2 1.3; do
		gnutls_client "$version" "$T/soft.crt" --provider "$MODULE" --x509keyfile "$(object "$1" private)" --x509certfile "${2:-$T/$1.crt}" || return
	done
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/soft.key" -out "$T/soft.crt" -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -days 2 2>"$T/out"

client 'p11tool and certtool' gnutls-bin
row 'p11tool --list-tokens' shows "Label: $TOKEN" tool --list-tokens
row 'p11tool --list-mechanisms' shows 'CKM_ECDSA' tool --list-mechanisms "$TOKEN_URI"
row 'p11tool --generate-rsa' makes g-rsa --generate-rsa --bits 2048
row 'p11tool --generate-ecc --curve secp256r1' makes g-p256 --generate-ecc --curve secp256r1
row 'p11tool --generate-ecc --curve secp384r1' makes g-p384 --generate-ecc --curve secp384r1
row 'p11tool --generate-ecc --curve secp521r1' makes g-p521 --generate-ecc --curve secp521r1
row 'p11tool --generate-privkey ed25519' makes g-ed --generate-privkey ed25519
row 'p11tool --list-all' shows 'Label: g-p256' tool --list-all "$TOKEN_URI"
row 'p11tool --info' shows 'Private key \(EC/ECDSA' tool --info "$(object g-p256 private)"
row 'p11tool --export-pubkey' exported g-p256
row 'p11tool --test-sign, RSA' shows ok tool --test-sign "$(object g-rsa private)"
row 'p11tool --test-sign --sign-params rsa-pss' shows ok tool --test-sign --sign-params rsa-pss "$(object g-rsa private)"
row 'p11tool --test-sign, P-256' shows ok tool --test-sign "$(object g-p256 private)"
row 'p11tool --test-sign, P-384' shows ok tool --test-sign "$(object g-p384 private)"
row 'p11tool --test-sign, P-521' shows ok tool --test-sign "$(object g-p521 private)"
row 'p11tool --test-sign, Ed25519' shows ok tool --test-sign --hash SHA512 "$(object g-ed private)"
row 'p11tool --write --load-privkey, RSA' written w-rsa --key-type rsa --bits 2048
row 'p11tool --write --load-privkey, EC' written w-p256 --key-type ecdsa --curve secp256r1
row 'p11tool --write --secret-key' secret_key
row 'certtool --generate-self-signed, RSA' certificate g-rsa
row 'certtool --generate-self-signed, P-256' certificate g-p256
row 'certtool --generate-self-signed, P-384' certificate g-p384
row 'certtool --generate-self-signed, P-521' certificate g-p521
row 'certtool --generate-self-signed, Ed25519' certificate g-ed
row 'certtool --p7-sign' pkcs7
row 'p11tool --write --load-certificate, p11tool --export' on_token
row 'p11tool --so-login --write --mark-trusted' trusted

client 'gnutls-serv and gnutls-cli' gnutls-bin
row 'gnutls-serv, RSA' serves g-rsa
row 'gnutls-serv, P-256' serves g-p256
row 'gnutls-serv, P-384' serves g-p384
row 'gnutls-serv, P-521' serves g-p521
row 'gnutls-serv, Ed25519' serves g-ed
row 'gnutls-serv, the certificate on the token too' serves g-p256 "$(object g-p256 cert)"
row 'gnutls-cli with a client certificate, RSA' proves g-rsa
row 'gnutls-cli with a client certificate, P-256' proves g-p256
row 'gnutls-cli with a client certificate, P-521' proves g-p521
row 'gnutls-cli with a client certificate, Ed25519' proves g-ed
row 'gnutls-cli, key and certificate on the token' proves g-p256 "$(object g-p256 cert)"
