/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "tool/keyring_args.h"
#include "tool/keys.h"
#include "tool/user.h"

#include <string.h>

#define SIZE_MAX_BYTES 512

struct order {
	struct sl_keyring_args where;
	const char *mount; /* --fscrypt */
	uint32_t size;     /* 0: the declared one */
};

void
sl_keyring_args(const struct sl_tool_args *args, struct sl_keyring_args *ret_args)
{
	const char *type = sl_args_value(args, "type");
	const char *desc = sl_args_value(args, "desc");
	const char *ring = sl_args_value(args, "keyring");

	if (desc == NULL) {
		(void)snprintf(ret_args->desc, sizeof(ret_args->desc), "seedleaf:%.255s", args->operand);
		desc = ret_args->desc;
	}
	ret_args->place = (struct sl_keyring_place){ .type = type == NULL ? "logon" : type, .desc = desc, .ring = ring == NULL ? "@u" : ring };
}

static bool
read_number(const struct sl_tool_args *args, const char *option, uint32_t max, uint32_t *ret_number)
{
	const char *text = sl_args_value(args, option);

	if (text == NULL || (sl_text_u32(text, ret_number) && *ret_number >= 1 && *ret_number <= max))
		return true;
	sl_report("--%s: '%.40s', expected a number from 1 to %lu", option, text, (unsigned long)max);
	return false;
}

/* A file system has the key: nothing of a keyring. */
static bool
fits_fscrypt(const struct sl_tool_args *args)
{
	static const char *const others[] = { "type", "desc", "keyring", "timeout", "format", "master" };

	for (size_t i = 0; i < SL_ARRAY_LEN(others); i++) {
		if (sl_args_value(args, others[i]) == NULL)
			continue;
		sl_report("--%s: expected without --fscrypt only", others[i]);
		return false;
	}
	return true;
}

static enum sl_err
read_order(const struct sl_tool_args *args, struct order *ret_order)
{
	struct order *o = ret_order;

	if ((o->mount = sl_args_value(args, "fscrypt")) != NULL && !fits_fscrypt(args))
		return SL_ERR_ARG;
	sl_keyring_args(args, &o->where);
	if (!read_number(args, "size", SIZE_MAX_BYTES, &o->size) ||
	    !read_number(args, "timeout", UINT32_MAX, &o->where.place.timeout))
		return SL_ERR_ARG;
	o->where.place.format = sl_args_value(args, "format");
	o->where.place.master = sl_args_value(args, "master");
	return SL_OK;
}

/* Kept versions come after the newest; what is in the store is nobody's declaration. */
static const struct sl_found *
declared_of(const struct sl_founds *founds)
{
	for (size_t i = 0; i < founds->n; i++)
		if (founds->at[i].object->home == SL_HOME_DECLARED && sl_material_recipe(founds->at[i].object->material) != NULL)
			return &founds->at[i];
	return NULL;
}

static size_t
length_of(const struct sl_keytype *type)
{
	return type->alg == SL_ALG_AES ? type->size / 8 : type->size;
}

/* Another size is another key: that of the type generic:SIZE with the same name. */
static enum sl_err
derive(const struct sl_found *found, uint32_t size, struct sl_secret *ret_secret)
{
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct sl_recipe recipe = *sl_material_recipe(found->object->material);
	enum sl_err err = sl_object_clone(found->object, &object);

	if (err == SL_OK && size != length_of(&recipe.type)) {
		if ((err = sl_keytype_of(SL_ALG_GENERIC, size, &recipe.type)) != SL_OK ||
		    (err = sl_material_of_recipe(&recipe, sl_material_bound(object->material), NULL, &material)) != SL_OK)
			return err;
		sl_material_unref(&object->material);
		object->material = SL_TAKE(material);
	}
	if (err == SL_OK)
		err = sl_token_key(found->token, object, &key);
	return err == SL_OK ? sl_key_part(key, SL_PART_SECRET, ret_secret) : err;
}

static enum sl_err
put(const struct order *order, const struct sl_secret *secret, struct sl_msg *msg)
{
	uint8_t id[SL_FSCRYPT_ID];
	char hex[2 * SL_FSCRYPT_ID + 1];
	int32_t serial = 0;
	enum sl_err err;

	if (order->mount == NULL) {
		if ((err = sl_keyring_load(&order->where.place, secret, &serial, msg)) == SL_OK)
			printf("%ld\n", (long)serial);
		return err;
	}
	if ((err = sl_fscrypt_load(order->mount, secret, id, msg)) == SL_OK) {
		sl_text_to_hex(id, sizeof(id), hex);
		printf("%s\n", hex);
	}
	return err;
}

