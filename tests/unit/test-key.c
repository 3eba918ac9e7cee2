/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "unit/leaf.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static void
part_is(const struct sl_key *key, enum sl_key_part part, const char *hex, const char *what)
{
	uint8_t want[160];
	const size_t len = test_hex(hex, want, sizeof(want));
	SL_SECRET got = { 0 };

	test_eq(sl_key_part(key, part, &got), SL_OK, "%s: there", what);
	test_mem(got.bytes, got.len, want, len, "%s", what);
}

/* RFC 6979 A.2.5 and A.2.7: the public points. */
static void
ec_parts(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *p256 = leaf_key("P-256");
	SL_CLEANUP(sl_key_unref) struct sl_key *p521 = leaf_key("P-521");
	SL_CLEANUP(sl_key_unref) struct sl_key *public = leaf_public(p521);
	SL_SECRET none = { 0 };

	test_ok(sl_key_kind(p256) == SL_KEY_EC && sl_key_size(p256) == 256 &&
	        sl_key_is_private(p256), "P-256: what it is");
	test_ok(sl_key_size(public) == 521 && !sl_key_is_private(public), "P-521: the public half");
	part_is(p256, SL_PART_POINT, "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", "P-256: point");
	part_is(p256, SL_PART_EC_OID, "06082a8648ce3d030107", "P-256: OID");
	part_is(p256, SL_PART_SECRET, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	        "P-256: scalar");
	part_is(p521, SL_PART_POINT,
	        "0401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38"
	        "ffa16d2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22ac"
	        "c23f924faafbd4d33f81ea66956dfeaa2bfdfcf5", "P-521: point");
	part_is(p521, SL_PART_SECRET,
	        "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbe"
	        "c67db89ec0c08b0e996b83538", "P-521: scalar at full width");
	test_eq(sl_key_part(public, SL_PART_SECRET, &none), SL_ERR_NOT_FOUND, "a public key has no secret");
	test_eq(sl_key_part(p256, SL_PART_P, &none), SL_ERR_NOT_FOUND, "an EC key has no p");
	test_eq(sl_key_part(p256, SL_PART_N, &none), SL_ERR_NOT_FOUND, "an EC key has no n");
	test_ok(none.bytes == NULL, "a failure leaves the output alone");
}

