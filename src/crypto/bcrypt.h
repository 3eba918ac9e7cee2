/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_BCRYPT_H
#define SL_CRYPTO_BCRYPT_H

#include "crypto/key.h"

/*
 * bcrypt_pbkdf of OpenBSD, by which OpenSSH encrypts private keys: PBKDF2 with a bcrypt of SHA-512 values as its PRF, and its output spread over the key.
 * len: 1 to 1024 bytes. SL_ERR_ARG: an empty passphrase or salt, no rounds; SL_ERR_RANGE.
 */
SL_MUST_CHECK enum sl_err sl_bcrypt_pbkdf(const struct sl_secret *passphrase, struct sl_bytes salt, uint32_t rounds, size_t len,
                                          struct sl_secret *ret_key);

#endif
