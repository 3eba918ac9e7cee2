/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"

/*
 * Functions of the standard that are not there yet: each says so with CKR_FUNCTION_NOT_SUPPORTED, after the checks that every call gets.
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

CK_RV
C_InitToken(CK_SLOT_ID slot, CK_BYTE *pin, CK_ULONG pin_len, CK_BYTE *label)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);

	if (rv == CKR_OK)
		rv = CKR_FUNCTION_NOT_SUPPORTED;
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_InitPIN(CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_SetPIN(CK_SESSION_HANDLE session, CK_BYTE *old_pin, CK_ULONG old_len, CK_BYTE *new_pin, CK_ULONG new_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG *state_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG state_len, CK_OBJECT_HANDLE encryption_key,
                    CK_OBJECT_HANDLE authentication_key)
{
	return not_supported(session, __func__);
}

CK_RV
C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return not_supported(session, __func__);
}

CK_RV
C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *encrypted, CK_ULONG *encrypted_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted, CK_ULONG
                *encrypted_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE *last, CK_ULONG *last_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return not_supported(session, __func__);
}

CK_RV
C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *data, CK_ULONG *data_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *part, CK_ULONG
                *part_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE *last, CK_ULONG *last_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	return not_supported(session, __func__);
}

CK_RV
C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return not_supported(session, __func__);
}

CK_RV
C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature, CK_ULONG
              *signature_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return not_supported(session, __func__);
}

CK_RV
C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len, CK_BYTE *data, CK_ULONG
                *data_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted, CK_ULONG
                      *encrypted_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *part, CK_ULONG
                      *part_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted, CK_ULONG
                    *encrypted_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *part, CK_ULONG
                      *part_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,
          CK_BYTE *wrapped, CK_ULONG *wrapped_len)
{
	return not_supported(session, __func__);
}

CK_RV
C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key, CK_BYTE *wrapped,
            CK_ULONG wrapped_len, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	return not_supported(session, __func__);
}

CK_RV
C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE *template,
            CK_ULONG n, CK_OBJECT_HANDLE *key)
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
