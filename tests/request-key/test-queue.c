/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/test.h"
#include "request-key/queue.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that holds a user's turn until the pipe is closed. */
static pid_t
hold(const char *path, uid_t uid, int *ret_release)
{
	int ready[2], release[2];
	int fd = -1;
	char byte;
	pid_t child;

	if (pipe(ready) != 0 || pipe(release) != 0 || (child = fork()) < 0)
		test_bail("pipe, fork");
	if (child == 0) {
		(void)close(release[1]);
		if (sl_queue_enter(path, uid, 0, &fd) != SL_OK || fd < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		(void)!read(release[0], &byte, 1);
		_exit(0);
	}
	(void)close(ready[1]);
	(void)close(release[0]);
	if (read(ready[0], &byte, 1) != 1)
		test_bail("the child has no turn");
	(void)close(ready[0]);
	*ret_release = release[1];
	return child;
}

int
main(void)
{
	static const char no_place[] = "/nonexistent/queue";
	char path[4096], link[4096];
	struct stat st;
	int64_t start;
	int release, fd = 99, other = 99, third = 99;
	pid_t child;

	(void)snprintf(path, sizeof(path), "%s", test_path("queue"));
	(void)snprintf(link, sizeof(link), "%s", test_path("link"));
	child = hold(path, 1000, &release);
	start = sl_queue_now();
	test_eq(sl_queue_enter(path, 1000, 300, &fd), SL_ERR_BUSY, "another request of the user is before us");
	test_ok(sl_queue_now() - start >= 300 && sl_queue_now() - start < 5000 && fd == 99, "we wait for it as long as was said");
	test_ok(sl_queue_enter(path, 1001, 0, &fd) == SL_OK && fd >= 0, "another user does not wait");
	test_ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 0, "nobody else can open it, and there is nothing in it");
	(void)close(release);
	test_ok(sl_queue_enter(path, 1000, 10000, &other) == SL_OK && other >= 0, "then it is our turn");
	(void)waitpid(child, NULL, 0);
	test_ok(sl_queue_enter(path, 1000, 50, &third) == SL_ERR_BUSY && third == 99, "and nobody else's");
	(void)close(other);
	(void)close(fd);
	test_ok(sl_queue_enter(no_place, 1000, 50, &fd) == SL_OK && fd == -1, "no place for a queue keeps nobody");
	if (symlink(path, link) != 0)
		test_bail("symlink");
	test_ok(sl_queue_enter(link, 1000, 50, &fd) == SL_OK && fd == -1, "a symbolic link is no place");
	return test_done();
}
