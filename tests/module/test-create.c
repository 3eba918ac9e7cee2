/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <dirent.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* C_CreateObject and C_CopyObject of private and secret keys: PKCS#11 3.0 sections 4.9 and 4.10, checked against libcrypto. */

#define PIECE_MAX 1100

static CK_SESSION_HANDLE rw;
static CK_SESSION_HANDLE ro;
static CK_BYTE id[2] = { 'k', 0 };

static void
reopen(void)
{
	rw = mod_open(SLOT_OWNER, true);
	ro = mod_open(SLOT_OWNER, false);
}

static void
restart(void)
{
	mod_fini();
	mod_init();
	reopen();
}

/* Whether a file of the store has the bytes. */
static bool
stored_in_clear(const CK_BYTE *bytes, size_t len)
{
	const char *dir = getenv("SEEDLEAF_STORE");
	DIR *d = dir == NULL ? NULL : opendir(dir);
	bool found = false;
	size_t files = 0;
	struct dirent *e;

	if (d == NULL)
		test_bail("no store");
	while ((e = readdir(d)) != NULL) {
		static char all[4 << 20];
		char path[4096];
		FILE *f;
		size_t n;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.' || (f = fopen(path, "re")) == NULL)
			continue;
		n = fread(all, 1, sizeof(all), f);
		(void)fclose(f);
		files += n != 0;
		found = found || memmem(all, n, bytes, len) != NULL;
	}
	(void)closedir(d);
	if (files == 0)
		test_bail("the store is empty");
	return found;
}

static CK_OBJECT_HANDLE
with_id(CK_OBJECT_CLASS class, CK_BYTE which)
{
	const CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, class), T_BYTES(CKA_ID, id, 2) };
	CK_OBJECT_HANDLE found[2] = { 0, 0 };

	id[1] = which;
	if (mod_find(rw, template, 2, found, 2) != 1)
		test_bail("not one object of class %lu with id %u", class, which);
	return found[0];
}

/* Secret keys */

enum use { ECB, HMAC, CHACHA, XTS, HKDF };

static const struct secret {
	const char *name;
	CK_KEY_TYPE type;
	CK_ULONG len;
	enum use use;
	CK_MECHANISM_TYPE mechanism;
	const char *libcrypto;
} secrets[] = {
	{ "AES-128", CKK_AES, 16, ECB, CKM_AES_ECB, "AES-128-ECB" },
	{ "AES-192", CKK_AES, 24, ECB, CKM_AES_ECB, "AES-192-ECB" },
	{ "AES-256", CKK_AES, 32, ECB, CKM_AES_ECB, "AES-256-ECB" },
	{ "AES-XTS-128", CKK_AES_XTS, 32, XTS, CKM_AES_XTS, "AES-128-XTS" },
	{ "AES-XTS-256", CKK_AES_XTS, 64, XTS, CKM_AES_XTS, "AES-256-XTS" },
	{ "ChaCha20", CKK_CHACHA20, 32, CHACHA, CKM_CHACHA20_POLY1305, "ChaCha20-Poly1305" },
	{ "generic, 1 byte", CKK_GENERIC_SECRET, 1, HMAC, CKM_SHA256_HMAC, "SHA256" },
	{ "generic, 16 bytes", CKK_GENERIC_SECRET, 16, HMAC, CKM_SHA256_HMAC, "SHA256" },
	{ "generic, 1000 bytes", CKK_GENERIC_SECRET, 1000, HMAC, CKM_SHA512_HMAC, "SHA512" },
	{ "SHA-1 HMAC", CKK_SHA_1_HMAC, 20, HMAC, CKM_SHA_1_HMAC, "SHA1" },
	{ "SHA-224 HMAC", CKK_SHA224_HMAC, 28, HMAC, CKM_SHA224_HMAC, "SHA224" },
	{ "SHA-256 HMAC", CKK_SHA256_HMAC, 32, HMAC, CKM_SHA256_HMAC, "SHA256" },
	{ "SHA-384 HMAC", CKK_SHA384_HMAC, 48, HMAC, CKM_SHA384_HMAC, "SHA384" },
	{ "SHA-512 HMAC", CKK_SHA512_HMAC, 64, HMAC, CKM_SHA512_HMAC, "SHA512" },
	{ "SHA-512/224 HMAC", CKK_SHA512_224_HMAC, 28, HMAC, CKM_SHA512_224_HMAC, "SHA512-224" },
	{ "SHA-512/256 HMAC", CKK_SHA512_256_HMAC, 32, HMAC, CKM_SHA512_256_HMAC, "SHA512-256" },
	{ "SHA3-224 HMAC", CKK_SHA3_224_HMAC, 28, HMAC, CKM_SHA3_224_HMAC, "SHA3-224" },
	{ "SHA3-256 HMAC", CKK_SHA3_256_HMAC, 32, HMAC, CKM_SHA3_256_HMAC, "SHA3-256" },
	{ "SHA3-384 HMAC", CKK_SHA3_384_HMAC, 48, HMAC, CKM_SHA3_384_HMAC, "SHA3-384" },
	{ "SHA3-512 HMAC", CKK_SHA3_512_HMAC, 64, HMAC, CKM_SHA3_512_HMAC, "SHA3-512" },
	{ "HKDF", CKK_HKDF, 32, HKDF, CKM_HKDF_DERIVE, "SHA256" },
};

