#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Servers and programs that load keys through OpenSSL's engine and then fork or run threads: nginx with two workers (the master loads the
# key, the workers use it) under parallel requests and over a reload, stunnel, and curl with a client certificate.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
PATH=$PATH:/usr/sbin
need nginx stunnel4 curl openssl pkcs11-tool
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
init = 1
[req]
distinguished_name = dn
prompt = no
x509_extensions = v3
[dn]
CN = localhost
[v3]
subjectAltName = DNS:localhost
END

self_signed()
{
	OPENSSL_CONF=$T/openssl.cnf bounded openssl req -x509 -new -engine pkcs11 -keyform engine -key "$(uri private "$1")" -days 2 -out "$T/$1.crt"
}

get() # get CA PATH [OPTION...]
{
	local ca=$1 path=$2
	shift 2

	bounded curl -sS --fail --noproxy '*' --cacert "$ca" --resolve "localhost:$PORT:127.0.0.1" "$@" "https://localhost:$PORT/$path"
}

# parallel N CA   N requests, each a handshake of its own, eight at a time; all must be answered
parallel()
{
	local rc=0

	rm -rf "$T/got"
	mkdir "$T/got"
	seq "$1" | bounded xargs -P 8 -I '{}' curl -sS --fail --noproxy '*' --cacert "$2" --resolve "localhost:$PORT:127.0.0.1" \
		-o "$T/got/{}" "https://localhost:$PORT/hello?{}" 2>"$T/errors" || rc=$?
	cat "$T/got/"* >"$T/answers"
	[ "$rc" -eq 0 ] && same "$(grep -c '^hello from [0-9]*$' "$T/answers")" "$1" && return
	cat "$T/errors"
	tail -n 5 "$T/nginx.error"
	return 1
}

# ---- nginx
# "user" is for root: the workers may reach the TPM, which in these tests is a port, but not our files; the module has its keys by then.
nginx_conf() # nginx_conf LABEL
{
	cat <<END
daemon off;
worker_processes 2;
pid $T/nginx.pid;
error_log $T/nginx.error notice;
lock_file $T/nginx.lock;
$(env | sed -n 's/^\(SEEDLEAF_[A-Z_]*\|SOFTHSM2_CONF\|OPENSSL_CONF\|HOME\|XDG_[A-Z_]*\)=.*/env \1;/p')
$([ "$(id -u)" -ne 0 ] || echo "user root;")
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path $T/tmp1; proxy_temp_path $T/tmp2; fastcgi_temp_path $T/tmp3; uwsgi_temp_path $T/tmp4; scgi_temp_path $T/tmp5;
	keepalive_timeout 0;
	ssl_session_cache off;
	ssl_session_tickets off;
	server {
		listen 127.0.0.1:@PORT@ ssl;
		server_name localhost;
		ssl_certificate $T/$1.crt;
		ssl_certificate_key "engine:pkcs11:$(uri private "$1")";
		ssl_protocols TLSv1.2 TLSv1.3;
		location = /hello { return 200 "hello from \$pid\n"; }
	}
}
END
}

run_nginx() # run_nginx CONF   as a program for serve, which gives the port last
{
	sed "s/@PORT@/$2/" "$1" >"$1.port"
	exec nginx -p "$T" -c "$1.port" -e "$T/nginx.error"
}

no_pin()
{
	nginx_conf "$1" | sed "s/@PORT@/$(free_port)/" >"$T/nginx.conf.port"
	bounded nginx -t -p "$T" -c "$T/nginx.conf.port" -e "$T/nginx.error"
}

workers()
{
	pgrep -P "$1" | sort | tr '\n' ' '
}

two_workers()
{
	[ "$(workers "$1" | wc -w)" -eq 2 ]
}

other_workers() # other_workers PID OLD   two, and none of the old
{
	local now pid

	now=$(workers "$1")
	[ "$(wc -w <<<"$now")" -eq 2 ] || return 1
	for pid in $now; do
		case " $2 " in *" $pid "*) return 1 ;; esac
	done
}

both_served()
{
	same "$(sort -u "$T/answers" | wc -l)" 2
}

