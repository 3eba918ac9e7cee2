#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Programs that use OpenSSL's engine: curl, nginx with two workers, stunnel.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/gnutls-lib.sh
. "$SL_SRC/tests/clients/gnutls-lib.sh"
# shellcheck source=tests/clients/engine-lib.sh
. "$SL_SRC/tests/clients/engine-lib.sh"
# shellcheck source=tests/clients/servers-lib.sh
. "$SL_SRC/tests/clients/servers-lib.sh"
PATH=$PATH:/usr/sbin

fetched() # fetched LABEL OPTION...   curl proves itself
{
	local CNF=/dev/null
	local -x PKCS11_MODULE_PATH=$MODULE

	ready "$1" && wants "$1" && page "$1" 1.2 "${@:2}" && page "$1" 1.3 "${@:2}"
}

complaints() # what nginx said, without time and process; then what its clients said
{
	grep -aE '\[(crit|alert|emerg|error)\]' "$T/nginx.error" | sed -E 's/^[0-9/]+ [0-9:]+ //; s/[0-9]+#[0-9]+: (\*[0-9]+ )?//'
	cat "$T/tried"
	return 1
}

workers_serve() # workers_serve LABEL   50 requests of two workers, which the master forked with the key
{
	ready "$1" && nginx_up "$1" >"$T/tried" 2>&1 && wait_for 10 two_workers "$SPAWNED" && parallel 50 "$T/$1.crt" >"$T/tried" 2>&1 &&
		same "$(sort -u "$T/answers" | wc -l)" 2 && return
	complaints
}

reloaded() # reloaded LABEL OTHER
{
	local old

	nginx_up "$1" && wait_for 10 two_workers "$SPAWNED" && get "$T/$1.crt" hello >"$T/tried" 2>&1 || { complaints; return; }
	old=$(workers "$SPAWNED")
	nginx_conf "$2" | sed "s/@PORT@/$PORT/" >"$T/nginx.conf.port"
	kill -HUP "$SPAWNED"
	wait_for 20 other_workers "$SPAWNED" "$old" && parallel 50 "$T/$2.crt" >"$T/tried" 2>&1 && return
	complaints
}

tunnelled()
{
	ready "$1" && plain_up && stunnel_up "$1" && parallel 32 "$T/$1.crt" && return
	cat "$T/stunnel.log"
	return 1
}

made rsa:2048 01 rsa
made EC:prime256v1 02 p256
made EC:secp521r1 03 p521
client curl curl
row '--engine pkcs11 --key-type ENG, rsa' fetched rsa --engine pkcs11 --key-type ENG
row '--engine pkcs11 --key-type ENG, p256' fetched p256 --engine pkcs11 --key-type ENG
row '--key pkcs11:, rsa' fetched rsa
row '--key pkcs11:, p256' fetched p256
row '--key pkcs11:, p521' fetched p521
CNF=$T/init1.cnf
client nginx nginx
row 'two workers, 50 requests, rsa' workers_serve rsa
row 'two workers, 50 requests, p256' workers_serve p256
row 'two workers, 50 requests, p521' workers_serve p521
row 'reload' reloaded rsa p256
client stunnel stunnel4
row 'engineId, rsa' tunnelled rsa
row 'engineId, p256' tunnelled p256
row 'engineId, p521' tunnelled p521