/* Bytes that tell keys apart, and that nothing else in a store is. */
static void
value_of(size_t which, CK_ULONG len, CK_BYTE out[PIECE_MAX])
{
	for (CK_ULONG i = 0; i < len; i++)
		out[i] = (CK_BYTE)(i * 37 + which * 11 + 5);
}

static const CK_BYTE block[32] = "thirty-two bytes of plain text.";

/* What libcrypto makes of the key. */
static size_t
expected(const struct secret *s, const CK_BYTE *value, CK_BYTE out[128])
{
	static const CK_BYTE iv[16] = { 9 };
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	size_t len = 0;
	int n = 0;

	if (s->use == HMAC || s->use == HKDF) {
		/* HKDF-Extract: the salt is the key of the HMAC, the key is its data. */
		if (EVP_Q_mac(NULL, "HMAC", NULL, s->libcrypto, NULL, s->use == HMAC ? value : block, s->use == HMAC ? s->len : sizeof(block),
		              s->use == HMAC ? block : value, s->use == HMAC ? sizeof(block) : s->len, out, 128, &len) == NULL)
			test_bail("no HMAC with %s", s->libcrypto);
		return len;
	}
	cipher = EVP_CIPHER_fetch(NULL, s->libcrypto, NULL);
	ctx = EVP_CIPHER_CTX_new();
	if (cipher == NULL || EVP_EncryptInit_ex2(ctx, cipher, value, s->use == ECB ? NULL : iv, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 || EVP_EncryptUpdate(ctx, out, &n, block, sizeof(block)) != 1)
		test_bail("no %s", s->libcrypto);
	len = (size_t)n;
	if (s->use == CHACHA) {
		if (EVP_EncryptFinal_ex(ctx, out + len, &n) != 1 || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len) != 1)
			test_bail("no tag");
		len += 16;
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return len;
}

static CK_ULONG
used(const struct secret *s, CK_OBJECT_HANDLE key, CK_BYTE out[128])
{
	CK_BYTE iv[16] = { 9 };
	CK_BYTE *data = (CK_BYTE *)(uintptr_t)block;
	CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha = { iv, 12, NULL, 0 };
	CK_HKDF_PARAMS hkdf = { CK_TRUE, CK_FALSE, CKM_SHA256, CKF_HKDF_SALT_DATA, data, sizeof(block), 0, NULL, 0 };
	CK_MECHANISM m = { s->mechanism, NULL, 0 };
	CK_OBJECT_HANDLE made = 0;
	CK_ULONG len = 128;
	CK_RV rv;

	switch (s->use) {
	case HMAC:
		if ((rv = p11->C_SignInit(rw, &m, key)) == CKR_OK)
			rv = p11->C_Sign(rw, data, sizeof(block), out, &len);
		break;
	case HKDF:
		m.pParameter = &hkdf;
		m.ulParameterLen = sizeof(hkdf);
		rv = p11->C_DeriveKey(rw, &m, key, NULL, 0, &made);
		if (rv == CKR_OK)
			len = mod_attr(rw, made, CKA_VALUE, out, 128);
		break;
	default:
		m.pParameter = s->use == CHACHA ? (void *)&chacha : s->use == XTS ? iv : NULL;
		m.ulParameterLen = s->use == CHACHA ? sizeof(chacha) : s->use == XTS ? 16 : 0;
		if ((rv = p11->C_EncryptInit(rw, &m, key)) == CKR_OK)
			rv = p11->C_Encrypt(rw, data, sizeof(block), out, &len);
	}
	if (rv != CKR_OK)
		test_note("%s: 0x%lx", s->name, rv);
	return rv == CKR_OK ? len : 0;
}

static void
works(const struct secret *s, size_t which, CK_OBJECT_HANDLE key, const char *where)
{
	CK_BYTE value[PIECE_MAX];
	CK_BYTE want[128];
	CK_BYTE got[128];

	value_of(which, s->len, value);
	test_mem(got, used(s, key, got), want, expected(s, value, want), "%s, %s: does what libcrypto does", s->name, where);
}

static void
describes_secret(const struct secret *s, size_t which, CK_OBJECT_HANDLE key, bool token)
{
	CK_BYTE value[PIECE_MAX];
	CK_BYTE kcv[32];
	CK_BYTE zeros[32] = { 0 };
	CK_BYTE got[PIECE_MAX];
	size_t n;

	value_of(which, s->len, value);
	test_ok(mod_ulong(rw, key, CKA_VALUE_LEN) == s->len && mod_ulong(rw, key, CKA_KEY_TYPE) == s->type &&
	        mod_ulong(rw, key, CKA_CLASS) == CKO_SECRET_KEY, "%s: length, type and class", s->name);
	test_ok(!mod_bool(rw, key, CKA_LOCAL) && mod_ulong(rw, key, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION &&
	        !mod_bool(rw, key, CKA_ALWAYS_SENSITIVE) && !mod_bool(rw, key, CKA_NEVER_EXTRACTABLE), "%s: it came from outside", s->name);
	test_ok(mod_bool(rw, key, CKA_SENSITIVE) == token && mod_bool(rw, key, CKA_EXTRACTABLE) == !token,
	        "%s: closed on the token, open in a session, if nobody says otherwise", s->name);
	if (token)
		test_eq(mod_attr_rv(rw, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "%s: its value is not shown", s->name);
	else
		test_mem(got, mod_attr(rw, key, CKA_VALUE, got, sizeof(got)), value, s->len, "%s: its value is shown", s->name);
	if (s->len < 16) {
		test_eq(mod_attr_rv(rw, key, CKA_CHECK_VALUE), CKR_ATTRIBUTE_TYPE_INVALID, "%s: no check value, which would confirm guesses", s->name);
		return;
	}
	if (s->type == CKK_AES) {
		int len = 0;
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, s->libcrypto, NULL);

		(void)EVP_EncryptInit_ex2(ctx, cipher, value, NULL, NULL);
		(void)EVP_EncryptUpdate(ctx, kcv, &len, zeros, 16);
		EVP_CIPHER_free(cipher);
		EVP_CIPHER_CTX_free(ctx);
	} else {
		(void)EVP_Q_digest(NULL, "SHA1", NULL, value, s->len, kcv, &n);
	}
	test_mem(got, mod_attr(rw, key, CKA_CHECK_VALUE, got, sizeof(got)), kcv, 3, "%s: check value", s->name);
}

static void
secret_keys(void)
{
	for (size_t i = 0; i < 2 * LEN(secrets); i++) {
		const struct secret *s = &secrets[i / 2];
		const bool token = i % 2 != 0;
		CK_BYTE value[PIECE_MAX];
		CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, s->type), T_BYTES(CKA_VALUE, value, s->len),
			T_BOOL(CKA_TOKEN, token), T_BYTES(CKA_ID, id, 2), T_BOOL(CKA_DERIVE, CK_TRUE) };
		CK_OBJECT_HANDLE key = 0;

		id[1] = (CK_BYTE)i;
		value_of(i / 2, s->len, value);
		test_eq(p11->C_CreateObject(ro, template, LEN(template), &key), token ? CKR_SESSION_READ_ONLY : CKR_OK,
		        "%s: in a read-only session", s->name);
		if (token && !test_eq(p11->C_CreateObject(rw, template, LEN(template), &key), CKR_OK, "%s: on the token", s->name))
			continue;
		describes_secret(s, i / 2, key, token);
		works(s, i / 2, key, token ? "token" : "session");
		if (token && s->len >= 16)
			test_ok(!stored_in_clear(value, 16), "%s: not in the store in clear", s->name);
	}
	restart();
	for (size_t i = 0; i < LEN(secrets); i++)
		works(&secrets[i], i, with_id(CKO_SECRET_KEY, (CK_BYTE)(2 * i + 1)), "next time");
}

