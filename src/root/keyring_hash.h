/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_KEYRING_HASH_H
#define SL_ROOT_KEYRING_HASH_H

#include "config/config.h"

/*
 * HMAC-SHA256 computed by the kernel under a key that it names by serial number: an AF_ALG socket and ALG_SET_KEY_BY_KEY_SERIAL (Linux 6.2). What is
 * in the key never comes to this process, which needs Search permission for it and nothing else.
 */
#define SL_KEYRING_HASH 32

/* One key, from opening to closing: whatever becomes of the key meanwhile, the answers are by the one that was found. { -1, -1 } is none. */
struct sl_keyring_hash {
	int key;
	int work;
};

/*
 * Finds the key in the thread's, process's, session, user-session and user keyrings, in this order. SL_ERR_ABSENT: it is not there, has expired, was
 * revoked, is not this process's, or the kernel has no way to compute with it; why says which.
 */
SL_MUST_CHECK enum sl_err sl_keyring_hash_open(const struct sl_root_spec *spec, struct sl_keyring_hash *ret_hash, struct sl_msg *why);
void sl_keyring_hash_close(struct sl_keyring_hash *hash);
SL_MUST_CHECK enum sl_err sl_keyring_hash_run(const struct sl_keyring_hash *hash, const void *message, size_t len,
                                              uint8_t out[SL_KEYRING_HASH], struct sl_msg *why);

/* The key's serial number. */
SL_MUST_CHECK enum sl_err sl_keyring_find(const struct sl_root_spec *spec, int32_t *ret_serial, struct sl_msg *why);

#endif
