/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
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

enum sl_err
sl_fs_read(const char *path, size_t max, void **ret_data, size_t *ret_len, struct sl_msg *msg)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	SL_FREE char *data = NULL;
	struct stat st;
	size_t have = 0;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_errno(msg, path);
	if (!S_ISREG(st.st_mode)) {
		sl_msg_set(msg, "%s: not a regular file", path);
		return SL_ERR_FORMAT;
	}
	data = malloc(max + 1);
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

enum sl_err
sl_fs_read_text(const char *path, size_t max, char **ret_text, struct sl_msg *msg)
{
	SL_FREE void *data = NULL;
	size_t len = 0;
	const enum sl_err err = sl_fs_read(path, max, &data, &len, msg);

	if (err != SL_OK)
		return err;
	if (strlen(data) != len) {
		sl_msg_set(msg, "%s: holds a NUL byte, expected text", path);
		return SL_ERR_FORMAT;
	}
	*ret_text = SL_TAKE(data);
	return SL_OK;
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
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		sl_msg_set(msg, "%s: others can write it (owner %lu, mode %04o), expected a directory of our own, mode 0700",
		           path, (unsigned long)st.st_uid, (unsigned)(st.st_mode & 07777));
		return SL_ERR_ACCESS;
	}
	return SL_OK;
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
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		sl_msg_set(msg, "%s: others can write it (owner %lu, mode %04o), expected a file of our own, mode 0600",
		           path, (unsigned long)st.st_uid, (unsigned)(st.st_mode & 07777));
		return SL_ERR_ACCESS;
	}
	return SL_OK;
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
