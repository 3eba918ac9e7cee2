/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

#include <openssl/rsa.h>

/* RSA with libcrypto on the other side, both ways; with a key made here and with one that came. 6.1 */

struct alg {
	const char *name, *section;
	CK_MECHANISM_TYPE mech;
	const char *hash;     /* of what is signed; NULL: the data is what is signed */
	const char *pss;      /* the hash of the PSS parameters */
	CK_ULONG n_data;      /* 0: any */
	int padding;
};

#define PKCS(h, m) { "pkcs-" h, "6.1.6", m, h, NULL, 0, RSA_PKCS1_PADDING }
#define PSS(h, m) { "pss-" h, "6.1.10", m, h, h, 0, RSA_PKCS1_PSS_PADDING }
static const struct alg algs[] = {
	{ "pkcs", "6.1.6", CKM_RSA_PKCS, NULL, NULL, 51, RSA_PKCS1_PADDING },
	PKCS("SHA1", CKM_SHA1_RSA_PKCS),
	PKCS("SHA224", CKM_SHA224_RSA_PKCS),
	PKCS("SHA256", CKM_SHA256_RSA_PKCS),
	PKCS("SHA384", CKM_SHA384_RSA_PKCS),
	PKCS("SHA512", CKM_SHA512_RSA_PKCS),
	PKCS("SHA3_224", STD_CKM_SHA3_224_RSA_PKCS),
	PKCS("SHA3_256", STD_CKM_SHA3_256_RSA_PKCS),
	PKCS("SHA3_384", STD_CKM_SHA3_384_RSA_PKCS),
	PKCS("SHA3_512", STD_CKM_SHA3_512_RSA_PKCS),
	{ "pss-raw-SHA1", "6.1.10", CKM_RSA_PKCS_PSS, NULL, "SHA1", 20, RSA_PKCS1_PSS_PADDING },
	{ "pss-raw-SHA256", "6.1.10", CKM_RSA_PKCS_PSS, NULL, "SHA256", 32, RSA_PKCS1_PSS_PADDING },
	{ "pss-raw-SHA512", "6.1.10", CKM_RSA_PKCS_PSS, NULL, "SHA512", 64, RSA_PKCS1_PSS_PADDING },
	PSS("SHA1", CKM_SHA1_RSA_PKCS_PSS),
	PSS("SHA224", CKM_SHA224_RSA_PKCS_PSS),
	PSS("SHA256", CKM_SHA256_RSA_PKCS_PSS),
	PSS("SHA384", CKM_SHA384_RSA_PKCS_PSS),
	PSS("SHA512", CKM_SHA512_RSA_PKCS_PSS),
	{ "x509", "6.1.12", CKM_RSA_X_509, NULL, NULL, 256, RSA_NO_PADDING },
};

enum how {
	SIGN,
	SIGN_IMPORTED,
	VERIFY,
	VERIFY_FLIPPED,
	VERIFY_OTHER_DATA,
	VERIFY_SHORT,
	PARTS,
	LONG_DATA,
	PARAM,
	WRONG_KEY,
	SAME_TWICE,
	FORBIDDEN
};

static CK_MECHANISM
rsa_mech(const struct alg *a)
{
	struct std_pss *pss = probe_alloc(sizeof(*pss));
	const struct hash *h;

	if (a->pss == NULL)
		return mech0(a->mech);
	h = hash_named(a->pss);
	*pss = (struct std_pss){ h->digest, h->mgf, h->bytes };
	return mech(a->mech, pss, sizeof(*pss));
}

static struct ossl_sig
other_side(const struct alg *a)
{
	struct ossl_sig s = { .padding = a->padding };

	if (a->hash != NULL)
		s.hash = hash_named(a->hash)->ossl;
	if (a->pss != NULL) {
		s.mgf = hash_named(a->pss)->ossl;
		s.salt_len = (int)hash_named(a->pss)->bytes;
	}
	return s;
}

static void *
public_of(CK_OBJECT_HANDLE key)
{
	return ossl_rsa_public(attr(key, CKA_MODULUS), attr(key, CKA_PUBLIC_EXPONENT));
}

