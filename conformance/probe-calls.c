/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* Careless hands: every function before C_Initialize, with a session that is none, and with NULL where the standard wants a
 * pointer. */

enum call {
#define SESSION(fn, section, args) CALL_##fn,
#include "probe-calls.inc"
#undef SESSION
	N_CALLS
};

static const struct {
	const char *name, *section;
} calls[] = {
#define SESSION(fn, section, args) { #fn, section },
#include "probe-calls.inc"
#undef SESSION
};

static CK_RV
call(enum call which, CK_SESSION_HANDLE s)
{
	static CK_BYTE bytes[64];
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	struct std_ecdh agree = { 1, 0, NULL, sizeof(bytes), bytes };
	CK_MECHANISM cbc = { CKM_AES_CBC, bytes, 16 }, sha256 = { CKM_SHA256, NULL, 0 }, rsa = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_MECHANISM aes_gen = { CKM_AES_KEY_GEN, NULL, 0 }, ec_gen = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM ecdh = { CKM_ECDH1_DERIVE, &agree, sizeof(agree) };
	CK_ULONG n = sizeof(bytes), len = 16;
	CK_OBJECT_HANDLE object = 0, object2 = 0;
	CK_SESSION_INFO session_info;
	CK_ATTRIBUTE label = { CKA_LABEL, bytes, 4 };
	CK_ATTRIBUTE value_len = { CKA_VALUE_LEN, &len, sizeof(len) };
	CK_ATTRIBUTE ec_params = { CKA_EC_PARAMS, p256, sizeof(p256) };

	(void)memcpy(bytes, "1234", 4);
	switch (which) {
#define SESSION(fn, section, args) case CALL_##fn: return P.f->fn args;
#include "probe-calls.inc"
#undef SESSION
	case N_CALLS: break;
	}
	return CKR_GENERAL_ERROR;
}

/* A module need not have a function; then it says so for any arguments. */
static void
judge(unsigned long which, CK_RV rv, CK_RV wanted)
{
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		probe_absent("%s is not supported", calls[which].name);
	/* 5.20: these two say so before anything else. */
	if (rv == CKR_FUNCTION_NOT_PARALLEL && wanted != CKR_CRYPTOKI_NOT_INITIALIZED &&
		(which == CALL_C_GetFunctionStatus || which == CALL_C_CancelFunction))
		return;
	(void)probe_want(calls[which].name, rv, (const CK_RV[]){ wanted, PROBE_END });
}

static void
before_initialize(const void *arg, unsigned long which)
{
	judge(which, call((enum call)which, 1), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void
after_finalize(const void *arg, unsigned long which)
{
	CK_SESSION_HANDLE s = P.s;

	OK(C_Finalize, NULL);
	judge(which, call((enum call)which, s), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void
no_session(const void *arg, unsigned long which)
{
	judge(which, call((enum call)which, CK_INVALID_HANDLE), CKR_SESSION_HANDLE_INVALID);
}

static void
closed_session(const void *arg, unsigned long which)
{
	const CK_SESSION_HANDLE s = open_session(true);

	OK(C_CloseSession, s);
	judge(which, call((enum call)which, s), CKR_SESSION_HANDLE_INVALID);
}

/* ---- functions without a session */

static void
slot_before_initialize(const void *arg, unsigned long which)
{
	CK_ULONG n = 0;
	CK_INFO info;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	CK_MECHANISM_INFO mechanism;
	CK_UTF8CHAR pin[] = "12345678", label[33] = "probe                           ";

	switch (which) {
	case 0: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetInfo, &info); break;
	case 1: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetSlotList, CK_FALSE, NULL, &n); break;
	case 2: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetSlotInfo, 0, &slot); break;
	case 3: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetTokenInfo, 0, &token); break;
	case 4:
		(void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED), C_WaitForSlotEvent, CKF_DONT_BLOCK, &n, NULL);
		break;
	case 5: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetMechanismList, 0, NULL, &n); break;
	case 6: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetMechanismInfo, 0, CKM_SHA256, &mechanism); break;
	case 7: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_InitToken, 0, pin, 8, label); break;
	case 8: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_OpenSession, 0, CKF_SERIAL_SESSION, NULL, NULL, &n); break;
	case 9: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_CloseAllSessions, 0); break;
	default: (void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_Finalize, NULL); break;
	}
}

