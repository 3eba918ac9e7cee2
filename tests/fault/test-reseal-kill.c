/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fault/fault.h"
#include "lib/host.h"
#include "root/tpmtest.h"
#include "token/reseal.h"

#include <signal.h>
#include <string.h>

/*
 * A process that reseals a token is killed before each command it sends to the TPM and before each change of the store's files, one after the other. Whatever
 * the moment: PINs and keys of the present state are as they were, and for the state to come there is everything or nothing.
 */
#define ACTS_MAX 1000
#define SLOT 4
#define KEYS 3
#define SO "the SO's PIN"
#define USER "the user's PIN"

/* SHA-256 over register 16 after one extension by 32 bytes of 11. */
static const uint8_t next[32] = {
	0x12, 0x7e, 0x49, 0x00, 0xfe, 0xeb, 0xf5, 0x3b, 0xb6, 0x1e, 0xcc, 0x03, 0xd9, 0xa6, 0x28, 0xda,
	0x77, 0x0e, 0x4f, 0x8e, 0xf6, 0x5c, 0xfd, 0x6d, 0x40, 0x85, 0x2c, 0xd9, 0xa5, 0x53, 0xb3, 0xd5,
};

/* What tests/lib/host.c calls, in the objects whose calls are counted. */
static CK_FUNCTION_LIST linked = {
	.C_GenerateKeyPair = C_GenerateKeyPair, .C_FindObjectsInit = C_FindObjectsInit, .C_FindObjects = C_FindObjects,
	.C_FindObjectsFinal = C_FindObjectsFinal, .C_SignInit = C_SignInit, .C_Sign = C_Sign, .C_VerifyInit = C_VerifyInit, .C_Verify = C_Verify,
};

static CK_RV
login(CK_USER_TYPE who, const char *pin, CK_SESSION_HANDLE *ret_session)
{
	CK_BYTE room[64];
	CK_RV rv = C_OpenSession(SLOT, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session);

	memcpy(room, pin, strlen(pin));
	return rv == CKR_OK ? C_Login(*ret_session, who, room, strlen(pin)) : rv;
}

/* PINs, and keys that are sealed under them. */
static int
prepare(void *unused)
{
	CK_BYTE so[] = SO;
	CK_BYTE user[] = USER;
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_RV rv;

	(void)unused;
	memset(label, ' ', sizeof(label));
	if (C_Initialize(NULL) != CKR_OK || C_InitToken(SLOT, so, sizeof(so) - 1, label) != CKR_OK || login(CKU_SO, SO, &session) != CKR_OK ||
	    C_InitPIN(session, user, sizeof(user) - 1) != CKR_OK || C_CloseSession(session) != CKR_OK || login(CKU_USER, USER, &session) != CKR_OK)
		return 1;
	for (int i = 0; i < KEYS; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "key %d", i);
		if ((rv = host_pair(&linked, session, name, true, NULL, &key)) != CKR_OK)
			return 2;
	}
	return 0;
}

/* The keys sign for the user, and the SO's PIN is right. */
static int
use(void *unused)
{
	CK_SESSION_HANDLE session;
	int missing = 0;

	(void)unused;
	if (C_Initialize(NULL) != CKR_OK || login(CKU_USER, USER, &session) != CKR_OK)
		return 1;
	for (int i = 0; i < KEYS; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "key %d", i);
		missing += host_use(&linked, session, name) != CKR_OK;
	}
	if (missing != 0)
		return 10 + missing;
	return C_CloseSession(session) == CKR_OK && login(CKU_SO, SO, &session) == CKR_OK ? 0 : 2;
}

static enum sl_err
reseal(struct sl_instance *instance)
{
	const struct sl_policy_spec *now = &instance->tokens[SLOT]->config->root.policy;
	struct sl_policy_spec to = { .kind = SL_POLICY_PCR, .bank = now->bank, .pcrs = now->pcrs, .has_digest = true };
	SL_CLEANUP(sl_reseal_close) struct sl_reseal *r = NULL;
	struct sl_msg msg = { "" };
	size_t removed;
	enum sl_err err;

	memcpy(to.digest, next, sizeof(next));
	if ((err = sl_reseal_open(instance->tokens[SLOT], &to, NULL, &r, &msg)) != SL_OK ||
	    (err = sl_reseal_pin(r, SL_PIN_SO, (struct sl_part){ SO, strlen(SO) })) != SL_OK ||
	    (err = sl_reseal_pin(r, SL_PIN_USER, (struct sl_part){ USER, strlen(USER) })) != SL_OK)
		return err;
	return sl_reseal_run(r, false, &removed, &msg);
}

