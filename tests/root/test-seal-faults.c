/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Sealing with a TPM, a connection and clients that fail, and with somebody in between. */

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER,
                                         .name_space = (char *)(uintptr_t)"faults" };
static struct sl_secret secret;
static struct sealtest_blob right;

static const char *const unseal_steps[] = { "ReadPublic 1", "CreatePrimary 1", "StartAuthSession 1", "Load 1",
                                           "FlushContext 1", "Unseal 1",
	                                    "FlushContext 2" };
static const char *const seal_steps[] = { "ReadPublic 1", "CreatePrimary 1", "StartAuthSession 1", "Create 1",
                                         "FlushContext 1" };

static bool
is_legal(enum sl_err err)
{
	return err == SL_ERR_BUSY || err == SL_ERR_ABSENT || err == SL_ERR_DEVICE || err == SL_ERR_LOCKED || err == SL_ERR_MISMATCH ||
	       err == SL_ERR_UNSUPPORTED;
}

static enum sl_err
unseal(void)
{
	struct sl_msg why;

	return sealtest_unseal(&spec, &right, NULL, &secret, &why);
}

/* Whatever is sealed has to open again without the fault. */
static enum sl_err
seal(void)
{
	SL_CLEANUP(sl_clean_free) uint8_t *bytes = NULL;
	struct sealtest_blob blob = { NULL, 0 };
	struct sl_msg why;
	enum sl_err err = sealtest_seal(&spec, &secret, NULL, &blob);

	bytes = blob.bytes;
	tpmtest_rules("");
	if (err == SL_OK && sealtest_unseal(&spec, &blob, NULL, &secret, &why) != SL_OK)
		return SL_ERR_COUNT_;
	return err;
}

static const struct {
	const char *name;
	enum sl_err (*run)(void);
	const char *const *steps;
	size_t n;
} ways[] = {
	{ "unseal", unseal, unseal_steps, SL_ARRAY_LEN(unseal_steps) },
	{ "seal", seal, seal_steps, SL_ARRAY_LEN(seal_steps) },
};

static void
codes(size_t way, const char *step)
{
	static const struct { const char *rc; bool passes; } table[] = {
		{ "0x922", true },  /* RETRY */
		{ "0x902", true },  /* OBJECT_MEMORY */
		{ "0x903", true },  /* SESSION_MEMORY */
		{ "0x101", false }, /* FAILURE */
		{ "0x921", false }, /* LOCKOUT */
		{ "0x9a2", false }, /* BAD_AUTH, session 1 */
		{ "0x1df", false }, /* INTEGRITY, parameter 1 */
		{ "0x18b", false }, /* HANDLE 1 */
		{ "0x910", false }, /* REFERENCE_H0 */
		{ "0x143", false }, /* COMMAND_CODE */
	};

	for (size_t j = 0; j < SL_ARRAY_LEN(table); j++) {
		char rule[128];
		enum sl_err err;

		(void)snprintf(rule, sizeof(rule), "rc %s %s\n", step, table[j].rc);
		tpmtest_rules(rule);
		err = ways[way].run();
		tpmtest_rules("");
		test_ok(err == SL_OK || (!table[j].passes && is_legal(err)), "%s: %s once %s: %s", ways[way].name, step,
		        table[j].rc,
		        sl_err_text(err));
	}
	test_eq(tpmtest_loaded(), 0, "%s: %s: nothing is left on the TPM", ways[way].name, step);
}

/* The TPM did it, and we do not learn of it: what it loaded is swept when there is no room. */
static void
cuts(size_t way, const char *step)
{
	static const char *const actions[] = { "cut", "cut-after", "rc-after" };

	for (size_t j = 0; j < SL_ARRAY_LEN(actions); j++) {
		char rule[128];
		enum sl_err err;

		(void)snprintf(rule, sizeof(rule), "%s %s%s", actions[j], step, j == 2 ? " 0x101" : "");
		tpmtest_rules(rule);
		err = ways[way].run();
		tpmtest_rules("");
		test_ok(err == SL_OK || is_legal(err), "%s: %s: %s", ways[way].name, rule, sl_err_text(err));
		test_eq(ways[way].run(), SL_OK, "%s: and then it works again", ways[way].name);
	}
}

