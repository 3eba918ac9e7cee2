/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/err.h"

#include <stdarg.h>

static const char *const texts[SL_ERR_COUNT_] = {
	[SL_OK] = "success",
	[SL_ERR_MEMORY] = "out of memory",
	[SL_ERR_ARG] = "invalid value",
	[SL_ERR_RANGE] = "size out of range",
	[SL_ERR_FORMAT] = "malformed data",
	[SL_ERR_IO] = "input/output error",
	[SL_ERR_NOT_FOUND] = "not found",
	[SL_ERR_EXISTS] = "exists already",
	[SL_ERR_ACCESS] = "not permitted",
	[SL_ERR_READONLY] = "the store is read-only",
	[SL_ERR_BUSY] = "busy",
	[SL_ERR_ABSENT] = "no device, or its hierarchy is disabled",
	[SL_ERR_LOGIN] = "not logged in",
	[SL_ERR_AUTH] = "authorization refused",
	[SL_ERR_LOCKED] = "locked out after too many wrong authorizations",
	[SL_ERR_POLICY] = "policy not satisfied",
	[SL_ERR_MISMATCH] = "the device gives another key than the one on record",
	[SL_ERR_VERSION] = "written by a newer version",
	[SL_ERR_CRYPTO] = "cryptographic operation failed",
	[SL_ERR_VERIFY] = "verification failed",
	[SL_ERR_UNSUPPORTED] = "not supported",
	[SL_ERR_DEVICE] = "device error",
};

const char *
sl_err_text(enum sl_err err)
{
	if ((unsigned)err >= SL_ERR_COUNT_ || texts[err] == NULL)
		return "unknown error";
	return texts[err];
}

void
sl_msg_set(struct sl_msg *msg, const char *fmt, ...)
{
	va_list args;

	if (msg == NULL)
		return;
	va_start(args, fmt);
	(void)vsnprintf(msg->text, sizeof(msg->text), fmt, args);
	va_end(args);
}
