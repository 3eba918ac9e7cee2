#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# /init of the guest of conformance/vm/trusted.sh: sealed keys of Seedleaf as trusted keys of this kernel, and the other way round.
# shellcheck shell=dash
. /lib.sh
export SEEDLEAF_STORE=/run/no-srk SEEDLEAF_CONF=/run/seedleaf.conf
SRK=keyhandle=0x81000001
: >seedleaf.conf

# What each of the three makes of a key. Nothing is no result that could agree.
by_kernel() { # by_kernel NAME
	afalg "$(keyctl search @u trusted "$1")" <text 2>&1 || echo "the kernel has no key $1"
}
by_module() { # by_module ID [PKCS11-TOOL-OPTION...]
	local id=$1
	shift
	rm -f sig
	pkcs11-tool --module $MODULE --token-label seedleaf-owner "$@" --sign --mechanism SHA256-HMAC --id "$id" -i text -o sig >out 2>&1 &&
		hex sig || { echo "the module has no key $id"; cat out; }
}
by_openssl() { # by_openssl FILE
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex "$1")" text | sed 's/.*= //'
}
blob() { # blob PEM: what keyctl wants of it
	sed '/^-/d' "$1" | base64 -d >der && hex der
}

echo a text >text
for name in trusted af_alg algif_hash; do
	want yes "the kernel takes $name.ko" insmod /ko/$name.ko
done
keyctl new_session conformance >/dev/null
keyctl link @u @s

# ---- ours for the kernel
head -c 32 /dev/urandom >key
seedleaf key import key --label key --type generic && seedleaf key export key --tss2 --output key.tss2
want no "the kernel loads nothing that is not under a key" keyctl add trusted key "load $(blob key.tss2)" @u
export SEEDLEAF_STORE=/run/store
want yes "a storage root key" seedleaf token persist owner --srk
want yes "it is at 0x81000001" tpm2 readpublic -c 0x81000001
for len in 32 64 128; do
	head -c $len /dev/urandom >key$len
	want yes "import $len bytes" seedleaf key import key$len --label key$len --type generic --id c$((len / 16))
	want yes "export them" seedleaf key export key$len --tss2 --output key$len.tss2
	want yes "the kernel loads them" keyctl add trusted key$len "load $(blob key$len.tss2) $SRK" @u
	expected=$(by_openssl key$len)
	check "the kernel computes with the key" "$expected" "$(by_kernel key$len)"
	check "so does the module" "$expected" "$(by_module c$((len / 16)))"
done
check "another key gives something else" no "$([ "$(by_kernel key32)" = "$(by_kernel key64)" ] && echo yes || echo no)"
good=$(blob key32.tss2)
case $good in *0) bad=${good%?}1 ;; *) bad=${good%?}0 ;; esac
want no "the kernel loads no altered one" keyctl add trusted bad "load $bad $SRK" @u
want yes "it finds the parent in it, without keyhandle=" keyctl add trusted alone "load $good" @u
check "the same key" "$(by_openssl key32)" "$(by_kernel alone)"
head -c 16 /dev/urandom >key16
seedleaf key import key16 --label key16 --type aes --id 16 && seedleaf key export key16 --tss2 --output key16.tss2
want no "16 bytes are too short for the kernel" keyctl add trusted key16 "load $(blob key16.tss2) $SRK" @u

# ---- the kernel's for us
for len in 32 96; do
	want yes "a new trusted key of $len bytes" keyctl add trusted new$len "new $len $SRK" @u
	keyctl pipe "$(keyctl search @u trusted new$len)" >new$len.hex
	want yes "import it" seedleaf key import new$len.hex --label new$len --type generic --id a$((len / 16))
	check "the same key" "$(by_kernel new$len)" "$(by_module a$((len / 16)))"
	want yes "export it" seedleaf key export new$len --tss2 --output new$len.tss2
	want yes "the kernel takes it back" keyctl add trusted back$len "load $(blob new$len.tss2) $SRK" @u
	check "still the same key" "$(by_kernel new$len)" "$(by_kernel back$len)"
done

# ---- with an authorization: what a PIN guards, and blobauth=
# The TPM counts the wrong ones.
tpm2 dictionarylockout -s -n 100 -t 1000 -l 1000
export SEEDLEAF_STORE=/run/pins
echo 87654321 >so
echo 123456 >pin
want yes "a token with PINs" seedleaf token init --token owner --so-pin-file so --pin-file pin
want yes "a key behind the PIN" seedleaf key import key32 --label bound --type generic --id b0 --extractable --pin-file pin
want no "it is not exported just so" seedleaf key export bound --tss2 --pin-file pin
for auth in open-sesame 12345678901234567890; do
	echo $auth >auth
	want yes "it is exported with an authorization of ${#auth} bytes" \
		seedleaf key export bound --tss2 --pin-file pin --auth-file auth --output ${#auth}.tss2
	want no "the kernel does not load it without" keyctl add trusted bound${#auth} "load $(blob ${#auth}.tss2) $SRK" @u
	want no "nor with another" keyctl add trusted bound${#auth} "load $(blob ${#auth}.tss2) $SRK blobauth=wrong" @u
	want yes "it loads it with that" keyctl add trusted bound${#auth} "load $(blob ${#auth}.tss2) $SRK blobauth=$auth" @u
	check "the same key" "$(by_openssl key32)" "$(by_kernel bound${#auth})"
done
printf $auth >auth
want yes "40 hex digits are 20 bytes" keyctl add trusted boundhex "load $(blob 20.tss2) $SRK blobauth=$(hex auth)" @u
check "the same key" "$(by_openssl key32)" "$(by_kernel boundhex)"
check "so it is for the user" "$(by_openssl key32)" "$(by_module b0 --login --pin 123456)"
echo 123456789012345678901 >auth
seedleaf key export bound --tss2 --pin-file pin --auth-file auth --output 21.tss2
want no "21 bytes are too long for the kernel" keyctl add trusted bound21 "load $(blob 21.tss2) $SRK blobauth=$(cat auth)" @u
want yes "a new trusted key with blobauth=" keyctl add trusted guarded "new 32 $SRK blobauth=open-sesame" @u
keyctl pipe "$(keyctl search @u trusted guarded)" >guarded.hex
echo open-sesame >auth
want no "it is not imported without" seedleaf key import guarded.hex --label guarded --type generic --id b1 --pin-file pin
want yes "import it with that" seedleaf key import guarded.hex --label guarded --type generic --id b1 --pin-file pin --auth-file auth
check "the same key" "$(by_kernel guarded)" "$(by_module b1 --login --pin 123456)"
check "nothing is left on the TPM" "" "$(tpm2 getcap handles-transient)$(tpm2 getcap handles-loaded-session)"
finish
