/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"

#include <string.h>

/*
 * Sealing beside a software TPM: what goes over the bus, who can open it, and that other TPM tools read and write the
 * same.
 */

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER,
                                         .name_space = (char *)(uintptr_t)"seal" };
static const struct sl_root_spec endorsement = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_ENDORSEMENT,
	                                         .name_space = (char *)(uintptr_t)"seal" };

static void
costs(const char *what, const char *commands)
{
	char *got = tpmtest_log_commands();

	test_str(got, commands, "%s", what);
	free(got);
	tpmtest_log_reset();
}

static void
sizes(void)
{
	static const size_t table[] = { 1, 32, 128, 129, 2400, 8192 };

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		SL_SECRET secret = sealtest_secret(table[i], (unsigned)i);
		struct sealtest_blob blob = { NULL, 0 };

		tpmtest_log_reset();
		test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_OK, "seal %zu bytes", table[i]);
		test_eq(sl_sealed_is_hybrid(blob.bytes, blob.len), table[i] > 128, "%zu bytes: hybrid or not",
		        table[i]);
		test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "%zu bytes come back", table[i]);
		test_ok(table[i] < 8 || !tpmtest_log_has(secret.bytes, table[i] < 32 ? table[i] : 32),
		        "%zu bytes are not in the clear", table[i]);
		test_ok(table[i] < 8 ||
		        memmem(blob.bytes, blob.len, secret.bytes, table[i] < 32 ? table[i] : 32) == NULL, "nor in the blob");
		free(blob.bytes);
	}
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
bad_sizes(void)
{
	SL_SECRET secret = sealtest_secret(SL_SEAL_MAX + 1, 3);
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob none = { (uint8_t *)(uintptr_t)"", 0 };
	const struct sl_secret empty = { 0 };

	tpmtest_log_reset();
	test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_ERR_RANGE, "one byte too many");
	test_eq(sealtest_seal(&spec, &empty, NULL, &blob), SL_ERR_RANGE, "none at all");
	test_eq(sealtest_unseal(&spec, &none, NULL, &secret, NULL), SL_ERR_FORMAT, "an empty blob");
	test_ok(blob.bytes == NULL, "nothing was made");
	secret.len = 16;
	test_eq(sealtest_seal(&spec, &secret, "123456789012345678901234567890123", &blob), SL_ERR_RANGE,
	        "an auth of 33 bytes");
	costs("none of that asks the TPM", "");
	secret.len = SL_SEAL_MAX + 1;
}

/* The key of a hybrid blob is the secret that is at stake on the bus. */
static void
hybrid_key(void)
{
	SL_SECRET secret = sealtest_secret(300, 9);
	SL_SECRET key = { 0 };
	struct sealtest_blob blob = { NULL, 0 };
	struct sl_bytes der = { NULL, 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	tpmtest_log_reset();
	test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_OK, "seal 300 bytes");
	test_eq(sl_sealed_hybrid_key(blob.bytes, blob.len, &der), SL_OK, "the sealed key in it");
	test_eq(sl_root_unseal(root, der.data, der.len, NULL, &key), SL_OK, "is a blob of its own");
	test_ok(key.len == SL_SEALED_KEY && !tpmtest_log_has(key.bytes, key.len), "and not in the clear");
	blob.bytes[blob.len - 20] ^= 1;
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_ERR_VERIFY, "an altered ciphertext");
	blob.bytes[blob.len - 20] ^= 1;
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "put right again");
	tpmtest_close(&root, &device);
	free(blob.bytes);
}

/* Without a storage root key: at most seven. */
static void
budget(void)
{
	SL_SECRET secret = sealtest_secret(32, 5);
	SL_SECRET got = { 0 };
	const struct sl_seal_spec how = { .auth = NULL };
	struct sealtest_blob blob = { NULL, 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	tpmtest_log_reset();
	test_eq(sl_root_seal(root, &how, &secret, &blob.bytes, &blob.len), SL_OK, "seal");
	costs("sealing", "ReadPublic CreatePrimary StartAuthSession Create FlushContext ");
	tpmtest_close(&root, &device);
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_unseal(root, blob.bytes, blob.len, NULL, &got), SL_OK, "unseal");
	costs("the first unsealing of a process",
	      "ReadPublic CreatePrimary StartAuthSession Load FlushContext Unseal FlushContext ");
	sl_secret_clear(&got);
	test_eq(sl_root_unseal(root, blob.bytes, blob.len, NULL, &got), SL_OK, "unseal again");
	costs("each further one", "CreatePrimary StartAuthSession Load FlushContext Unseal FlushContext ");
	tpmtest_close(&root, &device);
	free(blob.bytes);
}

