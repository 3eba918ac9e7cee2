/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <stdlib.h>
#include <string.h>

/*
 * Encrypting and decrypting, with secret keys and with RSA. How long a plaintext is can be unknown before it is there
 * (padding). So a length query may answer a bound; a buffer that is smaller than the bound gets the plaintext if it
 * fits, and else the plaintext waits for the next call.
 */

static struct sl_crypt_op *
op_of(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return NULL;
	return flag == CKF_ENCRYPT ? &ops->encrypt : &ops->decrypt;
}

static struct sl_crypt_op *
running(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_crypt_op *op = op_of(session, flag);

	return op != NULL && op->active ? op : NULL;
}

static void
forget_pending(struct sl_crypt_op *op)
{
	if (op->pending != NULL)
		sl_secret_wipe(op->pending, op->pending_len);
	free(op->pending);
	op->pending = NULL;
	op->pending_len = 0;
}

CK_RV
sl_crypt_end(struct sl_crypt_op *op, CK_RV rv, bool again)
{
	if (again)
		return rv;
	op->active = false;
	op->updating = false;
	forget_pending(op);
	return rv;
}

void
sl_crypt_unprepare(struct sl_crypt_op *op)
{
	sl_cipher_free(&op->cipher);
	sl_key_unref(&op->key);
}

void
sl_crypt_free(struct sl_crypt_op *op)
{
	sl_crypt_unprepare(op);
	forget_pending(op);
	free(op->label);
}

/* One code for whatever is wrong with a ciphertext, else it is an oracle (RFC 8017 7.1.2, 7.2.2). */
CK_RV
sl_crypt_rv(enum sl_err err, bool encrypt)
{
	if (err == SL_ERR_RANGE)
		return encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (err == SL_ERR_VERIFY)
		return CKR_ENCRYPTED_DATA_INVALID;
	return sl_rv(err);
}

static bool
is_rsa(const struct sl_crypt_op *op)
{
	return op->mech->key_type == CKK_RSA;
}

CK_RV
sl_crypt_prepare(struct sl_cipher **cipher, bool same_key, struct sl_key *key, const struct sl_cipher_params *params,
                 bool encrypt)
{
	enum sl_err err;

	if (*cipher != NULL && same_key) {
		err = sl_cipher_reset(*cipher, params);
	} else {
		sl_cipher_free(cipher);
		err = sl_cipher_new(key, params, encrypt, cipher);
	}
	return err == SL_ERR_ARG || err == SL_ERR_RANGE || err == SL_ERR_UNSUPPORTED ? CKR_MECHANISM_PARAM_INVALID : sl_rv(err);
}

static CK_RV
start_cipher(struct sl_crypt_op *op, const CK_MECHANISM *mechanism, struct sl_key *key, bool encrypt)
{
	const CK_ULONG bytes = sl_key_size(key) / 8;
	struct sl_cipher_params params;
	bool same;
	CK_RV rv;

	if (bytes < op->mech->info.ulMinKeySize || bytes > op->mech->info.ulMaxKeySize)
		return CKR_KEY_SIZE_RANGE;
	if ((rv = sl_mech_cipher_params(op->mech, mechanism, &params)) != CKR_OK)
		return rv;
	same = op->key == key && op->mode == params.mode;
	rv = sl_crypt_prepare(&op->cipher, same, key, &params, encrypt);
	op->mode = params.mode;
	return rv;
}

static CK_RV
start_rsa(struct sl_crypt_op *op, const CK_MECHANISM *mechanism)
{
	struct sl_rsa_crypt params;
	CK_RV rv = sl_mech_rsa_params(op->mech, mechanism, &params);

	if (rv != CKR_OK)
		return rv;
	free(op->label);
	op->label = NULL;
	if (params.label_len != 0) {
		if ((op->label = malloc(params.label_len)) == NULL)
			return CKR_HOST_MEMORY;
		memcpy(op->label, params.label, params.label_len);
	}
	op->rsa = params;
	op->rsa.label = op->label;
	return CKR_OK;
}

