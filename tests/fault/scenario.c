/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fault/fault.h"
#include "lib/test.h"

#include <stdio.h>
#include <string.h>

#define UNTOUCHED ((CK_ULONG)0x5eed1eaf)
#define ANY CK_UNAVAILABLE_INFORMATION

static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_BYTE text[] = "to be signed";
static unsigned illegal;

unsigned
scenario_illegal(void)
{
	return illegal;
}

/* What a function may say when the system, the store or the device fails. Section 5.1 allows the first five to all. */
static bool
legal(CK_RV rv)
{
	static const CK_RV all[] = { CKR_OK, CKR_GENERAL_ERROR, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY,
		                     CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_WRITE_PROTECTED };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (rv == all[i])
			return true;
	return false;
}

struct run {
	CK_RV rv;
	const char *what;
	CK_SESSION_HANDLE session;
};

/* Continues the chain of steps; notes the first failure. */
static bool
step(struct run *r, CK_RV rv, const char *what)
{
	r->rv = rv;
	if (rv == CKR_OK)
		return true;
	r->what = what;
	if (!legal(rv)) {
		test_note("%s: 0x%lx is not legal here", what, rv);
		illegal++;
	}
	return false;
}

/* A handle that is given back on success only. */
static bool
gives(struct run *r, CK_RV rv, CK_ULONG handle, const char *what)
{
	if (rv != CKR_OK && handle != UNTOUCHED) {
		test_note("%s failed with 0x%lx, and wrote its result", what, rv);
		illegal++;
	}
	return step(r, rv, what);
}

static bool
find(struct run *r, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *ret_object, CK_ULONG *ret_n)
{
	char room[32];
	CK_ATTRIBUTE template[] = { { CKA_LABEL, room, strlen(label) }, { CKA_CLASS, &class, sizeof(class) } };
	CK_OBJECT_HANDLE found[8];

	(void)snprintf(room, sizeof(room), "%s", label);
	return step(r, C_FindObjectsInit(r->session, template, class == ANY ? 1 : 2), "C_FindObjectsInit") &&
	       step(r, C_FindObjects(r->session, found, 8, ret_n), "C_FindObjects") && (*ret_object = *ret_n == 0 ? 0 : found[0], true) &&
	       step(r, C_FindObjectsFinal(r->session), "C_FindObjectsFinal");
}

static bool
pair(struct run *r, const char *label, bool on_token, CK_OBJECT_HANDLE handles[2])
{
	CK_BBOOL token = on_token ? CK_TRUE : CK_FALSE;
	char room[32];
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &token, sizeof(token) }, { CKA_EC_PARAMS, p256, sizeof(p256) }, { CKA_LABEL, room, strlen(label) } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &token, sizeof(token) }, { CKA_LABEL, room, strlen(label) } };
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };

	(void)snprintf(room, sizeof(room), "%s", label);
	handles[0] = handles[1] = UNTOUCHED;
	return gives(r, C_GenerateKeyPair(r->session, &mechanism, public, 3, private, 2, &handles[0], &handles[1]),
	             handles[0] == UNTOUCHED ? handles[1] : handles[0], "C_GenerateKeyPair");
}

static bool
sign_and_verify(struct run *r, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_BYTE sig[256];
	CK_ULONG len = sizeof(sig);

	return step(r, C_SignInit(r->session, &mechanism, private), "C_SignInit") &&
	       step(r, C_Sign(r->session, text, sizeof(text), sig, &len), "C_Sign") &&
	       step(r, C_VerifyInit(r->session, &mechanism, public), "C_VerifyInit") &&
	       step(r, C_Verify(r->session, text, sizeof(text), sig, len), "C_Verify");
}

static bool
look(struct run *r)
{
	CK_SLOT_ID slots[4];
	CK_ULONG n = 4;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;

	if (!step(r, C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList"))
		return false;
	if (n == 0) /* a token that cannot be looked at is not there */
		return step(r, CKR_TOKEN_NOT_PRESENT, "C_GetSlotList");
	r->session = UNTOUCHED;
	return step(r, C_GetSlotInfo(0, &slot), "C_GetSlotInfo") && step(r, C_GetTokenInfo(0, &token), "C_GetTokenInfo") &&
	       gives(r, C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &r->session), r->session, "C_OpenSession");
}

static bool
data_object(struct run *r)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	char label[] = "data";
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 }, { CKA_LABEL, label, 4 }, { CKA_VALUE, text, 8 } };
	CK_OBJECT_HANDLE object = UNTOUCHED;
	CK_OBJECT_HANDLE copy = UNTOUCHED;

	return gives(r, C_CreateObject(r->session, template, 4, &object), object, "C_CreateObject") &&
	       gives(r, C_CopyObject(r->session, object, NULL, 0, &copy), copy, "C_CopyObject") &&
	       step(r, C_DestroyObject(r->session, copy), "C_DestroyObject") &&
	       step(r, C_DestroyObject(r->session, object), "C_DestroyObject");
}

