/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "unit/outside.h"

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "lib/test.h"
#include "unit/leaf.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

static enum sl_err
verify(struct sl_key *key, const struct sl_sig_params *params, struct sl_bytes in, struct sl_bytes sig)
{
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	const enum sl_err err = sl_signer_new(key, params, true, &s);

	return err == SL_OK ? sl_signer_verify(s, in.data, in.len, sig.data, sig.len) : err;
}

/* RFC 6979 A.2.4, SHA-256, "sample". */
static void
p224_known(void)
{
	static const struct sl_sig_params params = { .alg = SL_SIG_ECDSA };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_key(&outside_curves[0]);
	uint8_t digest[32], rs[56];
	const size_t len = test_hex("61aa3da010e8e8406c656bc477a7a7189895e7e840cdfe8ff42307ba"
	                            "bc814050dab5d23770879494f9e0a680dc1af7161991bde692b10101", rs, sizeof(rs));

	if (sl_hash_once(SL_HASH_SHA256, "sample", 6, digest) != SL_OK)
		test_bail("SHA-256");
	test_eq(verify(key, &params, (struct sl_bytes){ digest, 32 }, (struct sl_bytes){ rs, len }), SL_OK,
	        "P-224: RFC 6979");
}

/* r and s of 0, n, n + 1 and all ones; the order of each curve by libcrypto. */
static void
ecdsa_edges(const struct outside_curve *c)
{
	static const struct sl_sig_params params = { .alg = SL_SIG_ECDSA };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_key(c);
	uint8_t digest[32] = "some digest", sig[132], edge[4][66] = { { 0 } };
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	EC_GROUP *group;
	int nid;
	BIGNUM *n = BN_new();
	unsigned wrong = 0;

	if (sl_key_kind(key) != SL_KEY_EC) {
		BN_free(n);
		return;
	}
	nid = EC_curve_nist2nid(c->name);
	group = EC_GROUP_new_by_curve_name(nid != 0 ? nid : OBJ_sn2nid(c->name));
	if (group == NULL || BN_copy(n, EC_GROUP_get0_order(group)) == NULL ||
	    BN_bn2binpad(n, edge[1], (int)c->width) < 0 ||
	    BN_add_word(n, 1) != 1 || BN_bn2binpad(n, edge[2], (int)c->width) < 0 ||
	    sl_signer_new(key, &params, false, &s) != SL_OK)
		test_bail("%s", c->name);
	memset(edge[3], 0xff, sizeof(edge[3]));
	for (size_t i = 0; i < 8; i++) {
		if (sl_signer_sign(s, digest, 32, sig) != SL_OK)
			test_bail("%s", c->name);
		memcpy(sig + (i < 4 ? 0 : c->width), edge[i % 4], c->width);
		wrong += verify(key, &params, (struct sl_bytes){ digest, 32 },
		                (struct sl_bytes){ sig, 2 * c->width }) == SL_ERR_VERIFY;
	}
	test_eq(wrong, 8, "%s: r or s is 0, n, n + 1, all ones: refused", c->name);
	EC_GROUP_free(group);
	BN_free(n);
}

static void
scalars(const struct outside_curve *c)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *one = NULL;
	struct sl_key *none = NULL;
	uint8_t params[16], d[80] = { 0 };
	const size_t len = test_hex(c->params, params, sizeof(params));
	enum sl_key_kind kind;
	unsigned size;

	if (sl_key_curve(params, len, &kind, &size) != SL_OK || kind != SL_KEY_EC)
		return;
	d[79] = 1;
	test_eq(sl_key_from_ec_curve(params, len, d, 80, &one), SL_OK, "%s: 1 with many zeros in front", c->name);
	test_eq(sl_key_from_ec_curve(params, len, d, 79, &none), SL_ERR_ARG, "%s: 0", c->name);
	test_eq(sl_key_from_ec_curve(params, len, d, 0, &none), SL_ERR_ARG, "%s: nothing", c->name);
	memset(d, 0xff, sizeof(d));
	test_eq(sl_key_from_ec_curve(params, len, d, c->width, &none), SL_ERR_ARG, "%s: all ones", c->name);
	test_eq(sl_key_from_ec_curve(params, len - 1, d, c->width, &none), SL_ERR_UNSUPPORTED, "%s: half an OID",
	        c->name);
	test_ok(none == NULL, "%s: a failure leaves the output alone", c->name);
}