/* Private keys */

static const struct curve {
	const char *name;
	const char *libcrypto; /* the algorithm, or the group of EC */
	const char *oid;       /* dotted */
	CK_KEY_TYPE type;
	enum { SIGN, AGREE } use;
} curves[] = {
	{ "P-224", "P-224", "1.3.132.0.33", CKK_EC, SIGN },
	{ "P-256", "P-256", "1.2.840.10045.3.1.7", CKK_EC, SIGN },
	{ "P-384", "P-384", "1.3.132.0.34", CKK_EC, SIGN },
	{ "P-521", "P-521", "1.3.132.0.35", CKK_EC, SIGN },
	{ "secp256k1", "secp256k1", "1.3.132.0.10", CKK_EC, SIGN },
	{ "brainpoolP224r1", "brainpoolP224r1", "1.3.36.3.3.2.8.1.1.5", CKK_EC, SIGN },
	{ "brainpoolP256r1", "brainpoolP256r1", "1.3.36.3.3.2.8.1.1.7", CKK_EC, SIGN },
	{ "brainpoolP320r1", "brainpoolP320r1", "1.3.36.3.3.2.8.1.1.9", CKK_EC, SIGN },
	{ "brainpoolP384r1", "brainpoolP384r1", "1.3.36.3.3.2.8.1.1.11", CKK_EC, SIGN },
	{ "brainpoolP512r1", "brainpoolP512r1", "1.3.36.3.3.2.8.1.1.13", CKK_EC, SIGN },
	{ "Ed25519", "ED25519", "1.3.101.112", CKK_EC_EDWARDS, SIGN },
	{ "Ed448", "ED448", "1.3.101.113", CKK_EC_EDWARDS, SIGN },
	{ "X25519", "X25519", "1.3.101.110", CKK_EC_MONTGOMERY, AGREE },
	{ "X448", "X448", "1.3.101.111", CKK_EC_MONTGOMERY, AGREE },
};

static EVP_PKEY *curve_keys[LEN(curves)];
static EVP_PKEY *rsa_key;

static EVP_PKEY *
new_key(const struct curve *c)
{
	EVP_PKEY *key = c->type == CKK_EC ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", c->libcrypto) : EVP_PKEY_Q_keygen(NULL, NULL, c->libcrypto);

	if (key == NULL)
		test_bail("libcrypto has no %s", c->name);
	return key;
}

static CK_ULONG
bn_of(EVP_PKEY *key, const char *name, CK_BYTE out[PIECE_MAX])
{
	BIGNUM *bn = NULL;
	CK_ULONG len;

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
		test_bail("no %s", name);
	len = (CK_ULONG)BN_bn2bin(bn, out);
	BN_clear_free(bn);
	return len;
}

