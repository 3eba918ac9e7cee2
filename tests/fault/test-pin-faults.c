/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fault/fault.h"
#include "lib/files.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Every allocation of a function that has to do with PINs fails once, and from then on for ever; SQLite's, too. What is said is legal, and the PIN, the login and what is
 * stored are as before or as asked for. (Leaks are what the build with the address sanitizer finds.)
 */
#define SO "the SO's PIN"
#define USER "the user's PIN"
#define FRESH "a fresh PIN"
#define DECLARED "label = declared\ntype = ec:P-256\n"
#define PRIVATE 2 /* the root, the declared key */
#define PAIR(pin) (CK_BYTE *)(uintptr_t)(pin), sizeof(pin) - 1

static CK_SESSION_HANDLE s;

static void
must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		test_bail("%s: 0x%lx", what, rv);
}

static CK_RV
init_token(void)
{
	CK_UTF8CHAR label[] = "faults                          ";

	return C_InitToken(0, PAIR(SO), label);
}

static CK_RV
count(CK_ULONG *ret_n)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = { { CKA_PRIVATE, &yes, 1 } };
	CK_OBJECT_HANDLE found[16];
	CK_RV rv = C_FindObjectsInit(s, template, 1);

	if (rv == CKR_OK && (rv = C_FindObjects(s, found, 16, ret_n)) == CKR_OK)
		rv = C_FindObjectsFinal(s);
	return rv;
}

/* A private data object on the token. */
static CK_RV
make(CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE text[] = "what it holds";
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 }, { CKA_PRIVATE, &yes, 1 }, { CKA_VALUE, text, sizeof(text) } };

	return C_CreateObject(s, template, 4, ret_object);
}

static void
open_session(void)
{
	must(C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s), "C_OpenSession");
}

static CK_STATE
state(void)
{
	CK_SESSION_INFO info = { .state = 99 };

	must(C_GetSessionInfo(s, &info), "C_GetSessionInfo");
	return info.state;
}

/* Each begins and ends with the user's PIN being USER and nobody logged in, unless it says otherwise. before: no faults. */
static CK_OBJECT_HANDLE made;

static void
as_user(void)
{
	must(C_Login(s, CKU_USER, PAIR(USER)), "the user's login");
}

static void
as_so(void)
{
	must(C_Login(s, CKU_SO, PAIR(SO)), "the SO's login");
}

static void
nothing(void)
{
}

static CK_RV
log_in(void)
{
	return C_Login(s, CKU_USER, PAIR(USER));
}

static bool
logged_in(CK_RV rv)
{
	CK_ULONG n = 99;

	if (state() != (rv == CKR_OK ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION) || count(&n) != CKR_OK || n != (rv == CKR_OK ? PRIVATE : 0U))
		return false;
	return rv != CKR_OK || C_Logout(s) == CKR_OK;
}

static CK_RV
log_out(void)
{
	return C_Logout(s);
}

/* A logout takes place. */
static bool
logged_out(CK_RV rv)
{
	CK_ULONG n = 99;

	return rv == CKR_OK && state() == CKS_RW_PUBLIC_SESSION && count(&n) == CKR_OK && n == 0;
}

static CK_RV
set_pin(void)
{
	return C_SetPIN(s, PAIR(USER), PAIR(FRESH));
}

static bool
pin_set(CK_RV rv)
{
	CK_RV back = C_SetPIN(s, PAIR(FRESH), PAIR(USER));

	/* What was written and not said: possible for files that fail, not for memory. */
	if (rv != CKR_OK)
		return back == CKR_PIN_INCORRECT && C_SetPIN(s, PAIR(USER), PAIR(USER)) == CKR_OK;
	return back == CKR_OK;
}

static CK_RV
init_pin(void)
{
	return C_InitPIN(s, PAIR(FRESH));
}

static bool
pin_inited(CK_RV rv)
{
	if (state() != CKS_RW_SO_FUNCTIONS || C_Logout(s) != CKR_OK)
		return false;
	if (C_Login(s, CKU_USER, rv == CKR_OK ? (CK_BYTE *)(uintptr_t)FRESH : (CK_BYTE *)(uintptr_t)USER, rv == CKR_OK ? sizeof(FRESH) - 1 : sizeof(USER) - 1) != CKR_OK)
		return false;
	return (rv != CKR_OK || C_SetPIN(s, PAIR(FRESH), PAIR(USER)) == CKR_OK) && C_Logout(s) == CKR_OK;
}

static CK_RV
make_data(void)
{
	made = 0;
	return make(&made);
}

