/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/host.h"

#include "lib/files.h"
#include "lib/test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static int saved[2] = { -1, -1 };
static int caught = -1;

CK_FUNCTION_LIST *
host_load(const char *path, void **ret_handle)
{
	const char *name = path != NULL ? path : getenv("SEEDLEAF_MODULE");
	void *handle = name == NULL ? NULL : dlopen(name, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle == NULL ? NULL : dlsym(handle, "C_GetFunctionList");
	CK_FUNCTION_LIST *list = NULL;
	CK_C_GetFunctionList get;

	if (symbol == NULL)
		test_bail("%s: %s", name == NULL ? "SEEDLEAF_MODULE" : name, dlerror());
	memcpy(&get, &symbol, sizeof(get));
	if (get(&list) != CKR_OK || list == NULL)
		test_bail("C_GetFunctionList");
	if (ret_handle != NULL)
		*ret_handle = handle;
	return list;
}

CK_RV
host_open(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot, CK_SESSION_HANDLE *ret_session)
{
	return p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session);
}

CK_RV
host_pair(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, const char *label, bool on_token, CK_OBJECT_HANDLE *ret_public,
          CK_OBJECT_HANDLE *ret_private)
{
	CK_BBOOL token = on_token ? CK_TRUE : CK_FALSE;
	CK_BBOOL yes = CK_TRUE;
	char text[64];
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_LABEL, text, strlen(label) },
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_LABEL, text, strlen(label) },
	};
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE handles[2] = { 0, 0 };
	CK_RV rv;

	(void)snprintf(text, sizeof(text), "%s", label);
	rv = p11->C_GenerateKeyPair(session, &mechanism, public, 4, private, 3, &handles[0], &handles[1]);
	if (rv == CKR_OK && ret_public != NULL)
		*ret_public = handles[0];
	if (rv == CKR_OK)
		*ret_private = handles[1];
	return rv;
}

/* The first of *ret_n. */
static CK_RV
search(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *ret_first,
       CK_ULONG *ret_n)
{
	CK_OBJECT_HANDLE found[32];
	CK_ATTRIBUTE template[2];
	CK_ULONG n = 0;
	CK_ULONG got = 1;
	char text[64];
	CK_RV rv;

	*ret_n = 0;
	if (class != CK_UNAVAILABLE_INFORMATION)
		template[n++] = (CK_ATTRIBUTE){ CKA_CLASS, &class, sizeof(class) };
	if (label != NULL) {
		(void)snprintf(text, sizeof(text), "%s", label);
		template[n++] = (CK_ATTRIBUTE){ CKA_LABEL, text, strlen(text) };
	}
	rv = p11->C_FindObjectsInit(session, template, n);
	if (rv != CKR_OK)
		return rv;
	while (rv == CKR_OK && got != 0) {
		rv = p11->C_FindObjects(session, found, 32, &got);
		if (rv == CKR_OK && *ret_n == 0 && got != 0)
			*ret_first = found[0];
		*ret_n += rv == CKR_OK ? got : 0;
	}
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(session);
	return rv;
}

CK_RV
host_find(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *ret_object)
{
	CK_ULONG n;
	const CK_RV rv = search(p11, session, class, label, ret_object, &n);

	return rv == CKR_OK && n == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

CK_RV
host_count(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_ULONG *ret_n)
{
	CK_OBJECT_HANDLE first;

	return search(p11, session, class, label, &first, ret_n);
}

CK_RV
host_sign(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *text, CK_BYTE *sig, CK_ULONG *ret_len)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_RV rv = p11->C_SignInit(session, &mechanism, key);

	*ret_len = HOST_SIG_MAX;
	return rv != CKR_OK ? rv : p11->C_Sign(session, (CK_BYTE *)(uintptr_t)text, strlen(text), sig, ret_len);
}

CK_RV
host_verify(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *text, CK_BYTE *sig, CK_ULONG len)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_RV rv = p11->C_VerifyInit(session, &mechanism, key);

	return rv != CKR_OK ? rv : p11->C_Verify(session, (CK_BYTE *)(uintptr_t)text, strlen(text), sig, len);
}

CK_RV
host_use(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, const char *label)
{
	CK_OBJECT_HANDLE private = 0;
	CK_OBJECT_HANDLE public = 0;
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;
	CK_RV rv;

	if ((rv = host_find(p11, session, CKO_PRIVATE_KEY, label, &private)) != CKR_OK ||
	    (rv = host_find(p11, session, CKO_PUBLIC_KEY, label, &public)) != CKR_OK ||
	    (rv = host_sign(p11, session, private, "to be signed", sig, &len)) != CKR_OK)
		return rv;
	return host_verify(p11, session, public, "to be signed", sig, len);
}

pid_t
host_fork(int (*body)(void *arg), void *arg)
{
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child < 0)
		test_bail("fork: %s", strerror(errno));
	if (child == 0)
		_exit(body(arg));
	return child;
}

int
host_wait(pid_t child, int seconds)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN };
	int status = 0;
	int ready;

	if (p.fd < 0)
		test_bail("pidfd_open: %s", strerror(errno));
	ready = poll(&p, 1, seconds * 1000);
	(void)close(p.fd);
	if (ready != 1)
		(void)kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		test_bail("waitpid: %s", strerror(errno));
	if (ready != 1)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

int
host_in_child(int (*body)(void *arg), void *arg)
{
	return host_wait(host_fork(body, arg), 60);
}

void
host_config(const char *text)
{
	const char *path = getenv("SEEDLEAF_CONF");
	FILE *f = path == NULL ? NULL : fopen(path, "we");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		test_bail("SEEDLEAF_CONF");
}

void
host_quiet_begin(void)
{
	(void)fflush(stdout);
	caught = open(test_path("printed"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int fd = 1; fd <= 2; fd++) {
		saved[fd - 1] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		if (caught < 0 || saved[fd - 1] < 0 || dup2(caught, fd) != fd)
			test_bail("cannot catch descriptor %d", fd);
	}
}

size_t
host_quiet_end(void)
{
	char text[512] = "";
	struct stat st;
	ssize_t n;

	for (int fd = 1; fd <= 2; fd++) {
		if (dup2(saved[fd - 1], fd) != fd)
			_exit(99);
		(void)close(saved[fd - 1]);
	}
	if (fstat(caught, &st) != 0)
		test_bail("fstat: %s", strerror(errno));
	n = pread(caught, text, sizeof(text) - 1, 0);
	if (n > 0) {
		for (ssize_t i = 0; i < n; i++)
			text[i] = text[i] == '\n' ? '|' : text[i];
		test_note("printed: %s", text);
	}
	(void)close(caught);
	return (size_t)st.st_size;
}

int
host_descriptors(bool kept_by_exec)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int n = 0;

	if (dir == NULL)
		test_bail("/proc/self/fd");
	while ((entry = readdir(dir)) != NULL) {
		const int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		if (!kept_by_exec || (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
			n++;
	}
	(void)closedir(dir);
	return n;
}

long long
host_now_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
