/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/gcmiv.h"
#include "crypto/key_internal.h"
#include "crypto/macop.h"

#include <openssl/core_names.h>
#include <string.h>

#define AES_TAG 16
#define GMAC_IV_MAX 256
#define GMAC_IV_HAVE 128 /* what libcrypto takes */

struct sl_macop {
	EVP_MAC_CTX *ctx;
	size_t len;
	bool running;      /* a message is under way, or a context is fresh; otherwise the next call starts one */
	uint8_t iv[GMAC_IV_HAVE];
	size_t iv_len;     /* GMAC */
};

static _Atomic(EVP_MAC *) cmac;
static _Atomic(EVP_MAC *) gmac;

static EVP_MAC *
fetch(_Atomic(EVP_MAC *) *cache, const char *name)
{
	EVP_MAC *mac = atomic_load(cache);
	EVP_MAC *other = NULL;

	if (mac != NULL)
		return mac;
	mac = EVP_MAC_fetch(sl_ossl_ctx(), name, NULL);
	if (mac == NULL || atomic_compare_exchange_strong(cache, &other, mac))
		return mac;
	EVP_MAC_free(mac); /* another thread was faster */
	return other;
}

/* AES: the cipher's name by the length of the key; NULL when that is none. */
static const char *
aes(enum sl_mac_alg alg, size_t key_len)
{
	switch (key_len) {
	case 16:
		return alg == SL_MAC_CMAC ? "AES-128-CBC" : "AES-128-GCM";
	case 24:
		return alg == SL_MAC_CMAC ? "AES-192-CBC" : "AES-192-GCM";
	case 32:
		return alg == SL_MAC_CMAC ? "AES-256-CBC" : "AES-256-GCM";
	default:
		return NULL;
	}
}

static enum sl_err
check(const struct sl_key *key, const struct sl_mac_params *p)
{
	if (key->kind != SL_KEY_SECRET)
		return SL_ERR_ARG;
	if (p->alg == SL_MAC_HMAC)
		return sl_hash_len(p->hash) != 0 ? SL_OK : SL_ERR_ARG;
	if (p->alg != SL_MAC_CMAC && p->alg != SL_MAC_GMAC)
		return SL_ERR_UNSUPPORTED;
	if (aes(p->alg, key->secret.len) == NULL)
		return SL_ERR_ARG;
	if (p->alg == SL_MAC_GMAC && (p->iv == NULL || p->iv_len == 0 || p->iv_len > GMAC_IV_MAX))
		return SL_ERR_ARG;
	return SL_OK;
}

static OSSL_PARAM
text_param(const char *name, const char *text)
{
	return (OSSL_PARAM){ name, OSSL_PARAM_UTF8_STRING, (void *)(uintptr_t)text, strlen(text), 0 };
}

/* For the first time with the key, for every other message with NULL and 0. */
static enum sl_err
begin(struct sl_macop *m, const char *param, const char *algorithm, const struct sl_secret *key)
{
	OSSL_PARAM params[3] = { OSSL_PARAM_construct_end() };
	size_t n = 0;

	if (param != NULL && algorithm != NULL)
		params[n++] = text_param(param, algorithm);
	if (m->iv_len != 0)
		params[n++] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, m->iv, m->iv_len);
	params[n] = OSSL_PARAM_construct_end();
	if (EVP_MAC_init(m->ctx, key != NULL ? key->bytes : NULL, key != NULL ? key->len : 0, params) != 1)
		return SL_ERR_CRYPTO;
	m->running = true;
	return SL_OK;
}

static enum sl_err
begin_first(struct sl_macop *m, const struct sl_key *key, const struct sl_mac_params *p)
{
	const EVP_MD *md;

	if (p->alg != SL_MAC_HMAC)
		return begin(m, OSSL_MAC_PARAM_CIPHER, aes(p->alg, key->secret.len), &key->secret);
	if ((md = sl_ossl_md(p->hash)) == NULL)
		return SL_ERR_CRYPTO;
	return begin(m, OSSL_MAC_PARAM_DIGEST, EVP_MD_get0_name(md), &key->secret);
}

enum sl_err
sl_macop_new(struct sl_key *key, const struct sl_mac_params *params, struct sl_macop **ret_mac)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(sl_macop_free) struct sl_macop *m = NULL;
	EVP_MAC *mac;
	enum sl_err err;

	if ((err = check(key, params)) != SL_OK || (err = sl_ossl_ready()) != SL_OK)
		return err;
	mac = params->alg == SL_MAC_HMAC ? sl_ossl_hmac() : params->alg == SL_MAC_CMAC ? fetch(&cmac, "CMAC") : fetch(&gmac, "GMAC");
	if (mac == NULL)
		return SL_ERR_CRYPTO;
	if ((m = calloc(1, sizeof(*m))) == NULL || (m->ctx = EVP_MAC_CTX_new(mac)) == NULL)
		return SL_ERR_MEMORY;
	m->len = params->alg == SL_MAC_HMAC ? sl_hash_len(params->hash) : AES_TAG;
	if (params->alg == SL_MAC_GMAC) {
		m->iv_len = params->iv_len <= GMAC_IV_HAVE ? params->iv_len : SL_GCM_IV_LEN;
		if (params->iv_len <= GMAC_IV_HAVE)
			memcpy(m->iv, params->iv, params->iv_len);
		else if ((err = sl_gcmiv(key, params->iv, params->iv_len, m->iv)) != SL_OK)
			return err;
	}
	if ((err = begin_first(m, key, params)) != SL_OK)
		return err;
	*ret_mac = SL_TAKE(m);
	return SL_OK;
}

void
sl_macop_free(struct sl_macop **mac)
{
	if (*mac == NULL)
		return;
	if (!sl_ossl_gone())
		EVP_MAC_CTX_free((*mac)->ctx);
	free(*mac);
	*mac = NULL;
}

size_t
sl_macop_len(const struct sl_macop *mac)
{
	return mac->len;
}

static enum sl_err
ensure(struct sl_macop *m)
{
	if (sl_ossl_gone())
		return SL_ERR_CRYPTO;
	return m->running ? SL_OK : begin(m, NULL, NULL, NULL);
}

enum sl_err
sl_macop_update(struct sl_macop *mac, const void *data, size_t len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const enum sl_err err = ensure(mac);

	if (err != SL_OK || len == 0)
		return err;
	return EVP_MAC_update(mac->ctx, data, len) == 1 ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_macop_final(struct sl_macop *mac, uint8_t *out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const enum sl_err err = ensure(mac);
	size_t len = 0;

	if (err != SL_OK)
		return err;
	mac->running = false;
	return EVP_MAC_final(mac->ctx, out, &len, mac->len) == 1 && len == mac->len ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_macop_reset(struct sl_macop *mac)
{
	mac->running = false;
	return sl_ossl_gone() ? SL_ERR_CRYPTO : SL_OK;
}
