/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_MACOP_H
#define SL_CRYPTO_MACOP_H

#include "crypto/digest.h"
#include "crypto/key.h"

enum sl_mac_alg { SL_MAC_HMAC /* FIPS 198-1 */, SL_MAC_CMAC /* SP 800-38B, AES */, SL_MAC_GMAC /* SP 800-38D, AES */ };

struct sl_mac_params {
	enum sl_mac_alg alg;
	enum sl_hash hash;   /* HMAC */
	const uint8_t *iv;   /* GMAC; borrowed for the call */
	size_t iv_len;       /* 1 to 256; SL_ERR_UNSUPPORTED above 128 */
};

/*
 * One running MAC over a secret key; used by one thread at a time; reusable: final starts anew (GMAC: with the same IV, which is only for
 * verification, so make another).
 */
struct sl_macop;

/* SL_ERR_ARG when parameters or key length do not fit. Holds a copy of the key's schedule, not the key. */
SL_MUST_CHECK enum sl_err sl_macop_new(struct sl_key *key, const struct sl_mac_params *params, struct sl_macop **ret_mac);
/* Fine with NULL. */
void sl_macop_free(struct sl_macop **mac);
size_t sl_macop_len(const struct sl_macop *mac);
SL_MUST_CHECK enum sl_err sl_macop_update(struct sl_macop *mac, const void *data, size_t len);
/* Writes sl_macop_len() bytes. */
SL_MUST_CHECK enum sl_err sl_macop_final(struct sl_macop *mac, uint8_t *out);
/* Forgets the message so far. */
SL_MUST_CHECK enum sl_err sl_macop_reset(struct sl_macop *mac);

#endif
