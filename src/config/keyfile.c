/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/keyfile.h"

#include "base/fs.h"
#include "base/text.h"
#include "config/load.h"

#include <string.h>

#define FILES_MAX 4096
#define TEXT_MAX_LEN 255
#define TYPE_MAX_LEN 32
#define KEEP_MAX 100

static enum sl_err
set_text(char **field, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	const size_t len = strlen(item->value);

	if (len < 1 || len > TEXT_MAX_LEN)
		return sl_ini_bad(ini, item, "1 to 255 bytes of text", msg);
	return sl_load_copy(field, item->value);
}

static enum sl_err
set_label(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	return set_text(&((struct sl_keyfile *)target)->label, ini, item, msg);
}

static enum sl_err
set_name(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	return set_text(&((struct sl_keyfile *)target)->name, ini, item, msg);
}

static enum sl_err
set_token(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	if (!sl_text_name(item->value))
		return sl_ini_bad(ini, item, "the name of a token", msg);
	return sl_load_copy(&((struct sl_keyfile *)target)->token, item->value);
}

static enum sl_err
set_type(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_keyfile *file = target;
	const size_t len = strlen(item->value);

	if (len < 1 || len > TYPE_MAX_LEN)
		return sl_ini_bad(ini, item, "a key type such as ec:P-256", msg);
	file->type_line = item->line;
	return sl_load_copy(&file->type, item->value);
}

static bool
parse_use(const char *word, size_t len, unsigned *ret_use)
{
	static const struct {
		const char *word;
		unsigned use;
	} uses[] = {
		{ "sign", SL_USE_SIGN }, { "decrypt", SL_USE_DECRYPT }, { "derive", SL_USE_DERIVE },
		{ "wrap", SL_USE_WRAP }, { "encrypt", SL_USE_ENCRYPT },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(uses); i++) {
		if (strlen(uses[i].word) == len && memcmp(uses[i].word, word, len) == 0) {
			*ret_use = uses[i].use;
			return true;
		}
	}
	return false;
}

bool
sl_keyfile_usage(const char *text, unsigned *ret_usage)
{
	const char *at = text;
	unsigned usage = 0;

	for (;;) {
		size_t len;
		unsigned use;

		at += strspn(at, " \t");
		len = strcspn(at, ", \t");
		if (!parse_use(at, len, &use) || (usage & use) != 0)
			return false;
		usage |= use;
		at += len;
		at += strspn(at, " \t");
		if (*at == '\0')
			break;
		if (*at++ != ',')
			return false;
	}
	*ret_usage = usage;
	return true;
}

static enum sl_err
set_usage(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_keyfile *file = target;

	return sl_keyfile_usage(item->value, &file->usage) ? SL_OK : sl_ini_bad(ini, item, SL_KEYFILE_USAGE, msg);
}

static enum sl_err
set_version(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_keyfile *file = target;
	uint32_t version;

	if (!sl_text_u32(item->value, &version) || version == 0)
		return sl_ini_bad(ini, item, "a number from 1 to 4294967295", msg);
	file->version = version;
	return SL_OK;
}

static enum sl_err
set_keep(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_keyfile *file = target;
	uint32_t keep;

	if (!sl_text_u32(item->value, &keep) || keep > KEEP_MAX)
		return sl_ini_bad(ini, item, "a number from 0 to 100", msg);
	file->keep = keep;
	return SL_OK;
}

static enum sl_err
set_id(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_keyfile *file = target;

	if (!sl_text_hex(item->value, file->id, sizeof(file->id), &file->id_len))
		return sl_ini_bad(ini, item, "1 to 64 bytes in hex", msg);
	return SL_OK;
}

static enum sl_err
set_certificate(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_keyfile *file = target;
	const char *slash = strrchr(ini->path, '/');
	const int dir_len = slash == NULL ? 0 : (int)(slash - ini->path);
	char *path;

	if (item->value[0] == '\0')
		return sl_ini_bad(ini, item, "the path of a certificate", msg);
	if (item->value[0] == '/')
		return sl_load_copy(&file->certificate, item->value);
	if (asprintf(&path, "%.*s/%s", slash == NULL ? 1 : dir_len, slash == NULL ? "." : ini->path, item->value) < 0)
		return SL_ERR_MEMORY;
	free(file->certificate);
	file->certificate = path;
	return SL_OK;
}

