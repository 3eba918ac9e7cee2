/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"
#include "crypto/provider.h"

#include <openssl/core_dispatch.h>
#include <string.h>

/* Written once, under ossl.c's once. */
static void *provctx;
static struct functions {
	OSSL_FUNC_keymgmt_new_fn *key_new;
	OSSL_FUNC_keymgmt_free_fn *key_free;
	OSSL_FUNC_keymgmt_import_fn *key_import;
	OSSL_FUNC_keymgmt_get_params_fn *key_get;
	OSSL_FUNC_signature_newctx_fn *sig_new;
	OSSL_FUNC_signature_freectx_fn *sig_free;
	OSSL_FUNC_signature_set_ctx_params_fn *sig_set;
	OSSL_FUNC_signature_sign_init_fn *sign_init;
	OSSL_FUNC_signature_sign_fn *sign;
	OSSL_FUNC_signature_verify_init_fn *verify_init;
	OSSL_FUNC_signature_verify_fn *verify;
	OSSL_FUNC_signature_digest_sign_init_fn *message_sign_init;
	OSSL_FUNC_signature_digest_sign_fn *message_sign;
	OSSL_FUNC_signature_digest_verify_init_fn *message_verify_init;
	OSSL_FUNC_signature_digest_verify_fn *message_verify;
} table[SL_KEY_SECRET];

static const struct {
	const char *key;
	const char *sig;
} names[SL_KEY_SECRET] = {
	[SL_KEY_EC] = { "EC", "ECDSA" },
	[SL_KEY_RSA] = { "RSA", "RSA" },
	[SL_KEY_ED25519] = { "ED25519", "ED25519" },
	[SL_KEY_X25519] = { "X25519", NULL },
};

static void
take_key(const OSSL_DISPATCH *d, struct functions *f)
{
	for (; d->function_id != 0; d++) {
		switch (d->function_id) {
		case OSSL_FUNC_KEYMGMT_NEW:
			f->key_new = OSSL_FUNC_keymgmt_new(d);
			break;
		case OSSL_FUNC_KEYMGMT_FREE:
			f->key_free = OSSL_FUNC_keymgmt_free(d);
			break;
		case OSSL_FUNC_KEYMGMT_IMPORT:
			f->key_import = OSSL_FUNC_keymgmt_import(d);
			break;
		case OSSL_FUNC_KEYMGMT_GET_PARAMS:
			f->key_get = OSSL_FUNC_keymgmt_get_params(d);
			break;
		}
	}
}

static void
take_sig(const OSSL_DISPATCH *d, struct functions *f)
{
	for (; d->function_id != 0; d++) {
		switch (d->function_id) {
		case OSSL_FUNC_SIGNATURE_NEWCTX:
			f->sig_new = OSSL_FUNC_signature_newctx(d);
			break;
		case OSSL_FUNC_SIGNATURE_FREECTX:
			f->sig_free = OSSL_FUNC_signature_freectx(d);
			break;
		case OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS:
			f->sig_set = OSSL_FUNC_signature_set_ctx_params(d);
			break;
		case OSSL_FUNC_SIGNATURE_SIGN_INIT:
			f->sign_init = OSSL_FUNC_signature_sign_init(d);
			break;
		case OSSL_FUNC_SIGNATURE_SIGN:
			f->sign = OSSL_FUNC_signature_sign(d);
			break;
		case OSSL_FUNC_SIGNATURE_VERIFY_INIT:
			f->verify_init = OSSL_FUNC_signature_verify_init(d);
			break;
		case OSSL_FUNC_SIGNATURE_VERIFY:
			f->verify = OSSL_FUNC_signature_verify(d);
			break;
		case OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT:
			f->message_sign_init = OSSL_FUNC_signature_digest_sign_init(d);
			break;
		case OSSL_FUNC_SIGNATURE_DIGEST_SIGN:
			f->message_sign = OSSL_FUNC_signature_digest_sign(d);
			break;
		case OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT:
			f->message_verify_init = OSSL_FUNC_signature_digest_verify_init(d);
			break;
		case OSSL_FUNC_SIGNATURE_DIGEST_VERIFY:
			f->message_verify = OSSL_FUNC_signature_digest_verify(d);
			break;
		}
	}
}

static bool
complete(const struct functions *f, enum sl_key_kind kind)
{
	if (f->key_new == NULL || f->key_free == NULL || f->key_import == NULL || f->key_get == NULL)
		return false;
	if (kind == SL_KEY_X25519)
		return true;
	if (f->sig_new == NULL || f->sig_free == NULL)
		return false;
	if (kind == SL_KEY_ED25519)
		return f->message_sign_init != NULL && f->message_sign != NULL && f->message_verify_init != NULL &&
			f->message_verify != NULL;
	return f->sig_set != NULL && f->sign_init != NULL && f->sign != NULL && f->verify_init != NULL &&
		f->verify != NULL;
}

