/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"
#include "crypto/prime.h"
#include "crypto/rand.h"

#include <openssl/core_names.h>

/* Private RSA keys: out of two primes, out of all their parts, and random ones. */

#define ROUNDS 64 /* SP 800-56B Rev. 2 C.1: each one fails with a probability of 1/2 at most */

/* RFC 8017 3.2 and what it takes to compute it. Secret all, but n and e. */
struct rsa {
	BN_CTX *ctx;
	BIGNUM *p, *q, *p1, *q1; /* p - 1 and q - 1 */
	BIGNUM *n, *e, *d, *dp, *dq, *qinv;
	BIGNUM *t, *u, *v;
};

static void
clean_rsa(struct rsa *r)
{
	BIGNUM *all[] = { r->p, r->q, r->p1, r->q1, r->n, r->e, r->d, r->dp, r->dq, r->qinv, r->t, r->u, r->v };

	for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)
		BN_clear_free(all[i]);
	BN_CTX_free(r->ctx);
}

static enum sl_err
rsa_alloc(struct rsa *r)
{
	BIGNUM **all[] = { &r->p, &r->q, &r->p1, &r->q1, &r->n, &r->e, &r->d, &r->dp, &r->dq, &r->qinv, &r->t, &r->u,
		           &r->v };

	for (size_t i = 0; i < SL_ARRAY_LEN(all); i++) {
		if ((*all[i] = BN_new()) == NULL)
			return SL_ERR_MEMORY;
		BN_set_flags(*all[i], BN_FLG_CONSTTIME);
	}
	return (r->ctx = BN_CTX_new_ex(sl_ossl_ctx())) != NULL ? SL_OK : SL_ERR_MEMORY;
}

static enum sl_err
load(BIGNUM *bn, struct sl_bytes bytes)
{
	return BN_bin2bn(bytes.data, (int)bytes.len, bn) != NULL ? SL_OK : SL_ERR_MEMORY;
}

/*
 * d = e^-1 mod m. With k = -m^-1 mod e it is (k * m + 1) / e: no inversion of big secrets, which is either slow or
 * leaks. SL_ERR_ARG when e and m have a common factor.
 */
