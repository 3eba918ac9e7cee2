/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/log.h"
#include "base/text.h"
#include "request-key/answer.h"
#include "request-key/confine.h"
#include "request-key/queue.h"
#include "request-key/work.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/*
 * seedleaf-request-key(8). Two processes: the one that the kernel has started waits, and ends the request when the time is over, whatever the other one, which
 * does the work, is stuck in: a slow file system, a TPM that hangs. Until it ends nobody can end the requester.
 */
#define LIMIT_MS 1800
/* Then it ends, whatever holds it up: a log that nobody reads, a file system. The kernel refuses the request for it. */
#define HARD_MS 1950
#define QUEUE_MS 700
#define LATE_MS 200
#define IN_TURN (-10)

static int
usage(void)
{
	fprintf(stderr, "Usage: seedleaf-request-key KEY DESCRIPTION OPTIONS KEYRING UID GID\n"
	                "The kernel starts this: see seedleaf-request-key(8).\n");
	return 2;
}

/* The serial number of a key is above 0. */
static bool
parse(char **argv, struct sl_work_args *args)
{
	uint32_t key;

	if (!sl_text_u32(argv[1], &key) || key == 0 || key > INT32_MAX || !sl_text_u32(argv[5], &args->uid) || !sl_text_u32(argv[6], &args->gid))
		return false;
	args->key = (int32_t)key;
	args->description = argv[2];
	args->options = argv[3];
	return true;
}

static enum sl_err
configure(struct sl_config **ret_config)
{
	struct sl_msg msg = { "" };
	const enum sl_err err = sl_config_load(ret_config, &msg);

	sl_log_setup(SL_LOG_INFO, NULL);
	if (err != SL_OK)
		sl_log(SL_LOG_ERROR, "request-key: %s", msg.text);
	else
		sl_log_setup((*ret_config)->log_level > SL_LOG_INFO ? (*ret_config)->log_level : SL_LOG_INFO, (*ret_config)->log_file);
	return err;
}

/* False: the time is over. */
static bool
wait_for(pid_t child, int64_t end, int *ret_status)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (;;) {
		const int64_t left = end - sl_queue_now();
		const struct timespec t = { .tv_sec = left > 0 ? left / 1000 : 0, .tv_nsec = left > 0 ? left % 1000 * 1000000 : 0 };

		if (waitpid(child, ret_status, WNOHANG) == child)
			return true;
		if (left <= 0)
			return false;
		(void)sigtimedwait(&set, NULL, &t);
	}
}

/* 0, or the errno for the requester. */
static void
work(const struct sl_config *config, const struct sl_work_args *args, const sigset_t *mask, pid_t parent)
{
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent || !sl_confine_worker())
		_exit(ENOKEY);
	_exit(sl_work_answer(config, args));
}

/* 0, or the errno for the requester. */
static int
supervise(const struct sl_config *config, const struct sl_work_args *args, int64_t end, int turn)
{
	const bool waited = end - sl_queue_now() < LIMIT_MS - LATE_MS;
	const pid_t parent = getpid();
	sigset_t chld, before;
	int status = 0;
	pid_t child;

	(void)sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &chld, &before);
	child = fork();
	if (child == 0) {
		(void)close(turn); /* a worker that the kernel does not let go keeps nobody else waiting */
		work(config, args, &before, parent);
	}
	if (child < 0) {
		sl_log(SL_LOG_ERROR, "request-key: uid %lu: cannot fork", (unsigned long)args->uid);
		return ENOKEY;
	}
	if (!sl_confine_none()) {
		(void)kill(child, SIGKILL);
		sl_log(SL_LOG_ERROR, "request-key: uid %lu: capabilities cannot be given up", (unsigned long)args->uid);
		return ENOKEY;
	}
	if (!wait_for(child, end, &status)) {
		(void)kill(child, SIGKILL);
		sl_answer_refuse(args->key, waited ? EBUSY : ETIMEDOUT); /* before the log, which may hang, too */
		sl_log(SL_LOG_ERROR, "request-key: uid %lu: not done within %d ms", (unsigned long)args->uid, LIMIT_MS);
		return waited ? EBUSY : ETIMEDOUT;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sl_log(SL_LOG_ERROR, "request-key: uid %lu: ended by signal %d", (unsigned long)args->uid, WTERMSIG(status));
	return ENOKEY;
}

/* Not inherited by the worker, which ends with us. False: no timer. */
static bool
end_after(int64_t ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM };
	const struct itimerspec when = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };
	timer_t timer;

	return signal(SIGTERM, SIG_DFL) != SIG_ERR && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &when, NULL) == 0;
}

static int
answer(const struct sl_work_args *args, int64_t end)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	SL_CLOSE int turn = -1;

	if (!end_after(HARD_MS) || !sl_confine_begin() || configure(&config) != SL_OK)
		return ENOKEY;
	if (sl_queue_enter(SL_QUEUE_PATH, args->uid, QUEUE_MS, &turn) != SL_OK) {
		sl_log(SL_LOG_INFO, "request-key: uid %lu: has other requests that are not answered yet", (unsigned long)args->uid);
		return EBUSY;
	}
	(void)setpriority(PRIO_PROCESS, 0, IN_TURN); /* before those who are only about to wait */
	return supervise(config, args, end, turn);
}

int
main(int argc, char **argv)
{
	const int64_t end = sl_queue_now() + LIMIT_MS;
	struct sl_work_args args;
	int err;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("seedleaf-request-key %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (argc != 7 || !parse(argv, &args))
		return usage();
	(void)signal(SIGCHLD, SIG_DFL);
	if ((err = answer(&args, end)) != 0)
		sl_answer_refuse(args.key, err);
	return err == 0 ? 0 : 1;
}
