/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/procfs.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define FIELDS_MAX 64

enum sl_err
sl_procfs_read(int dir, const char *name, size_t max, char **ret_text)
{
	SL_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	SL_FREE char *text = NULL;
	size_t room = 0;
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT ? SL_ERR_NOT_FOUND : errno == EACCES || errno == EPERM ? SL_ERR_ACCESS : SL_ERR_IO;
	do {
		if (room - used < 2) {
			char *more;

			room = room == 0 ? 4096 : 2 * room;
			if ((more = realloc(text, room)) == NULL)
				return SL_ERR_MEMORY;
			text = more;
		}
		got = read(fd, text + used, room - used - 1);
		if (got < 0 && errno != EINTR)
			return SL_ERR_IO;
		used += got > 0 ? (size_t)got : 0;
		if (used > max)
			return SL_ERR_RANGE;
	} while (got != 0);
	if (used > 0 && (text[used - 1] == '\n' || text[used - 1] == '\0'))
		used--;
	text[used] = '\0';
	if (strlen(text) != used)
		return SL_ERR_FORMAT;
	*ret_text = SL_TAKE(text);
	return SL_OK;
}

/* A line of /proc/keys, cut at its blanks into at most n fields. */
static size_t
cut(char *line, char **fields, size_t n)
{
	size_t found = 0;
	char *at = line;

	while (found < n) {
		at += strspn(at, " \t");
		if (*at == '\0')
			break;
		fields[found++] = at;
		at += strcspn(at, " \t");
		if (*at == '\0')
			break;
		*at++ = '\0';
	}
	return found;
}

/* "2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd1 pid:227 ci:1": the kernel cuts the type at nine characters. */
static bool
is_authorization(char *line, const char *want_key, uint32_t *ret_pid)
{
	char *field[11];

	return cut(line, field, SL_ARRAY_LEN(field)) == 11 && strcmp(field[7], ".request_") == 0 && strcmp(field[8], want_key) == 0 &&
	       strncmp(field[9], "pid:", 4) == 0 && sl_text_u32(field[9] + 4, ret_pid) && strncmp(field[10], "ci:", 3) == 0;
}

enum sl_err
sl_procfs_requester(const char *keys, int32_t key, pid_t *ret_tid)
{
	SL_FREE char *copy = strdup(keys);
	char want[32];
	char *rest = copy;
	char *line;
	uint32_t pid = 0;
	unsigned found = 0;

	if (copy == NULL)
		return SL_ERR_MEMORY;
	(void)snprintf(want, sizeof(want), "key:%x", (uint32_t)key);
	while ((line = strsep(&rest, "\n")) != NULL) {
		uint32_t number;

		if (!is_authorization(line, want, &number))
			continue;
		found++;
		pid = number;
	}
	if (found != 1)
		return found == 0 ? SL_ERR_NOT_FOUND : SL_ERR_EXISTS;
	if (pid == 0 || pid > INT32_MAX)
		return SL_ERR_FORMAT;
	*ret_tid = (pid_t)pid;
	return SL_OK;
}

enum sl_err
sl_procfs_stat(const char *stat, char *ret_state, uint64_t *ret_start)
{
	const char *after = strrchr(stat, ')'); /* the name before it may have anything in it */
	SL_FREE char *copy = after == NULL ? NULL : strdup(after + 1);
	char *field[FIELDS_MAX];
	char *end;
	uint64_t start;
	size_t n;

	if (after == NULL)
		return SL_ERR_FORMAT;
	if (copy == NULL)
		return SL_ERR_MEMORY;
	n = cut(copy, field, SL_ARRAY_LEN(field)); /* field[0] is the third */
	if (n < 20 || strlen(field[0]) != 1 || strspn(field[19], "0123456789") != strlen(field[19]))
		return SL_ERR_FORMAT;
	errno = 0;
	start = strtoull(field[19], &end, 10);
	if (errno != 0 || *end != '\0')
		return SL_ERR_FORMAT;
	*ret_state = field[0][0];
	*ret_start = start;
	return SL_OK;
}

