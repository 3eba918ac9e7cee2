/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/requester.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define KEYS_MAX ((size_t)16 << 20)
#define TEXT_MAX ((size_t)64 << 10)
#define PROGRAM_MAX ((off_t)256 << 20)

static enum sl_err
refuse(struct sl_msg *msg, const char *why)
{
	sl_msg_set(msg, "%s", why);
	return SL_ERR_ACCESS;
}

/* The thread is where the request keeps it, and is the user that asked. */
static enum sl_err
check(const struct sl_requester *r, uint64_t *ret_start, struct sl_msg *msg)
{
	SL_FREE char *stat = NULL;
	SL_FREE char *status = NULL;
	SL_FREE char *syscall = NULL;
	struct sl_procfs_ids ids;
	uint64_t start;
	char state;

	if (sl_procfs_read(r->dir, "stat", TEXT_MAX, &stat) != SL_OK || sl_procfs_stat(stat, &state, &start) != SL_OK ||
	    sl_procfs_read(r->dir, "status", TEXT_MAX, &status) != SL_OK || sl_procfs_ids(status, &ids) != SL_OK)
		return refuse(msg, "the requesting thread cannot be read");
	if (sl_procfs_read(r->dir, "syscall", TEXT_MAX, &syscall) != SL_OK)
		return refuse(msg, "the requesting thread's system call cannot be read (kernel.yama.ptrace_scope = 3 forbids that)");
	if (state != 'D' || !sl_procfs_in_request_key(syscall))
		return refuse(msg, "the requesting thread is not waiting in request_key(2)");
	/* A program that is between two users (setuid) would get the keys of one on behalf of the other. */
	for (size_t i = 0; i < 4; i++)
		if (ids.uid[i] != r->uid)
			return refuse(msg, "the requesting thread is not of one user alone");
	if (ids.gid[3] != r->gid)
		return refuse(msg, "the requesting thread is of another group than the request");
	*ret_start = start;
	return SL_OK;
}

static enum sl_err
find(int proc, int32_t key, pid_t *ret_tid, struct sl_msg *msg)
{
	SL_FREE char *keys = NULL;
	enum sl_err err = sl_procfs_read(proc, "keys", KEYS_MAX, &keys);

	if (err == SL_OK)
		err = sl_procfs_requester(keys, key, ret_tid);
	if (err == SL_OK)
		return SL_OK;
	if (err == SL_ERR_RANGE)
		return refuse(msg, "/proc/keys is longer than 16 MiB: somebody has very many keys");
	return refuse(msg, err == SL_ERR_EXISTS ? "/proc/keys names several requesters: somebody forges lines of it"
	                                        : "/proc/keys does not name the requester");
}

enum sl_err
sl_requester_open(int proc, int32_t key, uid_t uid, gid_t gid, struct sl_requester *requester, struct sl_msg *msg)
{
	char name[16];
	enum sl_err err;

	*requester = (struct sl_requester){ .dir = -1, .proc = proc, .key = key, .uid = uid, .gid = gid };
	if ((err = find(proc, key, &requester->tid, msg)) != SL_OK)
		return err;
	(void)snprintf(name, sizeof(name), "%ld", (long)requester->tid);
	requester->dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (requester->dir < 0)
		return refuse(msg, "the requesting thread is gone");
	return check(requester, &requester->start, msg);
}

enum sl_err
sl_requester_still(const struct sl_requester *requester, struct sl_msg *msg)
{
	uint64_t start;
	pid_t tid;
	enum sl_err err;

	if ((err = find(requester->proc, requester->key, &tid, msg)) != SL_OK || (err = check(requester, &start, msg)) != SL_OK)
		return err;
	if (tid != requester->tid || start != requester->start)
		return refuse(msg, "the requesting thread is another one than before");
	return SL_OK;
}

