#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Sealed keys between Seedleaf and other TPM tools: what key export --tss2 writes, tpm2-tools open; what tpm2-tools and the kernel's trusted keys
# seal, key import takes. The DER is taken apart and put together here, by other code than ours.
set -u
if [ -z "${SL_TSS2_INNER:-}" ]; then
	export SL_TSS2_INNER=1
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
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner "$@"
}

cat >der.py <<'END'
import base64, sys

def tlv(tag, body):
    n = len(body)
    head = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82, n >> 8, n & 255])
    return bytes([tag]) + head + body

def parse(data):
    """[(tag, contents), ...]; primitive contents stay bytes."""
    out, at = [], 0
    while at < len(data):
        tag, n, at = data[at], data[at + 1], at + 2
        if n & 0x80:
            k = n & 0x7f
            n, at = int.from_bytes(data[at:at + k], "big"), at + k
        assert at + n <= len(data)
        out.append((tag, data[at:at + n]))
        at += n
    return out

OID = bytes.fromhex("060667810" "50a0105")

def write(argv):
    """write PUB PRIV PARENT FORM TRUE AUTH -> file"""
    pub, priv, parent, form, true, out = argv
    n = int(parent, 16)
    body = OID
    if true != "none":
        body += tlv(0xa0, tlv(1, bytes.fromhex(true)))
    body += tlv(2, n.to_bytes((n.bit_length() + 8) // 8, "big"))
    body += tlv(4, open(pub, "rb").read()) + tlv(4, open(priv, "rb").read())
    der = tlv(0x30, body)
    if form == "der":
        open(out, "wb").write(der)
    elif form == "hex":
        open(out, "w").write(der.hex())
    else:
        text = base64.encodebytes(der).decode()
        open(out, "w").write("-----BEGIN TSS2 PRIVATE KEY-----\n%s-----END TSS2 PRIVATE KEY-----\n" % text)

def read(argv):
    """read PEM PUB PRIV: the areas; prints the other fields"""
    lines = open(argv[0]).read().split("\n")
    assert lines[0] == "-----BEGIN TSS2 PRIVATE KEY-----" and lines[-2] == "-----END TSS2 PRIVATE KEY-----", lines
    (tag, body), = parse(base64.b64decode("".join(lines[1:-2])))
    fields = parse(body)
    assert tag == 0x30 and fields[0] == (6, OID[2:]), fields[0]
    print(" ".join("%02x:%s" % (t, b.hex()) for t, b in fields[1:-2]))
    assert fields[-2][0] == fields[-1][0] == 4
    open(argv[1], "wb").write(fields[-2][1])
    open(argv[2], "wb").write(fields[-1][1])

{"write": write, "read": read}[sys.argv[1]](sys.argv[2:])
END
der() {
	/usr/bin/python3 der.py "$@"
}
hex() {
	xxd -p -c 1000 "$1"
}

# The storage key of the TCG's template. Its `unique` is two numbers of 32 zero bytes in Seedleaf's, and empty where the form of TSS2 PRIVATE KEY
# has its rule from (and tpm2_createprimary its default). The file is tss2's TPMS_ECC_POINT as it lies in memory.
/usr/bin/python3 -c 'open("unique", "wb").write(2 * (b"\x20\0" + bytes(128)))'
parent_of() { # parent_of HIERARCHY FILE [OPTION...]
	local hierarchy=$1 file=$2
	shift 2
	tpm2_createprimary -Q -C "$hierarchy" -g sha256 -G ecc256:aes128cfb -c "$file" "$@" \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' && tpm2_flushcontext -Q -t
}
parent_of o owner.ctx -u unique
parent_of o plain.ctx

# unsealed NAME PEM PARENT-CONTEXT [AUTH]: what tpm2-tools find in it
unsealed() {
	rm -f un.pub un.priv un.ctx un.out
	fields=$(der read "$2" un.pub un.priv) || return 1
	tpm2_load -Q -C "$3" -u un.pub -r un.priv -c un.ctx && tpm2_unseal -Q -c un.ctx ${4:+-p "$4"} -o un.out && tpm2_flushcontext -Q -t
}

# ---- ours for others
for len in 16 32; do
	head -c $len /dev/urandom >aes$len
	want 0 "import an AES key of $len bytes" "$tool" key import aes$len --label aes$len --type aes --id 0$((len / 8))
	want 0 "export it" "$tool" key export aes$len --tss2 --output aes$len.tss2
	check "nothing is on standard output" 0 "$(wc -c <out)"
	check "the file is ours alone" 600 "$(stat -c %a aes$len.tss2)"
	unsealed "aes$len" aes$len.tss2 owner.ctx
	check "tpm2_unseal has the same $len bytes" "$(hex aes$len)" "$(hex un.out)"
	check "the fields: emptyAuth, parent" "a0:0101ff 02:40000001" "$fields"
done
head -c 100 /dev/urandom >long
want 0 "import 100 bytes" "$tool" key import long --label long --type generic
want 0 "export them" "$tool" key export long --tss2
cp out long.tss2
unsealed "100 bytes" long.tss2 owner.ctx
check "tpm2_unseal has the same 100 bytes" "$(hex long)" "$(hex un.out)"
openssl genpkey -algorithm ED25519 -out ed.pem
openssl pkey -in ed.pem -outform DER -out ed.der
want 0 "import an Ed25519 key" "$tool" key import ed.pem --label ed
want 0 "export it" "$tool" key export ed --tss2
cp out ed.tss2
unsealed ed ed.tss2 owner.ctx
check "tpm2_unseal has its PKCS #8" "$(hex ed.der)" "$(hex un.out)"
p11 --keygen --key-type AES:32 --label made --sensitive --id 77 >out 2>&1
want 1 "a derived key has none" "$tool" key export made --tss2
says "a derived key" 'a derived key: nothing of it is sealed'
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
want 0 "import an RSA key" "$tool" key import rsa.pem --label rsa
want 1 "it is too long for one" "$tool" key export rsa --tss2
says "an RSA key" 'longer than the 128 bytes that one TPM object holds'
# With its public half an EC key is too long, without it is not.
for curve in P-256 P-384 P-521; do
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out $curve.pem
	want 0 "import a key on $curve" "$tool" key import $curve.pem --label $curve
	want 0 "export it" "$tool" key export $curve --tss2
	cp out $curve.tss2
	unsealed $curve $curve.tss2 owner.ctx
	check "tpm2_unseal has its PKCS #8" "$(openssl pkey -in $curve.pem -pubout)" "$(openssl pkey -inform DER -in un.out -pubout)"
	want 0 "import it again" "$tool" key import $curve.tss2 --label again-$curve
done
printf 'open sesame' >auth2
printf '\n' >newline
want 0 "an authorization for what has none" "$tool" key export aes32 --tss2 --auth-file auth2
cp out guarded.tss2
unsealed guarded guarded.tss2 owner.ctx 'open sesame'
check "it opens with that" "$(hex aes32)" "$(hex un.out)"
check "the fields: parent" "02:40000001" "$fields"
check "and not without" no "$(unsealed guarded guarded.tss2 owner.ctx >/dev/null 2>&1 && echo yes || echo no)"
tpm2_flushcontext -Q -t
want 2 "an empty authorization" "$tool" key export aes32 --tss2 --auth-file newline
want 2 "--auth-file and --no-auth" "$tool" key export aes32 --tss2 --auth-file /dev/null --no-auth
want 2 "a file that is there" "$tool" key export ed --tss2 --output ed.tss2
check "a file that is there is left alone" "$(head -1 ed.tss2)" "-----BEGIN TSS2 PRIVATE KEY-----"
want 2 "two forms" "$tool" key export ed --tss2 --pem
want 2 "--output without --tss2" "$tool" key export ed --pem --output x.pem
want 2 "no such key" "$tool" key export nobody --tss2
want 0 "what we exported we import" "$tool" key import aes32.tss2 --label again --type aes --id 99
head -c 16 /dev/zero >zeros
p11 --encrypt --mechanism AES-ECB --id 99 -i zeros -o ours >out 2>&1
check "the same key" "$(openssl enc -aes-256-ecb -nopad -K "$(hex aes32)" -in zeros | xxd -p)" "$(hex ours)"

# ---- others' for us
sealed() { # sealed FILE NAME PARENT-CONTEXT TPM2-CREATE-OPTION...   -> NAME.pub NAME.priv
	local file=$1 name=$2 parent=$3
	shift 3
	rm -f "$name.pub" "$name.priv"
	tpm2_create -Q -C "$parent" -i "$file" -u "$name.pub" -r "$name.priv" "$@" && tpm2_flushcontext -Q -t
}
echo text >text
head -c 32 /dev/urandom >hmac
sealed hmac hmac owner.ctx
der write hmac.pub hmac.priv 40000001 pem ff hmac.tss2
want 0 "an HMAC key that tpm2_create sealed" "$tool" key import hmac.tss2 --label hmac --type hmac --id 21
p11 --sign --mechanism SHA256-HMAC --id 21 -i text -o sig >out 2>&1
check "it signs as openssl does" "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex hmac)" text | sed 's/.*= //')" "$(hex sig)"
want 0 "its bytes are sealed anew, in our form" "$tool" key export hmac --tss2
cp out hmac2.tss2
unsealed hmac hmac2.tss2 owner.ctx
check "and are the same" "$(hex hmac)" "$(hex un.out)"
der write hmac.pub hmac.priv 40000001 der ff hmac.der
sealed hmac plain plain.ctx
der write plain.pub plain.priv 40000001 pem ff plain.tss2
want 0 "sealed under the parent that tpm2_createprimary makes by itself" "$tool" key import plain.tss2 --label plain --type hmac --id 26
p11 --sign --mechanism SHA256-HMAC --id 26 -i text -o sig >out 2>&1
check "it signs as openssl does" "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex hmac)" text | sed 's/.*= //')" "$(hex sig)"
want 0 "the same in DER" "$tool" key import hmac.der --label hmac-der --type generic
# The kernel writes TRUE as 01, and its trusted keys are read as hex.
der write hmac.pub hmac.priv 40000001 hex 01 hmac.hex
want 0 "a trusted key of the kernel, in hex" "$tool" key import hmac.hex --label trusted --type aes --id 22
p11 --encrypt --mechanism AES-ECB --id 22 -i zeros -o ours >out 2>&1
check "it encrypts as openssl does" "$(openssl enc -aes-256-ecb -nopad -K "$(hex hmac)" -in zeros | xxd -p)" "$(hex ours)"
sealed ed.der edseal owner.ctx
der write edseal.pub edseal.priv 40000001 pem ff edseal.tss2
want 0 "a sealed PKCS #8" "$tool" key import edseal.tss2 --label sealed-ed --id 23
check "is that key" "$(openssl pkey -in ed.pem -pubout)" "$("$tool" key export sealed-ed --pem)"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
openssl ec -in ec.pem -outform DER -out ec.der 2>/dev/null
sealed ec.der ecseal owner.ctx
der write ecseal.pub ecseal.priv 40000001 pem ff ecseal.tss2
want 0 "a sealed ECPrivateKey" "$tool" key import ecseal.tss2 --label sealed-ec --id 24
p11 --sign --mechanism ECDSA-SHA256 --signature-format openssl --id 24 -i text -o sig >out 2>&1
check "it signs" "Verified OK" "$(openssl dgst -sha256 -verify <(openssl pkey -in ec.pem -pubout) -signature sig text 2>&1)"
want 2 "bytes that are no key, and no --type" "$tool" key import hmac.tss2 --label nothing
says "bytes that are no key" '32 sealed bytes that are no private key, expected --type'

