/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_KEYRING_LOAD_H
#define SL_ROOT_KEYRING_LOAD_H

#include "base/secret.h"

/*
 * Secrets for the kernel's own use, dm-crypt's or fscrypt's: they go from secret memory into the kernel by one system call, and nowhere else.
 * For the tool, not for a module in a host: it gives the process a process keyring.
 */
struct sl_keyring_place {
	const char *type;   /* user, logon, fscrypt-provisioning or encrypted */
	const char *desc;   /* for logon with a prefix: "seedleaf:disk" */
	const char *ring;   /* @s, @u, @us, or a keyring's serial number */
	uint32_t timeout;   /* seconds, then it is gone; 0: it stays */
	const char *format; /* encrypted: default, ecryptfs or enc32 */
	const char *master; /* encrypted: the kernel's key that encrypts it, TYPE:NAME */
};

/* NULL when a key of so many bytes can be put there; else what was expected, in words. */
const char *sl_keyring_load_wrong(const struct sl_keyring_place *place, size_t len);

/* Is it one of the names of a keyring? */
bool sl_keyring_is_ring(const char *text);

/*
 * In the place of one of the same type and description; it is there with its timeout, or the old one is. SL_ERR_UNSUPPORTED: this kernel has no such keys, or takes no
 * given payload for them; SL_ERR_NOT_FOUND: no such keyring or master; SL_ERR_ACCESS, SL_ERR_RANGE (quota), SL_ERR_DEVICE.
 */
SL_MUST_CHECK enum sl_err sl_keyring_load(const struct sl_keyring_place *place, const struct sl_secret *secret, int32_t *ret_serial,
                                          struct sl_msg *msg);

/* Revokes the key, so that it is of no use wherever else it is linked, and takes it out of the keyring. SL_ERR_NOT_FOUND. */
SL_MUST_CHECK enum sl_err sl_keyring_unload(const struct sl_keyring_place *place, struct sl_msg *msg);

/* A key that may not be viewed has an empty type. */
struct sl_keyring_item {
	int32_t serial;
	uint32_t perm;
	char type[32];
	char desc[256]; /* its beginning; printable ASCII, else '?' */
};
/* What is in a keyring. The caller frees *ret_items, NULL where there is nothing. */
SL_MUST_CHECK enum sl_err sl_keyring_list(const char *ring, struct sl_keyring_item **ret_items, size_t *ret_n, struct sl_msg *msg);

/*
 * The key of a file system that encrypts by itself (fscrypt, a version 2 key of 16 to 64 bytes): FS_IOC_ADD_ENCRYPTION_KEY on any directory of it.
 * The kernel makes the identifier, which is public, of the key.
 */
#define SL_FSCRYPT_ID 16
SL_MUST_CHECK enum sl_err sl_fscrypt_load(const char *path, const struct sl_secret *secret, uint8_t ret_id[SL_FSCRYPT_ID], struct sl_msg *msg);
/* SL_ERR_BUSY: the key is gone, and files that are in use are still open. */
SL_MUST_CHECK enum sl_err sl_fscrypt_unload(const char *path, const uint8_t id[SL_FSCRYPT_ID], struct sl_msg *msg);

#endif
