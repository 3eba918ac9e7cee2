# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash disable=SC2034
#
# OpenSSH's programs on the module, and servers of theirs: for openssh.sh, and for the table of clients. Sourced after lib.sh.

# Writes down each question.
askpass() # askpass PIN
{
	printf '#!/bin/sh\necho "$1" >>"%s"\necho "%s"\n' "$T/asked" "$1" >"$T/askpass"
	chmod +x "$T/askpass"
	: >"$T/asked"
}

# Their OpenSSH names, by our labels.
ssh_type()
{
	case $1 in
	p256) echo ecdsa-sha2-nistp256 ;;
	p384) echo ecdsa-sha2-nistp384 ;;
	p521) echo ecdsa-sha2-nistp521 ;;
	rsa) echo ssh-rsa ;;
	esac
}

agent_start() # agent_start NAME -> $T/NAME.sock
{
	spawn "$1" ssh-agent -D -a "$T/$1.sock" -P "$MODULE"
	wait_for 20 test -S "$T/$1.sock"
}

agent() # agent NAME COMMAND...
{
	local name=$1
	shift
	SSH_AUTH_SOCK=$T/$name.sock bounded "$@"
}

# A server that knows the user by authorized_keys and has the host keys named.
sshd_start() # sshd_start NAME AGENT HOST-PUBLIC-KEY...
{
	local name=$1 agent=$2 key
	shift 2

	{
		printf '%s\n' 'ListenAddress 127.0.0.1' 'PidFile none' "UsePAM $(use_pam)" 'StrictModes no' 'PermitRootLogin yes' \
			'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'LogLevel VERBOSE' "AuthorizedKeysFile $T/authorized"
		[ -z "$agent" ] || echo "HostKeyAgent $T/$agent.sock"
		for key; do
			echo "HostKey $key"
		done
	} >"$T/$name.conf"
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	serve "$name" /usr/sbin/sshd -D -e -f "$T/$name.conf" -o Port=@PORT@
}

# login PORT KNOWN-HOSTS OPTION...   runs a command over there
login()
{
	local port=$1 known=$2
	shift 2

	bounded ssh -F none -p "$port" -l "$ME" -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$known" -o GlobalKnownHostsFile=none \
		-o UpdateHostKeys=no -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o IdentityFile=none -o ConnectTimeout=20 "$@" \
		127.0.0.1 'echo arrived' >"$T/login" 2>"$T/login.err" || { cat "$T/login.err"; return 1; }
	same "$(cat "$T/login")" arrived
}

# The known_hosts line for a server key.
known()
{
	printf '[127.0.0.1]:%s %s\n' "$1" "$(cat "$2")"
}

verify_text()
{
	ssh-keygen -Y verify -n file -f "$T/allowed" -I signer -s "$T/text.sig" <"$1"
}

cert_by()
{
	ssh-keygen -L -f "$1" >"$T/cert" && has "$T/cert" "Signing CA: .*$(ssh-keygen -l -f "$2" | cut -d' ' -f2 | sed 's/[+]/\\+/g')"
}

agent_login()
{
	SSH_AUTH_SOCK=$T/user.sock login "$SOFT_PORT" "$T/known.soft" -o IdentitiesOnly=yes -i "$1"
}

askpass "$PIN"
export SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force
ME=$(id -un)
TYPES=(p256 p384 p521 rsa)
