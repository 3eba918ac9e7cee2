/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_DER_H
#define SL_CRYPTO_DER_H

#include "crypto/key.h"

/*
 * The little DER (X.690) a public key and an ECDSA signature need, done here: libcrypto's decoders ask engines of our
 * host on the way, and take a hundred times as long. Strict: shortest lengths and integers only, nothing after the
 * end.
 */

struct sl_bytes {
	const uint8_t *data;
	size_t len;
};

/* A public key by its components. Pointers are borrowed. */
struct sl_public {
	enum sl_key_kind kind;
	unsigned size;
	struct sl_bytes point; /* EC: 0x04 || X || Y; 25519: 32 bytes */
	struct sl_bytes n;     /* RSA, no leading zeros */
	struct sl_bytes e;
};

/* Data that points into der. SL_ERR_FORMAT; SL_ERR_UNSUPPORTED for another algorithm, curve or point form. */
SL_MUST_CHECK enum sl_err sl_der_read_spki(const uint8_t *der, size_t len, struct sl_public *ret_pub);

/* RFC 5280, RFC 5480, RFC 3279 2.3.1, RFC 8410. The caller frees *ret_der. */
SL_MUST_CHECK enum sl_err sl_der_write_spki(const struct sl_public *pub, uint8_t **ret_der, size_t *ret_len);

/* The DER OBJECT IDENTIFIER of a curve; SL_ERR_ARG when there is none. Constant. */
SL_MUST_CHECK enum sl_err sl_der_curve_oid(enum sl_key_kind kind, unsigned size, struct sl_bytes *ret_oid);

/* RFC 3279 2.2.3 Ecdsa-Sig-Value to r || s of width bytes each, and back. The DER form is at most SL_DER_SIG_MAX. */
#define SL_DER_SIG_MAX 144
SL_MUST_CHECK enum sl_err sl_der_read_ecdsa(const uint8_t *der, size_t len, size_t width, uint8_t *ret_rs);
size_t sl_der_write_ecdsa(const uint8_t *rs, size_t width, uint8_t ret_der[SL_DER_SIG_MAX]);

#endif
