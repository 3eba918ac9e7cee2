/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/kdf.h"
#include "crypto/macop.h"
#include "crypto/ossl_internal.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <stdatomic.h>
#include <string.h>

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

enum sl_err
sl_kdf_hkdf_extract(enum sl_hash hash, struct sl_part salt, struct sl_part ikm, struct sl_secret *ret_prk)
{
	SL_SECRET prk = { 0 };
	enum sl_err err;

	if (sl_hash_len(hash) == 0)
		return SL_ERR_ARG;
	/* HMAC fills a key up with zeros: an empty one is as many zeros as you like. */
	if ((err = sl_secret_alloc(&prk, sl_hash_len(hash))) != SL_OK ||
	    (err = sl_hmac(hash, salt.data, salt.data == NULL ? 0 : salt.len, &ikm, 1, prk.bytes)) != SL_OK)
		return err;
	*ret_prk = sl_secret_take(&prk);
	return SL_OK;
}

enum sl_err
sl_kdf_hkdf_expand(enum sl_hash hash, struct sl_part prk, struct sl_part info, size_t len, struct sl_secret *ret_okm)
{
	const size_t step = sl_hash_len(hash);
	SL_SECRET okm = { 0 };
	SL_SECRET block = { 0 }; /* T(i) */
	enum sl_err err;

	if (step == 0)
		return SL_ERR_ARG;
	if (len > 255 * step)
		return SL_ERR_RANGE;
	if ((err = sl_secret_alloc(&okm, len)) != SL_OK || (err = sl_secret_alloc(&block, step)) != SL_OK)
		return err;
	for (size_t done = 0; done < len; done += step) {
		const uint8_t count = (uint8_t)(done / step + 1);
		const struct sl_part parts[] = { { block.bytes, done == 0 ? 0 : step }, info, { &count, 1 } };

		if ((err = sl_hmac(hash, prk.data, prk.len, parts, SL_ARRAY_LEN(parts), block.bytes)) != SL_OK)
			return err;
		memcpy(okm.bytes + done, block.bytes, least(len - done, step));
	}
	*ret_okm = sl_secret_take(&okm);
	return SL_OK;
}

static void
clean_kdf_ctx(EVP_KDF_CTX **ctx)
{
	EVP_KDF_CTX_free(*ctx);
}

static EVP_KDF *
pbkdf2(void)
{
	static _Atomic(EVP_KDF *) cached;
	EVP_KDF *kdf = atomic_load(&cached);
	EVP_KDF *other = NULL;

	if (kdf != NULL)
		return kdf;
	kdf = EVP_KDF_fetch(sl_ossl_ctx(), "PBKDF2", NULL);
	if (kdf == NULL || atomic_compare_exchange_strong(&cached, &other, kdf))
		return kdf;
	EVP_KDF_free(kdf); /* another thread was faster */
	return other;
}

static OSSL_PARAM
param(const char *name, unsigned type, const void *data, size_t len)
{
	return (OSSL_PARAM){ name, type, len == 0 ? (void *)(uintptr_t)"" : (void *)(uintptr_t)data, len, 0 };
}

enum sl_err
sl_kdf_pbkdf2(enum sl_hash hash, struct sl_part password, struct sl_part salt, unsigned long iterations, size_t len,
              struct sl_secret *ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_kdf_ctx) EVP_KDF_CTX *ctx = NULL;
	SL_SECRET key = { 0 };
	const uint64_t count = iterations;
	const int any = 1; /* RFC 8018's own limits, not those of SP 800-132 */
	const EVP_MD *md;
	EVP_KDF *kdf;
	enum sl_err err;

	if (sl_hash_len(hash) == 0 || iterations == 0)
		return SL_ERR_ARG;
	if ((err = sl_secret_alloc(&key, len)) != SL_OK)
		return err;
	if ((md = sl_ossl_md(hash)) == NULL || (kdf = pbkdf2()) == NULL)
		return SL_ERR_CRYPTO;
	if ((ctx = EVP_KDF_CTX_new(kdf)) == NULL)
		return SL_ERR_MEMORY;
	const OSSL_PARAM params[] = {
		param(OSSL_KDF_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING, EVP_MD_get0_name(md), strlen(EVP_MD_get0_name(md))),
		param(OSSL_KDF_PARAM_PASSWORD, OSSL_PARAM_OCTET_STRING, password.data, password.len),
		param(OSSL_KDF_PARAM_SALT, OSSL_PARAM_OCTET_STRING, salt.data, salt.len),
		param(OSSL_KDF_PARAM_ITER, OSSL_PARAM_UNSIGNED_INTEGER, &count, sizeof(count)),
		param(OSSL_KDF_PARAM_PKCS5, OSSL_PARAM_INTEGER, &any, sizeof(any)),
		OSSL_PARAM_construct_end(),
	};
	if (EVP_KDF_derive(ctx, key.bytes, len, params) != 1)
		return SL_ERR_CRYPTO;
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}

