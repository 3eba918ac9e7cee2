/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_KEY_INTERNAL_H
#define SL_CRYPTO_KEY_INTERNAL_H

#include "crypto/der.h"
#include "crypto/key.h"
#include "crypto/ossl_internal.h"
#include "crypto/provider.h"

#include <openssl/ec.h>
#include <stdatomic.h>

/* Old certificates are still to be verified. */
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 8192
/* Above it libcrypto computes with public exponents of up to 64 bits only. */
#define RSA_BITS_ANY_E 3072

/* For src/crypto alone. Everything but refs and retired is constant once the key is handed out. */
struct sl_key {
	atomic_uint refs;
	atomic_bool retired;
	enum sl_key_kind kind;
	unsigned size;
	bool is_private;
	void *keydata;           /* provider.h; the asymmetric kinds */
	uint8_t *spki;
	size_t spki_len;
	struct sl_public pub;    /* points into spki */
	struct sl_secret secret; /* SL_KEY_SECRET, and RFC 8032's and 7748's private bytes, as they were given */
};

/*
 * A new key with the given public half and, where secret is not NULL, the private numbers: parameters of
 * provider-keymgmt(7), at most SL_KEY_PARAMS_MAX - 2 and their end, without the public ones. SL_ERR_ARG when
 * libcrypto does not take them. Within SL_OSSL_QUIET.
 */
#define SL_KEY_PARAMS_MAX 10
SL_MUST_CHECK enum sl_err sl_key_build(const struct sl_public *pub, const OSSL_PARAM *secret, struct sl_key **ret_key);

OSSL_PARAM sl_key_param(const char *name, unsigned type, const void *data, size_t len);

/* Without leading zeros; no bytes for 0. */
struct sl_bytes sl_key_trim(const uint8_t *bytes, size_t len);

/* Whether RSA keys of this size and public exponent are taken. e: without leading zeros. */
bool sl_key_rsa_size_ok(unsigned bits, struct sl_bytes e);

/* libcrypto's group of that number, made once and never freed; NULL: it has none. Within SL_OSSL_QUIET, and ready. */
const EC_GROUP *sl_key_group(int nid);

/* Whether libcrypto has this curve of kind SL_KEY_EC: some systems take some away. Within SL_OSSL_QUIET. */
bool sl_key_has_curve(const struct sl_curve *curve);

/* Big-endian to the machine's order, or back. */
void sl_key_to_native(uint8_t *dst, const uint8_t *src, size_t len);

#endif
