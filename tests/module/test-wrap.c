/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <string.h>

/* C_WrapKey and C_UnwrapKey: PKCS#11 3.0 sections 5.18.3 and 5.18.4. */

static CK_SESSION_HANDLE s;
static CK_SESSION_HANDLE ro;

#define SECRET(type) T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, type)
#define OPEN T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE)

static CK_OBJECT_HANDLE
make(CK_KEY_TYPE type, const void *value, CK_ULONG len, const CK_ATTRIBUTE *more, CK_ULONG n)
{
	CK_ATTRIBUTE template[16] = { SECRET(type), T_BYTES(CKA_VALUE, value, len) };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv;

	if (n != 0)
		memcpy(template + 3, more, n * sizeof(*more));
	rv = p11->C_CreateObject(s, template, 3 + n, &key);
	if (rv != CKR_OK)
		test_bail("C_CreateObject: 0x%lx", rv);
	return key;
}

static CK_RV
wrap(CK_MECHANISM *m, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *len)
{
	*len = 4096;
	return p11->C_WrapKey(s, m, by, key, out, len);
}

static CK_RV
unwrap(CK_MECHANISM *m, CK_OBJECT_HANDLE by, const CK_BYTE *in, CK_ULONG len, CK_OBJECT_CLASS class, CK_KEY_TYPE type, CK_OBJECT_HANDLE *key)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, class), T_ULONG(CKA_KEY_TYPE, type), OPEN };

	return p11->C_UnwrapKey(s, m, by, (CK_BYTE *)(uintptr_t)in, len, template, LEN(template), key);
}

/* RFC 3394 section 4 and RFC 5649 section 6 */
static void
published(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE mechanism;
		const char *kek;
		const char *key;
		const char *wrapped;
	} cases[] = {
		{ "RFC 3394 4.1", CKM_AES_KEY_WRAP, "000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
		  "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5" },
		{ "RFC 3394 4.2", CKM_AES_KEY_WRAP, "000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF",
		  "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D" },
		{ "RFC 3394 4.3", CKM_AES_KEY_WRAP, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
		  "00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7" },
		{ "RFC 3394 4.4", CKM_AES_KEY_WRAP, "000102030405060708090A0B0C0D0E0F1011121314151617",
		  "00112233445566778899AABBCCDDEEFF0001020304050607", "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2" },
		{ "RFC 3394 4.5", CKM_AES_KEY_WRAP, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
		  "00112233445566778899AABBCCDDEEFF0001020304050607", "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1" },
		{ "RFC 3394 4.6", CKM_AES_KEY_WRAP, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
		  "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
		  "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21" },
		{ "RFC 5649, 20 bytes", CKM_AES_KEY_WRAP_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
		  "c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a" },
		{ "RFC 5649, 7 bytes", CKM_AES_KEY_WRAP_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "466f7250617369",
		  "afbeb0f07dfbf5419200f2ccb50bb24f" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_MECHANISM m = { cases[i].mechanism, NULL, 0 };
		CK_BYTE kek[32];
		CK_BYTE key[64];
		CK_BYTE want[64];
		CK_BYTE got[4096];
		const size_t kek_len = test_hex(cases[i].kek, kek, sizeof(kek));
		const size_t key_len = test_hex(cases[i].key, key, sizeof(key));
		const size_t want_len = test_hex(cases[i].wrapped, want, sizeof(want));
		const CK_OBJECT_HANDLE by = make(CKK_AES, kek, kek_len, NULL, 0);
		CK_OBJECT_HANDLE back = 0;
		CK_ULONG len;

		test_eq(wrap(&m, by, make(CKK_GENERIC_SECRET, key, key_len, NULL, 0), got, &len), CKR_OK, "%s: C_WrapKey", cases[i].name);
		test_mem(got, len, want, want_len, "%s: the figures", cases[i].name);
		test_eq(unwrap(&m, by, want, want_len, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &back), CKR_OK, "%s: C_UnwrapKey", cases[i].name);
		test_mem(got, mod_attr(s, back, CKA_VALUE, got, sizeof(got)), key, key_len, "%s: and back", cases[i].name);
	}
}

/* Every mechanism that the list says can wrap, over every kind of key */