static bool
digest_and_random(struct run *r)
{
	CK_MECHANISM sha = { CKM_SHA384, NULL, 0 };
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);

	return step(r, C_DigestInit(r->session, &sha), "C_DigestInit") &&
	       step(r, C_Digest(r->session, text, sizeof(text), out, &len), "C_Digest") &&
	       step(r, C_GenerateRandom(r->session, out, sizeof(out)), "C_GenerateRandom");
}

static bool
secret_key(struct run *r)
{
	CK_MECHANISM aes = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG bytes = 32;
	CK_ATTRIBUTE template[] = { { CKA_VALUE_LEN, &bytes, sizeof(bytes) } };
	CK_OBJECT_HANDLE key = UNTOUCHED;

	return gives(r, C_GenerateKey(r->session, &aes, template, 1, &key), key, "C_GenerateKey") &&
	       step(r, C_DestroyObject(r->session, key), "C_DestroyObject");
}

static bool
life(struct run *r, bool *ret_destroying)
{
	char label[] = "fresh, renamed";
	CK_ATTRIBUTE rename = { CKA_LABEL, label, 5 };
	CK_OBJECT_HANDLE kept[2];
	CK_OBJECT_HANDLE fresh[2];
	CK_ULONG n;

	if (!step(r, C_Initialize(NULL), "C_Initialize") || !look(r) || !find(r, CKO_PUBLIC_KEY, "kept", &kept[0], &n) ||
	    !find(r, CKO_PRIVATE_KEY, "kept", &kept[1], &n) || !sign_and_verify(r, kept[0], kept[1]) || !digest_and_random(r) ||
	    !secret_key(r) || !pair(r, "session", false, fresh) || !sign_and_verify(r, fresh[0], fresh[1]) ||
	    !pair(r, "fresh", true, fresh) || !sign_and_verify(r, fresh[0], fresh[1]) ||
	    !step(r, C_SetAttributeValue(r->session, fresh[1], &rename, 1), "C_SetAttributeValue") || !data_object(r))
		return false;
	*ret_destroying = true;
	return step(r, C_DestroyObject(r->session, fresh[1]), "C_DestroyObject") &&
	       step(r, C_DestroyObject(r->session, fresh[0]), "C_DestroyObject") &&
	       step(r, C_CloseSession(r->session), "C_CloseSession");
}

CK_RV
scenario_run(const char **ret_what, bool *ret_destroying)
{
	struct run r = { .what = "" };

	*ret_destroying = false;
	(void)life(&r, ret_destroying);
	/* C_Finalize succeeds after a C_Initialize that did, whatever else went wrong. */
	if (strcmp(r.what, "C_Initialize") != 0 && C_Finalize(NULL) != CKR_OK) {
		test_note("C_Finalize failed after %s", r.what);
		illegal++;
	}
	*ret_what = r.what;
	return r.rv;
}

static const char *
check(struct run *r, bool destroying, bool not_made)
{
	CK_OBJECT_HANDLE objects[3] = { 0, 0, 0 };
	CK_OBJECT_HANDLE kept[2];
	CK_ULONG n[5];

	if (!step(r, C_Initialize(NULL), "C_Initialize") || !look(r) || !find(r, CKO_PUBLIC_KEY, "kept", &kept[0], &n[0]) ||
	    !find(r, CKO_PRIVATE_KEY, "kept", &kept[1], &n[1]) || !find(r, CKO_PUBLIC_KEY, "fresh", &objects[0], &n[2]) ||
	    !find(r, CKO_PRIVATE_KEY, "fresh", &objects[1], &n[3]))
		return r->what;
	if (n[0] != 1 || n[1] != 1 || !sign_and_verify(r, kept[0], kept[1]))
		return "the pair that was there before is not there any more";
	if (n[2] > 1 || n[3] > 1 || (n[2] != n[3] && !(destroying && n[3] == 0)))
		return "half a pair";
	if (not_made && n[2] + n[3] != 0)
		return "the new pair is there, and its maker was told that it is not";
	if (n[2] == 1 && n[3] == 1 && !sign_and_verify(r, objects[0], objects[1]))
		return "the new pair does not work";
	for (int i = 0; i < 2; i++)
		if (objects[i] != 0 && !step(r, C_DestroyObject(r->session, objects[i]), "C_DestroyObject"))
			return r->what;
	for (n[4] = 1; n[4] != 0;) {
		if (!find(r, CKO_DATA, "data", &objects[2], &n[4]) ||
		    (n[4] != 0 && !step(r, C_DestroyObject(r->session, objects[2]), "C_DestroyObject")))
			return r->what;
	}
	return NULL;
}

const char *
scenario_check(bool destroying, bool not_made)
{
	struct run r = { .what = "" };
	const char *wrong = check(&r, destroying, not_made);

	(void)C_Finalize(NULL);
	return wrong;
}

void
scenario_prepare(void)
{
	struct run r = { .what = "" };
	CK_OBJECT_HANDLE handles[2];

	if (!step(&r, C_Initialize(NULL), "C_Initialize") || !look(&r) || !pair(&r, "kept", true, handles) || C_Finalize(NULL) != CKR_OK)
		test_bail("%s: 0x%lx", r.what, r.rv);
}
