/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policytest.h"

#include <string.h>

/* Roots and sealed keys under a signed policy, beside a software TPM. */

static enum sl_err
derive(const struct sl_root_spec *spec, uint8_t *out, struct sl_msg *why)
{
	uint8_t context[SL_ROOT_CONTEXT] = { 7 };
	SL_SECRET secret = { 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);
	const enum sl_err err = sl_root_derive(root, NULL, context, 1, &secret, NULL);

	if (err == SL_OK)
		memcpy(out, secret.bytes, SL_ROOT_SECRET);
	sl_device_trouble(device, why);
	tpmtest_close(&root, &device);
	return err;
}

static void
refused(const struct sl_root_spec *spec, const char *what, const char *says)
{
	uint8_t out[32];
	struct sl_msg why;

	test_eq(derive(spec, out, &why), SL_ERR_POLICY, "%s", what);
	test_ok(strstr(why.text, says) != NULL, "says: %s", why.text);
}

static void
kinds(void)
{
	static const char *const names[] = { "rsa2048", "rsa3072", "p256", "p384", "p521" };
	static const char *const hows[] = { "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
		                            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
		                            "-algorithm EC -pkeyopt ec_paramgen_curve:P-521" };

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		uint8_t out[32];
		struct sl_msg why;
		struct sl_root_spec spec;

		policytest_key(names[i], hows[i]);
		policytest_sign(names[i], "--new --pcrs 11");
		spec = policytest_spec(names[i], "");
		test_eq(derive(&spec, out, &why), SL_OK, "a state signed by %s %s", names[i], why.text);
		policytest_nothing_left();
	}
}

static void
moves(void)
{
	const struct sl_root_spec spec = policytest_spec("p256", "");
	uint8_t context[SL_ROOT_CONTEXT] = { 7 };
	SL_SECRET secret = { 0 };
	SL_SECRET later = { 0 };
	struct sl_policy_state state;
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name name = { .len = 0 };
	struct sl_msg why = { .text = "" };

	policytest_sign("p256", "--new --pcrs 11");
	test_eq(sl_root_name(root, &name), SL_OK, "the name of a root under a signed policy");
	policytest_costs("the name", "CreatePrimary FlushContext ");
	test_eq(sl_root_derive(root, &name, context, 1, &secret, NULL), SL_OK, "a secret");
	policytest_costs("the first secret", "PCR_Read LoadExternal VerifySignature FlushContext ReadPublic CreatePrimary StartAuthSession StartAuthSession "
	      "FlushContext CreatePrimary PolicyPCR PolicyAuthorize HMAC FlushContext ");
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_OK, "again");
	policytest_costs("each further one", "CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR PolicyAuthorize HMAC FlushContext ");
	test_mem(later.bytes, later.len, secret.bytes, secret.len, "the same");
	sl_secret_clear(&later);

	tpmtest_shell("tpm2_pcrextend 11:sha256=%064d", 11);
	tpmtest_log_reset();
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_ERR_POLICY, "after an update that nobody signed");
	sl_device_trouble(device, &why);
	test_ok(strstr(why.text, "no policy signed by") != NULL && strstr(why.text, "sha256:11") != NULL, "says: %s", why.text);
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	test_ok(!state.satisfied && state.selection.pcrs == 1U << 11 && strstr(state.why.text, "no policy signed") != NULL, "is not signed");
	policytest_sign("p256", "--pcrs 11");
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_OK, "when it is signed");
	test_mem(later.bytes, later.len, secret.bytes, secret.len, "the keys are the same");
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	test_ok(state.satisfied && strcmp(state.why.text, policytest_file) == 0, "is signed, in %s", state.why.text);
	sl_secret_clear(&later);
	tpmtest_shell("tpm2_pcrextend 11:sha256=%064d", 12);
	policytest_sign("p256", "--pcrs 11");
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_OK, "a running process follows to the next signed state");
	test_mem(later.bytes, later.len, secret.bytes, secret.len, "with the same keys");
	tpmtest_close(&root, &device);
	policytest_nothing_left();
}

