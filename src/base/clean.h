/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_CLEAN_H
#define SL_BASE_CLEAN_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* SL_CLEANUP(fn) runs fn(&variable) when the variable leaves its scope, on every path. */
#define SL_CLEANUP(fn) __attribute__((cleanup(fn)))
#define SL_MUST_CHECK __attribute__((warn_unused_result))
#define SL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Moves a pointer out of a variable that has a cleanup; the variable is NULL afterwards. */
#define SL_TAKE(p) \
	__extension__({ __typeof__(p) sl_taken_ = (p); (p) = NULL; sl_taken_; })

static inline void
sl_clean_free(void *pp)
{
	free(*(void **)pp);
}

static inline void
sl_clean_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void
sl_clean_fclose(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

#define SL_FREE SL_CLEANUP(sl_clean_free)
#define SL_CLOSE SL_CLEANUP(sl_clean_close)
#define SL_FCLOSE SL_CLEANUP(sl_clean_fclose)

#endif
