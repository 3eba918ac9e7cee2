/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpmtest.h"

#include <string.h>

#define OWNER_HANDLE 0x81010001
#define PLATFORM_HANDLE 0x81810001

/* How long each hierarchy's keys live. */

static const char *const hierarchy_names[] = { "owner", "endorsement", "platform", "null" };
enum { HIERARCHIES = 4 };

static void
all_names(struct sl_root_name names[HIERARCHIES])
{
	for (int i = 0; i < HIERARCHIES; i++) {
		const struct sl_root_spec spec = tpmtest_spec((enum sl_hierarchy)i, "life");

		names[i] = tpmtest_name(&spec);
		test_ok(names[i].len == 34, "%s has a name", hierarchy_names[i]);
	}
}

static void
compare(const char *after, const struct sl_root_name *was, const struct sl_root_name *is, const bool same[HIERARCHIES])
{
	for (int i = 0; i < HIERARCHIES; i++)
		test_ok(tpmtest_same(&was[i], &is[i]) == same[i], "after %s %s is %s", after, hierarchy_names[i],
		        same[i] ? "the same" : "another");
}

static void
lives(void)
{
	const struct sl_root_spec other = tpmtest_spec(SL_HIERARCHY_OWNER, "life2");
	struct sl_root_name first[HIERARCHIES];
	struct sl_root_name now[HIERARCHIES];
	const struct sl_root_spec endorsement = tpmtest_spec(SL_HIERARCHY_ENDORSEMENT, "life");
	const struct sl_root_spec owner = tpmtest_spec(SL_HIERARCHY_OWNER, "life");
	struct sl_root_name name;
	uint8_t a[2][32];
	uint8_t b[2][32];

	all_names(first);
	for (int i = 0; i < HIERARCHIES; i++)
		for (int j = i + 1; j < HIERARCHIES; j++)
			test_ok(!tpmtest_same(&first[i], &first[j]), "%s is not %s", hierarchy_names[i], hierarchy_names[j]);
	name = tpmtest_name(&other);
	test_ok(name.len == 34 && !tpmtest_same(&name, &first[0]), "another namespace is another root");
	tpmtest_power_cycle();
	all_names(now);
	compare("a power cycle", first, now, (const bool[]){ true, true, true, false });
	test_eq(tpmtest_derive(&owner, 8, a[0]), SL_OK, "owner's secret");
	test_eq(tpmtest_derive(&endorsement, 8, a[1]), SL_OK, "endorsement's secret");
	tpmtest_clear();
	memcpy(first, now, sizeof(first));
	all_names(now);
	test_eq(tpmtest_derive(&owner, 8, b[0]), SL_OK, "owner's secret after a clear");
	test_eq(tpmtest_derive(&endorsement, 8, b[1]), SL_OK, "endorsement's secret after a clear");
	test_ok(memcmp(a[0], b[0], 32) != 0, "the owner's is another");
	test_mem(b[1], 32, a[1], 32, "the endorsement's is the same");
	compare("a clear", first, now, (const bool[]){ false, true, true, true });
}

static enum sl_err
derive_on(struct sl_root *root, const struct sl_root_name *expect, int fill, uint8_t *out, struct sl_root_name *ret_name)
{
	uint8_t context[SL_ROOT_CONTEXT];
	struct sl_secret secret = { 0 };
	enum sl_err err;

	memset(context, fill, sizeof(context));
	err = sl_root_derive(root, expect, context, 1, &secret, ret_name);
	if (err == SL_OK)
		memcpy(out, secret.bytes, SL_ROOT_SECRET);
	sl_secret_clear(&secret);
	return err;
}

/* A process that lives on while the TPM is reset or cleared under it. */
static void
stale(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_NULL, "life");
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name was;
	struct sl_root_name is = { .len = 0 };
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	test_eq(sl_root_name(root, &was), SL_OK, "null root: name");
	test_eq(derive_on(root, &was, 1, a, NULL), SL_OK, "null root: secret");
	tpmtest_power_cycle();
	test_eq(derive_on(root, &was, 1, b, &is), SL_ERR_MISMATCH, "null root after a reset: not the one expected");
	test_ok(is.len == 34 && !tpmtest_same(&was, &is), "and it tells its new name");
	test_eq(derive_on(root, &is, 1, b, NULL), SL_OK, "its new secret");
	test_ok(memcmp(a, b, 32) != 0, "is another");
	sl_device_forget(device);
	test_ok(sl_root_name(root, &was) == SL_OK && tpmtest_same(&was, &is), "its name after forgetting");
	tpmtest_close(&root, &device);
}

