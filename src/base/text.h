/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_TEXT_H
#define SL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal number as people write it: digits only, no sign, no leading zeros. */
bool sl_text_u32(const char *text, uint32_t *ret_number);

/* Pairs of hex digits, at most max bytes; an empty text is no hex. *ret_len and out are untouched on failure. */
bool sl_text_hex(const char *text, uint8_t *out, size_t max, size_t *ret_len);

/* A name that is safe in file names and messages: 1 to 32 of a-z 0-9 and '-'. */
bool sl_text_name(const char *text);

#endif
