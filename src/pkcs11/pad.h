/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_PAD_H
#define SL_PKCS11_PAD_H

#include <stddef.h>
#include <string.h>

#define SL_VERSION_MAJOR 0
#define SL_VERSION_MINOR 1

/* The blank-padded, unterminated text of PKCS#11's information structures. Cut at a character's boundary when it is too long. */
static inline void
sl_pad(unsigned char *field, size_t len, const char *text)
{
	size_t n = strlen(text);

	while (n > len || (n > 0 && n < strlen(text) && ((unsigned char)text[n] & 0xc0) == 0x80))
		n--;
	memset(field, ' ', len);
	memcpy(field, text, n);
}

#endif