static void
with_auth(void)
{
	SL_SECRET secret = sealtest_secret(64, 6);
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob open = { NULL, 0 };
	struct sl_msg why;

	tpmtest_log_reset();
	test_eq(sealtest_seal(&spec, &secret, "open sesame, please", &blob), SL_OK, "seal with an auth");
	test_eq(sealtest_unseal(&spec, &blob, "open sesame, please", &secret, NULL), SL_OK, "it opens with it");
	test_ok(!tpmtest_log_has("open sesame, please", 19), "which is not in the clear");
	test_ok(!tpmtest_log_has(secret.bytes, 64), "nor is the secret");
	test_eq(sealtest_unseal(&spec, &blob, "open sesame, pleasf", &secret, NULL), SL_ERR_AUTH,
	        "not with another one");
	test_eq(sealtest_unseal(&spec, &blob, "open sesame", &secret, NULL), SL_ERR_AUTH, "nor with its beginning");
	tpmtest_log_reset();
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_AUTH, "nor without");
	test_eq(sealtest_unseal(&spec, &blob, "", &secret, NULL), SL_ERR_AUTH, "nor with an empty one");
	test_eq(sealtest_unseal(&spec, &blob, "123456789012345678901234567890123", &secret, NULL), SL_ERR_AUTH,
	        "nor with one that is too long");
	costs("for which nobody asks the TPM: it would count", "");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	test_eq(sealtest_seal(&spec, &secret, NULL, &open), SL_OK, "seal without");
	test_eq(sealtest_unseal(&spec, &open, "x", &secret, NULL), SL_ERR_AUTH, "a needless auth is a wrong one");
	free(open.bytes);

	/* The TPM is the one that counts. */
	tpmtest_shell("tpm2_dictionarylockout -s -n 3 -t 1000 -l 1000 && tpm2_dictionarylockout -c");
	for (int i = 0; i < 3; i++)
		test_eq(sealtest_unseal(&spec, &blob, "wrong", &secret, NULL), SL_ERR_AUTH, "try %d", i + 1);
	test_eq(sealtest_unseal(&spec, &blob, "open sesame, please", &secret, NULL), SL_ERR_LOCKED,
	        "then even the right one is refused");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	tpmtest_shell("tpm2_dictionarylockout -c");
	test_eq(sealtest_unseal(&spec, &blob, "open sesame, please", &secret, NULL), SL_OK,
	        "until the counter is reset");
	free(blob.bytes);
}

/* A TPM takes zeros off the end of an auth value; we must count likewise. */
static void
with_zeros(void)
{
	static const uint8_t auth[4] = { 'a', 0, 'b', 0 };
	static const uint8_t nothing[2] = { 0, 0 };
	SL_SECRET secret = sealtest_secret(20, 7);
	SL_SECRET got = { 0 };
	struct sl_secret value = { 0 };
	struct sl_seal_spec how = { .auth = &value };
	struct sealtest_blob blob = { NULL, 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	if (sl_secret_copy(&value, auth, sizeof(auth)) != SL_OK)
		test_bail("out of memory");
	test_eq(sl_root_seal(root, &how, &secret, &blob.bytes, &blob.len), SL_OK, "an auth that ends in zero");
	test_eq(sl_root_unseal(root, blob.bytes, blob.len, &value, &got), SL_OK, "opens");
	test_mem(got.bytes, got.len, secret.bytes, secret.len, "the secret");
	sl_secret_clear(&value);
	if (sl_secret_copy(&value, nothing, sizeof(nothing)) != SL_OK)
		test_bail("out of memory");
	free(blob.bytes);
	test_eq(sl_root_seal(root, &how, &secret, &blob.bytes, &blob.len), SL_ERR_ARG, "an auth of zeros only is none");
	sl_secret_clear(&value);
	tpmtest_close(&root, &device);
}

static void
with_policy(void)
{
	struct sl_root_spec bound = spec;
	SL_SECRET secret = sealtest_secret(40, 8);
	struct sealtest_blob blob = { NULL, 0 };

	bound.policy = (struct sl_policy_spec){ .kind = SL_POLICY_PCR, .bank = SL_PCR_SHA256, .pcrs = 1U << 23 };
	test_eq(sealtest_seal(&bound, &secret, NULL, &blob), SL_OK, "seal under the root's policy");
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "any root of the hierarchy opens it in that state");
	sealtest_split("policy", &blob);
	tpmtest_shell("tpm2_load -Q -C 0x81000001 -u %s -r %s -c %s", sealtest_path("policy.pub"),
	              sealtest_path("policy.priv"), sealtest_path("policy.ctx"));
	tpmtest_shell("tpm2_flushcontext -t; ! tpm2_unseal -c %s 2>/dev/null", sealtest_path("policy.ctx"));
	tpmtest_shell("tpm2_flushcontext -t; tpm2_unseal -Q -c %s -p pcr:sha256:23 -o %s", sealtest_path("policy.ctx"),
	              sealtest_path("policy.out"));
	tpmtest_shell("tpm2_flushcontext -t; tpm2_pcrextend 23:sha256=0000000000000000000000000000000000000000000000000000000000000001 && "
	              "! tpm2_unseal -c %s -p pcr:sha256:23 2>/dev/null; r=$?; tpm2_flushcontext -t; tpm2_flushcontext -l; exit $r",
	              sealtest_path("policy.ctx"));
	tpmtest_log_reset();
	test_eq(sealtest_unseal(&bound, &blob, NULL, &secret, NULL), SL_ERR_POLICY, "and so are we");
	free(blob.bytes);
	blob = sealtest_read("policy.out");
	test_mem(blob.bytes, blob.len, secret.bytes, secret.len, "tpm2_unseal opens it while the PCR is right");
	free(blob.bytes);
}

