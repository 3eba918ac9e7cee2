/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_RAND_H
#define SL_CRYPTO_RAND_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Kernel-seeded random bytes from our own library context. Each output is independent after fork. */
SL_MUST_CHECK enum sl_err sl_rand(void *out, size_t len);

#endif
