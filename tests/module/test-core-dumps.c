/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/host.h"
#include "module/module.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* core-dumps = leave|off: what it does to the process that loads the module, seen from outside. */
#define NOBODY 65534
#define SECONDS 60

static const char *word; /* of the setting in this run; NULL: not set */

static void
configure(const char *value)
{
	const char *conf = test_path("conf");
	char text[256];

	word = value;
	(void)snprintf(text, sizeof(text), "store = %s/store\nkeys-dir = %s/keys\n%s%s\n", test_dir(), test_dir(), value == NULL ? "" : "core-dumps = ",
	               value == NULL ? "" : value);
	mod_write(conf, text);
	if (chmod(conf, 0644) != 0)
		test_bail("%s: %s", conf, strerror(errno));
}

static int
dumpable(void)
{
	return prctl(PR_GET_DUMPABLE);
}

/* Root becomes somebody else. Changing ids has made the process undumpable, which is not what is asked here. */
static bool
plain_user(void)
{
	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		return false;
	return prctl(PR_SET_DUMPABLE, 1) == 0 && geteuid() != 0;
}

/* --- What the process is told ------------------------------------------------------------------------------------------------------ */

struct seen {
	int before, initialized, in_child, finalized;
};

static int
child_state(void *arg)
{
	(void)arg;
	return dumpable();
}

static int
live(void *arg)
{
	struct seen *seen = arg;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	seen->before = dumpable();
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, SLOT_OWNER, &session) != CKR_OK ||
	    host_pair(p11, session, "dumps", false, NULL, &key) != CKR_OK)
		return 1;
	seen->initialized = dumpable();
	seen->in_child = host_in_child(child_state, NULL);
	if (p11->C_Finalize(NULL) != CKR_OK)
		return 1;
	seen->finalized = dumpable();
	return 0;
}

/* live() in a child whose findings come back through a pipe. */
static int
live_and_tell(void *arg)
{
	struct seen seen = { -1, -1, -1, -1 };
	const int status = live(&seen);

	return write(*(int *)arg, &seen, sizeof(seen)) == sizeof(seen) ? status : 1;
}

static void
states(const char *value, int want)
{
	struct seen seen = { -1, -1, -1, -1 };
	int ends[2];

	configure(value);
	if (pipe(ends) != 0)
		test_bail("pipe: %s", strerror(errno));
	test_eq((unsigned)host_in_child(live_and_tell, &ends[1]), 0, "%s: a process that uses the module", value == NULL ? "no setting" : value);
	if (read(ends[0], &seen, sizeof(seen)) != sizeof(seen))
		test_note("it told nothing");
	test_eq((unsigned)seen.before, 1, "dumpable before C_Initialize");
	test_eq((unsigned)seen.initialized, (unsigned)want, "after C_Initialize and a key");
	test_eq((unsigned)seen.in_child, (unsigned)want, "in a forked child");
	test_eq((unsigned)seen.finalized, (unsigned)want, "after C_Finalize");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* --- A crash ----------------------------------------------------------------------------------------------------------------------- */

/* The status of a process that aborts with no limit on the size of a core. In a directory of its own, where a core may go. */
static int
crash(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (chdir(test_dir()) != 0 || setrlimit(RLIMIT_CORE, &all) != 0 || (word != NULL && p11->C_Initialize(NULL) != CKR_OK))
			_exit(1);
		(void)raise(SIGABRT);
		_exit(2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		test_bail("a process that aborts: %s", strerror(errno));
	return status;
}

static bool
aborted(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
crashes(void)
{
	int status;

	word = NULL;
	status = crash();
	if (!aborted(status) || !WCOREDUMP(status)) {
		test_skip("this system dumps no core", "a crash with core-dumps = leave leaves a core");
		test_skip("this system dumps no core", "a crash with core-dumps = off leaves none");
		return;
	}
	configure("leave");
	status = crash();
	test_ok(aborted(status) && WCOREDUMP(status), "a crash with core-dumps = leave leaves a core");
	configure("off");
	status = crash();
	test_ok(aborted(status) && !WCOREDUMP(status), "a crash with core-dumps = off leaves none");
}

/* --- Another process of the same user ---------------------------------------------------------------------------------------------- */

static const char needle[] = "a page of the victim's memory";

static int
victim(void *arg)
{
	const int *ends = arg;
	char go = 'n';

	/* Where Yama lets only ancestors look, everybody may here: it is our setting that is tested. */
	if (!plain_user() || p11->C_Initialize(NULL) != CKR_OK)
		return 1;
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (write(ends[0], "y", 1) != 1)
		return 1;
	return read(ends[1], &go, 1) >= 0 ? 0 : 1;
}

/* 0: it reads the victim's memory; 1: it may not; 2: something else. */
static int
sibling(void *arg)
{
	char path[64], got[sizeof(needle)];
	int fd;

	if (!plain_user())
		return 2;
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", *(const int *)arg);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? 1 : 2;
	return pread(fd, got, sizeof(got), (off_t)(uintptr_t)needle) == sizeof(got) && memcmp(got, needle, sizeof(got)) == 0 ? 0 : 2;
}

static int
look(void)
{
	int ready[2], done[2], status, pid;
	char c = 'n';

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0)
		test_bail("pipe: %s", strerror(errno));
	pid = host_fork(victim, (int[]){ ready[1], done[0] });
	(void)close(ready[1]);
	status = read(ready[0], &c, 1) == 1 ? host_in_child(sibling, &pid) : 3;
	if (write(done[1], &c, 1) != 1)
		status = 3;
	(void)close(ready[0]);
	(void)close(done[1]);
	(void)close(done[0]);
	return host_wait(pid, SECONDS) == 0 ? status : 4;
}

static void
looks(void)
{
	int status;

	configure("leave");
	status = look();
	if (status == 1)
		test_skip("this system allows it to nobody", "a sibling of the same user reads memory with core-dumps = leave");
	else
		test_eq((unsigned)status, 0, "a sibling of the same user reads memory with core-dumps = leave");
	configure("off");
	test_eq((unsigned)look(), 1, "with core-dumps = off it may not");
}

/* --- A sandbox --------------------------------------------------------------------------------------------------------------------- */

/* prctl(PR_SET_DUMPABLE) fails here: what the administrator asked for cannot be had, and no key is used without it. */
static int
sandboxed(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_DUMPABLE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	(void)arg;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 2;
	if (prctl(PR_SET_DUMPABLE, 1) == 0)
		return 3;
	return p11->C_Initialize(NULL) == CKR_GENERAL_ERROR && p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1;
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	/* $SL_TPM_DIR is closed to the plain user. */
	if (setenv("TMPDIR", "/tmp", 1) != 0 || chmod(test_dir(), 0755) != 0 || setenv("SEEDLEAF_CONF", test_path("conf"), 1) != 0 ||
	    unsetenv("SEEDLEAF_STORE") != 0)
		test_bail("%s: %s", test_dir(), strerror(errno));
	states(NULL, 1);
	states("leave", 1);
	states("off", 0);
	crashes();
	looks();
	test_eq((unsigned)host_in_child(sandboxed, NULL), 0, "where prctl is forbidden, C_Initialize refuses");
	return test_done();
}
