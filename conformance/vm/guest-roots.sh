#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# /init of the guest of conformance/vm/roots.sh. Words on the kernel's command line: make, in the first boot, where there are no blobs yet; other, where
# the TPM is another one.
# shellcheck shell=dash
. /lib.sh
mount -t tmpfs tmpfs /tmp
export SEEDLEAF_CONF=/etc/seedleaf/seedleaf.conf SEEDLEAF_STORE=/run/store
BLOBS=/var/lib/seedleaf
head -c 100 /dev/urandom >text

load() { # load TYPE DESC FILE: a key of the user's, as an administrator would
	keyctl padd "$1" "$2" @u <"$3" >/dev/null
}
pub() { # pub TOKEN: of its declared key, in hex
	rm -f pem der
	seedleaf key export "$1 host" --token "$1" --pem >pem 2>err && openssl pkey -pubin -in pem -outform DER -out der && hex der || head -n 1 err
}
signs() { # signs TOKEN [COMMAND...]: the module does, and openssl verifies; says "Verified OK"
	local token=$1
	shift
	rm -f sig
	"$@" pkcs11-tool --module $MODULE --token-label "seedleaf-$token" --sign --mechanism ECDSA-SHA256 --signature-format openssl --id 01 -i text \
		-o sig >out 2>err || { head -n 3 err; return 0; }
	seedleaf key export "$token host" --token "$token" --pem >pem 2>err
	openssl dgst -sha256 -verify pem -signature sig text
}
status() { # status TOKEN: what is said of it
	seedleaf status 2>&1 | grep -A3 "$1" | head -n 4
}
disk() { # disk TOKEN: the key of a disk, as the kernel has it
	seedleaf keyring load "$1 disk" --token "$1" --type user --desc "disk-$1" --keyring @u >out 2>err &&
		keyctl pipe "$(keyctl search @u user "disk-$1")" >bytes && hex bytes || head -n 1 err
}

for name in trusted af_alg algif_hash; do
	want yes "the kernel takes $name.ko" insmod /ko/$name.ko
done
modules
keyctl new_session conformance >/dev/null
keyctl link @u @s

if said other; then
	want yes 'a storage root key' seedleaf token persist owner --srk
	want no 'the script cannot load the key of another TPM' seedleaf-keyring $BLOBS
	check 'it says why' yes "$(grep -q 'seedleaf: /var/lib/seedleaf/sealed.blob: keyring:trusted:kmk: it cannot be loaded' err && echo yes || cat err)"
	check 'it is not there' '' "$(keyctl search @u trusted kmk 2>/dev/null)"
	want no 'and does not sign' pkcs11-tool --module $MODULE --token-label seedleaf-sealed --sign --mechanism ECDSA-SHA256 --id 01 -i text -o sig
	finish
fi

# ---- the keys come into the kernel
check 'no key, no token' no "$(pkcs11-tool --module $MODULE -T 2>&1 | grep -qE 'seedleaf-(sealed|wrapped|known)' && echo yes || echo no)"
load user known /etc/known.key
load user emk /etc/master.key
if said make; then
	want no 'no storage root key, no trusted key' seedleaf token init --token sealed --blob $BLOBS/sealed.blob
	check 'it says what to do' yes "$(grep -q 'seedleaf token persist owner --srk' err && echo yes || cat err)"
	check 'no blob is left' no "$([ -e $BLOBS/sealed.blob ] && echo yes || echo no)"
	want yes 'a storage root key' seedleaf token persist owner --srk
	want yes 'make the trusted key' seedleaf token init --root keyring:trusted:kmk --token sealed --blob $BLOBS/sealed.blob
	want no 'it is not made twice' seedleaf token init --root keyring:trusted:kmk --blob $BLOBS/sealed.blob
	want yes 'its blob once more' seedleaf token init --root keyring:trusted:kmk --blob again.blob
	check 'it is the same' "$(cat $BLOBS/sealed.blob)" "$(cat again.blob)"
	want yes 'its blob in the TPM, too' seedleaf token init --root keyring:trusted:kmk --blob nv:0x01c0de10
	want yes 'make the encrypted key' seedleaf token init --token wrapped --master user:emk --blob $BLOBS/wrapped.blob
	note sealed-blob "$(cat $BLOBS/sealed.blob)"
	note wrapped-blob "$(cat $BLOBS/wrapped.blob)"
