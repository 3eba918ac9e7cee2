/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/detkey.h"
#include "crypto/drbg.h"
#include "crypto/key_internal.h"
#include "crypto/prime.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define SEED_MIN 16
#define RSA_E 65537u
#define SL_DRBG SL_CLEANUP(sl_drbg_stop) struct sl_drbg

static const struct curve {
	unsigned size;
	int nid;
	unsigned tries; /* step 11: for P-256 alone a second one is likely enough to be needed at all */
	const char *personalization;
} curves[] = {
	{ 224, NID_secp224r1, 1, "det ECDSA key gen P-224" },
	{ 256, NID_X9_62_prime256v1, 2, "det ECDSA key gen P-256" },
	{ 384, NID_secp384r1, 1, "det ECDSA key gen P-384" },
	{ 521, NID_secp521r1, 1, "det ECDSA key gen P-521" },
};

/* RFC 6979 2.3.2: the leftmost bits, so the bytes shift right where the order's length is no multiple of 8. */
static void
bits2int(uint8_t *bytes, size_t len, unsigned bits)
{
	const unsigned shift = (unsigned)(len * 8) - bits;

	for (size_t i = len; shift != 0 && i-- > 0;)
		bytes[i] = (uint8_t)(bytes[i] >> shift | (i == 0 ? 0 : bytes[i - 1] << (8 - shift)));
}

/* 0 < d < n */
static enum sl_err
in_range(const struct curve *curve, const uint8_t *bytes, size_t len, bool *ret_in_range)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const EC_GROUP *group = sl_ossl_ready() == SL_OK ? sl_key_group(curve->nid) : NULL;
	SL_BN *d = BN_bin2bn(bytes, (int)len, NULL);

	if (group == NULL || d == NULL)
		return SL_ERR_MEMORY;
	*ret_in_range = !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0;
	return SL_OK;
}

static enum sl_err
ec_scalar(const struct curve *curve, struct sl_part seed, struct sl_secret *temp)
{
	const struct sl_part personalization = { curve->personalization, strlen(curve->personalization) };
	SL_DRBG drbg = { 0 };
	enum sl_err err = sl_drbg_start(&drbg, seed, personalization);

	for (unsigned i = 0; err == SL_OK && i < curve->tries; i++) {
		bool good = false;

		if ((i != 0 && (err = sl_drbg_next(&drbg)) != SL_OK) ||
		    (err = sl_drbg_generate(&drbg, temp->bytes, temp->len)) != SL_OK)
			return err;
		bits2int(temp->bytes, (curve->size + 7) / 8, curve->size);
		if ((err = in_range(curve, temp->bytes, (curve->size + 7) / 8, &good)) != SL_OK || good)
			return err;
	}
	return err != SL_OK ? err : SL_ERR_CRYPTO; /* step 12: a fatal error */
}

enum sl_err
sl_detkey_ec(unsigned size, const uint8_t *seed, size_t seed_len, struct sl_secret *ret_d)
{
	const struct curve *curve = NULL;
	SL_SECRET temp = { 0 };
	enum sl_err err;

	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++)
		if (curves[i].size == size)
			curve = &curves[i];
	if (curve == NULL || seed_len < SEED_MIN)
		return SL_ERR_ARG;
	if ((err = sl_secret_alloc(&temp, (size + 255) / 256 * 32)) != SL_OK ||
	    (err = ec_scalar(curve, (struct sl_part){ seed, seed_len }, &temp)) != SL_OK)
		return err;
	return sl_secret_copy(ret_d, temp.bytes, (size + 7) / 8);
}

/* The stream of candidates; count is the number of the one in temp, from 1. */
struct stream {
	struct sl_drbg drbg;
	struct sl_secret temp;
	size_t len; /* of a prime */
	uint32_t count;
};

static void
stream_stop(struct stream *s)
{
	sl_drbg_stop(&s->drbg);
	sl_secret_clear(&s->temp);
}

static enum sl_err
stream_start(struct stream *s, unsigned bits, const uint8_t *seed, size_t seed_len)
{
	uint8_t personalization[] = "det RSA key gen??";
	const size_t text = sizeof(personalization) - 3;
	enum sl_err err;

	if (bits < 2048 || bits > 8192 || bits % 16 != 0 || seed_len < SEED_MIN)
		return SL_ERR_ARG;
	personalization[text] = (uint8_t)(bits >> 8);
	personalization[text + 1] = (uint8_t)bits;
	s->len = bits / 16;
	err = sl_secret_alloc(&s->temp, (s->len + 31) / 32 * 32);
	if (err != SL_OK)
		return err;
	return sl_drbg_start(&s->drbg, (struct sl_part){ seed, seed_len },
	                     (struct sl_part){ personalization, text + 2 });
}

