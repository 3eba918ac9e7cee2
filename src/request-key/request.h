/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_REQUEST_H
#define SL_REQUEST_KEY_REQUEST_H

#include "base/err.h"

#include <stdint.h>

#define SL_REQUEST_TOKEN_MAX 32
#define SL_REQUEST_NAME_MAX 255

/* What is asked for, and by nobody that we trust: doc/upcall.md, "Request". */
struct sl_request {
	char token[SL_REQUEST_TOKEN_MAX + 1];
	char name[SL_REQUEST_NAME_MAX + 1];
	uint32_t version;
	uint32_t timeout; /* seconds; 0: not asked for */
};

/* SL_ERR_FORMAT and what was expected; msg has nothing of the texts, which could be made to confuse a log. */
SL_MUST_CHECK enum sl_err sl_request_parse(const char *description, const char *options, struct sl_request *ret_request, struct sl_msg *msg);

#endif
