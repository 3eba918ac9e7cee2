/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpmtest.h"
#include "crypto/digest.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* Faults of the TPM, of the connection, of its clients, and somebody in between. */

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER, .name_space = (char *)(uintptr_t)"faults" };
static const struct sl_root_spec endorsement = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_ENDORSEMENT,
	                                         .name_space = (char *)(uintptr_t)"faults" };
static uint8_t right[32];
static uint8_t right_endorsement[32];

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
is_legal(enum sl_err err)
{
	return err == SL_ERR_BUSY || err == SL_ERR_ABSENT || err == SL_ERR_DEVICE || err == SL_ERR_LOCKED || err == SL_ERR_MISMATCH ||
	       err == SL_ERR_UNSUPPORTED;
}

/* The steps of a first batch, by command name and number. */
static const char *const steps[] = { "ReadPublic 1", "CreatePrimary 1", "StartAuthSession 1", "FlushContext 1", "CreatePrimary 2",
	                             "HMAC 1", "FlushContext 2" };

/* Each command fails once: a TPM that says "later" is waited for, others give an error, and nothing stays loaded. */
static void
codes(void)
{
	static const struct { const char *rc; bool passes; } table[] = {
		{ "0x922", true },  /* RETRY */
		{ "0x908", true },  /* YIELDED */
		{ "0x90a", true },  /* TESTING */
		{ "0x902", true },  /* OBJECT_MEMORY */
		{ "0x903", true },  /* SESSION_MEMORY */
		{ "0x901", true },  /* CONTEXT_GAP */
		{ "0x101", false }, /* FAILURE */
		{ "0x921", false }, /* LOCKOUT */
		{ "0x9a2", false }, /* BAD_AUTH, session 1 */
		{ "0x98e", false }, /* AUTH_FAIL, session 1 */
		{ "0x18b", false }, /* HANDLE 1 */
		{ "0x910", false }, /* REFERENCE_H0 */
		{ "0x185", false }, /* HIERARCHY, handle 1 */
		{ "0x143", false }, /* COMMAND_CODE */
		{ "0xb0143", false }, /* the same, from a resource manager */
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(steps); i++) {
		for (size_t j = 0; j < SL_ARRAY_LEN(table); j++) {
			uint8_t out[32] = { 0 };
			char rule[128];
			enum sl_err err;

			(void)snprintf(rule, sizeof(rule), "rc %s %s\n", steps[i], table[j].rc);
			tpmtest_rules(rule);
			err = tpmtest_derive(&spec, 1, out);
			tpmtest_rules("");
			test_ok(err == SL_OK ? memcmp(out, right, 32) == 0 : !table[j].passes && is_legal(err), "%s once %s: %s", steps[i],
			        table[j].rc, sl_err_text(err));
		}
		test_eq(tpmtest_loaded(), 0, "%s: nothing is left on the TPM", steps[i]);
	}
}

static void
for_ever(const char *rule, enum sl_err want)
{
	const double start = now();
	uint8_t out[32];

	tpmtest_rules(rule);
	test_eq(tpmtest_derive(&spec, 1, out), want, "%s", rule);
	test_ok(now() - start < 15, "bounded: %.1f s", now() - start);
	tpmtest_rules("");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
without_hmac(void)
{
	uint8_t out[32] = { 0 };

	tpmtest_rules("rc HMAC all 0x143\n");
	tpmtest_log_reset();
	test_eq(tpmtest_derive(&spec, 1, out), SL_OK, "a chip without TPM2_HMAC");
	test_mem(out, 32, right, 32, "gives the same bytes by a sequence");
	test_ok(!tpmtest_log_has(right, 32), "not in the clear");
	memset(out, 1, 32);
	test_ok(!tpmtest_log_has(out, 32), "nor is the context");
	tpmtest_rules("rc HMAC all 0x143\nrc SequenceComplete all 0x101\n");
	test_eq(tpmtest_derive(&spec, 1, out), SL_ERR_DEVICE, "and without that");
	tpmtest_rules("");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
cuts(void)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(steps); i++) {
		static const char *const actions[] = { "cut", "cut-after" };

		for (size_t j = 0; j < SL_ARRAY_LEN(actions); j++) {
			uint8_t out[32];
			char rule[128];
			enum sl_err err;

			(void)snprintf(rule, sizeof(rule), "%s %s\n", actions[j], steps[i]);
			tpmtest_rules(rule);
			err = tpmtest_derive(&spec, 1, out);
			tpmtest_rules("");
			test_ok(err == SL_OK ? memcmp(out, right, 32) == 0 : is_legal(err), "%s: %s", rule, sl_err_text(err));
			test_eq(tpmtest_derive(&spec, 1, out), SL_OK, "and then it works again");
		}
	}
}

