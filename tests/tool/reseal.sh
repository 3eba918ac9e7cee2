#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf token reseal: keys that are sealed to the registers of now are there when these have the values that were announced, and not before.
# Register 16 stands for all: it can be reset.
set -u
if [ -z "${SL_RESEAL_INNER:-}" ]; then
	export SL_RESEAL_INNER=1
	exec "${SL_SRC:?}/tests/with-tpm" bash "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
for program in openssl pkcs11-tool tpm2_pcrextend tpm2_pcrreset sqlite3; do
	command -v $program >/dev/null || { echo "1..0 # SKIP no $program"; exit 0; }
done
unset OPENSSL_CONF
umask 077
mkdir "$SL_TPM_DIR/work" && cd "$SL_TPM_DIR/work" || exit 99
n=0
failed=0

check() { # check NAME EXPECTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

want() { # want STATUS NAME COMMAND...
	local expected=$1 name=$2
	shift 2
	setsid -w "$@" >out 2>err </dev/null
	local status=$?
	check "$name" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' out err
}

says() { # says NAME PATTERN
	check "$1: says why" yes "$(grep -Eq "^seedleaf: .*$2" err && echo yes || cat err)"
}

prints() { # prints NAME LINE...
	local name=$1 line
	shift
	for line; do
		check "$name: $line" yes "$(grep -Eq "^ *$line\$" out && echo yes || cat out)"
	done
}

p11() { # p11 TOKEN ARGUMENT...
	local label=$1
	shift
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label "$label" "$@"
}

# signs TOKEN ID [ARGUMENT...]: with the key whose public half is ID.pub.
signs() {
	local label=$1 id=$2
	shift 2
	rm -f sig
	p11 "$label" "$@" --sign --mechanism ECDSA-SHA256 --signature-format openssl --id "$id" -i text -o sig >p11.out 2>&1
	openssl dgst -sha256 -verify "$id.pub" -signature sig text 2>/dev/null || echo no
}

objects() { # objects TOKEN [ARGUMENT...]
	local label=$1
	shift
	p11 "$label" "$@" -O 2>/dev/null | sed -n "s/^  label: *'\{0,1\}\([a-z ]*\)'\{0,1\}\$/\1/p" | grep -v '^seedleaf root$' | LC_ALL=C sort | xargs
}

# What reseal may not change unless it is told so: everything under the roots that are there.
contents() {
	sqlite3 "$SEEDLEAF_STORE/store.db" .dump | sha256sum
}

import() { # import ID LABEL TOKEN [ARGUMENT...]
	local id=$1 label=$2 token=$3
	shift 3
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$id.pem" 2>/dev/null
	openssl pkey -in "$id.pem" -pubout -out "$id.pub"
	want 0 "$token: a key from outside, $label" "$tool" key import "$id.pem" --label "$label" --id "$id" --token "$token" "$@"
}

state_0() { tpm2_pcrreset 16; }
state_1() { state_0 && tpm2_pcrextend 16:sha256=$extend; }

extend=1111111111111111111111111111111111111111111111111111111111111111
zeros=0000000000000000000000000000000000000000000000000000000000000000
hash() { xxd -r -p | sha256sum | cut -c1-64; }
value_1=$(echo $zeros$extend | hash)
hex_0=$(echo $zeros | hash)
hex_1=$(echo "$value_1" | hash)
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out boot.pem 2>/dev/null
openssl pkey -in boot.pem -pubout -out boot.pub.pem
head -c 100 /dev/urandom >text
tpm2_dictionarylockout -s -n 1000 -t 1000 -l 1000 # wrong PINs are tried here
mkdir keys
printf 'label = shipped\ntoken = plain\ntype = ec:P-256\nusage = sign\n' >keys/shipped.key
printf '123456\n' >user
printf '87654321\n' >so
printf '000000\n' >wrong
cat >"$SEEDLEAF_CONF" <<CONF

keys-dir = $PWD/keys

[token plain]
root = tpm:owner
policy = pcr:sha256:16

[token pin]
root = tpm:owner
namespace = pin
policy = pcr:sha256:16

[token nv]
root = tpm:owner
namespace = nv
policy = pcr:sha256:16
pin-store = nv:0x01c0fe00

[token free]
root = tpm:owner
namespace = free
CONF
label=seedleaf-plain

# ---- refused
want 2 "no token" "$tool" token reseal --to none
says "no token" 'token: missing, expected a token'
want 2 "another token" "$tool" token reseal --token other --to none
want 2 "no policy" "$tool" token reseal --token plain
says "no policy" 'to: missing, expected the policy to come'
for policy in "" pcr: pcr:sha256 pcr:sha256:24 pcr:md5:7 pcr:sha256:16=00 sha256:16 authorize:boot.pub.pem authorize:/a/../b "authorize:/a.pem, "; do
	want 2 "to '$policy'" "$tool" token reseal --token plain --to "$policy"
	says "to '$policy'" "to: '$policy', expected"
done
want 2 "the values of now" "$tool" token reseal --token plain --to pcr:sha256:16
says "the values of now" 'expected either =HEX or --values$'
echo "16=$value_1" >values
want 2 "values twice" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_1" --values values
says "values twice" 'not both'
want 2 "values for a key" "$tool" token reseal --token plain --to "authorize:$PWD/boot.pub.pem" --values values
echo "17=$value_1" >other-values
want 2 "values of others" "$tool" token reseal --token plain --to pcr:sha256:16 --values other-values
says "values of others" 'no value of sha256:16'
want 2 "values that are not there" "$tool" token reseal --token plain --to pcr:sha256:16 --values no-such
want 1 "a key that is not there" "$tool" token reseal --token plain --to "authorize:$PWD/no-such.pem"
says "a key that is not there" 'no-such.pem'
want 2 "from where there is nothing" "$tool" token reseal --token plain --to none --from "pcr:sha256:16=$hex_1"
says "from where there is nothing" 'store has nothing of it'
check "no store was made" no "$([ -e "$SEEDLEAF_STORE/store.db" ] && echo yes || echo no)"
want 0 "a token with nothing" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_1"
prints "a token with nothing" 'moves: 0 sealed keys, 0 other objects'

# ---- without PINs
import 01 outside plain
p11 $label --write-object boot.pub.pem --type data --label note >/dev/null 2>&1
p11 $label --keypairgen --key-type EC:prime256v1 --id 02 --label derived >/dev/null 2>&1
p11 $label --read-object --type pubkey --id 02 -o 02.der >/dev/null 2>&1 && openssl pkey -pubin -inform DER -in 02.der -out 02.pub
p11 $label --read-object --type pubkey --label shipped -o shipped.der >/dev/null 2>&1
before=$(objects $label)
check "what is there" "derived derived note outside outside shipped shipped" "$before"
check "state 0: the sealed key signs" "Verified OK" "$(signs $label 01)"
check "state 0: the derived key signs" "Verified OK" "$(signs $label 02)"
dump=$(contents)
want 0 "a dry run" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_1" --dry-run
prints "a dry run" 'token plain: to pcr:sha256:16=[0-9a-f]{64}' 'moves: 1 sealed keys, 2 other objects' 'stays behind: derived key derived' \
	'stays behind: declared key shipped, which will be another one'
check "a dry run: one derived key" 1 "$(grep -c 'derived key' out)"
check "a dry run changes nothing" "$dump" "$(contents)"
want 0 "the same state" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_0"
prints "the same state" 'nothing moves: the root stays the same'
check "the same state: nothing is changed" "$dump" "$(contents)"
want 0 "to the values of state 1" "$tool" token reseal --token plain --to pcr:sha256:16 --values values
check "state 0: as before" "$before" "$(objects $label)"
check "state 0: the sealed key signs still" "Verified OK" "$(signs $label 01)"
check "and the derived one" "Verified OK" "$(signs $label 02)"
cp -R "$SEEDLEAF_STORE" copied
state_1
check "state 1: what moved is there" "note outside outside shipped shipped" "$(objects $label)"
check "state 1: the sealed key signs" "Verified OK" "$(signs $label 01)"
check "state 1: the derived key is not there" no "$(signs $label 02)"
p11 $label --read-object --type data --label note -o note.out >/dev/null 2>&1
check "state 1: the note is the same" same "$(cmp -s note.out boot.pub.pem && echo same)"
p11 $label --read-object --type pubkey --label shipped -o other.der >/dev/null 2>&1
check "state 1: the declared key is another one" other "$(cmp -s other.der shipped.der && echo same || echo other)"
check "state 1: the old blob opens nothing" "" "$(sqlite3 "$SEEDLEAF_STORE/store.db" "UPDATE sealed SET blob = (SELECT blob FROM sealed ORDER BY object LIMIT 1)"
	signs $label 01 | sed 's/^no$//')"
