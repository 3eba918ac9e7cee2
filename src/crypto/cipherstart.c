/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/cipher_internal.h"
#include "crypto/gcmiv.h"
#include "crypto/key_internal.h"

#include <limits.h>

#define KEY_SIZES 3 /* AES-128, -192, -256 */

/* SP 800-38D 5.2.1.1 in bytes; RFC 8439 2.8; IEEE 1619 5.1: 2^20 blocks in a data unit. */
#define GCM_MAX (((uint64_t)1 << 36) - 32)
#define CHACHA_MAX (((uint64_t)1 << 38) - 64)
#define XTS_MAX ((uint64_t)16 << 20)

/* The longest IV that libcrypto's GCM takes. */
#define GCM_IV_MAX 128

static const char *const names[SL_CIPHER_COUNT_][KEY_SIZES] = {
	[SL_CIPHER_ECB] = { "AES-128-ECB", "AES-192-ECB", "AES-256-ECB" },
	[SL_CIPHER_CBC] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" },
	[SL_CIPHER_CBC_PAD] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" },
	[SL_CIPHER_CTR] = { "AES-128-CTR", "AES-192-CTR", "AES-256-CTR" },
	[SL_CIPHER_GCM] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" },
	[SL_CIPHER_CCM] = { "AES-128-CCM", "AES-192-CCM", "AES-256-CCM" },
	[SL_CIPHER_XTS] = { "AES-128-XTS", NULL, "AES-256-XTS" },
	[SL_CIPHER_KW] = { "AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP" },
	[SL_CIPHER_KWP] = { "AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD" },
	[SL_CIPHER_CHACHA20_POLY1305] = { NULL, NULL, "ChaCha20-Poly1305" },
};

static _Atomic(EVP_CIPHER *) fetched[SL_CIPHER_COUNT_][KEY_SIZES];

static EVP_CIPHER *
fetch(enum sl_cipher_mode mode, size_t size)
{
	EVP_CIPHER *cipher = atomic_load(&fetched[mode][size]);
	EVP_CIPHER *other = NULL;

	if (cipher != NULL)
		return cipher;
	cipher = EVP_CIPHER_fetch(sl_ossl_ctx(), names[mode][size], NULL);
	if (cipher == NULL || atomic_compare_exchange_strong(&fetched[mode][size], &other, cipher))
		return cipher;
	EVP_CIPHER_free(cipher); /* another thread was faster */
	return other;
}

/* IEEE 1619 wants two different keys: with equal ones the tweak of a chosen block can be cancelled. */
static bool
key_fits(const struct sl_key *key, enum sl_cipher_mode mode, size_t *ret_size)
{
	const size_t whole = key->secret.len;
	const size_t len = mode == SL_CIPHER_XTS ? whole / 2 : whole;

	if (key->kind != SL_KEY_SECRET || (len != 16 && len != 24 && len != 32) || names[mode][len / 8 - 2] == NULL)
		return false;
	if (mode == SL_CIPHER_XTS &&
	    (whole % 2 != 0 || sl_secret_equal(key->secret.bytes, len, key->secret.bytes + len, len)))
		return false;
	*ret_size = len / 8 - 2;
	return true;
}

/* What a counter of the given bits can number still, in bytes: 2^bits minus its value, times 16. */
static uint64_t
counter_left(const uint8_t block[SL_AES_BLOCK], unsigned bits)
{
	uint64_t more = 0; /* blocks after the first */

	for (size_t i = 0; i < SL_AES_BLOCK; i++) {
		const unsigned below = (unsigned)(SL_AES_BLOCK - 1 - i) * 8; /* bits to the right of this byte */
		const unsigned used = bits <= below ? 0 : bits - below;
		const uint8_t mask = used >= 8 ? 0xff : (uint8_t)((1U << used) - 1);

		if (more > UINT64_MAX >> 13)
			return UINT64_MAX;
		more = more << 8 | (uint8_t)(~block[i] & mask);
	}
	return more >= UINT64_MAX >> 5 ? UINT64_MAX : (more + 1) * SL_AES_BLOCK;
}

static bool
iv_fits(const struct sl_cipher_params *p)
{
	const size_t len = p->iv_len;

	if (len != 0 && p->iv == NULL)
		return false;
	switch (p->mode) {
	case SL_CIPHER_ECB:
		return len == 0;
	case SL_CIPHER_CBC:
	case SL_CIPHER_CBC_PAD:
	case SL_CIPHER_XTS:
		return len == 16;
	case SL_CIPHER_CTR:
		return len == 16 && p->counter_bits >= 1 && p->counter_bits <= 128;
	case SL_CIPHER_GCM:
		return len >= 1 && len <= 256;
	case SL_CIPHER_CCM:
		return len >= 7 && len <= 13;
	case SL_CIPHER_KW:
		return len == 0 || len == 8;
	case SL_CIPHER_KWP:
		return len == 0 || len == 4;
	case SL_CIPHER_CHACHA20_POLY1305:
		return len == 12;
	case SL_CIPHER_COUNT_:
		break;
	}
	return false;
}

static bool
is_aead(enum sl_cipher_mode mode)
{
	return mode == SL_CIPHER_GCM || mode == SL_CIPHER_CCM || mode == SL_CIPHER_CHACHA20_POLY1305;
}

