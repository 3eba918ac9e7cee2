#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Tokens under policies, by their configuration alone: keys of a boot state, and keys that signed states share.
set -u
if [ -z "${SL_BOUND_INNER:-}" ]; then
	SL_BOUND_INNER=1
	export SL_BOUND_INNER
	exec "${SL_SRC:?}/tests/with-tpm" sh "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
dir=$SL_TPM_DIR
n=0
first_free='' first_now='' first_pinned='' first_signed=''
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

same() {
	[ "$1" = "$2" ] && echo same || echo other
}

# The public key of a declared key: derived, so that it tells which root there is.
public_of() {
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label "seedleaf-$1" --read-object --type pubkey --label "$1" 2>"$dir/err" |
		sha256sum | cut -c1-16
}

# Signs with the key, and verifies.
sign_with() {
	rm -f "$dir/sig"
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label "seedleaf-$1" --sign --mechanism ECDSA-SHA256 --label "$1" \
		--signature-format openssl -i "$dir/text" -o "$dir/sig" >"$dir/err" 2>&1 &&
		pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label "seedleaf-$1" --read-object --type pubkey --label "$1" -o "$dir/pub" \
			>/dev/null 2>&1 &&
		openssl dgst -sha256 -verify "$dir/pub" -keyform DER -signature "$dir/sig" "$dir/text" 2>&1
}

mkdir "$dir/keys"
openssl ecparam -name prime256v1 -genkey -noout -out "$dir/boot.pem"
openssl pkey -in "$dir/boot.pem" -pubout -out "$dir/boot.pub.pem"
now=$(tpm2_pcrread -o /dev/stdout -Q sha256:8 | sha256sum | cut -c1-64)
cat >"$SEEDLEAF_CONF" <<END

keys-dir = $dir/keys

[token free]
root = tpm:owner

[token now]
root = tpm:owner
policy = pcr:sha256:8

[token pinned]
root = tpm:owner
policy = pcr:sha256:8=$now

[token signed]
root = tpm:owner
policy = authorize:$dir/boot.pub.pem
policy-signatures = $dir/signatures.json
END
for token in free now pinned signed; do
	printf 'label = %s\ntoken = %s\ntype = ec:P-256\nusage = sign\n' "$token" "$token" >"$dir/keys/$token.key"
done
printf 'what is signed' >"$dir/text"
sign() {
	"$SL_SRC/tests/root/sign-policy.py" --key "$dir/boot.pem" --pcrs 8 --out "$dir/signatures.json"
}
sign
for token in free now pinned signed; do
	check "$token: signs" "Verified OK" "$(sign_with $token)"
	eval "first_$token=$(public_of $token)"
done
tpm2_pcrextend 8:sha256=0000000000000000000000000000000000000000000000000000000000000008
check "free: signs in another state" "Verified OK" "$(sign_with free)"
check "free: the same key" same "$(same "$first_free" "$(public_of free)")"
check "now: signs in another state" "Verified OK" "$(sign_with now)"
check "now: with another key" other "$(same "$first_now" "$(public_of now)")"
check "pinned: refuses" "" "$(sign_with pinned)"
check "signed: refuses" "" "$(sign_with signed)"
sign
check "signed: signs when the state is signed" "Verified OK" "$(sign_with signed)"
check "signed: with the same key" same "$(same "$first_signed" "$(public_of signed)")"
"$SL_SRC/tests/with-tpm" --power-cycle
for token in now pinned signed; do
	check "$token: signs in the first state" "Verified OK" "$(sign_with $token)"
done
check "now: with the first key" same "$(same "$first_now" "$(public_of now)")"
check "pinned: with the first key" same "$(same "$first_pinned" "$(public_of pinned)")"
echo "1..$n"
exit $failed
