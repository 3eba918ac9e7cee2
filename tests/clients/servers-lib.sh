# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# nginx, stunnel and curl with a key of the module through OpenSSL's engine: for servers.sh, and for the table of clients. Sourced after engine-lib.sh.

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
	cat "$T/got/"* >"$T/answers" 2>>"$T/errors"
	[ "$rc" -eq 0 ] && same "$(grep -c '^hello from [0-9]*$' "$T/answers")" "$1" && return
	cat "$T/errors"
	tail -n 5 "$T/nginx.error"
	return 1
}

# "user" is for root: the workers may reach the TPM, which in these tests is a port, but not our files; the module has its keys by then.
nginx_conf() # nginx_conf LABEL
{
	cat <<END
daemon off;
worker_processes 2;
pid $T/nginx.pid;
error_log $T/nginx.error notice;
lock_file $T/nginx.lock;
$(env | sed -n 's/^\(SEEDLEAF_[A-Z_]*\|SOFTHSM2_CONF\|TPM2_PKCS11_[A-Z_]*\|DBUS_SESSION_BUS_ADDRESS\|OPENSSL_CONF\|HOME\|XDG_[A-Z_]*\)=.*/env \1;/p')
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

page()
{
	local label=$1 version=$2
	shift 2

	OPENSSL_CONF=$CNF get "$T/soft.crt" '' "--tlsv$version" --tls-max "$version" --cert "$T/$label.crt" --key "$(uri private "$label")" \
		"$@" >"$T/page" || return
	has "$T/page" "TLSv$version" && has "$T/page" 'BEGIN SSL SESSION|Client certificate|Subject: CN'
}

stunnel_conf() # stunnel_conf LABEL   in front of PLAIN
{
	cat <<END
foreground = yes
pid =
engine = pkcs11
engineCtrl = MODULE_PATH:$MODULE
${PIN:+engineCtrl = PIN:$PIN}
[web]
accept = 127.0.0.1:@PORT@
connect = 127.0.0.1:$PLAIN
cert = $T/$1.crt
engineId = pkcs11
key = $(uri private "$1")
END
}

nginx_up() # nginx_up LABEL
{
	local -x OPENSSL_CONF=$CNF

	nginx_conf "$1" >"$T/nginx.conf"
	serve nginx bash -c 'run_nginx "$@"' nginx "$T/nginx.conf" @PORT@
}

stunnel_up() # stunnel_up LABEL
{
	stunnel_conf "$1" >"$T/stunnel.in"
	serve stunnel bash -c 'run_stunnel "$@"' stunnel "$T/stunnel.in" @PORT@
}

plain_up() # a server without TLS, at PLAIN
{
	serve plain bash -c 'plain_server "$@"' plain @PORT@ && PLAIN=$PORT
}
export T
export -f run_nginx run_stunnel plain_server
