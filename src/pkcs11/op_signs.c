/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <stdlib.h>
#include <string.h>

/*
 * The signing and verifying operations of a session: C_Sign*, C_Verify*, C_VerifySignature*, and the message functions.
 */

static struct sl_sign_op *
op_of(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return NULL;
	return flag == CKF_SIGN ? &ops->sign : &ops->verify;
}

/* Under way, and with the functions that began it. */
static struct sl_sign_op *
running(struct sl_session *session, CK_FLAGS flag, bool known)
{
	struct sl_sign_op *op = op_of(session, flag);

	return op != NULL && op->active && op->known == known ? op : NULL;
}

CK_RV
sl_op_sign_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_sign_op *op = op_of(session, flag);

	return op == NULL ? CKR_HOST_MEMORY : sl_signing_init(session, op, flag, mechanism, key);
}

CK_RV
sl_op_sign_update(struct sl_session *session, CK_FLAGS flag, struct sl_in in)
{
	struct sl_sign_op *op = running(session, flag, false);
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if ((rv = sl_ops_may_use(session, flag)) == CKR_OK)
		rv = sl_signing_update(op, in);
	return sl_signing_end(op, rv, rv == CKR_OK);
}

CK_RV
sl_op_sign(struct sl_session *session, struct sl_in in, struct sl_out out)
{
	struct sl_sign_op *op = running(session, CKF_SIGN, false);
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if ((rv = sl_ops_may_use(session, CKF_SIGN)) != CKR_OK)
		return sl_signing_end(op, rv, false);
	return op->updating ? sl_signing_end(op, CKR_OPERATION_ACTIVE, false) : sl_signing_sign(op, &in, out);
}

CK_RV
sl_op_sign_final(struct sl_session *session, struct sl_out out)
{
	struct sl_sign_op *op = running(session, CKF_SIGN, false);
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if ((rv = sl_ops_may_use(session, CKF_SIGN)) != CKR_OK)
		return sl_signing_end(op, rv, false);
	return sl_signing_sign(op, NULL, out);
}

CK_RV
sl_op_verify(struct sl_session *session, struct sl_in in, struct sl_in signature)
{
	struct sl_sign_op *op = running(session, CKF_VERIFY, false);

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return op->updating ? sl_signing_end(op, CKR_OPERATION_ACTIVE, false) : sl_signing_verify(op, &in, signature);
}

CK_RV
sl_op_verify_final(struct sl_session *session, struct sl_in signature)
{
	struct sl_sign_op *op = running(session, CKF_VERIFY, false);

	return op == NULL ? CKR_OPERATION_NOT_INITIALIZED : sl_signing_verify(op, NULL, signature);
}

static CK_RV
keep_signature(struct sl_sign_op *op, struct sl_in signature)
{
	uint8_t *copy;

	if (!sl_signing_len_fits(op, signature.len))
		return CKR_SIGNATURE_LEN_RANGE;
	copy = realloc(op->signature, signature.len + 1);
	if (copy == NULL)
		return CKR_HOST_MEMORY;
	memcpy(copy, signature.data, signature.len);
	op->signature = copy;
	op->signature_len = signature.len;
	op->known = true;
	return CKR_OK;
}

CK_RV
sl_op_known_init(struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                 struct sl_in signature)
{
	struct sl_sign_op *op = op_of(session, CKF_VERIFY);
	CK_RV rv;

	if (op == NULL)
		return CKR_HOST_MEMORY;
	rv = sl_signing_init(session, op, CKF_VERIFY, mechanism, key);
	if (rv != CKR_OK || !op->active) /* not active: it was ended */
		return rv;
	rv = signature.data == NULL ? CKR_ARGUMENTS_BAD : keep_signature(op, signature);
	return sl_signing_end(op, rv, rv == CKR_OK);
}

CK_RV
sl_op_known_update(struct sl_session *session, struct sl_in in)
{
	struct sl_sign_op *op = running(session, CKF_VERIFY, true);
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = sl_signing_update(op, in);
	return sl_signing_end(op, rv, rv == CKR_OK);
}

CK_RV
sl_op_known(struct sl_session *session, const struct sl_in *whole)
{
	struct sl_sign_op *op = running(session, CKF_VERIFY, true);

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (whole != NULL && op->updating)
		return sl_signing_end(op, CKR_OPERATION_ACTIVE, false);
	return sl_signing_verify(op, whole, (struct sl_in){ op->signature, op->signature_len });
}