/* Nothing is derived that has no place to go. */
static enum sl_err
check(const struct sl_found *found, struct order *order, const char *label, struct sl_msg *msg)
{
	const struct sl_recipe *recipe = sl_material_recipe(found->object->material);
	const char *wrong;

	if (sl_keytype_is_pair(&recipe->type)) {
		sl_msg_set(msg, "%.200s: a key of type %s, expected aes, hmac or generic", label, recipe->type.name);
		return SL_ERR_ARG;
	}
	if (order->size == 0)
		order->size = (uint32_t)length_of(&recipe->type);
	if (order->mount != NULL)
		wrong = order->size < 16 || order->size > 64 ? "--size: expected 16 to 64 bytes for fscrypt" : NULL;
	else
		wrong = sl_keyring_load_wrong(&order->where.place, order->size);
	if (wrong == NULL)
		return SL_OK;
	sl_msg_set(msg, "%s", wrong);
	return SL_ERR_ARG;
}

static enum sl_err
load(struct sl_instance *instance, struct sl_token *token, const struct sl_tool_args *args, struct order *order, struct sl_msg *msg)
{
	SL_CLEANUP(sl_user_close) struct sl_user user = { .handle = 0 };
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	const struct sl_found *found;
	SL_SECRET pin = { 0 };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if ((err = sl_user_pin(token, args, &pin, msg)) != SL_OK || (err = sl_user_open(token, &pin, &user, msg)) != SL_OK ||
	    (err = sl_keys_find(instance, args->operand, token->config->name, &founds, msg)) != SL_OK)
		return err;
	if ((found = declared_of(&founds)) == NULL) {
		sl_msg_set(msg, "%.200s: the token does not list it; seedleaf status may tell why", args->operand);
		return SL_ERR_DEVICE;
	}
	if ((err = check(found, order, args->operand, msg)) != SL_OK)
		return err;
	if ((err = derive(found, order->size, &secret)) != SL_OK) {
		sl_root_trouble(token->root, msg);
		return err;
	}
	return put(order, &secret, msg);
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	const struct sl_keyfile *file = NULL;
	struct order order = { .size = 0 };
	struct sl_token *token;
	struct sl_msg msg = { "" };
	int status = SL_EXIT_FAILURE;
	enum sl_err err;

	if (read_order(args, &order) != SL_OK)
		return SL_EXIT_USAGE;
	if ((instance = sl_keys_open(&status)) == NULL)
		return status;
	if ((err = sl_keyset_find(&instance->keyfiles, args->operand, sl_args_value(args, "token"), &file, &msg)) != SL_OK)
		return sl_report_error(err, args->operand, &msg);
	if ((token = sl_keys_token(instance, file->token, &msg)) == NULL)
		return sl_report_error(SL_ERR_ABSENT, file->token, &msg);
	if ((err = load(instance, token, args, &order, &msg)) == SL_OK)
		return SL_EXIT_OK;
	status = sl_report_error(err, args->operand, &msg);
	return err == SL_ERR_AUTH ? SL_EXIT_USAGE : status; /* a wrong PIN */
}

const struct sl_tool_command sl_cmd_keyring_load = {
	.words = "keyring load",
	.operand = "LABEL",
	.summary = "Put a declared key into a keyring of the kernel, or into a file system",
	.options = {
		{ "type", "TYPE", "logon (default), user, encrypted or fscrypt-provisioning" },
		{ "desc", "TEXT", "the key's description there (default: seedleaf:LABEL)" },
		{ "size", "BYTES", "1 to 512 (default: its own; another is another key)" },
		{ "keyring", "RING", "@u (default), @s, @us or a serial number" },
		{ "timeout", "SECONDS", "then the kernel drops it" },
		{ "master", "TYPE:NAME", "the kernel's key that encrypts one of --type encrypted" },
		{ "format", "FORMAT", "of that: default, ecryptfs or enc32" },
		{ "fscrypt", "DIRECTORY", "for the encryption of its file system, in no keyring" },
		{ "token", "TOKEN", "the key's token, where several have this label" },
		{ "pin-file", "FILE", "the token's user PIN; '-' or credential:NAME" },
	},
	.run = run,
};
