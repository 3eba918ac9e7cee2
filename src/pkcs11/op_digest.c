/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op.h"

#include "pkcs11/op_private.h"
#include "token/rv.h"

CK_RV
sl_ops_digest(struct sl_digest **d, enum sl_hash hash)
{
	if (*d != NULL && sl_digest_hash(*d) == hash)
		return sl_rv(sl_digest_reset(*d));
	sl_digest_free(d);
	return sl_rv(sl_digest_new(hash, d));
}

/* The same for an operation of its own, whose state the caller may want to save. */
static CK_RV
saveable_digest(struct sl_digest **d, enum sl_hash hash)
{
	if (*d != NULL && sl_digest_hash(*d) == hash)
		return sl_rv(sl_digest_reset(*d));
	sl_digest_free(d);
	return sl_rv(sl_digest_new_saveable(hash, d));
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
		return mechanism == NULL ? sl_ops_digest_end(&ops->digest, CKR_OK, false) : CKR_OPERATION_ACTIVE;
	if ((rv = sl_mech_use(mechanism, CKF_DIGEST, &mech)) != CKR_OK ||
	    (rv = saveable_digest(&ops->digest.digest, mech->hash)) != CKR_OK)
		return rv;
	ops->digest.active = true;
	ops->digest.updating = false;
	ops->digest.holds_key = false;
	return CKR_OK;
}

/* Ends the operation unless rv says that the caller comes again. */
CK_RV
sl_ops_digest_end(struct sl_digest_op *op, CK_RV rv, bool again)
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
		return sl_ops_digest_end(op, CKR_OPERATION_ACTIVE, false);
	if ((rv = sl_in_check(in)) != CKR_OK)
		return sl_ops_digest_end(op, rv, false);
	rv = sl_out_claim(out, sl_hash_len(sl_digest_hash(op->digest)), &dst);
	if (dst == NULL)
		return sl_ops_digest_end(op, rv, rv != CKR_ARGUMENTS_BAD);
	rv = sl_rv(sl_digest_update(op->digest, in.data, in.len));
	if (rv == CKR_OK)
		rv = sl_rv(sl_digest_final(op->digest, dst));
	return sl_ops_digest_end(op, rv, false);
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
	return sl_ops_digest_end(&ops->digest, rv, rv == CKR_OK);
}

/* The digest of a secret that nobody may see would help to guess it: only of one that can be read anyway. */
static CK_RV
digest_key(struct sl_session *session, struct sl_digest *digest, CK_OBJECT_HANDLE handle)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = sl_token_object(session->token, handle);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET value = { 0 };
	CK_RV rv;

	if (object == NULL || (object->kind & SL_IS_KEY) == 0)
		return CKR_KEY_HANDLE_INVALID;
	if (sl_object_class(object) != CKO_SECRET_KEY || sl_object_hides(object, CKA_VALUE))
		return CKR_KEY_INDIGESTIBLE;
	if ((rv = sl_rv(sl_token_key(session->token, object, &key))) != CKR_OK ||
	    (rv = sl_rv(sl_key_part(key, SL_PART_SECRET, &value))) != CKR_OK)
		return rv;
	return sl_rv(sl_digest_update(digest, value.bytes, value.len));
}

CK_RV
sl_op_digest_key(struct sl_session *session, CK_OBJECT_HANDLE key)
{
	struct sl_ops *ops = sl_ops_of(session);
	CK_RV rv;

	if (ops == NULL || !ops->digest.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	ops->digest.updating = true;
	ops->digest.holds_key = true;
	rv = digest_key(session, ops->digest.digest, key);
	return sl_ops_digest_end(&ops->digest, rv, rv == CKR_OK);
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
		return sl_ops_digest_end(op, rv, rv != CKR_ARGUMENTS_BAD);
	return sl_ops_digest_end(op, sl_rv(sl_digest_final(op->digest, dst)), false);
}
