/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * TAP, one line per check. A test program calls these and ends with `return test_done();`.
 * tests/lib is for test programs only; nothing of it is in the module.
 */

/* Counts one check, prints its line; returns ok. */
bool test_ok(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for two numbers: a failure prints both. */
bool test_eq(unsigned long long got, unsigned long long want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for two byte strings: a failure prints both in hex. */
bool test_mem(const void *got, size_t got_len, const void *want, size_t want_len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same for two texts; got may be NULL. */
bool test_str(const char *got, const char *want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* One skipped check, counted as such, with its reason. */
void test_skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A "# ..." line. */
void test_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Cannot go on: "Bail out!" and exit status 99. */
void test_bail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Prints the plan; the exit status of main. */
int test_done(void);

/* Root, too, has to keep to the modes of files from now on. */
void test_obey_modes(void);

/* Hex digits to bytes; bails out on bad hex. Returns the number of bytes written. */
size_t test_hex(const char *hex, void *out, size_t room);

#endif
