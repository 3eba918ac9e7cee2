/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "derive/keytype.h"
#include "tool/tool.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define STEM_MAX 100
#define NUMBER_MAX 99

/* One "key = value" line, nothing when value is NULL. */
static enum sl_err
put_line(FILE *f, const char *key, const char *value, struct sl_msg *msg)
{
	if (value == NULL)
		return SL_OK;
	if (strchr(value, '\n') != NULL) {
		sl_msg_set(msg, "%s: a newline in '%.80s', expected one line", key, value);
		return SL_ERR_ARG;
	}
	return fprintf(f, "%s = %s\n", key, value) < 0 ? SL_ERR_MEMORY : SL_OK;
}

static enum sl_err
put_lines(FILE *f, const struct sl_tool_args *args, const char *certificate, struct sl_msg *msg)
{
	static const char *const keys[] = { "name", "token", "type", "usage", "version", "keep", "id" };
	enum sl_err err = put_line(f, "label", args->operand, msg);

	for (size_t i = 0; err == SL_OK && i < SL_ARRAY_LEN(keys); i++)
		err = put_line(f, keys[i], sl_args_value(args, keys[i]), msg);
	return err != SL_OK ? err : put_line(f, "certificate", certificate, msg);
}

/* The file's text. */
static enum sl_err
render(const struct sl_tool_args *args, const char *certificate, char **ret_text, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	enum sl_err err;

	if (f == NULL)
		return SL_ERR_MEMORY;
	err = put_lines(f, args, certificate, msg);
	if (fclose(f) != 0 || err != SL_OK)
		return err != SL_OK ? err : SL_ERR_MEMORY;
	*ret_text = SL_TAKE(text);
	return SL_OK;
}

/*
 * A value with blanks at its ends would be read back as something else, and a key derived from something else is another key:
 * what is read must be what was asked for.
 */
static enum sl_err
same(const char *what, const char *asked, const char *read, struct sl_msg *msg)
{
	if (asked == NULL || strcmp(asked, read) == 0)
		return SL_OK;
	sl_msg_set(msg, "%s: '%.80s', expected no blanks at its ends", what, asked);
	return SL_ERR_ARG;
}

static enum sl_err
check(const struct sl_tool_args *args, const struct sl_config *config, const struct sl_keyfile *file, struct sl_msg *msg)
{
	struct sl_keytype type;
	enum sl_err err;

	if ((err = same("the label", args->operand, file->label, msg)) != SL_OK ||
	    (err = same("--name", sl_args_value(args, "name"), file->name, msg)) != SL_OK ||
	    (err = same("--token", sl_args_value(args, "token"), file->token, msg)) != SL_OK ||
	    (err = same("--type", sl_args_value(args, "type"), file->type, msg)) != SL_OK ||
	    (err = sl_keytype_parse(file->type, &type, msg)) != SL_OK)
		return err;
	if (sl_config_token(config, file->token) == NULL) {
		sl_msg_set(msg, "--token: '%.80s', expected a token of the configuration", file->token);
		return SL_ERR_ARG;
	}
	return SL_OK;
}

static enum sl_err
check_conflict(const struct sl_config *config, const char *dir, const struct sl_keyfile *file, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles ours = { 0 };
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles theirs = { 0 };
	const struct sl_keyfile *other;
	enum sl_err err;

	if ((err = sl_keyfiles_load(config, &ours, msg)) != SL_OK || (err = sl_keyfiles_load_dir(config, dir, &theirs, msg)) != SL_OK)
		return err;
	other = sl_keyfiles_conflict(&ours, file);
	if (other == NULL)
		other = sl_keyfiles_conflict(&theirs, file);
	if (other == NULL)
		return SL_OK;
	sl_msg_set(msg, "%s declares a key of that label, or of that name and type, on token %s", other->path, other->token);
	return SL_ERR_EXISTS;
}

/* The label as the stem of a file name: other characters become one '-'. */
static void
stem_of(const char *label, char stem[STEM_MAX + 1])
{
	size_t n = 0;

	for (const char *p = label; *p != '\0' && n < STEM_MAX; p++) {
		const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
		                   (*p == '.' && n != 0);

		if (plain)
			stem[n++] = *p;
		else if (n != 0 && stem[n - 1] != '-')
			stem[n++] = '-';
	}
	while (n != 0 && (stem[n - 1] == '-' || stem[n - 1] == '.'))
		n--;
	stem[n] = '\0';
	if (n == 0)
		(void)snprintf(stem, STEM_MAX + 1, "key");
}

