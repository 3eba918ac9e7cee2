/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <dlfcn.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

/* Loaded and unloaded again and again, and loaded twice at once: nothing is left behind. */
#define WARM 10
#define ROUNDS 100

struct usage {
	int descriptors;
	int maps;
	size_t heap;
};

static struct usage
measure(void)
{
	struct usage u = { .descriptors = host_descriptors(false), .heap = mallinfo2().uordblks };
	FILE *f = fopen("/proc/self/maps", "re");
	char *line = NULL;
	size_t room = 0;

	while (f != NULL && getline(&line, &room, f) > 0)
		u.maps++;
	free(line);
	if (f != NULL)
		(void)fclose(f);
	return u;
}

/* Growth that comes with every round would be at least ROUNDS of anything. */
static void
no_growth(const char *what, const struct usage *before)
{
	const struct usage now = measure();

	test_eq((unsigned)now.descriptors, (unsigned)before->descriptors, "%s: descriptors", what);
	test_ok(now.maps - before->maps < ROUNDS / 4, "%s: mappings (%d, %d before)", what, now.maps, before->maps);
	test_ok((long)now.heap - (long)before->heap < ROUNDS * 32, "%s: heap (%zu, %zu before)", what, now.heap, before->heap);
}

static CK_RV
nothing(CK_FUNCTION_LIST *p11)
{
	return p11->C_GetInfo(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV
start_only(CK_FUNCTION_LIST *p11)
{
	const CK_RV rv = p11->C_Initialize(NULL);

	return rv == CKR_OK ? p11->C_Finalize(NULL) : rv;
}

static CK_RV
whole_life(CK_FUNCTION_LIST *p11)
{
	CK_SESSION_HANDLE session;
	CK_RV rv;

	if ((rv = p11->C_Initialize(NULL)) != CKR_OK || (rv = host_open(p11, 0, &session)) != CKR_OK ||
	    (rv = host_use(p11, session, "stored")) != CKR_OK)
		return rv;
	return p11->C_Finalize(NULL);
}

static int
quiet_child(void *arg)
{
	(void)arg;
	return 0;
}

static void
again_and_again(const char *what, CK_RV (*body)(CK_FUNCTION_LIST *))
{
	struct usage before = { 0 };
	CK_RV rv = CKR_OK;

	for (int i = 0; i < WARM + ROUNDS && rv == CKR_OK; i++) {
		void *handle;
		CK_FUNCTION_LIST *p11 = host_load(NULL, &handle);

		rv = body(p11);
		if (dlclose(handle) != 0)
			test_bail("dlclose: %s", dlerror());
		if (i == WARM)
			before = measure();
	}
	test_eq(rv, CKR_OK, "%s: %d times", what, ROUNDS);
	no_growth(what, &before);
	/* A handler for fork() that was left behind would be code that is gone. */
	test_eq((unsigned)host_in_child(quiet_child, NULL), 0, "%s: fork afterwards", what);
}

static int
two_in_child(void *arg)
{
	CK_FUNCTION_LIST **two = arg;

	for (int i = 0; i < 2; i++)
		if (whole_life(two[i]) != CKR_OK)
			return i + 1;
	return 0;
}

static void
twice(void)
{
	const char *path = test_path("another-name.so");
	CK_FUNCTION_LIST *two[2];
	CK_SESSION_HANDLE sessions[2];
	CK_OBJECT_HANDLE key;

	tpmtest_shell("cp \"$SEEDLEAF_MODULE\" '%s'", path);
	two[0] = host_load(NULL, NULL);
	two[1] = host_load(path, NULL);
	test_ok(two[0] != two[1], "two modules");
	for (int i = 0; i < 2; i++) {
		test_eq(two[i]->C_Initialize(NULL), CKR_OK, "twice: C_Initialize of module %d", i);
		test_eq(host_open(two[i], 0, &sessions[i]), CKR_OK, "twice: session of module %d", i);
		test_eq(host_use(two[i], sessions[i], "stored"), CKR_OK, "twice: key of module %d", i);
	}
	test_eq(host_pair(two[0], sessions[0], "from 0", true, NULL, &key), CKR_OK, "twice: a key made by module 0");
	test_eq(host_use(two[1], sessions[1], "from 0"), CKR_OK, "twice: used by module 1");
	test_eq((unsigned)host_in_child(two_in_child, two), 0, "twice: both in a child");
	test_eq(two[0]->C_Finalize(NULL), CKR_OK, "twice: C_Finalize of module 0");
	test_eq(host_use(two[1], sessions[1], "stored"), CKR_OK, "twice: module 1 goes on");
	test_eq(two[1]->C_Finalize(NULL), CKR_OK, "twice: C_Finalize of module 1");
}

static int
make_key(void *arg)
{
	CK_FUNCTION_LIST *p11 = host_load(NULL, NULL);
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	(void)arg;
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK ||
	    host_pair(p11, session, "stored", true, NULL, &key) != CKR_OK)
		return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	(void)argc;
	/* What malloc() keeps for later it counts as in use. */
	(void)setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0", 0);
	tpmtest_begin(argv, NULL);
	test_eq((unsigned)host_in_child(make_key, NULL), 0, "a key");
	again_and_again("loaded", nothing);
	again_and_again("initialised", start_only);
	again_and_again("used", whole_life);
	twice();
	return test_done();
}
