# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# keytool and ClientTest.java on the module: for java.sh, and for the table of clients. Sourced after lib.sh.

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

compiled()
{
	bounded javac -d "$T/classes" "$SL_SRC/tests/clients/ClientTest.java"
}

client_test() # client_test MODE
{
	bounded java -cp "$T/classes" ClientTest "$T/p11.cfg" "$PIN" "$1" "$T"
}
