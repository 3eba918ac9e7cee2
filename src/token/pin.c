/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/pin.h"

#include "base/log.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"
#include "token/login_private.h"

#include <string.h>

#define SALT 32
#define ITERATIONS 20000

bool
sl_pin_length_fits(struct sl_part pin)
{
	return pin.len >= SL_PIN_MIN && pin.len <= SL_PIN_MAX;
}

enum sl_err
sl_pin_secret_id(const struct sl_secret *secret, uint8_t ret_id[SL_SECRET_ID])
{
	static const char prefix[] = "seedleaf token secret v1"; /* with its 0x00 */
	SL_SECRET text = { 0 };
	uint8_t digest[SL_HASH_MAX];
	enum sl_err err;

	if ((err = sl_secret_alloc(&text, sizeof(prefix) + secret->len)) != SL_OK)
		return err;
	memcpy(text.bytes, prefix, sizeof(prefix));
	memcpy(text.bytes + sizeof(prefix), secret->bytes, secret->len);
	if ((err = sl_hash_once(SL_HASH_SHA256, text.bytes, text.len, digest)) == SL_OK)
		memcpy(ret_id, digest, SL_SECRET_ID);
	return err;
}

/* Neither the device's generator nor the kernel's is trusted alone. */
enum sl_err
sl_pin_draw(struct sl_root *root, struct sl_secret *ret_secret)
{
	SL_SECRET both = { 0 };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if ((err = sl_secret_alloc(&both, 64)) != SL_OK || (err = sl_secret_alloc(&secret, SL_TOKEN_SECRET_LEN)) != SL_OK ||
	    (err = sl_rand(both.bytes, 32)) != SL_OK || (err = sl_root_random(root, both.bytes + 32, 32)) != SL_OK ||
	    (err = sl_hash_once(SL_HASH_SHA256, both.bytes, both.len, secret.bytes)) != SL_OK)
		return err;
	*ret_secret = sl_secret_take(&secret);
	return SL_OK;
}

/*
 * doc/pin.md, "From a PIN to an authorization". The length is in the salt since HMAC fills its key up with zeros, and hashes a long one: without it PINs that
 * differ in zeros at the end would be the same.
 */
enum sl_err
sl_pin_auth(enum sl_pin_role role, struct sl_part pin, struct sl_part salt, struct sl_secret *ret_auth)
{
	static const char prefix[] = "seedleaf pin v1"; /* with its 0x00 */
	uint8_t text[sizeof(prefix) + 2 + sizeof(((struct sl_pin_blob *)NULL)->salt)];

	if (salt.len > sizeof(text) - sizeof(prefix) - 2)
		return SL_ERR_FORMAT;
	memcpy(text, prefix, sizeof(prefix));
	text[sizeof(prefix)] = (uint8_t)role;
	text[sizeof(prefix) + 1] = (uint8_t)pin.len;
	memcpy(text + sizeof(prefix) + 2, salt.data, salt.len);
	return sl_kdf_pbkdf2(SL_HASH_SHA256, pin, (struct sl_part){ text, sizeof(prefix) + 2 + salt.len }, ITERATIONS, SL_SEAL_AUTH_MAX,
	                     ret_auth);
}

static void
clear_blob(struct sl_pin_blob *blob)
{
	free(blob->blob);
	blob->blob = NULL;
}

enum sl_err
sl_pin_seal(struct sl_root *root, enum sl_pin_role role, struct sl_part pin, const struct sl_secret *secret,
            struct sl_pin_blob *ret_blob)
{
	SL_SECRET auth = { 0 };
	struct sl_pin_blob blob = { .salt_len = SALT };
	enum sl_err err;

	if ((err = sl_rand(blob.salt, SALT)) != SL_OK || (err = sl_pin_auth(role, pin, (struct sl_part){ blob.salt, SALT }, &auth)) != SL_OK ||
	    (err = sl_root_seal(root, &(struct sl_seal_spec){ .auth = &auth }, secret, &blob.blob, &blob.len)) != SL_OK)
		return err;
	*ret_blob = blob;
	return SL_OK;
}

