/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpmtest.h"

#include <string.h>

#define PERSISTENT 0x81010001

/* What our side does must cost exactly these commands, in this order, and leave nothing on the TPM. */
static void
costs(const char *what, const char *commands)
{
	char *got = tpmtest_log_commands();

	test_str(got, commands, "%s", what);
	free(got);
	tpmtest_log_reset();
}

static void
derive(struct sl_root *root, size_t n, const char *what)
{
	uint8_t contexts[4 * SL_ROOT_CONTEXT];
	struct sl_secret secrets[4] = { { 0 } };

	for (size_t i = 0; i < sizeof(contexts); i++)
		contexts[i] = (uint8_t)(i * 7 + n);
	test_eq(sl_root_derive(root, NULL, contexts, n, secrets, NULL), SL_OK, "%s", what);
	for (size_t i = 0; i < n; i++) {
		test_ok(!tpmtest_log_has(contexts + SL_ROOT_CONTEXT * i, SL_ROOT_CONTEXT), "%s: context %zu is not in the clear", what, i);
		test_ok(!tpmtest_log_has(secrets[i].bytes, SL_ROOT_SECRET), "%s: secret %zu is not in the clear", what, i);
		sl_secret_clear(&secrets[i]);
	}
}

static void
primary(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "budget");
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_info info;
	struct sl_root_name name;
	uint8_t random[100] = { 0 };

	tpmtest_log_reset();
	test_eq(sl_root_present(root, NULL), SL_OK, "present");
	costs("presence costs one question", "GetCapability ");
	test_eq(sl_root_present(root, &info), SL_OK, "present, and who made it");
	costs("the maker is another question", "GetCapability ");
	test_str(info.manufacturer, "IBM", "manufacturer");
	test_str(info.model, "SW   TPM", "model");
	test_ok(info.firmware_major != 0, "firmware %u.%u", info.firmware_major, info.firmware_minor);
	test_eq(sl_root_present(root, &info), SL_OK, "present again");
	costs("and asked once only", "");
	test_eq(sl_root_name(root, &name), SL_OK, "name");
	costs("the name of a primary root", "CreatePrimary FlushContext ");
	test_eq(sl_root_name(root, &name), SL_OK, "name again");
	costs("is remembered", "");
	derive(root, 1, "first secret");
	costs("the first secret", "ReadPublic CreatePrimary StartAuthSession FlushContext CreatePrimary HMAC FlushContext ");
	derive(root, 1, "another secret");
	costs("each further one", "CreatePrimary StartAuthSession FlushContext CreatePrimary HMAC FlushContext ");
	derive(root, 4, "four at once");
	costs("a batch adds its HMACs only", "CreatePrimary StartAuthSession FlushContext CreatePrimary HMAC HMAC HMAC HMAC FlushContext ");
	test_eq(sl_root_salt_key(root, &name), SL_OK, "salt key");
	costs("is known by then", "");
	sl_device_forget(device);
	test_eq(sl_root_present(root, NULL), SL_OK, "present after forgetting");
	costs("is asked again", "GetCapability ");
	test_eq(sl_root_random(root, random, sizeof(random)), SL_OK, "random");
	test_ok(!tpmtest_log_has(random, 16), "random bytes are not in the clear");
	test_ok(memcmp(random, random + 50, 32) != 0, "and not constant");
	tpmtest_close(&root, &device);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
}

static void
persistent(void)
{
	const struct sl_root_spec made = tpmtest_spec(SL_HIERARCHY_OWNER, "budget");
	const struct sl_root_spec spec = { .kind = SL_ROOT_PERSISTENT, .hierarchy = SL_HIERARCHY_OWNER, .handle = PERSISTENT };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&made, &device);
	struct sl_root_name first;
	struct sl_root_name name;
	struct sl_msg msg = { .text = "" };
	uint8_t a[32];
	uint8_t b[32];

	test_eq(sl_root_name(root, &first), SL_OK, "name of the primary");
	test_eq(sl_root_persist(root, PERSISTENT, true, &name, &msg), SL_OK, "made persistent %s", msg.text);
	test_ok(tpmtest_same(&first, &name), "under the same name");
	test_eq(sl_root_persist(root, PERSISTENT, true, &name, &msg), SL_OK, "twice is fine");
	tpmtest_close(&root, &device);

	tpmtest_log_reset();
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_present(root, NULL), SL_OK, "persistent: present");
	test_eq(sl_root_name(root, &name), SL_OK, "persistent: name");
	test_ok(tpmtest_same(&first, &name), "persistent: the same name");
	derive(root, 1, "persistent");
	costs("persistent: the whole first use", "GetCapability ReadPublic ReadPublic StartAuthSession HMAC ");
	derive(root, 1, "persistent, another");
	costs("persistent: each further secret", "StartAuthSession HMAC ");
	tpmtest_close(&root, &device);
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	test_eq(tpmtest_derive(&spec, 7, a), SL_OK, "a secret from the persistent root");
	test_eq(tpmtest_derive(&made, 7, b), SL_OK, "and from the primary");
	test_mem(a, 32, b, 32, "are the same");
}

/* Without this the checks above could not fail. */
static void
detector(void)
{
	uint8_t context[32];
	uint8_t secret[32];
	FILE *f;

	for (size_t i = 0; i < sizeof(context); i++)
		context[i] = (uint8_t)(200 - i);
	tpmtest_log_reset();
	tpmtest_shell("cd %s && printf '%%b' \"$(printf '\\\\%%o' $(seq 200 -1 169))\" >ctx.bin && tpm2_hmac -Q -c 0x81010001 -o mac.bin ctx.bin",
	              tpmtest_dir());
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/mac.bin", tpmtest_dir());
	f = fopen(path, "r");
	if (f == NULL || fread(secret, 1, 32, f) != 32)
		test_bail("no MAC from tpm2_hmac");
	(void)fclose(f);
	test_ok(tpmtest_log_has(context, 32), "the detector finds a context in the clear");
	test_ok(tpmtest_log_has(secret, 32), "the detector finds a secret in the clear");
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	primary();
	persistent();
	detector();
	return test_done();
}