static void
bad_slot(const void *arg, unsigned long which)
{
	const CK_SLOT_ID slot = 0x7eadbeef;
	CK_ULONG n = 0;
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;
	CK_MECHANISM_INFO mechanism;
	CK_UTF8CHAR pin[] = "12345678", label[33] = "probe                           ";

	switch (which) {
	case 2: (void)WANT((CKR_SLOT_ID_INVALID), C_GetSlotInfo, slot, &info); break;
	case 3: (void)WANT((CKR_SLOT_ID_INVALID), C_GetTokenInfo, slot, &token); break;
	case 5: (void)WANT((CKR_SLOT_ID_INVALID), C_GetMechanismList, slot, NULL, &n); break;
	case 6: (void)WANT((CKR_SLOT_ID_INVALID), C_GetMechanismInfo, slot, CKM_SHA256, &mechanism); break;
	case 7: (void)WANT((CKR_SLOT_ID_INVALID, CKR_FUNCTION_NOT_SUPPORTED), C_InitToken, slot, pin, 8, label); break;
	case 8: (void)WANT((CKR_SLOT_ID_INVALID), C_OpenSession, slot, CKF_SERIAL_SESSION, NULL, NULL, &n); break;
	default: (void)WANT((CKR_SLOT_ID_INVALID), C_CloseAllSessions, slot); break;
	}
}

/* ---- NULL */

#define BAD (CKR_ARGUMENTS_BAD)
#define NULL_CASE(n, fn, ...) case n: (void)WANT((CKR_ARGUMENTS_BAD), fn, __VA_ARGS__); break

static void
null_plain(const void *arg, unsigned long which)
{
	CK_ATTRIBUTE label = { CKA_LABEL, NULL, 4 };
	CK_ULONG class = CKO_DATA, n = 4;
	CK_ATTRIBUTE data = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE object;

	switch (which) {
	NULL_CASE(0, C_GetInfo, NULL);
	NULL_CASE(1, C_GetFunctionList, NULL);
	NULL_CASE(2, C_GetSlotList, CK_FALSE, NULL, NULL);
	NULL_CASE(3, C_GetSlotInfo, P.slot, NULL);
	NULL_CASE(4, C_GetTokenInfo, P.slot, NULL);
	NULL_CASE(5, C_GetMechanismList, P.slot, NULL, NULL);
	NULL_CASE(6, C_GetMechanismInfo, P.slot, CKM_SHA256, NULL);
	NULL_CASE(7, C_OpenSession, P.slot, CKF_SERIAL_SESSION, NULL, NULL, NULL);
	NULL_CASE(8, C_GetSessionInfo, P.s, NULL);
	NULL_CASE(9, C_CreateObject, P.s, NULL, 1, &object);
	NULL_CASE(10, C_CreateObject, P.s, &data, 1, NULL);
	NULL_CASE(11, C_FindObjectsInit, P.s, NULL, 1);
	NULL_CASE(12, C_GenerateRandom, P.s, NULL, 8);
	case 13: (void)WANT((CKR_ARGUMENTS_BAD, CKR_RANDOM_SEED_NOT_SUPPORTED), C_SeedRandom, P.s, NULL, 8); break;
	case 14: (void)WANT((CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED), C_WaitForSlotEvent, CKF_DONT_BLOCK, NULL, NULL); break;
	case 15: (void)WANT((CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED), C_GetOperationState, P.s, NULL, NULL); break;
	NULL_CASE(16, C_GenerateKey, P.s, NULL, NULL, 0, &object);
	NULL_CASE(17, C_GenerateKeyPair, P.s, NULL, NULL, 0, NULL, 0, &object, &n);
	case 18:
		(void)WANT((CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE), C_CreateObject, P.s, &label, 1,
				   &object);
		break;
	default: break;
	}
}

static const char *const null_plain_names[] = {
	"C_GetInfo-info",          "C_GetFunctionList-list",      "C_GetSlotList-count",     "C_GetSlotInfo-info",
	"C_GetTokenInfo-info",     "C_GetMechanismList-count",    "C_GetMechanismInfo-info", "C_OpenSession-handle",
	"C_GetSessionInfo-info",   "C_CreateObject-template",     "C_CreateObject-handle",   "C_FindObjectsInit-template",
	"C_GenerateRandom-data",   "C_SeedRandom-data",           "C_WaitForSlotEvent-slot", "C_GetOperationState-length",
	"C_GenerateKey-mechanism", "C_GenerateKeyPair-mechanism", "C_CreateObject-value",
};
static const char *const null_plain_sections[] = {
	"5.4.3", "5.4.4", "5.5.1", "5.5.2", "5.5.3", "5.5.5", "5.5.6", "5.6.1", "5.6.4", "5.7.1",
	"5.7.1", "5.7.7", "5.19.2", "5.19.1", "5.5.4", "5.6.6", "5.18.1", "5.18.2", "5.7.1",
};