static void
ec_range(void)
{
	static const struct {
		const char *name;
		unsigned size;
		const char *d;
		enum sl_err err;
	} cases[] = {
		{ "P-256, 1", 256, "0000000000000000000000000000000000000000000000000000000000000001", SL_OK },
		{ "P-256, n - 1", 256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", SL_OK },
		{ "P-256, n", 256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", SL_ERR_ARG },
		{ "P-256, 0", 256, "0000000000000000000000000000000000000000000000000000000000000000", SL_ERR_ARG },
		{ "P-256, too short", 256, "01", SL_ERR_ARG },
		{ "P-384, P-256's width", 384, "0000000000000000000000000000000000000000000000000000000000000001",
		  SL_ERR_ARG },
		{ "P-224", 224, "00000000000000000000000000000000000000000000000000000001", SL_ERR_ARG },
		{ "nothing", 256, "", SL_ERR_ARG },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		uint8_t d[66];
		const size_t len = test_hex(cases[i].d, d, sizeof(d));

		test_eq(sl_key_from_ec(cases[i].size, d, len, &key), cases[i].err, "scalar: %s", cases[i].name);
		test_ok((key != NULL) == (cases[i].err == SL_OK), "scalar: %s: a key or none", cases[i].name);
	}
}

static BIGNUM *
bn_part(const struct sl_key *key, enum sl_key_part part)
{
	SL_SECRET bytes = { 0 };

	if (sl_key_part(key, part, &bytes) != SL_OK)
		test_bail("no part %d", (int)part);
	test_ok(bytes.bytes[0] != 0, "RSA: no leading zeros in part %d", (int)part);
	return BN_bin2bn(bytes.bytes, (int)bytes.len, NULL);
}

/* RFC 8017 3.2; FIPS 186-5 A.1.1: d is the least. */
static void
rsa_parts(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("RSA-2048");
	BIGNUM *n = bn_part(key, SL_PART_N), *e = bn_part(key, SL_PART_E), *d = bn_part(key, SL_PART_SECRET);
	BIGNUM *p = bn_part(key, SL_PART_P), *q = bn_part(key, SL_PART_Q), *dp = bn_part(key, SL_PART_DP);
	BIGNUM *dq = bn_part(key, SL_PART_DQ), *qinv = bn_part(key, SL_PART_QINV);
	BIGNUM *p1 = BN_dup(p), *q1 = BN_dup(q), *t = BN_new(), *u = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	test_ok(sl_key_size(key) == 2048 && BN_num_bits(n) == 2048 && BN_is_word(e, 65537), "RSA: size and exponent");
	test_ok(BN_mul(t, p, q, ctx) == 1 && BN_cmp(t, n) == 0 && BN_cmp(p, q) > 0, "RSA: n = p q, p > q");
	BN_sub_word(p1, 1);
	BN_sub_word(q1, 1);
	BN_gcd(t, p1, q1, ctx);
	BN_div(u, NULL, p1, t, ctx);
	BN_mul(t, u, q1, ctx); /* lcm */
	test_ok(BN_mod_mul(u, d, e, t, ctx) == 1 && BN_is_one(u) &&
	        BN_cmp(d, t) < 0, "RSA: d is the least inverse of e");
	test_ok(BN_mod(u, d, p1, ctx) == 1 && BN_cmp(u, dp) == 0, "RSA: dp");
	test_ok(BN_mod(u, d, q1, ctx) == 1 && BN_cmp(u, dq) == 0, "RSA: dq");
	test_ok(BN_mod_mul(u, q, qinv, p, ctx) == 1 && BN_is_one(u), "RSA: qinv");
	for (BIGNUM **all[] = { &n, &e, &d, &p, &q, &dp, &dq, &qinv, &p1, &q1, &t, &u, NULL },
	     ***bn = all; *bn != NULL; bn++)
		BN_free(**bn);
	BN_CTX_free(ctx);
}

static void
rsa_bad(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("RSA-2048");
	SL_CLEANUP(sl_key_unref) struct sl_key *swapped = NULL;
	SL_SECRET p = { 0 }, q = { 0 }, a = { 0 }, b = { 0 };
	struct sl_key *none = NULL;

	if (sl_key_part(key, SL_PART_P, &p) != SL_OK || sl_key_part(key, SL_PART_Q, &q) != SL_OK ||
	    sl_key_part(key, SL_PART_SPKI, &a) != SL_OK)
		test_bail("no primes");
	test_ok(sl_key_from_rsa(q.bytes, q.len, p.bytes, p.len, &swapped) == SL_OK &&
	        sl_key_part(swapped, SL_PART_P, &b) == SL_OK &&
	        sl_secret_equal(b.bytes, b.len, p.bytes, p.len), "primes in the other order");
	test_eq(sl_key_from_rsa(p.bytes, p.len, p.bytes, p.len, &none), SL_ERR_ARG, "one prime twice");
	test_eq(sl_key_from_rsa(p.bytes, 60, q.bytes, 60, &none), SL_ERR_ARG, "far too small");
	test_eq(sl_key_from_rsa(p.bytes, 0, q.bytes, 0, &none), SL_ERR_ARG, "nothing");
	test_eq(sl_key_from_rsa(p.bytes, 5000, q.bytes, q.len, &none), SL_ERR_ARG, "far too big");
	p.bytes[p.len - 1] ^= 1;
	test_eq(sl_key_from_rsa(p.bytes, p.len, q.bytes, q.len, &none), SL_ERR_ARG, "p even");
	p.bytes[p.len - 1] ^= 9;
	test_eq(sl_key_from_rsa(p.bytes, p.len, q.bytes, q.len, &none), SL_ERR_ARG, "p composite");
	p.bytes[p.len - 1] ^= 8;
	q.bytes[q.len - 2] ^= 1;
	test_eq(sl_key_from_rsa(p.bytes, p.len, q.bytes, q.len, &none), SL_ERR_ARG, "q composite");
	test_ok(none == NULL, "a failure leaves the output alone");
}

static void
secrets(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *x = NULL;
	SL_SECRET none = { 0 };
	SL_SECRET got = { 0 };
	uint8_t unclamped[32];
	struct sl_key *nothing = NULL;

	test_ok(sl_key_from_secret((const uint8_t *)"\0abc", 4, &key) == SL_OK && sl_key_size(key) == 32 &&
	        sl_key_is_private(key), "a secret");
	part_is(key, SL_PART_SECRET, "00616263", "a secret's bytes");
	test_eq(sl_key_part(key, SL_PART_SPKI, &none), SL_ERR_NOT_FOUND, "a secret has no public key");
	test_eq(sl_key_part(key, SL_PART_EC_OID, &none), SL_ERR_NOT_FOUND, "a secret has no curve");
	test_eq(sl_key_from_secret((const uint8_t *)"", 0, &nothing), SL_ERR_RANGE, "an empty secret");
	memset(unclamped, 0xff, sizeof(unclamped));
	test_ok(sl_key_from_raw(SL_KEY_X25519, unclamped, 32, &x) == SL_OK &&
	        sl_key_part(x, SL_PART_SECRET, &got) == SL_OK &&
	        got.len == 32 && memcmp(got.bytes, unclamped, 32) == 0, "X25519: the bytes are kept as they are");
	test_eq(sl_key_from_raw(SL_KEY_X25519, unclamped, 31, &nothing), SL_ERR_ARG, "X25519: too short");
	test_eq(sl_key_from_raw(SL_KEY_EC, unclamped, 32, &nothing), SL_ERR_ARG, "raw bytes are no EC key");
	test_eq(sl_key_from_raw_public(SL_KEY_RSA, unclamped, 32, &nothing), SL_ERR_ARG, "nor an RSA key");
	test_eq(sl_key_from_raw_public(SL_KEY_ED25519, unclamped, 33, &nothing), SL_ERR_FORMAT, "Ed25519: too long");
	test_ok(nothing == NULL, "a failure leaves the output alone");
}

/* libcrypto reads what we write, and writes the same. */
static void
spki_of_others(void)
{
	static const char *const names[] = { "P-256", "P-384", "P-521", "RSA-2048", "Ed25519", "X25519" };

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(names[i]);
		SL_SECRET spki = { 0 };
		const uint8_t *p;
		uint8_t *theirs = NULL;
		EVP_PKEY *pkey;
		int len;

		if (sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK)
			test_bail("no SPKI");
		p = spki.bytes;
		pkey = d2i_PUBKEY(NULL, &p, (long)spki.len);
		len = i2d_PUBKEY(pkey, &theirs);
		test_mem(theirs, (size_t)len, spki.bytes, spki.len, "%s: libcrypto's SubjectPublicKeyInfo is the same",
		         names[i]);
		OPENSSL_free(theirs);
		EVP_PKEY_free(pkey);
	}
}

/* Nothing that is accepted is written otherwise than it was read, however it was damaged. */
static void
spki_damaged(const char *name)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(name);
	SL_SECRET spki = { 0 };
	unsigned accepted = 0;
	unsigned changed = 0;
	unsigned cut = 0;

	if (sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK)
		test_bail("no SPKI");
	for (size_t i = 0; i < spki.len * 8; i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;
		SL_SECRET again = { 0 };

		spki.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (sl_key_from_spki(spki.bytes, spki.len, &got) == SL_OK) {
			accepted++;
			changed += sl_key_part(got, SL_PART_SPKI, &again) != SL_OK ||
			           !sl_secret_equal(again.bytes, again.len, spki.bytes, spki.len);
		}
		spki.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t len = 0; len < spki.len; len++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;

		cut += sl_key_from_spki(spki.bytes, len, &got) == SL_OK;
	}
	test_ok(changed == 0, "%s: one bit flipped: %u accepted, none of them written otherwise", name, accepted);
	test_ok(accepted == 0 || sl_key_kind(key) != SL_KEY_EC, "%s: a point off its curve is not accepted", name);
	test_eq(cut, 0, "%s: cut anywhere, it is not accepted", name);
}

