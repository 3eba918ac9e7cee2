/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/ini.h"
#include "lib/files.h"
#include "lib/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
utf8(void)
{
	static const struct {
		const char *name, *bytes;
		bool good;
	} cases[] = {
		{ "empty", "", true },
		{ "ASCII", "abc", true },
		{ "two bytes", "\xc3\xa4", true },
		{ "U+07FF and U+0800", "\xdf\xbf\xe0\xa0\x80", true },
		{ "U+D7FF and U+E000", "\xed\x9f\xbf\xee\x80\x80", true },
		{ "U+10000 and U+10FFFF", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true },
		{ "overlong two", "\xc1\xbf", false },
		{ "overlong three", "\xe0\x9f\xbf", false },
		{ "overlong four", "\xf0\x8f\xbf\xbf", false },
		{ "surrogate", "\xed\xa0\x80", false },
		{ "above U+10FFFF", "\xf4\x90\x80\x80", false },
		{ "f5", "\xf5\x80\x80\x80", false },
		{ "lone continuation", "a\x80", false },
		{ "cut short", "\xe2\x82", false },
		{ "bad second byte", "\xc3(", false },
		{ "bad last byte", "\xf0\x90\x80(", false },
		{ "Latin-1", "caf\xe9", false },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++)
		test_eq(sl_utf8_valid(cases[i].bytes, strlen(cases[i].bytes)), cases[i].good, "UTF-8: %s", cases[i].name);
}

static void
numbers(void)
{
	static const struct {
		const char *text;
		bool good;
		uint32_t number;
	} cases[] = {
		{ "0", true, 0 },         { "7", true, 7 },      { "4294967295", true, UINT32_MAX },
		{ "", false, 0 },         { "00", false, 0 },    { "01", false, 0 },
		{ "4294967296", false, 0 }, { "42949672950", false, 0 }, { "99999999999999999999", false, 0 },
		{ "-1", false, 0 },       { "+1", false, 0 },    { "1 ", false, 0 },
		{ " 1", false, 0 },       { "1a", false, 0 },    { "0x1", false, 0 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		uint32_t number = 12345;

		test_eq(sl_text_u32(cases[i].text, &number), cases[i].good, "number '%s'", cases[i].text);
		test_eq(number, cases[i].good ? cases[i].number : 12345, "number '%s': value", cases[i].text);
	}
}

static void
hex_and_names(void)
{
	uint8_t out[4] = { 9, 9, 9, 9 };
	size_t len = 99;

	test_ok(!sl_text_hex("", out, 4, &len) && !sl_text_hex("0", out, 4, &len) && !sl_text_hex("0g", out, 4, &len) &&
	            !sl_text_hex("0102030405", out, 4, &len) && !sl_text_hex("01 2", out, 4, &len), "no hex");
	test_ok(len == 99 && out[0] == 9, "outputs are untouched by a failure");
	test_ok(sl_text_hex("00aBfF", out, 4, &len) && len == 3, "hex");
	test_mem(out, 4, "\x00\xab\xff\x09", 4, "hex: bytes");
	test_ok(sl_text_name("a") && sl_text_name("web-2") && sl_text_name("abcdefghijklmnopqrstuvwxyz012345"), "names");
	test_ok(!sl_text_name("") && !sl_text_name("A") && !sl_text_name("a b") && !sl_text_name("a/b") && !sl_text_name("a_b") &&
	            !sl_text_name("abcdefghijklmnopqrstuvwxyz0123456"), "no names");
}

static void
items(void)
{
	static const char text[] = "# comment\n"
	                           "\n"
	                           "  top = 1  \n"
	                           "; other comment\n"
	                           "[ one two ]\n"
	                           "\tkey-9\t=\ta = b # no comment ; nor this\n"
	                           "empty =\n"
	                           "[second]";
	static const struct {
		const char *section, *key, *value;
		unsigned line;
	} want[] = {
		{ "", "top", "1", 3 },
		{ "one two", NULL, NULL, 5 },
		{ "one two", "key-9", "a = b # no comment ; nor this", 6 },
		{ "one two", "empty", "", 7 },
		{ "second", NULL, NULL, 8 },
	};
	struct sl_ini ini = { 0 };
	struct sl_msg msg = { "" };

	test_eq(sl_ini_parse("file", text, &ini, &msg), SL_OK, "a good file %s", msg.text);
	if (!test_eq(ini.n, SL_ARRAY_LEN(want), "number of items"))
		return;
	for (size_t i = 0; i < ini.n; i++) {
		test_str(ini.items[i].section, want[i].section, "item %zu: section", i);
		test_ok((ini.items[i].key == NULL) == (want[i].key == NULL), "item %zu: kind", i);
		if (want[i].key != NULL && ini.items[i].key != NULL) {
			test_str(ini.items[i].key, want[i].key, "item %zu: key", i);
			test_str(ini.items[i].value, want[i].value, "item %zu: value", i);
		}
		test_eq(ini.items[i].line, want[i].line, "item %zu: line", i);
	}
	sl_ini_clear(&ini);
	test_ok(ini.items == NULL && ini.n == 0, "cleared");
}

static void
refusals(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a = 1\nnonsense\n", "f:2: 'nonsense', expected KEY = VALUE, [section] or a comment" },
		{ "a = 1\r\n", "f:1: the line ends in a carriage return, expected a newline alone" },
		{ "a = 1\rb = 2\n", "f:1: a control character, expected text" },
		{ "a = \x1b[1m\n", "f:1: a control character, expected text" },
		{ "a = \x7f\n", "f:1: a control character, expected text" },
		{ "# \xff\n", "f:1: bytes that are not UTF-8, expected UTF-8 text" },
		{ "\n\n[open\n", "f:3: '[open', expected [section]" },
		{ "[]\n", "f:1: an empty section name, expected [section]" },
		{ "[ ]\n", "f:1: an empty section name, expected [section]" },
		{ "[a]]\n", "f:1: '[a]]', expected [section]" },
		{ "[a[b]\n", "f:1: '[a[b]', expected [section]" },
		{ "[a] # x\n", "f:1: '[a] # x', expected [section]" },
		{ "[\n", "f:1: '[', expected [section]" },
		{ "= 1\n", "f:1: '', expected a key of 1 to 32 of a-z, 0-9 and '-'" },
		{ "Key = 1\n", "f:1: 'Key', expected a key of 1 to 32 of a-z, 0-9 and '-'" },
		{ "two words = 1\n", "f:1: 'two words', expected a key of 1 to 32 of a-z, 0-9 and '-'" },
		{ "\xef\xbb\xbf" "a = 1\n", "f:1: '\xef\xbb\xbf" "a', expected a key of 1 to 32 of a-z, 0-9 and '-'" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		struct sl_ini ini = { 0 };
		struct sl_msg msg = { "" };

		test_eq(sl_ini_parse("f", cases[i].text, &ini, &msg), SL_ERR_FORMAT, "refused: case %zu", i);
		test_str(msg.text, cases[i].message, "refused: case %zu: message", i);
		test_ok(ini.items == NULL && ini.text == NULL, "refused: case %zu: output untouched", i);
	}
}

static char *
repeated(const char *piece, size_t times)
{
	const size_t len = strlen(piece);
	char *text = calloc(times, len + 1);

	if (text == NULL)
		test_bail("out of memory");
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * len, piece, len);
	return text;
}

