/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"

#include "crypto/mac.h"
#include "token/make.h"
#include "token/seal.h"

#include <pthread.h>
#include <string.h>
#include <sqlite3.h>

/* Sealed keys as objects of a token: sealed, stored, found by another instance, opened at first use. */

static struct sl_instance *instance;
static struct sl_token *token; /* the owner's */
static struct sl_sessions sessions;

static void
open_instance(void)
{
	struct sl_config *config = NULL;
	struct sl_msg msg = { .text = "" };

	if (sl_config_load(&config, &msg) != SL_OK || sl_instance_open(config, &instance, &msg) != SL_OK)
		test_bail("%s", msg.text);
	token = instance->tokens[0];
	sl_sessions_init(&sessions, instance);
}

static void
reopen(void)
{
	sl_sessions_done(&sessions);
	sl_instance_close(&instance);
	open_instance();
}

static void
sql(const char *text)
{
	sqlite3 *db = NULL;
	char *why = NULL;
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		test_bail("%s: %s", text, why == NULL ? "cannot open" : why);
	(void)sqlite3_close(db);
}

static void
must(enum sl_err err, const char *what)
{
	if (err != SL_OK)
		test_bail("%s: %s", what, sl_err_text(err));
}

/* Puts a key into the store as a sealed object. */
static void
keep(const struct sl_key *key, const char *label, CK_KEY_TYPE type)
{
	SL_CLEANUP(sl_record_clear) struct sl_record record = { 0 };
	struct sl_record *records[] = { &record };
	const CK_OBJECT_CLASS class = type == CKK_AES ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
	SL_SECRET spki = { 0 };
	int64_t root;

	test_eq(sl_seal_key(token, key, NULL, &record.sealed, &record.sealed_len), SL_OK, "%s is sealed", label);
	record.sealed_form = SL_SEAL_FORM_RAW;
	must(sl_attrs_set_ulong(&record.attrs, CKA_CLASS, class), "class");
	must(sl_attrs_set_ulong(&record.attrs, CKA_KEY_TYPE, type), "type");
	must(sl_attrs_set(&record.attrs, CKA_LABEL, label, strlen(label)), "label");
	must(sl_attrs_set_bool(&record.attrs, CKA_TOKEN, true), "token");
	if (class == CKO_PRIVATE_KEY) {
		must(sl_key_part(key, SL_PART_SPKI, &spki), "SPKI");
		must(sl_attrs_set(&record.attrs, CKA_PUBLIC_KEY_INFO, spki.bytes, spki.len), "public key info");
	}
	must(sl_token_store_root(token, &root), "root");
	must(sl_store_add(instance->store, root, records, 1, false), "add");
}

static struct sl_object *
object_of(const char *label)
{
	const CK_ATTRIBUTE template = { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) };
	CK_OBJECT_HANDLE *handles = NULL;
	struct sl_object *object = NULL;
	size_t n = 0;

	if (sl_token_find(token, &template, 1, &handles, &n) == CKR_OK && n == 1)
		object = sl_token_object(token, handles[0]);
	free(handles);
	if (object == NULL)
		test_bail("%s is not there, or not alone (%zu)", label, n);
	return object;
}

static enum sl_err
key_of(const char *label, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = object_of(label);

	return sl_token_key(token, object, ret_key);
}

static void
comes_back(const char *label, const struct sl_key *key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;
	SL_SECRET a = { 0 };
	SL_SECRET b = { 0 };

	test_eq(key_of(label, &got), SL_OK, "%s opens", label);
	if (got == NULL)
		return;
	must(sl_key_part(key, SL_PART_SECRET, &a), "secret");
	must(sl_key_part(got, SL_PART_SECRET, &b), "secret");
	test_ok(sl_secret_equal(a.bytes, a.len, b.bytes, b.len), "%s is the same key", label);
	test_ok(!tpmtest_log_has(a.bytes, a.len < 100 ? a.len : 100), "%s was never in the clear", label);
}

static struct sl_key *
make_ec(unsigned seed)
{
	SL_SECRET d = sealtest_secret(32, seed);
	struct sl_key *key = NULL;

	d.bytes[0] = 1;
	must(sl_key_from_ec(256, d.bytes, d.len, &key), "an EC key");
	return key;
}

static struct sl_key *
make_secret(size_t len)
{
	SL_SECRET bytes = sealtest_secret(len, 4);
	struct sl_key *key = NULL;

	must(sl_key_from_secret(bytes.bytes, bytes.len, &key), "a secret key");
	return key;
}