static void
refused(const struct alg *a, enum how how)
{
	CK_MECHANISM m = rsa_mech(a);
	struct tmpl t = { .n = 0 };
	struct pair pair;

	if (how == PARAM && a->pss != NULL) {
		struct std_pss *pss = m.pParameter;

		pss->mgf = 77;
		pair = key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex(""));
		(void)WANT((CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), C_SignInit, P.s, &m, pair.private);
		m = mech0(a->mech);
		(void)WANT((CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), C_SignInit, P.s, &m, pair.private);
		return;
	}
	if (how == FORBIDDEN) {
		t_rsa_public(&t);
		t_bool(&t, CKA_VERIFY, false);
		(void)WANT((CKR_KEY_FUNCTION_NOT_PERMITTED), C_VerifyInit, P.s, &m, make(&t));
		return;
	}
	if (how == PARAM)
		m = mech(a->mech, &m, 3);
	pair = how == WRONG_KEY ? key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params))
							: key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex(""));
	(void)WANT((how == PARAM ? CKR_MECHANISM_PARAM_INVALID : CKR_KEY_TYPE_INCONSISTENT), C_SignInit, P.s, &m, pair.private);
}

static void
verify(const struct alg *a, CK_MECHANISM *m, enum how how, struct bin data)
{
	const struct ossl_sig other = other_side(a);
	struct bin sig = ossl_sign(ossl_rsa(true), &other, data);
	const CK_OBJECT_HANDLE key = key_rsa_public(2048);

	if (how == VERIFY) {
		(void)probe_want("C_Verify", do_verify(m, key, data, sig), (const CK_RV[]){ CKR_OK, PROBE_END });
		return;
	}
	if (how == VERIFY_SHORT) {
		sig.n -= 1;
		(void)probe_want("C_Verify", do_verify(m, key, data, sig),
						 (const CK_RV[]){ CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID, PROBE_END });
		return;
	}
	if (how == VERIFY_FLIPPED)
		sig.p[100] ^= 4;
	else
		data.p[data.n - 1] ^= 1;
	(void)probe_want("C_Verify", do_verify(m, key, data, sig), (const CK_RV[]){ CKR_SIGNATURE_INVALID, PROBE_END });
}

static void
signature(const void *arg, unsigned long how)
{
	const struct alg *a = arg;
	const struct ossl_sig other = other_side(a);
	CK_MECHANISM m = rsa_mech(a);
	struct bin data = pattern(a->n_data == 0 ? 300 : a->n_data, 2), sig;
	CK_OBJECT_HANDLE key;

	need(a->mech, CKF_SIGN | CKF_VERIFY);
	data.p[0] = 1;   /* below any modulus */
	switch ((enum how)how) {
	case PARAM: case WRONG_KEY: case FORBIDDEN: refused(a, (enum how)how); return;
	case VERIFY: case VERIFY_FLIPPED: case VERIFY_OTHER_DATA: case VERIFY_SHORT: verify(a, &m, (enum how)how, data); return;
	case LONG_DATA:
		data = pattern(a->n_data == 0 ? 70000 : 257, 2);
		if (a->n_data != 0) {
			key = key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex("")).private;
			sig = room(600);
			OK(C_SignInit, P.s, &m, key);
			(void)WANT((CKR_DATA_LEN_RANGE), C_Sign, P.s, data.p, data.n, sig.p, &sig.n);
			return;
		}
		break;
	default: break;
	}
	if (how == SIGN_IMPORTED) {
		key = key_rsa_private(2048);
		sig = do_sign(&m, key, data);
		CHECK(ossl_verify(ossl_rsa(false), &other, data, sig), "libcrypto does not verify it");
		return;
	}
	key = key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex("")).private;
	if (how == PARTS) {
		if (a->n_data != 0)
			probe_absent("the mechanism has no parts");
		OK(C_SignInit, P.s, &m, key);
		OK(C_SignUpdate, P.s, data.p, 100);
		OK(C_SignUpdate, P.s, data.p + 100, data.n - 100);
		sig = room(600);
		OK(C_SignFinal, P.s, sig.p, &sig.n);
	} else
		sig = do_sign(&m, key, data);
	CHECK(sig.n == 256, "%lu bytes", sig.n);
	CHECK(ossl_verify(public_of(key), &other, data, sig), "libcrypto does not verify it");
	if (how == SAME_TWICE)
		CHECK(same(sig, do_sign(&m, key, data)) == (a->pss == NULL), "PSS draws a salt, and the others draw nothing");
}

/* ---- encryption: PKCS#1 v1.5, X.509, OAEP */

struct cipher {
	const char *name;
	CK_MECHANISM_TYPE mech;
	const char *hash, *mgf, *label;
	CK_ULONG n;
	int padding;
};

