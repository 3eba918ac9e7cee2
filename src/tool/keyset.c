/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "derive/keytype.h"
#include "tool/tool.h"

#include <string.h>

enum sl_err
sl_keyset_find(const struct sl_keyfiles *files, const char *label, const char *token, const struct sl_keyfile **ret_file,
                 struct sl_msg *msg)
{
	const struct sl_keyfile *found = NULL;

	for (size_t i = 0; i < files->n; i++) {
		const struct sl_keyfile *file = &files->files[i];

		if (strcmp(file->label, label) != 0 || (token != NULL && strcmp(file->token, token) != 0))
			continue;
		if (found != NULL) {
			sl_msg_set(msg, "%s: declared on the tokens %s and %s, expected --token", label, found->token, file->token);
			return SL_ERR_ARG;
		}
		found = file;
	}
	if (found == NULL) {
		sl_msg_set(msg, "%s: there is no declared key of this label%s%s", label, token == NULL ? "" : " on token ",
		           token == NULL ? "" : token);
		return SL_ERR_NOT_FOUND;
	}
	*ret_file = found;
	return SL_OK;
}

static enum sl_err
check_type(const struct sl_keyfile *file, struct sl_msg *msg)
{
	struct sl_keytype type;
	struct sl_msg why = { "" };

	if (sl_keytype_parse(file->type, &type, &why) == SL_OK)
		return SL_OK;
	sl_msg_set(msg, "%s:%u: type: %.380s", file->path, file->type_line, why.text);
	return SL_ERR_FORMAT;
}

int
sl_keyset_load(struct sl_config **ret_config, struct sl_keyfiles *ret_files)
{
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles files = { 0 };
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err;
	int status;

	config = sl_report_config(&status);
	if (config == NULL)
		return status;
	err = sl_keyfiles_load(config, &files, &msg);
	for (size_t i = 0; err == SL_OK && i < files.n; i++)
		err = check_type(&files.files[i], &msg);
	if (err != SL_OK) {
		status = sl_report_error(err, "key files", &msg);
		return err == SL_ERR_ACCESS || err == SL_ERR_EXISTS ? SL_EXIT_USAGE : status;
	}
	*ret_config = SL_TAKE(config);
	*ret_files = files;
	files = (struct sl_keyfiles){ 0 };
	return SL_EXIT_OK;
}
