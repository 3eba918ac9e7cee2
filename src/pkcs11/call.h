/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_CALL_H
#define SL_PKCS11_CALL_H

#include "token/session.h"

/*
 * The one gate: every entry point begins and ends here. Initialised? In this process? Slot or session found, referenced and locked?
 *
 * Lock order: module (shared by calls; exclusive for C_Initialize and C_Finalize) > session > token > store > root. The session table's and
 * the token's own locks are leaves for look-ups.
 */
struct sl_call {
	bool in_module;              /* the module lock is held, shared */
	struct sl_instance *instance;
	struct sl_sessions *sessions;
	struct sl_token *token;      /* of the slot, or of the session */
	struct sl_session *session;  /* locked */
};

/* Each has to be followed by sl_call_end() whatever it returns. CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SLOT_ID_INVALID, CKR_SESSION_HANDLE_INVALID. */
CK_RV sl_call_begin(struct sl_call *call, CK_SESSION_HANDLE session);
CK_RV sl_call_begin_slot(struct sl_call *call, CK_SLOT_ID slot);
CK_RV sl_call_begin_module(struct sl_call *call);

/* Gives everything back, and returns rv. */
CK_RV sl_call_end(struct sl_call *call, const char *function, CK_RV rv);

/* C_Initialize and C_Finalize. */
CK_RV sl_call_initialize(void);
CK_RV sl_call_finalize(void);

/* C_WaitForSlotEvent's blocking form: until C_Finalize, since our slots do not change. */
CK_RV sl_call_wait_for_finalize(void);

#endif
