/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"
#include "crypto/der.h"
#include "root/policy.h"

#include <string.h>

/* Roots and sealed keys under a signed policy, and under policies of other tools, beside a software TPM. */

static char signature_file[4200];
static char *signature_files[] = { signature_file, NULL };

static struct sl_root_spec
signed_by(const char *key, const char *ref)
{
	static char paths[4][4200];
	static unsigned next;
	char *path = paths[next++ % 4];
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "signed");

	(void)snprintf(path, sizeof(paths[0]), "%s/%s.pub.pem", tpmtest_dir(), key);
	spec.policy = (struct sl_policy_spec){ .kind = SL_POLICY_AUTHORIZE, .key_file = path, .signatures = signature_files,
		                               .ref_len = strlen(ref) };
	memcpy(spec.policy.ref, ref, strlen(ref));
	return spec;
}

static void
make_key(const char *name, const char *how)
{
	tpmtest_shell("cd %s && openssl genpkey -quiet %s -out %s.pem 2>/dev/null || openssl genpkey %s -out %s.pem 2>/dev/null; "
	              "openssl pkey -in %s.pem -pubout -out %s.pub.pem", tpmtest_dir(), how, name, how, name, name, name);
}

static void
sign(const char *key, const char *args)
{
	tpmtest_shell("\"$SL_SRC\"/tests/root/sign-policy.py --key %s/%s.pem --out %s %s", tpmtest_dir(), key, signature_file, args);
	tpmtest_log_reset();
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

		make_key(names[i], hows[i]);
		sign(names[i], "--new --pcrs 11");
		spec = signed_by(names[i], "");
		test_eq(derive(&spec, out, &why), SL_OK, "a state signed by %s %s", names[i], why.text);
		nothing_left();
	}
}

static void
moves(void)
{
	const struct sl_root_spec spec = signed_by("p256", "");
	uint8_t context[SL_ROOT_CONTEXT] = { 7 };
	SL_SECRET secret = { 0 };
	SL_SECRET later = { 0 };
	struct sl_policy_state state;
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name name = { .len = 0 };
	struct sl_msg why = { .text = "" };

	sign("p256", "--new --pcrs 11");
	test_eq(sl_root_name(root, &name), SL_OK, "the name of a root under a signed policy");
	costs("the name", "CreatePrimary FlushContext ");
	test_eq(sl_root_derive(root, &name, context, 1, &secret, NULL), SL_OK, "a secret");
	costs("the first secret", "PCR_Read LoadExternal VerifySignature FlushContext ReadPublic CreatePrimary StartAuthSession StartAuthSession "
	      "FlushContext CreatePrimary PolicyPCR PolicyAuthorize HMAC FlushContext ");
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_OK, "again");
	costs("each further one", "CreatePrimary StartAuthSession StartAuthSession FlushContext CreatePrimary PolicyPCR PolicyAuthorize HMAC FlushContext ");
	test_mem(later.bytes, later.len, secret.bytes, secret.len, "the same");
	sl_secret_clear(&later);

	tpmtest_shell("tpm2_pcrextend 11:sha256=%064d", 11);
	tpmtest_log_reset();
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_ERR_POLICY, "after an update that nobody signed");
	sl_device_trouble(device, &why);
	test_ok(strstr(why.text, "no policy signed by") != NULL && strstr(why.text, "sha256:11") != NULL, "says: %s", why.text);
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	test_ok(!state.satisfied && state.selection.pcrs == 1U << 11 && strstr(state.why.text, "no policy signed") != NULL, "is not signed");
	sign("p256", "--pcrs 11");
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_OK, "when it is signed");
	test_mem(later.bytes, later.len, secret.bytes, secret.len, "the keys are the same");
	test_eq(sl_root_policy_state(root, &state), SL_OK, "the state");
	test_ok(state.satisfied && strcmp(state.why.text, signature_file) == 0, "is signed, in %s", state.why.text);
	sl_secret_clear(&later);
	tpmtest_shell("tpm2_pcrextend 11:sha256=%064d", 12);
	sign("p256", "--pcrs 11");
	test_eq(sl_root_derive(root, &name, context, 1, &later, NULL), SL_OK, "a running process follows to the next signed state");
	test_mem(later.bytes, later.len, secret.bytes, secret.len, "with the same keys");
	tpmtest_close(&root, &device);
	nothing_left();
}

