/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"

#include <string.h>

/* Roots that are bound to a boot state, beside a software TPM. */

#define HANDLE 0x81010007
#define EXTEND "tpm2_pcrextend %d:sha256=%064d"

static struct sl_root_spec
bound(const char *name_space, uint32_t pcrs)
{
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, name_space);

	spec.policy = (struct sl_policy_spec){ .kind = SL_POLICY_PCR, .bank = SL_PCR_SHA256, .pcrs = pcrs };
	return spec;
}

static void
costs(const char *what, const char *commands)
{
	char *got = tpmtest_log_commands();

	test_str(got, commands, "%s: %u commands", what, tpmtest_log_count());
	free(got);
	tpmtest_log_reset();
}

static void
nothing_left(void)
{
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	tpmtest_log_reset();
}

static enum sl_err
derive_on(struct sl_root *root, const struct sl_root_name *expect, int fill, uint8_t *out)
{
	uint8_t context[SL_ROOT_CONTEXT];
	SL_SECRET secret = { 0 };
	enum sl_err err;

	memset(context, fill, sizeof(context));
	err = sl_root_derive(root, expect, context, 1, &secret, NULL);
	if (err == SL_OK)
		memcpy(out, secret.bytes, SL_ROOT_SECRET);
	return err;
}

static void
says(struct sl_device *device, const char *part)
{
	struct sl_msg msg = { .text = "" };

	sl_device_trouble(device, &msg);
	test_ok(strstr(msg.text, part) != NULL, "says: %s", msg.text);
}

/* Another program, with the tools alone, finds the same key and the same policy, and needs the policy. */
static void
with_tools(const struct sl_root_spec *spec, const struct sl_root_name *name, const uint8_t *secret)
{
	struct sealtest_blob got;
	struct sl_policy_state state;
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);

	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	test_ok(state.satisfied && state.kind == SL_POLICY_PCR, "is the one it wants");
	tpmtest_close(&root, &device);
	tpmtest_shell("cd %s && tpm2_createpolicy -Q --policy-pcr -l sha256:7,8 -L pcr.policy && tpm2_pcrread -Q -o pcrs sha256:7,8 && "
	              "openssl dgst -sha256 -binary pcrs >pcrs.digest && head -c 32 /dev/zero | tr '\\0' '\\1' >context && "
	              "{ printf '\\040\\000'; printf 'seedleaf root v1\\000policy' | openssl dgst -sha256 -binary; } >unique && "
	              "tpm2_createprimary -Q -C o -g sha256 -G hmac:sha256 -a 'fixedtpm|fixedparent|sensitivedataorigin|sign|noda' "
	              "-L pcr.policy -u unique -c tool.ctx && tpm2_flushcontext -t && tpm2_readpublic -Q -c tool.ctx -n tool.name && "
	              "tpm2_flushcontext -t", tpmtest_dir());
	got = sealtest_read("pcr.policy");
	test_mem(state.policy, 32, got.bytes, got.len, "the policy digest is tpm2_createpolicy's");
	free(got.bytes);
	got = sealtest_read("pcrs.digest");
	test_mem(state.digest, 32, got.bytes, got.len, "and the PCRs' digest that of tpm2_pcrread's values");
	free(got.bytes);
	got = sealtest_read("tool.name");
	test_mem(name->bytes, name->len, got.bytes, got.len, "the root's name is what tpm2_createprimary makes of the template");
	free(got.bytes);
	tpmtest_shell("cd %s && ! tpm2_hmac -c tool.ctx -o never context 2>/dev/null && tpm2_flushcontext -t && tpm2_flushcontext -l", tpmtest_dir());
	test_ok(true, "the TPM refuses TPM2_HMAC without the policy");
	tpmtest_shell("cd %s && tpm2_startauthsession --policy-session -S s && tpm2_policypcr -Q -S s -l sha256:7,8 && "
	              "tpm2_hmac -Q -c tool.ctx -p session:s -o tool.hmac context && tpm2_flushcontext s && tpm2_flushcontext -t", tpmtest_dir());
	got = sealtest_read("tool.hmac");
	test_mem(secret, 32, got.bytes, got.len, "and gives the same secret with it");
	free(got.bytes);
}