/* What /proc/TID/exe says is under the control of whoever is root in the requester's user namespace: prctl(PR_SET_MM_MAP). */
static bool
same_user_namespace(const struct sl_requester *r)
{
	struct stat own, other;

	return fstatat(r->proc, "self/ns/user", &own, 0) == 0 && fstatat(r->dir, "ns/user", &other, 0) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum sl_err
open_program(struct sl_requester *r, int *ret_fd, struct stat *ret_stat, struct sl_msg *msg)
{
	SL_CLOSE int fd = -1;
	struct stat st;

	if (!same_user_namespace(r))
		return refuse(msg, "the requester is in another user namespace, where its program cannot be known");
	fd = openat(r->dir, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		return refuse(msg, "the requester's program cannot be opened");
	if (!S_ISREG(st.st_mode))
		return refuse(msg, "the requester's program is no regular file");
	*ret_stat = st;
	*ret_fd = fd;
	fd = -1;
	return SL_OK;
}

/* The path leads to that file for us, too: the requester may have mounts of its own, and the file another name by now. */
static enum sl_err
look_path(struct sl_requester *r, const struct stat *program, struct sl_msg *msg)
{
	const ssize_t len = readlinkat(r->dir, "exe", r->path, sizeof(r->path));
	struct stat st;

	if (len <= 0 || (size_t)len >= sizeof(r->path) || r->path[0] != '/')
		return refuse(msg, "the path of the requester's program cannot be read");
	r->path[len] = '\0';
	if (stat(r->path, &st) != 0 || st.st_dev != program->st_dev || st.st_ino != program->st_ino)
		return refuse(msg, "the path of the requester's program leads to another file");
	return SL_OK;
}

static enum sl_err
hash_file(int fd, off_t size, uint8_t ret_hash[32])
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	SL_FREE uint8_t *block = malloc(1 << 18);
	off_t done = 0;
	enum sl_err err;
	ssize_t got;

	if (block == NULL)
		return SL_ERR_MEMORY;
	if ((err = sl_digest_new(SL_HASH_SHA256, &d)) != SL_OK)
		return err;
	while ((got = read(fd, block, 1 << 18)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		done += got > 0 ? got : 0;
		if (got < 0 || done > size)
			return SL_ERR_IO;
		if ((err = sl_digest_update(d, block, (size_t)got)) != SL_OK)
			return err;
	}
	return done == size ? sl_digest_final(d, ret_hash) : SL_ERR_IO;
}

static enum sl_err
look_csum(struct sl_requester *r, int fd, const struct stat *program, struct sl_msg *msg)
{
	struct stat after;
	uint8_t hash[32];

	if (program->st_size > PROGRAM_MAX)
		return refuse(msg, "the requester's program is longer than 256 MiB");
	if (hash_file(fd, program->st_size, hash) != SL_OK || fstat(fd, &after) != 0 || !same_file(program, &after))
		return refuse(msg, "the requester's program cannot be read, or changes");
	sl_text_to_hex(hash, sizeof(hash), r->csum);
	return SL_OK;
}

static enum sl_err
look_program(struct sl_requester *r, unsigned binders, struct sl_msg *msg)
{
	SL_CLOSE int fd = -1;
	struct stat program;
	enum sl_err err = open_program(r, &fd, &program, msg);

	if (err == SL_OK && (binders & SL_BINDER_PATH) != 0)
		err = look_path(r, &program, msg);
	if (err == SL_OK && (binders & SL_BINDER_CSUM) != 0)
		err = look_csum(r, fd, &program, msg);
	return err;
}

static enum sl_err
look_unit(struct sl_requester *r, struct sl_msg *msg)
{
	SL_FREE char *cgroup = NULL;
	enum sl_err err;

	if (sl_procfs_read(r->dir, "cgroup", TEXT_MAX, &cgroup) != SL_OK)
		return refuse(msg, "the requester's cgroup cannot be read");
	if ((err = sl_procfs_unit(cgroup, r->unit)) == SL_OK)
		return SL_OK;
	return refuse(msg, err == SL_ERR_NOT_FOUND ? "the requester is in no service" : "the requester's cgroup cannot be read");
}

static enum sl_err
look_lsm(struct sl_requester *r, struct sl_msg *msg)
{
	SL_FREE char *label = NULL;

	if (sl_procfs_read(r->dir, "attr/current", sizeof(r->lsm) - 1, &label) != SL_OK || label[0] == '\0')
		return refuse(msg, "the requester has no security label");
	memcpy(r->lsm, label, strlen(label) + 1);
	return SL_OK;
}

static void
bind_to(struct sl_requester *r, const char *kind, const char *value)
{
	r->binders[r->n_binders++] = (struct sl_binder){ .kind = kind, .value = value };
}

enum sl_err
sl_requester_look(struct sl_requester *requester, unsigned binders, struct sl_msg *msg)
{
	enum sl_err err = SL_OK;

	requester->n_binders = 0;
	if ((binders & (SL_BINDER_PATH | SL_BINDER_CSUM)) != 0)
		err = look_program(requester, binders, msg);
	if (err == SL_OK && (binders & SL_BINDER_UNIT) != 0)
		err = look_unit(requester, msg);
	if (err == SL_OK && (binders & SL_BINDER_LSM) != 0)
		err = look_lsm(requester, msg);
	if (err != SL_OK)
		return err;
	(void)snprintf(requester->text_uid, sizeof(requester->text_uid), "%lu", (unsigned long)requester->uid);
	bind_to(requester, "uid", requester->text_uid);
	if ((binders & SL_BINDER_PATH) != 0)
		bind_to(requester, "path", requester->path);
	if ((binders & SL_BINDER_CSUM) != 0)
		bind_to(requester, "csum", requester->csum);
	if ((binders & SL_BINDER_UNIT) != 0)
		bind_to(requester, "unit", requester->unit);
	if ((binders & SL_BINDER_LSM) != 0)
		bind_to(requester, "lsm", requester->lsm);
	return SL_OK;
}

void
sl_requester_program(const struct sl_requester *requester, char *out, size_t room)
{
	const ssize_t len = requester->dir < 0 ? -1 : readlinkat(requester->dir, "exe", out, room - 1);

	if (len <= 0) {
		(void)snprintf(out, room, "?");
		return;
	}
	out[len] = '\0';
	for (char *p = out; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

void
sl_requester_close(struct sl_requester *requester)
{
	if (requester->dir >= 0)
		(void)close(requester->dir);
	*requester = (struct sl_requester)SL_REQUESTER_NONE;
}
