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

/* The other way, in small letters; out has room for 2 * len + 1 characters. */
void sl_text_to_hex(const uint8_t *bytes, size_t len, char *out);

/*
 * RFC 4648 section 4, as strict as its section 3 lets one be: padded, nothing else between or after the digits, no bits that do not count.
 * At most max bytes; an empty text is none. *ret_len is untouched on failure.
 */
bool sl_text_base64(const char *text, uint8_t *out, size_t max, size_t *ret_len);

/* The other way, on one line; out has room for SL_TEXT_BASE64_ROOM(len) characters. */
#define SL_TEXT_BASE64_ROOM(len) (4 * (((len) + 2) / 3) + 1)
void sl_text_to_base64(const uint8_t *bytes, size_t len, char *out);

/* A name that is safe in file names and messages: 1 to 32 of a-z 0-9 and '-'. */
bool sl_text_name(const char *text);

/* What strerror(3) says, in English and safe with threads; never NULL. */
const char *sl_text_errno(int number);

#endif
