/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <openssl/evp.h>
#include <string.h>

/* The state machines of signing, verifying and digesting: PKCS#11 3.0 sections 5.2, 5.12, 5.13 and 5.15. */

static CK_SESSION_HANDLE s;
static struct pair ec;
static struct pair ed;
static struct pair rsa;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };
static CK_MECHANISM plain = { CKM_ECDSA, NULL, 0 };
static CK_MECHANISM eddsa = { CKM_EDDSA, NULL, 0 };
static CK_MECHANISM pkcs1 = { CKM_RSA_PKCS, NULL, 0 };
static CK_MECHANISM raw = { CKM_RSA_X_509, NULL, 0 };
static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
static CK_BYTE data[2048];
static CK_BYTE sig[1024];

/* Not active: a call that needs an operation says so. */
static void
ended(const char *what)
{
	CK_ULONG len = sizeof(sig);

	test_eq(p11->C_SignFinal(s, sig, &len), CKR_OPERATION_NOT_INITIALIZED, "%s: the operation is over", what);
}

static void
lengths(CK_MECHANISM *m, struct pair pair, CK_ULONG size, const char *what)
{
	CK_ULONG len = 77;

	test_eq(p11->C_SignInit(s, m, pair.private), CKR_OK, "%s: C_SignInit", what);
	test_eq(p11->C_SignInit(s, m, pair.private), CKR_OPERATION_ACTIVE, "%s: again", what);
	test_eq(p11->C_Sign(s, data, 32, NULL, &len), CKR_OK, "%s: length query", what);
	test_eq(len, size, "%s: the length", what);
	len = size - 1;
	memset(sig, 0xaa, sizeof(sig));
	test_eq(p11->C_Sign(s, data, 32, sig, &len), CKR_BUFFER_TOO_SMALL, "%s: a byte too short", what);
	test_eq(len, size, "%s: the length again", what);
	test_ok(sig[0] == 0xaa && sig[size - 1] == 0xaa, "%s: nothing is written", what);
	len = sizeof(sig);
	test_eq(p11->C_Sign(s, data, 32, sig, &len), CKR_OK, "%s: more than enough room", what);
	test_eq(len, size, "%s: the length of the signature", what);
	test_eq(sig[size], 0xaa, "%s: no more is written", what);
	ended(what);
	test_eq(p11->C_VerifyInit(s, m, pair.public), CKR_OK, "%s: C_VerifyInit", what);
	test_eq(p11->C_VerifyInit(s, m, pair.public), CKR_OPERATION_ACTIVE, "%s: again", what);
	test_eq(p11->C_Verify(s, data, 32, sig, size), CKR_OK, "%s: C_Verify", what);
	test_eq(p11->C_Verify(s, data, 32, sig, size), CKR_OPERATION_NOT_INITIALIZED, "%s: once", what);
}

