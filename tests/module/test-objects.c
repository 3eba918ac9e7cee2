/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <string.h>

/* Objects are made, read, changed, copied and destroyed: PKCS#11 3.0 section 5.7 and chapter 4. */

static CK_SESSION_HANDLE rw;
static CK_SESSION_HANDLE ro;

/* The generator of P-256, and the public key of the first test of RFC 8032 section 7.1. */
#define P256_RAW \
	"\x04" \
	"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96" \
	"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"
#define P256_POINT "\x04\x41" P256_RAW
#define ED25519_RAW "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a"

static CK_ULONG zero;

static void
create(void)
{
	CK_ATTRIBUTE data[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_VALUE, "value"), T_TEXT(CKA_APPLICATION, "app") };
	CK_ATTRIBUTE no_class[] = { T_TEXT(CKA_VALUE, "value") };
	CK_ATTRIBUTE odd_class[] = { T_ULONG(CKA_CLASS, 0x4711) };
	CK_ATTRIBUTE short_class[] = { { CKA_CLASS, &zero, 4 } };
	CK_ATTRIBUTE unknown[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_ULONG(0x4711, 1) };
	CK_ATTRIBUTE foreign[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_ULONG(CKA_MODULUS_BITS, 2048) };
	CK_ATTRIBUTE twice_same[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_LABEL, "a"), T_TEXT(CKA_LABEL, "a") };
	CK_ATTRIBUTE twice[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_LABEL, "a"), T_TEXT(CKA_LABEL, "b") };
	CK_ATTRIBUTE bool_long[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_ULONG(CKA_TOKEN, 1) };
	CK_ATTRIBUTE bool_seven[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BOOL(CKA_PRIVATE, 7) };
	CK_ATTRIBUTE latin1[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_LABEL, "\xe9t\xe9") };
	CK_ATTRIBUTE unique[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_UNIQUE_ID, "mine") };
	CK_ATTRIBUTE cert[] = { T_ULONG(CKA_CLASS, CKO_CERTIFICATE), T_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
		T_TEXT(CKA_SUBJECT, "\x30\x00"), T_TEXT(CKA_VALUE, "\x30\x00"), T_TEXT(CKA_LABEL, "odd certificate") };
	CK_ATTRIBUTE trusted[] = { T_ULONG(CKA_CLASS, CKO_CERTIFICATE), T_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
		T_TEXT(CKA_SUBJECT, "\x30\x00"), T_TEXT(CKA_VALUE, "\x30\x00"), T_BOOL(CKA_TRUSTED, CK_TRUE) };
	CK_ATTRIBUTE date[] = { T_ULONG(CKA_CLASS, CKO_CERTIFICATE), T_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
		T_TEXT(CKA_SUBJECT, "\x30\x00"), T_TEXT(CKA_VALUE, "\x30\x00"), T_TEXT(CKA_START_DATE, "2026-1-1") };
	CK_ATTRIBUTE wtls[] = { T_ULONG(CKA_CLASS, CKO_CERTIFICATE), T_ULONG(CKA_CERTIFICATE_TYPE, 2), T_TEXT(CKA_VALUE, "v") };
	CK_ATTRIBUTE no_subject[] = { T_ULONG(CKA_CLASS, CKO_CERTIFICATE), T_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
		T_TEXT(CKA_VALUE, "\x30\x00") };
#define PUBLIC(type) T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), T_ULONG(CKA_KEY_TYPE, type)
	CK_ATTRIBUTE ec[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_TEXT(CKA_EC_POINT, P256_POINT) };
	CK_ATTRIBUTE ec_raw[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_TEXT(CKA_EC_POINT, P256_RAW) };
	CK_ATTRIBUTE ec_off[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_EC_POINT, P256_POINT, 66) };
	CK_ATTRIBUTE ec_empty[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), { CKA_EC_POINT, NULL, 0 } };
	CK_ATTRIBUTE ec_nowhere[] = { PUBLIC(CKK_EC), { CKA_EC_PARAMS, NULL, 0 }, T_TEXT(CKA_EC_POINT, P256_POINT) };
	CK_ATTRIBUTE ec_koblitz[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_K256), T_TEXT(CKA_EC_POINT, P256_POINT) };
	CK_ATTRIBUTE ec_edwards[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_ED25519), T_TEXT(CKA_EC_POINT, ED25519_RAW) };
	CK_ATTRIBUTE ed_weierstrass[] = { PUBLIC(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, OID_P256), T_TEXT(CKA_EC_POINT, P256_POINT) };
	CK_ATTRIBUTE ed_raw[] = { PUBLIC(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, OID_ED25519), T_TEXT(CKA_EC_POINT, ED25519_RAW) };
	CK_ATTRIBUTE ed[] = { PUBLIC(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, NAME_ED25519), T_TEXT(CKA_EC_POINT, "\x04\x20" ED25519_RAW) };
	CK_ATTRIBUTE no_point[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256) };
	CK_ATTRIBUTE local[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_TEXT(CKA_EC_POINT, P256_POINT), T_BOOL(CKA_LOCAL, CK_TRUE) };
	CK_ATTRIBUTE rsa_empty[] = { PUBLIC(CKK_RSA), { CKA_MODULUS, NULL, 0 }, T_TEXT(CKA_PUBLIC_EXPONENT, "\x01\x00\x01") };
	CK_ATTRIBUTE rsa_even[] = { PUBLIC(CKK_RSA), T_TEXT(CKA_MODULUS, "\xff\x00"), T_TEXT(CKA_PUBLIC_EXPONENT, "\x01\x00\x01") };
	CK_ATTRIBUTE dsa[] = { PUBLIC(CKK_DSA), T_TEXT(CKA_VALUE, "1") };
	CK_ATTRIBUTE mechs[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_TEXT(CKA_EC_POINT, P256_POINT),
		T_TEXT(CKA_ALLOWED_MECHANISMS, "12345") };
