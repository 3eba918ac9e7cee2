/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/rand.h"
#include "crypto/ossl_internal.h"

#include <openssl/rand.h>

#define CHUNK_MAX ((size_t)1 << 15) /* below the generator's limit per request, 2^16 */

/*
 * Not RAND_priv_bytes_ex(): that one asks the RAND_METHOD that our host, or an engine of its, may have installed,
 * even for a private library context. The generator is the thread's own, and reseeds when it finds itself in another
 * process.
 */
enum sl_err
sl_rand(void *out, size_t len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	uint8_t *at = out;
	EVP_RAND_CTX *drbg;

	if (sl_ossl_ready() != SL_OK || (drbg = RAND_get0_private(sl_ossl_ctx())) == NULL)
		return SL_ERR_CRYPTO;
	while (len != 0) {
		const size_t n = len < CHUNK_MAX ? len : CHUNK_MAX;

		if (EVP_RAND_generate(drbg, at, n, 0, 0, NULL, 0) != 1)
			return SL_ERR_CRYPTO;
		at += n;
		len -= n;
	}
	return SL_OK;
}

enum sl_err
sl_rand_stir(const void *bytes, size_t len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	EVP_RAND_CTX *drbg;

	if (sl_ossl_ready() != SL_OK || (drbg = RAND_get0_private(sl_ossl_ctx())) == NULL)
		return SL_ERR_CRYPTO;
	return EVP_RAND_reseed(drbg, 0, NULL, 0, bytes, len) == 1 ? SL_OK : SL_ERR_CRYPTO;
}