static enum sl_err
wrong_digest(const uint8_t *salt, const struct sl_secret *auth, uint8_t ret_digest[SL_HASH_MAX])
{
	SL_SECRET text = { 0 };
	enum sl_err err;

	if ((err = sl_secret_alloc(&text, SL_PIN_WRONG_SALT + auth->len)) != SL_OK)
		return err;
	memcpy(text.bytes, salt, SL_PIN_WRONG_SALT);
	memcpy(text.bytes + SL_PIN_WRONG_SALT, auth->bytes, auth->len);
	return sl_hash_once(SL_HASH_SHA256, text.bytes, text.len, ret_digest);
}

/* Failing to remember costs a try at worst. */
static void
remember_wrong(struct sl_pin_wrong *wrong, const struct sl_secret *auth)
{
	SL_SECRET digest = { 0 };
	uint8_t hash[SL_HASH_MAX];

	if (sl_secret_alloc(&digest, SL_PIN_WRONG_SALT + 32) != SL_OK || sl_rand(digest.bytes, SL_PIN_WRONG_SALT) != SL_OK ||
	    wrong_digest(digest.bytes, auth, hash) != SL_OK)
		return;
	memcpy(digest.bytes + SL_PIN_WRONG_SALT, hash, 32);
	sl_secret_clear(&wrong->digest);
	wrong->digest = sl_secret_take(&digest);
	(void)clock_gettime(CLOCK_MONOTONIC, &wrong->when);
}

/*
 * A client that tries the same wrong PIN again shall not use up the tries of everybody on this device. In the store each blob has a salt of its own, so
 * a new PIN cannot be taken for an old wrong one; in NV the salt stays, and another process may have set that very PIN since.
 */
#define NV_WRONG_SECONDS 30

static bool
is_known_wrong(const struct sl_pin_wrong *wrong, const struct sl_secret *auth, bool nv)
{
	uint8_t hash[SL_HASH_MAX];
	struct timespec now;

	if (wrong->digest.len == 0)
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (nv && now.tv_sec - wrong->when.tv_sec > NV_WRONG_SECONDS)
		return false;
	return wrong_digest(wrong->digest.bytes, auth, hash) == SL_OK &&
	       sl_secret_equal(hash, 32, wrong->digest.bytes + SL_PIN_WRONG_SALT, 32);
}

/* That the counters cannot be read does not keep anybody from trying. */
static bool
is_locked(const struct sl_login_held *held)
{
	struct sl_lockout lockout;

	return held->login->failed && sl_root_lockout(held->token->root, &lockout) == SL_OK && lockout.locked;
}

/*
 * The only place that tries a PIN. After a failure the counters are asked first: a locked device is not tried, and the right PIN costs nothing more
 * than it must.
 */
enum sl_err
sl_pin_run(struct sl_login_held *held, struct sl_pin_try *try)
{
	struct sl_pin_wrong *wrong = &held->login->wrong[try->role == SL_PIN_SO ? 0 : 1];
	SL_SECRET auth = { 0 };
	enum sl_err err;

	if (!sl_pin_length_fits(try->pin))
		return SL_ERR_AUTH;
	if ((err = sl_pin_auth(try->role, try->pin, try->salt, &auth)) != SL_OK)
		return err;
	if (is_locked(held))
		return SL_ERR_LOCKED;
	if (is_known_wrong(wrong, &auth, sl_pin_in_nv(held->token)))
		return SL_ERR_AUTH;
	err = try->ask(held->token->root, try, &auth);
	if (err == SL_ERR_AUTH)
		remember_wrong(wrong, &auth);
	if (err == SL_OK)
		sl_secret_clear(&wrong->digest);
	if (err == SL_OK || err == SL_ERR_AUTH)
		held->login->succeeded = err == SL_OK;
	held->login->failed = err == SL_ERR_AUTH || err == SL_ERR_LOCKED;
	return err;
}

