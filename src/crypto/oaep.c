/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/oaep.h"
#include "crypto/rand.h"

#include <string.h>

#define PKCS1_OVERHEAD 11
#define PKCS1_PS_MIN 8

/* RFC 8017 B.2.1: data XOR MGF1(seed). */
static enum sl_err
mask(enum sl_hash hash, struct sl_part seed, uint8_t *data, size_t len)
{
	const size_t h = sl_hash_len(hash);
	SL_SECRET in = { 0 };
	uint8_t out[SL_HASH_MAX];
	enum sl_err err = sl_secret_alloc(&in, seed.len + 4);

	if (err == SL_OK)
		memcpy(in.bytes, seed.data, seed.len);
	for (size_t at = 0; err == SL_OK && at < len; at += h) {
		const uint32_t counter = (uint32_t)(at / h);

		for (size_t i = 0; i < 4; i++)
			in.bytes[seed.len + i] = (uint8_t)(counter >> (24 - 8 * i));
		err = sl_hash_once(hash, in.bytes, in.len, out);
		for (size_t i = 0; err == SL_OK && i < h && at + i < len; i++)
			data[at + i] ^= out[i];
	}
	sl_secret_wipe(out, sizeof(out));
	return err;
}

static enum sl_err
check(const struct sl_oaep *oaep, const struct sl_secret *em)
{
	const size_t h = sl_hash_len(oaep->hash);

	return h == 0 || sl_hash_len(oaep->mgf_hash) == 0 || em->len < 2 * h + 2 ? SL_ERR_RANGE : SL_OK;
}

/* RFC 8017 7.1.1 step 2: em = 00 || masked seed || masked (lHash || 0... || 01 || message). */
enum sl_err
sl_oaep_pad(const struct sl_oaep *oaep, struct sl_part message, struct sl_secret *em)
{
	const size_t h = sl_hash_len(oaep->hash);
	uint8_t *seed = em->bytes + 1;
	uint8_t *db = seed + h;
	const size_t db_len = em->len - 1 - h;
	enum sl_err err;

	if (check(oaep, em) != SL_OK || message.len > em->len - 2 * h - 2)
		return SL_ERR_RANGE;
	db[db_len - message.len - 1] = 1;
	if (message.len != 0)
		memcpy(db + db_len - message.len, message.data, message.len);
	if ((err = sl_hash_once(oaep->hash, oaep->label.data, oaep->label.len, db)) != SL_OK ||
	    (err = sl_rand(seed, h)) != SL_OK ||
	    (err = mask(oaep->mgf_hash, (struct sl_part){ seed, h }, db, db_len)) != SL_OK)
		return err;
	return mask(oaep->mgf_hash, (struct sl_part){ db, db_len }, seed, h);
}

/* RFC 8017 7.2.1 step 2: em = 00 || 02 || 8 or more random bytes that are not 0 || 00 || message. */
enum sl_err
sl_oaep_pad_pkcs1(struct sl_part message, struct sl_secret *em)
{
	enum sl_err err;
	size_t ps;

	if (em->len < PKCS1_OVERHEAD || message.len > em->len - PKCS1_OVERHEAD)
		return SL_ERR_RANGE;
	ps = em->len - 3 - message.len;
	if ((err = sl_rand(em->bytes + 2, ps)) != SL_OK)
		return err;
	for (size_t i = 2; i < 2 + ps;) {
		if (em->bytes[i] != 0)
			i++;
		else if ((err = sl_rand(em->bytes + i, 1)) != SL_OK)
			return err;
	}
	em->bytes[0] = 0;
	em->bytes[1] = 2;
	em->bytes[2 + ps] = 0;
	if (message.len != 0)
		memcpy(em->bytes + 3 + ps, message.data, message.len);
	return SL_OK;
}

/*
 * Masks: all ones or 0, without a branch. The barrier keeps a compiler from finding out that there are only two values,
 * and from making a branch of it.
 */
static size_t
barrier(size_t v)
{
	__asm__("" : "+r"(v));
	return v;
}

static size_t
is_zero(size_t v)
{
	return barrier(0 - ((~v & (v - 1)) >> (sizeof(v) * 8 - 1)));
}

static size_t
choose(size_t which, size_t a, size_t b)
{
	return (which & a) | (~which & b);
}

/*
 * The end of both: the message is what follows the byte at `end`. It is moved to the front of data in steps of powers
 * of 2, so that its place is not told by the cache; its length, and whether it is good, are known after that anyway.
 */
static enum sl_err
finish(size_t good, uint8_t *data, size_t len, size_t end, struct sl_secret *ret_message)
{
	const size_t start = choose(good, end + 1, 0);

	for (size_t step = 1; step < len; step <<= 1) {
		const size_t now = ~is_zero(start & step);

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)choose(now, i + step < len ? data[i + step] : 0, data[i]);
	}
	if (good == 0)
		return SL_ERR_VERIFY;
	if (start == len) {
		*ret_message = (struct sl_secret){ 0 };
		return SL_OK;
	}
	return sl_secret_copy(ret_message, data, len - start);
}

/* RFC 8017 7.1.2 step 3. */
enum sl_err
sl_oaep_unpad(const struct sl_oaep *oaep, struct sl_secret *em, struct sl_secret *ret_message)
{
	const size_t h = sl_hash_len(oaep->hash);
	uint8_t lhash[SL_HASH_MAX];
	uint8_t *seed = em->bytes + 1;
	uint8_t *db = seed + h;
	const size_t db_len = em->len - 1 - h;
	size_t bad = em->bytes[0];
	size_t found = 0;
	size_t end = 0;
	enum sl_err err;

	if ((err = check(oaep, em)) != SL_OK ||
	    (err = sl_hash_once(oaep->hash, oaep->label.data, oaep->label.len, lhash)) != SL_OK ||
	    (err = mask(oaep->mgf_hash, (struct sl_part){ db, db_len }, seed, h)) != SL_OK ||
	    (err = mask(oaep->mgf_hash, (struct sl_part){ seed, h }, db, db_len)) != SL_OK)
		return err;
	for (size_t i = 0; i < h; i++)
		bad |= (size_t)(db[i] ^ lhash[i]);
	for (size_t i = h; i < db_len; i++) { /* 0... || 01: the first byte that is not 0 */
		const size_t first = ~found & ~is_zero(db[i]);

		end = choose(first, i, end);
		bad |= first & (size_t)(db[i] ^ 1);
		found |= first;
	}
	return finish(found & is_zero(bad), db, db_len, end, ret_message);
}

/* RFC 8017 7.2.2 step 3. */
enum sl_err
sl_oaep_unpad_pkcs1(struct sl_secret *em, struct sl_secret *ret_message)
{
	size_t bad = em->bytes[0] | (size_t)(em->bytes[1] ^ 2);
	size_t found = 0;
	size_t end = 0;

	if (em->len < PKCS1_OVERHEAD)
		return SL_ERR_RANGE;
	for (size_t i = 2; i < em->len; i++) {
		const size_t first = ~found & is_zero(em->bytes[i]);

		end = choose(first, i, end);
		found |= first;
		if (i < 2 + PKCS1_PS_MIN)
			bad |= first;
	}
	return finish(found & is_zero(bad), em->bytes, em->len, end, ret_message);
}
