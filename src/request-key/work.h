/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_WORK_H
#define SL_REQUEST_KEY_WORK_H

#include "base/secret.h"
#include "config/config.h"
#include "request-key/request.h"
#include "request-key/requester.h"

/* The arguments: %k %d %c %u %g of request-key.conf(5). */
struct sl_work_args {
	int32_t key;
	const char *description;
	const char *options;
	uint32_t uid;
	uint32_t gid;
};

/* Answers the request, and logs it, or why not. 0, or what to refuse it with: EBUSY where that is the TPM's answer, else ENOKEY. */
SL_MUST_CHECK int sl_work_answer(const struct sl_config *config, const struct sl_work_args *args);

/* The key of a request for a requester that has been looked at: doc/upcall.md. The first two are its parts, before the TPM and after it. */
SL_MUST_CHECK enum sl_err sl_work_context(const struct sl_request *request, const struct sl_requester *requester,
                                          uint8_t ret_context[SL_CONTEXT_LEN]);
SL_MUST_CHECK enum sl_err sl_work_expand(const struct sl_secret *secret, struct sl_secret *ret_answer);
SL_MUST_CHECK enum sl_err sl_work_derive(const struct sl_config *config, const struct sl_token_config *token, const struct sl_request *request,
                                         const struct sl_requester *requester, struct sl_secret *ret_answer, struct sl_msg *msg);

#endif
