#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Java 17 with SunPKCS11: keytool on the token, and a program (ClientTest.java) with every service that the provider makes of the module's
# mechanisms. A token without a PIN: keytool wants a password all the same, and the provider passes it to nobody.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/java-lib.sh
. "$SL_SRC/tests/clients/java-lib.sh"
need java javac keytool openssl pkcs11-tool

imported() # a chain of a CA for a key of the token
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/ca.key" -out "$T/ca.crt" -subj /CN=ca -days 2 &&
		openssl x509 -req -in "$T/p256.csr" -CA "$T/ca.crt" -CAkey "$T/ca.key" -days 2 -out "$T/issued.crt" &&
		cat "$T/issued.crt" "$T/ca.crt" >"$T/chain" &&
		kt -importcert -noprompt -alias p256 -file "$T/chain" || return 1
	kt -exportcert -rfc -alias p256 -file "$T/got.crt" && openssl verify -CAfile "$T/ca.crt" "$T/got.crt"
}

# Each line of the program is a result of ours.
program() # program MODE
{
	local line rc=0 n=0

	client_test "$1" >"$T/java.out" 2>"$T/java.err" || rc=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) sl_result ok "Java: ${line#ok }" ;;
		'not ok '*)
			sl_result 'not ok' "Java: ${line#not ok }"
			;;
		*) continue ;;
		esac
		n=$((n + 1))
	done <"$T/java.out"
	[ $rc -eq 0 ] || note "$(tail -n 20 "$T/java.err")"
	ok "Java: the program ends well ($1)" test $rc -eq 0 -a $n -gt 5
}

ok 'javac' compiled || bail 'the test program does not compile'
ok 'keytool -list of an empty token' kt -list
ok 'keytool -genkeypair EC P-256' keypair p256 -keyalg EC -groupname secp256r1
ok 'keytool -genkeypair EC P-384' keypair p384 -keyalg EC -groupname secp384r1
ok 'keytool -genkeypair RSA, which it makes itself and imports' keypair rsa -keyalg RSA -keysize 2048
ok 'keytool -genseckey' kt -genseckey -alias aes -keyalg AES -keysize 256
ok 'keytool -list' entries PrivateKeyEntry p256 p384 rsa
ok 'keytool -list shows the secret key' entries SecretKeyEntry aes
ALIASES=(p256 p384 rsa)
whole || ALIASES=(p256)
for alias in "${ALIASES[@]}"; do
	ok "keytool -certreq $alias" request "$alias"
done
ok 'a key pair to delete' keypair short -keyalg EC -groupname secp256r1
ok 'keytool -delete' kt -delete -alias short
ok 'it is gone' no_entry short
ok 'keytool -delete of a secret key' kt -delete -alias aes
ok 'it is gone' no_entry aes
refused 'no request with a deleted key' kt -certreq -alias short
ok 'the others are there' entries PrivateKeyEntry p256 p384 rsa
program make
program again
if [ -n "$PIN" ]; then
	PIN=nonsense refused 'keytool -list with a wrong PIN' kt -list
	ok 'it does not open' has "$T/out" 'load failed'
	PIN=nonsense refused 'keytool -genkeypair with a wrong PIN' keypair wrong -keyalg EC -groupname secp256r1
	ok 'the key store opens with the right one afterwards' entries PrivateKeyEntry p256 p384 rsa
fi
ok 'keytool -importcert of an issued certificate' imported
finish
