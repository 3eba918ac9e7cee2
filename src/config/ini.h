/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CONFIG_INI_H
#define SL_CONFIG_INI_H

#include "base/err.h"

#include <stddef.h>

/*
 * The one reader of our text files. UTF-8, lines that end in a newline alone:
 *   [section]
 *   key = value
 *   # comment        ; comment      (at the start of a line only: a value may hold # and ;)
 * White space around keys, values and section names does not count. There is no quoting, no escape and no continued line; control
 * characters other than the tab are refused. What sections, keys and values mean is the caller's business, repetitions too.
 */
#define SL_INI_FILE_MAX ((size_t)1 << 20)
#define SL_INI_LINE_MAX 4096
#define SL_INI_ITEMS_MAX 4096

/* A section's header (key and value NULL) or one setting, in file order. */
struct sl_ini_item {
	const char *section; /* "" before the first header */
	const char *key;
	const char *value;
	unsigned line;
};

struct sl_ini {
	char *path;
	char *text; /* the items point into it */
	struct sl_ini_item *items;
	size_t n;
	size_t room;
};

/* Reads a file of at most max bytes that others cannot write. SL_ERR_NOT_FOUND, _ACCESS, _RANGE, _FORMAT, _IO, _MEMORY; the message says "FILE:LINE: ...". */
SL_MUST_CHECK enum sl_err sl_ini_load(const char *path, size_t max, struct sl_ini *ret_ini, struct sl_msg *msg);

/* The same from a text; path is for messages. */
SL_MUST_CHECK enum sl_err sl_ini_parse(const char *path, const char *text, struct sl_ini *ret_ini, struct sl_msg *msg);
void sl_ini_clear(struct sl_ini *ini);

/* SL_ERR_FORMAT and "FILE:LINE: KEY: 'VALUE', expected WANT". */
enum sl_err sl_ini_bad(const struct sl_ini *ini, const struct sl_ini_item *item, const char *want, struct sl_msg *msg);

/* SL_ERR_FORMAT and "FILE:LINE: TEXT". */
enum sl_err sl_ini_complain(const struct sl_ini *ini, unsigned line, struct sl_msg *msg, const char *fmt, ...) SL_PRINTF(4, 5);

#endif
