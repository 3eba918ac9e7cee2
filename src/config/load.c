/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/load.h"

#include <string.h>

enum sl_err
sl_load_item(const struct sl_load_rule *rules, size_t n, uint32_t *seen, void *target, const struct sl_ini *ini,
             const struct sl_ini_item *item, struct sl_msg *msg)
{
	char known[300] = "";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(rules[i].key, item->key) != 0) {
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used == 0 ? "" : ", ", rules[i].key);
			used = used < sizeof(known) ? used : sizeof(known) - 1;
			continue;
		}
		if (!rules[i].repeats && (*seen >> i & 1) != 0)
			return sl_ini_complain(ini, item->line, msg, "%s: given a second time, expected it once", item->key);
		*seen |= (uint32_t)1 << i;
		return rules[i].set(target, ini, item, msg);
	}
	return sl_ini_complain(ini, item->line, msg, "unknown key '%s', expected %s", item->key, known);
}

enum sl_err
sl_load_copy(char **field, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return SL_ERR_MEMORY;
	free(*field);
	*field = copy;
	return SL_OK;
}

enum sl_err
sl_load_word(const char *const *words, size_t n, const struct sl_ini *ini, const struct sl_ini_item *item, size_t *ret_index,
             struct sl_msg *msg)
{
	char want[200] = "";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		const char *comma = i == 0 ? "" : i + 1 == n ? " or " : ", ";

		if (strcmp(words[i], item->value) == 0) {
			*ret_index = i;
			return SL_OK;
		}
		used += (size_t)snprintf(want + used, sizeof(want) - used, "%s%s", comma, words[i]);
		used = used < sizeof(want) ? used : sizeof(want) - 1;
	}
	return sl_ini_bad(ini, item, want, msg);
}

bool
sl_load_path_fits(const char *path)
{
	const size_t len = strlen(path);

	return path[0] == '/' && strstr(path, "/../") == NULL && (len < 3 || strcmp(path + len - 3, "/..") != 0);
}

enum sl_err
sl_load_path(char **field, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	return sl_load_path_fits(item->value) ? sl_load_copy(field, item->value) : sl_ini_bad(ini, item, SL_LOAD_PATH, msg);
}
