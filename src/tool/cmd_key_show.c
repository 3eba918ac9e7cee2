/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/digest.h"
#include "seedleaf.h"
#include "tool/keys.h"

#include <string.h>

static void
print_usage(const struct sl_object *object)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *word;
	} uses[] = {
		{ CKA_SIGN, "sign" },       { CKA_VERIFY, "verify" }, { CKA_DECRYPT, "decrypt" }, { CKA_ENCRYPT, "encrypt" },
		{ CKA_DERIVE, "derive" },   { CKA_UNWRAP, "unwrap" }, { CKA_WRAP, "wrap" },
	};
	const char *comma = "";

	printf("usage: ");
	for (size_t i = 0; i < SL_ARRAY_LEN(uses); i++) {
		if (sl_attrs_bool(&object->attrs, uses[i].type, false)) {
			printf("%s%s", comma, uses[i].word);
			comma = ", ";
		}
	}
	printf("\n");
}

static void
print_public(const struct sl_object *object)
{
	const struct sl_attr *spki = sl_attrs_get(&object->attrs, CKA_PUBLIC_KEY_INFO);
	uint8_t digest[SL_HASH_MAX];

	if (spki == NULL || spki->len == 0 || sl_hash_once(SL_HASH_SHA256, spki->value, spki->len, digest) != SL_OK)
		return;
	printf("public key: sha256:");
	for (size_t i = 0; i < sl_hash_len(SL_HASH_SHA256); i++)
		printf("%02x", digest[i]);
	printf("\n");
}

/* Where its secret comes from; keys of before that was written down say it by what they have. */
static const char *
secret_of(const struct sl_object *object)
{
	switch (sl_attrs_ulong(&object->attrs, CKA_SEEDLEAF_ORIGIN, 0)) {
	case SEEDLEAF_ORIGIN_DERIVED:
		return "derived";
	case SEEDLEAF_ORIGIN_RANDOM:
		return "sealed, random from both generators";
	case SEEDLEAF_ORIGIN_IMPORTED:
		return "sealed, imported";
	default:
		return sl_material_recipe(object->material) != NULL ? "derived" : "sealed";
	}
}

static void
print_origin(const struct sl_instance *instance, const struct sl_found *found, const char *label)
{
	if (found->object->home != SL_HOME_DECLARED) {
		printf("origin: %s\n", instance->config->store);
		return;
	}
	for (size_t i = 0; i < instance->keyfiles.n; i++) {
		const struct sl_keyfile *file = &instance->keyfiles.files[i];

		if (strcmp(file->label, label) == 0 && strcmp(file->token, found->token->config->name) == 0)
			printf("origin: %s\n", file->path);
	}
}

static void
print_key(const struct sl_instance *instance, const struct sl_found *found)
{
	const struct sl_object *object = found->object;
	const struct sl_recipe *recipe = sl_material_recipe(object->material);
	char type[SL_KEYS_TYPE];
	char label[256];

	sl_keys_type(object, type);
	sl_keys_label(object, label);
	printf("label: %s\ntoken: %s\ntype: %s\nsecret: %s\n", label, found->token->config->name, type, secret_of(object));
	if (sl_material_bound(object->material))
		printf("bound: to the token secret\n");
	if (recipe != NULL)
		printf("name: %s\nversion: %lu\nsalt: %s\n", recipe->name, (unsigned long)recipe->version, recipe->salted ? "yes" : "no");
	printf("id: ");
	sl_keys_print_hex(sl_attrs_get(&object->attrs, CKA_ID));
	printf("\n");
	print_usage(object);
	print_public(object);
	print_origin(instance, found, label);
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	struct sl_msg msg = { "" };
	int status = SL_EXIT_FAILURE;
	enum sl_err err;

	instance = sl_keys_open(&status);
	if (instance == NULL)
		return status;
	err = sl_keys_one(instance, args, &founds, &msg);
	if (err != SL_OK)
		return sl_report_error(err, args->operand, &msg);
	for (size_t i = 0; i < founds.n; i++) {
		if (i != 0)
			printf("\n");
		print_key(instance, &founds.at[i]);
	}
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_key_show = {
	.words = "key show",
	.operand = "LABEL",
	.summary = "Show what a key is derived from, its use and its origin",
	.options = {
		{ "token", "TOKEN", "the key's token, where several have this label" },
	},
	.run = run,
};
