/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <stdlib.h>
#include <string.h>

/* The machine of signatures and MACs: one operation, whichever of the session's it is. */

/*
 * Input that a mechanism does not hash has to be kept: EdDSA messages (RFC 8032 reads them twice) and ready-made
 * digests.
 */
#define PARTS_MAX ((size_t)16 << 20)
#define MAC_MAX SL_HASH_MAX

void
sl_signing_unprepare(struct sl_sign_op *op)
{
	sl_signer_free(&op->signer);
	sl_macop_free(&op->macop);
	sl_key_unref(&op->key);
}

static void
forget_parts(struct sl_sign_op *op)
{
	if (op->parts != NULL)
		sl_secret_wipe(op->parts, op->parts_len);
	free(op->parts);
	op->parts = NULL;
	op->parts_len = 0;
}

void
sl_signing_free(struct sl_sign_op *op)
{
	sl_signing_unprepare(op);
	sl_digest_free(&op->digest);
	forget_parts(op);
	free(op->signature);
}

CK_RV
sl_signing_end(struct sl_sign_op *op, CK_RV rv, bool again)
{
	if (again)
		return rv;
	op->active = false;
	op->updating = false;
	op->known = false;
	forget_parts(op);
	return rv;
}

/* A context is the caller's: it is not kept, and a signer for one is used once. */
static bool
same_params(const struct sl_sig_params *a, const struct sl_sig_params *b)
{
	return a->alg == b->alg && a->hash == b->hash && a->mgf_hash == b->mgf_hash && a->salt_len == b->salt_len &&
	       a->prehash == b->prehash && a->context.len == 0 && b->context.len == 0;
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
param_rv(enum sl_err err)
{
	return err == SL_ERR_ARG || err == SL_ERR_UNSUPPORTED ? CKR_MECHANISM_PARAM_INVALID : sl_rv(err);
}

static CK_RV
prepare_signer(struct sl_sign_op *op, struct sl_key *key, const struct sl_sig_params *params, bool verify)
{
	const struct sl_sig_params wanted = signer_params(params);
	const struct sl_sig_params have = signer_params(&op->params);
	enum sl_err err;

	if (op->signer == NULL || op->key != key || !same_params(&have, &wanted)) {
		SL_CLEANUP(sl_key_unref) struct sl_key *held = sl_key_ref(key); /* it may be op's */

		sl_signing_unprepare(op);
		if ((err = sl_signer_new(key, &wanted, verify, &op->signer)) != SL_OK)
			return param_rv(err);
		op->key = SL_TAKE(held);
	}
	op->params = *params;
	op->params.context.data = NULL;
	return CKR_OK;
}

/* A nonce of GMAC is never prepared twice. */
static CK_RV
prepare_mac(struct sl_sign_op *op, struct sl_key *key, const struct sl_mac_params *params)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *held = NULL;
	enum sl_err err;

	if (op->macop != NULL && op->key == key && params->alg != SL_MAC_GMAC && op->mac_params.alg == params->alg &&
	    op->mac_params.hash == params->hash)
		return sl_rv(sl_macop_reset(op->macop));
	held = sl_key_ref(key); /* it may be op's */
	sl_signing_unprepare(op);
	if ((err = sl_macop_new(key, params, &op->macop)) != SL_OK)
		return param_rv(err);
	op->key = SL_TAKE(held);
	op->mac_params = (struct sl_mac_params){ .alg = params->alg, .hash = params->hash };
	return CKR_OK;
}

static CK_RV
start(struct sl_sign_op *op, const CK_MECHANISM *mechanism, struct sl_key *key, bool verify)
{
	struct sl_sig_params params;
	struct sl_mac_params mac;
	CK_RV rv;

	if (op->mech->is_mac) {
		rv = sl_mech_mac_params(op->mech, mechanism, &mac, &op->mac_len);
		return rv == CKR_OK ? prepare_mac(op, key, &mac) : rv;
	}
	if ((rv = sl_mech_sign_params(op->mech, mechanism, &params)) != CKR_OK ||
	    (rv = prepare_signer(op, key, &params, verify)) != CKR_OK)
		return rv;
	return op->mech->hash != SL_HASH_NONE ? sl_ops_digest(&op->digest, op->mech->hash) : CKR_OK;
}