#define OAEP(h) { "oaep-" h, CKM_RSA_PKCS_OAEP, h, h, "", 32, RSA_PKCS1_OAEP_PADDING }
static const struct cipher ciphers[] = {
	{ "pkcs", CKM_RSA_PKCS, NULL, NULL, "", 48, RSA_PKCS1_PADDING },
	{ "x509", CKM_RSA_X_509, NULL, NULL, "", 256, RSA_NO_PADDING },
	OAEP("SHA1"),
	OAEP("SHA224"),
	OAEP("SHA256"),
	OAEP("SHA384"),
	OAEP("SHA512"),
	OAEP("SHA3_256"),
	{ "oaep-label", CKM_RSA_PKCS_OAEP, "SHA1", "SHA1", "a label", 32, RSA_PKCS1_OAEP_PADDING },
	{ "oaep-label-SHA256", CKM_RSA_PKCS_OAEP, "SHA256", "SHA256", "another", 32, RSA_PKCS1_OAEP_PADDING },
	{ "oaep-mixed", CKM_RSA_PKCS_OAEP, "SHA256", "SHA1", "", 32, RSA_PKCS1_OAEP_PADDING },
	{ "oaep-empty", CKM_RSA_PKCS_OAEP, "SHA1", "SHA1", "", 0, RSA_PKCS1_OAEP_PADDING },
	{ "oaep-longest", CKM_RSA_PKCS_OAEP, "SHA1", "SHA1", "", 214, RSA_PKCS1_OAEP_PADDING },
};

enum cipher_how { TO_OSSL, FROM_OSSL, FROM_OSSL_IMPORTED, TOO_LONG, BROKEN, WRONG_LABEL, QUERY };

static CK_MECHANISM
cipher_mech(const struct cipher *c, const char *label)
{
	struct std_oaep *o = probe_alloc(sizeof(*o));

	if (c->hash == NULL)
		return mech0(c->mech);
	*o = (struct std_oaep){ hash_named(c->hash)->digest, hash_named(c->mgf)->mgf, CKZ_DATA_SPECIFIED,
							label[0] == '\0' ? NULL : text(label).p, strlen(label) };
	return mech(c->mech, o, sizeof(*o));
}

static void
encryption(const void *arg, unsigned long how)
{
	const struct cipher *c = arg;
	const struct ossl_sig other = { c->hash == NULL ? NULL : hash_named(c->hash)->ossl, c->padding,
									c->mgf == NULL ? NULL : hash_named(c->mgf)->ossl, 0 };
	CK_MECHANISM m = cipher_mech(c, how == WRONG_LABEL ? "no label" : c->label);
	struct bin data = pattern(c->n, 3), sealed, out = room(600);
	CK_ULONG n = 0;
	struct pair pair;

	need(c->mech, CKF_ENCRYPT | CKF_DECRYPT);
	if (c->n != 0)
		data.p[0] = 1;
	if (how == FROM_OSSL_IMPORTED) {
		sealed = ossl_rsa_encrypt(ossl_rsa(false), &other, text(c->label), data);
		expect("decrypted", do_decrypt(&m, key_rsa_private(2048), sealed), data);
		return;
	}
	pair = key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex(""));
	switch ((enum cipher_how)how) {
	case TO_OSSL:
		sealed = do_encrypt(&m, key_rsa_public(2048), data);
		expect("libcrypto decrypts", ossl_rsa_decrypt(ossl_rsa(true), &other, text(c->label), sealed), data);
		break;
	case FROM_OSSL:
		expect("decrypted",
			   do_decrypt(&m, pair.private, ossl_rsa_encrypt(public_of(pair.public), &other, text(c->label), data)), data);
		break;
	case TOO_LONG:
		data = pattern(257, 1);
		OK(C_EncryptInit, P.s, &m, pair.public);
		(void)WANT((CKR_DATA_LEN_RANGE), C_Encrypt, P.s, data.p, data.n, out.p, &out.n);
		break;
	case QUERY:
		OK(C_EncryptInit, P.s, &m, pair.public);
		OK(C_Encrypt, P.s, data.p, data.n, NULL, &n);
		CHECK(n == 256, "the length is told as %lu", n);
		break;
	default:
		if (c->hash == NULL)
			probe_absent("without OAEP, nobody can tell");
		sealed = ossl_rsa_encrypt(public_of(pair.public), &other, text(c->label), data);
		if (how == BROKEN)
			sealed.p[200] ^= 1;
		OK(C_DecryptInit, P.s, &m, pair.private);
		(void)WANT((CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE), C_Decrypt, P.s, sealed.p, sealed.n, out.p,
				   &out.n);
		break;
	}
}