rm -rf "$SEEDLEAF_STORE" && cp -R copied "$SEEDLEAF_STORE"
check "state 1: a copy of the store does" "Verified OK" "$(signs $label 01)"
want 2 "back, from what is not there" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_0" --from none

# ---- again, and back
import 03 later plain
want 0 "back to state 0" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_0"
state_0
check "state 0: copies of copies take the places of what they come from" "derived derived later later note outside outside shipped shipped" \
	"$(objects $label)"
check "state 0: the first key signs" "Verified OK" "$(signs $label 01)"
check "state 0: the derived one, too" "Verified OK" "$(signs $label 02)"
check "state 0: and the later one" "Verified OK" "$(signs $label 03)"
want 0 "again, anew" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_1" --replace
prints "again, anew" 'goes: 5 objects under other roots than the present one' 'gone: 5 objects'
want 0 "values that never come" "$tool" token reseal --token plain --to "pcr:sha256:16=$zeros"
state_1
check "state 1: not touched by that" "later later note outside outside shipped shipped" "$(objects $label)"
state_0 && tpm2_pcrextend 16:sha256=$value_1
check "state 2: nothing" "shipped shipped" "$(objects $label)"
state_0

# ---- what does not open stops all
import 04 swapped plain
dump=$(contents)
sqlite3 "$SEEDLEAF_STORE/store.db" "UPDATE sealed SET blob = (SELECT blob FROM sealed s JOIN object o ON o.id = s.object WHERE o.label = CAST('later' AS BLOB) LIMIT 1)
	WHERE object IN (SELECT id FROM object WHERE label = CAST('swapped' AS BLOB))"
