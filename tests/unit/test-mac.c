/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/mac.h"
#include "crypto/cipher.h"
#include "crypto/macop.h"
#include "lib/test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static size_t
hex(const char *text, void *out, size_t room)
{
	return *text == '\0' ? 0 : test_hex(text, out, room);
}

static struct sl_key *
key_of(const uint8_t *bytes, size_t len)
{
	struct sl_key *key = NULL;

	if (sl_key_from_secret(bytes, len, &key) != SL_OK)
		test_bail("no key");
	return key;
}

static const size_t chunks[] = { 1, 7, 15, 16, 17, 31, 32, 63, 64, 65, 127, 128, 129, 1000 };

/* One MAC object all along: every chunking, resets midway, and starting anew after the end. */
static bool
right(struct sl_macop *m, const uint8_t *data, size_t len, const uint8_t *want)
{
	uint8_t got[SL_HASH_MAX + 1];

	for (size_t i = 0; i < SL_ARRAY_LEN(chunks); i++) {
		size_t n = 0;

		if (i % 3 == 1 && (sl_macop_update(m, "junk", 4) != SL_OK || sl_macop_reset(m) != SL_OK))
			return false;
		for (size_t done = 0; done < len; done += n) {
			n = len - done < chunks[i] ? len - done : chunks[i];
			if (sl_macop_update(m, data + done, n) != SL_OK)
				return false;
		}
		got[sl_macop_len(m)] = 0x5a;
		if (sl_macop_update(m, NULL, 0) != SL_OK || sl_macop_final(m, got) != SL_OK ||
		    memcmp(got, want, sl_macop_len(m)) != 0 || got[sl_macop_len(m)] != 0x5a) {
			test_note("chunks of %zu", chunks[i]);
			return false;
		}
	}
	return true;
}

static void
one(const char *name, struct sl_mac_params params, const char *key, const char *data, const char *want)
{
	SL_CLEANUP(sl_macop_free) struct sl_macop *m = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *k = NULL;
	uint8_t bytes[256];
	uint8_t message[256];
	uint8_t mac[SL_HASH_MAX];
	const size_t len = hex(want, mac, sizeof(mac));
	const size_t message_len = hex(data, message, sizeof(message));

	k = key_of(bytes, hex(key, bytes, sizeof(bytes)));
	if (sl_macop_new(k, &params, &m) != SL_OK)
		test_bail("%s", name);
	sl_key_unref(&k); /* the MAC does not need it any more */
	test_eq(sl_macop_len(m), len, "%s: length", name);
	test_ok(right(m, message, message_len, mac), "%s", name);
}

#define HI "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define THERE "4869205468657265"
#define JEFE "4a656665"
#define NOTHING "7768617420646f2079612077616e7420666f72206e6f7468696e673f"

