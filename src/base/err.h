/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_ERR_H
#define SL_BASE_ERR_H

#include "base/clean.h"

/*
 * What can go wrong below the PKCS#11 front. Closed: every value has a name in err.c and a CK_RV in
 * token/rv.c. TPM response codes become one of these in root/tpm_rc.c, nowhere else.
 */
enum sl_err {
	SL_OK = 0,
	SL_ERR_MEMORY,      /* out of memory */
	SL_ERR_ARG,         /* a value the caller gave is not acceptable */
	SL_ERR_RANGE,       /* a size is outside its limits */
	SL_ERR_FORMAT,      /* a file or a message does not have its form */
	SL_ERR_IO,          /* the system refused a read or a write */
	SL_ERR_NOT_FOUND,   /* there is no such thing */
	SL_ERR_EXISTS,      /* there is such a thing already */
	SL_ERR_ACCESS,      /* not permitted, or permissions are unsafe */
	SL_ERR_READONLY,    /* the store cannot be written */
	SL_ERR_BUSY,        /* in use by somebody else; trying again later can help */
	SL_ERR_ABSENT,      /* no device, or its hierarchy is disabled */
	SL_ERR_LOGIN,       /* nobody is logged in who may do that */
	SL_ERR_AUTH,        /* the device refused the authorization */
	SL_ERR_LOCKED,      /* the device's dictionary attack lockout is active */
	SL_ERR_POLICY,      /* the device's policy is not satisfied */
	SL_ERR_MISMATCH,    /* the device gives another key than the one on record */
	SL_ERR_VERSION,     /* written by a newer version */
	SL_ERR_CRYPTO,      /* libcrypto failed */
	SL_ERR_VERIFY,      /* a signature, MAC or padding is wrong */
	SL_ERR_UNSUPPORTED, /* known, and not offered here */
	SL_ERR_DEVICE,      /* the device failed in some other way */
	SL_ERR_COUNT_
};

/* A constant string: the error in plain words, for messages. */
const char *sl_err_text(enum sl_err err);

/*
 * What, where and what was expected: filled by functions whose failures a person has to understand.
 * Never carries a secret. Functions take a pointer to it that may be NULL.
 */
struct sl_msg {
	char text[480];
};

void sl_msg_set(struct sl_msg *msg, const char *fmt, ...) SL_PRINTF(2, 3);

#endif
