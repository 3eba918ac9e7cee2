#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Java 17 with SunPKCS11: keytool on the token, and a program (ClientTest.java) with every service that the provider makes of the module's
# mechanisms. A token without a PIN: keytool wants a password all the same, and the provider passes it to nobody.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need java javac keytool openssl pkcs11-tool
unset JAVA_TOOL_OPTIONS _JAVA_OPTIONS

# Numbers of slots may be of any size: the list of slots with a token tells ours.
slot_index()
{
	bounded pkcs11-tool --module "$MODULE" -L 2>/dev/null | awk -v want="$TOKEN" '
		/^Slot / { label = "" }
		/token label/ { sub(/^[^:]*: */, ""); if ($0 == want) print n + 0; n++ }'
}

cat >"$T/p11.cfg" <<END
name = test
library = $MODULE
slotListIndex = $(slot_index)
END

kt() # kt COMMAND...
{
	bounded keytool "$@" -keystore NONE -storetype PKCS11 -storepass "${PIN:-unused}" -addprovider SunPKCS11 -providerArg "$T/p11.cfg"
}

keypair() # keypair ALIAS OPTION...   and its certificate, which the provider signs
{
	local alias=$1
	shift

	kt -genkeypair -alias "$alias" "$@" -dname "CN=$alias" -ext san=dns:localhost && certificate "$alias"
}

certificate()
{
	kt -exportcert -rfc -alias "$1" -file "$T/$1.crt" && openssl verify -CAfile "$T/$1.crt" "$T/$1.crt"
}

request()
{
	kt -certreq -alias "$1" -file "$T/$1.csr" && openssl req -in "$T/$1.csr" -verify -noout || return 1
	openssl req -in "$T/$1.csr" -noout -pubkey >"$T/got" && openssl x509 -in "$T/$1.crt" -noout -pubkey >"$T/want" && cmp "$T/got" "$T/want"
}

entries() # entries TYPE ALIAS...
{
	local type=$1 alias
	shift

	kt -list >"$T/list" 2>&1 || { cat "$T/list"; return 1; }
	for alias; do
		has "$T/list" "^$alias, (.*, )?$type" || return 1
	done
}

no_entry()
{
	kt -list >"$T/list" 2>&1 && has "$T/list" 'Keystore type: PKCS11' && ! grep "^$1, " "$T/list"
}

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

	bounded java -cp "$T/classes" ClientTest "$T/p11.cfg" "$PIN" "$1" "$T" >"$T/java.out" 2>"$T/java.err" || rc=$?
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

ok 'javac' bounded javac -d "$T/classes" "$SL_SRC/tests/clients/ClientTest.java" || bail 'the test program does not compile'
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
