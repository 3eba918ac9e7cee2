/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "base/text.h"
#include "config/ini.h"
#include "tool/tool.h"

#include <string.h>
#include <sys/stat.h>

/* The number of the line that sets key; 0 when no line does. */
static unsigned
line_of(const struct sl_ini *ini, const char *key)
{
	for (size_t i = 0; i < ini->n; i++)
		if (ini->items[i].key != NULL && strcmp(ini->items[i].key, key) == 0)
			return ini->items[i].line;
	return 0;
}

/* text with its line-th line (0: a new one at the end) replaced by "key = number"; all else as it was. */
static enum sl_err
set_line(char **text, unsigned line, const char *key, uint32_t number)
{
	const char *at = *text;
	const char *rest;
	char *changed;
	int n;

	for (unsigned i = 1; line != 0 && i < line; i++)
		at = strchr(at, '\n') + 1;
	if (line == 0)
		at += strlen(at);
	rest = at + strcspn(at, "\n");
	n = asprintf(&changed, "%.*s%s%s = %lu%s", (int)(at - *text), *text, at > *text && at[-1] != '\n' ? "\n" : "", key,
	             (unsigned long)number, *rest == '\0' ? "\n" : rest);
	if (n < 0)
		return SL_ERR_MEMORY;
	free(*text);
	*text = changed;
	return SL_OK;
}

/* Sets key in the file's text, which is read anew since lines may have moved. */
static enum sl_err
set_number(const char *path, char **text, const char *key, uint32_t number, struct sl_msg *msg)
{
	SL_CLEANUP(sl_ini_clear) struct sl_ini ini = { 0 };
	const enum sl_err err = sl_ini_parse(path, *text, &ini, msg);

	return err != SL_OK ? err : set_line(text, line_of(&ini, key), key, number);
}

static enum sl_err
rewrite(const struct sl_keyfile *file, uint32_t version, const uint32_t *keep, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keyfile_clear) struct sl_keyfile result = { 0 };
	SL_FREE char *text = NULL;
	struct stat st;
	enum sl_err err;

	if ((err = sl_fs_read_private_text(file->path, SL_KEYFILE_MAX, &text, msg)) != SL_OK ||
	    (err = set_number(file->path, &text, "version", version, msg)) != SL_OK ||
	    (keep != NULL && (err = set_number(file->path, &text, "keep", *keep, msg)) != SL_OK) ||
	    (err = sl_keyfile_parse(file->path, text, &result, msg)) != SL_OK)
		return err;
	if (stat(file->path, &st) != 0)
		return SL_ERR_IO;
	return sl_fs_write_text(file->path, text, st.st_mode & 07777, 1, msg);
}

static int
rotate(const struct sl_keyfile *file, const uint32_t *keep)
{
	struct sl_msg msg = { "" };
	enum sl_err err;

	if (file->version == UINT32_MAX) {
		sl_report("%s: version %lu is the last one", file->path, (unsigned long)file->version);
		return SL_EXIT_FAILURE;
	}
	err = rewrite(file, file->version + 1, keep, &msg);
	if (err != SL_OK)
		return sl_report_error(err, file->path, &msg);
	printf("%s: version %lu, was %lu\n", file->path, (unsigned long)file->version + 1, (unsigned long)file->version);
	if (file->certificate != NULL)
		sl_report("%s is a certificate for the version before; replace it", file->certificate);
	return SL_EXIT_OK;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles files = { 0 };
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	const char *keep_text = sl_args_value(args, "keep");
	const struct sl_keyfile *file = NULL;
	struct sl_msg msg = { "" };
	uint32_t keep = 0;
	enum sl_err err;
	int status;

	if (keep_text != NULL && (!sl_text_u32(keep_text, &keep) || keep > 100)) {
		sl_report("--keep: '%.80s', expected a number from 0 to 100", keep_text);
		return SL_EXIT_USAGE;
	}
	status = sl_keyset_load(&config, &files);
	if (status != SL_EXIT_OK)
		return status;
	err = sl_keyset_find(&files, args->operand, sl_args_value(args, "token"), &file, &msg);
	if (err != SL_OK)
		return sl_report_error(err, args->operand, &msg);
	return rotate(file, keep_text != NULL ? &keep : NULL);
}

const struct sl_tool_command sl_cmd_key_rotate = {
	.words = "key rotate",
	.operand = "LABEL",
	.summary = "Raise a declared key's version: from then on it is another key",
	.options = {
		{ "token", "TOKEN", "the key's token, where several have this label" },
		{ "keep", "N", "list N versions before it, to verify and decrypt (0 to 100)" },
	},
	.run = run,
};