/* Three curves have 256 bits: one's point, signature and key are not another's. */
static void
same_size(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *a = outside_key(&outside_curves[1]);
	SL_CLEANUP(sl_key_unref) struct sl_key *b = outside_key(&outside_curves[4]);
	SL_SECRET oid = { 0 }, point = { 0 };
	struct sl_key *none = NULL;

	if (sl_key_part(a, SL_PART_POINT, &point) != SL_OK || sl_key_part(b, SL_PART_EC_OID, &oid) != SL_OK)
		test_bail("parts");
	test_eq(sl_key_from_ec_point(oid.bytes, oid.len, point.bytes, point.len, &none), SL_ERR_FORMAT,
	        "P-256's point is not on secp256k1");
	test_ok(sl_key_size(a) == sl_key_size(b), "though the sizes are the same");
}

/* RFC 8032 7.4 (blank, 1 octet); 7.2 foo, 7.3 abc, 7.4 1 octet foo, 7.5 abc: the last four where libcrypto has them. */
static void
eddsa_known(void)
{
	static const struct {
		const char *name, *params, *d, *message, *context;
		bool prehash;
		const char *sig;
	} cases[] = {
		{ "Ed448, blank", "06032b6571",
		  "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b", "", "", false,
		  "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a"
		  "9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600" },
		{ "Ed448, 1 octet", "06032b6571",
		  "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e", "03", "", false,
		  "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb"
		  "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00" },
		{ "Ed25519ctx, foo", "06032b6570", "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
		  "f726936d19c800494e3fdaff20b276a8", "666f6f", false,
		  "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d" },
		{ "Ed25519ph, abc", "06032b6570", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "616263", "", true,
		  "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406" },
		{ "Ed448, 1 octet, foo", "06032b6571",
		  "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e", "03", "666f6f",
		  false,
		  "d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea000c85741de5c8da"
		  "1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d5428407e85dcbc98a49155c13764e66c3c00" },
		{ "Ed448ph, abc", "06032b6571",
		  "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42ef7822e0d5104127dc05d6dbefde69e3ab2cec7c867c6e2c49", "616263", "",
		  true,
		  "822f6901f7480f3d5f562c592994d9693602875614483256505600bbc281ae381f54d6bce2ea911574932f52a4e6cadd78769375ec3ffd1b801a0d9b3f4030cd"
		  "433964b6457ea39476511214f97469b57dd32dbc560a9a94d00bff07620464a3ad203df7dc7ce360c3cd3696d9d9fab90f00" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_key(&(const struct outside_curve){ cases[i].name, cases[i].params,
		                                                                                         cases[i].d, NULL, 0 });
		SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL, *v = NULL;
		uint8_t message[16], context[3], want[114], sig[114];
		const size_t len = test_hex(cases[i].message, message, sizeof(message));
		const size_t sig_len = test_hex(cases[i].sig, want, sizeof(want));
		const struct sl_sig_params params = { .alg = SL_SIG_EDDSA,
			.context = { context, test_hex(cases[i].context, context, 3) },
			                              .prehash = cases[i].prehash };
		const enum sl_err err = sl_signer_new(key, &params, false, &s);

		if (i >= 2 && err == SL_ERR_UNSUPPORTED) {
			test_eq(sl_signer_new(key, &params, true, &v), SL_ERR_UNSUPPORTED,
			        "%s: unsupported, to verify too", cases[i].name);
			test_ok(s == NULL && v == NULL, "%s: a failure leaves the output alone", cases[i].name);
			continue;
		}
		test_eq(err, SL_OK, "%s", cases[i].name);
		if (err != SL_OK || sl_signer_sign(s, message, len, sig) != SL_OK)
			test_bail("%s", cases[i].name);
		test_mem(sig, sl_signer_len(s), want, sig_len, "%s: RFC 8032", cases[i].name);
		test_eq(verify(key, &params, (struct sl_bytes){ message, len }, (struct sl_bytes){ want, sig_len }),
		        SL_OK, "%s: verified",
		        cases[i].name);
	}
}

static void
eddsa_params(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *ed = leaf_key("Ed25519");
	SL_CLEANUP(sl_key_unref) struct sl_key *ec = leaf_key("P-256");
	static const uint8_t long_one[256] = { 1 };
	struct sl_signer *s = NULL;

	test_eq(sl_signer_new(ed, &(const struct sl_sig_params){ .alg = SL_SIG_EDDSA, .context = { long_one, 256 } },
	        false, &s), SL_ERR_ARG,
	        "a context of 256 bytes");
	test_eq(sl_signer_new(ec, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA, .context = { long_one, 1 } },
	        false, &s), SL_ERR_ARG,
	        "ECDSA has no context");
	test_eq(sl_signer_new(ec, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA, .prehash = true }, false, &s),
	        SL_ERR_ARG,
	        "ECDSA has no prehash");
}

