/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_TABLE_H
#define SL_BASE_TABLE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers to pointers: a hash table with open addressing. Key 0 is not allowed, NULL is no value. Takes no lock: the owner has one.
 * { 0 } is the empty table.
 */
struct sl_table_cell {
	uint64_t key;
	void *value;
};

struct sl_table {
	struct sl_table_cell *cells;
	size_t room; /* 0 or a power of two */
	size_t used; /* live ones */
	size_t dead; /* removed ones that still hold their cell */
};

/* Adds or replaces. SL_ERR_MEMORY, SL_ERR_ARG. */
SL_MUST_CHECK enum sl_err sl_table_put(struct sl_table *t, uint64_t key, void *value);
void *sl_table_get(const struct sl_table *t, uint64_t key);
/* Returns what was there, or NULL. */
void *sl_table_remove(struct sl_table *t, uint64_t key);
/* Visits all: *at starts at 0; NULL at the end. The visitor may remove the key it was just given. */
void *sl_table_next(const struct sl_table *t, size_t *at, uint64_t *ret_key);
void sl_table_clear(struct sl_table *t);

#endif
