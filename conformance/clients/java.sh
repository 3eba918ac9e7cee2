#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Java: keytool, and what a program (tests/clients/ClientTest.java) reports.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/java-lib.sh
. "$SL_SRC/tests/clients/java-lib.sh"

deleted()
{
	kt -delete -alias p384 && no_entry p384
}

secret()
{
	kt -genseckey -alias aes -keyalg AES -keysize 256 && entries SecretKeyEntry aes
}

report() # report REGEX
{
	told "$T/java.out" "$1"
}

client 'Java keytool' openjdk-17-jdk-headless
row '-genkeypair -keyalg EC -groupname secp256r1' keypair p256 -keyalg EC -groupname secp256r1
row '-genkeypair -keyalg EC -groupname secp384r1' keypair p384 -keyalg EC -groupname secp384r1
row '-genkeypair -keyalg EC -groupname secp521r1' keypair p521 -keyalg EC -groupname secp521r1
row '-genkeypair -keyalg RSA' keypair rsa -keyalg RSA -keysize 2048
row '-genseckey' secret
row '-list' entries PrivateKeyEntry p256
row '-exportcert' certificate p256
row '-certreq' request p256
row '-delete' deleted

client 'Java program with SunPKCS11' openjdk-17-jdk-headless
compiled >"$T/out" 2>&1 && client_test make >"$T/java.out" 2>"$T/java.err"
for hash in SHA1 SHA256 SHA384 SHA512; do
	row "${hash}withRSA signature and verification" report "${hash}withRSA"
done
for hash in SHA256 SHA384 SHA512; do
	row "${hash}withRSASSA-PSS signature and verification" report "${hash}withRSASSA-PSS"
done
for curve in secp256r1 secp384r1 secp521r1; do
	row "EC key pair generation, $curve" report "generate EC $curve"
	row "SHA256withECDSA signature, $curve" report "signature SHA256withECDSA, $curve"
	row "SHA256withECDSA signature and verification, $curve" report "SHA256withECDSA, $curve"
	row "NONEwithECDSA signature and verification, $curve" report "NONEwithECDSA, $curve"
	row "ECDH, $curve" report "ECDH, $curve"
done
row 'RSA encryption' report 'RSA encryption'
row 'RSA decryption' report 'RSA decryption'
row 'Cipher.WRAP_MODE and UNWRAP_MODE with RSA' report 'an AES key wrapped for RSA and unwrapped'
row 'AES/CBC' report 'AES/CBC/[A-Za-z0-9]+ with .*'
row 'AES/ECB' report 'AES/ECB/NoPadding with .*'
row 'AES/CTR' report 'AES/CTR/NoPadding with .*'
row 'AES/GCM' report 'AES/GCM/NoPadding with .*'
row 'AES key generation' report 'AES key generation'
row 'HmacSHA256' report HmacSHA256
for hash in SHA-1 SHA-224 SHA-256 SHA-384 SHA-512; do
	row "digest $hash" report "digest $hash"
done
row 'SecureRandom' report SecureRandom
row 'a secret key entry' report 'a secret key entry'
row 'eight threads' report '8 threads sign'
