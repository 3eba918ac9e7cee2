/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* C_GetOperationState and C_SetOperationState: PKCS#11 3.0 sections 5.6.6 and 5.6.7. */

static CK_SESSION_HANDLE a;
static CK_SESSION_HANDLE b;
static CK_BYTE data[1000];

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_ULONG len;
} hashes[] = {
	{ "SHA-1", CKM_SHA_1, 20 }, { "SHA-224", CKM_SHA224, 28 }, { "SHA-256", CKM_SHA256, 32 }, { "SHA-384", CKM_SHA384, 48 }, { "SHA-512", CKM_SHA512, 64 },
	{ "SHA-512/224", CKM_SHA512_224, 28 }, { "SHA-512/256", CKM_SHA512_256, 32 },
};

static CK_ULONG
state_after(CK_MECHANISM_TYPE type, CK_ULONG n, CK_BYTE state[512])
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_ULONG len = 512;
	CK_RV rv;

	(void)p11->C_DigestInit(a, NULL);
	if (p11->C_DigestInit(a, &m) != CKR_OK || (n != 0 && p11->C_DigestUpdate(a, data, n) != CKR_OK))
		test_bail("no digest");
	rv = p11->C_GetOperationState(a, state, &len);
	if (rv != CKR_OK)
		test_bail("no state: 0x%lx", rv);
	return len;
}

static void
there_and_on(size_t i)
{
	CK_MECHANISM m = { hashes[i].type, NULL, 0 };
	CK_BYTE state[512];
	CK_BYTE want[64];
	CK_BYTE got[64];
	CK_ULONG len = sizeof(want);
	CK_ULONG n;

	if (p11->C_DigestInit(b, &m) != CKR_OK || p11->C_Digest(b, data, sizeof(data), want, &len) != CKR_OK)
		test_bail("no digest");
	for (CK_ULONG at = 0; at < sizeof(data); at += 61) {
		n = state_after(hashes[i].type, at, state);
		/* In another session, which is at something else, and twice. */
		(void)p11->C_DigestInit(b, &(CK_MECHANISM){ CKM_SHA3_256, NULL, 0 });
		for (unsigned k = 0; k < 2; k++) {
			len = sizeof(got);
			if (p11->C_SetOperationState(b, state, n, 0, 0) != CKR_OK || p11->C_DigestUpdate(b, data + at, sizeof(data) - at) != CKR_OK ||
			    p11->C_DigestFinal(b, got, &len) != CKR_OK || len != hashes[i].len || memcmp(got, want, len) != 0)
				test_bail("%s: another digest, state after %lu bytes", hashes[i].name, at);
		}
	}
	test_ok(true, "%s: saved, restored, restored again, at all lengths", hashes[i].name);
	len = sizeof(got);
	test_ok(p11->C_DigestUpdate(a, data + 976, sizeof(data) - 976) == CKR_OK && p11->C_DigestFinal(a, got, &len) == CKR_OK && memcmp(got, want, len) == 0,
	        "%s: the operation that was saved goes on", hashes[i].name);
	/* Nothing hashed yet: the single-part function may still come. After an update it may not. */
	n = state_after(hashes[i].type, 0, state);
	len = sizeof(got);
	test_ok(p11->C_SetOperationState(b, state, n, 0, 0) == CKR_OK && p11->C_Digest(b, data, sizeof(data), got, &len) == CKR_OK && memcmp(got, want, len) == 0,
	        "%s: C_Digest after a state with no update", hashes[i].name);
	n = state_after(hashes[i].type, 10, state);
	test_ok(p11->C_SetOperationState(b, state, n, 0, 0) == CKR_OK && p11->C_Digest(b, data, 5, got, &len) == CKR_OPERATION_ACTIVE,
	        "%s: not after one with an update", hashes[i].name);
}

static void
damaged(void)
{
	CK_BYTE state[512];
	CK_BYTE got[64];
	CK_ULONG len;
	const CK_ULONG n = state_after(CKM_SHA384, 300, state);
	unsigned taken = 0;

	(void)p11->C_DigestInit(b, &(CK_MECHANISM){ CKM_SHA256, NULL, 0 });
	for (CK_ULONG bit = 0; bit < 8 * n; bit++) {
		state[bit / 8] ^= (CK_BYTE)(1U << bit % 8);
		taken += p11->C_SetOperationState(b, state, n, 0, 0) != CKR_SAVED_STATE_INVALID;
		state[bit / 8] ^= (CK_BYTE)(1U << bit % 8);
	}
	test_eq(taken, 0, "no state with one bit changed is taken");
	for (len = 0; len < n; len++)
		taken += p11->C_SetOperationState(b, state, len, 0, 0) != CKR_SAVED_STATE_INVALID;
	memset(state + n, 0, sizeof(state) - n);
	taken += p11->C_SetOperationState(b, state, n + 1, 0, 0) != CKR_SAVED_STATE_INVALID;
	test_eq(taken, 0, "nor one that is cut, or longer");
	test_eq(p11->C_SetOperationState(b, NULL, n, 0, 0), CKR_ARGUMENTS_BAD, "nor none");
	test_eq(p11->C_SetOperationState(b, state, n, 1, 0), CKR_KEY_NOT_NEEDED, "a hash has no key to encrypt with");
	test_eq(p11->C_SetOperationState(b, state, n, 0, 1), CKR_KEY_NOT_NEEDED, "nor one to sign with");
	len = sizeof(got);
	test_ok(p11->C_Digest(b, data, 3, got, &len) == CKR_OK && len == 32, "the operation that was there is there still");
}

