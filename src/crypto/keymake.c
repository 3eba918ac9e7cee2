/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"
#include "crypto/rand.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <string.h>

/* Private keys on curves, out of their least numbers, or out of random ones. */

/* A random string of the order's length is above the order with a probability of 1/2 at most. */
#define DRAWS_MAX 128

static void
clean_point(EC_POINT **point)
{
	EC_POINT_clear_free(*point);
}

bool
sl_key_has_curve(const struct sl_curve *curve)
{
	return sl_key_group(curve->nid) != NULL;
}

/* d_bytes at full width. */
static enum sl_err
ec_public(const struct sl_curve *curve, const uint8_t *d_bytes, uint8_t point[SL_CURVE_POINT_MAX])
{
	const EC_GROUP *group = sl_key_group(curve->nid);
	SL_CLEANUP(clean_point) EC_POINT *at = group == NULL ? NULL : EC_POINT_new(group);
	SL_BN_CTX *ctx = BN_CTX_new_ex(sl_ossl_ctx());
	SL_BN *d = BN_bin2bn(d_bytes, (int)sl_curve_width(curve), NULL);

	if (group == NULL)
		return SL_ERR_UNSUPPORTED;
	if (at == NULL || ctx == NULL || d == NULL)
		return SL_ERR_MEMORY;
	BN_set_flags(d, BN_FLG_CONSTTIME);
	if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(group)) >= 0)
		return SL_ERR_ARG;
	if (EC_POINT_mul(group, at, d, NULL, NULL, ctx) != 1 ||
	    EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, point, SL_CURVE_POINT_MAX, ctx) !=
	    sl_curve_point_len(curve))
		return SL_ERR_CRYPTO;
	return SL_OK;
}

/* d at full width. */
static enum sl_err
from_scalar(const struct sl_curve *curve, const uint8_t *d, struct sl_key **ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const size_t width = sl_curve_width(curve);
	SL_SECRET native = { 0 };
	uint8_t point[SL_CURVE_POINT_MAX];
	const struct sl_public pub = { .kind = SL_KEY_EC, .size = curve->size, .curve = curve,
		                       .point = { point, sl_curve_point_len(curve) } };
	OSSL_PARAM secret[2];
	enum sl_err err;

	if ((err = sl_ossl_ready()) != SL_OK || (err = ec_public(curve, d, point)) != SL_OK ||
	    (err = sl_secret_alloc(&native, width)) != SL_OK)
		return err;
	sl_key_to_native(native.bytes, d, width);
	secret[0] = sl_key_param(OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PARAM_UNSIGNED_INTEGER, native.bytes, width);
	secret[1] = OSSL_PARAM_construct_end();
	return sl_key_build(&pub, secret, ret_key);
}

enum sl_err
sl_key_from_ec(unsigned size, const uint8_t *d, size_t d_len, struct sl_key **ret_key)
{
	if ((size != 256 && size != 384 && size != 521) || d_len != (size + 7) / 8)
		return SL_ERR_ARG;
	return from_scalar(sl_curve_of(SL_KEY_EC, size), d, ret_key);
}

enum sl_err
sl_key_from_ec_curve(const uint8_t *oid, size_t oid_len, const uint8_t *d, size_t d_len, struct sl_key **ret_key)
{
	const struct sl_curve *curve = sl_curve_find(oid, oid_len);
	const struct sl_bytes number = sl_key_trim(d, d_len);
	SL_SECRET full = { 0 };
	enum sl_err err;

	if (curve == NULL)
		return SL_ERR_UNSUPPORTED;
	if (curve->kind != SL_KEY_EC)
		return sl_key_from_raw(curve->kind, d, d_len, ret_key);
	if (number.len == 0 || number.len > sl_curve_width(curve))
		return SL_ERR_ARG;
	if ((err = sl_secret_alloc(&full, sl_curve_width(curve))) != SL_OK)
		return err;
	memcpy(full.bytes + full.len - number.len, number.data, number.len);
	return from_scalar(curve, full.bytes, ret_key);
}

/* FIPS 186-5 A.2.2; the other kinds take any string. */
enum sl_err
sl_key_generate_ec(const uint8_t *params, size_t len, struct sl_key **ret_key)
{
	const struct sl_curve *curve = sl_curve_find(params, len);
	SL_SECRET d = { 0 };
	enum sl_err err;

	if (curve == NULL)
		return SL_ERR_UNSUPPORTED;
	if ((err = sl_secret_alloc(&d, sl_curve_width(curve))) != SL_OK)
		return err;
	for (unsigned i = 0; i < DRAWS_MAX; i++) {
		if ((err = sl_rand(d.bytes, d.len)) != SL_OK)
			return err;
		if (curve->kind != SL_KEY_EC)
			return sl_key_from_raw(curve->kind, d.bytes, d.len, ret_key);
		if (curve->size % 8 != 0)
			d.bytes[0] &= (uint8_t)((1u << curve->size % 8) - 1);
		if ((err = from_scalar(curve, d.bytes, ret_key)) != SL_ERR_ARG)
			return err;
	}
	return SL_ERR_CRYPTO;
}
