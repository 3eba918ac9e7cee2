/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdlib.h>
#include <string.h>

/*
 * login = explicit. Programs such as ssh-add log in with one PIN to every token that says CKF_LOGIN_REQUIRED; on all but one of them it is wrong, and the
 * TPM counts. Such a token does not say so, and is as closed as any other until somebody logs in.
 */
enum { SLOT_PLAIN = SLOT_FIRST_ADDED, SLOT_EXPLICIT };
#define PIN_PLAIN "pin of plain"
#define PIN_EXPLICIT "pin of explicit"

static CK_FLAGS
flags(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;

	if (p11->C_GetTokenInfo(slot, &info) != CKR_OK)
		test_bail("C_GetTokenInfo");
	return info.flags;
}

/* What ssh-add -s does with the PIN that it was given. */
static unsigned
log_in_everywhere(const char *pin)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = LEN(slots);
	unsigned logins = 0;

	if (p11->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		test_bail("C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++) {
		const CK_SESSION_HANDLE s = mod_open(slots[i], true);

		if ((flags(slots[i]) & CKF_LOGIN_REQUIRED) != 0 && ++logins != 0)
			(void)mod_login(s, CKU_USER, pin);
		mod_close(s);
	}
	return logins;
}

static CK_ULONG
private_keys(CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY) };

	return mod_find(s, template, LEN(template), NULL, 0);
}

/* Another process, with SEEDLEAF_LOGIN. */
static int
asked(void)
{
	CK_FLAGS got;

	mod_init();
	got = flags(SLOT_EXPLICIT);
	mod_fini();
	return (got & CKF_LOGIN_REQUIRED) != 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	CK_SESSION_HANDLE s;

	mod_begin(argv);
	if (argc > 1)
		return asked();
	mod_config("[token plain]\nroot = tpm:owner\n[token explicit]\nroot = tpm:owner\nlogin = explicit\n");
	mod_declare("key", "label = key\ntoken = explicit\ntype = ec:P-256\n");
	mod_init();
	test_eq(flags(SLOT_EXPLICIT) & (CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED), CKF_USER_PIN_INITIALIZED, "without a PIN: as every token");
	mod_guard(SLOT_PLAIN, PIN_PLAIN);
	mod_guard(SLOT_EXPLICIT, PIN_EXPLICIT);
	test_ok((flags(SLOT_PLAIN) & CKF_LOGIN_REQUIRED) != 0, "a token with a PIN says that a login is required");
	test_eq(flags(SLOT_EXPLICIT) & (CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED), CKF_USER_PIN_INITIALIZED, "login = explicit: it does not");
	test_eq(log_in_everywhere(PIN_PLAIN), 1, "a program with one PIN for all logs in to the other token only");
	test_eq(flags(SLOT_EXPLICIT) & CKF_USER_PIN_COUNT_LOW, 0, "and costs no try");
	s = mod_open(SLOT_EXPLICIT, true);
	test_eq(private_keys(s), 0, "the explicit token's private keys are not there");
	test_eq(mod_login(s, CKU_USER, PIN_PLAIN), CKR_PIN_INCORRECT, "the other's PIN opens nothing");
	test_eq(mod_login(s, CKU_USER, PIN_EXPLICIT), CKR_OK, "its own PIN does");
	test_eq(private_keys(s), 1, "then the key is there");
	mod_close(s);
	mod_fini();
	if (setenv("SEEDLEAF_LOGIN", "explicit", 1) != 0)
		test_bail("setenv");
	test_eq(mod_other("asked"), 0, "with SEEDLEAF_LOGIN it says that a login is required");
	return test_done();
}