static void
stale_persistent(void)
{
	const struct sl_root_spec made = tpmtest_spec(SL_HIERARCHY_OWNER, "life");
	const struct sl_root_spec spec = { .kind = SL_ROOT_PERSISTENT, .hierarchy = SL_HIERARCHY_OWNER, .handle = OWNER_HANDLE };
	struct sl_device *device;
	struct sl_device *device2;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root *maker = tpmtest_open(&made, &device2);
	struct sl_root_name was = { .len = 0 };
	struct sl_root_name is = { .len = 0 };
	struct sl_msg msg;
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	test_eq(sl_root_name(root, &was), SL_ERR_ABSENT, "an empty handle is no root");
	test_eq(sl_root_persist(maker, OWNER_HANDLE, true, &was, &msg), SL_OK, "provisioned");
	test_eq(derive_on(root, &was, 1, a, NULL), SL_OK, "a secret");
	tpmtest_clear();
	test_eq(derive_on(root, &was, 1, b, NULL), SL_ERR_ABSENT, "gone after a clear");
	test_eq(sl_root_persist(maker, OWNER_HANDLE, true, &is, &msg), SL_OK, "provisioned anew");
	test_eq(derive_on(root, &was, 1, b, NULL), SL_ERR_MISMATCH, "not the one on record");
	test_eq(derive_on(root, NULL, 1, b, NULL), SL_OK, "without a record");
	test_ok(memcmp(a, b, 32) != 0, "another secret");
	tpmtest_clear();
	test_eq(sl_root_persist(maker, OWNER_HANDLE, true, &is, &msg), SL_OK, "and once more, unnoticed");
	test_eq(derive_on(root, NULL, 1, a, &was), SL_OK, "stale salt key and name are looked up again");
	test_ok(tpmtest_same(&was, &is) && memcmp(a, b, 32) != 0, "and give the new secret");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	tpmtest_close(&root, &device);
	tpmtest_close(&maker, &device2);
}

static void
provisioning(void)
{
	const struct sl_root_spec owner = tpmtest_spec(SL_HIERARCHY_OWNER, "other");
	const struct sl_root_spec endorsement = tpmtest_spec(SL_HIERARCHY_ENDORSEMENT, "life");
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&owner, &device);
	struct sl_root_name name = { .len = 0 };
	struct sl_msg msg = { .text = "" };

	test_eq(sl_root_persist(root, OWNER_HANDLE, false, &name, &msg), SL_ERR_EXISTS, "another root is there: %s", msg.text);
	test_eq(sl_root_persist(root, PLATFORM_HANDLE, false, &name, &msg), SL_ERR_ARG, "a platform handle: %s", msg.text);
	test_eq(sl_root_persist(root, 0x81000001, false, &name, &msg), SL_ERR_ARG, "the storage root key's handle: %s", msg.text);
	test_ok(name.len == 0, "the name is untouched");
	tpmtest_close(&root, &device);
	root = tpmtest_open(&endorsement, &device);
	test_eq(sl_root_persist(root, OWNER_HANDLE, false, &name, &msg), SL_ERR_UNSUPPORTED, "endorsement: %s", msg.text);
	tpmtest_close(&root, &device);
}

/* Firmware locks the platform hierarchy before it starts us; a root that it made persistent stays usable. */
static void
platform(void)
{
	const struct sl_root_spec made = tpmtest_spec(SL_HIERARCHY_PLATFORM, "life");
	const struct sl_root_spec spec = { .kind = SL_ROOT_PERSISTENT, .hierarchy = SL_HIERARCHY_PLATFORM, .handle = PLATFORM_HANDLE };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&made, &device);
	struct sl_root_name name;
	struct sl_root_name again;
	struct sl_msg msg;
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	test_eq(sl_root_persist(root, PLATFORM_HANDLE, false, &name, &msg), SL_OK, "platform root made persistent");
	tpmtest_close(&root, &device);
	test_eq(tpmtest_derive(&spec, 5, a), SL_OK, "a secret while the platform is open");
	tpmtest_shell("tpm2_changeauth -Q -c p locked");
	root = tpmtest_open(&made, &device);
	test_eq(sl_root_name(root, &name), SL_ERR_ABSENT, "platform locked: absent");
	sl_device_trouble(device, &msg);
	test_ok(strstr(msg.text, "CreatePrimary") != NULL, "and says why: %s", msg.text);
	tpmtest_close(&root, &device);
	root = tpmtest_open(&spec, &device);
	test_eq(derive_on(root, NULL, 5, b, NULL), SL_OK, "persistent platform root: a secret when locked");
	test_mem(b, 32, a, 32, "the same one");
	tpmtest_log_reset();
	test_eq(derive_on(root, NULL, 5, b, NULL), SL_OK, "and again");
	test_eq(tpmtest_log_count(), 2, "for two commands");
	tpmtest_close(&root, &device);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	tpmtest_shell("tpm2_hierarchycontrol -Q -C p -P locked phEnable clear");
	root = tpmtest_open(&made, &device);
	test_eq(sl_root_present(root, NULL), SL_ERR_ABSENT, "platform disabled: absent from the question on");
	test_eq(sl_root_name(root, &again), SL_ERR_ABSENT, "and without it");
	tpmtest_close(&root, &device);
	tpmtest_power_cycle();
}

