/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_UTF8_H
#define SL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 3629: shortest form, no surrogates, up to U+10FFFF. NUL is a character like any other. */
bool sl_utf8_valid(const void *text, size_t len);

#endif
