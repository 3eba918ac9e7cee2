/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors
 *
 * asker: a requester of keys by upcall, in the ways that conformance/vm/guest-upcall.sh wants it. What it prints is the key in hex, or the
 * name of the error. Nothing of Seedleaf is in it.
 *
 *   ask DESCRIPTION [OPTIONS]            into the thread's own keyring
 *   many N DESCRIPTION                   N processes at once; who is refused asks again: "keys N different M seconds S", then the key
 *   killed DESCRIPTION                   a child asks and is killed while it waits: "killed", and the seconds until it was gone
 *   swapped t|s DESCRIPTION PROGRAM ...  a thread asks, for its own or the session's keyring, and meanwhile another one executes the program
 *   between UID EUID DESCRIPTION         as a program between two users; as root
 *   traced DESCRIPTION PROGRAM           makes the program ask, with ptrace(2)
 *   under LABEL PROGRAM ...              under an AppArmor profile
 *   posed FILE DESCRIPTION               asks after telling the kernel that FILE is its program
 *   listen PATH                          a TPM that takes everything and never answers
 * PROGRAM is a copy of this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <keyutils.h>
#include <linux/prctl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEN 32
#define BUSY_SECONDS 120

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *
hex(const unsigned char *key)
{
	static char text[2 * LEN + 1];

	for (size_t i = 0; i < LEN; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", key[i]);
	return text;
}

/* 0, or an errno. */
static int
request(const char *description, const char *options, int32_t keyring, unsigned char key[LEN])
{
	const int32_t id = request_key("user", description, options, keyring);
	char bytes[LEN + 1];
	long len;

	if (id < 0)
		return errno;
	len = keyctl_read(id, bytes, sizeof(bytes));
	if (len < 0)
		return errno;
	if (len != LEN)
		return EBADMSG;
	memcpy(key, bytes, LEN);
	return 0;
}

static int
report(int err, const unsigned char *key)
{
	if (err == 0)
		printf("%s\n", hex(key));
	else
		printf("%s\n", strerrorname_np(err));
	(void)fflush(stdout);
	return err != 0;
}

static int
ask(const char *description, const char *options)
{
	unsigned char key[LEN];

	return report(request(description, options, KEY_SPEC_THREAD_KEYRING, key), key);
}

/* What came of one of many: all zeros and the last errno, or the key. */
struct result {
	int err;
	unsigned char key[LEN];
};

static void
one_of_many(unsigned i, const char *description, struct result *result)
{
	const double start = now();
	unsigned pause_ms = 100;
	char own[300];

	srand((unsigned)getpid());
	(void)snprintf(own, sizeof(own), "%s#%08x", description, i);
	while ((result->err = request(own, "-", KEY_SPEC_THREAD_KEYRING, result->key)) != 0 && now() - start < BUSY_SECONDS) {
		(void)poll(NULL, 0, (int)(pause_ms / 2 + (unsigned)rand() % pause_ms));
		pause_ms = pause_ms < 6400 ? 2 * pause_ms : pause_ms;
	}
}

static int
many(unsigned n, const char *description)
{
	struct result *results = mmap(NULL, n * sizeof(*results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const double start = now();
	unsigned given = 0, different = 0;

	if (results == MAP_FAILED)
		fail("mmap");
	for (unsigned i = 0; i < n; i++) {
		const pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child == 0) {
			one_of_many(i, description, &results[i]);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	for (unsigned i = 0; i < n; i++) {
		given += results[i].err == 0;
		different += memcmp(results[i].key, results[0].key, LEN) != 0;
		if (results[i].err != 0)
			fprintf(stderr, "%u: %s\n", i, strerrorname_np(results[i].err));
	}
	printf("keys %u different %u seconds %.0f\n%s\n", given, different, now() - start, hex(results[0].key));
	return 0;
}

/* Until the thread is in request_key(2): in state D there it can only be waiting for the helper. */
static void
wait_until_it_asks(pid_t pid, pid_t tid)
{
	const double start = now();
	char path[64], text[64];
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
	while (now() - start < 20) {
		fd = open(path, O_RDONLY);
		len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		(void)close(fd);
		if (len > 0) {
			text[len] = '\0';
			if (atol(text) == SYS_request_key && text[0] != 'r')
				return;
		}
		(void)poll(NULL, 0, 1);
	}
	fail("nobody asks");
}

static int
killed(const char *description)
{
	const pid_t child = fork();
	double start;
	int status;

	if (child < 0)
		fail("fork");
	if (child == 0)
		_exit(ask(description, "-"));
	wait_until_it_asks(child, child);
	start = now();
	(void)kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	printf("%s %.1f\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "killed" : "not killed", now() - start);
	return 0;
}

struct swap {
	const char *description;
	int32_t keyring;
	pid_t tid; /* atomic */
};

static void *
ask_in_thread(void *argument)
{
	struct swap *swap = argument;
	unsigned char key[LEN];

	__atomic_store_n(&swap->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	(void)request(swap->description, "-", swap->keyring, key);
	return NULL;
}

static int
swapped(const char *where, const char *description, char **program)
{
	struct swap swap = { description, where[0] == 's' ? KEY_SPEC_SESSION_KEYRING : KEY_SPEC_THREAD_KEYRING, 0 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, ask_in_thread, &swap) != 0)
		fail("pthread_create");
	while (__atomic_load_n(&swap.tid, __ATOMIC_SEQ_CST) == 0)
		(void)poll(NULL, 0, 1);
	wait_until_it_asks(getpid(), swap.tid);
	(void)execv(program[0], program);
	fail(program[0]);
	return 1;
}

static int
between(const char *uid, const char *euid, const char *description)
{
	const uid_t user = (uid_t)atoi(uid), other = (uid_t)atoi(euid);

	/* Without root, which setresuid() of libc would take along to all threads. */
	if (syscall(SYS_setresuid, user, other, other) != 0)
		fail("setresuid");
	return ask(description, "-");
}

/* Makes the stopped child do one system call, at its instruction pointer, where it has `syscall; int3` now. */
static long
call_in(pid_t child, const struct user_regs_struct *at, long number, const uint64_t arguments[4])
{
	struct user_regs_struct regs = *at;
	int status;

	regs.rax = (uint64_t)number;
	regs.orig_rax = UINT64_MAX;
	regs.rdi = arguments[0];
	regs.rsi = arguments[1];
	regs.rdx = arguments[2];
	regs.r10 = arguments[3];
	if (ptrace(PTRACE_SETREGS, child, NULL, &regs) != 0 || ptrace(PTRACE_CONT, child, NULL, NULL) != 0 ||
	    waitpid(child, &status, 0) != child || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
		fail("ptrace");
	return (long)regs.rax;
}

static void
poke(pid_t child, uint64_t to, const char *text)
{
	const size_t len = strlen(text) + 1;

	for (size_t i = 0; i < len; i += sizeof(long)) {
		long word = 0;

		memcpy(&word, text + i, len - i < sizeof(word) ? len - i : sizeof(word));
		if (ptrace(PTRACE_POKEDATA, child, to + i, word) != 0)
			fail("PTRACE_POKEDATA");
	}
}

/* The program has not done anything of its own yet: it has just been executed. Below its stack is room. */
static int
traced(const char *description, char *program)
{
	const pid_t child = fork();
	struct user_regs_struct regs;
	unsigned char key[LEN];
	uint64_t room;
	long id, got;
	int status;

	if (child < 0)
		fail("fork");
	if (child == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)execl(program, program, "ask", "nothing", NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
		fail("exec");
	room = (regs.rsp - 4096) & ~UINT64_C(15);
	poke(child, room, "user");
	poke(child, room + 16, "-");
	poke(child, room + 32, description);
	if (ptrace(PTRACE_POKETEXT, child, regs.rip, 0xcc050fL) != 0)
		fail("PTRACE_POKETEXT");
	id = call_in(child, &regs, SYS_request_key, (uint64_t[4]){ room, room + 32, room + 16, (uint64_t)(int64_t)KEY_SPEC_THREAD_KEYRING });
	got = call_in(child, &regs, SYS_keyctl, (uint64_t[4]){ KEYCTL_READ, (uint64_t)id, room + 1024, LEN });
	for (size_t i = 0; i < LEN; i += sizeof(long)) {
		const long word = ptrace(PTRACE_PEEKDATA, child, room + 1024 + i, NULL);

		memcpy(key + i, &word, sizeof(word));
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	return report(id < 0 ? (int)-id : got == LEN ? 0 : EBADMSG, key);
}

static int
under(const char *label, char **program)
{
	const int fd = open("/proc/self/attr/exec", O_WRONLY);
	char text[200];

	(void)snprintf(text, sizeof(text), "exec %s", label);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail("/proc/self/attr/exec");
	(void)close(fd);
	(void)execv(program[0], program);
	fail(program[0]);
	return 1;
}

/* Another mapping with the same bytes at the same place. */
static void
copy_over(char *from, size_t len, int protection)
{
	char *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		fail("mmap");
	memcpy(copy, from, len);
	if (mprotect(copy, len, protection) != 0 || mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, from) == MAP_FAILED)
		fail("mremap");
}

/* The kernel changes the program of nobody who still has it mapped. */
static void
drop_program(void)
{
	char line[512], own[256];
	unsigned long from[32], to[32];
	int protection[32];
	const ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t n = 0;

	if (len <= 0 || maps == NULL)
		fail("/proc/self");
	own[len] = '\0';
	while (n < 32 && fgets(line, sizeof(line), maps) != NULL) {
		const char *path = strchr(line, '/');
		char mode[5];

		if (path == NULL || strncmp(path, own, strlen(own)) != 0 || sscanf(line, "%lx-%lx %4s", &from[n], &to[n], mode) != 3)
			continue;
		protection[n++] = (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0) | (mode[2] == 'x' ? PROT_EXEC : 0);
	}
	(void)fclose(maps);
	for (size_t i = 0; i < n; i++)
		copy_over((char *)from[i], to[i] - from[i], protection[i]);
}

static char stack[65536] __attribute__((aligned(16)));

/* Root of a user namespace of its own, but with its parent's memory: what it sets is the parent's, which is in no such namespace. */
static int
set_program(void *argument)
{
	const uint64_t at = (uint64_t)(uintptr_t)stack, end = (uint64_t)(uintptr_t)sbrk(0);
	struct prctl_mm_map map = { .start_code = at, .end_code = at + 1, .start_data = at, .end_data = at, .start_brk = end, .brk = end, .start_stack = at,
		                    .arg_start = at, .arg_end = at, .env_start = at, .env_end = at };

	map.exe_fd = (uint32_t)open(argument, O_RDONLY);
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0 ? 0 : errno;
}

static int
posed(char *program, const char *description)
{
	pid_t child;
	int status = 0;

	drop_program();
	child = clone(set_program, stack + sizeof(stack), CLONE_VM | CLONE_NEWUSER | SIGCHLD, program);
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("clone");
	if (status != 0) {
		errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
		fail("PR_SET_MM_MAP");
	}
	return ask(description, "-");
}

static void
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 100) != 0)
		fail(path);
	for (;;)
		(void)pause();
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	if (strcmp(mode, "ask") == 0)
		return ask(argv[2], argc > 3 ? argv[3] : "-");
	if (strcmp(mode, "many") == 0 && argc > 3)
		return many((unsigned)atoi(argv[2]), argv[3]);
	if (strcmp(mode, "killed") == 0)
		return killed(argv[2]);
	if (strcmp(mode, "swapped") == 0 && argc > 4)
		return swapped(argv[2], argv[3], argv + 4);
	if (strcmp(mode, "between") == 0 && argc > 4)
		return between(argv[2], argv[3], argv[4]);
	if (strcmp(mode, "traced") == 0 && argc > 3)
		return traced(argv[2], argv[3]);
	if (strcmp(mode, "under") == 0 && argc > 3)
		return under(argv[2], argv + 3);
	if (strcmp(mode, "posed") == 0 && argc > 3)
		return posed(argv[2], argv[3]);
	if (strcmp(mode, "listen") == 0)
		listen_at(argv[2]);
	return 2;
}
