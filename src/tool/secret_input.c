/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define CREDENTIAL "credential:"

void
sl_secret_input_harden(void)
{
	const struct rlimit none = { 0, 0 };

	/* Neither can fail for a program about itself, and nothing could be done if it did: the secrets' own pages are kept out of dumps anyway. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)(sl_secret_hide_process() == SL_OK);
}

/* The first len bytes of room, as a secret of that length. */
static enum sl_err
shorten(const struct sl_secret *room, size_t len, struct sl_secret *ret_secret)
{
	return len == 0 ? SL_OK : sl_secret_copy(ret_secret, room->bytes, len);
}

/* Up to the end of the file, or to a newline, which is not kept. Room for one byte more than is wanted tells when there is more. */
static enum sl_err
read_bytes(int fd, bool one_line, struct sl_secret *room, size_t *ret_len)
{
	size_t used = 0;

	while (used < room->len) {
		const ssize_t n = read(fd, room->bytes + used, one_line ? 1 : room->len - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SL_ERR_IO;
		if (n == 0 || (one_line && room->bytes[used] == '\n'))
			break;
		used += (size_t)n;
	}
	*ret_len = used;
	return SL_OK;
}

/*
 * What only we, our group and root can read. A pipe is fine: the shell's <(...).
 */
static enum sl_err
open_private(const char *path, int *ret_fd, struct sl_msg *msg)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		sl_msg_set(msg, "%s: %s", path, strerror(errno));
		return errno == ENOENT ? SL_ERR_NOT_FOUND : errno == EACCES ? SL_ERR_ACCESS : SL_ERR_IO;
	}
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		sl_msg_set(msg, "%s: expected a file", path);
		return SL_ERR_FORMAT;
	}
	if ((st.st_mode & S_IRWXO) != 0 || (st.st_mode & S_IWGRP) != 0) {
		sl_msg_set(msg, "%s: mode %04o lets others at the secret, expected 0600 or 0640", path, (unsigned)(st.st_mode & 07777));
		return SL_ERR_ACCESS;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		sl_msg_set(msg, "%s: belongs to user %lu, expected us or root", path, (unsigned long)st.st_uid);
		return SL_ERR_ACCESS;
	}
	*ret_fd = fd;
	fd = -1;
	return SL_OK;
}

enum sl_err
sl_secret_input_file(const char *path, size_t max, struct sl_secret *ret_secret, struct sl_msg *msg)
{
	SL_SECRET room = { 0 };
	SL_CLOSE int fd = -1;
	size_t len = 0;
	enum sl_err err;

	if ((err = open_private(path, &fd, msg)) != SL_OK || (err = sl_secret_alloc(&room, max + 1)) != SL_OK)
		return err;
	if ((err = read_bytes(fd, false, &room, &len)) != SL_OK) {
		sl_msg_set(msg, "%s: cannot be read", path);
		return err;
	}
	if (len == 0 || len > max) {
		sl_msg_set(msg, "%s: %s, expected 1 to %zu bytes", path, len == 0 ? "empty" : "too long", max);
		return SL_ERR_FORMAT;
	}
	return shorten(&room, len, ret_secret);
}

/* systemd.exec(5), CREDENTIALS. */
static enum sl_err
credential_path(const struct sl_secret_ask *ask, char **ret_path, struct sl_msg *msg)
{
	const char *name = ask->from + strlen(CREDENTIAL);
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
		sl_msg_set(msg, "--%s: '%.80s', expected credential:NAME", ask->option, ask->from);
		return SL_ERR_ARG;
	}
	if (dir == NULL || dir[0] != '/') {
		sl_msg_set(msg, "--%s: %.80s: CREDENTIALS_DIRECTORY is not set, expected to be run by systemd with that credential", ask->option,
		           ask->from);
		return SL_ERR_NOT_FOUND;
	}
	return asprintf(ret_path, "%s/%s", dir, name) < 0 ? SL_ERR_MEMORY : SL_OK;
}

