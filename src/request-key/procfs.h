/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_PROCFS_H
#define SL_REQUEST_KEY_PROCFS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The texts of /proc, taken apart. Other people's names are in them, so each is read by its form and not by what it looks like. */

/* A whole file below dir, at most max bytes and no NUL byte inside; one NUL byte or newline at the end is dropped. The caller frees *ret_text. */
SL_MUST_CHECK enum sl_err sl_procfs_read(int dir, const char *name, size_t max, char **ret_text);

/*
 * /proc/keys: the thread whose request for a key is waiting, by the line of its authorization key. SL_ERR_NOT_FOUND: there is none; SL_ERR_EXISTS: more than
 * one, and all but one are somebody's forgery: descriptions are written there as they are.
 */
SL_MUST_CHECK enum sl_err sl_procfs_requester(const char *keys, int32_t key, pid_t *ret_tid);

/* /proc/TID/stat, fields 3 and 22 (proc(5)). */
SL_MUST_CHECK enum sl_err sl_procfs_stat(const char *stat, char *ret_state, uint64_t *ret_start);

/* /proc/TID/status: real, effective, saved and file system ids. */
struct sl_procfs_ids {
	uint32_t uid[4];
	uint32_t gid[4];
};
SL_MUST_CHECK enum sl_err sl_procfs_ids(const char *status, struct sl_procfs_ids *ret_ids);

/* /proc/TID/syscall: whether it is request_key(2), of any kind of program that this kernel runs. */
bool sl_procfs_in_request_key(const char *syscall);

/*
 * /proc/TID/cgroup: the system's unit, as systemd names it: the first part of the path that is no slice, and that has to be a service. SL_ERR_NOT_FOUND: it is
 * in none. SL_ERR_FORMAT: no such file, or a group that was removed or is outside of what we see.
 */
#define SL_PROCFS_UNIT_MAX 255
SL_MUST_CHECK enum sl_err sl_procfs_unit(const char *cgroup, char ret_unit[SL_PROCFS_UNIT_MAX + 1]);

#endif
