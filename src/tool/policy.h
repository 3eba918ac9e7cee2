/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_POLICY_H
#define SL_TOOL_POLICY_H

#include "config/signature.h"
#include "crypto/key.h"
#include "root/root.h"

/* What `seedleaf policy sign` is made of. */

/* policy_key.c: a key that `policy = authorize:` takes. passphrase_from: as in struct sl_secret_ask. */
SL_MUST_CHECK enum sl_err sl_policy_key_open(const char *path, const char *passphrase_from, struct sl_key **ret_key, struct sl_msg *msg);
/* Fills in key_fingerprint and signature from policy and ref. */
SL_MUST_CHECK enum sl_err sl_policy_key_sign(struct sl_key *key, struct sl_policy_signature *signature);

/* policy_values.c: the SHA-256 over the selected registers' values, the lowest first, from a file that names them. */
SL_MUST_CHECK enum sl_err sl_policy_values_read(const char *path, const struct sl_pcr_selection *selection, uint8_t ret_digest[32],
                                                struct sl_msg *msg);

#endif
