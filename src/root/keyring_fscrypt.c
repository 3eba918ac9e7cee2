/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring_load.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fscrypt.h>
#include <string.h>
#include <sys/ioctl.h>

_Static_assert(SL_FSCRYPT_ID == FSCRYPT_KEY_IDENTIFIER_SIZE, "an identifier");

static enum sl_err
failed(const char *path, int number, struct sl_msg *msg)
{
	const bool none = number == ENOTTY || number == EOPNOTSUPP || number == ENOSYS;

	sl_msg_set(msg, "%.200s: %s", path,
	           none                  ? "its file system does not encrypt (fscrypt), expected ext4 or f2fs with the feature encrypt, or ubifs"
	           : number == ENOKEY    ? "there is no such key"
	           : number == EOVERFLOW ? "too many keys"
	                                 : sl_text_errno(number));
	return none                                     ? SL_ERR_UNSUPPORTED
	       : number == ENOENT || number == ENOKEY   ? SL_ERR_NOT_FOUND
	       : number == EACCES || number == EPERM    ? SL_ERR_ACCESS
	       : number == EDQUOT                       ? SL_ERR_RANGE
	       : number == ENOMEM                       ? SL_ERR_MEMORY
	                                                : SL_ERR_DEVICE;
}

/* ioctl(2) is given the directory of the mount point: the kernel keeps the key with the file system. */
static enum sl_err
control(const char *path, unsigned long request, void *arg, struct sl_msg *msg)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, request, arg) != 0)
		return failed(path, errno, msg);
	return SL_OK;
}

enum sl_err
sl_fscrypt_load(const char *path, const struct sl_secret *secret, uint8_t ret_id[SL_FSCRYPT_ID], struct sl_msg *msg)
{
	struct fscrypt_add_key_arg *arg;
	SL_SECRET room = { 0 };
	enum sl_err err = sl_secret_alloc(&room, sizeof(*arg) + secret->len);

	if (err != SL_OK)
		return err;
	arg = (void *)room.bytes;
	arg->key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
	arg->raw_size = (uint32_t)secret->len;
	memcpy(arg->raw, secret->bytes, secret->len);
	if ((err = control(path, FS_IOC_ADD_ENCRYPTION_KEY, arg, msg)) != SL_OK)
		return err;
	memcpy(ret_id, arg->key_spec.u.identifier, SL_FSCRYPT_ID);
	return SL_OK;
}

enum sl_err
sl_fscrypt_unload(const char *path, const uint8_t id[SL_FSCRYPT_ID], struct sl_msg *msg)
{
	struct fscrypt_remove_key_arg arg = { .key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER };
	enum sl_err err;

	memcpy(arg.key_spec.u.identifier, id, SL_FSCRYPT_ID);
	if ((err = control(path, FS_IOC_REMOVE_ENCRYPTION_KEY, &arg, msg)) != SL_OK)
		return err;
	if ((arg.removal_status_flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_FILES_BUSY) != 0) {
		sl_msg_set(msg, "%.200s: files are still in use; the key goes with them, do this again then", path);
		return SL_ERR_BUSY;
	}
	if ((arg.removal_status_flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_OTHER_USERS) != 0) {
		sl_msg_set(msg, "%.200s: other users have added the key, too", path);
		return SL_ERR_BUSY;
	}
	return SL_OK;
}