/* One newline at the end does not count. */
static enum sl_err
from_file(const struct sl_secret_ask *ask, const char *path, struct sl_secret *room, size_t *ret_len, struct sl_msg *msg)
{
	SL_CLOSE int fd = -1;
	size_t len = 0;
	enum sl_err err = open_private(path, &fd, msg);

	if (err != SL_OK)
		return err;
	if ((err = read_bytes(fd, false, room, &len)) != SL_OK) {
		sl_msg_set(msg, "--%s: %s: cannot be read", ask->option, path);
		return err;
	}
	*ret_len = len > 0 && room->bytes[len - 1] == '\n' ? len - 1 : len;
	return SL_OK;
}

/* A line, and no byte after it: the next secret may be there. */
static enum sl_err
from_stdin(const struct sl_secret_ask *ask, struct sl_secret *room, size_t *ret_len, struct sl_msg *msg)
{
	const enum sl_err err = read_bytes(STDIN_FILENO, true, room, ret_len);

	if (err != SL_OK)
		sl_msg_set(msg, "--%s: standard input cannot be read", ask->option);
	return err;
}

static bool
fits(const struct sl_secret_ask *ask, size_t len)
{
	return len == 0 ? ask->optional : len >= ask->min && len <= ask->max;
}

static enum sl_err
ask_terminal(const struct sl_secret_ask *ask, const char *prompt, struct sl_secret *room, size_t *ret_len, struct sl_msg *msg)
{
	const enum sl_err err = sl_terminal_ask(prompt, room, ret_len);

	if (err == SL_ERR_NOT_FOUND)
		sl_msg_set(msg, "%s: there is no terminal to ask, expected --%s", ask->what, ask->option);
	else if (err == SL_ERR_IO)
		sl_msg_set(msg, "%s: nothing was given at the terminal", ask->what);
	return err;
}

static enum sl_err
from_terminal(const struct sl_secret_ask *ask, struct sl_secret *room, size_t *ret_len, struct sl_msg *msg)
{
	SL_SECRET again = { 0 };
	char prompt[160];
	size_t again_len = 0;
	enum sl_err err;

	(void)snprintf(prompt, sizeof(prompt), "%s: ", ask->what);
	if ((err = ask_terminal(ask, prompt, room, ret_len, msg)) != SL_OK || !ask->fresh || !fits(ask, *ret_len) ||
	    *ret_len == 0)
		return err;
	(void)snprintf(prompt, sizeof(prompt), "%s, again: ", ask->what);
	if ((err = sl_secret_alloc(&again, room->len)) != SL_OK || (err = ask_terminal(ask, prompt, &again, &again_len, msg)) != SL_OK)
		return err;
	if (sl_secret_equal(room->bytes, *ret_len, again.bytes, again_len))
		return SL_OK;
	sl_msg_set(msg, "%s: these were two different ones", ask->what);
	return SL_ERR_ARG;
}

static enum sl_err
take(const struct sl_secret_ask *ask, struct sl_secret *room, size_t *ret_len, struct sl_msg *msg)
{
	SL_FREE char *path = NULL;
	enum sl_err err;

	/* A terminal at standard input would show what is typed. */
	if (ask->from == NULL || (strcmp(ask->from, "-") == 0 && isatty(STDIN_FILENO) == 1))
		return from_terminal(ask, room, ret_len, msg);
	if (strcmp(ask->from, "-") == 0)
		return from_stdin(ask, room, ret_len, msg);
	if (strncmp(ask->from, CREDENTIAL, strlen(CREDENTIAL)) != 0)
		return from_file(ask, ask->from, room, ret_len, msg);
	err = credential_path(ask, &path, msg);
	return err != SL_OK ? err : from_file(ask, path, room, ret_len, msg);
}

enum sl_err
sl_secret_input(const struct sl_secret_ask *ask, struct sl_secret *ret_secret, struct sl_msg *msg)
{
	SL_SECRET room = { 0 };
	size_t len = 0;
	/* Two bytes more: a newline, and what makes it too long. */
	enum sl_err err = sl_secret_alloc(&room, ask->max + 2);

	if (err == SL_OK)
		err = take(ask, &room, &len, msg);
	if (err == SL_ERR_RANGE || (err == SL_OK && !fits(ask, len))) {
		sl_msg_set(msg, "%s: too %s, expected %zu to %zu bytes", ask->what, err == SL_OK && len < ask->min ? "short" : "long", ask->min,
		           ask->max);
		return SL_ERR_RANGE;
	}
	return err != SL_OK ? err : shorten(&room, len, ret_secret);
}
