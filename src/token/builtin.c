/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/builtin.h"

#include "base/log.h"
#include "token/root_key.h"

/*
 * PKCS#11 Profiles 3.0: Baseline and Extended Provider. Authentication Token, where there is a user PIN to log in with (find.c). Public Certificates
 * Token holds: certificates are read without a login.
 */
static const CK_ULONG profiles[] = { CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER, CKP_AUTHENTICATION_TOKEN,
	                             CKP_PUBLIC_CERTIFICATES_TOKEN };
_Static_assert(SL_ARRAY_LEN(profiles) + 1 == SL_BUILTIN_MAX, "the root and the profiles");

static enum sl_err
profile(CK_ULONG id, struct sl_object **ret_object)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs a = { 0 };
	enum sl_err err;

	if ((err = sl_attrs_set_ulong(&a, CKA_CLASS, CKO_PROFILE)) != SL_OK || (err = sl_attrs_set_ulong(&a, CKA_PROFILE_ID, id)) != SL_OK ||
	    (err = sl_object_new(&a, NULL, ret_object)) != SL_OK)
		return err;
	(*ret_object)->home = SL_HOME_PROFILE;
	return SL_OK;
}

enum sl_err
sl_builtin_build(struct sl_token *token)
{
	enum sl_err err = sl_root_key_object(token, &token->builtin[0]);

	for (size_t i = 0; i < SL_ARRAY_LEN(profiles) && err == SL_OK; i++)
		err = profile(profiles[i], &token->builtin[i + 1]);
	if (err == SL_OK)
		err = sl_builtin_publish_locked(token); /* nobody else knows the token yet */
	return err;
}

void
sl_builtin_free(struct sl_token *token)
{
	for (size_t i = 0; i < SL_BUILTIN_MAX; i++)
		sl_object_unref(&token->builtin[i]);
}

enum sl_err
sl_builtin_publish_locked(struct sl_token *token)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < SL_BUILTIN_MAX && err == SL_OK; i++)
		if (token->builtin[i] != NULL && (!token->guarded || !sl_object_is_private(token->builtin[i])))
			err = sl_token_publish_locked(token, token->builtin[i]);
	return err;
}

enum sl_err
sl_builtin_open_locked(struct sl_token *token)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < SL_BUILTIN_MAX && err == SL_OK; i++)
		if (token->builtin[i] != NULL && sl_table_get(&token->objects, token->builtin[i]->handle) == NULL)
			err = sl_token_publish_locked(token, token->builtin[i]);
	return err;
}

void
sl_builtin_close_locked(struct sl_token *token)
{
	for (size_t i = 0; i < SL_BUILTIN_MAX; i++) {
		struct sl_object *fresh = NULL;

		if (token->builtin[i] == NULL || !sl_object_is_private(token->builtin[i]))
			continue;
		if (sl_object_clone(token->builtin[i], &fresh) == SL_OK)
			fresh->handle = 0;
		else
			sl_log(SL_LOG_ERROR, "out of memory: token %s does not list its root", token->config->name);
		sl_object_unref(&token->builtin[i]);
		token->builtin[i] = fresh;
	}
}