/* libcrypto's DER of a key it has read from ours. */
static void
der_of_others(const char *name, const struct sl_key *key)
{
	SL_SECRET pkcs8 = { 0 }, spki = { 0 };
	PKCS8_PRIV_KEY_INFO *info;
	const uint8_t *p;
	uint8_t *out = NULL;
	EVP_PKEY *pkey;
	int len;

	if (sl_key_pkcs8(key, &pkcs8) != SL_OK || sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK)
		test_bail("%s", name);
	p = pkcs8.bytes;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.len);
	test_ok(pkey != NULL && p == pkcs8.bytes + pkcs8.len, "%s: libcrypto reads our PKCS #8", name);
	if (pkey == NULL)
		return;
	len = i2d_PUBKEY(pkey, &out);
	test_mem(out, (size_t)len, spki.bytes, spki.len, "%s: and has the same public key", name);
	OPENSSL_free(out);
	out = NULL;
	info = EVP_PKEY2PKCS8(pkey);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &out);
	test_mem(out, (size_t)len, pkcs8.bytes, pkcs8.len, "%s: its own PKCS #8 is the same", name);
	OPENSSL_free(out);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(pkey);
}

static void
pkcs8_of_others(void)
{
	static const char *const rsa[] = { "RSA-2048" };

	for (size_t i = 0; i < outside_n_curves; i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_key(&outside_curves[i]);

		der_of_others(outside_curves[i].name, key);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(rsa); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(rsa[i]);

		der_of_others(rsa[i], key);
	}
}

/*
 * Cut, lengthened, and one bit flipped anywhere: what is accepted has the same form, and never a public key that is not
 * its own.
 */
