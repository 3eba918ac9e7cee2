/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/rsacrypt.h"
#include "crypto/sign.h"
#include "lib/test.h"
#include "unit/leaf.h"
#include "unit/outside.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

static const struct sl_rsa_crypt raw = { .padding = SL_RSA_NONE };
static const struct sl_rsa_crypt pkcs1 = { .padding = SL_RSA_PKCS1 };
static const struct sl_rsa_crypt sha1 = { SL_RSA_OAEP, SL_HASH_SHA1, SL_HASH_SHA1, NULL, 0 };

/* PKCS #1 v2.1 test vectors (oaep-vect.txt), 1.1, 1.3, 1.6: decrypted only, as the seed is not ours to choose. */
static void
oaep_known(void)
{
	static const struct {
		const char *name, *message, *cipher;
	} cases[] = {
		{ "1.1", "6628194e12073db03ba94cda9ef9532397d50dba79b987004afefe34",
		  "354fe67b4a126d5d35fe36c777791a3f7ba13def484e2d3908aff722fad468fb21696de95d0be911c2d3174f8afcc201035f7b6d8e69402de5451618c21a535f"
		  "a9d7bfc5b8dd9fc243f8cf927db31322d6e881eaa91a996170e657a05a266426d98c88003f8477c1227094a0d9fa1e8c4024309ce1ecccb5210035d47ac72e8a" },
		{ "1.3", "d94ae0832e6445ce42331cb06d531a82b1db4baad30f746dc916df24d4e3c2451fff59a6423eb0e1d02d4fe646cf699dfd818c6e97b051",
		  "423736ed035f6026af276c35c0b3741b365e5f76ca091b4e8c29e2f0befee603595aa8322d602d2e625e95eb81b2f1c9724e822eca76db8618cf09c5343503a4"
		  "360835b5903bc637e3879fb05e0ef32685d5aec5067cd7cc96fe4b2670b6eac3066b1fcf5686b68589aafb7d629b02d8f8625ca3833624d4800fb081b1cf94eb" },
		{ "1.6", "26521050844271",
		  "42cee2617b1ecea4db3f4829386fbd61dafbf038e180d837c96366df24c097b4ab0fac6bdf590d821c9f10642e681ad05b8d78b378c0f46ce2fad63f74e0ad3d"
		  "f06b075d7eb5f5636f8d403b9059ca761b5c62bb52aa45002ea70baace08ded243b9d8cbd62a68ade265832b56564e43a6fa42ed199a099769742df1539e8255" },
	};

	for (unsigned i = 0; i < 2 * SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(i % 2 == 0);
		uint8_t c[128], m[64];
		const size_t len = test_hex(cases[i / 2].message, m, sizeof(m));
		SL_SECRET got = { 0 };

		test_hex(cases[i / 2].cipher, c, sizeof(c));
		test_eq(sl_rsa_decrypt(key, &sha1, c, 128, &got), SL_OK, "OAEP %s", cases[i / 2].name);
		test_mem(got.bytes, got.len, m, len, "OAEP %s: the message", cases[i / 2].name);
	}
}

static const struct {
	enum sl_hash hash;
	const char *name;
} hashes[] = {
	{ SL_HASH_SHA1, "SHA1" }, { SL_HASH_SHA224, "SHA224" }, { SL_HASH_SHA256, "SHA256" }, { SL_HASH_SHA384,
	  "SHA384" },
	{ SL_HASH_SHA512, "SHA512" }, { SL_HASH_SHA512_224, "SHA512-224" }, { SL_HASH_SHA512_256, "SHA512-256" },
	{ SL_HASH_SHA3_224, "SHA3-224" }, { SL_HASH_SHA3_256, "SHA3-256" }, { SL_HASH_SHA3_384, "SHA3-384" },
	{ SL_HASH_SHA3_512, "SHA3-512" },
};

static EVP_PKEY *
theirs(const struct sl_key *key)
{
	SL_SECRET der = { 0 };
	const uint8_t *p;
	EVP_PKEY *pkey;

	if (sl_key_pkcs8(key, &der) != SL_OK)
		test_bail("no PKCS #8");
	p = der.bytes;
	if ((pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.len)) == NULL)
		test_bail("libcrypto does not read our PKCS #8");
	return pkey;
}

static EVP_PKEY_CTX *
their_oaep(EVP_PKEY *pkey, const char *hash, const char *mgf, bool label, bool decrypt)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

	if ((decrypt ? EVP_PKEY_decrypt_init : EVP_PKEY_encrypt_init)(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_get_digestbyname(hash)) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_get_digestbyname(mgf)) != 1 ||
	    (label && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("lab"), 3) != 1))
		test_bail("libcrypto's OAEP with %s and %s", hash, mgf);
	return ctx;
}

