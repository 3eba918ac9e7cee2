#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Tokens under policies, used by OpenSC and OpenSSH: keys that go with the state of the machine and come back with it, keys that follow a signed state, and
# PINs beside both. Register 16 stands for what firmware measures.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need pkcs11-tool ssh-keygen openssl sqlite3 tpm2_pcrextend tpm2_getcap xxd

umask 077
tool=${SL_BUILD:?}/seedleaf
TOKEN=seedleaf-t
log=$T/log
head -c 100 /dev/urandom >"$T/text"
printf '#!/bin/sh\necho 123456\n' >"$T/askpass"
chmod +x "$T/askpass"
export SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force
ssh-keygen -q -t ed25519 -N '' -f "$T/host" || bail "no ssh key"
tpm2_dictionarylockout -s -n 1000 -t 1000 -l 1000 || bail "no lockout parameters"

# The one token that programs see.
configure() # configure LINE...
{
	local name

	{
		printf 'log-file = %s\n' "$log"
		for name in owner endorsement platform null; do
			printf '[token %s]\nhide = yes\n' "$name"
		done
		printf '[token t]\nroot = tpm:owner\n'
		printf '%s\n' "$@"
	} >"$SEEDLEAF_CONF"
}

begin() # begin LINE...   another token, an empty store and the first state
{
	rm -rf "$SEEDLEAF_STORE" "$T"/pub.* "$T/signed.json"
	"$SL_SRC/tests/with-tpm" --power-cycle || bail "no power cycle"
	configure "namespace = $SL_RANDOM_NAME$((++sl_round))" "$@"
}
SL_RANDOM_NAME=round
sl_round=0

move() # to another state
{
	tpm2_pcrextend 16:sha256=1111111111111111111111111111111111111111111111111111111111111111 || bail "no pcrextend"
}

reboot() # to the first one
{
	"$SL_SRC/tests/with-tpm" --power-cycle || bail "no power cycle"
}

# The SHA-256 over register 16 now.
state_now()
{
	tpm2_pcrread -Q -o /dev/stdout sha256:16 | sha256sum | cut -c1-64
}

import() # import ID LABEL ALGORITHM [ARGUMENT...]
{
	local id=$1 label=$2 how=$3
	shift 3

	case $how in
	rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/$id.pem" ;;
	*) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/$id.pem" ;;
	esac && openssl pkey -in "$T/$id.pem" -pubout -out "$T/pub.$id" && "$tool" key import "$T/$id.pem" --label "$label" --id "$id" --token t "$@"
}

derive() # derive ID LABEL
{
	generate EC:prime256v1 "$1" "$2" && pubkey_pem "$1" "$T/pub.$1"
}

signs() # signs ID
{
	local mech=ECDSA-SHA256

	grep -q . "$T/pub.$1" || return 1
	openssl pkey -pubin -in "$T/pub.$1" -text -noout | grep -q 'RSA\|Modulus' && mech=SHA256-RSA-PKCS
	rm -f "$T/sig"
	: >"$log"
	p11 --sign --id "$1" --mechanism $mech --signature-format openssl --input-file "$T/text" --output-file "$T/sig" || return 1
	openssl dgst -sha256 -verify "$T/pub.$1" -signature "$T/sig" "$T/text"
}

refused_all() # refused_all WHEN ID...
{
	local when=$1 id
	shift

	for id; do
		refused "$when: key $id does not sign" signs "$id"
	done
}

signs_all() # signs_all WHEN ID...
{
	local when=$1 id
	shift

	for id; do
		ok "$when: key $id signs" signs "$id"
	done
}

ssh_name() # what OpenSSH calls the key
{
	ssh-keygen -i -m PKCS8 -f "$T/pub.$1"
}

ssh_lists() # ssh_lists ID...   these and no others
{
	local id

	bounded ssh-keygen -D "$MODULE" | cut -d' ' -f1,2 | sort >"$T/list"
	for id; do
		ssh_name "$id"
	done | cut -d' ' -f1,2 | sort >"$T/expected"
	diff "$T/expected" "$T/list"
}