/* One bit, in every byte but those of the length (a changed length only makes the other side wait). */
static void
flips(const struct sl_root_spec *root, const uint8_t *expected, const char *action, const char *step, int bytes, int stride)
{
	unsigned wrong = 0;
	unsigned refused = 0;
	unsigned fine = 0;

	for (int at = 0; at < bytes; at += stride) {
		uint8_t out[32];
		char rule[128];
		enum sl_err err;

		if (at >= 2 && at < 6)
			continue;
		(void)snprintf(rule, sizeof(rule), "%s %s %d\n", action, step, at);
		tpmtest_rules(rule);
		err = tpmtest_derive(root, 1, out);
		if (err == SL_OK && memcmp(out, expected, 32) == 0)
			fine++;
		else if (err != SL_OK)
			refused++;
		else
			wrong++;
	}
	tpmtest_rules("");
	test_eq(wrong, 0, "%s %s: never a wrong secret (%u refused, %u right)", action, step, refused, fine);
	test_ok(refused != 0, "and some are refused");
}

static void
in_between(void)
{
	uint8_t out[32];

	/* 0x31 bytes of header, handle and session, 34 of context and the hash; the answer likewise. */
	flips(&spec, right, "flip-cmd", "HMAC all", 126, 5);
	flips(&spec, right, "flip-rsp", "HMAC 1", 117, 3);
	flips(&spec, right, "flip-rsp", "HMAC all", 117, 9);
	flips(&spec, right, "flip-rsp", "StartAuthSession all", 48, 3);
	flips(&spec, right, "flip-cmd", "StartAuthSession all", 120, 9);
	flips(&spec, right, "flip-rsp", "CreatePrimary 2", 200, 7);
	flips(&spec, right, "flip-rsp", "CreatePrimary 1", 250, 13);
	flips(&spec, right, "flip-cmd", "CreatePrimary 2", 150, 7);
	flips(&endorsement, right_endorsement, "flip-cmd", "CreatePrimary 2", 150, 5);
	tpmtest_rules("flip-cmd CreatePrimary 2 13\n");
	test_ok(tpmtest_derive(&endorsement, 1, out) != SL_OK || memcmp(out, right_endorsement, 32) == 0,
	        "the hierarchy cannot be changed on the way");
	tpmtest_rules("flip-rsp HMAC 1 60\n");
	test_eq(tpmtest_derive(&spec, 1, out), SL_ERR_DEVICE, "an altered answer is a device error at once");
	tpmtest_rules("flip-rsp HMAC 1 5\n");
	test_eq(tpmtest_derive(&spec, 1, out), SL_ERR_DEVICE, "an answer that never ends is one, too");
	tpmtest_rules("");
}

static void
to_hex(char *out, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)sprintf(out + 2 * i, "%02x", p[i]);
}

/* The line of the log for the first CreatePrimary, as bytes. */
static size_t
first_created(uint8_t *out, size_t room)
{
	FILE *f = fopen(getenv("SL_TPM_LOG"), "r");
	static char line[20000];
	size_t len = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *last = strrchr(line, ' ');

		if (strncmp(line, "cmd CreatePrimary 0 ", 20) == 0 && last != NULL) {
			last[1 + strcspn(last + 1, "\n")] = '\0';
			len = test_hex(last + 1, out, room);
			break;
		}
	}
	if (f != NULL)
		(void)fclose(f);
	return len;
}

