/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <string.h>

/* SP 800-108 with additional keys: PKCS#11 3.0 current mechanisms, section 2.42.7. */

static CK_SESSION_HANDLE s;
static CK_OBJECT_HANDLE base;

#define SECRET(type) T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, type)
#define OPEN T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE)

static CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
static CK_SP800_108_DKM_LENGTH_FORMAT length = { CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32 };
static CK_BYTE said[4];
static CK_BYTE iv[16] = { 3 };

/* All segments in one key, with the length field's bytes as they will be. */
static void
stream(CK_MECHANISM_TYPE type, CK_ULONG bits, CK_BYTE out[128])
{
	CK_PRF_DATA_PARAM fields[] = { { CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) }, { CK_SP800_108_BYTE_ARRAY, said, 4 } };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 2, fields, 0, NULL };
	CK_SP800_108_FEEDBACK_KDF_PARAMS f = { CKM_SHA256_HMAC, 2, fields, 16, iv, 0, NULL };
	CK_MECHANISM m = { type, &p, sizeof(p) };
	CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET), OPEN, T_ULONG(CKA_VALUE_LEN, 128) };
	CK_OBJECT_HANDLE key = 0;

	if (type == CKM_SP800_108_FEEDBACK_KDF) {
		fields[0] = (CK_PRF_DATA_PARAM){ CK_SP800_108_ITERATION_VARIABLE, NULL, 0 };
		m.pParameter = &f;
		m.ulParameterLen = sizeof(f);
	}
	for (size_t i = 0; i < 4; i++)
		said[i] = (CK_BYTE)(bits >> (24 - 8 * i));
	if (p11->C_DeriveKey(s, &m, base, template, LEN(template), &key) != CKR_OK || mod_attr(s, key, CKA_VALUE, out, 128) != 128)
		test_bail("no stream");
}

/* Three keys: 48 bytes, 16 bytes of AES, 20 bytes. bad: what the last one's template asks for. */
static CK_RV
three(CK_MECHANISM_TYPE type, bool token, CK_ULONG last_len, CK_OBJECT_HANDLE keys[3])
{
	CK_PRF_DATA_PARAM fields[] = { { CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) }, { CK_SP800_108_DKM_LENGTH, &length, sizeof(length) } };
	CK_ATTRIBUTE first[] = { SECRET(CKK_GENERIC_SECRET), OPEN, T_ULONG(CKA_VALUE_LEN, 48), T_BOOL(CKA_TOKEN, token), T_TEXT(CKA_LABEL, "one of three") };
	CK_ATTRIBUTE second[] = { SECRET(CKK_AES), OPEN, T_ULONG(CKA_VALUE_LEN, 16), T_BOOL(CKA_TOKEN, token), T_TEXT(CKA_LABEL, "one of three") };
	CK_ATTRIBUTE third[] = { SECRET(last_len == 20 ? CKK_GENERIC_SECRET : CKK_AES), OPEN, T_ULONG(CKA_VALUE_LEN, last_len), T_BOOL(CKA_TOKEN, token),
		                 T_TEXT(CKA_LABEL, "one of three") };
	CK_DERIVED_KEY more[] = { { second, LEN(second), &keys[1] }, { third, LEN(third), &keys[2] } };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 2, fields, 2, more };
	CK_SP800_108_FEEDBACK_KDF_PARAMS f = { CKM_SHA256_HMAC, 2, fields, 16, iv, 2, more };
	CK_MECHANISM m = { type, &p, sizeof(p) };

	if (type == CKM_SP800_108_FEEDBACK_KDF) {
		fields[0] = (CK_PRF_DATA_PARAM){ CK_SP800_108_ITERATION_VARIABLE, NULL, 0 };
		m.pParameter = &f;
		m.ulParameterLen = sizeof(f);
	}
	return p11->C_DeriveKey(s, &m, base, first, LEN(first), &keys[0]);
}

static void
right(CK_MECHANISM_TYPE type, CK_SP800_108_DKM_LENGTH_METHOD method, bool token)
{
	CK_OBJECT_HANDLE keys[3] = { 0, 0, 0 };
	CK_BYTE all[128];
	CK_BYTE value[64];

	length.dkmLengthMethod = method;
	stream(type, 8 * (method == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS ? 48 + 16 + 20 : 64 + 32 + 32), all);
	test_eq(three(type, token, 20, keys), CKR_OK, "0x%lx, method %lu: three keys", type, method);
	test_mem(value, mod_attr(s, keys[0], CKA_VALUE, value, 64), all, 48, "the first: a segment and a half");
	test_mem(value, mod_attr(s, keys[1], CKA_VALUE, value, 64), all + 64, 16, "the second: from the third segment");
	test_mem(value, mod_attr(s, keys[2], CKA_VALUE, value, 64), all + 96, 20, "the third: from the fourth");
	test_ok(mod_ulong(s, keys[1], CKA_KEY_TYPE) == CKK_AES && mod_bool(s, keys[2], CKA_TOKEN) == token, "each by its template");
	for (size_t i = 0; i < 3; i++)
		(void)p11->C_DestroyObject(s, keys[i]);
}

int
main(int argc, char **argv)
{
	static const CK_BYTE bytes[32] = "what all of them are derived of.";
	CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET), T_BYTES(CKA_VALUE, bytes, 32), T_BOOL(CKA_DERIVE, CK_TRUE) };
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "one of three") };
	CK_OBJECT_HANDLE keys[3] = { 1, 2, 3 };
	CK_DERIVED_KEY nowhere = { template, 2, NULL };
	CK_PRF_DATA_PARAM field = { CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 1, &field, 1, NULL };
	CK_MECHANISM m = { CKM_SP800_108_COUNTER_KDF, &p, sizeof(p) };

	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	if (p11->C_CreateObject(s, template, LEN(template), &base) != CKR_OK)
		test_bail("no base");
	for (CK_ULONG method = CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS; method <= CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS; method++) {
		right(CKM_SP800_108_COUNTER_KDF, method, false);
		right(CKM_SP800_108_FEEDBACK_KDF, method, false);
	}
	right(CKM_SP800_108_COUNTER_KDF, CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, true);
	for (int token = 0; token < 2; token++) {
		keys[0] = 4711;
		test_ok(three(CKM_SP800_108_COUNTER_KDF, token != 0, 15, keys) != CKR_OK, "the third cannot be: %s", token != 0 ? "token" : "session");
		test_ok(keys[0] == 4711 && keys[1] == CK_INVALID_HANDLE && keys[2] == CK_INVALID_HANDLE, "no handles");
		test_eq(mod_find(s, label, 1, NULL, 0), 0, "and none of them is there");
	}
	test_eq(p11->C_DeriveKey(s, &m, base, template, 2, &keys[0]), CKR_MECHANISM_PARAM_INVALID, "no description of the other key");
	p.pAdditionalDerivedKeys = &nowhere;
	test_eq(p11->C_DeriveKey(s, &m, base, template, 2, &keys[0]), CKR_MECHANISM_PARAM_INVALID, "nowhere for its handle");
	p.ulAdditionalDerivedKeys = 1000000;
	test_eq(p11->C_DeriveKey(s, &m, base, template, 2, &keys[0]), CKR_MECHANISM_PARAM_INVALID, "a million keys");
	mod_fini();
	return test_done();
}
