/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * fork() at any time, whatever the parent's threads are doing: the child says that it is not initialized, initializes, and works; the parent
 * goes on. Each child has a minute.
 */
#define THREADS 2
#define CHILDREN 60

static atomic_bool stop;
static atomic_uint failures;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };

/* Writes to the store, reads it, signs. */
static bool
round_of(CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_LABEL, "busy"), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE object = 0;
	CK_BYTE sig[1024];

	return p11->C_CreateObject(s, template, LEN(template), &object) == CKR_OK && mod_find(s, template, 2, NULL, 0) != 0 &&
	       mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "key"), "data", sig) == 64 && p11->C_DestroyObject(s, object) == CKR_OK;
}

static void *
busy(void *unused)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);

	(void)unused;
	/* Somebody has to get a word in: SQLite does not queue its writers. */
	for (; !atomic_load(&stop); (void)poll(NULL, 0, 1))
		if (!round_of(s))
			atomic_fetch_add(&failures, 1);
	return NULL;
}

static void
child(CK_SESSION_HANDLE inherited)
{
	(void)alarm(60);
	if (p11->C_GetInfo(&(CK_INFO){ .flags = 0 }) != CKR_CRYPTOKI_NOT_INITIALIZED)
		_exit(1);
	if (p11->C_GetObjectSize(inherited, 1, &(CK_ULONG){ 0 }) != CKR_CRYPTOKI_NOT_INITIALIZED)
		_exit(2);
	if (p11->C_Initialize(NULL) != CKR_OK)
		_exit(3);
	if (!round_of(mod_open(SLOT_OWNER, true)))
		_exit(4);
	_exit(p11->C_Finalize(NULL) == CKR_OK ? 0 : 5);
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	CK_SESSION_HANDLE s;
	unsigned good = 0;

	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "key", true);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, busy, NULL) != 0)
			test_bail("no thread");
	for (unsigned i = 0; i < CHILDREN; i++) {
		const pid_t pid = fork();
		int status = -1;

		if (pid == 0)
			child(s);
		if (waitpid(pid, &status, 0) == pid && status == 0)
			good++;
		else
			test_note("child %u: status 0x%x", i, (unsigned)status);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	test_eq(good, CHILDREN, "children work");
	test_eq(atomic_load(&failures), 0, "and so does the parent, all the while");
	test_ok(round_of(s), "and afterwards");
	mod_fini();
	return test_done();
}
