/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/ossl_internal.h"
#include "crypto/rand.h"
#include "lib/test.h"
#include "unit/leaf.h"
#include "unit/outside.h"

/* The host of this test uses what hosts still use. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Our host has made an engine the default for everything. Twice: with an engine of this test that counts who comes,
 * and, in another program (COUNTING is 0), with libp11's PKCS#11 engine, which is what people have (`openssl -engine
 * pkcs11`, nginx with ssl_engine).
 */
#define ENGINE_PATH "/usr/lib/%s-linux-gnu/engines-3/pkcs11.so"
#define MODULE_PATH "/usr/lib/softhsm/libsofthsm2.so"

static struct {
	unsigned rsa;
	unsigned ec;
	unsigned rand;
	unsigned pkey;
} called;

static int
count_rsa(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	called.rsa++;
	return RSA_meth_get_priv_enc(RSA_PKCS1_OpenSSL())(len, from, to, rsa, padding);
}

static ECDSA_SIG *
count_ecdsa(const unsigned char *digest, int len, const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
{
	ECDSA_SIG *(*sign)(const unsigned char *, int, const BIGNUM *, const BIGNUM *, EC_KEY *) = NULL;

	called.ec++;
	EC_KEY_METHOD_get_sign(EC_KEY_OpenSSL(), NULL, NULL, &sign);
	return sign(digest, len, kinv, r, key);
}

static int
count_rand(unsigned char *buf, int len)
{
	called.rand++;
	return RAND_OpenSSL()->bytes(buf, len);
}

static int
count_pkey(ENGINE *e, EVP_PKEY_METHOD **ret, const int **nids, int nid)
{
	static const int all[] = { EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519, EVP_PKEY_X25519,
		                  EVP_PKEY_ED448, EVP_PKEY_X448 };

	(void)e;
	if (ret == NULL) {
		*nids = all;
		return SL_ARRAY_LEN(all);
	}
	called.pkey++;
	*ret = NULL;
	return 0;
}

static int
init_ok(ENGINE *e)
{
	(void)e;
	return 1;
}

static void
counting_engine(void)
{
	static RAND_METHOD rand_method;
	static ENGINE *e; /* until the process ends */
	static RSA_METHOD *rsa;
	static EC_KEY_METHOD *ec;
	int (*sign)(int, const unsigned char *, int, unsigned char *, unsigned *, const BIGNUM *, const BIGNUM *,
	            EC_KEY *) = NULL;
	int (*setup)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **) = NULL;

	e = ENGINE_new();
	rsa = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	ec = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	rand_method = *RAND_OpenSSL();
	rand_method.bytes = count_rand;
	EC_KEY_METHOD_get_sign(EC_KEY_OpenSSL(), &sign, &setup, NULL);
	EC_KEY_METHOD_set_sign(ec, sign, setup, count_ecdsa);
	if (RSA_meth_set_priv_enc(rsa, count_rsa) != 1 || ENGINE_set_id(e, "count") != 1 ||
	    ENGINE_set_name(e, "count") != 1 ||
	    ENGINE_set_init_function(e, init_ok) != 1 || ENGINE_set_RSA(e, rsa) != 1 || ENGINE_set_EC(e, ec) != 1 ||
	    ENGINE_set_RAND(e, &rand_method) != 1 || ENGINE_set_pkey_meths(e, count_pkey) != 1 || ENGINE_init(e) != 1 ||
	    ENGINE_set_default(e, ENGINE_METHOD_ALL) != 1 || RAND_set_rand_engine(e) != 1)
		test_bail("the counting engine");
}

/* Whether this libcrypto has the trap that all this is about: a note, since a newer one may have none. */
static void
the_trap(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(sl_ossl_ctx(), name, NULL);
	const int r = ctx == NULL ? -9 : EVP_PKEY_fromdata_init(ctx);

	test_note("EVP_PKEY_fromdata_init() by the name of %s, in our own context: %d", name, r);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
}

static void
rand_is_ours(void)
{
	uint8_t bytes[64];
	unsigned before;

	test_ok(RAND_bytes(bytes, sizeof(bytes)) == 1 &&
	        called.rand != 0, "the host's random bytes come from its engine");
	before = called.rand;
	test_ok(sl_rand(bytes, sizeof(bytes)) == SL_OK && called.rand == before, "ours do not");
}

struct before {
	struct sl_key *key;
	uint8_t sig[256];
	size_t len;
};

