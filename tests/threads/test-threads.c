/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Many threads at once on one token and on two; and that they do not ask the TPM for the same thing twice. */
#define THREADS 8
#define ROUNDS 12
#define TEXT "what is signed"

static CK_FUNCTION_LIST *p11;

struct worker {
	pthread_t thread;
	unsigned number;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	const char *failed; /* what, and how */
	CK_RV rv;
};

static pthread_barrier_t together;

static bool
good(struct worker *w, CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return true;
	w->failed = what;
	w->rv = rv;
	return false;
}

static bool
sign_and_verify(struct worker *w, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public)
{
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;

	return good(w, host_sign(p11, w->session, private, TEXT, sig, &len), "sign") &&
	       good(w, host_verify(p11, w->session, public, TEXT, sig, len), "verify");
}

static bool
session_keys(struct worker *w)
{
	CK_OBJECT_HANDLE private;
	CK_OBJECT_HANDLE public;

	return good(w, host_pair(p11, w->session, "passing", false, &public, &private), "generate") &&
	       sign_and_verify(w, private, public) && good(w, p11->C_DestroyObject(w->session, private), "destroy") &&
	       good(w, p11->C_DestroyObject(w->session, public), "destroy");
}

/* A data object, on the token every other time. */
static bool
objects(struct worker *w, unsigned round)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL token = round % 2 == 0 ? CK_TRUE : CK_FALSE;
	char label[32];
	char text[32] = "";
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_LABEL, label, 0 },
		{ CKA_VALUE, label, 0 },
	};
	CK_ATTRIBUTE read = { CKA_LABEL, text, sizeof(text) };
	CK_OBJECT_HANDLE object;
	CK_ULONG n;

	template[2].ulValueLen = template[3].ulValueLen = (CK_ULONG)snprintf(label, sizeof(label), "data %u/%u", w->number, round);
	if (!good(w, p11->C_CreateObject(w->session, template, 4, &object), "create"))
		return false;
	label[0] = 'D';
	if (!good(w, p11->C_SetAttributeValue(w->session, object, &template[2], 1), "set") ||
	    !good(w, p11->C_GetAttributeValue(w->session, object, &read, 1), "read") ||
	    !good(w, memcmp(text, label, template[2].ulValueLen) == 0 ? CKR_OK : CKR_GENERAL_ERROR, "the label that was set") ||
	    !good(w, host_count(p11, w->session, CKO_DATA, label, &n), "count") ||
	    !good(w, n == 1 ? CKR_OK : CKR_GENERAL_ERROR, "exactly one of that label"))
		return false;
	return good(w, p11->C_DestroyObject(w->session, object), "destroy");
}

static bool
look_around(struct worker *w)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;
	CK_SESSION_INFO session;
	CK_BYTE random[32];
	CK_ULONG len = sizeof(random);
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };

	return good(w, p11->C_GetSlotList(CK_TRUE, slots, &n), "slots") && good(w, p11->C_GetSlotInfo(w->slot, &slot), "slot") &&
	       good(w, p11->C_GetTokenInfo(w->slot, &token), "token") && good(w, p11->C_GetSessionInfo(w->session, &session), "session") &&
	       good(w, p11->C_GenerateRandom(w->session, random, sizeof(random)), "random") &&
	       good(w, p11->C_DigestInit(w->session, &sha), "digest") &&
	       good(w, p11->C_Digest(w->session, random, sizeof(random), random, &len), "digest");
}

static bool
one_round(struct worker *w, unsigned round)
{
	if (!good(w, host_open(p11, w->slot, &w->session), "open") || !good(w, host_use(p11, w->session, "stored"), "use the stored key") ||
	    !session_keys(w) || !objects(w, round) || !look_around(w))
		return false;
	return good(w, p11->C_CloseSession(w->session), "close");
}

static void *
work(void *arg)
{
	struct worker *w = arg;

	(void)pthread_barrier_wait(&together);
	for (unsigned round = 0; round < ROUNDS && w->failed == NULL; round++)
		(void)one_round(w, round);
	return NULL;
}

