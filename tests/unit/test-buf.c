/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/buf.h"
#include "base/secret.h"
#include "lib/test.h"

#include <string.h>

static void
reader(void)
{
	static const uint8_t data[] = { 1, 0, 2, 0, 0, 0, 3, 9, 9 };
	struct sl_reader r = sl_reader_of(data, sizeof(data));

	test_eq(sl_reader_u8(&r), 1, "u8");
	test_eq(sl_reader_u16be(&r), 2, "u16");
	test_eq(sl_reader_u32be(&r), 3, "u32");
	test_ok(!sl_reader_done(&r), "bytes are left");
	test_ok(sl_reader_bytes(&r, 2) == data + 7, "the last two");
	test_ok(sl_reader_done(&r), "done");
	test_ok(sl_reader_bytes(&r, 0) != NULL, "zero bytes at the end");
	test_ok(sl_reader_bytes(&r, 1) == NULL, "one too many");
	test_ok(!sl_reader_done(&r), "a failure stays");
	r = sl_reader_of(data, 3);
	(void)sl_reader_u32be(&r);
	test_ok(!sl_reader_done(&r) && sl_reader_u8(&r) == 0, "after a short number nothing is read any more");
	r = sl_reader_of(data, sizeof(data));
	test_ok(sl_reader_bytes(&r, SIZE_MAX) == NULL, "a huge length");
}

static void
writer(void)
{
	uint8_t room[8];
	struct sl_writer w = sl_writer_of(room, sizeof(room));

	sl_writer_u8(&w, 7);
	sl_writer_u16be(&w, 0x0102);
	sl_writer_u32be(&w, 0x03040506);
	test_ok(sl_writer_ok(&w), "fits");
	test_mem(room, w.used, "\7\1\2\3\4\5\6", 7, "big endian");
	sl_writer_bytes(&w, "ab", 2);
	test_ok(!sl_writer_ok(&w) && w.used == 7, "one byte too many writes nothing");
	sl_writer_u8(&w, 1);
	test_ok(!sl_writer_ok(&w), "a failure stays");
}

static void
secret(void)
{
	struct sl_secret a = { 0 };
	struct sl_secret b = { 0 };

	test_eq(sl_secret_alloc(&a, 0), SL_ERR_RANGE, "no empty secret");
	test_eq(sl_secret_alloc(&a, SL_SECRET_MAX + 1), SL_ERR_RANGE, "none that is too big");
	test_eq(sl_secret_copy(&a, "secret", 6), SL_OK, "copy");
	b = sl_secret_take(&a);
	test_ok(a.bytes == NULL && a.len == 0, "take empties");
	test_ok(sl_secret_equal(b.bytes, b.len, "secret", 6), "equal");
	test_ok(!sl_secret_equal(b.bytes, b.len, "secreT", 6), "not equal");
	test_ok(!sl_secret_equal(b.bytes, b.len, "secre", 5), "another length");
	sl_secret_clear(&b);
	test_ok(b.bytes == NULL, "cleared");
	sl_secret_clear(&b);
}

int
main(void)
{
	reader();
	writer();
	secret();
	return test_done();
}