static void
flips(size_t way, const char *action, const char *step, int bytes, int stride)
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
		tpmtest_rules(rule);
		err = ways[way].run();
		if (err == SL_OK)
			fine++;
		else if (err == SL_ERR_COUNT_)
			wrong++;
		else
			refused++;
	}
	tpmtest_rules("");
	test_eq(wrong, 0, "%s: %s %s: never a wrong secret (%u refused, %u right)", ways[way].name, action, step,
	        refused, fine);
	test_ok(refused != 0, "and some are refused");
}

/* One byte of a blob, on a disk that somebody can write. */
static void
altered_blobs(void)
{
	unsigned wrong = 0;
	unsigned opened = 0;

	/* Whoever altered the handle in an answer made us flush another one. */
	tpmtest_shell("tpm2_flushcontext -t; tpm2_flushcontext -l; tpm2_flushcontext -s");
	for (size_t at = 0; at < right.len; at += 7) {
		struct sl_msg why;
		enum sl_err err;

		right.bytes[at] ^= 0x01;
		err = sealtest_unseal(&spec, &right, NULL, &secret, &why);
		right.bytes[at] ^= 0x01;
		opened += err == SL_OK;
		wrong += err == SL_ERR_COUNT_ || err == SL_ERR_MEMORY || err == SL_ERR_CRYPTO;
	}
	test_eq(wrong, 0, "altered blobs give no other secret");
	test_ok(opened <= 2, "and open only where the byte does not matter (%u times)", opened);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

/* A client that dies in the middle leaves what it loaded; the next one makes room. */
static void
killed(size_t way, const char *step)
{
	enum sl_err err = SL_OK;

	for (int i = 0; i < 4; i++) {
		char rule[128];
		pid_t pid;
		int status;

		(void)snprintf(rule, sizeof(rule), "hold-after %s\n", step);
		tpmtest_rules(rule);
		tpmtest_log_reset();
		pid = fork();
		if (pid < 0)
			test_bail("fork");
		if (pid == 0) {
			struct sl_device *device;
			struct sl_root *root = tpmtest_open(&spec, &device);
			const struct sl_seal_spec how = { .auth = NULL };
			struct sl_secret got = { 0 };
			uint8_t *bytes = NULL;
			size_t len;

			if (way == 0)
				(void)!sl_root_unseal(root, right.bytes, right.len, NULL, &got);
			else
				(void)!sl_root_seal(root, &how, &secret, &bytes, &len);
			_exit(0);
		}
		if (!tpmtest_log_wait_fault())
			test_bail("the child never came to %s", step);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		tpmtest_rules("");
		if (i == 3) /* every slot is taken now */
			err = ways[way].run();
	}
	test_eq(err, SL_OK, "%s: after four clients died at %s the next one works", ways[way].name, step);
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	secret = sealtest_secret(60, 1);
	if (sealtest_seal(&spec, &secret, NULL, &right) != SL_OK || unseal() != SL_OK)
		test_bail("no blob to compare with");
	for (size_t way = 0; way < SL_ARRAY_LEN(ways); way++)
		for (size_t i = 0; i < ways[way].n; i++)
			codes(way, ways[way].steps[i]);
	/* 91 bytes of command; 14 of header, the data and 69 of session in the answer */
	flips(0, "flip-cmd", "Unseal all", 91, 3);
	flips(0, "flip-rsp", "Unseal 1", 145, 5);
	flips(0, "flip-rsp", "Unseal all", 145, 11);
	flips(0, "flip-cmd", "Load all", 350, 9);
	flips(0, "flip-rsp", "Load 1", 123, 7);
	flips(0, "flip-rsp", "StartAuthSession all", 48, 3);
	flips(1, "flip-cmd", "Create all", 170, 7);
	flips(1, "flip-rsp", "Create 1", 400, 13);
	altered_blobs();
	for (size_t way = 0; way < SL_ARRAY_LEN(ways); way++)
		for (size_t i = 0; i < ways[way].n; i++)
			cuts(way, ways[way].steps[i]);
	killed(0, "CreatePrimary 1");
	killed(0, "Load 1");
	killed(0, "Unseal 1");
	killed(1, "Create 1");
	sl_secret_clear(&secret);
	free(right.bytes);
	return test_done();
}
