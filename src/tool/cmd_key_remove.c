/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "base/text.h"
#include "token/make.h"
#include "tool/keys.h"

#include <string.h>

#define ID_MAX 64

struct wanted_id {
	uint8_t bytes[ID_MAX];
	size_t len; /* 0: any */
};

static bool
has_id(const struct sl_object *object, const struct wanted_id *id)
{
	const struct sl_attr *have = sl_attrs_get(&object->attrs, CKA_ID);

	return id->len == 0 || (have != NULL && sl_attr_equal(have, id->bytes, id->len));
}

static bool
same_id(const struct sl_object *a, const struct sl_object *b)
{
	const struct sl_attr *x = sl_attrs_get(&a->attrs, CKA_ID);
	const struct sl_attr *y = sl_attrs_get(&b->attrs, CKA_ID);

	return x == NULL || y == NULL ? x == y : sl_attr_equal(x, y->value, y->len);
}

/* The one stored key of that label and id. */
static enum sl_err
choose(const struct sl_founds *founds, const char *label, const struct wanted_id *id, const struct sl_found **ret_found, struct sl_msg *msg)
{
	const struct sl_found *chosen = NULL;

	for (size_t i = 0; i < founds->n; i++) {
		const struct sl_found *found = &founds->at[i];

		if (found->object->home != SL_HOME_STORE || !has_id(found->object, id))
			continue;
		if (chosen != NULL && (chosen->token != found->token || !same_id(chosen->object, found->object) || id->len != 0)) {
			sl_msg_set(msg, "%.200s: several stored keys have this label%s, expected %s", label, id->len == 0 ? "" : " and id",
			           chosen->token != found->token ? "--token" : "--id, and one key of that id");
			return SL_ERR_ARG;
		}
		chosen = found;
	}
	if (chosen == NULL) {
		sl_msg_set(msg, "%.200s: there is no such key", label);
		return SL_ERR_NOT_FOUND;
	}
	*ret_found = chosen;
	return SL_OK;
}

static CK_RV
destroy_all(struct sl_session *session, const struct sl_found *key, const struct sl_founds *publics)
{
	CK_RV rv = sl_make_destroy(session, key->object->handle);

	for (size_t i = 0; i < publics->n && rv == CKR_OK; i++)
		if (publics->at[i].object->home == SL_HOME_STORE)
			rv = sl_make_destroy(session, publics->at[i].object->handle);
	return rv;
}

static enum sl_err
destroy(struct sl_instance *instance, const struct sl_found *key, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds publics = { 0 };
	SL_CLEANUP(sl_sessions_done) struct sl_sessions all;
	struct sl_session *session;
	CK_SESSION_HANDLE handle;
	enum sl_err err;
	CK_RV rv;

	sl_sessions_init(&all, instance);
	if ((err = sl_keys_of_class(key->token, CKO_PUBLIC_KEY, key->object, &publics)) != SL_OK ||
	    (err = sl_session_open(&all, key->token, true, &handle)) != SL_OK)
		return err;
	session = sl_session_acquire(&all, handle);
	if (session == NULL)
		return SL_ERR_DEVICE;
	rv = destroy_all(session, key, &publics);
	sl_session_release(&session);
	if (rv == CKR_OK)
		return SL_OK;
	sl_msg_set(msg, "the key cannot be removed: %s (0x%lx)",
	           rv == CKR_ACTION_PROHIBITED ? "its CKA_DESTROYABLE is false" : "is the store writable?", (unsigned long)rv);
	return SL_ERR_ACCESS;
}

static int
remove_stored(struct sl_instance *instance, const struct sl_tool_args *args, const struct wanted_id *id)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	const struct sl_found *key = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err;

	if ((err = sl_keys_find(instance, args->operand, sl_args_value(args, "token"), &founds, &msg)) != SL_OK ||
	    (err = choose(&founds, args->operand, id, &key, &msg)) != SL_OK || (err = destroy(instance, key, &msg)) != SL_OK)
		return sl_report_error(err, args->operand, &msg);
	printf("removed %s from the store of token %s\n", args->operand, key->token->config->name);
	return SL_EXIT_OK;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	const char *id_text = sl_args_value(args, "id");
	const struct sl_keyfile *file = NULL;
	struct wanted_id id = { .len = 0 };
	struct sl_msg msg = { "" };
	int status = SL_EXIT_FAILURE;
	enum sl_err err;

	if (id_text != NULL && !sl_text_hex(id_text, id.bytes, sizeof(id.bytes), &id.len)) {
		sl_report("--id: '%.80s', expected 1 to 64 bytes in hex", id_text);
		return SL_EXIT_USAGE;
	}
	instance = sl_keys_open(&status);
	if (instance == NULL)
		return status;
	/* A declared key needs no TPM to go. An id that was asked for means a stored key. */
	err = id_text != NULL ? SL_ERR_NOT_FOUND
	                      : sl_keyset_find(&instance->keyfiles, args->operand, sl_args_value(args, "token"), &file, &msg);
	if (err == SL_ERR_NOT_FOUND)
		return remove_stored(instance, args, &id);
	if (err == SL_OK)
		err = sl_fs_remove(file->path, &msg);
	if (err != SL_OK)
		return sl_report_error(err, args->operand, &msg);
	printf("removed %s\n", file->path);
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_key_remove = {
	.words = "key remove",
	.operand = "LABEL",
	.summary = "Remove a declared key's file, or a stored key",
	.options = {
		{ "token", "TOKEN", "the key's token, where several have this label" },
		{ "id", "HEX", "a stored key's CKA_ID, where several have this label" },
	},
	.run = run,
};