/* Another label can have the same stem: then the name is numbered. */
static enum sl_err
write_file(const char *dir, const char *label, const char *text, char *ret_path, struct sl_msg *msg)
{
	char stem[STEM_MAX + 1];
	char path[PATH_MAX];
	enum sl_err err = SL_ERR_EXISTS;

	stem_of(label, stem);
	for (unsigned i = 1; i <= NUMBER_MAX && err == SL_ERR_EXISTS; i++) {
		char number[8] = "";

		if (i > 1)
			(void)snprintf(number, sizeof(number), "-%u", i);
		if (snprintf(path, sizeof(path), "%s/%s%s.key", dir, stem, number) >= (int)sizeof(path))
			return SL_ERR_RANGE;
		err = sl_fs_write_text(path, text, 0644, 0, msg);
	}
	if (err == SL_OK)
		memcpy(ret_path, path, strlen(path) + 1);
	return err;
}

/* Everybody may read key files, so that the directory is not private; but only we or root may write it. */
static enum sl_err
make_dir(const char *dir, struct sl_msg *msg)
{
	char path[PATH_MAX];

	if (dir[0] != '/' || strlen(dir) >= sizeof(path)) {
		sl_msg_set(msg, "--dir: '%.80s', expected an absolute path", dir);
		return SL_ERR_ARG;
	}
	memcpy(path, dir, strlen(dir) + 1);
	for (char *p = path + 1; p != NULL;) {
		p = strchr(p, '/');
		if (p != NULL)
			*p = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST && access(path, X_OK) != 0) {
			sl_msg_set(msg, "%s: cannot be made: error %d", path, errno);
			return SL_ERR_IO;
		}
		if (p != NULL)
			*p++ = '/';
	}
	return sl_fs_private_dir(dir, 0, msg);
}

static bool
is_configured(const struct sl_config *config, const char *dir)
{
	for (char **d = config->keys_dirs; *d != NULL; d++)
		if (strcmp(*d, dir) == 0)
			return true;
	return false;
}

static int
add(const struct sl_tool_args *args, const struct sl_config *config, const char *certificate)
{
	const char *dir = sl_args_value(args, "dir") != NULL ? sl_args_value(args, "dir") : config->keys_dirs[0];
	SL_CLEANUP(sl_keyfile_clear) struct sl_keyfile file = { 0 };
	SL_FREE char *text = NULL;
	struct sl_msg msg = { "" };
	char path[PATH_MAX];
	enum sl_err err;

	if ((err = render(args, certificate, &text, &msg)) != SL_OK ||
	    (err = sl_keyfile_parse("key file", text, &file, &msg)) != SL_OK || (err = check(args, config, &file, &msg)) != SL_OK ||
	    (err = make_dir(dir, &msg)) != SL_OK || (err = check_conflict(config, dir, &file, &msg)) != SL_OK ||
	    (err = write_file(dir, args->operand, text, path, &msg)) != SL_OK)
		return sl_report_error(err, args->operand, &msg);
	printf("%s\n", path);
	if (!is_configured(config, dir))
		sl_report("%s is not a keys-dir of this configuration", dir);
	return SL_EXIT_OK;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	SL_FREE char *certificate = NULL;
	int status = SL_EXIT_USAGE;

	if (sl_args_value(args, "type") == NULL) {
		sl_report("key add: expected --type, such as --type ec:P-256");
		return SL_EXIT_USAGE;
	}
	if (sl_args_value(args, "certificate") != NULL) {
		certificate = realpath(sl_args_value(args, "certificate"), NULL);
		if (certificate == NULL) {
			sl_report("--certificate: '%.80s', expected a file that is there", sl_args_value(args, "certificate"));
			return SL_EXIT_USAGE;
		}
	}
	config = sl_report_config(&status);
	return config == NULL ? status : add(args, config, certificate);
}

const struct sl_tool_command sl_cmd_key_add = {
	.words = "key add",
	.operand = "LABEL",
	.summary = "Declare a key: write a key file, and have the key from then on",
	.options = {
		{ "type", "TYPE", "ec:P-256, rsa:3072, ed25519, aes:256, ... (required)" },
		{ "token", "TOKEN", "the token it is derived on (default: owner)" },
		{ "name", "NAME", "the name it is derived from (default: the label)" },
		{ "usage", "USE,USE", "sign, decrypt, derive, wrap, encrypt (default: by type)" },
		{ "version", "N", "the version it is derived from (default: 1)" },
		{ "keep", "N", "list N versions before it, to verify and decrypt (0 to 100)" },
		{ "id", "HEX", "CKA_ID (default: computed)" },
		{ "certificate", "FILE", "its X.509 certificate, PEM or DER" },
		{ "dir", "DIR", "the directory of key files (default: the configuration's first)" },
	},
	.run = run,
};
