/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Runs spec-derived cases on any PKCS#11 module. Usage: see usage() below. */

enum { CASE_SECONDS = 20 };

enum result { R_PASS, R_FAIL, R_ABSENT, R_CRASH };
static const char *const result_names[] = { "pass", "fail", "absent", "crash" };

struct entry {
	struct probe_case c;
	char *id;
	char *title;
	enum result result;
	char *detail;
};

struct probe P;
static struct entry *entries;
static size_t n_entries;
static jmp_buf out_of_case;
static enum result now;
static char now_detail[600];
static CK_FUNCTION_LIST *real;
static CK_SESSION_HANDLE anchor;

static struct {
	const char *module, *token, *bare, *only, *sabotage, *expect;
	long slot;
	bool tap, list, init;
	int report;            /* the worker's end of the pipe */
} opt = { .slot = -1 };

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("probe: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(99);
}

void *
probe_alloc(size_t n)
{
	void *p = calloc(1, n == 0 ? 1 : n);   /* the worker's end frees it */

	if (p == NULL)
		die("no memory");
	return p;
}

/* Nothing is freed, on purpose: a build with a sanitizer asks here. */
__attribute__((visibility("default"))) const char *__lsan_default_options(void);
const char *
__lsan_default_options(void)
{
	return "detect_leaks=0";
}

/* ---- registration */

void
probe_case(unsigned flags, const char *section, probe_run run, const void *arg, unsigned long how, const char *id_and_title,
		   ...)
{
	struct entry *e;
	char line[400];
	char *bar;
	va_list ap;

	va_start(ap, id_and_title);
	(void)vsnprintf(line, sizeof(line), id_and_title, ap);
	va_end(ap);
	bar = strchr(line, '|');
	if (bar == NULL)
		die("a case without a title: %s", line);
	*bar = '\0';
	if (opt.only != NULL && strncmp(line, opt.only, strlen(opt.only)) != 0)
		return;
	for (size_t i = 0; i < n_entries; i++)
		if (strcmp(entries[i].id, line) == 0)
			die("two cases are %s", line);
	entries = realloc(entries, (n_entries + 1) * sizeof(*entries));
	if (entries == NULL)
		die("no memory");
	e = &entries[n_entries++];
	*e = (struct entry){ .c = { flags, section, run, arg, how }, .id = strdup(line), .title = strdup(bar + 1) };
}

/* ---- how a case ends */

static void __attribute__((noreturn, format(printf, 2, 0)))
end_case(enum result result, const char *fmt, va_list ap)
{
	now = result;
	(void)vsnprintf(now_detail, sizeof(now_detail), fmt, ap);
	longjmp(out_of_case, 1);
}

void
probe_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_case(R_FAIL, fmt, ap);
}

void
probe_absent(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_case(R_ABSENT, fmt, ap);
}

CK_RV
probe_want(const char *function, CK_RV rv, const CK_RV *wanted)
{
	char names[200] = "";

	for (const CK_RV *w = wanted; *w != PROBE_END; w++) {
		if (rv == *w)
			return rv;
		(void)strncat(names, w == wanted ? "" : " or ", sizeof(names) - strlen(names) - 1);
		(void)strncat(names, probe_rv_name(*w), sizeof(names) - strlen(names) - 1);
	}
	/* 5.1: so says a module that does not have the function, or not for these objects. */
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		probe_absent("%s is not supported", function);
	probe_fail("%s gave %s, not %s", function, probe_rv_name(rv), names);
}

/* ---- the worker */

static void
find_interfaces(void *library)
{
	CK_VERSION three = { 3, 0 };

	*(void **)&P.get_interface = dlsym(library, "C_GetInterface");
	*(void **)&P.get_interface_list = dlsym(library, "C_GetInterfaceList");
	if (P.get_interface != NULL && P.get_interface(NULL, &three, &P.interface3, 0) == CKR_OK && P.interface3 != NULL)
		P.f3 = P.interface3->list;
}

static void
load(void)
{
	void *library = dlopen(opt.module, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;

	if (library == NULL)
		die("%s", dlerror());
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK || real == NULL)
		die("%s has no function list", opt.module);
	find_interfaces(library);
	P.f = opt.sabotage != NULL ? probe_sabotage(real, opt.sabotage) : real;
	if (P.f == NULL)
		die("--sabotage takes %s", probe_sabotage_kinds());
}

