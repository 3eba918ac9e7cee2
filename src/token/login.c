/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/login.h"

#include "base/log.h"
#include "token/login_private.h"

#include <stdlib.h>
#include <string.h>

enum sl_err
sl_login_new(struct sl_token *token)
{
	if ((token->login = calloc(1, sizeof(*token->login))) == NULL)
		return SL_ERR_MEMORY;
	(void)pthread_mutex_init(&token->login->lock, NULL);
	return SL_OK;
}

void
sl_login_free(struct sl_token *token)
{
	struct sl_login_data *login = token->login;

	if (login == NULL)
		return;
	sl_secret_clear(&login->secret);
	for (size_t i = 0; i < SL_ARRAY_LEN(login->wrong); i++)
		sl_secret_clear(&login->wrong[i].digest);
	(void)pthread_mutex_destroy(&login->lock);
	free(login);
	token->login = NULL;
}

/* A token of which nothing is stored has no PIN in the store either: its root is not asked for its name. */
static enum sl_err
store_root(struct sl_token *token, bool create, int64_t *ret_root)
{
	struct sl_root_name name;
	bool stored = false;
	enum sl_err err;

	*ret_root = 0;
	if (create) {
		err = sl_token_store_root(token, ret_root);
		return err == SL_ERR_READONLY && sl_pin_in_nv(token) ? SL_OK : err;
	}
	if ((err = sl_store_has(token->instance->store, token->config->name, &stored)) != SL_OK || !stored)
		return err;
	return sl_token_identify(token, &name, ret_root);
}

enum sl_err
sl_login_hold(struct sl_token *token, bool create, struct sl_login_held *ret_held)
{
	int64_t root = 0;
	const enum sl_err err = store_root(token, create, &root);

	if (err != SL_OK)
		return err;
	(void)pthread_mutex_lock(&token->login->lock);
	*ret_held = (struct sl_login_held){ token, token->login, root };
	return SL_OK;
}

void
sl_login_let_go(struct sl_login_held *held)
{
	if (held->login != NULL)
		(void)pthread_mutex_unlock(&held->login->lock);
	held->login = NULL;
}

void
sl_login_drop(struct sl_login_data *login)
{
	if (login->state == SL_LOGIN_PUBLIC)
		return;
	__atomic_store_n(&login->state, SL_LOGIN_PUBLIC, __ATOMIC_RELEASE);
	(void)__atomic_add_fetch(&login->epoch, 1, __ATOMIC_RELEASE);
	sl_secret_clear(&login->secret);
}

static enum sl_err
nv_has(struct sl_token *token, uint32_t index, bool *ret_has)
{
	const enum sl_err err = sl_root_nv_present(token->root, index);

	*ret_has = err == SL_OK;
	return err == SL_ERR_NOT_FOUND ? SL_OK : err;
}

/* Whether the row is the last word on which S the token has; where the PINs are in NV, it is what we could write down of it. */
static bool
tells_secret(const struct sl_login_held *held, bool on_record)
{
	return !sl_pin_in_nv(held->token) || (on_record && sl_store_writable(held->token->instance->store));
}

/* Which indices there are. */
static enum sl_err
look_in_nv(struct sl_login_held *held)
{
	const uint32_t index = held->token->config->pin_store;
	struct sl_pin_state pins = { .label = "" };
	enum sl_err err;

	if ((err = nv_has(held->token, index + 1, &pins.initialized)) != SL_OK ||
	    (pins.initialized && (err = nv_has(held->token, index, &pins.user)) != SL_OK))
		return err;
	held->login->pins.initialized = pins.initialized;
	held->login->pins.user = pins.user;
	held->login->seen_nv = true;
	return SL_OK;
}

/* What is on record: in the store alone, or of what is in NV. */
static enum sl_err
look(struct sl_login_held *held, int64_t generation)
{
	struct sl_login_data *login = held->login;
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	struct sl_pin_state pins = { .label = "" };
	enum sl_err err = held->root == 0 ? SL_ERR_NOT_FOUND : sl_store_pin_row(held->token->instance->store, held->root, &row);
	const bool on_record = err == SL_OK;

	if (!on_record && err != SL_ERR_NOT_FOUND)
		return err;
	if (sl_pin_in_nv(held->token)) {
		/* Another S on record than when we looked: another process gave the token PINs. */
		if (login->seen && memcmp(row.secret_id, login->pins.secret_id, sizeof(row.secret_id)) != 0 && (err = look_in_nv(held)) != SL_OK)
			return err;
		pins.initialized = login->pins.initialized;
		pins.user = login->pins.user;
	} else {
		pins.initialized = on_record;
		pins.user = row.user.blob != NULL;
	}
	pins.to_be_changed = row.to_be_changed;
	memcpy(pins.secret_id, row.secret_id, sizeof(pins.secret_id));
	memcpy(pins.label, row.label, sizeof(pins.label));
	if (login->state != SL_LOGIN_PUBLIC && tells_secret(held, on_record) &&
	    memcmp(row.secret_id, login->secret_id, sizeof(row.secret_id)) != 0) {
		sl_log(SL_LOG_INFO, "token %s: initialized again by somebody else: logged out", held->token->config->name);
		sl_login_drop(login);
	}
	login->pins = pins;
	login->seen = true;
	login->seen_root = held->root;
	login->generation = generation;
	return SL_OK;
}

