/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_CFB_H
#define SL_CRYPTO_CFB_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_CFB_IV 16

/* AES in CFB128 mode (SP 800-38A 6.3, s = 128), in place. key_len 16 or 32. The contents are undefined on failure. */
SL_MUST_CHECK enum sl_err sl_cfb_crypt(const uint8_t *key, size_t key_len, const uint8_t iv[SL_CFB_IV], bool encrypt,
                                       uint8_t *data, size_t len);

#endif
