# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# Signatures, decryption and key agreement by pkcs11-tool, checked by openssl with the public key pub.ID: for opensc.sh, and for the table of
# clients. Sourced after lib.sh.

head -c 5000 /dev/urandom >"$T/data"
for hash in sha1 sha256 sha384 sha512; do
	openssl dgst "-$hash" -binary "$T/data" >"$T/data.$hash"
done
# DigestInfo of SHA-256 and the digest: what a PKCS#1 v1.5 signature holds.
{ printf '\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20'; cat "$T/data.sha256"; } >"$T/info"

hash_of() # SHA256-RSA-PKCS -> sha256
{
	local name=${1%%-*}
	case $1 in ECDSA-*) name=${1#ECDSA-} ;; esac
	echo "${name,,}"
}

check_hashed() # RSA PKCS#1 v1.5 and ECDSA over a message
{
	openssl dgst "-$(hash_of "$4")" -verify "$1" -signature "$2" "$3"
}

check_pss()
{
	openssl dgst "-$(hash_of "$4")" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -verify "$1" -signature "$2" "$3"
}

check_pss_raw() # the input is a SHA-256 digest
{
	openssl pkeyutl -verify -pubin -inkey "$1" -sigfile "$2" -in "$3" -pkeyopt digest:sha256 \
		-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
}

check_raw() # what was signed is the input itself: a digest (ECDSA), a DigestInfo (RSA)
{
	openssl pkeyutl -verify -pubin -inkey "$1" -sigfile "$2" -in "$3"
}

check_rawin()
{
	openssl pkeyutl -verify -rawin -pubin -inkey "$1" -sigfile "$2" -in "$3"
}

decrypted() # decrypted ID MECHANISM HASH   openssl encrypts, pkcs11-tool decrypts
{
	local id=$1 mech=$2 hash=$3 options=(-pkeyopt rsa_padding_mode:pkcs1) ours=()

	if [ "$mech" = RSA-PKCS-OAEP ]; then
		options=(-pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$hash" -pkeyopt "rsa_mgf1_md:$hash")
		ours=(--hash-algorithm "$([ "$hash" = sha1 ] && echo SHA-1 || echo "${hash^^}")" --mgf "MGF1-${hash^^}")
	fi
	openssl pkeyutl -encrypt -pubin -inkey "$T/pub.$id" -in "$T/data.sha384" "${options[@]}" -out "$T/crypt" || return 1
	rm -f "$T/plain"
	p11 --decrypt --id "$id" --mechanism "$mech" ${ours[@]+"${ours[@]}"} --input-file "$T/crypt" --output-file "$T/plain" &&
		cmp "$T/plain" "$T/data.sha384"
}

agreed() # agreed ID CURVE   with a key of openssl's
{
	openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$T/peer.key" &&
		openssl pkey -in "$T/peer.key" -pubout -outform DER -out "$T/peer.der" &&
		openssl pkeyutl -derive -inkey "$T/peer.key" -peerkey "$T/pub.$1" -out "$T/theirs" || return 1
	rm -f "$T/ours"
	p11 --derive --mechanism ECDH1-DERIVE --id "$1" --input-file "$T/peer.der" --output-file "$T/ours" && cmp "$T/ours" "$T/theirs"
}
