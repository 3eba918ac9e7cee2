/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/digest.h"
#include "lib/test.h"
#include "unit/leaf.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

/*
 * RFC 6979 A.2.5 to A.2.7, message "sample": whatever nonce was used, the signature is right, and so are the public
 * key and the widths.
 */
static void
ecdsa_known(void)
{
	static const struct {
		const char *key;
		enum sl_hash hash;
		const char *rs;
	} cases[] = {
		{ "P-256", SL_HASH_SHA256, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
		{ "P-384", SL_HASH_SHA384,
		  "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
		  "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8" },
		{ "P-521", SL_HASH_SHA512,
		  "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7"
		  "d4e8455cc91f9b15bf05ec36e377fa"
		  "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc4399"
		  "7f1ee0e44da4a67a" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(cases[i].key);
		SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
		uint8_t digest[SL_HASH_MAX];
		uint8_t rs[132];
		const size_t len = test_hex(cases[i].rs, rs, sizeof(rs));

		if (sl_hash_once(cases[i].hash, "sample", 6, digest) != SL_OK ||
		    sl_signer_new(key, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA }, true, &s) != SL_OK)
			test_bail("ECDSA");
		test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), rs, len), SL_OK, "%s: RFC 6979",
		        cases[i].key);
		test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), rs, len - 1), SL_ERR_RANGE,
		        "%s: too short", cases[i].key);
		if (rs[0] == 0 && rs[len / 2] == 0) {
			uint8_t less[132];

			memcpy(less, rs + 1, len / 2 - 1);
			memcpy(less + len / 2 - 1, rs + len / 2 + 1, len / 2 - 1);
			test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), less, len - 2), SL_OK, "%s: without leading zeros",
			        cases[i].key);
			less[0] ^= 1;
			test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), less, len - 2), SL_ERR_VERIFY,
			        "%s: without leading zeros, another", cases[i].key);
		}
		test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), rs, 0), SL_ERR_RANGE, "%s: none", cases[i].key);
		test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), rs, len - 2), SL_ERR_VERIFY, "%s: a byte less of each",
		        cases[i].key);
		memset(rs, 0, len / 2);
		test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), rs, len), SL_ERR_VERIFY, "%s: r = 0",
		        cases[i].key);
		memset(rs, 0xff, len);
		test_eq(sl_signer_verify(s, digest, sl_hash_len(cases[i].hash), rs, len), SL_ERR_VERIFY, "%s: too big",
		        cases[i].key);
	}
}

/* RFC 8032 7.1, tests 1 and 3. */
static void
eddsa_known(void)
{
	static const struct {
		const char *key, *message, *sig;
	} cases[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
		uint8_t bytes[32];
		uint8_t message[2];
		uint8_t want[64];
		uint8_t sig[64];
		const size_t len = test_hex(cases[i].message, message, sizeof(message));

		test_hex(cases[i].key, bytes, sizeof(bytes));
		test_hex(cases[i].sig, want, sizeof(want));
		if (sl_key_from_raw(SL_KEY_ED25519, bytes, 32, &key) != SL_OK ||
		    sl_signer_new(key, &(const struct sl_sig_params){ .alg = SL_SIG_EDDSA }, false, &s) != SL_OK ||
		    sl_signer_sign(s, message, len, sig) != SL_OK)
			test_bail("EdDSA");
		test_mem(sig, sl_signer_len(s), want, 64, "EdDSA: RFC 8032, message of %zu bytes", len);
	}
}

static const EVP_MD *
md_of(enum sl_hash hash)
{
	return hash == SL_HASH_SHA1 ? EVP_sha1() : hash == SL_HASH_SHA256 ? EVP_sha256() : hash == SL_HASH_SHA384
		? EVP_sha384() :
		hash == SL_HASH_SHA512 ? EVP_sha512() : hash == SL_HASH_SHA3_256 ? EVP_sha3_256()
			: hash == SL_HASH_SHA3_384 ?
		EVP_sha3_384() : NULL;
}