with_nginx() # with_nginx LABEL OTHER
{
	local label=$1 master old

	nginx_conf "$label" >"$T/nginx.conf"
	export -f run_nginx
	export T
	export OPENSSL_CONF=$T/openssl.cnf
	ok "nginx with $label" serve nginx bash -c 'run_nginx "$@"' nginx "$T/nginx.conf" @PORT@ || { note "$(tail "$T/nginx.error")"; unset OPENSSL_CONF; return; }
	unset OPENSSL_CONF
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

	cat >"$T/stunnel.in" <<END
foreground = yes
pid =
engine = pkcs11
engineCtrl = MODULE_PATH:$MODULE
${PIN:+engineCtrl = PIN:$PIN}
[web]
accept = 127.0.0.1:@PORT@
connect = 127.0.0.1:$PLAIN
cert = $T/$label.crt
engineId = pkcs11
key = $(uri private "$label")
END
	export -f run_stunnel
	ok "stunnel with $label" serve stunnel bash -c 'run_stunnel "$@"' stunnel "$T/stunnel.in" @PORT@ || return
	ok "32 requests through stunnel ($label)" parallel 32 "$T/$label.crt"
	refused "who expects another key than $label refuses" get "$T/$2.crt" hello
	stop "$SPAWNED"
}

run_stunnel()
{
	sed "s/@PORT@/$2/" "$1" >"$1.conf"
	exec stunnel4 "$1.conf"
}

plain_server()
{
	sed "s/@PORT@/$1/" "$T/plain.in" >"$T/plain.conf"
	exec nginx -p "$T" -c "$T/plain.conf" -e "$T/plain.error"
}

# ---- curl
with_curl() # with_curl LABEL   the client proves itself; the page is the server's report of the connection
{
	local label=$1 version

	ok 'a server that wants a client certificate' serve "wants-$label" openssl s_server -accept 127.0.0.1:@PORT@ -key "$T/soft.key" \
		-cert "$T/soft.crt" -CAfile "$T/$label.crt" -Verify 1 -verify_return_error -www || return
	for version in 1.2 1.3; do
		ok "curl --engine pkcs11 --key-type ENG with $label, TLS $version" page "$label" "$version" --engine pkcs11 --key-type ENG
		ok "curl --key pkcs11: with $label, TLS $version" page "$label" "$version"
	done
	refused 'curl with a software key of a stranger is refused' get "$T/soft.crt" '' --cert "$T/soft.crt" --key "$T/soft.key"
	refused 'curl with a key that is not there' page "$label" 1.3 --key "$(uri private nobody)"
	stop "$SPAWNED"
}

page()
{
	local label=$1 version=$2
	shift 2

	OPENSSL_CONF=$T/openssl.cnf get "$T/soft.crt" '' "--tlsv$version" --tls-max "$version" --cert "$T/$label.crt" --key "$(uri private "$label")" \
		"$@" >"$T/page" || return
	has "$T/page" "TLSv$version" && has "$T/page" 'BEGIN SSL SESSION|Client certificate|Subject: CN'
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/soft.key" -out "$T/soft.crt" -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -days 2 2>"$T/out"
ok 'generate rsa:2048' generate rsa:2048 01 rsa
ok 'generate P-256' generate EC:prime256v1 02 p256
for label in rsa p256; do
	ok "a certificate for $label" self_signed "$label"
done
with_nginx rsa p256
! whole || with_nginx p256 rsa

cat >"$T/plain.in" <<END
daemon off;
pid $T/plain.pid;
error_log $T/plain.error notice;
lock_file $T/plain.lock;
$([ "$(id -u)" -ne 0 ] || echo "user root;")
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path $T/tmp1; proxy_temp_path $T/tmp2; fastcgi_temp_path $T/tmp3; uwsgi_temp_path $T/tmp4; scgi_temp_path $T/tmp5;
	server { listen 127.0.0.1:@PORT@; location = /hello { return 200 "hello from \$pid\n"; } }
}
END
export -f plain_server
ok 'a server without TLS behind stunnel' serve plain bash -c 'plain_server "$@"' plain @PORT@
PLAIN=$PORT
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
