/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* RSA encryption against libcrypto's own, and signatures that hold their message. */

#define BYTES 256

static CK_SESSION_HANDLE s;
static struct pair rsa;
static EVP_PKEY *public;
static CK_BYTE text[BYTES] = "sixteen bytes...";
static const CK_ULONG text_len = 16;
static CK_BYTE label[16]; /* a copy: what a parameter points to may change after C_*Init */

static struct pair
make_pair(void)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public_template[] = {
		T_ULONG(CKA_MODULUS_BITS, 2048), T_BOOL(CKA_ENCRYPT, CK_TRUE), T_BOOL(CKA_VERIFY_RECOVER,
		                                                                      CK_TRUE), T_BOOL(CKA_VERIFY, CK_TRUE),
	};
	CK_ATTRIBUTE private_template[] = { T_BOOL(CKA_DECRYPT, CK_TRUE), T_BOOL(CKA_SIGN_RECOVER, CK_TRUE),
		T_BOOL(CKA_SIGN, CK_TRUE) };
	struct pair pair = { 0, 0 };
	const CK_RV rv = p11->C_GenerateKeyPair(s, &m, public_template, LEN(public_template), private_template,
	                                        LEN(private_template),
	                                        &pair.public, &pair.private);

	if (rv != CKR_OK)
		test_bail("an RSA pair: 0x%lx", rv);
	return pair;
}

static void
read_public(void)
{
	CK_BYTE spki[1024];
	const CK_BYTE *p = spki;
	const CK_ULONG len = mod_attr(s, rsa.public, CKA_PUBLIC_KEY_INFO, spki, sizeof(spki));

	public = d2i_PUBKEY(NULL, &p, (long)len);
	if (public == NULL)
		test_bail("CKA_PUBLIC_KEY_INFO does not parse");
}

struct padding {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *hash_name;
	const char *mgf_name;
	const char *label;
	CK_ULONG most; /* the longest message */
};

static const struct padding paddings[] = {
	{ "PKCS #1", CKM_RSA_PKCS, 0, 0, NULL, NULL, NULL, BYTES - 11 },
	{ "raw", CKM_RSA_X_509, 0, 0, NULL, NULL, NULL, BYTES },
	{ "OAEP SHA-1", CKM_RSA_PKCS_OAEP, CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", "SHA1", NULL, BYTES - 42 },
	{ "OAEP SHA-256", CKM_RSA_PKCS_OAEP, CKM_SHA256, CKG_MGF1_SHA256, "SHA256", "SHA256", "a label", BYTES - 66 },
	{ "OAEP SHA-512 and SHA-1", CKM_RSA_PKCS_OAEP, CKM_SHA512, CKG_MGF1_SHA1, "SHA512", "SHA1", NULL, BYTES - 130 },
	{ "OAEP SHA3-256 and SHA3-384", CKM_RSA_PKCS_OAEP, CKM_SHA3_256, CKG_MGF1_SHA3_384, "SHA3-256", "SHA3-384", "x",
		BYTES - 66 },
};

static void
fill(const struct padding *p, CK_MECHANISM *m, CK_RSA_PKCS_OAEP_PARAMS *oaep)
{
	const bool has = p->type == CKM_RSA_PKCS_OAEP;

	if (p->label != NULL)
		memcpy(label, p->label, strlen(p->label));
	*oaep = (CK_RSA_PKCS_OAEP_PARAMS){ p->hash, p->mgf, CKZ_DATA_SPECIFIED, p->label != NULL ? label : NULL,
		                           p->label != NULL ? strlen(p->label) : 0 };
	*m = (CK_MECHANISM){ p->type, has ? oaep : NULL, has ? sizeof(*oaep) : 0 };
}

static size_t
libcrypto_encrypt(const struct padding *p, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
	const int padding = p->type == CKM_RSA_PKCS ? RSA_PKCS1_PADDING : p->type == CKM_RSA_X_509 ? RSA_NO_PADDING : RSA_PKCS1_OAEP_PADDING;
	size_t n = BYTES;
	bool ok = EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1;

	if (p->hash_name != NULL)
		ok = ok && EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, p->hash_name, NULL) == 1 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, p->mgf_name, NULL) == 1;
	if (p->label != NULL)
		ok = ok && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup(p->label), (int)strlen(p->label)) == 1;
	if (!ok || EVP_PKEY_encrypt(ctx, out, &n, in, len) != 1)
		test_bail("libcrypto: %s", p->name);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static void
