#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# OpenSSH: user keys, a certificate authority, and host keys in an agent.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/openssh-lib.sh
. "$SL_SRC/tests/clients/openssh-lib.sh"

reads() # reads TYPE   and no PIN is asked for
{
	: >"$T/asked"
	bounded ssh-keygen -D "$MODULE" >"$T/keys" || return
	grep "^$(ssh_type "$1") " "$T/keys" | cut -d' ' -f1,2 >"$T/pub.$1"
	[ "$(wc -l <"$T/pub.$1")" -eq 1 ] && [ ! -s "$T/asked" ] || { cat "$T/keys" "$T/asked"; return 1; }
}

# Later rows take over the agent of the first.
loads()
{
	agent_start user && KEEP=$SPAWNED && agent user ssh-add -s "$MODULE"
}

uses() # uses TYPE   the agent signs, and what it signs is right
{
	agent user ssh-add -T "$T/pub.$1"
}

soft_host()
{
	sshd_start soft '' "$T/soft" && SOFT_PORT=$PORT && known "$PORT" <(cut -d' ' -f1,2 "$T/soft.pub") >"$T/known.soft"
}

by_provider()
{
	cp "$T/pub.$1" "$T/authorized"
	soft_host && login "$SOFT_PORT" "$T/known.soft" -o PKCS11Provider="$MODULE"
}

by_agent()
{
	cp "$T/pub.$1" "$T/authorized"
	soft_host && agent_login "$T/pub.$1"
}

signs()
{
	printf 'signer %s\n' "$(cat "$T/pub.$1")" >"$T/allowed"
	echo "text for $1" >"$T/text"
	rm -f "$T/text.sig"
	agent user ssh-keygen -Y sign -n file -f "$T/pub.$1" "$T/text" && verify_text "$T/text"
}

certifies() # certifies TYPE COMMAND...   ssh-keygen signs a member's key
{
	local type=$1
	shift

	rm -f "$T/member"*
	ssh-keygen -q -t ed25519 -N '' -f "$T/member" && "$@" -s "$T/pub.$type" -I someone -n "$ME" -V +1h "$T/member.pub" &&
		cert_by "$T/member-cert.pub" "$T/pub.$type" || return
	printf 'cert-authority %s\n' "$(cat "$T/pub.$type")" >"$T/authorized"
	soft_host && login "$SOFT_PORT" "$T/known.soft" -i "$T/member" -o CertificateFile="$T/member-cert.pub"
}

host() # host TYPE   sshd proves itself with that key
{
	cp "$T/soft.pub" "$T/authorized"
	sshd_start "host-$1" user "$T/pub.$1" || return
	known "$PORT" "$T/pub.$1" >"$T/known.host"
	login "$PORT" "$T/known.host" -i "$T/soft" && return
	cat "$T/host-$1.log"
	return 1
}

id=0
for type in EC:prime256v1,p256 EC:secp384r1,p384 EC:secp521r1,p521 rsa:2048,rsa; do
	id=$((id + 1))
	generate "${type%,*}" "0$id" "${type#*,}" >"$T/out" 2>&1
done
ssh-keygen -q -t ed25519 -N '' -f "$T/soft"

client OpenSSH openssh-client
for type in "${TYPES[@]}"; do
	row "ssh-keygen -D, $type" reads "$type"
done
row 'ssh-add -s' loads
for type in "${TYPES[@]}"; do
	row "ssh-add -T, $type" uses "$type"
done
for type in "${TYPES[@]}"; do
	row "ssh with the agent's key, $type" by_agent "$type"
done
for type in "${TYPES[@]}"; do
	row "ssh -o PKCS11Provider, $type" by_provider "$type"
done
for type in "${TYPES[@]}"; do
	row "ssh-keygen -Y sign, $type" signs "$type"
done
row 'ssh-keygen -s -D, p256' certifies p256 bounded ssh-keygen -D "$MODULE"
row 'ssh-keygen -s -D, rsa' certifies rsa bounded ssh-keygen -D "$MODULE"
row 'ssh-keygen -U -s, p256' certifies p256 agent user ssh-keygen -U
row 'ssh-keygen -U -s, rsa' certifies rsa agent user ssh-keygen -U
for type in "${TYPES[@]}"; do
	row "sshd with HostKeyAgent, $type" host "$type"
done