static const struct sl_load_rule rules[] = {
	{ "label", set_label, false },
	{ "name", set_name, false },
	{ "token", set_token, false },
	{ "type", set_type, false },
	{ "usage", set_usage, false },
	{ "version", set_version, false },
	{ "keep", set_keep, false },
	{ "id", set_id, false },
	{ "certificate", set_certificate, false },
};

void
sl_keyfile_clear(struct sl_keyfile *file)
{
	free(file->path);
	free(file->label);
	free(file->name);
	free(file->token);
	free(file->type);
	free(file->certificate);
	*file = (struct sl_keyfile){ 0 };
}

static enum sl_err
fill_defaults(struct sl_keyfile *file)
{
	enum sl_err err;

	if (file->name == NULL && (err = sl_load_copy(&file->name, file->label)) != SL_OK)
		return err;
	if (file->token == NULL && (err = sl_load_copy(&file->token, "owner")) != SL_OK)
		return err;
	return SL_OK;
}

static enum sl_err
read_ini(struct sl_keyfile *file, const struct sl_ini *ini, struct sl_msg *msg)
{
	uint32_t seen = 0;
	enum sl_err err;

	for (size_t i = 0; i < ini->n; i++) {
		const struct sl_ini_item *item = &ini->items[i];

		if (item->key == NULL)
			return sl_ini_complain(ini, item->line, msg, "[%.80s], expected no section in a key file", item->section);
		err = sl_load_item(rules, SL_ARRAY_LEN(rules), &seen, file, ini, item, msg);
		if (err != SL_OK)
			return err;
	}
	if (file->label == NULL || file->type == NULL)
		return sl_ini_complain(ini, 1, msg, "no %s in the file, expected label = ... and type = ...",
		                       file->label == NULL ? "label" : "type");
	return fill_defaults(file);
}

static enum sl_err
from_ini(const struct sl_ini *ini, struct sl_keyfile *ret_file, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keyfile_clear) struct sl_keyfile file = { .version = 1 };
	enum sl_err err;

	if ((err = sl_load_copy(&file.path, ini->path)) != SL_OK || (err = read_ini(&file, ini, msg)) != SL_OK)
		return err;
	*ret_file = file;
	file = (struct sl_keyfile){ 0 };
	return SL_OK;
}

enum sl_err
sl_keyfile_load(const char *path, struct sl_keyfile *ret_file, struct sl_msg *msg)
{
	SL_CLEANUP(sl_ini_clear) struct sl_ini ini = { 0 };
	const enum sl_err err = sl_ini_load(path, SL_KEYFILE_MAX, &ini, msg);

	return err != SL_OK ? err : from_ini(&ini, ret_file, msg);
}

enum sl_err
sl_keyfile_parse(const char *path, const char *text, struct sl_keyfile *ret_file, struct sl_msg *msg)
{
	SL_CLEANUP(sl_ini_clear) struct sl_ini ini = { 0 };
	const enum sl_err err = sl_ini_parse(path, text, &ini, msg);

	return err != SL_OK ? err : from_ini(&ini, ret_file, msg);
}

void
sl_keyfiles_clear(struct sl_keyfiles *files)
{
	for (size_t i = 0; i < files->n; i++)
		sl_keyfile_clear(&files->files[i]);
	free(files->files);
	*files = (struct sl_keyfiles){ 0 };
}

/* Room for one more, empty. */
static struct sl_keyfile *
new_file(struct sl_keyfiles *files)
{
	if (files->n == files->room) {
		const size_t room = files->room * 2 + 4;
		struct sl_keyfile *bigger = reallocarray(files->files, room, sizeof(*bigger));

		if (bigger == NULL)
			return NULL;
		files->files = bigger;
		files->room = room;
	}
	files->files[files->n] = (struct sl_keyfile){ 0 };
	return &files->files[files->n];
}

