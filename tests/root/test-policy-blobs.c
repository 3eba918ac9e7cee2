/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/der.h"
#include "root/policy.h"
#include "root/policytest.h"

#include <string.h>

/* Sealed keys that come with policies of their own, as other tools make them, beside a software TPM. */

static struct sealtest_blob
rebuild(const char *name, bool empty_auth, struct sl_bytes policy, struct sl_bytes alternatives)
{
	char part[300];
	struct sealtest_blob pub;
	struct sealtest_blob priv;
	struct sealtest_blob blob = { NULL, 0 };
	struct sl_sealed sealed = { .empty_auth = empty_auth, .parent = 0x40000001, .policy = policy, .auth_policy = alternatives };

	(void)snprintf(part, sizeof(part), "%s.pub", name);
	pub = sealtest_read(part);
	(void)snprintf(part, sizeof(part), "%s.priv", name);
	priv = sealtest_read(part);
	sealed.public_area = (struct sl_bytes){ pub.bytes + 2, pub.len - 2 };
	sealed.private_area = (struct sl_bytes){ priv.bytes + 2, priv.len - 2 };
	if (sl_sealed_write(&sealed, &blob.bytes, &blob.len) != SL_OK)
		test_bail("sl_sealed_write");
	free(pub.bytes);
	free(priv.bytes);
	return blob;
}

/* A raw statement. */
static void
other_statement(struct sl_writer *w, unsigned char code, const char *body, size_t len)
{
	const uint8_t head[] = { 0x30, (uint8_t)(10 + len), 0xa0, 4, 2, 2, 1, code, 0xa1, (uint8_t)(2 + len), 4, (uint8_t)len };

	sl_writer_bytes(w, head, sizeof(head));
	if (len != 0)
		sl_writer_bytes(w, body, len);
}

static void
foreign_create(const char *name, const char *commands, const char *auth)
{
	tpmtest_shell("cd %s && tpm2_startauthsession -S t && %s && tpm2_flushcontext t && "
	              "tpm2_create -Q -C 0x81000001 -i secret -L made.policy -a 'fixedtpm|fixedparent' %s -u %s.pub -r %s.priv && tpm2_flushcontext -t",
	              tpmtest_dir(), commands, auth, name, name);
	tpmtest_log_reset();
}

static void
foreign(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "foreign");
	const struct sl_pcr_selection pcr = { .bank = SL_PCR_SHA256, .pcrs = 1U << 11 };
	SL_SECRET secret = sealtest_secret(24, 11);
	uint8_t room[2048];
	struct sl_writer w = sl_writer_of(room, sizeof(room));
	struct sl_policy_state state;
	struct sl_root_spec now = spec;
	struct sl_device *device;
	struct sl_root *root;
	struct sealtest_blob blob;
	struct sl_msg why;

	now.policy = (struct sl_policy_spec){ .kind = SL_POLICY_PCR, .bank = SL_PCR_SHA256, .pcrs = 1U << 11 };
	root = tpmtest_open(&now, &device);
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the PCRs of now");
	tpmtest_close(&root, &device);
	sealtest_write("secret", secret.bytes, secret.len);
	foreign_create("f1", "tpm2_policypcr -Q -S t -l sha256:11 && tpm2_policycommandcode -Q -S t -L made.policy TPM2_CC_Unseal", "");
	sl_policy_write_pcr(&w, &pcr, state.digest);
	other_statement(&w, 0x6c, "\0\0\1\136", 4); /* TPM2_CC_Unseal */
	blob = rebuild("f1", true, (struct sl_bytes){ room, w.used }, (struct sl_bytes){ NULL, 0 });
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "tpm2_create: PolicyPCR and PolicyCommandCode");
	free(blob.bytes);
	blob = rebuild("f1", true, (struct sl_bytes){ room, w.used - 16 }, (struct sl_bytes){ NULL, 0 });
	tpmtest_log_reset();
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_POLICY, "half of its policy does not open it: %s", why.text);
	policytest_costs("and is not tried", "");
	free(blob.bytes);
	blob = rebuild("f1", true, (struct sl_bytes){ NULL, 0 }, (struct sl_bytes){ NULL, 0 });
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_POLICY, "nor none: %s", why.text);
	free(blob.bytes);

	foreign_create("f2", "tpm2_policypassword -Q -S t -L made.policy", "-p sesame");
	w = sl_writer_of(room, sizeof(room));
	other_statement(&w, 0x8c, NULL, 0);
	blob = rebuild("f2", false, (struct sl_bytes){ room, w.used }, (struct sl_bytes){ NULL, 0 });
	test_eq(sealtest_unseal(&spec, &blob, "sesame", &secret, NULL), SL_OK, "PolicyPassword");
	test_ok(!tpmtest_log_has("sesame", 6) && !tpmtest_log_has(secret.bytes, secret.len), "without a password in the clear");
	test_eq(sealtest_unseal(&spec, &blob, "Sesame", &secret, NULL), SL_ERR_AUTH, "which has to be right");
	free(blob.bytes);

	foreign_create("f3", "tpm2_policylocality -Q -S t -L made.policy zero", "");
	w = sl_writer_of(room, sizeof(room));
	other_statement(&w, 0x6f, "\1", 1);
	blob = rebuild("f3", true, (struct sl_bytes){ room, w.used }, (struct sl_bytes){ NULL, 0 });
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_UNSUPPORTED, "another statement");
	test_ok(strstr(why.text, "TPM2_PolicyLocality") != NULL, "says: %s", why.text);
	free(blob.bytes);
	policytest_nothing_left();
}

