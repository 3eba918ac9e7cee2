/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fuzz/fuzz.h"

#include "pkcs11-additions.h"
#include "seedleaf.h"

#include <stdlib.h>
#include <string.h>

#define POOL 4
#define VALUES 8

unsigned long fuzz_calls_done;

/* What a host has in its hands: some of it good, some of it gone, some of it never given. */
struct hands {
	struct sl_reader *r;
	CK_ULONG sessions[POOL];
	CK_ULONG objects[POOL];
	CK_BYTE values[VALUES][32];
	CK_ATTRIBUTE template[VALUES];
	CK_MECHANISM mechanism;
	CK_BYTE out[600];
};

static CK_ULONG
pick(struct hands *h, const CK_ULONG *pool)
{
	return pool[sl_reader_u8(h->r) % POOL];
}

static CK_ULONG *
place(struct hands *h, CK_ULONG *pool)
{
	return &pool[sl_reader_u8(h->r) % POOL];
}

static void
value(struct hands *h, CK_ATTRIBUTE *a, CK_BYTE *room)
{
	static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	const uint8_t form = sl_reader_u8(h->r) % 6;
	const CK_ULONG number = sl_reader_u8(h->r) % 8;

	a->pValue = room;
	if (form == 0) {
		room[0] = number & 1;
		a->ulValueLen = 1;
	} else if (form == 1) {
		memcpy(room, &number, sizeof(number));
		a->ulValueLen = sizeof(number);
	} else if (form == 2) {
		memcpy(room, p256, sizeof(p256));
		a->ulValueLen = sizeof(p256);
	} else if (form == 3) {
		a->pValue = NULL;
		a->ulValueLen = number;
	} else {
		a->ulValueLen = fuzz_take(h->r, room, number * 4 + 1);
	}
}

static CK_ULONG
template(struct hands *h)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_CLASS, CKA_KEY_TYPE, CKA_LABEL, CKA_ID, CKA_VALUE, CKA_EC_PARAMS, CKA_SIGN, CKA_VERIFY,
		                                   CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_MODIFIABLE, CKA_VALUE_LEN,
		                                   CKA_EC_POINT, CKA_ALLOWED_MECHANISMS, CKA_MODULUS_BITS, CKA_CERTIFICATE_TYPE, 0xdeadbeef };
	const CK_ULONG n = sl_reader_u8(h->r) % (VALUES + 1);

	for (CK_ULONG i = 0; i < n; i++) {
		h->template[i].type = types[sl_reader_u8(h->r) % (sizeof(types) / sizeof(types[0]))];
		value(h, &h->template[i], h->values[i]);
	}
	return n;
}

static CK_MECHANISM *
mechanism(struct hands *h)
{
	static const CK_MECHANISM_TYPE types[] = { CKM_ECDSA, CKM_ECDSA_SHA256, CKM_SHA256, CKM_EC_KEY_PAIR_GEN, CKM_AES_KEY_GEN, CKM_EDDSA,
		                                   CKM_GENERIC_SECRET_KEY_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_SHA512, 0xdeadbeef };
	const uint8_t which = sl_reader_u8(h->r);

	h->mechanism = (CK_MECHANISM){ types[which % (sizeof(types) / sizeof(types[0]))], NULL, which > 250 ? 7 : 0 };
	return which == 255 ? NULL : &h->mechanism;
}

/* A buffer, sometimes too short, sometimes none. Never more of it is written than was offered. */
static CK_BYTE *
buffer(struct hands *h, CK_ULONG *ret_len)
{
	const uint8_t how = sl_reader_u8(h->r);

	memset(h->out, 0xa5, sizeof(h->out));
	*ret_len = how % 8 == 0 ? how : 512;
	return how % 8 == 1 ? NULL : h->out;
}

static void
checked(const struct hands *h, const CK_BYTE *out, CK_ULONG offered, CK_RV rv)
{
	fuzz_calls_done += rv == CKR_OK;
	if (rv == CKR_GENERAL_ERROR || rv == CKR_HOST_MEMORY)
		abort(); /* no fault of ours is in the input */
	for (size_t i = out == NULL ? 0 : offered; i < sizeof(h->out); i++)
		if (h->out[i] != 0xa5)
			abort();
}