enum sl_err
sl_login_look(struct sl_login_held *held)
{
	struct sl_login_data *login = held->login;
	int64_t generation;
	enum sl_err err;

	if ((err = sl_store_generation(held->token->instance->store, &generation)) != SL_OK)
		return err;
	if (sl_pin_in_nv(held->token) && !login->seen_nv) {
		if ((err = look_in_nv(held)) != SL_OK)
			return err;
		login->seen = false;
	}
	if (login->seen && login->seen_root == held->root && login->generation == generation)
		return SL_OK;
	return look(held, generation);
}

bool
sl_login_id_known(const uint8_t id[SL_SECRET_ID])
{
	static const uint8_t unknown[SL_SECRET_ID];

	return memcmp(id, unknown, SL_SECRET_ID) != 0;
}

enum sl_err
sl_pin_state(struct sl_token *token, struct sl_pin_state *ret_state)
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	if ((err = sl_login_hold(token, false, &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	*ret_state = held.login->pins;
	/* Of PINs in NV that are on no record, whoever logged in knows the S. */
	if (ret_state->initialized && held.login->state != SL_LOGIN_PUBLIC && !sl_login_id_known(ret_state->secret_id))
		memcpy(ret_state->secret_id, held.login->secret_id, SL_SECRET_ID);
	return SL_OK;
}

void
sl_pin_ask_again(struct sl_token *token)
{
	(void)pthread_mutex_lock(&token->login->lock);
	token->login->seen_nv = false;
	(void)pthread_mutex_unlock(&token->login->lock);
}

bool
sl_pin_count_low(struct sl_token *token, uint32_t failures)
{
	struct sl_login_data *login = token->login;
	bool low;

	(void)pthread_mutex_lock(&login->lock);
	if (login->succeeded || failures < login->forgiven)
		login->forgiven = failures;
	login->succeeded = false;
	low = failures > login->forgiven;
	(void)pthread_mutex_unlock(&login->lock);
	return low;
}

bool
sl_login_asked(const struct sl_config *config, const char *name)
{
	const size_t len = strlen(name);

	if (config->login == NULL)
		return false;
	for (const char *at = config->login; at != NULL; at = strchr(at, ',')) {
		const char *item = at[0] == ',' ? ++at : at;
		const size_t n = strcspn(item, ",");

		if ((n == 1 && item[0] == '*') || (n == len && memcmp(item, name, n) == 0))
			return true;
	}
	return false;
}

enum sl_login_state
sl_login_state(struct sl_token *token)
{
	return (enum sl_login_state)__atomic_load_n(&token->login->state, __ATOMIC_ACQUIRE);
}

unsigned
sl_login_epoch(struct sl_token *token)
{
	return __atomic_load_n(&token->login->epoch, __ATOMIC_ACQUIRE);
}

void
sl_login_reset(struct sl_token *token)
{
	(void)pthread_mutex_lock(&token->login->lock);
	sl_login_drop(token->login);
	token->login->seen = false;
	token->login->seen_nv = false;
	(void)pthread_mutex_unlock(&token->login->lock);
}

enum sl_err
sl_login_secret(struct sl_token *token, struct sl_secret *ret_secret)
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	if ((err = sl_login_hold(token, false, &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	if (!held.login->pins.initialized) {
		*ret_secret = (struct sl_secret){ 0 };
		return SL_OK;
	}
	if (held.login->state != SL_LOGIN_USER)
		return SL_ERR_LOGIN;
	return sl_secret_copy(ret_secret, held.login->secret.bytes, held.login->secret.len);
}

/* PINs in NV: their row may be missing, in a store that was made since. */
static enum sl_err
note(struct sl_login_held *held)
{
	struct sl_pin_row row = { .label = "" };
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row now = { .label = "" };
	const enum sl_err err = sl_store_pin_row(held->token->instance->store, held->root, &now);

	if (err != SL_ERR_NOT_FOUND)
		return err;
	memcpy(row.secret_id, held->login->secret_id, sizeof(row.secret_id));
	return sl_store_pin_note(held->token->instance->store, held->root, &row);
}

enum sl_err
sl_login_secret_id(struct sl_token *token, uint8_t ret_id[SL_SECRET_ID])
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	if ((err = sl_login_hold(token, sl_pin_in_nv(token), &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	if (!held.login->pins.initialized)
		return SL_ERR_NOT_FOUND;
	if (held.login->state != SL_LOGIN_USER)
		return SL_ERR_LOGIN;
	if (sl_pin_in_nv(token) && held.root != 0 && (err = note(&held)) != SL_OK)
		return err;
	memcpy(ret_id, held.login->secret_id, SL_SECRET_ID);
	return SL_OK;
}
