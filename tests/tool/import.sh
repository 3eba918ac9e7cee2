#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf key import beside a software TPM: every form of a private key that openssl and ssh-keygen write, and what is wrong with files.
set -u
if [ -z "${SL_IMPORT_INNER:-}" ]; then
	export SL_IMPORT_INNER=1
	exec "${SL_SRC:?}/tests/with-tpm" bash "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
for program in openssl ssh-keygen pkcs11-tool; do
	command -v $program >/dev/null || { echo "1..0 # SKIP no $program"; exit 0; }
done
unset OPENSSL_CONF
umask 077
mkdir "$SL_TPM_DIR/keys" && cd "$SL_TPM_DIR/keys" || exit 99
n=0
failed=0
number=0
printf 'sesame street\n' >pass
printf 'wrong\n' >wrong

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

p11() {
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner "$@"
}

# spki PRIVATE-KEY: the public half as openssl has it
spki() {
	openssl pkey -in "$1" "${@:2}" -pubout 2>/dev/null
}

# good NAME FILE PUBLIC-PEM [OPTION...]: imports FILE under a new label, and asks for its public half
good() {
	local name=$1 file=$2 public=$3
	shift 3
	number=$((number + 1))
	label="key $number"
	"$tool" key import "$file" --label "$label" "$@" >out 2>err </dev/null
	if [ $? -ne 0 ] || [ -s err ]; then
		check "$name" "imported" "$(cat out err)"
		return
	fi
	check "$name" "$(cat "$public")" "$("$tool" key export "$label" --pem 2>&1)"
}

