/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policytest.h"

#include <string.h>
#include <sys/stat.h>

/* What is sealed under policies, where things are not as they usually are: other parents, few sessions, somebody on the bus. */

static struct sl_root_spec
bound(const char *name_space, uint32_t pcrs)
{
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, name_space);

	spec.policy = (struct sl_policy_spec){ .kind = SL_POLICY_PCR, .bank = SL_PCR_SHA256, .pcrs = pcrs };
	return spec;
}

/* Sealed under the template's key, before another key was put at the storage root key's place. */
static void
other_parent(void)
{
	const struct sl_root_spec spec = bound("parent", 1U << 23);
	SL_SECRET secret = sealtest_secret(32, 1);
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob locked = { NULL, 0 };

	test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_OK, "sealed under PCRs and the template's key");
	test_eq(sealtest_seal(&spec, &secret, "a pin", &locked), SL_OK, "and under an authorization, too");
	tpmtest_shell("cd %s && tpm2_createprimary -Q -C o -G rsa2048 -c rsa.ctx && tpm2_evictcontrol -Q -C o -c rsa.ctx 0x81000001 && "
	              "tpm2_flushcontext -t", tpmtest_dir());
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "opens with another storage root key beside it");
	test_eq(sealtest_unseal(&spec, &locked, "a pin", &secret, NULL), SL_OK, "with its authorization, too");
	policytest_nothing_left();
	tpmtest_shell("tpm2_evictcontrol -Q -C o -c 0x81000001");
	free(blob.bytes);
	free(locked.bytes);
}

#define SESSIONS 8

struct sessions {
	char handles[SESSIONS][9]; /* "": free */
	unsigned most;
};

static void
started(struct sessions *s, const char *answer)
{
	unsigned now = 0;

	for (size_t i = 0; i < SESSIONS; i++) {
		if (s->handles[i][0] != '\0')
			continue;
		memcpy(s->handles[i], answer + 20, 8); /* behind the header */
		break;
	}
	for (size_t i = 0; i < SESSIONS; i++)
		now += s->handles[i][0] != '\0';
	s->most = now > s->most ? now : s->most;
}

/* Flushed, or used for the last time: Part 1, 18.6.4, an authorization area without continueSession. */
static void
ended(struct sessions *s, const char *name, const char *command)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		const char *at = s->handles[i][0] == '\0' ? NULL : strstr(command + 20, s->handles[i]);

		if (at == NULL)
			continue;
		if (strcmp(name, "FlushContext") == 0 || (strncmp(at + 8, "0020", 4) == 0 && strlen(at) > 78 && (at[12 + 64 + 1] & 1) == 0))
			s->handles[i][0] = '\0';
	}
}

/* How many sessions were on the TPM at once since the log was as long as from. */
static unsigned
most_sessions(long from)
{
	static char name[64], rc[16], command[20000], answer[20000];
	FILE *log = fopen(getenv("SL_TPM_LOG"), "r");
	struct sessions s = { .most = 0 };

	if (log == NULL || fseek(log, from, SEEK_SET) != 0)
		test_bail("the log");
	while (fscanf(log, "cmd %63s %15s %19999s %19999s\n", name, rc, command, answer) == 4) {
		if (strcmp(rc, "0") != 0)
			continue;
		if (strcmp(name, "StartAuthSession") == 0)
			started(&s, answer);
		else
			ended(&s, name, command);
	}
	test_ok(feof(log) != 0, "the log is read to its end");
	(void)fclose(log);
	return s.most;
}

/* A TPM without a resource manager may have room for three. */
static void
few_sessions(void)
{
	struct sl_root_spec spec = bound("sessions", 1U << 23);
	SL_SECRET secret = sealtest_secret(32, 2);
	struct sealtest_blob blob = { NULL, 0 };
	char path[4200];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s", sealtest_path("owner.auth"));
	sealtest_write("owner.auth", "mine\n", 5);
	tpmtest_shell("tpm2_changeauth -Q -c owner mine");
	spec.auth_file = path;
	if (stat(getenv("SL_TPM_LOG"), &st) != 0)
		test_bail("the log");
	test_eq(sealtest_seal(&spec, &secret, "a pin", &blob), SL_OK, "sealed where the hierarchy has an authorization");
	test_eq(sealtest_unseal(&spec, &blob, "a pin", &secret, NULL), SL_OK, "and opened");
	test_eq(most_sessions((long)st.st_size), 2, "with two sessions at once, no more");
	policytest_nothing_left();
	tpmtest_shell("tpm2_changeauth -Q -c owner -p mine");
	free(blob.bytes);
}

/* Who sits on the bus and lies about the PCRs shall not choose the state that something is sealed under. */
static void
lies(void)
{
	static const char rule[] = "swap-rsp PCR_Read all 0000000000000000000000000000000000000000000000000000000000000000:"
	                           "1111111111111111111111111111111111111111111111111111111111111111\n";
	const struct sl_root_spec spec = bound("lies", 1U << 16);
	SL_SECRET secret = sealtest_secret(32, 3);
	const struct sl_seal_spec how = { .strong = true };
	struct sealtest_blob blob = { NULL, 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_msg msg = { .text = "" };

	tpmtest_rules(rule);
	test_eq(sl_root_seal(root, &how, &secret, &blob.bytes, &blob.len), SL_ERR_POLICY, "nothing is sealed under PCRs that somebody made up");
	sl_device_trouble(device, &msg);
	test_ok(strstr(msg.text, "sha256:16") != NULL, "says: %s", msg.text);
	tpmtest_rules("");
	test_eq(sl_root_seal(root, &how, &secret, &blob.bytes, &blob.len), SL_OK, "and without the lie at once");
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "it opens");
	tpmtest_rules(rule);
	free(blob.bytes);
	blob.bytes = NULL;
	test_eq(sl_root_seal(root, &how, &secret, &blob.bytes, &blob.len), SL_ERR_POLICY, "nor when it begins later");
	tpmtest_rules("");
	tpmtest_close(&root, &device);
	policytest_nothing_left();
	free(blob.bytes);
}

/* Who can write the file of the signer's key would choose who opens what is sealed next. */
static void
writable_key(void)
{
	const struct sl_root_spec spec = policytest_spec("signer", "");
	struct sl_root_name name;
	struct sl_msg msg = { .text = "" };
	struct sl_device *device;
	struct sl_root *root;

	policytest_key("signer", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
	for (int i = 0; i < 3; i++) {
		static const mode_t modes[] = { 0664, 0646, 0644 };

		root = tpmtest_open(&spec, &device);
		if (chmod(spec.policy.key_file, modes[i]) != 0)
			test_bail("chmod");
		test_eq(sl_root_name(root, &name), i == 2 ? SL_OK : SL_ERR_POLICY, "the signer's public key, mode %04o", (unsigned)modes[i]);
		sl_device_trouble(device, &msg);
		test_ok(i == 2 || strstr(msg.text, "signer.pub.pem: others can write it") != NULL, "says: %s", msg.text);
		tpmtest_close(&root, &device);
	}
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	other_parent();
	few_sessions();
	lies();
	policytest_begin();
	writable_key();
	return test_done();
}
