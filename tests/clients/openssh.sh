#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# OpenSSH: keys read from the module, signatures, a certificate authority, logins with a key of the module (directly and through
# the agent), and a server whose host keys the module holds, in an agent.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/openssh-lib.sh
. "$SL_SRC/tests/clients/openssh-lib.sh"
need ssh ssh-agent ssh-keygen ssh-add /usr/sbin/sshd pkcs11-tool

make_keys()
{
	generate EC:prime256v1 01 p256 && generate EC:secp384r1 02 p384 && generate EC:secp521r1 03 p521 && generate rsa:3072 04 rsa
}

# pub.TYPE: the public key as ssh-keygen -D tells it, with no comment; checked against pkcs11-tool's account of the same key.
split_keys()
{
	local type

	bounded ssh-keygen -D "$MODULE" >"$T/keys" 2>"$T/keys.err" || { cat "$T/keys.err"; return 1; }
	[ ! -s "$T/keys.err" ] || { echo 'ssh-keygen complains:'; cat "$T/keys.err"; return 1; }
	for type in "${TYPES[@]}"; do
		grep -c "^$(ssh_type "$type") " "$T/keys" | grep -qx 1 || { cat "$T/keys"; return 1; }
		grep "^$(ssh_type "$type") " "$T/keys" | cut -d' ' -f1,2 >"$T/pub.$type"
	done
}

same_key() # same_key TYPE ID
{
	pubkey_pem "$2" "$T/pem" && bounded ssh-keygen -i -m PKCS8 -f "$T/pem" >"$T/converted" &&
		same "$(cat "$T/converted")" "$(cat "$T/pub.$1")"
}

agent_lists()
{
	local type

	agent "$1" ssh-add -L >"$T/agent.list" || return 1
	for type in "${TYPES[@]}"; do
		grep -Fq "$(cat "$T/pub.$type")" "$T/agent.list" || { echo "no $type in:"; cat "$T/agent.list"; return 1; }
	done
}

signatures()
{
	local type

	for type in "${TYPES[@]}"; do
		printf 'signer %s\n' "$(cat "$T/pub.$type")" >"$T/allowed"
		echo "text for $type" >"$T/text"
		rm -f "$T/text.sig"
		ok "ssh-keygen -Y sign with $type through the agent" agent user ssh-keygen -Y sign -n file -f "$T/pub.$type" "$T/text"
		ok "ssh-keygen -Y verify $type" verify_text "$T/text"
		echo more >>"$T/text"
		refused "ssh-keygen -Y verify $type refuses a changed text" verify_text "$T/text"
	done
}

authority()
{
	local type

	for type in p256 rsa; do
		ssh-keygen -q -t ed25519 -N '' -f "$T/member.$type"
		ok "certificate signed by a $type authority of the module" \
			bounded ssh-keygen -D "$MODULE" -s "$T/pub.$type" -I someone -n "$ME" -V +1h "$T/member.$type.pub"
		ok "the certificate names the $type authority" cert_by "$T/member.$type-cert.pub" "$T/pub.$type"
		printf 'cert-authority %s\n' "$(cat "$T/pub.$type")" >"$T/authorized"
		ok "login with the certificate of the $type authority" login "$SOFT_PORT" "$T/known.soft" -i "$T/member.$type" -o CertificateFile="$T/member.$type-cert.pub"
	done
}

user_logins()
{
	local type

	for type in "${TYPES[@]}"; do
		cp "$T/pub.$type" "$T/authorized"
		ok "login with $type by PKCS11Provider" login "$SOFT_PORT" "$T/known.soft" -o PKCS11Provider="$MODULE"
		ok "login with $type through the agent" agent_login "$T/pub.$type"
	done
	ssh-keygen -q -t ecdsa -N '' -f "$T/stranger"
	cp "$T/stranger.pub" "$T/authorized"
	refused 'no login when the server knows another key' login "$SOFT_PORT" "$T/known.soft" -o PKCS11Provider="$MODULE"
	ok 'that is, for the user key' has "$T/out" 'Permission denied'
}

