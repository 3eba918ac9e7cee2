/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_PEM_H
#define SL_CRYPTO_PEM_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The first block of text with that label ("PUBLIC KEY"), RFC 7468; what stands around it is passed over. Not for secrets. The caller frees *ret_der.
 * SL_ERR_NOT_FOUND: no such block; SL_ERR_FORMAT: it is damaged.
 */
SL_MUST_CHECK enum sl_err sl_pem_read(const char *text, const char *label, uint8_t **ret_der, size_t *ret_len);

#endif
