/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_PASSPHRASE_H
#define SL_TOOL_PASSPHRASE_H

#include "crypto/privkey.h"
#include "tool/secret_input.h"

/*
 * A private key, no TSS2 PRIVATE KEY (SL_ERR_FORMAT), of the file path, and where it is encrypted, its passphrase. The errors of sl_privkey_read() and
 * sl_secret_input(); msg says what and where.
 */
SL_MUST_CHECK enum sl_err sl_passphrase_key(const struct sl_privkey *found, const struct sl_secret_ask *ask, const char *path,
                                            struct sl_key **ret_key, struct sl_msg *msg);

#endif
