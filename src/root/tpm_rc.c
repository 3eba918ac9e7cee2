/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_rc.h"

#include <stddef.h>
#include <tss2/tss2_tpm2_types.h>

/* TPM 2.0 Library, Part 2, 6.6. Format-one codes without the number of the parameter, handle or session they are about. */
static const struct row {
	uint32_t rc;
	enum sl_err err;
	enum sl_tpm_cure cure;
} rows[] = {
	{ TPM2_RC_AUTH_FAIL, SL_ERR_AUTH, SL_TPM_CURE_NONE },
	{ TPM2_RC_BAD_AUTH, SL_ERR_AUTH, SL_TPM_CURE_NONE },
	{ TPM2_RC_AUTH_UNAVAILABLE, SL_ERR_AUTH, SL_TPM_CURE_NONE },
	{ TPM2_RC_LOCKOUT, SL_ERR_LOCKED, SL_TPM_CURE_NONE },
	{ TPM2_RC_POLICY_FAIL, SL_ERR_POLICY, SL_TPM_CURE_NONE },
	{ TPM2_RC_POLICY_CC, SL_ERR_POLICY, SL_TPM_CURE_NONE },
	{ TPM2_RC_EXPIRED, SL_ERR_POLICY, SL_TPM_CURE_NONE },
	{ TPM2_RC_PCR_CHANGED, SL_ERR_POLICY, SL_TPM_CURE_NONE },
	{ TPM2_RC_SIGNATURE, SL_ERR_POLICY, SL_TPM_CURE_NONE }, /* of TPM2_VerifySignature: not by that key over that */
	{ TPM2_RC_TICKET, SL_ERR_POLICY, SL_TPM_CURE_NONE },
	{ TPM2_RC_HIERARCHY, SL_ERR_ABSENT, SL_TPM_CURE_NONE },
	{ TPM2_RC_INTEGRITY, SL_ERR_MISMATCH, SL_TPM_CURE_NONE }, /* a blob of another parent, or altered */
	{ TPM2_RC_INITIALIZE, SL_ERR_ABSENT, SL_TPM_CURE_NONE },
	{ TPM2_RC_DISABLED, SL_ERR_ABSENT, SL_TPM_CURE_NONE },
	{ TPM2_RC_HANDLE, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
	{ TPM2_RC_REFERENCE_H0, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
	{ TPM2_RC_REFERENCE_H1, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
	{ TPM2_RC_REFERENCE_S0, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_DEFINED, SL_ERR_EXISTS, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_UNINITIALIZED, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_SPACE, SL_ERR_DEVICE, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_SIZE, SL_ERR_DEVICE, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_RANGE, SL_ERR_DEVICE, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_LOCKED, SL_ERR_ACCESS, SL_TPM_CURE_NONE },
	{ TPM2_RC_NV_AUTHORIZATION, SL_ERR_ACCESS, SL_TPM_CURE_NONE },
	{ TPM2_RC_COMMAND_CODE, SL_ERR_UNSUPPORTED, SL_TPM_CURE_NONE },
	{ TPM2_RC_RETRY, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
	{ TPM2_RC_YIELDED, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
	{ TPM2_RC_TESTING, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
	{ TPM2_RC_CANCELED, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
	{ TPM2_RC_NV_RATE, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
	{ TPM2_RC_NV_UNAVAILABLE, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
	{ TPM2_RC_MEMORY, SL_ERR_BUSY, SL_TPM_CURE_OBJECTS },
	{ TPM2_RC_OBJECT_MEMORY, SL_ERR_BUSY, SL_TPM_CURE_OBJECTS },
	{ TPM2_RC_OBJECT_HANDLES, SL_ERR_BUSY, SL_TPM_CURE_OBJECTS },
	{ TPM2_RC_SESSION_MEMORY, SL_ERR_BUSY, SL_TPM_CURE_SESSIONS },
	{ TPM2_RC_SESSION_HANDLES, SL_ERR_BUSY, SL_TPM_CURE_SAVED },
	{ TPM2_RC_CONTEXT_GAP, SL_ERR_BUSY, SL_TPM_CURE_SAVED },
};

/* Where the words for the error would not tell what to do. */
static const struct {
	uint32_t rc;
	const char *text;
} texts[] = {
	{ TPM2_RC_NV_DEFINED, "something is defined there already" },
	{ TPM2_RC_NV_UNINITIALIZED, "nothing was written there" },
	{ TPM2_RC_NV_SPACE, "the device's memory has no room left for it" },
	{ TPM2_RC_NV_SIZE, "larger than the device allows" },
	{ TPM2_RC_NV_RANGE, "beyond the end of what is stored there" },
	{ TPM2_RC_NV_LOCKED, "locked against reading or writing until the device restarts" },
	{ TPM2_RC_NV_AUTHORIZATION, "not to be had with this kind of authorization" },
	{ TPM2_RC_NV_RATE, "the device slows down writing to its memory" },
	{ TPM2_RC_NV_UNAVAILABLE, "the device's memory cannot be written now" },
};

static uint32_t
plain(uint32_t rc)
{
	/* A resource manager answers in a layer of its own, with the TPM's numbers. */
	rc &= 0xFFFF;
	return (rc & TPM2_RC_FMT1) != 0 ? TPM2_RC_FMT1 | (rc & 0x3F) : rc;
}

bool
sl_tpm_rc_is(uint32_t rc, uint32_t code)
{
	return plain(rc) == code;
}

static const struct row *
find(uint32_t rc)
{
	rc = plain(rc);
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		if (rows[i].rc == rc)
			return &rows[i];
	return NULL;
}

enum sl_err
sl_tpm_rc_err(uint32_t rc)
{
	const struct row *row = find(rc);

	if (rc == TPM2_RC_SUCCESS)
		return SL_OK;
	return row == NULL ? SL_ERR_DEVICE : row->err;
}

enum sl_tpm_cure
sl_tpm_rc_cure(uint32_t rc)
{
	const struct row *row = find(rc);

	return row == NULL ? SL_TPM_CURE_NONE : row->cure;
}

const char *
sl_tpm_rc_text(uint32_t rc)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++)
		if (texts[i].rc == plain(rc))
			return texts[i].text;
	return sl_err_text(sl_tpm_rc_err(rc));
}
