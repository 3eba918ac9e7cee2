/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/derive.h"
#include "pkcs11/mech.h"
#include "token/make.h"

/* PKCS#11 3.0 section 5.18: key management functions */

CK_RV
C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	struct sl_call call;
	const struct sl_mech *mech;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && key == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_mech_use(mechanism, CKF_GENERATE, &mech);
	if (rv == CKR_OK) {
		const struct sl_half half = { template, n };
		const struct sl_generate_spec spec = { .mechanism = mech->type, .key_type = mech->key_type, .private = &half };

		rv = mech->type == CKM_PKCS5_PBKD2 ? sl_derive_pbkdf2(call.session, mechanism, &half, key) :
		     sl_make_key(call.session, &spec, NULL, key);
	}
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_template, CK_ULONG public_n,
                  CK_ATTRIBUTE *private_template, CK_ULONG private_n, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	struct sl_call call;
	const struct sl_mech *mech;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && (public_key == NULL || private_key == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_mech_use(mechanism, CKF_GENERATE_KEY_PAIR, &mech);
	if (rv == CKR_OK) {
		const struct sl_half public = { public_template, public_n };
		const struct sl_half private = { private_template, private_n };
		const struct sl_generate_spec spec = { mech->type, mech->key_type, &public, &private };

		rv = sl_make_key(call.session, &spec, public_key, private_key);
	}
	return sl_call_end(&call, __func__, rv);
}