static CK_ULONG
scalar_of(const struct curve *c, EVP_PKEY *key, CK_BYTE out[PIECE_MAX])
{
	size_t len = PIECE_MAX;

	if (c->type == CKK_EC)
		return bn_of(key, OSSL_PKEY_PARAM_PRIV_KEY, out);
	if (EVP_PKEY_get_raw_private_key(key, out, &len) != 1)
		test_bail("no raw key");
	return len;
}

static CK_ULONG
oid_of(const char *dotted, CK_BYTE out[64])
{
	ASN1_OBJECT *oid = OBJ_txt2obj(dotted, 1);
	const int len = i2d_ASN1_OBJECT(oid, &out);

	ASN1_OBJECT_free(oid);
	return (CK_ULONG)len;
}

static CK_ULONG
spki_of(EVP_PKEY *key, CK_BYTE *out)
{
	const int len = i2d_PUBKEY(key, &out);

	if (len <= 0)
		test_bail("no SubjectPublicKeyInfo");
	return (CK_ULONG)len;
}

/* The point as CKA_EC_POINT has it, and what is in it. */
static CK_ULONG
point_of(const struct curve *c, EVP_PKEY *key, CK_BYTE out[PIECE_MAX], CK_ULONG *ret_head)
{
	CK_BYTE raw[256];
	size_t len = sizeof(raw);
	CK_ULONG head = 2;

	if ((c->type == CKK_EC ? EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw), &len) :
	                         EVP_PKEY_get_raw_public_key(key, raw, &len)) != 1)
		test_bail("no point");
	out[0] = 4;
	out[1] = (CK_BYTE)len;
	if (len > 127) {
		out[1] = 0x81;
		out[2] = (CK_BYTE)len;
		head = 3;
	}
	memcpy(out + head, raw, len);
	*ret_head = head;
	return head + len;
}

static bool
libcrypto_takes(const struct curve *c, EVP_PKEY *key, const CK_BYTE *sig, CK_ULONG len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	CK_BYTE der[512];
	CK_BYTE *p = der;
	bool ok;

	if (c == NULL) {
		ok = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1 && EVP_DigestVerify(md, sig, len, block, sizeof(block)) == 1;
	} else if (c->type == CKK_EC_EDWARDS) {
		ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 && EVP_DigestVerify(md, sig, len, block, sizeof(block)) == 1;
	} else {
		ECDSA_SIG *s = ECDSA_SIG_new();
		int der_len;

		if (len == 0 || ECDSA_SIG_set0(s, BN_bin2bn(sig, (int)len / 2, NULL), BN_bin2bn(sig + len / 2, (int)len / 2, NULL)) != 1)
			return false;
		der_len = i2d_ECDSA_SIG(s, &p);
		ok = EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_verify(ctx, der, (size_t)der_len, block, 20) == 1;
		ECDSA_SIG_free(s);
	}
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* c NULL: RSA */
static void
signs(const struct curve *c, EVP_PKEY *key, CK_OBJECT_HANDLE private, const char *what)
{
	CK_MECHANISM m = { c == NULL ? CKM_SHA256_RSA_PKCS : c->type == CKK_EC ? CKM_ECDSA : CKM_EDDSA, NULL, 0 };
	CK_BYTE sig[1024];
	CK_ULONG len = sizeof(sig);
	CK_RV rv = p11->C_SignInit(rw, &m, private);

	if (rv == CKR_OK)
		rv = p11->C_Sign(rw, (CK_BYTE *)(uintptr_t)block, m.mechanism == CKM_ECDSA ? 20 : sizeof(block), sig, &len);
	test_eq(rv, CKR_OK, "%s: signs", what);
	test_ok(rv == CKR_OK && libcrypto_takes(c, key, sig, len), "%s: libcrypto takes the signature", what);
}

static void
agrees(const struct curve *c, EVP_PKEY *key, CK_OBJECT_HANDLE private, const char *what)
{
	EVP_PKEY *peer = new_key(c);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	CK_BYTE point[PIECE_MAX];
	CK_BYTE want[128];
	CK_BYTE got[128];
	size_t want_len = sizeof(want);
	CK_ULONG head;
	const CK_ULONG len = point_of(c, peer, point, &head);
	CK_ECDH1_DERIVE_PARAMS params = { CKD_NULL, 0, NULL, len - head, point + head };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET) };
	CK_OBJECT_HANDLE made = 0;

	if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 || EVP_PKEY_derive(ctx, want, &want_len) != 1)
		test_bail("libcrypto does not agree");
	test_eq(p11->C_DeriveKey(rw, &m, private, template, 1, &made), CKR_OK, "%s: agrees", what);
	test_mem(got, mod_attr(rw, made, CKA_VALUE, got, sizeof(got)), want, want_len, "%s: on what libcrypto agrees on", what);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
}

static void
used_private(const struct curve *c, EVP_PKEY *key, CK_OBJECT_HANDLE private, const char *what)
{
	if (c == NULL || c->use == SIGN)
		signs(c, key, private, what);
	if (c != NULL && c->type != CKK_EC_EDWARDS)
		agrees(c, key, private, what);
}

