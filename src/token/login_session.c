/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/login_private.h"
#include "token/rv.h"

#include <string.h>

/*
 * The rules of sessions and logins: PKCS#11 3.0 section 5.6 (C_OpenSession, C_Login, C_Logout) and 5.5 (C_InitToken, C_InitPIN, C_SetPIN). Whatever
 * depends on how many sessions there are is decided with login.lock held, which opening a session takes, too.
 */

static CK_RV
pin_rv(enum sl_err err)
{
	switch (err) {
	case SL_ERR_AUTH:
		return CKR_PIN_INCORRECT;
	case SL_ERR_LOCKED:
		return CKR_PIN_LOCKED;
	case SL_ERR_RANGE:
		return CKR_PIN_LEN_RANGE;
	case SL_ERR_NOT_FOUND:
		return CKR_USER_PIN_NOT_INITIALIZED;
	case SL_ERR_UNSUPPORTED: /* a token that cannot have PINs */
		return CKR_FUNCTION_NOT_SUPPORTED;
	default:
		return sl_rv(err);
	}
}

static CK_RV
hold(struct sl_token *token, bool create, struct sl_login_held *held)
{
	enum sl_err err;

	sl_pin_ask_again(token);
	if ((err = sl_login_hold(token, create, held)) == SL_OK)
		err = sl_login_look(held);
	return sl_rv(err);
}

static bool
read_only_sessions(struct sl_sessions *all, const struct sl_token *token)
{
	CK_ULONG n;
	CK_ULONG rw;

	sl_session_count(all, token, &n, &rw);
	return n != rw;
}

static CK_RV
may_login(struct sl_sessions *all, const struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin)
{
	const enum sl_login_state wanted = role == SL_PIN_SO ? SL_LOGIN_SO : SL_LOGIN_USER;
	const struct sl_login_data *login = held->login;

	if (!login->pins.initialized)
		return CKR_USER_PIN_NOT_INITIALIZED;
	if (login->state != SL_LOGIN_PUBLIC)
		return login->state == wanted ? CKR_USER_ALREADY_LOGGED_IN : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (role == SL_PIN_USER && !login->pins.user)
		return CKR_USER_PIN_NOT_INITIALIZED;
	if (role == SL_PIN_SO && read_only_sessions(all, held->token))
		return CKR_SESSION_READ_ONLY_EXISTS;
	return pin.data == NULL ? CKR_ARGUMENTS_BAD : CKR_OK;
}

/* The SO's PIN is always the TPM's to try. */
static enum sl_err
open_secret(struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret)
{
	enum sl_err err;

	if (role == SL_PIN_USER && sl_login_cache_open(held, pin, ret_secret) == SL_OK)
		return SL_OK;
	err = sl_pin_open_held(held, role, pin, ret_secret);
	if (err == SL_OK && role == SL_PIN_USER)
		sl_login_cache_keep(held, pin, ret_secret);
	return err;
}

CK_RV
sl_login(struct sl_sessions *all, struct sl_token *token, enum sl_pin_role role, struct sl_part pin)
{
	SL_LOGIN_HELD held = { .login = NULL };
	SL_SECRET secret = { 0 };
	uint8_t id[SL_SECRET_ID];
	enum sl_err err;
	CK_RV rv;

	if ((rv = hold(token, false, &held)) != CKR_OK || (rv = may_login(all, &held, role, pin)) != CKR_OK)
		return rv;
	if ((err = open_secret(&held, role, pin, &secret)) != SL_OK || (err = sl_pin_secret_id(&secret, id)) != SL_OK)
		return pin_rv(err);
	sl_secret_clear(&held.login->secret);
	held.login->secret = sl_secret_take(&secret);
	memcpy(held.login->secret_id, id, sizeof(id));
	__atomic_store_n(&held.login->state, role == SL_PIN_SO ? SL_LOGIN_SO : SL_LOGIN_USER, __ATOMIC_RELEASE);
	return CKR_OK;
}