/* In parts it is the same message. */
static void
parts(CK_MECHANISM *m, struct pair pair, CK_ULONG total, const char *what)
{
	CK_ULONG len = sizeof(sig);
	CK_ULONG query = 0;

	test_eq(p11->C_SignInit(s, m, pair.private), CKR_OK, "%s: in parts", what);
	for (CK_ULONG at = 0; at < total; at += 7)
		if (p11->C_SignUpdate(s, data + at, total - at < 7 ? total - at : 7) != CKR_OK)
			test_ok(false, "%s: part at %lu", what, at);
	test_eq(p11->C_SignUpdate(s, NULL, 0), CKR_OK, "%s: an empty part", what);
	test_eq(p11->C_SignFinal(s, NULL, &query), CKR_OK, "%s: length query", what);
	len = query - 1;
	test_eq(p11->C_SignFinal(s, sig, &len), CKR_BUFFER_TOO_SMALL, "%s: a byte too short", what);
	test_eq(p11->C_SignFinal(s, sig, &len), CKR_OK, "%s: C_SignFinal", what);
	ended(what);
	test_eq(p11->C_VerifyInit(s, m, pair.public), CKR_OK, "%s: verified whole", what);
	test_eq(p11->C_Verify(s, data, total, sig, len), CKR_OK, "%s: the signature of the whole", what);
	test_eq(p11->C_VerifyInit(s, m, pair.public), CKR_OK, "%s: verified in parts", what);
	test_eq(p11->C_VerifyUpdate(s, data, 1), CKR_OK, "%s: the first byte", what);
	test_eq(p11->C_VerifyUpdate(s, data + 1, total - 1), CKR_OK, "%s: the others", what);
	test_eq(p11->C_VerifyFinal(s, sig, len), CKR_OK, "%s: C_VerifyFinal", what);
	test_eq(p11->C_VerifyInit(s, m, pair.public), CKR_OK, "%s: something missing", what);
	test_eq(p11->C_VerifyUpdate(s, data + 1, total - 1), CKR_OK, "%s: without the first byte", what);
	test_eq(p11->C_VerifyFinal(s, sig, len), CKR_SIGNATURE_INVALID, "%s: is another message", what);
	test_eq(p11->C_VerifyFinal(s, sig, len), CKR_OPERATION_NOT_INITIALIZED, "%s: and over", what);
}

static void
mixed(void)
{
	CK_ULONG len = sizeof(sig);

	test_eq(p11->C_SignInit(s, &ecdsa, ec.private), CKR_OK, "C_SignInit");
	test_eq(p11->C_SignUpdate(s, data, 5), CKR_OK, "C_SignUpdate");
	test_eq(p11->C_Sign(s, data, 5, sig, &len), CKR_OPERATION_ACTIVE, "C_Sign after C_SignUpdate");
	ended("C_Sign after C_SignUpdate");
	test_eq(p11->C_SignInit(s, &ecdsa, ec.private), CKR_OK, "C_SignInit");
	test_eq(p11->C_Sign(s, NULL, 5, sig, &len), CKR_ARGUMENTS_BAD, "C_Sign without data");
	ended("C_Sign without data");
	test_eq(p11->C_SignInit(s, &ecdsa, ec.private), CKR_OK, "C_SignInit");
	test_eq(p11->C_SignUpdate(s, NULL, 5), CKR_ARGUMENTS_BAD, "C_SignUpdate without data");
	ended("C_SignUpdate without data");
	test_eq(p11->C_SignInit(s, &ecdsa, ec.private), CKR_OK, "C_SignInit");
	test_eq(p11->C_Sign(s, data, 5, sig, NULL), CKR_ARGUMENTS_BAD, "C_Sign without a length");
	ended("C_Sign without a length");
	test_eq(p11->C_VerifyInit(s, &ecdsa, ec.public), CKR_OK, "C_VerifyInit");
	test_eq(p11->C_VerifyUpdate(s, data, 5), CKR_OK, "C_VerifyUpdate");
	test_eq(p11->C_Verify(s, data, 5, sig, 64), CKR_OPERATION_ACTIVE, "C_Verify after C_VerifyUpdate");
	test_eq(p11->C_VerifyFinal(s, sig, 64), CKR_OPERATION_NOT_INITIALIZED, "is over");
	/* A digest, a signature and a verification can be under way at once. */
	test_eq(p11->C_SignInit(s, &ecdsa, ec.private), CKR_OK, "a signature");
	test_eq(p11->C_VerifyInit(s, &ecdsa, ec.public), CKR_OK, "and a verification");
	test_eq(p11->C_DigestInit(s, &sha256), CKR_OK, "and a digest");
	test_eq(p11->C_SignUpdate(s, data, 5), CKR_OK, "the signature goes on");
	test_eq(p11->C_VerifyUpdate(s, data, 5), CKR_OK, "the verification goes on");
	test_eq(p11->C_DigestUpdate(s, data, 6), CKR_OK, "the digest goes on");
	len = sizeof(sig);
	test_eq(p11->C_SignFinal(s, sig, &len), CKR_OK, "the signature");
	test_eq(p11->C_VerifyFinal(s, sig, len), CKR_OK, "is right");
	test_eq(p11->C_DigestFinal(s, sig, &len), CKR_OK, "the digest");
}

