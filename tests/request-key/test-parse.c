/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "request-key/answer.h"
#include "request-key/procfs.h"
#include "request-key/request.h"

#include <string.h>
#include <sys/syscall.h>

#define N32 "abcdefghijklmnopqrstuvwxyz012345"
#define N255 N32 N32 N32 N32 N32 N32 N32 "abcdefghijklmnopqrstuvwxyz01234"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
requests(void)
{
	static const struct {
		const char *description, *options, *token, *name;
		uint32_t version, timeout;
	} good[] = {
		{ "seedleaf:web:backup", "", "web", "backup", 1, 0 },
		{ "seedleaf:web:backup", "-", "web", "backup", 1, 0 },
		{ "seedleaf:0-9:a:b/c.d_e+f=G-", "timeout=5", "0-9", "a:b/c.d_e+f=G-", 1, 5 },
		{ "seedleaf:web:backup@1", "timeout=4294967295", "web", "backup", 1, 4294967295U },
		{ "seedleaf:web:backup@4294967295#0aF", "", "web", "backup", 4294967295U, 0 },
		{ "seedleaf:" N32 ":" N255 "#" HEX64, "", N32, N255, 1, 0 },
	};
	static const struct {
		const char *description, *options;
	} bad[] = {
		{ "", "" }, { "seedleaf", "" }, { "seedleaf:", "" }, { "seedleaf::x", "" }, { "seedleaf:web", "" }, { "seedleaf:web:", "" },
		{ "Seedleaf:web:x", "" }, { " seedleaf:web:x", "" }, { "seedleaf:Web:x", "" }, { "seedleaf:w_b:x", "" }, { "seedleaf:" N32 "x:x", "" },
		{ "seedleaf:web:" N255 "x", "" }, { "seedleaf:web:a b", "" }, { "seedleaf:web:a\nb", "" }, { "seedleaf:web:a\n", "" },
		{ "seedleaf:web:\xc3\xa4", "" }, { "seedleaf:web:a@", "" }, { "seedleaf:web:a@0", "" }, { "seedleaf:web:a@01", "" },
		{ "seedleaf:web:a@4294967296", "" }, { "seedleaf:web:a@99999999999", "" }, { "seedleaf:web:a@1@1", "" }, { "seedleaf:web:a@-1", "" },
		{ "seedleaf:web:@1", "" }, { "seedleaf:web:a#", "" }, { "seedleaf:web:a#x", "" }, { "seedleaf:web:a#0#0", "" }, { "seedleaf:web:a#1@1", "" },
		{ "seedleaf:web:a#" N255, "" }, { "seedleaf:web:a%s", "" }, { "seedleaf:web:a", "x" }, { "seedleaf:web:a", "timeout=" },
		{ "seedleaf:web:a", "timeout=0" }, { "seedleaf:web:a", "timeout=1s" }, { "seedleaf:web:a", "timeout=-1" }, { "seedleaf:web:a", "--" },
		{ "seedleaf:web:a", "timeout=4294967296" }, { "seedleaf:web:a", "binders=uid" },
	};
	struct sl_request r;
	struct sl_msg msg;

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		r = (struct sl_request){ .version = 7 };
		test_ok(sl_request_parse(good[i].description, good[i].options, &r, &msg) == SL_OK, "good %zu", i);
		test_str(r.token, good[i].token, "good %zu: token", i);
		test_str(r.name, good[i].name, "good %zu: name", i);
		test_eq(r.version, good[i].version, "good %zu: version", i);
		test_eq(r.timeout, good[i].timeout, "good %zu: timeout", i);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		memset(&r, 'x', sizeof(r));
		test_ok(sl_request_parse(bad[i].description, bad[i].options, &r, &msg) == SL_ERR_FORMAT && r.token[0] == 'x', "bad %zu: %s %s", i,
		        strpbrk(bad[i].description, "\n\xc3") == NULL ? bad[i].description : "...", bad[i].options);
	}
}

static void
records(void)
{
	static const char *const bad[] = { "", "user", "user;", "user;1", "user;1;2;3", "user;;2;3f010000;x", "user;-1;2;3f010000;x", "logon;1;2;3f010000;x",
		                           "user;4294967296;2;3f010000;x", "user;1;99999999999999999;3f010000;x", " user;1;2;3f010000;x" };
	struct sl_answer_record r = { .uid = 9 };

	test_ok(sl_answer_parse("user;1000;4294967294;3f010000;seedleaf:a:b;c;d", &r) == SL_OK, "a record");
	test_eq(r.uid, 1000, "its uid");
	test_eq(r.gid, 4294967294U, "its gid");
	test_str(r.description, "seedleaf:a:b;c;d", "its description");
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
		test_ok(sl_answer_parse(bad[i], &r) == SL_ERR_FORMAT && r.uid == 1000, "no record: %s", bad[i]);
}