static void
pkcs8_damaged(const char *name, const struct sl_key *key, size_t step)
{
	SL_SECRET der = { 0 };
	unsigned cut = 0, changed = 0, accepted = 0;

	if (sl_key_pkcs8(key, &der) != SL_OK)
		test_bail("%s", name);
	for (size_t len = 0; len < der.len; len++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;

		cut += sl_key_from_pkcs8(der.bytes, len, &got) == SL_OK;
	}
	test_eq(cut, 0, "%s: PKCS #8 cut anywhere is refused", name);
	for (size_t i = 0; i < der.len * 8; i += step) {
		SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;
		SL_SECRET again = { 0 };

		der.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (sl_key_from_pkcs8(der.bytes, der.len, &got) == SL_OK) {
			accepted++;
			changed += sl_key_pkcs8(got, &again) != SL_OK ||
			           !sl_secret_equal(again.bytes, again.len, der.bytes, der.len);
		}
		der.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	test_note("%s: %u single bit changes accepted", name, accepted);
	test_ok(accepted == 0 || sl_key_kind(key) != SL_KEY_RSA, "%s: no damaged RSA key is accepted", name);
	test_ok(accepted == 0 ||
	        sl_key_kind(key) != SL_KEY_EC, "%s: no EC key that is not its public key's is accepted", name);
	test_eq(changed, 0, "%s: what is accepted is written as it was read", name);
}

#define EC_ALG "301306072a8648ce3d020106082a8648ce3d030107"
#define D1 "0000000000000000000000000000000000000000000000000000000000000001"
#define G "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ED_SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define ED_PUB "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static void
pkcs8_forms(void)
{
	static const struct {
		const char *name, *hex;
		enum sl_err err;
	} cases[] = {
		{ "EC, the scalar alone", "3041020100" EC_ALG "042730250201010420" D1, SL_OK },
		{ "EC with its parameters again",
		  "304d020100" EC_ALG "043330310201010420" D1 "a00a06082a8648ce3d030107", SL_OK },
		{ "EC with other parameters", "304a020100" EC_ALG "0430302e0201010420" D1 "a00706052b81040022",
		  SL_ERR_FORMAT },
		{ "EC with its public key", "308187020100" EC_ALG "046d306b0201010420" D1 "a14403420004" G, SL_OK },
		{ "EC with its compressed public key",
		  "3067020100" EC_ALG "044d304b0201010420" D1 "a124032200036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", SL_OK },
		{ "EC with another public key (negated)",
		  "3067020100" EC_ALG "044d304b0201010420" D1 "a124032200026b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", SL_ERR_ARG },
		{ "EC, a short scalar", "3022020100" EC_ALG "0408300602010104" "0101", SL_OK },
		{ "EC, scalar 0", "3022020100" EC_ALG "0408300602010104" "0100", SL_ERR_ARG },
		{ "EC, version 0 inside", "3041020100" EC_ALG "042730250201000420" D1, SL_ERR_FORMAT },
		{ "EC on an unknown curve",
		  "303e020100" "301006072a8648ce3d020106052b8104001f" "042730250201010420" D1, SL_ERR_UNSUPPORTED },
		{ "EC on Ed25519", "303c020100" "300e06072a8648ce3d020106032b6570" "042730250201010420" D1,
		  SL_ERR_FORMAT },
		{ "Ed25519 (RFC 8410 10.3)", "302e020100300506032b657004220420" ED_SEED, SL_OK },
		{ "Ed25519 with an attribute",
		  "3046020100300506032b657004220420" ED_SEED "a01630140603550403310d130b5365656420616e64206561",
		  SL_OK },
		{ "Ed25519 with its public key", "3051020101300506032b657004220420" ED_SEED "812100" ED_PUB, SL_OK },
		{ "Ed25519 with another public key", "3051020101300506032b657004220420" ED_SEED "812100" D1,
		  SL_ERR_ARG },
		{ "Ed25519 with a public key in version 0",
		  "3051020100300506032b657004220420" ED_SEED "812100" ED_PUB, SL_ERR_FORMAT },
		{ "Ed25519, version 1 without a public key", "302e020101300506032b657004220420" ED_SEED,
		  SL_ERR_FORMAT },
		{ "Ed25519, version 2", "302e020102300506032b657004220420" ED_SEED, SL_ERR_UNSUPPORTED },
		{ "Ed25519, a negative version", "302e0201ff300506032b657004220420" ED_SEED, SL_ERR_FORMAT },
		{ "Ed25519 with NULL parameters", "3030020100300706032b6570050004220420" ED_SEED, SL_ERR_FORMAT },
		{ "Ed25519, not wrapped twice", "302c020100300506032b65700420" ED_SEED, SL_ERR_FORMAT },
		{ "a byte after the end", "302e020100300506032b657004220420" ED_SEED "00", SL_ERR_FORMAT },
		{ "an unknown algorithm", "302e020100300506032b652a04220420" ED_SEED, SL_ERR_UNSUPPORTED },
		{ "RSA without NULL", "300f020100300b06092a864886f70d010101" "0400", SL_ERR_FORMAT },
		{ "RSA, empty inside", "3013020100300d06092a864886f70d01010105000400", SL_ERR_FORMAT },
		{ "RSA, seven numbers missing", "301b020100300d06092a864886f70d010101050004073005020100020105", SL_ERR_FORMAT },
		{ "nothing", "", SL_ERR_FORMAT },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		uint8_t der[160];

		test_eq(sl_key_from_pkcs8(der, test_hex(cases[i].hex, der, sizeof(der)), &key), cases[i].err,
		        "PKCS #8: %s", cases[i].name);
		test_ok((key != NULL) == (cases[i].err == SL_OK), "PKCS #8: %s: a key or none", cases[i].name);
	}
}

static void
pkcs8_misfits(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("P-256");
	SL_CLEANUP(sl_key_unref) struct sl_key *public = leaf_public(key);
	SL_CLEANUP(sl_key_unref) struct sl_key *secret = NULL;
	SL_SECRET none = { 0 };

	if (sl_key_from_secret((const uint8_t *)"k", 1, &secret) != SL_OK)
		test_bail("no secret");
	test_eq(sl_key_pkcs8(public, &none), SL_ERR_ARG, "a public key has no PKCS #8");
	test_eq(sl_key_pkcs8(secret, &none), SL_ERR_ARG, "nor has a secret");
	test_ok(none.bytes == NULL, "a failure leaves the output alone");
}

struct parts {
	uint8_t bytes[8][129];
	struct sl_bytes p[8];
};

static enum sl_err
rsa_from(const struct parts *from, struct sl_key **ret_key)
{
	const struct sl_bytes *p = from->p;

	return sl_key_from_rsa_parts(&(const struct sl_rsa_parts){ p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7] },
	       ret_key);
}

