/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_DER_H
#define SL_CRYPTO_DER_H

#include "base/buf.h"
#include "crypto/curve.h"

/*
 * The little DER (X.690) a key and an ECDSA signature need, done here: libcrypto's decoders ask engines of our
 * host on the way, and take a hundred times as long. Strict: shortest lengths and integers only, nothing after the
 * end.
 */

/* A public key by its components. Pointers are borrowed. */
struct sl_public {
	enum sl_key_kind kind;
	unsigned size;
	const struct sl_curve *curve; /* not RSA */
	struct sl_bytes point;        /* key.h: SL_PART_POINT */
	struct sl_bytes n;            /* RSA, no leading zeros */
	struct sl_bytes e;
};

/* Data that points into der. SL_ERR_FORMAT; SL_ERR_UNSUPPORTED for another algorithm, curve or point form. */
SL_MUST_CHECK enum sl_err sl_der_read_spki(const uint8_t *der, size_t len, struct sl_public *ret_pub);

/* RFC 5280, RFC 5480, RFC 3279 2.3.1, RFC 8410. The caller frees *ret_der. */
SL_MUST_CHECK enum sl_err sl_der_write_spki(const struct sl_public *pub, uint8_t **ret_der, size_t *ret_len);

/* RFC 3279 2.2.3 Ecdsa-Sig-Value to r || s of width bytes each, and back. The DER form is at most SL_DER_SIG_MAX. */
#define SL_DER_SIG_MAX 144
SL_MUST_CHECK enum sl_err sl_der_read_ecdsa(const uint8_t *der, size_t len, size_t width, uint8_t *ret_rs);
size_t sl_der_write_ecdsa(const uint8_t *rs, size_t width, uint8_t ret_der[SL_DER_SIG_MAX]);

/* The pieces, for other readers and writers of src/crypto. */
enum {
	SL_DER_INTEGER = 0x02,
	SL_DER_BIT_STRING = 0x03,
	SL_DER_OCTET_STRING = 0x04,
	SL_DER_NULL = 0x05,
	SL_DER_OID = 0x06,
	SL_DER_SEQUENCE = 0x30,
	SL_DER_CONTEXT_0 = 0xa0, /* constructed */
	SL_DER_CONTEXT_1 = 0xa1,
	SL_DER_CONTEXT_1_PRIMITIVE = 0x81,
};

#define SL_DER_LEN_MAX 0xffff /* two octets of length are plenty for a key */

/* Reads one element of the given tag; its contents, or a reader that has failed. */
struct sl_reader sl_der_enter(struct sl_reader *r, uint8_t tag);
/* An INTEGER that is not negative, without its sign octet: no bytes for 0. */
struct sl_bytes sl_der_integer(struct sl_reader *r);

/* Bytes of an element with len bytes of contents, at most SL_DER_LEN_MAX; its tag and length. */
size_t sl_der_len(size_t len);
void sl_der_head(struct sl_writer *w, uint8_t tag, size_t len);
/* n: at least one byte, without leading zeros. */
size_t sl_der_integer_len(struct sl_bytes n);
void sl_der_write_integer(struct sl_writer *w, struct sl_bytes n);

/* AlgorithmIdentifier. False when it has not its form, and for RSA with other parameters than NULL. */
struct sl_algorithm {
	enum { SL_DER_OTHER, SL_DER_EC, SL_DER_RSA } kind;
	struct sl_bytes oid;
	struct sl_bytes params;
};
bool sl_der_algorithm(struct sl_reader *r, struct sl_algorithm *ret_alg);
/* Its two elements for a key; params may be empty. */
void sl_der_algorithm_of(const struct sl_public *pub, struct sl_bytes *ret_oid, struct sl_bytes *ret_params);

#endif
