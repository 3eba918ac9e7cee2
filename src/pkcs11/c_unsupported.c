/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"

/*
 * Functions of the standard that are not there yet: each says so with CKR_FUNCTION_NOT_SUPPORTED, after the checks that
 * every call gets.
 */

static CK_RV
not_supported(CK_SESSION_HANDLE session, const char *function)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = CKR_FUNCTION_NOT_SUPPORTED;
	return sl_call_end(&call, function, rv);
}

/*
 * PKCS#11 3.2: no mechanism of ours encapsulates keys, or wraps them with associated data, and no session of ours is
 * asynchronous. No token says that it is validated.
 */
CK_RV
C_EncapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE public_key,
                 CK_ATTRIBUTE *template,
                 CK_ULONG n, CK_BYTE *ciphertext, CK_ULONG *ciphertext_len, CK_OBJECT_HANDLE *key)
{
	return not_supported(session, __func__);
}

CK_RV
C_DecapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE private_key,
                 CK_ATTRIBUTE *template,
                 CK_ULONG n, CK_BYTE *ciphertext, CK_ULONG ciphertext_len, CK_OBJECT_HANDLE *key)
{
	return not_supported(session, __func__);
}

CK_RV
C_AsyncComplete(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ASYNC_DATA *result)
{
	return not_supported(session, __func__);
}

CK_RV
C_AsyncGetID(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG *id)
{
	return not_supported(session, __func__);
}

CK_RV
C_AsyncJoin(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG id, CK_BYTE *data, CK_ULONG data_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_WrapKeyAuthenticated(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key,
                       CK_OBJECT_HANDLE key,
                       CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *wrapped, CK_ULONG *wrapped_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key,
                         CK_BYTE *wrapped,
                         CK_ULONG wrapped_len, CK_ATTRIBUTE *template, CK_ULONG n, CK_BYTE *aad, CK_ULONG aad_len,
                         CK_OBJECT_HANDLE *key)
{
	return not_supported(session, __func__);
}

/* PKCS#11 3.0 section 5.21: legacy functions of parallel sessions, which nobody has. */
static CK_RV
not_parallel(CK_SESSION_HANDLE session, const char *function)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = CKR_FUNCTION_NOT_PARALLEL;
	return sl_call_end(&call, function, rv);
}

CK_RV
C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	return not_parallel(session, __func__);
}

CK_RV
C_CancelFunction(CK_SESSION_HANDLE session)
{
	return not_parallel(session, __func__);
}
