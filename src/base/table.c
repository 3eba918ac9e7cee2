/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/table.h"

#include <stdlib.h>

/* A cell is free (key 0), dead (key set, value NULL) or live. At most three quarters are not free. */
#define ROOM_MIN 16

static size_t
start_of(const struct sl_table *t, uint64_t key)
{
	/* Keys are counted up from 1: Fibonacci hashing spreads them. */
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (t->room - 1);
}

static struct sl_table_cell *
cell_of(const struct sl_table *t, uint64_t key)
{
	if (t->room == 0 || key == 0)
		return NULL;
	for (size_t i = start_of(t, key);; i = (i + 1) & (t->room - 1)) {
		struct sl_table_cell *cell = &t->cells[i];

		if (cell->key == key)
			return cell;
		if (cell->key == 0)
			return NULL;
	}
}

static void
insert_new(struct sl_table *t, uint64_t key, void *value)
{
	size_t i = start_of(t, key);

	while (t->cells[i].key != 0)
		i = (i + 1) & (t->room - 1);
	t->cells[i] = (struct sl_table_cell){ key, value };
	t->used++;
}

static enum sl_err
resize(struct sl_table *t)
{
	struct sl_table bigger = { .room = ROOM_MIN };

	while (bigger.room < t->used * 2 + ROOM_MIN)
		bigger.room *= 2;
	bigger.cells = calloc(bigger.room, sizeof(*bigger.cells));
	if (bigger.cells == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < t->room; i++)
		if (t->cells[i].value != NULL)
			insert_new(&bigger, t->cells[i].key, t->cells[i].value);
	free(t->cells);
	*t = bigger;
	return SL_OK;
}

enum sl_err
sl_table_put(struct sl_table *t, uint64_t key, void *value)
{
	struct sl_table_cell *cell = cell_of(t, key);

	if (key == 0 || value == NULL)
		return SL_ERR_ARG;
	if (cell != NULL) {
		if (cell->value == NULL) {
			t->dead--;
			t->used++;
		}
		cell->value = value;
		return SL_OK;
	}
	if ((t->used + t->dead + 1) * 4 > t->room * 3) {
		const enum sl_err err = resize(t);

		if (err != SL_OK)
			return err;
	}
	insert_new(t, key, value);
	return SL_OK;
}

void *
sl_table_get(const struct sl_table *t, uint64_t key)
{
	const struct sl_table_cell *cell = cell_of(t, key);

	return cell == NULL ? NULL : cell->value;
}

void *
sl_table_remove(struct sl_table *t, uint64_t key)
{
	struct sl_table_cell *cell = cell_of(t, key);
	void *value;

	if (cell == NULL || cell->value == NULL)
		return NULL;
	value = cell->value;
	cell->value = NULL;
	t->used--;
	t->dead++;
	return value;
}

void *
sl_table_next(const struct sl_table *t, size_t *at, uint64_t *ret_key)
{
	while (*at < t->room) {
		const struct sl_table_cell *cell = &t->cells[(*at)++];

		if (cell->value == NULL)
			continue;
		if (ret_key != NULL)
			*ret_key = cell->key;
		return cell->value;
	}
	return NULL;
}

void
sl_table_clear(struct sl_table *t)
{
	free(t->cells);
	*t = (struct sl_table){ 0 };
}