static bool
data_made(CK_RV rv)
{
	CK_ULONG n = 99;

	if (count(&n) != CKR_OK || n != (rv == CKR_OK ? PRIVATE + 1U : (CK_ULONG)PRIVATE) || (rv != CKR_OK && made != 0))
		return false;
	if (rv == CKR_OK && C_DestroyObject(s, made) != CKR_OK)
		return false;
	return C_Logout(s) == CKR_OK;
}

static void
close_session(void)
{
	must(C_CloseSession(s), "C_CloseSession");
}

/* Either all is there or all is new. */
static bool
initialized(CK_RV rv)
{
	CK_TOKEN_INFO info;
	bool fine = C_GetTokenInfo(0, &info) == CKR_OK && ((info.flags & CKF_USER_PIN_INITIALIZED) == 0) == (rv == CKR_OK);

	open_session();
	if (rv != CKR_OK)
		return fine && C_Login(s, CKU_USER, PAIR(USER)) == CKR_OK && C_Logout(s) == CKR_OK;
	return fine && C_Login(s, CKU_SO, PAIR(SO)) == CKR_OK && C_InitPIN(s, PAIR(USER)) == CKR_OK && C_Logout(s) == CKR_OK;
}

static const struct act {
	const char *name;
	void (*before)(void);
	CK_RV (*act)(void);
	bool (*check)(CK_RV rv);
	unsigned long least;
} acts[] = {
	{ "C_Login", nothing, log_in, logged_in, 2 },
	{ "C_Logout", as_user, log_out, logged_out, 0 },
	{ "C_SetPIN", as_user, set_pin, pin_set, 4 },
	{ "C_InitPIN", as_so, init_pin, pin_inited, 2 },
	{ "C_CreateObject, private data", as_user, make_data, data_made, 20 },
	{ "C_InitToken", close_session, init_token, initialized, 10 },
};

static bool
is_legal(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_GENERAL_ERROR ||
	       rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_MEMORY;
}

static void
run(const struct act *act, enum fault_kind kind, bool stays, unsigned long stride, const char *what)
{
	bool struck = true;
	unsigned long n = 0;

	for (unsigned long nth = 1; struck; nth += stride) {
		CK_RV rv;

		act->before();
		fault_arm(kind, nth, stays);
		rv = act->act();
		struck = fault_disarm();
		if (!struck && rv != CKR_OK)
			test_bail("%s fails by itself: 0x%lx", act->name, rv);
		if (!is_legal(rv))
			test_ok(false, "%s, %s %lu: 0x%lx", act->name, what, nth, rv);
		if (!act->check(rv)) {
			test_ok(false, "%s, %s %lu: 0x%lx, and then it is neither as before nor as asked for", act->name, what, nth, rv);
			test_bail("what comes after would say nothing");
		}
		if (strcmp(act->name, "C_SetPIN") == 0)
			must(C_Logout(s), "C_Logout");
		n = nth;
	}
	test_ok(n > act->least || kind != FAULT_MEMORY, "%s, %s: %lu calls", act->name, what, n);
}

int
main(int argc, char **argv)
{
	CK_ULONG n = 0;
	char conf[512];

	(void)argc;
	tpmtest_begin(argv, NULL);
	(void)setenv("SEEDLEAF_LOG", "off", 1);
	tpmtest_shell("seedleaf token persist owner --srk >/dev/null; tpm2_dictionarylockout -s -n 10000 -t 1 -l 1 >/dev/null");
	if (mkdir(test_path("keys"), 0700) != 0)
		test_bail("mkdir");
	(void)test_file("keys/declared.key", DECLARED, sizeof(DECLARED) - 1, 0600);
	(void)snprintf(conf, sizeof(conf), "keys-dir = %s\n[token owner]\nroot = tpm:0x81010001\n", test_path("keys"));
	host_config(conf);
	fault_set_up();
	must(C_Initialize(NULL), "C_Initialize");
	must(init_token(), "C_InitToken");
	open_session();
	as_so();
	must(C_InitPIN(s, PAIR(USER)), "C_InitPIN");
	must(C_Logout(s), "C_Logout");
	as_user();
	must(count(&n), "a look");
	test_eq(n, PRIVATE, "the root and a declared key");
	must(C_Logout(s), "C_Logout");
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		run(&acts[i], FAULT_MEMORY, false, 1, "memory");
		run(&acts[i], FAULT_MEMORY, true, 1, "memory for good");
		run(&acts[i], FAULT_SQLITE_MEMORY, false, 13, "SQLite's memory");
	}
	must(C_Finalize(NULL), "C_Finalize");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
