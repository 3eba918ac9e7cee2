/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"
#include "token/rv.h"

/* PKCS#11 3.0 section 5.6: session management functions */

CK_RV
C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);

	(void)application;
	(void)notify;
	if (rv == CKR_OK && (flags & CKF_SERIAL_SESSION) == 0)
		rv = CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	if (rv == CKR_OK && session == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_rv(sl_token_present(call.token, NULL));
	if (rv == CKR_OK)
		rv = sl_rv(sl_session_open(call.sessions, call.token, (flags & CKF_RW_SESSION) != 0, session));
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_CloseSession(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_module(&call);

	if (rv == CKR_OK && !sl_session_close(call.sessions, session))
		rv = CKR_SESSION_HANDLE_INVALID;
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_CloseAllSessions(CK_SLOT_ID slot)
{
	struct sl_call call;
	const CK_RV rv = sl_call_begin_slot(&call, slot);

	if (rv == CKR_OK)
		sl_session_close_all(call.sessions, call.token);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		*info = (CK_SESSION_INFO){
			.slotID = call.token->slot,
			.state = call.session->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION,
			.flags = CKF_SERIAL_SESSION | (call.session->rw ? CKF_RW_SESSION : 0),
		};
	return sl_call_end(&call, __func__, rv);
}

/* A token without a PIN: there is nobody to log in. */
CK_RV
C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && user != CKU_USER && user != CKU_SO && user != CKU_CONTEXT_SPECIFIC)
		rv = CKR_USER_TYPE_INVALID;
	if (rv == CKR_OK && pin == NULL && pin_len != 0)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = user == CKU_CONTEXT_SPECIFIC ? CKR_OPERATION_NOT_INITIALIZED : CKR_USER_PIN_NOT_INITIALIZED;
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_Logout(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = CKR_USER_NOT_LOGGED_IN;
	return sl_call_end(&call, __func__, rv);
}

/* There are no users by name. */
CK_RV
C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *username,
            CK_ULONG username_len)
{
	struct sl_call call;
	CK_RV rv;

	if (username_len == 0)
		return C_Login(session, user, pin, pin_len);
	rv = sl_call_begin(&call, session);
	if (rv == CKR_OK)
		rv = username == NULL ? CKR_ARGUMENTS_BAD : CKR_USER_TYPE_INVALID;
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		sl_op_cancel(call.session, flags);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG *state_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_state_get(call.session, (struct sl_out){ state, state_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG state_len, CK_OBJECT_HANDLE encryption_key,
                    CK_OBJECT_HANDLE authentication_key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_state_set(call.session, (struct sl_in){ state, state_len }, encryption_key != 0 || authentication_key != 0);
	return sl_call_end(&call, __func__, rv);
}

/* 3.2: what of this session was done in a validated mode: nothing, since no token of ours is validated. */
CK_RV
C_GetSessionValidationFlags(CK_SESSION_HANDLE session, CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *flags)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && flags == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && type != CKS_LAST_VALIDATION_OK)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		*flags = 0;
	return sl_call_end(&call, __func__, rv);
}