static void
rsa_fill(struct parts *to)
{
	for (size_t i = 0; i < 8; i++) {
		to->bytes[i][0] = 0; /* leading zeros do no harm */
		to->p[i] = (struct sl_bytes){ to->bytes[i], 1 + test_hex(outside_rsa_parts[i], to->bytes[i] + 1, 128) };
	}
}

/* Each part changed, each part alone missing. */
static void
rsa_parts(void)
{
	static const char *const names[] = { "n", "e", "d", "p", "q", "dp", "dq", "qinv" };
	static const enum sl_key_part which[] = { SL_PART_N, SL_PART_E, SL_PART_SECRET, SL_PART_P, SL_PART_Q,
		SL_PART_DP, SL_PART_DQ,
		                                  SL_PART_QINV };
	struct sl_key *none = NULL;
	struct parts parts;

	for (size_t i = 0; i < 8; i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		SL_SECRET got = { 0 };

		rsa_fill(&parts);
		parts.bytes[i][parts.p[i].len - 1] ^= 4;
		test_eq(rsa_from(&parts, &none), SL_ERR_ARG, "RSA: %s changed", names[i]);
		rsa_fill(&parts);
		parts.p[i].len = 0;
		test_eq(rsa_from(&parts, &key), i < 3 ? SL_ERR_ARG : SL_OK, "RSA: %s missing", names[i]);
		rsa_fill(&parts);
		if (i >= 3)
			test_ok(sl_key_part(key, which[i], &got) == SL_OK && got.len == parts.p[i].len - 1 &&
			        memcmp(got.bytes, parts.bytes[i] + 1, got.len) == 0, "RSA: %s found again", names[i]);
		memset(parts.bytes[i], 0, parts.p[i].len);
		test_eq(rsa_from(&parts, &none), SL_ERR_ARG, "RSA: %s is 0", names[i]);
	}
	rsa_fill(&parts);
	for (size_t i = 3; i < 8; i++)
		parts.p[i].len = 0;
	parts.bytes[2][100] ^= 4;
	test_eq(rsa_from(&parts, &none), SL_ERR_ARG, "RSA: n, e and another d");
	parts.p[2] = (struct sl_bytes){ (const uint8_t *)"\1", 1 };
	test_eq(rsa_from(&parts, &none), SL_ERR_ARG, "RSA: d = 1");
	test_ok(none == NULL, "a failure leaves the output alone");
}

/* p < q is a key as well, and d modulo (p - 1)(q - 1) or modulo lcm(p - 1, q - 1). */
static void
rsa_variants(void)
{
	static const struct sl_sig_params params = { .alg = SL_SIG_RSA_PKCS1 };
	SL_CLEANUP(sl_key_unref) struct sl_key *usual = outside_rsa(true);
	SL_CLEANUP(sl_key_unref) struct sl_key *swapped = NULL;
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *other = NULL;
	SL_SECRET p = { 0 }, d = { 0 };
	BIGNUM *bn[3] = { NULL };
	BN_CTX *ctx = BN_CTX_new();
	struct parts parts;
	uint8_t sig[128], phi_d[128];

	rsa_fill(&parts);
	parts.p[3] = (struct sl_bytes){ parts.bytes[4], parts.p[4].len };
	parts.p[4] = (struct sl_bytes){ parts.bytes[3], 65 };
	parts.p[5].len = parts.p[6].len = parts.p[7].len = 0;
	test_ok(rsa_from(&parts, &swapped) == SL_OK && sl_key_part(swapped, SL_PART_P, &p) == SL_OK && p.len == 64 &&
	        memcmp(p.bytes, parts.bytes[4] + 1, 64) == 0, "RSA: p < q is kept");
	test_ok(swapped != NULL && sl_signer_new(swapped, &params, false, &s) == SL_OK &&
	        sl_signer_sign(s, (const uint8_t *)"m", 1, sig) == SL_OK &&
	        verify(usual, &params, (struct sl_bytes){ (const uint8_t *)"m", 1 }, (struct sl_bytes){ sig,
	        128 }) == SL_OK,
	        "RSA: and signs as well");
	rsa_fill(&parts);
	for (size_t i = 0; i < 3; i++) /* e, p - 1, q - 1 */
		bn[i] = BN_bin2bn(parts.p[i == 0 ? 1 : 2 + i].data, (int)parts.p[i == 0 ? 1 : 2 + i].len, NULL);
	if (BN_sub_word(bn[1], 1) != 1 || BN_sub_word(bn[2], 1) != 1 || BN_mul(bn[1], bn[1], bn[2], ctx) != 1 ||
	    BN_mod_inverse(bn[2], bn[0], bn[1], ctx) == NULL || BN_bn2binpad(bn[2], phi_d, 128) != 128)
		test_bail("phi");
	parts.p[2] = (struct sl_bytes){ phi_d, 128 };
	for (size_t i = 3; i < 8; i++)
		parts.p[i].len = 0;
	test_ok(rsa_from(&parts, &other) == SL_OK && sl_key_part(other, SL_PART_SECRET, &d) == SL_OK &&
	        memcmp(d.bytes, phi_d + 128 - d.len, d.len) == 0,
	        "RSA: d modulo (p - 1)(q - 1) is kept, and good to recover from");
	for (size_t i = 0; i < 3; i++)
		BN_free(bn[i]);
	BN_CTX_free(ctx);
}

