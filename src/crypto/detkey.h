/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_DETKEY_H
#define SL_CRYPTO_DETKEY_H

#include "crypto/key.h"

/*
 * C2SP det-keygen (c2sp.org/det-keygen): a private key as a function of a seed. HMAC_DRBG (SP 800-90A) with SHA-256
 * and a personalization string; EC by FIPS 186-5 A.2.2 (rejection), RSA by A.1.3.
 */

/*
 * The numbers, counted from 1, of the DRBG candidates accepted for p and for q: with them nothing is searched. { 0, 0
 * } is "unknown".
 */
struct sl_rsa_hints {
	uint32_t p;
	uint32_t q;
};

/*
 * size 224 (for the published vectors only), 256, 384, 521; seed 16 bytes or more. *ret_d is the big-endian scalar at
 * full width.
 */
SL_MUST_CHECK enum sl_err sl_detkey_ec(unsigned size, const uint8_t *seed, size_t seed_len, struct sl_secret *ret_d);

/*
 * bits 2048 to 8192, a multiple of 16. The search: about 0.1 to 2 seconds up to 4096 bits, ten times that for 8192
 * (for the published vectors only). *ret_hints tells where the primes were found. Primes in the order in which they
 * were found.
 */
SL_MUST_CHECK enum sl_err sl_detkey_rsa(unsigned bits, const uint8_t *seed, size_t seed_len, struct sl_secret *ret_p,
                                        struct sl_secret *ret_q, struct sl_rsa_hints *ret_hints);

/*
 * The same from hints, in milliseconds: nothing is tested for primality, so the caller must compare the modulus with
 * one on record before the key is used. SL_ERR_MISMATCH when the hints cannot be right.
 */
SL_MUST_CHECK enum sl_err sl_detkey_rsa_hinted(unsigned bits, const uint8_t *seed, size_t seed_len,
                                               struct sl_rsa_hints hints, struct sl_secret *ret_p,
                                               struct sl_secret *ret_q);

#endif
