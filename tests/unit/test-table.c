/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/table.h"
#include "base/utf8.h"
#include "lib/test.h"

#include <string.h>

static int things[4096];

static void
table(void)
{
	SL_CLEANUP(sl_table_clear) struct sl_table t = { 0 };
	size_t at = 0;
	size_t seen = 0;
	uint64_t key;
	bool all = true;

	test_ok(sl_table_get(&t, 1) == NULL, "an empty table has nothing");
	test_ok(sl_table_remove(&t, 1) == NULL, "and nothing to remove");
	test_eq(sl_table_put(&t, 0, things), SL_ERR_ARG, "no key 0");
	test_eq(sl_table_put(&t, 1, NULL), SL_ERR_ARG, "no value NULL");
	for (uint64_t i = 1; i <= 4096; i++)
		all = all && sl_table_put(&t, i * 3, &things[i - 1]) == SL_OK;
	test_ok(all && t.used == 4096, "4096 entries");
	for (uint64_t i = 1; i <= 4096; i++)
		all = all && sl_table_get(&t, i * 3) == &things[i - 1] && sl_table_get(&t, i * 3 + 1) == NULL;
	test_ok(all, "each is found, and no other");
	test_eq(sl_table_put(&t, 3, &things[7]), SL_OK, "replace");
	test_ok(sl_table_get(&t, 3) == &things[7] && t.used == 4096, "replaced");
	while (sl_table_next(&t, &at, &key) != NULL) {
		seen++;
		if (key % 2 == 0)
			(void)sl_table_remove(&t, key);
	}
	test_eq(seen, 4096, "a walk that removes sees everything");
	test_eq(t.used, 2048, "half is left");
	for (uint64_t round = 0; round < 100000; round++) {
		const uint64_t k = 1000000 + round;

		all = all && sl_table_put(&t, k, things) == SL_OK && sl_table_remove(&t, k) == things;
	}
	test_ok(all && t.used == 2048, "coming and going keeps the rest");
	test_ok(t.room <= 16384, "and does not grow the table (%zu cells)", t.room);
	test_ok(sl_table_get(&t, 9) == &things[2], "an old entry is still there");
}

static void
utf8(void)
{
	static const struct {
		const char *name;
		const char *text;
		bool valid;
	} cases[] = {
		{ "empty", "", true },
		{ "ASCII", "host key", true },
		{ "two bytes", "\xc3\xa9", true },
		{ "three bytes", "\xe2\x82\xac", true },
		{ "four bytes", "\xf0\x9f\x8c\xb1", true },
		{ "the last character", "\xf4\x8f\xbf\xbf", true },
		{ "beyond the last", "\xf4\x90\x80\x80", false },
		{ "overlong slash", "\xc0\xaf", false },
		{ "overlong in three", "\xe0\x80\xaf", false },
		{ "a surrogate", "\xed\xa0\x80", false },
		{ "cut short", "\xe2\x82", false },
		{ "a stray continuation", "a\x80", false },
		{ "no continuation", "\xc3(", false },
		{ "0xff", "\xff", false },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++)
		test_eq(sl_utf8_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid, "UTF-8: %s", cases[i].name);
}

int
main(void)
{
	table();
	utf8();
	return test_done();
}
