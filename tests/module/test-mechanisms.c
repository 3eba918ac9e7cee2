/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

/*
 * Whatever is in the list of mechanisms does what its flags say, for every row, without this program knowing which rows there are: signatures
 * are made and verified by the module, and verified by libcrypto with the public key that the object shows.
 */

#define LIST_MAX 128

/* What libcrypto has to know of a mechanism; what is not here and can sign is a failure. */
static const struct known {
	CK_MECHANISM_TYPE type;
	const char *hash;      /* of the input; NULL: none, or ready-made */
	enum { ECDSA, EDDSA, PKCS1, PSS, RAW } alg;
	CK_MECHANISM_TYPE pss_hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *pss_name;
} knowns[] = {
	{ CKM_ECDSA, NULL, ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA1, "SHA1", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA224, "SHA224", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA256, "SHA256", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA384, "SHA384", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA512, "SHA512", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA3_224, "SHA3-224", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA3_256, "SHA3-256", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA3_384, "SHA3-384", ECDSA, 0, 0, NULL },
	{ CKM_ECDSA_SHA3_512, "SHA3-512", ECDSA, 0, 0, NULL },
	{ CKM_EDDSA, NULL, EDDSA, 0, 0, NULL },
	{ CKM_RSA_PKCS, NULL, PKCS1, 0, 0, NULL },
	{ CKM_SHA1_RSA_PKCS, "SHA1", PKCS1, 0, 0, NULL },
	{ CKM_SHA224_RSA_PKCS, "SHA224", PKCS1, 0, 0, NULL },
	{ CKM_SHA256_RSA_PKCS, "SHA256", PKCS1, 0, 0, NULL },
	{ CKM_SHA384_RSA_PKCS, "SHA384", PKCS1, 0, 0, NULL },
	{ CKM_SHA512_RSA_PKCS, "SHA512", PKCS1, 0, 0, NULL },
	{ CKM_SHA3_224_RSA_PKCS, "SHA3-224", PKCS1, 0, 0, NULL },
	{ CKM_SHA3_256_RSA_PKCS, "SHA3-256", PKCS1, 0, 0, NULL },
	{ CKM_SHA3_384_RSA_PKCS, "SHA3-384", PKCS1, 0, 0, NULL },
	{ CKM_SHA3_512_RSA_PKCS, "SHA3-512", PKCS1, 0, 0, NULL },
	{ CKM_RSA_PKCS_PSS, NULL, PSS, CKM_SHA384, CKG_MGF1_SHA256, "SHA384" },
	{ CKM_SHA1_RSA_PKCS_PSS, "SHA1", PSS, CKM_SHA_1, CKG_MGF1_SHA256, "SHA1" },
	{ CKM_SHA224_RSA_PKCS_PSS, "SHA224", PSS, CKM_SHA224, CKG_MGF1_SHA256, "SHA224" },
	{ CKM_SHA256_RSA_PKCS_PSS, "SHA256", PSS, CKM_SHA256, CKG_MGF1_SHA256, "SHA256" },
	{ CKM_SHA384_RSA_PKCS_PSS, "SHA384", PSS, CKM_SHA384, CKG_MGF1_SHA256, "SHA384" },
	{ CKM_SHA512_RSA_PKCS_PSS, "SHA512", PSS, CKM_SHA512, CKG_MGF1_SHA256, "SHA512" },
	{ CKM_SHA3_224_RSA_PKCS_PSS, "SHA3-224", PSS, CKM_SHA3_224, CKG_MGF1_SHA256, "SHA3-224" },
	{ CKM_SHA3_256_RSA_PKCS_PSS, "SHA3-256", PSS, CKM_SHA3_256, CKG_MGF1_SHA256, "SHA3-256" },
	{ CKM_SHA3_384_RSA_PKCS_PSS, "SHA3-384", PSS, CKM_SHA3_384, CKG_MGF1_SHA256, "SHA3-384" },
	{ CKM_SHA3_512_RSA_PKCS_PSS, "SHA3-512", PSS, CKM_SHA3_512, CKG_MGF1_SHA256, "SHA3-512" },
	{ CKM_RSA_X_509, NULL, RAW, 0, 0, NULL },
};