static enum sl_err
ask(struct sl_root *root, struct sl_pin_try *try, const struct sl_secret *auth)
{
	return sl_root_unseal(root, try->blob->blob, try->blob->len, auth, &try->secret);
}

static enum sl_err
open_row(struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin, const struct sl_pin_row *row, struct sl_secret *ret_secret)
{
	const struct sl_pin_blob *blob = role == SL_PIN_SO ? &row->so : &row->user;
	struct sl_pin_try try = { .role = role, .pin = pin, .salt = { blob->salt, blob->salt_len }, .ask = ask, .blob = blob };
	SL_SECRET secret = { 0 };
	uint8_t id[SL_SECRET_ID];
	enum sl_err err;

	if (blob->blob == NULL)
		return SL_ERR_NOT_FOUND;
	err = sl_pin_run(held, &try);
	secret = try.secret;
	if (err != SL_OK)
		return err;
	if (secret.len != SL_TOKEN_SECRET_LEN)
		return SL_ERR_MISMATCH;
	if ((err = sl_pin_secret_id(&secret, id)) != SL_OK)
		return err;
	/* Somebody who can write the store exchanged blobs: S is not the one that the keys were made with. */
	if (memcmp(id, row->secret_id, sizeof(id)) != 0)
		return SL_ERR_MISMATCH;
	*ret_secret = sl_secret_take(&secret);
	return SL_OK;
}

static enum sl_err
read_row(const struct sl_login_held *held, struct sl_pin_row *ret_row)
{
	return held->root == 0 ? SL_ERR_NOT_FOUND : sl_store_pin_row(held->token->instance->store, held->root, ret_row);
}

enum sl_err
sl_pin_open_held(struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret)
{
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	enum sl_err err;

	if (sl_pin_in_nv(held->token))
		return sl_pin_nv_open(held, role, pin, ret_secret);
	err = read_row(held, &row);
	return err == SL_OK ? open_row(held, role, pin, &row, ret_secret) : err;
}

/* Whether a token may be initialized again by this PIN. */
static enum sl_err
may_reset(struct sl_login_held *held, struct sl_part pin, const struct sl_pin_row *row)
{
	SL_SECRET old = { 0 };
	const enum sl_err err = open_row(held, SL_PIN_SO, pin, row, &old);

	if (err != SL_ERR_MISMATCH)
		return err;
	sl_log(SL_LOG_INFO, "token %s: its PINs were not made by this device, or before it was cleared: initialized as a new one",
	       held->token->config->name);
	return SL_OK;
}

static enum sl_err
init(struct sl_login_held *held, struct sl_part pin, const char *label)
{
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row before = { .label = "" };
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	SL_SECRET secret = { 0 };
	struct sl_root *root = held->token->root;
	enum sl_err err = read_row(held, &before);
	const bool again = err == SL_OK;

	if (!again && err != SL_ERR_NOT_FOUND)
		return err;
	if (!again && !sl_pin_length_fits(pin))
		return SL_ERR_RANGE;
	if (again && (err = may_reset(held, pin, &before)) != SL_OK)
		return err;
	(void)snprintf(row.label, sizeof(row.label), "%s", label);
	if ((err = sl_pin_draw(root, &secret)) != SL_OK || (err = sl_pin_secret_id(&secret, row.secret_id)) != SL_OK ||
	    (err = sl_pin_seal(root, SL_PIN_SO, pin, &secret, &row.so)) != SL_OK)
		return err;
	held->login->seen = false;
	sl_login_cache_forget(held);
	err = sl_store_pin_reset(held->token->instance->store, held->root, again ? before.secret_id : NULL, &row);
	/* Initialized by somebody else between our look and now: his PIN is the right one. */
	return err == SL_ERR_LOGIN ? SL_ERR_AUTH : err;
}

