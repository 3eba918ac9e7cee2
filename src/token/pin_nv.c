/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/login_private.h"

#include <string.h>

/*
 * PINs in the TPM's NV (doc/pin.md, "In the TPM"): S is in two indices, and what is in them counts. A store, where there is one that can be written,
 * has a row beside it: the label, the id of S, so that processes notice a new one, and, while C_InitToken is at work, what the row is about to
 * be: so_salt is the new label, so_blob the new id.
 *
 * C_InitToken's steps, and what dying after each leaves:
 *   1. the row says what is about to be      as before: the id in the row is still S's
 *   2. the user's index is removed           the SO's PIN opens the old S, with which he can give the user a PIN again; the objects are all there
 *   3. the SO's index gets the new S         his PIN opens that; the next look at it finds that the row announced it, and does what 4. would have
 *   4. the row says what is, objects go      done
 * The user's index goes first: after the third step it would still open the old S.
 */

static uint32_t
index_of(const struct sl_token *token, enum sl_pin_role role)
{
	return token->config->pin_store + (role == SL_PIN_SO ? 1 : 0);
}

/* The salt: there is no place for one beside an index. */
static enum sl_err
salt_of(uint32_t index, uint8_t ret_salt[SL_HASH_MAX])
{
	uint8_t text[] = "seedleaf nv v1\0....";

	for (size_t i = 0; i < 4; i++)
		text[15 + i] = (uint8_t)(index >> (24 - 8 * i));
	return sl_hash_once(SL_HASH_SHA256, text, 19, ret_salt);
}

static enum sl_err
auth_of(const struct sl_token *token, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_auth)
{
	uint8_t salt[SL_HASH_MAX];
	const enum sl_err err = salt_of(index_of(token, role), salt);

	return err == SL_OK ? sl_pin_auth(role, pin, (struct sl_part){ salt, 32 }, ret_auth) : err;
}

static enum sl_err
run(struct sl_login_held *held, struct sl_pin_try *try)
{
	uint8_t salt[SL_HASH_MAX];
	enum sl_err err;

	try->index = index_of(held->token, try->role);
	if ((err = salt_of(try->index, salt)) != SL_OK)
		return err;
	try->salt = (struct sl_part){ salt, 32 };
	return sl_pin_run(held, try);
}

/* The salt is the same as before: a PIN that was wrong may be right now. */
static void
changed(struct sl_login_held *held)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(held->login->wrong); i++)
		sl_secret_clear(&held->login->wrong[i].digest);
	held->login->seen = false;
	held->login->seen_nv = false;
}

static enum sl_err
read_row(const struct sl_login_held *held, struct sl_pin_row *ret_row)
{
	return held->root == 0 ? SL_ERR_NOT_FOUND : sl_store_pin_row(held->token->instance->store, held->root, ret_row);
}

/* The fourth step. */
static enum sl_err
finish(struct sl_login_held *held, const struct sl_pin_row *row)
{
	struct sl_pin_row after = { .label = "" };
	const size_t len = row->so.salt_len < sizeof(after.label) ? row->so.salt_len : sizeof(after.label) - 1;

	memcpy(after.label, row->so.salt, len);
	memcpy(after.secret_id, row->so.blob, sizeof(after.secret_id));
	return sl_store_pin_reset(held->token->instance->store, held->root, row->secret_id, &after);
}

/* Whether the row was about to be of that S. */
static bool
announces(const struct sl_pin_row *row, const uint8_t id[SL_SECRET_ID])
{
	return row->so.len == SL_SECRET_ID && memcmp(row->so.blob, id, SL_SECRET_ID) == 0;
}

/*
 * The row follows what is in NV. An S that nobody announced, since a store was copied or the configuration names other indices: the objects stay, and those
 * that are bound to the S before do not open.
 */
static enum sl_err
follow(struct sl_login_held *held, const struct sl_secret *secret)
{
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	uint8_t id[SL_SECRET_ID];
	enum sl_err err;

	if ((err = read_row(held, &row)) != SL_OK)
		return err == SL_ERR_NOT_FOUND ? SL_OK : err;
	if ((err = sl_pin_secret_id(secret, id)) != SL_OK || memcmp(id, row.secret_id, sizeof(id)) == 0)
		return err;
	held->login->seen = false;
	if (announces(&row, id)) {
		err = finish(held, &row);
	} else {
		memcpy(row.secret_id, id, sizeof(id));
		err = sl_store_pin_note(held->token->instance->store, held->root, &row);
	}
	return err == SL_ERR_READONLY ? SL_OK : err;
}

static enum sl_err
ask_read(struct sl_root *root, struct sl_pin_try *try, const struct sl_secret *auth)
{
	return sl_root_nv_read(root, try->index, auth, &try->secret);
}