static enum sl_err
load_one(const struct sl_config *config, const char *path, struct sl_keyfiles *files, struct sl_msg *msg)
{
	struct sl_keyfile *file = new_file(files);
	enum sl_err err;

	if (file == NULL)
		return SL_ERR_MEMORY;
	err = sl_keyfile_load(path, file, msg);
	if (err != SL_OK)
		return err;
	files->n++;
	if (sl_config_token(config, file->token) == NULL) {
		sl_msg_set(msg, "%s: token: '%s', expected a token of the configuration", path, file->token);
		return SL_ERR_FORMAT;
	}
	return SL_OK;
}

static enum sl_err
load_dir(const struct sl_config *config, const char *dir, struct sl_keyfiles *files, struct sl_msg *msg)
{
	SL_CLEANUP(sl_fs_list_free) char **paths = NULL;
	enum sl_err err = sl_fs_private_dir(dir, 0, msg);

	if (err == SL_ERR_NOT_FOUND)
		return SL_OK;
	if (err == SL_OK)
		err = sl_fs_list(dir, ".key", &paths, msg);
	for (size_t i = 0; err == SL_OK && paths[i] != NULL; i++) {
		if (files->n == FILES_MAX) {
			sl_msg_set(msg, "%s: more than %d key files, expected at most that", dir, FILES_MAX);
			return SL_ERR_RANGE;
		}
		err = load_one(config, paths[i], files, msg);
	}
	return err;
}

static int
by_derivation(const void *a, const void *b)
{
	const struct sl_keyfile *x = *(const struct sl_keyfile *const *)a;
	const struct sl_keyfile *y = *(const struct sl_keyfile *const *)b;
	int r = strcmp(x->token, y->token);

	if (r == 0)
		r = strcmp(x->name, y->name);
	return r != 0 ? r : strcmp(x->type, y->type);
}

static int
by_label(const void *a, const void *b)
{
	const struct sl_keyfile *x = *(const struct sl_keyfile *const *)a;
	const struct sl_keyfile *y = *(const struct sl_keyfile *const *)b;
	const int r = strcmp(x->token, y->token);

	return r != 0 ? r : strcmp(x->label, y->label);
}

static enum sl_err
check_unique(const struct sl_keyfiles *files, int (*order)(const void *, const void *), const char *what, struct sl_msg *msg)
{
	SL_FREE const struct sl_keyfile **sorted = calloc(files->n + 1, sizeof(*sorted));

	if (sorted == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < files->n; i++)
		sorted[i] = &files->files[i];
	qsort(sorted, files->n, sizeof(*sorted), order);
	for (size_t i = 1; i < files->n; i++) {
		if (order(&sorted[i - 1], &sorted[i]) == 0) {
			sl_msg_set(msg, "%s and %s declare the same %s, expected different ones", sorted[i - 1]->path, sorted[i]->path, what);
			return SL_ERR_EXISTS;
		}
	}
	return SL_OK;
}

static enum sl_err
load_dirs(const struct sl_config *config, const char *const *dirs, struct sl_keyfiles *ret_files, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keyfiles_clear) struct sl_keyfiles files = { 0 };
	enum sl_err err;

	for (; *dirs != NULL; dirs++)
		if ((err = load_dir(config, *dirs, &files, msg)) != SL_OK)
			return err;
	if ((err = check_unique(&files, by_derivation, "token, name and type", msg)) != SL_OK ||
	    (err = check_unique(&files, by_label, "token and label", msg)) != SL_OK)
		return err;
	*ret_files = files;
	files = (struct sl_keyfiles){ 0 };
	return SL_OK;
}

enum sl_err
sl_keyfiles_load(const struct sl_config *config, struct sl_keyfiles *ret_files, struct sl_msg *msg)
{
	return load_dirs(config, (const char *const *)config->keys_dirs, ret_files, msg);
}

enum sl_err
sl_keyfiles_load_dir(const struct sl_config *config, const char *dir, struct sl_keyfiles *ret_files, struct sl_msg *msg)
{
	return load_dirs(config, (const char *const[]){ dir, NULL }, ret_files, msg);
}

const struct sl_keyfile *
sl_keyfiles_conflict(const struct sl_keyfiles *files, const struct sl_keyfile *candidate)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct sl_keyfile *file = &files->files[i];

		if (by_derivation(&file, &candidate) == 0 || by_label(&file, &candidate) == 0)
			return file;
	}
	return NULL;
}