static void
describes_private(EVP_PKEY *key, CK_OBJECT_HANDLE private, const char *what)
{
	CK_BYTE want[PIECE_MAX];
	CK_BYTE got[PIECE_MAX];

	test_mem(got, mod_attr(rw, private, CKA_PUBLIC_KEY_INFO, got, sizeof(got)), want, spki_of(key, want), "%s: CKA_PUBLIC_KEY_INFO", what);
	test_ok(!mod_bool(rw, private, CKA_LOCAL) && mod_bool(rw, private, CKA_SENSITIVE) && !mod_bool(rw, private, CKA_EXTRACTABLE) &&
	        !mod_bool(rw, private, CKA_ALWAYS_SENSITIVE) && !mod_bool(rw, private, CKA_NEVER_EXTRACTABLE),
	        "%s: closed, and was not always so", what);
}

static void
curve_pairs(void)
{
	for (size_t i = 0; i < 2 * LEN(curves); i++) {
		const struct curve *c = &curves[i / 2];
		const bool token = i % 2 != 0;
		CK_BYTE d[PIECE_MAX];
		CK_BYTE oid[64];
		CK_BYTE point[PIECE_MAX];
		CK_BYTE spki[PIECE_MAX];
		char what[64];
		EVP_PKEY *key = new_key(c);
		CK_ULONG head;
		const CK_ULONG d_len = scalar_of(c, key, d);
		const CK_ULONG oid_len = oid_of(c->oid, oid);
		const CK_ULONG point_len = point_of(c, key, point, &head);
		const CK_ULONG spki_len = spki_of(key, spki);
		CK_ATTRIBUTE private[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, c->type), T_BYTES(CKA_EC_PARAMS, oid, oid_len),
			T_BYTES(CKA_VALUE, d, d_len), T_BOOL(CKA_TOKEN, token), T_BYTES(CKA_ID, id, 2), T_BOOL(CKA_DERIVE, CK_TRUE), T_BYTES(CKA_PUBLIC_KEY_INFO, spki, spki_len) };
		CK_ATTRIBUTE public[] = { T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), T_ULONG(CKA_KEY_TYPE, c->type), T_BYTES(CKA_EC_PARAMS, oid, oid_len),
			T_BYTES(CKA_EC_POINT, point, point_len), T_BOOL(CKA_TOKEN, token) };
		CK_OBJECT_HANDLE object = 0;

		id[1] = (CK_BYTE)i;
		(void)snprintf(what, sizeof(what), "%s, %s", c->name, token ? "token" : "session");
		if (!test_eq(p11->C_CreateObject(rw, private, LEN(private) - (i % 3 == 0), &object), CKR_OK, "%s: the private key", what))
			continue;
		describes_private(key, object, what);
		used_private(c, key, object, what);
		test_eq(mod_attr_rv(rw, object, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "%s: its value is not shown", what);
		spki[spki_len - 1] ^= 1;
		test_eq(p11->C_CreateObject(rw, private, LEN(private), &object), CKR_ATTRIBUTE_VALUE_INVALID, "%s: not with another public key", what);
		if (token) {
			test_ok(!stored_in_clear(d, 16), "%s: not in the store in clear", what);
			curve_keys[i / 2] = key;
		}
		if (test_eq(p11->C_CreateObject(rw, public, LEN(public), &object), CKR_OK, "%s: the public key", what))
			test_mem(point, mod_attr(rw, object, CKA_EC_POINT, point, sizeof(point)), public[3].pValue, point_len, "%s: its point", what);
		if (!token)
			EVP_PKEY_free(key);
	}
	restart();
	for (size_t i = 0; i < LEN(curves); i++)
		used_private(&curves[i], curve_keys[i], with_id(CKO_PRIVATE_KEY, (CK_BYTE)(2 * i + 1)), curves[i].name);
}

