/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/ossl_internal.h"
#include "crypto/prime.h"
#include "crypto/rand.h"

#include <string.h>

/*
 * Trial division first: primes up to 4096 leave 14 in 100 odd numbers for the expensive test. Several primes are
 * tried with one division by their product.
 */
#define SMALL_MAX 4096
#define SMALL_COUNT 563 /* odd primes below SMALL_MAX */
#define LIMBS_MAX (SL_PRIME_BYTES_MAX / 4)

/*
 * FIPS 186-5 table B.1 asks for 5 rounds at 1024 bits and 4 above; a few more are cheap, as only true primes take
 * them.
 */
#define ROUNDS 8

struct group {
	uint32_t product;
	unsigned first;
	unsigned end;
};

struct sl_sieve {
	uint32_t primes[SMALL_COUNT];
	struct group groups[SMALL_COUNT];
	size_t n_groups;
};

static size_t
small_primes(uint32_t primes[SMALL_COUNT])
{
	bool composite[SMALL_MAX] = { false };
	size_t n = 0;

	for (uint32_t i = 3; i < SMALL_MAX; i += 2) {
		if (composite[i])
			continue;
		if (n < SMALL_COUNT)
			primes[n] = i;
		n++;
		for (uint32_t k = i * i; k < SMALL_MAX; k += i)
			composite[k] = true;
	}
	return n;
}

static void
group(struct sl_sieve *s)
{
	struct group *g = s->groups;

	*g = (struct group){ 1, 0, 0 };
	for (unsigned i = 0; i < SMALL_COUNT; i++) {
		if ((uint64_t)g->product * s->primes[i] > UINT32_MAX)
			*++g = (struct group){ 1, i, i };
		g->product *= s->primes[i];
		g->end = i + 1;
	}
	s->n_groups = (size_t)(g - s->groups) + 1;
}

enum sl_err
sl_sieve_new(struct sl_sieve **ret_sieve)
{
	struct sl_sieve *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return SL_ERR_MEMORY;
	if (small_primes(s->primes) != SMALL_COUNT) {
		free(s);
		return SL_ERR_CRYPTO;
	}
	group(s);
	*ret_sieve = s;
	return SL_OK;
}

void
sl_sieve_free(struct sl_sieve **sieve)
{
	free(*sieve);
	*sieve = NULL;
}

static uint32_t
modulo(const uint32_t *limbs, size_t n, uint32_t m)
{
	uint64_t r = 0;

	for (size_t i = 0; i < n; i++)
		r = (r << 32 | limbs[i]) % m;
	return (uint32_t)r;
}

static bool
divides_one(const struct sl_sieve *s, const struct group *g, uint32_t r)
{
	for (unsigned i = g->first; i < g->end; i++)
		if (r % s->primes[i] == 0)
			return true;
	return false;
}

/* t is far larger than each small prime. */
static bool
has_small_factor(const struct sl_sieve *s, const uint8_t *t, size_t len)
{
	uint32_t limbs[LIMBS_MAX] = { 0 };
	const size_t n = (len + 3) / 4;
	bool found = false;

	for (size_t i = 0; i < len; i++)
		limbs[n - 1 - i / 4] |= (uint32_t)t[len - 1 - i] << 8 * (i % 4);
	for (size_t i = 0; i < s->n_groups && !found; i++)
		found = divides_one(s, &s->groups[i], modulo(limbs, n, s->groups[i].product));
	sl_secret_wipe(limbs, sizeof(limbs));
	return found;
}

struct mr {
	BN_CTX *ctx;
	BN_MONT_CTX *mont;
	BIGNUM *t, *minus1, *half, *a, *x;
};

static void
clean_mr(struct mr *m)
{
	BIGNUM *all[] = { m->t, m->minus1, m->half, m->a, m->x };

	for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)
		BN_clear_free(all[i]);
	BN_MONT_CTX_free(m->mont);
	BN_CTX_free(m->ctx);
}

static enum sl_err
mr_setup(struct mr *m, const uint8_t *t, size_t len)
{
	BIGNUM **all[] = { &m->t, &m->minus1, &m->half, &m->a, &m->x };

	for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)
		if ((*all[i] = BN_new()) == NULL)
			return SL_ERR_MEMORY;
	if ((m->ctx = BN_CTX_new_ex(sl_ossl_ctx())) == NULL || (m->mont = BN_MONT_CTX_new()) == NULL ||
	    BN_bin2bn(t, (int)len, m->t) == NULL)
		return SL_ERR_MEMORY;
	BN_set_flags(m->t, BN_FLG_CONSTTIME);
	if (BN_copy(m->minus1, m->t) == NULL || BN_sub_word(m->minus1, 1) != 1 || BN_rshift1(m->half, m->minus1) != 1 ||
	    BN_MONT_CTX_set(m->mont, m->t, m->ctx) != 1)
		return SL_ERR_CRYPTO;
	return SL_OK;
}

/* A base below a power of 2 that is below t; 0 and 1 come with a probability of 2^-500. */
static enum sl_err
random_base(struct mr *m, uint8_t highest, size_t len)
{
	uint8_t bytes[SL_PRIME_BYTES_MAX];
	const enum sl_err err = sl_rand(bytes, len);

	if (err != SL_OK)
		return err;
	bytes[0] &= highest >> 4 == 0 ? 0x03 : 0x3f;
	return BN_bin2bn(bytes, (int)len, m->a) != NULL ? SL_OK : SL_ERR_MEMORY;
}

/*
 * FIPS 186-5 B.3.1. As t is 3 modulo 4, (t - 1) / 2 is odd: a^((t - 1) / 2) has to be 1 or -1, and there is nothing
 * to square.
 */
static enum sl_err
miller_rabin(const uint8_t *t, size_t len, bool *ret_prime)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_mr) struct mr m = { 0 };
	bool prime = true;
	enum sl_err err = mr_setup(&m, t, len);

	for (unsigned i = 0; err == SL_OK && prime && i < ROUNDS; i++) {
		if ((err = random_base(&m, t[0], len)) != SL_OK)
			return err;
		if (BN_mod_exp_mont_consttime(m.x, m.a, m.half, m.t, m.ctx, m.mont) != 1)
			return SL_ERR_CRYPTO;
		prime = BN_is_one(m.x) || BN_cmp(m.x, m.minus1) == 0;
	}
	if (err == SL_OK)
		*ret_prime = prime;
	return err;
}

enum sl_err
sl_prime_test(const struct sl_sieve *sieve, const uint8_t *t, size_t len, bool *ret_prime)
{
	if (len < 64 || len > SL_PRIME_BYTES_MAX || (t[0] >> 6 != 3 && t[0] >> 2 != 3) || (t[len - 1] & 3) != 3)
		return SL_ERR_ARG;
	if (has_small_factor(sieve, t, len)) {
		*ret_prime = false;
		return SL_OK;
	}
	return miller_rabin(t, len, ret_prime);
}
