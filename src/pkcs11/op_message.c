/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"
#include "crypto/rand.h"
#include "token/rv.h"

#include <stdlib.h>
#include <string.h>

/*
 * Authenticated encryption of many messages under one key (PKCS#11 3.0 sections 5.9 and 5.11), each with a nonce and a
 * tag of its own.
 */

/* SP 800-38D 8.2.2: a random field is at least this long. */
#define RANDOM_BITS 96

static struct sl_message_op *
op_of(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return NULL;
	return flag == CKF_MESSAGE_ENCRYPT ? &ops->message_encrypt : &ops->message_decrypt;
}

static CK_RV
running(struct sl_session *session, CK_FLAGS flag, bool begun, struct sl_message_op **ret_op)
{
	struct sl_message_op *op = op_of(session, flag);

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->begun != begun)
		return begun ? CKR_OPERATION_NOT_INITIALIZED : CKR_OPERATION_ACTIVE;
	*ret_op = op;
	return CKR_OK;
}

void
sl_message_free(struct sl_message_op *op)
{
	sl_cipher_free(&op->cipher);
	sl_key_unref(&op->key);
}

CK_RV
sl_op_message_init(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle)
{
	struct sl_message_op *op = op_of(session, flag);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	CK_ULONG bytes;
	CK_RV rv;

	if (op == NULL)
		return CKR_HOST_MEMORY;
	if (op->active) {
		if (mechanism != NULL)
			return CKR_OPERATION_ACTIVE;
		return sl_op_message_end(session, flag);
	}
	if ((rv = sl_ops_use(session, flag, mechanism, handle, &op->mech, &key)) != CKR_OK)
		return rv;
	if (mechanism->ulParameterLen != 0) /* each message has one of its own */
		return CKR_MECHANISM_PARAM_INVALID;
	bytes = sl_key_size(key) / 8;
	if (bytes < op->mech->info.ulMinKeySize || bytes > op->mech->info.ulMaxKeySize)
		return CKR_KEY_SIZE_RANGE;
	sl_message_free(op);
	op->key = SL_TAKE(key);
	op->begun = false;
	op->count = 0;
	op->base_len = 0;
	op->active = true;
	return CKR_OK;
}

CK_RV
sl_op_message_end(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_message_op *op = op_of(session, flag);

	if (op == NULL || !op->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	sl_message_free(op);
	op->active = false;
	op->begun = false;
	return CKR_OK;
}

/*
 * Bit i of a nonce, counted from its first, is fixed; the rest of that byte and of the nonce is generated: mask of the
 * generated bits.
 */
static uint8_t
generated_bits(size_t byte, CK_ULONG fixed_bits)
{
	if (fixed_bits <= 8 * byte)
		return 0xff;
	return fixed_bits >= 8 * (byte + 1) ? 0 : (uint8_t)(0xff >> (fixed_bits % 8));
}

/*
 * The counting generators: the number of the message, big-endian in the last bits of the nonce, or XORed there with
 * what the first message's nonce had (TLS 1.3, RFC 8446 5.3). The first nonce is kept, since a caller's buffer gets
 * each new one and may come back with it.
 */
static CK_RV
count_nonce(struct sl_message_op *op, const struct sl_message_params *p, bool xor)
{
	const CK_ULONG free_bits = 8 * p->iv_len - p->fixed_bits;
	uint64_t left = op->count;

	if (op->base_len == 0) {
		memcpy(op->base, p->iv, p->iv_len);
		op->base_len = p->iv_len;
	}
	if (op->base_len != p->iv_len)
		return CKR_MECHANISM_PARAM_INVALID;
	if (op->count == UINT64_MAX || (free_bits < 64 && op->count >> free_bits != 0))
		return CKR_KEY_EXHAUSTED;
	for (size_t i = p->iv_len; i-- > 0; left >>= 8) {
		const uint8_t mask = generated_bits(i, p->fixed_bits);
		const uint8_t value = (uint8_t)(xor ? op->base[i] ^ (uint8_t)left : (uint8_t)left);

		p->iv[i] = (uint8_t)((p->iv[i] & ~mask) | (value & mask));
	}
	op->count++;
	return CKR_OK;
}

static CK_RV
draw_nonce(const struct sl_message_params *p)
{
	uint8_t drawn[256];
	CK_RV rv;

	if (8 * p->iv_len - p->fixed_bits < RANDOM_BITS)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = sl_rv(sl_rand(drawn, p->iv_len))) != CKR_OK)
		return rv;
	for (size_t i = 0; i < p->iv_len; i++) {
		const uint8_t mask = generated_bits(i, p->fixed_bits);

		p->iv[i] = (uint8_t)((p->iv[i] & ~mask) | (drawn[i] & mask));
	}
	return CKR_OK;
}

