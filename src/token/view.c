/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/view.h"

#include "base/log.h"
#include "token/rv.h"

enum sl_err
sl_view_take(struct sl_token *token, struct sl_view *ret_view)
{
	struct sl_view view = { .who = SL_LOGIN_PUBLIC };
	struct sl_pin_state pins;
	enum sl_err err;

	if ((err = sl_pin_state(token, &pins)) != SL_OK)
		return err;
	view.guarded = pins.initialized;
	view.user_pin = pins.user;
	sl_token_guard(token, &pins);
	/* In this order: a logout first changes the state, and then counts. */
	view.epoch = sl_login_epoch(token);
	if (view.epoch != __atomic_load_n(&token->closed, __ATOMIC_ACQUIRE))
		sl_token_forget_private(token);
	if (view.guarded)
		view.who = sl_login_state(token);
	*ret_view = view;
	return SL_OK;
}

bool
sl_view_private(const struct sl_view *view, struct sl_token *token)
{
	if (view->guarded != token->guarded || view->epoch != sl_login_epoch(token))
		return false;
	return !view->guarded || view->who == SL_LOGIN_USER;
}

CK_RV
sl_view_make(struct sl_token *token, const struct sl_attrs *attrs, bool private, struct sl_view *ret_view)
{
	const bool always = sl_attrs_bool(attrs, CKA_ALWAYS_AUTHENTICATE, false);
	CK_RV rv;

	*ret_view = (struct sl_view){ .who = SL_LOGIN_PUBLIC };
	private = sl_attrs_bool(attrs, CKA_PRIVATE, private);
	if (!private)
		return always ? CKR_TEMPLATE_INCONSISTENT : CKR_OK;
	if ((rv = sl_rv(sl_view_take(token, ret_view))) != CKR_OK)
		return rv;
	if (always && !ret_view->guarded)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return ret_view->guarded && ret_view->who != SL_LOGIN_USER ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

CK_RV
sl_view_trust(struct sl_token *token, const struct sl_attrs *now, const struct sl_attrs *change)
{
	struct sl_view view;
	CK_RV rv;

	if (!sl_attrs_bool(change, CKA_TRUSTED, false) || (now != NULL && sl_attrs_bool(now, CKA_TRUSTED, false)))
		return CKR_OK;
	if ((rv = sl_rv(sl_view_take(token, &view))) != CKR_OK)
		return rv;
	return view.guarded && view.who == SL_LOGIN_SO ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
}

CK_RV
sl_view_publish(struct sl_token *token, const struct sl_view *view, struct sl_object *object)
{
	enum sl_err err = SL_ERR_LOGIN;

	(void)pthread_rwlock_wrlock(&token->lock);
	if (!sl_object_is_private(object) || sl_view_private(view, token))
		err = sl_token_publish_locked(token, object);
	(void)pthread_rwlock_unlock(&token->lock);
	return sl_rv(err);
}

void
sl_view_take_back(struct sl_token *token, int64_t row)
{
	if (row != 0 && sl_store_remove(token->instance->store, row) != SL_OK)
		sl_log(SL_LOG_ERROR, "an object that could not be shown stays in the store, and is there at the next start");
}

enum sl_err
sl_view_secret(struct sl_token *token, const struct sl_view *view, bool private, struct sl_secret *ret_secret)
{
	return view->guarded && private ? sl_login_secret(token, ret_secret) : SL_OK;
}

static bool
has_values(const struct sl_view *view, struct sl_token *token)
{
	bool has;

	(void)pthread_rwlock_rdlock(&token->lock);
	has = token->values.key.len != 0 || !sl_view_private(view, token);
	(void)pthread_rwlock_unlock(&token->lock);
	return has;
}

enum sl_err
sl_view_values(struct sl_token *token, const struct sl_view *view)
{
	SL_CLEANUP(sl_values_clear) struct sl_values values = { .key = { .len = 0 } };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if (!view->guarded || has_values(view, token))
		return SL_OK;
	if ((err = sl_view_secret(token, view, true, &secret)) != SL_OK || secret.len == 0)
		return err == SL_ERR_LOGIN ? SL_OK : err; /* logged out since: he sees nothing that has values */
	if ((err = sl_values_key(&secret, &values.key)) != SL_OK)
		return err;
	(void)pthread_rwlock_wrlock(&token->lock);
	if (token->values.key.len == 0 && sl_view_private(view, token))
		token->values.key = sl_secret_take(&values.key);
	(void)pthread_rwlock_unlock(&token->lock);
	return SL_OK;
}

bool
sl_view_without_pins(const struct sl_token *token, const struct sl_view *view, const struct sl_attrs *attrs)
{
	return !view->guarded && token->config->pin_store == 0 && sl_attrs_bool(attrs, CKA_PRIVATE, false);
}

enum sl_err
sl_view_bind(struct sl_token *token, const struct sl_secret *secret, struct sl_record *record)
{
	record->bound = secret->len != 0;
	return record->bound ? sl_login_secret_id(token, record->secret_id) : SL_OK;
}
