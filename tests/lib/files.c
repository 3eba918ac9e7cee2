/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"

#include "lib/test.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[PATH_MAX];
static pid_t owner;

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
remove_dir(void)
{
	if (getpid() == owner)
		(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
test_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (dir[0] != '\0')
		return dir;
	(void)snprintf(dir, sizeof(dir), "%s/seedleaf-test.XXXXXX", tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		test_bail("no temporary directory: %s", dir);
	owner = getpid();
	(void)atexit(remove_dir);
	return dir;
}

const char *
test_path(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];

	if (snprintf(path, PATH_MAX, "%s/%s", test_dir(), name) >= PATH_MAX)
		test_bail("path too long: %s", name);
	return path;
}

const char *
test_file(const char *name, const void *bytes, size_t len, mode_t mode)
{
	const char *path = test_path(name);
	FILE *f;

	(void)unlink(path);
	f = fopen(path, "we");
	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0 || chmod(path, mode) != 0)
		test_bail("cannot write %s", path);
	return path;
}