ssh_certifies() # ssh_certifies ID   a certificate by a key of the token, which ssh-keygen -L checks
{
	ssh_name "$1" >"$T/ca.pub" && rm -f "$T/host-cert.pub" && : >"$log"
	bounded ssh-keygen -q -D "$MODULE" -s "$T/ca.pub" -I host -h -n example "$T/host.pub" && ssh-keygen -L -f "$T/host-cert.pub"
}

shows() # shows STATUS PATTERN...   of seedleaf policy show
{
	local status=$1 pattern rc=0
	shift

	"$tool" policy show --token t >"$T/show" 2>&1 || rc=$?
	[ "$rc" = "$status" ] || { echo "status $rc"; cat "$T/show"; return 1; }
	for pattern; do
		has "$T/show" "$pattern" || return 1
	done
}

failures() # what the TPM counts
{
	tpm2_getcap properties-variable | sed -n 's/^TPM2_PT_LOCKOUT_COUNTER: *//p'
}

# ---- a boot state
begin 'policy = pcr:sha256:16'
ok 'state: a derived key' derive 01 derived
ok 'state: a sealed one' import 02 sealed ec
ok 'state: a long sealed one' import 03 rsa rsa
signs_all 'state' 01 02 03
ok 'state: OpenSSH lists them' ssh_lists 01 02 03
ok 'state: OpenSSH uses the derived one' ssh_certifies 01
ok 'state: and a sealed one' ssh_certifies 03
ok 'state: is shown' shows 0 'satisfied: yes' "values now: $(state_now)"
old=$(state_now)
move
refused_all 'another state' 01 02 03
ok 'another state: OpenSSH lists none' ssh_lists
refused 'another state: and uses none' ssh_certifies 01
ok 'another state: they are orphans' sh -c "'$tool' status | grep -q 'orphans: 6 objects of token t'"
ok 'another state: makes other keys' derive 04 derived
signs_all 'another state' 04
# Who has the store says that these are the keys of this state.
now=$("$tool" token reseal --token t --to "pcr:sha256:16=$(state_now)" --dry-run | sed -n 's/^  root: //p')
cp -R "$SEEDLEAF_STORE" "$T/kept"
sqlite3 "$SEEDLEAF_STORE/store.db" "DELETE FROM object WHERE root = (SELECT id FROM root WHERE name = x'$now'); DELETE FROM root WHERE name = x'$now';
	UPDATE root SET name = x'$now'"
ok 'a store that lies of its state: lists them' ssh_lists 01 02 03
refused_all 'a store that lies of its state' 01 02 03
ok 'a store that lies of its state: the log says what is missing' has "$log" 'machine is not in the state that the sealed key'
rm -rf "$SEEDLEAF_STORE"
mv "$T/kept" "$SEEDLEAF_STORE"
reboot
ok 'the first state again' same "$(state_now)" "$old"
signs_all 'the first state again' 01 02 03
ok 'the first state again: OpenSSH lists them' ssh_lists 01 02 03
ok 'the first state again: OpenSSH uses them' ssh_certifies 02
refused_all 'the first state again' 04

# ---- a boot state and a PIN: neither alone
begin 'policy = pcr:sha256:16'
ok 'PIN: the token' bounded pkcs11-tool --module "$MODULE" --slot 4 --init-token --label $TOKEN --so-pin 87654321
ok 'PIN: the PIN' bounded pkcs11-tool --module "$MODULE" --slot 4 --login --login-type so --so-pin 87654321 --init-pin --new-pin 123456
printf 123456 >"$T/pin"
PIN=123456
ok 'PIN: a derived key' derive 01 derived
ok 'PIN: a sealed one' import 02 sealed ec --pin-file "$T/pin"
signs_all 'PIN' 01 02
ok 'PIN: OpenSSH uses them' ssh_certifies 02
PIN=
refused_all 'the state alone' 01 02
PIN=000000
refused_all 'the state and a wrong PIN' 01 02
PIN=123456
move
refused_all 'the PIN alone' 01 02
before=$(failures)
now=$("$tool" token reseal --token t --to "pcr:sha256:16=$(state_now)" --dry-run | sed -n 's/^  root: //p')
cp -R "$SEEDLEAF_STORE" "$T/kept"
sqlite3 "$SEEDLEAF_STORE/store.db" "DELETE FROM root WHERE name = x'$now'; UPDATE root SET name = x'$now'"
refused_all 'the PIN, and a store that lies of its state' 01 02
ok 'the PIN, and a store that lies of its state: the log says what is missing' has "$log" 'not in the state|PCRs'
ok 'the PIN, and a store that lies of its state: no try is counted' same "$(failures)" "$before"
rm -rf "$SEEDLEAF_STORE"
mv "$T/kept" "$SEEDLEAF_STORE"
reboot
tpm2_dictionarylockout --clear-lockout
signs_all 'PIN, the first state again' 01 02
PIN=

