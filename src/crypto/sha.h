/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_SHA_H
#define SL_CRYPTO_SHA_H

#include "base/buf.h"
#include "crypto/digest.h"

#include <openssl/sha.h>

/*
 * SHA-1 and SHA-2 in a form whose state can be read and set, for digest.c alone: libcrypto's functions of before 3.0. Its newer interface gives nobody the state
 * of a hash that runs.
 */
struct sl_sha {
	enum sl_hash hash;
	union {
		SHA_CTX sha1;
		SHA256_CTX sha256;
		SHA512_CTX sha512;
	} ctx;
};

/* FIPS 180-4's functions, all of them. */
bool sl_sha_has(enum sl_hash hash);
bool sl_sha_init(struct sl_sha *s, enum sl_hash hash);
bool sl_sha_update(struct sl_sha *s, const void *data, size_t len);
bool sl_sha_final(struct sl_sha *s, uint8_t *out);

/* u64be bytes hashed || chaining value, big-endian words || the bytes of the block begun. False: it does not fit, or is none. */
bool sl_sha_save(const struct sl_sha *s, struct sl_writer *w);
bool sl_sha_load(struct sl_sha *s, enum sl_hash hash, struct sl_reader *r);

#endif