/* n, e, d, p, q, dp, dq, qinv */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} rsa_parts[] = {
	{ CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N }, { CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E }, { CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
	{ CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 }, { CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 }, { CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};
#define N_PARTS LEN(rsa_parts)
static CK_BYTE rsa_bytes[N_PARTS][PIECE_MAX];

/* The first n parts of the key behind what every template here begins with. Returns the number of attributes. */
#define RSA_HEAD 4
static CK_ULONG
rsa_template(CK_ATTRIBUTE template[RSA_HEAD + N_PARTS], size_t n)
{
	for (size_t i = 0; i < n; i++)
		template[RSA_HEAD + i] =
			(CK_ATTRIBUTE){ rsa_parts[i].type, rsa_bytes[i], bn_of(rsa_key, rsa_parts[i].name, rsa_bytes[i]) };
	return RSA_HEAD + n;
}

static void
rsa(void)
{
	CK_BBOOL token = CK_FALSE;
	/* Java adds CKA_ID, and has thirteen in all. */
	CK_ATTRIBUTE template[RSA_HEAD + N_PARTS + 1] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, CKK_RSA),
		{ CKA_TOKEN, &token, 1 }, T_BYTES(CKA_ID, id, 2) };
	static const struct {
		const char *name;
		size_t parts;
	} cases[] = { { "RSA as Java sends it", N_PARTS }, { "RSA without CRT", 3 }, { "RSA with its primes", 5 } };
	CK_OBJECT_HANDLE key = 0;
	CK_OBJECT_HANDLE copy = 0;

	for (size_t i = 0; i < 2 * LEN(cases); i++) {
		CK_ULONG n = rsa_template(template, cases[i / 2].parts);

		token = i % 2 != 0;
		id[1] = (CK_BYTE)(200 + i);
		if (cases[i / 2].parts == N_PARTS)
			template[n++] = (CK_ATTRIBUTE)T_TEXT(CKA_SUBJECT, "0");
		if (!test_eq(p11->C_CreateObject(rw, template, n, &key), CKR_OK, "%s, token %d", cases[i / 2].name, token))
			continue;
		describes_private(rsa_key, key, cases[i / 2].name);
		used_private(NULL, rsa_key, key, cases[i / 2].name);
		if (token)
			test_ok(!stored_in_clear(rsa_bytes[2] + 8, 16) && !stored_in_clear(rsa_bytes[3] + 8, 16) && !stored_in_clear(rsa_bytes[4] + 8, 16),
			        "%s: not in the store in clear", cases[i / 2].name);
	}
	id[1] = 220;
	/* Without its public exponent, which is the usual one */
	token = CK_FALSE;
	(void)rsa_template(template, 3);
	template[RSA_HEAD + 1] = template[RSA_HEAD + 2];
	test_eq(p11->C_CreateObject(rw, template, RSA_HEAD + 2, &key), CKR_OK, "RSA without e");
	used_private(NULL, rsa_key, key, "RSA without e");
	/* An open one shows all eight parts, computed or not. */
	(void)rsa_template(template, 3);
	template[RSA_HEAD + 3] = (CK_ATTRIBUTE)T_BOOL(CKA_SENSITIVE, CK_FALSE);
	template[RSA_HEAD + 4] = (CK_ATTRIBUTE)T_BOOL(CKA_EXTRACTABLE, CK_TRUE);
	test_eq(p11->C_CreateObject(rw, template, RSA_HEAD + 5, &key), CKR_OK, "RSA, open");
	test_eq(p11->C_CopyObject(rw, key, (CK_ATTRIBUTE[]){ T_BOOL(CKA_TOKEN, CK_TRUE) }, 1, &copy), CKR_OK, "copied to the token");
	for (size_t i = 0; i < N_PARTS; i++) {
		CK_BYTE want[PIECE_MAX];
		CK_BYTE got[PIECE_MAX];
		const CK_ULONG len = bn_of(rsa_key, rsa_parts[i].name, want);

		test_mem(got, mod_attr(rw, key, rsa_parts[i].type, got, sizeof(got)), want, len, "%s is shown", rsa_parts[i].name);
		test_mem(got, mod_attr(rw, copy, rsa_parts[i].type, got, sizeof(got)), want, len, "%s of the copy, too", rsa_parts[i].name);
	}
	restart();
	for (size_t i = 0; i < LEN(cases); i++)
		used_private(NULL, rsa_key, with_id(CKO_PRIVATE_KEY, (CK_BYTE)(200 + 2 * i + 1)), "the next time");
}

/* What is refused */

static void
wrong_rsa(void)
{
	static const struct {
		const char *name;
		size_t part; /* a bit of it is changed */
		CK_RV rv;
	} cases[] = {
		{ "another modulus", 0, CKR_ATTRIBUTE_VALUE_INVALID }, { "another e", 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "another d", 2, CKR_ATTRIBUTE_VALUE_INVALID }, { "another p", 3, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "another q", 4, CKR_ATTRIBUTE_VALUE_INVALID }, { "another dp", 5, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "another dq", 6, CKR_ATTRIBUTE_VALUE_INVALID }, { "another qinv", 7, CKR_ATTRIBUTE_VALUE_INVALID },
	};
	CK_ATTRIBUTE template[RSA_HEAD + N_PARTS] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, CKK_RSA), T_BOOL(CKA_TOKEN, CK_TRUE),
		T_BYTES(CKA_ID, id, 2) };
	CK_OBJECT_HANDLE key = 4711;
	const CK_ULONG before = mod_find(rw, NULL, 0, NULL, 0);

	for (size_t i = 0; i < LEN(cases); i++) {
		const CK_ULONG n = rsa_template(template, N_PARTS);
		CK_ATTRIBUTE *a = &template[RSA_HEAD + cases[i].part];

		((CK_BYTE *)a->pValue)[a->ulValueLen - 1] ^= 2;
		test_eq(p11->C_CreateObject(rw, template, n, &key), cases[i].rv, "RSA with %s", cases[i].name);
	}
	for (size_t i = 0; i < 3; i++) {
		const CK_ULONG n = rsa_template(template, N_PARTS);

		template[RSA_HEAD + i].ulValueLen = 0;
		test_eq(p11->C_CreateObject(rw, template, n, &key), i == 1 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID, "RSA with an empty %s", rsa_parts[i].name);
	}
	test_eq(p11->C_DestroyObject(rw, key), CKR_OK, "an empty e is none");
	key = 4711;
	(void)rsa_template(template, 3);
	test_eq(p11->C_CreateObject(rw, template, RSA_HEAD + 2, &key), CKR_TEMPLATE_INCOMPLETE, "RSA without d");
	template[RSA_HEAD] = template[RSA_HEAD + 2];
	test_eq(p11->C_CreateObject(rw, template, RSA_HEAD + 1, &key), CKR_TEMPLATE_INCOMPLETE, "RSA without n");
	test_eq(key, 4711, "no handle");
	test_eq(mod_find(rw, NULL, 0, NULL, 0), before, "and no objects");
}

