/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/keys.h"

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
	err = sl_keys_find(instance, NULL, sl_args_value(args, "token"), &founds, &msg);
	if (err != SL_OK)
		return sl_report_error(err, instance->config->tcti, &msg);
	for (size_t i = 0; i < founds.n; i++) {
		const struct sl_object *object = founds.at[i].object;
		const struct sl_recipe *recipe = sl_material_recipe(object->material);
		char type[SL_KEYS_TYPE];
		char label[256];

		sl_keys_type(object, type);
		sl_keys_label(object, label);
		printf("%s\t%s\t%lu\t%s\t", founds.at[i].token->config->name, type,
		       recipe == NULL ? 0UL : (unsigned long)recipe->version, object->home == SL_HOME_DECLARED ? "declared" : "stored");
		sl_keys_print_hex(sl_attrs_get(&object->attrs, CKA_ID));
		printf("\t%s\n", label);
	}
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_key_list = {
	.words = "key list",
	.summary = "List the keys: token, type, version, origin, id and label",
	.options = {
		{ "token", "TOKEN", "only this token's" },
	},
	.run = run,
};