static void
round_trips(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *ec = make_ec(1);
	SL_CLEANUP(sl_key_unref) struct sl_key *other = make_ec(2);
	SL_CLEANUP(sl_key_unref) struct sl_key *aes = make_secret(32);
	SL_CLEANUP(sl_key_unref) struct sl_key *rsa = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *got = NULL;
	char *commands;

	must(sl_key_generate_rsa(2048, NULL, 0, &rsa), "an RSA key");
	tpmtest_log_reset();
	keep(ec, "ec", CKK_EC);
	keep(other, "other", CKK_EC);
	keep(rsa, "rsa", CKK_RSA);
	keep(aes, "aes", CKK_AES);
	reopen();
	comes_back("ec", ec);
	comes_back("rsa", rsa);
	comes_back("aes", aes);
	tpmtest_log_reset();
	test_eq(key_of("ec", &got), SL_OK, "used again");
	commands = tpmtest_log_commands();
	test_str(commands, "", "for which nobody asks the TPM");
	free(commands);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
not_kept(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *ec = make_ec(1);
	SL_CLEANUP(sl_key_unref) struct sl_key *public = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *longest = make_secret(SL_SEAL_MAX);
	SL_CLEANUP(sl_key_unref) struct sl_key *longer = make_secret(SL_SEAL_MAX + 1);
	SL_SECRET spki = { 0 };
	uint8_t *blob = NULL;
	size_t len = 0;

	must(sl_key_part(ec, SL_PART_SPKI, &spki), "SPKI");
	must(sl_key_from_spki(spki.bytes, spki.len, &public), "a public key");
	test_eq(sl_seal_key(token, public, NULL, &blob, &len), SL_ERR_ARG, "a public key has nothing to seal");
	test_eq(sl_seal_key(token, longer, NULL, &blob, &len), SL_ERR_RANGE, "a key that is too long");
	test_ok(blob == NULL, "gives nothing");
	test_eq(sl_seal_key(token, longest, NULL, &blob, &len), SL_OK, "the longest");
	free(blob);
}

/* What is sealed is the key; in form 1 a version and a kind come before it. */
static void
inner_forms(void)
{
	static const struct { const char *name; const char *hex; unsigned form; bool secret; enum sl_err err; } table[] = {
		{ "form 1: a secret key", "010200", 1, true, SL_OK },
		{ "form 1: for a private key", "010200", 1, false, SL_ERR_MISMATCH },
		{ "form 1: version 2", "020200", 1, true, SL_ERR_VERSION },
		{ "form 1: version 0", "000200", 1, true, SL_ERR_VERSION },
		{ "form 1: kind 3", "010300", 1, true, SL_ERR_VERSION },
		{ "form 1: nothing after the kind", "0102", 1, true, SL_ERR_FORMAT },
		{ "form 1: a private key that is none", "01013003020100", 1, false, SL_ERR_FORMAT },
		{ "form 2: a secret key", "010200", 2, true, SL_OK },
		{ "form 2: a private key that is none", "3003020100", 2, false, SL_ERR_FORMAT },
		{ "form 3", "010200", 3, true, SL_ERR_VERSION },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		const struct sl_seal_spec how = { .auth = NULL };
		SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
		struct sl_sealed_key sealed = { .form = table[i].form, .secret = table[i].secret };
		SL_SECRET secret = { 0 };
		uint8_t bytes[32];
		uint8_t *blob = NULL;

		must(sl_secret_copy(&secret, bytes, test_hex(table[i].hex, bytes, sizeof(bytes))), "secret");
		must(sl_root_seal(token->root, &how, &secret, &blob, &sealed.len), "seal");
		sealed.blob = blob;
		test_eq(sl_seal_open(token->root, &sealed, NULL, NULL, &key), table[i].err, "%s", table[i].name);
		free(blob);
	}
}

/* What is sealed of an AES key is that key: other TPM tools and the kernel's trusted keys get it as it is. */
static void
raw(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *aes = make_secret(32);
	SL_SECRET want = { 0 };
	SL_SECRET got = { 0 };
	uint8_t *blob = NULL;
	size_t len = 0;

	must(sl_key_part(aes, SL_PART_SECRET, &want), "secret");
	test_eq(sl_seal_key(token, aes, NULL, &blob, &len), SL_OK, "an AES key");
	test_eq(sl_root_unseal(token->root, blob, len, NULL, &got), SL_OK, "opens by itself");
	test_ok(sl_secret_equal(got.bytes, got.len, want.bytes, want.len), "to 32 bytes, its own");
	free(blob);
}

/* Bound to a token secret: HMAC-SHA256(S, "seedleaf sealed key v1") opens it, and nothing else. */
static void
bound(void)
{
	static const char label[] = "seedleaf sealed key v1";
	SL_CLEANUP(sl_key_unref) struct sl_key *ec = make_ec(5);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET mine = sealtest_secret(SL_TOKEN_SECRET_LEN, 6);
	SL_SECRET another = sealtest_secret(SL_TOKEN_SECRET_LEN, 7);
	struct sl_sealed_key sealed = { .form = SL_SEAL_FORM_RAW, .bound = true };
	SL_SECRET auth = { 0 };
	SL_SECRET pkcs8 = { 0 };
	uint8_t *blob = NULL;

	test_eq(sl_seal_key(token, ec, &mine, &blob, &sealed.len), SL_OK, "bound to a token secret");
	sealed.blob = blob;
	test_eq(sl_seal_open(token->root, &sealed, NULL, NULL, &key), SL_ERR_LOGIN, "without it: somebody has to log in");
	test_eq(sl_seal_open(token->root, &sealed, &another, NULL, &key), SL_ERR_AUTH, "another secret does not open it");
	sealed.bound = false;
	test_eq(sl_seal_open(token->root, &sealed, NULL, NULL, &key), SL_ERR_AUTH, "none does not, whatever the store says");
	sealed.bound = true;
	test_eq(sl_seal_open(token->root, &sealed, &mine, NULL, &key), SL_OK, "its own does");
	must(sl_secret_alloc(&auth, 32), "auth");
	must(sl_hmac(SL_HASH_SHA256, mine.bytes, mine.len, &(struct sl_part){ label, strlen(label) }, 1, auth.bytes), "HMAC");
	test_eq(sl_root_unseal(token->root, blob, sealed.len, &auth, &pkcs8), SL_OK, "by the authorization that doc/pin.md says");
	test_ok(pkcs8.len > 32 && pkcs8.bytes[0] == 0x30, "a PrivateKeyInfo");
	free(blob);
}

/* Somebody exchanged blobs, or public keys, in the store. */
static void
exchanged(void)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;

	sql("CREATE TEMP TABLE b AS SELECT s.object, s.blob FROM sealed s JOIN object o ON o.id = s.object WHERE label = x'6563' OR label = x'6f74686572';"
	    "UPDATE sealed SET blob = (SELECT blob FROM b WHERE b.object != sealed.object) WHERE object IN (SELECT object FROM b)");
	reopen();
	test_eq(key_of("ec", &key), SL_ERR_MISMATCH, "another key's blob");
	test_eq(key_of("other", &key), SL_ERR_MISMATCH, "and the other way round");
	sql("CREATE TEMP TABLE b AS SELECT s.object, s.blob FROM sealed s JOIN object o ON o.id = s.object WHERE label = x'6563' OR label = x'616573';"
	    "UPDATE sealed SET blob = (SELECT blob FROM b WHERE b.object != sealed.object) WHERE object IN (SELECT object FROM b)");
	reopen();
	test_eq(key_of("ec", &key), SL_ERR_FORMAT, "a secret key's blob for a private key");
	test_ok(key == NULL, "no key");
}

