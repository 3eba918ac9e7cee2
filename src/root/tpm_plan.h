/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_PLAN_H
#define SL_ROOT_TPM_PLAN_H

#include "root/policy.h"
#include "root/tpm_policy.h"

/*
 * From a policy, as a root or a sealed blob has it, to the commands that satisfy it now: which of several signed states the machine is in, and the TPM's
 * ticket for its signature. A plan holds until a PCR that it names moves, and can be run any number of times.
 */
#define SL_TPM_STEPS_MAX 8

struct sl_tpm_step {
	uint32_t code;
	uint8_t digest[SL_TPM_POLICY]; /* PolicyPCR: pcrDigest; PolicyAuthorize: approvedPolicy */
	uint8_t selection[SL_POLICY_SELECTION_MAX];
	size_t selection_len;
	uint32_t command;              /* PolicyCommandCode */
	uint8_t ref[SL_POLICY_REF_MAX];
	size_t ref_len;
	struct sl_root_name key;
	struct sl_tpm_ticket ticket;
};

struct sl_tpm_plan {
	struct sl_tpm_step steps[SL_TPM_STEPS_MAX];
	size_t n;
	uint8_t digest[SL_TPM_POLICY]; /* of all steps: what the object's authPolicy has to be */
	bool by_auth;
	struct sl_pcr_selection selection; /* authorize, from a file: which PCRs the signature is about */
	char source[256];              /* and where it was found */
};

struct sl_tpm_policy_source {
	struct sl_bytes policy;       /* SEQUENCE OF TPMPolicy */
	struct sl_bytes alternatives; /* SEQUENCE OF TPMAuthPolicy */
	char *const *signatures;      /* struct sl_policy_spec */
	const char *key_file;         /* for messages; may be NULL */
};

/*
 * Reads PCRs and has signatures verified, as needed: one transient object for a moment. SL_ERR_POLICY, SL_ERR_FORMAT, SL_ERR_UNSUPPORTED: msg says what is
 * missing, and where it was looked for.
 */
SL_MUST_CHECK enum sl_err sl_tpm_plan_make(struct sl_tpm_batch *batch, const struct sl_tpm_policy_source *source,
                                           struct sl_tpm_plan *ret_plan, struct sl_msg *msg);

/* SL_ERR_POLICY: the machine is not in that state. */
SL_MUST_CHECK enum sl_err sl_tpm_plan_run(struct sl_tpm_batch *batch, const struct sl_tpm_plan *plan, struct sl_tpm_session *session);

/*
 * Any PCR that moves while a policy is said spoils it, also one that it does not name (TPM_RC_PCR_CHANGED). True: err was that, and the session is ready for
 * the plan to be run once more; not for ever.
 */
bool sl_tpm_plan_again(struct sl_tpm_batch *batch, struct sl_tpm_session *session, enum sl_err err, unsigned *tries);

/* SHA-256 over the PCRs' values now. */
SL_MUST_CHECK enum sl_err sl_tpm_plan_pcrs(struct sl_tpm_batch *batch, const struct sl_pcr_selection *selections, size_t n,
                                           uint8_t out[SL_TPM_POLICY]);

#endif