static void
keys(void)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM_TYPE only = CKM_ECDSA;
	CK_ATTRIBUTE public[] = { T_TEXT(CKA_EC_PARAMS, OID_P256), T_BOOL(CKA_VERIFY, CK_FALSE) };
	CK_ATTRIBUTE private[] = { T_BOOL(CKA_SIGN, CK_FALSE) };
	CK_ATTRIBUTE limited[] = { { CKA_ALLOWED_MECHANISMS, &only, sizeof(only) } };
	CK_ATTRIBUTE unlimited[] = { { CKA_ALLOWED_MECHANISMS, NULL, 0 } };
	CK_ATTRIBUTE note[] = { T_ULONG(CKA_CLASS, CKO_DATA) };
	CK_ATTRIBUTE sign[] = { T_BOOL(CKA_SIGN, CK_FALSE) };
	CK_OBJECT_HANDLE object = 0;
	struct pair idle = { 0, 0 };
	struct pair bound = { 0, 0 };
	CK_ULONG len = sizeof(sig);

	test_eq(p11->C_GenerateKeyPair(s, &m, public, 2, private, 1, &idle.public, &idle.private), CKR_OK, "keys for nothing");
	test_eq(p11->C_SignInit(s, &plain, idle.private), CKR_KEY_FUNCTION_NOT_PERMITTED, "CKA_SIGN is false");
	test_eq(p11->C_VerifyInit(s, &plain, idle.public), CKR_KEY_FUNCTION_NOT_PERMITTED, "CKA_VERIFY is false");
	test_eq(p11->C_SignInit(s, &plain, idle.public), CKR_KEY_TYPE_INCONSISTENT, "a public key does not sign");
	test_eq(p11->C_VerifyInit(s, &plain, idle.private), CKR_KEY_TYPE_INCONSISTENT, "nor does a private one verify");
	test_eq(p11->C_SignInit(s, &pkcs1, ec.private), CKR_KEY_TYPE_INCONSISTENT, "RSA with an EC key");
	test_eq(p11->C_SignInit(s, &eddsa, ec.private), CKR_KEY_TYPE_INCONSISTENT, "EdDSA with an EC key");
	test_eq(p11->C_SignInit(s, &plain, ed.private), CKR_KEY_TYPE_INCONSISTENT, "ECDSA with an Edwards key");
	test_eq(p11->C_CreateObject(s, note, 1, &object), CKR_OK, "an object");
	test_eq(p11->C_SignInit(s, &plain, object), CKR_KEY_HANDLE_INVALID, "that is no key");
	test_eq(p11->C_GenerateKeyPair(s, &m, public, 1, limited, 1, &bound.public, &bound.private), CKR_OK, "a key for CKM_ECDSA");
	test_eq(p11->C_SignInit(s, &ecdsa, bound.private), CKR_MECHANISM_INVALID, "is for no other mechanism");
	test_eq(p11->C_SignInit(s, &plain, bound.private), CKR_OK, "but for that");
	test_eq(p11->C_DestroyObject(s, bound.private), CKR_OK, "it is destroyed under way");
	test_eq(p11->C_Sign(s, data, 32, sig, &len), CKR_OK, "and signs once more");
	test_eq(p11->C_SignInit(s, &plain, bound.private), CKR_KEY_HANDLE_INVALID, "and never again");
	test_eq(p11->C_GenerateKeyPair(s, &m, public, 1, unlimited, 1, &bound.public, &bound.private), CKR_OK, "a key for no mechanism");
	test_eq(p11->C_SignInit(s, &plain, bound.private), CKR_MECHANISM_INVALID, "has none");
	bound = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "was", false);
	test_eq(mod_sign(s, &ecdsa, bound.private, "x", sig), 64, "a key that signs");
	test_eq(p11->C_SetAttributeValue(s, bound.private, sign, 1), CKR_OK, "and may not any more");
	test_eq(p11->C_SignInit(s, &ecdsa, bound.private), CKR_KEY_FUNCTION_NOT_PERMITTED, "does not");
}