#define PRIVATE(type) T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, type)
#define SECRET(type) T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, type)
#define P256_N "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"
#define ROW(t, rv) { #t, t, LEN(t), rv }
static void
wrong(void)
{
	static const CK_BYTE bytes[66] = { 1, 2, 3, 4 };
	CK_ATTRIBUTE ec_good[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE ec_short[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 1) };
	CK_ATTRIBUTE ec_zero[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes + 8, 32) };
	CK_ATTRIBUTE ec_order[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_TEXT(CKA_VALUE, P256_N) };
	CK_ATTRIBUTE ec_long[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 33) };
	CK_ATTRIBUTE ec_empty[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), { CKA_VALUE, NULL, 0 } };
	CK_ATTRIBUTE ec_no_curve[] = { PRIVATE(CKK_EC), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE ec_no_value[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256) };
	CK_ATTRIBUTE ec_nowhere[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, "\x06\x03\x2a\x03\x04"), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE ec_edwards[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_ED25519), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE edwards_ec[] = { PRIVATE(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE edwards_montgomery[] = { PRIVATE(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, OID_X25519), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE edwards_short[] = { PRIVATE(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, OID_ED25519), T_BYTES(CKA_VALUE, bytes, 31) };
	CK_ATTRIBUTE edwards_long[] = { PRIVATE(CKK_EC_EDWARDS), T_TEXT(CKA_EC_PARAMS, NAME_ED25519), T_BYTES(CKA_VALUE, bytes, 64) };
	CK_ATTRIBUTE ec_point[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 32), T_TEXT(CKA_EC_POINT, "x") };
	CK_ATTRIBUTE ec_encrypts[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 32), T_BOOL(CKA_ENCRYPT, CK_TRUE) };
	CK_ATTRIBUTE ec_asks[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 32),
		T_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE) };
	CK_ATTRIBUTE ec_local[] = { PRIVATE(CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256), T_BYTES(CKA_VALUE, bytes, 32), T_BOOL(CKA_LOCAL, CK_TRUE) };
	CK_ATTRIBUTE aes_17[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 17) };
	CK_ATTRIBUTE aes_0[] = { SECRET(CKK_AES), { CKA_VALUE, NULL, 0 } };
	CK_ATTRIBUTE aes_none[] = { SECRET(CKK_AES) };
	CK_ATTRIBUTE aes_says[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), T_ULONG(CKA_VALUE_LEN, 16) };
	CK_ATTRIBUTE aes_lies[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), T_ULONG(CKA_VALUE_LEN, 32) };
	CK_ATTRIBUTE aes_kcv[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), T_TEXT(CKA_CHECK_VALUE, "\x01\x02\x03") };
	CK_ATTRIBUTE aes_no_kcv[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), { CKA_CHECK_VALUE, NULL, 0 } };
	CK_ATTRIBUTE aes_trusted[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), T_BOOL(CKA_TRUSTED, CK_TRUE) };
	CK_ATTRIBUTE aes_untrusted[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), T_BOOL(CKA_TRUSTED, CK_FALSE) };
	CK_ATTRIBUTE chacha_16[] = { SECRET(CKK_CHACHA20), T_BYTES(CKA_VALUE, bytes, 16) };
	CK_ATTRIBUTE xts_16[] = { SECRET(CKK_AES_XTS), T_BYTES(CKA_VALUE, bytes, 16) };
	CK_ATTRIBUTE xts_48[] = { SECRET(CKK_AES_XTS), T_BYTES(CKA_VALUE, bytes, 48) };
	CK_ATTRIBUTE des[] = { SECRET(CKK_DES3), T_BYTES(CKA_VALUE, bytes, 24) };
	CK_ATTRIBUTE twice[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 16), T_BYTES(CKA_VALUE, bytes, 32) };
	CK_ATTRIBUTE no_type[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_BYTES(CKA_VALUE, bytes, 16) };
	CK_ATTRIBUTE profile[] = { T_ULONG(CKA_CLASS, CKO_PROFILE), T_ULONG(CKA_PROFILE_ID, CKP_BASELINE_PROVIDER) };
	const struct {
		const char *name;
		CK_ATTRIBUTE *template;
		CK_ULONG n;
		CK_RV rv;
	} cases[] = {
		ROW(ec_good, CKR_OK), ROW(ec_short, CKR_OK), ROW(ec_zero, CKR_ATTRIBUTE_VALUE_INVALID), ROW(ec_order, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(ec_long, CKR_ATTRIBUTE_VALUE_INVALID), ROW(ec_empty, CKR_ATTRIBUTE_VALUE_INVALID), ROW(ec_no_curve, CKR_TEMPLATE_INCOMPLETE),
		ROW(ec_no_value, CKR_TEMPLATE_INCOMPLETE), ROW(ec_nowhere, CKR_CURVE_NOT_SUPPORTED), ROW(ec_edwards, CKR_TEMPLATE_INCONSISTENT),
		ROW(edwards_ec, CKR_TEMPLATE_INCONSISTENT), ROW(edwards_montgomery, CKR_TEMPLATE_INCONSISTENT),
		ROW(edwards_short, CKR_ATTRIBUTE_VALUE_INVALID), ROW(edwards_long, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(ec_point, CKR_ATTRIBUTE_TYPE_INVALID), ROW(ec_encrypts, CKR_ATTRIBUTE_TYPE_INVALID), ROW(ec_asks, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(ec_local, CKR_ATTRIBUTE_READ_ONLY), ROW(aes_17, CKR_ATTRIBUTE_VALUE_INVALID), ROW(aes_0, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(aes_none, CKR_TEMPLATE_INCOMPLETE), ROW(aes_says, CKR_ATTRIBUTE_READ_ONLY), ROW(aes_lies, CKR_ATTRIBUTE_READ_ONLY),
		ROW(aes_kcv, CKR_ATTRIBUTE_VALUE_INVALID), ROW(aes_no_kcv, CKR_OK), ROW(aes_trusted, CKR_ATTRIBUTE_READ_ONLY), ROW(aes_untrusted, CKR_OK),
		ROW(chacha_16, CKR_ATTRIBUTE_VALUE_INVALID), ROW(xts_16, CKR_ATTRIBUTE_VALUE_INVALID), ROW(xts_48, CKR_ATTRIBUTE_VALUE_INVALID),
		ROW(des, CKR_ATTRIBUTE_VALUE_INVALID), ROW(twice, CKR_TEMPLATE_INCONSISTENT), ROW(no_type, CKR_TEMPLATE_INCOMPLETE),
		ROW(profile, CKR_ATTRIBUTE_VALUE_INVALID),
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_OBJECT_HANDLE object = 4711;

		test_eq(p11->C_CreateObject(rw, cases[i].template, cases[i].n, &object), cases[i].rv, "C_CreateObject: %s", cases[i].name);
		test_ok((object == 4711) == (cases[i].rv != CKR_OK), "%s: a handle exactly when there is an object", cases[i].name);
	}
}

static void
copies(void)
{
	static const CK_BYTE bytes[32] = "copied from here to there.......";
	CK_MECHANISM_TYPE only = CKM_AES_ECB;
	CK_ATTRIBUTE aes[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, bytes, 32), T_BYTES(CKA_ALLOWED_MECHANISMS, &only, sizeof(only)) };
	CK_ATTRIBUTE to_token[] = { T_BOOL(CKA_TOKEN, CK_TRUE), T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BYTES(CKA_ID, id, 2) };
	CK_ATTRIBUTE to_session[] = { T_BOOL(CKA_TOKEN, CK_FALSE) };
	CK_ATTRIBUTE open[] = { T_BOOL(CKA_SENSITIVE, CK_FALSE) };
	CK_ATTRIBUTE wider[] = { { CKA_ALLOWED_MECHANISMS, NULL, 0 } };
	CK_ATTRIBUTE value[] = { T_BYTES(CKA_VALUE, bytes, 16) };
	const struct secret s = { "the copy", CKK_AES, 32, ECB, CKM_AES_ECB, "AES-256-ECB" };
	CK_MECHANISM cbc = { CKM_AES_CBC, (void *)(uintptr_t)bytes, 16 };
	CK_BYTE want[128];
	CK_BYTE got[128];
	CK_OBJECT_HANDLE key = 0;
	CK_OBJECT_HANDLE copy = 0;
	CK_OBJECT_HANDLE back = 0;
	size_t want_len;

	id[1] = 250;
	want_len = expected(&s, bytes, want);
	test_eq(p11->C_CreateObject(rw, aes, LEN(aes), &key), CKR_OK, "an AES key");
	test_eq(p11->C_CopyObject(ro, key, to_token, 3, &copy), CKR_SESSION_READ_ONLY, "to the token in a read-only session");
	test_eq(p11->C_CopyObject(rw, key, to_token, 3, &copy), CKR_OK, "to the token");
	test_mem(got, used(&s, copy, got), want, want_len, "is the same key");
	test_eq(mod_attr_rv(rw, copy, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "closed on the way");
	test_ok(!stored_in_clear(bytes, 16), "not in the store in clear");
	restart();
	copy = with_id(CKO_SECRET_KEY, 250);
	test_mem(got, used(&s, copy, got), want, want_len, "is the same key next time");
	test_eq(p11->C_CopyObject(rw, copy, open, 1, &back), CKR_ATTRIBUTE_READ_ONLY, "a copy is not opened");
	test_eq(p11->C_CopyObject(rw, copy, wider, 1, &back), CKR_ATTRIBUTE_READ_ONLY, "nor allowed more mechanisms");
	test_eq(p11->C_CopyObject(rw, copy, value, 1, &back), CKR_ATTRIBUTE_READ_ONLY, "nor given another value");
	test_eq(p11->C_CopyObject(rw, copy, to_session, 1, &back), CKR_OK, "back to a session");
	test_eq(p11->C_DestroyObject(rw, copy), CKR_OK, "the one on the token goes");
	test_mem(got, used(&s, back, got), want, want_len, "the session's stays");
	test_eq(mod_attr_rv(rw, back, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "as closed");
	test_eq(p11->C_EncryptInit(rw, &cbc, back), CKR_MECHANISM_INVALID, "and as limited");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	reopen();
	rsa_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	if (rsa_key == NULL)
		test_bail("no RSA key");
	secret_keys();
	rsa();
	wrong_rsa();
	curve_pairs();
	wrong();
	copies();
	mod_fini();
	for (size_t i = 0; i < LEN(curves); i++)
		EVP_PKEY_free(curve_keys[i]);
	EVP_PKEY_free(rsa_key);
	return test_done();
}
