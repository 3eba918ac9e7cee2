/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "crypto/detkey.h"
#include "crypto/prime.h"
#include "lib/test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#define FILE_MAX ((size_t)1 << 20)
#define BUF 8192

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The value of "key": in the object that starts at object: a string's text, or a number's digits. */
static void
field(const char *object, const char *key, char *ret, size_t room)
{
	char quoted[64];
	const char *at;
	size_t len;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
	at = strstr(object, quoted);
	if (at == NULL)
		test_bail("a vector has no %s", key);
	at += strlen(quoted);
	at += *at == '"';
	len = strcspn(at, "\",}\n");
	if (len >= room)
		test_bail("a vector's %s is too long", key);
	memcpy(ret, at, len);
	ret[len] = '\0';
}

static size_t
base64_field(const char *object, const char *key, uint8_t *ret)
{
	char text[BUF];
	size_t pad = 0;
	int len;

	field(object, key, text, sizeof(text));
	for (size_t i = strlen(text); i > 0 && text[i - 1] == '='; i--)
		pad++;
	len = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)strlen(text));
	if (len < 0)
		test_bail("a vector's %s is not base64", key);
	return (size_t)len - pad;
}

static size_t
number(const EVP_PKEY *key, const char *name, uint8_t *ret, size_t width)
{
	BIGNUM *bn = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1 || BN_bn2binpad(bn, ret, (int)width) != (int)width)
		test_bail("a vector's key has no %s", name);
	BN_free(bn);
	return width;
}

struct vector {
	uint8_t seed[64];
	size_t seed_len;
	EVP_PKEY *key;
};

static void
vector_read(const char *object, struct vector *v)
{
	uint8_t der[BUF];
	const uint8_t *p = der;
	size_t len;

	v->seed_len = base64_field(object, "seed", v->seed);
	len = base64_field(object, "private_key_pkcs8", der);
	v->key = d2i_AutoPrivateKey(NULL, &p, (long)len);
	if (v->key == NULL)
		test_bail("a vector's key cannot be read");
}

static void
ec_vector(const char *object, unsigned i)
{
	char curve[32];
	struct vector v;
	SL_SECRET d = { 0 };
	uint8_t want[66];
	size_t width;
	unsigned size;

	field(object, "curve", curve, sizeof(curve));
	size = (unsigned)strtoul(curve + 4, NULL, 10);
	vector_read(object, &v);
	width = number(v.key, OSSL_PKEY_PARAM_PRIV_KEY, want, (size + 7) / 8);
	test_eq(sl_detkey_ec(size, v.seed, v.seed_len, &d), SL_OK, "published vector %u, %s", i, curve);
	test_mem(d.bytes, d.len, want, width, "published vector %u, %s, seed of %zu bytes: the scalar", i, curve,
	         v.seed_len);
	EVP_PKEY_free(v.key);
}

/* FACTOR1 of a published key is p, the first one found. */
static void
rsa_vector(const char *object, unsigned i)
{
	char digits[16];
	struct vector v;
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	SL_SECRET p2 = { 0 };
	SL_SECRET q2 = { 0 };
	struct sl_rsa_hints hints = { 0, 0 };
	uint8_t want[512];
	unsigned bits;
	double start;

	field(object, "bits", digits, sizeof(digits));
	bits = (unsigned)strtoul(digits, NULL, 10);
	vector_read(object, &v);
	start = now();
	if (!test_eq(sl_detkey_rsa(bits, v.seed, v.seed_len, &p, &q, &hints), SL_OK, "published vector %u, rsa %u", i,
	             bits))
		return;
	test_note("rsa %u: candidates %u and %u, %.3f s", bits, hints.p, hints.q, now() - start);
	test_mem(p.bytes, p.len, want, number(v.key, OSSL_PKEY_PARAM_RSA_FACTOR1, want, bits / 16), "vector %u: p", i);
	test_mem(q.bytes, q.len, want, number(v.key, OSSL_PKEY_PARAM_RSA_FACTOR2, want, bits / 16), "vector %u: q", i);
	start = now();
	test_eq(sl_detkey_rsa_hinted(bits, v.seed, v.seed_len, hints, &p2, &q2), SL_OK, "vector %u, by its hints", i);
	test_note("by hints: %.4f s", now() - start);
	test_ok(sl_secret_equal(p.bytes, p.len, p2.bytes, p2.len) && sl_secret_equal(q.bytes, q.len, q2.bytes, q2.len),
	        "vector %u, by its hints: the same primes", i);
	EVP_PKEY_free(v.key);
}