static void
refusals(void)
{
	const struct sl_root_spec spec = policytest_spec("p256", "");
	const struct sl_root_spec rsa = policytest_spec("rsa2048", "");
	const struct sl_root_spec with_ref = policytest_spec("p256", "release");
	struct sl_root_spec missing = policytest_spec("nobody", "");
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	struct sl_msg why;

	policytest_sign("rsa2048", "--new --pcrs 11");
	refused(&spec, "a signature by another key", "none of the 1 signed policies is by");
	policytest_sign("p256", "--new --pcrs 12 --claim 11");
	refused(&spec, "a signature for other PCRs than it says", "no policy signed by");
	policytest_sign("p256", "--new --pcrs 11 --damage");
	refused(&spec, "a damaged signature", "is damaged, or not by");
	policytest_sign("rsa2048", "--new --pcrs 11 --damage");
	refused(&rsa, "a damaged RSA signature", "is damaged, or not by");
	policytest_nothing_left();
	policytest_sign("p256", "--new --pcrs 11");
	refused(&with_ref, "a signature for another policyRef", "another policyRef");
	policytest_sign("p256", "--pcrs 11 --damage --ref 72656c65617365");
	policytest_sign("p256", "--pcrs 11 --ref 72656c65617365");
	test_eq(derive(&with_ref, a, &why), SL_OK, "one for the policyRef, beside others %s", why.text);
	test_eq(derive(&spec, b, &why), SL_OK, "and the one without");
	test_ok(memcmp(a, b, 32) != 0, "are different roots");
	tpmtest_shell("rm %s", policytest_file);
	refused(&spec, "no signature file", "there is no signed policy in");
	sealtest_write("signatures.json", "{\"sha256\": [", 12);
	refused(&spec, "half a signature file", "signatures.json");
	refused(&missing, "no key file", "nobody.pub.pem");
	tpmtest_shell("echo nonsense >%s/nobody.pub.pem", tpmtest_dir());
	refused(&missing, "no key in the key file", "expected a PEM");
	tpmtest_shell("cd %s && openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out nobody.pub.pem", tpmtest_dir());
	refused(&missing, "a key that a TPM does not know", "expected an RSA key of 2048 to 4096 bits");
	policytest_nothing_left();
}

/* What we seal, with and without an auth: opened here, by tpm2-tools, and not in another state. */
static void
seal(void)
{
	const struct sl_root_spec spec = policytest_spec("p256", "");
	SL_SECRET secret = sealtest_secret(40, 3);
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob locked = { NULL, 0 };
	struct sealtest_blob longer = { NULL, 0 };
	struct sealtest_blob got;
	struct sl_msg why;

	policytest_sign("p256", "--new --pcrs 11");
	test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_OK, "seal under a signed policy");
	policytest_costs("sealing", "ReadPublic CreatePrimary StartAuthSession Create FlushContext ");
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "it opens");
	policytest_costs("unsealing", "PCR_Read LoadExternal VerifySignature FlushContext ReadPublic CreatePrimary StartAuthSession StartAuthSession Load "
	      "FlushContext PolicyPCR PolicyAuthorize Unseal FlushContext ");
	test_ok(!tpmtest_log_has(secret.bytes, 40), "the secret crosses the bus encrypted");
	test_eq(sealtest_seal(&spec, &secret, "a PIN", &locked), SL_OK, "the same with an auth");
	test_eq(sealtest_unseal(&spec, &locked, "a PIN", &secret, NULL), SL_OK, "opens");
	test_ok(!tpmtest_log_has(secret.bytes, 40) && !tpmtest_log_has("a PIN", 5), "neither is in the clear");
	test_eq(sealtest_unseal(&spec, &locked, "a pin", &secret, NULL), SL_ERR_AUTH, "not with another");
	test_eq(sealtest_unseal(&spec, &locked, NULL, &secret, NULL), SL_ERR_AUTH, "nor without");
	test_eq(sealtest_unseal(&spec, &blob, "needless", &secret, NULL), SL_ERR_AUTH, "a needless auth is a wrong one");
	secret.len = 40;
	{
		SL_SECRET big = sealtest_secret(3000, 4);

		test_eq(sealtest_seal(&spec, &big, "a PIN", &longer), SL_OK, "a long one");
		test_eq(sealtest_unseal(&spec, &longer, "a PIN", &big, NULL), SL_OK, "opens");
	}
	policytest_nothing_left();
	policytest_provision();
	sealtest_split("locked", &locked);
	tpmtest_shell("cd %s && tpm2_load -Q -C 0x81000001 -u locked.pub -r locked.priv -c locked.ctx && tpm2_flushcontext -t && "
	              "/usr/bin/python3 -c \"import base64,json; e=json.load(open('signatures.json'))['sha256'][0]; "
	              "open('pol','wb').write(bytes.fromhex(e['pol'])); open('sig','wb').write(base64.b64decode(e['sig']))\" && "
	              "tpm2_loadexternal -Q -C o -G ecc -u p256.pub.pem -c key.ctx -n key.name -a 'userwithauth|decrypt|sign' && "
	              "tpm2_verifysignature -Q -c key.ctx -g sha256 -m pol -s sig -f ecdsa -t ticket && tpm2_flushcontext -t && "
	              "tpm2_startauthsession --policy-session -S s && tpm2_policypcr -Q -S s -l sha256:11 && "
	              "tpm2_policyauthorize -Q -S s -i pol -n key.name -t ticket && tpm2_policyauthvalue -Q -S s && "
	              "tpm2_unseal -Q -c locked.ctx -p session:s+'a PIN' -o tool.out && tpm2_flushcontext s && tpm2_flushcontext -t", tpmtest_dir());
	got = sealtest_read("tool.out");
	test_mem(got.bytes, got.len, secret.bytes, secret.len, "tpm2-tools open it, with the policy and the auth");
	free(got.bytes);
	tpmtest_shell("tpm2_pcrextend 11:sha256=%064d", 13);
	test_eq(sealtest_unseal(&spec, &locked, "a PIN", &secret, &why), SL_ERR_POLICY, "in another state: refused");
	test_ok(strstr(why.text, "no policy signed by") != NULL, "says: %s", why.text);
	policytest_sign("p256", "--new --pcrs 11");
	test_eq(sealtest_unseal(&spec, &locked, "a PIN", &secret, NULL), SL_OK, "until that is signed");
	policytest_nothing_left();
	free(blob.bytes);
	free(locked.bytes);
	free(longer.bytes);
}

