/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned count;
static unsigned failed;

static bool line(bool ok, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static bool
line(bool ok, const char *fmt, va_list args)
{
	char name[512];

	(void)vsnprintf(name, sizeof(name), fmt, args);
	count++;
	if (!ok)
		failed++;
	printf("%sok %u - %s\n", ok ? "" : "not ", count, name);
	(void)fflush(stdout);
	return ok;
}

bool
test_ok(bool ok, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)line(ok, fmt, args);
	va_end(args);
	return ok;
}

bool
test_eq(unsigned long long got, unsigned long long want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)line(got == want, fmt, args);
	va_end(args);
	if (got != want)
		test_note("got %llu (0x%llx), expected %llu (0x%llx)", got, got, want, want);
	return got == want;
}

static void
note_hex(const char *what, const unsigned char *p, size_t len)
{
	printf("# %s %zu:", what, len);
	for (size_t i = 0; i < len && i < 128; i++)
		printf("%02x", p[i]);
	printf("%s\n", len > 128 ? "..." : "");
}

bool
test_mem(const void *got, size_t got_len, const void *want, size_t want_len, const char *fmt, ...)
{
	const bool ok = got != NULL && got_len == want_len && memcmp(got, want, want_len) == 0;
	va_list args;

	va_start(args, fmt);
	(void)line(ok, fmt, args);
	va_end(args);
	if (!ok) {
		note_hex("got", got, got == NULL ? 0 : got_len);
		note_hex("expected", want, want_len);
	}
	return ok;
}

bool
test_str(const char *got, const char *want, const char *fmt, ...)
{
	const bool ok = got != NULL && strcmp(got, want) == 0;
	va_list args;

	va_start(args, fmt);
	(void)line(ok, fmt, args);
	va_end(args);
	if (!ok)
		test_note("got \"%s\", expected \"%s\"", got == NULL ? "(null)" : got, want);
	return ok;
}

void
test_skip(const char *why, const char *fmt, ...)
{
	char name[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	count++;
	printf("ok %u - %s # SKIP %s\n", count, name, why);
}

void
test_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	(void)fflush(stdout);
}

void
test_bail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("Bail out! ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	(void)fflush(stdout);
	_Exit(99);
}

int
test_done(void)
{
	printf("1..%u\n", count);
	return failed == 0 && count != 0 ? 0 : 1;
}

size_t
test_hex(const char *hex, void *out, size_t room)
{
	const size_t n = strlen(hex) / 2;
	unsigned char *p = out;

	if (strlen(hex) % 2 != 0 || n > room)
		test_bail("bad hex in a test: %s", hex);
	for (size_t i = 0; i < n; i++) {
		unsigned v;

		if (sscanf(hex + 2 * i, "%2x", &v) != 1)
			test_bail("bad hex in a test: %s", hex);
		p[i] = (unsigned char)v;
	}
	return n;
}

void
test_obey_modes(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) != 0)
		test_bail("capget");
	data[0].effective &= ~((1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH));
	data[0].permitted &= data[0].effective;
	if (syscall(SYS_capset, &head, data) != 0)
		test_bail("capset");
}
