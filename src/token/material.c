/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/material.h"

#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct sl_material {
	atomic_uint refs;
	bool derived;
	bool bound;               /* derived or sealed with the token secret */
	struct sl_recipe recipe;
	uint8_t *blob;            /* of a sealed key; NULL: it is none */
	struct sl_sealed_key sealed;
	pthread_mutex_t lock;     /* of what follows, and held while the key is made: the others wait for it */
	struct sl_key *key;
	struct sl_recorded on_record;
};

static enum sl_err
make(const struct sl_known *known, struct sl_material **ret_material)
{
	struct sl_material *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return SL_ERR_MEMORY;
	atomic_init(&m->refs, 1);
	(void)pthread_mutex_init(&m->lock, NULL);
	if (known != NULL && known->spki != NULL) {
		m->on_record.spki = malloc(known->spki_len);
		if (m->on_record.spki == NULL) {
			sl_material_unref(&m);
			return SL_ERR_MEMORY;
		}
		memcpy(m->on_record.spki, known->spki, known->spki_len);
		m->on_record.spki_len = known->spki_len;
		m->on_record.hints = known->hints;
	}
	*ret_material = m;
	return SL_OK;
}

enum sl_err
sl_material_of_key(struct sl_key *key, struct sl_material **ret_material)
{
	const enum sl_err err = make(NULL, ret_material);

	if (err == SL_OK)
		(*ret_material)->key = sl_key_ref(key);
	return err;
}

enum sl_err
sl_material_of_spki(const void *spki, size_t len, struct sl_material **ret_material)
{
	return make(&(struct sl_known){ .spki = spki, .spki_len = len }, ret_material);
}

enum sl_err
sl_material_of_recipe(const struct sl_recipe *recipe, bool bound, const struct sl_known *known, struct sl_material **ret_material)
{
	const enum sl_err err = make(known, ret_material);

	if (err == SL_OK) {
		(*ret_material)->derived = true;
		(*ret_material)->bound = bound;
		(*ret_material)->recipe = *recipe;
	}
	return err;
}

enum sl_err
sl_material_of_sealed(const struct sl_sealed_key *sealed, const struct sl_known *known, struct sl_material **ret_material)
{
	SL_CLEANUP(sl_material_unref) struct sl_material *m = NULL;
	enum sl_err err;

	if (sealed->len == 0)
		return SL_ERR_FORMAT;
	if ((err = make(known, &m)) != SL_OK)
		return err;
	if ((m->blob = malloc(sealed->len)) == NULL)
		return SL_ERR_MEMORY;
	memcpy(m->blob, sealed->blob, sealed->len);
	m->sealed = *sealed;
	m->sealed.blob = m->blob;
	m->bound = sealed->bound;
	*ret_material = SL_TAKE(m);
	return SL_OK;
}