CK_RV
sl_op_crypt_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle)
{
	struct sl_crypt_op *op = op_of(session, flag);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	CK_RV rv;

	if (op == NULL)
		return CKR_HOST_MEMORY;
	if (op->active)
		return mechanism == NULL ? sl_crypt_end(op, CKR_OK, false) : CKR_OPERATION_ACTIVE;
	if (op->key != NULL && sl_ops_again(session, mechanism, handle, &op->use, op->mech))
		key = sl_key_ref(op->key);
	else if ((rv = sl_ops_use_kept(session, flag, mechanism, handle, &op->use, &op->mech, &key)) != CKR_OK)
		return rv;
	/* What is prepared is the other key's, whatever becomes of this call. */
	if (op->key != key) {
		sl_cipher_free(&op->cipher);
		sl_key_unref(&op->key);
		op->key = sl_key_ref(key);
	}
	rv = is_rsa(op) ? start_rsa(op, mechanism) : start_cipher(op, mechanism, key, flag == CKF_ENCRYPT);
	(void)sl_crypt_end(op, CKR_OK, false);
	op->active = rv == CKR_OK;
	op->use.valid = op->use.valid && rv == CKR_OK;
	return rv;
}

/* Gives what waits, if the buffer takes it. */
static CK_RV
give_pending(struct sl_crypt_op *op, struct sl_out out)
{
	CK_BYTE_PTR dst;
	const CK_RV rv = sl_out_claim(out, op->pending_len, &dst);

	if (dst == NULL)
		return sl_crypt_end(op, rv, rv != CKR_ARGUMENTS_BAD);
	if (op->pending_len != 0)
		memcpy(dst, op->pending, op->pending_len);
	return sl_crypt_end(op, CKR_OK, false);
}

/* An update with in (NULL: none), and the end. */
static CK_RV
run_to_end(struct sl_crypt_op *op, bool encrypt, const struct sl_in *in, uint8_t *dst, size_t *ret_len)
{
	enum sl_err err = SL_OK;
	size_t first = 0;
	size_t last = 0;

	if (in != NULL)
		err = sl_cipher_update(op->cipher, in->data, in->len, dst, &first);
	if (err == SL_OK)
		err = sl_cipher_final(op->cipher, dst + first, &last);
	*ret_len = first + last;
	return sl_crypt_rv(err, encrypt);
}

/* Into memory of our own, to wait there. */
static CK_RV
run_to_pending(struct sl_crypt_op *op, const struct sl_in *in, size_t room)
{
	uint8_t *bytes = malloc(room + 1);
	size_t len = 0;
	CK_RV rv;

	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	rv = run_to_end(op, false, in, bytes, &len);
	op->pending = bytes;
	op->pending_len = len;
	return rv;
}

static CK_RV
finish_cipher(struct sl_crypt_op *op, bool encrypt, const struct sl_in *in, struct sl_out out)
{
	const size_t need = in != NULL ? sl_cipher_total_max(op->cipher, in->len) : sl_cipher_final_max(op->cipher);
	const bool exact = encrypt || (op->mode != SL_CIPHER_CBC_PAD && op->mode != SL_CIPHER_KWP);
	CK_BYTE_PTR dst;
	size_t len = 0;
	CK_RV rv;

	if (need > PTRDIFF_MAX)
		return sl_crypt_end(op, encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE, false);
	if (!exact && out.buf != NULL && out.len != NULL && *out.len < need) {
		rv = run_to_pending(op, in, need);
		return rv == CKR_OK ? give_pending(op, out) : sl_crypt_end(op, rv, false);
	}
	rv = sl_out_claim(out, need, &dst);
	if (dst == NULL)
		return sl_crypt_end(op, rv, rv != CKR_ARGUMENTS_BAD);
	rv = run_to_end(op, encrypt, in, dst, &len);
	if (rv == CKR_OK)
		*out.len = len;
	return sl_crypt_end(op, rv, false);
}

static CK_RV
rsa_encrypt(struct sl_crypt_op *op, struct sl_in in, struct sl_out out)
{
	CK_BYTE_PTR dst;
	CK_RV rv = sl_out_claim(out, sl_rsa_crypt_len(op->key), &dst);

	if (dst == NULL)
		return sl_crypt_end(op, rv, rv != CKR_ARGUMENTS_BAD);
	rv = sl_crypt_rv(sl_rsa_encrypt(op->key, &op->rsa, in.data, in.len, dst), true);
	return sl_crypt_end(op, rv, false);
}

