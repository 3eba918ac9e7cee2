/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_DERIVE_CONTEXT_H
#define SL_DERIVE_CONTEXT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SL_CONTEXT_LEN 32
#define SL_SALT_LEN 32
#define SL_TOKEN_SECRET_LEN 32
#define SL_NAME_MAX 255
#define SL_BINDERS_MAX 8

/* "uid", "path", "csum", "unit", "lsm" and what it is bound to; written as kind "=" value. */
struct sl_binder {
	const char *kind;
	const char *value;
};

/* What a derived key is a function of, beside the root. Pointers are borrowed. */
struct sl_keyid {
	const char *name;              /* UTF-8, 1 to SL_NAME_MAX bytes */
	const char *type;              /* struct sl_keytype's name */
	uint32_t version;              /* from 1 */
	const uint8_t *salt;           /* SL_SALT_LEN bytes, or NULL */
	const struct sl_binder *binders;
	size_t n_binders;
	const uint8_t *token_secret;   /* SL_TOKEN_SECRET_LEN bytes, or NULL */
};

/*
 * doc/derivation.md: SHA-256("seedleaf object v1" || 0x00 || fields). Whoever knows it and may use the root can
 * compute the key: as secret as the token secret in it. SL_ERR_ARG for a name or type that is empty, too long or not
 * UTF-8, a version of 0, an unknown binder.
 */
SL_MUST_CHECK enum sl_err sl_context(const struct sl_keyid *id, uint8_t ret_ctx[SL_CONTEXT_LEN]);

/*
 * The public counterpart, to find a key's public half in the store: SHA-256("seedleaf index v1" || 0x00 || fields
 * without the token secret). Nothing can be derived from it.
 */
SL_MUST_CHECK enum sl_err sl_context_index(const struct sl_keyid *id, uint8_t ret_index[SL_CONTEXT_LEN]);

#endif
