/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_RSACRYPT_H
#define SL_CRYPTO_RSACRYPT_H

#include "crypto/digest.h"
#include "crypto/key.h"

enum sl_rsa_padding {
	SL_RSA_PKCS1, /* RFC 8017 7.2 */
	SL_RSA_OAEP,  /* 7.1 */
	SL_RSA_NONE,  /* the integer operation alone */
};

struct sl_rsa_crypt {
	enum sl_rsa_padding padding;
	enum sl_hash hash;      /* OAEP */
	enum sl_hash mgf_hash;  /* OAEP */
	const uint8_t *label;   /* OAEP; any bytes */
	size_t label_len;
};

/* The modulus's length in bytes: of every ciphertext. */
size_t sl_rsa_crypt_len(const struct sl_key *key);

/* out has room for sl_rsa_crypt_len() bytes and gets just as many. SL_ERR_RANGE when the input is too long. */
SL_MUST_CHECK enum sl_err sl_rsa_encrypt(struct sl_key *public_key, const struct sl_rsa_crypt *params,
                                         const uint8_t *in, size_t in_len, uint8_t *out);

/*
 * SL_ERR_VERIFY for wrong padding, in a time that does not tell where (RFC 8017 7.1.2 note); SL_ERR_RANGE for a wrong
 * length.
 */
SL_MUST_CHECK enum sl_err sl_rsa_decrypt(struct sl_key *private_key, const struct sl_rsa_crypt *params,
                                         const uint8_t *in, size_t in_len, struct sl_secret *ret_out);

/*
 * PKCS #1 signature's inverse for C_VerifyRecover: the recovered message. SL_ERR_VERIFY. padding: PKCS1 (block type 1)
 * or NONE.
 */
SL_MUST_CHECK enum sl_err sl_rsa_recover(struct sl_key *public_key, enum sl_rsa_padding padding, const uint8_t *sig,
                                         size_t sig_len, struct sl_secret *ret_out);

#endif