static bool
is_token(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	const size_t len = opt.token == NULL ? 0 : strlen(opt.token);

	if (real->C_GetTokenInfo(slot, &info) != CKR_OK)
		return false;
	if (opt.token == NULL)
		return (info.flags & CKF_TOKEN_INITIALIZED) != 0;
	return len <= sizeof(info.label) && memcmp(info.label, opt.token, len) == 0 &&
		   (len == sizeof(info.label) || info.label[len] == ' ');
}

static void
find_slot(void)
{
	CK_SLOT_ID slots[64];
	CK_ULONG n = LEN(slots);
	CK_RV rv;

	if (opt.slot >= 0) {
		P.slot = (CK_SLOT_ID)opt.slot;
		return;
	}
	rv = real->C_GetSlotList(CK_TRUE, slots, &n);
	if (rv != CKR_OK)
		die("C_GetSlotList: %s", probe_rv_name(rv));
	for (CK_ULONG i = 0; i < n; i++)
		if (is_token(slots[i])) {
			P.slot = slots[i];
			return;
		}
	die("no such token");
}

/* Another token of the module, which has no PIN. */
static void
find_bare(void)
{
	CK_SLOT_ID slots[64];
	CK_ULONG n = LEN(slots);
	const char *token = opt.token;

	P.has_bare = false;
	if (opt.bare == NULL || real->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		return;
	opt.token = opt.bare;
	for (CK_ULONG i = 0; i < n && !P.has_bare; i++)
		if (is_token(slots[i])) {
			P.bare = slots[i];
			P.has_bare = true;
		}
	opt.token = token;
}

static void
init_or_die(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		die("--init: %s: %s", what, probe_rv_name(rv));
}

/* In a process of its own, before all others: the token gets its PINs, and is called "probe" from then on. */
static void
init_token(void)
{
	CK_UTF8CHAR label[33] = "probe                           ";
	CK_SESSION_HANDLE s;

	load();
	init_or_die(real->C_Initialize(NULL), "C_Initialize");
	find_slot();
	init_or_die(real->C_InitToken(P.slot, P.so_pin, P.so_pin_len, label), "C_InitToken");
	init_or_die(real->C_OpenSession(P.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s), "C_OpenSession");
	init_or_die(real->C_Login(s, CKU_SO, P.so_pin, P.so_pin_len), "C_Login");
	init_or_die(real->C_InitPIN(s, P.pin, P.pin_len), "C_InitPIN");
	init_or_die(real->C_Finalize(NULL), "C_Finalize");
}

static void
init_apart(void)
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		init_token();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("--init failed");
	opt.token = "probe";
	opt.slot = -1;
}

static void
set_up(void)
{
	CK_RV rv = real->C_Initialize(NULL);

	if (rv != CKR_OK)
		die("C_Initialize: %s", probe_rv_name(rv));
	find_slot();
	find_bare();
	rv = real->C_OpenSession(P.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &anchor);
	if (rv != CKR_OK)
		die("C_OpenSession: %s", probe_rv_name(rv));
}

/* After a case that ended between two changes of the PIN. */
static CK_RV
login_again(void)
{
	CK_UTF8CHAR other[] = PROBE_OTHER_PIN;
	CK_RV rv = real->C_Login(anchor, CKU_USER, other, sizeof(other) - 1);

	if (rv == CKR_OK)
		rv = real->C_SetPIN(anchor, other, sizeof(other) - 1, P.pin, P.pin_len);
	return rv;
}

/* Login state and session of the next case. */
static void
before(unsigned flags)
{
	CK_RV rv;

	if (flags & PUBLIC)
		(void)real->C_Logout(anchor);
	else if (P.pin != NULL) {
		rv = real->C_Login(anchor, CKU_USER, P.pin, P.pin_len);
		if (rv == CKR_PIN_INCORRECT)
			rv = login_again();
		if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
			die("C_Login: %s", probe_rv_name(rv));
	}
	rv = real->C_OpenSession(P.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &P.s);
	if (rv != CKR_OK)
		die("C_OpenSession: %s", probe_rv_name(rv));
}

static void
run_one(const struct entry *e)
{
	if (!(e->c.flags & 2))
		before(e->c.flags);
	now = R_PASS;
	now_detail[0] = '\0';
	if (setjmp(out_of_case) == 0)
		e->c.run(e->c.arg, e->c.how);
	if (!(e->c.flags & ALONE))
		(void)real->C_CloseSession(P.s);
}