/* Encryption only: a decrypting caller knows the nonce. CKG_GENERATE leaves the choice to us: we count. */
static CK_RV
make_nonce(struct sl_message_op *op, const struct sl_message_params *p)
{
	if (p->generator == CKG_NO_GENERATE)
		return CKR_OK;
	if (p->fixed_bits >= 8 * p->iv_len)
		return CKR_MECHANISM_PARAM_INVALID;
	if (p->generator == CKG_GENERATE_RANDOM)
		return draw_nonce(p);
	return count_nonce(op, p, p->generator == CKG_GENERATE_COUNTER_XOR);
}

static CK_RV
start(struct sl_message_op *op, bool encrypt, const struct sl_message *message, struct sl_message_params *ret_params)
{
	struct sl_cipher_params params;
	CK_RV rv;

	if ((rv = sl_in_check(message->aad)) != CKR_OK ||
	    (rv = sl_mech_message_params(op->mech, message->param, message->param_len, ret_params)) != CKR_OK ||
	    (encrypt && (rv = make_nonce(op, ret_params)) != CKR_OK))
		return rv;
	params = (struct sl_cipher_params){
		.mode = op->mech->mode,
		.iv = ret_params->iv,
		.iv_len = ret_params->iv_len,
		.aad = message->aad.data,
		.aad_len = message->aad.len,
		.tag_len = ret_params->tag_len,
		.data_len = ret_params->data_len,
	};
	op->tag_len = ret_params->tag_len;
	return sl_crypt_prepare(&op->cipher, true, op->key, &params, encrypt);
}

/* The tag is with the parameter here, and at the end of the ciphertext below. */
static CK_RV
message_rv(enum sl_err err, bool encrypt)
{
	return err == SL_ERR_VERIFY ? CKR_AEAD_DECRYPT_FAILED : sl_crypt_rv(err, encrypt);
}

/* What the rest of a message gives, without the tag. */
static size_t
rest_len(const struct sl_message_op *op, bool encrypt, size_t in_len)
{
	const size_t all = sl_cipher_total_max(op->cipher, encrypt ? in_len : in_len + op->tag_len);

	return encrypt && all >= op->tag_len ? all - op->tag_len : all;
}

/* A cipher that holds everything back gives ciphertext and tag in one piece. */
static enum sl_err
seal(struct sl_message_op *op, struct sl_in in, uint8_t *dst, size_t len, uint8_t *tag)
{
	const size_t last = len + op->tag_len;
	uint8_t *all;
	size_t first = 0;
	size_t n = 0;
	enum sl_err err;

	if ((all = malloc(last)) == NULL)
		return SL_ERR_MEMORY;
	err = sl_cipher_update(op->cipher, in.data, in.len, all, &first);
	if (err == SL_OK)
		err = sl_cipher_final(op->cipher, all + first, &n);
	if (err == SL_OK && first + n != last)
		err = SL_ERR_CRYPTO;
	if (err == SL_OK) {
		if (len != 0)
			memcpy(dst, all, len);
		memcpy(tag, all + len, op->tag_len);
	}
	sl_secret_wipe(all, last);
	free(all);
	return err;
}