/* As anybody would verify it: libcrypto's default context, its own reading of our SubjectPublicKeyInfo. */
static bool
others_agree_rsa(EVP_PKEY_CTX *ctx, const struct leaf_case *c, const uint8_t *sig, size_t len)
{
	static const int paddings[] = {
		[SL_SIG_RSA_PKCS1] = RSA_PKCS1_PADDING, [SL_SIG_RSA_PSS] = RSA_PKCS1_PSS_PADDING,
			[SL_SIG_RSA_RAW] = RSA_NO_PADDING
	};
	uint8_t full[256] = { 0 };

	memcpy(full + 256 - c->in_len, leaf_input, c->in_len);
	if (EVP_PKEY_verify_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[c->params.alg]) != 1 ||
	    (c->params.hash != SL_HASH_NONE && EVP_PKEY_CTX_set_signature_md(ctx, md_of(c->params.hash)) != 1))
		return false;
	if (c->params.alg == SL_SIG_RSA_PSS && (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(c->params.mgf_hash)) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)c->params.salt_len) != 1))
		return false;
	return c->params.alg == SL_SIG_RSA_RAW ? EVP_PKEY_verify(ctx, sig, len, full, 256) == 1
	                                       : EVP_PKEY_verify(ctx, sig, len, leaf_input, c->in_len) == 1;
}

static bool
others_agree_ecdsa(EVP_PKEY_CTX *ctx, const struct leaf_case *c, const uint8_t *sig, size_t len)
{
	ECDSA_SIG *rs = ECDSA_SIG_new();
	uint8_t *der = NULL;
	int der_len;
	bool ok;

	ok = ECDSA_SIG_set0(rs, BN_bin2bn(sig, (int)len / 2, NULL), BN_bin2bn(sig + len / 2, (int)len / 2, NULL)) == 1;
	der_len = i2d_ECDSA_SIG(rs, &der);
	ok = ok && der_len > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
	     EVP_PKEY_verify(ctx, der, (size_t)der_len, leaf_input, c->in_len) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(rs);
	return ok;
}

static bool
others_agree_eddsa(EVP_PKEY *pkey, const struct leaf_case *c, const uint8_t *sig, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const bool ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		EVP_DigestVerify(ctx, sig, len, leaf_input, c->in_len) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static void
others_agree(void)
{
	for (size_t i = 0; i < leaf_n_cases; i++) {
		const struct leaf_case *c = &leaf_cases[i];
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(c->key);
		SL_SECRET spki = { 0 };
		uint8_t sig[256];
		const size_t len = leaf_sign(c, key, sig);
		const uint8_t *p;
		EVP_PKEY *pkey;
		EVP_PKEY_CTX *ctx;
		bool ok;

		if (sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK)
			test_bail("no SPKI");
		p = spki.bytes;
		pkey = d2i_PUBKEY(NULL, &p, (long)spki.len);
		ctx = EVP_PKEY_CTX_new(pkey, NULL);
		ok = sl_key_kind(key) == SL_KEY_EC ? others_agree_ecdsa(ctx, c, sig, len) :
			sl_key_kind(key) == SL_KEY_RSA ? others_agree_rsa(ctx, c, sig, len)
				: others_agree_eddsa(pkey, c, sig, len);
		test_ok(ok, "libcrypto's own context agrees: %s", c->name);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(pkey);
	}
}

static void
misfits(void)
{
	static const struct {
		const char *name;
		const char *key;
		struct sl_sig_params params;
		enum sl_err err;
	} cases[] = {
		{ "ECDSA with RSA", "RSA-2048", { .alg = SL_SIG_ECDSA }, SL_ERR_ARG },
		{ "EdDSA with X25519", "X25519", { .alg = SL_SIG_EDDSA }, SL_ERR_ARG },
		{ "PSS without a hash", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_NONE, SL_HASH_SHA1, 0 }, SL_ERR_ARG },
		{ "PSS without an MGF", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA1, SL_HASH_NONE, 0 }, SL_ERR_ARG },
		{ "PSS with a byte of salt too much", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA1, SL_HASH_SHA1, 235 },
		  SL_ERR_ARG },
		{ "PSS with absurd salt", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA1, SL_HASH_SHA1, SIZE_MAX },
		  SL_ERR_ARG },
		{ "an unknown algorithm", "RSA-2048", { .alg = (enum sl_sig_alg)99 }, SL_ERR_UNSUPPORTED },
		{ "an unknown hash", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_COUNT_, SL_HASH_NONE, 0 },
		  SL_ERR_UNSUPPORTED },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *p256 = leaf_key("P-256");
	SL_CLEANUP(sl_key_unref) struct sl_key *public = leaf_public(p256);
	SL_CLEANUP(sl_key_unref) struct sl_key *secret = NULL;
	struct sl_signer *s = NULL;

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(cases[i].key);

		test_eq(sl_signer_new(key, &cases[i].params, false, &s), cases[i].err, "%s", cases[i].name);
	}
	test_eq(sl_signer_new(public, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA }, false, &s), SL_ERR_ARG,
	        "signing with a public key");
	if (sl_key_from_secret((const uint8_t *)"k", 1, &secret) != SL_OK)
		test_bail("no secret");
	test_eq(sl_signer_new(secret, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA }, false, &s), SL_ERR_ARG,
	        "signing with a secret");
	test_ok(s == NULL, "a failure leaves the output alone");
}

