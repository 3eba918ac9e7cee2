/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* Key generation: PKCS#11 3.0 section 5.18 and the mechanisms' own sections. */

static CK_SESSION_HANDLE rw;
static CK_SESSION_HANDLE ro;

/* The SubjectPublicKeyInfo, which both halves show and libcrypto reads. */
static CK_ULONG
spki_of(struct pair pair, CK_BYTE spki[1024], const char *what)
{
	CK_BYTE other[1024];
	const CK_BYTE *p = spki;
	const CK_ULONG len = mod_attr(rw, pair.public, CKA_PUBLIC_KEY_INFO, spki, 1024);
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);

	test_ok(key != NULL && p == spki + len, "%s: CKA_PUBLIC_KEY_INFO parses", what);
	EVP_PKEY_free(key);
	test_mem(other, mod_attr(rw, pair.private, CKA_PUBLIC_KEY_INFO, other, sizeof(other)), spki, len, "%s: the same in both halves", what);
	return len;
}

static void
describes(struct pair pair, CK_MECHANISM_TYPE mechanism, bool token, const char *what)
{
	CK_BYTE id[2][64];
	CK_ULONG len[2];

	test_ok(mod_bool(rw, pair.private, CKA_LOCAL) && mod_bool(rw, pair.public, CKA_LOCAL), "%s: CKA_LOCAL", what);
	test_ok(mod_ulong(rw, pair.private, CKA_KEY_GEN_MECHANISM) == mechanism && mod_ulong(rw, pair.public, CKA_KEY_GEN_MECHANISM) == mechanism,
	        "%s: CKA_KEY_GEN_MECHANISM", what);
	test_ok(mod_bool(rw, pair.private, CKA_SENSITIVE) && mod_bool(rw, pair.private, CKA_ALWAYS_SENSITIVE), "%s: always sensitive", what);
	test_ok(!mod_bool(rw, pair.private, CKA_EXTRACTABLE) && mod_bool(rw, pair.private, CKA_NEVER_EXTRACTABLE), "%s: never extractable", what);
	test_ok(mod_bool(rw, pair.private, CKA_PRIVATE) && !mod_bool(rw, pair.public, CKA_PRIVATE), "%s: who is private", what);
	test_ok(mod_bool(rw, pair.private, CKA_TOKEN) == token && mod_bool(rw, pair.public, CKA_TOKEN) == token, "%s: CKA_TOKEN", what);
	test_ok(!mod_bool(rw, pair.private, CKA_ALWAYS_AUTHENTICATE), "%s: nobody is asked again", what);
	len[0] = mod_attr(rw, pair.private, CKA_ID, id[0], 64);
	len[1] = mod_attr(rw, pair.public, CKA_ID, id[1], 64);
	test_ok(len[0] == 20 && len[1] == 20 && memcmp(id[0], id[1], 20) == 0, "%s: the halves share an id", what);
	test_ok(mod_ulong(rw, pair.private, CKA_KEY_TYPE) == mod_ulong(rw, pair.public, CKA_KEY_TYPE), "%s: and a type", what);
}

static void
rsa(void)
{
	static const CK_ULONG sizes[] = { 2048, 3072, 4096 };
	char what[64];

	for (size_t i = 0; i < LEN(sizes); i++) {
		/* Half of them on the token: a search for primes of 4096 bits takes its time. */
		const bool token = i != 2;
		const struct pair pair = mod_rsa(rw, sizes[i], "rsa", token);
		CK_BYTE n[1024];
		CK_BYTE e[8];
		CK_BYTE spki[1024];

		(void)snprintf(what, sizeof(what), "RSA %lu", sizes[i]);
		describes(pair, CKM_RSA_PKCS_KEY_PAIR_GEN, token, what);
		(void)spki_of(pair, spki, what);
		test_eq(mod_attr(rw, pair.public, CKA_MODULUS, n, sizeof(n)), sizes[i] / 8, "%s: modulus", what);
		test_ok((n[0] & 0x80) != 0, "%s: with its top bit", what);
		test_eq(mod_ulong(rw, pair.public, CKA_MODULUS_BITS), sizes[i], "%s: CKA_MODULUS_BITS", what);
		test_mem(e, mod_attr(rw, pair.private, CKA_PUBLIC_EXPONENT, e, sizeof(e)), "\x01\x00\x01", 3, "%s: exponent", what);
		test_eq(mod_attr_rv(rw, pair.private, CKA_PRIME_1), CKR_ATTRIBUTE_SENSITIVE, "%s: its primes are not shown", what);
	}
}

