/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_FS_H
#define SL_BASE_FS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a whole small file. Refuses what is not a regular file and what is longer than max bytes. *ret_data has a NUL byte after
 * its *ret_len bytes; the caller frees it. SL_ERR_NOT_FOUND, _ACCESS, _RANGE, _FORMAT, _IO, _MEMORY; msg names the path.
 */
SL_MUST_CHECK enum sl_err sl_fs_read(const char *path, size_t max, void **ret_data, size_t *ret_len, struct sl_msg *msg);

/* The same for text: a NUL byte inside is SL_ERR_FORMAT. */
SL_MUST_CHECK enum sl_err sl_fs_read_text(const char *path, size_t max, char **ret_text, struct sl_msg *msg);

/*
 * The same for a file that steers us: also refuses one that somebody other than us or root owns, or that group or others may write
 * (SL_ERR_ACCESS). Asked of the open file, so that it cannot be exchanged between the question and the reading.
 */
SL_MUST_CHECK enum sl_err sl_fs_read_private_text(const char *path, size_t max, char **ret_text, struct sl_msg *msg);

/*
 * Writes a whole file: a temporary file beside it, fsync, and then one rename, so that readers and a power failure see all of it or
 * nothing. With replace 0 an existing path is SL_ERR_EXISTS and left alone.
 */
SL_MUST_CHECK enum sl_err sl_fs_write_text(const char *path, const char *text, mode_t mode, int replace, struct sl_msg *msg);

/*
 * Until *ret_fd is closed, no other process that asks likewise is between reading a file of that directory and writing it anew. It waits.
 * SL_ERR_NOT_FOUND: there is no such directory.
 */
SL_MUST_CHECK enum sl_err sl_fs_lock_parent(const char *path, int *ret_fd, struct sl_msg *msg);

/* Removes a file and makes that last. */
SL_MUST_CHECK enum sl_err sl_fs_remove(const char *path, struct sl_msg *msg);

/*
 * Makes sure that path is a directory of ours that only we can write: made with mode 0700 (its parents
 * too, 0755) when it is missing. SL_ERR_ACCESS when somebody else owns it or may write it, SL_ERR_READONLY when it cannot be made
 * because the file system is read-only, SL_ERR_NOT_FOUND when it is missing and create is 0.
 */
SL_MUST_CHECK enum sl_err sl_fs_private_dir(const char *path, int create, struct sl_msg *msg);

/*
 * The same question of an existing regular file: owned by us or by root, not writable by group or others.
 * SL_ERR_NOT_FOUND when it is missing.
 */
SL_MUST_CHECK enum sl_err sl_fs_private_file(const char *path, struct sl_msg *msg);

/* A NULL-terminated list of "dir/name" for the names that end in suffix, in strcmp order. A missing
 * directory is an empty list. Free with sl_fs_list_free(). At most 4096 names. */
SL_MUST_CHECK enum sl_err sl_fs_list(const char *dir, const char *suffix, char ***ret_paths, struct sl_msg *msg);
void sl_fs_list_free(char ***paths);

#endif
