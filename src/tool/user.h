/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_USER_H
#define SL_TOOL_USER_H

#include "token/session.h"
#include "tool/tool.h"

/* A session of a token, and its user logged in, who stays so as long as it is open. */
struct sl_user {
	struct sl_sessions sessions;
	struct sl_token *token;
	CK_SESSION_HANDLE handle; /* 0: not open */
};

/*
 * pin: of the user; empty: nobody logs in. SL_ERR_AUTH, SL_ERR_LOCKED; SL_ERR_ARG: a PIN for a token that has none; msg says why. The instance has to outlive
 * *ret_user.
 */
SL_MUST_CHECK enum sl_err sl_user_open(struct sl_token *token, const struct sl_secret *pin, struct sl_user *ret_user, struct sl_msg *msg);
void sl_user_close(struct sl_user *user);

/* The user's PIN, from where --pin-file says, or where the token needs one, from the terminal; else it is empty. */
SL_MUST_CHECK enum sl_err sl_user_pin(struct sl_token *token, const struct sl_tool_args *args, struct sl_secret *ret_pin, struct sl_msg *msg);

/* Whether the token has a PIN that its private keys need. */
bool sl_user_needed(struct sl_token *token);

#endif
