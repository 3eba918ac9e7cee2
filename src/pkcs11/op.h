/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_OP_H
#define SL_PKCS11_OP_H

#include "pkcs11/mech.h"
#include "pkcs11/out.h"
#include "token/session.h"

/*
 * The operations of a session: at most one digest, one signature and one verification at a time (PKCS#11 3.0 section 5.8 and on). This is the
 * only place where an operation ends: always, except after a length query or a buffer that was too small.
 */

CK_RV sl_op_digest_init(struct sl_session *session, const CK_MECHANISM *mechanism);
CK_RV sl_op_digest(struct sl_session *session, struct sl_in in, struct sl_out out);
CK_RV sl_op_digest_update(struct sl_session *session, struct sl_in in);
CK_RV sl_op_digest_final(struct sl_session *session, struct sl_out out);

/* Signing and verifying are one machine; flag is CKF_SIGN or CKF_VERIFY. */
CK_RV sl_op_sign_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV sl_op_sign_update(struct sl_session *session, CK_FLAGS flag, struct sl_in in);
CK_RV sl_op_sign(struct sl_session *session, struct sl_in in, struct sl_out out);
CK_RV sl_op_sign_final(struct sl_session *session, struct sl_out out);
CK_RV sl_op_verify(struct sl_session *session, struct sl_in in, struct sl_in signature);
CK_RV sl_op_verify_final(struct sl_session *session, struct sl_in signature);

#endif