host_keys()
{
	local type

	ssh-keygen -q -t ed25519 -N '' -f "$T/client"
	cp "$T/client.pub" "$T/authorized"
	for type in "${TYPES[@]}"; do
		ok "sshd with host key $type in the agent" sshd_start "host-$type" user "$T/pub.$type" || continue
		known "$PORT" "$T/pub.$type" >"$T/known.$type"
		ok "login at the host with key $type, known from the first time" login "$PORT" "$T/known.$type" -i "$T/client"
		known "$PORT" <(cut -d' ' -f1,2 "$T/stranger.pub") >"$T/known.wrong"
		refused "login at the host with key $type refused by who knows another key" login "$PORT" "$T/known.wrong" -i "$T/client"
		ok 'that is, for the host key' has "$T/out" 'Host key verification failed'
		stop "$SPAWNED"
	done
}

asked() # asked N
{
	same "$(grep -c . "$T/asked") questions" "$1 questions" && [ "$1" -eq 0 ] || has "$T/asked" "PIN for '$TOKEN'" || { cat "$T/asked"; return 1; }
}

no_keys()
{
	agent "$1" ssh-add -L >"$T/agent.list" 2>&1
	has "$T/agent.list" 'no identities'
}

# Public keys need no PIN, private ones do, and a wrong one brings nothing.
pins()
{
	local TYPES=("${ALL[@]}")

	: >"$T/asked"
	ok 'ssh-keygen -D wants no PIN' split_keys
	ok 'and asks for none' asked 0
	cp "$T/pub.p256" "$T/authorized"
	ok 'login by PKCS11Provider' login "$SOFT_PORT" "$T/known.soft" -o PKCS11Provider="$MODULE"
	ok 'asks for the PIN once' asked 1
	askpass 'wrong one'
	refused 'no login with a wrong PIN' login "$SOFT_PORT" "$T/known.soft" -o PKCS11Provider="$MODULE"
	ok 'another agent' agent_start other
	refused 'ssh-add -s with a wrong PIN' agent other ssh-add -s "$MODULE"
	ok 'the agent has no keys' no_keys other
	askpass "$PIN"
	ok 'ssh-add -s with the right PIN, in the same agent' agent other ssh-add -s "$MODULE"
	ok 'and has them' agent_lists other
	# The agent's helper keeps the login while others come and go.
	p11 -O >"$T/out" 2>&1
	ok 'it signs after another process has logged in and out' agent other ssh-add -T "$T/pub.rsa"
}

ok 'generate the four keys' make_keys || bail 'no keys'
ok 'ssh-keygen -D lists each key once, and complains of nothing' split_keys || bail 'ssh-keygen -D sees no keys'
id=0
for type in "${TYPES[@]}"; do
	id=$((id + 1))
	ok "ssh-keygen -D and pkcs11-tool agree on $type" same_key "$type" "0$id"
done

ok 'an agent that may load the module' agent_start user || bail 'no agent'
ok 'ssh-add -s' agent user ssh-add -s "$MODULE" || bail 'the agent does not load the module'
ok 'ssh-add -L lists the keys' agent_lists user
for type in "${TYPES[@]}"; do
	ok "ssh-add -T signs with $type" agent user ssh-add -T "$T/pub.$type"
done
ALL=("${TYPES[@]}")
whole || TYPES=(p256 rsa)
signatures

ssh-keygen -q -t ed25519 -N '' -f "$T/soft"
ok 'a server with a host key of its own' sshd_start soft '' "$T/soft" || bail 'no server'
SOFT_PORT=$PORT
known "$SOFT_PORT" <(cut -d' ' -f1,2 "$T/soft.pub") >"$T/known.soft"
user_logins
[ -z "$PIN" ] || pins
authority
host_keys
ok 'ssh-add -e takes the module out of the agent' agent user ssh-add -e "$MODULE"
finish
