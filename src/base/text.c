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

void
sl_text_to_hex(const uint8_t *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		*out++ = "0123456789abcdef"[bytes[i] >> 4];
		*out++ = "0123456789abcdef"[bytes[i] & 0x0f];
	}
	*out = '\0';
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Four characters, all after the first n padding, to n - 1 bytes. */
static bool
base64_group(const char *text, size_t n, uint8_t *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		const char *digit_at = i < n ? strchr(base64_digits, text[i]) : base64_digits;

		if (digit_at == NULL || (i >= n && text[i] != '='))
			return false;
		bits = bits << 6 | (uint32_t)(digit_at - base64_digits);
	}
	if ((n == 2 && (bits & 0xffff) != 0) || (n == 3 && (bits & 0xff) != 0))
		return false;
	for (size_t i = 0; i + 1 < n; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	return true;
}

bool
sl_text_base64(const char *text, uint8_t *out, size_t max, size_t *ret_len)
{
	const size_t digits = strlen(text);
	size_t padding, len;

	if (digits < 4 || digits % 4 != 0)
		return false;
	padding = text[digits - 1] != '=' ? 0 : text[digits - 2] != '=' ? 1 : 2;
	len = digits / 4 * 3 - padding;
	if (len > max)
		return false;
	for (size_t i = 0; i < digits / 4; i++)
		if (!base64_group(text + 4 * i, i + 1 == digits / 4 ? 4 - padding : 4, out + 3 * i))
			return false;
	*ret_len = len;
	return true;
}

void
sl_text_to_base64(const uint8_t *bytes, size_t len, char *out)
{
	for (; len > 0; out += 4) {
		const size_t n = len < 3 ? len : 3;
		const uint32_t bits = (uint32_t)bytes[0] << 16 | (n > 1 ? (uint32_t)bytes[1] << 8 : 0) | (n > 2 ? bytes[2] : 0);

		for (unsigned i = 0; i < 4; i++)
			out[i] = i <= n ? base64_digits[bits >> (18 - 6 * i) & 0x3f] : '=';
		bytes += n;
		len -= n;
	}
	*out = '\0';
}

bool
sl_text_name(const char *text)
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= NAME_LEN_MAX && text[len] == '\0';
}

const char *
sl_text_errno(int number)
{
	const char *text = strerrordesc_np(number);

	return text == NULL ? "unknown error" : text;
}
