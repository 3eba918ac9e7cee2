/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_CIPHER_INTERNAL_H
#define SL_CRYPTO_CIPHER_INTERNAL_H

#include "crypto/cipher.h"
#include "crypto/ossl_internal.h"

#define SL_AES_BLOCK ((size_t)16)

/* For src/crypto alone. */
struct sl_cipher {
	struct sl_key *key;
	EVP_CIPHER_CTX *ctx;
	enum sl_cipher_mode mode;
	bool encrypt;
	bool keyed;    /* ctx has the key, and expects an IV of iv_len bytes */
	size_t iv_len;
	bool ended;             /* by its final, or by a failure */
	size_t tag_len;
	size_t data_len;        /* CCM */
	uint64_t left;          /* bytes that may still come */
	uint8_t tail[SL_AES_BLOCK];
	size_t tail_len;        /* the block modes: less than a block waits, a whole one where it may be padding */
	uint8_t *held;          /* the modes that need all of the message first */
	size_t held_len;
	size_t held_room;
};

/* AES in whole blocks, output as soon as there is one. */
bool sl_cipher_is_blocks(const struct sl_cipher *c);
/* Nothing comes out before the end. */
bool sl_cipher_is_held(const struct sl_cipher *c);

/*
 * Checks params and sets c up for a message: key, IV, additional data, limits. c has its key, mode, direction and ctx; first: for the first time.
 * Within SL_OSSL_QUIET, after sl_ossl_ready().
 */
SL_MUST_CHECK enum sl_err sl_cipher_start(struct sl_cipher *c, const struct sl_cipher_params *params, bool first);

#endif
