/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fault/fault.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/*
 * A process that sets PINs is killed before each command it sends to the TPM and before each change of the store's files, one after the other. Whatever
 * the moment: the old PIN works or the new one does, never neither; and a key is the same key, or gone for good where C_InitToken destroys it.
 */
#define ACTS_MAX 400
#define NV_INDEX "0x01c0fd00"

#define SO "the SO's PIN"
#define USER "the user's PIN"
#define FRESH "a fresh PIN"

enum act { INIT, INIT_AGAIN, INIT_PIN, RESET_PIN, SET_USER, SET_SO };
static const char *const acts[] = {
	[INIT] = "C_InitToken, first",        [INIT_AGAIN] = "C_InitToken, again",        [INIT_PIN] = "C_InitPIN, first",
	[RESET_PIN] = "C_InitPIN, again",     [SET_USER] = "C_SetPIN, the user's",        [SET_SO] = "C_SetPIN, the SO's",
};

/* What tests/lib/host.c calls, in the objects whose calls are counted. */
static CK_FUNCTION_LIST linked = {
	.C_GenerateKeyPair = C_GenerateKeyPair, .C_FindObjectsInit = C_FindObjectsInit, .C_FindObjects = C_FindObjects,
	.C_FindObjectsFinal = C_FindObjectsFinal, .C_SignInit = C_SignInit, .C_Sign = C_Sign, .C_VerifyInit = C_VerifyInit, .C_Verify = C_Verify,
};

struct job {
	enum act act;
	CK_SLOT_ID slot;
	unsigned long nth; /* 0: to its end */
};

static CK_RV
login(CK_SLOT_ID slot, CK_USER_TYPE who, const char *pin, CK_SESSION_HANDLE *ret_session)
{
	CK_BYTE room[64];
	CK_RV rv = C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session);

	memcpy(room, pin, strlen(pin));
	return rv == CKR_OK ? C_Login(*ret_session, who, room, strlen(pin)) : rv;
}

static CK_RV
init_token(CK_SLOT_ID slot)
{
	CK_BYTE so[] = SO;
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	memcpy(label, "killed", 6);
	return C_InitToken(slot, so, sizeof(so) - 1, label);
}

static CK_RV
set_pin(CK_SLOT_ID slot, CK_USER_TYPE who, const char *from, const char *to)
{
	CK_SESSION_HANDLE session;
	CK_BYTE a[64];
	CK_BYTE b[64];
	CK_RV rv = login(slot, who, from, &session);

	memcpy(a, from, strlen(from));
	memcpy(b, to, strlen(to));
	return rv == CKR_OK ? C_SetPIN(session, a, strlen(from), b, strlen(to)) : rv;
}

static CK_RV
init_pin(CK_SLOT_ID slot, const char *pin)
{
	CK_SESSION_HANDLE session;
	CK_BYTE room[64];
	CK_RV rv = login(slot, CKU_SO, SO, &session);

	memcpy(room, pin, strlen(pin));
	return rv == CKR_OK ? C_InitPIN(session, room, strlen(pin)) : rv;
}

static CK_RV
perform(enum act act, CK_SLOT_ID slot)
{
	switch (act) {
	case INIT:
	case INIT_AGAIN:
		return init_token(slot);
	case INIT_PIN:
	case RESET_PIN:
		return init_pin(slot, act == INIT_PIN ? USER : FRESH);
	case SET_USER:
		return set_pin(slot, CKU_USER, USER, FRESH);
	case SET_SO:
		return set_pin(slot, CKU_SO, SO, FRESH);
	}
	return CKR_GENERAL_ERROR;
}

/* In a process of its own: 0, or killed. */
static int
do_job(void *arg)
{
	const struct job *job = arg;
	CK_RV rv;

	if (C_Initialize(NULL) != CKR_OK)
		return 1;
	if (job->nth != 0)
		fault_arm(FAULT_DEATH, job->nth, false);
	rv = perform(job->act, job->slot);
	(void)fault_disarm();
	return rv == CKR_OK ? 0 : 2;
}

struct look {
	CK_SLOT_ID slot;
	CK_USER_TYPE who;
	const char *pin;
};

/* 0: the PIN is right; 10: it is wrong; 11: there is none. */
static int
try_pin(void *arg)
{
	const struct look *look = arg;
	CK_SESSION_HANDLE session;

	if (C_Initialize(NULL) != CKR_OK)
		return 1;
	switch (login(look->slot, look->who, look->pin, &session)) {
	case CKR_OK:
		return 0;
	case CKR_PIN_INCORRECT:
		return 10;
	case CKR_USER_PIN_NOT_INITIALIZED:
		return 11;
	default:
		return 2;
	}
}

/* 0: the private key signs and its public half agrees; 10: there is no such key; 2: there is, and it does not work. */
static int
use_key(void *arg)
{
	const struct look *look = arg;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	if (C_Initialize(NULL) != CKR_OK || login(look->slot, look->who, look->pin, &session) != CKR_OK)
		return 1;
	if (host_find(&linked, session, CKO_PRIVATE_KEY, "key", &key) == CKR_OBJECT_HANDLE_INVALID)
		return 10;
	return host_use(&linked, session, "key") == CKR_OK ? 0 : 2;
}

static int
make_key(void *arg)
{
	const struct look *look = arg;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	return C_Initialize(NULL) == CKR_OK && login(look->slot, look->who, look->pin, &session) == CKR_OK &&
	       host_pair(&linked, session, "key", true, NULL, &key) == CKR_OK ? 0 : 1;
}

