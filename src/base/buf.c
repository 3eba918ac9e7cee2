/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/buf.h"

#include <string.h>

struct sl_reader
sl_reader_of(const void *data, size_t len)
{
	return (struct sl_reader){ .at = data, .left = len, .bad = false };
}

const uint8_t *
sl_reader_bytes(struct sl_reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || len > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	r->left -= len;
	return at;
}

uint8_t
sl_reader_u8(struct sl_reader *r)
{
	const uint8_t *p = sl_reader_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

uint16_t
sl_reader_u16be(struct sl_reader *r)
{
	const uint8_t *p = sl_reader_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
sl_reader_u32be(struct sl_reader *r)
{
	const uint32_t high = sl_reader_u16be(r);

	return high << 16 | sl_reader_u16be(r);
}

bool
sl_reader_done(const struct sl_reader *r)
{
	return !r->bad && r->left == 0;
}

struct sl_writer
sl_writer_of(void *room, size_t len)
{
	return (struct sl_writer){ .start = room, .used = 0, .room = len, .bad = false };
}

void
sl_writer_bytes(struct sl_writer *w, const void *src, size_t len)
{
	if (w->bad || len > w->room - w->used) {
		w->bad = true;
		return;
	}
	if (len != 0)
		memcpy(w->start + w->used, src, len);
	w->used += len;
}

void
sl_writer_u8(struct sl_writer *w, uint8_t v)
{
	sl_writer_bytes(w, &v, 1);
}

void
sl_writer_u16be(struct sl_writer *w, uint16_t v)
{
	sl_writer_bytes(w, (const uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

void
sl_writer_u32be(struct sl_writer *w, uint32_t v)
{
	sl_writer_u16be(w, (uint16_t)(v >> 16));
	sl_writer_u16be(w, (uint16_t)v);
}

bool
sl_writer_ok(const struct sl_writer *w)
{
	return !w->bad;
}
