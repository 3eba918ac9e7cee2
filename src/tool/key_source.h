/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_KEY_SOURCE_H
#define SL_TOOL_KEY_SOURCE_H

#include "crypto/privkey.h"
#include "token/token.h"
#include "tool/tool.h"

/*
 * Keys out of files. Nothing of a file is left in memory that is swapped or dumped. path "-": standard input. SL_ERR_NOT_FOUND, _ACCESS, _RANGE, _FORMAT, _IO;
 * msg says which file and why.
 */
SL_MUST_CHECK enum sl_err sl_key_source_file(const char *path, size_t max, struct sl_secret *ret_bytes, struct sl_msg *msg);

/* What `key import` is given. */
struct sl_key_source {
	const char *path;
	struct sl_secret file;
	bool raw;                     /* the file is the key itself */
	struct sl_privkey found;      /* else */
	bool typed;                   /* --type was given: the bytes, or the sealed bytes, are a secret key */
};
void sl_key_source_clear(struct sl_key_source *source);

/* Reads the file and says what is in it. */
SL_MUST_CHECK enum sl_err sl_key_source_open(const char *path, bool typed, struct sl_key_source *ret_source, struct sl_msg *msg);

/*
 * The key. Where it is encrypted, or sealed with an authorization, the passphrase comes from where args says, or from the terminal. token: the one that is to
 * unseal it. SL_ERR_AUTH, SL_ERR_LOGIN, SL_ERR_MISMATCH (sealed by another TPM), SL_ERR_POLICY...
 */
SL_MUST_CHECK enum sl_err sl_key_source_key(const struct sl_key_source *source, const struct sl_tool_args *args, struct sl_token *token,
                                            struct sl_key **ret_key, struct sl_msg *msg);

#endif
