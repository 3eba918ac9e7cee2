/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_NVCOMMAND_H
#define SL_ROOT_TPM_NVCOMMAND_H

#include "root/tpm.h"

/*
 * The commands for our NV indices (TPM 2.0 Library, Part 3, 31). The public area of such an index follows from its
 * number and from whether it was written to, and its Name from that. The Name goes into every HMAC: the TPM refuses a
 * command that was meant for another index than the one there. SL_ERR_VERIFY, from each of them: the session is gone.
 */
struct sl_tpm_nv {
	uint32_t index;
	bool written;
	uint8_t bytes[64]; /* TPMS_NV_PUBLIC */
	size_t len;
	struct sl_root_name name;
};
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_of(uint32_t index, bool written, struct sl_tpm_nv *ret_nv);

/*
 * Which of our two forms lies at index; SL_ERR_NOT_FOUND, SL_ERR_MISMATCH. With a session (may be NULL) the answer is
 * authenticated, which needs that the written form lies there: SL_ERR_AUTH: another one does, or the TPM does not
 * share the session with us. No authorization of anything is tried, so the TPM counts nothing.
 */
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_look(struct sl_tpm_batch *batch, struct sl_tpm_session *session,
                                                uint32_t index, struct sl_tpm_nv *ret_nv);

/* The owner's authorization: a salted session, and the value (NULL: empty). */
struct sl_tpm_nvowner {
	struct sl_tpm_session *session;
	const struct sl_secret *value;
};
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_define(struct sl_tpm_batch *batch, const struct sl_tpm_nvowner *owner,
                                                  const struct sl_tpm_nv *nv, const struct sl_secret *auth);
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_undefine(struct sl_tpm_batch *batch, const struct sl_tpm_nvowner *owner,
                                                    const struct sl_tpm_nv *nv);

/* By the index's own auth. SL_ERR_AUTH: it was wrong, and the TPM has counted it. */
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_write(struct sl_tpm_batch *batch, struct sl_tpm_session *session,
                                                 const struct sl_tpm_nv *nv, const struct sl_secret *auth,
                                                 const struct sl_secret *secret);
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_read(struct sl_tpm_batch *batch, struct sl_tpm_session *session,
                                                const struct sl_tpm_nv *nv, const struct sl_secret *auth,
                                                struct sl_secret *ret_secret);
/* session: a policy session that fulfils the index's policy. */
SL_MUST_CHECK enum sl_err sl_tpm_nvcommand_change(struct sl_tpm_batch *batch, struct sl_tpm_session *session,
                                                  const struct sl_tpm_nv *nv, const struct sl_secret *auth,
                                                  const struct sl_secret *fresh);

/* tpm_nvblob.c: sl_root_nv_save() and sl_root_nv_load(). */
SL_MUST_CHECK enum sl_err sl_tpm_nvblob_create(struct sl_root *root, uint32_t index, const uint8_t *bytes, size_t len);
SL_MUST_CHECK enum sl_err sl_tpm_nvblob_read(struct sl_root *root, uint32_t index, uint8_t room[SL_NV_BLOB_MAX], size_t *ret_len);

#endif