/* Keys of libcrypto, with e = 3 and an e beyond 64 bits. */
static void
rsa_exponents(void)
{
	static const char *const exponents[] = { "3", "17", "10000000000000000000000000000000000000000000001" };

	for (size_t i = 0; i < SL_ARRAY_LEN(exponents); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		SL_CLEANUP(sl_key_unref) struct sl_key *again = NULL;
		SL_SECRET der = { 0 }, n = { 0 }, e = { 0 };
		BIGNUM *bn = NULL;
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
		EVP_PKEY *pkey = NULL;
		PKCS8_PRIV_KEY_INFO *info;
		uint8_t *out = NULL;
		int len;

		if (BN_dec2bn(&bn, exponents[i]) == 0 || EVP_PKEY_keygen_init(ctx) != 1 ||
		    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024) != 1 ||
		    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, bn) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
			test_bail("libcrypto's own key with e = %s", exponents[i]);
		info = EVP_PKEY2PKCS8(pkey);
		len = i2d_PKCS8_PRIV_KEY_INFO(info, &out);
		test_eq(sl_key_from_pkcs8(out, (size_t)len, &key), SL_OK, "RSA: libcrypto's key with e = %s",
		        exponents[i]);
		test_ok(key != NULL && sl_key_pkcs8(key, &der) == SL_OK &&
		        sl_secret_equal(der.bytes, der.len, out, (size_t)len),
		        "RSA: written as libcrypto writes it");
		test_ok(key != NULL && sl_key_part(key, SL_PART_N, &n) == SL_OK &&
		        sl_key_part(key, SL_PART_E, &e) == SL_OK &&
		        sl_key_from_rsa_public(n.bytes, n.len, e.bytes, e.len, &again) == SL_OK,
		        "RSA: and its public half");
		OPENSSL_free(out);
		PKCS8_PRIV_KEY_INFO_free(info);
		EVP_PKEY_free(pkey);
		EVP_PKEY_CTX_free(ctx);
		BN_free(bn);
	}
}

