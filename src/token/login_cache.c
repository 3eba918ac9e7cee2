/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"
#include "root/keyring_cache.h"
#include "root/sealed.h"
#include "token/login_private.h"

#include <string.h>

/*
 * `login-cache`: doc/pin.md, "In the session keyring". What is there opens with the PIN alone, and nobody counts how often that is tried; so it is only there for
 * its time, and only for the session.
 */
#define LABEL "seedleaf login cache v1"
#define SALT 32
#define PIN_SALT 32 /* in the store */
#define ITERATIONS 100000

struct cache {
	char name[SL_LOGIN_CACHE_NAME];
	uint8_t of[SL_HASH_MAX]; /* which PIN of which token it is: of[0] to of[31] */
};

/* Another PIN has another salt in the store, and another S another id: nothing that was kept before is found any more. */
static enum sl_err
identify(const struct sl_login_held *held, struct cache *ret_cache)
{
	static const char label[] = LABEL; /* with its 0x00 */
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	uint8_t text[sizeof(label) + PIN_SALT + SL_SECRET_ID];
	enum sl_err err;

	if (held->token->config->login_cache == 0 || sl_pin_in_nv(held->token) || held->root == 0)
		return SL_ERR_NOT_FOUND;
	if ((err = sl_store_pin_row(held->token->instance->store, held->root, &row)) != SL_OK)
		return err;
	if (row.user.blob == NULL || row.user.salt_len != PIN_SALT)
		return SL_ERR_NOT_FOUND;
	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), row.user.salt, PIN_SALT);
	memcpy(text + sizeof(label) + PIN_SALT, row.secret_id, SL_SECRET_ID);
	if ((err = sl_hash_once(SL_HASH_SHA256, text, sizeof(text), ret_cache->of)) != SL_OK)
		return err;
	memcpy(ret_cache->name, SL_LOGIN_CACHE_PREFIX, sizeof(SL_LOGIN_CACHE_PREFIX));
	sl_text_to_hex(ret_cache->of, 16, ret_cache->name + sizeof(SL_LOGIN_CACHE_PREFIX) - 1);
	return SL_OK;
}

static enum sl_err
derive(const struct cache *cache, struct sl_part pin, const uint8_t *salt, struct sl_secret *ret_key)
{
	static const char label[] = LABEL; /* with its 0x00 */
	uint8_t text[sizeof(label) + 1 + SALT + 32];

	memcpy(text, label, sizeof(label));
	text[sizeof(label)] = (uint8_t)pin.len; /* as in sl_pin_auth() */
	memcpy(text + sizeof(label) + 1, salt, SALT);
	memcpy(text + sizeof(label) + 1 + SALT, cache->of, 32);
	return sl_kdf_pbkdf2(SL_HASH_SHA256, pin, (struct sl_part){ text, sizeof(text) }, ITERATIONS, SL_SEALED_KEY, ret_key);
}

static enum sl_err
open_kept(const struct sl_login_held *held, const struct cache *cache, struct sl_part pin, struct sl_secret *ret_secret)
{
	SL_SECRET bytes = { 0 };
	SL_SECRET key = { 0 };
	SL_SECRET secret = { 0 };
	uint8_t id[SL_SECRET_ID];
	struct sl_bytes salt;
	enum sl_err err;

	if ((err = sl_keyring_cache_get(cache->name, &bytes)) != SL_OK || (err = sl_sealed_hybrid_key(bytes.bytes, bytes.len, &salt)) != SL_OK)
		return err;
	if (!sl_sealed_is_keyed(bytes.bytes, bytes.len) || salt.len != SALT)
		return SL_ERR_FORMAT;
	if ((err = derive(cache, pin, salt.data, &key)) != SL_OK || (err = sl_sealed_unwrap(bytes.bytes, bytes.len, &key, &secret)) != SL_OK ||
	    (err = sl_pin_secret_id(&secret, id)) != SL_OK)
		return err;
	if (memcmp(id, held->login->pins.secret_id, sizeof(id)) != 0)
		return SL_ERR_MISMATCH;
	*ret_secret = sl_secret_take(&secret);
	return SL_OK;
}

enum sl_err
sl_login_cache_open(struct sl_login_held *held, struct sl_part pin, struct sl_secret *ret_secret)
{
	struct cache cache;
	enum sl_err err;

	if (!sl_pin_length_fits(pin))
		return SL_ERR_AUTH;
	if ((err = identify(held, &cache)) != SL_OK || (err = open_kept(held, &cache, pin, ret_secret)) != SL_OK)
		return err;
	memcpy(held->login->kept, cache.name, sizeof(cache.name));
	return SL_OK;
}

void
sl_login_cache_keep(struct sl_login_held *held, struct sl_part pin, const struct sl_secret *secret)
{
	uint8_t salt[SALT], nonce[SL_SEALED_NONCE];
	SL_FREE uint8_t *blob = NULL;
	SL_SECRET key = { 0 };
	const struct sl_sealed_hybrid hybrid = { .keyed = true, .der = { salt, sizeof(salt) }, .key = &key, .nonce = nonce };
	struct cache cache;
	size_t len;

	if (identify(held, &cache) != SL_OK || sl_rand(salt, sizeof(salt)) != SL_OK || sl_rand(nonce, sizeof(nonce)) != SL_OK ||
	    derive(&cache, pin, salt, &key) != SL_OK || sl_sealed_wrap(&hybrid, secret, &blob, &len) != SL_OK)
		return; /* then the next process asks the TPM */
	sl_keyring_cache_put(cache.name, blob, len, held->token->config->login_cache);
	memcpy(held->login->kept, cache.name, sizeof(cache.name));
}

void
sl_login_cache_drop(struct sl_login_data *login)
{
	if (login->kept[0] != '\0')
		sl_keyring_cache_drop(login->kept);
	login->kept[0] = '\0';
}

void
sl_login_cache_forget(const struct sl_login_held *held)
{
	struct cache cache;

	if (identify(held, &cache) == SL_OK)
		sl_keyring_cache_drop(cache.name);
}
