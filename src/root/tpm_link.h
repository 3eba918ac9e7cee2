/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_LINK_H
#define SL_ROOT_TPM_LINK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One connection to a TPM, named by a TCTI string. "device:" and "swtpm:" are spoken here and not by the tss2 libraries: those print to the
 * standard error output of our host when there is no TPM (only its environment could stop them), and have no bound on how long they
 * wait for a TPM that somebody else holds. Every other name is a library of the tss2 project, with both faults.
 */
struct sl_tpm_link;

#define SL_TPM_MESSAGE_MAX 4096

/* SL_ERR_ABSENT: nothing there, or not permitted; SL_ERR_BUSY: held by somebody else for seconds; why says it in words. */
SL_MUST_CHECK enum sl_err sl_tpm_link_open(const char *tcti, struct sl_tpm_link **ret_link, struct sl_msg *why);

/*
 * One command and its whole answer: a TPM response header at least, and as long as it says. room is SL_TPM_MESSAGE_MAX. SL_ERR_BUSY when a TPM that was just
 * connected does not begin to answer in a few seconds (somebody else has it), SL_ERR_DEVICE when the connection broke.
 */
SL_MUST_CHECK enum sl_err sl_tpm_link_exchange(struct sl_tpm_link *link, const uint8_t *command, size_t len, uint8_t *answer,
                                               size_t *ret_len);

/* Fine with NULL. */
void sl_tpm_link_close(struct sl_tpm_link **link);

/* True when no resource manager is in between, as far as the name tells. */
bool sl_tpm_link_bare(const char *tcti);

#endif
