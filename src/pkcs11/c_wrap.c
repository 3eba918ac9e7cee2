/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/derive.h"
#include "pkcs11/wrap.h"

/* PKCS#11 3.0 section 5.18: wrapping, unwrapping and deriving keys */

CK_RV
C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE *wrapped,
          CK_ULONG *wrapped_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_wrap_key(call.session, mechanism, (const CK_OBJECT_HANDLE[2]){ wrapping_key, key }, (struct sl_out){ wrapped, wrapped_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key, CK_BYTE *wrapped, CK_ULONG wrapped_len,
            CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	struct sl_call call;
	const struct sl_half half = { template, n };
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && key == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_unwrap_key(call.session, mechanism, unwrapping_key, (struct sl_in){ wrapped, wrapped_len }, &half, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE *template, CK_ULONG n,
            CK_OBJECT_HANDLE *key)
{
	struct sl_call call;
	const struct sl_half half = { template, n };
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_derive_key(call.session, mechanism, base_key, &half, key);
	return sl_call_end(&call, __func__, rv);
}
