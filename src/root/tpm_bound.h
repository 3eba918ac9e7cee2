/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_BOUND_H
#define SL_ROOT_TPM_BOUND_H

#include "root/tpm_plan.h"

/* A root's own policy, worked out when it is first needed; until sl_device_forget(), or until it fails. Under the device's lock. */
struct sl_tpm_bound {
	bool known;
	uint64_t epoch;
	uint8_t policy[SL_TPM_PUBLIC_MAX + SL_POLICY_REF_MAX + 64]; /* SEQUENCE OF TPMPolicy */
	size_t policy_len;
	uint8_t digest[SL_TPM_POLICY];
	uint8_t pcrs[SL_TPM_POLICY]; /* pcr: what they have to be */
	bool planned;
	bool fresh;                  /* the plan was made for the last use, not for one before */
	bool again;                  /* what failed was an old plan */
	struct sl_tpm_plan plan;
};

/* The policy's digest, and the root's template with it. SL_OK where there is no policy. */
SL_MUST_CHECK enum sl_err sl_tpm_bound_ready(struct sl_tpm_batch *batch, struct sl_tpm_root *root);
/* And what satisfies it now. SL_ERR_POLICY: nothing does, and the device's trouble says why. */
SL_MUST_CHECK enum sl_err sl_tpm_bound_plan(struct sl_tpm_batch *batch, struct sl_tpm_root *root);
/* The PCRs of a policy of "now" are still those of the root; asked of the TPM. SL_ERR_POLICY: they moved, and the root is another from now on. */
SL_MUST_CHECK enum sl_err sl_tpm_bound_check(struct sl_tpm_batch *batch, struct sl_tpm_root *root);
/* For a policy of "now": the TPML_PCR_SELECTION (SL_POLICY_SELECTION_MAX bytes) of its PCRs and their digest, as they were read; else NULL. */
const uint8_t *sl_tpm_bound_now(const struct sl_tpm_root *root, uint8_t *tpml, size_t *ret_len);
/* The TPM refused the plan: says why, and forgets what was wrong. */
void sl_tpm_bound_failed(struct sl_tpm_batch *batch, struct sl_tpm_root *root);

SL_MUST_CHECK enum sl_err sl_tpm_bound_state(struct sl_root *root, struct sl_policy_state *ret_state);
SL_MUST_CHECK enum sl_err sl_tpm_bound_pcr_read(struct sl_root *root, const struct sl_pcr_selection *selection, uint8_t *out, size_t *ret_len);

#endif
