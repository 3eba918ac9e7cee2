/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_RAND_H
#define SL_CRYPTO_RAND_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Kernel-seeded random bytes from our own library context. Each output is independent after fork. */
SL_MUST_CHECK enum sl_err sl_rand(void *out, size_t len);

/*
 * SP 800-90A 8.7.2, reseed with additional input: what this thread's generator gives from now on depends on these bytes, too. They need not be good: it
 * reseeds from the kernel as well.
 */
SL_MUST_CHECK enum sl_err sl_rand_stir(const void *bytes, size_t len);

#endif