static enum sl_err
unseal(struct sl_message_op *op, struct sl_in in, uint8_t *dst, const uint8_t *tag)
{
	size_t n = 0;
	enum sl_err err = sl_cipher_update(op->cipher, in.data, in.len, dst, &n);

	if (err == SL_OK)
		err = sl_cipher_update(op->cipher, tag, op->tag_len, dst, &n);
	return err == SL_OK ? sl_cipher_final(op->cipher, dst, &n) : err;
}

/* The last input of a message. dst has room for len bytes, and gets as many. */
static CK_RV
finish(struct sl_message_op *op, bool encrypt, struct sl_in in, CK_BYTE_PTR dst, size_t len, CK_BYTE *tag)
{
	op->begun = false;
	return message_rv(encrypt ? seal(op, in, dst, len, tag) : unseal(op, in, dst, tag), encrypt);
}

/* A length query must not use up a nonce: so the length comes from the parameter, not from a cipher. */
CK_RV
sl_op_message(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message, struct sl_in in,
              struct sl_out out)
{
	const bool encrypt = flag == CKF_MESSAGE_ENCRYPT;
	struct sl_message_params params;
	struct sl_message_op *op;
	CK_BYTE_PTR dst;
	CK_RV rv;

	if ((rv = running(session, flag, false, &op)) != CKR_OK || (rv = sl_in_check(in)) != CKR_OK ||
	    (rv = sl_out_claim(out, in.len, &dst)) != CKR_OK || dst == NULL || (rv = start(op, encrypt, message,
	                                                                                   &params)) != CKR_OK)
		return rv;
	return finish(op, encrypt, in, dst, in.len, params.tag);
}

CK_RV
sl_op_message_begin(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message)
{
	struct sl_message_params params;
	struct sl_message_op *op;
	CK_RV rv;

	if ((rv = running(session, flag, false, &op)) != CKR_OK || (rv = start(op, flag == CKF_MESSAGE_ENCRYPT, message,
	                                                                       &params)) != CKR_OK)
		return rv;
	op->begun = true;
	return CKR_OK;
}

static CK_RV
more(struct sl_message_op *op, bool encrypt, struct sl_in in, struct sl_out out)
{
	size_t n = 0;
	CK_BYTE_PTR dst;
	CK_RV rv = sl_out_claim(out, sl_cipher_update_max(op->cipher, in.len), &dst);

	if (dst == NULL)
		return rv;
	rv = message_rv(sl_cipher_update(op->cipher, in.data, in.len, dst, &n), encrypt);
	if (rv == CKR_OK)
		*out.len = n;
	else
		op->begun = false;
	return rv;
}

CK_RV
sl_op_message_next(struct sl_session *session, CK_FLAGS flag, const struct sl_message *message, struct sl_in in,
                   struct sl_out out,
                   bool last)
{
	const bool encrypt = flag == CKF_MESSAGE_ENCRYPT;
	struct sl_message_params params;
	struct sl_message_op *op;
	CK_BYTE_PTR dst;
	size_t len;
	CK_RV rv;

	if ((rv = running(session, flag, true, &op)) != CKR_OK || (rv = sl_in_check(in)) != CKR_OK)
		return rv;
	if (!last)
		return more(op, encrypt, in, out);
	if ((rv = sl_mech_message_params(op->mech, message->param, message->param_len, &params)) != CKR_OK)
		return rv;
	if (params.tag_len != op->tag_len)
		return CKR_MECHANISM_PARAM_INVALID;
	len = rest_len(op, encrypt, in.len);
	if ((rv = sl_out_claim(out, len, &dst)) != CKR_OK || dst == NULL)
		return rv;
	return finish(op, encrypt, in, dst, len, params.tag);
}
