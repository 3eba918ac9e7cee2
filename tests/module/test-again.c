/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <string.h>

/* A session that signs with the same key again is spared the look at it; whatever happened to the key or the mechanism meanwhile counts nevertheless. */

static CK_SESSION_HANDLE one;
static CK_SESSION_HANDLE other;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };

static void
round_trip(CK_MECHANISM *m, struct pair pair, const char *what)
{
	CK_BYTE sig[1024];
	const CK_ULONG len = mod_sign(one, m, pair.private, "text", sig);

	test_ok(len != 0, "%s: signs", what);
	test_eq(mod_verify(other, m, pair.public, "text", sig, len), CKR_OK, "%s: and the signature is right", what);
}

static void
allow(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE usage, bool yes)
{
	CK_ATTRIBUTE a = T_BOOL(usage, yes);

	test_eq(p11->C_SetAttributeValue(other, key, &a, 1), CKR_OK, "the usage is changed by another session");
}

static void
usage(void)
{
	const struct pair pair = mod_ec(one, CKM_EC_KEY_PAIR_GEN, OID_P256, "usage", true);

	for (int i = 0; i < 3; i++)
		round_trip(&ecdsa, pair, "again");
	allow(pair.private, CKA_SIGN, false);
	test_eq(p11->C_SignInit(one, &ecdsa, pair.private), CKR_KEY_FUNCTION_NOT_PERMITTED, "not allowed any more");
	allow(pair.private, CKA_SIGN, true);
	round_trip(&ecdsa, pair, "allowed again");
	test_eq(p11->C_SignInit(one, &ecdsa, pair.public), CKR_KEY_TYPE_INCONSISTENT, "the other half");
	round_trip(&ecdsa, pair, "after the other half");
	test_eq(p11->C_SignInit(one, NULL, pair.private), CKR_ARGUMENTS_BAD, "no mechanism");
	test_eq(p11->C_SignInit(one, &(CK_MECHANISM){ CKM_ECDSA_SHA256, &ecdsa, 4 }, pair.private), CKR_MECHANISM_PARAM_INVALID, "a parameter");
	test_eq(p11->C_SignInit(one, &(CK_MECHANISM){ CKM_ECDSA_SHA256, NULL, 4 }, pair.private), CKR_MECHANISM_PARAM_INVALID, "length and no parameter");
	round_trip(&ecdsa, pair, "after bad parameters");
	test_eq(p11->C_DestroyObject(other, pair.private), CKR_OK, "another session destroys the key");
	test_eq(p11->C_SignInit(one, &ecdsa, pair.private), CKR_KEY_HANDLE_INVALID, "no key any more");
}

/* The session has the only reference to its prepared key when that is replaced. */
static void
parameters(void)
{
	const struct pair rsa = mod_rsa(one, 2048, "rsa", false);
	const struct pair ec = mod_ec(one, CKM_EC_KEY_PAIR_GEN, OID_P384, "ec", false);
	CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof(pss) };
	CK_MECHANISM pkcs = { CKM_SHA256_RSA_PKCS, NULL, 0 };

	round_trip(&m, rsa, "PSS");
	pss.sLen = 20;
	round_trip(&m, rsa, "PSS, another salt length");
	pss.sLen = 4000;
	test_eq(p11->C_SignInit(one, &m, rsa.private), CKR_MECHANISM_PARAM_INVALID, "a salt that is too long");
	pss.sLen = 32;
	round_trip(&m, rsa, "PSS, after that");
	round_trip(&pkcs, rsa, "another mechanism");
	round_trip(&ecdsa, ec, "another key");
	round_trip(&pkcs, rsa, "the first one again");
	test_eq(p11->C_SignInit(one, &pkcs, ec.private), CKR_KEY_TYPE_INCONSISTENT, "a key of another type");
	test_eq(p11->C_SignInit(one, &m, 0), CKR_KEY_HANDLE_INVALID, "no key");
}

static CK_RV
encrypt(CK_OBJECT_HANDLE key, CK_BYTE *iv, CK_BYTE out[64])
{
	CK_MECHANISM m = { CKM_AES_CBC, iv, 16 };
	CK_ULONG len = 64;
	CK_BYTE in[16] = { 0 };
	const CK_RV rv = p11->C_EncryptInit(one, &m, key);

	return rv == CKR_OK ? p11->C_Encrypt(one, in, sizeof(in), out, &len) : rv;
}

