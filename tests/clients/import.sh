#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Servers whose keys came from files: seedleaf key import, the files deleted, the server started again. Its clients, who know it from before, see no
# difference. OpenSSH host keys (in an agent), and TLS through OpenSSL's engine.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need ssh ssh-agent ssh-keygen ssh-add /usr/sbin/sshd openssl
engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null)
need "${engine:-engines-3/pkcs11.so}"
ME=$(id -un)
umask 077

sshd_start() # sshd_start NAME AGENT-SOCKET|'' HOST-KEY
{
	{
		printf '%s\n' 'ListenAddress 127.0.0.1' 'PidFile none' "UsePAM $(use_pam)" 'StrictModes no' 'PermitRootLogin yes' \
			'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'LogLevel VERBOSE' "AuthorizedKeysFile $T/authorized" "HostKey $3"
		[ -z "$2" ] || echo "HostKeyAgent $2"
	} >"$T/$1.conf"
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	serve "$1" /usr/sbin/sshd -D -e -f "$T/$1.conf" -o Port=@PORT@
}

# login PORT KNOWN-HOSTS   the host is known as "host", whatever its port
login()
{
	bounded ssh -F none -p "$1" -l "$ME" -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$2" -o GlobalKnownHostsFile=none -o HostKeyAlias=host \
		-o UpdateHostKeys=no -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o IdentityFile="$T/client" -o IdentitiesOnly=yes \
		-o ConnectTimeout=20 127.0.0.1 'echo arrived' >"$T/login" 2>"$T/login.err" || { cat "$T/login.err"; return 1; }
	same "$(cat "$T/login")" arrived
}

agent_start() # agent_start NAME PUBLIC-KEY
{
	spawn "$1" ssh-agent -D -a "$T/$1.sock" -P "$MODULE"
	wait_for 20 test -S "$T/$1.sock" || return 1
	SSH_AUTH_SOCK=$T/$1.sock bounded ssh-add -s "$MODULE" || return 1
	SSH_AUTH_SOCK=$T/$1.sock bounded ssh-add -L >"$T/agent.list" || return 1
	grep -Fq "$(cut -d' ' -f1,2 "$2")" "$T/agent.list" || { cat "$T/agent.list"; return 1; }
}

import()
{
	bounded seedleaf key import "$@"
}

exported() # exported LABEL PUBLIC-KEY
{
	seedleaf key export "$1" --ssh | cut -d' ' -f1,2 >"$T/exported"
	same "$(cat "$T/exported")" "$(cut -d' ' -f1,2 "$2")"
}

host_key() # host_key TYPE SSH-KEYGEN-OPTION...
{
	local type=$1 round agent_pid
	shift

	ssh-keygen -q -t "$type" "$@" -N '' -C '' -f "$T/host.$type"
	ok "sshd with a $type host key in a file" sshd_start "file-$type" '' "$T/host.$type" || return
	printf 'host %s\n' "$(cat "$T/host.$type.pub")" >"$T/known.$type"
	ok "login, and the client knows the host from then on" login "$PORT" "$T/known.$type"
	stop "$SPAWNED"
	ok "import of the $type host key" import "$T/host.$type" --label "host $type" --usage sign
	rm "$T/host.$type"
	ok "the exported public half is the same" exported "host $type" "$T/host.$type.pub"
	if [ "$type" = ed25519 ] && ! agent_start "agent-$type" "$T/host.$type.pub" >"$T/out" 2>&1; then
		skip "sshd with the imported $type key" "this OpenSSH takes no Ed25519 keys from PKCS#11"
		return
	fi
	for round in 1 2; do
		ok "an agent has the key ($round)" agent_start "agent-$type-$round" "$T/host.$type.pub" || return
		agent_pid=$SPAWNED
		ok "sshd with the imported $type key ($round)" sshd_start "sealed-$type-$round" "$T/agent-$type-$round.sock" "$T/host.$type.pub" || return
		ok "login at the host that the client knows ($round)" login "$PORT" "$T/known.$type"
		stop "$SPAWNED"
		stop "$agent_pid"
	done
	ssh-keygen -q -t "$type" "$@" -N '' -C '' -f "$T/stranger.$type"
	printf 'host %s\n' "$(cat "$T/stranger.$type.pub")" >"$T/known.wrong"
	agent_start "agent-$type-3" "$T/host.$type.pub" >"$T/out" 2>&1
	agent_pid=$SPAWNED
	sshd_start "sealed-$type-3" "$T/agent-$type-3.sock" "$T/host.$type.pub" || return
	refused "who knows another $type key is warned" login "$PORT" "$T/known.wrong"
	ok 'that is, for the host key' has "$T/out" 'Host key verification failed'
	stop "$SPAWNED"
	stop "$agent_pid"
}

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
init = 0
END

connect() # connect PORT VERSION CA
{
	openssl s_client -connect "127.0.0.1:$1" "-tls1_$2" -CAfile "$3" -verify_return_error -verify_hostname localhost </dev/null >"$T/s_client" 2>&1 || {
		tail -n 15 "$T/s_client"
		return 1
	}
	has "$T/s_client" "Verify return code: 0"
}

tls() # tls LABEL OPENSSL-OPTION...
{
	local label=$1 round version
	shift

	openssl req -x509 "$@" -noenc -keyout "$T/$label.key" -out "$T/$label.crt" -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 \
		2>"$T/out" || { note "$(cat "$T/out")"; return; }
	ok "a TLS server with a $label key in a file" serve "file-$label" openssl s_server -accept 127.0.0.1:@PORT@ -key "$T/$label.key" \
		-cert "$T/$label.crt" -www || return
	ok "a client pins its certificate" connect "$PORT" 3 "$T/$label.crt"
	stop "$SPAWNED"
	ok "import of the $label key and certificate" import "$T/$label.key" --label "web $label" --usage sign --certificate "$T/$label.crt"
	rm "$T/$label.key"
	for round in 1 2; do
		export OPENSSL_CONF=$T/openssl.cnf
		ok "a TLS server with the imported $label key ($round)" serve "sealed-$label-$round" openssl s_server -accept 127.0.0.1:@PORT@ \
			-engine pkcs11 -keyform engine -key "$(uri private "web $label")" -cert "$T/$label.crt" -www || return
		unset OPENSSL_CONF
		for version in 2 3; do
			ok "the client sees the same server, TLS 1.$version ($round)" connect "$PORT" "$version" "$T/$label.crt"
		done
		stop "$SPAWNED"
	done
	p11 --read-object --type cert --label "web $label" --output-file "$T/$label.crt.der" >"$T/out" 2>&1
	ok "the token has the certificate" same "$(openssl x509 -inform DER -in "$T/$label.crt.der" 2>&1)" "$(openssl x509 -in "$T/$label.crt")"
}

[ -z "$OTHER" ] || { printf '1..0 # SKIP another module has no key import\n'; exit 0; }
ssh-keygen -q -t ed25519 -N '' -f "$T/client"
cp "$T/client.pub" "$T/authorized"
host_key ecdsa -b 256
host_key rsa -b 3072
tls rsa -newkey rsa:2048
tls ec -newkey ec -pkeyopt ec_paramgen_curve:P-256
host_key ed25519
finish