static void
copied(void)
{
	CK_BBOOL yes = CK_TRUE;
	const CK_ATTRIBUTE change[] = { { CKA_LABEL, (void *)(uintptr_t)"copy", 4 }, { CKA_TOKEN, &yes, sizeof(yes) } };
	SL_CLEANUP(sl_object_unref) struct sl_object *object = object_of("rsa");
	SL_CLEANUP(sl_key_unref) struct sl_key *a = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *b = NULL;
	CK_OBJECT_HANDLE handle = 0;
	CK_SESSION_HANDLE number;
	struct sl_session *session;

	must(sl_session_open(&sessions, token, true, &number), "session");
	session = sl_session_acquire(&sessions, number);
	test_eq(sl_make_copy(session, object->handle, change, 2, &handle), CKR_OK, "copied");
	sl_session_release(&session);
	sl_object_unref(&object);
	reopen();
	test_ok(key_of("rsa", &a) == SL_OK && key_of("copy", &b) == SL_OK, "both open in another process");
}

static void *
use(void *arg)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;

	return sl_token_key(token, arg, &key) == SL_OK ? token : NULL;
}

/* Many threads, one unsealing. */
static void
single_flight(void)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	pthread_t threads[8];
	unsigned fine = 0;
	unsigned n = 0;
	char *commands;

	reopen();
	object = object_of("rsa");
	tpmtest_log_reset();
	for (size_t i = 0; i < SL_ARRAY_LEN(threads); i++)
		if (pthread_create(&threads[i], NULL, use, object) != 0)
			test_bail("pthread_create");
	for (size_t i = 0; i < SL_ARRAY_LEN(threads); i++) {
		void *got = NULL;

		(void)pthread_join(threads[i], &got);
		fine += got != NULL;
	}
	commands = tpmtest_log_commands();
	for (const char *p = commands; (p = strstr(p, "Unseal ")) != NULL; p++)
		n++;
	free(commands);
	test_eq(fine, SL_ARRAY_LEN(threads), "eight threads have the key");
	test_eq(n, 1, "by one unsealing");
}

static void
after_clear(void)
{
	const CK_ATTRIBUTE template = { CKA_LABEL, (void *)(uintptr_t)"rsa", 3 };
	CK_OBJECT_HANDLE *handles = NULL;
	size_t n = 1;

	tpmtest_clear();
	reopen();
	test_eq(sl_token_find(token, &template, 1, &handles, &n), CKR_OK, "after a clear");
	test_eq(n, 0, "the sealed keys are orphans");
	free(handles);
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	(void)argc;
	open_instance();
	round_trips();
	not_kept();
	inner_forms();
	raw();
	bound();
	copied();
	single_flight();
	exchanged();
	after_clear();
	sl_sessions_done(&sessions);
	sl_instance_close(&instance);
	return test_done();
}