static void
with_objects(struct hands *h, uint8_t op)
{
	const CK_ULONG session = pick(h, h->sessions);
	const CK_ULONG object = pick(h, h->objects);
	CK_OBJECT_HANDLE found[4];
	CK_ULONG n = template(h);

	switch (op) {
	case 0:
		(void)C_CreateObject(session, h->template, n, place(h, h->objects));
		break;
	case 1:
		(void)C_CopyObject(session, object, h->template, n, place(h, h->objects));
		break;
	case 2:
		(void)C_DestroyObject(session, object);
		break;
	case 3:
		(void)C_GetAttributeValue(session, object, h->template, n);
		break;
	case 4:
		(void)C_SetAttributeValue(session, object, h->template, n);
		break;
	case 5:
		(void)C_FindObjectsInit(session, h->template, n);
		break;
	case 6:
		if (C_FindObjects(session, found, 4, &n) == CKR_OK && n != 0)
			*place(h, h->objects) = found[0];
		break;
	case 7:
		(void)C_FindObjectsFinal(session);
		break;
	case 8:
		(void)C_GenerateKey(session, mechanism(h), h->template, n, place(h, h->objects));
		break;
	default:
		(void)C_GenerateKeyPair(session, mechanism(h), h->template, n, h->template, n, place(h, h->objects), place(h, h->objects));
		break;
	}
}

static CK_RV
with_buffer(struct hands *h, uint8_t op, CK_BYTE *out, CK_ULONG *len)
{
	const CK_ULONG session = pick(h, h->sessions);
	CK_BYTE in[64];
	const CK_ULONG in_len = fuzz_take(h->r, in, sl_reader_u8(h->r) % sizeof(in));

	switch (op) {
	case 0:
		return C_Sign(session, in, in_len, out, len);
	case 1:
		return C_SignFinal(session, out, len);
	case 2:
		return C_Digest(session, in, in_len, out, len);
	case 3:
		return C_DigestFinal(session, out, len);
	case 4:
		return C_SignUpdate(session, in, in_len);
	case 5:
		return C_DigestUpdate(session, in, in_len);
	case 6:
		return C_Verify(session, in, in_len, in, in_len);
	case 7:
		return C_VerifyUpdate(session, in, in_len);
	default:
		return C_VerifyFinal(session, in, in_len);
	}
}

static void
with_sessions(struct hands *h, uint8_t op)
{
	CK_SESSION_INFO info;

	switch (op) {
	case 0:
	case 1:
		(void)C_OpenSession(0, CKF_SERIAL_SESSION | (op == 0 ? CKF_RW_SESSION : 0), NULL, NULL, place(h, h->sessions));
		break;
	case 2:
		(void)C_CloseSession(pick(h, h->sessions));
		break;
	case 3:
		(void)C_GetSessionInfo(pick(h, h->sessions), &info);
		break;
	case 4:
		(void)C_SignInit(pick(h, h->sessions), mechanism(h), pick(h, h->objects));
		break;
	case 5:
		(void)C_VerifyInit(pick(h, h->sessions), mechanism(h), pick(h, h->objects));
		break;
	case 6:
		(void)C_DigestInit(pick(h, h->sessions), mechanism(h));
		break;
	default:
		(void)C_CloseAllSessions(sl_reader_u8(h->r) % 5);
		break;
	}
}

/* A session, a pair and an operation to begin with: noise alone would hardly ever come that far. */
static void
prepare(struct hands *h)
{
	CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_ATTRIBUTE params = { CKA_EC_PARAMS, p256, sizeof(p256) };
	CK_MECHANISM make = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM sign = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_MECHANISM digest = { CKM_SHA256, NULL, 0 };

	if (C_Initialize(NULL) != CKR_OK || C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h->sessions[0]) != CKR_OK ||
	    C_GenerateKeyPair(h->sessions[0], &make, &params, 1, NULL, 0, &h->objects[0], &h->objects[1]) != CKR_OK ||
	    C_SignInit(h->sessions[0], &sign, h->objects[1]) != CKR_OK || C_VerifyInit(h->sessions[0], &sign, h->objects[0]) != CKR_OK ||
	    C_DigestInit(h->sessions[0], &digest) != CKR_OK)
		abort();
	h->sessions[1] = h->sessions[0];
}

void
fuzz_calls(struct sl_reader *r)
{
	struct hands h = { .r = r };

	prepare(&h);
	while (!r->bad && r->left != 0) {
		const uint8_t op = sl_reader_u8(r);
		CK_ULONG len;
		CK_ULONG offered;
		CK_BYTE *out;

		if (op % 3 == 0) {
			with_sessions(&h, op / 3 % 8);
		} else if (op % 3 == 1) {
			with_objects(&h, op / 3 % 10);
		} else {
			out = buffer(&h, &len);
			offered = len;
			checked(&h, out, offered, with_buffer(&h, op / 3 % 9, out, &len));
		}
	}
	if (C_Finalize(NULL) != CKR_OK)
		abort();
}
