/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Who is logged in, as PKCS#11 3.0 has it in sections 5.5 and 5.6: every state, every way into it and out of it, every refusal. */

#define SO "so pin"
#define PIN "user pin"
#define RO CKF_SERIAL_SESSION
#define RW (CKF_SERIAL_SESSION | CKF_RW_SESSION)

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin)
{
	return p11->C_Login(s, user, (CK_BYTE *)(uintptr_t)pin, pin == NULL ? 0 : strlen(pin));
}

static CK_RV
init_token(CK_SLOT_ID slot, const char *pin)
{
	CK_BYTE label[32];

	memset(label, ' ', sizeof(label));
	memcpy(label, "a label", 7);
	return p11->C_InitToken(slot, (CK_BYTE *)(uintptr_t)pin, strlen(pin), label);
}

static CK_RV
init_pin(CK_SESSION_HANDLE s, const char *pin)
{
	return p11->C_InitPIN(s, (CK_BYTE *)(uintptr_t)pin, strlen(pin));
}

static CK_RV
set_pin(CK_SESSION_HANDLE s, const char *old, const char *fresh)
{
	return p11->C_SetPIN(s, (CK_BYTE *)(uintptr_t)old, strlen(old), (CK_BYTE *)(uintptr_t)fresh, strlen(fresh));
}

static CK_STATE
state(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info = { .state = 99 };

	if (p11->C_GetSessionInfo(s, &info) != CKR_OK)
		test_bail("C_GetSessionInfo");
	return info.state;
}

static CK_FLAGS
flags(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info = { .flags = 0 };

	if (p11->C_GetTokenInfo(slot, &info) != CKR_OK)
		test_bail("C_GetTokenInfo");
	return info.flags;
}

#define PIN_FLAGS (CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_TO_BE_CHANGED)

static void
without_pin(void)
{
	CK_SESSION_HANDLE s;

	mod_init();
	s = mod_open(SLOT_OWNER, true);
	test_eq(flags(SLOT_OWNER) & PIN_FLAGS, CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED, "without a PIN: usable as it is");
	test_eq(login(s, CKU_USER, PIN), CKR_USER_PIN_NOT_INITIALIZED, "nobody to log in");
	test_eq(login(s, CKU_SO, SO), CKR_USER_PIN_NOT_INITIALIZED, "nor a SO");
	test_eq(login(s, CKU_CONTEXT_SPECIFIC, PIN), CKR_OPERATION_NOT_INITIALIZED, "no operation asks for a PIN");
	test_eq(login(s, 77, PIN), CKR_USER_TYPE_INVALID, "no such user");
	test_eq(p11->C_Logout(s), CKR_USER_NOT_LOGGED_IN, "nobody to log out");
	test_eq(init_pin(s, PIN), CKR_USER_NOT_LOGGED_IN, "no SO to give a PIN");
	test_eq(set_pin(s, PIN, "another"), CKR_USER_PIN_NOT_INITIALIZED, "no PIN to change");
	test_eq(init_token(SLOT_OWNER, SO), CKR_SESSION_EXISTS, "C_InitToken: a session is open");
	mod_close(s);
	s = mod_open(SLOT_NULL, true);
	test_eq(init_token(SLOT_OWNER, "abc"), CKR_PIN_LEN_RANGE, "a SO PIN that is too short");
	test_eq(p11->C_InitToken(SLOT_OWNER, NULL, 0, (CK_BYTE *)(uintptr_t)"x"), CKR_ARGUMENTS_BAD, "no PIN: there is no key pad");
	test_eq(p11->C_InitToken(SLOT_OWNER, (CK_BYTE *)(uintptr_t)SO, 6, NULL), CKR_ARGUMENTS_BAD, "no label");
	test_eq(init_token(99, SO), CKR_SLOT_ID_INVALID, "no such slot");
	test_eq(init_token(SLOT_OWNER, SO), CKR_OK, "another token's session does not matter");
	mod_close(s);
	test_eq(flags(SLOT_OWNER) & PIN_FLAGS, CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED, "a SO and no user PIN");
	test_eq(flags(SLOT_NULL) & PIN_FLAGS, CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED, "the other tokens are as before");
}

