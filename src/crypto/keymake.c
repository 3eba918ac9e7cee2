/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

/* Private keys out of their least numbers. */

#define E 65537u
#define POINT_MAX 133

static void
clean_group(EC_GROUP **group)
{
	EC_GROUP_free(*group);
}

static void
clean_point(EC_POINT **point)
{
	EC_POINT_clear_free(*point);
}

static enum sl_err
ec_public(unsigned size, const uint8_t *d_bytes, size_t d_len, uint8_t point[POINT_MAX])
{
	const int nid = size == 256 ? NID_X9_62_prime256v1 : size == 384 ? NID_secp384r1 : NID_secp521r1;
	SL_CLEANUP(clean_group) EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(sl_ossl_ctx(), NULL, nid);
	SL_CLEANUP(clean_point) EC_POINT *at = group == NULL ? NULL : EC_POINT_new(group);
	SL_BN_CTX *ctx = BN_CTX_new_ex(sl_ossl_ctx());
	SL_BN *d = BN_bin2bn(d_bytes, (int)d_len, NULL);

	if (at == NULL || ctx == NULL || d == NULL)
		return SL_ERR_MEMORY;
	BN_set_flags(d, BN_FLG_CONSTTIME);
	if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(group)) >= 0)
		return SL_ERR_ARG;
	if (EC_POINT_mul(group, at, d, NULL, NULL, ctx) != 1 ||
	    EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, point, POINT_MAX, ctx) != 1 + 2 * d_len)
		return SL_ERR_CRYPTO;
	return SL_OK;
}

enum sl_err
sl_key_from_ec(unsigned size, const uint8_t *d, size_t d_len, struct sl_key **ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_SECRET native = { 0 };
	uint8_t point[POINT_MAX];
	const struct sl_public pub = { .kind = SL_KEY_EC, .size = size, .point = { point, 1 + 2 * d_len } };
	OSSL_PARAM secret[2];
	enum sl_err err;

	if ((size != 256 && size != 384 && size != 521) || d_len != (size + 7) / 8)
		return SL_ERR_ARG;
	if ((err = sl_ossl_ready()) != SL_OK || (err = ec_public(size, d, d_len, point)) != SL_OK ||
	    (err = sl_secret_alloc(&native, d_len)) != SL_OK)
		return err;
	sl_key_to_native(native.bytes, d, d_len);
	secret[0] = sl_key_param(OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PARAM_UNSIGNED_INTEGER, native.bytes, d_len);
	secret[1] = OSSL_PARAM_construct_end();
	return sl_key_build(&pub, secret, ret_key);
}

/* RFC 8017 3.2 and what it takes to compute it. Secret all, but n. */
struct rsa {
	BN_CTX *ctx;
	BIGNUM *p, *q, *p1, *q1; /* p > q; p - 1 and q - 1 */
	BIGNUM *n, *d, *dp, *dq, *qinv;
	BIGNUM *t, *u;
};

static void
clean_rsa(struct rsa *r)
{
	BIGNUM *all[] = { r->p, r->q, r->p1, r->q1, r->n, r->d, r->dp, r->dq, r->qinv, r->t, r->u };

	for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)
		BN_clear_free(all[i]);
	BN_CTX_free(r->ctx);
}

static bool
rsa_alloc(struct rsa *r)
{
	BIGNUM **all[] = { &r->p, &r->q, &r->p1, &r->q1, &r->n, &r->d, &r->dp, &r->dq, &r->qinv, &r->t, &r->u };

	for (size_t i = 0; i < SL_ARRAY_LEN(all); i++) {
		if ((*all[i] = BN_new()) == NULL)
			return false;
		BN_set_flags(*all[i], BN_FLG_CONSTTIME);
	}
	return (r->ctx = BN_CTX_new_ex(sl_ossl_ctx())) != NULL;
}

/*
 * d = E^-1 mod m. E is prime and small, so k = -m^-1 mod E takes word arithmetic only, and d = (k * m + 1) / E: no
 * inversion of big secrets, which is either slow or leaks. SL_ERR_ARG when E divides m.
 */
static enum sl_err
inverse_of_e(BIGNUM *d, const BIGNUM *m)
{
	const uint64_t r = BN_mod_word(m, E);
	uint64_t inv = 1;

	if (r == 0 || r >= E)
		return SL_ERR_ARG;
	for (unsigned i = 0; i < 16; i++) /* r^(E - 2), E - 2 = 0xffff */
		inv = inv * inv % E * r % E;
	if (BN_copy(d, m) == NULL || BN_mul_word(d, E - inv) != 1 || BN_add_word(d, 1) != 1 || BN_div_word(d, E) != 0)
		return SL_ERR_CRYPTO;
	return SL_OK;
}