/* RFC 2202 3, RFC 4231 4.2 and 4.3; NIST's example values for HMAC with SHA-3 do not use these inputs: against_libcrypto() has those. */
static void
hmacs(void)
{
	static const struct {
		const char *name;
		enum sl_hash hash;
		const char *key;
		const char *data;
		const char *mac;
	} rows[] = {
		{ "RFC 2202 3, 1", SL_HASH_SHA1, HI, THERE, "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ "RFC 2202 3, 2", SL_HASH_SHA1, JEFE, NOTHING, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ "RFC 4231 4.2, SHA-224", SL_HASH_SHA224, HI, THERE, "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22" },
		{ "RFC 4231 4.2, SHA-256", SL_HASH_SHA256, HI, THERE, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "RFC 4231 4.2, SHA-384", SL_HASH_SHA384, HI, THERE,
		  "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6" },
		{ "RFC 4231 4.2, SHA-512", SL_HASH_SHA512, HI, THERE, "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
		  "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
		{ "RFC 4231 4.3, SHA-224", SL_HASH_SHA224, JEFE, NOTHING, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44" },
		{ "RFC 4231 4.3, SHA-256", SL_HASH_SHA256, JEFE, NOTHING, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "RFC 4231 4.3, SHA-512", SL_HASH_SHA512, JEFE, NOTHING, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		one(rows[i].name, (struct sl_mac_params){ .alg = SL_MAC_HMAC, .hash = rows[i].hash }, rows[i].key, rows[i].data, rows[i].mac);
}

#define K128 "2b7e151628aed2a6abf7158809cf4f3c"
#define K192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define K256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define P40 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
#define P64 P40 "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

/* SP 800-38B appendix D (and RFC 4493 section 4). */
static void
cmacs(void)
{
	static const struct {
		const char *name;
		const char *key;
		const char *data;
		const char *mac;
	} rows[] = {
		{ "SP 800-38B D.1, 1", K128, "", "bb1d6929e95937287fa37d129b756746" },
		{ "SP 800-38B D.1, 2", K128, "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c" },
		{ "SP 800-38B D.1, 3", K128, P40, "dfa66747de9ae63030ca32611497c827" },
		{ "SP 800-38B D.1, 4", K128, P64, "51f0bebf7e3b9d92fc49741779363cfe" },
		{ "SP 800-38B D.2, 5", K192, "", "d17ddf46adaacde531cac483de7a9367" },
		{ "SP 800-38B D.2, 7", K192, P40, "8a1de5be2eb31aad089a82e6ee908b0e" },
		{ "SP 800-38B D.2, 8", K192, P64, "a1d5df0eed790f794d77589659f39a11" },
		{ "SP 800-38B D.3, 9", K256, "", "028962f61b7bf89efc6b551f4667d983" },
		{ "SP 800-38B D.3, 11", K256, P40, "aaf3d8f1de5640c232f5b169b9c911e6" },
		{ "SP 800-38B D.3, 12", K256, P64, "e1992190549f6ed5696a2c056c315410" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		one(rows[i].name, (struct sl_mac_params){ .alg = SL_MAC_CMAC }, rows[i].key, rows[i].data, rows[i].mac);
}

/* The GCM specification's test case 1 (nothing at all), and NIST CAVP gcmEncryptExtIV128 with a plaintext of 0 bits and 128 bits of AAD. */
static void
gmacs(void)
{
	static const uint8_t zero[12];
	uint8_t iv[12];

	one("GCM test case 1", (struct sl_mac_params){ .alg = SL_MAC_GMAC, .iv = zero, .iv_len = 12 }, "00000000000000000000000000000000", "",
	    "58e2fccefa7e3061367f1d57a4e7455a");
	(void)hex("e0e00f19fed7ba0136a797f3", iv, sizeof(iv));
	one("NIST CAVP, GMAC", (struct sl_mac_params){ .alg = SL_MAC_GMAC, .iv = iv, .iv_len = 12 }, "77be63708971c4e240d1cb79e8d77feb",
	    "7a43ec1d9c0a5a78a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946");
}

static void
gmac_reference(const uint8_t *key, size_t key_len, const struct sl_mac_params *p, const uint8_t *data, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = key_len == 16 ? EVP_aes_128_gcm() : key_len == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
	uint8_t none[16];
	int n = 0;

	if (EVP_EncryptInit_ex(ctx, cipher, NULL, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)p->iv_len, NULL) != 1 ||
	    EVP_EncryptInit_ex(ctx, NULL, NULL, key, p->iv) != 1 || EVP_EncryptUpdate(ctx, NULL, &n, data, (int)len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, none, &n) != 1 || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out) != 1)
		test_bail("GCM");
	EVP_CIPHER_CTX_free(ctx);
}

static void
gmac_against_gcm(void)
{
	static const size_t iv_lens[] = { 1, 8, 12, 13, 16, 60, 128 };
	uint8_t data[300];
	uint8_t iv[128];
	uint8_t want[16];
	bool ok = true;

	memset(data, 0x2f, sizeof(data));
	memset(iv, 0x71, sizeof(iv));
	for (size_t key_len = 16; key_len <= 32; key_len += 8) {
		for (size_t i = 0; i < SL_ARRAY_LEN(iv_lens); i++) {
			const struct sl_mac_params p = { .alg = SL_MAC_GMAC, .iv = iv, .iv_len = iv_lens[i] };
			SL_CLEANUP(sl_key_unref) struct sl_key *k = key_of(data, key_len);
			SL_CLEANUP(sl_macop_free) struct sl_macop *m = NULL;

			gmac_reference(data, key_len, &p, data, sizeof(data), want);
			ok = ok && sl_macop_new(k, &p, &m) == SL_OK && right(m, data, sizeof(data), want);
		}
	}
	test_ok(ok, "GMAC is GCM that encrypts nothing, for all lengths of key and IV");
}

/* A nonce that libcrypto does not take: as with our GCM, whose figures test-cipher has from elsewhere. */
static void
gmac_long_nonce(void)
{
	static const uint8_t data[48] = { 5 };
	uint8_t iv[200] = { 9 };
	uint8_t want[16];
	const struct sl_mac_params p = { .alg = SL_MAC_GMAC, .iv = iv, .iv_len = sizeof(iv) };
	const struct sl_cipher_params gcm = { .mode = SL_CIPHER_GCM, .iv = iv, .iv_len = sizeof(iv), .aad = data, .aad_len = 32, .tag_len = 16 };
	SL_CLEANUP(sl_key_unref) struct sl_key *k = key_of(data, 32);
	SL_CLEANUP(sl_macop_free) struct sl_macop *m = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
	size_t n = 0;

	if (sl_cipher_new(k, &gcm, true, &c) != SL_OK || sl_cipher_final(c, want, &n) != SL_OK || n != 16)
		test_bail("GCM");
	test_ok(sl_macop_new(k, &p, &m) == SL_OK && right(m, data, 32, want), "GMAC with a nonce of 200 bytes");
}

static void
hmac_against_libcrypto(void)
{
	static const char *const names[SL_HASH_COUNT_] = { NULL, "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256",
		"SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512" };
	uint8_t key[300];
	uint8_t data[333];
	uint8_t want[SL_HASH_MAX];
	uint8_t also[SL_HASH_MAX];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 1);
	memset(data, 0x3c, sizeof(data));
	for (unsigned h = 1; h < SL_HASH_COUNT_; h++) {
		const struct sl_mac_params p = { .alg = SL_MAC_HMAC, .hash = (enum sl_hash)h };
		bool ok = true;

		for (size_t len = 1; ok && len <= sizeof(key); len += len < 5 || len % 8 == 7 ? 1 : 3) {
			const struct sl_part part = { data, sizeof(data) };
			SL_CLEANUP(sl_key_unref) struct sl_key *k = key_of(key, len);
			SL_CLEANUP(sl_macop_free) struct sl_macop *m = NULL;
			size_t n = 0;

			ok = EVP_Q_mac(NULL, "HMAC", NULL, names[h], NULL, key, len, data, sizeof(data), want, sizeof(want), &n) != NULL &&
				n == sl_hash_len(p.hash) && sl_macop_new(k, &p, &m) == SL_OK && sl_macop_len(m) == n &&
				right(m, data, sizeof(data), want) && sl_hmac(p.hash, key, len, &part, 1, also) == SL_OK && memcmp(also, want, n) == 0;
			if (!ok)
				test_note("a key of %zu", len);
		}
		test_ok(ok, "HMAC-%s with keys of 1 to 300 bytes", names[h]);
	}
}

static void
refused(void)
{
	static const uint8_t b[300] = { 1 };
	static const struct {
		const char *name;
		size_t key_len;
		enum sl_err err;
		struct sl_mac_params p;
	} rows[] = {
		{ "HMAC without a hash", 16, SL_ERR_ARG, { .alg = SL_MAC_HMAC, .hash = SL_HASH_NONE } },
		{ "HMAC with a hash that is none", 16, SL_ERR_ARG, { .alg = SL_MAC_HMAC, .hash = SL_HASH_COUNT_ } },
		{ "an algorithm that is none", 16, SL_ERR_UNSUPPORTED, { .alg = (enum sl_mac_alg)3 } },
		{ "CMAC with 15 bytes", 15, SL_ERR_ARG, { .alg = SL_MAC_CMAC } },
		{ "CMAC with 40 bytes", 40, SL_ERR_ARG, { .alg = SL_MAC_CMAC } },
		{ "CMAC with a byte", 1, SL_ERR_ARG, { .alg = SL_MAC_CMAC } },
		{ "GMAC without IV", 16, SL_ERR_ARG, { .alg = SL_MAC_GMAC } },
		{ "GMAC with an IV of nothing", 16, SL_ERR_ARG, { .alg = SL_MAC_GMAC, .iv = b } },
		{ "GMAC with too long an IV", 16, SL_ERR_ARG, { .alg = SL_MAC_GMAC, .iv = b, .iv_len = 257 } },
		{ "GMAC with 33 bytes", 33, SL_ERR_ARG, { .alg = SL_MAC_GMAC, .iv = b, .iv_len = 12 } },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *other = NULL;
	const struct sl_mac_params hmac = { .alg = SL_MAC_HMAC, .hash = SL_HASH_SHA256 };
	struct sl_macop *m = NULL;

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *k = key_of(b, rows[i].key_len);

		test_eq(sl_macop_new(k, &rows[i].p, &m), rows[i].err, "%s", rows[i].name);
	}
	if (sl_key_from_raw(SL_KEY_X25519, b, 32, &other) != SL_OK)
		test_bail("no key");
	test_eq(sl_macop_new(other, &hmac, &m), SL_ERR_ARG, "a private key is no MAC key");
	test_ok(m == NULL, "nothing came of it");
	sl_macop_free(&m);
}

int
main(void)
{
	hmacs();
	cmacs();
	gmacs();
	gmac_against_gcm();
	gmac_long_nonce();
	hmac_against_libcrypto();
	refused();
	return test_done();
}