/* Ours to libcrypto and back, over every hash and some pairs of hashes; the message "", "m" and the longest. */
static void
oaep_others(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("RSA-2048");
	EVP_PKEY *pkey = theirs(key);

	for (size_t i = 0; i < 3 * SL_ARRAY_LEN(hashes); i++) {
		const size_t h = i % SL_ARRAY_LEN(hashes);
		const size_t g = (h + i / SL_ARRAY_LEN(hashes) * 4) % SL_ARRAY_LEN(hashes);
		const bool label = i % 2 != 0;
		const struct sl_rsa_crypt p = { SL_RSA_OAEP, hashes[h].hash, hashes[g].hash, label
			? (const uint8_t *)"lab" : NULL,
			                        label ? 3 : 0 };
		const size_t max = 256 - 2 * sl_hash_len(p.hash) - 2;
		const size_t in_len = i % 3 == 0 ? max : i % 3 == 1 ? 0 : 1;
		EVP_PKEY_CTX *dec = their_oaep(pkey, hashes[h].name, hashes[g].name, label, true);
		EVP_PKEY_CTX *enc = their_oaep(pkey, hashes[h].name, hashes[g].name, label, false);
		uint8_t in[257] = "m", c[256], back[256];
		size_t back_len = sizeof(back);
		size_t c_len = sizeof(c);
		SL_SECRET got = { 0 };

		test_ok(sl_rsa_encrypt(key, &p, in, in_len, c) == SL_OK &&
		        EVP_PKEY_decrypt(dec, back, &back_len, c, 256) == 1 &&
		        back_len == in_len &&
		        memcmp(back, in, in_len) == 0, "OAEP %s, MGF1 %s, %zu bytes: libcrypto reads ours",
		        hashes[h].name, hashes[g].name, in_len);
		test_ok(EVP_PKEY_encrypt(enc, c, &c_len, in, in_len) == 1 &&
		        sl_rsa_decrypt(key, &p, c, c_len, &got) == SL_OK &&
		        got.len == in_len && (in_len == 0 ||
		        memcmp(got.bytes, in, in_len) == 0), "and we read libcrypto's");
		test_eq(sl_rsa_encrypt(key, &p, in, max + 1, c), SL_ERR_RANGE, "a byte too much");
		EVP_PKEY_CTX_free(dec);
		EVP_PKEY_CTX_free(enc);
	}
	EVP_PKEY_free(pkey);
}

static void
oaep_bad(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(true);
	static const struct sl_rsa_crypt labelled = { SL_RSA_OAEP, SL_HASH_SHA1, SL_HASH_SHA1, (const uint8_t *)"x",
		1 };
	static const struct sl_rsa_crypt other_mgf = { SL_RSA_OAEP, SL_HASH_SHA1, SL_HASH_SHA256, NULL, 0 };
	static const struct sl_rsa_crypt big = { SL_RSA_OAEP, SL_HASH_SHA512, SL_HASH_SHA1, NULL, 0 };
	static const struct sl_rsa_crypt no_hash = { SL_RSA_OAEP, SL_HASH_NONE, SL_HASH_SHA1, NULL, 0 };
	static const struct sl_rsa_crypt no_mgf = { SL_RSA_OAEP, SL_HASH_SHA1, SL_HASH_NONE, NULL, 0 };
	SL_SECRET em = { 0 }, none = { 0 };
	unsigned wrong = 0;
	uint8_t c[128];

	if (sl_rsa_encrypt(key, &sha1, (const uint8_t *)"message", 7, c) != SL_OK)
		test_bail("OAEP");
	test_eq(sl_rsa_decrypt(key, &labelled, c, 128, &none), SL_ERR_VERIFY, "OAEP: another label");
	test_eq(sl_rsa_decrypt(key, &other_mgf, c, 128, &none), SL_ERR_VERIFY, "OAEP: another MGF");
	test_eq(sl_rsa_decrypt(key, &big, c, 128, &none), SL_ERR_RANGE, "OAEP: SHA-512 and 1024 bits do not fit");
	test_eq(sl_rsa_encrypt(key, &big, c, 1, c), SL_ERR_RANGE, "OAEP: nor to encrypt");
	test_eq(sl_rsa_encrypt(key, &no_hash, c, 1, c), SL_ERR_ARG, "OAEP: no hash");
	test_eq(sl_rsa_encrypt(key, &no_mgf, c, 1, c), SL_ERR_ARG, "OAEP: no MGF");
	if (sl_rsa_decrypt(key, &raw, c, 128, &em) != SL_OK || em.bytes[0] != 0)
		test_bail("OAEP: the encoded message");
	for (size_t i = 7; i < 128 * 8; i++) { /* bit 7 and not 0: it has to stay below n */
		em.bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		wrong += sl_rsa_encrypt(key, &raw, em.bytes, 128, c) == SL_OK &&
		         sl_rsa_decrypt(key, &sha1, c, 128, &none) == SL_ERR_VERIFY;
		em.bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	}
	test_ok(wrong >= 128 * 8 - 7 - 56, "OAEP: one bit flipped: %u refused, all but those of the message", wrong);
	test_ok(none.bytes == NULL || none.len == 7, "OAEP: nothing else comes out");
}

