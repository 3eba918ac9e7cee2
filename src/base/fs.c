/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LIST_MAX 4096

static enum sl_err
from_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
		return SL_ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case ELOOP:
		return SL_ERR_ACCESS;
	case EROFS:
		return SL_ERR_READONLY;
	case ENOMEM:
		return SL_ERR_MEMORY;
	default:
		return SL_ERR_IO;
	}
}

static enum sl_err
fail_errno(struct sl_msg *msg, const char *path)
{
	const int e = errno;
	char text[128];

	sl_msg_set(msg, "%s: %s", path, strerror_r(e, text, sizeof(text)));
	return from_errno(e);
}

/* Others must not be able to change it: st is of path. */
static enum sl_err
check_private(const struct stat *st, const char *path, const char *want, struct sl_msg *msg)
{
	if ((st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return SL_OK;
	sl_msg_set(msg, "%s: others can write it (owner %lu, mode %04o), expected %s", path, (unsigned long)st->st_uid,
	           (unsigned)(st->st_mode & 07777), want);
	return SL_ERR_ACCESS;
}

static enum sl_err
read_all(int fd, const char *path, size_t max, void **ret_data, size_t *ret_len, struct sl_msg *msg)
{
	SL_FREE char *data = malloc(max + 1);
	size_t have = 0;
	ssize_t n = 1;

	if (data == NULL)
		return SL_ERR_MEMORY;
	while (n > 0 && have <= max) {
		n = read(fd, data + have, max + 1 - have);
		if (n < 0 && errno != EINTR)
			return fail_errno(msg, path);
		have += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	if (have > max) {
		sl_msg_set(msg, "%s: longer than %zu bytes", path, max);
		return SL_ERR_RANGE;
	}
	data[have] = '\0';
	*ret_data = SL_TAKE(data);
	*ret_len = have;
	return SL_OK;
}

static enum sl_err
read_file(const char *path, size_t max, bool private, void **ret_data, size_t *ret_len, struct sl_msg *msg)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum sl_err err;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_errno(msg, path);
	if (!S_ISREG(st.st_mode)) {
		sl_msg_set(msg, "%s: not a regular file", path);
		return SL_ERR_FORMAT;
	}
	if (private && (err = check_private(&st, path, "a file that only we or root can write", msg)) != SL_OK)
		return err;
	return read_all(fd, path, max, ret_data, ret_len, msg);
}

enum sl_err
sl_fs_read(const char *path, size_t max, void **ret_data, size_t *ret_len, struct sl_msg *msg)
{
	return read_file(path, max, false, ret_data, ret_len, msg);
}

static enum sl_err
read_text(const char *path, size_t max, bool private, char **ret_text, struct sl_msg *msg)
{
	SL_FREE void *data = NULL;
	size_t len = 0;
	const enum sl_err err = read_file(path, max, private, &data, &len, msg);

	if (err != SL_OK)
		return err;
	if (strlen(data) != len) {
		sl_msg_set(msg, "%s: holds a NUL byte, expected text", path);
		return SL_ERR_FORMAT;
	}
	*ret_text = SL_TAKE(data);
	return SL_OK;
}

enum sl_err
sl_fs_read_text(const char *path, size_t max, char **ret_text, struct sl_msg *msg)
{
	return read_text(path, max, false, ret_text, msg);
}

enum sl_err
sl_fs_read_private_text(const char *path, size_t max, char **ret_text, struct sl_msg *msg)
{
	return read_text(path, max, true, ret_text, msg);
}

static enum sl_err
write_all(int fd, const char *path, const char *text, struct sl_msg *msg)
{
	size_t left = strlen(text);

	while (left != 0) {
		const ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(msg, path);
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) == 0 ? SL_OK : fail_errno(msg, path);
}

static enum sl_err
open_parent(const char *path, int *ret_fd, struct sl_msg *msg)
{
	const char *slash = strrchr(path, '/');
	SL_FREE char *dir = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));

	if (dir == NULL)
		return SL_ERR_MEMORY;
	*ret_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? fail_errno(msg, dir) : SL_OK;
}

/* A new name, or a name that is gone, lasts only once its directory is on the disk. */
static enum sl_err
sync_parent(const char *path, struct sl_msg *msg)
{
	SL_CLOSE int fd = -1;
	const enum sl_err err = open_parent(path, &fd, msg);

	if (err != SL_OK)
		return err;
	return fsync(fd) != 0 && errno != EINVAL ? fail_errno(msg, path) : SL_OK;
}

enum sl_err
sl_fs_lock_parent(const char *path, int *ret_fd, struct sl_msg *msg)
{
	SL_CLOSE int fd = -1;
	const enum sl_err err = open_parent(path, &fd, msg);

	if (err != SL_OK)
		return err;
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return fail_errno(msg, path);
	*ret_fd = fd;
	fd = -1;
	return SL_OK;
}

