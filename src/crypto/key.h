/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_KEY_H
#define SL_CRYPTO_KEY_H

#include "base/secret.h"

/* The kinds of key material. */
enum sl_key_kind {
	SL_KEY_EC,      /* size: 256, 384, 521 */
	SL_KEY_RSA,     /* size: modulus bits */
	SL_KEY_ED25519,
	SL_KEY_X25519,
	SL_KEY_SECRET,  /* AES, HMAC and generic secrets: plain bytes */
};

/*
 * One key, immutable after it is made and reference counted: any number of threads may use it at once.
 * It is a private key (with its public half), a public key only, or a secret.
 */
struct sl_key;

/* Big-endian unsigned numbers and strings a key is made of. */
enum sl_key_part {
	SL_PART_EC_OID,     /* DER OBJECT IDENTIFIER of the curve: what CKA_EC_PARAMS holds */
	SL_PART_POINT,      /* EC: 0x04 || X || Y; Ed25519, X25519: the 32 public bytes */
	SL_PART_N,          /* RSA, here and below, without leading zeros */
	SL_PART_E,
	SL_PART_SPKI,       /* DER SubjectPublicKeyInfo, RFC 5280 */
	SL_PART_SECRET,     /* EC: the scalar, full width; RSA: d; Ed25519, X25519: 32 bytes; secrets: the bytes */
	SL_PART_P,
	SL_PART_Q,
	SL_PART_DP,
	SL_PART_DQ,
	SL_PART_QINV,
};

/* d: the big-endian scalar, (size + 7) / 8 bytes, in [1, n-1]; the public point is computed. SL_ERR_ARG. */
SL_MUST_CHECK enum sl_err sl_key_from_ec(unsigned size, const uint8_t *d, size_t d_len, struct sl_key **ret_key);

/*
 * Private key from two primes; e = 65537; d = e^-1 mod lcm(p-1, q-1). p > q is arranged here. SL_ERR_ARG when that is
 * no key.
 */
SL_MUST_CHECK enum sl_err sl_key_from_rsa(const uint8_t *p, size_t p_len, const uint8_t *q, size_t q_len,
                                          struct sl_key **ret_key);

/* SL_KEY_ED25519 (RFC 8032 seed) or SL_KEY_X25519 (RFC 7748 scalar): 32 bytes. */
SL_MUST_CHECK enum sl_err sl_key_from_raw(enum sl_key_kind kind, const uint8_t *bytes, size_t len,
                                          struct sl_key **ret_key);

/* Plain secret bytes, 1 to SL_SECRET_MAX. */
SL_MUST_CHECK enum sl_err sl_key_from_secret(const uint8_t *bytes, size_t len, struct sl_key **ret_key);

/* Public key of any of the asymmetric kinds above. SL_ERR_FORMAT, SL_ERR_UNSUPPORTED. */
SL_MUST_CHECK enum sl_err sl_key_from_spki(const uint8_t *der, size_t len, struct sl_key **ret_key);

/*
 * Public keys from PKCS#11's components. The EC point is 0x04 || X || Y, checked to be on the curve; oid is the DER
 * OBJECT IDENTIFIER.
 */
SL_MUST_CHECK enum sl_err sl_key_from_ec_point(const uint8_t *oid, size_t oid_len, const uint8_t *point,
                                               size_t point_len, struct sl_key **ret_key);
SL_MUST_CHECK enum sl_err sl_key_from_rsa_public(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len,
                                                 struct sl_key **ret_key);
SL_MUST_CHECK enum sl_err sl_key_from_raw_public(enum sl_key_kind kind, const uint8_t *bytes, size_t len,
                                                 struct sl_key **ret_key);

/*
 * Maps a DER OBJECT IDENTIFIER (or a DER PrintableString such as "edwards25519") to what it names.
 * SL_ERR_UNSUPPORTED.
 */
SL_MUST_CHECK enum sl_err sl_key_curve(const uint8_t *params, size_t len, enum sl_key_kind *ret_kind,
                                       unsigned *ret_size);

struct sl_key *sl_key_ref(struct sl_key *key);
/* Drops one reference; the last one wipes. Fine with NULL; sets *key to NULL. */
void sl_key_unref(struct sl_key **key);

enum sl_key_kind sl_key_kind(const struct sl_key *key);
/* Bits of an asymmetric key (256 for the 25519 kinds); bytes * 8 of a secret. */
unsigned sl_key_size(const struct sl_key *key);
bool sl_key_is_private(const struct sl_key *key);

/* A copy of one part, as a secret since some of them are. SL_ERR_NOT_FOUND when this key has no such part. */
SL_MUST_CHECK enum sl_err sl_key_part(const struct sl_key *key, enum sl_key_part part, struct sl_secret *ret_bytes);

#endif
