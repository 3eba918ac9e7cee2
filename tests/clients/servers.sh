#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Servers and programs that load keys through OpenSSL's engine and then fork or run threads: nginx with two workers (the master loads the
# key, the workers use it) under parallel requests and over a reload, stunnel, and curl with a client certificate.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
PATH=$PATH:/usr/sbin
# shellcheck source=tests/clients/engine-lib.sh
. "$SL_SRC/tests/clients/engine-lib.sh"
# shellcheck source=tests/clients/servers-lib.sh
. "$SL_SRC/tests/clients/servers-lib.sh"
need nginx stunnel4 curl openssl pkcs11-tool "${engine:-engines-3/pkcs11.so}"
cp "$T/init1.cnf" "$T/openssl.cnf"
CNF=$T/openssl.cnf

# ---- nginx
no_pin()
{
	nginx_conf "$1" | sed "s/@PORT@/$(free_port)/" >"$T/nginx.conf.port"
	bounded nginx -t -p "$T" -c "$T/nginx.conf.port" -e "$T/nginx.error"
}

both_served()
{
	same "$(sort -u "$T/answers" | wc -l)" 2
}

with_nginx() # with_nginx LABEL OTHER
{
	local label=$1 master old

	ok "nginx with $label" nginx_up "$label" || { note "$(tail "$T/nginx.error")"; return; }
	master=$SPAWNED
	ok 'two workers' wait_for 10 two_workers "$master"
	ok "64 requests, eight at a time ($label)" parallel 64 "$T/$label.crt"
	ok 'both workers have answered' both_served
	ok "TLS 1.2 ($label)" get "$T/$label.crt" hello --tls-max 1.2
	refused "who expects another key than $label refuses" get "$T/$2.crt" hello
	# The master loads the key a second time, for another certificate's sake.
	old=$(workers "$master")
	nginx_conf "$2" | sed "s/@PORT@/$PORT/" >"$T/nginx.conf.port"
	kill -HUP "$master"
	ok "reload to $2: new workers" wait_for 30 other_workers "$master" "$old"
	ok "64 requests after the reload ($2)" parallel 64 "$T/$2.crt"
	refused "the old key is not served any more ($label)" get "$T/$label.crt" hello
	old=$(workers "$master")
	kill -KILL ${old%% *}
	ok 'a worker that dies is replaced' wait_for 20 two_workers "$master"
	ok 'and the new one signs too' parallel 32 "$T/$2.crt"
	ok 'no errors in the log' hides '\[(alert|crit|emerg|error)\]' "$T/nginx.error" 'signal 9'
	stop "$master"
}

hides() # hides PATTERN FILE EXCEPT
{
	! grep -Ev "$3" "$2" | grep -E "$1"
}

# ---- stunnel
with_stunnel() # with_stunnel LABEL OTHER
{
	local label=$1

	ok "stunnel with $label" stunnel_up "$label" || return
	ok "32 requests through stunnel ($label)" parallel 32 "$T/$label.crt"
	refused "who expects another key than $label refuses" get "$T/$2.crt" hello
	stop "$SPAWNED"
}

# ---- curl
with_curl() # with_curl LABEL   the client proves itself; the page is the server's report of the connection
{
	local label=$1 version

	ok 'a server that wants a client certificate' wants "$label" || return
	for version in 1.2 1.3; do
		ok "curl --engine pkcs11 --key-type ENG with $label, TLS $version" page "$label" "$version" --engine pkcs11 --key-type ENG
		ok "curl --key pkcs11: with $label, TLS $version" page "$label" "$version"
	done
	refused 'curl with a software key of a stranger is refused' get "$T/soft.crt" '' --cert "$T/soft.crt" --key "$T/soft.key"
	refused 'curl with a key that is not there' page "$label" 1.3 --key "$(uri private nobody)"
	stop "$SPAWNED"
}

ok 'generate rsa:2048' generate rsa:2048 01 rsa
ok 'generate P-256' generate EC:prime256v1 02 p256
for label in rsa p256; do
	ok "a certificate for $label" self_signed "$label"
done
with_nginx rsa p256
! whole || with_nginx p256 rsa

ok 'a server without TLS behind stunnel' plain_up
with_stunnel rsa p256
with_stunnel p256 rsa
with_curl rsa
! whole || with_curl p256
# The PIN in the configuration of the engine, and none in the key's URI.
if [ -n "$PIN" ]; then
	cp "$T/openssl.cnf" "$T/pinless.cnf"
	sed -i "s/^init = 1/PIN = $PIN\ninit = 1/" "$T/openssl.cnf"
	PIN='' with_nginx p256 rsa
	cp "$T/pinless.cnf" "$T/openssl.cnf"
	OPENSSL_CONF=$T/openssl.cnf PIN='' refused 'without a PIN nginx does not start' no_pin p256
fi
finish
