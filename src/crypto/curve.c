/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/curve.h"
#include "crypto/key_internal.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdatomic.h>
#include <string.h>

/* A DER OBJECT IDENTIFIER, or a DER PrintableString, by its contents in a string literal. */
#define OID(text) { (const uint8_t *)(text), sizeof(text) - 1 }
#define BRAINPOOL(last) OID("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01" last)
#define EC(size, name, nid, oid) { SL_KEY_EC, size, name, nid, oid, { { NULL, 0 }, { NULL, 0 } } }

/*
 * RFC 5480 2.1.1.1, SEC 2 A.2, RFC 5639 4.1, RFC 8410 3. The aliases: PKCS#11's curveName (3.0, 2.3.5 and 2.3.8), and
 * what was in use before RFC 8410. NIST curves come first: sl_curve_of().
 */
static const struct sl_curve curves[] = {
	EC(256, "P-256", NID_X9_62_prime256v1, OID("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")),
	EC(384, "P-384", NID_secp384r1, OID("\x06\x05\x2b\x81\x04\x00\x22")),
	EC(521, "P-521", NID_secp521r1, OID("\x06\x05\x2b\x81\x04\x00\x23")),
	EC(224, "P-224", NID_secp224r1, OID("\x06\x05\x2b\x81\x04\x00\x21")),
	EC(256, "secp256k1", NID_secp256k1, OID("\x06\x05\x2b\x81\x04\x00\x0a")),
	EC(224, "brainpoolP224r1", NID_brainpoolP224r1, BRAINPOOL("\x05")),
	EC(256, "brainpoolP256r1", NID_brainpoolP256r1, BRAINPOOL("\x07")),
	EC(320, "brainpoolP320r1", NID_brainpoolP320r1, BRAINPOOL("\x09")),
	EC(384, "brainpoolP384r1", NID_brainpoolP384r1, BRAINPOOL("\x0b")),
	EC(512, "brainpoolP512r1", NID_brainpoolP512r1, BRAINPOOL("\x0d")),
	{ SL_KEY_ED25519, 256, "Ed25519", 0, OID("\x06\x03\x2b\x65\x70"),
	  { OID("\x13\x0c" "edwards25519"), OID("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01") } },
	{ SL_KEY_X25519, 256, "X25519", 0, OID("\x06\x03\x2b\x65\x6e"),
	  { OID("\x13\x0a" "curve25519"), OID("\x06\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01") } },
	{ SL_KEY_ED448, 456, "Ed448", 0, OID("\x06\x03\x2b\x65\x71"), { OID("\x13\x0a" "edwards448"), { NULL, 0 } } },
	{ SL_KEY_X448, 448, "X448", 0, OID("\x06\x03\x2b\x65\x6f"), { OID("\x13\x08" "curve448"), { NULL, 0 } } },
};

static _Atomic(EC_GROUP *) groups[SL_ARRAY_LEN(curves)];

static const EC_GROUP *
group_at(size_t i)
{
	EC_GROUP *group = atomic_load(&groups[i]);
	EC_GROUP *other = NULL;

	if (group != NULL)
		return group;
	group = EC_GROUP_new_by_curve_name_ex(sl_ossl_ctx(), NULL, curves[i].nid);
	if (group == NULL || atomic_compare_exchange_strong(&groups[i], &other, group))
		return group;
	EC_GROUP_free(group); /* another thread was faster */
	return other;
}

const EC_GROUP *
sl_key_group(int nid)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++)
		if (curves[i].kind == SL_KEY_EC && curves[i].nid == nid)
			return group_at(i);
	return NULL;
}

static bool
same(const struct sl_bytes *a, const uint8_t *b, size_t b_len)
{
	return a->len != 0 && a->len == b_len && memcmp(a->data, b, b_len) == 0;
}

const struct sl_curve *
sl_curve_find(const uint8_t *params, size_t len)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++) {
		const struct sl_curve *c = &curves[i];

		if (same(&c->oid, params, len) || same(&c->alias[0], params, len) || same(&c->alias[1], params, len))
			return c;
	}
	return NULL;
}

const struct sl_curve *
sl_curve_of(enum sl_key_kind kind, unsigned size)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++)
		if (curves[i].kind == kind && curves[i].size == size)
			return &curves[i];
	return NULL;
}

enum sl_err
sl_key_curve(const uint8_t *params, size_t len, enum sl_key_kind *ret_kind, unsigned *ret_size)
{
	const struct sl_curve *curve = sl_curve_find(params, len);

	if (curve == NULL)
		return SL_ERR_UNSUPPORTED;
	*ret_kind = curve->kind;
	*ret_size = curve->size;
	return SL_OK;
}

const char *
sl_key_curve_name(const uint8_t *params, size_t len)
{
	const struct sl_curve *curve = sl_curve_find(params, len);

	return curve == NULL ? NULL : curve->name;
}

size_t
sl_curve_width(const struct sl_curve *curve)
{
	return (curve->size + 7) / 8;
}

size_t
sl_curve_point_len(const struct sl_curve *curve)
{
	return curve->kind == SL_KEY_EC ? 1 + 2 * sl_curve_width(curve) : sl_curve_width(curve);
}
