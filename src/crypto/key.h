/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_KEY_H
#define SL_CRYPTO_KEY_H

#include "base/secret.h"

struct sl_bytes {
	const uint8_t *data;
	size_t len;
};

/* The kinds of key material. */
enum sl_key_kind {
	SL_KEY_EC,     /* size: bits of the group order; from outside also other curves than the NIST ones */
	SL_KEY_RSA,    /* size: modulus bits */
	SL_KEY_ED25519,
	SL_KEY_X25519,
	SL_KEY_ED448,
	SL_KEY_X448,
	SL_KEY_SECRET, /* AES, HMAC and generic secrets: plain bytes */
};

/*
 * One key, immutable after it is made and reference counted: any number of threads may use it at once.
 * It is a private key (with its public half), a public key only, or a secret.
 */
struct sl_key;

/* Big-endian unsigned numbers and strings a key is made of. */
enum sl_key_part {
	SL_PART_EC_OID,     /* DER OBJECT IDENTIFIER of the curve: what CKA_EC_PARAMS holds */
	SL_PART_POINT,      /* EC: 0x04 || X || Y; the kinds of RFC 8032 and 7748: the 32, 57 or 56 public bytes */
	SL_PART_N,          /* RSA, here and below, without leading zeros */
	SL_PART_E,
	SL_PART_SPKI,       /* DER SubjectPublicKeyInfo, RFC 5280 */
	SL_PART_SECRET,     /* EC: the scalar, full width; RSA: d; RFC 8032, 7748 and secrets: the bytes */
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

/*
 * SL_KEY_ED25519, SL_KEY_ED448 (RFC 8032 seed, 32 or 57 bytes), SL_KEY_X25519, SL_KEY_X448 (RFC 7748 scalar, 32 or 56).
 */
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

/*
 * The name of what sl_key_curve() maps: "P-256", "secp256k1", "brainpoolP256r1", "Ed25519" ...; NULL when there is
 * none. An EC curve is not told by its size: three have 256 bits.
 */
const char *sl_key_curve_name(const uint8_t *params, size_t len);

/*
 * Keys that come from outside, for session objects and sealed ones. The curve is named as for sl_key_curve(): P-224,
 * P-256, P-384, P-521, secp256k1 and the brainpool r1 curves of RFC 5639 from 224 bits on, as far as libcrypto has
 * them, and those of RFC 8032 and RFC 7748. d: a big-endian number in [1, n - 1] with any number of leading zeros, or
 * as for sl_key_from_raw(). SL_ERR_ARG, SL_ERR_UNSUPPORTED.
 */
SL_MUST_CHECK enum sl_err sl_key_from_ec_curve(const uint8_t *oid, size_t oid_len, const uint8_t *d, size_t d_len,
                                               struct sl_key **ret_key);

/*
 * RFC 8017 3.2, big-endian. n, e and d are needed. Of the others those that are missing are computed; where p or q is
 * missing, p > q are recovered from n, e and d. 1024 to 8192 bits, e odd and from 3 on; above 3072 bits e of up to 64
 * bits. SL_ERR_UNSUPPORTED for another size, SL_ERR_ARG for parts that contradict each other.
 */
struct sl_rsa_parts {
	struct sl_bytes n, e, d, p, q, dp, dq, qinv;
};
SL_MUST_CHECK enum sl_err sl_key_from_rsa_parts(const struct sl_rsa_parts *parts, struct sl_key **ret_key);

/*
 * A random RSA key for a session object: 1024 to 8192 bits, a multiple of 8 (SL_ERR_RANGE); e as given (NULL: 65537),
 * 17 to 64 bits, odd (SL_ERR_ARG). FIPS 186-5 A.1.3, by our own search: libcrypto's asks the engines of our host for
 * primes and random numbers.
 */
SL_MUST_CHECK enum sl_err sl_key_generate_rsa(unsigned bits, const uint8_t *e, size_t e_len, struct sl_key **ret_key);
/* A random key on any curve that sl_key_curve() knows. */
SL_MUST_CHECK enum sl_err sl_key_generate_ec(const uint8_t *params, size_t len, struct sl_key **ret_key);

/*
 * DER PrivateKeyInfo (RFC 5208, 5958) of a private key, for wrapping; and back. SL_ERR_FORMAT, SL_ERR_UNSUPPORTED, and
 * SL_ERR_ARG for a key that contradicts itself. RSA: RFC 8017 A.1.2; EC: RFC 5915, read with or without its optional
 * parts; the others: RFC 8410.
 */
SL_MUST_CHECK enum sl_err sl_key_pkcs8(const struct sl_key *key, struct sl_secret *ret_der);
/* Without the public key of an EC key, which is optional there. */
SL_MUST_CHECK enum sl_err sl_key_pkcs8_short(const struct sl_key *key, struct sl_secret *ret_der);
SL_MUST_CHECK enum sl_err sl_key_from_pkcs8(const uint8_t *der, size_t len, struct sl_key **ret_key);

struct sl_key *sl_key_ref(struct sl_key *key);
/* Drops one reference; the last one wipes. Fine with NULL; sets *key to NULL. */
void sl_key_unref(struct sl_key **key);

/*
 * Nobody will ask for the key again: whoever keeps it only since it may be used once more lets it go. sl_key_retirements() counts them, in the whole process.
 */
void sl_key_retire(struct sl_key *key);
bool sl_key_is_retired(const struct sl_key *key);
unsigned long sl_key_retirements(void);

enum sl_key_kind sl_key_kind(const struct sl_key *key);
/*
 * Bits of an asymmetric key (256 for the 25519 kinds, 448 for X448, 456 for Ed448: RFC 8032 5.2); bytes * 8 of a
 * secret.
 */
unsigned sl_key_size(const struct sl_key *key);
bool sl_key_is_private(const struct sl_key *key);

/* A copy of one part, as a secret since some of them are. SL_ERR_NOT_FOUND when this key has no such part. */
SL_MUST_CHECK enum sl_err sl_key_part(const struct sl_key *key, enum sl_key_part part, struct sl_secret *ret_bytes);

#endif
