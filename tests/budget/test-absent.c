/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/files.h"
#include "lib/host.h"
#include "lib/test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A TPM that is absent, or answers nonsense, is an empty slot list: quickly, and without a word to our host's terminal. The budget is 50 ms; what
 * is asserted is ten times that, so that a busy machine does not matter. The TCTI libraries of the tss2 project (all but device and swtpm, which
 * are ours) log to standard error by themselves unless TSS2_LOG says otherwise: there we can only be silent about what is not found.
 */
#define BUDGET_US 50000

static CK_FUNCTION_LIST *p11;

static void
look(const char *what, const char *tcti, bool quick)
{
	CK_SLOT_ID slots[8];
	CK_ULONG all = 8;
	CK_ULONG present = 8;
	CK_SLOT_INFO info = { .flags = CKF_TOKEN_PRESENT };
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE session;
	CK_RV rv[6];
	long long took;
	size_t printed;

	(void)setenv("SEEDLEAF_TCTI", tcti, 1);
	host_quiet_begin();
	took = host_now_us();
	rv[0] = p11->C_Initialize(NULL);
	rv[1] = p11->C_GetSlotList(CK_FALSE, slots, &all);
	rv[2] = p11->C_GetSlotList(CK_TRUE, slots, &present);
	rv[3] = p11->C_GetSlotInfo(0, &info);
	took = host_now_us() - took;
	rv[4] = p11->C_GetTokenInfo(0, &token);
	rv[5] = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);
	(void)p11->C_Finalize(NULL);
	printed = host_quiet_end();
	test_eq(rv[0], CKR_OK, "%s: C_Initialize", what);
	test_eq(rv[1], CKR_OK, "%s: C_GetSlotList(false)", what);
	test_eq(all, 4, "%s: all four slots are there", what);
	test_eq(rv[2], CKR_OK, "%s: C_GetSlotList(true)", what);
	test_eq(present, 0, "%s: and no token", what);
	test_eq(rv[3], CKR_OK, "%s: C_GetSlotInfo", what);
	test_eq(info.flags & CKF_TOKEN_PRESENT, 0, "%s: says so too", what);
	test_eq(rv[4], CKR_TOKEN_NOT_PRESENT, "%s: C_GetTokenInfo", what);
	test_eq(rv[5], CKR_TOKEN_NOT_PRESENT, "%s: C_OpenSession", what);
	/* Where tabrmd's TCTI is installed, GLib in it warns of a bus name that is none. */
	if (strncmp(tcti, "tabrmd", 6) != 0)
		test_eq(printed, 0, "%s: nothing is printed", what);
	test_note("%s: %lld us", what, took);
	if (quick)
		test_ok(took < 10 * BUDGET_US, "%s: quick", what);
}

/* A listening socket on a free port of the loopback interface. */
static int
listener(char *tcti, size_t room)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		test_bail("no socket");
	(void)snprintf(tcti, room, "swtpm:host=127.0.0.1,port=%u", ntohs(address.sin_port));
	return fd;
}

struct garbage {
	int fd;
	const char *bytes;
	size_t len;
	bool first; /* before any command */
};

static void *
talk_nonsense(void *arg)
{
	const struct garbage *g = arg;

	for (;;) {
		char command[4096];
		const int fd = accept(g->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		if (g->first || recv(fd, command, sizeof(command), 0) > 0)
			(void)send(fd, g->bytes, g->len, MSG_NOSIGNAL);
		(void)close(fd);
	}
}

static void
garbage(const char *what, const char *bytes, size_t len, bool first)
{
	char tcti[128];
	struct garbage g = { .fd = listener(tcti, sizeof(tcti)), .bytes = bytes, .len = len, .first = first };
	pthread_t thread;

	if (listen(g.fd, 8) != 0 || pthread_create(&thread, NULL, talk_nonsense, &g) != 0)
		test_bail("no thread");
	look(what, tcti, false);
	(void)shutdown(g.fd, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	(void)close(g.fd);
}

static void
bad_configuration(const char *what, const char *text)
{
	size_t printed;
	CK_RV rv;

	(void)test_file("bad.conf", text, strlen(text), 0600);
	(void)setenv("SEEDLEAF_CONF", test_path("bad.conf"), 1);
	host_quiet_begin();
	rv = p11->C_Initialize(NULL);
	printed = host_quiet_end();
	test_eq(rv, CKR_GENERAL_ERROR, "%s: C_Initialize", what);
	test_eq(printed, 0, "%s: nothing is printed", what);
	test_eq(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED, "%s: and not initialised", what);
}

int
main(void)
{
	char tcti[128];
	char module[4096];
	const int closed = listener(tcti, sizeof(tcti)); /* bound, and nobody listens */

	if (getenv("SEEDLEAF_MODULE") == NULL) {
		(void)snprintf(module, sizeof(module), "%s/.libs/seedleaf-pkcs11.so", getenv("SL_BUILD"));
		(void)setenv("SEEDLEAF_MODULE", module, 1);
	}
	(void)setenv("SEEDLEAF_STORE", test_path("store"), 1);
	(void)setenv("SEEDLEAF_CONF", test_file("empty.conf", "", 0, 0600), 1);
	p11 = host_load(NULL, NULL);

	look("closed port", tcti, true);
	look("no device", "device:/nonexistent", true);
	look("not a device", "device:/dev/null", true);
	look("no such socket", "swtpm:path=/nonexistent", true);
	look("bad swtpm options", "swtpm:nonsense=1", true);
	look("no such TCTI", "nonsense", true);
	look("no such TCTI with options", "nonsense:host=127.0.0.1", true);
	look("TCTI with bad options", "device", true);
	look("TCTI with a path", "/nonexistent.so:x", true);
	look("TCTI with a bad name", "../../x", true);
	look("not a TCTI", "/nonexistent", true);

	(void)setenv("TSS2_LOG", "all+none", 1);
	look("mssim, nobody there", "mssim:host=127.0.0.1,port=1", true);
	look("tabrmd, nobody there", "tabrmd:bus_name=nonsense", true);
	look("cmd that fails", "cmd:false", true);
	(void)unsetenv("TSS2_LOG");
	(void)close(closed);

	garbage("closes at once", "", 0, true);
	garbage("closes after a command", "", 0, false);
	garbage("a short header", "\x80\x01\x00", 3, false);
	garbage("a length too small", "\x80\x01\x00\x00\x00\x05\x00\x00\x00\x00", 10, false);
	garbage("a length too great", "\x80\x01\xff\xff\xff\xff\x00\x00\x00\x00", 10, false);
	garbage("success and nothing", "\x80\x01\x00\x00\x00\x0a\x00\x00\x00\x00", 10, false);
	garbage("a wrong tag", "\x12\x34\x00\x00\x00\x0a\x00\x00\x00\x00", 10, false);
	garbage("text", "HTTP/1.1 400 Bad Request\r\n\r\n", 28, false);
	garbage("an answer before the question", "\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x01", 10, true);
	garbage("TPM_RC_FAILURE", "\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x01", 10, false);

	bad_configuration("unknown key", "nonsense = 1\n");
	bad_configuration("unknown root", "[token owner]\nroot = nonsense\n");
	return test_done();
}