static void
pss(void)
{
	CK_MECHANISM_TYPE pss_mech = CKM_SHA256_RSA_PKCS_PSS;
	static const struct {
		const char *name;
		CK_RSA_PKCS_PSS_PARAMS params;
		CK_ULONG len;
		CK_RV rv;
	} cases[] = {
		{ "a salt as long as the hash", { CKM_SHA256, CKG_MGF1_SHA256, 32 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_OK },
		{ "no salt", { CKM_SHA256, CKG_MGF1_SHA256, 0 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_OK },
		{ "the longest salt", { CKM_SHA256, CKG_MGF1_SHA256, 222 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_OK },
		{ "a byte more", { CKM_SHA256, CKG_MGF1_SHA256, 223 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_MECHANISM_PARAM_INVALID },
		{ "an absurd salt", { CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-1 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_MECHANISM_PARAM_INVALID },
		{ "another hash", { CKM_SHA384, CKG_MGF1_SHA256, 32 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_MECHANISM_PARAM_INVALID },
		{ "no hash", { CKM_ECDSA, CKG_MGF1_SHA256, 32 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_MECHANISM_PARAM_INVALID },
		{ "no mask", { CKM_SHA256, 77, 32 }, sizeof(CK_RSA_PKCS_PSS_PARAMS), CKR_MECHANISM_PARAM_INVALID },
		{ "half of it", { CKM_SHA256, CKG_MGF1_SHA256, 32 }, 8, CKR_MECHANISM_PARAM_INVALID },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_RSA_PKCS_PSS_PARAMS params = cases[i].params;
		CK_MECHANISM m = { pss_mech, &params, cases[i].len };

		test_eq(p11->C_SignInit(s, &m, rsa.private), cases[i].rv, "PSS: %s", cases[i].name);
		if (cases[i].rv == CKR_OK) {
			/* Parameters are copied: what becomes of them later is of no interest. */
			CK_ULONG len = sizeof(sig);

			memset(&params, 0xff, sizeof(params));
			test_eq(p11->C_Sign(s, data, 77, sig, &len), CKR_OK, "PSS: %s: signs", cases[i].name);
		}
	}
}

/* Sizes of what is signed without being hashed. */
static void
limits(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM *mechanism;
		struct pair *pair;
		CK_ULONG len;
		CK_RV rv;
	} cases[] = {
		{ "RSA, as much as fits", &pkcs1, &rsa, 256 - 11, CKR_OK },
		{ "RSA, a byte more", &pkcs1, &rsa, 256 - 10, CKR_DATA_LEN_RANGE },
		{ "raw RSA, as much as fits", &raw, &rsa, 256, CKR_OK },
		{ "raw RSA, less", &raw, &rsa, 9, CKR_OK },
		{ "raw RSA, a byte more", &raw, &rsa, 257, CKR_DATA_LEN_RANGE },
		{ "ECDSA, a digest", &plain, &ec, 32, CKR_OK },
		{ "ECDSA, a longer digest", &plain, &ec, 64, CKR_OK },
		{ "Ed25519, nothing", &eddsa, &ed, 0, CKR_OK },
		{ "Ed25519, 2 KiB", &eddsa, &ed, 2048, CKR_OK },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_ULONG len = sizeof(sig);

		test_eq(p11->C_SignInit(s, cases[i].mechanism, cases[i].pair->private), CKR_OK, "%s", cases[i].name);
		test_eq(p11->C_Sign(s, data, cases[i].len, sig, &len), cases[i].rv, "%s: %lu bytes", cases[i].name, cases[i].len);
		ended(cases[i].name);
		if (cases[i].rv != CKR_OK)
			continue;
		test_eq(p11->C_VerifyInit(s, cases[i].mechanism, cases[i].pair->public), CKR_OK, "%s: verified", cases[i].name);
		test_eq(p11->C_Verify(s, data, cases[i].len, sig, len), CKR_OK, "%s: right", cases[i].name);
	}
}

static void
digests(void)
{
	CK_BYTE want[EVP_MAX_MD_SIZE];
	CK_BYTE got[64];
	CK_ULONG len = 77;
	size_t want_len = 0;

	(void)EVP_Q_digest(NULL, "SHA256", NULL, data, 100, want, &want_len);
	test_eq(p11->C_DigestInit(s, &sha256), CKR_OK, "C_DigestInit");
	test_eq(p11->C_DigestInit(s, &sha256), CKR_OPERATION_ACTIVE, "again");
	test_eq(p11->C_Digest(s, data, 100, NULL, &len), CKR_OK, "length query");
	test_eq(len, 32, "the length");
	len = 31;
	test_eq(p11->C_Digest(s, data, 100, got, &len), CKR_BUFFER_TOO_SMALL, "a byte too short");
	test_eq(len, 32, "the length again");
	test_eq(p11->C_Digest(s, data, 100, got, &len), CKR_OK, "enough");
	test_mem(got, len, want, want_len, "the digest is not that of the data three times");
	test_eq(p11->C_Digest(s, data, 100, got, &len), CKR_OPERATION_NOT_INITIALIZED, "over");
	test_eq(p11->C_DigestInit(s, &sha256), CKR_OK, "C_DigestInit");
	test_eq(p11->C_DigestUpdate(s, data, 60), CKR_OK, "a part");
	test_eq(p11->C_DigestUpdate(s, NULL, 0), CKR_OK, "an empty part");
	test_eq(p11->C_DigestUpdate(s, data + 60, 40), CKR_OK, "another part");
	len = 3;
	test_eq(p11->C_DigestFinal(s, got, &len), CKR_BUFFER_TOO_SMALL, "too short");
	test_eq(p11->C_DigestFinal(s, got, &len), CKR_OK, "C_DigestFinal");
	test_mem(got, len, want, want_len, "the digest of the parts");
	test_eq(p11->C_DigestInit(s, &sha256), CKR_OK, "C_DigestInit");
	test_eq(p11->C_DigestUpdate(s, data, 60), CKR_OK, "a part");
	test_eq(p11->C_Digest(s, data, 60, got, &len), CKR_OPERATION_ACTIVE, "C_Digest after C_DigestUpdate");
	test_eq(p11->C_DigestFinal(s, got, &len), CKR_OPERATION_NOT_INITIALIZED, "over");
	/* What was begun and given up leaves no trace in what follows. */
	test_eq(p11->C_DigestInit(s, &sha256), CKR_OK, "C_DigestInit");
	test_eq(p11->C_Digest(s, data, 100, got, &len), CKR_OK, "C_Digest");
	test_mem(got, len, want, want_len, "the digest of these data alone");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (CK_BYTE)(i * 7 + 1);
	s = mod_open(SLOT_OWNER, true);
	ec = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", true);
	ed = mod_ec(s, CKM_EDDSA, OID_ED25519, "ed", false);
	rsa = mod_rsa(s, 2048, "rsa", false);
	lengths(&ecdsa, ec, 64, "ECDSA with SHA-256");
	lengths(&plain, ec, 64, "ECDSA");
	lengths(&eddsa, ed, 64, "EdDSA");
	lengths(&pkcs1, rsa, 256, "RSA");
	parts(&ecdsa, ec, 1000, "ECDSA with SHA-256");
	parts(&plain, ec, 32, "ECDSA");
	parts(&eddsa, ed, 1000, "EdDSA");
	parts(&pkcs1, rsa, 100, "RSA");
	mixed();
	keys();
	pss();
	limits();
	digests();
	mod_fini();
	return test_done();
}
