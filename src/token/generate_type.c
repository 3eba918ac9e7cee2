/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/generate_private.h"

#include "crypto/rand.h"
#include "token/rv.h"

#include <string.h>

#define RSA_MIN 1024
#define RSA_MAX 8192
#define SECRET_MAX 512 /* bytes: CK_MECHANISM_INFO says so in bits */

/* The exponent without leading zeros; 65537 when the template has none. */
static struct sl_bytes
exponent_of(const struct sl_birth *b)
{
	static const uint8_t f4[] = { 1, 0, 1 };
	const struct sl_attr *e = sl_attrs_get(&b->public, CKA_PUBLIC_EXPONENT);
	size_t skip = 0;

	if (e == NULL)
		return (struct sl_bytes){ f4, sizeof(f4) };
	while (skip < e->len && e->value[skip] == 0)
		skip++;
	return (struct sl_bytes){ e->value + skip, e->len - skip };
}

static CK_RV
rsa_type(struct sl_birth *b)
{
	const CK_ULONG bits = sl_attrs_ulong(&b->public, CKA_MODULUS_BITS, 0);
	const struct sl_bytes e = exponent_of(b);

	/* FIPS 186-5 A.1.1: odd, above 2^16; here at most 64 bits. */
	if (e.len < 3 || e.len > 8 || (e.data[e.len - 1] & 1) == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	/* Keys that last are not weak ones. */
	if (bits < (b->on_token ? 2048 : RSA_MIN) || bits > RSA_MAX || bits % 8 != 0)
		return CKR_KEY_SIZE_RANGE;
	b->derivable = e.len == 3 && memcmp(e.data, "\x01\x00\x01", 3) == 0 && sl_keytype_of(SL_ALG_RSA, (unsigned)bits, &b->type) == SL_OK;
	return CKR_OK;
}

static CK_RV
ec_type(struct sl_birth *b)
{
	static const struct {
		CK_KEY_TYPE key_type;
		enum sl_key_kind kind;
		enum sl_algorithm alg;
		bool derivable;
	} algs[] = {
		{ CKK_EC, SL_KEY_EC, SL_ALG_EC, true },
		{ CKK_EC_EDWARDS, SL_KEY_ED25519, SL_ALG_ED25519, true },
		{ CKK_EC_EDWARDS, SL_KEY_ED448, SL_ALG_ED25519, false },
		{ CKK_EC_MONTGOMERY, SL_KEY_X25519, SL_ALG_X25519, true },
		{ CKK_EC_MONTGOMERY, SL_KEY_X448, SL_ALG_X25519, false },
	};
	const struct sl_attr *params = sl_attrs_get(&b->public, CKA_EC_PARAMS);
	enum sl_key_kind kind;
	unsigned size;

	if (sl_key_curve(params->value, params->len, &kind, &size) != SL_OK)
		return CKR_CURVE_NOT_SUPPORTED;
	for (size_t i = 0; i < SL_ARRAY_LEN(algs); i++) {
		if (algs[i].key_type != b->key_type || algs[i].kind != kind)
			continue;
		/* Other curves have the sizes of the NIST ones. */
		b->derivable = algs[i].derivable &&
		               (kind != SL_KEY_EC || strncmp(sl_key_curve_name(params->value, params->len), "P-", 2) == 0) &&
		               sl_keytype_of(algs[i].alg, kind == SL_KEY_EC ? size : 0, &b->type) == SL_OK;
		return CKR_OK;
	}
	return CKR_CURVE_NOT_SUPPORTED; /* by this mechanism */
}

static CK_RV
secret_type(struct sl_birth *b)
{
	const CK_ULONG len = sl_attrs_ulong(&b->private, CKA_VALUE_LEN, 0);
	enum sl_algorithm alg = SL_ALG_HMAC;

	if (len == 0 || len > SECRET_MAX)
		return CKR_KEY_SIZE_RANGE;
	switch (b->key_type) {
	case CKK_AES:
		b->derivable = true;
		return sl_keytype_of(SL_ALG_AES, (unsigned)len * 8, &b->type) == SL_OK ? CKR_OK : CKR_KEY_SIZE_RANGE;
	case CKK_AES_XTS:
		if (len != 32 && len != 64)
			return CKR_KEY_SIZE_RANGE;
		alg = SL_ALG_GENERIC;
		break;
	case CKK_CHACHA20:
		if (len != 32)
			return CKR_KEY_SIZE_RANGE;
		alg = SL_ALG_GENERIC;
		break;
	case CKK_GENERIC_SECRET:
	case CKK_HKDF:
		alg = SL_ALG_GENERIC;
		break;
	default:
		break;
	}
	b->derivable = sl_keytype_of(alg, (unsigned)len, &b->type) == SL_OK;
	return CKR_OK;
}

CK_RV
sl_generate_type(struct sl_birth *b)
{
	if (b->key_type == CKK_RSA)
		return rsa_type(b);
	return b->spec->public != NULL ? ec_type(b) : secret_type(b);
}

CK_RV
sl_generate_other(struct sl_birth *b)
{
	const struct sl_attr *params = sl_attrs_get(&b->public, CKA_EC_PARAMS);
	const struct sl_bytes e = exponent_of(b);
	SL_SECRET value = { 0 };
	CK_RV rv;

	if (b->key_type == CKK_RSA)
		return sl_rv(sl_key_generate_rsa((unsigned)sl_attrs_ulong(&b->public, CKA_MODULUS_BITS, 0), e.data, e.len, &b->key));
	if (b->spec->public != NULL)
		return sl_rv(sl_key_generate_ec(params->value, params->len, &b->key));
	if ((rv = sl_rv(sl_secret_alloc(&value, sl_attrs_ulong(&b->private, CKA_VALUE_LEN, 0)))) != CKR_OK ||
	    (rv = sl_rv(sl_rand(value.bytes, value.len))) != CKR_OK)
		return rv;
	return sl_rv(sl_key_from_secret(value.bytes, value.len, &b->key));
}
