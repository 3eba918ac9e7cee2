/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/attack.h"

#include <string.h>

/* The attacks of doc/attacks.md that guess: what an answer tells of a key that may not be read. The names of the functions are in its table. */

/* 8: Bleichenbacher 1998, Manger 2001, Bardou et al. 2012: wrong is wrong, whatever it is. */
static void
padding(void)
{
	CK_MECHANISM gen = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM raw = { CKM_RSA_X_509, NULL, 0 };
	CK_ATTRIBUTE public[] = { T_ULONG(CKA_MODULUS_BITS, 2048), YES(CKA_ENCRYPT) };
	CK_ATTRIBUTE private[] = { YES(CKA_UNWRAP) };
	/* The encoded messages of RFC 8017 7.2.1: what is wrong with them, and what is not. */
	static const struct {
		const char *name;
		CK_BYTE type;
		size_t zero_at; /* the byte that ends the padding; 0: none */
		CK_RV rv;
	} cases[] = {
		{ "block type 1", 1, 256 - 33, CKR_WRAPPED_KEY_INVALID }, { "no end of the padding", 2, 0, CKR_WRAPPED_KEY_INVALID },
		{ "a short padding", 2, 7, CKR_WRAPPED_KEY_INVALID }, { "good padding, no length of a key", 2, 256 - 32, CKR_WRAPPED_KEY_INVALID },
		{ "good padding, no key at all", 2, 255, CKR_WRAPPED_KEY_INVALID }, { "good", 2, 256 - 33, CKR_OK },
	};
	CK_OBJECT_HANDLE pub = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_OBJECT_HANDLE got = 4711;

	if (p11->C_GenerateKeyPair(attack_session, &gen, public, 2, private, 1, &pub, &key) != CKR_OK)
		test_bail("no RSA pair");
	for (size_t i = 0; i < LEN(cases); i++) {
		CK_BYTE em[256];
		CK_BYTE blob[256];
		CK_ULONG len = sizeof(blob);

		memset(em, 0x77, sizeof(em));
		em[0] = 0;
		em[1] = cases[i].type;
		if (cases[i].zero_at != 0)
			em[cases[i].zero_at] = 0;
		if (p11->C_EncryptInit(attack_session, &raw, pub) != CKR_OK || p11->C_Encrypt(attack_session, em, 256, blob, &len) != CKR_OK)
			test_bail("no encryption");
		test_eq(attack_unwrap(CKM_RSA_PKCS, key, blob, len, NULL, 0, &got), cases[i].rv, "PKCS #1 1.5: %s", cases[i].name);
		if (i + 1 < LEN(cases))
			test_eq(attack_unwrap(CKM_RSA_PKCS_OAEP, key, blob, len, NULL, 0, &got), CKR_WRAPPED_KEY_INVALID, "OAEP: %s", cases[i].name);
	}
}

/* 9: Vaudenay 2002: a key that wraps what may not be read has no mode with such an oracle; others have one answer for all that is wrong. */
static void
cbc_padding(void)
{
	const CK_ATTRIBUTE wraps[] = { YES(CKA_WRAP), YES(CKA_UNWRAP) };
	const CK_ATTRIBUTE any[] = { YES(CKA_UNWRAP), YES(CKA_ENCRYPT), YES(CKA_WRAP) };
	const CK_ATTRIBUTE goes[] = { YES(CKA_EXTRACTABLE) };
	const CK_OBJECT_HANDLE only = attack_key(SESSION, wraps, 2);
	const CK_OBJECT_HANDLE loose = attack_key(SESSION, any, 3);
	const CK_OBJECT_HANDLE key = attack_key(SESSION, goes, 1);
	CK_OBJECT_HANDLE got = 4711;
	CK_BYTE blob[4096] = { 0 };
	CK_ULONG len;
	unsigned good = 0;

	test_eq(attack_wrap(CKM_AES_CBC_PAD, only, key, blob, &len), CKR_MECHANISM_INVALID, "a sensitive key does not go in CBC");
	test_eq(attack_wrap(CKM_AES_CBC_PAD, loose, key, blob, &len), CKR_KEY_NOT_WRAPPABLE, "whatever the wrapping key");
	for (unsigned i = 0; i < 300; i++) {
		CK_RV rv;

		blob[i % 16] = (CK_BYTE)(i * 7 + i / 16);
		rv = attack_unwrap(CKM_AES_CBC_PAD, loose, blob, 48, NULL, 0, &got);
		if (rv != CKR_WRAPPED_KEY_INVALID && rv != CKR_OK)
			test_bail("another answer: 0x%lx", rv);
		good += rv == CKR_OK;
	}
	test_eq(attack_unwrap(CKM_AES_CBC_PAD, only, blob, 48, NULL, 0, &got), CKR_MECHANISM_INVALID, "no such question to a key that only wraps");
	test_ok(good < 10, "one answer for all that is wrong (%u right by chance)", good);
}