static void
ciphers(void)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, 32), T_BOOL(CKA_ENCRYPT, true) };
	CK_BYTE iv[16] = { 1 };
	CK_BYTE first[64];
	CK_BYTE second[64];
	CK_OBJECT_HANDLE key = 0;

	test_eq(p11->C_GenerateKey(one, &(CK_MECHANISM){ CKM_AES_KEY_GEN, NULL, 0 }, template, LEN(template), &key), CKR_OK, "an AES key");
	test_eq(encrypt(key, iv, first), CKR_OK, "encrypts");
	test_eq(encrypt(key, iv, second), CKR_OK, "and again");
	test_mem(second, 16, first, 16, "the same");
	iv[0] = 2;
	test_eq(encrypt(key, iv, second), CKR_OK, "with another IV");
	test_ok(memcmp(first, second, 16) != 0, "something else");
	allow(key, CKA_ENCRYPT, false);
	test_eq(encrypt(key, iv, second), CKR_KEY_FUNCTION_NOT_PERMITTED, "not allowed any more");
	test_eq(p11->C_DestroyObject(other, key), CKR_OK, "destroyed");
	test_eq(encrypt(key, iv, second), CKR_KEY_HANDLE_INVALID, "no key any more");
}

/* One key is prepared, and the preparation of another one fails: after that nothing is done under the first by mistake. */
static void
two_keys(bool decrypts, CK_ULONG iv_len, const char *what)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, 32), T_BOOL(CKA_ENCRYPT, true), T_BOOL(CKA_DECRYPT, true) };
	CK_RV (*const init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE) = decrypts ? p11->C_DecryptInit : p11->C_EncryptInit;
	CK_RV (*const run)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR) = decrypts ? p11->C_Decrypt : p11->C_Encrypt;
	CK_BYTE iv[16] = { 1 };
	CK_BYTE in[16] = { 0 };
	CK_BYTE out[4][16];
	CK_MECHANISM m = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_OBJECT_HANDLE keys[2];
	bool good = true;

	for (size_t i = 0; i < 2; i++)
		if (p11->C_GenerateKey(one, &(CK_MECHANISM){ CKM_AES_KEY_GEN, NULL, 0 }, template, LEN(template), &keys[i]) != CKR_OK)
			test_bail("an AES key");
	for (size_t i = 0; i < 4; i++) {
		CK_ULONG len = sizeof(out[i]);

		if (i == 2) {
			m.ulParameterLen = iv_len;
			test_eq(init(one, &m, keys[0]), CKR_MECHANISM_PARAM_INVALID, "%s: the first key with a bad IV", what);
			m.ulParameterLen = sizeof(iv);
		}
		good = init(one, &m, keys[i % 2]) == CKR_OK && run(one, in, sizeof(in), out[i], &len) == CKR_OK && good;
	}
	test_ok(good, "%s: two keys by turns", what);
	test_ok(memcmp(out[0], out[1], 16) != 0, "%s: are two keys", what);
	test_mem(out[2], 16, out[0], 16, "%s: the first is the first again after its failure", what);
	test_mem(out[3], 16, out[1], 16, "%s: and the second the second", what);
}

/* A handle that a logout ended does not come back with the next login. */
static void
logout(void)
{
	CK_SESSION_HANDLE s;
	struct pair pair;
	CK_BYTE sig[1024];

	mod_guard(SLOT_ENDORSEMENT, "user pin");
	s = mod_open(SLOT_ENDORSEMENT, true);
	test_eq(mod_login(s, CKU_USER, "user pin"), CKR_OK, "login");
	pair = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "private", true);
	test_ok(mod_sign(s, &ecdsa, pair.private, "text", sig) != 0 && mod_sign(s, &ecdsa, pair.private, "text", sig) != 0, "signs twice");
	test_eq(p11->C_Logout(s), CKR_OK, "logout");
	test_eq(p11->C_SignInit(s, &ecdsa, pair.private), CKR_KEY_HANDLE_INVALID, "no key without a login");
	test_eq(mod_login(s, CKU_USER, "user pin"), CKR_OK, "login");
	test_eq(p11->C_SignInit(s, &ecdsa, pair.private), CKR_KEY_HANDLE_INVALID, "nor by its old handle");
	mod_close(s);
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	one = mod_open(SLOT_OWNER, true);
	other = mod_open(SLOT_OWNER, true);
	usage();
	parameters();
	ciphers();
	two_keys(false, 15, "encryption");
	two_keys(true, 17, "decryption");
	logout();
	mod_fini();
	return test_done();
}