# With an authorization: no emptyAuth. TRUE is wrong then, and says so.
printf 'open sesame\n' >auth
printf 'wrong\n' >wrong
sealed hmac authed owner.ctx -p 'open sesame'
der write authed.pub authed.priv 40000001 pem none authed.tss2
want 0 "with its authorization" "$tool" key import authed.tss2 --label authed --type hmac --auth-file auth --id 25
p11 --sign --mechanism SHA256-HMAC --id 25 -i text -o sig >out 2>&1
check "it signs" "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex hmac)" text | sed 's/.*= //')" "$(hex sig)"
want 2 "with another authorization" "$tool" key import authed.tss2 --label refused --type hmac --auth-file wrong
says "another authorization" 'the TPM does not accept that authorization'
want 2 "with none" "$tool" key import authed.tss2 --label refused --type hmac
says "no authorization" 'authorization of authed.tss2: .*expected --auth-file'

# What this TPM does not open.
parent_of e endorsement.ctx -u unique
sealed hmac other endorsement.ctx
der write other.pub other.priv 4000000b pem ff other.tss2
want 2 "sealed under another parent" "$tool" key import other.tss2 --label refused --type hmac
says "another parent" 'this TPM does not open it: .*\(the file says 0x4000000b\)'
want 0 "a token of that hierarchy takes it" "$tool" key import other.tss2 --label taken --type hmac --token endorsement
/usr/bin/python3 -c 'd = bytearray(open("hmac.priv", "rb").read()); d[-1] ^= 1; open("altered.priv", "wb").write(d)'
der write hmac.pub altered.priv 40000001 pem ff altered.tss2
want 2 "altered" "$tool" key import altered.tss2 --label refused --type hmac
says "altered" 'this TPM does not open it'
head -c 200 hmac.der >broken.tss2
want 2 "cut off" "$tool" key import broken.tss2 --label refused --type hmac
says "cut off" 'a TSS2 PRIVATE KEY that does not end'
head -c 300 hmac.hex >broken.hex
want 2 "cut off in hex" "$tool" key import broken.hex --label refused --type hmac
says "cut off in hex" 'a TSS2 PRIVATE KEY that does not end'
tpm2_create -Q -C owner.ctx -G ecc256 -u key.pub -r key.priv && tpm2_flushcontext -Q -t
der write key.pub key.priv 40000001 pem ff key.tss2
want 2 "a TPM's own key" "$tool" key import key.tss2 --label refused --type hmac
says "a TPM's own key" 'its public part is not that of sealed data'