/* RFC 8017 B.2.1 with SHA-1. */
static void
mask(const uint8_t *seed, size_t seed_len, uint8_t *data, size_t len)
{
	uint8_t in[128] = { 0 };
	uint8_t out[20];

	memcpy(in, seed, seed_len);
	for (size_t at = 0; at < len; at++) {
		in[seed_len + 3] = (uint8_t)(at / 20);
		if (at % 20 == 0 && sl_hash_once(SL_HASH_SHA1, in, seed_len + 4, out) != SL_OK)
			test_bail("SHA-1");
		data[at] ^= out[at % 20];
	}
}

/* Encoded messages of 128 bytes, masked in the right way, and wrong in one place: em[0], or a byte of DB. */
static void
oaep_crafted(void)
{
	static const struct {
		const char *name;
		uint8_t first;
		size_t at;
		uint8_t value;
		size_t separator; /* in DB; the message goes to its end, 107 */
		enum sl_err err;
		size_t len;
	} cases[] = {
		{ "right", 0, 20, 0, 60, SL_OK, 46 },
		{ "no zeros", 0, 21, 7, 20, SL_OK, 86 },
		{ "an empty message", 0, 20, 0, 106, SL_OK, 0 },
		{ "not 0 in front", 1, 20, 0, 60, SL_ERR_VERIFY, 0 },
		{ "another hash of the label", 0, 19, 0, 60, SL_ERR_VERIFY, 0 },
		{ "2 in the padding", 0, 40, 2, 60, SL_ERR_VERIFY, 0 },
		{ "another separator", 0, 60, 0x81, 60, SL_ERR_VERIFY, 0 },
		{ "nothing but zeros", 0, 106, 0, 106, SL_ERR_VERIFY, 0 },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(true);

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		uint8_t em[128] = { 0 };
		uint8_t *db = em + 21;
		uint8_t c[128];
		SL_SECRET got = { 0 };

		memset(em + 1, 0xa5, 20);
		if (sl_hash_once(SL_HASH_SHA1, "", 0, db) != SL_OK)
			test_bail("SHA-1");
		memset(db + cases[i].separator, 7, 107 - cases[i].separator);
		db[cases[i].separator] = 1;
		db[cases[i].at] = cases[i].value;
		mask(em + 1, 20, db, 107);
		mask(db, 107, em + 1, 20);
		em[0] = cases[i].first;
		if (sl_rsa_encrypt(key, &raw, em, sizeof(em), c) != SL_OK)
			test_bail("raw");
		test_eq(sl_rsa_decrypt(key, &sha1, c, sizeof(c), &got), cases[i].err, "OAEP: %s", cases[i].name);
		test_eq(got.len, cases[i].len, "OAEP: %s: its length", cases[i].name);
	}
}