# state: all that an import could change
state() {
	sha256sum "$SEEDLEAF_STORE"/* 2>/dev/null | sha256sum
	p11 -O 2>/dev/null | sha256sum
}

# bad NAME FILE PATTERN [OPTION...]: refused with status 2, for the reason, nothing changed
bad() {
	local name=$1 file=$2 pattern=$3 before after status
	shift 3
	before=$(state)
	setsid -w "$tool" key import "$file" --label refused "$@" >out 2>err </dev/null
	status=$?
	after=$(state)
	check "$name: status" 2 "$status"
	check "$name: says why" yes "$(grep -Eq "^seedleaf: .*$pattern" err && echo yes || cat err)"
	check "$name: nothing changed" "$before" "$after"
}

genkey() { # genkey NAME OPENSSL-OPTION...
	local name=$1
	shift
	openssl genpkey "$@" -out "$name.pem" 2>/dev/null && spki "$name.pem" >"$name.pub.pem"
}

# ---- PKCS #8, and what came before it
ec() { genkey "$1" -algorithm EC -pkeyopt "ec_paramgen_curve:$2"; }
ec p256 P-256; ec p384 P-384; ec p521 P-521; ec p224 P-224; ec k256 secp256k1; ec bp256 brainpoolP256r1; ec bp512 brainpoolP512r1
for bits in 1024 2048 4096; do
	genkey "rsa$bits" -algorithm RSA -pkeyopt "rsa_keygen_bits:$bits"
done
genkey ed25519 -algorithm ED25519; genkey ed448 -algorithm ED448; genkey x25519 -algorithm X25519; genkey x448 -algorithm X448
for key in p256 p384 p521 p224 k256 bp256 bp512 rsa1024 rsa2048 rsa4096 ed25519 ed448 x25519 x448; do
	good "PKCS #8 in PEM: $key" $key.pem $key.pub.pem
	openssl pkcs8 -topk8 -nocrypt -in $key.pem -outform DER -out $key.der
	good "PKCS #8 in DER: $key" $key.der $key.pub.pem
	openssl pkcs8 -topk8 -passout file:pass -in $key.pem -out $key.enc
	good "PKCS #8, encrypted: $key" $key.enc $key.pub.pem --passphrase-file pass
done
for how in "-v2 aes-128-cbc" "-v2 aes-192-cbc -v2prf hmacWithSHA1" "-v2 aes-256-cbc -v2prf hmacWithSHA512" "-v2 des3 -v2prf hmacWithSHA224" \
	"-v2 aes-256-cbc -v2prf hmacWithSHA384 -iter 1" "-scrypt" "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 3"; do
	# shellcheck disable=SC2086
	openssl pkcs8 -topk8 $how -passout file:pass -in p256.pem -outform DER -out how.der
	good "PKCS #8, encrypted with $how" how.der p256.pub.pem --passphrase-file pass
done
for key in p256 p521 k256 rsa2048; do
	kind=${key%%[0-9]*}
	[ "$kind" = rsa ] || kind=ec
	openssl $kind -in $key.pem -out $key.old 2>/dev/null
	[ $kind = ec ] || openssl rsa -traditional -in $key.pem -out $key.old 2>/dev/null
	good "traditional, PEM: $key" $key.old $key.pub.pem
	[ $kind = ec ] && openssl ec -in $key.pem -outform DER -out $key.old.der 2>/dev/null
	[ $kind = ec ] || openssl rsa -traditional -in $key.pem -outform DER -out $key.old.der 2>/dev/null
	good "traditional, DER: $key" $key.old.der $key.pub.pem
	for cipher in aes128 aes192 aes256 des3; do
		openssl pkey -traditional -in $key.pem -$cipher -passout file:pass -out $key.old.enc
		good "traditional, $cipher: $key" $key.old.enc $key.pub.pem --passphrase-file pass
	done
done
openssl ec -conv_form compressed -in p256.pem -out compressed 2>/dev/null
good "an EC key with a compressed public half" compressed p256.pub.pem
openssl ec -no_public -in p256.pem -out nopub 2>/dev/null
good "an EC key without its public half" nopub p256.pub.pem
openssl ecparam -name prime256v1 -genkey -out params && spki params >params.pub
check "parameters before a key are there" 1 "$(grep -c 'BEGIN EC PARAMETERS' params)"
good "parameters before a key" params params.pub
openssl req -x509 -new -key p256.pem -subj /CN=p256 -days 2 -out p256.crt
openssl req -x509 -new -key p384.pem -subj /CN=p384 -days 2 -out p384.crt
cat p384.crt p256.crt p256.pem p384.crt >combined
good "a key among certificates" combined p256.pub.pem
sed 's/$/\r/' p256.pem >crlf
good "lines that end as in DOS" crlf p256.pub.pem
{ echo "Bag Attributes"; echo "    friendlyName: x"; cat rsa2048.pem; } >bag
good "text before a key" bag rsa2048.pub.pem
"$tool" key import - --label "from stdin" <p256.pem >out 2>err
check "standard input" "0 " "$? $(cat err)"
check "standard input: no file to delete" 0 "$(grep -c deleted out)"
check "standard input: the key" "$(cat p256.pub.pem)" "$("$tool" key export "from stdin" --pem)"

# ---- OpenSSH
ssh() { # ssh NAME SSH-KEYGEN-OPTION...
	local name=$1
	shift
	ssh-keygen -q -C "a comment" -f "$name" "$@" && ssh-keygen -e -m PKCS8 -f "$name.pub" >"$name.pub.pem"
}
# ssh-keygen exports no Ed25519 key in PEM.
ed_pem() {
	/usr/bin/python3 - "$1" <<'END'
import base64, sys
blob = base64.b64decode(open(sys.argv[1]).read().split()[1])
der = bytes.fromhex("302a300506032b6570032100") + blob[-32:]
text = base64.b64encode(der).decode()
print("-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----" % text)
END
}
i=0
for spec in "rsa 2048" "rsa 3072" "ecdsa 256" "ecdsa 384" "ecdsa 521" "ed25519 256"; do
	set -- $spec
	ssh "ssh-$1-$2" -t "$1" -b "$2" -N ''
	[ "$1" != ed25519 ] || ed_pem "ssh-$1-$2.pub" >"ssh-$1-$2.pub.pem"
	good "OpenSSH: $spec" "ssh-$1-$2" "ssh-$1-$2.pub.pem"
	ciphers=(aes256-ctr aes192-ctr aes128-ctr aes256-cbc aes128-gcm@openssh.com aes256-gcm@openssh.com)
	cp "ssh-$1-$2" encrypted
	ssh-keygen -q -p -P '' -N 'sesame street' -a $((i + 1)) -Z "${ciphers[i]}" -f encrypted
	check "OpenSSH: $spec: ssh-keygen has encrypted it" 1 "$(sed 1d encrypted | grep -v -- ----- | base64 -d | grep -ac "${ciphers[i]}")"
	good "OpenSSH: $spec, encrypted with ${ciphers[i]}" encrypted "ssh-$1-$2.pub.pem" --passphrase-file pass
	i=$((i + 1))
done
ssh-keygen -q -t ecdsa -N '' -m PEM -f ssh-pem && spki ssh-pem >ssh-pem.pub.pem
good "ssh-keygen -m PEM" ssh-pem ssh-pem.pub.pem

# ---- a key does its work, and is what was asked for
want 0 "with everything" "$tool" key import p384.pem --label "all of it" --id 0A0b --usage sign --certificate p384.crt --extractable --token owner
check "says where it is" 1 "$(grep -c "^all of it: sealed to token owner, in $SEEDLEAF_STORE, with its public half and its certificate$" out)"
check "says that the file can go" 1 "$(grep -c '^p384.pem is not needed' out)"
check "show: usage" "usage: sign" "$("$tool" key show "all of it" | grep usage)"
check "show: id" "id: 0a0b" "$("$tool" key show "all of it" | grep ^id)"
p11 -O 2>/dev/null >objects
check "a private key that may be wrapped, a public key, a certificate" "3" "$(grep -A9 'Private Key Object\|Public Key Object\|Certificate Object' objects | grep -c '^ *ID: *0a0b$')"
check "extractable" 1 "$(awk '/Object/ { on = /Private/ } on' objects | grep -A3 'all of it' | grep -c 'Access: *sensitive, extractable')"
check "not extractable unless asked for" "$(grep -c 'Private Key Object' objects)" \
	"$((1 + $(awk '/Object/ { on = /Private/ } on' objects | grep 'Access: *sensitive$' | wc -l)))"
p11 --read-object --type cert --id 0a0b -o read.crt >/dev/null 2>&1
check "the certificate" "$(openssl x509 -in p384.crt -outform DER | sha256sum)" "$(sha256sum <read.crt)"
echo text >text
p11 --sign --mechanism ECDSA-SHA256 --signature-format openssl --id 0a0b -i text -o sig >out 2>&1
check "its signature" "Verified OK" "$(openssl dgst -sha256 -verify p384.pub.pem -signature sig text 2>&1)"
want 0 "an RSA key" "$tool" key import rsa2048.pem --label rsa --id 0c
p11 --sign --mechanism SHA256-RSA-PKCS --id 0c -i text -o sig >out 2>&1
check "its signature" "Verified OK" "$(openssl dgst -sha256 -verify rsa2048.pub.pem -signature sig text 2>&1)"
want 0 "an Ed25519 key" "$tool" key import ssh-ed25519-256 --label ed --id 0d
p11 --sign --mechanism EDDSA --id 0d -i text -o sig >out 2>&1
check "its signature" "Signature Verified Successfully" \
	"$(openssl pkeyutl -verify -pubin -inkey ssh-ed25519-256.pub.pem -rawin -in text -sigfile sig 2>&1)"
head -c 32 /dev/urandom >aes.bin
want 0 "an AES key" "$tool" key import aes.bin --label aes --type aes --id 0e
head -c 32 /dev/zero >zeros
p11 --encrypt --mechanism AES-ECB --id 0e -i zeros -o encrypted.bin >out 2>&1
check "it encrypts" "$(openssl enc -aes-256-ecb -nopad -K "$(xxd -p -c 64 aes.bin)" -in zeros | xxd -p -c 64)" "$(xxd -p -c 64 encrypted.bin)"
head -c 20 /dev/urandom >hmac.bin
want 0 "an HMAC key" "$tool" key import hmac.bin --label hmac --type hmac --id 0f
p11 --sign --mechanism SHA256-HMAC --id 0f -i text -o sig >out 2>&1
check "it signs" "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(xxd -p -c 64 hmac.bin)" text | sed 's/.*= //')" "$(xxd -p -c 64 sig)"
check "list: what they are" "aes:256 ec:P-384 ed25519 generic:20 rsa:2048" \
	"$("$tool" key list | awk -F '\t' '$5 ~ /^(0a0b|0c|0d|0e|0f)$/ { print $2 }' | sort | xargs)"
chmod 644 p256.pem
want 0 "a file that others can read" "$tool" key import p256.pem --label open
check "is said, and taken" "seedleaf: p256.pem: mode 644: others may have read it" "$(cat err)"
chmod 600 p256.pem
check "nothing of a key is in the store in clear" 0 "$(/usr/bin/python3 - "$SEEDLEAF_STORE" <<'END'
import glob, sys
data = b"".join(open(p, "rb").read() for p in glob.glob(sys.argv[1] + "/*"))
print(sum(open(f, "rb").read() in data for f in ("aes.bin", "hmac.bin")))
END
)"

# ---- what is refused

"$tool" key import p256.pem --label "all of it" >out 2>err
check "the same label: status" 2 $?
check "the same label: says why" 1 "$(grep -c 'has a private key with the label "all of it" already' err)"
bad "another key's certificate" p256.pem 'certificate is for another key' --certificate p384.crt
bad "a certificate for a secret key" aes.bin 'certificate is for another key' --type aes --certificate p384.crt
bad "a certificate that is none" p256.pem 'expected an X.509' --certificate p256.pem
bad "a usage that the key cannot have" ed25519.pem 'cannot have that usage' --usage decrypt
bad "an unknown usage" p256.pem 'expected a list of sign' --usage frobnicate
bad "an unknown token" p256.pem 'expected a token' --token nobody
bad "a bad id" p256.pem 'expected 1 to 64 bytes in hex' --id 0g
bad "an unknown type" aes.bin 'expected aes, hmac or generic' --type des
bad "no passphrase" p256.enc 'passphrase of p256.enc: .*expected --passphrase-file'
bad "no passphrase, traditional" p256.old.enc 'expected --passphrase-file'
bad "no passphrase, OpenSSH" encrypted 'expected --passphrase-file'
bad "a wrong passphrase" p256.enc 'passphrase is wrong' --passphrase-file wrong
bad "a wrong passphrase, traditional" rsa2048.old.enc 'passphrase is wrong' --passphrase-file wrong
bad "a wrong passphrase, OpenSSH" encrypted 'passphrase is wrong' --passphrase-file wrong
bad "a wrong passphrase, scrypt" how.der 'passphrase is wrong' --passphrase-file wrong
bad "a passphrase file that is not there" p256.enc 'none: No such file' --passphrase-file none
bad "a public key" p256.pub.pem 'a public key, expected a private key'
openssl pkey -pubin -in rsa2048.pub.pem -outform DER -out pub.der
bad "a public key in DER" pub.der 'a public key, expected a private key'
bad "a public key of OpenSSH's" ssh-rsa-2048.pub 'a public key, expected a private key'
bad "a certificate" p256.crt 'a certificate, expected a private key'
openssl x509 -in p256.crt -outform DER -out crt.der
bad "a certificate in DER" crt.der 'a certificate or a certificate request, expected'
openssl dsaparam -genkey -out dsa.params 1024 2>/dev/null && openssl pkey -in dsa.params -out dsa.pem
bad "a DSA key" dsa.pem 'a key of a type, curve or size that is not offered|a DSA key'
openssl dsa -in dsa.pem -out dsa.old 2>/dev/null
bad "a DSA key, traditional" dsa.old 'a DSA key'
ec p192 prime192v1
bad "another curve" p192.pem 'curve or size that is not offered'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out explicit.pem 2>/dev/null
bad "a curve that is spelled out" explicit.pem 'curve or size that is not offered'
openssl genrsa -out rsa768.pem 768 2>/dev/null
bad "a short RSA key" rsa768.pem 'curve or size that is not offered'
openssl pkcs12 -export -inkey p256.pem -in p256.crt -passout file:pass -out p12 2>/dev/null
bad "PKCS #12" p12 'PKCS #12 file; take the key out'
openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout file:pass -in p256.pem -out pbes1
bad "encrypted as PKCS #12 has it" pbes1 'encrypted in a way that is not offered.*openssl pkcs8 -topk8' --passphrase-file pass
printf 'PuTTY-User-Key-File-3: ssh-rsa\n' >ppk
bad "a key of PuTTY's" ppk 'puttygen'
cat p256.pem p384.pem >two
bad "two keys" two 'more than one private key'
: >empty
bad "an empty file" empty 'empty'
bad "a directory" . 'a directory, expected a file'
bad "a file that is not there" none 'there is no such file'
head -c 70000 /dev/zero >long
bad "a file that is too long" long 'longer than 65536 bytes'
bad "bytes that are no key" zeros 'no private key in PEM, DER'
bad "a private key as bytes" p256.pem 'a private key, expected the bytes' --type aes
head -c 33 /dev/urandom >aes33
bad "an AES key with a newline behind it" aes33 '33 bytes, expected the 16, 24 or 32' --type aes

# ---- damaged files, made from good ones
/usr/bin/python3 - <<'END'
import base64, struct

def pem(label, data):
    text = base64.b64encode(data).decode()
    lines = [text[i:i + 70] for i in range(0, len(text), 70)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)

def body(path):
    return base64.b64decode("".join(line for line in open(path) if "-----" not in line))

class Ssh:
    def __init__(self, path):
        self.data, at = body(path), 15
        self.fields = []
        for i in range(3):
            self.fields.append(self.string(at))
            at += 4 + len(self.fields[-1])
        self.keys, at = self.data[at:at + 4], at + 4
        self.public = self.string(at)
        at += 4 + len(self.public)
        self.private = self.string(at)
    def string(self, at):
        n = struct.unpack(">I", self.data[at:at + 4])[0]
        return self.data[at + 4:at + 4 + n]
    def write(self, path, keys=None, public=None, private=None, after=b""):
        pack = lambda b: struct.pack(">I", len(b)) + b
        data = b"openssh-key-v1\0" + b"".join(pack(f) for f in self.fields) + (keys or self.keys)
        data += pack(public or self.public) + pack(private or self.private) + after
        open(path, "w").write(pem("OPENSSH PRIVATE KEY", data))

good = Ssh("ssh-ecdsa-256")
other = Ssh("ssh-ecdsa-384")
good.write("ssh-same")
good.write("ssh-check", private=bytes([good.private[0] ^ 1]) + good.private[1:])
good.write("ssh-padding", private=good.private[:-1] + bytes([good.private[-1] ^ 1]))
good.write("ssh-more-padding", private=good.private + bytes(range(good.private[-1] + 1, good.private[-1] + 9)))
good.write("ssh-other-public", public=other.public)
good.write("ssh-two-keys", keys=b"\0\0\0\2")
good.write("ssh-after", after=b"x")
rsa = Ssh("ssh-rsa-2048")
rsa.write("ssh-rsa-n", private=rsa.private[:40] + bytes([rsa.private[40] ^ 1]) + rsa.private[41:])
ed = Ssh("ssh-ed25519-256")
at = 8 + 4 + 11 + 4
ed.write("ssh-ed-public", private=ed.private[:at] + bytes([ed.private[at] ^ 1]) + ed.private[at + 1:])
at += 32 + 4
ed.write("ssh-ed-seed", private=ed.private[:at] + bytes([ed.private[at] ^ 1]) + ed.private[at + 1:])
data = open("p256.der", "rb").read()
open("ec-d", "wb").write(data[:40] + bytes([data[40] ^ 1]) + data[41:])
open("ec-public", "wb").write(data[:-1] + bytes([data[-1] ^ 1]))
open("der-short", "wb").write(data[:-1])
open("der-long", "wb").write(data + b"\0")
data = open("rsa2048.der", "rb").read()
open("rsa-p", "wb").write(data[:-400] + bytes([data[-400] ^ 2]) + data[-399:])
text = open("p256.pem").read()
open("pem-cut", "w").write(text[:100])
open("pem-end", "w").write(text.replace("END PRIVATE", "END EC PRIVATE"))
open("pem-char", "w").write(text[:60] + "!" + text[61:])
open("pem-pad", "w").write(text.replace("\n-----END", "=\n-----END"))
open("dek-none", "w").write("".join(l for l in open("p256.old.enc") if not l.startswith("DEK-Info")))
open("dek-bad", "w").write(open("p256.old.enc").read().replace("DEK-Info: DES-EDE3-CBC,", "DEK-Info: DES-EDE3-CBC,0"))
open("dek-other", "w").write(open("p256.old.enc").read().replace("DES-EDE3-CBC", "DES-CBC"))
END
good "a rewritten OpenSSH key" ssh-same ssh-ecdsa-256.pub.pem
form='not the form of an OpenSSH private key'
bad "OpenSSH: two different check numbers" ssh-check "$form"
bad "OpenSSH: padding" ssh-padding "$form"
bad "OpenSSH: more padding than a block" ssh-more-padding "$form"
bad "OpenSSH: another key's public half" ssh-other-public 'contradict each other'
bad "OpenSSH: two keys" ssh-two-keys "$form"
bad "OpenSSH: something after the end" ssh-after "$form"
bad "OpenSSH: another modulus" ssh-rsa-n 'contradict each other|curve or size'
bad "OpenSSH: another Ed25519 public half" ssh-ed-public 'contradict each other'
bad "OpenSSH: another Ed25519 seed" ssh-ed-seed 'contradict each other'
bad "EC: another number" ec-d 'contradict each other'
bad "EC: another public half" ec-public 'contradict each other'
bad "RSA: another prime" rsa-p 'contradict each other|not the form'
bad "DER that ends early" der-short 'no private key in PEM, DER'
bad "DER with something behind it" der-long 'no private key in PEM, DER'
bad "PEM that ends early" pem-cut 'a block in PEM does not end'
bad "PEM that ends as something else" pem-end 'a block in PEM does not end'
bad "PEM with a character that is none" pem-char 'is no base64'
bad "PEM with another padding" pem-pad 'is no base64'
bad "encrypted, and nobody says how" dek-none 'no DEK-Info line'  --passphrase-file pass
bad "encrypted with half a byte" dek-bad 'how it is encrypted has not the form' --passphrase-file pass
bad "encrypted with DES" dek-other 'encrypted in a way that is not offered' --passphrase-file pass

# ---- the passphrase from a terminal: asked for there, and not shown
/usr/bin/python3 - "$tool" >pty.out <<'END'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "key", "import", "p256.enc", "--label", "asked for"])
seen, sent = b"", False
while select.select([fd], [], [], 30)[0]:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    seen += data
    if not sent and b"p256.enc: " in seen:
        sent = True
        os.write(fd, b"sesame street\n")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), b"street" in seen, b"asked for: sealed" in seen)
END
check "a terminal is asked for the passphrase" "0 False True" "$(cat pty.out)"

# ---- no TPM, and no store to write
SEEDLEAF_TCTI=device:/nonexistent want 1 "no TPM" "$tool" key import p256.pem --label x
check "no TPM: says where it looked" 1 "$(grep -c /nonexistent err)"
SEEDLEAF_STORE=/proc/nonexistent want 1 "no store" "$tool" key import p256.pem --label x
echo "1..$n"
exit $failed
