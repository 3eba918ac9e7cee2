/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/fakekernel.h"

#include "crypto/mac.h"
#include "lib/test.h"

#include <errno.h>
#include <keyutils.h>
#include <linux/if_alg.h>
#include <string.h>
#include <sys/socket.h>

#define SERIAL 4711
#define KEY_SOCKET 100000
#define WORK_SOCKET 100001
#define SET_KEY_BY_SERIAL 7

struct fake_kernel fake;
static bool keyed;
static bool interrupted;
static bool has_answer;
static uint8_t answer[32];

long __wrap_request_key(const char *type, const char *name, const char *callout, key_serial_t ring);
long __wrap_keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t destination);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);
int __real_close(int fd);
int __wrap_close(int fd);

void
fake_reset(const uint8_t *key, size_t len)
{
	fake = (struct fake_kernel){ .key_len = len };
	memcpy(fake.key, key, len);
	keyed = has_answer = interrupted = false;
}

static bool
fails(enum fake_step step)
{
	fake.calls[step]++;
	if (fake.fails[step] == 0)
		return false;
	errno = fake.fails[step];
	return true;
}

static long
find(enum fake_step step, const char *type, const char *name, bool alone)
{
	if (fails(step))
		return -1;
	if (alone && strcmp(type, "user") == 0 && strcmp(name, "seedleaf") == 0)
		return SERIAL;
	errno = ENOKEY;
	return -1;
}

long
__wrap_request_key(const char *type, const char *name, const char *callout, key_serial_t ring)
{
	return find(FAKE_REQUEST, type, name, callout == NULL && ring == 0);
}

long
__wrap_keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t destination)
{
	return find(ring == KEY_SPEC_USER_KEYRING ? FAKE_SEARCH_USER : FAKE_SEARCH_USER_SESSION, type, name, destination == 0);
}

int
__wrap_socket(int domain, int type, int protocol)
{
	if (fails(FAKE_SOCKET))
		return -1;
	if (domain != AF_ALG || (type & ~SOCK_CLOEXEC) != SOCK_SEQPACKET || protocol != 0) {
		errno = EINVAL;
		return -1;
	}
	fake.inherited += (type & SOCK_CLOEXEC) == 0;
	fake.open++;
	keyed = false;
	return KEY_SOCKET;
}

int
__wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	const struct sockaddr_alg *alg = (const struct sockaddr_alg *)(const void *)address;

	if (fails(FAKE_BIND))
		return -1;
	if (fd == KEY_SOCKET && len == sizeof(*alg) && strcmp((const char *)alg->salg_type, "hash") == 0 &&
	    strcmp((const char *)alg->salg_name, "hmac(sha256)") == 0)
		return 0;
	errno = ENOENT;
	return -1;
}

int
__wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	int32_t serial = 0;

	if (fails(FAKE_SETSOCKOPT))
		return -1;
	if (len == sizeof(serial))
		memcpy(&serial, value, sizeof(serial));
	keyed = fd == KEY_SOCKET && level == SOL_ALG && option == SET_KEY_BY_SERIAL && serial == SERIAL;
	errno = ENOKEY;
	return keyed ? 0 : -1;
}

int
__wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (fails(FAKE_ACCEPT))
		return -1;
	if (fd != KEY_SOCKET || !keyed) {
		errno = ENOKEY;
		return -1;
	}
	fake.inherited += (flags & SOCK_CLOEXEC) == 0;
	fake.open++;
	return WORK_SOCKET;
}

static bool
interrupt(void)
{
	interrupted = fake.interrupts && !interrupted;
	errno = EINTR;
	return interrupted;
}

ssize_t
__wrap_send(int fd, const void *data, size_t len, int flags)
{
	if (interrupt())
		return -1;
	if (fake.after > 0)
		fake.after--;
	else if (fails(FAKE_SEND))
		return -1;
	has_answer = fd == WORK_SOCKET && flags == MSG_NOSIGNAL &&
	             sl_hmac(SL_HASH_SHA256, fake.key, fake.key_len, &(struct sl_part){ data, len }, 1, answer) == SL_OK;
	return has_answer ? (ssize_t)len : 0;
}

ssize_t
__wrap_recv(int fd, void *data, size_t len, int flags)
{
	if (interrupt() || fails(FAKE_RECV))
		return -1;
	if (fd != WORK_SOCKET || len != sizeof(answer) || flags != 0 || !has_answer) {
		errno = EINVAL;
		return -1;
	}
	has_answer = false;
	memcpy(data, answer, len);
	return fake.is_short ? (ssize_t)len - 1 : (ssize_t)len;
}

int
__wrap_close(int fd)
{
	if (fd != KEY_SOCKET && fd != WORK_SOCKET)
		return __real_close(fd);
	fake.open--;
	return 0;
}