static void
null_object(const void *arg, unsigned long which)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE object;
	CK_ULONG n = 0;

	t_ulong(&t, CKA_CLASS, CKO_DATA);
	t_bool(&t, CKA_PRIVATE, false);
	object = make(&t);
	switch (which) {
	NULL_CASE(0, C_CopyObject, P.s, object, NULL, 1, &n);
	NULL_CASE(1, C_CopyObject, P.s, object, t.a, 0, NULL);
	NULL_CASE(2, C_GetObjectSize, P.s, object, NULL);
	NULL_CASE(3, C_GetAttributeValue, P.s, object, NULL, 1);
	NULL_CASE(4, C_SetAttributeValue, P.s, object, NULL, 1);
	case 5:
		OK(C_FindObjectsInit, P.s, NULL, 0);
		(void)WANT((CKR_ARGUMENTS_BAD), C_FindObjects, P.s, NULL, 1, &n);
		break;
	default:
		OK(C_FindObjectsInit, P.s, NULL, 0);
		(void)WANT((CKR_ARGUMENTS_BAD), C_FindObjects, P.s, &object, 1, NULL);
		break;
	}
}

static const char *const null_object_names[] = {
	"C_CopyObject-template",        "C_CopyObject-handle",   "C_GetObjectSize-size", "C_GetAttributeValue-template",
	"C_SetAttributeValue-template", "C_FindObjects-objects", "C_FindObjects-count",
};
static const char *const null_object_sections[] = { "5.7.2", "5.7.2", "5.7.4", "5.7.5", "5.7.6", "5.7.8", "5.7.8" };

static void
null_operation(const void *arg, unsigned long which)
{
	CK_MECHANISM sha = mech0(CKM_SHA256), ecdsa = mech0(CKM_ECDSA);
	CK_BYTE data[32] = { 1 };
	CK_ULONG n = sizeof(data);
	struct pair pair;

	if (which < 6)
		OK(C_DigestInit, P.s, &sha);
	switch (which) {
	NULL_CASE(0, C_Digest, P.s, NULL, 5, data, &n);
	NULL_CASE(1, C_Digest, P.s, data, 5, data, NULL);
	NULL_CASE(2, C_DigestUpdate, P.s, NULL, 5);
	NULL_CASE(3, C_DigestFinal, P.s, data, NULL);
	NULL_CASE(4, C_Digest, P.s, data, 5, NULL, NULL);
	NULL_CASE(5, C_DigestFinal, P.s, NULL, NULL);
	default: break;
	}
	if (which < 6)
		return;
	pair = key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params));
	if (which < 9)
		OK(C_SignInit, P.s, &ecdsa, pair.private);
	else
		OK(C_VerifyInit, P.s, &ecdsa, pair.public);
	switch (which) {
	NULL_CASE(6, C_Sign, P.s, NULL, 5, data, &n);
	NULL_CASE(7, C_Sign, P.s, data, 5, data, NULL);
	NULL_CASE(8, C_Sign, P.s, data, 5, NULL, NULL);
	NULL_CASE(9, C_Verify, P.s, NULL, 5, data, 32);
	default: (void)WANT((CKR_ARGUMENTS_BAD, CKR_SIGNATURE_LEN_RANGE), C_Verify, P.s, data, 5, NULL, 64); break;
	}
}

static const char *const null_operation_names[] = {
	"C_Digest-data", "C_Digest-length", "C_DigestUpdate-data", "C_DigestFinal-length", "C_Digest-both", "C_DigestFinal-both",
	"C_Sign-data", "C_Sign-length", "C_Sign-both", "C_Verify-data", "C_Verify-signature",
};
static const char *const null_operation_sections[] = {
	"5.12.2", "5.12.2", "5.12.3", "5.12.5", "5.12.2", "5.12.5", "5.13.2", "5.13.2", "5.13.2", "5.15.2", "5.15.2",
};

