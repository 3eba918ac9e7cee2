/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/ini.h"

#include "base/fs.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t"

enum sl_err
sl_ini_complain(const struct sl_ini *ini, unsigned line, struct sl_msg *msg, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sl_msg_set(msg, "%s:%u: %s", ini->path, line, text);
	return SL_ERR_FORMAT;
}

enum sl_err
sl_ini_bad(const struct sl_ini *ini, const struct sl_ini_item *item, const char *want, struct sl_msg *msg)
{
	size_t shown = strlen(item->value);

	if (shown > 80)
		for (shown = 80; shown > 0 && (item->value[shown] & 0xc0) == 0x80;)
			shown--;
	return sl_ini_complain(ini, item->line, msg, "%s: '%.*s'%s, expected %s", item->key, (int)shown, item->value,
	                       item->value[shown] == '\0' ? "" : "...", want);
}

void
sl_ini_clear(struct sl_ini *ini)
{
	free(ini->path);
	free(ini->text);
	free(ini->items);
	*ini = (struct sl_ini){ 0 };
}

/* Cuts the blanks off both ends, in place. */
static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	for (len = strlen(text); len > 0 && strchr(BLANKS, text[len - 1]) != NULL;)
		len--;
	text[len] = '\0';
	return text;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return true;
	return false;
}

static enum sl_err
check_line(const struct sl_ini *ini, unsigned line, const char *text, struct sl_msg *msg)
{
	const size_t len = strlen(text);

	if (len > SL_INI_LINE_MAX)
		return sl_ini_complain(ini, line, msg, "%zu bytes in one line, expected at most %d", len, SL_INI_LINE_MAX);
	if (len != 0 && text[len - 1] == '\r')
		return sl_ini_complain(ini, line, msg, "the line ends in a carriage return, expected a newline alone");
	if (has_control(text))
		return sl_ini_complain(ini, line, msg, "a control character, expected text");
	if (!sl_utf8_valid(text, len))
		return sl_ini_complain(ini, line, msg, "bytes that are not UTF-8, expected UTF-8 text");
	return SL_OK;
}

/* "[name]"; text begins with the bracket. */
static enum sl_err
read_section(const struct sl_ini *ini, unsigned line, char *text, struct sl_ini_item *ret_item, struct sl_msg *msg)
{
	const size_t len = strlen(text);
	char *name;

	if (len < 2 || text[len - 1] != ']' || strcspn(text + 1, "[]") != len - 2)
		return sl_ini_complain(ini, line, msg, "'%.80s', expected [section]", text);
	text[len - 1] = '\0';
	name = trim(text + 1);
	if (name[0] == '\0')
		return sl_ini_complain(ini, line, msg, "an empty section name, expected [section]");
	*ret_item = (struct sl_ini_item){ .section = name, .line = line };
	return SL_OK;
}

static enum sl_err
read_setting(const struct sl_ini *ini, unsigned line, const char *section, char *text, struct sl_ini_item *ret_item,
             struct sl_msg *msg)
{
	char *equals = strchr(text, '=');
	char *key;

	if (equals == NULL)
		return sl_ini_complain(ini, line, msg, "'%.80s', expected KEY = VALUE, [section] or a comment", text);
	*equals = '\0';
	key = trim(text);
	if (!sl_text_name(key))
		return sl_ini_complain(ini, line, msg, "'%.80s', expected a key of 1 to 32 of a-z, 0-9 and '-'", key);
	*ret_item = (struct sl_ini_item){ .section = section, .key = key, .value = trim(equals + 1), .line = line };
	return SL_OK;
}

static enum sl_err
add_item(struct sl_ini *ini, struct sl_ini_item item)
{
	if (ini->n == ini->room) {
		const size_t room = ini->room * 2 + 16;
		struct sl_ini_item *bigger = reallocarray(ini->items, room, sizeof(*bigger));

		if (bigger == NULL)
			return SL_ERR_MEMORY;
		ini->items = bigger;
		ini->room = room;
	}
	ini->items[ini->n++] = item;
	return SL_OK;
}

static enum sl_err
add_line(struct sl_ini *ini, unsigned line, char *text, struct sl_msg *msg)
{
	const char *section = ini->n == 0 ? "" : ini->items[ini->n - 1].section;
	struct sl_ini_item item;
	enum sl_err err = check_line(ini, line, text, msg);

	if (err != SL_OK)
		return err;
	text = trim(text);
	if (text[0] == '\0' || text[0] == '#' || text[0] == ';')
		return SL_OK;
	if (ini->n == SL_INI_ITEMS_MAX)
		return sl_ini_complain(ini, line, msg, "too many settings, expected at most %d", SL_INI_ITEMS_MAX);
	err = text[0] == '[' ? read_section(ini, line, text, &item, msg)
	                     : read_setting(ini, line, section, text, &item, msg);
	return err == SL_OK ? add_item(ini, item) : err;
}

static enum sl_err
add_lines(struct sl_ini *ini, struct sl_msg *msg)
{
	char *at = ini->text;

	for (unsigned line = 1; at != NULL; line++) {
		char *next = strchr(at, '\n');
		enum sl_err err;

		if (next != NULL)
			*next++ = '\0';
		err = add_line(ini, line, at, msg);
		if (err != SL_OK)
			return err;
		at = next;
	}
	return SL_OK;
}

enum sl_err
sl_ini_parse(const char *path, const char *text, struct sl_ini *ret_ini, struct sl_msg *msg)
{
	SL_CLEANUP(sl_ini_clear) struct sl_ini ini = { 0 };
	enum sl_err err;

	ini.path = strdup(path);
	ini.text = strdup(text);
	if (ini.path == NULL || ini.text == NULL)
		return SL_ERR_MEMORY;
	err = add_lines(&ini, msg);
	if (err != SL_OK)
		return err;
	*ret_ini = ini;
	ini = (struct sl_ini){ 0 };
	return SL_OK;
}

enum sl_err
sl_ini_load(const char *path, size_t max, struct sl_ini *ret_ini, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;
	enum sl_err err = sl_fs_read_private_text(path, max, &text, msg);

	return err != SL_OK ? err : sl_ini_parse(path, text, ret_ini, msg);
}