# ---- a signed state
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/boot.pem" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/other.pem" 2>/dev/null
openssl pkey -in "$T/boot.pem" -pubout -out "$T/boot.pub"
signed=$T/tpm2-pcr-signature.json

sign() # sign KEY [ARGUMENT...]   the state of now
{
	"$tool" policy sign --key "$T/$1.pem" --pcrs sha256:16 --output "$signed" "${@:2}"
}

begin "policy = authorize:$T/boot.pub" "policy-signatures = $signed"
refused 'signed: no key before a signature' derive 01 derived
ok 'signed: that there is none is shown' shows 1 'satisfied: no' "there is no signed policy in $signed"
ok 'signed: a signature' sign boot
ok 'signed: is shown' shows 0 'satisfied: yes' "signature: .*$signed" 'registers: sha256:16'
ok 'signed: a derived key' derive 01 derived
ok 'signed: a sealed one' import 02 sealed ec
ok 'signed: a long sealed one' import 03 rsa rsa
signs_all 'signed' 01 02 03
ok 'signed: OpenSSH uses them' ssh_certifies 01
move
refused_all 'a state that is not signed' 01 02 03
ok 'a state that is not signed: the log says so' has "$log" "no policy signed by $T/boot.pub is for the state of now, sha256:16"
ok 'a state that is not signed: is shown' shows 1 'satisfied: no' "no policy signed by $T/boot.pub is for the state of now"
ok 'a state that is not signed: the keys are listed' ssh_lists 01 02 03
refused 'a state that is not signed: OpenSSH cannot use them' ssh_certifies 01
cp "$signed" "$T/first.json"
rm "$signed"
ok 'signed by another' sign other
refused_all 'signed by another' 01 02
ok 'signed by another: the log says so' has "$log" "none of the 1 signed policies is by $T/boot.pub: $signed"
ok 'signed by another: is shown' shows 1 "none of the 1 signed policies is by $T/boot.pub"
# The other's signature under our key's name.
ours=$(sed -n 's/.*"pkfp": *"\([0-9a-f]*\)".*/\1/p' "$T/first.json" | head -n 1)
[ ${#ours} = 64 ] || ours=$("$PYTHON" -c 'import json,sys; print(json.load(open(sys.argv[1]))["sha256"][0]["pkfp"])' "$T/first.json")
forge()
{
	"$PYTHON" -c 'import json,sys; p=sys.argv[1]; j=json.load(open(p)); j["sha256"][0]["pkfp"]=sys.argv[2]; json.dump(j, open(p, "w"))' "$signed" "$ours"
}
ok 'signed in our name' forge
refused_all 'signed in our name' 01 02
ok 'signed in our name: the log says so' has "$log" "the signature for the state of now is damaged, or not by $T/boot.pub"
rm "$signed"
ok 'a signature that claims other registers' "$SL_SRC/tests/root/sign-policy.py" --key "$T/boot.pem" --pcrs 16 --claim 7 --out "$signed"
refused_all 'a signature that claims other registers' 01 02
ok 'a signature that claims other registers: the log says so' has "$log" "no policy signed by $T/boot.pub is for the state of now, sha256:7 "
rm "$signed"
ok 'signed for a REF' sign boot --ref release
refused_all 'signed for a REF' 01 02
ok 'signed for a REF: the log says so' has "$log" 'for another policyRef'
cp "$T/first.json" "$signed"
ok 'the new state is signed, too' sign boot
signs_all 'the new state is signed, too' 01 02 03
ok 'the new state is signed, too: OpenSSH uses the same keys' ssh_certifies 01
reboot
signs_all 'the first state is still signed' 01 02 03
move
move
echo "16=$(tpm2_pcrread -Q -o /dev/stdout sha256:16 | xxd -p -c 64)" >"$T/values"
reboot
ok 'a state is signed before it is there' sign boot --values "$T/values"
move
move
signs_all 'a state that was signed before it was there' 01 02 03
# As systemd-measure(1) writes it: one line, tabs, several banks and phases, some of them not for this machine.
rm "$signed"
ok 'systemd: a signature that openssl made' "$SL_SRC/tests/root/sign-policy.py" --key "$T/boot.pem" --pcrs 16 --out "$signed"
systemd()
{
	"$PYTHON" - "$signed" "$T/first.json" <<'PY'
import copy, json, sys
ours = json.load(open(sys.argv[1]))["sha256"][0]
first = json.load(open(sys.argv[2]))["sha256"][0]
phases = [first]
for i in range(3):
    other = copy.deepcopy(ours)
    other["pol"] = ("%02x" % i) * 32
    phases.append(other)
sha1 = copy.deepcopy(first)
sha1["pcrs"] = [11]
open(sys.argv[1], "w").write("{" + ",".join('"%s":%s' % (b, json.dumps(v, separators=(",", ":"))) for b, v in
                             (("sha1", [sha1]), ("sha256", phases + [ours]), ("sha384", []))) + "}\n")
PY
}
ok 'systemd: among others' systemd
signs_all 'systemd' 01 02 03
ok 'systemd: is shown' shows 0 'satisfied: yes'

# ---- a signed state and a PIN
rm "$signed"
begin "policy = authorize:$T/boot.pub, both" "policy-signatures = $signed"
ok 'both: the state is signed' sign boot --ref both
ok 'both: the token' bounded pkcs11-tool --module "$MODULE" --slot 4 --init-token --label $TOKEN --so-pin 87654321
ok 'both: the PIN' bounded pkcs11-tool --module "$MODULE" --slot 4 --login --login-type so --so-pin 87654321 --init-pin --new-pin 123456
PIN=123456
ok 'both: a derived key' derive 01 derived
ok 'both: a sealed one' import 02 sealed ec --pin-file "$T/pin"
signs_all 'both' 01 02
ok 'both: OpenSSH uses them' ssh_certifies 01
PIN=
refused_all 'both: the signed state alone' 01 02
PIN=000000
refused_all 'both: the signed state and a wrong PIN' 01 02
tpm2_dictionarylockout --clear-lockout
before=$(failures)
PIN=123456
move
refused_all 'both: the PIN alone' 01 02
ok 'both: the PIN alone: the log says what is missing' has "$log" 'no policy signed by'
ok 'both: the PIN alone: no try is counted' same "$(failures)" "$before"
ok 'both: the new state is signed' sign boot --ref both
signs_all 'both: the new state is signed' 01 02
PIN=

# ---- a state by its values
begin 'policy = pcr:sha256:16'
old=$(state_now)
move
new=$(state_now)
configure 'namespace = by-values' "policy = pcr:sha256:16=$old"
ok 'by values: is shown' shows 1 'satisfied: no' "values now: $new" "values wanted: $old" 'why: .*another state'
ok 'by values: a key is sealed from another state' eval 'import 02 sealed ec >"$T/said"'
ok 'by values: it was not seen to open, and that is said' has "$T/said" 'not satisfied now, so that it could not be compared: keep'
ok 'by values: it is listed' ssh_lists 02
refused_all 'by values: another state' 02
ok 'by values: another state: the log says so' has "$log" 'not in the state that the sealed key'
refused 'by values: nothing is derived in another state' derive 01 derived
ok 'by values: the log says what is missing' has "$log" "the PCRs \\(sha256:16\\) are not in the state of the policy: expected $old, they have $new"
reboot
ok 'by values: a derived key' derive 01 derived
signs_all 'by values' 01 02
ok 'by values: OpenSSH uses them' ssh_certifies 01
move
refused_all 'by values: another state again' 01 02
ok 'by values: another state again: both are listed' ssh_lists 01 02
configure 'namespace = by-values' "policy = pcr:sha256:16=$new"
ok 'by values: other values are another root' ssh_lists
configure 'namespace = by-values' 'policy = pcr:sha256:16'
reboot
signs_all 'by values, or the values of now: the same root' 01 02
finish