static CK_BYTE iv[16] = { 7 };
static CK_GCM_PARAMS gcm = { iv, 12, 96, NULL, 0, 128 };
static CK_CCM_PARAMS ccm = { 0, iv, 12, NULL, 0, 16 };
static struct rsa_aes {
	CK_ULONG bits;
	CK_RSA_PKCS_OAEP_PARAMS *oaep;
} rsa_aes;
static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0 };

enum carries { ANY, BLOCKS, SHORT, WHOLE };

static struct {
	CK_MECHANISM m;
	enum carries carries;
	bool checks; /* tells when the blob was changed */
} ways[] = {
	{ { CKM_AES_ECB, NULL, 0 }, BLOCKS, false }, { { CKM_AES_CBC, iv, 16 }, BLOCKS, false }, { { CKM_AES_CBC_PAD, iv, 16 }, ANY, false },
	{ { CKM_AES_GCM, &gcm, sizeof(gcm) }, ANY, true }, { { CKM_AES_CCM, &ccm, sizeof(ccm) }, ANY, true },
	{ { CKM_AES_KEY_WRAP, NULL, 0 }, WHOLE, true }, { { CKM_AES_KEY_WRAP_PAD, NULL, 0 }, ANY, true },
	{ { CKM_AES_KEY_WRAP_KWP, NULL, 0 }, ANY, true }, { { CKM_RSA_PKCS, NULL, 0 }, SHORT, true },
	{ { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) }, SHORT, true }, { { CKM_RSA_AES_KEY_WRAP, &rsa_aes, sizeof(rsa_aes) }, ANY, true },
};

static void
none_forgotten(void)
{
	CK_MECHANISM_TYPE list[256];
	CK_ULONG n = LEN(list);

	if (p11->C_GetMechanismList(SLOT_OWNER, list, &n) != CKR_OK)
		test_bail("no list");
	for (CK_ULONG i = 0; i < n; i++) {
		CK_MECHANISM_INFO info = { .flags = 0 };
		bool known = false;

		(void)p11->C_GetMechanismInfo(SLOT_OWNER, list[i], &info);
		for (size_t k = 0; k < LEN(ways); k++)
			known = known || ways[k].m.mechanism == list[i];
		test_ok(((info.flags & (CKF_WRAP | CKF_UNWRAP)) != 0) == known, "0x%lx is tested exactly when it wraps", list[i]);
	}
}

static void
room(CK_MECHANISM *m, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key, CK_ULONG need)
{
	CK_BYTE out[4096];
	CK_ULONG len = 0;

	test_eq(p11->C_WrapKey(s, m, by, key, NULL, &len), CKR_OK, "0x%lx: length query", m->mechanism);
	test_eq(len, need, "0x%lx: the length", m->mechanism);
	len = need - 1;
	memset(out, 0x5a, sizeof(out));
	test_eq(p11->C_WrapKey(s, m, by, key, out, &len), CKR_BUFFER_TOO_SMALL, "0x%lx: a byte short", m->mechanism);
	test_ok(len == need && out[0] == 0x5a, "0x%lx: nothing written, the length told", m->mechanism);
	test_eq(p11->C_WrapKey(s, m, by, key, out, NULL), CKR_ARGUMENTS_BAD, "0x%lx: nowhere for the length", m->mechanism);
}