/* Tags: SP 800-38D 5.2.1.2, SP 800-38C A.1. CCM's length field has 15 - n bytes. */
static bool
aead_fits(const struct sl_cipher_params *p)
{
	const size_t tag = p->tag_len;

	if (p->aad_len > INT_MAX || (p->aad_len != 0 && p->aad == NULL))
		return false;
	if (p->mode == SL_CIPHER_CHACHA20_POLY1305)
		return tag == 16;
	if (p->mode == SL_CIPHER_GCM)
		return tag == 4 || tag == 8 || (tag >= 12 && tag <= 16);
	return tag >= 4 && tag <= 16 && tag % 2 == 0 && (p->iv_len <= 7 || (uint64_t)p->data_len >> (8 * (15 - p->iv_len)) == 0);
}

static uint64_t
limit(const struct sl_cipher *c, const struct sl_cipher_params *p)
{
	const uint64_t tag = c->encrypt ? 0 : c->tag_len;

	if (c->mode == SL_CIPHER_CTR)
		return counter_left(p->iv, p->counter_bits);
	if (c->mode == SL_CIPHER_CCM)
		return p->data_len + tag;
	if (c->mode == SL_CIPHER_XTS)
		return XTS_MAX;
	if (sl_cipher_is_held(c))
		return SL_CIPHER_HELD_MAX + tag;
	if (c->mode == SL_CIPHER_GCM)
		return GCM_MAX;
	return c->mode == SL_CIPHER_CHACHA20_POLY1305 ? CHACHA_MAX : UINT64_MAX;
}

/* For these libcrypto takes another IV and begins anew: there is no need to expand the key again. */
static bool
keeps_key(enum sl_cipher_mode mode)
{
	return mode == SL_CIPHER_GCM || mode == SL_CIPHER_CTR || mode == SL_CIPHER_CBC || mode == SL_CIPHER_CBC_PAD;
}

/* The lengths have to be known before the key (CCM) and the IV (GCM). */
static bool
set_up(const struct sl_cipher *c, const struct sl_cipher_params *p, const EVP_CIPHER *cipher)
{
	static const uint8_t kw_iv[] = { 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6 }; /* RFC 3394 2.2.3.1 */
	static const uint8_t kwp_iv[] = { 0xa6, 0x59, 0x59, 0xa6 };                        /* RFC 5649 section 3 */
	const uint8_t *iv = p->iv_len != 0 ? p->iv : c->mode == SL_CIPHER_KW ? kw_iv : c->mode == SL_CIPHER_KWP ? kwp_iv : NULL;
	const int enc = c->encrypt ? 1 : 0;
	EVP_CIPHER_CTX *ctx = c->ctx;

	if (c->keyed && c->iv_len == p->iv_len)
		return EVP_CipherInit_ex2(ctx, NULL, NULL, iv, enc, NULL) == 1;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (cipher != NULL && EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, enc, NULL) != 1)
		return false;
	if (is_aead(c->mode) && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)p->iv_len, NULL) != 1)
		return false;
	if (c->mode == SL_CIPHER_CCM && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)p->tag_len, NULL) != 1)
		return false;
	return EVP_CipherInit_ex2(ctx, NULL, c->key->secret.bytes, iv, enc, NULL) == 1 && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
}

static bool
feed_aad(const struct sl_cipher *c, const struct sl_cipher_params *p)
{
	int n = 0;

	if (c->mode == SL_CIPHER_CCM && EVP_CipherUpdate(c->ctx, NULL, &n, NULL, (int)p->data_len) != 1)
		return false;
	return !is_aead(c->mode) || p->aad_len == 0 || EVP_CipherUpdate(c->ctx, NULL, &n, p->aad, (int)p->aad_len) == 1;
}

enum sl_err
sl_cipher_start(struct sl_cipher *c, const struct sl_cipher_params *params, bool first)
{
	struct sl_cipher_params p = *params;
	uint8_t short_iv[SL_GCM_IV_LEN];
	EVP_CIPHER *cipher = NULL;
	size_t size = 0;
	enum sl_err err;

	c->ended = true;
	if (params->mode != c->mode || !iv_fits(params) || (is_aead(c->mode) && !aead_fits(params)) ||
	    !key_fits(c->key, c->mode, &size))
		return SL_ERR_ARG;
	if (c->mode == SL_CIPHER_GCM && params->iv_len > GCM_IV_MAX) {
		if ((err = sl_gcmiv(c->key, params->iv, params->iv_len, short_iv)) != SL_OK)
			return err;
		p.iv = short_iv;
		p.iv_len = sizeof(short_iv);
	}
	if (c->mode == SL_CIPHER_CCM && params->data_len > SL_CIPHER_HELD_MAX)
		return SL_ERR_RANGE;
	if (first && (cipher = fetch(c->mode, size)) == NULL)
		return SL_ERR_CRYPTO;
	if (!set_up(c, &p, cipher)) {
		c->keyed = false;
		return SL_ERR_CRYPTO;
	}
	c->keyed = keeps_key(c->mode);
	c->iv_len = p.iv_len;
	if (!feed_aad(c, params))
		return SL_ERR_CRYPTO;
	c->tag_len = is_aead(c->mode) ? params->tag_len : 0;
	c->data_len = params->data_len;
	c->left = limit(c, params);
	c->ended = false;
	return SL_OK;
}
