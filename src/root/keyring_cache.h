/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_KEYRING_CACHE_H
#define SL_ROOT_KEYRING_CACHE_H

#include "base/secret.h"

/*
 * Bytes in the session keyring, for as many seconds, for whoever possesses that keyring. Nothing is kept, and nothing found, where the session keyring is
 * not this user's own (after su(1)), or where the kernel does not want to.
 */
/* Whether this process has a session keyring that is one login's, and this user's. */
bool sl_keyring_cache_session(void);

#define SL_KEYRING_CACHE_MAX 512
void sl_keyring_cache_put(const char *name, const void *bytes, size_t len, uint32_t seconds);
SL_MUST_CHECK enum sl_err sl_keyring_cache_get(const char *name, struct sl_secret *ret_bytes);
void sl_keyring_cache_drop(const char *name);

#endif
