/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

/*
 * Every mechanism of secret keys against libcrypto, which gets the key's value from the object; in one piece and in
 * parts.
 */

enum form { WHOLE, CUT, NONCE, NONE, IV, CTR, GCM, CCM, CHACHA };

static const struct row {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	CK_ULONG len; /* 0: a MAC */
	const char *mac;
	const char *name;
	enum form form;
} rows[] = {
#define MAC(type, key_type, mac, name, form) { type, key_type, 0, mac, name, form },
#define CIPHER(type, key_type, len, name, form) { type, key_type, len, NULL, name, form },
#include "module/secret.inc"
#undef MAC
#undef CIPHER
};

static CK_SESSION_HANDLE s;
static CK_BYTE iv[16] = { 0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static CK_BYTE aad[20] = "associated data here";
static CK_BYTE text[4096];

static CK_OBJECT_HANDLE
key_of(CK_KEY_TYPE type, CK_ULONG len, CK_BBOOL sensitive, CK_BYTE *value)
{
	CK_MECHANISM m = { type == CKK_AES ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[] = {
		T_ULONG(CKA_KEY_TYPE, type), T_ULONG(CKA_VALUE_LEN, len), T_BOOL(CKA_SENSITIVE, sensitive), T_BOOL(CKA_EXTRACTABLE,
		                                                                                                   !sensitive),
		T_BOOL(CKA_ENCRYPT, CK_TRUE), T_BOOL(CKA_DECRYPT, CK_TRUE), T_BOOL(CKA_SIGN, CK_TRUE), T_BOOL(CKA_VERIFY, CK_TRUE),
	};
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_GenerateKey(s, &m, template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("a key of type 0x%lx: 0x%lx", type, rv);
	if (value != NULL && mod_attr(s, key, CKA_VALUE, value, len) != len)
		test_bail("its value");
	return key;
}

/* A mechanism and the parameter it points to. */
struct mechanism {
	CK_MECHANISM m;
	union {
		CK_ULONG len;
		CK_GCM_PARAMS gcm;
		CK_CCM_PARAMS ccm;
		CK_AES_CTR_PARAMS ctr;
		CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha;
	} p;
};

static void
fill(struct mechanism *m, const struct row *r, CK_ULONG data_len)
{
	memset(m, 0, sizeof(*m));
	m->m = (CK_MECHANISM){ r->type, &m->p, 0 };
	switch (r->form) {
	case WHOLE:
	case NONE:
		m->m.pParameter = NULL;
		break;
	case CUT:
		m->p.len = 7;
		m->m.ulParameterLen = sizeof(m->p.len);
		break;
	case IV:
		m->m.pParameter = iv;
		m->m.ulParameterLen = sizeof(iv);
		break;
	case CTR:
		m->p.ctr.ulCounterBits = 64;
		memcpy(m->p.ctr.cb, iv, sizeof(iv));
		m->m.ulParameterLen = sizeof(m->p.ctr);
		break;
	case NONCE:
	case GCM:
		m->p.gcm = (CK_GCM_PARAMS){ iv, 12, 96, r->form == GCM ? aad : NULL, r->form == GCM ? sizeof(aad) : 0, 128 };
		m->m.ulParameterLen = sizeof(m->p.gcm);
		break;
	case CCM:
		m->p.ccm = (CK_CCM_PARAMS){ data_len, iv, 12, aad, sizeof(aad), 16 };
		m->m.ulParameterLen = sizeof(m->p.ccm);
		break;
	case CHACHA:
		m->p.chacha = (CK_SALSA20_CHACHA20_POLY1305_PARAMS){ iv, 12, aad, sizeof(aad) };
		m->m.ulParameterLen = sizeof(m->p.chacha);
		break;
	}
}

static bool
is_aead(const struct row *r)
{
	return r->form == GCM || r->form == CCM || r->form == CHACHA;
}

static bool
is_padded(const struct row *r)
{
	return r->type == CKM_AES_CBC_PAD || r->type == CKM_AES_KEY_WRAP_PAD || r->type == CKM_AES_KEY_WRAP_KWP;
}

/* What libcrypto makes of it. */
static size_t
libcrypto(const struct row *r, const CK_BYTE *key, const CK_BYTE *in, int len, CK_BYTE *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, r->name, NULL);
	int n = 0;
	int last = 0;
	bool ok = ctx != NULL && cipher != NULL;

	if (ok)
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = ok && EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) == 1;
	if (r->form == CCM)
		ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) == 1 &&
		     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, NULL) == 1;
	ok = ok && EVP_EncryptInit_ex2(ctx, NULL, key, r->form == NONE ? NULL : iv, NULL) == 1;
	ok = ok && EVP_CIPHER_CTX_set_padding(ctx, r->type == CKM_AES_CBC_PAD) == 1;
	if (r->form == CCM)
		ok = ok && EVP_EncryptUpdate(ctx, NULL, &n, NULL, len) == 1;
	if (is_aead(r))
		ok = ok && EVP_EncryptUpdate(ctx, NULL, &n, aad, sizeof(aad)) == 1;
	ok = ok && EVP_EncryptUpdate(ctx, out, &n, in, len) == 1 && EVP_EncryptFinal_ex(ctx, out + n, &last) == 1;
	if (is_aead(r)) {
		ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + n + last) == 1;
		last += 16;
	}
	EVP_CIPHER_free(cipher);
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		test_bail("libcrypto's %s", r->name);
	return (size_t)(n + last);
}