encryption(const struct padding *p)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep;
	CK_MECHANISM m;
	CK_BYTE sealed[BYTES];
	CK_BYTE in[BYTES] = { 0 };
	CK_BYTE out[BYTES + 1];
	CK_ULONG len = p->type == CKM_RSA_X_509 ? BYTES : text_len;
	CK_ULONG n = 0;

	memcpy(in + len - text_len, text, text_len);
	fill(p, &m, &oaep);
	(void)libcrypto_encrypt(p, in, len, sealed);
	test_eq(p11->C_DecryptInit(s, &m, rsa.private), CKR_OK, "%s: C_DecryptInit", p->name);
	memset(&oaep, 0xff, sizeof(oaep)); /* was the parameter copied? */
	memset(label, 0xff, sizeof(label));
	test_eq(p11->C_Decrypt(s, sealed, BYTES, NULL, &n), CKR_OK, "%s: length query", p->name);
	test_ok(n >= len && n <= BYTES, "%s: enough", p->name);
	n = len - 1;
	test_eq(p11->C_Decrypt(s, sealed, BYTES, out, &n), CKR_BUFFER_TOO_SMALL, "%s: a byte too few", p->name);
	test_eq(p11->C_Decrypt(s, sealed, BYTES, out, &n), CKR_OK, "%s: C_Decrypt", p->name);
	test_mem(out, n, in, len, "%s: what libcrypto encrypted", p->name);
	fill(p, &m, &oaep);
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_OK, "%s: C_EncryptInit", p->name);
	n = BYTES;
	test_eq(p11->C_Encrypt(s, in, len, sealed, &n), CKR_OK, "%s: C_Encrypt", p->name);
	test_eq(n, BYTES, "%s: as long as the modulus", p->name);
	(void)p11->C_DecryptInit(s, &m, rsa.private);
	n = sizeof(out);
	test_eq(p11->C_Decrypt(s, sealed, BYTES, out, &n), CKR_OK, "%s: and back", p->name);
	test_mem(out, n, in, len, "%s: the same", p->name);
	(void)p11->C_EncryptInit(s, &m, rsa.public);
	n = sizeof(out);
	memset(in, 0, sizeof(in));
	test_eq(p11->C_Encrypt(s, in, p->most, sealed, &n), CKR_OK, "%s: %lu bytes", p->name, p->most);
	(void)p11->C_EncryptInit(s, &m, rsa.public);
	test_eq(p11->C_Encrypt(s, out, p->most + 1, sealed, &n), CKR_DATA_LEN_RANGE, "%s: and one more", p->name);
	(void)p11->C_DecryptInit(s, &m, rsa.private);
	test_eq(p11->C_Decrypt(s, sealed, BYTES - 1, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE, "%s: a byte short", p->name);
	sealed[BYTES - 1] ^= 1;
	sealed[0] = 0;
	if (p->type != CKM_RSA_PKCS_OAEP)
		return;
	(void)p11->C_DecryptInit(s, &m, rsa.private);
	n = sizeof(out);
	test_eq(p11->C_Decrypt(s, sealed, BYTES, out, &n), CKR_ENCRYPTED_DATA_INVALID, "%s: changed", p->name);
	oaep.ulSourceDataLen = 0;
	(void)libcrypto_encrypt(p, text, text_len, sealed);
	if (p->label == NULL)
		return;
	(void)p11->C_DecryptInit(s, &m, rsa.private);
	test_eq(p11->C_Decrypt(s, sealed, BYTES, out, &n), CKR_ENCRYPTED_DATA_INVALID, "%s: without the label", p->name);
}

