/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_EXPORT_TSS2_H
#define SL_TOOL_EXPORT_TSS2_H

#include "tool/keys.h"

/*
 * The TSS2 PRIVATE KEY of a sealed key, in PEM, to stdout or to the file that args names. SL_ERR_UNSUPPORTED: it has none (not sealed, or longer than one TPM
 * object); SL_ERR_ACCESS: it is bound to the token's PIN, and may not leave it, or not without saying so; msg says why.
 */
SL_MUST_CHECK enum sl_err sl_export_tss2(const struct sl_found *found, const struct sl_tool_args *args, struct sl_msg *msg);

#endif