static void
ec(void)
{
	static const struct {
		const char *name;
		const char *params;
		CK_MECHANISM_TYPE mechanism;
		CK_ULONG point;
		const char *der;
		CK_ULONG der_len;
	} curves[] = {
		{ "P-256", OID_P256, CKM_EC_KEY_PAIR_GEN, 67, "\x04\x41\x04", 3 },
		{ "P-384", OID_P384, CKM_EC_KEY_PAIR_GEN, 99, "\x04\x61\x04", 3 },
		{ "P-521", OID_P521, CKM_EC_KEY_PAIR_GEN, 136, "\x04\x81\x85\x04", 4 },
		{ "Ed25519", OID_ED25519, CKM_EC_EDWARDS_KEY_PAIR_GEN, 34, "\x04\x20", 2 },
		{ "Ed25519 by name", NAME_ED25519, CKM_EC_EDWARDS_KEY_PAIR_GEN, 34, "\x04\x20", 2 },
		{ "Ed25519 by CKM_EDDSA", OID_ED25519, CKM_EDDSA, 34, "\x04\x20", 2 },
		{ "Ed25519 by name and CKM_EDDSA", NAME_ED25519, CKM_EDDSA, 34, "\x04\x20", 2 },
		{ "X25519", OID_X25519, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 34, "\x04\x20", 2 },
		{ "X25519 by name", NAME_X25519, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 34, "\x04\x20", 2 },
	};

	for (size_t i = 0; i < 2 * LEN(curves); i++) {
		const size_t c = i / 2;
		const struct pair pair = mod_ec(rw, curves[c].mechanism, curves[c].params, curves[c].name, i % 2 == 0);
		CK_BYTE point[256];
		CK_BYTE params[32];
		CK_BYTE spki[1024];
		const CK_ULONG len = mod_attr(rw, pair.public, CKA_EC_POINT, point, sizeof(point));
		const CK_ULONG spki_len = spki_of(pair, spki, curves[c].name);
		const CK_ULONG raw = curves[c].point - curves[c].der_len;

		describes(pair, curves[c].mechanism, i % 2 == 0, curves[c].name);
		test_eq(len, curves[c].point, "%s: length of CKA_EC_POINT", curves[c].name);
		test_mem(point, curves[c].der_len, curves[c].der, curves[c].der_len, "%s: CKA_EC_POINT is an OCTET STRING", curves[c].name);
		test_mem(spki + spki_len - raw, raw, point + len - raw, raw, "%s: of the same point", curves[c].name);
		test_mem(params, mod_attr(rw, pair.public, CKA_EC_PARAMS, params, sizeof(params)), curves[c].params, (size_t)curves[c].params[1] + 2,
		         "%s: CKA_EC_PARAMS as they were given", curves[c].name);
		test_mem(params, mod_attr(rw, pair.private, CKA_EC_PARAMS, params, sizeof(params)), curves[c].params,
		         (size_t)curves[c].params[1] + 2, "%s: in the private key, too", curves[c].name);
	}
}

static void
secret(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE mechanism;
		CK_ULONG len;
		CK_KEY_TYPE type;
	} cases[] = {
		{ "AES-128", CKM_AES_KEY_GEN, 16, CKK_AES }, { "AES-192", CKM_AES_KEY_GEN, 24, CKK_AES }, { "AES-256", CKM_AES_KEY_GEN, 32, CKK_AES },
		{ "generic", CKM_GENERIC_SECRET_KEY_GEN, 1, CKK_GENERIC_SECRET }, { "generic", CKM_GENERIC_SECRET_KEY_GEN, 512, CKK_GENERIC_SECRET },
		{ "HMAC", CKM_GENERIC_SECRET_KEY_GEN, 32, CKK_SHA256_HMAC },
	};

	for (size_t i = 0; i < 2 * LEN(cases); i++) {
		const bool token = i % 2 == 0;
		CK_MECHANISM m = { cases[i / 2].mechanism, NULL, 0 };
		CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, cases[i / 2].len), T_BOOL(CKA_TOKEN, token), T_BOOL(CKA_SENSITIVE, CK_FALSE),
			T_BOOL(CKA_EXTRACTABLE, CK_TRUE), T_ULONG(CKA_KEY_TYPE, cases[i / 2].type) };
		CK_OBJECT_HANDLE key[2] = { 0, 0 };
		CK_BYTE value[2][512];

		for (size_t k = 0; k < 2; k++)
			test_eq(p11->C_GenerateKey(rw, &m, template, LEN(template), &key[k]), CKR_OK, "%s, %lu bytes", cases[i / 2].name,
			        cases[i / 2].len);
		test_eq(mod_ulong(rw, key[0], CKA_VALUE_LEN), cases[i / 2].len, "CKA_VALUE_LEN");
		test_eq(mod_ulong(rw, key[0], CKA_KEY_TYPE), cases[i / 2].type, "CKA_KEY_TYPE");
		test_eq(mod_ulong(rw, key[0], CKA_CLASS), CKO_SECRET_KEY, "CKA_CLASS");
		for (size_t k = 0; k < 2; k++)
			test_eq(mod_attr(rw, key[k], CKA_VALUE, value[k], sizeof(value[k])), cases[i / 2].len, "its value has the length");
		if (cases[i / 2].len >= 16)
			test_ok(memcmp(value[0], value[1], cases[i / 2].len) != 0, "two of them differ");
	}
}

