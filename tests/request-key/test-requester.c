/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/test.h"
#include "request-key/requester.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define KEY 0x3fddbbd1
#define LINE "2413ebad I------     4 perm 1b010000     0     0 .request_ key:3fddbbd1 pid:%s ci:1\n"
#define ALL 31

static void
put(const char *name, const char *text)
{
	(void)test_file(name, text, strlen(text), 0600);
}

static void
put_stat(const char *state, const char *start)
{
	char text[200];

	(void)snprintf(text, sizeof(text), "227 (keyctl) %s 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %s 1 2\n", state, start);
	put("proc/227/stat", text);
}

static void
put_syscall(long number)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%ld 0x1 0x2\n", number);
	put("proc/227/syscall", text);
}

static void
put_exe(const char *target)
{
	(void)unlink(test_path("proc/227/exe"));
	if (symlink(target, test_path("proc/227/exe")) != 0)
		test_bail("symlink");
}

/* A /proc in which thread 227 asks for KEY. */
static int
make_proc(void)
{
	static const char *const dirs[] = { "proc", "proc/self", "proc/self/ns", "proc/227", "proc/227/ns", "proc/227/attr" };
	char line[200];
	int fd;

	for (size_t i = 0; i < SL_ARRAY_LEN(dirs); i++)
		if (mkdir(test_path(dirs[i]), 0700) != 0)
			test_bail("mkdir");
	(void)snprintf(line, sizeof(line), LINE, "227");
	put("proc/keys", line);
	put("proc/self/ns/user", "");
	if (link(test_path("proc/self/ns/user"), test_path("proc/227/ns/user")) != 0)
		test_bail("link");
	put_stat("D", "4242");
	put_syscall(SYS_request_key);
	put("proc/227/status", "Name:\tkeyctl\nUid:\t1000\t1000\t1000\t1000\nGid:\t100\t100\t100\t100\n");
	put("proc/227/cgroup", "0::/system.slice/backup.service\n");
	put("proc/227/attr/current", "x (enforce)\n");
	put("program", "a program");
	put_exe(test_path("program"));
	fd = open(test_path("proc"), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		test_bail("open");
	return fd;
}

/* The message of a refusal, or "" when there is none. */
static const char *
try(int proc, unsigned binders)
{
	static struct sl_msg msg;
	struct sl_requester r = SL_REQUESTER_NONE;

	msg.text[0] = '\0';
	if (sl_requester_open(proc, KEY, 1000, 100, &r, &msg) == SL_OK && sl_requester_look(&r, binders, &msg) == SL_OK &&
	    sl_requester_still(&r, &msg) == SL_OK && msg.text[0] != '\0')
		test_bail("a message without a refusal");
	sl_requester_close(&r);
	return msg.text;
}

static void
binders(int proc)
{
	/* SHA-256 of "a program" */
	static const char csum[] = "d69ea8cda2433733c1ce02de65da8f48e6a3dbba6bb18876a2062908e54ef7cb";
	struct sl_requester r = SL_REQUESTER_NONE;
	char program[64];
	struct sl_msg msg;

	test_ok(sl_requester_open(proc, KEY, 1000, 100, &r, &msg) == SL_OK && sl_requester_look(&r, ALL, &msg) == SL_OK, "look at everything");
	test_eq(r.n_binders, 5, "five binders");
	test_str(r.binders[0].kind, "uid", "the first is uid");
	test_str(r.binders[0].value, "1000", "uid");
	test_str(r.binders[1].kind, "path", "the second is path");
	test_str(r.binders[1].value, test_path("program"), "path");
	test_str(r.binders[2].kind, "csum", "the third is csum");
	test_str(r.binders[2].value, csum, "csum");
	test_str(r.binders[3].kind, "unit", "the fourth is unit");
	test_str(r.binders[3].value, "backup.service", "unit");
	test_str(r.binders[4].kind, "lsm", "the fifth is lsm");
	test_str(r.binders[4].value, "x (enforce)", "lsm, without its newline");
	test_ok(sl_requester_look(&r, SL_BINDER_UID | SL_BINDER_UNIT, &msg) == SL_OK && r.n_binders == 2 && strcmp(r.binders[1].kind, "unit") == 0,
	        "only what is asked for");
	test_eq((unsigned)r.tid, 227, "the thread");
	sl_requester_program(&r, program, sizeof(program));
	test_ok(strncmp(program, test_path("program"), strlen(program)) == 0 && strlen(program) > 10, "its program for the log");
	sl_requester_close(&r);
	test_ok(sl_requester_open(proc, KEY + 1, 1000, 100, &r, &msg) == SL_ERR_ACCESS, "another key");
	test_ok(sl_requester_open(proc, KEY, 1001, 100, &r, &msg) == SL_ERR_ACCESS, "another user");
	sl_requester_close(&r);
	test_ok(sl_requester_open(proc, KEY, 1000, 101, &r, &msg) == SL_ERR_ACCESS, "another group");
	sl_requester_close(&r);
}

static void
threads(int proc)
{
	static const char *const waiting = "the requesting thread is not waiting in request_key(2)";
	static const char *const users = "the requesting thread is not of one user alone";
	char line[400];

	test_str(try(proc, ALL), "", "it is let through");
	put_stat("S", "4242");
	test_str(try(proc, ALL), waiting, "a thread that sleeps");
	put_stat("D", "4242");
	put_syscall(SYS_keyctl);
	test_str(try(proc, ALL), waiting, "a thread in another call");
	put("proc/227/syscall", "running\n");
	test_str(try(proc, ALL), waiting, "a thread that runs");
	put_syscall(SYS_request_key);
	put("proc/227/status", "Uid:\t1000\t1000\t0\t1000\nGid:\t100\t100\t100\t100\n");
	test_str(try(proc, ALL), users, "a saved user");
	put("proc/227/status", "Uid:\t0\t1000\t1000\t1000\nGid:\t100\t100\t100\t100\n");
	test_str(try(proc, ALL), users, "a setuid program");
	put("proc/227/status", "Uid:\t1000\t1000\t1000\t1000\nGid:\t99\t98\t97\t100\n");
	test_str(try(proc, ALL), "", "a setgid program");
	(void)snprintf(line, sizeof(line), LINE LINE, "227", "1");
	put("proc/keys", line);
	test_str(try(proc, ALL), "/proc/keys names several requesters: somebody forges lines of it", "a forged line");
	(void)snprintf(line, sizeof(line), LINE, "228");
	put("proc/keys", line);
	test_str(try(proc, ALL), "the requesting thread is gone", "no such thread");
	put("proc/keys", "");
	test_str(try(proc, ALL), "/proc/keys does not name the requester", "no such line");
	(void)snprintf(line, sizeof(line), LINE, "227");
	put("proc/keys", line);
}

static void
between(int proc)
{
	struct sl_requester r = SL_REQUESTER_NONE;
	struct sl_msg msg;

	test_ok(sl_requester_open(proc, KEY, 1000, 100, &r, &msg) == SL_OK && sl_requester_look(&r, ALL, &msg) == SL_OK, "one that changes while we look");
	test_ok(sl_requester_still(&r, &msg) == SL_OK, "it is the same");
	put_stat("D", "4243");
	test_ok(sl_requester_still(&r, &msg) == SL_ERR_ACCESS, "another thread of that number");
	put_stat("Z", "4242");
	test_ok(sl_requester_still(&r, &msg) == SL_ERR_ACCESS, "a dead one");
	put_stat("D", "4242");
	put("proc/keys", "");
	test_ok(sl_requester_still(&r, &msg) == SL_ERR_ACCESS, "the request is over");
	sl_requester_close(&r);
	put("proc/keys", "2413ebad I------     4 perm 1b010000     0     0 .request_ key:3fddbbd1 pid:227 ci:1\n");
}

static void
programs(int proc)
{
	char deleted[4096];

	(void)snprintf(deleted, sizeof(deleted), "%s", test_path("program"));
	put_exe("/nonexistent/program");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_PATH), "the requester's program cannot be opened", "no program");
	test_str(try(proc, SL_BINDER_UID), "", "which does not matter without path and csum");
	put_exe("/dev/null");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_CSUM), "the requester's program is no regular file", "a device");
	put_exe("../../program");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_PATH), "the path of the requester's program cannot be read", "a path that is not absolute");
	put_exe(deleted);
	(void)unlink(test_path("proc/227/ns/user"));
	put("proc/227/ns/user", "");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_PATH), "the requester is in another user namespace, where its program cannot be known", "user namespace: path");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_CSUM), "the requester is in another user namespace, where its program cannot be known", "user namespace: csum");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_UNIT), "", "user namespace: the user is known");
	put("proc/227/cgroup", "0::/init.scope\n");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_UNIT), "the requester is in no service", "no service");
	(void)unlink(test_path("proc/227/cgroup"));
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_UNIT), "the requester's cgroup cannot be read", "no cgroups");
	put("proc/227/attr/current", "\n");
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_LSM), "the requester has no security label", "an empty label");
	(void)test_file("proc/227/attr/current", "a\0b", 3, 0600);
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_LSM), "the requester has no security label", "a label with a NUL");
	(void)test_file("proc/227/attr/current", "kernel\0", 7, 0600);
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_LSM), "", "a label with a NUL at the end");
	(void)unlink(test_path("proc/227/attr/current"));
	test_str(try(proc, SL_BINDER_UID | SL_BINDER_LSM), "the requester has no security label", "no label");
}

int
main(void)
{
	const int proc = make_proc();

	binders(proc);
	threads(proc);
	between(proc);
	programs(proc);
	(void)close(proc);
	return test_done();
}
