/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "lib/host.h"
#include "root/tpmtest.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <string.h>
#include <unistd.h>

/*
 * How a host ends. Programs forget C_Finalize, or call it from an exit handler, or from an engine that libcrypto destroys in its own clean-up when
 * half of libcrypto is gone. Each case is a process of its own, which has to end well.
 */
static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static bool finalized;
static int expected_runs;
static int runs;

static void
start(void)
{
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;

	p11 = host_load(NULL, NULL);
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK)
		_exit(10);
	if (host_find(p11, session, CKO_PRIVATE_KEY, "stored", &key) != CKR_OK || host_sign(p11, session, key, "x", sig, &len) != CKR_OK)
		_exit(11);
}

static void
finalize(void)
{
	runs++;
	if (!finalized && p11->C_Finalize(NULL) != CKR_OK)
		_exit(12);
	finalized = true;
}

/* A host that goes on calling: it may be refused, and must not crash. */
static void
use_and_finalize(void)
{
	CK_BYTE sig[HOST_SIG_MAX];
	CK_OBJECT_HANDLE other;
	CK_SESSION_HANDLE another;
	CK_ULONG len;

	(void)host_sign(p11, session, key, "x", sig, &len);
	(void)host_pair(p11, session, "late", false, NULL, &other);
	(void)host_pair(p11, session, "late", true, NULL, &other);
	if (host_open(p11, 0, &another) == CKR_OK) {
		(void)host_use(p11, another, "stored");
		(void)p11->C_GenerateRandom(another, sig, sizeof(sig));
		(void)p11->C_CloseSession(another);
	}
	finalize();
	if (p11->C_Initialize(NULL) == CKR_OK) {
		(void)host_open(p11, 0, &another);
		(void)p11->C_Finalize(NULL);
	}
}

static int
engine_destroy(ENGINE *e)
{
	(void)e;
	finalize();
	return 1;
}

static void
add_engine(void)
{
	ENGINE *e = ENGINE_new();

	if (e == NULL || ENGINE_set_id(e, "host") != 1 || ENGINE_set_name(e, "host") != 1 ||
	    ENGINE_set_destroy_function(e, engine_destroy) != 1 || ENGINE_add(e) != 1)
		_exit(13);
	(void)ENGINE_free(e);
}

static void
check_runs(void)
{
	if (runs < expected_runs)
		_exit(14);
}

static void
no_finalize(void)
{
	start();
}

static void
no_finalize_active(void)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };

	start();
	if (p11->C_SignInit(session, &mechanism, key) != CKR_OK)
		_exit(15);
}

static void
at_exit(void (*handler)(void))
{
	expected_runs = 1;
	if (atexit(handler) != 0)
		_exit(13);
}

static void
at_cleanup(void (*handler)(void))
{
	expected_runs = 1;
	if (OPENSSL_atexit(handler) != 1)
		_exit(13);
}

static void
atexit_before(void)
{
	at_exit(finalize);
	start();
}

static void
atexit_after(void)
{
	start();
	at_exit(finalize);
}

static void
atexit_use_before(void)
{
	at_exit(use_and_finalize);
	start();
}

static void
cleanup_before(void)
{
	at_cleanup(finalize);
	start();
}

static void
cleanup_after(void)
{
	start();
	at_cleanup(finalize);
}

static void
cleanup_use_before(void)
{
	at_cleanup(use_and_finalize);
	start();
}

static void
cleanup_use_after(void)
{
	start();
	at_cleanup(use_and_finalize);
}

static void
engine_before(void)
{
	expected_runs = 1;
	add_engine();
	start();
}

static void
engine_after(void)
{
	expected_runs = 1;
	start();
	add_engine();
}

/* OPENSSL_cleanup() by hand, long before the end, and the module used after it. */
static void
cleanup_early(void)
{
	expected_runs = 1;
	start();
	OPENSSL_cleanup();
	use_and_finalize();
}

static void
unload_then_exit(void)
{
	void *handle;

	p11 = host_load(NULL, &handle);
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK || host_use(p11, session, "stored") != CKR_OK ||
	    p11->C_Finalize(NULL) != CKR_OK)
		_exit(10);
	(void)dlclose(handle);
}

static const struct {
	const char *name;
	void (*body)(void);
} modes[] = {
	{ "no C_Finalize", no_finalize },
	{ "no C_Finalize, in the middle of a signature", no_finalize_active },
	{ "C_Finalize in an exit handler registered before", atexit_before },
	{ "C_Finalize in an exit handler registered after", atexit_after },
	{ "calls and C_Finalize in an exit handler registered before", atexit_use_before },
	{ "C_Finalize in OPENSSL_cleanup, registered before", cleanup_before },
	{ "C_Finalize in OPENSSL_cleanup, registered after", cleanup_after },
	{ "calls and C_Finalize in OPENSSL_cleanup, registered before", cleanup_use_before },
	{ "calls and C_Finalize in OPENSSL_cleanup, registered after", cleanup_use_after },
	{ "C_Finalize from an engine made before", engine_before },
	{ "C_Finalize from an engine made after", engine_after },
	{ "calls after OPENSSL_cleanup", cleanup_early },
	{ "dlclose, then exit", unload_then_exit },
};

/* In the child, exit() and not _exit(). */
static int
run_mode(void *arg)
{
	char number[8];

	(void)snprintf(number, sizeof(number), "%zu", *(const size_t *)arg);
	/* What libcrypto gave us, after its clean-up, is left alone. */
	(void)setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
	(void)execl("/proc/self/exe", "test-exit", number, (char *)NULL);
	return 98;
}

static int
make_key(void *arg)
{
	CK_OBJECT_HANDLE made;

	(void)arg;
	p11 = host_load(NULL, NULL);
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK ||
	    host_pair(p11, session, "stored", true, NULL, &made) != CKR_OK)
		return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2) {
		/* Runs last of the handlers of exit(), after libcrypto's, which is registered later. */
		if (atexit(check_runs) != 0)
			return 13;
		modes[(unsigned)atoi(argv[1]) % (sizeof(modes) / sizeof(modes[0]))].body();
		return 0;
	}
	tpmtest_begin(argv, NULL);
	test_eq((unsigned)host_in_child(make_key, NULL), 0, "a key");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		test_eq((unsigned)host_in_child(run_mode, &i), 0, "%s", modes[i].name);
	return test_done();
}
