/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_wait.h"

#include <time.h>

#define STEP_MAX 100

int64_t
sl_tpm_wait_now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct sl_tpm_wait
sl_tpm_wait_begin(int ms)
{
	return (struct sl_tpm_wait){ .end = sl_tpm_wait_now() + ms, .step = 1 };
}

bool
sl_tpm_wait_again(struct sl_tpm_wait *wait)
{
	const struct timespec t = { .tv_sec = 0, .tv_nsec = (long)wait->step * 1000000 };

	if (sl_tpm_wait_now() + wait->step > wait->end)
		return false;
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	if (wait->step < STEP_MAX)
		wait->step *= 2;
	return true;
}