static void
bad_inputs(void)
{
	static const struct {
		const char *name;
		struct sl_sig_params params;
		size_t len;
	} cases[] = {
		{ "PKCS #1 SHA-256, short digest", { SL_SIG_RSA_PKCS1, SL_HASH_SHA256, SL_HASH_NONE, 0 }, 31 },
		{ "PSS, long digest", { SL_SIG_RSA_PSS, SL_HASH_SHA256, SL_HASH_SHA256, 32 }, 33 },
		{ "PKCS #1 as it is, a byte too much", { SL_SIG_RSA_PKCS1, SL_HASH_NONE, SL_HASH_NONE, 0 }, 246 },
		{ "PKCS #1 as it is, nothing", { SL_SIG_RSA_PKCS1, SL_HASH_NONE, SL_HASH_NONE, 0 }, 0 },
		{ "raw RSA, a byte too much", { .alg = SL_SIG_RSA_RAW }, 257 },
		{ "raw RSA, not below n", { .alg = SL_SIG_RSA_RAW }, 256 },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("RSA-2048");
	uint8_t in[257];
	uint8_t sig[256] = { 9 };

	memset(in, 0xff, sizeof(in));
	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
		SL_CLEANUP(sl_signer_free) struct sl_signer *v = NULL;

		if (sl_signer_new(key, &cases[i].params, false, &s) != SL_OK ||
		    sl_signer_new(key, &cases[i].params, true, &v) != SL_OK)
			test_bail("%s", cases[i].name);
		test_ok(sl_signer_sign(s, in, cases[i].len, sig) == SL_ERR_RANGE && sig[0] == 9, "%s", cases[i].name);
		test_eq(sl_signer_verify(v, in, cases[i].len, sig, 256), SL_ERR_RANGE, "%s: to verify", cases[i].name);
		test_eq(sl_signer_sign(v, in, 32, sig), SL_ERR_ARG,
		        "%s: a verifier does not sign", cases[i].name);
	}
}

/* Our host's queue: as it was, after success and after failure. */
static void
error_queue(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("P-256");
	struct sl_key *none = NULL;
	SL_SECRET spki = { 0 };
	uint8_t sig[64] = { 0 };

	ERR_clear_error();
	test_ok(leaf_verify(&leaf_cases[0], key, sig, 64) == SL_ERR_VERIFY &&
	        ERR_peek_error() == 0, "a wrong signature leaves no error behind");
	if (sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK)
		test_bail("no SPKI");
	spki.bytes[spki.len - 1] ^= 1;
	test_eq(sl_key_from_spki(spki.bytes, spki.len, &none), SL_ERR_FORMAT, "a point off the curve");
	test_ok(ERR_peek_error() == 0, "it leaves no error behind");
	ERR_raise(ERR_LIB_USER, 42);
	test_ok(leaf_verify(&leaf_cases[0], key, sig, 64) == SL_ERR_VERIFY &&
	        ERR_GET_REASON(ERR_peek_last_error()) == 42,
	        "the host's own error stays");
	(void)ERR_get_error();
	test_ok(ERR_peek_error() == 0, "and stays alone");
}

static void *
signing_thread(void *arg)
{
	struct sl_key *key = arg;
	uintptr_t good = 0;

	for (unsigned i = 0; i < 20; i++) {
		uint8_t sig[64];

		good += leaf_verify(&leaf_cases[0], key, sig, leaf_sign(&leaf_cases[0], key, sig)) == SL_OK;
	}
	sl_key_unref(&key);
	return (void *)good;
}

static void
threads(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("P-256");
	pthread_t t[4];
	uintptr_t good = 0;

	for (size_t i = 0; i < SL_ARRAY_LEN(t); i++)
		if (pthread_create(&t[i], NULL, signing_thread, sl_key_ref(key)) != 0)
			test_bail("no thread");
	for (size_t i = 0; i < SL_ARRAY_LEN(t); i++) {
		void *n = NULL;

		(void)pthread_join(t[i], &n);
		good += (uintptr_t)n;
	}
	test_eq(good, 80, "four threads, one key");
}

int
main(void)
{
	threads(); /* first: they race for the library context too */
	ecdsa_known();
	eddsa_known();
	leaf_all("plain");
	others_agree();
	misfits();
	bad_inputs();
	error_queue();
	return test_done();
}