swapped=$(contents)
check "somebody exchanged blobs" no "$([ "$dump" = "$swapped" ] && echo same || echo no)"
want 1 "a key that is not what it says" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_1"
says "a key that is not what it says" "key 'swapped' cannot be sealed anew: .*nothing was changed"
check "a key that is not what it says: nothing is changed" "$swapped" "$(contents)"
p11 $label --delete-object --type privkey --id 04 >/dev/null 2>&1
p11 $label --delete-object --type pubkey --id 04 >/dev/null 2>&1
chmod 0400 "$SEEDLEAF_STORE/store.db"
if [ "$(id -u)" != 0 ]; then
	want 1 "a store that cannot be written" "$tool" token reseal --token plain --to "pcr:sha256:16=$hex_1"
fi
chmod 0600 "$SEEDLEAF_STORE/store.db"

# ---- to another policy: the configuration follows
configured=$(cat "$SEEDLEAF_CONF")
want 0 "the state is signed" "$tool" policy sign --key boot.pem --pcrs sha256:16 --output signatures.json
want 0 "to a signed policy" "$tool" token reseal --token plain --to "authorize:$PWD/boot.pub.pem"
prints "to a signed policy" "next: in .token plain.: policy = authorize:$PWD/boot.pub.pem"
sed -i "/^.token plain./,/^\$/s|^policy = .*|policy = authorize:$PWD/boot.pub.pem\npolicy-signatures = $PWD/signatures.json|" "$SEEDLEAF_CONF"
check "authorize: the sealed key signs" "Verified OK" "$(signs $label 01)"
state_1
check "authorize: not in a state that is not signed" no "$(signs $label 01)"
"$tool" policy sign --key boot.pem --pcrs sha256:16 --output signatures.json
check "authorize: in one that is" "Verified OK" "$(signs $label 01)"
state_0
sed -i "/^.token plain./,/^\$/s|^policy.*||" "$SEEDLEAF_CONF"
check "no policy: nothing yet" "shipped shipped" "$(objects $label)"
want 0 "to the policy that is configured already" "$tool" token reseal --token plain --to none
prints "to the policy that is configured already" 'nothing moves: .*--from names the policy.*'
want 0 "from the one before" "$tool" token reseal --token plain --to none --from pcr:sha256:16 --replace
check "no policy: the sealed key signs" "Verified OK" "$(signs $label 01)"
check "no policy: what moved" "later later note outside outside shipped shipped" "$(objects $label)"
check "nothing is under other roots" "" "$("$tool" status | sed -n '/: plain: /,/^slot/p' | grep orphans)"
state_1
check "no policy: in any state" "Verified OK" "$(signs $label 01)"
state_0
printf '%s\n' "$configured" >"$SEEDLEAF_CONF"
want 0 "and back under a policy" "$tool" token reseal --token plain --from none --to "pcr:sha256:16=$hex_0"
check "under a policy again" "Verified OK" "$(signs $label 01)"
state_1
check "and not in another state" no "$(signs $label 01)"
state_0

