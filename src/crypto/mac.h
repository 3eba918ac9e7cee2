/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_MAC_H
#define SL_CRYPTO_MAC_H

#include "base/secret.h"
#include "crypto/digest.h"

/* FIPS 198-1 in one call; key_len may be 0; out has room for sl_hash_len(hash) bytes. Parts are
 * concatenated: at most 8 of them. */
struct sl_part {
	const void *data;
	size_t len;
};
SL_MUST_CHECK enum sl_err sl_hmac(enum sl_hash hash, const void *key, size_t key_len, const struct sl_part *parts,
                                  size_t n_parts, uint8_t *out);

/* RFC 5869 section 2.3, HKDF-Expand with SHA-256: len 1 to 255 * 32 bytes into a new secret. */
SL_MUST_CHECK enum sl_err sl_hkdf_expand_sha256(const void *prk, size_t prk_len, const void *info, size_t info_len,
                                                size_t len, struct sl_secret *ret_okm);

#endif
