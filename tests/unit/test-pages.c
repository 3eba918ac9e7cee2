/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/secret.h"
#include "lib/host.h"
#include "lib/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The pages of secrets are used again: always empty, never by two at once, and as protected as new ones, in a forked child as well. */
#define AT_ONCE 40
#define ROUNDS 2000
#define THREADS 4

static bool
is_empty(const struct sl_secret *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->bytes[i] != 0)
			return false;
	return true;
}

/* All at once, filled, then let go. */
static bool
churn(size_t len, uint8_t fill)
{
	struct sl_secret all[AT_ONCE] = { { 0 } };
	bool good = true;

	for (size_t i = 0; i < AT_ONCE; i++) {
		good = good && sl_secret_alloc(&all[i], len) == SL_OK && is_empty(&all[i]);
		memset(all[i].bytes, fill, len);
	}
	for (size_t i = 0; i < AT_ONCE; i++) {
		for (size_t k = 0; k < len; k++)
			good = good && all[i].bytes[k] == fill;
		sl_secret_clear(&all[i]);
	}
	return good;
}

static void *
work(void *arg)
{
	const uint8_t fill = *(const uint8_t *)arg;
	bool good = true;

	for (unsigned i = 0; i < ROUNDS && good; i++) {
		struct sl_secret s = { 0 };

		good = sl_secret_alloc(&s, 64) == SL_OK && is_empty(&s);
		memset(s.bytes, fill, 64);
		for (size_t k = 0; k < 64; k++)
			good = good && ((volatile uint8_t *)s.bytes)[k] == fill;
		sl_secret_clear(&s);
	}
	return good ? arg : NULL;
}

static void
threads(void)
{
	static const uint8_t fills[THREADS] = { 1, 2, 3, 0xff };
	pthread_t thread[THREADS];
	void *result;

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)&fills[i]) != 0)
			test_bail("no thread");
	for (size_t i = 0; i < THREADS; i++) {
		(void)pthread_join(thread[i], &result);
		test_ok(result != NULL, "thread %zu has its pages for itself", i);
	}
}

/* Kilobytes of this process that are locked. */
static unsigned long
locked(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	unsigned long kb = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmLck: %lu kB", &kb) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return kb;
}

/* Locks are not inherited. */
static int
in_child(void *arg)
{
	struct sl_secret s = { 0 };
	const bool lockable = *(const bool *)arg;

	if (locked() != 0 || sl_secret_alloc(&s, 32) != SL_OK || !is_empty(&s))
		return 1;
	if (lockable && locked() == 0)
		return 2;
	sl_secret_clear(&s);
	return churn(32, 9) ? 0 : 3;
}

int
main(void)
{
	bool lockable;

	test_ok(churn(32, 0xaa) && churn(32, 0x55), "small secrets are empty, and apart");
	test_ok(churn(4096, 0xaa) && churn(1, 0x55) && churn(4096, 0x11), "so are whole pages");
	test_ok(churn(4097, 0xaa) && churn(4096, 0x55), "and longer ones");
	lockable = locked() != 0;
	test_eq((unsigned)host_in_child(in_child, &lockable), 0, "a forked child has new ones");
	test_ok(churn(32, 0x77), "the parent goes on");
	threads();
	return test_done();
}
