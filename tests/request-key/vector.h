/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef REQUEST_KEY_VECTOR_H
#define REQUEST_KEY_VECTOR_H

#include "base/fs.h"
#include "lib/test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* doc/upcall-vectors.json: one line is one row, and its strings have no escapes. */
#define VECTOR_TEXT 4096

static inline bool
vector_text(const char *line, const char *key, char ret[VECTOR_TEXT])
{
	char quoted[64];
	const char *at;
	size_t len;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\": \"", key);
	at = strstr(line, quoted);
	if (at == NULL)
		return false;
	at += strlen(quoted);
	len = strcspn(at, "\"");
	if (len >= VECTOR_TEXT)
		test_bail("a vector's %s is too long", key);
	memcpy(ret, at, len);
	ret[len] = '\0';
	return true;
}

static inline size_t
vector_hex(const char *line, const char *key, uint8_t *ret, size_t room)
{
	char text[VECTOR_TEXT];

	return vector_text(line, key, text) ? test_hex(text, ret, room) : 0;
}

/* Calls row with each line that has the key; returns how many there were. */
static inline unsigned
vector_rows(const char *key, void (*row)(const char *line))
{
	const char *src = getenv("SL_SRC");
	SL_FREE char *text = NULL;
	char path[VECTOR_TEXT];
	char quoted[64];
	unsigned n = 0;
	char *save = NULL;
	struct sl_msg msg;

	(void)snprintf(path, sizeof(path), "%s/doc/upcall-vectors.json", src == NULL ? "." : src);
	(void)snprintf(quoted, sizeof(quoted), "{\"%s\":", key);
	if (sl_fs_read_text(path, (size_t)1 << 20, &text, &msg) != SL_OK)
		test_bail("%s", msg.text);
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, quoted, strlen(quoted)) != 0)
			continue;
		row(line);
		n++;
	}
	return n;
}

#endif
