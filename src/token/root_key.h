/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_ROOT_KEY_H
#define SL_TOKEN_ROOT_KEY_H

#include "crypto/mac.h"
#include "token/token.h"

/*
 * The token's root as PKCS#11 shows it: a secret key object that can do nothing but C_DeriveKey. It has no value here: the TPM computes with it.
 */
SL_MUST_CHECK enum sl_err sl_root_key_object(struct sl_token *token, struct sl_object **ret_object);
bool sl_root_key_is(const struct sl_object *object);

/*
 * doc/derivation.md, "The root as a PKCS#11 key": root.derive(SHA-256(label || 0x00 || for each part: u32be length || bytes)). Labels are none of those that object
 * contexts begin with, so that no application can compute a token's other keys this way. On a token with PINs the token secret is the last part:
 * SL_ERR_LOGIN.
 */
SL_MUST_CHECK enum sl_err sl_root_key_derive(struct sl_token *token, const char *label, const struct sl_part *parts, size_t n,
                                             struct sl_secret *ret_secret);

/* What is given to the root. token_secret is empty for a token that has no PIN. */
SL_MUST_CHECK enum sl_err sl_root_key_context(const char *label, const struct sl_part *parts, size_t n, const struct sl_secret *token_secret,
                                              uint8_t ret_context[SL_HASH_MAX]);

#endif
