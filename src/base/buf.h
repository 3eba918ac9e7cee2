/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_BUF_H
#define SL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bounded cursors. A step that does not fit fails, and so does every step after it: check once, at
 * the end, with sl_reader_done() or sl_writer_ok(). Nothing is read or written out of bounds.
 */
struct sl_reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

struct sl_writer {
	uint8_t *start;
	size_t used;
	size_t room;
	bool bad;
};

struct sl_reader sl_reader_of(const void *data, size_t len);
uint8_t sl_reader_u8(struct sl_reader *r);
uint16_t sl_reader_u16be(struct sl_reader *r);
uint32_t sl_reader_u32be(struct sl_reader *r);
/* Points into the data; NULL when it is too short. */
const uint8_t *sl_reader_bytes(struct sl_reader *r, size_t len);
/* Everything fitted and nothing is left over. */
bool sl_reader_done(const struct sl_reader *r);

struct sl_writer sl_writer_of(void *room, size_t len);
void sl_writer_u8(struct sl_writer *w, uint8_t v);
void sl_writer_u16be(struct sl_writer *w, uint16_t v);
void sl_writer_u32be(struct sl_writer *w, uint32_t v);
void sl_writer_bytes(struct sl_writer *w, const void *src, size_t len);
bool sl_writer_ok(const struct sl_writer *w);

#endif