static void
so(void)
{
	CK_SESSION_HANDLE rw = mod_open(SLOT_OWNER, true);
	CK_SESSION_HANDLE ro = mod_open(SLOT_OWNER, false);
	CK_SESSION_HANDLE more = 0;

	test_eq(state(rw), CKS_RW_PUBLIC_SESSION, "R/W public");
	test_eq(state(ro), CKS_RO_PUBLIC_SESSION, "R/O public");
	test_eq(login(rw, CKU_USER, PIN), CKR_USER_PIN_NOT_INITIALIZED, "no user PIN yet");
	test_eq(login(rw, CKU_SO, SO), CKR_SESSION_READ_ONLY_EXISTS, "a SO beside a read-only session");
	mod_close(ro);
	test_eq(login(rw, CKU_SO, "not it"), CKR_PIN_INCORRECT, "a wrong SO PIN");
	test_eq(login(rw, CKU_SO, NULL), CKR_ARGUMENTS_BAD, "no SO PIN");
	test_eq(login(rw, CKU_SO, SO), CKR_OK, "the SO");
	test_eq(state(rw), CKS_RW_SO_FUNCTIONS, "R/W SO");
	test_eq(p11->C_OpenSession(SLOT_OWNER, RO, NULL, NULL, &more), CKR_SESSION_READ_WRITE_SO_EXISTS, "no read-only session beside the SO");
	test_eq(login(rw, CKU_SO, SO), CKR_USER_ALREADY_LOGGED_IN, "the SO again");
	test_eq(login(rw, CKU_USER, PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "the user beside the SO");
	test_eq(p11->C_InitPIN(rw, NULL, 0), CKR_ARGUMENTS_BAD, "C_InitPIN without a PIN");
	test_eq(init_pin(rw, "123"), CKR_PIN_LEN_RANGE, "too short a user PIN");
	test_eq(init_pin(rw, PIN), CKR_OK, "C_InitPIN");
	test_eq(flags(SLOT_OWNER) & PIN_FLAGS, PIN_FLAGS, "a user PIN that should be changed");
	test_eq(set_pin(rw, SO, "new so pin"), CKR_OK, "C_SetPIN changes the SO's PIN while he is logged in");
	test_eq(p11->C_Logout(rw), CKR_OK, "logout");
	test_eq(state(rw), CKS_RW_PUBLIC_SESSION, "public again");
	test_eq(login(rw, CKU_SO, SO), CKR_PIN_INCORRECT, "the old SO PIN");
	test_eq(login(rw, CKU_SO, "new so pin"), CKR_OK, "the new one");
	test_eq(set_pin(rw, "new so pin", SO), CKR_OK, "and back");
	mod_close(rw);
}

static void
user(void)
{
	CK_SESSION_HANDLE rw = mod_open(SLOT_OWNER, true);
	CK_SESSION_HANDLE ro = mod_open(SLOT_OWNER, false);
	CK_SESSION_HANDLE other;

	test_eq(state(rw), CKS_RW_PUBLIC_SESSION, "closing the last session logged the SO out");
	test_eq(init_pin(rw, PIN), CKR_USER_NOT_LOGGED_IN, "C_InitPIN without the SO");
	test_eq(set_pin(ro, PIN, "second"), CKR_SESSION_READ_ONLY, "C_SetPIN in a read-only session");
	test_eq(set_pin(rw, "not it", "second"), CKR_PIN_INCORRECT, "C_SetPIN with a wrong old PIN");
	test_eq(set_pin(rw, PIN, "123"), CKR_PIN_LEN_RANGE, "and with too short a new one");
	test_eq(p11->C_SetPIN(rw, NULL, 0, (CK_BYTE *)(uintptr_t)PIN, 8), CKR_ARGUMENTS_BAD, "and with none");
	test_eq(set_pin(rw, PIN, "second"), CKR_OK, "the user's PIN is changed in a public session");
	test_eq(flags(SLOT_OWNER) & CKF_USER_PIN_TO_BE_CHANGED, 0, "which it should have been");
	test_eq(login(ro, CKU_USER, PIN), CKR_PIN_INCORRECT, "the old PIN");
	test_eq(login(ro, CKU_USER, "second"), CKR_OK, "the new one, in a read-only session");
	test_eq(state(ro), CKS_RO_USER_FUNCTIONS, "R/O user");
	test_eq(state(rw), CKS_RW_USER_FUNCTIONS, "and R/W user: a login is the token's");
	other = mod_open(SLOT_OWNER, true);
	test_eq(state(other), CKS_RW_USER_FUNCTIONS, "a session that is opened later, too");
	mod_close(other);
	other = mod_open(SLOT_NULL, true);
	test_eq(state(other), CKS_RW_PUBLIC_SESSION, "another token's is not");
	mod_close(other);
	test_eq(login(rw, CKU_USER, "second"), CKR_USER_ALREADY_LOGGED_IN, "the user again");
	test_eq(login(rw, CKU_SO, SO), CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "the SO beside the user");
	test_eq(init_pin(rw, PIN), CKR_USER_NOT_LOGGED_IN, "the user is not the SO");
	test_eq(init_token(SLOT_OWNER, SO), CKR_SESSION_EXISTS, "C_InitToken while somebody is there");
	test_eq(set_pin(rw, "second", PIN), CKR_OK, "C_SetPIN by the user");
	test_eq(state(rw), CKS_RW_USER_FUNCTIONS, "who stays logged in");
	test_eq(p11->C_CloseAllSessions(SLOT_OWNER), CKR_OK, "C_CloseAllSessions");
	ro = mod_open(SLOT_OWNER, false);
	test_eq(state(ro), CKS_RO_PUBLIC_SESSION, "logs out");
	test_eq(login(ro, CKU_USER, ""), CKR_PIN_INCORRECT, "an empty PIN");
	mod_close(ro);
}

/* What was under way when somebody logs out is ended, in every session. */
static void
logout_ends(void)
{
	CK_MECHANISM digest = { CKM_SHA256, NULL, 0 };
	CK_SESSION_HANDLE a = mod_open(SLOT_OWNER, true);
	CK_SESSION_HANDLE b = mod_open(SLOT_OWNER, false);
	CK_OBJECT_HANDLE found;
	CK_ULONG n;

	test_eq(login(a, CKU_USER, PIN), CKR_OK, "logged in");
	test_eq(p11->C_DigestInit(b, &digest), CKR_OK, "an operation in another session");
	test_eq(p11->C_FindObjectsInit(b, NULL, 0), CKR_OK, "and a search");
	test_eq(p11->C_Logout(a), CKR_OK, "logout");
	test_eq(p11->C_DigestUpdate(b, (CK_BYTE *)(uintptr_t)"x", 1), CKR_OPERATION_NOT_INITIALIZED, "ends the operation");
	test_eq(p11->C_FindObjects(b, &found, 1, &n), CKR_OPERATION_NOT_INITIALIZED, "and the search");
	test_eq(p11->C_DigestInit(b, &digest), CKR_OK, "and the session goes on");
	test_eq(p11->C_Logout(b), CKR_USER_NOT_LOGGED_IN, "once");
	test_eq(p11->C_DigestUpdate(b, (CK_BYTE *)(uintptr_t)"x", 1), CKR_OK, "a logout that was none ends nothing");
	mod_close(a);
	mod_close(b);
}

/* Logins come and go in one thread while others work: each call says one of two things, and nothing is left of either. */
static unsigned stop; /* atomic */

static void *
works(void *unused)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, false);
	CK_MECHANISM digest = { CKM_SHA256, NULL, 0 };
	uintptr_t strange = 0;

	(void)unused;
	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
		CK_BYTE out[32];
		CK_ULONG len = sizeof(out);
		CK_RV rv = p11->C_DigestInit(s, &digest);

		if (rv == CKR_OK)
			rv = p11->C_Digest(s, (CK_BYTE *)(uintptr_t)"x", 1, out, &len);
		strange += rv != CKR_OK && rv != CKR_OPERATION_NOT_INITIALIZED;
	}
	mod_close(s);
	return (void *)strange;
}

