/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/host.h"
#include "root/tpmtest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * PKCS#11 3.0 section 5.4: a child has to call C_Initialize before it can use the library; and then it simply works, whatever its parent's threads
 * were doing at the moment of the fork.
 */
#define CHILDREN 8
#define STORM 25

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static atomic_bool stop;

typedef CK_RV (*any_function)(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG);

/* Every entry but C_Initialize and C_GetFunctionList, which are for everybody; the two legacy ones say the same always. */
static int
all_refuse(void)
{
	void *const *entry = (void *const *)(const void *)&p11->C_Initialize;
	const size_t n = (sizeof(*p11) - offsetof(CK_FUNCTION_LIST, C_Initialize)) / sizeof(*entry);
	int others = 0;

	for (size_t i = 0; i < n; i++) {
		any_function call;
		CK_RV rv;

		memcpy(&call, &entry[i], sizeof(call));
		if (memcmp(&call, &p11->C_Initialize, sizeof(call)) == 0 || memcmp(&call, &p11->C_GetFunctionList, sizeof(call)) == 0)
			continue;
		rv = call(0, 0, 0, 0, 0, 0, 0, 0);
		if (rv != CKR_CRYPTOKI_NOT_INITIALIZED && rv != CKR_FUNCTION_NOT_PARALLEL) {
			test_note("function %zu of the list: 0x%lx", i, rv);
			others++;
		}
	}
	return n > 60 ? others : 99;
}

/* 0, or the step that failed. */
static int
start_and_use(const char *new_label)
{
	CK_SESSION_HANDLE mine;
	CK_OBJECT_HANDLE fresh;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;

	if (p11->C_Initialize(NULL) != CKR_OK)
		return 10;
	if (host_open(p11, 0, &mine) != CKR_OK)
		return 11;
	if (host_use(p11, mine, "stored") != CKR_OK)
		return 12;
	if (host_pair(p11, mine, "session", false, NULL, &fresh) != CKR_OK || host_sign(p11, mine, fresh, "x", sig, &len) != CKR_OK)
		return 13;
	if (new_label != NULL && (host_pair(p11, mine, new_label, true, NULL, &fresh) != CKR_OK || host_use(p11, mine, new_label) != CKR_OK))
		return 14;
	return 0;
}

