/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_PIN_H
#define SL_TOKEN_PIN_H

#include "crypto/mac.h"
#include "token/login.h"

/*
 * The PINs of a token and the secret S that they open: doc/pin.md. A PIN outside SL_PIN_MIN to SL_PIN_MAX bytes is SL_ERR_RANGE where it is new, and
 * SL_ERR_AUTH, without a try, where it is to open something. SL_ERR_AUTH: wrong; SL_ERR_LOCKED: too many wrong ones, for this device; SL_ERR_NOT_FOUND:
 * there is no such PIN; SL_ERR_READONLY: the store cannot be written; SL_ERR_MISMATCH: what is on record was not made by this device, or before it was
 * cleared. All but sl_pin_open() change either everything or nothing, except where it is said. They know nothing of sessions: pkcs11's front asks
 * through login.h.
 */
enum sl_pin_role { SL_PIN_SO = 1, SL_PIN_USER = 2 }; /* the numbers are doc/pin.md's */

/*
 * C_InitToken: draws a new S, under the SO's PIN alone. On a token that has a SO, pin has to be his; where his PIN opens nothing any more
 * (SL_ERR_MISMATCH), the token is as good as new. Every object and public half of the root goes.
 */
SL_MUST_CHECK enum sl_err sl_pin_init(struct sl_token *token, struct sl_part pin, const char *label);

/* C_InitPIN: a user PIN, or another one. SL_ERR_LOGIN: the SO is not logged in. */
SL_MUST_CHECK enum sl_err sl_pin_set_user(struct sl_token *token, struct sl_part pin);

/* C_SetPIN. */
SL_MUST_CHECK enum sl_err sl_pin_change(struct sl_token *token, enum sl_pin_role role, struct sl_part old, struct sl_part fresh);

/* S, by PIN. */
SL_MUST_CHECK enum sl_err sl_pin_open(struct sl_token *token, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret);

#endif
