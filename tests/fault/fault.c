/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fault/fault.h"

#include "lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct {
	bool armed;
	enum fault_kind kind;
	unsigned long nth;
	bool stays;
	unsigned long seen;
} fault;

void
fault_arm(enum fault_kind kind, unsigned long nth, bool stays)
{
	fault.kind = kind;
	fault.nth = nth;
	fault.stays = stays;
	fault.seen = 0;
	fault.armed = true;
}

bool
fault_disarm(void)
{
	fault.armed = false;
	return fault.seen >= fault.nth;
}

static bool
strikes(enum fault_kind kind, int error)
{
	if (!fault.armed || fault.kind != kind)
		return false;
	fault.seen++;
	if (fault.seen != fault.nth && (!fault.stays || fault.seen < fault.nth))
		return false;
	errno = error;
	return true;
}

/* Before something that outlives us. */
static void
act(void)
{
	if (fault.armed && fault.kind == FAULT_DEATH && ++fault.seen == fault.nth)
		(void)raise(SIGKILL);
}

/* The linker sends foo() of our objects to __wrap_foo(), and __real_foo() to foo(). */
#define WRAP(type, name, params, args, kind, error, failure) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params \
	{ \
		return strikes(kind, error) ? (failure) : __real_##name args; \
	}

WRAP(void *, malloc, (size_t n), (n), FAULT_MEMORY, ENOMEM, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), FAULT_MEMORY, ENOMEM, NULL)
WRAP(void *, realloc, (void *p, size_t n), (p, n), FAULT_MEMORY, ENOMEM, NULL)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), FAULT_MEMORY, ENOMEM, NULL)
WRAP(char *, strdup, (const char *s), (s), FAULT_MEMORY, ENOMEM, NULL)
WRAP(char *, strndup, (const char *s, size_t n), (s, n), FAULT_MEMORY, ENOMEM, NULL)
WRAP(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t off), (at, len, prot, flags, fd, off), FAULT_MEMORY, ENOMEM,
     MAP_FAILED)
WRAP(void *, mmap64, (void *at, size_t len, int prot, int flags, int fd, off_t off), (at, len, prot, flags, fd, off), FAULT_MEMORY,
     ENOMEM, MAP_FAILED)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), FAULT_SYSTEM, ENOSPC, -1)
WRAP(int, stat, (const char *path, struct stat *st), (path, st), FAULT_SYSTEM, EIO, -1)
WRAP(int, stat64, (const char *path, struct stat *st), (path, st), FAULT_SYSTEM, EIO, -1)
WRAP(int, lstat, (const char *path, struct stat *st), (path, st), FAULT_SYSTEM, EIO, -1)
WRAP(int, lstat64, (const char *path, struct stat *st), (path, st), FAULT_SYSTEM, EIO, -1)
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), FAULT_SYSTEM, EIO, -1)
WRAP(int, fstat64, (int fd, struct stat *st), (fd, st), FAULT_SYSTEM, EIO, -1)
WRAP(int, access, (const char *path, int mode), (path, mode), FAULT_SYSTEM, EIO, -1)
WRAP(DIR *, opendir, (const char *path), (path), FAULT_SYSTEM, EMFILE, NULL)
WRAP(int, socket, (int family, int type, int protocol), (family, type, protocol), FAULT_SYSTEM, EMFILE, -1)
WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len), FAULT_SYSTEM, ECONNREFUSED, -1)
WRAP(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), FAULT_SYSTEM, EIO, -1)
WRAP(ssize_t, __read_chk, (int fd, void *p, size_t n, size_t room), (fd, p, n, room), FAULT_SYSTEM, EIO, -1)
WRAP(int, poll, (struct pollfd *fds, nfds_t n, int ms), (fds, n, ms), FAULT_SYSTEM, EIO, -1)
WRAP(int, chmod, (const char *path, mode_t mode), (path, mode), FAULT_SYSTEM, EIO, -1)
WRAP(int, __open_2, (const char *path, int flags), (path, flags), FAULT_SYSTEM, EMFILE, -1)
WRAP(int, __open64_2, (const char *path, int flags), (path, flags), FAULT_SYSTEM, EMFILE, -1)

ssize_t __real_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);

