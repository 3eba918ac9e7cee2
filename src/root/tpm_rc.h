/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_RC_H
#define SL_ROOT_TPM_RC_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* What to do about a response code. */
enum sl_tpm_cure {
	SL_TPM_CURE_NONE,
	SL_TPM_CURE_WAIT,     /* send the same command again, a little later */
	SL_TPM_CURE_OBJECTS,  /* the same; transient objects of dead clients may be in the way */
	SL_TPM_CURE_SESSIONS, /* the same; their loaded sessions may be */
	SL_TPM_CURE_SAVED,    /* the same; their saved sessions may be */
};

/* rc as in a response header, or with the layer number of a resource manager. SL_OK for success. */
enum sl_err sl_tpm_rc_err(uint32_t rc);
enum sl_tpm_cure sl_tpm_rc_cure(uint32_t rc);
/* A constant string: that of sl_tpm_rc_err(), or a clearer one where the code says more. */
const char *sl_tpm_rc_text(uint32_t rc);
/* The same code, whatever parameter, handle or session it is about. */
bool sl_tpm_rc_is(uint32_t rc, uint32_t code);

#endif