static void
run(const char *what, struct worker *workers, void *(*body)(void *))
{
	unsigned bad = 0;

	(void)pthread_barrier_init(&together, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].number = i;
		if (pthread_create(&workers[i].thread, NULL, body, &workers[i]) != 0)
			test_bail("pthread_create");
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		if (workers[i].failed != NULL) {
			test_note("thread %u: %s: 0x%lx", i, workers[i].failed, workers[i].rv);
			bad++;
		}
	}
	(void)pthread_barrier_destroy(&together);
	test_eq(bad, 0, "%s", what);
}

static int
make_keys(void *arg)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	(void)arg;
	if (p11->C_Initialize(NULL) != CKR_OK)
		return 1;
	for (CK_SLOT_ID slot = 0; slot < 4; slot += 3)
		if (host_open(p11, slot, &session) != CKR_OK || host_pair(p11, session, "stored", true, NULL, &key) != CKR_OK)
			return 2;
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 3;
}

static void
mixed(void)
{
	struct worker one[THREADS] = { 0 };
	struct worker two[THREADS] = { 0 };
	CK_SESSION_HANDLE session;
	CK_ULONG n;

	for (unsigned i = 0; i < THREADS; i++)
		two[i].slot = i % 2 * 3;
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	run("all functions, one token", one, work);
	run("all functions, two tokens", two, work);
	for (CK_SLOT_ID slot = 0; slot < 4; slot += 3) {
		test_eq(host_open(p11, slot, &session), CKR_OK, "a session afterwards");
		test_eq(host_count(p11, session, CK_UNAVAILABLE_INFORMATION, NULL, &n), CKR_OK, "objects afterwards");
		test_eq(n, 3, "the stored pair, the root, and nothing else");
	}
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
}

static unsigned
commands(const char *name)
{
	char *names = tpmtest_log_commands();
	unsigned n = 0;

	for (const char *at = names; (at = strstr(at, name)) != NULL; at += strlen(name))
		n++;
	free(names);
	return n;
}

static void *
first_signature(void *arg)
{
	struct worker *w = arg;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;

	(void)pthread_barrier_wait(&together);
	(void)good(w, host_sign(p11, w->session, w->key, TEXT, sig, &len), "sign");
	return NULL;
}

static void *
first_search(void *arg)
{
	struct worker *w = arg;

	(void)pthread_barrier_wait(&together);
	(void)good(w, host_find(p11, w->session, CKO_PRIVATE_KEY, "declared", &w->key), "find");
	return NULL;
}

static void *
first_look(void *arg)
{
	struct worker *w = arg;
	CK_TOKEN_INFO info;

	(void)pthread_barrier_wait(&together);
	(void)good(w, p11->C_GetTokenInfo(0, &info), "C_GetTokenInfo");
	return NULL;
}

static void
once(void)
{
	struct worker workers[THREADS] = { 0 };
	char conf[512];

	if (mkdir(test_path("keys"), 0700) != 0)
		test_bail("mkdir");
	(void)test_file("keys/declared.key", "label = declared\ntype = ec:P-256\n", 33, 0600);
	(void)snprintf(conf, sizeof(conf), "keys-dir = %s\n[token platform]\nhide = yes\n", test_path("keys"));
	host_config(conf);
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	tpmtest_log_reset();
	run("C_GetTokenInfo of a token nobody has looked at", workers, first_look);
	test_eq(commands("CreatePrimary"), 1, "its root is made once");
	test_eq(commands("GetCapability"), 2, "its properties are asked once");
	for (unsigned i = 0; i < THREADS; i++)
		if (host_open(p11, 0, &workers[i].session) != CKR_OK ||
		    host_find(p11, workers[i].session, CKO_PRIVATE_KEY, "stored", &workers[i].key) != CKR_OK)
			test_bail("find");
	tpmtest_log_reset();
	run("first signature with one stored key", workers, first_signature);
	test_eq(commands("HMAC"), 1, "it is derived once");
	tpmtest_log_reset();
	run("first search for a declared key", workers, first_search);
	test_eq(commands("HMAC"), 1, "it is derived once");
	run("first signature with it", workers, first_signature);
	test_ok(commands("HMAC") <= 2, "which costs one more at most");
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	p11 = host_load(NULL, NULL);
	test_eq((unsigned)host_in_child(make_keys, NULL), 0, "keys");
	mixed();
	once();
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
