/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/nvtest.h"

#include <string.h>

const struct sl_root_spec nvtest_spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER,
	                                  .name_space = (char *)(uintptr_t)"nv" };
const char nvtest_pin[] = "the first of the two PINs";
const char nvtest_next_pin[] = "and the second one of them";
struct sl_secret nvtest_secret;
struct sl_msg nvtest_why;

void
nvtest_costs(const char *what, const char *commands)
{
	char *got = tpmtest_log_commands();

	test_str(got, commands, "%s: %u commands", what, tpmtest_log_count());
	free(got);
	tpmtest_log_reset();
}

struct sl_secret
nvtest_text(const char *auth)
{
	struct sl_secret value = { 0 };

	if (auth[0] != '\0' && sl_secret_copy(&value, auth, strlen(auth)) != SL_OK)
		test_bail("out of memory");
	return value;
}

/* Each on a device of its own; why is its trouble. */
enum sl_err
nvtest_finish(struct sl_root **root, struct sl_device **device, enum sl_err err)
{
	sl_device_trouble(*device, &nvtest_why);
	tpmtest_close(root, device);
	return err;
}

enum sl_err
nvtest_present(uint32_t index)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	return nvtest_finish(&root, &device, sl_root_nv_present(root, index));
}

enum sl_err
nvtest_create(uint32_t index, const char *auth, const struct sl_secret *value)
{
	SL_SECRET a = nvtest_text(auth);
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	return nvtest_finish(&root, &device, sl_root_nv_create(root, index, &a, value));
}

/* SL_ERR_COUNT_: another secret than want. */
enum sl_err
nvtest_read_with(struct sl_root *root, uint32_t index, const char *auth, const struct sl_secret *want)
{
	SL_SECRET a = nvtest_text(auth);
	SL_SECRET got = { 0 };
	const enum sl_err err = sl_root_nv_read(root, index, &a, &got);

	if (err == SL_OK && (got.len != want->len || memcmp(got.bytes, want->bytes, got.len) != 0))
		return SL_ERR_COUNT_;
	if (err != SL_OK && got.bytes != NULL)
		test_bail("a secret comes with an error");
	return err;
}

enum sl_err
nvtest_read(uint32_t index, const char *auth, const struct sl_secret *want)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	return nvtest_finish(&root, &device, nvtest_read_with(root, index, auth, want));
}

enum sl_err
nvtest_write(uint32_t index, const char *auth, const struct sl_secret *value)
{
	SL_SECRET a = nvtest_text(auth);
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	return nvtest_finish(&root, &device, sl_root_nv_write(root, index, &a, value));
}

enum sl_err
nvtest_change(uint32_t index, const char *auth, const char *fresh)
{
	SL_SECRET a = nvtest_text(auth);
	SL_SECRET f = nvtest_text(fresh);
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	return nvtest_finish(&root, &device, sl_root_nv_change(root, index, &a, &f));
}

enum sl_err
nvtest_remove(uint32_t index)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	return nvtest_finish(&root, &device, sl_root_nv_remove(root, index));
}

struct sl_lockout
nvtest_lockout(void)
{
	struct sl_lockout l = { .max = 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	if (sl_root_lockout(root, &l) != SL_OK)
		test_bail("sl_root_lockout");
	tpmtest_close(&root, &device);
	return l;
}

void
nvtest_clear_lockout(void)
{
	tpmtest_shell("tpm2_dictionarylockout -s -n 3 -t 1000 -l 2000 && tpm2_dictionarylockout -c");
}

void
nvtest_nothing_left(const char *what)
{
	test_eq(tpmtest_loaded(), 0, "%s: nothing is left on the TPM", what);
}

void
nvtest_begin(char **argv)
{
	tpmtest_begin(argv, NULL);
	nvtest_secret = sealtest_secret(SL_NV_SECRET, 1);
	nvtest_clear_lockout();
	tpmtest_log_reset();
}
