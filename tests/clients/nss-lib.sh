# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# NSS's tools on the module, in a database of their own: for nss.sh, and for the table of clients. Sourced after lib.sh.

PATH=$PATH:/usr/lib/nss/bin:/usr/lib/nss
DB=sql:$T/db
mkdir "$T/db"
printf '%s\n' "$PIN" >"$T/pin"
head -c 256 /dev/urandom >"$T/noise"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/server.key" -out "$T/server.crt" -subj /CN=127.0.0.1 -days 2 2>"$T/out"

nss() # nss PROGRAM ARGUMENT...   on our database
{
	local program=$1
	shift

	bounded "$program" -d "$DB" "$@"
}

cert() # certutil on our token
{
	nss certutil -h "$TOKEN" -f "$T/pin" "$@"
}

mods()
{
	bounded modutil -force -dbdir "$DB" "$@"
}

self_signed() # self_signed NAME SERIAL OPTION...
{
	local name=$1 serial=$2
	shift 2

	cert -S "$@" -n "$name" -s "CN=$name" -x -t ,, -z "$T/noise" -m "$serial" -8 localhost || return 1
	pem_of "$name" && openssl verify -CAfile "$T/$name.crt" "$T/$name.crt"
}

pem_of()
{
	cert -L -n "$TOKEN:$1" -a >"$T/$1.crt"
}

request() # request OPTION...: NSS signs it, openssl verifies
{
	rm -f "$T/req.der"
	cert -R "$@" -s CN=request -z "$T/noise" -o "$T/req.der" && openssl req -inform DER -in "$T/req.der" -verify -noout
}

imported() # imported NAME OPTION-OF-OPENSSL-REQ...
{
	local name=$1
	shift

	openssl req -x509 "$@" -nodes -keyout "$T/soft.key" -out "$T/$name.soft" -subj "/CN=$name" -addext subjectAltName=DNS:localhost -days 2 &&
		openssl pkcs12 -export -inkey "$T/soft.key" -in "$T/$name.soft" -name "$name" -passout pass:secret -out "$T/soft.p12" &&
		nss pk12util -h "$TOKEN" -k "$T/pin" -i "$T/soft.p12" -W secret && pem_of "$name" || return 1
	openssl x509 -in "$T/$name.crt" -noout -pubkey >"$T/got" && openssl x509 -in "$T/$name.soft" -noout -pubkey >"$T/want" && cmp "$T/got" "$T/want"
}

connect() # connect NAME VERSION [OPTION...]: openssl s_client, which knows nothing of NSS
{
	local name=$1 version=$2
	shift 2

	printf 'GET / HTTP/1.0\r\n\r\n' | bounded openssl s_client -connect "127.0.0.1:$PORT" "-tls1_${version#1.}" -CAfile "$T/$name.crt" \
		-verify_return_error -verify_hostname localhost -ign_eof "$@" >"$T/s_client" 2>&1
	has "$T/s_client" 'Verify return code: 0' && has "$T/s_client" 'HTTP/1.0 200 OK'
}

fetched()
{
	printf 'GET / HTTP/1.0\r\n\r\n' >"$T/get"
	nss tstclnt -h 127.0.0.1 -p "$PORT" -V "tls$2:tls$2" -o -w "$PIN" -n "$TOKEN:$1" <"$T/get" >"$T/page" 2>&1
	has "$T/page" 'HTTP/1.0 200 ok' && has "$T/page" 'Verify return code: 0|CN *= *localhost'
}

wants() # wants NAME   a server that wants a client certificate of that key's
{
	serve "wants-$1" openssl s_server -accept 127.0.0.1:@PORT@ -key "$T/server.key" -cert "$T/server.crt" -CAfile "$T/$1.crt" -Verify 1 \
		-verify_return_error -www
}

self_server()
{
	serve "selfserv-$1" selfserv -d "$DB" -f "$T/pin" -p @PORT@ -n "$TOKEN:$1" -V tls1.2:
}
