/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fault/fault.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <sqlite3.h>
#include <string.h>

/*
 * Every allocation, system call and file operation of a host's life fails once, and from then on for ever: what is said is legal, what comes back is
 * untouched, the store is in its old or its new state. (Leaks are what the build with the address sanitizer finds.)
 */
static const struct {
	enum fault_kind kind;
	const char *name;
	bool stays;
	unsigned long least; /* that many calls there are at least: else the wrap does not work */
	unsigned long stride; /* 1: every call; else every so many, all of them with SL_FAULTS=all */
} cases[] = {
	{ FAULT_MEMORY, "memory", false, 200, 1 },
	{ FAULT_MEMORY, "memory, for good", true, 200, 1 },
	{ FAULT_SYSTEM, "system calls", false, 50, 1 },
	{ FAULT_SQLITE_FILE, "SQLite's files", false, 50, 1 },
	{ FAULT_SQLITE_FILE, "SQLite's files, for good", true, 50, 1 },
	{ FAULT_SQLITE_MEMORY, "SQLite's memory", false, 200, 13 },
};

static void
integrity(const char *when)
{
	char path[4096];
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	const char *answer = "no answer";

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		answer = (const char *)sqlite3_column_text(stmt, 0);
	test_str(answer, "ok", "%s: integrity of the store", when);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
}

static void
run_case(size_t i)
{
	const int descriptors = host_descriptors(false);
	const long long start = host_now_us();
	unsigned wrong = 0;
	const unsigned long stride = getenv("SL_FAULTS") != NULL ? 1 : cases[i].stride;
	unsigned long n = 1;
	bool struck = true;

	while (struck && wrong < 5) {
		const char *what;
		const char *state;
		bool destroying;
		bool not_made;
		CK_RV rv;

		fault_arm(cases[i].kind, n, cases[i].stays);
		rv = scenario_run(&what, &destroying);
		struck = fault_disarm();
		if (!struck && rv != CKR_OK)
			test_bail("%s %lu: %s fails by itself: 0x%lx", cases[i].name, n, what, rv);
		/* Files that fail for good may keep what was written before; memory is no excuse. */
		not_made = cases[i].kind == FAULT_MEMORY && strcmp(what, "C_GenerateKeyPair") == 0;
		state = rv == CKR_OK ? NULL : scenario_check(destroying, not_made);
		if (state != NULL) {
			test_note("%s %lu: %s 0x%lx, then: %s", cases[i].name, n, what, rv, state);
			wrong++;
		}
		n += stride;
	}
	test_eq(wrong, 0, "%s: the store is in its old or its new state each time", cases[i].name);
	test_ok(n > cases[i].least, "%s: about %lu calls", cases[i].name, n);
	test_eq((unsigned)host_descriptors(false), (unsigned)descriptors, "%s: no descriptor is left open", cases[i].name);
	test_note("%lld ms", (host_now_us() - start) / 1000);
	integrity(cases[i].name);
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	(void)setenv("SEEDLEAF_LOG", "off", 1);
	tpmtest_shell("seedleaf token persist owner --srk >/dev/null");
	host_config("[token owner]\nroot = tpm:0x81010001\n"
	            "[token endorsement]\nhide = yes\n[token platform]\nhide = yes\n[token null]\nhide = yes\n");
	fault_set_up();
	scenario_prepare();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i);
	test_eq(scenario_illegal(), 0, "no function said what it may not say, or wrote a result that is none");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