# ---- with PINs
label=seedleaf-pin
want 0 "PINs" "$tool" token init --token pin --label $label --so-pin-file so --pin-file user
login='--login --pin 123456'
import 05 guarded pin --pin-file user
p11 $label $login --keypairgen --key-type EC:prime256v1 --id 06 --label derived >/dev/null 2>&1
check "PINs: the key signs" "Verified OK" "$(signs $label 05 $login)"
private() { p11 $label $login --read-object --type data --label private -o "private.out" >/dev/null 2>&1; cat "private.out"; rm -f "private.out"; }
printf 'a private value' >"private.in"
p11 $label $login --write-object "private.in" --type data --label private --private >/dev/null 2>&1
check "PINs: private data" "a private value" "$(private)"
dump=$(contents)
want 2 "PINs: none is given" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1"
says "PINs: none is given" 'or --without-so: .*nobody can then set a forgotten user PIN'
want 2 "PINs: the user's is missing" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --so-pin-file so
says "PINs: the user's is missing" 'or --without-user: .*no user PIN until the SO sets one'
want 2 "PINs: both left out" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --without-so --without-user
says "PINs: both left out" 'nobody could ever use its private keys'
want 1 "PINs: a wrong one" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --so-pin-file so --pin-file wrong
says "PINs: a wrong one" 'wrong user PIN'
want 1 "PINs: exchanged" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --so-pin-file user --pin-file so
check "PINs: nothing is changed" "$dump" "$(contents)"
want 0 "PINs: both" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --so-pin-file so --pin-file user
prints "PINs: both" 'stays behind: derived key derived'
check "PINs: state 0: the key signs" "Verified OK" "$(signs $label 05 $login)"
state_1
check "PINs: state 1: the key signs" "Verified OK" "$(signs $label 05 $login)"
check "PINs: state 1: private data" "a private value" "$(private)"
check "PINs: state 1: with the PIN alone" no "$(signs $label 05)"
check "PINs: state 1: not with a wrong one" no "$(signs $label 05 --login --pin 000000)"
want 0 "PINs: state 1: the SO sets the user's" "$tool" token reset --token pin --so-pin-file so --pin-file wrong
check "PINs: state 1: the new one" "Verified OK" "$(signs $label 05 --login --pin 000000)"
state_0
check "PINs: state 0: the old one" "Verified OK" "$(signs $label 05 $login)"
check "PINs: state 0: the derived key is there" 1 "$(p11 $label $login -O --type privkey 2>/dev/null | grep -c 'label: *derived')"
want 0 "without the SO" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --without-so --pin-file user --replace
state_1
check "without the SO: the user's PIN opens" "Verified OK" "$(signs $label 05 $login)"
want 1 "without the SO: his does not" "$tool" token reset --token pin --so-pin-file so --pin-file wrong
state_0
want 0 "the SO's later" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --without-user --so-pin-file so
state_1
check "the SO's later: the user's PIN opens as before" "Verified OK" "$(signs $label 05 $login)"
want 0 "the SO's later: his does" "$tool" token reset --token pin --so-pin-file so --pin-file user
state_0
want 0 "without the user" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --without-user --so-pin-file so --replace
state_1
check "without the user: there is none" no "$(signs $label 05 $login)"
want 0 "without the user: until the SO sets one" "$tool" token reset --token pin --so-pin-file so --pin-file user
check "without the user: and then" "Verified OK" "$(signs $label 05 $login)"
state_0
want 0 "another secret" "$tool" token init --token pin --force --so-pin-file so --pin-file user
dump=$(contents)
want 2 "another secret: the old one is there" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --so-pin-file so --pin-file user
says "another secret: the old one is there" 'expected --replace'
check "another secret: nothing is changed" "$dump" "$(contents)"
import 07 new pin --pin-file user
want 0 "another secret: replaced" "$tool" token reseal --token pin --to "pcr:sha256:16=$hex_1" --so-pin-file so --pin-file user --replace
state_1
check "another secret: the new key signs" "Verified OK" "$(signs $label 07 $login)"
check "another secret: the old one is gone" no "$(signs $label 05 $login)"
state_0

