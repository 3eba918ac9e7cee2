/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "tool/tool.h"

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles files = { 0 };
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	const int status = sl_declared_load(&config, &files);
	const struct sl_keyfile *file = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err;

	if (status != SL_EXIT_OK)
		return status;
	err = sl_declared_find(&files, args->operand, sl_args_value(args, "token"), &file, &msg);
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
	.summary = "Remove a declared key's file",
	.options = {
		{ "token", "TOKEN", "the key's token, where several have this label" },
	},
	.run = run,
};
