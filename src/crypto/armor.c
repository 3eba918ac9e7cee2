/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/armor.h"

#include <string.h>

static const char begin[] = "-----BEGIN ";
static const char end[] = "-----END ";
static const char dashes[] = "-----";

void
sl_armor_clear(struct sl_armor *pem)
{
	sl_secret_clear(&pem->body);
}

/* Without its end and blanks before that. False after the last one. */
static bool
next_line(struct sl_reader *text, struct sl_bytes *ret_line)
{
	const uint8_t *nl;
	size_t len;

	if (text->left == 0)
		return false;
	nl = memchr(text->at, '\n', text->left);
	len = nl == NULL ? text->left : (size_t)(nl - text->at);
	*ret_line = (struct sl_bytes){ sl_reader_bytes(text, len), len };
	if (nl != NULL)
		(void)sl_reader_u8(text);
	while (ret_line->len != 0 && memchr("\r\t ", ret_line->data[ret_line->len - 1], 3) != NULL)
		ret_line->len--;
	return true;
}

/* "-----BEGIN label-----". */
static bool
is_mark(struct sl_bytes line, const char *word, struct sl_bytes *ret_label)
{
	const size_t before = strlen(word);
	const size_t after = strlen(dashes);

	if (line.len <= before + after || memcmp(line.data, word, before) != 0 ||
	    memcmp(line.data + line.len - after, dashes, after) != 0)
		return false;
	*ret_label = (struct sl_bytes){ line.data + before, line.len - before - after };
	return true;
}

/* Value of a digit of base64, without a table that secrets would index; 64: it is none. */
static unsigned
digit(uint8_t c)
{
	const unsigned upper = (unsigned)(c >= 'A') & (unsigned)(c <= 'Z');
	const unsigned lower = (unsigned)(c >= 'a') & (unsigned)(c <= 'z');
	const unsigned number = (unsigned)(c >= '0') & (unsigned)(c <= '9');
	const unsigned plus = c == '+';
	const unsigned slash = c == '/';
	const unsigned none = 1 - (upper | lower | number | plus | slash);

	return upper * (c - (unsigned)'A') + lower * (c - (unsigned)'a' + 26) + number * (c - (unsigned)'0' + 52) + plus * 62 + slash * 63 +
	       none * 64;
}

/* RFC 4648 section 4, strict but for white space. */
struct decoder {
	struct sl_writer out;
	unsigned bits;  /* of the group so far, right-aligned */
	unsigned n;     /* digits in it */
	unsigned pads;
};

static bool
feed(struct decoder *d, uint8_t c)
{
	const unsigned v = digit(c);

	if (c == ' ' || c == '\t')
		return true;
	if (c == '=') {
		d->pads++;
		return d->n + d->pads <= 4 && d->n >= 2;
	}
	if (v == 64 || d->pads != 0)
		return false;
	d->bits = d->bits << 6 | v;
	if (++d->n < 4)
		return true;
	sl_writer_u8(&d->out, (uint8_t)(d->bits >> 16));
	sl_writer_u16be(&d->out, (uint16_t)d->bits);
	d->bits = 0;
	d->n = 0;
	return true;
}

/* What is left of an incomplete group; bits that belong to no byte have to be zero. */
static bool
flush(struct decoder *d)
{
	const unsigned spare = d->n == 2 ? 4 : 2;

	if (d->n == 0)
		return d->pads == 0;
	if (d->n + d->pads != 4 || (d->bits & ((1U << spare) - 1)) != 0)
		return false;
	if (d->n == 3)
		sl_writer_u16be(&d->out, (uint16_t)(d->bits >> 2));
	else
		sl_writer_u8(&d->out, (uint8_t)(d->bits >> 4));
	return true;
}

static enum sl_err
decode(struct sl_bytes text, struct sl_secret *ret_body)
{
	SL_SECRET room = { 0 };
	struct decoder d = { .n = 0 };
	struct sl_reader r = sl_reader_of(text.data, text.len);
	struct sl_bytes line;
	enum sl_err err = sl_secret_alloc(&room, text.len + 1);

	if (err != SL_OK)
		return err;
	d.out = sl_writer_of(room.bytes, room.len);
	while (next_line(&r, &line))
		for (size_t i = 0; i < line.len; i++)
			if (!feed(&d, line.data[i]))
				return SL_ERR_FORMAT;
	if (!flush(&d) || !sl_writer_ok(&d.out) || d.out.used == 0)
		return SL_ERR_FORMAT;
	return sl_secret_copy(ret_body, room.bytes, d.out.used);
}

/* From behind the first line to the last one. */
static bool
read_block(struct sl_reader *text, struct sl_bytes label, struct sl_bytes *ret_inside)
{
	const uint8_t *start = text->at;
	const uint8_t *at = start;
	struct sl_bytes line;
	struct sl_bytes last;

	while (next_line(text, &line)) {
		if (is_mark(line, end, &last)) {
			*ret_inside = (struct sl_bytes){ start, (size_t)(at - start) };
			return last.len == label.len && memcmp(last.data, label.data, label.len) == 0;
		}
		if (is_mark(line, begin, &last))
			return false;
		at = text->at;
	}
	return false;
}

/* RFC 1421 4.4: where the first line has a colon, all up to an empty one are headers. */
static struct sl_bytes
split_headers(struct sl_bytes *inside)
{
	struct sl_reader r = sl_reader_of(inside->data, inside->len);
	struct sl_bytes line = { NULL, 0 };
	struct sl_bytes headers = { inside->data, 0 };

	if (!next_line(&r, &line) || memchr(line.data, ':', line.len) == NULL)
		return (struct sl_bytes){ NULL, 0 };
	do
		headers.len = (size_t)(r.at - inside->data);
	while (next_line(&r, &line) && line.len != 0);
	*inside = (struct sl_bytes){ r.at, r.left };
	return headers;
}

enum sl_err
sl_armor_next(struct sl_reader *text, struct sl_armor *ret_pem)
{
	struct sl_armor pem = { .label = "" };
	struct sl_bytes line;
	struct sl_bytes label = { NULL, 0 };
	struct sl_bytes inside;
	enum sl_err err;

	do {
		if (!next_line(text, &line))
			return SL_ERR_NOT_FOUND;
	} while (!is_mark(line, begin, &label));
	if (label.len >= sizeof(pem.label) || memchr(label.data, '\0', label.len) != NULL || !read_block(text, label, &inside))
		return SL_ERR_FORMAT;
	memcpy(pem.label, label.data, label.len);
	pem.headers = split_headers(&inside);
	if ((err = decode(inside, &pem.body)) != SL_OK)
		return err;
	*ret_pem = pem;
	return SL_OK;
}
