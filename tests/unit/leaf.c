/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "unit/leaf.h"

#include "crypto/detkey.h"
#include "lib/test.h"

#include <string.h>

/* The highest byte is below that of our modulus, so that the RSA integer operation takes all 256 bytes. */
const uint8_t leaf_input[256] = { 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, [63] = 63, [64] = 64, [127] = 127, [255] = 255 };

const struct leaf_case leaf_cases[] = {
	{ "ECDSA P-256", "P-256", { .alg = SL_SIG_ECDSA }, 32 },
	{ "ECDSA P-384", "P-384", { .alg = SL_SIG_ECDSA }, 48 },
	{ "ECDSA P-521", "P-521", { .alg = SL_SIG_ECDSA }, 64 },
	{ "ECDSA P-521, short digest", "P-521", { .alg = SL_SIG_ECDSA }, 20 },
	{ "ECDSA P-256, long digest", "P-256", { .alg = SL_SIG_ECDSA }, 64 },
	{ "ECDSA P-256, empty digest", "P-256", { .alg = SL_SIG_ECDSA }, 0 },
	{ "EdDSA", "Ed25519", { .alg = SL_SIG_EDDSA }, 200 },
	{ "EdDSA, empty message", "Ed25519", { .alg = SL_SIG_EDDSA }, 0 },
	{ "PKCS #1 SHA-256", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_SHA256, SL_HASH_NONE, 0 }, 32 },
	{ "PKCS #1 SHA-1", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_SHA1, SL_HASH_NONE, 0 }, 20 },
	{ "PKCS #1 SHA-512", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_SHA512, SL_HASH_NONE, 0 }, 64 },
	{ "PKCS #1 SHA3-384", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_SHA3_384, SL_HASH_NONE, 0 }, 48 },
	{ "PKCS #1 as it is", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_NONE, SL_HASH_NONE, 0 }, 51 },
	{ "PKCS #1 as it is, the most", "RSA-2048", { SL_SIG_RSA_PKCS1, SL_HASH_NONE, SL_HASH_NONE, 0 }, 245 },
	{ "PSS SHA-256", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA256, SL_HASH_SHA256, 32 }, 32 },
	{ "PSS SHA-384, MGF SHA-1, no salt", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA384, SL_HASH_SHA1, 0 }, 48 },
	{ "PSS SHA-1, MGF SHA-512, most salt", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA1, SL_HASH_SHA512, 234 }, 20 },
	{ "PSS SHA3-256", "RSA-2048", { SL_SIG_RSA_PSS, SL_HASH_SHA3_256, SL_HASH_SHA3_256, 20 }, 32 },
	{ "raw RSA", "RSA-2048", { .alg = SL_SIG_RSA_RAW }, 256 },
	{ "raw RSA, short", "RSA-2048", { .alg = SL_SIG_RSA_RAW }, 100 },
};
const size_t leaf_n_cases = SL_ARRAY_LEN(leaf_cases);

