/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"
#include "root/tpm_nvcommand.h"

#include <string.h>
#include <time.h>

/*
 * Secrets in NV indices with a TPM and a connection that fail, and with somebody in between: what was there is there
 * still, as it was or as it was to become; a wrong auth is reported only where the auth was wrong.
 */

#define INDEX 0x01800300U

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER,
	                                  .name_space = (char *)(uintptr_t)"nv faults" };
static struct sl_secret first;
static struct sl_secret second;
static struct sl_secret auth;
static struct sl_secret fresh;
static struct sl_msg why;

enum way { CREATE, READ, WRITE, CHANGE, REMOVE, WAYS };
static const char *const names[WAYS] = { "create", "read", "write", "change", "remove" };
#define SALT "ReadPublic 1", "CreatePrimary 1", "StartAuthSession 1", "FlushContext 1"
static const char *const steps[WAYS][9] = {
	{ "NV_ReadPublic 1", SALT, "NV_DefineSpace 1", "NV_Write 1" },
	{ SALT, "NV_ReadPublic 1", "NV_Read 1" },
	{ SALT, "NV_ReadPublic 1", "NV_Write 1" },
	{ SALT, "NV_ReadPublic 1", "PolicyAuthValue 1", "PolicyCommandCode 1", "NV_ChangeAuth 1" },
	{ "NV_ReadPublic 1", SALT, "NV_UndefineSpace 1" },
};

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum sl_err
run(enum way way, const struct sl_secret *with, struct sl_secret *ret_got)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	enum sl_err err = SL_ERR_ARG;

	switch (way) {
	case CREATE:
		err = sl_root_nv_create(root, INDEX, with, &first);
		break;
	case READ:
		err = sl_root_nv_read(root, INDEX, with, ret_got);
		break;
	case WRITE:
		err = sl_root_nv_write(root, INDEX, with, &second);
		break;
	case CHANGE:
		err = sl_root_nv_change(root, INDEX, with, &fresh);
		break;
	default:
		err = sl_root_nv_remove(root, INDEX);
		break;
	}
	sl_device_trouble(device, &why);
	tpmtest_close(&root, &device);
	return err;
}

/* Without faults. 1 or 2: which secret; 0: none there; -1: neither, or the auth does not open it. */
static int
holds(const struct sl_secret *with)
{
	SL_SECRET got = { 0 };
	const enum sl_err err = run(READ, with, &got);

	if (err != SL_OK)
		return err == SL_ERR_NOT_FOUND ? 0 : -1;
	if (sl_secret_equal(got.bytes, got.len, first.bytes, first.len))
		return 1;
	return sl_secret_equal(got.bytes, got.len, second.bytes, second.len) ? 2 : -1;
}

static void
reset(enum way way)
{
	if (run(REMOVE, NULL, NULL) != SL_OK || (way != CREATE && run(CREATE, &auth, NULL) != SL_OK))
		test_bail("cannot begin again: %s", why.text);
}

/* Old or new, by the old auth or by the new one; when the call said that it is done, new. */
static bool
is_whole(enum way way, enum sl_err err)
{
	const int old_way = holds(&auth);
	const int new_way = way == CHANGE ? holds(&fresh) : -1;

	switch (way) {
	case CREATE:
		return err == SL_OK ? old_way == 1 : old_way == 0 || old_way == 1;
	case READ:
		return old_way == 1;
	case WRITE:
		return err == SL_OK ? old_way == 2 : old_way == 1 || old_way == 2;
	case CHANGE:
		return err == SL_OK ? new_way == 1 : (old_way == 1) != (new_way == 1);
	default:
		return err == SL_OK ? old_way == 0 : old_way == 0 || old_way == 1;
	}
}

/* One call under a rule. SL_ERR_COUNT_: it gave a wrong secret, or broke what was there. */
static enum sl_err
under(enum way way, const char *rule)
{
	SL_SECRET got = { 0 };
	struct sl_msg trouble;
	enum sl_err err;

	reset(way);
	tpmtest_rules(rule);
	err = run(way, &auth, &got);
	tpmtest_rules("");
	trouble = why;
	if (err != SL_OK && got.bytes != NULL)
		return SL_ERR_COUNT_;
	if (err == SL_OK && way == READ && !sl_secret_equal(got.bytes, got.len, first.bytes, first.len))
		return SL_ERR_COUNT_;
	if (!is_whole(way, err))
		return SL_ERR_COUNT_;
	why = trouble;
	return err;
}