static void
of_now(void)
{
	const struct sl_root_spec spec = bound("policy", 1U << 7 | 1U << 8);
	const struct sl_root_spec free_spec = tpmtest_spec(SL_HIERARCHY_OWNER, "policy");
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name name = { .len = 0 };
	struct sl_root_name other = { .len = 0 };
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	tpmtest_log_reset();
	test_eq(sl_root_name(root, &name), SL_OK, "a bound root has a name");
	costs("the name", "PCR_Read CreatePrimary FlushContext ");
	test_eq(derive_on(root, &name, 1, a), SL_OK, "and secrets");
	costs("the first secret", "ReadPublic CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR HMAC FlushContext ");
	test_ok(!tpmtest_log_has(a, 32), "which cross the bus encrypted");
	test_eq(derive_on(root, &name, 1, b), SL_OK, "again");
	costs("each further one", "CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR HMAC FlushContext ");
	test_mem(a, 32, b, 32, "the same");
	test_eq(tpmtest_derive(&free_spec, 1, b), SL_OK, "the root without a policy");
	test_ok(memcmp(a, b, 32) != 0, "is another");
	with_tools(&spec, &name, a);
	nothing_left();

	tpmtest_shell(EXTEND, 8, 1);
	tpmtest_log_reset();
	test_eq(derive_on(root, &name, 1, b), SL_ERR_POLICY, "a PCR moved under a running process: nothing");
	says(device, "the PCRs (sha256:7,8) moved");
	costs("the refusal", "CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR FlushContext FlushContext ");
	test_eq(derive_on(root, &name, 1, b), SL_ERR_MISMATCH, "after which it is not the root on record");
	says(device, "PCRs of its policy");
	test_ok(sl_root_name(root, &other) == SL_OK && !tpmtest_same(&name, &other), "but another one");
	test_eq(derive_on(root, &other, 1, b), SL_OK, "with secrets of its own");
	test_ok(memcmp(a, b, 32) != 0, "that are others");
	nothing_left();
	sl_device_forget(device);
	tpmtest_shell(EXTEND, 9, 1);
	test_ok(sl_root_name(root, &name) == SL_OK && tpmtest_same(&name, &other), "a PCR that it does not name does not matter");
	tpmtest_shell(EXTEND, 7, 5);
	test_ok(sl_root_name(root, &name) == SL_OK && tpmtest_same(&name, &other), "its name is remembered");
	sl_device_forget(device);
	test_ok(sl_root_name(root, &name) == SL_OK && !tpmtest_same(&name, &other), "until it is forgotten");
	tpmtest_close(&root, &device);

	tpmtest_power_cycle();
	test_eq(tpmtest_derive(&spec, 1, b), SL_OK, "after a power cycle");
	test_mem(b, 32, a, 32, "the first secret is back");
	nothing_left();
}

static void
batch(void)
{
	const struct sl_root_spec spec = bound("batch", 1U << 11);
	uint8_t contexts[3 * SL_ROOT_CONTEXT];
	struct sl_secret secrets[3] = { { 0 } };
	uint8_t one[32];
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	for (int i = 0; i < 3; i++)
		memset(contexts + SL_ROOT_CONTEXT * (size_t)i, i + 1, SL_ROOT_CONTEXT);
	tpmtest_log_reset();
	test_eq(sl_root_derive(root, NULL, contexts, 3, secrets, NULL), SL_OK, "three at once");
	costs("a batch says the policy before each use",
	      "PCR_Read ReadPublic CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR HMAC PolicyPCR HMAC "
	      "PolicyPCR HMAC FlushContext ");
	for (int i = 0; i < 3; i++) {
		test_eq(tpmtest_derive(&spec, i + 1, one), SL_OK, "one by one");
		test_mem(secrets[i].bytes, secrets[i].len, one, 32, "the same");
		sl_secret_clear(&secrets[i]);
	}
	tpmtest_close(&root, &device);
	nothing_left();
}