static void
round_trips(const struct pair *rsa, const CK_OBJECT_HANDLE private[4], CK_OBJECT_HANDLE aes)
{
	static const CK_BYTE bytes[] = "forty bytes of a generic secret key ....";
	static const CK_ULONG lengths[] = { 16, 32, 40, 5 };
	static const CK_KEY_TYPE types[] = { CKK_RSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY };
	CK_BYTE blob[4096];
	CK_BYTE value[64];
	CK_ULONG len;

	for (size_t w = 0; w < LEN(ways); w++) {
		CK_MECHANISM *m = &ways[w].m;
		const bool by_rsa = ways[w].carries == SHORT || m->mechanism == CKM_RSA_AES_KEY_WRAP;
		const CK_OBJECT_HANDLE by = by_rsa ? rsa->public : aes;
		const CK_OBJECT_HANDLE back_by = by_rsa ? rsa->private : aes;

		for (size_t i = 0; i < LEN(lengths); i++) {
			const CK_OBJECT_HANDLE key = make(CKK_GENERIC_SECRET, bytes, lengths[i], NULL, 0);
			CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET), OPEN, T_ULONG(CKA_VALUE_LEN, lengths[i]) };
			const bool fits = ways[w].carries != WHOLE || lengths[i] % 8 == 0;
			CK_OBJECT_HANDLE back = 0;
			CK_RV rv = wrap(m, by, key, blob, &len);

			if (!test_eq(rv, fits ? CKR_OK : CKR_KEY_SIZE_RANGE, "0x%lx wraps %lu bytes", m->mechanism, lengths[i]) || rv != CKR_OK)
				continue;
			room(m, by, key, len);
			test_eq(p11->C_UnwrapKey(s, m, back_by, blob, len, template, LEN(template), &back), CKR_OK, "0x%lx unwraps them", m->mechanism);
			test_mem(value, mod_attr(s, back, CKA_VALUE, value, sizeof(value)), bytes, lengths[i], "0x%lx: the same value", m->mechanism);
			test_ok(!mod_bool(s, back, CKA_LOCAL) && !mod_bool(s, back, CKA_ALWAYS_SENSITIVE) && !mod_bool(s, back, CKA_NEVER_EXTRACTABLE),
			        "0x%lx: it was outside", m->mechanism);
			blob[len - 1] ^= 0x40;
			back = 4711;
			rv = p11->C_UnwrapKey(s, m, back_by, blob, len, template, LEN(template), &back);
			test_ok(ways[w].checks ? rv == CKR_WRAPPED_KEY_INVALID && back == 4711 : rv == CKR_OK || rv == CKR_WRAPPED_KEY_INVALID,
			        "0x%lx: changed, 0x%lx", m->mechanism, rv);
			rv = p11->C_UnwrapKey(s, m, back_by, blob, len - 1, template, LEN(template), &back);
			test_ok(rv == CKR_WRAPPED_KEY_LEN_RANGE || rv == CKR_WRAPPED_KEY_INVALID, "0x%lx: cut, 0x%lx", m->mechanism, rv);
			test_eq(p11->C_UnwrapKey(s, m, back_by, blob, 0, template, LEN(template), &back), CKR_WRAPPED_KEY_LEN_RANGE,
			        "0x%lx: nothing", m->mechanism);
		}
		for (size_t i = 0; i < LEN(types); i++) {
			CK_BYTE spki[2][600];
			CK_OBJECT_HANDLE back = 0;
			CK_RV rv = wrap(m, by, private[i], blob, &len);

			if (!test_eq(rv, ways[w].carries == ANY ? CKR_OK : CKR_KEY_NOT_WRAPPABLE, "0x%lx, private key %zu", m->mechanism, i) || rv != CKR_OK)
				continue;
			test_eq(unwrap(m, back_by, blob, len, CKO_PRIVATE_KEY, types[i], &back), CKR_OK, "0x%lx unwraps it", m->mechanism);
			test_mem(spki[0], mod_attr(s, back, CKA_PUBLIC_KEY_INFO, spki[0], 600), spki[1],
			         mod_attr(s, private[i], CKA_PUBLIC_KEY_INFO, spki[1], 600), "0x%lx: the same key", m->mechanism);
			rv = unwrap(m, back_by, blob, len, CKO_PRIVATE_KEY, types[(i + 1) % 4], &back);
			test_eq(rv, CKR_TEMPLATE_INCONSISTENT, "0x%lx: not as another type", m->mechanism);
			rv = unwrap(m, back_by, blob, len, CKO_SECRET_KEY, CKK_AES, &back);
			test_eq(rv, CKR_WRAPPED_KEY_INVALID, "0x%lx: nor as an AES key", m->mechanism);
		}
	}
}

/*
 * The rules. What each stops is known from: Clulow, On the Security of PKCS#11, CHES 2003 (C); Delaune, Kremer, Steel, Formal Analysis of PKCS#11 and
 * Proprietary Extensions, JCS 2010 (D); Bortolozzo, Centenaro, Focardi, Steel, Attacking and Fixing PKCS#11 Security Tokens, CCS 2010 (T, Tookan).
 */
