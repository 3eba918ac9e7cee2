#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# p11-kit: its proxy, its module in another process, its server; pkcs11-tool at the other end.
SL_PLAIN_USER=1
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"
# shellcheck source=tests/clients/opensc-lib.sh
. "$SL_SRC/tests/clients/opensc-lib.sh"
# shellcheck source=tests/clients/p11kit-lib.sh
. "$SL_SRC/tests/clients/p11kit-lib.sh"

pss() # pss MECHANISM INPUT CHECK OPTION...
{
	rm -f "$T/sig"
	p11 --sign --id 01 --mechanism "$1" --input-file "$2" --output-file "$T/sig" "${@:4}" && "$3" "$T/pub.01" "$T/sig" "$2" "$1"
}

rows() # rows WAY MODULE ID
{
	row "$1: objects" through "$2" lists
	row "$1: SHA256-RSA-PKCS" through "$2" signs 01 SHA256-RSA-PKCS
	row "$1: RSA-PKCS-PSS" through "$2" pss RSA-PKCS-PSS "$T/digest" check_pss_raw --hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32
	row "$1: SHA256-RSA-PKCS-PSS" through "$2" pss SHA256-RSA-PKCS-PSS "$T/data" check_pss
	row "$1: ECDSA" through "$2" ecdsa 02
	row "$1: ECDSA, P-521" through "$2" ecdsa 06
	row "$1: --keypairgen" through "$2" makes_key "by-$1" "$3"
}

generate rsa:2048 01 k-rsa >"$T/out" 2>&1 && pubkey_pem 01 "$T/pub.01" >"$T/out" 2>&1
generate EC:prime256v1 02 k-ec >"$T/out" 2>&1 && pubkey_pem 02 "$T/pub.02" >"$T/out" 2>&1
generate EC:secp521r1 06 k-p521 >"$T/out" 2>&1 && pubkey_pem 06 "$T/pub.06" >"$T/out" 2>&1
client p11-kit p11-kit
row 'list-modules' modules
rows proxy "$proxy" 03
configured remote
rows remote "$proxy" 04
configured module
server
KEEP=$SPAWNED
export P11_KIT_SERVER_ADDRESS=unix:path=$T/p11.sock
rows server "$client" 05