/* The same in parts of growing length; 0 when something fails. */
static CK_ULONG
in_parts(bool encrypt, const struct mechanism *m, CK_OBJECT_HANDLE key, CK_BYTE *in, CK_ULONG len, CK_BYTE *out)
{
	CK_ULONG total = 0;
	CK_ULONG n;
	CK_RV rv = encrypt ? p11->C_EncryptInit(s, (CK_MECHANISM *)(uintptr_t)&m->m, key) :
	                     p11->C_DecryptInit(s, (CK_MECHANISM *)(uintptr_t)&m->m, key);

	for (CK_ULONG at = 0, step = 1; rv == CKR_OK && at < len; at += step, step = step * 2 + 1) {
		const CK_ULONG part = len - at < step ? len - at : step;

		n = 8192 - total;
		rv = encrypt ? p11->C_EncryptUpdate(s, in + at, part, out + total, &n) : p11->C_DecryptUpdate(s, in + at, part,
		                                                                                              out + total, &n);
		total += n;
	}
	n = 8192 - total;
	if (rv == CKR_OK)
		rv = encrypt ? p11->C_EncryptFinal(s, out + total, &n) : p11->C_DecryptFinal(s, out + total, &n);
	return rv == CKR_OK ? total + n : 0;
}

static void
lengths(const struct row *r, const struct mechanism *m, CK_OBJECT_HANDLE key, CK_BYTE *sealed, CK_ULONG sealed_len,
        CK_ULONG len)
{
	CK_MECHANISM *mechanism = (CK_MECHANISM *)(uintptr_t)&m->m;
	CK_BYTE out[8192];
	CK_ULONG n = 0;

	test_eq(p11->C_EncryptInit(s, mechanism, key), CKR_OK, "%s %lu: again", r->name, len);
	test_eq(p11->C_Encrypt(s, text, len, NULL, &n), CKR_OK, "%s: length query", r->name);
	test_eq(n, sealed_len, "%s: the exact length", r->name);
	n = sealed_len - 1;
	test_eq(p11->C_Encrypt(s, text, len, out, &n), CKR_BUFFER_TOO_SMALL, "%s: one byte too few", r->name);
	test_eq(p11->C_Encrypt(s, text, len, out, &n), CKR_OK, "%s: and enough", r->name);
	test_mem(out, n, sealed, sealed_len, "%s: the same", r->name);
	test_eq(p11->C_DecryptInit(s, mechanism, key), CKR_OK, "%s: decrypting", r->name);
	test_eq(p11->C_Decrypt(s, sealed, sealed_len, NULL, &n), CKR_OK, "%s: length query", r->name);
	test_ok(is_padded(r) ? n >= len && n < sealed_len : n == len, "%s: %lu for %lu", r->name, n, len);
	n = len - 1;
	test_eq(p11->C_Decrypt(s, sealed, sealed_len, out, &n), CKR_BUFFER_TOO_SMALL, "%s: one byte too few", r->name);
	test_eq(n, len, "%s: the length is told", r->name);
	test_eq(p11->C_Decrypt(s, sealed, sealed_len, out, &n), CKR_OK, "%s: and enough", r->name);
	test_mem(out, n, text, len, "%s: decrypted", r->name);
}

