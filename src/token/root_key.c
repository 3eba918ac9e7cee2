/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/root_key.h"

#include "crypto/digest.h"
#include "token/login.h"
#include "token/build.h"

#include <string.h>

static const char label_text[] = "seedleaf root";

bool
sl_root_key_is(const struct sl_object *object)
{
	return object->home == SL_HOME_ROOT;
}

enum sl_err
sl_root_key_object(struct sl_token *token, struct sl_object **ret_object)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs a = { 0 };
	char unique[64];
	enum sl_err err;

	(void)snprintf(unique, sizeof(unique), "root-%s", token->config->name);
	if ((err = sl_attrs_set_ulong(&a, CKA_CLASS, CKO_SECRET_KEY)) != SL_OK ||
	    (err = sl_attrs_set_ulong(&a, CKA_KEY_TYPE, CKK_GENERIC_SECRET)) != SL_OK ||
	    (err = sl_attrs_set(&a, CKA_LABEL, label_text, sizeof(label_text) - 1)) != SL_OK ||
	    (err = sl_attrs_set(&a, CKA_UNIQUE_ID, unique, strlen(unique))) != SL_OK ||
	    (err = sl_attrs_set_bool(&a, CKA_TOKEN, true)) != SL_OK || (err = sl_attrs_set_bool(&a, CKA_MODIFIABLE, false)) != SL_OK ||
	    (err = sl_attrs_set_bool(&a, CKA_DESTROYABLE, false)) != SL_OK ||
	    (err = sl_attrs_set_bool(&a, CKA_COPYABLE, false)) != SL_OK || (err = sl_attrs_set_ulong(&a, CKA_VALUE_LEN, 32)) != SL_OK ||
	    (err = sl_build_defaults(&a, CKO_SECRET_KEY, SL_USE_DERIVE)) != SL_OK ||
	    (err = sl_attrs_set_bool(&a, CKA_LOCAL, true)) != SL_OK || (err = sl_attrs_set_bool(&a, CKA_ALWAYS_SENSITIVE, true)) != SL_OK ||
	    (err = sl_attrs_set_bool(&a, CKA_NEVER_EXTRACTABLE, true)) != SL_OK || (err = sl_object_new(&a, NULL, ret_object)) != SL_OK)
		return err;
	(*ret_object)->home = SL_HOME_ROOT;
	return SL_OK;
}

static enum sl_err
add(struct sl_digest *d, const void *data, size_t size)
{
	const uint8_t len[4] = { (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size };
	const enum sl_err err = sl_digest_update(d, len, sizeof(len));

	return err == SL_OK ? sl_digest_update(d, data, size) : err;
}

enum sl_err
sl_root_key_context(const char *label, const struct sl_part *parts, size_t n, const struct sl_secret *token_secret,
                    uint8_t ret_context[SL_HASH_MAX])
{
	struct sl_digest *d = NULL;
	enum sl_err err = sl_digest_new(SL_HASH_SHA256, &d);

	if (err == SL_OK)
		err = sl_digest_update(d, label, strlen(label) + 1);
	for (size_t i = 0; i < n && err == SL_OK; i++)
		err = add(d, parts[i].data, parts[i].len);
	if (err == SL_OK && token_secret->len != 0)
		err = add(d, token_secret->bytes, token_secret->len);
	if (err == SL_OK)
		err = sl_digest_final(d, ret_context);
	sl_digest_free(&d);
	return err;
}

enum sl_err
sl_root_key_derive(struct sl_token *token, const char *label, const struct sl_part *parts, size_t n, struct sl_secret *ret_secret)
{
	SL_SECRET token_secret = { 0 };
	struct sl_root_name name;
	uint8_t context[SL_HASH_MAX];
	enum sl_err err;

	if ((err = sl_login_secret(token, &token_secret)) != SL_OK || (err = sl_token_identify(token, &name, NULL)) != SL_OK ||
	    (err = sl_root_key_context(label, parts, n, &token_secret, context)) != SL_OK)
		return err;
	err = sl_root_derive(token->root, &name, context, 1, ret_secret, NULL);
	sl_secret_wipe(context, sizeof(context));
	return err;
}
