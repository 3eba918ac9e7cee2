/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_QUEUE_H
#define SL_REQUEST_KEY_QUEUE_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * One request at a time for each user: many at once would keep each other from being answered in time, and one user's crowd would keep others from it.
 * Waits for its turn, at most so many milliseconds; SL_ERR_BUSY: it has not come. *ret_fd is open until the turn is over; -1 where there is no place
 * for a queue, which keeps nobody from an answer. path is a file in a directory that nobody but root can write.
 */
#define SL_QUEUE_PATH "/run/seedleaf-request-key.lock"
SL_MUST_CHECK enum sl_err sl_queue_enter(const char *path, uid_t uid, int64_t ms, int *ret_fd);

/* Milliseconds of a clock that nobody sets. */
int64_t sl_queue_now(void);

#endif