static void
means(enum way way, const char *rule, enum sl_err want, const char *words)
{
	const double start = now();

	test_eq(under(way, rule), want, "%s: %s: %s", names[way], rule, why.text);
	test_ok(words == NULL || strstr(why.text, words) != NULL, "which is said");
	test_ok(now() - start < 15, "in bounded time");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
meanings(void)
{
	means(CREATE, "rc NV_DefineSpace 1 0x920", SL_OK, NULL);
	means(CREATE, "rc NV_DefineSpace all 0x920", SL_ERR_BUSY, "slows down");
	means(CREATE, "rc NV_DefineSpace 1 0x923", SL_OK, NULL);
	means(CREATE, "rc NV_DefineSpace 1 0x14b", SL_ERR_DEVICE, "no room left");
	means(CREATE, "rc NV_DefineSpace 1 0x14c", SL_ERR_EXISTS, "there already");
	means(CREATE, "rc NV_DefineSpace 1 0x9a2", SL_OK, NULL); /* the session could have been stale */
	means(CREATE, "rc NV_DefineSpace all 0x9a2", SL_ERR_ACCESS, "authorization of the hierarchy");
	means(CREATE, "rc NV_Write all 0x148", SL_ERR_ACCESS, "locked");
	means(CREATE, "rc NV_Write all 0x98e", SL_ERR_BUSY, NULL);
	means(CREATE, "rc NV_DefineSpace 1 0x143", SL_ERR_UNSUPPORTED, NULL);
	means(READ, "rc NV_Read 1 0x14a", SL_ERR_NOT_FOUND, "nothing was written");
	means(READ, "rc NV_Read 1 0x98e", SL_ERR_AUTH, NULL);
	means(READ, "rc NV_Read 1 0x9a2", SL_ERR_DEVICE, "not for a wrong");
	means(READ, "rc NV_Read 1 0x921", SL_ERR_LOCKED, NULL);
	means(READ, "rc NV_Read 1 0x918", SL_OK, NULL); /* REFERENCE_S0: the session is gone, not the index */
	means(READ, "rc NV_Read all 0x918", SL_ERR_DEVICE, NULL);
	means(READ, "rc NV_ReadPublic 1 0x918", SL_OK, NULL);
	means(READ, "rc NV_ReadPublic 1 0x9a2", SL_OK, NULL);
	means(READ, "rc NV_ReadPublic all 0x9a2", SL_ERR_DEVICE, NULL);
	means(READ, "rc StartAuthSession all 0x18b", SL_ERR_DEVICE, NULL);
	means(WRITE, "rc NV_Write all 0x920", SL_ERR_BUSY, "slows down");
	means(WRITE, "rc NV_Write 1 0x98e", SL_ERR_AUTH, NULL);
	means(CHANGE, "rc NV_ChangeAuth 1 0x98e", SL_ERR_AUTH, NULL);
	means(CHANGE, "rc NV_ChangeAuth 1 0x921", SL_ERR_LOCKED, NULL);
	means(CHANGE, "rc NV_ChangeAuth 1 0x99d", SL_ERR_POLICY, NULL);
	means(CHANGE, "rc PolicyAuthValue all 0x9a2", SL_ERR_DEVICE, NULL);
	means(CHANGE, "rc PolicyCommandCode all 0x18b", SL_ERR_DEVICE, NULL);
	means(REMOVE, "rc NV_UndefineSpace all 0x9a2", SL_ERR_ACCESS, "authorization of the hierarchy");
}

static void
codes(enum way way, const char *step)
{
	static const struct { const char *action; const char *code; bool passes; } table[] = {
		{ "rc", "0x922", true },    /* RETRY */
		{ "rc", "0x902", true },    /* OBJECT_MEMORY */
		{ "rc", "0x101", false },   /* FAILURE */
		{ "rc-after", "0x101", false },
		{ "cut", "", false },
		{ "cut-after", "", false },
	};

	const unsigned left = tpmtest_loaded();

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		char rule[128];
		enum sl_err err;

		if (i == 3) /* of what the others made we did not learn: it is swept when there is no room */
			test_eq(tpmtest_loaded(), left, "%s: %s: nothing is left on the TPM", names[way], step);
		(void)snprintf(rule, sizeof(rule), "%s %s %s", table[i].action, step, table[i].code);
		err = under(way, rule);
		test_ok(err == SL_OK || (!table[i].passes && err != SL_ERR_COUNT_ && err != SL_ERR_AUTH), "%s: %s: %s", names[way], rule,
		        sl_err_text(err));
	}
}