static void
pinned(void)
{
	struct sl_root_spec spec = bound("pinned", 1U << 4 | 1U << 12);
	const struct sl_root_spec now = spec;
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_policy_state state;
	struct sl_root_name name = { .len = 0 };
	struct sl_root_name other = { .len = 0 };
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	test_eq(sl_root_policy_state(root, &state), SL_OK, "what the PCRs have");
	tpmtest_close(&root, &device);
	memcpy(spec.policy.digest, state.digest, 32);
	spec.policy.has_digest = true;
	root = tpmtest_open(&spec, &device);
	tpmtest_log_reset();
	test_eq(sl_root_name(root, &name), SL_OK, "a root pinned to it");
	costs("its name", "CreatePrimary FlushContext ");
	test_ok(sl_root_name(root, &name) == SL_OK && derive_on(root, &name, 2, a) == SL_OK, "gives secrets");
	test_eq(tpmtest_derive(&now, 2, b), SL_OK, "and so does one that is bound to now");
	test_mem(a, 32, b, 32, "the same");
	tpmtest_shell(EXTEND, 12, 9);
	test_eq(derive_on(root, &name, 2, b), SL_ERR_POLICY, "in another state: refused");
	says(device, "the PCRs (sha256:4,12) are not in the state of the policy: expected");
	sl_device_forget(device);
	test_ok(sl_root_name(root, &other) == SL_OK && tpmtest_same(&name, &other), "it is the same root nevertheless");
	test_eq(derive_on(root, &name, 2, b), SL_ERR_POLICY, "and refuses");
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	test_ok(!state.satisfied && memcmp(state.wanted, spec.policy.digest, 32) == 0 && memcmp(state.digest, state.wanted, 32) != 0,
	        "is another: %s", state.why.text);
	nothing_left();
	tpmtest_power_cycle();
	test_eq(derive_on(root, &name, 2, b), SL_OK, "until the machine is back in it");
	test_mem(a, 32, b, 32, "the same secret");
	tpmtest_close(&root, &device);
}

/* What is sealed follows the root that it is sealed beside. */
static void
sealed(void)
{
	const struct sl_root_spec spec = bound("sealed", 1U << 12);
	struct sl_root_spec elsewhere = bound("sealed", 1U << 12);
	SL_SECRET secret = sealtest_secret(32, 1);
	SL_SECRET got = { 0 };
	const struct sl_seal_spec how = { .auth = NULL };
	uint8_t *blob = NULL;
	uint8_t *later = NULL;
	size_t len = 0;
	size_t later_len = 0;
	struct sealtest_blob there = { NULL, 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name name;

	test_eq(sl_root_name(root, &name), SL_OK, "a root");
	tpmtest_log_reset();
	test_eq(sl_root_seal(root, &how, &secret, &blob, &len), SL_OK, "seal");
	costs("sealing", "PCR_Read ReadPublic CreatePrimary StartAuthSession Create FlushContext ");
	test_eq(sl_root_unseal(root, blob, len, NULL, &got), SL_OK, "unseal");
	costs("unsealing", "CreatePrimary StartAuthSession StartAuthSession Load FlushContext PolicyPCR Unseal FlushContext ");
	test_mem(got.bytes, got.len, secret.bytes, secret.len, "the secret");
	sl_secret_clear(&got);
	tpmtest_rules("rc Unseal 1 0x128\n");
	test_eq(sl_root_unseal(root, blob, len, NULL, &got), SL_OK, "TPM_RC_PCR_CHANGED: said again");
	tpmtest_rules("");
	sl_secret_clear(&got);
	tpmtest_shell(EXTEND, 12, 6);
	tpmtest_log_reset();
	test_eq(sl_root_seal(root, &how, &secret, &later, &later_len), SL_ERR_POLICY, "nothing is sealed for a root that is no more");
	says(device, "moved");
	test_ok(later == NULL, "at all");
	test_eq(sl_root_unseal(root, blob, len, NULL, &got), SL_ERR_POLICY, "nor unsealed");
	says(device, "not in the state");
	test_eq(sl_root_seal(root, &how, &secret, &later, &later_len), SL_OK, "the root of now seals");
	nothing_left();
	tpmtest_close(&root, &device);
	tpmtest_power_cycle();
	elsewhere.policy.has_digest = true; /* the state of zeros, never seen */
	test_eq(sealtest_seal(&elsewhere, &secret, NULL, &there), SL_OK, "for a pinned state everything is sealed beforehand");
	test_eq(sealtest_unseal(&elsewhere, &there, NULL, &secret, NULL), SL_ERR_POLICY, "and opens in it only");
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_unseal(root, blob, len, NULL, &got), SL_OK, "the first blob is back with its state");
	sl_secret_clear(&got);
	test_eq(sl_root_unseal(root, later, later_len, NULL, &got), SL_ERR_POLICY, "the second one went with its own");
	tpmtest_close(&root, &device);
	nothing_left();
	free(there.bytes);
	free(blob);
	free(later);
}

