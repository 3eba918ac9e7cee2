/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/build.h"

#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "seedleaf.h"
#include "token/template.h"

#include <string.h>

unsigned
sl_build_usage(const struct sl_keytype *type)
{
	switch (type->alg) {
	case SL_ALG_EC:
		return SL_USE_SIGN | SL_USE_DERIVE;
	case SL_ALG_RSA:
		return SL_USE_SIGN | SL_USE_DECRYPT | SL_USE_WRAP;
	case SL_ALG_ED25519:
		return SL_USE_SIGN;
	case SL_ALG_X25519:
		return SL_USE_DERIVE;
	case SL_ALG_AES:
		return SL_USE_ENCRYPT | SL_USE_DECRYPT | SL_USE_WRAP;
	case SL_ALG_HMAC:
		return SL_USE_SIGN;
	case SL_ALG_GENERIC:
		return SL_USE_SIGN | SL_USE_DERIVE;
	}
	return 0;
}

unsigned
sl_build_usage_of(CK_KEY_TYPE type)
{
	switch (type) {
	case CKK_RSA:
		return SL_USE_SIGN | SL_USE_DECRYPT | SL_USE_WRAP;
	case CKK_EC:
		return SL_USE_SIGN | SL_USE_DERIVE;
	case CKK_EC_EDWARDS:
		return SL_USE_SIGN;
	case CKK_EC_MONTGOMERY:
	case CKK_HKDF:
		return SL_USE_DERIVE;
	case CKK_AES:
		return SL_USE_SIGN | SL_USE_ENCRYPT | SL_USE_DECRYPT | SL_USE_WRAP | SL_USE_DERIVE;
	case CKK_AES_XTS:
	case CKK_CHACHA20:
		return SL_USE_ENCRYPT | SL_USE_DECRYPT;
	default:
		return SL_USE_SIGN | SL_USE_DERIVE;
	}
}

CK_KEY_TYPE
sl_build_key_type(const struct sl_keytype *type)
{
	switch (type->alg) {
	case SL_ALG_EC:
		return CKK_EC;
	case SL_ALG_RSA:
		return CKK_RSA;
	case SL_ALG_ED25519:
		return CKK_EC_EDWARDS;
	case SL_ALG_X25519:
		return CKK_EC_MONTGOMERY;
	case SL_ALG_AES:
		return CKK_AES;
	case SL_ALG_HMAC:
	case SL_ALG_GENERIC:
		return CKK_GENERIC_SECRET;
	}
	return CKK_GENERIC_SECRET;
}

CK_KEY_TYPE
sl_build_curve_type(enum sl_key_kind kind)
{
	if (kind == SL_KEY_ED25519 || kind == SL_KEY_ED448)
		return CKK_EC_EDWARDS;
	return kind == SL_KEY_X25519 || kind == SL_KEY_X448 ? CKK_EC_MONTGOMERY : CKK_EC;
}

enum value { V_FALSE, V_TRUE, V_EMPTY, V_NOTHING, V_ZERO, V_SIGN, V_DECRYPT, V_ENCRYPT, V_DERIVE, V_WRAP };

