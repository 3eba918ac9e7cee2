/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_OSSL_INTERNAL_H
#define SL_CRYPTO_OSSL_INTERNAL_H

#include "crypto/digest.h"
#include "crypto/ossl.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

/* For src/crypto alone. Everything here is NULL before sl_ossl_ready() has said SL_OK; nothing is to be freed. */
OSSL_LIB_CTX *sl_ossl_ctx(void);
/* These make ready first; NULL when that, or fetching, failed. */
EVP_MAC *sl_ossl_hmac(void);
EVP_MD *sl_ossl_md(enum sl_hash hash);

/*
 * libcrypto's error queue belongs to the thread, thus to our host: one forgotten entry makes its next SSL_get_error() lie. Each function
 * that calls libcrypto holds one of these; the queue is as before when it leaves its scope.
 */
struct sl_ossl_quiet {
	bool active;
};
struct sl_ossl_quiet sl_ossl_quiet_begin(void);
void sl_ossl_quiet_end(const struct sl_ossl_quiet *quiet);
#define SL_OSSL_QUIET SL_CLEANUP(sl_ossl_quiet_end) __attribute__((unused)) const struct sl_ossl_quiet

/* Cleanups for libcrypto's types: secret ones are wiped. */
void sl_ossl_clean_bn(BIGNUM **bn);
void sl_ossl_clean_bn_ctx(BN_CTX **ctx);
void sl_ossl_clean_mac_ctx(EVP_MAC_CTX **ctx);
#define SL_BN SL_CLEANUP(sl_ossl_clean_bn) BIGNUM
#define SL_BN_CTX SL_CLEANUP(sl_ossl_clean_bn_ctx) BN_CTX
#define SL_MAC_CTX SL_CLEANUP(sl_ossl_clean_mac_ctx) EVP_MAC_CTX

#endif
