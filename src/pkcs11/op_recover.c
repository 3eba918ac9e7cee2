/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <string.h>

/* Signatures that hold their message, with RSA (PKCS#11 3.0 sections 5.13.5 and 5.15.5). Single-part only. */

static struct sl_recover_op *
op_of(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return NULL;
	return flag == CKF_SIGN_RECOVER ? &ops->sign_recover : &ops->verify_recover;
}

static CK_RV
end(struct sl_recover_op *op, CK_RV rv, bool again)
{
	if (!again)
		op->active = false;
	return rv;
}

void
sl_recover_free(struct sl_recover_op *op)
{
	sl_signer_free(&op->signer);
	sl_key_unref(&op->key);
}

CK_RV
sl_op_recover_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle)
{
	struct sl_recover_op *op = op_of(session, flag);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct sl_sig_params params;
	CK_RV rv;

	if (op == NULL)
		return CKR_HOST_MEMORY;
	if (op->active)
		return mechanism == NULL ? end(op, CKR_OK, false) : CKR_OPERATION_ACTIVE;
	if ((rv = sl_ops_use(session, flag, mechanism, handle, &op->mech, &key)) != CKR_OK ||
	    (rv = sl_mech_sign_params(op->mech, mechanism, &params)) != CKR_OK)
		return rv;
	sl_recover_free(op);
	if (flag == CKF_SIGN_RECOVER && (rv = sl_rv(sl_signer_new(key, &params, false, &op->signer))) != CKR_OK)
		return rv;
	op->key = SL_TAKE(key);
	op->active = true;
	return CKR_OK;
}

CK_RV
sl_op_sign_recover(struct sl_session *session, struct sl_in in, struct sl_out out)
{
	struct sl_recover_op *op = op_of(session, CKF_SIGN_RECOVER);
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if ((rv = sl_ops_may_use(session, CKF_SIGN_RECOVER)) != CKR_OK || (rv = sl_in_check(in)) != CKR_OK)
		return end(op, rv, false);
	rv = sl_out_claim(out, sl_signer_len(op->signer), &dst);
	if (dst == NULL)
		return end(op, rv, rv != CKR_ARGUMENTS_BAD);
	return end(op, sl_rv(sl_signer_sign(op->signer, in.data, in.len, dst)), false);
}

CK_RV
sl_op_verify_recover(struct sl_session *session, struct sl_in signature, struct sl_out out)
{
	struct sl_recover_op *op = op_of(session, CKF_VERIFY_RECOVER);
	SL_SECRET message = { 0 };
	CK_BYTE_PTR dst;
	enum sl_err err;
	CK_RV rv;

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if ((rv = sl_in_check(signature)) != CKR_OK)
		return end(op, rv, false);
	err = sl_rsa_recover(op->key, op->mech->padding, signature.data, signature.len, &message);
	if (err != SL_OK)
		return end(op, err == SL_ERR_RANGE ? CKR_SIGNATURE_LEN_RANGE : sl_rv(err), false);
	rv = sl_out_claim(out, message.len, &dst);
	if (dst == NULL)
		return end(op, rv, rv != CKR_ARGUMENTS_BAD);
	if (message.len != 0)
		memcpy(dst, message.bytes, message.len);
	return end(op, CKR_OK, false);
}
