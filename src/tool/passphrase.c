/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/passphrase.h"

static enum sl_err
read_key(const struct sl_privkey *found, const struct sl_secret *passphrase, const char *path, struct sl_key **ret_key, struct sl_msg *msg)
{
	struct sl_msg why = { "" };
	const enum sl_err err = sl_privkey_read(found, passphrase, ret_key, &why);

	if (err != SL_OK)
		sl_msg_set(msg, "%.200s: %.250s", path, why.text[0] == '\0' ? sl_err_text(err) : why.text);
	return err;
}

enum sl_err
sl_passphrase_key(const struct sl_privkey *found, const struct sl_secret_ask *ask, const char *path, struct sl_key **ret_key,
                  struct sl_msg *msg)
{
	SL_SECRET passphrase = { 0 };
	enum sl_err err;

	if (found->form == SL_PRIVKEY_TSS2) {
		sl_msg_set(msg, "%.300s: sealed to a TPM, expected a private key that is not", path);
		return SL_ERR_FORMAT;
	}
	if ((err = read_key(found, NULL, path, ret_key, msg)) != SL_ERR_LOGIN)
		return err;
	if ((err = sl_secret_input(ask, &passphrase, msg)) != SL_OK)
		return err;
	return read_key(found, &passphrase, path, ret_key, msg);
}