static void
limits(void)
{
	SL_FREE char *many = repeated("a=1\n", SL_INI_ITEMS_MAX + 1);
	SL_FREE char *longest = repeated("x", SL_INI_LINE_MAX + 1);
	struct sl_ini ini = { 0 };
	struct sl_msg msg = { "" };

	test_eq(sl_ini_parse("f", many, &ini, &msg), SL_ERR_FORMAT, "one item too many");
	test_str(msg.text, "f:4097: too many settings, expected at most 4096", "one item too many: message");
	many[strlen(many) - 4] = '\0';
	test_eq(sl_ini_parse("f", many, &ini, &msg), SL_OK, "as many items as may be");
	test_eq(ini.n, SL_INI_ITEMS_MAX, "as many items as may be: all there");
	sl_ini_clear(&ini);
	longest[1] = '=';
	test_eq(sl_ini_parse("f", longest, &ini, &msg), SL_ERR_FORMAT, "a line that is one byte too long");
	test_str(msg.text, "f:1: 4097 bytes in one line, expected at most 4096", "a long line: message");
	longest[SL_INI_LINE_MAX] = '\0';
	test_eq(sl_ini_parse("f", longest, &ini, &msg), SL_OK, "the longest line");
	sl_ini_clear(&ini);
	test_eq(sl_ini_parse("f", "", &ini, &msg), SL_OK, "an empty file");
	test_eq(ini.n, 0, "an empty file has nothing");
	sl_ini_clear(&ini);
}