static struct sl_msgsign_op *
msgsign_of(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return NULL;
	return flag == CKF_MESSAGE_SIGN ? &ops->message_sign : &ops->message_verify;
}

/* Under way, with a message begun or not, and a parameter of no length. *ret_op is set when CKR_OK. */
static CK_RV
msgsign_running(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message, bool begun,
                struct sl_msgsign_op **ret_op)
{
	struct sl_msgsign_op *op = msgsign_of(session, flag);

	if (op == NULL || !op->sign.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->begun != begun)
		return begun ? CKR_OPERATION_NOT_INITIALIZED : CKR_OPERATION_ACTIVE;
	if (message->param_len != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	*ret_op = op;
	return CKR_OK;
}

CK_RV
sl_op_msgsign_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_msgsign_op *op = msgsign_of(session, flag);

	if (op == NULL)
		return CKR_HOST_MEMORY;
	if (!op->sign.active || mechanism == NULL)
		op->begun = false;
	return sl_signing_init(session, &op->sign, flag, mechanism, key);
}

CK_RV
sl_op_msgsign_begin(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message)
{
	struct sl_msgsign_op *op;
	CK_RV rv = msgsign_running(session, flag, message, false, &op);

	if (rv == CKR_OK && (rv = sl_ops_may_use(session, flag)) == CKR_OK && (rv = sl_signing_restart(&op->sign)) == CKR_OK)
		op->begun = true;
	return rv;
}

CK_RV
sl_op_msgsign_update(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message, struct sl_in in)
{
	struct sl_msgsign_op *op;
	CK_RV rv = msgsign_running(session, flag, message, true, &op);

	if (rv == CKR_OK && (rv = sl_signing_update(&op->sign, in)) != CKR_OK)
		op->begun = false;
	return rv;
}

/* The message is over, the operation is not. */
static CK_RV
message_over(struct sl_msgsign_op *op, CK_RV rv)
{
	op->sign.active = true;
	op->begun = false;
	return rv;
}

CK_RV
sl_op_msgsign_sign(struct sl_session *session, const struct sl_message *message, bool whole, struct sl_in in,
                   struct sl_out out)
{
	struct sl_msgsign_op *op;
	CK_RV rv = msgsign_running(session, CKF_MESSAGE_SIGN, message, !whole, &op);

	if (rv != CKR_OK || (rv = sl_ops_may_use(session, CKF_MESSAGE_SIGN)) != CKR_OK)
		return rv;
	if (whole && (rv = sl_signing_restart(&op->sign)) != CKR_OK)
		return rv;
	/* The last part is added only when the signature will be made now. */
	if (!whole && out.len != NULL && (out.buf == NULL || *out.len < sl_signing_len(&op->sign)))
		return sl_out_claim(out, sl_signing_len(&op->sign), &(CK_BYTE_PTR){ NULL });
	if (!whole && (rv = sl_signing_update(&op->sign, in)) != CKR_OK)
		return message_over(op, rv);
	rv = sl_signing_sign(&op->sign, whole ? &in : NULL, out);
	if (out.buf != NULL && rv != CKR_BUFFER_TOO_SMALL)
		sl_ops_ask_again(session, CKF_MESSAGE_SIGN);
	return message_over(op, rv);
}

CK_RV
sl_op_msgsign_verify(struct sl_session *session, const struct sl_message *message, bool whole, struct sl_in in,
                     struct sl_in signature)
{
	struct sl_msgsign_op *op;
	CK_RV rv = msgsign_running(session, CKF_MESSAGE_VERIFY, message, !whole, &op);

	if (rv != CKR_OK)
		return rv;
	rv = whole ? sl_signing_restart(&op->sign) : sl_signing_update(&op->sign, in);
	if (rv == CKR_OK)
		rv = sl_signing_verify(&op->sign, whole ? &in : NULL, signature);
	return message_over(op, rv);
}

CK_RV
sl_op_msgsign_end(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_msgsign_op *op = msgsign_of(session, flag);

	if (op == NULL || !op->sign.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	op->begun = false;
	return sl_signing_end(&op->sign, CKR_OK, false);
}