enum sl_err
sl_pin_init_held(struct sl_login_held *held, struct sl_part pin, const char *label)
{
	const enum sl_err err = sl_pin_in_nv(held->token) ? sl_pin_nv_init(held, pin, label) : init(held, pin, label);

	if (err == SL_ERR_UNSUPPORTED)
		sl_log(SL_LOG_ERROR, "token %s: it has no PINs: its root is kept by the kernel, and nothing there counts wrong tries",
		       held->token->config->name);
	return err;
}

enum sl_err
sl_pin_set_user_held(struct sl_login_held *held, struct sl_part pin)
{
	SL_CLEANUP(clear_blob) struct sl_pin_blob fresh = { .blob = NULL };
	struct sl_pin_change change = { .secret_id = held->login->secret_id, .user = true, .after = &fresh, .to_be_changed = true };
	enum sl_err err;

	if (!sl_pin_length_fits(pin))
		return SL_ERR_RANGE;
	if (held->login->state != SL_LOGIN_SO)
		return SL_ERR_LOGIN;
	if (sl_pin_in_nv(held->token))
		return sl_pin_nv_set_user(held, pin);
	if ((err = sl_pin_seal(held->token->root, SL_PIN_USER, pin, &held->login->secret, &fresh)) != SL_OK)
		return err;
	held->login->seen = false;
	sl_login_cache_forget(held);
	return sl_store_pin_change(held->token->instance->store, held->root, &change);
}

enum sl_err
sl_pin_change_held(struct sl_login_held *held, enum sl_pin_role role, struct sl_part old, struct sl_part pin)
{
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	SL_CLEANUP(clear_blob) struct sl_pin_blob fresh = { .blob = NULL };
	SL_SECRET secret = { 0 };
	struct sl_pin_change change = { .secret_id = row.secret_id, .user = role == SL_PIN_USER, .after = &fresh };
	enum sl_err err;

	if (!sl_pin_length_fits(pin))
		return SL_ERR_RANGE;
	if (sl_pin_in_nv(held->token))
		return sl_pin_nv_change(held, role, old, pin);
	if ((err = read_row(held, &row)) != SL_OK || (err = open_row(held, role, old, &row, &secret)) != SL_OK ||
	    (err = sl_pin_seal(held->token->root, role, pin, &secret, &fresh)) != SL_OK)
		return err;
	change.before = role == SL_PIN_USER ? &row.user : &row.so;
	held->login->seen = false;
	sl_login_cache_forget(held);
	err = sl_store_pin_change(held->token->instance->store, held->root, &change);
	/* The PIN was changed, or the token initialized, between our look and now: the old PIN is right no more. */
	return err == SL_ERR_LOGIN ? SL_ERR_AUTH : err;
}

enum sl_err
sl_pin_init(struct sl_token *token, struct sl_part pin, const char *label)
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	sl_pin_ask_again(token);
	if ((err = sl_login_hold(token, true, &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	return sl_pin_init_held(&held, pin, label);
}

enum sl_err
sl_pin_set_user(struct sl_token *token, struct sl_part pin)
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	if ((err = sl_login_hold(token, false, &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	return sl_pin_set_user_held(&held, pin);
}

enum sl_err
sl_pin_change(struct sl_token *token, enum sl_pin_role role, struct sl_part old, struct sl_part fresh)
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	if ((err = sl_login_hold(token, false, &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	return sl_pin_change_held(&held, role, old, fresh);
}

enum sl_err
sl_pin_open(struct sl_token *token, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret)
{
	SL_LOGIN_HELD held = { .login = NULL };
	enum sl_err err;

	if ((err = sl_login_hold(token, false, &held)) != SL_OK || (err = sl_login_look(&held)) != SL_OK)
		return err;
	return sl_pin_open_held(&held, role, pin, ret_secret);
}