static void
rules(CK_OBJECT_HANDLE aes)
{
	static const CK_BYTE bytes[32] = "the value of a key, all of it ..";
	CK_MECHANISM kwp = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	const CK_ATTRIBUTE closed[] = { T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_FALSE) };
	const CK_ATTRIBUTE sensitive[] = { T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	const CK_ATTRIBUTE with_trusted[] = { T_BOOL(CKA_EXTRACTABLE, CK_TRUE), T_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE) };
	const CK_ATTRIBUTE no_wrap[] = { T_BOOL(CKA_WRAP, CK_FALSE), T_BOOL(CKA_UNWRAP, CK_FALSE) };
	const CK_ATTRIBUTE wrap_only[] = { T_BOOL(CKA_WRAP, CK_TRUE), T_BOOL(CKA_UNWRAP, CK_TRUE), T_BOOL(CKA_ENCRYPT, CK_FALSE),
		T_BOOL(CKA_DECRYPT, CK_FALSE) };
	CK_MECHANISM_TYPE only = CKM_AES_KEY_WRAP_KWP;
	const CK_ATTRIBUTE one_mechanism[] = { T_BYTES(CKA_ALLOWED_MECHANISMS, &only, sizeof(only)), T_BOOL(CKA_WRAP, CK_TRUE) };
	const CK_OBJECT_HANDLE key = make(CKK_AES, bytes, 32, sensitive, 2);
	CK_OBJECT_HANDLE by = 0;
	CK_OBJECT_HANDLE back = 4711;
	CK_BYTE blob[4096];
	CK_ULONG len;

	test_eq(wrap(&kwp, aes, make(CKK_AES, bytes, 32, closed, 2), blob, &len), CKR_KEY_UNEXTRACTABLE, "an unextractable key stays");
	test_eq(wrap(&kwp, aes, make(CKK_AES, bytes, 32, with_trusted, 2), blob, &len), CKR_KEY_NOT_WRAPPABLE,
	        "CKA_WRAP_WITH_TRUSTED: not with a key of the user's own (T a1: wrap and decrypt)");
	by = make(CKK_AES, bytes, 32, wrap_only, 4);
	test_eq(wrap(&kwp, by, key, blob, &len), CKR_OK, "a sensitive key goes wrapped");
	test_eq(p11->C_DecryptInit(s, &kwp, by), CKR_KEY_FUNCTION_NOT_PERMITTED, "what wraps does not decrypt (C 3.2, D 2.2, T a1)");
	test_eq(p11->C_EncryptInit(s, &kwp, by), CKR_KEY_FUNCTION_NOT_PERMITTED, "what unwraps does not encrypt (T a2)");
	by = make(CKK_AES, bytes, 32, no_wrap, 2);
	test_eq(wrap(&kwp, by, key, blob, &len), CKR_KEY_FUNCTION_NOT_PERMITTED, "without CKA_WRAP");
	test_eq(unwrap(&kwp, by, blob, 40, CKO_SECRET_KEY, CKK_AES, &back), CKR_KEY_FUNCTION_NOT_PERMITTED, "without CKA_UNWRAP");
	by = make(CKK_AES, bytes, 32, one_mechanism, 2);
	test_eq(wrap(&ecb, by, key, blob, &len), CKR_MECHANISM_INVALID, "CKA_ALLOWED_MECHANISMS");
	test_eq(unwrap(&ecb, by, blob, 32, CKO_SECRET_KEY, CKK_AES, &back), CKR_MECHANISM_INVALID, "and back");
	test_eq(wrap(&kwp, by, key, blob, &len), CKR_OK, "the allowed one");
	test_eq(unwrap(&kwp, by, blob, len, CKO_SECRET_KEY, CKK_CHACHA20, &back), CKR_OK, "a type of the same length");
	back = 4711;
	test_eq(unwrap(&kwp, by, blob, len, CKO_SECRET_KEY, CKK_AES_XTS, &back), CKR_OK, "and another");
	back = 4711;
	test_eq(unwrap(&kwp, by, blob, len, CKO_DATA, CKK_AES, &back), CKR_TEMPLATE_INCONSISTENT, "not as data");
	test_eq(unwrap(&kwp, by, blob, len, CKO_PUBLIC_KEY, CKK_RSA, &back), CKR_TEMPLATE_INCONSISTENT, "nor as a public key");
	test_eq(unwrap(&kwp, by, blob, len, CKO_PRIVATE_KEY, CKK_EC, &back), CKR_WRAPPED_KEY_INVALID, "nor as a private key");
	test_eq(back, 4711, "no handle");
	{
		CK_ATTRIBUTE value[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 32) };
		CK_ATTRIBUTE trusted[] = { SECRET(CKK_AES), T_BOOL(CKA_TRUSTED, CK_TRUE) };
		CK_ATTRIBUTE token[] = { SECRET(CKK_AES), T_BOOL(CKA_TOKEN, CK_TRUE) };
		CK_ATTRIBUTE type[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY) };

		test_eq(p11->C_UnwrapKey(s, &kwp, by, blob, len, value, 3, &back), CKR_ATTRIBUTE_READ_ONLY, "the value is not the template's");
		test_eq(p11->C_UnwrapKey(s, &kwp, by, blob, len, trusted, 3, &back), CKR_ATTRIBUTE_READ_ONLY, "nor is trust");
		test_eq(p11->C_UnwrapKey(ro, &kwp, by, blob, len, token, 3, &back), CKR_SESSION_READ_ONLY, "to the token in a read-only session");
		test_eq(p11->C_UnwrapKey(s, &kwp, by, blob, len, type, 1, &back), CKR_TEMPLATE_INCOMPLETE, "without a type");
		test_eq(p11->C_UnwrapKey(s, &kwp, by, NULL, len, token, 3, &back), CKR_ARGUMENTS_BAD, "from nowhere");
		test_eq(p11->C_UnwrapKey(s, &kwp, by, blob, len, token, 3, NULL), CKR_ARGUMENTS_BAD, "to nowhere");
		test_eq(p11->C_UnwrapKey(s, &kwp, 999999, blob, len, token, 3, &back), CKR_UNWRAPPING_KEY_HANDLE_INVALID, "with nothing");
		test_eq(wrap(&kwp, 999999, key, blob, &len), CKR_WRAPPING_KEY_HANDLE_INVALID, "nothing wraps");
		test_eq(wrap(&kwp, aes, 999999, blob, &len), CKR_KEY_HANDLE_INVALID, "nothing to wrap");
	}
}