/* Keys and signatures from before the engine, and verifiers of after it; and the other way round. */
static void
across(const struct before *before, const char *how)
{
	for (size_t i = 0; i < leaf_n_cases; i++) {
		const struct leaf_case *c = &leaf_cases[i];
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(c->key);
		uint8_t sig[256];
		const size_t len = leaf_sign(c, key, sig);

		test_ok(leaf_verify(c, key, before[i].sig, before[i].len) == SL_OK &&
		        leaf_verify(c, before[i].key, sig, len) == SL_OK,
		        "%s: %s: as without it", how, c->name);
		if (c->params.alg != SL_SIG_ECDSA && c->params.alg != SL_SIG_RSA_PSS)
			test_mem(sig, len, before[i].sig, before[i].len, "%s: %s: the same signature", how, c->name);
	}
}

static void
run(const char *how, void (*load)(void))
{
	struct before *before = calloc(leaf_n_cases, sizeof(*before));

	for (size_t i = 0; before != NULL && i < leaf_n_cases; i++) {
		before[i].key = leaf_key(leaf_cases[i].key);
		before[i].len = leaf_sign(&leaf_cases[i], before[i].key, before[i].sig);
	}
	if (before == NULL)
		test_bail("memory");
	load();
	the_trap("RSA");
	the_trap("EC");
	called.pkey = 0;
	leaf_all(how);
	outside_all(how);
	across(before, how);
	for (size_t i = 0; i < leaf_n_cases; i++)
		sl_key_unref(&before[i].key);
	free(before);
}

static const char *
arch(void)
{
#if defined(__x86_64__)
	return "x86_64";
#elif defined(__aarch64__)
	return "aarch64";
#else
	return "unknown";
#endif
}

static char engine_path[256];

static void
libp11_engine(void)
{
	ENGINE *e;

	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, NULL);
	e = ENGINE_by_id("dynamic");
	if (e == NULL || ENGINE_ctrl_cmd_string(e, "SO_PATH", engine_path, 0) != 1 ||
	    ENGINE_ctrl_cmd_string(e, "ID", "pkcs11", 0) != 1 ||
	    ENGINE_ctrl_cmd_string(e, "LIST_ADD", "1", 0) != 1 || ENGINE_ctrl_cmd_string(e, "LOAD", NULL, 0) != 1 ||
	    ENGINE_ctrl_cmd_string(e, "MODULE_PATH", MODULE_PATH, 0) != 1 || ENGINE_init(e) != 1 ||
	    ENGINE_set_default(e, ENGINE_METHOD_ALL) != 1)
		test_bail("the PKCS#11 engine cannot be loaded");
}

static void
with_counting(void)
{
	run("counting engine", counting_engine);
	rand_is_ours();
	test_note("RSA_METHOD %u, EC_KEY_METHOD %u, RAND_METHOD %u, pkey methods %u", called.rsa, called.ec,
	          called.rand, called.pkey);
	test_eq(called.pkey, 0, "the engine's EVP_PKEY methods are not asked for");
	/* If this ever fails, libcrypto has changed and provider.c's comment with it. */
	test_ok(called.rsa != 0 && called.ec != 0, "its RSA_METHOD and EC_KEY_METHOD are");
}

/* SoftHSM is there to be loaded only; its tokens are in an empty folder of ours. */
static void
with_libp11(void)
{
	struct stat st;
	char dir[] = "/tmp/sl-engine-XXXXXX";
	char conf[64];
	FILE *f;

	(void)snprintf(engine_path, sizeof(engine_path), ENGINE_PATH, arch());
	if (stat(engine_path, &st) != 0 || stat(MODULE_PATH, &st) != 0) {
		test_skip("libengine-pkcs11-openssl or softhsm2 is missing", "libp11's engine");
		return;
	}
	if (mkdtemp(dir) == NULL)
		test_bail("mkdtemp");
	(void)snprintf(conf, sizeof(conf), "%s/softhsm2.conf", dir);
	f = fopen(conf, "w");
	if (f == NULL || fprintf(f, "directories.tokendir = %s\n", dir) < 0 || fclose(f) != 0 ||
	    setenv("SOFTHSM2_CONF", conf, 1) != 0)
		test_bail("%s", conf);
	run("libp11's engine", libp11_engine);
	(void)unlink(conf);
	(void)rmdir(dir);
}

int
main(void)
{
	if (COUNTING)
		with_counting();
	else
		with_libp11();
	return test_done();
}