/* The storage root key is at 0x81000001 from here on. */
static void
to_tools(const struct sealtest_blob *early, const struct sl_secret *secret)
{
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob other;
	struct sl_sealed sealed = { .parent = 0 };
	struct sl_msg msg = { .text = "" };

	test_eq(sl_sealed_read(early->bytes, early->len, &sealed, &msg), SL_OK, "%s", msg.text);
	test_ok(sealed.parent == 0x40000001 && sealed.empty_auth, "sealed before there was a storage root key");
	sealtest_split("early", early);
	other = sealtest_encode("early", true, "0x40000001");
	test_mem(early->bytes, early->len, other.bytes, other.len, "our DER is that of the openssl tool");
	free(other.bytes);
	test_eq(sealtest_seal(&spec, secret, NULL, &blob), SL_OK, "seal under it");
	test_eq(sl_sealed_read(blob.bytes, blob.len, &sealed, &msg), SL_OK, "%s", msg.text);
	test_ok(sealed.parent == 0x81000001, "the form says so");
	sealtest_split("late", &blob);
	other = sealtest_encode("late", true, "0x81000001");
	test_mem(blob.bytes, blob.len, other.bytes, other.len, "our DER is that of the openssl tool");
	free(other.bytes);
	free(blob.bytes);
	for (int i = 0; i < 2; i++) {
		const char *names[2][3] = { { "early.pub", "early.priv", "early" },
		                           { "late.pub", "late.priv", "late" } };

		tpmtest_log_reset();
		tpmtest_shell("tpm2_load -Q -C 0x81000001 -u %s -r %s -c %s && tpm2_flushcontext -t && tpm2_unseal -Q -c %s -o %s && tpm2_flushcontext -t",
		              sealtest_path(names[i][0]), sealtest_path(names[i][1]), sealtest_path("ctx"), sealtest_path("ctx"), sealtest_path("out"));
		other = sealtest_read("out");
		test_mem(other.bytes, other.len, secret->bytes, secret->len, "tpm2_unseal opens what was sealed %s",
		         names[i][2]);
		free(other.bytes);
	}
	test_ok(tpmtest_log_has(secret->bytes, secret->len), "and the detector finds the secret that it lets be seen");
}