static enum sl_err
write_temporary(const char *path, char *temporary, const char *text, mode_t mode, struct sl_msg *msg)
{
	SL_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);
	enum sl_err err;

	if (fd < 0)
		return fail_errno(msg, path);
	err = fchmod(fd, mode) == 0 ? write_all(fd, path, text, msg) : fail_errno(msg, path);
	if (err != SL_OK)
		(void)unlink(temporary);
	return err;
}

enum sl_err
sl_fs_write_text(const char *path, const char *text, mode_t mode, int replace, struct sl_msg *msg)
{
	SL_FREE char *temporary = NULL;
	enum sl_err err;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return SL_ERR_MEMORY;
	}
	err = write_temporary(path, temporary, text, mode, msg);
	if (err != SL_OK)
		return err;
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, replace ? 0 : RENAME_NOREPLACE) != 0) {
		err = errno == EEXIST ? SL_ERR_EXISTS : from_errno(errno);
		(void)fail_errno(msg, path);
		(void)unlink(temporary);
		return err;
	}
	return sync_parent(path, msg);
}

enum sl_err
sl_fs_remove(const char *path, struct sl_msg *msg)
{
	return unlink(path) == 0 ? sync_parent(path, msg) : fail_errno(msg, path);
}

static enum sl_err
make_parents(char *path, struct sl_msg *msg)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = mkdir(path, 0755);
		if (r != 0 && errno != EEXIST && access(path, X_OK) != 0) {
			const enum sl_err err = fail_errno(msg, path);

			*slash = '/';
			return err;
		}
		*slash = '/';
	}
	return SL_OK;
}

enum sl_err
sl_fs_private_dir(const char *path, int create, struct sl_msg *msg)
{
	char copy[PATH_MAX];
	struct stat st;
	enum sl_err err;

	if (path[0] == '\0' || strlen(path) >= sizeof(copy)) {
		sl_msg_set(msg, "%.64s: expected the path of a directory", path);
		return SL_ERR_ARG;
	}
	if (stat(path, &st) != 0) {
		if (errno != ENOENT || !create)
			return fail_errno(msg, path);
		memcpy(copy, path, strlen(path) + 1);
		err = make_parents(copy, msg);
		if (err != SL_OK)
			return err;
		if ((mkdir(path, 0700) != 0 && errno != EEXIST) || stat(path, &st) != 0)
			return fail_errno(msg, path);
	}
	if (!S_ISDIR(st.st_mode)) {
		sl_msg_set(msg, "%s: expected a directory", path);
		return SL_ERR_FORMAT;
	}
	return check_private(&st, path, "a directory of our own, mode 0700", msg);
}

enum sl_err
sl_fs_private_file(const char *path, struct sl_msg *msg)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fail_errno(msg, path);
	if (!S_ISREG(st.st_mode)) {
		sl_msg_set(msg, "%s: expected a regular file", path);
		return SL_ERR_FORMAT;
	}
	return check_private(&st, path, "a file of our own, mode 0600", msg);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
sl_fs_list_free(char ***paths)
{
	if (*paths == NULL)
		return;
	for (char **p = *paths; *p != NULL; p++)
		free(*p);
	free(*paths);
	*paths = NULL;
}

static void
clean_closedir(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

static bool
wanted(const char *name, const char *suffix)
{
	const size_t n = strlen(name);
	const size_t s = strlen(suffix);

	return name[0] != '.' && n > s && strcmp(name + n - s, suffix) == 0;
}

enum sl_err
sl_fs_list(const char *dir, const char *suffix, char ***ret_paths, struct sl_msg *msg)
{
	SL_CLEANUP(clean_closedir) DIR *d = opendir(dir);
	SL_CLEANUP(sl_fs_list_free) char **paths = calloc(LIST_MAX + 1, sizeof(*paths));
	const struct dirent *e;
	size_t n = 0;

	if (paths == NULL)
		return SL_ERR_MEMORY;
	if (d == NULL && errno != ENOENT)
		return fail_errno(msg, dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!wanted(e->d_name, suffix))
			continue;
		if (n == LIST_MAX) {
			sl_msg_set(msg, "%s: more than %d files end in %s", dir, LIST_MAX, suffix);
			return SL_ERR_RANGE;
		}
		if (asprintf(&paths[n], "%s/%s", dir, e->d_name) < 0) {
			paths[n] = NULL;
			return SL_ERR_MEMORY;
		}
		n++;
	}
	qsort(paths, n, sizeof(*paths), by_name);
	*ret_paths = SL_TAKE(paths);
	return SL_OK;
}
