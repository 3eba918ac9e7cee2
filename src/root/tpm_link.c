/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_link.h"
#include "base/secret.h"
#include "root/tpm_wait.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <tss2/tss2_tcti.h>
#include <unistd.h>

#define CONNECT_MS 1000
#define HELD_MS 5000      /* how long somebody else may keep us waiting */
#define COMMAND_MS 120000 /* an RSA primary key takes a slow chip a minute */
#define HEADER 10

enum kind { KIND_DEVICE, KIND_SOCKET, KIND_LIBRARY };

struct sl_tpm_link {
	enum kind kind;
	int fd;
	unsigned slot;          /* in open_fds */
	bool answered;
	void *library;
	TSS2_TCTI_CONTEXT *tcti;
};

/*
 * Connections open now (fd + 1; 0 is free). A child forked in the middle of a batch would keep the connection open after we closed it, and
 * with it the whole TPM; so the child closes them.
 */
static _Atomic int open_fds[64];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
close_in_child(void)
{
	for (unsigned i = 0; i < SL_ARRAY_LEN(open_fds); i++) {
		const int fd = atomic_exchange(&open_fds[i], 0) - 1;

		if (fd >= 0)
			(void)close(fd);
	}
}

static void
set_up(void)
{
	(void)pthread_atfork(NULL, NULL, close_in_child);
}

static void
note_open(struct sl_tpm_link *link)
{
	(void)pthread_once(&once, set_up);
	for (link->slot = 0; link->slot < SL_ARRAY_LEN(open_fds); link->slot++) {
		int expected = 0;

		if (atomic_compare_exchange_strong(&open_fds[link->slot], &expected, link->fd + 1))
			return;
	}
}

void
sl_tpm_link_close(struct sl_tpm_link **link)
{
	struct sl_tpm_link *l = *link;

	*link = NULL;
	if (l == NULL)
		return;
	if (l->tcti != NULL && TSS2_TCTI_FINALIZE(l->tcti) != NULL)
		TSS2_TCTI_FINALIZE(l->tcti)(l->tcti);
	free(l->tcti);
	if (l->library != NULL)
		(void)dlclose(l->library);
	if (l->fd >= 0) {
		if (l->slot < SL_ARRAY_LEN(open_fds))
			atomic_store(&open_fds[l->slot], 0);
		(void)close(l->fd);
	}
	free(l);
}

static bool
starts(const char *s, const char *prefix, const char **ret_rest)
{
	const size_t n = strlen(prefix);

	if (strncmp(s, prefix, n) != 0)
		return false;
	*ret_rest = s + n;
	return true;
}

static enum sl_err
fail_errno(struct sl_msg *why, const char *tcti, int e)
{
	char text[128];

	sl_msg_set(why, "%s: %s", tcti, strerror_r(e, text, sizeof(text)));
	return e == EBUSY || e == ETIMEDOUT || e == EAGAIN ? SL_ERR_BUSY : SL_ERR_ABSENT;
}

/* A bare character device has one opener at a time: others get EBUSY until it is closed. */
static enum sl_err
open_device(const char *tcti, const char *path, int *ret_fd, struct sl_msg *why)
{
	struct sl_tpm_wait wait = sl_tpm_wait_begin(HELD_MS);

	for (;;) {
		const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		if (fd >= 0) {
			*ret_fd = fd;
			return SL_OK;
		}
		if (errno != EINTR && (errno != EBUSY || !sl_tpm_wait_again(&wait)))
			return fail_errno(why, tcti, errno == EINTR ? EBUSY : errno);
	}
}

/* Until fd is ready for events: 1; 0 in time's end, -1 and errno on failure. */
static int
wait_for(int fd, short events, int ms)
{
	const int64_t end = sl_tpm_wait_now() + ms;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		const int64_t left = end - sl_tpm_wait_now();
		const int r = poll(&p, 1, left < 0 ? 0 : (int)left);

		if (r >= 0 || errno != EINTR)
			return r;
	}
}

static int
connect_to(const struct sockaddr *address, socklen_t len)
{
	SL_CLOSE int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(int);
	int e = 0;
	int taken;

	if (fd < 0)
		return -1;
	if (connect(fd, address, len) != 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return -1;
		if (wait_for(fd, POLLOUT, CONNECT_MS) != 1)
			e = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) != 0)
			e = errno;
	}
	if (e != 0) {
		errno = e;
		return -1;
	}
	taken = fd;
	fd = -1;
	return taken;
}