#define ROW(t, rv) { #t, t, LEN(t), rv }
	const struct {
		const char *name;
		CK_ATTRIBUTE *template;
		CK_ULONG n;
		CK_RV rv;
	} cases[] = {
		ROW(data, CKR_OK), ROW(no_class, CKR_TEMPLATE_INCOMPLETE), ROW(odd_class, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(short_class, CKR_ATTRIBUTE_VALUE_INVALID), ROW(unknown, CKR_ATTRIBUTE_TYPE_INVALID), ROW(foreign, CKR_ATTRIBUTE_TYPE_INVALID),
		ROW(twice_same, CKR_OK), ROW(twice, CKR_TEMPLATE_INCONSISTENT), ROW(bool_long, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(bool_seven, CKR_ATTRIBUTE_VALUE_INVALID), ROW(latin1, CKR_ATTRIBUTE_VALUE_INVALID), ROW(unique, CKR_ATTRIBUTE_READ_ONLY),
		ROW(cert, CKR_OK), ROW(trusted, CKR_ATTRIBUTE_READ_ONLY), ROW(date, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(wtls, CKR_ATTRIBUTE_VALUE_INVALID), ROW(no_subject, CKR_TEMPLATE_INCOMPLETE),
		ROW(ec, CKR_OK), ROW(ec_raw, CKR_OK), ROW(ec_off, CKR_ATTRIBUTE_VALUE_INVALID), ROW(ec_empty, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(ec_nowhere, CKR_CURVE_NOT_SUPPORTED), ROW(ec_koblitz, CKR_ATTRIBUTE_VALUE_INVALID), ROW(ec_edwards, CKR_TEMPLATE_INCONSISTENT),
		ROW(ed_weierstrass, CKR_TEMPLATE_INCONSISTENT), ROW(ed_raw, CKR_OK), ROW(ed, CKR_OK), ROW(no_point, CKR_TEMPLATE_INCOMPLETE),
		ROW(local, CKR_ATTRIBUTE_READ_ONLY), ROW(rsa_empty, CKR_ATTRIBUTE_VALUE_INVALID), ROW(rsa_even, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(dsa, CKR_ATTRIBUTE_VALUE_INVALID), ROW(mechs, CKR_ATTRIBUTE_VALUE_INVALID),
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_OBJECT_HANDLE object = 4711;

		test_eq(p11->C_CreateObject(rw, cases[i].template, cases[i].n, &object), cases[i].rv, "C_CreateObject: %s", cases[i].name);
		test_ok((object == 4711) == (cases[i].rv != CKR_OK), "%s: a handle exactly when there is an object", cases[i].name);
		if (cases[i].rv == CKR_OK)
			test_eq(p11->C_DestroyObject(ro, object), CKR_OK, "%s: a read-only session destroys session objects", cases[i].name);
	}
	test_eq(mod_find(rw, NULL, 0, NULL, 0), 0, "nothing is left but the root");
}

/* One raw point in 256 of P-256 begins like a DER OCTET STRING (04 3f ...): it is the curve that tells how long a point is. */
#define AMBIGUOUS_COUNT 2
static void
raw_points(void)
{
	static const unsigned char want_first[] = { 0x04, 0x3f };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE params[] = { T_TEXT(CKA_EC_PARAMS, OID_P256) };
	unsigned found = 0;

	for (unsigned tries = 0; tries < 20000 && found < AMBIGUOUS_COUNT; tries++) {
		struct pair pair;
		CK_BYTE point[67];
		CK_ATTRIBUTE raw[] = { PUBLIC(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), { CKA_EC_POINT, point + 2, 65 } };
		CK_OBJECT_HANDLE object;

		if (p11->C_GenerateKeyPair(rw, &m, params, 1, NULL, 0, &pair.public, &pair.private) != CKR_OK)
			test_bail("cannot generate");
		(void)mod_attr(rw, pair.public, CKA_EC_POINT, point, sizeof(point));
		if (memcmp(point + 2, want_first, 2) == 0) {
			found++;
			test_eq(p11->C_CreateObject(rw, raw, LEN(raw), &object), CKR_OK, "a raw point that looks like DER");
			(void)p11->C_DestroyObject(rw, object);
		}
		(void)p11->C_DestroyObject(rw, pair.public);
		(void)p11->C_DestroyObject(rw, pair.private);
	}
	test_eq(found, AMBIGUOUS_COUNT, "found such points");
}

/* Section 5.7.5. */
static void
read_values(void)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_LABEL, "label"), T_TEXT(CKA_VALUE, "0123456789") };
	const struct pair pair = mod_ec(rw, CKM_EC_KEY_PAIR_GEN, OID_P256, "reader", false);
	CK_BYTE value[16];
	CK_BYTE label[4];
	CK_BYTE point[1];
	CK_OBJECT_HANDLE data;
	CK_ULONG size = 0;
	CK_ATTRIBUTE three[] = { { CKA_VALUE, value, sizeof(value) }, { CKA_LABEL, label, sizeof(label) }, { CKA_OBJECT_ID, NULL, 77 },
		{ CKA_MODULUS, value, 3 }, { CKA_APPLICATION, value, 0 }, { CKA_UNIQUE_ID, NULL, 0 } };
	CK_ATTRIBUTE hidden[] = { { CKA_VALUE, NULL, 0 }, { CKA_EC_PARAMS, value, sizeof(value) }, { CKA_VALUE, point, 0 } };

	test_eq(p11->C_CreateObject(rw, template, LEN(template), &data), CKR_OK, "an object to read");
	memset(value, 0xaa, sizeof(value));
	memset(label, 0xaa, sizeof(label));
	/* The last error is told; every attribute is answered. */
	test_eq(p11->C_GetAttributeValue(ro, data, three, 3), CKR_BUFFER_TOO_SMALL, "one buffer is too small");
	test_eq(three[0].ulValueLen, 10, "the one that was large enough: length");
	test_mem(value, 11, "0123456789\xaa", 11, "and value");
	test_eq(three[1].ulValueLen, CK_UNAVAILABLE_INFORMATION, "the one that was not");
	test_mem(label, 4, "\xaa\xaa\xaa\xaa", 4, "has nothing written to it");
	test_eq(three[2].ulValueLen, 0, "length of an empty value");
	three[0].ulValueLen = 10;
	three[1] = (CK_ATTRIBUTE){ CKA_LABEL, NULL, 1 };
	test_eq(p11->C_GetAttributeValue(ro, data, three, LEN(three)), CKR_ATTRIBUTE_TYPE_INVALID, "one attribute that data has not");
	test_eq(three[0].ulValueLen, 10, "exactly enough room");
	test_eq(three[1].ulValueLen, 5, "length query");
	test_eq(three[3].ulValueLen, CK_UNAVAILABLE_INFORMATION, "the one it has not");
	test_eq(three[4].ulValueLen, 0, "an empty value into no room");
	test_eq(three[5].ulValueLen, 32, "a unique id is there");
	test_eq(p11->C_GetAttributeValue(ro, data, NULL, 0), CKR_OK, "no attribute at all");

	test_eq(p11->C_GetAttributeValue(ro, pair.private, hidden, LEN(hidden)), CKR_ATTRIBUTE_SENSITIVE, "a sensitive value");
	test_ok(hidden[0].ulValueLen == CK_UNAVAILABLE_INFORMATION && hidden[2].ulValueLen == CK_UNAVAILABLE_INFORMATION, "not even its length");
	test_eq(hidden[1].ulValueLen, sizeof(OID_P256) - 1, "what is beside it is told");
	test_eq(mod_attr_rv(ro, pair.private, CKA_PRIME_1), CKR_ATTRIBUTE_TYPE_INVALID, "an EC key has no primes");
	test_eq(mod_attr_rv(ro, pair.public, CKA_VALUE), CKR_ATTRIBUTE_TYPE_INVALID, "a public key has no value");
	test_eq(p11->C_GetObjectSize(ro, data, &size), CKR_OK, "C_GetObjectSize");
	test_ok(size >= 15 && size < 100000, "a size of %lu", size);
	test_eq(p11->C_GetObjectSize(ro, pair.private, &size), CKR_OK, "of a key, too");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	rw = mod_open(SLOT_OWNER, true);
	ro = mod_open(SLOT_OWNER, false);
	create();
	raw_points();
	read_values();
	mod_fini();
	return test_done();
}
