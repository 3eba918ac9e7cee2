/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_OP_H
#define SL_PKCS11_OP_H

#include "pkcs11/mech.h"
#include "pkcs11/out.h"
#include "token/session.h"

/*
 * The operations of a session: at most one of each kind at a time (PKCS#11 3.0 section 5.8 and on). This is the only
 * place where an operation ends: always, except after a length query or a buffer that was too small. An init function
 * whose mechanism is NULL ends the one under way (3.0), or is CKR_ARGUMENTS_BAD.
 */

CK_RV sl_op_digest_init(struct sl_session *session, const CK_MECHANISM *mechanism);
CK_RV sl_op_digest(struct sl_session *session, struct sl_in in, struct sl_out out);
CK_RV sl_op_digest_update(struct sl_session *session, struct sl_in in);
CK_RV sl_op_digest_key(struct sl_session *session, CK_OBJECT_HANDLE key);
CK_RV sl_op_digest_final(struct sl_session *session, struct sl_out out);

/* Signing and verifying are one machine; flag is CKF_SIGN or CKF_VERIFY. */
CK_RV sl_op_sign_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV sl_op_sign_update(struct sl_session *session, CK_FLAGS flag, struct sl_in in);
CK_RV sl_op_sign(struct sl_session *session, struct sl_in in, struct sl_out out);
CK_RV sl_op_sign_final(struct sl_session *session, struct sl_out out);
CK_RV sl_op_verify(struct sl_session *session, struct sl_in in, struct sl_in signature);
CK_RV sl_op_verify_final(struct sl_session *session, struct sl_in signature);

/* 3.2: the signature comes first. The same operation as C_VerifyInit's, but only these functions go on with it. */
CK_RV sl_op_known_init(struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                       struct sl_in signature);
CK_RV sl_op_known_update(struct sl_session *session, struct sl_in in);
CK_RV sl_op_known(struct sl_session *session, const struct sl_in *whole);

/* Signatures that hold their message: flag is CKF_SIGN_RECOVER or CKF_VERIFY_RECOVER. */
CK_RV sl_op_recover_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism,
                         CK_OBJECT_HANDLE key);
CK_RV sl_op_sign_recover(struct sl_session *session, struct sl_in in, struct sl_out out);
CK_RV sl_op_verify_recover(struct sl_session *session, struct sl_in signature, struct sl_out out);

/* Encryption and decryption are one machine; flag is CKF_ENCRYPT or CKF_DECRYPT. */
CK_RV sl_op_crypt_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV sl_op_crypt(struct sl_session *session, CK_FLAGS flag, struct sl_in in, struct sl_out out);
CK_RV sl_op_crypt_update(struct sl_session *session, CK_FLAGS flag, struct sl_in in, struct sl_out out);
CK_RV sl_op_crypt_final(struct sl_session *session, CK_FLAGS flag, struct sl_out out);

/*
 * Two operations over the same data (3.0 section 5.17). other: CKF_DIGEST, or CKF_SIGN with encryption and CKF_VERIFY
 * with decryption.
 */
CK_RV sl_op_dual(struct sl_session *session, CK_FLAGS crypt, CK_FLAGS other, struct sl_in in, struct sl_out out);

/*
 * Messages under one key (3.0 sections 5.9 and 5.11); flag is CKF_MESSAGE_ENCRYPT or CKF_MESSAGE_DECRYPT. end is the
 * operation's, not the message's. A failing message leaves the operation as it is, ready for the next message.
 */
struct sl_message {
	void *param;
	CK_ULONG param_len;
	struct sl_in aad;
};
CK_RV sl_op_message_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism,
                         CK_OBJECT_HANDLE key);
CK_RV sl_op_message(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message, struct sl_in in,
                    struct sl_out out);
CK_RV sl_op_message_begin(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message);
CK_RV sl_op_message_next(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message, struct sl_in in,
                         struct sl_out out,
                         bool last);
CK_RV sl_op_message_end(struct sl_session *session, CK_FLAGS flag);

/*
 * The same for signatures (3.0 sections 5.14 and 5.16); flag is CKF_MESSAGE_SIGN or CKF_MESSAGE_VERIFY. Our mechanisms'
 * messages have no parameter.
 */
CK_RV sl_op_msgsign_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism,
                         CK_OBJECT_HANDLE key);
CK_RV sl_op_msgsign_begin(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message);
CK_RV sl_op_msgsign_update(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message,
                           struct sl_in in);
/* whole or NULL: the rest of what was begun. */
CK_RV sl_op_msgsign_sign(struct sl_session *session, const struct sl_message *message, bool whole, struct sl_in in,
                         struct sl_out out);
CK_RV sl_op_msgsign_verify(struct sl_session *session, const struct sl_message *message, bool whole, struct sl_in in,
                           struct sl_in signature);
CK_RV sl_op_msgsign_end(struct sl_session *session, CK_FLAGS flag);

/* C_SessionCancel: ends the operations that flags name; those that are not there do not matter. */
void sl_op_cancel(struct sl_session *session, CK_FLAGS flags);

/*
 * Whether an operation waits for the user's PIN (CKA_ALWAYS_AUTHENTICATE), and that he gave it: C_Login with CKU_CONTEXT_SPECIFIC.
 */
bool sl_op_awaits_pin(const struct sl_session *session);
void sl_op_pin_given(struct sl_session *session);

/* C_GetOperationState and C_SetOperationState: op_state.c. */
CK_RV sl_op_state_get(struct sl_session *session, struct sl_out out);
CK_RV sl_op_state_set(struct sl_session *session, struct sl_in given, bool with_keys);

/* Whether any operation is under way. */
bool sl_op_any(const struct sl_session *session);

#endif