static int
child(void *arg)
{
	int step = all_refuse();

	if (step != 0)
		return 1;
	if (p11->C_SignInit(session, NULL, key) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 2;
	if ((step = start_and_use(arg)) != 0)
		return step;
	return p11->C_Finalize(NULL) == CKR_OK && all_refuse() == 0 ? 0 : 3;
}

static int
only_finalizes(void *arg)
{
	(void)arg;
	return p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1;
}

static int
grandparent(void *arg)
{
	const int step = start_and_use(NULL);

	if (step != 0)
		return step;
	if (host_in_child(child, NULL) != 0)
		return 30;
	(void)arg;
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 31;
}

static void
parent_works(const char *when)
{
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;

	test_eq(host_sign(p11, session, key, "parent", sig, &len), CKR_OK, "%s: the parent signs", when);
	test_eq(host_use(p11, session, "stored"), CKR_OK, "%s: and finds its key", when);
}

static void
families(void)
{
	test_eq((unsigned)host_in_child(child, (void *)(uintptr_t) "by child"), 0, "a child starts anew, and all works");
	parent_works("after that");
	test_eq(host_use(p11, session, "by child"), CKR_OK, "the parent uses the key that its child made");
	test_eq((unsigned)host_in_child(only_finalizes, NULL), 0, "C_Finalize in a child that did not initialise");
	parent_works("after that");
	test_eq((unsigned)host_in_child(grandparent, NULL), 0, "a grandchild");
	parent_works("after that");
}

static int
worker(const int *gate)
{
	char byte;
	int step = start_and_use(NULL);
	CK_SESSION_HANDLE mine;

	if (step != 0)
		return step;
	/* The parent has finalised when this ends. */
	if (read(gate[0], &byte, 1) != 0)
		return 40;
	if (host_open(p11, 0, &mine) != CKR_OK)
		return 41;
	for (int i = 0; i < 20; i++)
		if (host_use(p11, mine, "stored") != CKR_OK)
			return 42;
	return 0; /* without C_Finalize */
}

static void
many_children(void)
{
	pid_t children[CHILDREN];
	int gate[2];
	int good = 0;

	if (pipe(gate) != 0)
		test_bail("pipe");
	for (int i = 0; i < CHILDREN; i++) {
		(void)fflush(stdout);
		children[i] = fork();
		if (children[i] == 0) {
			(void)close(gate[1]);
			_exit(worker(gate));
		}
	}
	(void)close(gate[0]);
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize in the parent while %d children work", CHILDREN);
	(void)close(gate[1]);
	for (int i = 0; i < CHILDREN; i++) {
		const int status = host_wait(children[i], 60);

		good += status == 0;
		if (status != 0)
			test_note("child %d: %d", i, status);
	}
	test_eq((unsigned)good, CHILDREN, "all of them sign");
	test_eq(p11->C_Initialize(NULL), CKR_OK, "the parent initialises again");
	test_eq(host_open(p11, 0, &session), CKR_OK, "and opens a session");
	test_eq(host_find(p11, session, CKO_PRIVATE_KEY, "stored", &key), CKR_OK, "and finds its key");
	parent_works("after that");
}

#ifndef __SANITIZE_ADDRESS__
/* What a thread does while another one forks. */
static void *
sign_on(void *arg)
{
	CK_SESSION_HANDLE mine;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;
	CK_RV rv = host_open(p11, 0, &mine);

	(void)arg;
	while (rv == CKR_OK && !atomic_load(&stop))
		rv = host_sign(p11, mine, key, "on and on", sig, &len);
	return (void *)(uintptr_t)rv;
}

/* TPM batches and store transactions. */
static void *
make_on(void *arg)
{
	CK_SESSION_HANDLE mine;
	CK_OBJECT_HANDLE private;
	CK_OBJECT_HANDLE public;
	CK_RV rv = host_open(p11, 0, &mine);

	(void)arg;
	while (rv == CKR_OK && !atomic_load(&stop)) {
		rv = host_pair(p11, mine, "passing", true, &public, &private);
		if (rv == CKR_OK)
			rv = p11->C_DestroyObject(mine, private);
		if (rv == CKR_OK)
			rv = p11->C_DestroyObject(mine, public);
	}
	return (void *)(uintptr_t)rv;
}

static int
storm_child(void *arg)
{
	(void)arg;
	return start_and_use(NULL);
}

static void
storm(void)
{
	void *(*const bodies[])(void *) = { sign_on, sign_on, make_on };
	pthread_t threads[3];
	long long longest = 0;
	int good = 0;

	for (size_t i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, bodies[i], NULL) != 0)
			test_bail("pthread_create");
	for (int i = 0; i < STORM; i++) {
		const long long before = host_now_us();
		const pid_t pid = host_fork(storm_child, NULL);
		const long long took = host_now_us() - before;
		const int status = host_wait(pid, 30);

		longest = took > longest ? took : longest;
		good += status == 0;
		if (status != 0)
			test_note("child %d: %d", i, status);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < 3; i++) {
		void *rv;

		(void)pthread_join(threads[i], &rv);
		test_eq((uintptr_t)rv, CKR_OK, "thread %zu of the parent never failed", i);
	}
	test_eq((unsigned)good, STORM, "%d children, forked in the middle of signatures, TPM batches and transactions", STORM);
	test_note("the longest fork took %lld us", longest);
}

#endif

static void *
watch_descriptors(void *arg)
{
	const int before = *(const int *)arg;
	int most = 0;

	while (!atomic_load(&stop)) {
		const int n = host_descriptors(true) - before;

		most = n > most ? n : most;
	}
	return (void *)(intptr_t)most;
}

/* Whoever starts a program gives it none of our descriptors: not those of the store, and not a connection that is open just now. */
static void
descriptors(int before)
{
	CK_OBJECT_HANDLE private;
	pthread_t watch;
	void *most = NULL;
	CK_RV rv = CKR_OK;

	atomic_store(&stop, false);
	if (pthread_create(&watch, NULL, watch_descriptors, &before) != 0)
		test_bail("pthread_create");
	for (int i = 0; i < 10 && rv == CKR_OK; i++) {
		rv = host_pair(p11, session, "passing", true, NULL, &private);
		if (rv == CKR_OK)
			rv = p11->C_DestroyObject(session, private);
	}
	atomic_store(&stop, true);
	(void)pthread_join(watch, &most);
	test_eq(rv, CKR_OK, "keys made and destroyed");
	test_eq((uintptr_t)most, 0, "no descriptor that an exec() would keep was ever open");
	test_ok(host_descriptors(false) > before, "while some are open");
}

int
main(int argc, char **argv)
{
	int before;

	(void)argc;
	tpmtest_begin(argv, NULL);
	before = host_descriptors(true);
	p11 = host_load(NULL, NULL);
	test_eq((unsigned)all_refuse(), 0, "nothing works before C_Initialize");
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	test_eq(host_open(p11, 0, &session), CKR_OK, "C_OpenSession");
	test_eq(host_pair(p11, session, "stored", true, NULL, &key), CKR_OK, "a stored pair");
	parent_works("at first");
	families();
	many_children();
#ifndef __SANITIZE_ADDRESS__
	/* gcc's address sanitizer does not bring its own locks over a fork that other threads run into. */
	storm();
	parent_works("after the storm");
#endif
	descriptors(before);
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