# ---- with a storage root key, which every tool knows by its handle
tpm2_evictcontrol -Q -C o -c plain.ctx 0x81000001 && tpm2_flushcontext -Q -t
export SEEDLEAF_STORE=$PWD/second
want 0 "import with a storage root key" "$tool" key import aes32 --label srk --type aes --id 31
want 0 "export it" "$tool" key export srk --tss2
cp out srk.tss2
unsealed srk srk.tss2 0x81000001
check "tpm2_unseal has the same bytes" "$(hex aes32)" "$(hex un.out)"
check "the fields: emptyAuth, parent" "a0:0101ff 02:0081000001" "$fields"
sealed hmac bysrk 0x81000001
der write bysrk.pub bysrk.priv 81000001 hex 01 bysrk.hex
want 0 "a trusted key of the kernel under it" "$tool" key import bysrk.hex --label bysrk --type hmac --id 32
p11 --sign --mechanism SHA256-HMAC --id 32 -i text -o sig >out 2>&1
check "it signs as openssl does" "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex hmac)" text | sed 's/.*= //')" "$(hex sig)"
export SEEDLEAF_STORE=$SL_TPM_DIR/store
tpm2_evictcontrol -Q -C o -c 0x81000001

# ---- under a policy, with an authorization beside it
printf another >auth3
cat >policy.conf <<'END'
[token bound]
root = tpm:owner
policy = pcr:sha256:23
END
want 0 "a token under a policy" env SEEDLEAF_CONF="$PWD/policy.conf" "$tool" key import aes32 --label state --type aes --token bound
want 0 "export it under an authorization, too" env SEEDLEAF_CONF="$PWD/policy.conf" "$tool" key export state --tss2 --token bound --auth-file auth2
cp out state.tss2
want 0 "import that again" env SEEDLEAF_CONF="$PWD/policy.conf" "$tool" key import state.tss2 --label state2 --type aes --token bound --auth-file auth2
want 2 "not with another authorization" env SEEDLEAF_CONF="$PWD/policy.conf" "$tool" key import state.tss2 --label state3 --type aes --token bound --auth-file auth3
says "not with another authorization" 'does not accept that authorization'
tpm2_pcrextend 23:sha256="$(printf %064d 5)"
want 1 "nor in another state" env SEEDLEAF_CONF="$PWD/policy.conf" "$tool" key import state.tss2 --label state3 --type aes --token bound --auth-file auth2
says "nor in another state" 'not in the state'
tpm2_pcrreset 23
sed "s/sha256:23/&=$(printf %064d 7)/; s/bound/later/; /root/a namespace = later" policy.conf >later.conf
want 0 "for a state to come" env SEEDLEAF_CONF="$PWD/later.conf" "$tool" key import aes32 --label later --type aes --token later
check "for a state to come: not compared" "the token's policy is not satisfied now, so that it could not be compared: keep aes32 until the key was used" "$(tail -1 out)"