static void
write_file(const char *name, const char *text)
{
	tpmtest_shell("umask 77; printf '%s' >%s/%s", text, tpmtest_dir(), name);
}

static void
says(struct sl_device *device, const char *part)
{
	struct sl_msg msg = { .text = "" };

	sl_device_trouble(device, &msg);
	test_ok(strstr(msg.text, part) != NULL, "says: %s", msg.text);
}

static void
authorization(void)
{
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "life");
	const struct sl_root_name was = tpmtest_name(&spec);
	char path[4096];
	struct sl_root_name is;
	struct sl_device *device;
	struct sl_root *root;
	struct sl_msg msg = { .text = "" };
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };
	SL_SECRET secret = { 0 };
	uint8_t *blob = NULL;
	size_t len = 0;

	if (sl_secret_copy(&secret, "something to seal", 17) != SL_OK)
		test_bail("out of memory");
	test_eq(tpmtest_derive(&spec, 3, a), SL_OK, "a secret before there is an owner authorization");
	tpmtest_shell("tpm2_changeauth -Q -c o 'correct horse'");
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_present(root, NULL), SL_ERR_ABSENT, "owner needs an authorization nobody gave");
	test_eq(sl_root_name(root, &is), SL_ERR_ABSENT, "its name, too");
	tpmtest_close(&root, &device);
	(void)snprintf(path, sizeof(path), "%s/auth", tpmtest_dir());
	spec.auth_file = path;
	write_file("auth", "correct horse\\n");
	tpmtest_shell("tpm2_evictcontrol -Q -C o -P 'correct horse' -c 0x81000001 || true");
	root = tpmtest_open(&spec, &device);
	tpmtest_log_reset();
	test_eq(sl_root_present(root, NULL), SL_OK, "with a file: present");
	test_ok(sl_root_name(root, &is) == SL_OK && tpmtest_same(&is, &was), "the same root");
	test_eq(derive_on(root, &was, 3, b, NULL), SL_OK, "a secret");
	test_mem(b, 32, a, 32, "the same secret");
	test_eq(sl_root_persist(root, 0x81010002, true, &is, &msg), SL_OK, "made persistent %s", msg.text);
	test_ok(!tpmtest_log_has("correct horse", 13), "the authorization is never in the clear");
	tpmtest_close(&root, &device);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	write_file("auth", "wrong horse");
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_name(root, &is), SL_ERR_ACCESS, "a wrong one is refused, which is not a wrong PIN");
	says(device, "refused the authorization");
	says(device, "/auth");
	tpmtest_shell("tpm2_evictcontrol -Q -C o -P 'correct horse' -c 0x81000001");
	test_eq(sl_root_random(root, b, sizeof(b)), SL_ERR_ACCESS, "nor is it for random bytes");
	test_eq(derive_on(root, &was, 3, b, NULL), SL_ERR_ACCESS, "nor for a secret");
	test_eq(sl_root_seal(root, &(struct sl_seal_spec){ .strong = true }, &secret, &blob, &len), SL_ERR_ACCESS, "nor for sealing");
	tpmtest_close(&root, &device);
	tpmtest_shell("rm %s/auth", tpmtest_dir());
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_name(root, &is), SL_ERR_ABSENT, "none in the end");
	tpmtest_close(&root, &device);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	tpmtest_shell("tpm2_changeauth -Q -c o -p 'correct horse'");
	tpmtest_clear();
}

/* What anybody can do with the TCG's tools, from the published template. SHA-256("seedleaf root v1" || 0 || "life"). */
#define UNIQUE "printf 'seedleaf root v1\\000life' | openssl dgst -sha256 -binary >hash && printf '\\040\\000' | cat - hash >unique.bin"
#define TEMPLATE "tpm2_createprimary -Q -C o -G hmac -u unique.bin -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign'"

