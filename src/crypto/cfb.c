/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/cfb.h"
#include "crypto/ossl_internal.h"

#include <limits.h>

static void
clean_ctx(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static void
clean_cipher(EVP_CIPHER **cipher)
{
	EVP_CIPHER_free(*cipher);
}

enum sl_err
sl_cfb_crypt(const uint8_t *key, size_t key_len, const uint8_t iv[SL_CFB_IV], bool encrypt, uint8_t *data, size_t len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_cipher) EVP_CIPHER *cipher = NULL;
	SL_CLEANUP(clean_ctx) EVP_CIPHER_CTX *ctx = NULL;
	enum sl_err err;
	int done = 0;

	if ((key_len != 16 && key_len != 32) || len > INT_MAX)
		return SL_ERR_ARG;
	if ((err = sl_ossl_ready()) != SL_OK)
		return err;
	cipher = EVP_CIPHER_fetch(sl_ossl_ctx(), key_len == 16 ? "AES-128-CFB" : "AES-256-CFB", NULL);
	ctx = EVP_CIPHER_CTX_new();
	if (cipher == NULL || ctx == NULL)
		return SL_ERR_CRYPTO;
	if (EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt ? 1 : 0, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, data, &done, data, (int)len) != 1 || (size_t)done != len)
		return SL_ERR_CRYPTO;
	return SL_OK;
}
