/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/keys.h"

#include "crypto/curve.h"
#include "token/root_key.h"

#include <ctype.h>
#include <string.h>

struct sl_instance *
sl_keys_open(int *ret_status)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	struct sl_instance *instance = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err;

	config = sl_report_config(ret_status);
	if (config == NULL)
		return NULL;
	err = sl_instance_open(SL_TAKE(config), &instance, &msg);
	if (err == SL_OK)
		return instance;
	*ret_status = sl_report_error(err, "key files and store", &msg);
	if (err == SL_ERR_ACCESS || err == SL_ERR_EXISTS || err == SL_ERR_VERSION)
		*ret_status = SL_EXIT_USAGE;
	return NULL;
}

struct sl_token *
sl_keys_token(struct sl_instance *instance, const char *name, struct sl_msg *msg)
{
	const char *want = name == NULL ? "owner" : name;

	for (size_t i = 0; i < instance->n_tokens; i++) {
		struct sl_token *token = instance->tokens[i];

		if (strcmp(token->config->name, want) != 0 || token->config->hidden)
			continue;
		if (sl_token_present(token, NULL) == SL_OK)
			return token;
		sl_root_trouble(token->root, msg);
		if (msg->text[0] == '\0')
			sl_msg_set(msg, "token %s is not there", want);
		return NULL;
	}
	sl_msg_set(msg, "--token: '%.80s', expected a token of the configuration", want);
	return NULL;
}

void
sl_keys_clear(struct sl_founds *founds)
{
	for (size_t i = 0; i < founds->n; i++)
		sl_object_unref(&founds->at[i].object);
	free(founds->at);
	*founds = (struct sl_founds){ 0 };
}

static enum sl_err
add_handles(struct sl_token *token, const CK_OBJECT_HANDLE *handles, size_t n, struct sl_founds *founds)
{
	struct sl_found *at = reallocarray(founds->at, founds->n + n + 1, sizeof(*at));

	if (at == NULL)
		return SL_ERR_MEMORY;
	founds->at = at;
	for (size_t i = 0; i < n; i++) {
		struct sl_object *object = sl_token_object(token, handles[i]);

		if (object != NULL && sl_root_key_is(object))
			sl_object_unref(&object); /* every token has one: no key to manage */
		if (object != NULL)
			at[founds->n++] = (struct sl_found){ token, object };
	}
	return SL_OK;
}

static enum sl_err
search(struct sl_token *token, const CK_ATTRIBUTE *template, CK_ULONG n, struct sl_founds *founds)
{
	SL_FREE CK_OBJECT_HANDLE *handles = NULL;
	size_t n_handles = 0;

	if (sl_token_find(token, template, n, &handles, &n_handles) != CKR_OK)
		return SL_ERR_DEVICE;
	return add_handles(token, handles, n_handles, founds);
}

/* A search that names the key type sees Ed25519 keys, whatever `edwards` says. */
static enum sl_err
search_keys(struct sl_token *token, const char *label, struct sl_founds *founds)
{
	static CK_OBJECT_CLASS private = CKO_PRIVATE_KEY;
	static CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
	static CK_KEY_TYPE types[] = { CKK_EC, CKK_RSA, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY };
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &private, sizeof(private) },
		{ CKA_KEY_TYPE, &types[0], sizeof(types[0]) },
		{ CKA_LABEL, NULL, 0 },
	};
	const CK_ULONG extra = label == NULL ? 0 : 1;
	SL_FREE char *copy = label == NULL ? NULL : strdup(label);
	enum sl_err err = SL_OK;

	if (label != NULL && copy == NULL)
		return SL_ERR_MEMORY;
	template[2].pValue = copy;
	template[2].ulValueLen = copy == NULL ? 0 : strlen(copy);
	for (size_t i = 0; i < SL_ARRAY_LEN(types) && err == SL_OK; i++) {
		template[1].pValue = &types[i];
		err = search(token, template, 2 + extra, founds);
	}
	template[1] = template[2];
	template[0].pValue = &secret;
	return err != SL_OK ? err : search(token, template, 1 + extra, founds);
}

enum sl_err
sl_keys_find(struct sl_instance *instance, const char *label, const char *token, struct sl_founds *ret_founds, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	const struct sl_token *last = NULL;
	bool present = false;

	if (token != NULL && sl_config_token(instance->config, token) == NULL) {
		sl_msg_set(msg, "--token: '%.80s', expected a token of the configuration", token);
		return SL_ERR_ARG;
	}
	for (size_t i = 0; i < instance->n_tokens; i++) {
		struct sl_token *t = instance->tokens[i];
		enum sl_err err;

		if (token != NULL && strcmp(t->config->name, token) != 0)
			continue;
		last = t;
		if (sl_token_present(t, NULL) != SL_OK)
			continue;
		present = true;
		if ((err = search_keys(t, label, &founds)) != SL_OK) {
			sl_msg_set(msg, "token %s: its keys cannot be listed; seedleaf status may tell why", t->config->name);
			return err;
		}
	}
	if (!present) {
		if (token != NULL && last != NULL)
			sl_root_trouble(last->root, msg);
		else
			sl_device_trouble(instance->device, msg);
		return SL_ERR_ABSENT;
	}
	*ret_founds = founds;
	founds = (struct sl_founds){ 0 };
	return SL_OK;
}