# ---- PINs in the TPM: S is under no policy there
label=seedleaf-nv
want 0 "NV" "$tool" token init --token nv --label $label --so-pin-file so --pin-file user
import 08 nv nv --pin-file user
want 2 "NV: a bound key needs S" "$tool" token reseal --token nv --to "pcr:sha256:16=$hex_1"
want 1 "NV: and the right PIN" "$tool" token reseal --token nv --to "pcr:sha256:16=$hex_1" --pin-file wrong
want 0 "NV: with it" "$tool" token reseal --token nv --to "pcr:sha256:16=$hex_1" --pin-file user
state_1
check "NV: state 1: the key signs" "Verified OK" "$(signs $label 08 $login)"
check "NV: state 1: not without the PIN" no "$(signs $label 08)"
want 0 "NV: the SO's does, too" "$tool" token reseal --token nv --to "pcr:sha256:16=$hex_0" --so-pin-file so
state_0
check "NV: state 0: the key signs" "Verified OK" "$(signs $label 08 $login)"

# ---- from no policy
label=seedleaf-free
import 09 free free
want 0 "from no policy" "$tool" token reseal --token free --to "pcr:sha256:16=$hex_1"
prints "from no policy" "next: in .token free.: policy = pcr:sha256:16=$hex_1"
printf 'policy = pcr:sha256:16\n' >>"$SEEDLEAF_CONF"
check "from no policy: not in state 0" no "$(signs $label 09)"
state_1
check "from no policy: in state 1" "Verified OK" "$(signs $label 09)"
"$SL_SRC/tests/with-tpm" --power-cycle
state_1
check "from no policy: after a power cycle" "Verified OK" "$(signs $label 09)"
echo "1..$n"
exit $failed