static void
recovery(CK_MECHANISM_TYPE type, const char *name)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_BYTE in[BYTES] = { 0 };
	CK_BYTE sig[BYTES];
	CK_BYTE out[BYTES];
	const CK_ULONG len = type == CKM_RSA_X_509 ? BYTES : text_len;
	CK_ULONG n = 0;

	memcpy(in + len - text_len, text, text_len);
	test_eq(p11->C_SignRecoverInit(s, &m, rsa.private), CKR_OK, "%s: C_SignRecoverInit", name);
	test_eq(p11->C_SignRecover(s, in, len, NULL, &n), CKR_OK, "%s: length query", name);
	test_eq(n, BYTES, "%s: the length", name);
	test_eq(p11->C_SignRecover(s, in, len, sig, &n), CKR_OK, "%s: C_SignRecover", name);
	test_eq(p11->C_SignRecover(s, in, len, sig, &n), CKR_OPERATION_NOT_INITIALIZED, "%s: that was the end", name);
	test_eq(p11->C_VerifyInit(s, &m, rsa.public), CKR_OK, "%s: C_VerifyInit", name);
	test_eq(p11->C_Verify(s, in, len, sig, BYTES), CKR_OK, "%s: it is a signature like others", name);
	test_eq(p11->C_VerifyRecoverInit(s, &m, rsa.public), CKR_OK, "%s: C_VerifyRecoverInit", name);
	n = len - 1;
	test_eq(p11->C_VerifyRecover(s, sig, BYTES, out, &n), CKR_BUFFER_TOO_SMALL, "%s: a byte too few", name);
	test_eq(p11->C_VerifyRecover(s, sig, BYTES, out, &n), CKR_OK, "%s: C_VerifyRecover", name);
	test_mem(out, n, in, len, "%s: the message", name);
	(void)p11->C_VerifyRecoverInit(s, &m, rsa.public);
	test_eq(p11->C_VerifyRecover(s, sig, BYTES - 1, out, &n), CKR_SIGNATURE_LEN_RANGE, "%s: a byte short", name);
	if (type != CKM_RSA_PKCS)
		return;
	sig[BYTES - 1] ^= 1;
	(void)p11->C_VerifyRecoverInit(s, &m, rsa.public);
	n = BYTES;
	test_eq(p11->C_VerifyRecover(s, sig, BYTES, out, &n), CKR_SIGNATURE_INVALID, "%s: changed", name);
}

static void
refused(void)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, 0, NULL, 0 };
	CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	const struct pair other = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", false);
	CK_BYTE out[BYTES];
	CK_ULONG n = sizeof(out);

	test_eq(p11->C_EncryptInit(s, &m, rsa.private), CKR_KEY_TYPE_INCONSISTENT, "encryption with the private key");
	test_eq(p11->C_EncryptInit(s, &m, other.public), CKR_KEY_TYPE_INCONSISTENT, "with an EC key");
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_OK, "no source, no label");
	test_eq(p11->C_EncryptUpdate(s, text, 4, out, &n), CKR_OPERATION_NOT_INITIALIZED, "not in parts");
	oaep.source = 2;
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_MECHANISM_PARAM_INVALID, "an unknown source");
	oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_AES_ECB, CKG_MGF1_SHA256, 0, NULL, 0 };
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_MECHANISM_PARAM_INVALID, "a hash that is none");
	oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA256, 77, 0, NULL, 0 };
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_MECHANISM_PARAM_INVALID, "an MGF that is none");
	oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 4 };
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_MECHANISM_PARAM_INVALID, "a label that is not there");
	m.ulParameterLen--;
	test_eq(p11->C_EncryptInit(s, &m, rsa.public), CKR_MECHANISM_PARAM_INVALID, "a short parameter");
	test_eq(p11->C_SignRecoverInit(s, &pkcs, rsa.public), CKR_KEY_TYPE_INCONSISTENT,
	        "C_SignRecoverInit with the public key");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	rsa = make_pair();
	read_public();
	for (size_t i = 0; i < LEN(paddings); i++)
		encryption(&paddings[i]);
	recovery(CKM_RSA_PKCS, "CKM_RSA_PKCS");
	recovery(CKM_RSA_X_509, "CKM_RSA_X_509");
	refused();
	EVP_PKEY_free(public);
	mod_fini();
	return test_done();
}
