/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"
#include "token/pin.h"

#include <string.h>

/*
 * PKCS#11 3.0: C_InitToken, C_InitPIN and C_SetPIN (section 5.5), C_Login, C_LoginUser and C_Logout (5.6). A PIN that is not given asks for a protected
 * authentication path, a key pad on the device, which we do not have.
 */

/* 32 bytes, padded with blanks. */
static void
unpad(const CK_BYTE label[32], char ret_label[33])
{
	size_t len = 32;

	while (len != 0 && label[len - 1] == ' ')
		len--;
	memcpy(ret_label, label, len);
	ret_label[len] = '\0';
}

CK_RV
C_InitToken(CK_SLOT_ID slot, CK_BYTE *pin, CK_ULONG pin_len, CK_BYTE *label)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);
	char text[33];

	if (rv == CKR_OK && (pin == NULL || label == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK) {
		unpad(label, text);
		rv = sl_login_init_token(call.sessions, call.token, (struct sl_part){ pin, pin_len }, text);
	}
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_InitPIN(CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && pin == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_login_init_pin(call.token, (struct sl_part){ pin, pin_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SetPIN(CK_SESSION_HANDLE session, CK_BYTE *old_pin, CK_ULONG old_len, CK_BYTE *new_pin, CK_ULONG new_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && (old_pin == NULL || new_pin == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && !call.session->rw)
		rv = CKR_SESSION_READ_ONLY;
	if (rv == CKR_OK)
		rv = sl_login_set_pin(call.token, (struct sl_part){ old_pin, old_len }, (struct sl_part){ new_pin, new_len });
	return sl_call_end(&call, __func__, rv);
}

/* CKA_ALWAYS_AUTHENTICATE (section 4.9): for the operation that waits for it, which goes on waiting when the PIN is wrong. */
static CK_RV
login_context(struct sl_call *call, struct sl_part pin)
{
	CK_RV rv;

	if (!sl_op_awaits_pin(call->session))
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = sl_login_context(call->token, pin);
	if (rv == CKR_OK)
		sl_op_pin_given(call->session);
	return rv;
}

static CK_RV
login(struct sl_call *call, CK_USER_TYPE user, struct sl_part pin)
{
	if (pin.data == NULL && pin.len != 0)
		return CKR_ARGUMENTS_BAD;
	switch (user) {
	case CKU_SO:
		return sl_login(call->sessions, call->token, SL_PIN_SO, pin);
	case CKU_USER:
		return sl_login(call->sessions, call->token, SL_PIN_USER, pin);
	case CKU_CONTEXT_SPECIFIC:
		return login_context(call, pin);
	default:
		return CKR_USER_TYPE_INVALID;
	}
}

CK_RV
C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = login(&call, user, (struct sl_part){ pin, pin_len });
	return sl_call_end(&call, __func__, rv);
}

/* There are no users by name. */
CK_RV
C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *username, CK_ULONG username_len)
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
C_Logout(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	/* It reaches every session of the token, and waits for what each is doing: not while we hold one of them. */
	sl_session_release(&call.session);
	if (rv == CKR_OK)
		rv = sl_login_out(call.sessions, call.token);
	return sl_call_end(&call, __func__, rv);
}
