/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_DRBG_H
#define SL_CRYPTO_DRBG_H

#include "crypto/mac.h"

#include <openssl/evp.h>

/*
 * HMAC_DRBG with SHA-256 (SP 800-90A Rev. 1, 10.1.2), never reseeded: one seed, one endless string. For det-keygen
 * alone; a permanent format, so it is ours, not libcrypto's. Randomness comes from rand.h.
 */
struct sl_drbg {
	EVP_MAC_CTX *mac;
	uint8_t k[32];
	uint8_t v[32];
};

/* { 0 } before. Instantiates: entropy input = seed, no nonce. */
SL_MUST_CHECK enum sl_err sl_drbg_start(struct sl_drbg *drbg, struct sl_part seed, struct sl_part personalization);

/*
 * The first request's bits. len a multiple of 32: what a request gives beyond the length that was asked for is never
 * seen, but costs the same.
 */
SL_MUST_CHECK enum sl_err sl_drbg_generate(struct sl_drbg *drbg, uint8_t *out, size_t len);

/* The end of one request (10.1.2.5 step 6), due before each further one. */
SL_MUST_CHECK enum sl_err sl_drbg_next(struct sl_drbg *drbg);

/* Wipes. Fine on { 0 }. */
void sl_drbg_stop(struct sl_drbg *drbg);

#endif