static CK_RV
rsa_decrypt(struct sl_crypt_op *op, struct sl_in in, struct sl_out out)
{
	SL_SECRET plain = { 0 };
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (out.len == NULL || out.buf == NULL) {
		rv = sl_out_claim(out, sl_rsa_crypt_len(op->key), &dst);
		return sl_crypt_end(op, rv, rv == CKR_OK);
	}
	if ((rv = sl_crypt_rv(sl_rsa_decrypt(op->key, &op->rsa, in.data, in.len, &plain), false)) != CKR_OK)
		return sl_crypt_end(op, rv, false);
	rv = sl_out_claim(out, plain.len, &dst);
	if (dst == NULL)
		return sl_crypt_end(op, rv, true);
	if (plain.len != 0)
		memcpy(dst, plain.bytes, plain.len);
	return sl_crypt_end(op, CKR_OK, false);
}

CK_RV
sl_op_crypt(struct sl_session *session, CK_FLAGS flag, struct sl_in in, struct sl_out out)
{
	struct sl_crypt_op *op = running(session, flag);
	const bool encrypt = flag == CKF_ENCRYPT;
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if ((rv = sl_ops_may_use(session, flag)) != CKR_OK)
		return sl_crypt_end(op, rv, false);
	if (op->updating)
		return sl_crypt_end(op, CKR_OPERATION_ACTIVE, false);
	if (op->pending != NULL)
		return give_pending(op, out);
	if ((rv = sl_in_check(in)) != CKR_OK)
		return sl_crypt_end(op, rv, false);
	if (is_rsa(op))
		return encrypt ? rsa_encrypt(op, in, out) : rsa_decrypt(op, in, out);
	return finish_cipher(op, encrypt, &in, out);
}

CK_RV
sl_crypt_claim(struct sl_crypt_op *op, struct sl_in in, struct sl_out out, CK_BYTE_PTR *dst)
{
	CK_RV rv;

	*dst = NULL;
	if (is_rsa(op) || op->pending != NULL) /* RSA has single-part operations only: no other was initialised */
		return sl_crypt_end(op, is_rsa(op) ? CKR_OPERATION_NOT_INITIALIZED : CKR_OPERATION_ACTIVE, false);
	op->updating = true;
	if ((rv = sl_in_check(in)) != CKR_OK)
		return sl_crypt_end(op, rv, false);
	rv = sl_out_claim(out, sl_cipher_update_max(op->cipher, in.len), dst);
	return sl_crypt_end(op, rv, rv != CKR_ARGUMENTS_BAD);
}

CK_RV
sl_crypt_run(struct sl_crypt_op *op, bool encrypt, struct sl_in in, CK_BYTE_PTR dst, CK_ULONG *len)
{
	size_t given = 0;
	const CK_RV rv = sl_crypt_rv(sl_cipher_update(op->cipher, in.data, in.len, dst, &given), encrypt);

	if (rv == CKR_OK)
		*len = given;
	return sl_crypt_end(op, rv, rv == CKR_OK);
}

CK_RV
sl_op_crypt_update(struct sl_session *session, CK_FLAGS flag, struct sl_in in, struct sl_out out)
{
	struct sl_crypt_op *op = running(session, flag);
	CK_BYTE_PTR dst;
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = sl_crypt_claim(op, in, out, &dst);
	return dst == NULL ? rv : sl_crypt_run(op, flag == CKF_ENCRYPT, in, dst, out.len);
}

CK_RV
sl_op_crypt_final(struct sl_session *session, CK_FLAGS flag, struct sl_out out)
{
	struct sl_crypt_op *op = running(session, flag);

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (is_rsa(op))
		return sl_crypt_end(op, CKR_OPERATION_NOT_INITIALIZED, false);
	if (op->pending != NULL)
		return give_pending(op, out);
	return finish_cipher(op, flag == CKF_ENCRYPT, NULL, out);
}