static const struct {
	CK_MECHANISM_TYPE type;
	const char *name;
} digests[] = {
	{ CKM_SHA_1, "SHA1" }, { CKM_SHA224, "SHA224" }, { CKM_SHA256, "SHA256" }, { CKM_SHA384, "SHA384" }, { CKM_SHA512, "SHA512" },
	{ CKM_SHA512_224, "SHA512-224" }, { CKM_SHA512_256, "SHA512-256" }, { CKM_SHA3_224, "SHA3-224" }, { CKM_SHA3_256, "SHA3-256" },
	{ CKM_SHA3_384, "SHA3-384" }, { CKM_SHA3_512, "SHA3-512" },
};

/* These are for tests/module/test-secret, which tries every one of them; and RSA encryption for test-rsa. */
static const CK_MECHANISM_TYPE elsewhere[] = {
	CKM_RSA_AES_KEY_WRAP,
#define MAC(type, key_type, mac, name, form) type,
#define CIPHER(type, key_type, len, name, form) type,
#include "module/secret.inc"
#undef MAC
#undef CIPHER
	CKM_RSA_PKCS, CKM_RSA_X_509, CKM_RSA_PKCS_OAEP,
	/* test-derive */
	CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE, CKM_HKDF_DERIVE, CKM_HKDF_DATA, CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF,
	CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE, CKM_XOR_BASE_AND_DATA,
	CKM_EXTRACT_KEY_FROM_KEY, CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH, CKM_TLS12_KEY_AND_MAC_DERIVE,
	CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_KDF, CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA,
};

static CK_SESSION_HANDLE session;
static struct pair ec[3];
static struct pair ed;
static struct pair rsa;
static const char text[] = "The quick brown fox jumps over the lazy dog, forty-eight";

static EVP_PKEY *
public_key(CK_OBJECT_HANDLE object)
{
	CK_BYTE spki[1024];
	const CK_BYTE *p = spki;
	const CK_ULONG len = mod_attr(session, object, CKA_PUBLIC_KEY_INFO, spki, sizeof(spki));
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);

	if (key == NULL || p != spki + len)
		test_bail("CKA_PUBLIC_KEY_INFO does not parse");
	return key;
}

/* r || s to the DER that libcrypto wants. */
static CK_ULONG
to_der(const CK_BYTE *sig, CK_ULONG len, CK_BYTE der[512])
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	int n;

	if (s == NULL || ECDSA_SIG_set0(s, BN_bin2bn(sig, (int)len / 2, NULL), BN_bin2bn(sig + len / 2, (int)len / 2, NULL)) != 1)
		test_bail("out of memory");
	n = i2d_ECDSA_SIG(s, &der);
	ECDSA_SIG_free(s);
	return (CK_ULONG)n;
}

static size_t
hash(const char *name, const void *data, size_t len, CK_BYTE out[EVP_MAX_MD_SIZE])
{
	size_t n = 0;

	if (EVP_Q_digest(NULL, name, NULL, data, len, out, &n) != 1)
		test_bail("no %s", name);
	return n;
}

static bool
set_padding(EVP_PKEY_CTX *ctx, const struct known *k, CK_ULONG salt)
{
	switch (k->alg) {
	case PKCS1:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		       (k->hash == NULL || EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(k->hash)) == 1);
	case PSS:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(k->pss_name)) == 1 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt) == 1;
	case RAW:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
	default:
		return true;
	}
}