static void
from_tools(const struct sl_secret *secret)
{
	struct sealtest_blob blob;

	sealtest_write("secret", secret->bytes, secret->len);
	tpmtest_shell("tpm2_create -Q -C 0x81000001 -i %s -u %s -r %s && tpm2_flushcontext -t", sealtest_path("secret"),
	              sealtest_path("tool.pub"),
	              sealtest_path("tool.priv"));
	blob = sealtest_encode("tool", true, "0x81000001");
	test_eq(sealtest_unseal(&spec, &blob, NULL, secret, NULL), SL_OK, "what tpm2_create sealed");
	free(blob.bytes);
	tpmtest_shell("tpm2_create -Q -C 0x81000001 -i %s -p secrecy -u %s -r %s && tpm2_flushcontext -t",
	              sealtest_path("secret"),
	              sealtest_path("auth.pub"), sealtest_path("auth.priv"));
	blob = sealtest_encode("auth", false, "0x81000001");
	test_eq(sealtest_unseal(&spec, &blob, "secrecy", secret, NULL), SL_OK, "the same with an auth");
	test_eq(sealtest_unseal(&spec, &blob, "secreci", secret, NULL), SL_ERR_AUTH, "and not with another");
	free(blob.bytes);
	blob = sealtest_encode("auth", true, "0x81000001");
	test_eq(sealtest_unseal(&spec, &blob, NULL, secret, NULL), SL_ERR_DEVICE, "a form that says there is no auth");
	free(blob.bytes);
	tpmtest_shell("tpm2_dictionarylockout -c");
	tpmtest_shell("tpm2_create -Q -C 0x81000001 -G ecc -u %s -r %s && tpm2_flushcontext -t",
	              sealtest_path("ecc.pub"), sealtest_path("ecc.priv"));
	blob = sealtest_encode("ecc", true, "0x81000001");
	tpmtest_log_reset();
	test_eq(sealtest_unseal(&spec, &blob, NULL, secret, NULL), SL_ERR_FORMAT,
	        "a signing key under the number of sealed data");
	costs("is not loaded", "");
	free(blob.bytes);
}

static void
budget_with_srk(const struct sealtest_blob *blob)
{
	SL_SECRET got = { 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	tpmtest_log_reset();
	test_eq(sl_root_unseal(root, blob->bytes, blob->len, NULL, &got), SL_OK, "unseal with a storage root key");
	costs("the first unsealing of a process", "ReadPublic StartAuthSession Load Unseal FlushContext ");
	sl_secret_clear(&got);
	test_eq(sl_root_unseal(root, blob->bytes, blob->len, NULL, &got), SL_OK, "unseal again");
	costs("each further one", "StartAuthSession Load Unseal FlushContext ");
	tpmtest_close(&root, &device);
}

/* Another key came to 0x81000001; the one that we sealed to is still what the template gives. */
static void
other_srk(const struct sealtest_blob *early, const struct sl_secret *secret, const struct sl_root_name *pin)
{
	SL_SECRET got = { 0 };
	struct sl_root_name other;
	struct sl_device *device;
	struct sl_root *root;

	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001 && tpm2_createprimary -Q -C o -G ecc -c %s && tpm2_evictcontrol -Q -c %s 0x81000001 && "
	              "tpm2_flushcontext -t", sealtest_path("other"), sealtest_path("other"));
	tpmtest_log_reset();
	test_eq(sealtest_unseal(&spec, early, NULL, secret, NULL), SL_OK, "not pinned: both keys are tried");
	costs("with two objects at most",
	      "ReadPublic StartAuthSession Load CreatePrimary Load FlushContext Unseal FlushContext ");
	root = tpmtest_open(&spec, &device);
	sl_root_pin(root, pin);
	test_eq(sl_root_unseal(root, early->bytes, early->len, NULL, &got), SL_OK, "pinned: the one that has the name");
	costs("alone", "ReadPublic CreatePrimary StartAuthSession Load FlushContext Unseal FlushContext ");
	tpmtest_close(&root, &device);
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_salt_key(root, &other), SL_OK, "the other key's name");
	sl_root_pin(root, &other);
	tpmtest_log_reset();
	sl_secret_clear(&got);
	test_eq(sl_root_unseal(root, early->bytes, early->len, NULL, &got), SL_ERR_MISMATCH, "pinned to the other key");
	costs("beside it, only the parent that other tools mean by a hierarchy is tried",
	      "StartAuthSession Load CreatePrimary Load FlushContext FlushContext ");
	tpmtest_close(&root, &device);
	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
