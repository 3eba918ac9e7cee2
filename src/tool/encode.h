/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_ENCODE_H
#define SL_TOOL_ENCODE_H

#include "crypto/key.h"

#include <stdio.h>

/* RFC 4648 section 4; a newline after every `wrap` characters and at the end, none where wrap is 0. */
void sl_encode_base64(FILE *f, const uint8_t *bytes, size_t len, size_t wrap);

/* RFC 7468; label: "PUBLIC KEY". */
void sl_encode_pem(FILE *f, const char *label, const uint8_t *der, size_t len);

/* A line of authorized_keys: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4. SL_ERR_UNSUPPORTED for key types that SSH lacks. */
SL_MUST_CHECK enum sl_err sl_encode_ssh(FILE *f, struct sl_key *key, const char *comment);

#endif