static void __attribute__((format(printf, 1, 2)))
tell(const char *fmt, ...)
{
	char line[700];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(line) || write(opt.report, line, (size_t)len) != len)
		_exit(98);
}

/* Runs cases from `first` on, and ends before or after one that wants to be alone. */
static void __attribute__((noreturn))
work(size_t first)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	load();
	if (!(entries[first].c.flags & 2))
		set_up();
	for (size_t i = first; i < n_entries; i++) {
		if (i != first && (entries[i].c.flags & ALONE))
			break;
		tell("S%zu\n", i);
		run_one(&entries[i]);
		for (char *c = now_detail; *c != '\0'; c++)
			if (*c == '\n')
				*c = ' ';
		tell("R%zu %d %s\n", i, (int)now, now_detail);
		if (entries[i].c.flags & ALONE)
			break;
	}
	_exit(0);
}

/* ---- the supervisor */

static void
take_line(const char *line, size_t *at, bool *started)
{
	char *rest;
	const size_t i = strtoul(line + 1, &rest, 10);

	if (i >= n_entries)
		return;
	*at = i;
	*started = line[0] == 'S';
	if (line[0] != 'R')
		return;
	entries[i].result = (enum result)strtoul(rest, &rest, 10);
	entries[i].detail = strdup(*rest == ' ' ? rest + 1 : rest);
}

/* Reads a worker's lines until it ends or is silent for too long. Returns false for the latter. */
static bool
listen_to(int fd, size_t *at, bool *started)
{
	char buf[4096];
	size_t have = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		const int ready = poll(&p, 1, CASE_SECONDS * 1000);
		ssize_t got;
		char *line, *end;

		if (ready == 0)
			return false;
		got = read(fd, buf + have, sizeof(buf) - 1 - have);
		if (got <= 0)
			return true;
		have += (size_t)got;
		buf[have] = '\0';
		line = buf;
		while ((end = strchr(line, '\n')) != NULL) {
			*end = '\0';
			take_line(line, at, started);
			line = end + 1;
		}
		have = (size_t)(buf + have - line);
		(void)memmove(buf, line, have);
	}
}

/* One worker; returns the case to go on with. */
static size_t
supervise(size_t first)
{
	int ends[2], status = 0;
	size_t at = first;
	bool started = false;
	bool ended;
	pid_t pid;

	(void)fflush(NULL);
	if (pipe(ends) != 0 || (pid = fork()) < 0)
		die("%s", strerror(errno));
	if (pid == 0) {
		(void)close(ends[0]);
		opt.report = ends[1];
		work(first);
	}
	(void)close(ends[1]);
	ended = listen_to(ends[0], &at, &started);
	(void)close(ends[0]);
	if (!ended)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		die("the worker cannot go on before or at %s", entries[at].id);
	if (started) {
		entries[at].result = R_CRASH;
		if ((!ended ? asprintf(&entries[at].detail, "no answer in %d seconds", CASE_SECONDS)
			        : WIFSIGNALED(status) ? asprintf(&entries[at].detail, "ended by signal %d", WTERMSIG(status))
			                              : asprintf(&entries[at].detail, "ended with status %d", WEXITSTATUS(status))) < 0)
			die("no memory");
	}
	return at + 1;
}