/* Whether name is one of "A:B:C". */
static bool
is_among(const char *all, const char *name)
{
	const size_t len = strlen(name);

	for (; all != NULL; all = strchr(all, ':') != NULL ? strchr(all, ':') + 1 : NULL)
		if (strncmp(all, name, len) == 0 && (all[len] == '\0' || all[len] == ':'))
			return true;
	return false;
}

static const OSSL_DISPATCH *
find(const OSSL_PROVIDER *provider, int operation, const char *name)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
	const OSSL_DISPATCH *found = NULL;

	for (const OSSL_ALGORITHM *a = all; a != NULL && a->algorithm_names != NULL && found == NULL; a++)
		if (is_among(a->algorithm_names, name))
			found = a->implementation;
	OSSL_PROVIDER_unquery_operation(provider, operation, all);
	return found;
}

bool
sl_provider_open(OSSL_PROVIDER *provider)
{
	provctx = OSSL_PROVIDER_get0_provider_ctx(provider);
	for (unsigned kind = 0; kind < SL_KEY_SECRET; kind++) {
		const OSSL_DISPATCH *key = find(provider, OSSL_OP_KEYMGMT, names[kind].key);
		const char *sig_name = names[kind].sig;
		const OSSL_DISPATCH *sig = sig_name == NULL ? NULL : find(provider, OSSL_OP_SIGNATURE, sig_name);

		if (key != NULL)
			take_key(key, &table[kind]);
		if (sig != NULL)
			take_sig(sig, &table[kind]);
		if (!complete(&table[kind], (enum sl_key_kind)kind))
			return false;
	}
	return true;
}

void *
sl_provider_import(enum sl_key_kind kind, bool is_private, const OSSL_PARAM *params)
{
	const struct functions *f = &table[kind];
	void *keydata = f->key_new(provctx);

	if (keydata != NULL && f->key_import(keydata, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) == 1)
		return keydata;
	sl_provider_free(kind, keydata);
	return NULL;
}

bool
sl_provider_get(enum sl_key_kind kind, void *keydata, OSSL_PARAM *params)
{
	return table[kind].key_get(keydata, params) == 1;
}

void
sl_provider_free(enum sl_key_kind kind, void *keydata)
{
	if (keydata != NULL)
		table[kind].key_free(keydata);
}

static bool
init(enum sl_key_kind kind, void *ctx, void *keydata, bool for_verify)
{
	const OSSL_PARAM none[] = { OSSL_PARAM_construct_end() };
	const struct functions *f = &table[kind];

	if (kind == SL_KEY_ED25519)
		return (for_verify ? f->message_verify_init : f->message_sign_init)(ctx, NULL, keydata, none) == 1;
	return (for_verify ? f->verify_init : f->sign_init)(ctx, keydata, none) == 1;
}

void *
sl_provider_sig_new(enum sl_key_kind kind, void *keydata, bool for_verify, const OSSL_PARAM *params)
{
	const struct functions *f = &table[kind];
	void *ctx = f->sig_new == NULL ? NULL : f->sig_new(provctx, NULL);

	if (ctx != NULL && init(kind, ctx, keydata, for_verify) &&
	    (params->key == NULL || f->sig_set(ctx, params) == 1))
		return ctx;
	sl_provider_sig_free(kind, ctx);
	return NULL;
}

void
sl_provider_sig_free(enum sl_key_kind kind, void *ctx)
{
	if (ctx != NULL)
		table[kind].sig_free(ctx);
}

bool
sl_provider_sign(enum sl_key_kind kind, void *ctx, const struct sl_bytes *in, uint8_t *sig, size_t *len)
{
	const struct functions *f = &table[kind];

	if (kind == SL_KEY_ED25519)
		return f->message_sign(ctx, sig, len, *len, in->data, in->len) == 1;
	return f->sign(ctx, sig, len, *len, in->data, in->len) == 1;
}

bool
sl_provider_verify(enum sl_key_kind kind, void *ctx, const struct sl_bytes *in, const struct sl_bytes *sig)
{
	const struct functions *f = &table[kind];

	if (kind == SL_KEY_ED25519)
		return f->message_verify(ctx, sig->data, sig->len, in->data, in->len) == 1;
	return f->verify(ctx, sig->data, sig->len, in->data, in->len) == 1;
}