/* Whether libcrypto takes the signature for one of the input by that key. */
static bool
libcrypto_verifies(const struct known *k, CK_OBJECT_HANDLE object, const CK_BYTE *in, size_t in_len, const CK_BYTE *sig, CK_ULONG sig_len)
{
	EVP_PKEY *key = public_key(object);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	CK_BYTE digest[EVP_MAX_MD_SIZE];
	CK_BYTE der[512];
	bool ok;

	if (k->hash != NULL) {
		in_len = hash(k->hash, in, in_len, digest);
		in = digest;
	}
	if (k->alg == ECDSA) {
		sig_len = to_der(sig, sig_len, der);
		sig = der;
	}
	if (k->alg == EDDSA)
		ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 && EVP_DigestVerify(md, sig, sig_len, in, in_len) == 1;
	else
		ok = EVP_PKEY_verify_init(ctx) == 1 && set_padding(ctx, k, 20) && EVP_PKEY_verify(ctx, sig, sig_len, in, in_len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

static CK_RV
verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, const CK_BYTE *in, size_t len, const CK_BYTE *sig, CK_ULONG sig_len)
{
	const CK_RV rv = p11->C_VerifyInit(session, m, key);

	return rv != CKR_OK ? rv : p11->C_Verify(session, (CK_BYTE *)(uintptr_t)in, len, (CK_BYTE *)(uintptr_t)sig, sig_len);
}

static void
signs(const struct known *k, struct pair pair, const char *name)
{
	CK_RSA_PKCS_PSS_PARAMS pss = { k->pss_hash, k->mgf, 20 };
	CK_MECHANISM m = { k->type, k->alg == PSS ? &pss : NULL, k->alg == PSS ? sizeof(pss) : 0 };
	CK_BYTE in[512] = { 0 };
	CK_BYTE sig[1024];
	CK_ULONG sig_len = sizeof(sig);
	size_t len = sizeof(text) - 1;

	memcpy(in, text, len);
	if (k->alg == PSS && k->hash == NULL)
		len = hash(k->pss_name, text, len, in);
	if (k->alg == RAW) {
		memset(in, 0, sizeof(in));
		memcpy(in + 10, text, sizeof(text));
		len = 256;
	}
	if (!test_eq(p11->C_SignInit(session, &m, pair.private), CKR_OK, "%s 0x%lx: C_SignInit", name, k->type) ||
	    !test_eq(p11->C_Sign(session, in, len, sig, &sig_len), CKR_OK, "%s 0x%lx: C_Sign", name, k->type))
		return;
	test_ok(libcrypto_verifies(k, pair.public, in, len, sig, sig_len), "%s 0x%lx: libcrypto takes it", name, k->type);
	test_eq(verify(&m, pair.public, in, len, sig, sig_len), CKR_OK, "%s 0x%lx: C_Verify takes it", name, k->type);
	in[len / 2] ^= 1;
	test_eq(verify(&m, pair.public, in, len, sig, sig_len), CKR_SIGNATURE_INVALID, "%s 0x%lx: not with other data", name, k->type);
	in[len / 2] ^= 1;
	sig[sig_len - 1] ^= 1;
	test_eq(verify(&m, pair.public, in, len, sig, sig_len), CKR_SIGNATURE_INVALID, "%s 0x%lx: nor with a bit of it changed", name, k->type);
	test_eq(verify(&m, pair.public, in, len, sig, sig_len - 1), CKR_SIGNATURE_LEN_RANGE, "%s 0x%lx: nor a byte short", name, k->type);
}

static void
signing_row(CK_MECHANISM_TYPE type)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521" };
	const struct known *k = NULL;

	for (size_t i = 0; i < LEN(knowns); i++)
		if (knowns[i].type == type)
			k = &knowns[i];
	if (!test_ok(k != NULL, "mechanism 0x%lx is known to this test", type))
		return;
	for (size_t i = 0; k->alg == ECDSA && i < 3; i++)
		signs(k, ec[i], curves[i]);
	if (k->alg == EDDSA)
		signs(k, ed, "Ed25519");
	else if (k->alg != ECDSA)
		signs(k, rsa, "RSA");
}

static void
digest_row(CK_MECHANISM_TYPE type)
{
	CK_MECHANISM m = { type, NULL, 0 };
	const char *name = NULL;
	CK_BYTE want[EVP_MAX_MD_SIZE];
	CK_BYTE got[EVP_MAX_MD_SIZE];
	CK_ULONG len = sizeof(got);

	for (size_t i = 0; i < LEN(digests); i++)
		if (digests[i].type == type)
			name = digests[i].name;
	if (!test_ok(name != NULL, "digest 0x%lx is known to this test", type))
		return;
	test_eq(p11->C_DigestInit(session, &m), CKR_OK, "%s: C_DigestInit", name);
	test_eq(p11->C_Digest(session, (CK_BYTE *)(uintptr_t)text, sizeof(text), got, &len), CKR_OK, "%s: C_Digest", name);
	test_mem(got, len, want, hash(name, text, sizeof(text), want), "%s: the digest", name);
}