# ---- another TPM: with the store of this one, and with its blobs
here=$PWD
store=$SEEDLEAF_STORE
before=$("$tool" key list | wc -l)
check "keys here" yes "$([ "$before" -gt 9 ] && echo yes)"
cat >elsewhere.sh <<'END'
cp -R "$1" "$SEEDLEAF_STORE" && chmod 700 "$SEEDLEAF_STORE"
export SEEDLEAF_LOG=info SEEDLEAF_LOG_FILE=$2/log
seedleaf status >"$2/status" 2>&1
seedleaf key list >"$2/list" 2>&1
pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner -O >"$2/objects" 2>/dev/null
seedleaf key import "$2/hmac.tss2" --label x --type hmac >"$2/import" 2>&1
echo $? >>"$2/import"
END
"$SL_SRC/tests/with-tpm" bash elsewhere.sh "$store" "$here"
check "another TPM lists none of them" 0 "$(wc -l <list)"
check "another TPM shows none of them" "seedleaf root" "$(sed -n 's/^  label: *//p' objects | sort -u)"
check "another TPM: status tells of orphans" yes "$(grep -qi orphan status && echo yes || cat status)"
check "another TPM does not open a blob" "2" "$(tail -1 import)"
check "another TPM: says why" 1 "$(grep -c 'hmac.tss2: this TPM does not open it: sealed by another one' import)"
check "they are still here" "$before" "$("$tool" key list | wc -l)"
check "nothing is left on the TPM" "" "$(tpm2_getcap handles-transient)$(tpm2_getcap handles-loaded-session)"
echo "1..$n"
exit $failed
