/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef FAKEKERNEL_H
#define FAKEKERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A kernel's keyrings and its AF_ALG sockets, in the place of request_key(), keyctl_search(), socket(), bind(), setsockopt(), accept4(), send(), recv() and
 * close() (linker wrap). It has one key, "user" "seedleaf", serial number 4711.
 */
enum fake_step { FAKE_REQUEST, FAKE_SEARCH_USER_SESSION, FAKE_SEARCH_USER, FAKE_SOCKET, FAKE_BIND, FAKE_SETSOCKOPT, FAKE_ACCEPT, FAKE_SEND, FAKE_RECV, FAKE_STEPS };

struct fake_kernel {
	uint8_t key[128];
	size_t key_len;
	int fails[FAKE_STEPS];      /* errno; 0: works */
	unsigned after;             /* so many calls of FAKE_SEND work before it fails */
	bool interrupts;            /* each send and recv fails once with EINTR */
	bool is_short;              /* recv gives 31 bytes */
	unsigned calls[FAKE_STEPS];
	unsigned open;              /* sockets */
	unsigned inherited;         /* sockets that were not close-on-exec */
};
extern struct fake_kernel fake;

/* As at the start: the key is there, nothing fails. */
void fake_reset(const uint8_t *key, size_t len);

#endif