static void
spki_bad(void)
{
	static const struct {
		const char *name;
		const char *hex;
		enum sl_err err;
	} cases[] = {
		{ "nothing", "", SL_ERR_FORMAT },
		{ "Ed25519", "302a300506032b65700321000000000000000000000000000000000000000000000000000000000000000001", SL_OK },
		{ "a byte after the end",
		  "302a300506032b6570032100000000000000000000000000000000000000000000000000000000000000000100",
		  SL_ERR_FORMAT },
		{ "a byte inside the end",
		  "302b300506032b6570032100000000000000000000000000000000000000000000000000000000000000000100",
		  SL_ERR_FORMAT },
		{ "long form of a short length",
		  "30812a300506032b65700321000000000000000000000000000000000000000000000000000000000000000001",
		  SL_ERR_FORMAT },
		{ "indefinite length",
		  "3080300506032b657003210000000000000000000000000000000000000000000000000000000000000000010000",
		  SL_ERR_FORMAT },
		{ "unused bits", "302a300506032b65700321010000000000000000000000000000000000000000000000000000000000000001", SL_ERR_FORMAT },
		{ "Ed25519 with NULL parameters",
		  "302c300706032b657005000321000000000000000000000000000000000000000000000000000000000000000001",
		  SL_ERR_UNSUPPORTED },
		{ "Ed448", "3043300506032b6571033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
		  SL_OK },
		{ "P-256's OID as the algorithm", "301d300a06082a8648ce3d030107030f0004000000000000000000000000000000", SL_ERR_FORMAT },
		{ "Ed25519's OID as EC's curve", "3033300e06072a8648ce3d020106032b6570032100000000000000000000000000000000000000000000000000000000000000000001", SL_ERR_FORMAT },
		{ "compressed P-256", "3039301306072a8648ce3d020106082a8648ce3d03010703220003" "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
		  SL_ERR_UNSUPPORTED },
		{ "P-256 at infinity", "3019301306072a8648ce3d020106082a8648ce3d03010703020000", SL_ERR_FORMAT },
		{ "RSA of 32 bits", "3020300d06092a864886f70d0101010500030f00300c020500f1f1f1f10203010001",
		  SL_ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		uint8_t der[128];
		const size_t len = test_hex(cases[i].hex, der, sizeof(der));

		test_eq(sl_key_from_spki(der, len, &key), cases[i].err, "SPKI: %s", cases[i].name);
	}
}

static void
parts_bad(void)
{
	static const uint8_t p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	static const uint8_t ed[] = { 6, 3, 0x2b, 0x65, 0x70 };
	static const uint8_t e3[] = { 3 };
	static const uint8_t zero[4] = { 0 };
	uint8_t point[65] = { 4 };
	uint8_t n[129] = { 0, 0x80, [128] = 1 };
	SL_CLEANUP(sl_key_unref) struct sl_key *rsa = NULL;
	struct sl_key *key = NULL;

	test_eq(sl_key_from_ec_point(p256, sizeof(p256), point, 65, &key), SL_ERR_FORMAT, "a point off the curve");
	test_eq(sl_key_from_ec_point(p256, sizeof(p256), point, 64, &key), SL_ERR_FORMAT, "a short point");
	test_eq(sl_key_from_ec_point(p256, sizeof(p256), point, 0, &key), SL_ERR_FORMAT, "no point");
	test_eq(sl_key_from_ec_point(ed, sizeof(ed), point, 32, &key), SL_ERR_UNSUPPORTED, "Ed25519 has no EC point");
	test_eq(sl_key_from_ec_point(p256, 9, point, 65, &key), SL_ERR_UNSUPPORTED, "a cut OID");
	test_eq(sl_key_from_rsa_public(zero, 4, e3, 1, &key), SL_ERR_FORMAT, "n = 0");
	test_eq(sl_key_from_rsa_public(n, 129, zero, 4, &key), SL_ERR_FORMAT, "e = 0");
	test_eq(sl_key_from_rsa_public(n, 129, n + 128, 1, &key), SL_ERR_FORMAT, "e = 1");
	test_eq(sl_key_from_rsa_public(n, 100, e3, 1, &key), SL_ERR_UNSUPPORTED, "n too small");
	test_ok(key == NULL, "a failure leaves the output alone");
	test_ok(sl_key_from_rsa_public(n, 129, e3, 1, &rsa) == SL_OK &&
	        sl_key_size(rsa) == 1024, "n with a leading zero");
}

static void
curves(void)
{
	static const struct {
		const char *hex;
		enum sl_key_kind kind;
		unsigned size;
	} good[] = {
		{ "06082a8648ce3d030107", SL_KEY_EC, 256 }, { "06052b81040022", SL_KEY_EC, 384 },
			{ "06052b81040023", SL_KEY_EC, 521 },
		{ "06032b6570", SL_KEY_ED25519, 256 }, { "130c656477617264733235353139", SL_KEY_ED25519, 256 },
		{ "06032b656e", SL_KEY_X25519, 256 }, { "130a63757276653235353139", SL_KEY_X25519, 256 },
		{ "06092b06010401da470f01", SL_KEY_ED25519, 256 }, { "060a2b060104019755010501", SL_KEY_X25519, 256 },
		{ "06032b6571", SL_KEY_ED448, 456 }, { "130a65647761726473343438", SL_KEY_ED448, 456 },
		{ "06032b656f", SL_KEY_X448, 448 }, { "13086375727665343438", SL_KEY_X448, 448 },
		{ "06052b81040021", SL_KEY_EC, 224 }, { "06052b8104000a", SL_KEY_EC, 256 },
		{ "06092b2403030208010105", SL_KEY_EC, 224 }, { "06092b2403030208010107", SL_KEY_EC, 256 },
		{ "06092b2403030208010109", SL_KEY_EC, 320 }, { "06092b240303020801010b", SL_KEY_EC, 384 },
		{ "06092b240303020801010d", SL_KEY_EC, 512 },
	};
	static const char *const bad[] = { "", "06082a8648ce3d03010700", "06052b8104001f", "06032b6572", "0500" };
	enum sl_key_kind kind = SL_KEY_SECRET;
	unsigned size = 0;
	uint8_t der[16];

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		const size_t len = test_hex(good[i].hex, der, sizeof(der));

		test_ok(sl_key_curve(der, len, &kind, &size) == SL_OK && kind == good[i].kind &&
		        size == good[i].size, "curve %s", good[i].hex);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
		test_eq(sl_key_curve(der, test_hex(bad[i], der, sizeof(der)), &kind, &size), SL_ERR_UNSUPPORTED,
		        "no curve %s", bad[i]);
}

int
main(void)
{
	ec_parts();
	ec_range();
	rsa_parts();
	rsa_bad();
	secrets();
	spki_of_others();
	spki_damaged("P-256");
	spki_damaged("P-521");
	spki_damaged("Ed25519");
	spki_damaged("RSA-2048");
	spki_bad();
	parts_bad();
	curves();
	return test_done();
}
