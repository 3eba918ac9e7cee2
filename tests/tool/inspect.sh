#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# status, key list, show, export, and key remove for stored keys, beside a software TPM.
set -u
if [ -z "${SL_INSPECT_INNER:-}" ]; then
	export SL_INSPECT_INNER=1
	exec "${SL_SRC:?}/tests/with-tpm" bash "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
command -v pkcs11-tool >/dev/null || { echo "1..0 # SKIP no pkcs11-tool"; exit 0; }
out=$SL_TPM_DIR/out
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

want() {
	expected=$1
	name=$2
	shift 2
	"$@" >"$out" 2>"$out.err"
	status=$?
	check "$name" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' "$out" "$out.err"
}

# make_key LABEL ID: as a program would, through the module.
make_key() {
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner --keypairgen --key-type EC:prime256v1 --label "$1" --id "$2"
}

# public_keys: their ids.
public_keys() {
	pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner --list-objects --type pubkey 2>/dev/null |
		sed -n 's/^ *ID: *//p' | grep '^0[123]$' | sort | xargs
}

# field NAME: of a slot's or key's description.
field() {
	sed -n "s/^ *$1: //p" "$out"
}

mkdir "$SL_TPM_DIR/keys"
printf 'keys-dir = %s/keys\n[token null]\nhide = yes\n[token web]\nroot = tpm:owner\n' "$SL_TPM_DIR" >"$SEEDLEAF_CONF"
want 0 "status of a new TPM" "$tool" status
check "status: configuration" "$SEEDLEAF_CONF" "$(field configuration)"
check "status: store" "$SEEDLEAF_STORE" "$(field store)"
check "status: the TPM" 1 "$(grep -cE '^tpm: IBM, SW.*TPM, firmware [0-9]+\.[0-9]+$' "$out")"
check "status: slots" "slot 0: owner: present
slot 1: endorsement: present
slot 2: platform: present
slot 3: null: hidden
slot 4: web: present" "$(grep ^slot "$out")"
check "status: four different serial numbers" 4 "$(field serial | grep -E '^[0-9a-f]{16}$' | sort -u | wc -l)"
check "status: labels" "seedleaf-owner seedleaf-endorsement seedleaf-platform seedleaf-web" "$(field label | xargs)"
check "status: no keys" "0 0 0 0" "$(field keys | xargs)"
cp "$out" "$out.status"

"$tool" key add nas --type ec:P-256 --usage sign >/dev/null
"$tool" key add big --type rsa:2048 --token endorsement >/dev/null
"$tool" key add ed --type ed25519 >/dev/null
"$tool" key add ec384 --type ec:P-384 --id 0384 >/dev/null
"$tool" key add ec521 --type ec:P-521 >/dev/null
"$tool" key add box --type x25519 >/dev/null
"$tool" key add disk --type aes:256 >/dev/null
want 0 "list" "$tool" key list
check "list: all keys" "$(printf 'endorsement rsa:2048 1 declared big\nowner aes:256 1 declared disk\nowner ec:P-256 1 declared nas\nowner ec:P-384 1 declared ec384\nowner ec:P-521 1 declared ec521\nowner ed25519 1 declared ed\nowner x25519 1 declared box')" \
	"$(awk -F '\t' '{ print $1, $2, $3, $4, $6 }' "$out" | sort)"
check "list: the id that was asked for" 0384 "$(awk -F '\t' '$6 == "ec384" { print $5 }' "$out")"
want 0 "list of one token" "$tool" key list --token endorsement
check "list of one token: only its keys" big "$(cut -f 6 "$out")"
want 2 "list of an unknown token" "$tool" key list --token nobody

want 0 "show" "$tool" key show nas
check "show: what is derived" "nas owner ec:P-256 nas 1 no sign" "$(for f in label token type name version salt usage; do field $f; done | xargs)"
check "show: its secret" derived "$(field secret)"
check "show: origin" "$SL_TPM_DIR/keys/nas.key" "$(field origin)"
digest=$(field 'public key')
want 2 "show: no such key" "$tool" key show nothing

for label in nas big ed ec384 ec521; do
	want 0 "export $label for SSH" "$tool" key export $label --ssh
	check "export $label: its comment is the label" $label "$(cut -d ' ' -f 3 "$out")"
	cp "$out" "$out.ssh"
	chmod 600 "$out.ssh"
	want 0 "export $label: ssh-keygen reads it" ssh-keygen -l -f "$out.ssh"
	want 0 "export $label as PEM" "$tool" key export $label --pem
	cp "$out" "$out.pem"
	if [ $label = ed ]; then # ssh-keygen cannot write this type in another form
		check "export $label: the same key in both" "$(openssl pkey -pubin -in "$out.pem" -outform DER | tail -c 32 | base64)" \
			"$(cut -d ' ' -f 2 "$out.ssh" | base64 -d | tail -c 32 | base64)"
	else
		check "export $label: the same key in both" "$(ssh-keygen -e -m PKCS8 -f "$out.ssh")" "$(cat "$out.pem")"
	fi
	check "export $label: the same bytes as libcrypto writes" "$(openssl pkey -pubin -in "$out.pem")" "$(cat "$out.pem")"