static void
be32(uint8_t out[4], uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

enum sl_err
sl_kdf_x963(enum sl_hash hash, struct sl_part z, struct sl_part shared_info, size_t len, struct sl_secret *ret_key)
{
	const size_t step = sl_hash_len(hash);
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	SL_SECRET key = { 0 };
	SL_SECRET block = { 0 };
	enum sl_err err;

	if ((err = sl_digest_new(hash, &d)) != SL_OK || (err = sl_secret_alloc(&key, len)) != SL_OK ||
	    (err = sl_secret_alloc(&block, step)) != SL_OK)
		return err;
	for (size_t done = 0; done < len; done += step) {
		uint8_t count[4];

		be32(count, (uint32_t)(done / step + 1)); /* SL_SECRET_MAX keeps it from wrapping */
		if ((err = sl_digest_update(d, z.data, z.len)) != SL_OK || (err = sl_digest_update(d, count, sizeof(count))) != SL_OK ||
		    (err = sl_digest_update(d, shared_info.data, shared_info.len)) != SL_OK ||
		    (err = sl_digest_final(d, block.bytes)) != SL_OK)
			return err;
		memcpy(key.bytes + done, block.bytes, least(len - done, step));
	}
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}

static enum sl_err
hmac_open(enum sl_hash hash, struct sl_part secret, struct sl_macop **ret_mac)
{
	const struct sl_mac_params params = { .alg = SL_MAC_HMAC, .hash = hash };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	enum sl_err err;

	if (secret.len == 0 || sl_hash_len(hash) == 0)
		return SL_ERR_ARG;
	if ((err = sl_key_from_secret(secret.data, secret.len, &key)) != SL_OK)
		return err;
	return sl_macop_new(key, &params, ret_mac);
}

/* label || seed, after whatever was put in before. */
static enum sl_err
feed(struct sl_macop *m, const char *label, const struct sl_part *seeds, size_t n_seeds)
{
	enum sl_err err = sl_macop_update(m, label, strlen(label));

	for (size_t i = 0; err == SL_OK && i < n_seeds; i++)
		err = sl_macop_update(m, seeds[i].data, seeds[i].len);
	return err;
}

enum sl_err
sl_kdf_tls12(enum sl_hash hash, struct sl_part secret, const char *label, const struct sl_part *seeds, size_t n_seeds, size_t len,
             struct sl_secret *ret_key)
{
	const size_t step = sl_hash_len(hash);
	SL_CLEANUP(sl_macop_free) struct sl_macop *m = NULL;
	SL_SECRET key = { 0 };
	SL_SECRET chain = { 0 }; /* A(i) */
	SL_SECRET block = { 0 };
	enum sl_err err;

	if ((err = hmac_open(hash, secret, &m)) != SL_OK || (err = sl_secret_alloc(&key, len)) != SL_OK ||
	    (err = sl_secret_alloc(&chain, step)) != SL_OK || (err = sl_secret_alloc(&block, step)) != SL_OK)
		return err;
	for (size_t done = 0; done < len; done += step) {
		err = done == 0 ? feed(m, label, seeds, n_seeds) : sl_macop_update(m, chain.bytes, step);
		if (err != SL_OK || (err = sl_macop_final(m, chain.bytes)) != SL_OK ||
		    (err = sl_macop_update(m, chain.bytes, step)) != SL_OK || (err = feed(m, label, seeds, n_seeds)) != SL_OK ||
		    (err = sl_macop_final(m, block.bytes)) != SL_OK)
			return err;
		memcpy(key.bytes + done, block.bytes, least(len - done, step));
	}
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}