/* "Uid:\t1000\t1000\t1000\t1000" */
static bool
four(const char *status, const char *head, uint32_t ret_ids[4])
{
	const char *line = status;
	uint32_t ids[4];
	char *field[5];
	char copy[64];
	size_t len;

	while (strncmp(line, head, strlen(head)) != 0) {
		line = strchr(line, '\n');
		if (line == NULL)
			return false;
		line++;
	}
	line += strlen(head);
	len = strcspn(line, "\n");
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (cut(copy, field, SL_ARRAY_LEN(field)) != 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!sl_text_u32(field[i], &ids[i]))
			return false;
	memcpy(ret_ids, ids, sizeof(ids));
	return true;
}

enum sl_err
sl_procfs_ids(const char *status, struct sl_procfs_ids *ret_ids)
{
	struct sl_procfs_ids ids;

	if (!four(status, "Uid:", ids.uid) || !four(status, "Gid:", ids.gid))
		return SL_ERR_FORMAT;
	*ret_ids = ids;
	return SL_OK;
}

bool
sl_procfs_in_request_key(const char *syscall)
{
	static const uint32_t numbers[] = {
		SYS_request_key,
#if defined(__x86_64__)
		287, 0x40000000 + SYS_request_key, /* programs for i386 and x32 */
#elif defined(__aarch64__)
		310, /* for arm */
#endif
	};
	char word[16];
	const size_t len = strcspn(syscall, " \n");
	uint32_t number;

	if (len >= sizeof(word))
		return false;
	memcpy(word, syscall, len);
	word[len] = '\0';
	if (!sl_text_u32(word, &number))
		return false;
	for (size_t i = 0; i < SL_ARRAY_LEN(numbers); i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static bool
ends_in(const char *text, size_t len, const char *suffix)
{
	const size_t n = strlen(suffix);

	return len > n && memcmp(text + len - n, suffix, n) == 0;
}

/* The path in the line of one hierarchy; "0::" is v2's. */
static const char *
path_of(const char *cgroup, const char *want)
{
	const char *line = cgroup;

	while (line != NULL) {
		const char *controllers = line + strspn(line, "0123456789");

		if (controllers > line && strncmp(controllers, want, strlen(want)) == 0 && (strcmp(want, "::") != 0 || line[0] == '0'))
			return controllers + strlen(want);
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return NULL;
}

/* systemd escapes names that could be taken for the kernel's own files with '_' before them. */
static enum sl_err
take_unit(const char *part, size_t len, char *ret_unit)
{
	if (part[0] == '_') {
		part++;
		len--;
	}
	if (!ends_in(part, len, ".service"))
		return SL_ERR_NOT_FOUND;
	if (len > SL_PROCFS_UNIT_MAX)
		return SL_ERR_FORMAT;
	memcpy(ret_unit, part, len);
	ret_unit[len] = '\0';
	return SL_OK;
}

enum sl_err
sl_procfs_unit(const char *cgroup, char ret_unit[SL_PROCFS_UNIT_MAX + 1])
{
	const char *at = path_of(cgroup, ":name=systemd:");
	size_t len;

	if (at == NULL)
		at = path_of(cgroup, "::");
	if (at == NULL || at[0] != '/' || strncmp(at, "/..", 3) == 0 || ends_in(at, strcspn(at, "\n"), " (deleted)"))
		return SL_ERR_FORMAT;
	do {
		at++;
		len = strcspn(at, "/\n");
		if (len == 0)
			return SL_ERR_NOT_FOUND;
		if (!ends_in(at, len, ".slice"))
			return take_unit(at, len, ret_unit);
		at += len;
	} while (*at == '/');
	return SL_ERR_NOT_FOUND;
}
