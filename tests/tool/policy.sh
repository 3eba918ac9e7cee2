#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf policy sign and policy show beside a software TPM. OpenSSL, tpm2-tools and systemd-measure say what is right.
set -u
if [ -z "${SL_POLICY_INNER:-}" ]; then
	export SL_POLICY_INNER=1
	exec timeout -k 10 280 "${SL_SRC:?}/tests/with-tpm" bash "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
d=$SL_TPM_DIR
n=0
failed=0

check() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

# want STATUS MESSAGE NAME COMMAND...: exit status and all that is said on stderr (MESSAGE is a glob).
want() {
	local status=$1 message=$2 name=$3 got
	shift 3
	"$@" >"$d/out" 2>"$d/err" </dev/null
	got=$?
	check "$name: exit status" "$status" "$got"
	# shellcheck disable=SC2053
	if [[ $(cat "$d/err") == $message ]]; then check "$name: what it says" . .; else check "$name: what it says" "$message" "$(cat "$d/err")"; fi
}

# field FILE BANK INDEX MEMBER: sig as hex
field() {
	/usr/bin/python3 -c '
import base64, json, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]][int(sys.argv[3])][sys.argv[4]]
print(base64.b64decode(value, validate=True).hex() if sys.argv[4] == "sig" else value)' "$@"
}
entries() { /usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(*(f"{b}:{len(d[b])}" for b in d))' "$1"; }
# verifies FILE BANK INDEX PUBLIC: by OpenSSL, over pol || ref.
verifies() {
	field "$1" "$2" "$3" sig | xxd -r -p >"$d/v.sig"
	{ field "$1" "$2" "$3" pol; field "$1" "$2" "$3" ref 2>/dev/null; } | xxd -r -p >"$d/v.in"
	openssl dgst -sha256 -verify "$4" -signature "$d/v.sig" "$d/v.in"
}
# systemd's: RSA as PKCS #1, EC as the point.
fingerprint() {
	{ openssl rsa -pubin -in "$1" -RSAPublicKey_out -outform DER 2>/dev/null || openssl pkey -pubin -in "$1" -outform DER | /usr/bin/python3 -c '
import sys
der = sys.stdin.buffer.read()
bits = {91: 65, 120: 97, 158: 133}[len(der)]
sys.stdout.buffer.write(der[-bits:])'; } | sha256sum | cut -d' ' -f1
}
key() { (umask 077 && openssl genpkey "${@:2}" -out "$d/$1.pem" 2>/dev/null) && openssl pkey -in "$d/$1.pem" ${PASS:+-passin "pass:$PASS"} -pubout -out "$d/$1.pub"; }
sign() { "$tool" policy sign "$@"; }

key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
PASS=abcd key locked -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -aes256 -pass pass:abcd
(umask 077 && openssl rsa -in "$d/rsa.pem" -traditional -aes128 -passout pass:abcd -out "$d/old.pem" 2>/dev/null)
cp "$d/rsa.pub" "$d/old.pub"
(umask 077 && openssl ec -in "$d/p256.pem" -out "$d/oldec.pem" 2>/dev/null)
cp "$d/p256.pub" "$d/oldec.pub"
(umask 077 && echo abcd >"$d/pass" && echo abce >"$d/wrong")

# What the TPM has now, in every bank that it has: tpm2_policypcr says what is signed.
for bank in sha1 sha256 sha384 sha512; do
	for pcrs in 7,11 0,23 1; do
		tpm2_pcrread "$bank:$pcrs" >"$d/pcrs" 2>/dev/null && grep -q 0x "$d/pcrs" || { check "$bank: the TPM has no such bank" "" "$(sed -n 's/.*0x//p' "$d/pcrs")"; continue; }
		tpm2_startauthsession -Q -S "$d/s" && tpm2_policypcr -Q -S "$d/s" -l "$bank:$pcrs" -L "$d/pol" && tpm2_flushcontext -Q "$d/s"
		want 0 '' "$bank:$pcrs" sign --key "$d/rsa.pem" --pcrs "$bank:$pcrs"
		check "$bank:$pcrs: the policy is tpm2_policypcr's" "$(xxd -p -c 99 "$d/pol")" "$(field "$d/out" "$bank" 0 pol)"
		check "$bank:$pcrs: the registers" "[${pcrs/,/, }]" "$(field "$d/out" "$bank" 0 pcrs)"
	done
done

# From a file, without a TPM.
(
	export SEEDLEAF_TCTI=device:/nonexistent
	tpm2_pcrread sha256:7,11+sha1:7 | sed -n 's/^ *\(sha[0-9]*\):$/bank=\1/p; s/^ *\([0-9]*\) *: *\(.*\)/\1=\2/p' |
		sed -n '/^bank=/{s/bank=//;h;b}; G; s/\(.*\)\n\(.*\)/\2:\1/p' >"$d/values"
	want 1 'seedleaf: *nonexistent*' 'values of now without a TPM' sign --key "$d/rsa.pem" --pcrs sha256:7,11
	want 0 '' 'values from a file' sign --key "$d/rsa.pem" --pcrs sha256:7,11 --values "$d/values"
	cp "$d/out" "$d/from-file"
	{ printf '# a comment\n\n  sha1:7 = %040d\r\n' 0; sed -n 's/^sha256:\(.*\)=0x\(.*\)/ \1 = \2 /p' "$d/values"; printf '23=%064d' 0; } >"$d/plain"
	want 0 '' 'without banks, among other things' sign --key "$d/rsa.pem" --pcrs sha256:11,7 --values "$d/plain"
	check 'is the same' "$(field "$d/from-file" sha256 0 pol)" "$(field "$d/out" sha256 0 pol)"
	hex=$(sed -n 's/^sha256:.*=0x//p' "$d/values" | tr -d '\n' | xxd -r -p | sha256sum | cut -d' ' -f1)
	want 0 '' 'a digest' sign --key "$d/rsa.pem" --pcrs sha256:11,7 --digest "$hex"
	check 'is the same, too' "$(cat "$d/from-file")" "$(cat "$d/out")"
	echo "$n $failed" >"$d/counts"
)
read -r n failed <"$d/counts"
SEEDLEAF_TCTI=$SEEDLEAF_TCTI sign --key "$d/rsa.pem" --pcrs sha256:7,11 >"$d/now"
check 'values of now are the same' "$(cat "$d/from-file")" "$(cat "$d/now")"

# Keys of every kind, OpenSSL verifies.
for k in rsa p256 p384 p521 locked old oldec; do
	want 0 '' "$k" sign --key "$d/$k.pem" --pcrs sha256:7 --ref 'a ref' --passphrase-file "$d/pass"
	cp "$d/out" "$d/signed"
	check "$k: OpenSSL verifies" 'Verified OK' "$(verifies "$d/signed" sha256 0 "$d/$k.pub")"
	check "$k: fingerprint" "$(fingerprint "$d/$k.pub")" "$(field "$d/signed" sha256 0 pkfp)"
	check "$k: ref" "$(printf 'a ref' | xxd -p)" "$(field "$d/signed" sha256 0 ref)"
done

# Into a file: others stay, the same is replaced.
out=$d/sigs.json
zero=$(printf '%064d' 0)
want 0 '' 'a new file' sign --key "$d/rsa.pem" --pcrs sha256:7 --digest "$zero" --output "$out"
check 'for all to read' 644 "$(stat -c %a "$out")"
want 0 '' 'another key' sign --key "$d/p256.pem" --pcrs sha256:7 --digest "$zero" --output "$out"
want 0 '' 'another state' sign --key "$d/rsa.pem" --pcrs sha256:7 --digest "${zero/0/1}" --output "$out"
want 0 '' 'other registers' sign --key "$d/rsa.pem" --pcrs sha256:8 --digest "$zero" --output "$out"
want 0 '' 'another ref' sign --key "$d/rsa.pem" --pcrs sha256:7 --digest "$zero" --ref x --output "$out"
want 0 '' 'another bank' sign --key "$d/rsa.pem" --pcrs sha1:7 --digest "$zero" --output "$out"
check 'all are there' 'sha256:5 sha1:1' "$(entries "$out")"
cp "$out" "$d/before"
want 0 '' 'the same again' sign --key "$d/p256.pem" --pcrs sha256:7 --digest "$zero" --output "$out"
check 'is no more' 'sha256:5 sha1:1' "$(entries "$out")"
check 'but a new signature' no "$(cmp -s "$out" "$d/before" && echo yes || echo no)"
check 'which verifies' 'Verified OK' "$(verifies "$out" sha256 1 "$d/p256.pub")"
check 'beside the others' "$(field "$d/before" sha256 4 sig)" "$(field "$out" sha256 4 sig)"
cp "$SL_SRC/tests/data/policy/tpm2-pcr-signature.json" "$d/systemd.json"
chmod 0600 "$d/systemd.json"
want 0 '' "systemd-measure's file" sign --key "$d/rsa.pem" --pcrs sha256:11 --digest "$zero" --output "$d/systemd.json"
check 'has one more' 'sha1:4 sha256:5' "$(entries "$d/systemd.json")"
for i in 1 2 3 4 5 6 7 8; do
	"$tool" policy sign --key "$d/p256.pem" --pcrs sha256:7 --digest "$(printf '%064d' $i)" --output "$d/many.json" &
done
wait
check 'eight at the same time: none is lost' 'sha256:8' "$(entries "$d/many.json")"
check 'no other file is left' '' "$(find "$d" -name '.*' -o -name '*tmp*' | grep -v '^\.$' | grep json)"

# What systemd-measure signs, we sign.
if [ -x /usr/lib/systemd/systemd-measure ]; then
	echo kernel >"$d/linux"
	/usr/lib/systemd/systemd-measure sign --linux="$d/linux" --phase=a --bank=sha256 --private-key="$d/rsa.pem" --public-key="$d/rsa.pub" \
		--tpm2-device="$SEEDLEAF_TCTI" >"$d/measure.json"
	/usr/lib/systemd/systemd-measure calculate --linux="$d/linux" --phase=a --bank=sha256 2>/dev/null | sed -n 's/^11:sha256=/sha256:11=/p' >"$d/measure.values"
	want 0 '' 'what systemd-measure has measured' sign --key "$d/rsa.pem" --pcrs sha256:11 --values "$d/measure.values"
	for m in pcrs pkfp pol sig; do check "systemd-measure: $m" "$(field "$d/measure.json" sha256 0 $m)" "$(field "$d/out" sha256 0 $m)"; done
else
	n=$((n + 1))
	echo "ok $n - systemd-measure # SKIP not here"
fi

# Wrong input: status 2 where a file or the command line is wrong; the file is as before.
cp "$out" "$d/before"
bad() { # bad STATUS MESSAGE NAME OPTIONS...
	want "$1" "$2" "$3" sign "${@:4}" --output "$out"
}
all=(--key "$d/rsa.pem" --pcrs sha256:7)
bad 2 'seedleaf: policy sign: expected --key KEY.pem' 'no key' --pcrs sha256:7
bad 2 'seedleaf: --pcrs: missing, expected BANK:LIST, such as sha256:7,11' 'no registers' --key "$d/rsa.pem"
for p in sha256 7,11 sha256: sha256:24 sha256:7,7 md5:7 sha256:7,11= ''; do
	bad 2 "seedleaf: --pcrs: '$p', expected BANK:LIST, such as sha256:7,11" "registers '$p'" --key "$d/rsa.pem" --pcrs "$p" --digest "$zero"
done
bad 2 'seedleaf: --ref: expected 1 to 64 bytes' 'an empty ref' "${all[@]}" --ref ''
bad 2 'seedleaf: --ref: expected 1 to 64 bytes' 'a long ref' "${all[@]}" --ref "${zero}0"
bad 2 "seedleaf: --digest: '00', expected 64 hex digits" 'a short digest' "${all[@]}" --digest 00
bad 2 'seedleaf: --values and --digest: expected one of them' 'two sources' "${all[@]}" --digest "$zero" --values "$d/values"
bad 2 'seedleaf: *none*' 'values that are not there' "${all[@]}" --values "$d/none"
for line in '7' '24=00' "sha256:7=$zero"0 "sha1:7=$zero" "7=$zero
7=$zero" "7,8=$zero" '=00' "x7=$zero"; do
	printf '%s\n' "$line" >"$d/bad.values"
	bad 2 "seedleaf: $d/bad.values:$(wc -l <<<"$line"): expected PCR=HEX or BANK:PCR=HEX, a whole value, each register once" "values '${line%%$'\n'*}'" "${all[@]}" --values "$d/bad.values"
done
printf '8=%064d\n' 0 >"$d/bad.values"
bad 2 "seedleaf: $d/bad.values: no value of sha256:7,9, expected all that are to be signed" 'a value that is missing' --key "$d/rsa.pem" --pcrs sha256:7,8,9 --values "$d/bad.values"
bad 2 "seedleaf: $d/none.pem: No such file or directory" 'a key that is not there' --key "$d/none.pem" --pcrs sha256:7 --digest "$zero"
bad 1 "seedleaf: $d/rsa.pub: mode*expected 0600 or 0640" 'a public key, for all to read' --key "$d/rsa.pub" --pcrs sha256:7 --digest "$zero"
chmod 0600 "$d/rsa.pub"
bad 2 "seedleaf: $d/rsa.pub: a public key, expected a private key" 'a public key' --key "$d/rsa.pub" --pcrs sha256:7 --digest "$zero"
key small -algorithm RSA -pkeyopt rsa_keygen_bits:1024
key ed -algorithm ED25519
key k1 -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
for k in small ed k1; do
	bad 2 "seedleaf: $d/$k.pem: expected an RSA key of 2048 to 4096 bits, or one on P-256, P-384 or P-521" "key $k" --key "$d/$k.pem" --pcrs sha256:7 --digest "$zero"
done
for k in locked old; do
	bad 1 "seedleaf: $d/$k.pem: the passphrase is wrong, or the file is damaged" "$k: a wrong passphrase" --key "$d/$k.pem" --pcrs sha256:7 --digest "$zero" --passphrase-file "$d/wrong"
	bad 2 'seedleaf: Passphrase of the key: too short, expected 1 to 1023 bytes' "$k: no passphrase" --key "$d/$k.pem" --pcrs sha256:7 --digest "$zero" --passphrase-file -
done
check 'nothing was written' yes "$(cmp -s "$out" "$d/before" && echo yes || echo no)"
echo '{"sha256":{}}' >"$out"
bad 2 "seedleaf: $out: sha256: expected an array, once" 'a file that is none' "${all[@]}" --digest "$zero"
check 'it is left alone' '{"sha256":{}}' "$(cat "$out")"
want 2 'seedleaf: *' 'a directory that is not there' sign "${all[@]}" --digest "$zero" --output "$d/no/where.json"

# policy show: PCR 16 and 23 can be changed without a new boot.
rm "$out"
cat >"$SEEDLEAF_CONF" <<END
[token a]
root = tpm:owner
policy = pcr:sha256:23
[token b]
root = tpm:owner
policy = authorize:$d/p256.pub, boot
policy-signatures = $out
[token c]
root = tpm:owner
policy = pcr:sha256:23=$(tpm2_pcrread sha256:23 | sed -n 's/.*0x//p' | xxd -r -p | sha256sum | cut -d' ' -f1)
END
shown() { "$tool" policy show --token "$1" | sed -n "s/^  $2: //p"; }
want 2 "seedleaf: --token: 'nobody', expected a token of the configuration" 'show: unknown token' "$tool" policy show --token nobody
want 0 '' 'show: no policy' "$tool" policy show --token owner
check 'show: says so' 'token owner:
  policy: none' "$(cat "$d/out")"
want 0 '' 'show: values of now' "$tool" policy show --token a
check 'show: what is wanted' 'pcr sha256:23' "$(shown a policy)"
want 0 '' 'show: a stated value' "$tool" policy show --token c
check 'show: it is the one of now' "$(shown c 'values now')" "$(shown c 'values wanted')"
want 1 '' 'show: no signature' "$tool" policy show --token b
check 'show: whose' "authorize $d/p256.pub, boot" "$(shown b policy)"
check 'show: not satisfied' no "$(shown b satisfied)"
check 'show: says why' yes "$([ -n "$(shown b why)" ] && echo yes)"
want 1 '' 'show: all of them' "$tool" policy show
check 'show: every token' 7 "$(grep -c '^token ' "$d/out")"
sign --key "$d/p256.pem" --pcrs sha256:23 --output "$out"
want 1 '' 'show: a signature without the ref' "$tool" policy show --token b
sign --key "$d/p384.pem" --pcrs sha256:23 --ref boot --output "$out"
want 1 '' 'show: of another key' "$tool" policy show --token b
sign --key "$d/p256.pem" --pcrs sha256:23 --ref boot --output "$out"
want 0 '' 'show: the right one' "$tool" policy show --token b
check 'show: which registers' sha256:23 "$(shown b registers)"
want 0 '' 'show: all are satisfied' "$tool" policy show
check 'status says so' 'satisfied' "$("$tool" status | sed -n 's/^  policy: authorize:.*, //p')"
mv "$d/p256.pub" "$d/away.pub"
check "status: the signer's key is gone" "$d/p256.pub: No such file or directory" "$("$tool" status | sed -n 's/^  policy wants: //p')"
mv "$d/away.pub" "$d/p256.pub"
key_of() { "$tool" key export k --token "$1" --pem 2>&1; }
mkdir -p "$d/keys"
printf 'label = k\ntoken = b\ntype = ec:P-256\n' >"$d/keys/k.key"
printf 'keys-dir = %s\n' "$d/keys" | cat - "$SEEDLEAF_CONF" >"$d/conf" && cp "$d/conf" "$SEEDLEAF_CONF"
first=$(key_of b)
check 'a key under the signed policy' 1 "$(grep -c 'BEGIN PUBLIC' <<<"$first")"
tpm2_pcrextend -Q 23:sha256="${zero/0/1}"
want 1 '' 'show: the state has moved' "$tool" policy show --token b
want 1 '' 'show: from the stated value, too' "$tool" policy show --token c
check 'show: the value now is another' no "$([ "$(shown c 'values now')" = "$(shown c 'values wanted')" ] && echo yes || echo no)"
check 'status says so' 'not satisfied' "$("$tool" status | sed -n 's/^  policy: authorize:.*, //p')"
sign --key "$d/p256.pem" --pcrs sha256:23 --ref boot --output "$out"
want 0 '' 'show: signed again' "$tool" policy show --token b
check 'and the key is the same' "$first" "$(key_of b)"
export SEEDLEAF_TCTI=device:/nonexistent
want 1 '' 'show: no TPM' "$tool" policy show --token a
check 'show: where it looked' 1 "$(grep -c /nonexistent "$d/out")"
echo "1..$n"
exit $failed