/* A hierarchy with an authorization: its session and the policy's, and no third. */
static void
with_owner_auth(void)
{
	struct sl_root_spec spec = bound("auth", 1U << 7);
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s", sealtest_path("owner.auth"));
	test_eq(tpmtest_derive(&spec, 6, a), SL_OK, "a secret");
	tpmtest_shell("tpm2_changeauth -Q -c owner mine");
	sealtest_write("owner.auth", "mine\n", 5);
	test_ok(tpmtest_derive(&spec, 6, b) != SL_OK, "the hierarchy has an authorization now");
	spec.auth_file = path;
	tpmtest_log_reset();
	test_eq(tpmtest_derive(&spec, 6, b), SL_OK, "which is given");
	costs("the first secret", "PCR_Read ReadPublic CreatePrimary StartAuthSession FlushContext CreatePrimary StartAuthSession FlushContext CreatePrimary "
	      "FlushContext PolicyPCR HMAC FlushContext ");
	test_mem(a, 32, b, 32, "the same secret");
	tpmtest_shell("tpm2_changeauth -Q -c owner -p mine");
	nothing_left();
}

static void
persistent(void)
{
	const struct sl_root_spec made = bound("kept", 1U << 7);
	struct sl_root_spec spec = made;
	struct sl_root_spec bare = made;
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&made, &device);
	struct sl_root_name name = { .len = 0 };
	struct sl_msg msg = { .text = "" };
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	spec.kind = bare.kind = SL_ROOT_PERSISTENT;
	spec.handle = bare.handle = HANDLE;
	bare.policy.kind = SL_POLICY_NONE;
	test_eq(sl_root_persist(root, HANDLE, true, &name, &msg), SL_OK, "made persistent %s", msg.text);
	test_eq(derive_on(root, &name, 3, a), SL_OK, "a secret of the primary");
	tpmtest_close(&root, &device);
	root = tpmtest_open(&spec, &device);
	tpmtest_log_reset();
	test_eq(derive_on(root, &name, 3, b), SL_OK, "and of the persistent one");
	costs("the first secret", "PCR_Read ReadPublic StartAuthSession ReadPublic PolicyPCR HMAC ");
	test_mem(a, 32, b, 32, "the same");
	test_eq(derive_on(root, &name, 3, b), SL_OK, "again");
	costs("each further one", "StartAuthSession PolicyPCR HMAC ");
	tpmtest_shell(EXTEND, 7, 3);
	test_eq(derive_on(root, &name, 3, b), SL_ERR_POLICY, "in another state: refused");
	test_eq(derive_on(root, &name, 3, b), SL_ERR_MISMATCH, "and its policy is another one");
	says(device, "not a root under this policy");
	nothing_left();
	tpmtest_close(&root, &device);
	test_eq(tpmtest_derive(&bare, 3, b), SL_ERR_MISMATCH, "a configuration without the policy does not take it for its root");
	tpmtest_power_cycle();
	test_eq(tpmtest_derive(&spec, 3, b), SL_OK, "back in the state");
	test_mem(a, 32, b, 32, "the same");
	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001 && tpm2_evictcontrol -Q -c %#x", HANDLE);
	nothing_left();
}

