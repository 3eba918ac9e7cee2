/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"

#include <openssl/core_names.h>
#include <string.h>

static enum sl_err
copy(struct sl_bytes bytes, struct sl_secret *ret_bytes)
{
	return bytes.len == 0 ? SL_ERR_NOT_FOUND : sl_secret_copy(ret_bytes, bytes.data, bytes.len);
}

/*
 * One private number; at full width, or without its leading zeros. The buffers are ours: libcrypto's own are not
 * wiped everywhere.
 */
static enum sl_err
number(const struct sl_key *key, const char *name, size_t width, bool full, struct sl_secret *ret_bytes)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_SECRET native = { 0 };
	SL_SECRET big = { 0 };
	OSSL_PARAM params[] = { { NULL, 0, NULL, 0, 0 }, OSSL_PARAM_construct_end() };
	size_t skip = 0;
	enum sl_err err;

	if (sl_ossl_gone())
		return SL_ERR_CRYPTO;
	if ((err = sl_secret_alloc(&native, width)) != SL_OK || (err = sl_secret_alloc(&big, width)) != SL_OK)
		return err;
	params[0] = OSSL_PARAM_construct_BN(name, native.bytes, width);
	if (!sl_provider_get(key->kind, key->keydata, params) || OSSL_PARAM_modified(params) != 1)
		return SL_ERR_CRYPTO;
	sl_key_to_native(big.bytes, native.bytes, width);
	while (!full && skip < width - 1 && big.bytes[skip] == 0)
		skip++;
	return sl_secret_copy(ret_bytes, big.bytes + skip, width - skip);
}

static enum sl_err
secret_part(const struct sl_key *key, struct sl_secret *ret_bytes)
{
	if (!key->is_private)
		return SL_ERR_NOT_FOUND;
	if (key->kind == SL_KEY_EC)
		return number(key, OSSL_PKEY_PARAM_PRIV_KEY, (key->size + 7) / 8, true, ret_bytes);
	if (key->kind == SL_KEY_RSA)
		return number(key, OSSL_PKEY_PARAM_RSA_D, key->pub.n.len, false, ret_bytes);
	return sl_secret_copy(ret_bytes, key->secret.bytes, key->secret.len);
}

static enum sl_err
rsa_part(const struct sl_key *key, enum sl_key_part part, struct sl_secret *ret_bytes)
{
	static const char *const names[] = {
		[SL_PART_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
		[SL_PART_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
		[SL_PART_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
		[SL_PART_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
		[SL_PART_QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};

	if (key->kind != SL_KEY_RSA || !key->is_private)
		return SL_ERR_NOT_FOUND;
	return number(key, names[part], key->pub.n.len, false, ret_bytes);
}

enum sl_err
sl_key_part(const struct sl_key *key, enum sl_key_part part, struct sl_secret *ret_bytes)
{
	switch (part) {
	case SL_PART_EC_OID:
		return key->pub.curve == NULL ? SL_ERR_NOT_FOUND : copy(key->pub.curve->oid, ret_bytes);
	case SL_PART_POINT:
		return copy(key->pub.point, ret_bytes);
	case SL_PART_N:
		return copy(key->pub.n, ret_bytes);
	case SL_PART_E:
		return copy(key->pub.e, ret_bytes);
	case SL_PART_SPKI:
		return copy((struct sl_bytes){ key->spki, key->spki_len }, ret_bytes);
	case SL_PART_SECRET:
		return secret_part(key, ret_bytes);
	case SL_PART_P:
	case SL_PART_Q:
	case SL_PART_DP:
	case SL_PART_DQ:
	case SL_PART_QINV:
		return rsa_part(key, part, ret_bytes);
	}
	return SL_ERR_NOT_FOUND;
}
