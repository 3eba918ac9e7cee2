# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash disable=SC2034
#
# p11tool, certtool and the TLS programs of GnuTLS on the module: for gnutls.sh, and for the table of clients. Sourced after lib.sh.

TOKEN_URI="pkcs11:token=$TOKEN"
SECRET=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
cat >"$T/template" <<'END'
cn = "client test"
dns_name = "localhost"
expiration_days = 2
ca
signing_key
encryption_key
tls_www_server
tls_www_client
END

# p11tool on the module, as the user where the token has a PIN.
tool()
{
	bounded p11tool --batch --provider "$MODULE" ${PIN:+--login} "$@"
}

object() # object LABEL KIND
{
	printf '%s;object=%s;type=%s' "$TOKEN_URI" "$1" "$2"
}

# The public key by way of the private object is the one that generation wrote.
exported()
{
	tool --export-pubkey "$(object "$1" private)" --outfile "$T/again.pem" || return 1
	openssl pkey -pubin -in "$T/again.pem" -outform DER -out "$T/a.der" && openssl pkey -pubin -in "$T/$1.pem" -outform DER -out "$T/b.der" &&
		cmp "$T/a.der" "$T/b.der"
}

certificate() # certificate LABEL   self-signed, $T/LABEL.crt
{
	certtool --provider "$MODULE" --generate-self-signed --template "$T/template" --load-privkey "$(object "$1" private)" \
		--load-pubkey "$T/$1.pem" --outfile "$T/$1.crt" &&
		openssl verify -CAfile "$T/$1.crt" "$T/$1.crt"
}

on_token() # the certificate becomes an object, and is read back
{
	tool --write --load-certificate "$T/g-p256.crt" --label g-p256 "$TOKEN_URI" &&
		tool --export "$(object g-p256 cert)" --outfile "$T/back.crt" &&
		openssl x509 -in "$T/back.crt" -outform DER -out "$T/a.der" && openssl x509 -in "$T/g-p256.crt" -outform DER -out "$T/b.der" &&
		cmp "$T/a.der" "$T/b.der"
}

written() # written NAME CERTTOOL-OPTION...   a private key from a file, with its public half
{
	local name=$1
	shift

	certtool --generate-privkey "$@" --no-text --outfile "$T/$name.key" && openssl pkey -in "$T/$name.key" -pubout -out "$T/$name.pem" &&
		tool --write --load-privkey "$T/$name.key" --label "$name" "$TOKEN_URI" &&
		tool --write --load-pubkey "$T/$name.pem" --label "$name" "$TOKEN_URI"
}

# certtool signs with the object, openssl verifies with the file.
written_signs()
{
	certificate "$1" && openssl x509 -in "$T/$1.crt" -pubkey -noout >"$T/a.pem" && cmp "$T/a.pem" "$T/$1.pem"
}

secret_key()
{
	tool --write --secret-key "$SECRET" --label w-secret --id 77 "$TOKEN_URI" && shows 'Label: w-secret' tool --list-all "$TOKEN_URI"
}

# What every server of ours is told, and a client that verifies it.
SERV=(--provider "$MODULE" --http --port @PORT@)

gnutls_client() # gnutls_client VERSION CA [OPTION...]
{
	local version=$1 ca=$2
	shift 2

	shows "Description: \\(TLS$version" bounded gnutls-cli --port "$PORT" --priority "NORMAL:-VERS-ALL:+VERS-TLS$version" --x509cafile "$ca" \
		--verify-hostname localhost "$@" 127.0.0.1
}