/* Three hierarchies, sixteen PCRs at once, another bank, and a chip without TPM2_HMAC. */
static void
others(void)
{
	struct sl_root_spec spec = bound("many", 0xFFFF);
	uint8_t values[24 * 64];
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	size_t len = 0;
	const struct sl_pcr_selection wide = { .bank = SL_PCR_SHA256, .pcrs = 0xFFFFFF };
	const struct sl_pcr_selection none = { .bank = SL_PCR_SHA256 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sealtest_blob got;

	tpmtest_log_reset();
	test_eq(sl_root_pcr_read(root, &wide, values, &len), SL_OK, "all PCRs");
	costs("eight at a time", "PCR_Read PCR_Read PCR_Read ");
	tpmtest_shell("tpm2_pcrread -Q -o %s sha256:all", sealtest_path("all"));
	got = sealtest_read("all");
	test_mem(values, len, got.bytes, got.len, "as tpm2_pcrread has them");
	free(got.bytes);
	test_eq(sl_root_pcr_read(root, &none, values, &len), SL_ERR_RANGE, "none");
	tpmtest_close(&root, &device);
	for (int i = 0; i < 4; i++) {
		if (i == SL_HIERARCHY_PLATFORM)
			continue;
		spec.hierarchy = (enum sl_hierarchy)i;
		test_eq(tpmtest_derive(&spec, 4, a), SL_OK, "sixteen PCRs, hierarchy %d", i);
		tpmtest_rules("rc HMAC all 0x143\n");
		test_eq(tpmtest_derive(&spec, 4, b), SL_OK, "the same without TPM2_HMAC");
		test_mem(a, 32, b, 32, "is the same");
		nothing_left();
		tpmtest_rules("");
	}
	spec.policy.bank = SL_PCR_SHA384;
	spec.policy.pcrs = 1;
	test_ok(tpmtest_derive(&spec, 4, b) == SL_OK && memcmp(a, b, 32) != 0, "another bank is another root");
	nothing_left();
}

/* Any PCR that moves at the wrong moment spoils a policy session; we say it again. A fault at any command leaves nothing behind. */
static void
faults(void)
{
	static const char *const commands[] = { "PCR_Read 1", "StartAuthSession 1", "StartAuthSession 2", "CreatePrimary 1", "CreatePrimary 2",
		                                "PolicyPCR 1", "HMAC 1", "FlushContext 1" };
	const struct sl_root_spec spec = bound("faults", 1U << 7);
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	static const char *const ways[] = { "cut", "0x101", "0x98e", "0x18b", "0x922" };
	char rule[100];
	enum sl_err err;

	test_eq(tpmtest_derive(&spec, 5, a), SL_OK, "a secret");
	tpmtest_rules("rc HMAC 1 0x128\n");
	tpmtest_log_reset();
	test_eq(tpmtest_derive(&spec, 5, b), SL_OK, "TPM_RC_PCR_CHANGED");
	costs("the policy is said again",
	      "PCR_Read ReadPublic CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR HMAC PolicyRestart PolicyPCR "
	      "HMAC FlushContext ");
	test_mem(a, 32, b, 32, "the same secret");
	tpmtest_rules("rc HMAC all 0x128\n");
	test_eq(tpmtest_derive(&spec, 5, b), SL_ERR_POLICY, "but not for ever");
	nothing_left();
	for (size_t i = 0; i < SL_ARRAY_LEN(commands); i++) {
		for (size_t j = 0; j < SL_ARRAY_LEN(ways); j++) {
			if (j == 0)
				(void)snprintf(rule, sizeof(rule), "cut %s\n", commands[i]);
			else
				(void)snprintf(rule, sizeof(rule), "rc %s %s\n", commands[i], ways[j]);
			tpmtest_rules(rule);
			err = tpmtest_derive(&spec, 5, b);
			tpmtest_rules("");
			test_ok(err == SL_OK ? memcmp(a, b, 32) == 0 : err != SL_ERR_FORMAT, "%.*s: %s", (int)strlen(rule) - 1, rule, sl_err_text(err));
			test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
		}
	}
	tpmtest_rules("flip-cmd PolicyPCR 1 20\n");
	test_eq(tpmtest_derive(&spec, 5, b), SL_ERR_POLICY, "a digest altered on the bus");
	tpmtest_rules("flip-rsp HMAC 1 25\n");
	test_eq(tpmtest_derive(&spec, 5, b), SL_ERR_DEVICE, "an answer altered on the bus");
	tpmtest_rules("");
	nothing_left();
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	of_now();
	batch();
	pinned();
	sealed();
	with_owner_auth();
	persistent();
	others();
	faults();
	return test_done();
}
