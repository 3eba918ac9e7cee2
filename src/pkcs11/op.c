/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op.h"

#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <stdlib.h>

static void
free_sign_op(struct sl_sign_op *op)
{
	sl_signer_free(&op->signer);
	sl_key_unref(&op->key);
	sl_digest_free(&op->digest);
	if (op->parts != NULL)
		sl_secret_wipe(op->parts, op->parts_len);
	free(op->parts);
}

static void
free_ops(void *front)
{
	struct sl_ops *ops = front;

	sl_digest_free(&ops->digest.digest);
	free_sign_op(&ops->sign);
	free_sign_op(&ops->verify);
	free(ops);
}

struct sl_ops *
sl_ops_of(struct sl_session *session)
{
	if (session->front == NULL) {
		session->front = calloc(1, sizeof(struct sl_ops));
		session->free_front = free_ops;
	}
	return session->front;
}

CK_RV
sl_ops_digest(struct sl_digest **d, enum sl_hash hash)
{
	if (*d != NULL && sl_digest_hash(*d) == hash)
		return sl_rv(sl_digest_reset(*d));
	sl_digest_free(d);
	return sl_rv(sl_digest_new(hash, d));
}

CK_RV
sl_op_digest_init(struct sl_session *session, const CK_MECHANISM *mechanism)
{
	struct sl_ops *ops = sl_ops_of(session);
	const struct sl_mech *mech;
	CK_RV rv;

	if (ops == NULL)
		return CKR_HOST_MEMORY;
	if (ops->digest.active)
		return CKR_OPERATION_ACTIVE;
	if ((rv = sl_mech_use(mechanism, CKF_DIGEST, &mech)) != CKR_OK || (rv = sl_ops_digest(&ops->digest.digest, mech->hash)) != CKR_OK)
		return rv;
	ops->digest.active = true;
	ops->digest.updating = false;
	return CKR_OK;
}

/* Ends the operation unless rv says that the caller comes again. */
static CK_RV
end_digest(struct sl_digest_op *op, CK_RV rv, bool again)
{
	if (!again)
		op->active = false;
	return rv;
}

CK_RV
sl_op_digest(struct sl_session *session, struct sl_in in, struct sl_out out)
{
	struct sl_ops *ops = sl_ops_of(session);
	struct sl_digest_op *op = &ops->digest;
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (ops == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->updating)
		return end_digest(op, CKR_OPERATION_ACTIVE, false);
	if ((rv = sl_in_check(in)) != CKR_OK)
		return end_digest(op, rv, false);
	rv = sl_out_claim(out, sl_hash_len(sl_digest_hash(op->digest)), &dst);
	if (dst == NULL)
		return end_digest(op, rv, rv != CKR_ARGUMENTS_BAD);
	rv = sl_rv(sl_digest_update(op->digest, in.data, in.len));
	if (rv == CKR_OK)
		rv = sl_rv(sl_digest_final(op->digest, dst));
	return end_digest(op, rv, false);
}

CK_RV
sl_op_digest_update(struct sl_session *session, struct sl_in in)
{
	struct sl_ops *ops = sl_ops_of(session);
	CK_RV rv;

	if (ops == NULL || !ops->digest.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	ops->digest.updating = true;
	if ((rv = sl_in_check(in)) == CKR_OK)
		rv = sl_rv(sl_digest_update(ops->digest.digest, in.data, in.len));
	return end_digest(&ops->digest, rv, rv == CKR_OK);
}

CK_RV
sl_op_digest_final(struct sl_session *session, struct sl_out out)
{
	struct sl_ops *ops = sl_ops_of(session);
	struct sl_digest_op *op = &ops->digest;
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (ops == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = sl_out_claim(out, sl_hash_len(sl_digest_hash(op->digest)), &dst);
	if (dst == NULL)
		return end_digest(op, rv, rv != CKR_ARGUMENTS_BAD);
	return end_digest(op, sl_rv(sl_digest_final(op->digest, dst)), false);
}
