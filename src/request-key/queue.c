/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 50

int64_t
sl_queue_now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
nothing(int number)
{
	(void)number;
}

/* SIGALRM again and again from then on, so that none can come too early to end a wait; off with 0. */
static void
alarm_after(int64_t ms)
{
	const struct itimerval timer = { .it_interval = { .tv_usec = ms > 0 ? AGAIN_MS * 1000 : 0 },
		                         .it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 } };
	struct sigaction action = { .sa_handler = nothing }; /* no SA_RESTART */

	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

enum sl_err
sl_queue_enter(const char *path, uid_t uid, int64_t ms, int *ret_fd)
{
	/* A user's place in the file is his number; there is nothing in it. */
	const struct flock place = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)uid, .l_len = 1 };
	const int64_t end = sl_queue_now() + ms;
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	enum sl_err err = SL_OK;

	alarm_after(ms > 0 ? ms : 1);
	while (fd >= 0 && fcntl(fd, F_OFD_SETLKW, &place) != 0) {
		if (errno == EINTR && sl_queue_now() < end)
			continue;
		err = errno == EINTR ? SL_ERR_BUSY : SL_OK;
		(void)close(fd);
		fd = -1;
	}
	alarm_after(0);
	if (err == SL_OK)
		*ret_fd = fd;
	return err;
}
