/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"
#include "crypto/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
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
	OSSL_FUNC_keyexch_newctx_fn *kex_new;
	OSSL_FUNC_keyexch_freectx_fn *kex_free;
	OSSL_FUNC_keyexch_init_fn *kex_init;
	OSSL_FUNC_keyexch_set_peer_fn *kex_peer;
	OSSL_FUNC_keyexch_derive_fn *kex_derive;
	OSSL_FUNC_asym_cipher_newctx_fn *asym_new;
	OSSL_FUNC_asym_cipher_freectx_fn *asym_free;
	OSSL_FUNC_asym_cipher_encrypt_init_fn *encrypt_init;
	OSSL_FUNC_asym_cipher_encrypt_fn *encrypt;
	OSSL_FUNC_asym_cipher_decrypt_init_fn *decrypt_init;
	OSSL_FUNC_asym_cipher_decrypt_fn *decrypt;
} table[SL_KEY_SECRET];

static const struct {
	const char *key;
	const char *sig;
	const char *kex;
	const char *asym;
} names[SL_KEY_SECRET] = {
	[SL_KEY_EC] = { "EC", "ECDSA", "ECDH", NULL },
	[SL_KEY_RSA] = { "RSA", "RSA", NULL, "RSA" },
	[SL_KEY_ED25519] = { "ED25519", "ED25519", NULL, NULL },
	[SL_KEY_X25519] = { "X25519", NULL, "X25519", NULL },
	[SL_KEY_ED448] = { "ED448", "ED448", NULL, NULL },
	[SL_KEY_X448] = { "X448", NULL, "X448", NULL },
};

/* These sign messages, not digests. */
static bool
is_eddsa(enum sl_key_kind kind)
{
	return kind == SL_KEY_ED25519 || kind == SL_KEY_ED448;
}

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

static void
take_kex(const OSSL_DISPATCH *d, struct functions *f)
{
	for (; d->function_id != 0; d++) {
		switch (d->function_id) {
		case OSSL_FUNC_KEYEXCH_NEWCTX:
			f->kex_new = OSSL_FUNC_keyexch_newctx(d);
			break;
		case OSSL_FUNC_KEYEXCH_FREECTX:
			f->kex_free = OSSL_FUNC_keyexch_freectx(d);
			break;
		case OSSL_FUNC_KEYEXCH_INIT:
			f->kex_init = OSSL_FUNC_keyexch_init(d);
			break;
		case OSSL_FUNC_KEYEXCH_SET_PEER:
			f->kex_peer = OSSL_FUNC_keyexch_set_peer(d);
			break;
		case OSSL_FUNC_KEYEXCH_DERIVE:
			f->kex_derive = OSSL_FUNC_keyexch_derive(d);
			break;
		}
	}
}

static void
take_asym(const OSSL_DISPATCH *d, struct functions *f)
{
	for (; d->function_id != 0; d++) {
		switch (d->function_id) {
		case OSSL_FUNC_ASYM_CIPHER_NEWCTX:
			f->asym_new = OSSL_FUNC_asym_cipher_newctx(d);
			break;
		case OSSL_FUNC_ASYM_CIPHER_FREECTX:
			f->asym_free = OSSL_FUNC_asym_cipher_freectx(d);
			break;
		case OSSL_FUNC_ASYM_CIPHER_ENCRYPT_INIT:
			f->encrypt_init = OSSL_FUNC_asym_cipher_encrypt_init(d);
			break;
		case OSSL_FUNC_ASYM_CIPHER_ENCRYPT:
			f->encrypt = OSSL_FUNC_asym_cipher_encrypt(d);
			break;
		case OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT:
			f->decrypt_init = OSSL_FUNC_asym_cipher_decrypt_init(d);
			break;
		case OSSL_FUNC_ASYM_CIPHER_DECRYPT:
			f->decrypt = OSSL_FUNC_asym_cipher_decrypt(d);
			break;
		}
	}
}

static bool
complete_sig(const struct functions *f, enum sl_key_kind kind)
{
	if (f->sig_new == NULL || f->sig_free == NULL)
		return false;
	if (is_eddsa(kind))
		return f->message_sign_init != NULL && f->message_sign != NULL && f->message_verify_init != NULL &&
		       f->message_verify != NULL;
	return f->sig_set != NULL && f->sign_init != NULL && f->sign != NULL && f->verify_init != NULL &&
	       f->verify != NULL;
}