/* a^-1 mod p for a prime p, by Fermat. SL_ERR_ARG when it comes out wrong: p is no prime then. */
static enum sl_err
inverse_mod_prime(struct rsa *r, BIGNUM *ret, const BIGNUM *a, const BIGNUM *p)
{
	if (BN_copy(r->t, p) == NULL || BN_sub_word(r->t, 2) != 1 ||
	    BN_mod_exp_mont_consttime(ret, a, r->t, p, r->ctx, NULL) != 1 || BN_mod_mul(r->t, ret, a, p, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return BN_is_one(r->t) ? SL_OK : SL_ERR_ARG;
}

static enum sl_err
rsa_load(struct rsa *r, struct sl_bytes p, struct sl_bytes q)
{
	if (p.len > RSA_BITS_MAX / 8 || q.len > RSA_BITS_MAX / 8)
		return SL_ERR_ARG;
	if (!rsa_alloc(r) || BN_bin2bn(p.data, (int)p.len, r->p) == NULL || BN_bin2bn(q.data, (int)q.len, r->q) == NULL)
		return SL_ERR_MEMORY;
	if (BN_cmp(r->p, r->q) < 0)
		BN_swap(r->p, r->q);
	if (!BN_is_odd(r->p) || !BN_is_odd(r->q) || BN_cmp(r->p, r->q) == 0 || BN_num_bits(r->q) < RSA_BITS_MIN / 4)
		return SL_ERR_ARG;
	if (BN_copy(r->p1, r->p) == NULL || BN_sub_word(r->p1, 1) != 1 || BN_copy(r->q1, r->q) == NULL ||
	    BN_sub_word(r->q1, 1) != 1 || BN_mul(r->n, r->p, r->q, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return BN_num_bits(r->n) < RSA_BITS_MIN || BN_num_bits(r->n) > RSA_BITS_MAX ? SL_ERR_ARG : SL_OK;
}

/* FIPS 186-5 A.1.1 (3): the least d, modulo lcm(p - 1, q - 1). */
static enum sl_err
rsa_exponent(struct rsa *r)
{
	if (BN_gcd(r->t, r->p1, r->q1, r->ctx) != 1 || BN_div(r->u, NULL, r->p1, r->t, r->ctx) != 1 ||
	    BN_mul(r->t, r->u, r->q1, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return inverse_of_e(r->d, r->t);
}

static enum sl_err
rsa_compute(struct rsa *r)
{
	enum sl_err err;

	if ((err = rsa_exponent(r)) != SL_OK || (err = inverse_of_e(r->dp, r->p1)) != SL_OK ||
	    (err = inverse_of_e(r->dq, r->q1)) != SL_OK || (err = inverse_mod_prime(r, r->qinv, r->q, r->p)) != SL_OK)
		return err;
	if (BN_nnmod(r->u, r->p, r->q, r->ctx) != 1)
		return SL_ERR_CRYPTO;
	return inverse_mod_prime(r, r->p1, r->u, r->q); /* the result is not needed; that q passes is */
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
rsa_build(const struct rsa *r, struct sl_key **ret_key)
{
	const struct {
		const char *name;
		const BIGNUM *bn;
	} rows[] = {
		{ OSSL_PKEY_PARAM_RSA_D, r->d },          { OSSL_PKEY_PARAM_RSA_FACTOR1, r->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, r->q },    { OSSL_PKEY_PARAM_RSA_EXPONENT1, r->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, r->dq }, { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, r->qinv },
	};
	static const uint8_t e[] = { 1, 0, 1 };
	uint8_t n[RSA_BITS_MAX / 8];
	const struct sl_public pub = { SL_KEY_RSA, (unsigned)BN_num_bits(r->n), .n = { n, (size_t)BN_bn2bin(r->n, n) },
		                       .e = { e, sizeof(e) } };
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

enum sl_err
sl_key_from_rsa(const uint8_t *p, size_t p_len, const uint8_t *q, size_t q_len, struct sl_key **ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_rsa) struct rsa r = { 0 };
	enum sl_err err;

	if ((err = sl_ossl_ready()) != SL_OK ||
	    (err = rsa_load(&r, (struct sl_bytes){ p, p_len }, (struct sl_bytes){ q, q_len })) != SL_OK ||
	    (err = rsa_compute(&r)) != SL_OK)
		return err;
	return rsa_build(&r, ret_key);
}
