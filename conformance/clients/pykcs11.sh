#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# PyKCS11, by the report of tests/clients/pykcs11-test.py: with keys of a session, with keys of the token in the next process, with PINs.
# shellcheck source=conformance/clients/lib.sh
. "${SL_SRC:?}/conformance/clients/lib.sh"

for mode in make again pins; do
	bounded "$PYTHON" "$SL_SRC/tests/clients/pykcs11-test.py" "$MODULE" "$TOKEN" "$PIN" $mode "$T" "${SL_SO_PIN:-}" >"$T/$mode.out" 2>"$T/$mode.err"
done
client PyKCS11 python3-pykcs11
row 'to_dict of the infos' told "$T/make.out" 'to_dict of the infos'
row 'generateKeyPair, CKA_TOKEN false' told "$T/make.out" 'generate in the session, CKA_TOKEN false'
row 'generateKeyPair on the token' told "$T/make.out" 'generate on the token'
row 'to_dict of a key' told "$T/make.out" 'to_dict of a key'
for mode in make again; do
	where="$([ $mode = make ] && echo session || echo token)"
	row "SHA256-RSA-PKCS, $where" told "$T/$mode.out" 'sign SHA256-RSA-PKCS'
	row "SHA384-RSA-PKCS-PSS, $where" told "$T/$mode.out" 'sign SHA384-RSA-PKCS-PSS'
	row "RSA-PKCS decryption, $where" told "$T/$mode.out" 'decrypt RSA-PKCS'
	row "OAEP, SHA-1, $where" told "$T/$mode.out" 'OAEP with SHA-1, no label'
	row "OAEP, SHA-256, $where" told "$T/$mode.out" 'OAEP with SHA-256, no label'
	row "OAEP with a label, $where" told "$T/$mode.out" 'OAEP with SHA-1, a label'
	row "ECDSA-SHA256, $where" told "$T/$mode.out" 'sign ECDSA-SHA256, P-(256|384)'
	row "ECDH, $where" told "$T/$mode.out" 'ECDH, P-(256|384)'
done
for name in AES-CBC-PAD AES-GCM HMAC-SHA256 'generate AES, wrap and unwrap it' 'digest, in one and in parts' 'generate random bytes'; do
	row "$name" told "$T/make.out" "$name"
done
row 'a secret key on the token' told "$T/make.out" 'a secret key on the token'
row 'a secret key after a restart' told "$T/again.out" 'the secret key after a restart'
row 'setPin' told "$T/pins.out" 'setPin there and back'