struct swtpm {
	char host[256];
	char port[16];
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/* "host=H,port=P" or "path=P", with the defaults of the tss2 library. */
static bool
parse_swtpm(const char *conf, struct swtpm *ret)
{
	*ret = (struct swtpm){ .host = "127.0.0.1", .port = "2321" };
	while (*conf != '\0') {
		const size_t len = strcspn(conf, ",");
		const char *value;
		char *to = NULL;
		size_t room = 0;

		if (starts(conf, "host=", &value))
			to = ret->host, room = sizeof(ret->host);
		else if (starts(conf, "port=", &value))
			to = ret->port, room = sizeof(ret->port);
		else if (starts(conf, "path=", &value))
			to = ret->path, room = sizeof(ret->path);
		if (to == NULL || len - (size_t)(value - conf) >= room)
			return false;
		memcpy(to, value, len - (size_t)(value - conf));
		to[len - (size_t)(value - conf)] = '\0';
		conf += len + (conf[len] == ',' ? 1 : 0);
	}
	return true;
}

static enum sl_err
open_swtpm(const char *tcti, const char *conf, int *ret_fd, struct sl_msg *why)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct addrinfo *found = NULL;
	struct swtpm where;
	int e = ECONNREFUSED;
	int fd = -1;

	if (!parse_swtpm(conf, &where)) {
		sl_msg_set(why, "%s: expected swtpm:host=HOST,port=PORT or swtpm:path=PATH", tcti);
		return SL_ERR_ABSENT;
	}
	if (where.path[0] != '\0') {
		memcpy(local.sun_path, where.path, sizeof(local.sun_path));
		fd = connect_to((const struct sockaddr *)&local, sizeof(local));
		e = errno;
	} else if (getaddrinfo(where.host, where.port, &hints, &found) == 0) {
		for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
			fd = connect_to(a->ai_addr, a->ai_addrlen);
			e = errno;
		}
		freeaddrinfo(found);
	} else {
		sl_msg_set(why, "%s: no such host or port", tcti);
		return SL_ERR_ABSENT;
	}
	if (fd < 0)
		return fail_errno(why, tcti, e);
	*ret_fd = fd;
	return SL_OK;
}

/*
 * A TCTI library of the tss2 project, or one named by its path. Not by its own loader, which writes on our host's standard error whatever it does
 * not find. (What a TCTI itself has to say it writes there too: TSS2_LOG is the user's, and for device: and swtpm: we need none.)
 */
