/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_WAIT_H
#define SL_ROOT_TPM_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* Waiting for a TPM: longer each time, and not for ever. */
struct sl_tpm_wait {
	int64_t end; /* of the monotonic clock, ms */
	int64_t step;
};

int64_t sl_tpm_wait_now(void);
struct sl_tpm_wait sl_tpm_wait_begin(int ms);
/* Sleeps once; false, at once, when the time is over. */
bool sl_tpm_wait_again(struct sl_tpm_wait *wait);

#endif
