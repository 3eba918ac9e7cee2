/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"
#include "token/login.h"
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
		rv = sl_login_open(call.sessions, call.token, (flags & CKF_RW_SESSION) != 0, session);
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

static CK_STATE
session_state(const struct sl_session *session)
{
	static const CK_STATE states[][2] = {
		[SL_LOGIN_PUBLIC] = { CKS_RO_PUBLIC_SESSION, CKS_RW_PUBLIC_SESSION },
		[SL_LOGIN_USER] = { CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS },
		/* With a SO there are no read-only sessions. */
		[SL_LOGIN_SO] = { CKS_RW_SO_FUNCTIONS, CKS_RW_SO_FUNCTIONS },
	};
	struct sl_pin_state pins;

	/* Somebody else may have initialized the token: looking finds out. */
	if (sl_login_state(session->token) != SL_LOGIN_PUBLIC)
		(void)!sl_pin_state(session->token, &pins);
	return states[sl_login_state(session->token)][session->rw ? 1 : 0];
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
			.state = session_state(call.session),
			.flags = CKF_SERIAL_SESSION | (call.session->rw ? CKF_RW_SESSION : 0),
		};
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