/* Encoded messages of 128 bytes: what begins it, the place of the first zero byte after it, and what is expected. */
static void
pkcs1_bad(void)
{
	static const struct {
		const char *name;
		uint8_t first, second;
		size_t zero;
		enum sl_err err;
		size_t len;
	} cases[] = {
		{ "the shortest padding", 0, 2, 10, SL_OK, 117 },
		{ "a message in the middle", 0, 2, 60, SL_OK, 67 },
		{ "one byte", 0, 2, 126, SL_OK, 1 },
		{ "an empty message", 0, 2, 127, SL_OK, 0 },
		{ "no zero byte", 0, 2, 128, SL_ERR_VERIFY, 0 },
		{ "seven bytes of padding", 0, 2, 9, SL_ERR_VERIFY, 0 },
		{ "no padding", 0, 2, 2, SL_ERR_VERIFY, 0 },
		{ "block type 1", 0, 1, 60, SL_ERR_VERIFY, 0 },
		{ "block type 0", 0, 0, 60, SL_ERR_VERIFY, 0 },
		{ "block type 0x82", 0, 0x82, 60, SL_ERR_VERIFY, 0 },
		{ "not 0 in front", 1, 2, 60, SL_ERR_VERIFY, 0 },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(true);

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_SECRET got = { 0 };
		uint8_t em[128];
		uint8_t c[128];

		for (size_t k = 0; k < sizeof(em); k++)
			em[k] = (uint8_t)(k + 1);
		em[0] = cases[i].first;
		em[1] = cases[i].second;
		if (cases[i].zero < sizeof(em))
			em[cases[i].zero] = 0;
		if (sl_rsa_encrypt(key, &raw, em, sizeof(em), c) != SL_OK)
			test_bail("raw");
		test_eq(sl_rsa_decrypt(key, &pkcs1, c, sizeof(c), &got), cases[i].err, "PKCS #1: %s", cases[i].name);
		test_ok(got.len == cases[i].len && (got.len == 0 ||
		        memcmp(got.bytes, em + 128 - got.len, got.len) == 0),
		        "PKCS #1: %s: the message", cases[i].name);
	}
}

static void
pkcs1_lengths(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(true);
	EVP_PKEY *pkey = theirs(key);
	EVP_PKEY_CTX *dec = EVP_PKEY_CTX_new(pkey, NULL);
	unsigned good = 0, read = 0;
	uint8_t in[118], c[128], c2[128], back[128];

	if (EVP_PKEY_decrypt_init(dec) != 1 || EVP_PKEY_CTX_set_rsa_padding(dec, RSA_PKCS1_PADDING) != 1)
		test_bail("libcrypto's PKCS #1");
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= 117; len++) {
		SL_SECRET got = { 0 };
		size_t back_len = sizeof(back);

		good += sl_rsa_encrypt(key, &pkcs1, in, len, c) == SL_OK &&
		        sl_rsa_decrypt(key, &pkcs1, c, 128, &got) == SL_OK &&
		        got.len == len && (len == 0 || memcmp(got.bytes, in, len) == 0);
		read += EVP_PKEY_decrypt(dec, back, &back_len, c, 128) == 1 && back_len == len &&
		        memcmp(back, in, len) == 0;
	}
	test_eq(good, 118, "PKCS #1: every length there and back");
	test_eq(read, 118, "PKCS #1: libcrypto reads them");
	test_eq(sl_rsa_encrypt(key, &pkcs1, in, 118, c), SL_ERR_RANGE, "PKCS #1: a byte too much");
	test_ok(sl_rsa_encrypt(key, &pkcs1, in, 4, c) == SL_OK && sl_rsa_encrypt(key, &pkcs1, in, 4, c2) == SL_OK &&
	        memcmp(c, c2, 128) != 0, "PKCS #1: never the same twice");
	EVP_PKEY_CTX_free(dec);
	EVP_PKEY_free(pkey);
}

