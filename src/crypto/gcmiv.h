/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_GCMIV_H
#define SL_CRYPTO_GCMIV_H

#include "crypto/key.h"

/*
 * The nonce of 16 bytes that has GCM's first counter block (SP 800-38D 7.1 step 2) from an AES key and a nonce of any length but 12. libcrypto takes no more than
 * 128 bytes of nonce.
 */
#define SL_GCM_IV_LEN ((size_t)16)
SL_MUST_CHECK enum sl_err sl_gcmiv(struct sl_key *key, const uint8_t *iv, size_t len, uint8_t ret_iv[SL_GCM_IV_LEN]);

#endif