static void
not_saved(void)
{
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	CK_MECHANISM sha3 = { CKM_SHA3_256, NULL, 0 };
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BYTES(CKA_VALUE, data, 32) };
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE state[512];
	CK_ULONG n = sizeof(state);
	CK_ULONG need = 0;

	(void)p11->C_DigestInit(a, NULL);
	if (p11->C_CreateObject(a, template, 3, &key) != CKR_OK)
		test_bail("no key");
	test_eq(p11->C_GetOperationState(a, state, &n), CKR_OPERATION_NOT_INITIALIZED, "no operation");
	(void)p11->C_DigestInit(a, &sha3);
	test_eq(p11->C_GetOperationState(a, state, &n), CKR_STATE_UNSAVEABLE, "SHA-3");
	(void)p11->C_DigestInit(a, NULL);
	(void)p11->C_EncryptInit(a, &ecb, key);
	test_eq(p11->C_GetOperationState(a, state, &n), CKR_STATE_UNSAVEABLE, "encryption");
	(void)p11->C_DigestInit(a, &sha);
	test_eq(p11->C_GetOperationState(a, state, &n), CKR_STATE_UNSAVEABLE, "encryption and a hash");
	(void)p11->C_EncryptInit(a, NULL, 0);
	test_ok(p11->C_GetOperationState(a, NULL, &need) == CKR_OK && need > 0, "the hash alone: a length query");
	n = need - 1;
	memset(state, 0x5a, sizeof(state));
	test_ok(p11->C_GetOperationState(a, state, &n) == CKR_BUFFER_TOO_SMALL && n == need && state[0] == 0x5a, "a byte short: nothing written");
	test_eq(p11->C_GetOperationState(a, state, NULL), CKR_ARGUMENTS_BAD, "nowhere for the length");
	test_ok(p11->C_GetOperationState(a, state, &n) == CKR_OK && n == need, "room enough");
	test_eq(p11->C_DigestKey(a, key), CKR_OK, "a key is hashed");
	test_eq(p11->C_GetOperationState(a, state, &n), CKR_STATE_UNSAVEABLE, "a key in it");
	(void)p11->C_DigestInit(a, NULL);
	(void)p11->C_DigestInit(a, &sha);
	test_eq(p11->C_GetOperationState(a, state, &n), CKR_OK, "the next one has none");
	(void)p11->C_EncryptInit(b, &ecb, key);
	test_eq(p11->C_SetOperationState(b, state, n, 0, 0), CKR_OK, "a session that encrypts takes it");
	test_eq(p11->C_EncryptUpdate(b, data, 16, state, &n), CKR_OPERATION_NOT_INITIALIZED, "and encrypts no more");
	(void)p11->C_DigestInit(a, NULL);
	(void)p11->C_DigestInit(b, NULL);
}

int
main(int argc, char **argv)
{
	CK_BYTE state[512];
	CK_BYTE text[1100];
	CK_ULONG n;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (CK_BYTE)(3 * i);
	mod_begin(argv);
	mod_init();
	a = mod_open(SLOT_OWNER, false);
	b = mod_open(SLOT_NULL, false);
	if (argc > 1) {
		/* Another process has a state of ours. */
		for (n = 0; argv[1][2 * n] != 0; n++)
			text[n] = (CK_BYTE)strtoul((char[]){ argv[1][2 * n], argv[1][2 * n + 1], 0 }, NULL, 16);
		return p11->C_SetOperationState(a, text, n, 0, 0) == CKR_OK && p11->C_DigestUpdate(a, data, 1) == CKR_OK ? 0 : 1;
	}
	for (size_t i = 0; i < LEN(hashes); i++)
		there_and_on(i);
	damaged();
	not_saved();
	n = state_after(CKM_SHA512, 200, state);
	for (CK_ULONG i = 0; i < n; i++)
		(void)snprintf((char *)text + 2 * i, 3, "%02x", state[i]);
	test_eq(mod_other((char *)text), 0, "another process takes it");
	mod_fini();
	return test_done();
}