static void
generate_row(CK_MECHANISM_TYPE type, const CK_MECHANISM_INFO *info)
{
	/* Sizes in the table: bytes of AES keys, bits of generic ones (3.0 current mechanisms, 2.7.3, 2.11.2). */
	const bool aes = type == CKM_AES_KEY_GEN || type == CKM_AES_XTS_KEY_GEN || type == CKM_CHACHA20_KEY_GEN;
	const CK_ULONG sizes[] = { info->ulMinKeySize, info->ulMaxKeySize };
	CK_MECHANISM m = { type, NULL, 0 };

	for (size_t i = 0; i < 2; i++) {
		CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, aes ? sizes[i] : sizes[i] / 8) };
		CK_ATTRIBUTE beyond[] = { T_ULONG(CKA_VALUE_LEN, (aes ? sizes[1] : sizes[1] / 8) + 1) };
		CK_OBJECT_HANDLE key;

		test_eq(p11->C_GenerateKey(session, &m, template, 1, &key), CKR_OK, "0x%lx makes a key of size %lu", type, sizes[i]);
		test_eq(p11->C_GenerateKey(session, &m, beyond, 1, &key), CKR_KEY_SIZE_RANGE, "0x%lx: not beyond the largest", type);
	}
}

static bool
is_elsewhere(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < LEN(elsewhere); i++)
		if (elsewhere[i] == type)
			return true;
	return false;
}

static bool
is_asymmetric(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < LEN(knowns); i++)
		if (knowns[i].type == type)
			return true;
	return false;
}

static void
rows(void)
{
	CK_MECHANISM_TYPE list[LIST_MAX];
	CK_ULONG n = 0;
	CK_ULONG room;

	test_eq(p11->C_GetMechanismList(SLOT_OWNER, NULL, &n), CKR_OK, "list: length query");
	if (n == 0 || n > LIST_MAX)
		test_bail("%lu mechanisms", n);
	room = n - 1;
	test_eq(p11->C_GetMechanismList(SLOT_OWNER, list, &room), CKR_BUFFER_TOO_SMALL, "list: one too few");
	test_eq(room, n, "the count is told");
	test_eq(p11->C_GetMechanismList(SLOT_OWNER, list, &room), CKR_OK, "list");
	for (CK_ULONG i = 0; i < n; i++) {
		CK_MECHANISM_INFO info;

		for (CK_ULONG k = 0; k < i; k++)
			if (list[k] == list[i])
				test_ok(false, "mechanism 0x%lx is listed once", list[i]);
		if (!test_eq(p11->C_GetMechanismInfo(SLOT_OWNER, list[i], &info), CKR_OK, "info of 0x%lx", list[i]))
			continue;
		test_ok(info.ulMinKeySize <= info.ulMaxKeySize && info.flags != 0, "0x%lx: sizes and flags", list[i]);
		if ((info.flags & (CKF_SIGN | CKF_VERIFY)) != 0 && (is_asymmetric(list[i]) || !is_elsewhere(list[i])))
			signing_row(list[i]);
		if ((info.flags & CKF_DIGEST) != 0)
			digest_row(list[i]);
		if ((info.flags & CKF_GENERATE) != 0 && list[i] != CKM_PKCS5_PBKD2)
			generate_row(list[i], &info);
		if ((info.flags & (CKF_ENCRYPT | CKF_DECRYPT)) != 0)
			test_ok(is_elsewhere(list[i]), "0x%lx is known to another test", list[i]);
		if ((info.flags & (CKF_WRAP | CKF_UNWRAP | CKF_DERIVE)) != 0)
			test_ok(is_elsewhere(list[i]), "0x%lx wraps or derives: known to another test", list[i]);
	}
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	session = mod_open(SLOT_OWNER, true);
	ec[0] = mod_ec(session, CKM_EC_KEY_PAIR_GEN, OID_P256, "p256", true);
	ec[1] = mod_ec(session, CKM_EC_KEY_PAIR_GEN, OID_P384, "p384", false);
	ec[2] = mod_ec(session, CKM_EC_KEY_PAIR_GEN, OID_P521, "p521", true);
	ed = mod_ec(session, CKM_EDDSA, OID_ED25519, "ed", true);
	rsa = mod_rsa(session, 2048, "rsa", true);
	rows();
	mod_fini();
	return test_done();
}