static void
null_key(const void *arg, unsigned long which)
{
	CK_MECHANISM aes = mech0(CKM_AES_KEY_GEN), ec = mech0(CKM_EC_KEY_PAIR_GEN);
	const CK_MECHANISM_TYPE wrap = STD_CKM_AES_KEY_WRAP;
	CK_MECHANISM kw = mech0(wrap);
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE key;
	CK_ULONG n = 0;

	switch (which) {
	NULL_CASE(0, C_GenerateKey, P.s, &aes, NULL, 1, &n);
	case 1:
		t_ulong(&t, CKA_VALUE_LEN, 16);
		(void)WANT((CKR_ARGUMENTS_BAD), C_GenerateKey, P.s, &aes, t.a, t.n, NULL);
		break;
	NULL_CASE(2, C_GenerateKeyPair, P.s, &ec, NULL, 1, NULL, 0, &n, &n);
	case 3:
		t_bin(&t, CKA_EC_PARAMS, hex(curve_named("P-256")->params));
		(void)WANT((CKR_ARGUMENTS_BAD), C_GenerateKeyPair, P.s, &ec, t.a, t.n, NULL, 0, NULL, &n);
		break;
	case 4:
		t_bin(&t, CKA_EC_PARAMS, hex(curve_named("P-256")->params));
		(void)WANT((CKR_ARGUMENTS_BAD), C_GenerateKeyPair, P.s, &ec, t.a, t.n, NULL, 0, &n, NULL);
		break;
	default:
		need(wrap, CKF_WRAP | CKF_UNWRAP);
		key = key_aes(128);
		if (which == 5)
			(void)WANT((CKR_ARGUMENTS_BAD), C_WrapKey, P.s, &kw, key, key, NULL, NULL);
		else if (which == 6)
			(void)WANT((CKR_ARGUMENTS_BAD), C_WrapKey, P.s, NULL, key, key, NULL, &n);
		else if (which == 7)
			(void)WANT((CKR_ARGUMENTS_BAD), C_UnwrapKey, P.s, &kw, key, NULL, 24, NULL, 0, &n);
		else
			(void)WANT((CKR_ARGUMENTS_BAD), C_DeriveKey, P.s, NULL, key, NULL, 0, &n);
		break;
	}
}

static const char *const null_key_names[] = {
	"C_GenerateKey-template",   "C_GenerateKey-handle",      "C_GenerateKeyPair-template",
	"C_GenerateKeyPair-public", "C_GenerateKeyPair-private", "C_WrapKey-length",
	"C_WrapKey-mechanism",      "C_UnwrapKey-wrapped",       "C_DeriveKey-mechanism",
};
static const char *const null_key_sections[] = {
	"5.18.1", "5.18.1", "5.18.2", "5.18.2", "5.18.2", "5.18.3", "5.18.3", "5.18.4", "5.18.5",
};

static void
register_nulls(probe_run run, const char *const *names, const char *const *sections, size_t n)
{
	for (size_t i = 0; i < n; i++)
		probe_case(ALONE, sections[i], run, NULL, i, "null-%s|NULL where %s wants a pointer", names[i], names[i]);
}

void
probe_calls(void)
{
	static const char *const slot_calls[] = {
		"C_GetInfo", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo", "C_WaitForSlotEvent", "C_GetMechanismList",
		"C_GetMechanismInfo", "C_InitToken", "C_OpenSession", "C_CloseAllSessions", "C_Finalize",
	};
	static const unsigned with_slot[] = { 2, 3, 5, 6, 7, 8, 9 };

	for (unsigned i = 0; i < LEN(slot_calls); i++)
		probe_case(BARE, "5.4.1", slot_before_initialize, NULL, i, "uninit-%s|%s before C_Initialize", slot_calls[i],
				   slot_calls[i]);
	for (unsigned i = 0; i < N_CALLS; i++)
		probe_case(BARE, "5.4.1", before_initialize, NULL, i, "uninit-%s|%s before C_Initialize", calls[i].name, calls[i].name);
	probe_case(ALONE, "5.4.2", after_finalize, NULL, CALL_C_GetSessionInfo, "finalized-session|a session of before C_Finalize");
	probe_case(ALONE, "5.4.2", after_finalize, NULL, CALL_C_GenerateRandom,
			   "finalized-random|C_GenerateRandom after C_Finalize");
	for (unsigned i = 0; i < LEN(with_slot); i++)
		probe_case(0, "5.5", bad_slot, NULL, with_slot[i], "bad-slot-%s|%s on a slot that is not", slot_calls[with_slot[i]],
		           slot_calls[with_slot[i]]);
	for (unsigned i = 0; i < N_CALLS; i++) {
		probe_case(0, calls[i].section, no_session, NULL, i, "session-0-%s|%s with session 0", calls[i].name, calls[i].name);
		probe_case(0, calls[i].section, closed_session, NULL, i, "session-closed-%s|%s with a closed session", calls[i].name,
				   calls[i].name);
	}
	register_nulls(null_plain, null_plain_names, null_plain_sections, LEN(null_plain_names));
	register_nulls(null_object, null_object_names, null_object_sections, LEN(null_object_names));
	register_nulls(null_operation, null_operation_names, null_operation_sections, LEN(null_operation_names));
	register_nulls(null_key, null_key_names, null_key_sections, LEN(null_key_names));
}
