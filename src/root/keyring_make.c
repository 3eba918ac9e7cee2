/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring_make.h"

#include "base/text.h"

#include <errno.h>
#include <keyutils.h>
#include <string.h>

#define PAYLOAD_MAX (SL_KEYRING_BLOB_MAX + 256)

/*
 * The possessor may do everything, as with any new key, and the user's other processes may find and use the key. So a service whose session keyring has no
 * link to the user keyring (systemd's KeyringMode=private) can use it. They could make that link themselves: nobody gets more by this than he could have.
 */
#define PERMISSIONS (KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_SEARCH)

static enum sl_err
failed(const struct sl_root_spec *spec, const char *what, struct sl_msg *msg)
{
	const int number = errno;
	const bool trusted = strcmp(spec->key_type, "trusted") == 0;
	const char *hint = "";

	if (number == ENODEV)
		hint = trusted ? ": this kernel has no trusted keys (CONFIG_TRUSTED_KEYS), or no TPM for them"
		               : ": this kernel has no encrypted keys (CONFIG_ENCRYPTED_KEYS)";
	else if (trusted && (number == EPERM || number == EINVAL || number == EIO))
		hint = ": expected a blob of this TPM, and a storage key at the handle (seedleaf token persist owner --srk makes 0x81000001)";
	else if (!trusted && (number == EINVAL || number == ENOKEY || number == EOPNOTSUPP))
		hint = ": expected the master key that it was made with, in the keyrings of this process";
	sl_msg_set(msg, "keyring:%s:%s: %s: %s%s", spec->key_type, spec->key_name, what, sl_text_errno(number), hint);
	return number == ENOMEM ? SL_ERR_MEMORY : number == EDQUOT ? SL_ERR_RANGE : SL_ERR_DEVICE;
}

static enum sl_err
add(const struct sl_root_spec *spec, const char *payload, const char *what, int32_t *ret_serial, struct sl_msg *msg)
{
	const key_serial_t serial = add_key(spec->key_type, spec->key_name, payload, strlen(payload), KEY_SPEC_PROCESS_KEYRING);

	if (serial < 0)
		return failed(spec, what, msg);
	*ret_serial = serial;
	return SL_OK;
}

static enum sl_err
check_type(const struct sl_root_spec *spec, struct sl_msg *msg)
{
	if (strcmp(spec->key_type, "user") != 0)
		return SL_OK;
	sl_msg_set(msg, "keyring:user:%s: a key of the type user has no encrypted form, expected trusted or encrypted", spec->key_name);
	return SL_ERR_UNSUPPORTED;
}

enum sl_err
sl_keyring_make(const struct sl_root_spec *spec, const struct sl_keyring_recipe *recipe, int32_t *ret_serial, char **ret_blob, struct sl_msg *msg)
{
	char payload[PAYLOAD_MAX];
	int32_t serial = 0;
	enum sl_err err = check_type(spec, msg);

	if (err != SL_OK)
		return err;
	if (strcmp(spec->key_type, "trusted") == 0)
		(void)snprintf(payload, sizeof(payload), "new 32 keyhandle=%s", recipe->key_handle);
	else
		(void)snprintf(payload, sizeof(payload), "new default %s 32", recipe->master);
	/* The kernel makes an encrypted key without looking for its master; only the blob needs that one. */
	if ((err = add(spec, payload, "it cannot be made", &serial, msg)) != SL_OK ||
	    (err = sl_keyring_make_blob(spec, serial, ret_blob, msg)) != SL_OK)
		return err;
	*ret_serial = serial;
	return SL_OK;
}

enum sl_err
sl_keyring_make_blob(const struct sl_root_spec *spec, int32_t serial, char **ret_blob, struct sl_msg *msg)
{
	SL_FREE char *blob = calloc(1, SL_KEYRING_BLOB_MAX + 1);
	enum sl_err err = check_type(spec, msg); /* reading one of the type user would be reading the secret */
	long len;

	if (err != SL_OK)
		return err;
	if (blob == NULL)
		return SL_ERR_MEMORY;
	len = keyctl_read(serial, blob, SL_KEYRING_BLOB_MAX);
	/* The user's, and the session does not lead to it: a link of our own makes it ours. */
	if (len < 0 && errno == EACCES && keyctl_search(KEY_SPEC_USER_KEYRING, spec->key_type, spec->key_name, KEY_SPEC_PROCESS_KEYRING) == serial) {
		len = keyctl_read(serial, blob, SL_KEYRING_BLOB_MAX);
		(void)keyctl_unlink(serial, KEY_SPEC_PROCESS_KEYRING);
	}
	if (len < 0)
		return failed(spec, "its blob cannot be read", msg);
	if (len == 0 || len > SL_KEYRING_BLOB_MAX) {
		sl_msg_set(msg, "keyring:%s:%s: its blob has %ld bytes", spec->key_type, spec->key_name, len);
		return SL_ERR_RANGE;
	}
	blob[len] = '\0';
	*ret_blob = SL_TAKE(blob);
	return SL_OK;
}

/* What the kernel gives for such a key: hex digits; for an encrypted one words before them, "default trusted:NAME 32". */
static bool
is_blob(const struct sl_root_spec *spec, const char *blob)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *hex = strcmp(spec->key_type, "trusted") == 0 || strrchr(blob, ' ') == NULL ? blob : strrchr(blob, ' ') + 1;
	const size_t len = strlen(hex);

	if (strlen(blob) > SL_KEYRING_BLOB_MAX || len < 64 || strspn(hex, digits) != len)
		return false;
	for (const char *c = blob; c < hex; c++)
		if (*c < ' ' || *c > '~')
			return false;
	return hex != blob || strcmp(spec->key_type, "trusted") == 0;
}

enum sl_err
sl_keyring_make_load(const struct sl_root_spec *spec, const struct sl_keyring_recipe *recipe, const char *blob, int32_t *ret_serial,
                     struct sl_msg *msg)
{
	const bool handle = recipe->key_handle != NULL && strcmp(spec->key_type, "trusted") == 0;
	char payload[PAYLOAD_MAX];
	enum sl_err err = check_type(spec, msg);

	if (err != SL_OK)
		return err;
	if (!is_blob(spec, blob)) {
		sl_msg_set(msg, "expected the blob of a key of the type %s: %s", spec->key_type,
		           strcmp(spec->key_type, "trusted") == 0 ? "hex digits on one line" : "words and hex digits on one line");
		return SL_ERR_FORMAT;
	}
	(void)snprintf(payload, sizeof(payload), "load %s%s%s", blob, handle ? " keyhandle=" : "", handle ? recipe->key_handle : "");
	return add(spec, payload, "it cannot be loaded", ret_serial, msg);
}

enum sl_err
sl_keyring_make_keep(const struct sl_root_spec *spec, int32_t serial, struct sl_msg *msg)
{
	if (keyctl_setperm(serial, PERMISSIONS) != 0 || keyctl_link(serial, KEY_SPEC_USER_KEYRING) != 0)
		return failed(spec, "it cannot be put into the user keyring", msg);
	return SL_OK;
}