/* PKCS#11 3.0 tables 13, 19, 25, 28, 30, 33 */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	unsigned on; /* 1 << class */
	enum value value;
} defaults[] = {
#define ON(class) (1U << (class))
#define KEYS (ON(CKO_PUBLIC_KEY) | ON(CKO_PRIVATE_KEY) | ON(CKO_SECRET_KEY))
#define CLOSED (ON(CKO_PRIVATE_KEY) | ON(CKO_SECRET_KEY))
#define OPEN (ON(CKO_DATA) | ON(CKO_CERTIFICATE) | ON(CKO_PUBLIC_KEY))
	{ CKA_TOKEN, OPEN | CLOSED, V_FALSE },
	{ CKA_PRIVATE, OPEN, V_FALSE },
	{ CKA_PRIVATE, CLOSED, V_TRUE },
	{ CKA_MODIFIABLE, OPEN | CLOSED, V_TRUE },
	{ CKA_LABEL, OPEN | CLOSED, V_EMPTY },
	{ CKA_COPYABLE, OPEN | CLOSED, V_TRUE },
	{ CKA_DESTROYABLE, OPEN | CLOSED, V_TRUE },
	{ CKA_APPLICATION, ON(CKO_DATA), V_EMPTY },
	{ CKA_OBJECT_ID, ON(CKO_DATA), V_EMPTY },
	{ CKA_VALUE, ON(CKO_DATA), V_EMPTY },
	{ CKA_TRUSTED, ON(CKO_CERTIFICATE) | ON(CKO_PUBLIC_KEY) | ON(CKO_SECRET_KEY), V_FALSE },
	{ CKA_CERTIFICATE_CATEGORY, ON(CKO_CERTIFICATE), V_ZERO },
	{ CKA_ID, ON(CKO_CERTIFICATE) | KEYS, V_EMPTY },
	{ CKA_ISSUER, ON(CKO_CERTIFICATE), V_EMPTY },
	{ CKA_SERIAL_NUMBER, ON(CKO_CERTIFICATE), V_EMPTY },
	{ CKA_START_DATE, ON(CKO_CERTIFICATE) | KEYS, V_EMPTY },
	{ CKA_END_DATE, ON(CKO_CERTIFICATE) | KEYS, V_EMPTY },
	{ CKA_LOCAL, KEYS, V_FALSE },
	{ CKA_KEY_GEN_MECHANISM, KEYS, V_NOTHING },
	{ CKA_SUBJECT, ON(CKO_PUBLIC_KEY) | ON(CKO_PRIVATE_KEY), V_EMPTY },
	{ CKA_DERIVE, KEYS, V_DERIVE },
	{ CKA_ENCRYPT, ON(CKO_PUBLIC_KEY), V_DECRYPT },
	{ CKA_ENCRYPT, ON(CKO_SECRET_KEY), V_ENCRYPT },
	{ CKA_VERIFY, ON(CKO_PUBLIC_KEY) | ON(CKO_SECRET_KEY), V_SIGN },
	{ CKA_VERIFY_RECOVER, ON(CKO_PUBLIC_KEY), V_FALSE },
	{ CKA_WRAP, ON(CKO_PUBLIC_KEY) | ON(CKO_SECRET_KEY), V_WRAP },
	{ CKA_SENSITIVE, CLOSED, V_TRUE },
	{ CKA_DECRYPT, CLOSED, V_DECRYPT },
	{ CKA_SIGN, CLOSED, V_SIGN },
	{ CKA_SIGN_RECOVER, ON(CKO_PRIVATE_KEY), V_FALSE },
	{ CKA_UNWRAP, CLOSED, V_WRAP },
	{ CKA_EXTRACTABLE, CLOSED, V_FALSE },
	{ CKA_WRAP_WITH_TRUSTED, CLOSED, V_FALSE },
	{ CKA_ALWAYS_AUTHENTICATE, ON(CKO_PRIVATE_KEY), V_FALSE },
};

static enum sl_err
set_default(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, enum value value, unsigned usage)
{
	switch (value) {
	case V_EMPTY:
		return sl_attrs_set(attrs, type, NULL, 0);
	case V_NOTHING:
		return sl_attrs_set_ulong(attrs, type, CK_UNAVAILABLE_INFORMATION);
	case V_ZERO:
		return sl_attrs_set_ulong(attrs, type, 0);
	case V_SIGN:
		return sl_attrs_set_bool(attrs, type, (usage & SL_USE_SIGN) != 0);
	case V_DECRYPT:
		return sl_attrs_set_bool(attrs, type, (usage & SL_USE_DECRYPT) != 0);
	case V_ENCRYPT:
		return sl_attrs_set_bool(attrs, type, (usage & SL_USE_ENCRYPT) != 0);
	case V_DERIVE:
		return sl_attrs_set_bool(attrs, type, (usage & SL_USE_DERIVE) != 0);
	case V_WRAP:
		return sl_attrs_set_bool(attrs, type, (usage & SL_USE_WRAP) != 0);
	case V_FALSE:
	case V_TRUE:
		return sl_attrs_set_bool(attrs, type, value == V_TRUE);
	}
	return SL_ERR_ARG;
}

enum sl_err
sl_build_defaults(struct sl_attrs *attrs, CK_OBJECT_CLASS class, unsigned usage)
{
	if (class == CKO_SECRET_KEY && sl_template_is_for_wrapping(attrs))
		usage &= SL_USE_WRAP;
	for (size_t i = 0; i < SL_ARRAY_LEN(defaults); i++) {
		enum sl_err err;

		if ((defaults[i].on & ON(class)) == 0 || sl_attrs_get(attrs, defaults[i].type) != NULL)
			continue;
		err = set_default(attrs, defaults[i].type, defaults[i].value, usage);
		if (err != SL_OK)
			return err;
	}
	return SL_OK;
}

static enum sl_err
set_part(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, struct sl_key *key, enum sl_key_part part)
{
	SL_SECRET bytes = { 0 };
	const enum sl_err err = sl_key_part(key, part, &bytes);

	return err != SL_OK ? err : sl_attrs_set(attrs, type, bytes.bytes, bytes.len);
}