static void
wrong(const struct row *r, const struct mechanism *m, CK_OBJECT_HANDLE key, CK_BYTE *sealed, CK_ULONG sealed_len)
{
	CK_MECHANISM *mechanism = (CK_MECHANISM *)(uintptr_t)&m->m;
	CK_MECHANISM bad = m->m;
	CK_BYTE out[8192];
	CK_ULONG n = sizeof(out);

	/* Of CBC, the block before the last: a changed last one is garbage, and one in 256 of those is well padded. */
	const CK_ULONG at = is_padded(r) && r->type != CKM_AES_KEY_WRAP_PAD && r->type != CKM_AES_KEY_WRAP_KWP ? sealed_len - 17 : sealed_len - 1;

	sealed[at] ^= 0x40;
	if (is_aead(r) || r->type == CKM_AES_KEY_WRAP || is_padded(r)) {
		(void)p11->C_DecryptInit(s, mechanism, key);
		test_eq(p11->C_Decrypt(s, sealed, sealed_len, out, &n), CKR_ENCRYPTED_DATA_INVALID, "%s: changed", r->name);
		test_eq(p11->C_Decrypt(s, sealed, sealed_len, out, &n), CKR_OPERATION_NOT_INITIALIZED, "%s: that was the end",
		        r->name);
	}
	sealed[at] ^= 0x40;
	if (r->type == CKM_AES_ECB || r->type == CKM_AES_CBC || is_padded(r) || r->type == CKM_AES_KEY_WRAP) {
		n = sizeof(out);
		(void)p11->C_DecryptInit(s, mechanism, key);
		test_eq(p11->C_Decrypt(s, sealed, sealed_len - 1, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE, "%s: a byte short",
		        r->name);
	}
	if (r->type == CKM_AES_ECB || r->type == CKM_AES_CBC || r->type == CKM_AES_KEY_WRAP) {
		n = sizeof(out);
		(void)p11->C_EncryptInit(s, mechanism, key);
		test_eq(p11->C_Encrypt(s, text, 31, out, &n), CKR_DATA_LEN_RANGE, "%s: not whole blocks", r->name);
	}
	bad.pParameter = iv;
	bad.ulParameterLen = 3;
	test_eq(p11->C_EncryptInit(s, &bad, key), CKR_MECHANISM_PARAM_INVALID, "%s: a parameter of 3 bytes", r->name);
}

static void
cipher_row(const struct row *r)
{
	static const CK_ULONG sizes[] = { 16, 40, 160, 2000, 4096 };
	CK_BYTE value[64];
	const CK_OBJECT_HANDLE key = key_of(r->key_type, r->len, CK_FALSE, value);
	CK_BYTE want[8192];
	CK_BYTE got[8192];
	struct mechanism m;

	for (size_t i = 0; i < LEN(sizes); i++) {
		CK_ULONG len = sizes[i];
		CK_ULONG n;

		if ((r->type == CKM_AES_ECB || r->type == CKM_AES_CBC) && len % 16 != 0)
			continue;
		fill(&m, r, len);
		n = libcrypto(r, value, text, (int)len, want);
		test_mem(got, in_parts(true, &m, key, text, len, got), want, n, "%s %lu: as libcrypto, in parts", r->name, len);
		test_mem(got, in_parts(false, &m, key, want, n, got), text, len, "%s %lu: and back", r->name, len);
		lengths(r, &m, key, want, n, len);
		wrong(r, &m, key, want, n);
	}
}

static size_t
libcrypto_mac(const struct row *r, const CK_BYTE *key, size_t key_len, CK_BYTE out[64])
{
	OSSL_PARAM params[3] = { OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, r->mac, NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t n = 0;

	params[0] = OSSL_PARAM_construct_utf8_string(strcmp(r->mac,
	                                                    "HMAC") == 0 ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER,
	                                             (char *)(uintptr_t)r->name, 0);
	if (r->form == NONCE)
		params[1] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, iv, 12);
	if (ctx == NULL || EVP_MAC_init(ctx, key, key_len, params) != 1 || EVP_MAC_update(ctx, text, 1000) != 1 ||
	    EVP_MAC_final(ctx, out, &n, 64) != 1)
		test_bail("libcrypto's %s with %s", r->mac, r->name);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return r->form == CUT ? 7 : n;
}

static void
mac_by(const struct row *r, CK_KEY_TYPE key_type)
{
	CK_BYTE value[32];
	const CK_OBJECT_HANDLE key = key_of(key_type, sizeof(value), CK_FALSE, value);
	CK_BYTE want[64];
	CK_BYTE got[64];
	CK_ULONG n = 0;
	struct mechanism m;
	const size_t len = libcrypto_mac(r, value, sizeof(value), want);

	fill(&m, r, 0);
	test_eq(p11->C_SignInit(s, &m.m, key), CKR_OK, "%s %s: C_SignInit", r->mac, r->name);
	test_eq(p11->C_Sign(s, text, 1000, NULL, &n), CKR_OK, "%s %s: length query", r->mac, r->name);
	test_eq(p11->C_Sign(s, text, 1000, got, &n), CKR_OK, "%s %s: C_Sign", r->mac, r->name);
	test_mem(got, n, want, len, "%s %s: as libcrypto's", r->mac, r->name);
	test_eq(p11->C_SignInit(s, &m.m, key), CKR_OK, "%s %s: C_SignInit again", r->mac, r->name);
	(void)p11->C_SignUpdate(s, text, 1);
	(void)p11->C_SignUpdate(s, text + 1, 999);
	test_eq(p11->C_SignFinal(s, got, &n), CKR_OK, "%s %s: in parts", r->mac, r->name);
	test_mem(got, n, want, len, "%s %s: the same", r->mac, r->name);
	(void)p11->C_VerifyInit(s, &m.m, key);
	test_eq(p11->C_Verify(s, text, 1000, want, len), CKR_OK, "%s %s: C_Verify", r->mac, r->name);
	(void)p11->C_VerifyInit(s, &m.m, key);
	test_eq(p11->C_Verify(s, text, 999, want, len), CKR_SIGNATURE_INVALID, "%s %s: other data", r->mac, r->name);
	(void)p11->C_VerifyInit(s, &m.m, key);
	test_eq(p11->C_Verify(s, text, 1000, want, len - 1), CKR_SIGNATURE_LEN_RANGE, "%s %s: a byte short", r->mac, r->name);
	want[len - 1] ^= 1;
	(void)p11->C_VerifyInit(s, &m.m, key);
	test_eq(p11->C_Verify(s, text, 1000, want, len), CKR_SIGNATURE_INVALID, "%s %s: a bit changed", r->mac, r->name);
}

static void
which_keys(void)
{
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_MECHANISM general = { CKM_SHA256_HMAC_GENERAL, &(CK_ULONG){ 33 }, sizeof(CK_ULONG) };
	CK_MECHANISM make = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_MECHANISM_TYPE only = CKM_AES_ECB;
	CK_ATTRIBUTE narrow[] = {
		T_ULONG(CKA_VALUE_LEN, 16), T_BOOL(CKA_ENCRYPT, CK_TRUE), T_BOOL(CKA_DECRYPT, CK_FALSE),
		{ CKA_ALLOWED_MECHANISMS, &only, sizeof(only) },
	};
	struct { CK_BYTE *iv; CK_ULONG iv_len; CK_BYTE *aad; CK_ULONG aad_len, tag_bits; } old = { iv, 12, NULL, 0, 128 };
	CK_MECHANISM old_gcm = { CKM_AES_GCM, &old, sizeof(old) };
	const CK_OBJECT_HANDLE aes = key_of(CKK_AES, 16, CK_FALSE, NULL);
	const CK_OBJECT_HANDLE generic = key_of(CKK_GENERIC_SECRET, 32, CK_FALSE, NULL);
	CK_OBJECT_HANDLE key;

	test_eq(p11->C_EncryptInit(s, &ecb, generic), CKR_KEY_TYPE_INCONSISTENT, "AES with a generic secret");
	test_eq(p11->C_SignInit(s, &hmac, aes), CKR_KEY_TYPE_INCONSISTENT, "HMAC with an AES key");
	test_eq(p11->C_SignInit(s, &hmac, key_of(CKK_SHA384_HMAC, 32, CK_FALSE, NULL)), CKR_KEY_TYPE_INCONSISTENT,
	        "with another HMAC's");
	test_eq(p11->C_SignInit(s, &general, generic), CKR_MECHANISM_PARAM_INVALID, "33 bytes of a MAC of 32");
	test_eq(p11->C_GenerateKey(s, &make, narrow, LEN(narrow), &key), CKR_OK, "a key for one mechanism");
	test_eq(p11->C_DecryptInit(s, &ecb, key), CKR_KEY_FUNCTION_NOT_PERMITTED, "not for decryption");
	test_eq(p11->C_EncryptInit(s, &old_gcm, key), CKR_MECHANISM_INVALID, "nor for GCM");
	test_eq(p11->C_EncryptInit(s, &ecb, key), CKR_OK, "for ECB");
	test_eq(p11->C_EncryptInit(s, &ecb, key), CKR_OPERATION_ACTIVE, "and that is under way");
	test_eq(p11->C_EncryptInit(s, NULL, 0), CKR_OK, "without a mechanism it is ended");
	test_eq(p11->C_EncryptInit(s, &old_gcm, aes), CKR_OK, "GCM's parameter as 2.40 first had it");
}

/* Encryption and a hash, or a MAC, over the same plaintext: all four functions. */
static void
two_at_once(void)
{
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	CK_MECHANISM mac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE value[16];
	const CK_OBJECT_HANDLE key = key_of(CKK_AES, sizeof(value), CK_FALSE, value);
	const CK_OBJECT_HANDLE mac_key = key_of(CKK_GENERIC_SECRET, 32, CK_FALSE, NULL);
	const struct row row = { CKM_AES_CBC, CKK_AES, 16, NULL, "AES-128-CBC", IV };
	CK_BYTE want[256];
	CK_BYTE got[256];
	CK_BYTE hash[32];
	CK_BYTE other[32];
	CK_ULONG n = 0;
	CK_ULONG hash_len = sizeof(hash);

	(void)libcrypto(&row, value, text, 160, want);
	test_eq(p11->C_DigestEncryptUpdate(s, text, 16, got, &n), CKR_OPERATION_NOT_INITIALIZED, "neither is under way");
	(void)p11->C_EncryptInit(s, &cbc, key);
	test_eq(p11->C_DigestEncryptUpdate(s, text, 16, got, &n), CKR_OPERATION_NOT_INITIALIZED, "only one is");
	(void)p11->C_DigestInit(s, &sha);
	n = 3;
	test_eq(p11->C_DigestEncryptUpdate(s, text, 160, got, &n), CKR_BUFFER_TOO_SMALL, "too small");
	memcpy(got, text, 160);
	n = 160;
	test_eq(p11->C_DigestEncryptUpdate(s, got, 160, got, &n), CKR_OK, "C_DigestEncryptUpdate in place");
	test_mem(got, n, want, 160, "encrypted");
	test_eq(p11->C_DigestFinal(s, hash, &hash_len), CKR_OK, "the digest");
	(void)EVP_Digest(text, 160, other, NULL, EVP_sha256(), NULL);
	test_mem(hash, hash_len, other, 32, "is the plaintext's, once");
	n = sizeof(got);
	test_eq(p11->C_EncryptFinal(s, got, &n), CKR_OK, "C_EncryptFinal");
	(void)p11->C_DecryptInit(s, &cbc, key);
	(void)p11->C_DigestInit(s, &sha);
	n = sizeof(got);
	test_eq(p11->C_DecryptDigestUpdate(s, want, 160, got, &n), CKR_OK, "C_DecryptDigestUpdate");
	test_mem(got, n, text, 160, "decrypted");
	test_eq(p11->C_DigestFinal(s, hash, &hash_len), CKR_OK, "the digest");
	test_mem(hash, hash_len, other, 32, "is the plaintext's");
	n = sizeof(got);
	(void)p11->C_DecryptFinal(s, got, &n);
	(void)p11->C_EncryptInit(s, &cbc, key);
	(void)p11->C_SignInit(s, &mac, mac_key);
	n = sizeof(got);
	test_eq(p11->C_SignEncryptUpdate(s, text, 160, got, &n), CKR_OK, "C_SignEncryptUpdate");
	test_eq(p11->C_SignFinal(s, hash, &hash_len), CKR_OK, "the MAC");
	n = sizeof(got);
	(void)p11->C_EncryptFinal(s, got, &n);
	(void)p11->C_DecryptInit(s, &cbc, key);
	(void)p11->C_VerifyInit(s, &mac, mac_key);
	n = sizeof(got);
	test_eq(p11->C_DecryptVerifyUpdate(s, want, 160, got, &n), CKR_OK, "C_DecryptVerifyUpdate");
	test_eq(p11->C_VerifyFinal(s, hash, hash_len), CKR_OK, "verifies");
	(void)p11->C_DecryptInit(s, NULL, 0);
}

static void
digest_of_key(void)
{
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	CK_BYTE value[36] = "abc";
	CK_BYTE got[32];
	CK_BYTE want[32];
	CK_ULONG n = sizeof(got);
	const CK_OBJECT_HANDLE key = key_of(CKK_GENERIC_SECRET, 32, CK_FALSE, value + 3);

	(void)p11->C_DigestInit(s, &sha);
	(void)p11->C_DigestUpdate(s, value, 3);
	test_eq(p11->C_GetOperationState(s, NULL, &n), CKR_OK, "the state of a hash can be saved");
	test_eq(p11->C_DigestKey(s, key), CKR_OK, "C_DigestKey");
	test_eq(p11->C_GetOperationState(s, NULL, &n), CKR_STATE_UNSAVEABLE, "but not when a key is in it");
	n = sizeof(got);
	test_eq(p11->C_DigestFinal(s, got, &n), CKR_OK, "C_DigestFinal");
	(void)EVP_Digest(value, 35, want, NULL, EVP_sha256(), NULL);
	test_mem(got, n, want, 32, "of the data and the key");
	(void)p11->C_DigestInit(s, &sha);
	test_eq(p11->C_DigestKey(s, key_of(CKK_GENERIC_SECRET, 32, CK_TRUE, NULL)), CKR_KEY_INDIGESTIBLE,
	        "not of a sensitive key");
	test_eq(p11->C_DigestFinal(s, got, &n), CKR_OPERATION_NOT_INITIALIZED, "that was the end");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (CK_BYTE)(i * 7 + i / 256);
	for (size_t i = 0; i < LEN(rows); i++) {
		if (rows[i].len != 0) {
			cipher_row(&rows[i]);
			continue;
		}
		mac_by(&rows[i], rows[i].key_type);
		if (rows[i].key_type != CKK_AES)
			mac_by(&rows[i], CKK_GENERIC_SECRET);
	}
	two_at_once();
	digest_of_key();
	which_keys();
	mod_fini();
	return test_done();
}