done
want 0 "export" "$tool" key export nas --pem
check "export and show mean the same key" "$digest" "sha256:$(openssl pkey -pubin -in "$out" -outform DER | sha256sum | cut -d ' ' -f 1)"
want 1 "export: X25519 is nothing for SSH" "$tool" key export box --ssh
want 0 "export: but for PEM" "$tool" key export box --pem
want 1 "export: a secret key has no public half" "$tool" key export disk --pem
want 2 "export: which form" "$tool" key export nas
want 2 "export: both forms" "$tool" key export nas --ssh --pem
want 2 "export: no label" "$tool" key export --ssh

"$tool" key export nas --ssh >"$out.v1"
"$tool" key rotate nas --keep 1 >/dev/null
want 0 "export after rotation" "$tool" key export nas --ssh
check "export after rotation: another key" no "$(cmp -s "$out" "$out.v1" && echo yes || echo no)"
want 0 "show after rotation" "$tool" key show nas
check "show after rotation: both versions" "2 1" "$(field version | xargs)"
"$tool" key add nas --type ed25519 --token web >/dev/null
want 2 "show: which token" "$tool" key show nas
check "show: asks for it" 1 "$(grep -c 'expected --token' "$out.err")"
want 0 "show: that token" "$tool" key show nas --token web

want 0 "a stored key" make_key stored 01
want 0 "a second one of the same label" make_key stored 02
want 0 "a third one of another label" make_key other 03
want 0 "list with stored keys" "$tool" key list
check "list: stored keys" "01 stored
02 stored
03 other" "$(awk -F '\t' '$4 == "stored" { print $5, $6 }' "$out")"
want 0 "show a stored key" "$tool" key show other
check "show a stored key: its secret" derived "$(field secret)"
check "show a stored key: salt and origin" "yes $SEEDLEAF_STORE" "$(field salt) $(field origin)"
want 0 "a key that is not derived" pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner --keypairgen --key-type EC:secp256k1 --label koblitz
want 0 "show a random key" "$tool" key show koblitz
check "show a random key: its secret" "sealed, random from both generators" "$(field secret)"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER -out "$out.key" 2>/dev/null
want 0 "a key from outside" pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner --write-object "$out.key" --type privkey --label brought
want 0 "show a key from outside" "$tool" key show brought
check "show a key from outside: its secret" "sealed, imported" "$(field secret)"
"$tool" key remove koblitz >/dev/null
"$tool" key remove brought >/dev/null
want 2 "remove: which id" "$tool" key remove stored
want 2 "remove: no such id" "$tool" key remove stored --id 77
want 2 "remove: bad id" "$tool" key remove stored --id 7
want 0 "remove a stored key" "$tool" key remove stored --id 01
want 0 "list after that" "$tool" key list
check "list: the others are there" "02 stored
03 other" "$(awk -F '\t' '$4 == "stored" { print $5, $6 }' "$out")"
check "remove: its public half is gone, too" "02 03" "$(public_keys)"
want 2 "remove: no such label" "$tool" key remove nothing
want 0 "remove the last one of a label" "$tool" key remove stored

"${SL_SRC:?}/tests/with-tpm" --clear
want 0 "status after a clear" "$tool" status
check "status: the private and the public key are orphans" 1 "$(grep -c '^  orphans: 2 objects of token owner, root 000b[0-9a-f]\{64\}$' "$out")"
check "status: owner has another serial number" no \
	"$([ "$(field serial | head -1)" = "$(sed -n 's/^ *serial: //p' "$out.status" | head -1)" ] && echo yes || echo no)"
want 0 "list after a clear" "$tool" key list
check "list: orphans are not listed" "" "$(awk -F '\t' '$4 == "stored"' "$out")"

export SEEDLEAF_TCTI=device:/nonexistent
want 1 "status without a TPM" "$tool" status
check "status without a TPM: why" 4 "$(grep -c '^  why: .*/nonexistent' "$out")"
want 1 "list without a TPM" "$tool" key list
want 1 "show without a TPM" "$tool" key show nas
mkdir -p "$SEEDLEAF_STORE" && chmod 777 "$SEEDLEAF_STORE"
want 2 "a store that others can write" "$tool" status
echo "1..$n"
exit $failed
