/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum sl_log_level limit = SL_LOG_ERROR;
static char file[4096];

void
sl_log_setup(enum sl_log_level level, const char *path)
{
	(void)pthread_mutex_lock(&lock);
	limit = level;
	file[0] = '\0';
	if (path != NULL && strlen(path) < sizeof(file))
		memcpy(file, path, strlen(path) + 1);
	(void)pthread_mutex_unlock(&lock);
}

void
sl_log_after_fork(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static void
to_file(const char *text)
{
	SL_CLOSE int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	char line[1200];
	struct timespec now;
	struct tm tm;
	int len;

	if (fd < 0 || clock_gettime(CLOCK_REALTIME, &now) != 0 || gmtime_r(&now.tv_sec, &tm) == NULL)
		return;
	len = snprintf(line, sizeof(line), "%04d-%02d-%02dT%02d:%02d:%02dZ seedleaf[%ld]: %s\n", tm.tm_year + 1900,
	               tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (long)getpid(), text);
	if (len > 0 && (size_t)len < sizeof(line) && write(fd, line, (size_t)len) != len)
		return; /* a full disk must not stop a signature */
}

void
sl_log(enum sl_log_level level, const char *fmt, ...)
{
	static const int priority[] = { LOG_ERR, LOG_ERR, LOG_INFO, LOG_DEBUG };
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)pthread_mutex_lock(&lock);
	if (level != SL_LOG_OFF && level <= limit) {
		if (file[0] != '\0')
			to_file(text);
		else
			syslog(LOG_AUTHPRIV | priority[level], "seedleaf: %s", text);
	}
	(void)pthread_mutex_unlock(&lock);
}
