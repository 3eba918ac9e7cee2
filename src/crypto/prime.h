/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_PRIME_H
#define SL_CRYPTO_PRIME_H

#include "base/err.h"
#include "base/secret.h"

#define SL_PRIME_BYTES_MAX 512

/* The small primes, made once per search. */
struct sl_sieve;
SL_MUST_CHECK enum sl_err sl_sieve_new(struct sl_sieve **ret_sieve);
void sl_sieve_free(struct sl_sieve **sieve);

/*
 * Whether a number is prime: t big-endian, 64 to SL_PRIME_BYTES_MAX bytes, its two highest bits set, and 3 modulo 4.
 * Only for numbers nobody chose (a DRBG's output): the error is then below 2^-128 by far. What is rejected is found
 * out in variable time, for that is thrown away. SL_ERR_ARG for a number of another form.
 */
SL_MUST_CHECK enum sl_err sl_prime_test(const struct sl_sieve *sieve, const uint8_t *t, size_t len, bool *ret_prime);

#endif
