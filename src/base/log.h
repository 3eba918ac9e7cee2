/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_LOG_H
#define SL_BASE_LOG_H

#include "base/clean.h"

enum sl_log_level { SL_LOG_OFF, SL_LOG_ERROR, SL_LOG_INFO, SL_LOG_DEBUG };

/*
 * Messages go to syslog (LOG_AUTHPRIV), or are appended to a file where one is named; never to
 * stderr, which is our host's. path NULL: syslog. Secrets and PINs never come here. The default is
 * SL_LOG_ERROR to syslog. Safe from any thread.
 */
void sl_log_setup(enum sl_log_level level, const char *path);
/* In a forked child: the lock may be held by a thread that is not there. */
void sl_log_after_fork(void);
void sl_log(enum sl_log_level level, const char *fmt, ...) SL_PRINTF(2, 3);

#endif