enum sl_err
sl_keys_one(struct sl_instance *instance, const struct sl_tool_args *args, struct sl_founds *ret_founds, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	const enum sl_err err = sl_keys_find(instance, args->operand, sl_args_value(args, "token"), &founds, msg);

	if (err != SL_OK)
		return err;
	if (founds.n == 0) {
		sl_msg_set(msg, "%.200s: there is no such key", args->operand);
		return SL_ERR_NOT_FOUND;
	}
	if (founds.at[0].token != founds.at[founds.n - 1].token) {
		sl_msg_set(msg, "%.200s: on the tokens %s and %s, expected --token", args->operand, founds.at[0].token->config->name,
		           founds.at[founds.n - 1].token->config->name);
		return SL_ERR_ARG;
	}
	*ret_founds = founds;
	founds = (struct sl_founds){ 0 };
	return SL_OK;
}

enum sl_err
sl_keys_of_class(struct sl_token *token, CK_OBJECT_CLASS class, const struct sl_object *like, struct sl_founds *ret_founds)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	const struct sl_attr *label = sl_attrs_get(&like->attrs, CKA_LABEL);
	const struct sl_attr *id = sl_attrs_get(&like->attrs, CKA_ID);
	const CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label == NULL ? NULL : label->value, label == NULL ? 0 : label->len },
		{ CKA_ID, id == NULL ? NULL : id->value, id == NULL ? 0 : id->len },
	};
	const enum sl_err err = search(token, template, SL_ARRAY_LEN(template), &founds);

	if (err != SL_OK)
		return err;
	*ret_founds = founds;
	founds = (struct sl_founds){ 0 };
	return SL_OK;
}

static size_t
bits(const struct sl_attr *number)
{
	size_t n = number == NULL ? 0 : number->len * 8;

	for (size_t i = 0; n != 0 && (number->value[i / 8] >> (7 - i % 8) & 1) == 0; i++)
		n--;
	return n;
}

static void
curve_type(const struct sl_attr *params, char ret_type[SL_KEYS_TYPE])
{
	const struct sl_curve *curve = params == NULL ? NULL : sl_curve_find(params->value, params->len);

	if (curve == NULL)
		return;
	(void)snprintf(ret_type, SL_KEYS_TYPE, "%s%s", curve->kind == SL_KEY_EC ? "ec:" : "", curve->name);
	for (char *c = ret_type; curve->kind != SL_KEY_EC && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
}

void
sl_keys_type(const struct sl_object *object, char ret_type[SL_KEYS_TYPE])
{
	const struct sl_recipe *recipe = object->material == NULL ? NULL : sl_material_recipe(object->material);
	const struct sl_attrs *attrs = &object->attrs;
	const CK_ULONG bytes = sl_attrs_ulong(attrs, CKA_VALUE_LEN, 0);

	(void)snprintf(ret_type, SL_KEYS_TYPE, "%s", recipe == NULL ? "other" : recipe->type.name);
	if (recipe != NULL)
		return;
	switch (sl_attrs_ulong(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION)) {
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
		curve_type(sl_attrs_get(attrs, CKA_EC_PARAMS), ret_type);
		break;
	case CKK_RSA:
		(void)snprintf(ret_type, SL_KEYS_TYPE, "rsa:%zu", bits(sl_attrs_get(attrs, CKA_MODULUS)));
		break;
	case CKK_AES:
		(void)snprintf(ret_type, SL_KEYS_TYPE, "aes:%lu", bytes * 8);
		break;
	case CKK_GENERIC_SECRET:
		(void)snprintf(ret_type, SL_KEYS_TYPE, "generic:%lu", bytes);
		break;
	default:
		break;
	}
}

void
sl_keys_label(const struct sl_object *object, char ret_label[256])
{
	const struct sl_attr *label = sl_attrs_get(&object->attrs, CKA_LABEL);
	size_t n = label == NULL ? 0 : label->len < 255 ? label->len : 255;

	/* A label that a program gave may hold what a terminal obeys. */
	for (size_t i = 0; i < n; i++)
		ret_label[i] = label->value[i] < 0x20 || label->value[i] == 0x7f ? '?' : (char)label->value[i];
	ret_label[n] = '\0';
}

void
sl_keys_print_hex(const struct sl_attr *attr)
{
	for (size_t i = 0; attr != NULL && i < attr->len; i++)
		printf("%02x", attr->value[i]);
}