static void
refusals(void)
{
	const struct sl_root_spec spec = signed_by("p256", "");
	const struct sl_root_spec rsa = signed_by("rsa2048", "");
	const struct sl_root_spec with_ref = signed_by("p256", "release");
	struct sl_root_spec missing = signed_by("nobody", "");
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	struct sl_msg why;

	sign("rsa2048", "--new --pcrs 11");
	refused(&spec, "a signature by another key", "none of the 1 signed policies is by");
	sign("p256", "--new --pcrs 12 --claim 11");
	refused(&spec, "a signature for other PCRs than it says", "no policy signed by");
	sign("p256", "--new --pcrs 11 --damage");
	refused(&spec, "a damaged signature", "is damaged, or not by");
	sign("rsa2048", "--new --pcrs 11 --damage");
	refused(&rsa, "a damaged RSA signature", "is damaged, or not by");
	nothing_left();
	sign("p256", "--new --pcrs 11");
	refused(&with_ref, "a signature for another policyRef", "another policyRef");
	sign("p256", "--pcrs 11 --damage --ref 72656c65617365");
	sign("p256", "--pcrs 11 --ref 72656c65617365");
	test_eq(derive(&with_ref, a, &why), SL_OK, "one for the policyRef, beside others %s", why.text);
	test_eq(derive(&spec, b, &why), SL_OK, "and the one without");
	test_ok(memcmp(a, b, 32) != 0, "are different roots");
	tpmtest_shell("rm %s", signature_file);
	refused(&spec, "no signature file", "there is no signed policy in");
	sealtest_write("signatures.json", "{\"sha256\": [", 12);
	refused(&spec, "half a signature file", "signatures.json");
	refused(&missing, "no key file", "nobody.pub.pem");
	tpmtest_shell("echo nonsense >%s/nobody.pub.pem", tpmtest_dir());
	refused(&missing, "no key in the key file", "expected a PEM");
	tpmtest_shell("cd %s && openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out nobody.pub.pem", tpmtest_dir());
	refused(&missing, "a key that a TPM does not know", "expected an RSA key of 2048 to 4096 bits");
	nothing_left();
}

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

/* The storage root key at 0x81000001, for the tools. */
static void
provision(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "provision");
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name name;
	struct sl_msg msg = { .text = "" };

	if (sl_root_persist(root, 0x81010099, true, &name, &msg) != SL_OK)
		test_bail("%s", msg.text);
	tpmtest_close(&root, &device);
}

/* What we seal, with and without an auth: opened here, by tpm2-tools, and not in another state. */
static void
seal(void)
{
	const struct sl_root_spec spec = signed_by("p256", "");
	SL_SECRET secret = sealtest_secret(40, 3);
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob locked = { NULL, 0 };
	struct sealtest_blob longer = { NULL, 0 };
	struct sealtest_blob got;
	struct sl_msg why;

	sign("p256", "--new --pcrs 11");
	test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_OK, "seal under a signed policy");
	costs("sealing", "ReadPublic CreatePrimary StartAuthSession Create FlushContext ");
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "it opens");
	costs("unsealing", "PCR_Read LoadExternal VerifySignature FlushContext ReadPublic CreatePrimary StartAuthSession StartAuthSession Load "
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
	nothing_left();
	provision();
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
	sign("p256", "--new --pcrs 11");
	test_eq(sealtest_unseal(&spec, &locked, "a PIN", &secret, NULL), SL_OK, "until that is signed");
	nothing_left();
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
	nothing_left();
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
	costs("and is not tried", "");
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
	nothing_left();
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
	const struct sl_root_spec by = signed_by("p256", "");
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

	sign("p256", "--new --pcrs 11");
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
	nothing_left();
}

/* A ticket is of a hierarchy; where the owner's is disabled, the endorsement's serves. */
static void
without_owner(void)
{
	struct sl_root_spec spec = signed_by("p256", "");
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	struct sl_msg why;

	spec.hierarchy = SL_HIERARCHY_ENDORSEMENT;
	sign("p256", "--new --pcrs 11");
	test_eq(derive(&spec, a, &why), SL_OK, "an endorsement root %s", why.text);
	tpmtest_shell("tpm2_hierarchycontrol -Q -C p shEnable clear");
	test_eq(derive(&spec, b, &why), SL_OK, "where there is no owner hierarchy %s", why.text);
	test_mem(a, 32, b, 32, "the same secret");
	nothing_left();
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	(void)snprintf(signature_file, sizeof(signature_file), "%s/signatures.json", tpmtest_dir());
	kinds();
	moves();
	refusals();
	seal();
	strong();
	foreign();
	alternatives();
	without_owner();
	return test_done();
}
