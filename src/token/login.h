/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_LOGIN_H
#define SL_TOKEN_LOGIN_H

#include "token/session.h"

/*
 * Who is logged in to a token in this process, and the token secret S that the login gave (doc/pin.md). One state for all sessions of the token.
 * Lock: token->login.lock, a leaf but for the store and the root, which are asked with it held: one login at a time.
 */
enum sl_login_state { SL_LOGIN_PUBLIC, SL_LOGIN_USER, SL_LOGIN_SO };

/* What can be known of a token's PINs without one. */
struct sl_pin_state {
	bool initialized;  /* C_InitToken was called: there is a SO PIN, and a token secret */
	bool user;         /* there is a user PIN */
	bool to_be_changed; /* the user's PIN was set by the SO and should be changed */
	char label[33];    /* given to C_InitToken, without the padding; "": the configuration's */
};

/* PINs: any bytes. Lengths that C_InitToken, C_InitPIN and C_SetPIN take. */
#define SL_PIN_MIN 4
#define SL_PIN_MAX 255

/* Cheap after the first time: one look at the store, or one TPM command, until something changes. */
SL_MUST_CHECK enum sl_err sl_pin_state(struct sl_token *token, struct sl_pin_state *ret_state);

enum sl_login_state sl_login_state(struct sl_token *token);

/*
 * A copy of S, SL_TOKEN_SECRET_LEN bytes, for keys with CKA_PRIVATE. *ret_secret is empty (len 0) on a token that has no PIN. SL_ERR_LOGIN: the user is not
 * logged in (the SO is nobody here).
 */
SL_MUST_CHECK enum sl_err sl_login_secret(struct sl_token *token, struct sl_secret *ret_secret);

#endif