static void
while_working(void)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);
	pthread_t threads[3];
	unsigned bad = 0;

	for (size_t i = 0; i < LEN(threads); i++)
		if (pthread_create(&threads[i], NULL, works, NULL) != 0)
			test_bail("a thread");
	for (int i = 0; i < 10; i++)
		bad += login(s, CKU_USER, PIN) != CKR_OK || p11->C_Logout(s) != CKR_OK;
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (size_t i = 0; i < LEN(threads); i++) {
		void *strange;

		(void)pthread_join(threads[i], &strange);
		bad += (unsigned)(uintptr_t)strange;
	}
	test_eq(bad, 0, "ten logins and logouts while three threads hash");
	test_eq(state(s), CKS_RW_PUBLIC_SESSION, "public at the end");
	mod_close(s);
}

/* Another process (the same program) initializes the token while we are logged in: what we hold is worth nothing, and we are told. */
static int
other_process(const char *what)
{
	mod_init();
	if (strcmp(what, "reset") == 0)
		return init_token(SLOT_OWNER, SO) == CKR_OK ? 0 : 1;
	if (strcmp(what, "public") == 0) {
		const CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);

		return state(s) == CKS_RW_PUBLIC_SESSION ? 0 : 1;
	}
	return 2;
}

static void
forced_out(void)
{
	CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);
	CK_MECHANISM digest = { CKM_SHA256, NULL, 0 };

	test_eq(login(s, CKU_USER, PIN), CKR_OK, "logged in");
	test_eq(mod_other("public"), 0, "another process is not");
	test_eq(p11->C_DigestInit(s, &digest), CKR_OK, "an operation");
	test_eq(mod_other("reset"), 0, "another process initializes the token");
	test_eq(state(s), CKS_RW_PUBLIC_SESSION, "which logs us out");
	test_eq(p11->C_DigestUpdate(s, (CK_BYTE *)(uintptr_t)"x", 1), CKR_OPERATION_NOT_INITIALIZED, "and ends the operation");
	test_eq(p11->C_Logout(s), CKR_USER_NOT_LOGGED_IN, "nobody to log out");
	test_eq(login(s, CKU_USER, PIN), CKR_USER_PIN_NOT_INITIALIZED, "the user has no PIN any more");
	mod_close(s);
}

static bool
lists_profile(CK_SESSION_HANDLE s, CK_ULONG profile)
{
	const CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_PROFILE), T_ULONG(CKA_PROFILE_ID, profile) };

	return mod_find(s, template, LEN(template), NULL, 0) == 1;
}

static void
profile(void)
{
	CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);

	test_ok(!lists_profile(s, CKP_AUTHENTICATION_TOKEN) && lists_profile(s, CKP_BASELINE_PROVIDER), "no authentication token without a user PIN");
	test_eq(login(s, CKU_SO, SO), CKR_OK, "the SO");
	test_eq(init_pin(s, PIN), CKR_OK, "gives one");
	test_ok(lists_profile(s, CKP_AUTHENTICATION_TOKEN), "now it is one");
	mod_close(s);
}

int
main(int argc, char **argv)
{
	mod_begin(argv);
	if (argc > 1)
		return other_process(argv[1]);
	if (system("tpm2_dictionarylockout -s -n 100 -t 1000 -l 1000") != 0)
		test_bail("tpm2_dictionarylockout");
	without_pin();
	so();
	user();
	logout_ends();
	while_working();
	forced_out();
	profile();
	mod_fini();
	return test_done();
}