CK_RV
sl_signing_init(struct sl_session *session, struct sl_sign_op *op, CK_FLAGS flag, const CK_MECHANISM *mechanism,
                CK_OBJECT_HANDLE handle)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	CK_RV rv;

	if (op->active)
		return mechanism == NULL ? sl_signing_end(op, CKR_OK, false) : CKR_OPERATION_ACTIVE;
	if ((op->key == NULL || !sl_ops_again(session, mechanism, handle, &op->use, op->mech)) &&
	    (rv = sl_ops_use_kept(session, flag, mechanism, handle, &op->use, &op->mech, &key)) != CKR_OK)
		return rv;
	rv = start(op, mechanism, key != NULL ? key : op->key, flag == CKF_VERIFY || flag == CKF_MESSAGE_VERIFY);
	(void)sl_signing_end(op, CKR_OK, false);
	op->active = rv == CKR_OK;
	op->use.valid = op->use.valid && rv == CKR_OK;
	return rv;
}

CK_RV
sl_signing_restart(struct sl_sign_op *op)
{
	op->updating = false;
	forget_parts(op);
	if (op->mech->is_mac)
		return sl_rv(sl_macop_reset(op->macop));
	return op->mech->hash != SL_HASH_NONE ? sl_rv(sl_digest_reset(op->digest)) : CKR_OK;
}

size_t
sl_signing_len(const struct sl_sign_op *op)
{
	return op->mech->is_mac ? op->mac_len : sl_signer_len(op->signer);
}

bool
sl_signing_len_fits(const struct sl_sign_op *op, size_t len)
{
	return op->mech->is_mac ? len == op->mac_len : sl_signer_len_fits(op->signer, len);
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
sl_signing_update(struct sl_sign_op *op, struct sl_in in)
{
	CK_RV rv;

	op->updating = true;
	if ((rv = sl_in_check(in)) != CKR_OK)
		return rv;
	if (op->mech->is_mac)
		return sl_rv(sl_macop_update(op->macop, in.data, in.len));
	if (op->mech->hash != SL_HASH_NONE)
		return sl_rv(sl_digest_update(op->digest, in.data, in.len));
	return keep_part(op, in);
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
mac_of(struct sl_sign_op *op, const struct sl_in *whole, uint8_t mac[MAC_MAX])
{
	enum sl_err err = SL_OK;

	if (whole != NULL)
		err = sl_macop_update(op->macop, whole->data, whole->len);
	if (err == SL_OK)
		err = sl_macop_final(op->macop, mac);
	return sl_rv(err);
}

/*
 * One for another: a MAC whose first bytes were wrong is a wrong MAC, and how many of them were right is nobody's
 * business.
 */
static CK_RV
run_mac(struct sl_sign_op *op, const struct sl_in *whole, uint8_t *dst, const void *compare)
{
	uint8_t mac[MAC_MAX];
	CK_RV rv = mac_of(op, whole, mac);

	if (rv == CKR_OK && dst != NULL)
		memcpy(dst, mac, op->mac_len);
	if (rv == CKR_OK && compare != NULL && !sl_secret_equal(mac, op->mac_len, compare, op->mac_len))
		rv = CKR_SIGNATURE_INVALID;
	sl_secret_wipe(mac, sizeof(mac));
	return rv;
}

CK_RV
sl_signing_sign(struct sl_sign_op *op, const struct sl_in *whole, struct sl_out out)
{
	struct message m = { .len = 0 };
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (whole != NULL && (rv = sl_in_check(*whole)) != CKR_OK)
		return sl_signing_end(op, rv, false);
	rv = sl_out_claim(out, sl_signing_len(op), &dst);
	if (dst == NULL)
		return sl_signing_end(op, rv, rv != CKR_ARGUMENTS_BAD);
	if (op->mech->is_mac)
		return sl_signing_end(op, run_mac(op, whole, dst, NULL), false);
	rv = message_of(op, whole, &m);
	if (rv == CKR_OK)
		rv = sl_rv(sl_signer_sign(op->signer, m.data, m.len, dst));
	return sl_signing_end(op, rv, false);
}

CK_RV
sl_signing_verify(struct sl_sign_op *op, const struct sl_in *whole, struct sl_in signature)
{
	struct message m = { .len = 0 };
	CK_RV rv = CKR_OK;

	if (whole != NULL)
		rv = sl_in_check(*whole);
	if (rv == CKR_OK && signature.data == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && !sl_signing_len_fits(op, signature.len))
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (rv == CKR_OK && op->mech->is_mac)
		return sl_signing_end(op, run_mac(op, whole, NULL, signature.data), false);
	if (rv == CKR_OK)
		rv = message_of(op, whole, &m);
	if (rv == CKR_OK)
		rv = sl_rv(sl_signer_verify(op->signer, m.data, m.len, signature.data, signature.len));
	return sl_signing_end(op, rv, false);
}