ssize_t
__wrap_send(int fd, const void *p, size_t n, int flags)
{
	act();
	return strikes(FAULT_SYSTEM, ECONNRESET) ? -1 : __real_send(fd, p, n, flags);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return strikes(FAULT_SYSTEM, EMFILE) ? -1 : __real_open(path, flags, mode);
}

int
__wrap_open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return __wrap_open(path, flags, mode);
}

int __wrap_asprintf(char **text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **text, int flag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int
__wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list args;
	int n = -1;

	va_start(args, fmt);
	if (!strikes(FAULT_MEMORY, ENOMEM))
		n = vasprintf(text, fmt, args);
	va_end(args);
	return n;
}

int
__wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
{
	va_list args;
	int n = -1;

	(void)flag;
	va_start(args, fmt);
	if (!strikes(FAULT_MEMORY, ENOMEM))
		n = vasprintf(text, fmt, args);
	va_end(args);
	return n;
}

/* SQLite: its allocator, and its files through a VFS before the usual one. */
static sqlite3_mem_methods memory;
static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;

static void *
sqlite_malloc(int n)
{
	return strikes(FAULT_SQLITE_MEMORY, ENOMEM) ? NULL : memory.xMalloc(n);
}

static void *
sqlite_realloc(void *p, int n)
{
	return strikes(FAULT_SQLITE_MEMORY, ENOMEM) ? NULL : memory.xRealloc(p, n);
}

/* Kept behind the real file: its methods, and what we show instead. */
struct behind {
	const sqlite3_io_methods *real;
	sqlite3_io_methods ours;
};

static struct behind *
behind(sqlite3_file *file)
{
	return (struct behind *)(void *)((char *)file + real_vfs->szOsFile);
}

static int
file_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	act();
	return strikes(FAULT_SQLITE_FILE, ENOSPC) ? SQLITE_FULL : behind(file)->real->xWrite(file, p, n, at);
}

static int
file_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	return strikes(FAULT_SQLITE_FILE, EIO) ? SQLITE_IOERR_READ : behind(file)->real->xRead(file, p, n, at);
}

static int
file_sync(sqlite3_file *file, int flags)
{
	act();
	return strikes(FAULT_SQLITE_FILE, EIO) ? SQLITE_IOERR_FSYNC : behind(file)->real->xSync(file, flags);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	act();
	return strikes(FAULT_SQLITE_FILE, EIO) ? SQLITE_IOERR_TRUNCATE : behind(file)->real->xTruncate(file, size);
}

static int
file_lock(sqlite3_file *file, int level)
{
	return strikes(FAULT_SQLITE_FILE, EIO) ? SQLITE_IOERR_LOCK : behind(file)->real->xLock(file, level);
}

static int
file_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
	int rc;

	(void)self;
	file->pMethods = NULL;
	if (strikes(FAULT_SQLITE_FILE, EMFILE))
		return SQLITE_CANTOPEN;
	rc = real_vfs->xOpen(real_vfs, name, file, flags, out);
	if (rc != SQLITE_OK || file->pMethods == NULL)
		return rc;
	behind(file)->real = file->pMethods;
	behind(file)->ours = *file->pMethods;
	behind(file)->ours.xWrite = file_write;
	behind(file)->ours.xRead = file_read;
	behind(file)->ours.xSync = file_sync;
	behind(file)->ours.xTruncate = file_truncate;
	behind(file)->ours.xLock = file_lock;
	file->pMethods = &behind(file)->ours;
	return rc;
}

static int
file_delete(sqlite3_vfs *self, const char *name, int sync)
{
	(void)self;
	act();
	return strikes(FAULT_SQLITE_FILE, EIO) ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync);
}

void
fault_set_up(void)
{
	sqlite3_mem_methods mine;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
		test_bail("sqlite3_config");
	mine = memory;
	mine.xMalloc = sqlite_malloc;
	mine.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
		test_bail("sqlite3_config");
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "faulty";
	vfs.szOsFile = real_vfs->szOsFile + (int)sizeof(struct behind);
	vfs.pNext = NULL;
	vfs.xOpen = file_open;
	vfs.xDelete = file_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		test_bail("sqlite3_vfs_register");
}
