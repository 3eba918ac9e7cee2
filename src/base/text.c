/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"

#include <string.h>

#define NAME_LEN_MAX 32

bool
sl_text_u32(const char *text, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (__builtin_mul_overflow(number, 10U, &number) ||
		    __builtin_add_overflow(number, (uint32_t)(*p - '0'), &number))
			return false;
	}
	*ret_number = number;
	return true;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
sl_text_hex(const char *text, uint8_t *out, size_t max, size_t *ret_len)
{
	const size_t digits = strlen(text);

	if (digits == 0 || digits % 2 != 0 || digits / 2 > max)
		return false;
	for (size_t i = 0; i < digits; i++)
		if (digit(text[i]) < 0)
			return false;
	for (size_t i = 0; i < digits / 2; i++)
		out[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	*ret_len = digits / 2;
	return true;
}

bool
sl_text_name(const char *text)
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= NAME_LEN_MAX && text[len] == '\0';
}