static void
templates(void)
{
	static const CK_BYTE bytes[32] = "templates inside of templates ..";
	CK_MECHANISM kwp = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_ATTRIBUTE signs[] = { T_BOOL(CKA_SIGN, CK_TRUE), T_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET) };
	CK_ATTRIBUTE closes[] = { T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_FALSE), T_BOOL(CKA_WRAP, CK_FALSE) };
	CK_ATTRIBUTE trusts[] = { T_BOOL(CKA_TRUSTED, CK_TRUE) };
	CK_ATTRIBUTE gives[] = { T_BYTES(CKA_VALUE, bytes, 16) };
	CK_ATTRIBUTE keeps[] = { T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_ATTRIBUTE crooked[] = { { CKA_SIGN, (void *)(uintptr_t)bytes, 3 } };
	const CK_ATTRIBUTE by_rule[] = { { CKA_WRAP_TEMPLATE, signs, sizeof(signs) }, { CKA_UNWRAP_TEMPLATE, closes, sizeof(closes) } };
	const CK_ATTRIBUTE not_signs[] = { T_BOOL(CKA_SIGN, CK_FALSE) };
	const CK_OBJECT_HANDLE by = make(CKK_AES, bytes, 32, by_rule, 2);
	const struct {
		const char *name;
		CK_ATTRIBUTE *template;
		CK_RV rv;
	} bad[] = { { "trust", trusts, CKR_TEMPLATE_INCONSISTENT }, { "a value", gives, CKR_TEMPLATE_INCONSISTENT },
		    { "the token in a read-only session", keeps, CKR_SESSION_READ_ONLY }, { "three bytes of truth", crooked, CKR_TEMPLATE_INCONSISTENT } };
	CK_ATTRIBUTE plain[] = { SECRET(CKK_GENERIC_SECRET) };
	CK_ATTRIBUTE open[] = { SECRET(CKK_GENERIC_SECRET), OPEN };
	CK_ATTRIBUTE none[] = { { CKA_UNWRAP_TEMPLATE, NULL, 0 } };
	CK_OBJECT_HANDLE back = 4711;
	CK_ATTRIBUTE room[3] = { { .type = 0 } };
	CK_ATTRIBUTE asked = { CKA_UNWRAP_TEMPLATE, NULL, 0 };
	CK_BYTE blob[4096];
	CK_ULONG len;

	test_eq(wrap(&kwp, by, make(CKK_AES, bytes, 32, NULL, 0), blob, &len), CKR_KEY_HANDLE_INVALID, "CKA_WRAP_TEMPLATE: another type");
	test_eq(wrap(&kwp, by, make(CKK_GENERIC_SECRET, bytes, 32, not_signs, 1), blob, &len), CKR_KEY_HANDLE_INVALID, "CKA_WRAP_TEMPLATE: no CKA_SIGN");
	test_eq(wrap(&kwp, by, make(CKK_GENERIC_SECRET, bytes, 32, NULL, 0), blob, &len), CKR_OK, "CKA_WRAP_TEMPLATE: what fits");
	test_eq(p11->C_UnwrapKey(s, &kwp, by, blob, len, open, LEN(open), &back), CKR_TEMPLATE_INCONSISTENT,
	        "CKA_UNWRAP_TEMPLATE: what came closed is not opened (D 2.3, T a3: unwrap with other attributes)");
	test_eq(back, 4711, "no handle");
	test_eq(p11->C_UnwrapKey(s, &kwp, by, blob, len, plain, LEN(plain), &back), CKR_OK, "CKA_UNWRAP_TEMPLATE: it is added");
	test_ok(mod_bool(s, back, CKA_SENSITIVE) && !mod_bool(s, back, CKA_EXTRACTABLE) && !mod_bool(s, back, CKA_WRAP), "and holds");
	test_eq(mod_attr_rv(s, back, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "its value is not shown");
	test_eq(p11->C_CopyObject(s, by, none, 1, &back), CKR_ATTRIBUTE_READ_ONLY, "a copy does not lose the rule");
	test_eq(p11->C_SetAttributeValue(s, by, none, 1), CKR_ATTRIBUTE_READ_ONLY, "nor does the key");
	/* Section 5.7.5: the array's length, the members' lengths, the members. */
	test_eq(p11->C_GetAttributeValue(s, by, &asked, 1), CKR_OK, "the template's length");
	test_eq(asked.ulValueLen, sizeof(closes), "three attributes");
	asked.pValue = room;
	test_eq(p11->C_GetAttributeValue(s, by, &asked, 1), CKR_OK, "the members' lengths");
	test_ok(room[2].type == CKA_WRAP && room[2].ulValueLen == 1, "are told");
	for (size_t i = 0; i < 3; i++)
		room[i].pValue = blob + 100 + i;
	test_eq(p11->C_GetAttributeValue(s, by, &asked, 1), CKR_OK, "the members");
	test_ok(blob[100] == CK_TRUE && blob[101] == CK_FALSE && blob[102] == CK_FALSE, "are told");
	for (size_t i = 0; i < LEN(bad); i++) {
		const CK_ATTRIBUTE rule[] = { { CKA_UNWRAP_TEMPLATE, bad[i].template, sizeof(CK_ATTRIBUTE) } };
		const CK_OBJECT_HANDLE with = make(CKK_AES, bytes, 32, rule, 1);

		back = 4711;
		test_eq(p11->C_UnwrapKey(ro, &kwp, with, blob, len, plain, LEN(plain), &back), bad[i].rv, "CKA_UNWRAP_TEMPLATE gives no %s", bad[i].name);
		test_eq(back, 4711, "no handle");
	}
}

/* Section 2.1.21: what it is made of, by the mechanisms that it is made of; its parameter; and one answer for whatever is wrong. */
static void
both(const struct pair *rsa)
{
	static const CK_BYTE bytes[] = "a secret that goes in two steps";
	static const CK_ULONG bits[] = { 128, 192, 256 };
	CK_MECHANISM m = { CKM_RSA_AES_KEY_WRAP, &rsa_aes, sizeof(rsa_aes) };
	CK_MECHANISM first = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	CK_MECHANISM second = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	const CK_OBJECT_HANDLE key = make(CKK_GENERIC_SECRET, bytes, 31, NULL, 0);
	struct rsa_aes no_bits = { 0, &oaep };
	struct rsa_aes odd = { 160, &oaep };
	struct rsa_aes no_oaep = { 256, NULL };
	CK_MECHANISM bad[] = { { CKM_RSA_AES_KEY_WRAP, NULL, 0 }, { CKM_RSA_AES_KEY_WRAP, &no_bits, sizeof(no_bits) }, { CKM_RSA_AES_KEY_WRAP, &odd, sizeof(odd) },
		               { CKM_RSA_AES_KEY_WRAP, &no_oaep, sizeof(no_oaep) }, { CKM_RSA_AES_KEY_WRAP, &rsa_aes, sizeof(rsa_aes) - 1 } };
	CK_OBJECT_HANDLE inner = 0;
	CK_OBJECT_HANDLE back = 0;
	CK_BYTE blob[4096];
	CK_BYTE value[64];
	CK_ULONG len;

	for (size_t i = 0; i < LEN(bits); i++) {
		rsa_aes.bits = bits[i];
		test_eq(wrap(&m, rsa->public, key, blob, &len), CKR_OK, "%lu bits", bits[i]);
		test_eq(len, 256 + 40, "RSA's block, and KWP of 31 bytes");
		test_eq(unwrap(&first, rsa->private, blob, 256, CKO_SECRET_KEY, CKK_AES, &inner), CKR_OK, "the first part by OAEP");
		test_eq(mod_ulong(s, inner, CKA_VALUE_LEN), bits[i] / 8, "an AES key");
		test_eq(unwrap(&second, inner, blob + 256, len - 256, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &back), CKR_OK, "the second by KWP with it");
		test_mem(value, mod_attr(s, back, CKA_VALUE, value, sizeof(value)), bytes, 31, "the secret");
	}
	rsa_aes.bits = 128;
	test_eq(unwrap(&m, rsa->private, blob, len, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &back), CKR_WRAPPED_KEY_INVALID, "the key inside has another length");
	rsa_aes.bits = 256;
	for (CK_ULONG at = 0; at < len; at += 37) {
		blob[at] ^= 1;
		test_eq(unwrap(&m, rsa->private, blob, len, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &back), CKR_WRAPPED_KEY_INVALID, "byte %lu changed", at);
		blob[at] ^= 1;
	}
	test_eq(unwrap(&m, rsa->private, blob, 256, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &back), CKR_WRAPPED_KEY_LEN_RANGE, "no second part");
	for (size_t i = 0; i < LEN(bad); i++) {
		test_eq(wrap(&bad[i], rsa->public, key, value, &len), CKR_MECHANISM_PARAM_INVALID, "bad parameter %zu", i);
		test_eq(unwrap(&bad[i], rsa->private, blob, 296, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &back), CKR_MECHANISM_PARAM_INVALID, "and back");
	}
}

int
main(int argc, char **argv)
{
	static const CK_BYTE kek[32] = "the key that wraps all others...";
	CK_ATTRIBUTE goes[] = { OPEN };
	CK_ATTRIBUTE wraps[] = { T_ULONG(CKA_MODULUS_BITS, 2048), T_BOOL(CKA_WRAP, CK_TRUE) };
	CK_ATTRIBUTE unwraps[] = { T_BOOL(CKA_UNWRAP, CK_TRUE), OPEN };
	static const struct {
		CK_MECHANISM_TYPE mechanism;
		const char *curve;
		CK_ULONG len;
	} pairs[] = { { CKM_EC_KEY_PAIR_GEN, OID_P384, sizeof(OID_P384) - 1 }, { CKM_EC_EDWARDS_KEY_PAIR_GEN, OID_ED25519, 5 },
		      { CKM_EC_MONTGOMERY_KEY_PAIR_GEN, OID_X25519, 5 } };
	CK_MECHANISM rsa_gen = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE private[4] = { 0 };
	CK_OBJECT_HANDLE public = 0;
	struct pair rsa = { 0, 0 };
	CK_OBJECT_HANDLE aes;

	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	ro = mod_open(SLOT_OWNER, false);
	aes = make(CKK_AES, kek, 32, NULL, 0);
	if (p11->C_GenerateKeyPair(s, &rsa_gen, wraps, 2, unwraps, 3, &rsa.public, &rsa.private) != CKR_OK)
		test_bail("no RSA pair");
	private[0] = rsa.private;
	for (size_t i = 0; i < LEN(pairs); i++) {
		CK_MECHANISM m = { pairs[i].mechanism, NULL, 0 };
		CK_ATTRIBUTE curve[] = { T_BYTES(CKA_EC_PARAMS, pairs[i].curve, pairs[i].len) };

		if (p11->C_GenerateKeyPair(s, &m, curve, 1, goes, 2, &public, &private[i + 1]) != CKR_OK)
			test_bail("no pair");
	}
	rsa_aes = (struct rsa_aes){ 256, &oaep };
	published();
	none_forgotten();
	round_trips(&rsa, private, aes);
	both(&rsa);
	rules(aes);
	templates();
	mod_fini();
	return test_done();
}
