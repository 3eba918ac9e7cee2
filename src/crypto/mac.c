/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/mac.h"
#include "crypto/ossl_internal.h"

#include <openssl/core_names.h>
#include <string.h>

#define PARTS_MAX 8
#define EXPAND_MAX ((size_t)255 * 32)

static bool
compute(EVP_MAC_CTX *ctx, const struct sl_part *parts, size_t n_parts, uint8_t *out)
{
	size_t len = 0;

	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].len != 0 && EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1)
			return false;
	return EVP_MAC_final(ctx, out, &len, SL_HASH_MAX) == 1;
}

static bool
start(EVP_MAC_CTX *ctx, const EVP_MD *md, const void *key, size_t key_len)
{
	const char *name = EVP_MD_get0_name(md);
	const OSSL_PARAM params[] = {
		{ OSSL_MAC_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING, (void *)(uintptr_t)name, strlen(name), 0 },
		OSSL_PARAM_construct_end(),
	};

	/* A NULL key would mean "the key from before", so an empty one needs an address. */
	return EVP_MAC_init(ctx, key_len == 0 ? (const void *)"" : key, key_len, params) == 1;
}

enum sl_err
sl_hmac(enum sl_hash hash, const void *key, size_t key_len, const struct sl_part *parts, size_t n_parts, uint8_t *out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_MAC_CTX *ctx = NULL;
	uint8_t mac[SL_HASH_MAX];
	const EVP_MD *md;
	EVP_MAC *hmac;
	bool ok;

	if (sl_hash_len(hash) == 0 || n_parts > PARTS_MAX)
		return SL_ERR_ARG;
	if ((md = sl_ossl_md(hash)) == NULL)
		return SL_ERR_CRYPTO;
	hmac = sl_ossl_hmac();
	if (hmac == NULL || (ctx = EVP_MAC_CTX_new(hmac)) == NULL)
		return SL_ERR_MEMORY;
	ok = start(ctx, md, key, key_len) && compute(ctx, parts, n_parts, mac);
	if (ok)
		memcpy(out, mac, sl_hash_len(hash)); /* out may be one of the parts */
	sl_secret_wipe(mac, sizeof(mac));
	return ok ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_hkdf_expand_sha256(const void *prk, size_t prk_len, const void *info, size_t info_len, size_t len,
                      struct sl_secret *ret_okm)
{
	SL_SECRET okm = { 0 };
	SL_SECRET block = { 0 }; /* T(i) */
	enum sl_err err;

	if (len == 0 || len > EXPAND_MAX)
		return SL_ERR_RANGE;
	if ((err = sl_secret_alloc(&okm, len)) != SL_OK || (err = sl_secret_alloc(&block, 32)) != SL_OK)
		return err;
	for (size_t done = 0; done < len; done += 32) {
		const uint8_t count = (uint8_t)(done / 32 + 1);
		const struct sl_part parts[] = {
			{ block.bytes, done == 0 ? 0 : 32 },
			{ info, info_len },
			{ &count, 1 },
		};

		err = sl_hmac(SL_HASH_SHA256, prk, prk_len, parts, SL_ARRAY_LEN(parts), block.bytes);
		if (err != SL_OK)
			return err;
		memcpy(okm.bytes + done, block.bytes, len - done < 32 ? len - done : 32);
	}
	*ret_okm = sl_secret_take(&okm);
	return SL_OK;
}