/* TPMAuthPolicy: SEQUENCE { name, policy }. */
static void
alternative(struct sl_writer *w, const uint8_t *policy, size_t len)
{
	static const uint8_t name[] = { 0xa0, 5, 0x0c, 3, 'w', 'a', 'y' };
	const size_t list = sl_der_len(len);

	sl_der_head(w, SL_DER_SEQUENCE, sizeof(name) + sl_der_len(list));
	sl_writer_bytes(w, name, sizeof(name));
	sl_der_head(w, SL_DER_CONTEXT_1, list);
	sl_der_head(w, SL_DER_SEQUENCE, len);
	sl_writer_bytes(w, policy, len);
}

/* The signed ways are in the blob itself: the first one is not of this state, the second one is. */
static void
alternatives(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "foreign");
	const struct sl_root_spec by = policytest_spec("p256", "");
	const struct sl_pcr_selection pcr = { .bank = SL_PCR_SHA256, .pcrs = 1U << 11 };
	SL_SECRET secret = sealtest_secret(24, 12);
	uint8_t first[1024];
	uint8_t way[1024];
	uint8_t both[3000];
	uint8_t area[SL_TPM_PUBLIC_MAX];
	uint8_t tpmt[SL_POLICY_SIGNATURE_MAX];
	const uint8_t wrong[32] = { 1 };
	struct sl_bytes key = { area, 0 };
	struct sl_bytes raw;
	struct sl_writer w = sl_writer_of(first, sizeof(first));
	struct sl_writer ways = sl_writer_of(both, sizeof(both));
	const struct sl_bytes none = { NULL, 0 };
	struct sl_policy_state state;
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob sig;
	struct sl_device *device;
	struct sl_root *root;
	struct sl_msg why;
	size_t tpmt_len = 0;
	size_t second = 0;
	size_t len;

	policytest_sign("p256", "--new --pcrs 11");
	root = tpmtest_open(&by, &device);
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	tpmtest_close(&root, &device);
	test_eq(sealtest_seal(&by, &secret, NULL, &blob), SL_OK, "sealed under the signed policy");
	sealtest_split("ways", &blob);
	free(blob.bytes);
	tpmtest_shell("cd %s && /usr/bin/python3 -c \"import base64,json; "
	              "open('sig','wb').write(base64.b64decode(json.load(open('signatures.json'))['sha256'][0]['sig']))\" && rm signatures.json",
	              tpmtest_dir());
	sig = sealtest_read("sig");
	raw = (struct sl_bytes){ sig.bytes, sig.len };
	if (sl_policy_key_read(by.policy.key_file, area, &key.len, &why) != SL_OK || sl_policy_signature(key, raw, tpmt, &tpmt_len) != SL_OK)
		test_bail("the key and its signature");
	sl_policy_write_authorize(&w, key, none, none);
	for (int i = 0; i < 2; i++) {
		struct sl_writer one = sl_writer_of(way, sizeof(way));

		second = ways.used;
		sl_policy_write_pcr(&one, &pcr, i == 0 ? wrong : state.digest);
		sl_policy_write_authorize(&one, key, none, (struct sl_bytes){ tpmt, tpmt_len });
		alternative(&ways, way, one.used);
	}
	len = ways.used;
	blob = rebuild("ways", true, (struct sl_bytes){ first, w.used }, (struct sl_bytes){ both, len });
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "the second of two signed ways in the blob");
	free(blob.bytes);
	blob = rebuild("ways", true, (struct sl_bytes){ first, w.used }, (struct sl_bytes){ both, second });
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_POLICY, "the first one alone");
	test_ok(strstr(why.text, "in none of the states") != NULL, "says: %s", why.text);
	free(blob.bytes);
	both[len - 1] ^= 1;
	blob = rebuild("ways", true, (struct sl_bytes){ first, w.used }, (struct sl_bytes){ both, len });
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_POLICY, "a damaged signature");
	test_ok(strstr(why.text, "damaged") != NULL, "says: %s", why.text);
	free(blob.bytes);
	free(sig.bytes);
	policytest_nothing_left();
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	policytest_begin();
	policytest_key("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
	policytest_provision();
	foreign();
	alternatives();
	return test_done();
}