else
	cp -r $BLOBS blobs
	sed -i 's/.\{6\}$/000000/' blobs/*.blob
	want no 'altered blobs' seedleaf-keyring blobs
	check 'both are told' 2 "$(grep -c 'it cannot be loaded' err)"
	check 'are not loaded' '' "$(keyctl search @u trusted kmk 2>/dev/null)$(keyctl search @u encrypted evm 2>/dev/null)"
	want yes 'load the trusted key from the TPM' seedleaf token load --token sealed --blob nv:0x01c0de10
	note nv-pub "$(pub sealed)"
	keyctl unlink "$(keyctl search @u trusted kmk)" @u
	want yes 'the script loads the keys' seedleaf-keyring $BLOBS
	want yes 'doing it again is fine' seedleaf-keyring $BLOBS
fi
for key in 'trusted kmk' 'encrypted evm' 'user known'; do
	want yes "there is $key" keyctl search @u $key
done

# ---- they are roots
for token in sealed wrapped known; do
	check "$token: signs" 'Verified OK' "$(signs $token)"
	note $token-pub "$(pub $token)"
	note $token-disk "$(disk $token)"
	# keyctl(2) 11 is KEYCTL_READ. Listing keyrings reads those, which is not done here either.
	rm -f trace
	check "$token: signs under strace" 'Verified OK' "$(signs $token strace -f -o trace -e trace=keyctl,request_key,add_key,setsockopt)"
	check "$token: no key is read" 0 "$(grep -c 'KEYCTL_READ' trace)"
	check "$token: the key is set by its serial number" yes "$(grep -qE 'setsockopt\([0-9]+, SOL_ALG, (7|0x7|ALG_SET_KEY_BY_KEY_SERIAL)' trace && echo yes || head -n 5 trace)"
done

# ---- sealed under the trusted key
if said make; then
	head -c 32 /etc/master.key >import
	want yes 'a key from outside' seedleaf key import import --label outside --type generic --id 02 --token sealed
	check 'the store has it encrypted' no "$(grep -q "$(cat import)" store/store.db && echo yes || echo no)"
else
	head -c 32 /etc/master.key >import
	want yes 'a key from outside' seedleaf key import import --label outside --type generic --id 02 --token sealed
fi
rm -f sig
pkcs11-tool --module $MODULE --token-label seedleaf-sealed --sign --mechanism SHA256-HMAC --id 02 -i import -o sig >out 2>&1
check 'the module computes with it' "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex import)" import | sed 's/.*= //')" "$(hex sig)"
note import "$(hex sig)"

# ---- no Search, no token
serial=$(keyctl search @u encrypted evm)
keyctl setperm "$serial" 0x01010000
want no 'without the permission Search it does not sign' pkcs11-tool --module $MODULE --token-label seedleaf-wrapped --sign --mechanism ECDSA-SHA256 --id 01 -i text -o sig
check 'seedleaf status says why' yes "$(seedleaf status 2>&1 | grep -q 'keyring:encrypted:evm: the key .*permission Search' && echo yes || seedleaf status 2>&1)"
keyctl revoke "$(keyctl search @u trusted kmk)"
check 'nor with a key that was revoked' no "$(signs sealed | grep -q 'Verified OK' && echo yes || echo no)"

# ---- what keyring load gives the kernel is what it computes with
want yes 'load a logon key' seedleaf keyring load 'known disk' --token known --keyring @s
check 'a logon key' "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(disk known)" text | sed 's/.*= //')" \
	"$(afalg "$(keyctl search @s logon 'seedleaf:known disk')" <text 2>&1)"
truncate -s 8M /tmp/image
want yes 'a file system that encrypts' /bin/mke2fs -q -t ext4 -O encrypt /tmp/image
mkdir /tmp/mnt
want yes 'mount it' mount -t ext4 -o loop /tmp/image /tmp/mnt
want yes 'give it a key' seedleaf keyring load 'known disk' --token known --fscrypt /tmp/mnt
id=$(cat out)
note fscrypt "$id"
want yes 'take it away' seedleaf keyring unload "$id" --fscrypt /tmp/mnt
want no 'it is gone' seedleaf keyring unload "$id" --fscrypt /tmp/mnt
umount /tmp/mnt
check 'nothing is left on the TPM' '' "$(tpm2 getcap handles-transient)$(tpm2 getcap handles-loaded-session)"
finish
