/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op.h"

#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <stdlib.h>
#include <string.h>

/* Input that a mechanism does not hash has to be kept: EdDSA messages (RFC 8032 reads them twice) and ready-made digests. */
#define PARTS_MAX ((size_t)16 << 20)

static struct sl_sign_op *
op_of(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return NULL;
	return flag == CKF_SIGN ? &ops->sign : &ops->verify;
}

static CK_RV
end(struct sl_sign_op *op, CK_RV rv, bool again)
{
	if (again)
		return rv;
	op->active = false;
	op->updating = false;
	if (op->parts != NULL)
		sl_secret_wipe(op->parts, op->parts_len);
	free(op->parts);
	op->parts = NULL;
	op->parts_len = 0;
	return rv;
}

static bool
allowed_mechanism(const struct sl_object *object, CK_MECHANISM_TYPE type)
{
	const struct sl_attr *list = sl_attrs_get(&object->attrs, CKA_ALLOWED_MECHANISMS);
	CK_MECHANISM_TYPE one;

	if (list == NULL)
		return true;
	for (size_t at = 0; at + sizeof(one) <= list->len; at += sizeof(one)) {
		memcpy(&one, list->value + at, sizeof(one));
		if (one == type)
			return true;
	}
	return false;
}

/* PKCS#11 3.0 section 5.13.1: class, type and usage of the key. */
static CK_RV
fits(const struct sl_object *object, const struct sl_mech *mech, CK_FLAGS flag)
{
	const CK_OBJECT_CLASS class = sl_object_class(object);

	if (class != (flag == CKF_SIGN ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY))
		return (object->kind & SL_IS_KEY) != 0 ? CKR_KEY_TYPE_INCONSISTENT : CKR_KEY_HANDLE_INVALID;
	if (sl_object_key_type(object) != mech->key_type)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!sl_attrs_bool(&object->attrs, flag == CKF_SIGN ? CKA_SIGN : CKA_VERIFY, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return allowed_mechanism(object, mech->type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

static bool
same_params(const struct sl_sig_params *a, const struct sl_sig_params *b)
{
	return a->alg == b->alg && a->hash == b->hash && a->mgf_hash == b->mgf_hash && a->salt_len == b->salt_len;
}

/* libcrypto is asked for the signature of a digest: ECDSA does not care of which hash. */
static struct sl_sig_params
signer_params(const struct sl_sig_params *params)
{
	struct sl_sig_params p = *params;

	if (p.alg == SL_SIG_ECDSA)
		p.hash = SL_HASH_NONE;
	return p;
}

static CK_RV
prepare(struct sl_sign_op *op, struct sl_key *key, const struct sl_sig_params *params, CK_FLAGS flag)
{
	const struct sl_sig_params wanted = signer_params(params);
	const struct sl_sig_params have = signer_params(&op->params);
	enum sl_err err;

	if (op->signer == NULL || op->key != key || !same_params(&have, &wanted)) {
		sl_signer_free(&op->signer);
		sl_key_unref(&op->key);
		err = sl_signer_new(key, &wanted, flag == CKF_VERIFY, &op->signer);
		if (err != SL_OK)
			return err == SL_ERR_ARG ? CKR_MECHANISM_PARAM_INVALID : sl_rv(err);
		op->key = sl_key_ref(key);
	}
	op->params = *params;
	return CKR_OK;
}

static CK_RV
start(struct sl_session *session, struct sl_sign_op *op, CK_FLAGS flag, const CK_MECHANISM *mechanism, struct sl_object *object)
{
	struct sl_sig_params params;
	struct sl_key *key = NULL;
	CK_RV rv;

	if ((rv = fits(object, op->mech, flag)) != CKR_OK || (rv = sl_mech_sign_params(op->mech, mechanism, &params)) != CKR_OK)
		return rv;
	if ((rv = sl_rv(sl_token_key(session->token, object, &key))) != CKR_OK)
		return rv;
	rv = prepare(op, key, &params, flag);
	sl_key_unref(&key);
	if (rv == CKR_OK && op->mech->hash != SL_HASH_NONE)
		rv = sl_ops_digest(&op->digest, op->mech->hash);
	return rv;
}

CK_RV
sl_op_sign_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_sign_op *op = op_of(session, flag);
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	CK_RV rv;

	if (op == NULL)
		return CKR_HOST_MEMORY;
	if (op->active)
		return CKR_OPERATION_ACTIVE;
	if ((rv = sl_mech_use(mechanism, flag, &op->mech)) != CKR_OK)
		return rv;
	object = sl_token_object(session->token, key);
	if (object == NULL)
		return CKR_KEY_HANDLE_INVALID;
	rv = start(session, op, flag, mechanism, object);
	op->active = rv == CKR_OK;
	return rv;
}

static CK_RV
keep_part(struct sl_sign_op *op, struct sl_in in)
{
	uint8_t *parts;

	if (in.len > PARTS_MAX - op->parts_len)
		return CKR_DATA_LEN_RANGE;
	parts = realloc(op->parts, op->parts_len + in.len + 1);
	if (parts == NULL)
		return CKR_HOST_MEMORY;
	op->parts = parts;
	if (in.len != 0)
		memcpy(parts + op->parts_len, in.data, in.len);
	op->parts_len += in.len;
	return CKR_OK;
}

CK_RV
sl_op_sign_update(struct sl_session *session, CK_FLAGS flag, struct sl_in in)
{
	struct sl_sign_op *op = op_of(session, flag);
	CK_RV rv;

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	op->updating = true;
	rv = sl_in_check(in);
	if (rv == CKR_OK && op->mech->hash != SL_HASH_NONE)
		rv = sl_rv(sl_digest_update(op->digest, in.data, in.len));
	else if (rv == CKR_OK)
		rv = keep_part(op, in);
	return end(op, rv, rv == CKR_OK);
}

/* The bytes that are signed: the digest of the input, or the input. */
struct message {
	uint8_t digest[SL_HASH_MAX];
	const uint8_t *data;
	size_t len;
};

static CK_RV
message_of(struct sl_sign_op *op, const struct sl_in *whole, struct message *m)
{
	enum sl_err err = SL_OK;

	if (op->mech->hash != SL_HASH_NONE) {
		if (whole != NULL)
			err = sl_digest_update(op->digest, whole->data, whole->len);
		if (err == SL_OK)
			err = sl_digest_final(op->digest, m->digest);
		m->data = m->digest;
		m->len = sl_hash_len(op->mech->hash);
	} else if (whole != NULL) {
		m->data = whole->data;
		m->len = whole->len;
	} else {
		m->data = op->parts;
		m->len = op->parts_len;
	}
	return sl_rv(err);
}

static CK_RV
sign(struct sl_sign_op *op, const struct sl_in *whole, struct sl_out out)
{
	struct message m = { .len = 0 };
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (whole != NULL && (rv = sl_in_check(*whole)) != CKR_OK)
		return end(op, rv, false);
	rv = sl_out_claim(out, sl_signer_len(op->signer), &dst);
	if (dst == NULL)
		return end(op, rv, rv != CKR_ARGUMENTS_BAD);
	rv = message_of(op, whole, &m);
	if (rv == CKR_OK)
		rv = sl_rv(sl_signer_sign(op->signer, m.data, m.len, dst));
	return end(op, rv, false);
}

CK_RV
sl_op_sign(struct sl_session *session, struct sl_in in, struct sl_out out)
{
	struct sl_sign_op *op = op_of(session, CKF_SIGN);

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->updating)
		return end(op, CKR_OPERATION_ACTIVE, false);
	return sign(op, &in, out);
}

CK_RV
sl_op_sign_final(struct sl_session *session, struct sl_out out)
{
	struct sl_sign_op *op = op_of(session, CKF_SIGN);

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	return sign(op, NULL, out);
}

static CK_RV
verify(struct sl_sign_op *op, const struct sl_in *whole, struct sl_in signature)
{
	struct message m = { .len = 0 };
	CK_RV rv = CKR_OK;

	if (whole != NULL)
		rv = sl_in_check(*whole);
	if (rv == CKR_OK && signature.data == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && signature.len != sl_signer_len(op->signer))
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (rv == CKR_OK)
		rv = message_of(op, whole, &m);
	if (rv == CKR_OK)
		rv = sl_rv(sl_signer_verify(op->signer, m.data, m.len, signature.data, signature.len));
	return end(op, rv, false);
}

CK_RV
sl_op_verify(struct sl_session *session, struct sl_in in, struct sl_in signature)
{
	struct sl_sign_op *op = op_of(session, CKF_VERIFY);

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->updating)
		return end(op, CKR_OPERATION_ACTIVE, false);
	return verify(op, &in, signature);
}

CK_RV
sl_op_verify_final(struct sl_session *session, struct sl_in signature)
{
	struct sl_sign_op *op = op_of(session, CKF_VERIFY);

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	return verify(op, NULL, signature);
}
