/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/tool.h"

#include <string.h>

static enum sl_err
check_certificates(const struct sl_keyfiles *files, struct sl_msg *msg)
{
	for (size_t i = 0; i < files->n; i++) {
		const char *path = files->files[i].certificate;

		if (path != NULL && access(path, R_OK) != 0) {
			sl_msg_set(msg, "%s: certificate: %s cannot be read", files->files[i].path, path);
			return SL_ERR_FORMAT;
		}
	}
	return SL_OK;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles files = { 0 };
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	const int status = sl_keyset_load(&config, &files);
	struct sl_msg msg = { "" };
	enum sl_err err;

	(void)args;
	if (status != SL_EXIT_OK)
		return status;
	err = check_certificates(&files, &msg);
	if (err != SL_OK)
		return sl_report_error(err, "certificates", &msg);
	printf("configuration: %s\n", config->path == NULL ? "none, all defaults" : config->path);
	printf("tcti: %s\n", config->tcti);
	printf("store: %s\n", config->store);
	for (char **dir = config->keys_dirs; *dir != NULL; dir++)
		printf("keys-dir: %s\n", *dir);
	printf("tokens: %zu\n", config->n_tokens);
	printf("declared keys: %zu\n", files.n);
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_config_check = {
	.words = "config check",
	.summary = "Check the configuration and every key file, without a TPM",
	.run = run,
};
