/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_DIGEST_H
#define SL_CRYPTO_DIGEST_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4 and FIPS 202 hash functions. */
enum sl_hash {
	SL_HASH_NONE,
	SL_HASH_SHA1,
	SL_HASH_SHA224,
	SL_HASH_SHA256,
	SL_HASH_SHA384,
	SL_HASH_SHA512,
	SL_HASH_SHA512_224,
	SL_HASH_SHA512_256,
	SL_HASH_SHA3_224,
	SL_HASH_SHA3_256,
	SL_HASH_SHA3_384,
	SL_HASH_SHA3_512,
	SL_HASH_COUNT_
};

#define SL_HASH_MAX 64

struct sl_digest; /* one running hash; used by one thread at a time */

/* Output length in bytes; 0 for SL_HASH_NONE. */
size_t sl_hash_len(enum sl_hash hash);

/* Bytes per block of the hash function (HMAC needs it); 0 for SL_HASH_NONE. */
size_t sl_hash_block(enum sl_hash hash);

SL_MUST_CHECK enum sl_err sl_digest_new(enum sl_hash hash, struct sl_digest **ret_digest);
/* One whose state can be saved, where there is a way: SHA-1 and SHA-2. */
SL_MUST_CHECK enum sl_err sl_digest_new_saveable(enum sl_hash hash, struct sl_digest **ret_digest);
SL_MUST_CHECK enum sl_err sl_digest_update(struct sl_digest *d, const void *data, size_t len);
/* Writes sl_hash_len() bytes and starts anew, so that d can be used again. */
SL_MUST_CHECK enum sl_err sl_digest_final(struct sl_digest *d, uint8_t *out);
/* Forgets what was hashed and starts anew. */
SL_MUST_CHECK enum sl_err sl_digest_reset(struct sl_digest *d);
/*
 * What was hashed so far, in no more than SL_DIGEST_STATE_MAX bytes, and back into a running hash of the same kind. SL_ERR_UNSUPPORTED: it was not made
 * saveable; SL_ERR_FORMAT: no such state (d is unchanged). A state is no secret of ours: it tells what was hashed.
 */
#define SL_DIGEST_STATE_MAX (8 + 64 + 128)
SL_MUST_CHECK enum sl_err sl_digest_save(const struct sl_digest *d, uint8_t ret_state[SL_DIGEST_STATE_MAX], size_t *ret_len);
SL_MUST_CHECK enum sl_err sl_digest_load(struct sl_digest *d, const uint8_t *state, size_t len);
/* A second running hash with the same state. */
SL_MUST_CHECK enum sl_err sl_digest_copy(const struct sl_digest *d, struct sl_digest **ret_copy);
enum sl_hash sl_digest_hash(const struct sl_digest *d);
/* Fine with NULL. */
void sl_digest_free(struct sl_digest **d);

/* One call: out has room for sl_hash_len(hash) bytes. */
SL_MUST_CHECK enum sl_err sl_hash_once(enum sl_hash hash, const void *data, size_t len, uint8_t *out);

#endif
