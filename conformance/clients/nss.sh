#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# NSS.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/nss-lib.sh
. "$SL_SRC/tests/clients/nss-lib.sh"
# shellcheck source=tests/clients/gnutls-lib.sh
. "$SL_SRC/tests/clients/gnutls-lib.sh"

served() # served NAME VERSION [OPTION-OF-s_client...]
{
	[ -s "$T/$1.crt" ] || { echo "no certificate $1"; return 1; }
	{ self_server "$1" && connect "$@"; } >"$T/tried" 2>&1 && return
	cat "$T/selfserv-$1.log" "$T/tried"
	return 1
}

outside() # a key and a certificate that NSS only finds
{
	made EC:prime256v1 07 found && openssl x509 -in "$T/found.crt" -outform DER -out "$T/found.der" &&
		p11 --write-object "$T/found.der" --type cert --id 07 --label found && served found "$1"
}

proves() # proves NAME VERSION
{
	[ -s "$T/$1.crt" ] || { echo "no certificate $1"; return 1; }
	wants "$1" && fetched "$1" "$2"
}

nss certutil -N --empty-password >"$T/out" 2>&1
client NSS libnss3-tools
row 'modutil -add' mods -add module -libfile "$MODULE"
row 'modutil -list' says "token: $TOKEN\$" mods -list
row 'certutil -S -k rsa' self_signed rsa 1 -k rsa -g 2048
row 'certutil -S -k ec -q nistp256' self_signed p256 2 -k ec -q nistp256
row 'certutil -S -k ec -q nistp384' self_signed p384 3 -k ec -q nistp384
row 'certutil -S -k ec -q nistp521' self_signed p521 4 -k ec -q nistp521
row 'certutil -R -k rsa' request -k rsa -g 2048
row 'certutil -R -k ec' request -k ec -q nistp256
row 'certutil -K' says '(rsa|ec) .*rsa' cert -K
row 'certutil -L' says "^$TOKEN:rsa  *u,u,u" cert -L
row 'pk12util -i, RSA' imported p12rsa -newkey rsa:2048
row 'pk12util -i, EC' imported p12ec -newkey ec -pkeyopt ec_paramgen_curve:P-256
for name in rsa p256 p384 p521; do
	row "selfserv, $name, TLS 1.2" served "$name" 1.2
	row "selfserv, $name, TLS 1.3" served "$name" 1.3
done
row 'selfserv, rsa, TLS 1.2, key transport' served rsa 1.2 -cipher AES128-SHA256
row "selfserv with pkcs11-tool's key, p256, TLS 1.3" outside 1.3
for name in rsa p256; do
	row "tstclnt with a client certificate, $name, TLS 1.2" proves "$name" 1.2
	row "tstclnt with a client certificate, $name, TLS 1.3" proves "$name" 1.3
done
row 'certutil -F' cert -F -n "$TOKEN:rsa"
row 'modutil -delete' mods -delete module