CK_RV
sl_login_context(struct sl_token *token, struct sl_part pin)
{
	SL_LOGIN_HELD held = { .login = NULL };
	SL_SECRET secret = { 0 };
	CK_RV rv;

	if ((rv = hold(token, false, &held)) != CKR_OK)
		return rv;
	if (!held.login->pins.initialized)
		return CKR_USER_PIN_NOT_INITIALIZED;
	if (held.login->state != SL_LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	if (pin.data == NULL)
		return CKR_ARGUMENTS_BAD;
	return pin_rv(sl_pin_open_held(&held, SL_PIN_USER, pin, &secret));
}

/* Private objects, and what sessions do with them. */
static void
settle(struct sl_sessions *all, struct sl_token *token)
{
	sl_token_forget_private(token);
	sl_session_drop_work(all, token);
}

CK_RV
sl_login_out(struct sl_sessions *all, struct sl_token *token)
{
	bool was;

	(void)pthread_mutex_lock(&token->login->lock);
	was = token->login->state != SL_LOGIN_PUBLIC;
	sl_login_drop(token->login);
	sl_login_cache_drop(token->login);
	(void)pthread_mutex_unlock(&token->login->lock);
	if (!was)
		return CKR_USER_NOT_LOGGED_IN;
	settle(all, token);
	return CKR_OK;
}

void
sl_login_idle(struct sl_sessions *all, struct sl_token *token)
{
	CK_ULONG n;
	CK_ULONG rw;
	bool drop;

	(void)pthread_mutex_lock(&token->login->lock);
	sl_session_count(all, token, &n, &rw);
	drop = n == 0 && token->login->state != SL_LOGIN_PUBLIC;
	if (drop)
		sl_login_drop(token->login);
	(void)pthread_mutex_unlock(&token->login->lock);
	if (drop)
		settle(all, token);
}

CK_RV
sl_login_open(struct sl_sessions *all, struct sl_token *token, bool rw, CK_SESSION_HANDLE *ret_handle)
{
	CK_RV rv;

	(void)pthread_mutex_lock(&token->login->lock);
	if (!rw && token->login->state == SL_LOGIN_SO)
		rv = CKR_SESSION_READ_WRITE_SO_EXISTS;
	else
		rv = sl_rv(sl_session_open(all, token, rw, ret_handle));
	(void)pthread_mutex_unlock(&token->login->lock);
	return rv;
}

static bool
any_session(struct sl_sessions *all, const struct sl_token *token)
{
	CK_ULONG n;
	CK_ULONG rw;

	sl_session_count(all, token, &n, &rw);
	return n != 0;
}

static CK_RV
init_token(struct sl_sessions *all, struct sl_token *token, struct sl_part pin, const char *label)
{
	SL_LOGIN_HELD held = { .login = NULL };
	CK_RV rv;

	if (any_session(all, token))
		return CKR_SESSION_EXISTS;
	if ((rv = hold(token, true, &held)) != CKR_OK)
		return rv;
	if (any_session(all, token)) /* one was opened meanwhile; now none can be */
		return CKR_SESSION_EXISTS;
	return pin_rv(sl_pin_init_held(&held, pin, label));
}

CK_RV
sl_login_init_token(struct sl_sessions *all, struct sl_token *token, struct sl_part pin, const char *label)
{
	const CK_RV rv = init_token(all, token, pin, label);

	if (rv == CKR_OK)
		sl_token_forget(token);
	return rv;
}

CK_RV
sl_login_init_pin(struct sl_token *token, struct sl_part pin)
{
	SL_LOGIN_HELD held = { .login = NULL };
	const CK_RV rv = hold(token, false, &held);

	if (rv != CKR_OK)
		return rv;
	if (held.login->state != SL_LOGIN_SO)
		return CKR_USER_NOT_LOGGED_IN;
	return pin_rv(sl_pin_set_user_held(&held, pin));
}

CK_RV
sl_login_set_pin(struct sl_token *token, struct sl_part old, struct sl_part pin)
{
	SL_LOGIN_HELD held = { .login = NULL };
	const CK_RV rv = hold(token, false, &held);

	if (rv != CKR_OK)
		return rv;
	return pin_rv(sl_pin_change_held(&held, held.login->state == SL_LOGIN_SO ? SL_PIN_SO : SL_PIN_USER, old, pin));
}
