/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpmtest.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>

#define WORKERS 4
#define ROUNDS 8

/* Many at once on one bare TPM: processes, each with a connection of its own, and threads, who share a device. */

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER, .name_space = (char *)(uintptr_t)"threads" };
static uint8_t right[ROUNDS][32];

static bool
round_ok(struct sl_root *root, int i)
{
	uint8_t context[32];
	struct sl_secret secret = { 0 };
	bool ok;

	memset(context, i, sizeof(context));
	ok = sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_OK && memcmp(secret.bytes, right[i], 32) == 0;
	sl_secret_clear(&secret);
	return ok;
}

static void
processes(void)
{
	pid_t pids[WORKERS];

	for (int w = 0; w < WORKERS; w++) {
		pids[w] = fork();
		if (pids[w] < 0)
			test_bail("fork");
		if (pids[w] == 0) {
			struct sl_device *device;
			struct sl_root *root = tpmtest_open(&spec, &device);
			bool ok = true;

			for (int i = 0; i < ROUNDS; i++)
				ok = round_ok(root, i) && ok;
			_exit(ok ? 0 : 1);
		}
	}
	for (int w = 0; w < WORKERS; w++) {
		int status = -1;

		(void)waitpid(pids[w], &status, 0);
		test_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d", w);
	}
}

static void *
work(void *arg)
{
	struct sl_root *root = arg;
	uintptr_t bad = 0;
	struct sl_root_name name;

	for (int i = 0; i < ROUNDS; i++) {
		bad += !round_ok(root, i);
		bad += sl_root_name(root, &name) != SL_OK;
		bad += sl_root_present(root, NULL) != SL_OK;
	}
	return (void *)bad;
}

static void
threads(void)
{
	const struct sl_root_spec other = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_ENDORSEMENT, .name_space = (char *)(uintptr_t)"threads" };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root *second = NULL;
	struct sl_root_name name;
	pthread_t ids[WORKERS];

	if (sl_root_open(device, &other, &second) != SL_OK)
		test_bail("open");
	for (int w = 0; w < WORKERS; w++)
		if (pthread_create(&ids[w], NULL, work, root) != 0)
			test_bail("pthread_create");
	for (int i = 0; i < 20; i++) {
		sl_device_forget(device);
		test_eq(sl_root_name(second, &name), SL_OK, "another root of the device meanwhile");
	}
	for (int w = 0; w < WORKERS; w++) {
		void *bad = NULL;

		(void)pthread_join(ids[w], &bad);
		test_eq((uintptr_t)bad, 0, "thread %d", w);
	}
	sl_root_close(&second);
	tpmtest_close(&root, &device);
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	for (int i = 0; i < ROUNDS; i++)
		if (tpmtest_derive(&spec, i, right[i]) != SL_OK)
			test_bail("no secret to compare with");
	processes();
	threads();
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
