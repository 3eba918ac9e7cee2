/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_OUT_H
#define SL_PKCS11_OUT_H

#include "pkcs11-additions.h"

#include <stddef.h>

/* A caller's input and output buffer, as they came. */
struct sl_in {
	const void *data;
	CK_ULONG len;
};

struct sl_out {
	CK_BYTE_PTR buf;
	CK_ULONG_PTR len;
};

/*
 * PKCS#11 3.0 section 5.2, the convention for functions returning output, once. Sets *out.len to need. CKR_OK with *dst NULL is a length query;
 * CKR_BUFFER_TOO_SMALL; CKR_ARGUMENTS_BAD without a length.
 */
CK_RV sl_out_claim(struct sl_out out, size_t need, CK_BYTE_PTR *dst);

/* CKR_ARGUMENTS_BAD for a length without data, and for one that no object in memory can have. */
CK_RV sl_in_check(struct sl_in in);

#endif
