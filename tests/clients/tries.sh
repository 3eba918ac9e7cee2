#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# What wrong PINs cost: the TPM has one counter for all, and programs that know no tokens send one PIN to each that wants a login.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need ssh-agent ssh-add ssh-keygen pkcs11-tool tpm2_getcap

# A PIN is in a file here and in no argument, save where the program takes it no other way.
pin_file() # pin_file NAME PIN
{
	(umask 077 && printf '%s\n' "$2" >"$T/$1")
}

init() # init TOKEN   label with-TOKEN, PIN pin-of-TOKEN
{
	pin_file so "so-of-$1"
	pin_file user "pin-of-$1"
	seedleaf token init --token "$1" --label "with-$1" --so-pin-file "$T/so" --pin-file "$T/user"
}

tries()
{
	tpm2_getcap properties-variable | sed -n 's/^TPM2_PT_LOCKOUT_COUNTER: *//p' | xargs printf '%d\n'
}

# cost N COMMAND...   what the command has added to the counter; its own success does not matter
cost()
{
	local want=$1 before
	shift

	before=$(tries)
	"$@" >"$T/cost" 2>&1
	same "$(($(tries) - before)) tries" "$want tries" || { cat "$T/cost"; return 1; }
}

key_of() # key_of TOKEN
{
	bounded pkcs11-tool --module "$MODULE" --token-label "with-$1" --login --pin "pin-of-$1" --keypairgen --key-type EC:prime256v1 --id "$2" --label "key-$1"
	bounded pkcs11-tool --module "$MODULE" --token-label "with-$1" -O --type pubkey | grep -q "key-$1"
}

# A fresh agent each time: one that has a module keeps it.
ssh_add() # ssh_add PIN
{
	local rc=0

	printf '#!/bin/sh\necho asked >>"%s"\necho "%s"\n' "$T/asked" "$1" >"$T/askpass"
	chmod +x "$T/askpass"
	rm -f "$T/agent.sock" "$T/asked"
	spawn agent ssh-agent -D -a "$T/agent.sock" -P "$MODULE"
	wait_for 20 test -S "$T/agent.sock" || return 1
	SSH_AUTH_SOCK=$T/agent.sock SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force bounded ssh-add -s "$MODULE" || rc=$?
	SSH_AUTH_SOCK=$T/agent.sock bounded ssh-add -L >"$T/agent.keys" 2>&1
	: >"$T/signing"
	while read -r line; do
		printf '%s\n' "$line" >"$T/one.pub"
		SSH_AUTH_SOCK=$T/agent.sock bounded ssh-add -T "$T/one.pub" </dev/null && echo yes >>"$T/signing"
	done < <(grep '^ecdsa' "$T/agent.keys")
	stop "$SPAWNED"
	return $rc
}

keys() # keys N [SIGNING]   in the agent, all of which sign if not said otherwise
{
	same "$(grep -c '^ecdsa' "$T/agent.keys") $(grep -c yes "$T/signing")" "$1 ${2:-$1}"
}

wrong_again() # one process, the same wrong PIN five times, then the right one
{
	"$PYTHON" - "$MODULE" "$1" "$2" <<'END'
import sys
import PyKCS11 as P
module, label, right = sys.argv[1:]
lib = P.PyKCS11Lib()
lib.load(module)
slot = next(s for s in lib.getSlotList(tokenPresent=True) if lib.getTokenInfo(s).label.strip("\0 ") == label)
session = lib.openSession(slot, P.CKF_SERIAL_SESSION)
for _ in range(5):
    try:
        session.login("wrong again")
        sys.exit("logged in")
    except P.PyKCS11Error as e:
        assert e.value == P.CKR_PIN_INCORRECT, e
session.login(right)
END
}

wrong_in_other_processes()
{
	local i

	for i in 1 2 3; do
		bounded pkcs11-tool --module "$MODULE" --token-label with-owner --login --pin "wrong $i" -O
	done
}

signs_explicit()
{
	bounded pkcs11-tool --module "$MODULE" --token-label with-endorsement --login --pin pin-of-endorsement --sign --id 02 --mechanism ECDSA-SHA256 \
		--input-file "$T/askpass" --output-file "$T/sig" && test -s "$T/sig"
}

# What a program sees that tries every slot: which tokens say that they want a login.
wanting()
{
	bounded pkcs11-tool --module "$MODULE" -L 2>/dev/null | awk '/token label/ { l = $NF } /token flags/ && /login required/ { printf "%s ", l }'
}

[ -z "$OTHER" ] || { printf '1..0 # SKIP another module has no TPM\n'; exit 0; }
tpm2_dictionarylockout -s -n 1000 -t 1000 -l 1000
ok 'the owner token gets PINs' init owner
ok 'the endorsement token gets others' init endorsement
ok 'a key on the one' key_of owner 01
ok 'a key on the other' key_of endorsement 02
ok 'both want a login, and those without PINs do not' same "$(wanting)" 'with-owner with-endorsement '
ok 'ssh-add -s costs one try for the token whose PIN it is not' cost 1 ssh_add pin-of-owner
ok 'and has the keys of the one whose it is' keys 1
ok 'the other way round the same' cost 1 ssh_add pin-of-endorsement
ok 'one key again' keys 1
ok 'ssh-add -s with a PIN of none costs two' cost 2 ssh_add pin-of-nobody
ok 'and brings nothing' keys 0
ok 'ssh-keygen -D costs none' cost 0 bounded ssh-keygen -D "$MODULE"
ok 'and shows both keys' same "$(grep -c '^ecdsa' "$T/cost")" 2

printf '[token endorsement]\nlogin = explicit\n' >"$SEEDLEAF_CONF"
ok 'login = explicit: that token wants no login' same "$(wanting)" 'with-owner '
ok 'ssh-add -s costs none' cost 0 ssh_add pin-of-owner
ok 'and the keys of the other sign; of the explicit one it knows the public half' keys 2 1
ok 'a PIN of none costs one' cost 1 ssh_add pin-of-nobody
export SEEDLEAF_LOGIN=endorsement
ok 'SEEDLEAF_LOGIN brings the token back' same "$(wanting)" 'with-owner with-endorsement '
ok 'ssh-add -s reaches its keys, and costs one again' cost 1 ssh_add pin-of-endorsement
ok 'which are there' keys 1
unset SEEDLEAF_LOGIN
printf '[token owner]\nlogin = explicit\n[token endorsement]\nlogin = explicit\n' >"$SEEDLEAF_CONF"
export SEEDLEAF_LOGIN=owner
ok 'ssh-add -s for the one that is named costs none' cost 0 ssh_add pin-of-owner
ok 'and its key signs' keys 2 1
unset SEEDLEAF_LOGIN
ok 'a program that logs in of itself does so without SEEDLEAF_LOGIN' signs_explicit
: >"$SEEDLEAF_CONF"

if "$PYTHON" -c 'import PyKCS11' 2>/dev/null; then
	ok 'the same wrong PIN five times in one process costs one try' cost 1 wrong_again with-owner pin-of-owner
	ok 'and the right one then opens' wrong_again with-owner pin-of-owner
else
	skip 'the same wrong PIN five times in one process costs one try' 'no PyKCS11'
	skip 'and the right one then opens' 'no PyKCS11'
fi
ok 'three processes that do not know of each other cost three' cost 3 wrong_in_other_processes
ok 'a PIN of a length that none has costs nothing' cost 0 bounded pkcs11-tool --module "$MODULE" --token-label with-owner --login --pin abc -O
finish