/* X.690: an OCTET STRING around the point; 133 bytes (P-521) need the long form of the length. */
static enum sl_err
set_point(struct sl_attrs *attrs, struct sl_key *key)
{
	SL_SECRET point = { 0 };
	unsigned char der[256];
	size_t head = 2;
	enum sl_err err;

	if ((err = sl_key_part(key, SL_PART_POINT, &point)) != SL_OK)
		return err;
	if (point.len > 255 - 3)
		return SL_ERR_RANGE;
	der[0] = 0x04;
	der[1] = (unsigned char)point.len;
	if (point.len > 127) {
		der[1] = 0x81;
		der[2] = (unsigned char)point.len;
		head = 3;
	}
	memcpy(der + head, point.bytes, point.len);
	return sl_attrs_set(attrs, CKA_EC_POINT, der, head + point.len);
}

static enum sl_err
rsa_parts(struct sl_attrs *attrs, struct sl_key *key)
{
	enum sl_err err;

	if ((err = set_part(attrs, CKA_MODULUS, key, SL_PART_N)) != SL_OK ||
	    (err = set_part(attrs, CKA_PUBLIC_EXPONENT, key, SL_PART_E)) != SL_OK)
		return err;
	if (sl_attrs_ulong(attrs, CKA_CLASS, 0) == CKO_PUBLIC_KEY)
		err = sl_attrs_set_ulong(attrs, CKA_MODULUS_BITS, sl_key_size(key));
	return err;
}

static enum sl_err
ec_parts(struct sl_attrs *attrs, struct sl_key *key)
{
	enum sl_err err = SL_OK;

	if (sl_attrs_get(attrs, CKA_EC_PARAMS) == NULL)
		err = set_part(attrs, CKA_EC_PARAMS, key, SL_PART_EC_OID);
	if (err == SL_OK && sl_attrs_ulong(attrs, CKA_CLASS, 0) == CKO_PUBLIC_KEY)
		err = set_point(attrs, key);
	return err;
}

enum sl_err
sl_build_public_parts(struct sl_attrs *attrs, struct sl_key *key)
{
	const enum sl_err err = set_part(attrs, CKA_PUBLIC_KEY_INFO, key, SL_PART_SPKI);

	if (err != SL_OK)
		return err;
	return sl_key_kind(key) == SL_KEY_RSA ? rsa_parts(attrs, key) : ec_parts(attrs, key);
}

enum sl_err
sl_build_default_id(struct sl_attrs *attrs, struct sl_key *key)
{
	SL_SECRET spki = { 0 };
	uint8_t digest[SL_HASH_MAX];
	enum sl_err err;

	if ((err = sl_key_part(key, SL_PART_SPKI, &spki)) != SL_OK ||
	    (err = sl_hash_once(SL_HASH_SHA256, spki.bytes, spki.len, digest)) != SL_OK)
		return err;
	return sl_attrs_set(attrs, CKA_ID, digest, 20);
}

enum sl_err
sl_build_unique_id(struct sl_attrs *attrs)
{
	uint8_t bytes[16];
	char text[2 * sizeof(bytes) + 1];
	const enum sl_err err = sl_rand(bytes, sizeof(bytes));

	if (err != SL_OK)
		return err;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return sl_attrs_set(attrs, CKA_UNIQUE_ID, text, strlen(text));
}

enum sl_err
sl_build_recipe(struct sl_attrs *attrs, const struct sl_recipe *recipe)
{
	enum sl_err err;

	if ((err = sl_attrs_set(attrs, CKA_SEEDLEAF_NAME, recipe->name, strlen(recipe->name))) != SL_OK ||
	    (err = sl_attrs_set(attrs, CKA_SEEDLEAF_TYPE, recipe->type.name, strlen(recipe->type.name))) != SL_OK)
		return err;
	return sl_attrs_set_ulong(attrs, CKA_SEEDLEAF_VERSION, recipe->version);
}

enum sl_err
sl_build_certificate(struct sl_attrs *attrs, const struct sl_cert *cert)
{
	enum sl_err err;

	if ((err = sl_attrs_set_ulong(attrs, CKA_CLASS, CKO_CERTIFICATE)) != SL_OK ||
	    (err = sl_attrs_set_ulong(attrs, CKA_CERTIFICATE_TYPE, CKC_X_509)) != SL_OK ||
	    (err = sl_attrs_set(attrs, CKA_VALUE, cert->der.bytes, cert->der.len)) != SL_OK ||
	    (err = sl_attrs_set(attrs, CKA_SUBJECT, cert->subject.bytes, cert->subject.len)) != SL_OK ||
	    (err = sl_attrs_set(attrs, CKA_ISSUER, cert->issuer.bytes, cert->issuer.len)) != SL_OK ||
	    (err = sl_attrs_set(attrs, CKA_SERIAL_NUMBER, cert->serial.bytes, cert->serial.len)) != SL_OK)
		return err;
	return sl_attrs_set(attrs, CKA_PUBLIC_KEY_INFO, cert->spki.bytes, cert->spki.len);
}
