/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring_cache.h"

#include <keyutils.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_TYPE "user"
#define PERMISSIONS (KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | KEY_POS_LINK)

/*
 * Of the kernel's text "keyring;UID;GID;PERMISSIONS;NAME". Where a login made no session (cron, sudo), the kernel takes "_uid_ses.UID", which all such processes
 * of the user have, and not one session.
 */
bool
sl_keyring_cache_session(void)
{
	SL_FREE char *text = NULL;
	const char *name;
	unsigned uid;

	if (keyctl_describe_alloc(KEY_SPEC_SESSION_KEYRING, &text) < 0 || sscanf(text, "keyring;%u;", &uid) != 1 || uid != geteuid())
		return false;
	name = strrchr(text, ';');
	return name != NULL && strncmp(name + 1, "_uid", 4) != 0;
}

/* It is in the session keyring only once its time and its permissions are set. */
void
sl_keyring_cache_put(const char *name, const void *bytes, size_t len, uint32_t seconds)
{
	const int32_t key = sl_keyring_cache_session() ? add_key(KEY_TYPE, name, bytes, len, KEY_SPEC_THREAD_KEYRING) : -1;

	if (key < 0)
		return;
	if (keyctl_set_timeout(key, seconds) == 0 && keyctl_setperm(key, PERMISSIONS) == 0)
		(void)keyctl_link(key, KEY_SPEC_SESSION_KEYRING);
	(void)keyctl_unlink(key, KEY_SPEC_THREAD_KEYRING);
}

static int32_t
find(const char *name)
{
	return sl_keyring_cache_session() ? (int32_t)keyctl_search(KEY_SPEC_SESSION_KEYRING, KEY_TYPE, name, 0) : -1;
}

enum sl_err
sl_keyring_cache_get(const char *name, struct sl_secret *ret_bytes)
{
	SL_SECRET bytes = { 0 };
	const int32_t key = find(name);
	enum sl_err err;
	long len;

	if (key < 0)
		return SL_ERR_NOT_FOUND;
	if ((err = sl_secret_alloc(&bytes, SL_KEYRING_CACHE_MAX)) != SL_OK)
		return err;
	len = keyctl_read(key, (char *)bytes.bytes, bytes.len);
	if (len <= 0 || (size_t)len > bytes.len)
		return SL_ERR_NOT_FOUND;
	return sl_secret_copy(ret_bytes, bytes.bytes, (size_t)len);
}

void
sl_keyring_cache_drop(const char *name)
{
	const int32_t key = find(name);

	if (key < 0)
		return;
	(void)keyctl_invalidate(key); /* wherever else it is linked; the kernel sweeps it up later */
	(void)keyctl_unlink(key, KEY_SPEC_SESSION_KEYRING);
}
