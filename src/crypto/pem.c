/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LABEL 64

static int
value_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* RFC 4648 4, with line ends in between; out has room for 3 bytes of 4 characters. */
static enum sl_err
decode(const char *text, size_t len, uint8_t *out, size_t *ret_len)
{
	uint32_t bits = 0;
	unsigned n = 0;
	unsigned pad = 0;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		const int v = text[i] == '=' ? 0 : value_of(text[i]);

		if (strchr(" \t\r\n", text[i]) != NULL)
			continue;
		if (v < 0 || pad > 2 || (pad != 0 && text[i] != '='))
			return SL_ERR_FORMAT;
		pad += text[i] == '=';
		bits = bits << 6 | (uint32_t)v;
		if (++n % 4 != 0)
			continue;
		for (unsigned b = 0; b < 3 - pad; b++)
			out[used++] = (uint8_t)(bits >> (16 - 8 * b));
		if (pad != 0 && (bits & ((1U << 8 * pad) - 1)) != 0)
			return SL_ERR_FORMAT;
		bits = 0;
	}
	if (n % 4 != 0 || pad > 2 || used == 0)
		return SL_ERR_FORMAT;
	*ret_len = used;
	return SL_OK;
}

enum sl_err
sl_pem_read(const char *text, const char *label, uint8_t **ret_der, size_t *ret_len)
{
	char begin[LINE_MAX_LABEL];
	char end[LINE_MAX_LABEL];
	SL_FREE uint8_t *der = NULL;
	const char *from;
	const char *to;
	size_t len = 0;
	enum sl_err err;

	(void)snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	(void)snprintf(end, sizeof(end), "-----END %s-----", label);
	if ((from = strstr(text, begin)) == NULL)
		return SL_ERR_NOT_FOUND;
	from += strlen(begin);
	if ((to = strstr(from, end)) == NULL)
		return SL_ERR_FORMAT;
	if ((der = malloc((size_t)(to - from) / 4 * 3 + 3)) == NULL)
		return SL_ERR_MEMORY;
	if ((err = decode(from, (size_t)(to - from), der, &len)) != SL_OK)
		return err;
	*ret_der = SL_TAKE(der);
	*ret_len = len;
	return SL_OK;
}
