/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/drbg.h"
#include "crypto/ossl_internal.h"

#include <openssl/core_names.h>

/* to = HMAC(K, V || rest); the key is as in the call before when rekey is false. */
static bool
mac(struct sl_drbg *d, bool rekey, const struct sl_part *rest, size_t n_rest, uint8_t *to)
{
	size_t len = 0;

	if (EVP_MAC_init(d->mac, rekey ? d->k : NULL, rekey ? sizeof(d->k) : 0, NULL) != 1 ||
	    EVP_MAC_update(d->mac, d->v, sizeof(d->v)) != 1)
		return false;
	for (size_t i = 0; i < n_rest; i++)
		if (rest[i].len != 0 && EVP_MAC_update(d->mac, rest[i].data, rest[i].len) != 1)
			return false;
	return EVP_MAC_final(d->mac, to, &len, 32) == 1 && len == 32;
}

/* 10.1.2.2, one half: K = HMAC(K, V || tag || data), V = HMAC(K, V). */
static bool
update(struct sl_drbg *d, uint8_t tag, struct sl_part a, struct sl_part b)
{
	const struct sl_part rest[] = { { &tag, 1 }, a, b };

	return mac(d, false, rest, SL_ARRAY_LEN(rest), d->k) && mac(d, true, NULL, 0, d->v);
}

enum sl_err
sl_drbg_start(struct sl_drbg *drbg, struct sl_part seed, struct sl_part personalization)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	char name[] = "SHA2-256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	const enum sl_err err = sl_ossl_ready();
	EVP_MAC *hmac;

	if (err != SL_OK)
		return err;
	hmac = sl_ossl_hmac();
	if (hmac == NULL || (drbg->mac = EVP_MAC_CTX_new(hmac)) == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < sizeof(drbg->v); i++) {
		drbg->k[i] = 0;
		drbg->v[i] = 1;
	}
	if (EVP_MAC_init(drbg->mac, drbg->k, sizeof(drbg->k), params) != 1 ||
	    !update(drbg, 0, seed, personalization) || !update(drbg, 1, seed, personalization))
		return SL_ERR_CRYPTO;
	return SL_OK;
}

enum sl_err
sl_drbg_generate(struct sl_drbg *drbg, uint8_t *out, size_t len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();

	for (size_t at = 0; at < len; at += sizeof(drbg->v)) {
		if (!mac(drbg, false, NULL, 0, drbg->v))
			return SL_ERR_CRYPTO;
		__builtin_memcpy(out + at, drbg->v, sizeof(drbg->v));
	}
	return SL_OK;
}

enum sl_err
sl_drbg_next(struct sl_drbg *drbg)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const struct sl_part none = { NULL, 0 };

	return update(drbg, 0, none, none) ? SL_OK : SL_ERR_CRYPTO;
}

void
sl_drbg_stop(struct sl_drbg *drbg)
{
	if (!sl_ossl_gone())
		EVP_MAC_CTX_free(drbg->mac);
	sl_secret_wipe(drbg, sizeof(*drbg));
}