/* Steps 8 to 12. */
static enum sl_err
stream_next(struct stream *s)
{
	enum sl_err err = s->count == 0 ? SL_OK : sl_drbg_next(&s->drbg);

	if (err != SL_OK || (err = sl_drbg_generate(&s->drbg, s->temp.bytes, s->temp.len)) != SL_OK)
		return err;
	s->temp.bytes[0] |= 0xc0;
	s->temp.bytes[s->len - 1] |= 0x07;
	s->count++;
	return SL_OK;
}

/* FIPS 186-5 A.1.3 step 5.8: more candidates than this for one prime are an error nobody will ever see. */
static uint32_t
candidates_max(const struct stream *s)
{
	return (uint32_t)(10 * 16 * s->len);
}

static enum sl_err
next_prime(struct stream *s, const struct sl_sieve *sieve, struct sl_secret *ret_prime, uint32_t *ret_count)
{
	const uint32_t last = s->count + candidates_max(s);
	bool prime = false;
	enum sl_err err;

	while (!prime) {
		if (s->count == last)
			return SL_ERR_CRYPTO;
		if ((err = stream_next(s)) != SL_OK ||
		    (err = sl_prime_test(sieve, s->temp.bytes, s->len, &prime)) != SL_OK)
			return err;
	}
	*ret_count = s->count;
	return sl_secret_copy(ret_prime, s->temp.bytes, s->len);
}

/* Steps 19 to 23: gcd(p - 1, q - 1) < 2^32, and e is invertible. */
static enum sl_err
check_pair(const struct sl_secret *p_bytes, const struct sl_secret *q_bytes, bool *ret_good)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_BN_CTX *ctx = BN_CTX_new_ex(sl_ossl_ctx());
	SL_BN *p1 = BN_bin2bn(p_bytes->bytes, (int)p_bytes->len, NULL);
	SL_BN *q1 = BN_bin2bn(q_bytes->bytes, (int)q_bytes->len, NULL);
	SL_BN *ratio = BN_new();

	if (ctx == NULL || p1 == NULL || q1 == NULL || ratio == NULL)
		return SL_ERR_MEMORY;
	if (BN_sub_word(p1, 1) != 1 || BN_sub_word(q1, 1) != 1 || BN_gcd(ratio, p1, q1, ctx) != 1)
		return SL_ERR_CRYPTO;
	*ret_good = BN_num_bits(ratio) <= 32 && BN_mod_word(p1, RSA_E) != 0 && BN_mod_word(q1, RSA_E) != 0;
	return SL_OK;
}

enum sl_err
sl_detkey_rsa(unsigned bits, const uint8_t *seed, size_t seed_len, struct sl_secret *ret_p, struct sl_secret *ret_q,
              struct sl_rsa_hints *ret_hints)
{
	SL_CLEANUP(stream_stop) struct stream s = { 0 };
	SL_CLEANUP(sl_sieve_free) struct sl_sieve *sieve = NULL;
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	struct sl_rsa_hints hints = { 0, 0 };
	bool good = false;
	enum sl_err err;

	if ((err = stream_start(&s, bits, seed, seed_len)) != SL_OK || (err = sl_sieve_new(&sieve)) != SL_OK)
		return err;
	while (!good) { /* a bad pair, about one in 2^15, is given up whole */
		sl_secret_clear(&p);
		sl_secret_clear(&q);
		if ((err = next_prime(&s, sieve, &p, &hints.p)) != SL_OK ||
		    (err = next_prime(&s, sieve, &q, &hints.q)) != SL_OK || (err = check_pair(&p, &q, &good)) != SL_OK)
			return err;
	}
	*ret_p = sl_secret_take(&p);
	*ret_q = sl_secret_take(&q);
	*ret_hints = hints;
	return SL_OK;
}

static enum sl_err
skip_to(struct stream *s, uint32_t count, struct sl_secret *ret_bytes)
{
	enum sl_err err = SL_OK;

	while (err == SL_OK && s->count < count)
		err = stream_next(s);
	return err == SL_OK ? sl_secret_copy(ret_bytes, s->temp.bytes, s->len) : err;
}

enum sl_err
sl_detkey_rsa_hinted(unsigned bits, const uint8_t *seed, size_t seed_len, struct sl_rsa_hints hints,
                     struct sl_secret *ret_p, struct sl_secret *ret_q)
{
	SL_CLEANUP(stream_stop) struct stream s = { 0 };
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	enum sl_err err = stream_start(&s, bits, seed, seed_len);

	if (err != SL_OK)
		return err;
	/* A number from a damaged record must not cost more than a search. */
	if (hints.p == 0 || hints.q <= hints.p || hints.q > 2 * candidates_max(&s))
		return SL_ERR_MISMATCH;
	if ((err = skip_to(&s, hints.p, &p)) != SL_OK || (err = skip_to(&s, hints.q, &q)) != SL_OK)
		return err;
	*ret_p = sl_secret_take(&p);
	*ret_q = sl_secret_take(&q);
	return SL_OK;
}
