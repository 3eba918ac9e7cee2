/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

/*
 * One thread logs the user in and out while others search, sign, encrypt, make objects, and open and close sessions. Whatever they are told has to be true before the
 * logout or after it, and after the last one nothing private is left.
 */
#define THREADS 6
#define ROUNDS 12
#define TEXT "what is signed"
#define SO_PIN "so pin"
#define PIN "user pin"

static CK_FUNCTION_LIST *p11;
static bool done;      /* atomic */
static unsigned used;  /* atomic: private keys that did something */
static unsigned wrong; /* atomic */
static unsigned kept;  /* atomic: token objects that somebody got a handle of and did not destroy, being logged out before */

static CK_RV
login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
	return p11->C_Login(session, user, (CK_UTF8CHAR *)(uintptr_t)pin, strlen(pin));
}

/* What a call may say to a thread that somebody else may log out at any time. */
static bool
fair(CK_RV rv, const char *what)
{
	static const CK_RV all[] = { CKR_OK, CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_NOT_INITIALIZED };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (rv == all[i])
			return true;
	test_note("%s: 0x%lx", what, rv);
	(void)__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	return false;
}

static void
did(CK_RV rv)
{
	if (rv == CKR_OK)
		(void)__atomic_add_fetch(&used, 1, __ATOMIC_RELAXED);
}

static void
sign_with(CK_SESSION_HANDLE session, const char *label)
{
	CK_OBJECT_HANDLE key;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;
	CK_RV rv = host_find(p11, session, CKO_PRIVATE_KEY, label, &key);

	if (!fair(rv, "find") || rv != CKR_OK)
		return;
	for (unsigned i = 0; i < 20 && rv == CKR_OK; i++) {
		rv = host_sign(p11, session, key, TEXT, sig, &len);
		(void)fair(rv, "sign");
		did(rv);
	}
}

static void
make(CK_SESSION_HANDLE session, bool token)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL on_token = token ? CK_TRUE : CK_FALSE;
	CK_BBOOL yes = CK_TRUE;
	char text[] = "private data";
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &on_token, 1 }, { CKA_PRIVATE, &yes, 1 }, { CKA_LABEL, text, sizeof(text) - 1 },
		{ CKA_VALUE, text, sizeof(text) - 1 },
	};
	CK_OBJECT_HANDLE object;
	CK_OBJECT_HANDLE public;
	CK_RV rv = p11->C_CreateObject(session, template, 5, &object);

	if (rv == CKR_OK && token)
		(void)__atomic_add_fetch(&kept, 1, __ATOMIC_RELAXED);
	if (fair(rv, "create") && rv == CKR_OK && (rv = p11->C_SetAttributeValue(session, object, template + 4, 1), fair(rv, "set")) && rv == CKR_OK &&
	    (rv = p11->C_DestroyObject(session, object), fair(rv, "destroy"))) {
		did(rv);
		if (rv == CKR_OK && token)
			(void)__atomic_sub_fetch(&kept, 1, __ATOMIC_RELAXED);
	}
	rv = host_pair(p11, session, "passing", false, &public, &object);
	if (fair(rv, "generate") && rv == CKR_OK)
		(void)fair(p11->C_DestroyObject(session, object), "destroy the key");
	if (rv == CKR_OK)
		(void)p11->C_DestroyObject(session, public);
}

static void *
work(void *arg)
{
	const unsigned number = *(unsigned *)arg;
	CK_SESSION_HANDLE session;
	CK_ULONG n;

	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		if (!fair(host_open(p11, 0, &session), "open"))
			break;
		if (number % 3 == 0)
			sign_with(session, "stored");
		if (number % 3 == 1)
			sign_with(session, "declared");
		if (number % 3 == 2)
			make(session, number % 2 == 0);
		(void)fair(host_count(p11, session, CK_UNAVAILABLE_INFORMATION, NULL, &n), "count");
		if (!fair(p11->C_CloseSession(session), "close"))
			break;
	}
	return NULL;
}

static void
guard(void)
{
	CK_BYTE label[33] = "threads                         ";
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	if (p11->C_InitToken(0, (CK_BYTE *)(uintptr_t)SO_PIN, strlen(SO_PIN), label) != CKR_OK || host_open(p11, 0, &session) != CKR_OK ||
	    login(session, CKU_SO, SO_PIN) != CKR_OK || p11->C_InitPIN(session, (CK_BYTE *)(uintptr_t)PIN, strlen(PIN)) != CKR_OK ||
	    p11->C_Logout(session) != CKR_OK || login(session, CKU_USER, PIN) != CKR_OK || host_pair(p11, session, "stored", true, NULL, &key) != CKR_OK ||
	    p11->C_CloseSession(session) != CKR_OK)
		test_bail("the token's PINs");
}

/* The logins, in a session that is there all the time; every other logout is that of a session of the moment. */
static void
in_and_out(CK_SESSION_HANDLE session)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		const unsigned before = __atomic_load_n(&used, __ATOMIC_RELAXED);
		const long long end = host_now_us() + 5000000;
		CK_SESSION_HANDLE other;

		if (login(session, CKU_USER, PIN) != CKR_OK || host_open(p11, 0, &other) != CKR_OK) {
			(void)__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
			break;
		}
		/* Until somebody could use it. */
		while (__atomic_load_n(&used, __ATOMIC_RELAXED) == before && host_now_us() < end)
			(void)sched_yield();
		if (p11->C_Logout(round % 2 == 0 ? session : other) != CKR_OK || p11->C_CloseSession(other) != CKR_OK)
			(void)__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_ULONG n = 0;
	char conf[512];

	(void)argc;
	tpmtest_begin(argv, NULL);
	p11 = host_load(NULL, NULL);
	if (mkdir(test_path("keys"), 0700) != 0)
		test_bail("mkdir");
	(void)test_file("keys/declared.key", "label = declared\ntype = ec:P-256\n", 33, 0600);
	(void)snprintf(conf, sizeof(conf), "keys-dir = %s\n", test_path("keys"));
	host_config(conf);
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	guard();
	if (host_open(p11, 0, &session) != CKR_OK)
		test_bail("a session");
	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0)
			test_bail("pthread_create");
	}
	in_and_out(session);
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	test_eq(wrong, 0, "everybody was told the truth");
	test_ok(used >= ROUNDS, "private objects were used %u times", used);
	test_eq(host_find(p11, session, CKO_PRIVATE_KEY, NULL, &key), CKR_OBJECT_HANDLE_INVALID, "after the last logout there is no private key");
	test_eq(login(session, CKU_USER, PIN), CKR_OK, "a login");
	test_eq(host_count(p11, session, CKO_DATA, NULL, &n), CKR_OK, "what is on the token");
	test_eq(n, kept, "is what somebody got a handle of, and nothing that was made while its maker was logged out");
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
	return test_done();
}