static void
published(const char *name, void (*one)(const char *object, unsigned i), unsigned want)
{
	const char *dir = getenv("SL_DET_VECTORS");
	const char *src = getenv("SL_SRC");
	char path[4096];
	SL_FREE char *text = NULL;
	struct sl_msg msg = { "" };
	unsigned i = 0;

	if (dir != NULL)
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	else
		(void)snprintf(path, sizeof(path), "%s/../shared/data/det-keygen/%s", src != NULL ? src : ".", name);
	if (sl_fs_read_text(path, FILE_MAX, &text, &msg) != SL_OK) {
		test_skip("no file", "the published det-keygen vectors in %s", name);
		return;
	}
	for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{'))
		one(at, ++i);
	test_ok(i >= want, "%s has %u vectors", name, i);
}

/* The one case in the specification that has to try twice, by its published seed; and its edges. */
static void
ec_edges(void)
{
	static const uint8_t seed[16] = { 0xb4, 0x32, 0xf9, 0xbe, 0x30, 0x89, 0x04, 0x80, 0x29, 0x82, 0x18, 0x51, 0x05,
	  0x59, 0xae, 0xd7 };
	SL_SECRET d = { 0 };
	SL_SECRET none = { 0 };

	test_ok(sl_detkey_ec(256, seed, 16, &d) == SL_OK &&
	        d.len == 32, "the seed whose first P-256 candidate is too big");
	test_eq(sl_detkey_ec(256, seed, 15, &none), SL_ERR_ARG, "a seed that is too short");
	test_eq(sl_detkey_ec(255, seed, 16, &none), SL_ERR_ARG, "an unknown curve");
	test_ok(none.bytes == NULL, "a failure leaves the output alone");
}

static void
rsa_edges(void)
{
	static const struct {
		const char *name;
		struct sl_rsa_hints hints;
	} bad[] = {
		{ "unknown", { 0, 0 } }, { "no p", { 0, 5 } }, { "no q", { 5, 0 } }, { "the same", { 5, 5 } },
			{ "swapped", { 6, 5 } },
		{ "absurd", { 1, UINT32_MAX } },
	};
	static const uint8_t seed[16] = { 1 };
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	struct sl_rsa_hints hints = { 7, 7 };

	test_eq(sl_detkey_rsa(2040, seed, 16, &p, &q, &hints), SL_ERR_ARG, "rsa: too small");
	test_eq(sl_detkey_rsa(2056, seed, 16, &p, &q, &hints), SL_ERR_ARG, "rsa: not a multiple of 16");
	test_eq(sl_detkey_rsa(8208, seed, 16, &p, &q, &hints), SL_ERR_ARG, "rsa: too big");
	test_eq(sl_detkey_rsa(2048, seed, 15, &p, &q, &hints), SL_ERR_ARG, "rsa: a seed that is too short");
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
		test_eq(sl_detkey_rsa_hinted(2048, seed, 16, bad[i].hints, &p, &q), SL_ERR_MISMATCH, "hints: %s",
		        bad[i].name);
	test_ok(p.bytes == NULL && q.bytes == NULL && hints.p == 7, "a failure leaves the outputs alone");
}

/*
 * 2^521 - 1 does not have the form (its top byte is 1), so: primes of the right form found by another library, and
 * composites near them.
 */
static void
primes(void)
{
	SL_CLEANUP(sl_sieve_free) struct sl_sieve *sieve = NULL;
	uint8_t t[130];
	BIGNUM *bn = BN_new();
	unsigned agree = 0;
	unsigned found = 0;

	if (sl_sieve_new(&sieve) != SL_OK || bn == NULL)
		test_bail("no sieve");
	memset(t, 0xff, 64);
	for (unsigned i = 0; i < 4000; i++) {
		bool prime = false;

		t[40] = (uint8_t)(i >> 8);
		t[41] = (uint8_t)i;
		if (sl_prime_test(sieve, t, 64, &prime) == SL_OK && BN_bin2bn(t, 64, bn) != NULL &&
		    prime == (BN_check_prime(bn, NULL, NULL) == 1))
			agree++;
		found += prime;
	}
	test_eq(agree, 4000, "libcrypto agrees on 4000 numbers of 512 bits");
	test_ok(found > 5 && found < 100, "%u of them are prime", found);
	t[0] = 0x7f;
	test_eq(sl_prime_test(sieve, t, 64, &(bool){ false }), SL_ERR_ARG, "the highest bits are not set");
	t[0] = 0xff;
	t[63] = 0xfd;
	test_eq(sl_prime_test(sieve, t, 64, &(bool){ false }), SL_ERR_ARG, "not 3 modulo 4");
	test_eq(sl_prime_test(sieve, t, 63, &(bool){ false }), SL_ERR_ARG, "too short");
	BN_free(bn);
}

int
main(void)
{
	ec_edges();
	rsa_edges();
	primes();
	published("ecdsa.json", ec_vector, 21);
	published("rsa.json", rsa_vector, 21);
	return test_done();
}
