/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <string.h>
#include <dlfcn.h>
#include <stdlib.h>

/*
 * Messages under one key: what they give is what C_Encrypt and C_Sign give, tag and nonce apart; nonces are made and
 * never come twice.
 */

static CK_FUNCTION_LIST_3_0 *p30;
static CK_SESSION_HANDLE s;
static CK_BYTE text[300];
static CK_BYTE aad[] = "associated";

static CK_OBJECT_HANDLE
key_of(CK_KEY_TYPE type)
{
	CK_MECHANISM m = { type == CKK_AES ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[] = {
		T_ULONG(CKA_KEY_TYPE, type), T_ULONG(CKA_VALUE_LEN, 32), T_BOOL(CKA_ENCRYPT, CK_TRUE), T_BOOL(CKA_DECRYPT, CK_TRUE),
		T_BOOL(CKA_SIGN, CK_TRUE), T_BOOL(CKA_VERIFY, CK_TRUE),
	};
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_GenerateKey(s, &m, template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("a key of type 0x%lx: 0x%lx", type, rv);
	return key;
}

/* Both parameters of one AEAD: the message's and the classic one. */
struct aead {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	CK_BYTE iv[12];
	CK_BYTE tag[16];
	union {
		CK_GCM_MESSAGE_PARAMS gcm;
		CK_CCM_MESSAGE_PARAMS ccm;
		CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS chacha;
	} message;
	CK_ULONG message_len;
	union {
		CK_GCM_PARAMS gcm;
		CK_CCM_PARAMS ccm;
		CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha;
	} classic;
	CK_ULONG classic_len;
};

static void
fill(struct aead *a)
{
	for (size_t i = 0; i < sizeof(a->iv); i++)
		a->iv[i] = (CK_BYTE)(0xa0 + i);
	memset(a->tag, 0, sizeof(a->tag));
	switch (a->type) {
	case CKM_AES_GCM:
		a->message.gcm = (CK_GCM_MESSAGE_PARAMS){ a->iv, 12, 0, CKG_NO_GENERATE, a->tag, 128 };
		a->classic.gcm = (CK_GCM_PARAMS){ a->iv, 12, 96, aad, sizeof(aad), 128 };
		a->message_len = sizeof(a->message.gcm);
		a->classic_len = sizeof(a->classic.gcm);
		break;
	case CKM_AES_CCM:
		a->message.ccm = (CK_CCM_MESSAGE_PARAMS){ sizeof(text), a->iv, 12, 0, CKG_NO_GENERATE, a->tag, 16 };
		a->classic.ccm = (CK_CCM_PARAMS){ sizeof(text), a->iv, 12, aad, sizeof(aad), 16 };
		a->message_len = sizeof(a->message.ccm);
		a->classic_len = sizeof(a->classic.ccm);
		break;
	default:
		a->message.chacha = (CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS){ a->iv, 12, a->tag };
		a->classic.chacha = (CK_SALSA20_CHACHA20_POLY1305_PARAMS){ a->iv, 12, aad, sizeof(aad) };
		a->message_len = sizeof(a->message.chacha);
		a->classic_len = sizeof(a->classic.chacha);
	}
}

static void
decrypting(struct aead *a, CK_OBJECT_HANDLE key, CK_BYTE *sealed)
{
	CK_MECHANISM m = { a->type, NULL, 0 };
	CK_BYTE out[512];
	CK_ULONG n = sizeof(text) - 1;
	CK_ULONG total = 0;

	test_eq(p30->C_MessageDecryptInit(s, &m, key), CKR_OK, "%s: C_MessageDecryptInit", a->name);
	test_eq(p30->C_DecryptMessage(s, &a->message, a->message_len, aad, sizeof(aad), sealed, sizeof(text), out, &n),
	        CKR_BUFFER_TOO_SMALL,
	        "%s: a byte too few", a->name);
	test_eq(p30->C_DecryptMessage(s, &a->message, a->message_len, aad, sizeof(aad), sealed, sizeof(text), out, &n), CKR_OK,
	        "%s: C_DecryptMessage", a->name);
	test_mem(out, n, text, sizeof(text), "%s: the plaintext", a->name);
	a->tag[0] ^= 1;
	test_eq(p30->C_DecryptMessage(s, &a->message, a->message_len, aad, sizeof(aad), sealed, sizeof(text), out, &n),
	        CKR_AEAD_DECRYPT_FAILED, "%s: a wrong tag", a->name);
	a->tag[0] ^= 1;
	test_eq(p30->C_DecryptMessageBegin(s, &a->message, a->message_len, aad, sizeof(aad)), CKR_OK, "%s: the next message",
	        a->name);
	n = sizeof(out);
	test_eq(p30->C_DecryptMessageNext(s, &a->message, a->message_len, sealed, 77, out, &n, 0), CKR_OK, "%s: a part",
	        a->name);
	total = n;
	test_eq(total, 0, "%s: nothing comes out before the tag is checked", a->name);
	n = sizeof(out);
	test_eq(p30->C_DecryptMessageNext(s, &a->message, a->message_len, sealed + 77, sizeof(text) - 77, out, &n,
	                                  CKF_END_OF_MESSAGE), CKR_OK,
	        "%s: the last", a->name);
	test_mem(out, n, text, sizeof(text), "%s: the plaintext", a->name);
	test_eq(p30->C_MessageDecryptFinal(s), CKR_OK, "%s: C_MessageDecryptFinal", a->name);
	test_eq(p30->C_MessageDecryptFinal(s), CKR_OPERATION_NOT_INITIALIZED, "%s: once", a->name);
}

static void
aead(struct aead *a)
{
	const CK_OBJECT_HANDLE key = key_of(a->key_type);
	CK_MECHANISM m = { a->type, NULL, 0 };
	CK_MECHANISM classic = { a->type, &a->classic, 0 };
	CK_BYTE want[512];
	CK_BYTE got[512];
	CK_ULONG n = sizeof(want);
	CK_ULONG more;

	fill(a);
	classic.ulParameterLen = a->classic_len;
	test_eq(p11->C_EncryptInit(s, &classic, key), CKR_OK, "%s: C_EncryptInit", a->name);
	test_eq(p11->C_Encrypt(s, text, sizeof(text), want, &n), CKR_OK, "%s: C_Encrypt", a->name);
	test_eq(n, sizeof(text) + 16, "%s: with the tag", a->name);
	test_eq(p30->C_EncryptMessage(s, &a->message, a->message_len, aad, sizeof(aad), text, sizeof(text), got, &n),
	        CKR_OPERATION_NOT_INITIALIZED, "%s: a message without C_MessageEncryptInit", a->name);
	test_eq(p30->C_MessageEncryptInit(s, &classic, key), CKR_MECHANISM_PARAM_INVALID,
	        "%s: not with the classic parameter", a->name);
	test_eq(p30->C_MessageEncryptInit(s, &m, key), CKR_OK, "%s: C_MessageEncryptInit", a->name);
	test_eq(p30->C_MessageEncryptInit(s, &m, key), CKR_OPERATION_ACTIVE, "%s: once", a->name);
	test_eq(p30->C_EncryptMessage(s, &a->message, a->message_len - 1, aad, sizeof(aad), text, sizeof(text), got, &n),
	        CKR_MECHANISM_PARAM_INVALID, "%s: a short parameter", a->name);
	test_eq(p30->C_EncryptMessage(s, &a->message, a->message_len, aad, sizeof(aad), text, sizeof(text), NULL, &n), CKR_OK,
	        "%s: length query", a->name);
	test_eq(n, sizeof(text), "%s: without the tag", a->name);
	test_eq(p30->C_EncryptMessage(s, &a->message, a->message_len, aad, sizeof(aad), text, sizeof(text), got, &n), CKR_OK,
	        "%s: C_EncryptMessage", a->name);
	test_mem(got, n, want, sizeof(text), "%s: as C_Encrypt", a->name);
	test_mem(a->tag, 16, want + sizeof(text), 16, "%s: the tag", a->name);
	memset(a->tag, 0, 16);
	test_eq(p30->C_EncryptMessageNext(s, &a->message, a->message_len, text, 3, got, &n, 0), CKR_OPERATION_NOT_INITIALIZED,
	        "%s: no message has begun", a->name);
	test_eq(p30->C_EncryptMessageBegin(s, &a->message, a->message_len, aad, sizeof(aad)), CKR_OK,
	        "%s: the next one, in parts", a->name);
	n = sizeof(got);
	test_eq(p30->C_EncryptMessageNext(s, &a->message, a->message_len, text, 77, got, &n, 0), CKR_OK, "%s: a part",
	        a->name);
	more = sizeof(got) - n;
	test_eq(p30->C_EncryptMessageNext(s, &a->message, a->message_len, text + 77, sizeof(text) - 77, got + n, &more,
	                                  CKF_END_OF_MESSAGE),
	        CKR_OK, "%s: the last", a->name);
	test_mem(got, n + more, want, sizeof(text), "%s: the same", a->name);
	test_mem(a->tag, 16, want + sizeof(text), 16, "%s: the same tag", a->name);
	test_eq(p30->C_MessageEncryptFinal(s), CKR_OK, "%s: C_MessageEncryptFinal", a->name);
	decrypting(a, key, want);
}

/* One message with that generator; the nonce is left in the parameter. */
static CK_RV
one(CK_GCM_MESSAGE_PARAMS *p)
{
	CK_BYTE out[16];
	CK_ULONG n = sizeof(out);

	return p30->C_EncryptMessage(s, p, sizeof(*p), NULL, 0, text, 16, out, &n);
}

static void
nonces(void)
{
	CK_MECHANISM m = { CKM_AES_GCM, NULL, 0 };
	const CK_OBJECT_HANDLE key = key_of(CKK_AES);
	CK_BYTE iv[12];
	CK_BYTE last[12];
	CK_BYTE tag[16];
	CK_BYTE want[12] = { 0xc0, 0xc1, 0xc2, 0xc3, 0, 0, 0, 0, 0, 0, 0, 0 };
	CK_GCM_MESSAGE_PARAMS p = { iv, 12, 32, CKG_GENERATE_COUNTER, tag, 128 };

	for (size_t i = 0; i < sizeof(iv); i++)
		iv[i] = (CK_BYTE)(0xc0 + i);
	(void)p30->C_MessageEncryptInit(s, &m, key);
	for (CK_BYTE i = 0; i < 3; i++) {
		want[11] = i;
		test_eq(one(&p), CKR_OK, "counter %u", i);
		test_mem(iv, 12, want, 12, "its nonce");
	}
	(void)p30->C_MessageEncryptFinal(s);
	p.ivGenerator = CKG_GENERATE_COUNTER_XOR;
	for (size_t i = 0; i < sizeof(iv); i++)
		want[i] = iv[i] = (CK_BYTE)(0xc0 + i);
	(void)p30->C_MessageEncryptInit(s, &m, key);
	for (CK_BYTE i = 0; i < 5; i++) {
		/* The buffer comes back as it was left: the first nonce is what counts. */
		want[11] = (CK_BYTE)(0xcb ^ i);
		test_eq(one(&p), CKR_OK, "XOR %u", i);
		test_mem(iv, 12, want, 12, "its nonce");
	}
	(void)p30->C_MessageEncryptFinal(s);
	p.ulIvFixedBits = 94;
	p.ivGenerator = CKG_GENERATE;
	(void)p30->C_MessageEncryptInit(s, &m, key);
	for (int i = 0; i < 4; i++)
		test_eq(one(&p), CKR_OK, "a counter of two bits: %d", i);
	test_eq(one(&p), CKR_KEY_EXHAUSTED, "and no fifth");
	p.ulIvFixedBits = 96;
	test_eq(one(&p), CKR_MECHANISM_PARAM_INVALID, "a counter of none");
	p.ivGenerator = CKG_GENERATE_RANDOM;
	p.ulIvFixedBits = 32;
	test_eq(one(&p), CKR_MECHANISM_PARAM_INVALID, "64 random bits are too few");
	p.ulIvFixedBits = 0;
	test_eq(one(&p), CKR_OK, "96 are not");
	memcpy(last, iv, sizeof(last));
	test_eq(one(&p), CKR_OK, "again");
	test_ok(memcmp(last, iv, sizeof(last)) != 0, "another nonce");
	p.ivGenerator = 9;
	test_eq(one(&p), CKR_MECHANISM_PARAM_INVALID, "no such generator");
	test_eq(p30->C_SessionCancel(s, CKF_MESSAGE_ENCRYPT), CKR_OK, "C_SessionCancel");
	test_eq(p30->C_MessageEncryptFinal(s), CKR_OPERATION_NOT_INITIALIZED, "has ended it");
}

static void
signing(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE signer, CK_OBJECT_HANDLE verifier)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_BYTE sig[3][64];
	CK_ULONG n = 0;

	test_eq(p30->C_MessageSignInit(s, &m, signer), CKR_OK, "0x%lx: C_MessageSignInit", type);
	test_eq(p30->C_SignMessage(s, NULL, 0, text, 100, NULL, &n), CKR_OK, "length query");
	test_eq(p30->C_SignMessage(s, NULL, 0, text, 100, sig[0], &n), CKR_OK, "C_SignMessage");
	test_eq(p30->C_SignMessage(s, NULL, 0, text, 99, sig[1], &n), CKR_OK, "another");
	test_eq(p30->C_SignMessageNext(s, NULL, 0, text, 9, NULL, NULL), CKR_OPERATION_NOT_INITIALIZED, "nothing has begun");
	test_eq(p30->C_SignMessageBegin(s, NULL, 0), CKR_OK, "C_SignMessageBegin");
	test_eq(p30->C_SignMessageBegin(s, NULL, 0), CKR_OPERATION_ACTIVE, "once");
	test_eq(p30->C_SignMessageNext(s, NULL, 0, text, 50, NULL, NULL), CKR_OK, "a part");
	n = 3;
	test_eq(p30->C_SignMessageNext(s, NULL, 0, text + 50, 50, sig[2], &n), CKR_BUFFER_TOO_SMALL, "the last, too small");
	test_eq(p30->C_SignMessageNext(s, NULL, 0, text + 50, 50, sig[2], &n), CKR_OK, "the last");
	test_eq(p30->C_MessageSignFinal(s), CKR_OK, "C_MessageSignFinal");
	test_eq(p30->C_MessageSignFinal(s), CKR_OPERATION_NOT_INITIALIZED, "once");
	(void)p11->C_VerifyInit(s, &m, verifier);
	test_eq(p11->C_Verify(s, text, 100, sig[2], n), CKR_OK, "C_Verify takes the one in parts");
	test_eq(p30->C_MessageVerifyInit(s, &m, verifier), CKR_OK, "C_MessageVerifyInit");
	test_eq(p30->C_VerifyMessage(s, NULL, 0, text, 100, sig[0], n), CKR_OK, "the first");
	test_eq(p30->C_VerifyMessage(s, NULL, 0, text, 100, sig[1], n), CKR_SIGNATURE_INVALID, "the second is not the first");
	test_eq(p30->C_VerifyMessage(s, NULL, 0, text, 99, sig[1], n), CKR_OK, "the second");
	test_eq(p30->C_VerifyMessageBegin(s, NULL, 0), CKR_OK, "C_VerifyMessageBegin");
	test_eq(p30->C_VerifyMessageNext(s, NULL, 0, text, 50, NULL, 0), CKR_OK, "a part");
	test_eq(p30->C_VerifyMessageNext(s, NULL, 0, text + 50, 50, sig[0], n), CKR_OK, "the rest");
	test_eq(p30->C_VerifyMessage(s, text, 1, text, 100, sig[0], n), CKR_MECHANISM_PARAM_INVALID, "a parameter");
	test_eq(p30->C_MessageVerifyFinal(s), CKR_OK, "C_MessageVerifyFinal");
}

int
main(int argc, char **argv)
{
	struct aead aeads[] = {
		{ .name = "GCM", .type = CKM_AES_GCM, .key_type = CKK_AES },
		{ .name = "CCM", .type = CKM_AES_CCM, .key_type = CKK_AES },
		{ .name = "ChaCha20-Poly1305", .type = CKM_CHACHA20_POLY1305, .key_type = CKK_CHACHA20 },
	};
	CK_C_GetInterface get;
	CK_INTERFACE *interface;
	struct pair ec;
	CK_OBJECT_HANDLE hmac;

	(void)argc;
	mod_begin(argv);
	*(void **)&get = dlsym(dlopen(getenv("SEEDLEAF_MODULE"), RTLD_NOW | RTLD_LOCAL), "C_GetInterface");
	if (get == NULL || get(NULL, &(CK_VERSION){ 3, 0 }, &interface, 0) != CKR_OK)
		test_bail("no interface 3.0");
	p30 = interface->pFunctionList;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (CK_BYTE)(i * 5);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	for (size_t i = 0; i < LEN(aeads); i++)
		aead(&aeads[i]);
	nonces();
	ec = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", false);
	signing(CKM_ECDSA_SHA256, ec.private, ec.public);
	hmac = key_of(CKK_GENERIC_SECRET);
	signing(CKM_SHA256_HMAC, hmac, hmac);
	mod_fini();
	return test_done();
}