static void
misfits(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(true);
	SL_CLEANUP(sl_key_unref) struct sl_key *public = outside_public(key);
	SL_CLEANUP(sl_key_unref) struct sl_key *ec = leaf_key("P-256");
	static const struct sl_rsa_crypt unknown = { .padding = (enum sl_rsa_padding)9 };
	SL_SECRET got = { 0 }, n = { 0 }, none = { 0 };
	uint8_t c[128] = { 0 };

	test_eq(sl_rsa_crypt_len(key), 128, "the length");
	test_eq(sl_rsa_encrypt(ec, &pkcs1, c, 1, c), SL_ERR_ARG, "an EC key does not encrypt");
	test_eq(sl_rsa_decrypt(ec, &pkcs1, c, 128, &none), SL_ERR_ARG, "nor decrypt");
	test_eq(sl_rsa_recover(ec, SL_RSA_PKCS1, c, 128, &none), SL_ERR_ARG, "nor recover");
	test_eq(sl_rsa_decrypt(public, &pkcs1, c, 128, &none), SL_ERR_ARG, "a public key does not decrypt");
	test_eq(sl_rsa_encrypt(key, &unknown, c, 1, c), SL_ERR_UNSUPPORTED, "an unknown padding");
	test_eq(sl_rsa_recover(key, SL_RSA_OAEP, c, 128, &none), SL_ERR_UNSUPPORTED, "OAEP signs nothing");
	test_eq(sl_rsa_decrypt(key, &pkcs1, c, 127, &none), SL_ERR_RANGE, "a short ciphertext");
	test_eq(sl_rsa_recover(key, SL_RSA_PKCS1, c, 127, &none), SL_ERR_RANGE, "a short signature");
	if (sl_key_part(key, SL_PART_N, &n) != SL_OK)
		test_bail("n");
	test_eq(sl_rsa_decrypt(key, &raw, n.bytes, n.len, &none), SL_ERR_VERIFY, "a ciphertext that is not below n");
	test_eq(sl_rsa_recover(key, SL_RSA_NONE, n.bytes, n.len, &none), SL_ERR_VERIFY,
	        "a signature that is not below n");
	test_eq(sl_rsa_encrypt(key, &raw, n.bytes, n.len, c), SL_ERR_RANGE, "a message that is not below n");
	test_eq(sl_rsa_encrypt(key, &raw, (const uint8_t[129]){ 0 }, 129, c), SL_ERR_RANGE, "a message that is longer");
	ERR_clear_error();
	test_eq(sl_rsa_decrypt(key, &pkcs1, c, 128, &none), SL_ERR_VERIFY, "a zero ciphertext");
	test_ok(ERR_peek_error() == 0, "it leaves no error behind");
	test_ok(sl_rsa_encrypt(key, &raw, (const uint8_t *)"\1\2", 2, c) == SL_OK &&
	        sl_rsa_decrypt(key, &raw, c, 128, &got) == SL_OK &&
	        got.len == 128 && got.bytes[125] == 0 && got.bytes[126] == 1 &&
	        got.bytes[127] == 2, "raw: padded on the left");
	test_ok(none.bytes == NULL, "a failure leaves the output alone");
}

static void
recover(void)
{
	static const struct sl_sig_params sign_raw = { .alg = SL_SIG_RSA_RAW };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_rsa(true);
	SL_CLEANUP(sl_key_unref) struct sl_key *public = outside_public(key);
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL, *plain = NULL;
	/* first bytes, the end of FF, what ends it */
	static const struct {
		const char *name;
		uint8_t first, second, end;
		size_t at;
		enum sl_err err;
	} cases[] = {
		{ "the shortest padding", 0, 1, 0, 10, SL_OK }, { "seven bytes of padding", 0, 1, 0, 9, SL_ERR_VERIFY },
		{ "block type 2", 0, 2, 0, 60, SL_ERR_VERIFY }, { "not 0 in front", 1, 1, 0, 60, SL_ERR_VERIFY },
		{ "something else in the padding", 0, 1, 0xfe, 60, SL_ERR_VERIFY }, { "no end", 0, 1, 0xff, 127,
		  SL_ERR_VERIFY },
		{ "an empty message", 0, 1, 0, 127, SL_OK },
	};
	SL_SECRET got = { 0 }, all = { 0 };
	uint8_t sig[128];

	if (sl_signer_new(key, &(const struct sl_sig_params){ .alg = SL_SIG_RSA_PKCS1 }, false, &s) != SL_OK ||
	    sl_signer_new(key, &sign_raw, false, &plain) != SL_OK ||
	    sl_signer_sign(s, (const uint8_t *)"message", 7, sig) != SL_OK)
		test_bail("no signature");
	test_ok(sl_rsa_recover(public, SL_RSA_PKCS1, sig, 128, &got) == SL_OK && got.len == 7 &&
	        memcmp(got.bytes, "message", 7) == 0,
	        "recover: the message");
	test_ok(sl_rsa_recover(public, SL_RSA_NONE, sig, 128, &all) == SL_OK && all.len == 128 && all.bytes[1] == 1 &&
	        memcmp(all.bytes + 121, "message", 7) == 0, "recover: as it is");
	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_SECRET out = { 0 };
		uint8_t em[128];

		memset(em, 0xff, sizeof(em));
		em[0] = cases[i].first;
		em[1] = cases[i].second;
		em[cases[i].at] = cases[i].end;
		if (sl_signer_sign(plain, em, sizeof(em), sig) != SL_OK)
			test_bail("raw");
		test_eq(sl_rsa_recover(public, SL_RSA_PKCS1, sig, 128, &out), cases[i].err, "recover: %s",
		        cases[i].name);
		test_eq(out.len, cases[i].err == SL_OK ? 127 - cases[i].at : 0, "recover: %s: its length",
		        cases[i].name);
	}
}

int
main(void)
{
	oaep_known();
	oaep_others();
	oaep_bad();
	oaep_crafted();
	pkcs1_bad();
	pkcs1_lengths();
	misfits();
	recover();
	return test_done();
}
