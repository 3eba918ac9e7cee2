/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_UPCALL_FORM_H
#define SL_ROOT_UPCALL_FORM_H

#include "root/root.h"

/* doc/upcall.md, "The module": for ever. */

/* "ctx-" and 64 hex digits: what is asked for in place of the context, which it does not tell. */
#define SL_UPCALL_NAME (4 + 64 + 1)
SL_MUST_CHECK enum sl_err sl_upcall_form_name(const char *name_space, const uint8_t context[SL_ROOT_CONTEXT], char ret_name[SL_UPCALL_NAME]);

/* The root's answer to a context, from the helper's answer to its name. */
SL_MUST_CHECK enum sl_err sl_upcall_form_secret(const struct sl_secret *answer, const uint8_t context[SL_ROOT_CONTEXT],
                                                struct sl_secret *ret_secret);

/* The context that identifies the root, and the root's name by the answer to it. */
SL_MUST_CHECK enum sl_err sl_upcall_form_identity_context(uint8_t ret_context[SL_ROOT_CONTEXT]);
SL_MUST_CHECK enum sl_err sl_upcall_form_identity(const struct sl_secret *secret, struct sl_root_name *ret_name);

#endif