wrong_pin(const struct sealtest_blob *blob)
{
	const struct sl_seal_spec how = { .auth = NULL };
	SL_SECRET secret = sealtest_secret(32, 77);
	SL_SECRET got = { 0 };
	struct sealtest_blob other = { NULL, 0 };
	struct sl_root_name pin = { .bytes = { 0, 11, 1 }, .len = 34 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	sl_root_pin(root, &pin);
	tpmtest_log_reset();
	test_eq(sl_root_seal(root, &how, &secret, &other.bytes, &other.len), SL_ERR_MISMATCH,
	        "nothing is sealed to a key that is not the pinned one");
	costs("nor sent to it", "ReadPublic CreatePrimary FlushContext ");
	test_eq(sl_root_unseal(root, blob->bytes, blob->len, NULL, &got), SL_ERR_MISMATCH, "nor loaded");
	costs("under it", "ReadPublic CreatePrimary FlushContext ");
	tpmtest_close(&root, &device);
}

static void
another_tpm(const char *self)
{
	SL_SECRET secret = sealtest_secret(32, 99);
	struct sealtest_blob blob;
	struct sl_msg why = { .text = "" };

	tpmtest_shell("env -u SL_TPM_DIR \"$SL_SRC/tests/with-tpm\" %s foreign %s %s", self, sealtest_path("foreign"),
	              sealtest_path("foreign-long"));
	for (int i = 0; i < 2; i++) {
		blob = sealtest_read(i == 0 ? "foreign" : "foreign-long");
		test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, &why), SL_ERR_MISMATCH, "a blob of another TPM");
		test_ok(strstr(why.text, "another one") != NULL, "is told apart: %s", why.text);
		test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
		free(blob.bytes);
	}
}

/* Inside another software TPM. */
static int
be_foreign(char **paths)
{
	for (int i = 0; i < 2; i++) {
		SL_SECRET secret = sealtest_secret(i == 0 ? 32 : 200, 99);
		struct sealtest_blob blob = { NULL, 0 };

		if (sealtest_seal(&spec, &secret, NULL, &blob) != SL_OK ||
		    sealtest_unseal(&spec, &blob, NULL, &secret, NULL) != SL_OK)
			return 1;
		sealtest_write(paths[i], blob.bytes, blob.len);
		free(blob.bytes);
	}
	return 0;
}

/* What each hierarchy's blobs live through. */
static void
lives(void)
{
	SL_SECRET secret = sealtest_secret(48, 21);
	struct sealtest_blob owner = { NULL, 0 };
	struct sealtest_blob endorsed = { NULL, 0 };

	test_eq(sealtest_seal(&spec, &secret, NULL, &owner), SL_OK, "seal to the owner hierarchy");
	test_eq(sealtest_seal(&endorsement, &secret, NULL, &endorsed), SL_OK, "seal to the endorsement hierarchy");
	tpmtest_power_cycle();
	test_eq(sealtest_unseal(&spec, &owner, NULL, &secret, NULL), SL_OK, "owner: after a power cycle");
	test_eq(sealtest_unseal(&endorsement, &endorsed, NULL, &secret, NULL), SL_OK,
	        "endorsement: after a power cycle");
	test_eq(sealtest_unseal(&endorsement, &owner, NULL, &secret, NULL), SL_ERR_MISMATCH,
	        "not from one hierarchy to the other");
	tpmtest_clear();
	test_eq(sealtest_unseal(&spec, &owner, NULL, &secret, NULL), SL_ERR_MISMATCH, "owner: gone with a clear");
	/* Though its derived keys live on: the seed of a storage key is stirred with a proof that a clear changes. */
	test_eq(sealtest_unseal(&endorsement, &endorsed, NULL, &secret, NULL), SL_ERR_MISMATCH,
	        "endorsement: gone with a clear, too");
	free(owner.bytes);
	free(endorsed.bytes);
}

static void
beside_srk(void)
{
	SL_SECRET secret = sealtest_secret(100, 11);
	struct sealtest_blob early = { NULL, 0 };
	struct sl_device *device;
	struct sl_root *root;
	struct sl_root_name name;
	struct sl_root_name pin;
	struct sl_msg msg = { .text = "" };

	test_eq(sealtest_seal(&spec, &secret, NULL, &early), SL_OK, "seal without a storage root key");
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_persist(root, 0x81010001, true, &name, &msg), SL_OK, "then it is made persistent %s", msg.text);
	test_eq(sl_root_salt_key(root, &pin), SL_OK, "its name");
	tpmtest_close(&root, &device);
	test_eq(sealtest_unseal(&spec, &early, NULL, &secret, NULL), SL_OK, "what was sealed before opens under it");
	budget_with_srk(&early);
	to_tools(&early, &secret);
	from_tools(&secret);
	with_policy();
	other_srk(&early, &secret, &pin);
	wrong_pin(&early);
	free(early.bytes);
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	if (argc == 4 && strcmp(argv[1], "foreign") == 0)
		return be_foreign(argv + 2);
	sizes();
	bad_sizes();
	hybrid_key();
	budget();
	with_auth();
	with_zeros();
	another_tpm(argv[0]);
	beside_srk();
	lives();
	return test_done();
}