static void
must(int (*body)(void *), void *arg, const char *what)
{
	const int status = host_in_child(body, arg);

	if (status != 0)
		test_bail("%s: %d", what, status);
}

static void
forgive(void)
{
	tpmtest_shell("tpm2_dictionarylockout --clear-lockout >/dev/null");
}

/* As it is before the act. */
static void
set_up(enum act act, CK_SLOT_ID slot)
{
	struct job init = { .act = INIT, .slot = slot };
	struct job user = { .act = INIT_PIN, .slot = slot };
	struct look look = { slot, CKU_USER, USER };

	tpmtest_shell("rm -rf \"$SEEDLEAF_STORE\"; tpm2_nvundefine -C o " NV_INDEX " >/dev/null 2>&1; tpm2_nvundefine -C o 0x01c0fd01 >/dev/null 2>&1; true");
	if (act == INIT)
		return;
	must(do_job, &init, "C_InitToken");
	if (act == INIT_PIN)
		return;
	must(do_job, &user, "C_InitPIN");
	must(make_key, &look, "the key");
}

static int
ask(CK_SLOT_ID slot, CK_USER_TYPE who, const char *pin)
{
	struct look look = { slot, who, pin };

	return host_in_child(try_pin, &look);
}

static int
key_with(CK_SLOT_ID slot, const char *pin)
{
	struct look look = { slot, CKU_USER, pin };

	return host_in_child(use_key, &look);
}

/* Does an act to its end, to see that it can be done. */
static bool
can(enum act act, CK_SLOT_ID slot)
{
	struct job job = { .act = act, .slot = slot };

	return host_in_child(do_job, &job) == 0;
}

/* What is wrong after the act was cut off, or NULL. *ret_done: something is another than before, by the act or by us. */
static const char *
survey(enum act act, CK_SLOT_ID slot, bool *ret_done)
{
	const bool so_is_new = act == SET_SO && ask(slot, CKU_SO, FRESH) == 0;
	const int so = so_is_new ? 0 : ask(slot, CKU_SO, SO);
	const int old = ask(slot, CKU_USER, USER);
	const bool user_is_new = (act == SET_USER || act == RESET_PIN) && old == 10 && ask(slot, CKU_USER, FRESH) == 0;
	int key;

	if (act == INIT) {
		*ret_done = so == 0;
		return so == 0 || (*ret_done = true, can(INIT, slot)) ? NULL : "cannot be initialised any more";
	}
	if (so != 0)
		return "no SO PIN works";
	if (act == INIT_PIN) {
		*ret_done = old == 0;
		return old == 0 || (*ret_done = true, can(INIT_PIN, slot)) ? NULL : "no user PIN can be set";
	}
	if (act == INIT_AGAIN && old == 11) {
		*ret_done = true;
		/* No user PIN: the SO gives one; then the old key is gone, or still the same one. */
		if (!can(INIT_PIN, slot))
			return "the SO cannot set a user PIN";
		key = key_with(slot, USER);
		return key == 0 || key == 10 ? NULL : "the old key is there and does not work";
	}
	*ret_done = act == SET_SO ? so_is_new : user_is_new;
	if (old != 0 && !user_is_new) {
		/* Between removing and setting, a box with its PINs in the TPM may have none: the SO has S still. */
		*ret_done = true;
		if (act != RESET_PIN || old != 11 || !can(RESET_PIN, slot))
			return "no user PIN works";
		return key_with(slot, FRESH) == 0 ? NULL : "the key is lost";
	}
	return key_with(slot, user_is_new ? FRESH : USER) == 0 ? NULL : "the key is lost";
}

/* One act, cut off everywhere. */
static void
cut(enum act act, CK_SLOT_ID slot, const char *where)
{
	const char *wrong = NULL;
	unsigned long n;
	bool changed = true;
	unsigned before = 0;
	int status = 100 + SIGKILL;

	for (n = 1; n < ACTS_MAX && wrong == NULL && status != 0; n++) {
		struct job job = { .act = act, .slot = slot, .nth = n };

		if (changed)
			set_up(act, slot);
		status = host_in_child(do_job, &job);
		if (status != 0 && status != 100 + SIGKILL) {
			wrong = "the act failed";
			break;
		}
		changed = false;
		wrong = survey(act, slot, &changed);
		before += changed ? 0 : 1;
		forgive();
	}
	test_str(wrong == NULL ? "" : wrong, "", "%s, %s: killed before each of %lu acts", acts[act], where, n - 2);
	test_ok(status == 0 && changed, "%s, %s: at last it is done", acts[act], where);
	test_note("%u times nothing had changed", before);
}

int
main(int argc, char **argv)
{
	static const char *const where[] = { "PINs in the store", "PINs in the TPM" };

	(void)argc;
	tpmtest_begin(argv, NULL);
	fault_set_up();
	host_config("[token a]\nroot = tpm:owner\n[token b]\nroot = tpm:owner\npin-store = nv:" NV_INDEX "\n");
	tpmtest_shell("tpm2_dictionarylockout -s -n 1000 -t 1000 -l 1000 >/dev/null");
	for (CK_SLOT_ID slot = 4; slot < 6; slot++)
		for (enum act act = INIT; act <= SET_SO; act++)
			cut(act, slot, where[slot - 4]);
	return test_done();
}
