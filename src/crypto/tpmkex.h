/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_TPMKEX_H
#define SL_CRYPTO_TPMKEX_H

#include "base/secret.h"
#include "crypto/digest.h"

/*
 * The two ways to give a TPM a secret (TPM 2.0 Library, Part 1, annexes B and C). Both are done on numbers, never on EVP_PKEYs: a host that
 * made the pkcs11 engine its default has broken key generation and key import by name even in our own library context.
 */
#define SL_TPMKEX_P256 64 /* X || Y, 32 bytes each */

/* A fresh key pair on P-256 and the X coordinate shared with peer. SL_ERR_ARG when peer is not on the curve. */
SL_MUST_CHECK enum sl_err sl_tpmkex_p256(const uint8_t peer[SL_TPMKEX_P256], uint8_t ret_ephemeral[SL_TPMKEX_P256],
                                         struct sl_secret *ret_z);

/*
 * RFC 8017 7.1.1, RSAES-OAEP with MGF1 and one hash for both. label as it goes into the hash (a TPM's ends in a zero byte). out has room
 * for n_len bytes. SL_ERR_RANGE when the message is too long for the key, SL_ERR_ARG when that is no key.
 */
struct sl_tpmkex_rsa {
	const uint8_t *n;
	size_t n_len;   /* 256 to 512 */
	uint32_t e;
	enum sl_hash hash;
};
struct sl_part;
SL_MUST_CHECK enum sl_err sl_tpmkex_oaep(const struct sl_tpmkex_rsa *key, const struct sl_part *label,
                                         const struct sl_part *message, uint8_t *out);

#endif
