/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_BUILTIN_H
#define SL_TOKEN_BUILTIN_H

#include "token/token.h"

/*
 * Objects that every token has: its root, a secret key (root_key.h), and the profiles of PKCS#11 that hold here (CKO_PROFILE),
 * which are shown to searches that name their class: others would take them for something to use. So are its mechanisms (CKO_MECHANISM).
 */
#define SL_BUILTIN_MAX 5

/* Builds them; handles are given when they are published. */
SL_MUST_CHECK enum sl_err sl_builtin_build(struct sl_token *token);
void sl_builtin_free(struct sl_token *token);
/* CKO_MECHANISM objects of these types, made when somebody first searches for their class. */
SL_MUST_CHECK enum sl_err sl_builtin_mechanisms(struct sl_token *token, const CK_MECHANISM_TYPE *types, size_t n);
/* Puts them into the token's table, again after it was emptied: on a token with PINs not the private ones. token.lock is held for writing. */
SL_MUST_CHECK enum sl_err sl_builtin_publish_locked(struct sl_token *token);
/* The private ones, for somebody who may see them. token.lock is held for writing. */
SL_MUST_CHECK enum sl_err sl_builtin_open_locked(struct sl_token *token);
/* A logout: private ones are another snapshot with no handle, until they are published again. token.lock is held for writing. */
void sl_builtin_close_locked(struct sl_token *token);

#endif
