/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_SECRET_H
#define SL_BASE_SECRET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes nobody may see: on pages of their own that are kept out of core dumps, read as zero in a
 * forked child, are locked in memory where the limit permits, and are wiped when they are cleared.
 * { 0 } is the empty secret.
 */
struct sl_secret {
	uint8_t *bytes;
	size_t len;
	bool locked; /* in memory: secret.c's own */
};

#define SL_SECRET_MAX ((size_t)1 << 20)

/* len 1 to SL_SECRET_MAX bytes, all zero. The caller clears it. SL_ERR_RANGE, SL_ERR_MEMORY. */
SL_MUST_CHECK enum sl_err sl_secret_alloc(struct sl_secret *ret_secret, size_t len);

/* The same, filled from src. */
SL_MUST_CHECK enum sl_err sl_secret_copy(struct sl_secret *ret_secret, const void *src, size_t len);

/* Wipes and releases; fine on an empty secret. */
void sl_secret_clear(struct sl_secret *secret);

/* Moves the bytes out; *secret is empty afterwards. */
struct sl_secret sl_secret_take(struct sl_secret *secret);

/* Constant time in the contents; the lengths are public. */
bool sl_secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* A wipe the compiler keeps; for buffers on the stack. */
void sl_secret_wipe(void *p, size_t len);

/*
 * The whole process, for what is not on such pages: it leaves no core dump, and other processes of its user cannot read its memory. Nothing takes
 * it back but the process itself, or an exec. SL_ERR_ACCESS where a sandbox forbids it.
 */
SL_MUST_CHECK enum sl_err sl_secret_hide_process(void);

#define SL_SECRET SL_CLEANUP(sl_secret_clear) struct sl_secret

#endif
