/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_REQUESTER_H
#define SL_REQUEST_KEY_REQUESTER_H

#include "config/config.h"
#include "derive/context.h"
#include "request-key/procfs.h"

#include <limits.h>

/*
 * Who asks. The thread waits in request_key(2) for as long as the helper runs, also when it was killed, so nothing of it can change or pass to another
 * process in the meantime; sl_requester_open() and sl_requester_still() make sure that it is so. Every function takes a directory in place of /proc, for tests.
 */
struct sl_requester {
	int dir;        /* /proc/TID; -1: none */
	int proc;       /* borrowed */
	int32_t key;
	pid_t tid;
	uint64_t start; /* of the thread */
	uid_t uid;      /* in the initial user namespace */
	gid_t gid;
	char path[PATH_MAX];
	char text_uid[16];
	char csum[65];
	char unit[SL_PROCFS_UNIT_MAX + 1];
	char lsm[4097];
	struct sl_binder binders[SL_BINDERS_MAX];
	size_t n_binders;
};
#define SL_REQUESTER_NONE { .dir = -1 }

/* proc is an open /proc, the key that of the request, uid and gid what the kernel has noted of it. Every failure is a refusal, and msg says why. */
SL_MUST_CHECK enum sl_err sl_requester_open(int proc, int32_t key, uid_t uid, gid_t gid, struct sl_requester *requester, struct sl_msg *msg);

/* Fills in the binders that are asked for (SL_BINDER_*), in their order. */
SL_MUST_CHECK enum sl_err sl_requester_look(struct sl_requester *requester, unsigned binders, struct sl_msg *msg);

/* It is still the one that sl_requester_open() has seen, and it still waits. */
SL_MUST_CHECK enum sl_err sl_requester_still(const struct sl_requester *requester, struct sl_msg *msg);

/* Its program, fit for a log: without control characters; "?" where it cannot be known. Not verified. */
void sl_requester_program(const struct sl_requester *requester, char *out, size_t room);

void sl_requester_close(struct sl_requester *requester);

#endif
