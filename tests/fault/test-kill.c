/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/host.h"
#include "root/tpmtest.h"

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * A host that is killed while it makes, changes and destroys objects: the store opens, nothing in it is half, and the TPM, on which the dead left what
 * they had loaded, works on.
 */
#define KILLS 40

static CK_FUNCTION_LIST *p11;

/* One object's value is in its label too: they change together. */
static CK_RV
set_both(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, unsigned n)
{
	char text[32];
	CK_ATTRIBUTE both[] = { { CKA_LABEL, text, 0 }, { CKA_VALUE, text, 0 } };

	both[0].ulValueLen = both[1].ulValueLen = (CK_ULONG)snprintf(text, sizeof(text), "data %u", n);
	return p11->C_SetAttributeValue(session, object, both, 2);
}

static CK_RV
create(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	char text[] = "data";
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 }, { CKA_LABEL, text, 4 }, { CKA_VALUE, text, 4 } };

	return p11->C_CreateObject(session, template, 4, ret_object);
}

/* Until it is killed. */
static int
victim(void *arg)
{
	const int *started = arg;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_OBJECT_HANDLE key;

	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK || write(started[1], "", 1) != 1)
		return 1;
	for (unsigned n = 0;; n++) {
		if (host_pair(p11, session, "pair", true, NULL, &key) != CKR_OK || create(session, &object) != CKR_OK)
			return 2;
		for (unsigned i = 0; i < 4; i++)
			if (set_both(session, object, n * 4 + i) != CKR_OK)
				return 3;
		if (p11->C_DestroyObject(session, object) != CKR_OK)
			return 4;
	}
}

static bool
integrity(void)
{
	char path[4096];
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	bool ok;

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	/* Read and write: a journal that the dead left is rolled back. */
	ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	     sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
	     strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return ok;
}

static bool
label_is_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	char label[32];
	char value[32];
	CK_ATTRIBUTE both[] = { { CKA_LABEL, label, sizeof(label) }, { CKA_VALUE, value, sizeof(value) } };

	return p11->C_GetAttributeValue(session, object, both, 2) == CKR_OK && both[0].ulValueLen == both[1].ulValueLen &&
	       memcmp(label, value, both[0].ulValueLen) == 0;
}

/* Every data object; destroys them. */
static bool
data_is_whole(CK_SESSION_HANDLE session, unsigned *count)
{
	CK_OBJECT_HANDLE object;
	CK_RV rv;

	while ((rv = host_find(p11, session, CKO_DATA, NULL, &object)) == CKR_OK) {
		++*count;
		if (!label_is_value(session, object) || p11->C_DestroyObject(session, object) != CKR_OK)
			return false;
	}
	return rv == CKR_OBJECT_HANDLE_INVALID;
}

/* What is wrong, or NULL. */
static const char *
survey(unsigned *data, CK_ULONG *ret_pairs)
{
	CK_SESSION_HANDLE session;
	CK_ULONG private;
	CK_ULONG public;

	if (!integrity())
		return "integrity_check";
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK)
		return "the store does not open";
	if (host_count(p11, session, CKO_PRIVATE_KEY, "pair", &private) != CKR_OK ||
	    host_count(p11, session, CKO_PUBLIC_KEY, "pair", &public) != CKR_OK || private != public)
		return "half a pair";
	*ret_pairs = private;
	if (!data_is_whole(session, data))
		return "half a change";
	return p11->C_Finalize(NULL) == CKR_OK ? NULL : "C_Finalize";
}

static void
kill_at(unsigned us)
{
	const struct timespec pause = { .tv_nsec = (long)us * 1000 };
	int started[2];
	char byte;
	pid_t pid;

	if (pipe(started) != 0)
		test_bail("pipe");
	pid = host_fork(victim, started);
	(void)close(started[1]);
	if (read(started[0], &byte, 1) != 1)
		test_bail("the victim does not start");
	(void)close(started[0]);
	(void)nanosleep(&pause, NULL);
	(void)kill(pid, SIGKILL);
	if (host_wait(pid, 20) != 100 + SIGKILL)
		test_bail("the victim ended by itself");
}

int
main(int argc, char **argv)
{
	unsigned seed = 20240229;
	unsigned data = 0;
	CK_ULONG pairs = 0;
	const char *wrong = NULL;
	CK_SESSION_HANDLE session;

	(void)argc;
	tpmtest_begin(argv, NULL);
	p11 = host_load(NULL, NULL);
	for (unsigned i = 0; i < KILLS && wrong == NULL; i++) {
		/* The longer half first: so that there is a store. */
		kill_at((unsigned)rand_r(&seed) % 60000 + (i == 0 ? 100000 : 0));
		wrong = survey(&data, &pairs);
	}
	test_str(wrong == NULL ? "" : wrong, "", "%d hosts killed", KILLS);
	test_ok(pairs > 0, "%lu pairs were made", pairs);
	test_note("%u data objects were caught alive", data);
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize");
	test_eq(host_open(p11, 0, &session), CKR_OK, "C_OpenSession");
	test_eq(host_use(p11, session, "pair"), CKR_OK, "a pair works");
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
	return test_done();
}