/* Java: the public template has the curve alone, the private one nothing at all. */
static void
java(void)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE params[] = { T_TEXT(CKA_EC_PARAMS, OID_P256) };
	struct pair pair = { 0, 0 };

	test_eq(p11->C_GenerateKeyPair(ro, &m, params, 1, NULL, 0, &pair.public, &pair.private), CKR_OK, "Java's way, in a read-only session");
	describes(pair, CKM_EC_KEY_PAIR_GEN, false, "Java's way");
	test_ok(mod_bool(rw, pair.private, CKA_SIGN) && mod_bool(rw, pair.public, CKA_VERIFY), "and it signs and verifies");
}

#define EC T_TEXT(CKA_EC_PARAMS, OID_P256)
#define MECH(type) { (type), NULL, 0 }
static void
wrong(void)
{
	CK_ATTRIBUTE none[] = { T_TEXT(CKA_LABEL, "x") };
	CK_ATTRIBUTE bits[][3] = {
		{ T_ULONG(CKA_MODULUS_BITS, 1016) }, { T_ULONG(CKA_MODULUS_BITS, 2047) }, { T_ULONG(CKA_MODULUS_BITS, 8200) },
		{ T_ULONG(CKA_MODULUS_BITS, 0x100000800UL) },
	};
	CK_ATTRIBUTE three[] = { T_ULONG(CKA_MODULUS_BITS, 2048), T_TEXT(CKA_PUBLIC_EXPONENT, "\x03") };
	CK_ATTRIBUTE padded[] = { T_ULONG(CKA_MODULUS_BITS, 2048), T_TEXT(CKA_PUBLIC_EXPONENT, "\x00\x01\x00\x01") };
	CK_ATTRIBUTE zero[] = { T_ULONG(CKA_MODULUS_BITS, 2048), { CKA_PUBLIC_EXPONENT, NULL, 0 } };
	CK_ATTRIBUTE koblitz[] = { T_TEXT(CKA_EC_PARAMS, OID_K256) };
	CK_ATTRIBUTE edwards[] = { T_TEXT(CKA_EC_PARAMS, OID_ED25519) };
	CK_ATTRIBUTE nowhere[] = { { CKA_EC_PARAMS, NULL, 0 } };
	CK_ATTRIBUTE curve[] = { EC };
	CK_ATTRIBUTE x25519[] = { T_TEXT(CKA_EC_PARAMS, OID_X25519) };
	CK_ATTRIBUTE class[] = { EC, T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY) };
	CK_ATTRIBUTE type[] = { EC, T_ULONG(CKA_KEY_TYPE, CKK_RSA) };
	CK_ATTRIBUTE on_token[] = { EC, T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_ATTRIBUTE point[] = { EC, T_TEXT(CKA_EC_POINT, "x") };
	CK_ATTRIBUTE sign[] = { EC, T_BOOL(CKA_SIGN, CK_TRUE) };
	const struct {
		const char *name;
		CK_MECHANISM mechanism;
		CK_ATTRIBUTE *template;
		CK_ULONG n;
		CK_RV rv;
	} cases[] = {
		{ "RSA without a size", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), none, 1, CKR_TEMPLATE_INCOMPLETE },
		{ "RSA, 1016 bits", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), bits[0], 1, CKR_KEY_SIZE_RANGE },
		{ "RSA, 2047 bits", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), bits[1], 1, CKR_KEY_SIZE_RANGE },
		{ "RSA, 8200 bits", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), bits[2], 1, CKR_KEY_SIZE_RANGE },
		{ "RSA, 2^32 + 2048 bits", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), bits[3], 1, CKR_KEY_SIZE_RANGE },
		{ "RSA, exponent 3", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), three, 2, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "RSA, no exponent", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), zero, 2, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "RSA, exponent with a leading zero", MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), padded, 2, CKR_OK },
		{ "EC without a curve", MECH(CKM_EC_KEY_PAIR_GEN), none, 1, CKR_TEMPLATE_INCOMPLETE },
		{ "secp256k1", MECH(CKM_EC_KEY_PAIR_GEN), koblitz, 1, CKR_OK },
		{ "no curve", MECH(CKM_EC_KEY_PAIR_GEN), nowhere, 1, CKR_CURVE_NOT_SUPPORTED },
		{ "Ed25519 as EC", MECH(CKM_EC_KEY_PAIR_GEN), edwards, 1, CKR_CURVE_NOT_SUPPORTED },
		{ "P-256 as Edwards", MECH(CKM_EC_EDWARDS_KEY_PAIR_GEN), curve, 1, CKR_CURVE_NOT_SUPPORTED },
		{ "X25519 as Edwards", MECH(CKM_EDDSA), x25519, 1, CKR_CURVE_NOT_SUPPORTED },
		{ "a private key in the public template", MECH(CKM_EC_KEY_PAIR_GEN), class, 2, CKR_TEMPLATE_INCONSISTENT },
		{ "RSA and a curve", MECH(CKM_EC_KEY_PAIR_GEN), type, 2, CKR_TEMPLATE_INCONSISTENT },
		{ "the public half alone on the token", MECH(CKM_EC_KEY_PAIR_GEN), on_token, 2, CKR_TEMPLATE_INCONSISTENT },
		{ "a point", MECH(CKM_EC_KEY_PAIR_GEN), point, 2, CKR_ATTRIBUTE_READ_ONLY },
		{ "a public key that signs", MECH(CKM_EC_KEY_PAIR_GEN), sign, 2, CKR_ATTRIBUTE_TYPE_INVALID },
		{ "a mechanism that makes one key", MECH(CKM_AES_KEY_GEN), none, 1, CKR_MECHANISM_INVALID },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_MECHANISM m = cases[i].mechanism;
		struct pair pair = { 4711, 4711 };
		const CK_RV rv = p11->C_GenerateKeyPair(rw, &m, cases[i].template, cases[i].n, NULL, 0, &pair.public, &pair.private);

		test_eq(rv, cases[i].rv, "%s", cases[i].name);
		test_ok((pair.public == 4711 && pair.private == 4711) == (rv != CKR_OK), "%s: handles exactly when there are keys", cases[i].name);
	}
}

