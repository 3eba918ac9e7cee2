/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/secret.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static size_t
pages(size_t len)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

/*
 * Single pages that nobody uses now, all zero but for the mark. Getting one from the kernel, with all that is asked for it, costs as much as a signature. A forked
 * child reads zeros where the mark was: its pages are not locked, so it takes new ones. Nor is one kept that could not be locked: the next one may be.
 */
#define POOL_PAGES 16
#define POOL_MARK 1
static _Atomic(uint8_t *) pool[POOL_PAGES];

static uint8_t *
from_pool(size_t len)
{
	for (size_t i = 0; i < POOL_PAGES && pages(len) == pages(1); i++) {
		uint8_t *p = atomic_load_explicit(&pool[i], memory_order_relaxed);

		if (p == NULL || (p = atomic_exchange(&pool[i], NULL)) == NULL)
			continue;
		if (p[0] == POOL_MARK) {
			p[0] = 0;
			return p;
		}
		(void)munmap(p, pages(1));
	}
	return NULL;
}

/* A wiped page. False: the pool is full. */
static bool
to_pool(uint8_t *p)
{
	p[0] = POOL_MARK;
	for (size_t i = 0; i < POOL_PAGES; i++) {
		uint8_t *none = NULL;

		if (atomic_load_explicit(&pool[i], memory_order_relaxed) == NULL && atomic_compare_exchange_strong(&pool[i], &none, p))
			return true;
	}
	return false;
}

enum sl_err
sl_secret_alloc(struct sl_secret *ret_secret, size_t len)
{
	void *p;

	if (len == 0 || len > SL_SECRET_MAX)
		return SL_ERR_RANGE;
	if ((p = from_pool(len)) != NULL) {
		*ret_secret = (struct sl_secret){ p, len, true };
		return SL_OK;
	}
	p = mmap(NULL, pages(len), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return SL_ERR_MEMORY;
	/* Each of these is soft: an unlocked page is worse than a locked one, and better than no key. */
	(void)madvise(p, pages(len), MADV_DONTDUMP);
	(void)madvise(p, pages(len), MADV_WIPEONFORK);
	*ret_secret = (struct sl_secret){ p, len, mlock(p, pages(len)) == 0 };
	return SL_OK;
}

enum sl_err
sl_secret_copy(struct sl_secret *ret_secret, const void *src, size_t len)
{
	enum sl_err err = sl_secret_alloc(ret_secret, len);

	if (err == SL_OK)
		memcpy(ret_secret->bytes, src, len);
	return err;
}

void
sl_secret_clear(struct sl_secret *secret)
{
	if (secret->bytes == NULL)
		return;
	sl_secret_wipe(secret->bytes, secret->len);
	if (!secret->locked || pages(secret->len) != pages(1) || !to_pool(secret->bytes))
		(void)munmap(secret->bytes, pages(secret->len));
	*secret = (struct sl_secret){ 0 };
}

struct sl_secret
sl_secret_take(struct sl_secret *secret)
{
	const struct sl_secret taken = *secret;

	*secret = (struct sl_secret){ 0 };
	return taken;
}

bool
sl_secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++)
		diff |= (uint8_t)(x[i] ^ y[i]);
	return diff == 0;
}

void
sl_secret_wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

enum sl_err
sl_secret_hide_process(void)
{
	return prctl(PR_SET_DUMPABLE, 0) == 0 ? SL_OK : SL_ERR_ACCESS;
}
