/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_AGREE_H
#define SL_CRYPTO_AGREE_H

#include "crypto/key.h"

/*
 * Key agreement: ECDH (SP 800-56A 5.7.1.2, with or without the cofactor; all our curves have cofactor 1 but those of
 * RFC 7748), X25519 and X448 (RFC 7748; an all-zero result is SL_ERR_VERIFY). point: as SL_PART_POINT. SL_ERR_ARG when
 * it is not a point of the key's curve.
 */
SL_MUST_CHECK enum sl_err sl_agree(struct sl_key *private_key, const uint8_t *point, size_t len,
                                   struct sl_secret *ret_z);

#endif