static bool
expected(const char *id)
{
	static char *list;
	const char *at;
	const size_t len = strlen(id);

	if (opt.expect == NULL)
		return false;
	if (list == NULL) {
		FILE *f = fopen(opt.expect, "re");
		size_t room_for = 0;

		if (f == NULL)
			die("%s: %s", opt.expect, strerror(errno));
		if (getdelim(&list, &room_for, '\0', f) < 0)
			list = strdup("");
		(void)fclose(f);
	}
	for (at = strstr(list, id); at != NULL; at = strstr(at + 1, id))
		if ((at == list || at[-1] == '\n') && (at[len] == '\n' || at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static void
print(size_t i)
{
	const struct entry *e = &entries[i];
	const char *detail = e->detail == NULL ? "" : e->detail;
	const bool bad = e->result == R_FAIL || e->result == R_CRASH;

	if (!opt.tap) {
		(void)printf("%s %s %s %s%s%s\n", result_names[e->result], e->id, e->c.section, e->title, *detail ? " -- " : "",
					 detail);
		return;
	}
	(void)printf("%sok %zu - %s (%s) %s", bad ? "not " : "", i + 1, e->id, e->c.section, e->title);
	if (e->result == R_ABSENT)
		(void)printf(" # SKIP absent: %s", detail);
	else if (bad && expected(e->id))
		(void)printf(" # TODO known");
	(void)printf("\n");
	if (bad)
		(void)printf("# %s: %s\n", result_names[e->result], detail);
}

static int
run_all(void)
{
	size_t count[4] = { 0 };
	size_t unexpected = 0;

	if (opt.tap)
		(void)printf("1..%zu\n", n_entries);
	for (size_t i = 0, next; i < n_entries; i = next) {
		next = supervise(i);
		for (size_t k = i; k < next; k++) {
			print(k);
			count[entries[k].result]++;
			unexpected += (entries[k].result == R_FAIL || entries[k].result == R_CRASH) && !expected(entries[k].id);
		}
	}
	(void)printf("# %zu cases: %zu pass, %zu fail, %zu crash, %zu absent\n", n_entries, count[R_PASS], count[R_FAIL],
				 count[R_CRASH], count[R_ABSENT]);
	return unexpected != 0 && opt.tap ? 1 : 0;
}

static void __attribute__((noreturn))
usage(int status)
{
	(void)printf("usage: probe --module FILE [--slot ID | --token LABEL] [--pin PIN] [--so-pin PIN] [option...]\n\n"
	             "One line a case: RESULT ID SECTION TITLE [-- what happened]. RESULT: pass, fail, crash (or hang), absent.\n\n"
	             "  --init             first initialize the token: label \"probe\", both PINs as given\n"
	             "  --bare LABEL       a token without a PIN, for the cases that are about those\n"
	             "  --tap              TAP instead; exit status 1 when something failed or crashed\n"
	             "  --expect FILE      with --tap: ids (one a line) whose failure is no failure\n"
	             "  --only PREFIX      only cases whose id begins so\n"
	             "  --list             print id, section and title of the cases\n"
	             "  --kinds            print the kinds of sabotage\n"
	             "  --sabotage KIND    lie to the cases, which should notice: %s\n", probe_sabotage_kinds());
	exit(status);
}

static void
arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "module", required_argument, NULL, 'm' },
		{ "slot", required_argument, NULL, 's' },
		{ "token", required_argument, NULL, 't' },
		{ "pin", required_argument, NULL, 'p' },
		{ "so-pin", required_argument, NULL, 'q' },
		{ "init", no_argument, NULL, 'i' },
		{ "bare", required_argument, NULL, 'b' },
		{ "tap", no_argument, NULL, 'T' },
		{ "expect", required_argument, NULL, 'e' },
		{ "only", required_argument, NULL, 'o' },
		{ "list", no_argument, NULL, 'l' },
		{ "sabotage", required_argument, NULL, 'x' },
		{ "kinds", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'm': opt.module = optarg; break;
		case 's': opt.slot = atol(optarg); break;
		case 't': opt.token = optarg; break;
		case 'p': P.pin = (CK_UTF8CHAR *)optarg; P.pin_len = strlen(optarg); break;
		case 'q': P.so_pin = (CK_UTF8CHAR *)optarg; P.so_pin_len = strlen(optarg); break;
		case 'i': opt.init = true; break;
		case 'b': opt.bare = optarg; break;
		case 'T': opt.tap = true; break;
		case 'e': opt.expect = optarg; break;
		case 'o': opt.only = optarg; break;
		case 'l': opt.list = true; break;
		case 'x': opt.sabotage = optarg; break;
		case 'k': (void)puts(probe_sabotage_kinds()); exit(0);
		case 'h': usage(0);
		default: usage(2);
		}
	if (optind != argc || (opt.module == NULL && !opt.list) || (opt.init && (P.pin == NULL || P.so_pin == NULL)))
		usage(2);
}

static void
register_all(void)
{
	probe_general();
	probe_calls();
	probe_session();
	probe_login();
	probe_objects();
	probe_defaults();
	probe_attributes();
	probe_find();
	probe_mechanisms();
	probe_generate();
	probe_ops();
	probe_digest();
	probe_mac();
	probe_cipher();
	probe_aead();
	probe_rsa();
	probe_ec();
	probe_derive();
	probe_wrap();
	probe_v3();
}

int
main(int argc, char **argv)
{
	arguments(argc, argv);
	register_all();
	if (opt.list) {
		for (size_t i = 0; i < n_entries; i++)
			(void)printf("%s %s %s\n", entries[i].id, entries[i].c.section, entries[i].title);
		return 0;
	}
	if (opt.init)
		init_apart();
	return run_all();
}
