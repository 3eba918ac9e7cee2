/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/out.h"

#include <stdint.h>

CK_RV
sl_out_claim(struct sl_out out, size_t need, CK_BYTE_PTR *dst)
{
	CK_ULONG room;

	*dst = NULL;
	if (out.len == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *out.len;
	*out.len = (CK_ULONG)need;
	if (out.buf == NULL)
		return CKR_OK;
	if (room < need)
		return CKR_BUFFER_TOO_SMALL;
	*dst = out.buf;
	return CKR_OK;
}

CK_RV
sl_in_check(struct sl_in in)
{
	return (in.data == NULL && in.len != 0) || in.len > PTRDIFF_MAX ? CKR_ARGUMENTS_BAD : CKR_OK;
}
