/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_OAEP_H
#define SL_CRYPTO_OAEP_H

#include "crypto/mac.h"

/*
 * RSA encryption paddings over an encoded message EM as long as the modulus (RFC 8017 7.1 and 7.2), without the RSA
 * operation. Ours: with libcrypto's a wrong padding of PKCS #1 v1.5 is, depending on the version, an error or a random
 * message.
 */
struct sl_oaep {
	enum sl_hash hash;
	enum sl_hash mgf_hash;
	struct sl_part label;
};

/* em is allocated and zero. SL_ERR_RANGE when the message is too long, and for a modulus too short for the hash. */
SL_MUST_CHECK enum sl_err sl_oaep_pad(const struct sl_oaep *oaep, struct sl_part message, struct sl_secret *em);
SL_MUST_CHECK enum sl_err sl_oaep_pad_pkcs1(struct sl_part message, struct sl_secret *em);

/*
 * The message, which may be empty; em is spoilt. SL_ERR_VERIFY for whatever is wrong with it: which instructions run
 * and which bytes are touched do not depend on where, nor on the place of the message.
 */
SL_MUST_CHECK enum sl_err sl_oaep_unpad(const struct sl_oaep *oaep, struct sl_secret *em,
                                        struct sl_secret *ret_message);
SL_MUST_CHECK enum sl_err sl_oaep_unpad_pkcs1(struct sl_secret *em, struct sl_secret *ret_message);

#endif
