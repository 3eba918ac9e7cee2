/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The function list, and every function of it in the hands of a careless caller. */

#define NO_SESSION 0x7fffffffUL
#define NO_SLOT 999UL
#define ABSURD ((CK_ULONG)-1)

static CK_BYTE bytes[64];
static CK_BYTE room[64];
static CK_ULONG number;
static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
static CK_MECHANISM no_mechanism = { 0x7ffffffe, NULL, 0 };
static CK_ATTRIBUTE one[] = { T_ULONG(CKA_CLASS, CKO_DATA) };

/* One call: s is its session, slot its slot. */
struct call {
	const char *name;
	CK_RV (*run)(CK_SESSION_HANDLE s, CK_SLOT_ID slot);
	CK_RV rv; /* with a good session and slot */
};

#define CALL(fn, rv, args) \
	static CK_RV \
	call_##fn(CK_SESSION_HANDLE s, CK_SLOT_ID slot) \
	{ \
		(void)s; \
		(void)slot; \
		return p11->fn args; \
	}
#include "module/calls.inc"
#undef CALL

#define CALL(fn, rv, args) { #fn, call_##fn, rv },
static const struct call calls[] = {
#include "module/calls.inc"
};
#undef CALL

/* Careless ones: NULL pointers where bytes, lengths and handles belong, absurd lengths. All with a good session and slot. */
struct careless {
	const char *name;
	CK_RV (*run)(CK_SESSION_HANDLE s, CK_SLOT_ID slot);
	CK_RV rv;
};

#define BAD(id, what, rv, expr) \
	static CK_RV \
	bad_##id(CK_SESSION_HANDLE s, CK_SLOT_ID slot) \
	{ \
		(void)s; \
		(void)slot; \
		return expr; \
	}
#include "module/careless.inc"
#undef BAD

#define BAD(id, what, rv, expr) { what, bad_##id, rv },
static const struct careless careless[] = {
#include "module/careless.inc"
};
#undef BAD

static void
check_list(void)
{
	void *entries[68];
	char want[256] = "";
	char got[256] = "";
	char command[4096];
	FILE *f;

	test_eq(p11->version.major, 2, "list version, major");
	test_eq(p11->version.minor, 40, "list version, minor");
	test_eq(sizeof(*p11), sizeof(void *) + sizeof(entries), "68 entries");
	memcpy(entries, (const char *)p11 + sizeof(void *), sizeof(entries));
	for (size_t i = 0; i < LEN(entries); i++)
		if (entries[i] == NULL)
			test_ok(false, "entry %zu is not NULL", i);
	test_eq(p11->C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD, "C_GetFunctionList(NULL)");
	(void)snprintf(command, sizeof(command), "nm -D --defined-only '%s' | awk '{ print $NF }'", getenv("SEEDLEAF_MODULE"));
	f = popen(command, "r");
	if (f == NULL || fread(got, 1, sizeof(got) - 1, f) == 0 || pclose(f) != 0)
		test_bail("nm");
	(void)snprintf(command, sizeof(command), "%s/tests/data/exports", getenv("SL_SRC"));
	f = fopen(command, "re");
	if (f == NULL || fread(want, 1, sizeof(want) - 1, f) == 0 || fclose(f) != 0)
		test_bail("%s", command);
	test_str(got, want, "nothing is exported but tests/data/exports");
}

int
main(int argc, char **argv)
{
	CK_SESSION_HANDLE s;

	(void)argc;
	mod_begin(argv);
	check_list();
	/* All but C_Initialize and C_GetFunctionList. */
	test_eq(LEN(calls), 66, "the table has every function");
	for (size_t i = 0; i < LEN(calls); i++)
		test_eq(calls[i].run(NO_SESSION, SLOT_OWNER), CKR_CRYPTOKI_NOT_INITIALIZED, "%s before C_Initialize", calls[i].name);
	for (size_t i = 0; i < LEN(careless); i++)
		test_eq(careless[i].run(NO_SESSION, SLOT_OWNER), strstr(careless[i].name, "reserved") != NULL ? CKR_ARGUMENTS_BAD :
		        CKR_CRYPTOKI_NOT_INITIALIZED, "%s, before C_Initialize", careless[i].name);

	mod_init();
	for (size_t i = 0; i < LEN(calls); i++) {
		const CK_RV rv = calls[i].run(NO_SESSION, NO_SLOT);

		/* C_Finalize is the last of the table. */
		test_ok(rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SLOT_ID_INVALID || calls[i].rv == rv, "%s of nothing: 0x%lx",
		        calls[i].name, rv);
	}
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	for (size_t i = 0; i < LEN(careless); i++) {
		/* Operations must not pile up. */
		test_eq(careless[i].run(s, SLOT_OWNER), careless[i].rv, "%s", careless[i].name);
		mod_close(s);
		s = mod_open(SLOT_OWNER, true);
	}
	for (size_t i = 0; i < LEN(calls); i++) {
		test_eq(calls[i].run(s, SLOT_OWNER), calls[i].rv, "%s", calls[i].name);
		if (strstr(calls[i].name, "Close") != NULL)
			s = mod_open(SLOT_OWNER, true);
	}
	mod_init();
	mod_fini();
	return test_done();
}