static void
read_back(const char *name, uint8_t *out)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", tpmtest_dir(), name);
	f = fopen(path, "r");
	if (f == NULL || fread(out, 1, 32, f) != 32)
		test_bail("%s", path);
	(void)fclose(f);
}

/*
 * The same root by other means; and an attack that changes nothing: the auth value of a primary is not part of the key, so
 * who may use the hierarchy rebuilds it with a value of his own and has all its secrets. A PIN put there would protect nothing: ours
 * is always empty, and no code of ours relies on it.
 */
static void
other_means(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "life");
	uint8_t ours[32] = { 0 };
	uint8_t theirs[32];

	test_eq(tpmtest_derive(&spec, 'x', ours), SL_OK, "our secret");
	tpmtest_shell("cd %s && " UNIQUE " && printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >in && " TEMPLATE
	              " -c key.ctx && tpm2_flushcontext -t && tpm2_hmac -Q -c key.ctx -o mac in && tpm2_flushcontext -t",
	              tpmtest_dir());
	read_back("mac", theirs);
	test_mem(ours, 32, theirs, 32, "tpm2_hmac over the same template gives it, too");
	tpmtest_shell("cd %s && " TEMPLATE " -p attacker -c bad.ctx && tpm2_flushcontext -t &&"
	              " tpm2_hmac -Q -c bad.ctx -p attacker -o mac2 in && tpm2_flushcontext -t", tpmtest_dir());
	read_back("mac2", theirs);
	test_mem(ours, 32, theirs, 32, "another auth value is the same key");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static enum sl_err
with_pin(const struct sl_root_spec *spec, const struct sl_root_name *pin)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);
	uint8_t out[32];
	enum sl_err err;

	sl_root_pin(root, pin);
	err = derive_on(root, NULL, 9, out, NULL);
	tpmtest_close(&root, &device);
	return err;
}

static struct sl_root_name
salt_key(const struct sl_root_spec *spec)
{
	struct sl_root_name name = { .len = 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);

	test_eq(sl_root_salt_key(root, &name), SL_OK, "salt key");
	tpmtest_close(&root, &device);
	return name;
}

static void
pins(void)
{
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "life");
	const struct sl_root_spec endorsement = tpmtest_spec(SL_HIERARCHY_ENDORSEMENT, "life");
	const struct sl_root_name template = salt_key(&spec);
	const struct sl_root_name endorsed = salt_key(&endorsement);
	struct sl_root_name wrong = template;
	struct sl_root_name rsa;
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	wrong.bytes[20] ^= 1;
	test_ok(!tpmtest_same(&template, &endorsed), "each hierarchy has its own salt key");
	test_eq(with_pin(&spec, &template), SL_OK, "pinned to the right one");
	test_eq(with_pin(&spec, &wrong), SL_ERR_MISMATCH, "pinned to a wrong one");
	memcpy(spec.salt_name, wrong.bytes, 34);
	spec.has_salt_name = true;
	test_eq(tpmtest_derive(&spec, 9, a), SL_ERR_MISMATCH, "pinned to a wrong one by configuration");
	spec.has_salt_name = false;
	test_eq(tpmtest_derive(&spec, 9, a), SL_OK, "unpinned");
	tpmtest_shell("cd %s && tpm2_createprimary -Q -C o -G rsa2048 -c rsa.ctx && tpm2_flushcontext -t &&"
	              " tpm2_evictcontrol -Q -C o -c rsa.ctx 0x81000001 && tpm2_flushcontext -t", tpmtest_dir());
	tpmtest_log_reset();
	test_eq(tpmtest_derive(&spec, 9, b), SL_OK, "with an RSA storage root key");
	test_mem(a, 32, b, 32, "the same secret");
	test_eq(tpmtest_log_count(), 5, "a session salted by RSA-OAEP");
	rsa = salt_key(&spec);
	test_ok(!tpmtest_same(&rsa, &template), "the RSA key is the salt key now");
	test_eq(with_pin(&spec, &rsa), SL_OK, "pinned to it");
	test_eq(with_pin(&spec, &template), SL_OK, "an old pin to the template's key holds");
	test_eq(with_pin(&spec, &wrong), SL_ERR_MISMATCH, "a wrong one does not");
	tpmtest_clear();
	test_eq(with_pin(&spec, &template), SL_ERR_MISMATCH, "after a clear the owner's pin is broken");
	test_eq(with_pin(&endorsement, &endorsed), SL_OK, "the endorsement's is not");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	lives();
	stale();
	stale_persistent();
	provisioning();
	platform();
	authorization();
	other_means();
	pins();
	return test_done();
}