enum sl_err
sl_pin_nv_open(struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret)
{
	struct sl_pin_try try = { .role = role, .pin = pin, .ask = ask_read };
	SL_SECRET secret = { 0 };
	enum sl_err err = run(held, &try);

	secret = try.secret;
	if (err == SL_OK)
		err = follow(held, &secret);
	if (err == SL_OK)
		*ret_secret = sl_secret_take(&secret);
	return err;
}

/* The first step. Without a store that could be written there is none: then it has no objects of this root either, or nothing is done. */
static enum sl_err
announce(struct sl_login_held *held, const struct sl_secret *secret, const char *label, struct sl_pin_row *row)
{
	enum sl_err err = read_row(held, row);

	if (err != SL_OK && err != SL_ERR_NOT_FOUND)
		return err;
	free(row->so.blob);
	row->so = (struct sl_pin_blob){ .salt_len = strlen(label), .len = SL_SECRET_ID, .blob = malloc(SL_SECRET_ID) };
	if (row->so.blob == NULL)
		return SL_ERR_MEMORY;
	memcpy(row->so.salt, label, row->so.salt_len);
	if ((err = sl_pin_secret_id(secret, row->so.blob)) != SL_OK || held->root == 0)
		return err;
	return sl_store_pin_note(held->token->instance->store, held->root, row);
}

static enum sl_err
replace(struct sl_login_held *held, const struct sl_secret *auth, const struct sl_secret *secret, bool again)
{
	struct sl_root *root = held->token->root;
	const enum sl_err err = sl_root_nv_remove(root, index_of(held->token, SL_PIN_USER));

	if (err != SL_OK)
		return err;
	return again ? sl_root_nv_write(root, index_of(held->token, SL_PIN_SO), auth, secret) :
	       sl_root_nv_create(root, index_of(held->token, SL_PIN_SO), auth, secret);
}

enum sl_err
sl_pin_nv_init(struct sl_login_held *held, struct sl_part pin, const char *label)
{
	const bool again = held->login->pins.initialized;
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	SL_SECRET before = { 0 };
	SL_SECRET secret = { 0 };
	SL_SECRET auth = { 0 };
	enum sl_err err;

	if (!again && !sl_pin_length_fits(pin))
		return SL_ERR_RANGE;
	if (again && (err = sl_pin_nv_open(held, SL_PIN_SO, pin, &before)) != SL_OK)
		return err;
	if ((err = auth_of(held->token, SL_PIN_SO, pin, &auth)) != SL_OK || (err = sl_pin_draw(held->token->root, &secret)) != SL_OK)
		return err;
	changed(held);
	if ((err = announce(held, &secret, label, &row)) != SL_OK || (err = replace(held, &auth, &secret, again)) != SL_OK)
		return err;
	return held->root == 0 ? SL_OK : finish(held, &row);
}

/* A flag in the row: that it cannot be written costs nobody his PIN. */
static void
mark(struct sl_login_held *held, bool to_be_changed)
{
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };

	if (read_row(held, &row) != SL_OK || row.to_be_changed == to_be_changed)
		return;
	row.to_be_changed = to_be_changed;
	(void)!sl_store_pin_note(held->token->instance->store, held->root, &row);
}

/* An index cannot be given another authorization without the one it has: where we die in between, there is no user PIN, and the SO gives another. */
enum sl_err
sl_pin_nv_set_user(struct sl_login_held *held, struct sl_part pin)
{
	const uint32_t index = index_of(held->token, SL_PIN_USER);
	SL_SECRET auth = { 0 };
	enum sl_err err;

	if ((err = auth_of(held->token, SL_PIN_USER, pin, &auth)) != SL_OK)
		return err;
	changed(held);
	if ((err = sl_root_nv_remove(held->token->root, index)) != SL_OK ||
	    (err = sl_root_nv_create(held->token->root, index, &auth, &held->login->secret)) != SL_OK)
		return err;
	mark(held, true);
	return SL_OK;
}

static enum sl_err
ask_change(struct sl_root *root, struct sl_pin_try *try, const struct sl_secret *auth)
{
	return sl_root_nv_change(root, try->index, auth, try->fresh);
}

/* One command of the TPM: the old PIN is right until it is done, and the new one from then on. */
enum sl_err
sl_pin_nv_change(struct sl_login_held *held, enum sl_pin_role role, struct sl_part old, struct sl_part fresh)
{
	SL_SECRET auth = { 0 };
	struct sl_pin_try try = { .role = role, .pin = old, .ask = ask_change, .fresh = &auth };
	enum sl_err err;

	if ((err = auth_of(held->token, role, fresh, &auth)) != SL_OK || (err = run(held, &try)) != SL_OK)
		return err;
	changed(held);
	if (role == SL_PIN_USER)
		mark(held, false);
	return SL_OK;
}