/* Somebody answers with a salt key of his own, with its right Name: G, the generator of P-256, whose private key is 1. */
static void
substituted(void)
{
	static const char generator[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	                                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
	uint8_t answer[4096];
	uint8_t g[64];
	uint8_t area[122];
	uint8_t old_name[32];
	uint8_t new_name[32];
	char rules[1200] = "swap-rsp CreatePrimary 1 ";
	struct sl_root_name pin;
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_secret secret = { 0 };
	uint8_t context[32] = { 0 };
	uint8_t out[32];
	char *commands;

	test_eq(sl_root_salt_key(root, &pin), SL_OK, "the salt key");
	tpmtest_close(&root, &device);
	/* header 10, handle 4, parameter size 4, then the TPM2B_PUBLIC */
	const size_t len = first_created(answer, sizeof(answer));
	const uint8_t *public = answer + 20;
	const size_t public_len = len < 20 ? 0 : (size_t)(answer[18] << 8 | answer[19]);

	if (public_len < 80 || public_len > sizeof(area) || public[0] != 0 || public[1] != 0x23)
		test_bail("no ECC key in the log");
	(void)test_hex(generator, g, sizeof(g));
	memcpy(area, public, public_len);
	memcpy(area + public_len - 66, g, 32);
	memcpy(area + public_len - 32, g + 32, 32);
	if (sl_hash_once(SL_HASH_SHA256, public, public_len, old_name) != SL_OK ||
	    sl_hash_once(SL_HASH_SHA256, area, public_len, new_name) != SL_OK)
		test_bail("hash");
	for (int i = 0; i < 3; i++) {
		const uint8_t *from[] = { public + public_len - 66, public + public_len - 32, old_name };
		const uint8_t *to[] = { area + public_len - 66, area + public_len - 32, new_name };

		to_hex(rules + strlen(rules), from[i], 32);
		strcat(rules, ":");
		to_hex(rules + strlen(rules), to[i], 32);
		strcat(rules, i < 2 ? "," : "\n");
	}
	tpmtest_rules(rules);
	test_ok(tpmtest_derive(&spec, 1, out) != SL_OK || memcmp(out, right, 32) == 0, "unpinned: the TPM does not share that session");
	tpmtest_rules(rules);
	root = tpmtest_open(&spec, &device);
	sl_root_pin(root, &pin);
	tpmtest_log_reset();
	test_eq(sl_root_derive(root, NULL, context, 1, &secret, NULL), SL_ERR_MISMATCH, "pinned: refused");
	commands = tpmtest_log_commands();
	test_str(commands, "ReadPublic CreatePrimary FlushContext ", "before anything was said to it");
	free(commands);
	tpmtest_close(&root, &device);
	tpmtest_rules("");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

/* A client that dies in the middle leaves what it loaded; the next one makes room. */
static void
killed(const char *step)
{
	bool worked = true;

	for (int i = 0; i < 4; i++) {
		char rule[128];
		uint8_t out[32] = { 0 };
		pid_t pid;
		int status;

		(void)snprintf(rule, sizeof(rule), "hold-after %s\n", step);
		tpmtest_rules(rule);
		tpmtest_log_reset();
		pid = fork();
		if (pid < 0)
			test_bail("fork");
		if (pid == 0) {
			(void)tpmtest_derive(&spec, 1, out);
			_exit(0);
		}
		if (!tpmtest_log_wait_fault())
			test_bail("the child never came to %s", step);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		tpmtest_rules("");
		if (i == 3) /* every slot is taken now */
			worked = tpmtest_derive(&spec, 1, out) == SL_OK && memcmp(out, right, 32) == 0;
	}
	test_ok(worked, "after four clients died at %s the next one works", step);
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	if (tpmtest_derive(&spec, 1, right) != SL_OK || tpmtest_derive(&endorsement, 1, right_endorsement) != SL_OK)
		test_bail("no secret to compare with");
	substituted();
	codes();
	for_ever("rc StartAuthSession all 0x903\n", SL_ERR_BUSY);
	for_ever("rc CreatePrimary all 0x902\n", SL_ERR_BUSY);
	for_ever("rc HMAC all 0x9a2\n", SL_ERR_DEVICE);
	without_hmac();
	in_between();
	cuts();
	killed("CreatePrimary 2");
	killed("StartAuthSession 1");
	killed("HMAC 1");
	return test_done();
}
