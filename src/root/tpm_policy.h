/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_POLICY_H
#define SL_ROOT_TPM_POLICY_H

#include "crypto/key.h"
#include "root/tpm.h"

/*
 * What is said to a policy session (TPM 2.0 Library, Part 3, 23), which sl_tpm_salt_use() or sl_tpm_session_start_policy() starts. Each use of the
 * session as an authorization resets it: the commands are to be sent again before the next one. Nothing in them is secret, and no session goes with them:
 * who alters them on the bus gets another digest, and a refusal.
 */

/* selection: a TPML_PCR_SELECTION. SL_ERR_POLICY: the PCRs have other values than those under digest (SHA-256, 32 bytes; empty: any). */
SL_MUST_CHECK enum sl_err sl_tpm_policy_pcr(struct sl_tpm_batch *batch, const struct sl_tpm_session *session, struct sl_bytes digest,
                                            struct sl_bytes selection);
/* The auth value of what is used goes into the HMAC of that command, from here to the next use. */
SL_MUST_CHECK enum sl_err sl_tpm_policy_auth_value(struct sl_tpm_batch *batch, struct sl_tpm_session *session);
SL_MUST_CHECK enum sl_err sl_tpm_policy_command_code(struct sl_tpm_batch *batch, const struct sl_tpm_session *session, uint32_t code);
SL_MUST_CHECK enum sl_err sl_tpm_policy_restart(struct sl_tpm_batch *batch, struct sl_tpm_session *session);

/* TPMT_TK_VERIFIED: the TPM's word that it has seen a signature of key over policy || ref. */
struct sl_tpm_ticket {
	uint8_t bytes[2 + 4 + 2 + 64];
	size_t len;
};
struct sl_tpm_authorization {
	struct sl_bytes public_area; /* TPMT_PUBLIC of the key */
	struct sl_bytes ref;
	struct sl_bytes signature;   /* TPMT_SIGNATURE */
	const uint8_t *policy;       /* the digest that is signed: 32 bytes */
};
/*
 * TPM2_LoadExternal, TPM2_VerifySignature and the flush. The ticket is good until the hierarchy is cleared: the owner's or, where that one is disabled, the
 * endorsement's. SL_ERR_POLICY: no signature of this key over this.
 */
SL_MUST_CHECK enum sl_err sl_tpm_policy_verify(struct sl_tpm_batch *batch, const struct sl_tpm_authorization *authorization,
                                               struct sl_root_name *ret_name, struct sl_tpm_ticket *ret_ticket);
/* SL_ERR_POLICY: the session is not in the signed state, or the ticket is not this TPM's. */
SL_MUST_CHECK enum sl_err sl_tpm_policy_authorize(struct sl_tpm_batch *batch, const struct sl_tpm_session *session,
                                                  const struct sl_tpm_authorization *authorization, const struct sl_root_name *name,
                                                  const struct sl_tpm_ticket *ticket);

/*
 * Values of the selected PCRs, selection by selection, the lowest first, all of one moment; out has n * SL_TPM_PCRS_MAX bytes, n is 1 to SL_TPM_BANKS.
 * SL_ERR_UNSUPPORTED: not all of them are there.
 */
#define SL_TPM_PCRS_MAX ((size_t)24 * 64)
#define SL_TPM_BANKS 4
SL_MUST_CHECK enum sl_err sl_tpm_policy_read_pcrs(struct sl_tpm_batch *batch, const struct sl_pcr_selection *selections, size_t n,
                                                  uint8_t *out, size_t *ret_len);

#endif