#define OTHERS "1f3e0a11 I--Q---     1 perm 3f010000  1000  1000 user      seedleaf:web:x: 32\n" \
               "2413ebae I------     4 perm 1b010000     0     0 .request_ key:3fddbbd2 pid:228 ci:1\n"
#define OURS "2413ebad I------     4 perm 1b010000     0     0 .request_ key:3fddbbd1 pid:227 ci:1\n"

static void
keys(void)
{
	static const struct {
		const char *text;
		enum sl_err err;
		const char *what;
	} rows[] = {
		{ OURS, SL_OK, "the only line" },
		{ OTHERS OURS OTHERS, SL_OK, "one of many" },
		{ "2413ebad I------ 4 1m 1b010000 0 0 .request_ key:3fddbbd1 pid:227 ci:0", SL_OK, "no newline at the end" },
		{ "", SL_ERR_NOT_FOUND, "nothing" },
		{ OTHERS, SL_ERR_NOT_FOUND, "others only" },
		/* A key's description can have newlines; a forged line is one too many. */
		{ OURS "1f3e0a11 I--Q--- 1 perm 3f3f3f3f 1000 1000 user x\n2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd1 pid:1 ci:1: 5\n",
		  SL_ERR_EXISTS, "a forged line after it" },
		{ "1f3e0a11 I--Q--- 1 perm 3f3f3f3f 1000 1000 user x\n2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd1 pid:1 ci:1\n: 5\n" OURS,
		  SL_ERR_EXISTS, "a forged line before it" },
		{ OURS OURS, SL_ERR_EXISTS, "the same twice" },
		{ "1f3e0a11 I------ 1 perm 3f010000 0 0 user .request_ key:3fddbbd1 pid:1 ci:1\n", SL_ERR_NOT_FOUND, "a description that looks like one" },
		{ "1f3e0a11 I------ 1 perm 3f010000 0 0 .request_key_auth key:3fddbbd1 pid:1 ci:1\n", SL_ERR_NOT_FOUND, "a type that is not cut" },
		{ "2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd pid:227 ci:1\n", SL_ERR_NOT_FOUND, "a shorter number" },
		{ "2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd11 pid:227 ci:1\n", SL_ERR_NOT_FOUND, "a longer number" },
		{ "2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd1 pid:-1 ci:1\n", SL_ERR_NOT_FOUND, "no thread" },
		{ "2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd1 pid:0 ci:1\n", SL_ERR_FORMAT, "thread 0" },
		{ "2413ebad I------ 4 perm 1b010000 0 0 .request_ key:3fddbbd1 pid:4294967295 ci:1\n", SL_ERR_FORMAT, "no such thread" },
	};
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		pid_t tid = 5;

		test_eq(sl_procfs_requester(rows[i].text, 0x3fddbbd1, &tid), rows[i].err, "/proc/keys: %s", rows[i].what);
		test_eq((unsigned)tid, rows[i].err == SL_OK ? 227 : 5, "/proc/keys: %s: thread", rows[i].what);
	}
}

#define AFTER " 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 "

static void
stats(void)
{
	uint64_t start = 1;
	char state = 'x';

	test_ok(sl_procfs_stat("227 (keyctl) D" AFTER "4242 1 2", &state, &start) == SL_OK && state == 'D' && start == 4242, "stat");
	test_ok(sl_procfs_stat("227 (a) D 1) S" AFTER "18446744073709551615 1 2", &state, &start) == SL_OK && state == 'S' && start == UINT64_MAX,
	        "a name like a state");
	test_ok(sl_procfs_stat("227 (a\n) R 1\n(b)) T" AFTER "0 1 2", &state, &start) == SL_OK && state == 'T' && start == 0, "a name with lines");
	test_ok(sl_procfs_stat("", &state, &start) == SL_ERR_FORMAT, "no stat");
	test_ok(sl_procfs_stat("227 (keyctl) D 1 1 1", &state, &start) == SL_ERR_FORMAT, "a short stat");
	test_ok(sl_procfs_stat("227 (keyctl) D" AFTER "-4242 1 2", &state, &start) == SL_ERR_FORMAT, "a negative time");
	test_ok(sl_procfs_stat("227 (keyctl) D" AFTER "99999999999999999999 1 2", &state, &start) == SL_ERR_FORMAT, "a time too long");
}