static const TSS2_TCTI_INFO *
load_library(struct sl_tpm_link *link, const char *name, size_t len)
{
	TSS2_TCTI_INFO_FUNC info;
	char file[256];
	void *symbol;
	int n;

	if (memchr(name, '/', len) != NULL || memmem(name, len, ".so", 3) != NULL)
		n = snprintf(file, sizeof(file), "%.*s", (int)len, name);
	else if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len)
		n = snprintf(file, sizeof(file), "libtss2-tcti-%.*s.so.0", (int)len, name);
	else
		return NULL;
	if (n < 0 || (size_t)n >= sizeof(file) || (link->library = dlopen(file, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return NULL;
	symbol = dlsym(link->library, TSS2_TCTI_INFO_SYMBOL);
	_Static_assert(sizeof(info) == sizeof(symbol), "POSIX: dlsym");
	memcpy(&info, &symbol, sizeof(info));
	return symbol == NULL ? NULL : info();
}

static enum sl_err
open_library(struct sl_tpm_link *link, const char *tcti, struct sl_msg *why)
{
	const size_t len = strcspn(tcti, ":");
	const char *conf = tcti[len] == ':' && tcti[len + 1] != '\0' ? tcti + len + 1 : NULL;
	const TSS2_TCTI_INFO *info = load_library(link, tcti, len);
	size_t size = 0;

	if (info == NULL || info->init == NULL) {
		sl_msg_set(why, "%s: there is no such TCTI", tcti);
		return SL_ERR_ABSENT;
	}
	if (info->init(NULL, &size, conf) != TSS2_RC_SUCCESS || size < sizeof(TSS2_TCTI_CONTEXT_COMMON_V1)) {
		sl_msg_set(why, "%s: cannot be opened", tcti);
		return SL_ERR_ABSENT;
	}
	link->tcti = calloc(1, size);
	if (link->tcti == NULL)
		return SL_ERR_MEMORY;
	if (info->init(link->tcti, &size, conf) == TSS2_RC_SUCCESS)
		return SL_OK;
	free(link->tcti);
	link->tcti = NULL;
	sl_msg_set(why, "%s: cannot be opened", tcti);
	return SL_ERR_ABSENT;
}

static enum sl_err
open_any(struct sl_tpm_link *link, const char *tcti, struct sl_msg *why)
{
	const char *conf = "";

	if (starts(tcti, "device:", &conf) || strcmp(tcti, "device") == 0) {
		link->kind = KIND_DEVICE;
		return open_device(tcti, strcmp(tcti, "device") == 0 ? "/dev/tpmrm0" : conf, &link->fd, why);
	}
	if (starts(tcti, "swtpm:", &conf) || strcmp(tcti, "swtpm") == 0) {
		link->kind = KIND_SOCKET;
		return open_swtpm(tcti, conf, &link->fd, why);
	}
	link->kind = KIND_LIBRARY;
	return open_library(link, tcti, why);
}

enum sl_err
sl_tpm_link_open(const char *tcti, struct sl_tpm_link **ret_link, struct sl_msg *why)
{
	SL_CLEANUP(sl_tpm_link_close) struct sl_tpm_link *link = calloc(1, sizeof(*link));
	enum sl_err err;

	if (link == NULL)
		return SL_ERR_MEMORY;
	link->fd = -1;
	link->slot = SL_ARRAY_LEN(open_fds);
	if ((err = open_any(link, tcti, why)) != SL_OK)
		return err;
	if (link->fd >= 0)
		note_open(link);
	*ret_link = SL_TAKE(link);
	return SL_OK;
}

static enum sl_err
transmit(struct sl_tpm_link *link, const uint8_t *p, size_t left)
{
	while (left != 0) {
		const ssize_t n = link->kind == KIND_SOCKET ? send(link->fd, p, left, MSG_NOSIGNAL) : write(link->fd, p, left);

		if (n > 0) {
			p += n;
			left -= (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EBUSY)) {
			if (wait_for(link->fd, POLLOUT, HELD_MS) != 1)
				return SL_ERR_BUSY;
		} else if (n == 0 || errno != EINTR) {
			return SL_ERR_DEVICE;
		}
	}
	return SL_OK;
}

static size_t
announced(const uint8_t *answer)
{
	return (size_t)answer[2] << 24 | (size_t)answer[3] << 16 | (size_t)answer[4] << 8 | answer[5];
}

/* Whole: no more and no less than the header says. */
static bool
is_whole(const uint8_t *answer, size_t have)
{
	return have >= HEADER && announced(answer) == have;
}

static enum sl_err
receive(struct sl_tpm_link *link, uint8_t *answer, size_t *ret_len)
{
	size_t have = 0;

	while (!is_whole(answer, have)) {
		const bool queued = link->kind == KIND_SOCKET && !link->answered;
		ssize_t n;
		int r;

		if (have == SL_TPM_MESSAGE_MAX || (have >= HEADER && announced(answer) < have))
			return SL_ERR_DEVICE;
		r = wait_for(link->fd, POLLIN, queued || have != 0 ? HELD_MS : COMMAND_MS);
		if (r == 0)
			return have == 0 ? SL_ERR_BUSY : SL_ERR_DEVICE;
		n = r < 0 ? -1 : read(link->fd, answer + have, SL_TPM_MESSAGE_MAX - have);
		if (n > 0)
			have += (size_t)n;
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			return SL_ERR_DEVICE;
		link->answered = true;
	}
	*ret_len = have;
	return SL_OK;
}

/* A TCTI that writes to a pipe must not end our host: SIGPIPE is kept from this thread, and taken away if it came meanwhile. */
struct pipe_guard {
	sigset_t before;
	bool pending;
};

static void
pipe_guard_begin(struct pipe_guard *guard)
{
	sigset_t pipe;
	sigset_t pending;

	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	guard->pending = sigpending(&pending) != 0 || sigismember(&pending, SIGPIPE) == 1;
	(void)pthread_sigmask(SIG_BLOCK, &pipe, &guard->before);
}

static void
pipe_guard_end(struct pipe_guard *guard)
{
	const struct timespec now = { 0 };
	sigset_t pipe;

	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	while (!guard->pending && sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
		continue;
	(void)pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

static enum sl_err
exchange_library(struct sl_tpm_link *link, const uint8_t *command, size_t len, uint8_t *answer, size_t *ret_len)
{
	SL_CLEANUP(pipe_guard_end) struct pipe_guard guard;
	size_t have = SL_TPM_MESSAGE_MAX;
	TSS2_RC rc;

	pipe_guard_begin(&guard);
	if (Tss2_Tcti_Transmit(link->tcti, len, command) != TSS2_RC_SUCCESS)
		return SL_ERR_DEVICE;
	rc = Tss2_Tcti_Receive(link->tcti, &have, answer, COMMAND_MS);
	if (rc == TSS2_TCTI_RC_BAD_VALUE || rc == TSS2_TCTI_RC_NOT_SUPPORTED) { /* some can only wait for ever */
		have = SL_TPM_MESSAGE_MAX;
		rc = Tss2_Tcti_Receive(link->tcti, &have, answer, TSS2_TCTI_TIMEOUT_BLOCK);
	}
	if (rc == TSS2_TCTI_RC_TRY_AGAIN)
		return SL_ERR_BUSY;
	if (rc != TSS2_RC_SUCCESS || !is_whole(answer, have))
		return SL_ERR_DEVICE;
	*ret_len = have;
	return SL_OK;
}

enum sl_err
sl_tpm_link_exchange(struct sl_tpm_link *link, const uint8_t *command, size_t len, uint8_t *answer, size_t *ret_len)
{
	enum sl_err err;

	if (link->kind == KIND_LIBRARY)
		return exchange_library(link, command, len, answer, ret_len);
	if ((err = transmit(link, command, len)) != SL_OK)
		return err;
	return receive(link, answer, ret_len);
}

bool
sl_tpm_link_bare(const char *tcti)
{
	const char *path;
	const char *base;

	if (starts(tcti, "device:", &path)) {
		base = strrchr(path, '/');
		return strncmp(base == NULL ? path : base + 1, "tpmrm", 5) != 0;
	}
	return strncmp(tcti, "swtpm", 5) == 0 || strncmp(tcti, "mssim", 5) == 0;
}