struct sl_material *
sl_material_ref(struct sl_material *m)
{
	if (m != NULL)
		(void)atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

void
sl_material_unref(struct sl_material **pm)
{
	struct sl_material *m = *pm;

	*pm = NULL;
	if (m == NULL || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (m->key != NULL)
		sl_key_retire(m->key); /* no object has it any more */
	sl_key_unref(&m->key);
	sl_recorded_clear(&m->on_record);
	free(m->blob);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}

const struct sl_recipe *
sl_material_recipe(const struct sl_material *m)
{
	return m->derived ? &m->recipe : NULL;
}

const struct sl_sealed_key *
sl_material_sealed(const struct sl_material *m)
{
	return m->blob == NULL ? NULL : &m->sealed;
}

bool
sl_material_bound(const struct sl_material *m)
{
	return m->bound;
}

bool
sl_material_needs_root(const struct sl_material *m)
{
	return m->derived || m->blob != NULL;
}

static void
unlock(pthread_mutex_t **lock)
{
	(void)pthread_mutex_unlock(*lock);
}

static pthread_mutex_t *
lock_of(struct sl_material *m)
{
	(void)pthread_mutex_lock(&m->lock);
	return &m->lock;
}

#define HELD(m) SL_CLEANUP(unlock) __attribute__((unused)) pthread_mutex_t *held_ = lock_of(m)

struct sl_key *
sl_material_have(struct sl_material *m)
{
	HELD(m);

	return m->key == NULL ? NULL : sl_key_ref(m->key);
}

struct sl_rsa_hints
sl_material_hints(struct sl_material *m)
{
	HELD(m);

	return m->on_record.hints;
}

/* The lock is held. */
static enum sl_err
fill(struct sl_material *m, const uint8_t secret[SL_ROOT_SECRET_LEN], struct sl_rsa_hints *ret_hints)
{
	const struct sl_known known = {
		.spki = m->on_record.spki,
		.spki_len = m->on_record.spki_len,
		.hints = m->on_record.hints,
	};
	struct sl_rsa_hints hints = { 0, 0 };
	struct sl_key *key = NULL;
	const enum sl_err err = sl_expand(secret, &m->recipe.type, &known, &key, &hints);

	if (err == SL_ERR_MISMATCH)
		sl_log(SL_LOG_ERROR, "the key \"%s\" (%s, version %u) comes out of the TPM as another one than the public key on record",
		       m->recipe.name, m->recipe.type.name, m->recipe.version);
	if (err != SL_OK)
		return err;
	if (m->key == NULL)
		m->key = key;
	else
		sl_key_unref(&key);
	m->on_record.hints = hints;
	if (ret_hints != NULL)
		*ret_hints = hints;
	return SL_OK;
}

enum sl_err
sl_material_fill(struct sl_material *m, const uint8_t secret[SL_ROOT_SECRET_LEN], struct sl_rsa_hints *ret_hints)
{
	HELD(m);

	return fill(m, secret, ret_hints);
}

static enum sl_err
derive(struct sl_material *m, struct sl_root *root, const struct sl_root_name *name, const struct sl_secret *token_secret)
{
	struct sl_keyid id = sl_recipe_keyid(&m->recipe);
	uint8_t context[SL_CONTEXT_LEN];
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if (m->bound && (token_secret == NULL || token_secret->len != SL_TOKEN_SECRET_LEN))
		return SL_ERR_LOGIN;
	id.token_secret = m->bound ? token_secret->bytes : NULL;
	if ((err = sl_context(&id, context)) == SL_OK && (err = sl_root_derive(root, name, context, 1, &secret, NULL)) == SL_OK)
		err = fill(m, secret.bytes, NULL);
	sl_secret_wipe(context, sizeof(context));
	return err;
}

static enum sl_err
unseal(struct sl_material *m, struct sl_root *root, const struct sl_secret *token_secret)
{
	const struct sl_known known = { .spki = m->on_record.spki, .spki_len = m->on_record.spki_len };
	const enum sl_err err = sl_seal_open(root, &m->sealed, token_secret, &known, &m->key);

	if (err == SL_ERR_MISMATCH || err == SL_ERR_FORMAT)
		sl_log(SL_LOG_ERROR, "a sealed key is not this TPM's, or another one than the public key on record");
	if (err == SL_ERR_AUTH)
		sl_log(SL_LOG_ERROR, "a sealed key is not this token's: another token secret, or none, opens it");
	return err;
}

enum sl_err
sl_material_key(struct sl_material *m, struct sl_root *root, const struct sl_root_name *name, const struct sl_secret *token_secret,
                struct sl_key **ret_key)
{
	HELD(m);
	enum sl_err err = SL_OK;

	if (m->key == NULL && m->derived)
		err = derive(m, root, name, token_secret);
	else if (m->key == NULL && m->blob != NULL)
		err = unseal(m, root, token_secret);
	else if (m->key == NULL)
		err = sl_key_from_spki(m->on_record.spki, m->on_record.spki_len, &m->key);
	if (err == SL_OK)
		*ret_key = sl_key_ref(m->key);
	return err;
}