static void
wrong_secrets(void)
{
	CK_MECHANISM aes = MECH(CKM_AES_KEY_GEN);
	CK_MECHANISM generic = MECH(CKM_GENERIC_SECRET_KEY_GEN);
	CK_ATTRIBUTE len[] = { T_ULONG(CKA_VALUE_LEN, 17) };
	CK_ATTRIBUTE huge[] = { T_ULONG(CKA_VALUE_LEN, 0x100000010UL) };
	CK_ATTRIBUTE zero[] = { T_ULONG(CKA_VALUE_LEN, 0) };
	CK_ATTRIBUTE value[] = { T_ULONG(CKA_VALUE_LEN, 16), T_TEXT(CKA_VALUE, "0123456789abcdef") };
	CK_ATTRIBUTE type[] = { T_ULONG(CKA_VALUE_LEN, 16), T_ULONG(CKA_KEY_TYPE, CKK_DES3) };
	CK_ATTRIBUTE aes_type[] = { T_ULONG(CKA_VALUE_LEN, 16), T_ULONG(CKA_KEY_TYPE, CKK_AES) };
	CK_ATTRIBUTE on_token[] = { T_ULONG(CKA_VALUE_LEN, 16), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE key = 4711;

	test_eq(p11->C_GenerateKey(rw, &aes, len, 1, &key), CKR_KEY_SIZE_RANGE, "AES, 17 bytes");
	test_eq(p11->C_GenerateKey(rw, &aes, huge, 1, &key), CKR_KEY_SIZE_RANGE, "AES, 2^32 + 16 bytes");
	test_eq(p11->C_GenerateKey(rw, &generic, zero, 1, &key), CKR_KEY_SIZE_RANGE, "generic, 0 bytes");
	test_eq(p11->C_GenerateKey(rw, &aes, NULL, 0, &key), CKR_TEMPLATE_INCOMPLETE, "AES without a length");
	test_eq(p11->C_GenerateKey(rw, &aes, value, 2, &key), CKR_ATTRIBUTE_READ_ONLY, "AES with a value");
	test_eq(p11->C_GenerateKey(rw, &generic, type, 2, &key), CKR_ATTRIBUTE_VALUE_INVALID, "a type that we have not");
	test_eq(p11->C_GenerateKey(rw, &generic, aes_type, 2, &key), CKR_TEMPLATE_INCONSISTENT, "AES by the generic mechanism");
	test_eq(p11->C_GenerateKey(ro, &aes, on_token, 2, &key), CKR_SESSION_READ_ONLY, "on the token in a read-only session");
	test_eq(key, 4711, "no handle");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	rw = mod_open(SLOT_OWNER, true);
	ro = mod_open(SLOT_OWNER, false);
	ec();
	secret();
	java();
	wrong();
	wrong_secrets();
	rsa();
	mod_fini();
	return test_done();
}