/* RFC 6979 A.2.5, A.2.6, A.2.7; RFC 8032 7.1 test 1; RFC 7748 6.1, Alice. */
static const struct {
	const char *name;
	unsigned size;
	const char *bytes;
} fixed[] = {
	{ "P-256", 256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721" },
	{ "P-384", 384, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5" },
	{ "P-521", 521, "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec"
	  "0c08b0e996b83538" },
	{ "Ed25519", 0, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60" },
	{ "X25519", 1, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a" },
};

static struct sl_key *
rsa_key(void)
{
	static const uint8_t seed[32] = "a fixed seed for a test key";
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	struct sl_rsa_hints hints;
	struct sl_key *key = NULL;

	if (sl_detkey_rsa(2048, seed, sizeof(seed), &p, &q, &hints) != SL_OK ||
	    sl_key_from_rsa(p.bytes, p.len, q.bytes, q.len, &key) != SL_OK)
		test_bail("no RSA key");
	return key;
}

struct sl_key *
leaf_key(const char *name)
{
	uint8_t bytes[66];
	struct sl_key *key = NULL;

	if (strcmp(name, "RSA-2048") == 0)
		return rsa_key();
	for (size_t i = 0; i < SL_ARRAY_LEN(fixed); i++) {
		if (strcmp(fixed[i].name, name) == 0) {
			const size_t len = test_hex(fixed[i].bytes, bytes, sizeof(bytes));
			const enum sl_key_kind kind = fixed[i].size == 0 ? SL_KEY_ED25519 : SL_KEY_X25519;
			const enum sl_err err = fixed[i].size > 1 ? sl_key_from_ec(fixed[i].size, bytes, len, &key)
			                                          : sl_key_from_raw(kind, bytes, len, &key);

			if (err != SL_OK)
				test_bail("no %s key: %s", name, sl_err_text(err));
		}
	}
	return key;
}

struct sl_key *
leaf_public(const struct sl_key *key)
{
	SL_SECRET spki = { 0 };
	struct sl_key *public = NULL;

	if (sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK || sl_key_from_spki(spki.bytes, spki.len, &public) != SL_OK)
		test_bail("no public key");
	return public;
}

/* The same from PKCS#11's components. */
static struct sl_key *
public_by_parts(const struct sl_key *key)
{
	SL_SECRET a = { 0 };
	SL_SECRET b = { 0 };
	struct sl_key *public = NULL;
	enum sl_err err;

	if (sl_key_kind(key) == SL_KEY_RSA) {
		if ((err = sl_key_part(key, SL_PART_N, &a)) == SL_OK &&
		    (err = sl_key_part(key, SL_PART_E, &b)) == SL_OK)
			err = sl_key_from_rsa_public(a.bytes, a.len, b.bytes, b.len, &public);
	} else if ((err = sl_key_part(key, SL_PART_EC_OID, &a)) == SL_OK &&
	           (err = sl_key_part(key, SL_PART_POINT, &b)) == SL_OK) {
		err = sl_key_kind(key) == SL_KEY_EC ? sl_key_from_ec_point(a.bytes, a.len, b.bytes, b.len, &public)
		                                    : sl_key_from_raw_public(sl_key_kind(key), b.bytes, b.len, &public);
	}
	if (err != SL_OK)
		test_bail("no public key by parts: %s", sl_err_text(err));
	return public;
}

size_t
leaf_sign(const struct leaf_case *c, struct sl_key *key, uint8_t *sig)
{
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	enum sl_err err = sl_signer_new(key, &c->params, false, &s);

	if (err != SL_OK)
		test_bail("%s: no signer: %s", c->name, sl_err_text(err));
	/* Twice with one context, as the front does. */
	if ((err = sl_signer_sign(s, leaf_input, c->in_len, sig)) != SL_OK ||
	    (err = sl_signer_sign(s, leaf_input, c->in_len, sig)) != SL_OK)
		test_bail("%s: no signature: %s", c->name, sl_err_text(err));
	return sl_signer_len(s);
}

enum sl_err
leaf_verify(const struct leaf_case *c, struct sl_key *key, const uint8_t *sig, size_t len)
{
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	const enum sl_err err = sl_signer_new(key, &c->params, true, &s);

	return err == SL_OK ? sl_signer_verify(s, leaf_input, c->in_len, sig, len) : err;
}

static void
one_case(const char *how, const struct leaf_case *c)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(c->key);
	SL_CLEANUP(sl_key_unref) struct sl_key *public = leaf_public(key);
	SL_CLEANUP(sl_key_unref) struct sl_key *parts = public_by_parts(key);
	uint8_t sig[256];
	const size_t len = leaf_sign(c, key, sig);

	test_ok(leaf_verify(c, key, sig, len) == SL_OK && leaf_verify(c, public, sig, len) == SL_OK &&
	        leaf_verify(c, parts, sig, len) == SL_OK, "%s: %s", how, c->name);
	sig[len - 1] ^= 1;
	test_eq(leaf_verify(c, public, sig, len), SL_ERR_VERIFY, "%s: %s: a wrong signature", how, c->name);
}

void
leaf_all(const char *how)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *x = leaf_key("X25519");
	SL_CLEANUP(sl_key_unref) struct sl_key *public = leaf_public(x);
	SL_CLEANUP(sl_key_unref) struct sl_key *parts = public_by_parts(public);
	SL_SECRET point = { 0 };
	uint8_t want[32];

	test_ok(public != NULL, "%s: X25519: public key from its SubjectPublicKeyInfo", how);
	test_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", want, sizeof(want));
	test_ok(sl_key_part(parts, SL_PART_POINT, &point) == SL_OK && memcmp(point.bytes, want, 32) == 0,
	        "%s: X25519: RFC 7748 6.1", how);
	for (size_t i = 0; i < leaf_n_cases; i++)
		one_case(how, &leaf_cases[i]);
}
