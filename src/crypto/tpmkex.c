/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/tpmkex.h"
#include "crypto/mac.h"
#include "crypto/oaep.h"
#include "crypto/ossl_internal.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define RSA_MIN 256 /* bytes of modulus */
#define RSA_MAX 512

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

struct curve {
	EC_GROUP *group;
	BN_CTX *bn;
};

/* The affine coordinates of scalar * point (of the generator for NULL), 32 bytes each; out_y may be NULL. */
static bool
multiply(const struct curve *c, const BIGNUM *scalar, const EC_POINT *point, uint8_t *out_x, uint8_t *out_y)
{
	SL_CLEANUP(clean_point) EC_POINT *product = EC_POINT_new(c->group);
	SL_BN *x = BN_secure_new();
	SL_BN *y = BN_secure_new();

	return product != NULL && x != NULL && y != NULL &&
	       EC_POINT_mul(c->group, product, point == NULL ? scalar : NULL, point, point == NULL ? NULL : scalar, c->bn) == 1 &&
	       EC_POINT_is_at_infinity(c->group, product) == 0 &&
	       EC_POINT_get_affine_coordinates(c->group, product, x, y, c->bn) == 1 && BN_bn2binpad(x, out_x, 32) == 32 &&
	       (out_y == NULL || BN_bn2binpad(y, out_y, 32) == 32);
}

/* libcrypto refuses coordinates that are not on the curve; P-256 has cofactor 1, so nothing else needs a check. */
static EC_POINT *
read_point(const struct curve *c, const uint8_t bytes[SL_TPMKEX_P256])
{
	SL_CLEANUP(clean_point) EC_POINT *point = EC_POINT_new(c->group);
	SL_BN *x = BN_bin2bn(bytes, 32, NULL);
	SL_BN *y = BN_bin2bn(bytes + 32, 32, NULL);

	if (point == NULL || x == NULL || y == NULL ||
	    EC_POINT_set_affine_coordinates(c->group, point, x, y, c->bn) != 1 || EC_POINT_is_on_curve(c->group, point, c->bn) != 1)
		return NULL;
	return SL_TAKE(point);
}

/* A secret scalar in [1, n - 1]. */
static BIGNUM *
draw_scalar(const struct curve *c)
{
	SL_BN *d = BN_secure_new();

	if (d == NULL)
		return NULL;
	BN_set_flags(d, BN_FLG_CONSTTIME);
	do {
		if (BN_priv_rand_range_ex(d, EC_GROUP_get0_order(c->group), 128, c->bn) != 1)
			return NULL;
	} while (BN_is_zero(d));
	return SL_TAKE(d);
}

enum sl_err
sl_tpmkex_p256(const uint8_t peer[SL_TPMKEX_P256], uint8_t ret_ephemeral[SL_TPMKEX_P256], struct sl_secret *ret_z)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_group) EC_GROUP *group = NULL;
	SL_CLEANUP(clean_point) EC_POINT *theirs = NULL;
	SL_BN_CTX *bn = NULL;
	SL_BN *d = NULL;
	SL_SECRET z = { 0 };
	uint8_t ours[SL_TPMKEX_P256];
	struct curve c;
	enum sl_err err;

	if ((err = sl_ossl_ready()) != SL_OK || (err = sl_secret_alloc(&z, 32)) != SL_OK)
		return err;
	group = EC_GROUP_new_by_curve_name_ex(sl_ossl_ctx(), NULL, NID_X9_62_prime256v1);
	bn = BN_CTX_secure_new_ex(sl_ossl_ctx());
	c = (struct curve){ .group = group, .bn = bn };
	if (group == NULL || bn == NULL)
		return SL_ERR_CRYPTO;
	if ((theirs = read_point(&c, peer)) == NULL)
		return SL_ERR_ARG;
	if ((d = draw_scalar(&c)) == NULL || !multiply(&c, d, NULL, ours, ours + 32) || !multiply(&c, d, theirs, z.bytes, NULL))
		return SL_ERR_CRYPTO;
	memcpy(ret_ephemeral, ours, sizeof(ours));
	*ret_z = sl_secret_take(&z);
	return SL_OK;
}

enum sl_err
sl_tpmkex_oaep(const struct sl_tpmkex_rsa *key, const struct sl_part *label, const struct sl_part *message, uint8_t *out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_BN_CTX *bn = NULL;
	SL_BN *n = NULL;
	SL_BN *e = NULL;
	SL_BN *m = NULL;
	SL_SECRET em = { 0 };
	const struct sl_oaep oaep = { .hash = key->hash, .mgf_hash = key->hash, .label = *label };
	enum sl_err err;

	if (key->n_len < RSA_MIN || key->n_len > RSA_MAX || (key->n[0] & 0x80) == 0 || (key->n[key->n_len - 1] & 1) == 0 ||
	    key->e < 3 || (key->e & 1) == 0)
		return SL_ERR_ARG;
	if ((err = sl_ossl_ready()) != SL_OK || (err = sl_secret_alloc(&em, key->n_len)) != SL_OK ||
	    (err = sl_oaep_pad(&oaep, *message, &em)) != SL_OK)
		return err;
	bn = BN_CTX_secure_new_ex(sl_ossl_ctx());
	n = BN_bin2bn(key->n, (int)key->n_len, NULL);
	e = BN_new();
	m = BN_bin2bn(em.bytes, (int)em.len, BN_secure_new());
	if (bn == NULL || n == NULL || e == NULL || m == NULL || BN_set_word(e, key->e) != 1 ||
	    BN_mod_exp_mont(m, m, e, n, bn, NULL) != 1 || BN_bn2binpad(m, out, (int)key->n_len) != (int)key->n_len)
		return SL_ERR_CRYPTO;
	return SL_OK;
}
