/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/host.h"
#include "root/tpmtest.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* C_Finalize, C_CloseSession and C_CloseAllSessions while other threads are in the middle of what is being ended. */
#define THREADS 6
#define TURNS 8

static CK_FUNCTION_LIST *p11;
static atomic_uint begun;
static atomic_uint odd; /* answers that are none of those allowed */
static atomic_uint waiter;

static void
only(CK_RV rv, const char *what, CK_RV a, CK_RV b)
{
	if (rv == CKR_OK || rv == CKR_CRYPTOKI_NOT_INITIALIZED || rv == CKR_SESSION_HANDLE_INVALID || rv == a || rv == b)
		return;
	test_note("%s: 0x%lx", what, rv);
	(void)atomic_fetch_add(&odd, 1);
}

/* Waits until n threads have been around once. */
static void
wait_for(unsigned n)
{
	while (atomic_load(&begun) < n)
		(void)sched_yield();
}

/* Until the module is finalised. */
static void *
use_until_the_end(void *arg)
{
	const unsigned number = *(const unsigned *)arg;
	CK_OBJECT_HANDLE key = 0;
	CK_SESSION_HANDLE session;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG n;
	bool counted = false;
	CK_RV rv;

	do {
		rv = host_open(p11, 0, &session);
		only(rv, "open", CKR_OK, CKR_OK);
		if (rv == CKR_OK)
			only(rv = host_find(p11, session, CKO_PRIVATE_KEY, "stored", &key), "find", CKR_OK, CKR_OK);
		if (rv == CKR_OK)
			only(rv = host_sign(p11, session, key, "x", sig, &n), "sign", CKR_OK, CKR_OK);
		if (rv == CKR_OK && number % 2 == 0)
			only(rv = host_pair(p11, session, "passing", false, NULL, &key), "generate", CKR_OK, CKR_OK);
		if (rv == CKR_OK)
			only(rv = p11->C_CloseSession(session), "close", CKR_OK, CKR_OK);
		if (!counted)
			(void)atomic_fetch_add(&begun, 1);
		counted = true;
	} while (rv == CKR_OK);
	return (void *)(uintptr_t)rv;
}

static void
finalize_under_load(void)
{
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];
	unsigned ended = 0;
	void *rv;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		atomic_store(&begun, 0);
		if (p11->C_Initialize(NULL) != CKR_OK)
			test_bail("C_Initialize");
		for (unsigned i = 0; i < THREADS; i++) {
			numbers[i] = i;
			if (pthread_create(&threads[i], NULL, use_until_the_end, &numbers[i]) != 0)
				test_bail("pthread_create");
		}
		wait_for(THREADS);
		if (p11->C_Finalize(NULL) != CKR_OK)
			test_bail("C_Finalize");
		for (unsigned i = 0; i < THREADS; i++) {
			(void)pthread_join(threads[i], &rv);
			ended += (uintptr_t)rv == CKR_CRYPTOKI_NOT_INITIALIZED;
		}
	}
	test_eq(ended, TURNS * THREADS, "C_Finalize comes through, and every thread is told");
	test_eq(atomic_load(&odd), 0, "and nothing else");
}

struct shared {
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
};

static void *
use_until_closed(void *arg)
{
	const struct shared *s = arg;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG n;
	bool counted = false;
	CK_RV rv;

	do {
		rv = host_sign(p11, s->session, s->key, "x", sig, &n);
		/* Threads of one session meet each other's operations. */
		only(rv, "sign", CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED);
		rv = host_count(p11, s->session, CKO_PUBLIC_KEY, "stored", &n);
		only(rv, "find", CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED);
		if (!counted)
			(void)atomic_fetch_add(&begun, 1);
		counted = true;
	} while (rv != CKR_SESSION_HANDLE_INVALID);
	return NULL;
}

static void
close_under_load(bool all)
{
	pthread_t threads[THREADS];
	struct shared s;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		atomic_store(&begun, 0);
		if (host_open(p11, 0, &s.session) != CKR_OK || host_find(p11, s.session, CKO_PRIVATE_KEY, "stored", &s.key) != CKR_OK)
			test_bail("find");
		for (unsigned i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], NULL, use_until_closed, &s) != 0)
				test_bail("pthread_create");
		wait_for(THREADS);
		only(all ? p11->C_CloseAllSessions(0) : p11->C_CloseSession(s.session), "close", CKR_OK, CKR_OK);
		for (unsigned i = 0; i < THREADS; i++)
			(void)pthread_join(threads[i], NULL);
	}
	test_eq(atomic_load(&odd), 0, "%s of a session that %d threads use", all ? "C_CloseAllSessions" : "C_CloseSession", THREADS);
}

static void *
wait_for_event(void *arg)
{
	CK_SLOT_ID slot;

	(void)arg;
	atomic_store(&waiter, (unsigned)gettid());
	return (void *)(uintptr_t)p11->C_WaitForSlotEvent(0, &slot, NULL);
}

/* The thread sleeps: it is in the middle of the call. */
static bool
sleeps(unsigned tid)
{
	char path[64];
	char state = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%u/stat", tid);
	f = fopen(path, "re");
	if (f != NULL && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f != NULL)
		(void)fclose(f);
	return state == 'S';
}

static void
wait_and_finalize(void)
{
	pthread_t thread;
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slot;
	void *rv = NULL;

	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	test_eq(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT, "C_WaitForSlotEvent without waiting");
	if (pthread_create(&thread, NULL, wait_for_event, NULL) != 0)
		test_bail("pthread_create");
	while (atomic_load(&waiter) == 0 || !sleeps(atomic_load(&waiter)))
		(void)sched_yield();
	test_eq(host_open(p11, 0, &session), CKR_OK, "other calls go on while a thread waits for an event");
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
	(void)pthread_join(thread, &rv);
	test_eq((uintptr_t)rv, CKR_CRYPTOKI_NOT_INITIALIZED, "and the waiting thread is told");
}

int
main(int argc, char **argv)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	(void)argc;
	tpmtest_begin(argv, NULL);
	p11 = host_load(NULL, NULL);
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	test_eq(host_open(p11, 0, &session), CKR_OK, "C_OpenSession");
	test_eq(host_pair(p11, session, "stored", true, NULL, &key), CKR_OK, "a key");
	close_under_load(false);
	close_under_load(true);
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
	finalize_under_load();
	wait_and_finalize();
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
