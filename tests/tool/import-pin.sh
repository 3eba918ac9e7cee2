#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf key import and key export on a token with a PIN, beside a software TPM.
set -u
if [ -z "${SL_IMPORT_PIN_INNER:-}" ]; then
	export SL_IMPORT_PIN_INNER=1
	exec "${SL_SRC:?}/tests/with-tpm" bash "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
for program in openssl tpm2_load pkcs11-tool; do
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

p11() {
	rm -f sig ours
	pkcs11-tool --module "$SEEDLEAF_MODULE" --slot 0 "$@"
}

objects() {
	p11 --login --pin 123456 -O 2>/dev/null | grep -c '^  label:'
}

hex() {
	xxd -p -c 1000 "$1"
}

p11 --init-token --label vault --so-pin 87654321 >out 2>&1
check "a token with a SO" 0 $?
p11 --login --login-type so --so-pin 87654321 --init-pin --new-pin 123456 >>out 2>&1
check "and a user PIN" 0 $?
printf '123456\n' >pin
printf '654321\n' >wrong
printf 'open sesame\n' >auth
echo text >text
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
head -c 32 /dev/urandom >aes
before=$(objects)

want 2 "no PIN" "$tool" key import ec.pem --label ec
says "no PIN" 'user PIN of token owner: .*expected --pin-file'
want 2 "a wrong PIN" "$tool" key import ec.pem --label ec --pin-file wrong
says "a wrong PIN" 'wrong PIN'
want 2 "a PIN where there is none" "$tool" key import ec.pem --label ec --token null --pin-file pin
says "a PIN where there is none" 'no user PIN, expected no --pin-file'
check "nothing was stored" "$before" "$(objects)"
want 0 "import of an EC key" "$tool" key import ec.pem --label ec --id 01 --pin-file pin
p11 --login --pin 123456 --sign --mechanism ECDSA-SHA256 --signature-format openssl --id 01 -i text -o sig >out 2>&1
check "it signs for the user" "Verified OK" "$(openssl dgst -sha256 -verify <(openssl pkey -in ec.pem -pubout) -signature sig text 2>&1)"
p11 --sign --mechanism ECDSA-SHA256 --id 01 -i text -o sig >out 2>&1
check "it does not without the PIN" no "$([ -e sig ] && echo yes || echo no)"
want 0 "import of an AES key that may leave" "$tool" key import aes --type aes --label aes --id 02 --extractable --pin-file pin
want 0 "import of one that may not" "$tool" key import aes --type aes --label closed --id 03 --pin-file pin
want 2 "the same label" "$tool" key import aes --type aes --label aes --pin-file pin
says "the same label" 'has a secret key with the label "aes" already'

# ---- what leaves
/usr/bin/python3 -c 'open("unique", "wb").write(2 * (b"\x20\0" + bytes(128)))'
tpm2_createprimary -Q -C o -g sha256 -G ecc256:aes128cfb -c owner.ctx -u unique -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
tpm2_flushcontext -Q -t
unsealed() { # unsealed PEM [AUTH]
	rm -f un.out
	/usr/bin/python3 - "$1" <<'END' && tpm2_load -Q -C owner.ctx -u un.pub -r un.priv -c un.ctx && tpm2_unseal -Q -c un.ctx ${2:+-p "$2"} -o un.out
import base64, sys
der = base64.b64decode("".join(line for line in open(sys.argv[1]) if "-----" not in line))
parts, at = [], 2 if der[1] < 128 else 3 if der[1] == 0x81 else 4
while at < len(der):
    n, head = der[at + 1], 2
    if n & 0x80:
        head = 2 + (n & 0x7f)
        n = int.from_bytes(der[at + 2:at + head], "big")
    parts.append(der[at + head:at + head + n])
    at += head + n
open("un.pub", "wb").write(parts[-2])
open("un.priv", "wb").write(parts[-1])
END
	local status=$?
	tpm2_flushcontext -Q -t
	return $status
}
want 2 "export without the PIN" "$tool" key export aes --tss2
want 2 "export that says nothing of what is to open it" "$tool" key export aes --tss2 --pin-file pin
says "nothing said" 'expected --auth-file with what is to open the file, or --no-auth'
want 1 "export of what is not extractable" "$tool" key export closed --tss2 --pin-file pin --no-auth
says "not extractable" 'not extractable .CKA_EXTRACTABLE.: it stays here'
check "and nothing of it was written" 0 "$(wc -c <out)"
want 2 "export with a wrong PIN" "$tool" key export aes --tss2 --pin-file wrong --no-auth
want 0 "export without an authorization" "$tool" key export aes --tss2 --pin-file pin --no-auth
cp out aes.tss2
unsealed aes.tss2
check "tpm2_unseal has its bytes" "$(hex aes)" "$(hex un.out)"
want 0 "export with one" "$tool" key export aes --tss2 --pin-file pin --auth-file auth --output guarded.tss2
unsealed guarded.tss2 'open sesame'
check "tpm2_unseal has its bytes" "$(hex aes)" "$(hex un.out)"
want 0 "the public half of a key" "$tool" key export ec --pem --pin-file pin
check "is the key's" "$(openssl pkey -in ec.pem -pubout)" "$(cat out)"
want 0 "import of what was exported" "$tool" key import guarded.tss2 --type aes --label back --id 04 --auth-file auth --pin-file pin
head -c 16 /dev/zero >zeros
p11 --login --pin 123456 --encrypt --mechanism AES-ECB --id 04 -i zeros -o ours >out 2>&1
check "it encrypts as openssl does" "$(openssl enc -aes-256-ecb -nopad -K "$(hex aes)" -in zeros | xxd -p)" "$(hex ours)"
# The third wrong authorization: the TPM is locked after it.
check "what was exported with an authorization does not open without" no "$(unsealed guarded.tss2 >/dev/null 2>&1 && echo yes || echo no)"
want 1 "a TPM that is locked" "$tool" key import ec.pem --label more --pin-file pin
says "a TPM that is locked" 'the TPM is locked after too many wrong authorizations'
check "nothing is left on the TPM" "" "$(tpm2_getcap handles-transient)$(tpm2_getcap handles-loaded-session)"
echo "1..$n"
exit $failed