/* 10: key conjuring (Clulow; Cortier, Delaune, Steel): nothing comes of bytes that nobody wrapped. */
static void
conjuring(void)
{
	static const CK_MECHANISM_TYPE modes[] = { CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_GCM, CKM_AES_CCM, CKM_AES_CBC, CKM_AES_ECB };
	const CK_ATTRIBUTE wraps[] = { YES(CKA_WRAP), YES(CKA_UNWRAP) };
	const CK_OBJECT_HANDLE only = attack_key(SESSION, wraps, 2);
	CK_OBJECT_HANDLE got = 4711;
	CK_BYTE blob[4096] = { 9, 8, 7 };
	CK_ULONG len;
	const CK_ATTRIBUTE goes[] = { YES(CKA_EXTRACTABLE) };

	for (size_t i = 0; i < LEN(modes); i++)
		test_ok(attack_unwrap(modes[i], only, blob, 32, NULL, 0, &got) != CKR_OK && got == 4711, "0x%lx: nothing of garbage", modes[i]);
	if (attack_wrap(CKM_AES_KEY_WRAP, only, attack_key(SESSION, goes, 1), blob, &len) != CKR_OK)
		test_bail("not wrapped");
	for (CK_ULONG at = 0; at + 8 <= len; at += 8)
		test_ok(attack_unwrap(CKM_AES_KEY_WRAP, only, blob + (at == 0 ? 8 : 0), len - 8, NULL, 0, &got) != CKR_OK, "nor of a part of a blob");
	test_ok(attack_unwrap(CKM_AES_GCM, only, blob, len, NULL, 0, &got) != CKR_OK && got == 4711, "nor of one mode's blob in another");
}

/* 11: invalid curve (Biehl, Meyer, Müller 2000) and small subgroup (Lim, Lee 1997) points. */
static void
points(void)
{
	static const struct {
		const char *name;
		const char *point;
		bool edwards;
	} bad[] = {
		{ "a point of another curve", "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c29600000000000000000000000000000000000000000000"
		  "00000000000000000001", false },
		{ "the point at infinity", "00", false },
		{ "x beyond the field", "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ece"
		  "cbb6406837bf51f5", false },
		{ "all zeros", "04000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000", false },
		{ "order 4", "0000000000000000000000000000000000000000000000000000000000000000", true },
		{ "order 1", "0100000000000000000000000000000000000000000000000000000000000000", true },
		{ "order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", true },
		{ "p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true },
	};
	const struct pair ec = mod_ec(attack_session, CKM_EC_KEY_PAIR_GEN, OID_P256, "curve", true);
	const struct pair x = mod_ec(attack_session, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, OID_X25519, "x", true);
	const CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET) };

	for (size_t i = 0; i < LEN(bad); i++) {
		CK_BYTE point[80];
		const size_t len = test_hex(bad[i].point, point, sizeof(point));
		CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, len, point };
		CK_OBJECT_HANDLE got = 4711;

		test_eq(attack_derive(CKM_ECDH1_DERIVE, &p, sizeof(p), bad[i].edwards ? x.private : ec.private, template, 2, &got), CKR_MECHANISM_PARAM_INVALID,
		        "%s", bad[i].name);
		test_eq(got, 4711, "%s: no key", bad[i].name);
	}
}

/* 12: a wrapping key that is weak, so that anybody reads what it wrapped. */
static void
weak_keys(void)
{
	static const CK_BYTE three[] = { 3 };
	static const CK_BYTE one[] = { 1 };
	static const CK_BYTE two[] = { 2 };
	static const struct {
		const char *name;
		const CK_BYTE *e;
		CK_ULONG bits;
		CK_RV rv;
	} cases[] = { { "512 bits", three, 512, CKR_ATTRIBUTE_VALUE_INVALID }, { "768 bits", three, 768, CKR_ATTRIBUTE_VALUE_INVALID },
		      { "e = 1", one, 2048, CKR_ATTRIBUTE_VALUE_INVALID }, { "e = 2", two, 2048, CKR_ATTRIBUTE_VALUE_INVALID }, { "2048 bits", three, 2048, CKR_OK } };
	CK_BYTE n[256];

	memset(n, 0xc5, sizeof(n));
	for (size_t i = 0; i < LEN(cases); i++) {
		CK_ATTRIBUTE rsa[] = { T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), T_ULONG(CKA_KEY_TYPE, CKK_RSA), T_BYTES(CKA_MODULUS, n, cases[i].bits / 8),
			               T_BYTES(CKA_PUBLIC_EXPONENT, cases[i].e, 1), YES(CKA_WRAP) };
		CK_OBJECT_HANDLE key = 0;

		test_eq(p11->C_CreateObject(attack_session, rsa, 5, &key), cases[i].rv, "RSA: %s", cases[i].name);
	}
	for (CK_ULONG len = 1; len < 16; len += 7) {
		CK_ATTRIBUTE aes[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, n, len) };
		CK_OBJECT_HANDLE key = 0;

		test_eq(p11->C_CreateObject(attack_session, aes, 3, &key), CKR_ATTRIBUTE_VALUE_INVALID, "AES of %lu bytes", len);
	}
}

