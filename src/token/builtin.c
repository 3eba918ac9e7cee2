/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/builtin.h"

#include "base/log.h"
#include "token/root_key.h"

#include <stdlib.h>

/*
 * PKCS#11 Profiles 3.0: Baseline and Extended Provider. Authentication Token, where there is a user PIN to log in with (find.c). Public Certificates
 * Token holds: certificates are read without a login.
 */
static const CK_ULONG profiles[] = { CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER, CKP_AUTHENTICATION_TOKEN,
	                             CKP_PUBLIC_CERTIFICATES_TOKEN };
_Static_assert(SL_ARRAY_LEN(profiles) + 1 == SL_BUILTIN_MAX, "the root and the profiles");

static enum sl_err
describe(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE type, CK_ULONG value, struct sl_object **ret_object)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs a = { 0 };
	enum sl_err err;

	if ((err = sl_attrs_set_ulong(&a, CKA_CLASS, class)) != SL_OK || (err = sl_attrs_set_ulong(&a, type, value)) != SL_OK ||
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
		err = describe(CKO_PROFILE, CKA_PROFILE_ID, profiles[i], &token->builtin[i + 1]);
	if (err == SL_OK)
		err = sl_builtin_publish_locked(token); /* nobody else knows the token yet */
	return err;
}

void
sl_builtin_free(struct sl_token *token)
{
	for (size_t i = 0; i < SL_BUILTIN_MAX; i++)
		sl_object_unref(&token->builtin[i]);
	for (size_t i = 0; i < token->n_mechanisms; i++)
		sl_object_unref(&token->mechanisms[i]);
	free(token->mechanisms);
}

/* token.lock is held for writing. */
static enum sl_err
make_mechanisms(struct sl_token *token, const CK_MECHANISM_TYPE *types, size_t n)
{
	enum sl_err err;

	if (token->mechanisms == NULL && (token->mechanisms = calloc(n, sizeof(struct sl_object *))) == NULL)
		return SL_ERR_MEMORY;
	for (; token->n_mechanisms < n; token->n_mechanisms++)
		if ((err = describe(CKO_MECHANISM, CKA_MECHANISM_TYPE, types[token->n_mechanisms], &token->mechanisms[token->n_mechanisms])) != SL_OK)
			return err;
	for (size_t i = 0; i < n; i++)
		if (sl_table_get(&token->objects, token->mechanisms[i]->handle) == NULL &&
		    (err = sl_token_publish_locked(token, token->mechanisms[i])) != SL_OK)
			return err;
	return SL_OK;
}

enum sl_err
sl_builtin_mechanisms(struct sl_token *token, const CK_MECHANISM_TYPE *types, size_t n)
{
	enum sl_err err;

	(void)pthread_rwlock_wrlock(&token->lock);
	err = make_mechanisms(token, types, n);
	(void)pthread_rwlock_unlock(&token->lock);
	return err;
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

	/* Memory was short when the last login ended. */
	if (token->builtin[0] == NULL)
		err = sl_root_key_object(token, &token->builtin[0]);
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
			sl_log(SL_LOG_ERROR, "out of memory: token %s has to build its root anew", token->config->name);
		sl_object_unref(&token->builtin[i]);
		token->builtin[i] = fresh;
	}
}