static enum sl_err
inverse_of_e(struct rsa *r, BIGNUM *d, const BIGNUM *m)
{
	BIGNUM *k = r->v;

	if (BN_nnmod(k, m, r->e, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	if (BN_is_zero(k) || BN_mod_inverse(k, k, r->e, r->ctx) == NULL)
		return SL_ERR_ARG;
	if (BN_sub(k, r->e, k) != 1 || BN_mul(d, k, m, r->ctx) != 1 || BN_add_word(d, 1) != 1 ||
	    BN_div(d, NULL, d, r->e, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return SL_OK;
}

/* a^-1 mod p for a prime p, by Fermat. SL_ERR_ARG when it comes out wrong: p is no prime then. */
static enum sl_err
inverse_mod_prime(struct rsa *r, BIGNUM *ret, const BIGNUM *a, const BIGNUM *p)
{
	if (BN_copy(r->t, p) == NULL || BN_sub_word(r->t, 2) != 1 || BN_nnmod(r->u, a, p, r->ctx) != 1 ||
	    BN_mod_exp_mont_consttime(ret, r->u, r->t, p, r->ctx, NULL) != 1 ||
	    BN_mod_mul(r->t, ret, r->u, p, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return BN_is_one(r->t) ? SL_OK : SL_ERR_ARG;
}

/* p - 1, q - 1 and n, with checks of p and q. */
static enum sl_err
take_primes(struct rsa *r)
{
	if (!BN_is_odd(r->p) || !BN_is_odd(r->q) || BN_cmp(r->p, r->q) == 0 || BN_num_bits(r->p) < RSA_BITS_MIN / 4 ||
	    BN_num_bits(r->q) < RSA_BITS_MIN / 4)
		return SL_ERR_ARG;
	if (BN_copy(r->p1, r->p) == NULL || BN_sub_word(r->p1, 1) != 1 || BN_copy(r->q1, r->q) == NULL ||
	    BN_sub_word(r->q1, 1) != 1 || BN_mul(r->n, r->p, r->q, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return BN_num_bits(r->n) < RSA_BITS_MIN || BN_num_bits(r->n) > RSA_BITS_MAX ? SL_ERR_ARG : SL_OK;
}

/* qinv, and that both primes pass. */
static enum sl_err
coefficient(struct rsa *r)
{
	const enum sl_err err = inverse_mod_prime(r, r->qinv, r->q, r->p);

	return err == SL_OK ? inverse_mod_prime(r, r->v, r->p, r->q) : err;
}

/* FIPS 186-5 A.1.1 (3): the least d, modulo lcm(p - 1, q - 1). */
static enum sl_err
compute(struct rsa *r)
{
	enum sl_err err;

	if (BN_gcd(r->t, r->p1, r->q1, r->ctx) != 1 || BN_div(r->u, NULL, r->p1, r->t, r->ctx) != 1 ||
	    BN_mul(r->t, r->u, r->q1, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	if ((err = inverse_of_e(r, r->d, r->t)) != SL_OK || (err = inverse_of_e(r, r->dp, r->p1)) != SL_OK ||
	    (err = inverse_of_e(r, r->dq, r->q1)) != SL_OK)
		return err;
	return coefficient(r);
}

/* Appends one number, in native byte order. */
static bool
put(const char *name, const BIGNUM *bn, struct sl_secret *room, size_t *used, OSSL_PARAM *param)
{
	const size_t len = (size_t)BN_num_bytes(bn);

	if (len > room->len - *used || BN_bn2nativepad(bn, room->bytes + *used, (int)len) != (int)len)
		return false;
	*param = sl_key_param(name, OSSL_PARAM_UNSIGNED_INTEGER, room->bytes + *used, len);
	*used += len;
	return true;
}

static enum sl_err
build(const struct rsa *r, struct sl_key **ret_key)
{
	const struct {
		const char *name;
		const BIGNUM *bn;
	} rows[] = {
		{ OSSL_PKEY_PARAM_RSA_D, r->d },          { OSSL_PKEY_PARAM_RSA_FACTOR1, r->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, r->q },    { OSSL_PKEY_PARAM_RSA_EXPONENT1, r->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, r->dq }, { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, r->qinv },
	};
	uint8_t n[RSA_BITS_MAX / 8];
	uint8_t e[RSA_BITS_MAX / 8];
	const struct sl_public pub = { SL_KEY_RSA, (unsigned)BN_num_bits(r->n), .n = { n, (size_t)BN_bn2bin(r->n, n) },
		                       .e = { e, (size_t)BN_bn2bin(r->e, e) } };
	SL_SECRET room = { 0 };
	OSSL_PARAM params[SL_ARRAY_LEN(rows) + 1];
	enum sl_err err = sl_secret_alloc(&room, SL_ARRAY_LEN(rows) * pub.n.len);
	size_t used = 0;

	for (size_t i = 0; err == SL_OK && i < SL_ARRAY_LEN(rows); i++)
		if (!put(rows[i].name, rows[i].bn, &room, &used, &params[i]))
			err = SL_ERR_CRYPTO;
	params[SL_ARRAY_LEN(rows)] = OSSL_PARAM_construct_end();
	return err == SL_OK ? sl_key_build(&pub, params, ret_key) : err;
}

/* e is there. */
static enum sl_err
from_primes(struct rsa *r, struct sl_bytes p, struct sl_bytes q, struct sl_key **ret_key)
{
	enum sl_err err;

	if (p.len > RSA_BITS_MAX / 8 || q.len > RSA_BITS_MAX / 8)
		return SL_ERR_ARG;
	if ((err = load(r->p, p)) != SL_OK || (err = load(r->q, q)) != SL_OK)
		return err;
	if (BN_cmp(r->p, r->q) < 0)
		BN_swap(r->p, r->q);
	if ((err = take_primes(r)) != SL_OK || (err = compute(r)) != SL_OK)
		return err;
	return build(r, ret_key);
}

enum sl_err
sl_key_from_rsa(const uint8_t *p, size_t p_len, const uint8_t *q, size_t q_len, struct sl_key **ret_key)
{
	static const uint8_t e[] = { 1, 0, 1 };
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_rsa) struct rsa r = { 0 };
	enum sl_err err;

	if ((err = sl_ossl_ready()) != SL_OK || (err = rsa_alloc(&r)) != SL_OK ||
	    (err = load(r.e, (struct sl_bytes){ e, sizeof(e) })) != SL_OK)
		return err;
	return from_primes(&r, (struct sl_bytes){ p, p_len }, (struct sl_bytes){ q, q_len }, ret_key);
}

/*
 * One round: v = u^odd, and u is any number. Squared until it is 1 modulo n; the square root before is a non-trivial
 * one, and p = gcd(it - 1, n), or it is -1 or 1, and nothing is won. SL_ERR_ARG when it never becomes 1: d does not
 * belong to e.
 */
static enum sl_err
split_once(struct rsa *r, const BIGNUM *odd, int twos, bool *ret_split)
{
	uint8_t g[RSA_BITS_MAX / 8];
	const size_t len = (size_t)BN_num_bytes(r->n);
	enum sl_err err;

	if ((err = sl_rand(g, len)) != SL_OK || (err = load(r->u, (struct sl_bytes){ g, len })) != SL_OK)
		return err;
	if (BN_nnmod(r->u, r->u, r->n, r->ctx) != 1 ||
	    BN_mod_exp_mont_consttime(r->v, r->u, odd, r->n, r->ctx, NULL) != 1)
		return SL_ERR_CRYPTO;
	*ret_split = false;
	for (int i = 0; !BN_is_one(r->v); i++) {
		if (i == twos || BN_is_zero(r->v))
			return SL_ERR_ARG;
		if (BN_copy(r->u, r->v) == NULL || BN_mod_sqr(r->v, r->u, r->n, r->ctx) != 1 ||
		    BN_sub_word(r->u, 1) != 1)
			return SL_ERR_CRYPTO;
		if (BN_is_one(r->v)) {
			if (BN_gcd(r->p, r->u, r->n, r->ctx) != 1 || BN_div(r->q, NULL, r->n, r->p, r->ctx) != 1)
				return SL_ERR_CRYPTO;
			*ret_split = !BN_is_one(r->p) && !BN_is_one(r->q);
		}
	}
	return SL_OK;
}

/* SP 800-56B Rev. 2 C.1: p and q from n, e and d. */
static enum sl_err
recover(struct rsa *r)
{
	SL_BN *odd = BN_new();
	bool split = false;
	enum sl_err err = SL_OK;
	int twos = 0;

	if (odd == NULL || BN_mul(odd, r->d, r->e, r->ctx) != 1 || BN_sub_word(odd, 1) != 1)
		return SL_ERR_MEMORY;
	if (BN_is_zero(odd) || BN_is_odd(odd))
		return SL_ERR_ARG;
	while (!BN_is_bit_set(odd, twos))
		twos++;
	if (BN_rshift(odd, odd, twos) != 1)
		return SL_ERR_MEMORY;
	BN_set_flags(odd, BN_FLG_CONSTTIME);
	for (unsigned i = 0; err == SL_OK && !split && i < ROUNDS; i++)
		err = split_once(r, odd, twos, &split);
	if (err == SL_OK && !split)
		return SL_ERR_ARG;
	if (err == SL_OK && BN_cmp(r->p, r->q) < 0)
		BN_swap(r->p, r->q);
	return err;
}

/* Whether a part is missing, or the number. */
static bool
agrees(struct rsa *r, const BIGNUM *bn, struct sl_bytes part)
{
	if (part.len == 0)
		return true;
	return BN_bin2bn(part.data, (int)part.len, r->t) != NULL && BN_cmp(bn, r->t) == 0;
}

/* d is kept as it was given: it may have been computed modulo lcm(p - 1, q - 1) or (p - 1)(q - 1). */
static enum sl_err
check_private(struct rsa *r, const struct sl_rsa_parts *parts)
{
	enum sl_err err;

	if ((err = take_primes(r)) != SL_OK)
		return err;
	if (!agrees(r, r->n, parts->n))
		return SL_ERR_ARG;
	if (BN_nnmod(r->dp, r->d, r->p1, r->ctx) != 1 || BN_nnmod(r->dq, r->d, r->q1, r->ctx) != 1 ||
	    BN_mod_mul(r->u, r->dp, r->e, r->p1, r->ctx) != 1 || BN_mod_mul(r->v, r->dq, r->e, r->q1, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	if (!BN_is_one(r->u) || !BN_is_one(r->v))
		return SL_ERR_ARG;
	if ((err = coefficient(r)) != SL_OK)
		return err;
	return agrees(r, r->p, parts->p) && agrees(r, r->q, parts->q) && agrees(r, r->dp, parts->dp) &&
	       agrees(r, r->dq, parts->dq) && agrees(r, r->qinv, parts->qinv) ? SL_OK : SL_ERR_ARG;
}

/* Without leading zeros, none longer than n. */
static enum sl_err
tidy(const struct sl_rsa_parts *in, struct sl_rsa_parts *ret_parts)
{
	const struct sl_bytes *from[] = { &in->n, &in->e, &in->d, &in->p, &in->q, &in->dp, &in->dq, &in->qinv };
	struct sl_bytes *to[] = { &ret_parts->n, &ret_parts->e, &ret_parts->d, &ret_parts->p,
		                  &ret_parts->q, &ret_parts->dp, &ret_parts->dq, &ret_parts->qinv };

	for (size_t i = 0; i < SL_ARRAY_LEN(from); i++) {
		*to[i] = sl_key_trim(from[i]->data, from[i]->len);
		if ((to[i]->len == 0 && (i < 3 || from[i]->len != 0)) || to[i]->len > ret_parts->n.len)
			return SL_ERR_ARG;
	}
	if (ret_parts->n.len > RSA_BITS_MAX / 8)
		return SL_ERR_UNSUPPORTED;
	return SL_OK;
}

static enum sl_err
load_public(struct rsa *r, const struct sl_rsa_parts *parts)
{
	enum sl_err err;

	if ((err = load(r->n, parts->n)) != SL_OK || (err = load(r->e, parts->e)) != SL_OK ||
	    (err = load(r->d, parts->d)) != SL_OK)
		return err;
	if (!sl_key_rsa_size_ok((unsigned)BN_num_bits(r->n), parts->e))
		return SL_ERR_UNSUPPORTED;
	if (!BN_is_odd(r->n) || !BN_is_odd(r->e) || BN_is_one(r->e) || BN_cmp(r->e, r->n) >= 0 ||
	    BN_cmp(r->d, r->n) >= 0)
		return SL_ERR_ARG;
	return SL_OK;
}

enum sl_err
sl_key_from_rsa_parts(const struct sl_rsa_parts *parts, struct sl_key **ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_rsa) struct rsa r = { 0 };
	struct sl_rsa_parts tidied;
	enum sl_err err;

	if ((err = tidy(parts, &tidied)) != SL_OK || (err = sl_ossl_ready()) != SL_OK ||
	    (err = rsa_alloc(&r)) != SL_OK || (err = load_public(&r, &tidied)) != SL_OK)
		return err;
	if (tidied.p.len == 0 || tidied.q.len == 0)
		err = recover(&r);
	else if ((err = load(r.p, tidied.p)) == SL_OK)
		err = load(r.q, tidied.q);
	if (err != SL_OK || (err = check_private(&r, &tidied)) != SL_OK)
		return err;
	return build(&r, ret_key);
}

/*
 * FIPS 186-5 A.1.3 step 4, without the limit on the number of candidates: bits is the length of the prime, of which the
 * two highest are set.
 */
static enum sl_err
random_prime(const struct sl_sieve *sieve, unsigned bits, struct sl_secret *prime)
{
	const unsigned top = (bits - 1) % 8;
	bool found = false;
	enum sl_err err = SL_OK;

	while (err == SL_OK && !found) {
		if ((err = sl_rand(prime->bytes, prime->len)) != SL_OK)
			return err;
		prime->bytes[0] &= (uint8_t)((2u << top) - 1);
		prime->bytes[0] |= (uint8_t)(3u << (top - 1));
		prime->bytes[prime->len - 1] |= 3;
		err = sl_prime_test(sieve, prime->bytes, prime->len, &found);
	}
	return err;
}

/* FIPS 186-5 A.1.3 step 5.4 and A.1.1 (3): |p - q| > 2^(bits / 2 - 100), d > 2^(bits / 2). */
static bool
far_apart(struct rsa *r, unsigned bits)
{
	return BN_sub(r->u, r->p, r->q) == 1 && BN_num_bits(r->u) > (int)(bits / 2 - 100) &&
	       BN_num_bits(r->d) > (int)(bits / 2);
}

static enum sl_err
generate(struct rsa *r, unsigned bits, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_sieve_free) struct sl_sieve *sieve = NULL;
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	enum sl_err err;

	if ((err = sl_sieve_new(&sieve)) != SL_OK || (err = sl_secret_alloc(&p, (bits / 2 + 7) / 8)) != SL_OK ||
	    (err = sl_secret_alloc(&q, p.len)) != SL_OK)
		return err;
	for (;;) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;

		if ((err = random_prime(sieve, bits / 2, &p)) != SL_OK ||
		    (err = random_prime(sieve, bits / 2, &q)) != SL_OK)
			return err;
		err = from_primes(r, (struct sl_bytes){ p.bytes, p.len }, (struct sl_bytes){ q.bytes, q.len }, &key);
		if (err != SL_OK && err != SL_ERR_ARG) /* that one: e and p - 1 or q - 1 have a common factor */
			return err;
		if (err == SL_OK && far_apart(r, bits)) {
			*ret_key = SL_TAKE(key);
			return SL_OK;
		}
	}
}

enum sl_err
sl_key_generate_rsa(unsigned bits, const uint8_t *e, size_t e_len, struct sl_key **ret_key)
{
	static const uint8_t usual[] = { 1, 0, 1 };
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_rsa) struct rsa r = { 0 };
	const struct sl_bytes with = e == NULL ? (struct sl_bytes){ usual, sizeof(usual) } : sl_key_trim(e, e_len);
	enum sl_err err;

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || bits % 8 != 0)
		return SL_ERR_RANGE;
	if (with.len < 3 || with.len > 8 || (with.data[with.len - 1] & 1) == 0)
		return SL_ERR_ARG;
	if ((err = sl_ossl_ready()) != SL_OK || (err = rsa_alloc(&r)) != SL_OK || (err = load(r.e, with)) != SL_OK)
		return err;
	return generate(&r, bits, ret_key);
}
