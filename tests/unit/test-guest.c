/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/mac.h"
#include "crypto/ossl.h"
#include "crypto/rand.h"
#include "lib/test.h"
#include "unit/leaf.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <string.h>
#include <sys/wait.h>

/* What a guest in another program owes it: survive its openssl.cnf, and stop when libcrypto has. */

/* What is left to a libcrypto that is gone is a leak on purpose (crypto/ossl.h). */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

/*
 * A host's openssl.cnf that loads a provider which, from inside, calls us: what pkcs11-provider does when it is told
 * to start early.
 */
static unsigned came_back;

static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH none[] = { { 0, NULL } };
	static const char *const names[] = { "P-256", "Ed25519", "RSA-2048" }; /* leaf_cases' order */

	(void)handle;
	(void)in;
	*out = none;
	*ctx = &came_back;
	for (size_t i = 0; i < leaf_n_cases && came_back < SL_ARRAY_LEN(names); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		uint8_t sig[256];

		if (strcmp(leaf_cases[i].key, names[came_back]) != 0)
			continue;
		key = leaf_key(names[came_back]);
		came_back += leaf_verify(&leaf_cases[i], key, sig, leaf_sign(&leaf_cases[i], key, sig)) == SL_OK;
	}
	return 1;
}

static void
write_configuration(char *path)
{
	static const char text[] = "openssl_conf = a\n[a]\nproviders = b\n[b]\ncomeback = c\ndefault = c\n[c]\nactivate = 1\n";
	const int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1 || close(fd) != 0 ||
	    setenv("OPENSSL_CONF", path, 1) != 0)
		test_bail("%s", path);
}

static void
guest_first(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key("P-256");
	uint8_t sig[64];

	if (leaf_verify(&leaf_cases[0], key, sig, leaf_sign(&leaf_cases[0], key, sig)) != SL_OK)
		_exit(2);
}

static void
host_first(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	guest_first();
}

/* In a process of its own, since libcrypto reads the file once; 60 seconds are a deadlock. */
static void
comes_back(void (*how)(void), const char *name)
{
	char path[] = "/tmp/sl-openssl-XXXXXX";
	int status = -1;
	pid_t pid;

	write_configuration(path);
	pid = fork();
	if (pid == 0) {
		(void)alarm(60);
		if (OSSL_PROVIDER_add_builtin(NULL, "comeback", provider_init) != 1)
			_exit(3);
		how();
		_exit(came_back == 3 ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		test_bail("fork");
	test_eq((unsigned)status, 0, "openssl.cnf loads a provider that calls us: %s", name);
	(void)unlink(path);
	(void)unsetenv("OPENSSL_CONF");
}

static void
after_the_end(void)
{
	struct sl_key *key = leaf_key("P-256");
	struct sl_key *ed = leaf_key("Ed25519");
	struct sl_key *none = NULL;
	struct sl_signer *s = NULL;
	struct sl_digest *d = NULL;
	struct sl_digest *copy = NULL;
	SL_SECRET part = { 0 };
	SL_SECRET other = { 0 };
	uint8_t sig[64];

	if (sl_signer_new(key, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA }, false, &s) != SL_OK ||
	    sl_digest_new(SL_HASH_SHA256, &d) != SL_OK)
		test_bail("no signer");
	OPENSSL_cleanup();
	test_ok(sl_ossl_gone(), "libcrypto is gone, and we know");
	test_eq(sl_ossl_ready(), SL_ERR_CRYPTO, "not ready any more");
	test_eq(sl_signer_sign(s, leaf_input, 32, sig), SL_ERR_CRYPTO, "no signature");
	test_eq(sl_signer_new(key, &(const struct sl_sig_params){ .alg = SL_SIG_ECDSA }, true, &s), SL_ERR_CRYPTO,
	        "no signer");
	test_eq(sl_key_from_ec(256, leaf_input, 32, &none), SL_ERR_CRYPTO, "no key");
	test_eq(sl_digest_update(d, "a", 1), SL_ERR_CRYPTO, "no digest");
	test_eq(sl_digest_copy(d, &copy), SL_ERR_CRYPTO, "no copy of one");
	test_eq(sl_digest_final(d, sig), SL_ERR_CRYPTO, "no end of one");
	test_eq(sl_hash_once(SL_HASH_SHA256, "", 0, sig), SL_ERR_CRYPTO, "no hash");
	test_eq(sl_hmac(SL_HASH_SHA256, "", 0, NULL, 0, sig), SL_ERR_CRYPTO, "no MAC");
	test_eq(sl_rand(sig, sizeof(sig)), SL_ERR_CRYPTO, "no random bytes");
	test_eq(sl_key_part(key, SL_PART_SECRET, &part), SL_ERR_CRYPTO, "no number out of libcrypto");
	test_eq(sl_key_part(ed, SL_PART_SECRET, &other), SL_OK, "what is ours is there");
	sl_signer_free(&s);
	sl_digest_free(&d);
	sl_key_unref(&key);
	sl_key_unref(&ed);
	test_ok(s == NULL && d == NULL && key == NULL && ed == NULL, "everything can be released");
}

int
main(void)
{
	comes_back(host_first, "the host reads it first");
	comes_back(guest_first, "we are the first to use libcrypto");
	after_the_end();
	return test_done();
}