struct job {
	enum fault_kind kind;
	unsigned long nth; /* 0: to its end */
};

static int
do_job(void *arg)
{
	const struct job *job = arg;
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	struct sl_config *config = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err = sl_config_load(&config, &msg);

	if (err == SL_OK)
		err = sl_instance_open(SL_TAKE(config), &instance, &msg);
	if (err != SL_OK)
		return 1;
	if (job->nth != 0)
		fault_arm(job->kind, job->nth, false);
	err = reseal(instance);
	if (job->nth != 0 && fault_disarm())
		return err == SL_OK ? 4 : 3;
	return err == SL_OK ? 0 : 2;
}

/* What there is for the state to come: 0 nothing, 1 everything, 2 something. */
static int
count(void *unused)
{
	SL_CLEANUP(sl_store_close) struct sl_store *store = NULL;
	struct sl_store_pins roots[4];
	const struct sl_store_query every = { 0 };
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	SL_FREE int64_t *rows = NULL;
	struct sl_msg msg;
	size_t n_roots = 0;
	size_t n = 0;
	int64_t root;

	(void)unused;
	if (sl_store_open(getenv("SEEDLEAF_STORE"), &store, &msg) != SL_OK || sl_store_pins(store, "moved", roots, 4, &n_roots) != SL_OK)
		return 9;
	if (n_roots < 2)
		return 0;
	if (sl_store_root(store, "moved", &roots[1].root, false, &root) != SL_OK || sl_store_find(store, root, &every, &rows, &n) != SL_OK)
		return 9;
	return n == 2 * KEYS && sl_store_pin_row(store, root, &row) == SL_OK && row.so.blob != NULL && row.user.blob != NULL ? 1 : 2;
}

static void
restore(void)
{
	tpmtest_shell("rm -rf \"$SEEDLEAF_STORE\" && cp -R \"$SEEDLEAF_STORE.kept\" \"$SEEDLEAF_STORE\"");
}

/* Cut off everywhere, by death or by a failure. */
static void
cut(enum fault_kind kind, const char *what)
{
	const char *wrong = "";
	unsigned nothing = 0;
	unsigned everything = 0;
	unsigned long n;
	int status = -1;

	for (n = 1; n < ACTS_MAX && status != 0; n++) {
		struct job job = { kind, n };
		int found;

		status = host_in_child(do_job, &job);
		found = host_in_child(count, NULL);
		nothing += found == 0;
		everything += found == 1;
		if (status != 0 && status != 3 && status != 4 && status != 100 + SIGKILL)
			wrong = "it ended in another way";
		else if (found > 1)
			wrong = "there is something, and not everything";
		else if ((status == 0 || status == 4) && found != 1)
			wrong = "it said that it was done, and was not";
		else if (host_in_child(use, NULL) != 0)
			wrong = "the present state lost something";
		if (wrong[0] != '\0')
			break;
		if (found == 1)
			restore();
	}
	test_str(wrong, "", "%s before each of %lu acts", what, n - 1);
	test_ok(status == 0 && everything >= 1 && nothing > 10, "%s: at last it is done (%u times nothing, %u times everything)", what, nothing, everything);
}

int
main(int argc, char **argv)
{
	struct job whole = { FAULT_DEATH, 0 };

	(void)argc;
	tpmtest_begin(argv, NULL);
	fault_set_up();
	host_config("[token moved]\nroot = tpm:owner\npolicy = pcr:sha256:16\ngenerate = sealed\n");
	tpmtest_shell("tpm2_dictionarylockout -s -n 1000 -t 1000 -l 1000 >/dev/null");
	if (host_in_child(prepare, NULL) != 0 || host_in_child(use, NULL) != 0)
		test_bail("no keys");
	tpmtest_shell("cp -R \"$SEEDLEAF_STORE\" \"$SEEDLEAF_STORE.kept\"");
	cut(FAULT_DEATH, "killed");
	cut(FAULT_SQLITE_FILE, "failing files");
	restore();
	test_ok(host_in_child(do_job, &whole) == 0, "done");
	tpmtest_shell("tpm2_pcrextend 16:sha256=1111111111111111111111111111111111111111111111111111111111111111");
	test_ok(host_in_child(use, NULL) == 0, "and everything opens in the state to come");
	return test_done();
}