static void
flips(enum way way, const char *action, const char *step, int bytes, int stride)
{
	unsigned wrong = 0;
	unsigned refused = 0;
	unsigned fine = 0;

	for (int at = 0; at < bytes; at += stride) {
		char rule[128];
		enum sl_err err;

		if (at >= 2 && at < 6) /* of the length: that only makes the other side wait */
			continue;
		(void)snprintf(rule, sizeof(rule), "%s %s %d\n", action, step, at);
		err = under(way, rule);
		if (err == SL_OK)
			fine++;
		else if (err == SL_ERR_COUNT_)
			wrong++;
		else
			refused++;
	}
	test_eq(wrong, 0, "%s: %s %s: nothing is wrong (%u refused, %u right)", names[way], action, step, refused, fine);
	test_ok(refused != 0, "and some are refused");
}

/* Somebody in between says that the index was not written to, so that we throw it away and make another one. */
static void
hidden(void)
{
	struct sl_tpm_nv is;
	struct sl_tpm_nv seems;
	char rule[600] = "swap-rsp NV_ReadPublic all ";
	SL_SECRET got = { 0 };

	if (sl_tpm_nvcommand_of(INDEX, true, &is) != SL_OK || sl_tpm_nvcommand_of(INDEX, false, &seems) != SL_OK)
		test_bail("no public area");
	for (int name = 0; name < 2; name++) {
		for (int from = 1; from >= 0; from--) {
			const struct sl_tpm_nv *nv = from == 1 ? &is : &seems;
			const uint8_t *bytes = name == 1 ? nv->name.bytes : nv->bytes;
			const size_t len = name == 1 ? nv->name.len : 10;

			for (size_t i = 0; i < len; i++)
				(void)sprintf(rule + strlen(rule), "%02x", bytes[i]);
			strcat(rule, from == 1 ? ":" : name == 0 ? "," : "\n");
		}
	}
	reset(READ);
	tpmtest_rules(rule);
	test_eq(run(CREATE, &fresh, NULL), SL_ERR_ACCESS, "an index that is said to be empty is not thrown away: %s", why.text);
	test_eq(run(REMOVE, NULL, NULL), SL_ERR_ACCESS, "nor removed");
	test_ok(run(READ, &auth, &got) != SL_OK && got.bytes == NULL, "nor read");
	tpmtest_rules("");
	test_ok(holds(&auth) == 1, "it is there, as it was");
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	/* Altered commands are wrong auths to the TPM. */
	tpmtest_shell("tpm2_dictionarylockout -s -n 100000 -t 1000 -l 1000");
	first = sealtest_secret(SL_NV_SECRET, 1);
	second = sealtest_secret(SL_NV_SECRET, 2);
	auth = sealtest_secret(32, 3);
	fresh = sealtest_secret(32, 4);
	meanings();
	hidden();
	for (enum way way = CREATE; way < WAYS; way++)
		for (size_t i = 0; steps[way][i] != NULL; i++)
			codes(way, steps[way][i]);
	flips(READ, "flip-rsp", "NV_Read 1", 117, 4);
	flips(READ, "flip-cmd", "NV_Read 1", 107, 7);
	flips(READ, "flip-rsp", "NV_ReadPublic all", 160, 11);
	flips(CREATE, "flip-cmd", "NV_DefineSpace 1", 180, 9);
	flips(CREATE, "flip-cmd", "NV_Write all", 130, 13);
	flips(WRITE, "flip-cmd", "NV_Write 1", 130, 7);
	flips(CHANGE, "flip-cmd", "NV_ChangeAuth 1", 125, 7);
	flips(CHANGE, "flip-rsp", "NV_ChangeAuth 1", 83, 9);
	flips(CHANGE, "flip-cmd", "PolicyCommandCode 1", 18, 3);
	sl_secret_clear(&first);
	sl_secret_clear(&second);
	sl_secret_clear(&auth);
	sl_secret_clear(&fresh);
	return test_done();
}
