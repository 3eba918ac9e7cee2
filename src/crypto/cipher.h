/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_CIPHER_H
#define SL_CRYPTO_CIPHER_H

#include "crypto/key.h"

/* Symmetric encryption with AES (FIPS 197) and ChaCha20-Poly1305 (RFC 8439). */
enum sl_cipher_mode {
	SL_CIPHER_ECB,               /* SP 800-38A; whole blocks only */
	SL_CIPHER_CBC,               /* whole blocks only; 16-byte IV */
	SL_CIPHER_CBC_PAD,           /* PKCS #7 padding */
	SL_CIPHER_CTR,               /* 16-byte counter block; counter_bits of it count, and may not wrap */
	SL_CIPHER_GCM,               /* SP 800-38D; IV 1 to 256 bytes, tag 4, 8, 12 to 16 bytes */
	SL_CIPHER_CCM,               /* SP 800-38C; nonce 7 to 13 bytes, tag 4, 6, ... 16; data_len has to be known */
	SL_CIPHER_XTS,               /* IEEE 1619; key of twice the length, 16-byte tweak; one data unit of 16 bytes to 16 MiB */
	SL_CIPHER_KW,                /* RFC 3394, 8-byte IV or none for the default */
	SL_CIPHER_KWP,               /* RFC 5649, 4-byte IV or none */
	SL_CIPHER_CHACHA20_POLY1305, /* RFC 8439: 12-byte nonce, 16-byte tag */
	SL_CIPHER_COUNT_
};

/* All pointers are borrowed for the call that takes the struct. */
struct sl_cipher_params {
	enum sl_cipher_mode mode;
	const uint8_t *iv;
	size_t iv_len;
	const uint8_t *aad;
	size_t aad_len;
	size_t tag_len;      /* AEAD: bytes, appended to the ciphertext */
	size_t data_len;     /* CCM: of the plaintext */
	unsigned counter_bits; /* CTR: 1 to 128 */
};

/* What a message may have where it has to be held until its end. */
#define SL_CIPHER_HELD_MAX ((size_t)64 << 20)

/* One running encryption or decryption; used by one thread at a time. Holds a reference to the key. */
struct sl_cipher;

/*
 * SL_ERR_ARG when parameters or key length do not fit; SL_ERR_RANGE: a CCM data_len above SL_CIPHER_HELD_MAX. SL_ERR_UNSUPPORTED: no such mode,
 * and a GCM IV above 128 bytes, which libcrypto does not take.
 */
SL_MUST_CHECK enum sl_err sl_cipher_new(struct sl_key *key, const struct sl_cipher_params *params, bool encrypt,
                                        struct sl_cipher **ret_cipher);
/* Fine with NULL. */
void sl_cipher_free(struct sl_cipher **cipher);

/*
 * Another message with the same key, mode and direction (params->mode has to be the one it was made with): cheaper than a new one, and good
 * at any time, after a failure too. A failure leaves a cipher that can only be reset again or freed.
 */
SL_MUST_CHECK enum sl_err sl_cipher_reset(struct sl_cipher *cipher, const struct sl_cipher_params *params);

/*
 * For a caller's room: the most that an update with in_len bytes, that a final now, and that both one after the other can give. Exact where
 * padding does not make it unknowable; SIZE_MAX when there is no such room.
 */
size_t sl_cipher_update_max(const struct sl_cipher *cipher, size_t in_len);
size_t sl_cipher_final_max(const struct sl_cipher *cipher);
size_t sl_cipher_total_max(const struct sl_cipher *cipher, size_t in_len);

/*
 * *ret_len bytes to out, which has room for sl_cipher_update_max(). An AEAD decryption, CCM, XTS, KW and KWP give nothing before the
 * end (no unverified plaintext leaves; a data unit is one), a CBC_PAD decryption all but the last block. in and out may be the same buffer, or else may not overlap.
 * SL_ERR_RANGE: more than SL_CIPHER_HELD_MAX to hold, than the counter has blocks, than the mode allows, or than the data_len of CCM. After any
 * failure, and after the end, there is only SL_ERR_ARG.
 */
SL_MUST_CHECK enum sl_err sl_cipher_update(struct sl_cipher *cipher, const uint8_t *in, size_t in_len, uint8_t *out, size_t *ret_len);

/*
 * SL_ERR_RANGE: not whole blocks, too short (or a CCM length other than promised). SL_ERR_VERIFY: a wrong tag or padding; nothing is written then.
 */
SL_MUST_CHECK enum sl_err sl_cipher_final(struct sl_cipher *cipher, uint8_t *out, size_t *ret_len);

#endif
