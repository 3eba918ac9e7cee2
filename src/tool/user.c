/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/user.h"

#include "token/pin.h"
#include "tool/pins.h"

void
sl_user_close(struct sl_user *user)
{
	if (user->handle == 0)
		return;
	(void)sl_session_close(&user->sessions, user->handle);
	sl_sessions_done(&user->sessions);
	user->handle = 0;
}

bool
sl_user_needed(struct sl_token *token)
{
	struct sl_pin_state state;

	return sl_pin_state(token, &state) == SL_OK && state.initialized;
}

enum sl_err
sl_user_pin(struct sl_token *token, const struct sl_tool_args *args, struct sl_secret *ret_pin, struct sl_msg *msg)
{
	static const struct sl_pins_ask ask = { .what = "user PIN", .option = "pin-file" };

	if (sl_args_value(args, "pin-file") == NULL && !sl_user_needed(token))
		return SL_OK;
	return sl_pins_input(args, token, &ask, ret_pin, msg);
}

static enum sl_err
log_in(struct sl_user *user, const struct sl_secret *pin, struct sl_msg *msg)
{
	const struct sl_part part = { pin->bytes, pin->len };
	const char *name = user->token->config->name;

	switch (sl_login(&user->sessions, user->token, SL_PIN_USER, part)) {
	case CKR_OK:
		return SL_OK;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_LEN_RANGE:
		sl_msg_set(msg, "token %s: wrong PIN", name);
		return SL_ERR_AUTH;
	case CKR_PIN_LOCKED:
		sl_msg_set(msg, "token %s: the TPM is locked after too many wrong authorizations", name);
		return SL_ERR_LOCKED;
	case CKR_USER_PIN_NOT_INITIALIZED:
		sl_msg_set(msg, "token %s: it has no user PIN, expected no --pin-file", name);
		return SL_ERR_ARG;
	default:
		sl_root_trouble(user->token->root, msg);
		return SL_ERR_DEVICE;
	}
}

enum sl_err
sl_user_open(struct sl_token *token, const struct sl_secret *pin, struct sl_user *ret_user, struct sl_msg *msg)
{
	enum sl_err err;

	*ret_user = (struct sl_user){ .token = token };
	sl_sessions_init(&ret_user->sessions, token->instance);
	if ((err = sl_session_open(&ret_user->sessions, token, true, &ret_user->handle)) != SL_OK) {
		sl_sessions_done(&ret_user->sessions);
		return err;
	}
	if (pin->len != 0 && (err = log_in(ret_user, pin, msg)) != SL_OK)
		sl_user_close(ret_user);
	return err;
}