/* 13: check values, hashes, MACs and searches confirm no guess. */
static void
confirmation(void)
{
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	const CK_ATTRIBUTE uses[] = { YES(CKA_SIGN), NO(CKA_EXTRACTABLE) };
	const CK_ATTRIBUTE closed[] = { NO(CKA_EXTRACTABLE) };
	static const CK_BYTE pin[4] = "1234";

	for (enum home home = DERIVED; home < HOMES; home++) {
		const CK_OBJECT_HANDLE key = attack_key(home, uses, 2);

		test_ok(p11->C_DigestInit(attack_session, &sha) == CKR_OK, "a hash begins");
		test_eq(p11->C_DigestKey(attack_session, key), CKR_KEY_INDIGESTIBLE, "%s: a sensitive key is not hashed", home_names[home]);
		(void)p11->C_DestroyObject(attack_session, key);
	}
	{
		CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET), T_BYTES(CKA_VALUE, pin, 4), YES(CKA_SENSITIVE), closed[0] };
		CK_ATTRIBUTE guess = T_BYTES(CKA_VALUE, pin, 4);
		CK_OBJECT_HANDLE key = 0;

		test_eq(p11->C_CreateObject(attack_session, template, 5, &key), CKR_OK, "a secret of four digits");
		test_ok(mod_attr_rv(attack_session, key, CKA_CHECK_VALUE) != CKR_OK || mod_attr(attack_session, key, CKA_CHECK_VALUE, &(CK_BYTE[8]){ 0 }, 8) == 0,
		        "has no check value");
		test_eq(mod_find(attack_session, &guess, 1, NULL, 0), 0, "and is not found by it");
	}
}

/* 14: a MAC cut to a byte confirms a message once in 256 tries, and no more: what is compared is all or nothing. */
static void
short_macs(void)
{
	const CK_ATTRIBUTE uses[] = { YES(CKA_SIGN), YES(CKA_VERIFY) };
	const CK_OBJECT_HANDLE key = attack_known(CKK_GENERIC_SECRET, attack_value, 32, uses, 2);
	CK_ULONG lengths[] = { 0, 1, 32, 33 };
	static const CK_RV rvs[] = { CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OK, CKR_MECHANISM_PARAM_INVALID };
	CK_BYTE mac[64] = { 0 };
	CK_ULONG one = 1;
	CK_MECHANISM cut = { CKM_SHA256_HMAC_GENERAL, &one, sizeof(one) };
	unsigned good = 0;

	for (size_t i = 0; i < LEN(lengths); i++) {
		CK_MECHANISM m = { CKM_SHA256_HMAC_GENERAL, &lengths[i], sizeof(CK_ULONG) };

		test_eq(p11->C_VerifyInit(attack_session, &m, key), rvs[i], "a MAC of %lu bytes", lengths[i]);
		(void)p11->C_VerifyInit(attack_session, NULL, 0);
	}
	/* Whoever asks for the whole is not content with a part. */
	test_eq(p11->C_VerifyInit(attack_session, &(CK_MECHANISM){ CKM_SHA256_HMAC, NULL, 0 }, key), CKR_OK, "the whole MAC");
	test_eq(p11->C_Verify(attack_session, mac, 4, mac, 1), CKR_SIGNATURE_LEN_RANGE, "is not a byte of it");
	for (unsigned i = 0; i < 256; i++) {
		mac[0] = (CK_BYTE)i;
		good += p11->C_VerifyInit(attack_session, &cut, key) == CKR_OK &&
		        p11->C_Verify(attack_session, (CK_BYTE *)(uintptr_t)attack_value, 4, mac, 1) == CKR_OK;
	}
	test_eq(good, 1, "one byte in 256 is right");
}

/* 15: a nonce is used once: Joux 2006. test-message.c has the message functions, which make their own. */
static void
nonces(void)
{
	const CK_ATTRIBUTE both[] = { YES(CKA_ENCRYPT), YES(CKA_SIGN) };
	const CK_OBJECT_HANDLE key = attack_key(SESSION, both, 2);
	CK_MECHANISM m = attack_mechanism(CKM_AES_GCM);
	CK_BYTE out[2][64] = { { 0 } };
	CK_ULONG len = 64;

	test_eq(p11->C_EncryptInit(attack_session, &m, key), CKR_OK, "GCM begins");
	test_eq(p11->C_Encrypt(attack_session, out[0], 16, out[1], &len), CKR_OK, "and ends");
	len = 64;
	test_eq(p11->C_Encrypt(attack_session, out[0], 16, out[1], &len), CKR_OPERATION_NOT_INITIALIZED, "with its nonce");
}

int
main(int argc, char **argv)
{
	(void)argc;
	attack_begin(argv);
	padding();
	cbc_padding();
	conjuring();
	points();
	weak_keys();
	confirmation();
	short_macs();
	nonces();
	mod_fini();
	return test_done();
}