static void
strong(void)
{
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "strong");
	SL_SECRET auth = sealtest_secret(32, 8);
	SL_SECRET secret = sealtest_secret(32, 9);
	const struct sl_seal_spec how = { .auth = &auth, .strong = true };
	uint8_t *blob = NULL;
	size_t len = 0;

	tpmtest_shell("tpm2_dictionarylockout -s -n 2 -t 1000 -l 1000 && tpm2_dictionarylockout -c");
	for (int i = 0; i < 2; i++) {
		SL_SECRET got = { 0 };
		SL_SECRET wrong = sealtest_secret(32, 10);
		struct sl_device *device;
		struct sl_root *root;

		spec.policy = (struct sl_policy_spec){ .kind = i == 0 ? SL_POLICY_NONE : SL_POLICY_PCR, .bank = SL_PCR_SHA256, .pcrs = 4 };
		root = tpmtest_open(&spec, &device);
		test_eq(sl_root_seal(root, &how, &secret, &blob, &len), SL_OK, "seal with an auth that nobody guesses%s", i == 0 ? "" : ", and a policy");
		for (int j = 0; j < 4; j++)
			test_eq(sl_root_unseal(root, blob, len, &wrong, &got), SL_ERR_AUTH, "wrong tries");
		test_eq(sl_root_unseal(root, blob, len, &auth, &got), SL_OK, "are not counted");
		tpmtest_close(&root, &device);
		free(blob);
	}
	tpmtest_shell("tpm2_dictionarylockout -c");
	policytest_nothing_left();
}

/* A ticket is of a hierarchy; where the owner's is disabled, the endorsement's serves. */
static void
without_owner(void)
{
	struct sl_root_spec spec = policytest_spec("p256", "");
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	struct sl_msg why;

	spec.hierarchy = SL_HIERARCHY_ENDORSEMENT;
	policytest_sign("p256", "--new --pcrs 11");
	test_eq(derive(&spec, a, &why), SL_OK, "an endorsement root %s", why.text);
	tpmtest_shell("tpm2_hierarchycontrol -Q -C p shEnable clear");
	test_eq(derive(&spec, b, &why), SL_OK, "where there is no owner hierarchy %s", why.text);
	test_mem(a, 32, b, 32, "the same secret");
	policytest_nothing_left();
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	policytest_begin();
	kinds();
	moves();
	refusals();
	seal();
	strong();
	without_owner();
	return test_done();
}
