/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/gcmiv.h"
#include "base/secret.h"
#include "crypto/cipher.h"

#include <string.h>

/*
 * GHASH of one block x and its length is (x * H + length) * H. So x = (J0 / H + length) / H has the first counter block J0. Nothing here takes a time that
 * depends on H, which is a secret.
 */
struct block {
	uint64_t high;
	uint64_t low;
};

static struct block
of_bytes(const uint8_t *bytes, size_t len)
{
	uint8_t b[16] = { 0 };
	struct block r = { 0, 0 };

	memcpy(b, bytes, len);
	for (size_t i = 0; i < 8; i++) {
		r.high = r.high << 8 | b[i];
		r.low = r.low << 8 | b[8 + i];
	}
	return r;
}

static struct block
add(struct block a, struct block b)
{
	return (struct block){ a.high ^ b.high, a.low ^ b.low };
}

/* SP 800-38D 6.3, algorithm 1. */
static struct block
multiply(struct block x, struct block y)
{
	struct block z = { 0, 0 };

	for (unsigned i = 0; i < 128; i++) {
		const uint64_t bit = (i < 64 ? x.high >> (63 - i) : x.low >> (127 - i)) & 1;
		const uint64_t odd = 0 - (y.low & 1);

		z.high ^= y.high & (0 - bit);
		z.low ^= y.low & (0 - bit);
		y.low = y.low >> 1 | y.high << 63;
		y.high = y.high >> 1 ^ (odd & (uint64_t)0xe1 << 56);
	}
	return z;
}

/* x to the power 2^128 - 2. */
static struct block
invert(struct block x)
{
	struct block r = multiply(x, x);
	struct block square = r;

	for (unsigned i = 2; i < 128; i++) {
		square = multiply(square, square);
		r = multiply(r, square);
	}
	return r;
}

static enum sl_err
hash_key(struct sl_key *key, struct block *ret_h)
{
	const struct sl_cipher_params ecb = { .mode = SL_CIPHER_ECB };
	struct sl_cipher *cipher = NULL;
	uint8_t h[16] = { 0 };
	size_t n = 0;
	enum sl_err err = sl_cipher_new(key, &ecb, true, &cipher);

	if (err == SL_OK)
		err = sl_cipher_update(cipher, h, sizeof(h), h, &n);
	*ret_h = of_bytes(h, sizeof(h));
	sl_cipher_free(&cipher);
	sl_secret_wipe(h, sizeof(h));
	return err;
}

enum sl_err
sl_gcmiv(struct sl_key *key, const uint8_t *iv, size_t len, uint8_t ret_iv[SL_GCM_IV_LEN])
{
	struct block h;
	struct block j = { 0, 0 };
	struct block inverse;
	enum sl_err err;

	if ((err = hash_key(key, &h)) != SL_OK)
		return err;
	for (size_t at = 0; at < len; at += 16)
		j = multiply(add(j, of_bytes(iv + at, len - at < 16 ? len - at : 16)), h);
	j = multiply(add(j, (struct block){ 0, 8 * (uint64_t)len }), h);
	inverse = invert(h);
	j = multiply(add(multiply(j, inverse), (struct block){ 0, 8 * SL_GCM_IV_LEN }), inverse);
	for (size_t i = 0; i < 8; i++) {
		ret_iv[i] = (uint8_t)(j.high >> (56 - 8 * i));
		ret_iv[8 + i] = (uint8_t)(j.low >> (56 - 8 * i));
	}
	sl_secret_wipe(&h, sizeof(h));
	sl_secret_wipe(&inverse, sizeof(inverse));
	return SL_OK;
}
