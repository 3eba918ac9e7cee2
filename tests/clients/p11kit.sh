#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# p11-kit: the module by its configuration, through the proxy module, and in another process behind p11-kit server.
SL_PLAIN_USER=1
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
# shellcheck source=tests/clients/p11kit-lib.sh
. "$SL_SRC/tests/clients/p11kit-lib.sh"
need p11-kit pkcs11-tool openssl
need "$proxy" "$client"

# Requests in parallel: the server forks for each client. It now and then drops one that comes while another ends (0.24.1, with any
# module): the client sees no slot then, and comes again.
one_of_crowd()
{
	local try

	for try in 1 2 3 4 5; do
		p11 --sign --id 02 --mechanism ECDSA --input-file "$T/digest" --output-file "$T/sig.$1" --signature-format openssl >"$T/crowd.$1" 2>&1 &&
			return 0
		grep -q '^No slot' "$T/crowd.$1" || return 1
	done
	echo "dropped $try times" >>"$T/crowd.$1"
	return 1
}

crowd()
{
	local i pids=() rc=0

	for i in 1 2 3 4; do
		one_of_crowd "$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || rc=1
	done
	for i in 1 2 3 4; do
		openssl pkeyutl -verify -pubin -inkey "$T/pub.02" -sigfile "$T/sig.$i" -in "$T/digest" || { cat "$T/crowd.$i"; rc=1; }
	done
	return $rc
}

# Each of the ways keeps the login apart from others', and gives the module's own answers.
pins() # pins WAY MODULE
{
	ok "$1: no private key without login" through "$2" hidden
	PIN=nonsense refused "$1: a wrong PIN" through "$2" ecdsa 02
	ok "$1: that is, for the PIN" has "$T/out" CKR_PIN_INCORRECT
	ok "$1: another PIN" through "$2" p11_nologin --change-pin --pin "$PIN" --new-pin other-pin
	PIN=other-pin ok "$1: signs with it" through "$2" ecdsa 02
	ok "$1: and back" through "$2" p11_nologin --change-pin --pin other-pin --new-pin "$PIN"
}

hidden()
{
	p11_nologin -O >"$T/objects" 2>&1 && has "$T/objects" 'Public Key Object' && ! grep 'Private Key Object' "$T/objects"
}

ok 'generate rsa:2048' generate rsa:2048 01 k-rsa
ok 'generate P-256' generate EC:prime256v1 02 k-ec
ok 'public key rsa' pubkey_pem 01 "$T/pub.01"
ok 'public key P-256' pubkey_pem 02 "$T/pub.02"
ok 'p11-kit list-modules shows the module and its token' modules

ok 'proxy: objects' through "$proxy" lists
ok 'proxy: RSA signature' through "$proxy" signs 01 SHA256-RSA-PKCS
ok 'proxy: ECDSA signature' through "$proxy" ecdsa 02
ok 'proxy: a new key signs' through "$proxy" makes_key by-proxy 03
[ -z "$PIN" ] || pins proxy "$proxy"

# In a process of its own, over its standard input and output.
configured remote
ok 'remote: objects' through "$proxy" lists
ok 'remote: RSA signature' through "$proxy" signs 01 SHA256-RSA-PKCS
ok 'remote: ECDSA signature' through "$proxy" ecdsa 02
ok 'remote: a new key signs' through "$proxy" makes_key by-remote 05
[ -z "$PIN" ] || pins remote "$proxy"
configured module

ok 'p11-kit server' server || bail 'no server'
export P11_KIT_SERVER_ADDRESS=unix:path=$T/p11.sock
ok 'client: objects' through "$client" lists
ok 'client: RSA signature' through "$client" signs 01 SHA256-RSA-PKCS
ok 'client: ECDSA signature' through "$client" ecdsa 02
ok 'client: a new key signs' through "$client" makes_key by-client 04
[ -z "$PIN" ] || pins client "$client"
ok 'client: four at once' through "$client" crowd
refused 'client: no signature with a key that is not there' through "$client" ecdsa 7e
stop "$SPAWNED"
refused 'client: nothing without the server' through "$client" lists
ok 'what the client made is there without p11-kit' ecdsa 04
finish