static void
statuses(void)
{
	struct sl_procfs_ids ids = { .uid = { 7 } };

	test_ok(sl_procfs_ids("Name:\tUid:\\n\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t4294967294\nFDSize:\t64", &ids) == SL_OK, "status");
	test_ok(ids.uid[0] == 1 && ids.uid[3] == 4 && ids.gid[0] == 5 && ids.gid[3] == 4294967294U, "its ids");
	test_ok(sl_procfs_ids("Uid:\t1\t2\t3\t4\n", &ids) == SL_ERR_FORMAT, "no groups");
	test_ok(sl_procfs_ids("Uid:\t1\t2\t3\nGid:\t5\t6\t7\t8\n", &ids) == SL_ERR_FORMAT, "three users");
	test_ok(sl_procfs_ids("Uid:\t1\t2\t3\t-4\nGid:\t5\t6\t7\t8\n", &ids) == SL_ERR_FORMAT, "a negative one");
	test_ok(sl_procfs_ids("", &ids) == SL_ERR_FORMAT, "no status");
}

static void
syscalls(void)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%d 0x1 0x2 0x0 0x4 0x0 0x0 0x7ffc 0x7f00", SYS_request_key);
	test_ok(sl_procfs_in_request_key(text), "request_key(2)");
	(void)snprintf(text, sizeof(text), "%d 0x1", SYS_keyctl);
	test_ok(!sl_procfs_in_request_key(text), "keyctl(2)");
	(void)snprintf(text, sizeof(text), "%d0 0x1", SYS_request_key);
	test_ok(!sl_procfs_in_request_key(text), "a longer number");
	test_ok(!sl_procfs_in_request_key("running") && !sl_procfs_in_request_key("") && !sl_procfs_in_request_key("-1 0x7ffc 0x7f00"), "no system call");
}

static void
units(void)
{
	static const struct {
		const char *text;
		enum sl_err err;
		const char *unit;
	} rows[] = {
		{ "0::/system.slice/nginx.service", SL_OK, "nginx.service" },
		{ "0::/nginx.service", SL_OK, "nginx.service" },
		{ "0::/system.slice/system-getty.slice/getty@tty1.service/sub/x.service", SL_OK, "getty@tty1.service" },
		{ "0::/system.slice/_x.service", SL_OK, "x.service" },
		{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/evil.service", SL_OK, "user@1000.service" },
		{ "12:cpu:/a.service\n1:name=systemd:/system.slice/b.service\n0::/", SL_OK, "b.service" },
		{ "1:name=systemd:/system.slice/b.service\n0::/system.slice/c.service", SL_OK, "b.service" },
		{ "0::/user.slice/user-1000.slice/session-3.scope", SL_ERR_NOT_FOUND, NULL },
		{ "0::/init.scope", SL_ERR_NOT_FOUND, NULL },
		{ "0::/", SL_ERR_NOT_FOUND, NULL },
		{ "0::/system.slice", SL_ERR_NOT_FOUND, NULL },
		{ "0::/docker/nginx.service", SL_ERR_NOT_FOUND, NULL },
		{ "0::/system.slice/.service", SL_ERR_NOT_FOUND, NULL },
		{ "0::/system.slice/_.service", SL_ERR_NOT_FOUND, NULL },
		{ "0::/system.slice//x.service", SL_ERR_NOT_FOUND, NULL },
		{ "0::/system.slice/nginx.service (deleted)", SL_ERR_FORMAT, NULL },
		{ "0::/../system.slice/nginx.service", SL_ERR_FORMAT, NULL },
		{ "0::/..", SL_ERR_FORMAT, NULL },
		{ "0::x.service", SL_ERR_FORMAT, NULL },
		{ "3:cpu:/system.slice/nginx.service", SL_ERR_FORMAT, NULL },
		{ "3::/system.slice/nginx.service", SL_ERR_FORMAT, NULL },
		{ "", SL_ERR_FORMAT, NULL },
		{ "0::/" N255 ".service", SL_ERR_FORMAT, NULL },
	};
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		char unit[SL_PROCFS_UNIT_MAX + 1] = "-";

		test_eq(sl_procfs_unit(rows[i].text, unit), rows[i].err, "cgroup %zu", i);
		test_str(unit, rows[i].unit == NULL ? "-" : rows[i].unit, "cgroup %zu: unit", i);
	}
}

int
main(void)
{
	requests();
	records();
	keys();
	stats();
	statuses();
	syscalls();
	units();
	return test_done();
}