static void
loading(void)
{
	SL_FREE char *comments = repeated("# 3456789abcde\n", 70000);
	struct sl_ini ini = { 0 };
	struct sl_msg msg = { "" };
	const char *path;

	path = test_file("nul", "a = 1\0b = 2\n", 12, 0600);
	test_eq(sl_ini_load(path, 100, &ini, &msg), SL_ERR_FORMAT, "a NUL byte");
	test_ok(strstr(msg.text, "NUL") != NULL, "a NUL byte: message");
	test_eq(sl_ini_load(test_path("none"), 100, &ini, &msg), SL_ERR_NOT_FOUND, "a missing file");
	test_eq(sl_ini_load(test_dir(), 100, &ini, &msg), SL_ERR_FORMAT, "a directory");
	path = test_file("big", comments, SL_INI_FILE_MAX, 0600);
	test_eq(sl_ini_load(path, SL_INI_FILE_MAX, &ini, &msg), SL_OK, "1 MiB of comments");
	sl_ini_clear(&ini);
	path = test_file("big", comments, SL_INI_FILE_MAX + 1, 0600);
	test_eq(sl_ini_load(path, SL_INI_FILE_MAX, &ini, &msg), SL_ERR_RANGE, "one byte more than 1 MiB");
}

static void
permissions(void)
{
	static const struct {
		mode_t mode;
		enum sl_err err;
	} cases[] = {
		{ 0600, SL_OK }, { 0644, SL_OK }, { 0400, SL_OK }, { 0620, SL_ERR_ACCESS }, { 0602, SL_ERR_ACCESS }, { 0666, SL_ERR_ACCESS },
	};
	struct sl_ini ini = { 0 };
	struct sl_msg msg = { "" };

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		const char *path = test_file("mode", "a = 1\n", 6, cases[i].mode);

		test_eq(sl_ini_load(path, 100, &ini, &msg), cases[i].err, "mode %04o", (unsigned)cases[i].mode);
		sl_ini_clear(&ini);
	}
	test_ok(strstr(msg.text, "others can write it") != NULL && strstr(msg.text, test_path("mode")) != NULL, "message");
	if (geteuid() != 0) {
		test_skip("needs root", "somebody else's file");
	} else {
		const char *path = test_file("owner", "a = 1\n", 6, 0600);

		if (chown(path, 65534, 65534) != 0)
			test_bail("chown: %s", strerror(errno));
		test_eq(sl_ini_load(path, 100, &ini, &msg), SL_ERR_ACCESS, "somebody else's file");
	}
}

static void
writing(void)
{
	const char *path = test_path("written");
	SL_FREE char *text = NULL;
	struct sl_msg msg = { "" };
	struct stat st;

	test_eq(sl_fs_write_text(path, "one\n", 0640, 0, &msg), SL_OK, "a new file");
	test_ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640, "its mode");
	test_eq(sl_fs_write_text(path, "two\n", 0640, 0, &msg), SL_ERR_EXISTS, "no file is overwritten");
	test_ok(sl_fs_read_text(path, 100, &text, &msg) == SL_OK && strcmp(text, "one\n") == 0, "the first one is still there");
	test_eq(sl_fs_write_text(path, "two\n", 0600, 1, &msg), SL_OK, "but when that is wanted");
	free(text);
	text = NULL;
	test_ok(sl_fs_read_text(path, 100, &text, &msg) == SL_OK && strcmp(text, "two\n") == 0, "then the second one is");
	test_eq(sl_fs_write_text(test_path("no/such"), "x", 0600, 0, &msg), SL_ERR_NOT_FOUND, "no directory");
	test_eq(sl_fs_remove(path, &msg), SL_OK, "removed");
	test_eq(sl_fs_remove(path, &msg), SL_ERR_NOT_FOUND, "removed twice");
}

static void
nothing_left(void)
{
	SL_CLEANUP(sl_fs_list_free) char **paths = NULL;
	struct sl_msg msg;
	bool found = false;

	if (sl_fs_list(test_dir(), "", &paths, &msg) != SL_OK)
		test_bail("%s", msg.text);
	for (char **p = paths; *p != NULL; p++)
		found |= strstr(*p, "/written") != NULL;
	test_ok(!found && paths[0] != NULL, "no temporary file is left");
}

int
main(void)
{
	utf8();
	numbers();
	hex_and_names();
	items();
	refusals();
	limits();
	loading();
	permissions();
	writing();
	nothing_left();
	return test_done();
}