/* Large keys once: generation, signature. */
static void
large(const void *arg, unsigned long bits)
{
	CK_MECHANISM gen = mech0(CKM_RSA_PKCS_KEY_PAIR_GEN), m = mech0(CKM_SHA256_RSA_PKCS);
	const struct ossl_sig other = { "SHA256", RSA_PKCS1_PADDING, NULL, 0 };
	struct tmpl public = { .n = 0 }, private = { .n = 0 };
	CK_MECHANISM_INFO info;
	struct pair pair;
	struct bin sig;

	need(CKM_SHA256_RSA_PKCS, CKF_SIGN);
	OK(C_GetMechanismInfo, P.slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &info);
	if (bits > info.ulMaxKeySize)
		probe_absent("keys of more than %lu bits", info.ulMaxKeySize);
	t_ulong(&public, CKA_MODULUS_BITS, bits);
	t_bin(&public, CKA_PUBLIC_EXPONENT, hex("010001"));
	t_bool(&private, CKA_SIGN, true);
	OK(C_GenerateKeyPair, P.s, &gen, public.a, public.n, private.a, private.n, &pair.public, &pair.private);
	sig = do_sign(&m, pair.private, pattern(10, 1));
	CHECK(sig.n == bits / 8 && ossl_verify(public_of(pair.public), &other, pattern(10, 1), sig),
		  "libcrypto does not verify it");
}

void
probe_rsa(void)
{
	static const struct {
		enum how how;
		const char *id, *title;
	} rows[] = {
		{ SIGN, "sign", "signs, and libcrypto verifies" },
		{ SIGN_IMPORTED, "sign-imported", "signs with a key that came, and libcrypto verifies" },
		{ VERIFY, "verify", "verifies what libcrypto signed" },
		{ VERIFY_FLIPPED, "flipped", "refuses a wrong signature" },
		{ VERIFY_OTHER_DATA, "other-data", "refuses other data" },
		{ VERIFY_SHORT, "short", "refuses a short signature" },
		{ PARTS, "parts", "signs in parts" },
		{ LONG_DATA, "long", "long data" },
		{ PARAM, "param", "with a bad parameter" },
		{ WRONG_KEY, "key-type", "with an EC key" },
		{ SAME_TWICE, "twice", "signs twice" },
		{ FORBIDDEN, "forbidden", "with a key that may not verify" },
	};
	static const struct {
		enum cipher_how how;
		const char *id, *title;
	} cipher_rows[] = {
		{ TO_OSSL, "encrypt", "encrypts, and libcrypto decrypts" },
		{ FROM_OSSL, "decrypt", "decrypts what libcrypto encrypted" },
		{ FROM_OSSL_IMPORTED, "decrypt-imported", "decrypts with a key that came" },
		{ TOO_LONG, "long", "refuses data that is too long" },
		{ BROKEN, "broken", "refuses a broken text" },
		{ WRONG_LABEL, "label", "refuses another label" },
		{ QUERY, "query", "tells the length" },
	};

	for (size_t i = 0; i < LEN(algs); i++)
		for (size_t k = 0; k < LEN(rows); k++)
			probe_case(0, algs[i].section, signature, &algs[i], rows[k].how, "rsa-%s-%s|RSA %s %s", algs[i].name, rows[k].id,
					   algs[i].name, rows[k].title);
	for (size_t i = 0; i < LEN(ciphers); i++)
		for (size_t k = 0; k < LEN(cipher_rows); k++)
			if (ciphers[i].hash != NULL || (cipher_rows[k].how != BROKEN && cipher_rows[k].how != WRONG_LABEL))
				probe_case(0,
						   i == 0   ? "6.1.6"
						   : i == 1 ? "6.1.12"
									: "6.1.8",
						   encryption, &ciphers[i], cipher_rows[k].how, "rsa-enc-%s-%s|RSA %s %s", ciphers[i].name,
						   cipher_rows[k].id, ciphers[i].name, cipher_rows[k].title);
	probe_case(0, "6.1.4", large, NULL, 3072, "rsa-3072|a key of 3072 bits");
	probe_case(0, "6.1.4", large, NULL, 4096, "rsa-4096|a key of 4096 bits");
}