static void
rsa_sizes(void)
{
	static const uint8_t e17[] = { 1, 0, 1 }, even[] = { 1, 0, 2 }, small[] = { 0xff, 0xff }, nine[9] = { 1,
		[8] = 1 };
	static const uint8_t e64[] = { 0xf0, 0, 0, 0, 0, 0, 0, 1 };
	static const struct {
		unsigned bits;
		const uint8_t *e;
		size_t e_len;
		enum sl_err err;
	} cases[] = {
		{ 1032, e17, 3, SL_OK }, { 1088, e64, 8, SL_OK }, { 2048, NULL, 0, SL_OK }, { 1016, NULL, 0,
		  SL_ERR_RANGE },
		{ 8200, NULL, 0, SL_ERR_RANGE }, { 1025, NULL, 0, SL_ERR_RANGE }, { 1024, even, 3, SL_ERR_ARG },
		{ 1024, small, 2, SL_ERR_ARG }, { 1024, nine, 9, SL_ERR_ARG }, { 1024, e17, 0, SL_ERR_ARG },
	};
	static const uint8_t any_e[9] = { 1, [8] = 1 };
	uint8_t n[513];
	struct sl_key *none = NULL;

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		SL_SECRET der = { 0 };
		EVP_PKEY_CTX *ctx;
		EVP_PKEY *pkey;
		const uint8_t *p;

		test_eq(sl_key_generate_rsa(cases[i].bits, cases[i].e, cases[i].e_len, &key), cases[i].err,
		        "RSA: %u bits", cases[i].bits);
		if (key == NULL || sl_key_pkcs8(key, &der) != SL_OK)
			continue;
		p = der.bytes;
		pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
		ctx = EVP_PKEY_CTX_new(pkey, NULL);
		test_ok(sl_key_size(key) == cases[i].bits &&
		        EVP_PKEY_check(ctx) == 1, "RSA: %u bits: libcrypto finds it in order", cases[i].bits);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(pkey);
	}
	memset(n, 0xff, sizeof(n));
	test_eq(sl_key_from_rsa_public(n, 385, any_e, 9, &none), SL_ERR_UNSUPPORTED,
	        "RSA: above 3072 bits e has 64 at most");
	test_eq(sl_key_from_rsa_public(n, 256, n, 256, &none), SL_ERR_FORMAT, "RSA: e is not below n");
}

/* One attempt in four finds nothing with these primes, both 3 modulo 4. */
static void
rsa_recovered(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET n = { 0 }, e = { 0 }, d = { 0 }, p = { 0 };
	unsigned good = 0;

	if (sl_key_generate_rsa(1024, NULL, 0, &key) != SL_OK || sl_key_part(key, SL_PART_N, &n) != SL_OK ||
	    sl_key_part(key, SL_PART_E, &e) != SL_OK || sl_key_part(key, SL_PART_SECRET, &d) != SL_OK ||
	    sl_key_part(key, SL_PART_P, &p) != SL_OK)
		test_bail("a random key");
	for (unsigned i = 0; i < 50; i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;
		SL_SECRET again = { 0 };
		const struct sl_rsa_parts parts = { .n = { n.bytes, n.len }, .e = { e.bytes, e.len }, .d = { d.bytes, d.len } };

		good += sl_key_from_rsa_parts(&parts, &got) == SL_OK && sl_key_part(got, SL_PART_P, &again) == SL_OK &&
		        sl_secret_equal(again.bytes, again.len, p.bytes, p.len);
	}
	test_eq(good, 50, "RSA: primes recovered every time");
}

static void
generated_differ(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *a = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *b = NULL;
	SL_SECRET of_a = { 0 }, of_b = { 0 };
	struct sl_key *none = NULL;

	test_ok(sl_key_generate_rsa(1024, NULL, 0, &a) == SL_OK && sl_key_generate_rsa(1024, NULL, 0, &b) == SL_OK &&
	        sl_key_part(a, SL_PART_N, &of_a) == SL_OK && sl_key_part(b, SL_PART_N, &of_b) == SL_OK &&
	        !sl_secret_equal(of_a.bytes, of_a.len, of_b.bytes, of_b.len), "RSA: two random keys differ");
	test_eq(sl_key_generate_ec((const uint8_t *)"\5\0", 2, &none), SL_ERR_UNSUPPORTED, "no such curve");
}

int
main(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *rsa = outside_rsa(true);
	SL_CLEANUP(sl_key_unref) struct sl_key *ec = outside_key(&outside_curves[6]);
	SL_CLEANUP(sl_key_unref) struct sl_key *ed = outside_key(&outside_curves[11]);

	outside_all("alone");
	p224_known();
	for (size_t i = 0; i < outside_n_curves; i++) {
		ecdsa_edges(&outside_curves[i]);
		scalars(&outside_curves[i]);
	}
	same_size();
	eddsa_known();
	eddsa_params();
	pkcs8_of_others();
	pkcs8_forms();
	pkcs8_misfits();
	pkcs8_damaged("brainpoolP256r1", ec, 1);
	pkcs8_damaged("Ed448", ed, 1);
	pkcs8_damaged("RSA-1024", rsa, 3);
	rsa_parts();
	rsa_variants();
	rsa_exponents();
	rsa_sizes();
	rsa_recovered();
	generated_differ();
	test_ok(ERR_peek_error() == 0, "nothing of all that is in the host's error queue");
	return test_done();
}