static bool
complete(const struct functions *f, enum sl_key_kind kind)
{
	if (f->key_new == NULL || f->key_free == NULL || f->key_import == NULL || f->key_get == NULL)
		return false;
	if (names[kind].sig != NULL && !complete_sig(f, kind))
		return false;
	if (names[kind].kex != NULL && (f->kex_new == NULL || f->kex_free == NULL || f->kex_init == NULL ||
	                                f->kex_peer == NULL || f->kex_derive == NULL))
		return false;
	return names[kind].asym == NULL || (f->asym_new != NULL && f->asym_free != NULL && f->encrypt_init != NULL &&
	                                    f->encrypt != NULL && f->decrypt_init != NULL && f->decrypt != NULL);
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

static void
take(const OSSL_PROVIDER *provider, int operation, const char *name, struct functions *f)
{
	const OSSL_DISPATCH *d = name == NULL ? NULL : find(provider, operation, name);

	if (d == NULL)
		return;
	if (operation == OSSL_OP_KEYMGMT)
		take_key(d, f);
	else if (operation == OSSL_OP_SIGNATURE)
		take_sig(d, f);
	else if (operation == OSSL_OP_KEYEXCH)
		take_kex(d, f);
	else
		take_asym(d, f);
}

bool
sl_provider_open(OSSL_PROVIDER *provider)
{
	provctx = OSSL_PROVIDER_get0_provider_ctx(provider);
	for (unsigned kind = 0; kind < SL_KEY_SECRET; kind++) {
		take(provider, OSSL_OP_KEYMGMT, names[kind].key, &table[kind]);
		take(provider, OSSL_OP_SIGNATURE, names[kind].sig, &table[kind]);
		take(provider, OSSL_OP_KEYEXCH, names[kind].kex, &table[kind]);
		take(provider, OSSL_OP_ASYM_CIPHER, names[kind].asym, &table[kind]);
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

	if (is_eddsa(kind))
		return (for_verify ? f->message_verify_init : f->message_sign_init)(ctx, NULL, keydata, none) == 1;
	return (for_verify ? f->verify_init : f->sign_init)(ctx, keydata, none) == 1;
}

void *
sl_provider_sig_new(enum sl_key_kind kind, void *keydata, bool for_verify, const OSSL_PARAM *params)
{
	const struct functions *f = &table[kind];
	void *ctx = f->sig_new == NULL ? NULL : f->sig_new(provctx, NULL);

	if (ctx != NULL && init(kind, ctx, keydata, for_verify) &&
	    (params->key == NULL || (f->sig_set != NULL && f->sig_set(ctx, params) == 1)))
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

	if (is_eddsa(kind))
		return f->message_sign(ctx, sig, len, *len, in->data, in->len) == 1;
	return f->sign(ctx, sig, len, *len, in->data, in->len) == 1;
}

bool
sl_provider_verify(enum sl_key_kind kind, void *ctx, const struct sl_bytes *in, const struct sl_bytes *sig)
{
	const struct functions *f = &table[kind];

	if (is_eddsa(kind))
		return f->message_verify(ctx, sig->data, sig->len, in->data, in->len) == 1;
	return f->verify(ctx, sig->data, sig->len, in->data, in->len) == 1;
}

bool
sl_provider_agree(enum sl_key_kind kind, void *keydata, void *peer, uint8_t *out, size_t *len)
{
	const OSSL_PARAM none[] = { OSSL_PARAM_construct_end() };
	const struct functions *f = &table[kind];
	void *ctx = f->kex_new == NULL ? NULL : f->kex_new(provctx);
	bool good;

	if (ctx == NULL)
		return false;
	good = f->kex_init(ctx, keydata, none) == 1 && f->kex_peer(ctx, peer) == 1 &&
	       f->kex_derive(ctx, out, len, *len) == 1;
	f->kex_free(ctx);
	return good;
}

bool
sl_provider_rsa(void *keydata, bool is_private, const struct sl_bytes *in, uint8_t *out)
{
	static const char mode[] = OSSL_PKEY_RSA_PAD_MODE_NONE;
	const OSSL_PARAM params[] = {
		sl_key_param(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PARAM_UTF8_STRING, mode, sizeof(mode) - 1),
		OSSL_PARAM_construct_end(),
	};
	const struct functions *f = &table[SL_KEY_RSA];
	void *ctx = f->asym_new(provctx);
	size_t len = in->len;
	bool good;

	if (ctx == NULL)
		return false;
	good = (is_private ? f->decrypt_init : f->encrypt_init)(ctx, keydata, params) == 1 &&
	       (is_private ? f->decrypt : f->encrypt)(ctx, out, &len, in->len, in->data, in->len) == 1 &&
	       len == in->len;
	f->asym_free(ctx);
	return good;
}
