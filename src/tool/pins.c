/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/pins.h"

#include "tool/secret_input.h"

#include <string.h>

struct sl_part
sl_pins_part(const struct sl_secret *pin)
{
	return (struct sl_part){ pin->bytes, pin->len };
}

static struct sl_token *
find_token(struct sl_instance *instance, const char *name)
{
	for (size_t i = 0; i < instance->n_tokens; i++)
		if (strcmp(instance->tokens[i]->config->name, name) == 0)
			return instance->tokens[i];
	return NULL;
}

struct sl_token *
sl_pins_token(struct sl_instance *instance, const struct sl_tool_args *args, struct sl_pin_state *ret_state, int *ret_status)
{
	const char *name = sl_args_value(args, "token");
	struct sl_token *token = name == NULL ? NULL : find_token(instance, name);
	struct sl_root_name root;
	struct sl_msg msg = { "" };
	enum sl_err err;

	*ret_status = SL_EXIT_USAGE;
	if (token == NULL) {
		sl_report("--token: %s%.80s%s, expected a token of the configuration", name == NULL ? "missing" : "'", name == NULL ? "" : name,
		          name == NULL ? "" : "'");
		return NULL;
	}
	if ((err = sl_token_present(token, NULL)) == SL_OK && (err = sl_token_identify(token, &root, NULL)) == SL_OK)
		err = sl_pin_state(token, ret_state);
	if (err == SL_OK)
		return token;
	sl_root_trouble(token->root, &msg);
	*ret_status = sl_report_error(err, name, &msg);
	return NULL;
}

enum sl_err
sl_pins_input(const struct sl_tool_args *args, const struct sl_token *token, const struct sl_pins_ask *ask, struct sl_secret *ret_pin,
              struct sl_msg *msg)
{
	char what[120];
	const struct sl_secret_ask input = {
		.what = what,
		.option = ask->option,
		.from = sl_args_value(args, ask->option),
		.min = SL_PIN_MIN,
		.max = SL_PIN_MAX,
		.fresh = ask->fresh,
		.optional = ask->optional,
	};

	(void)snprintf(what, sizeof(what), "%s of token %s%s", ask->what, token->config->name,
	               ask->optional && input.from == NULL ? " (empty: none)" : "");
	return sl_secret_input(&input, ret_pin, msg);
}

static enum sl_err
of_rv(CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
		return SL_OK;
	case CKR_PIN_INCORRECT:
		return SL_ERR_AUTH;
	case CKR_PIN_LOCKED:
		return SL_ERR_LOCKED;
	case CKR_USER_PIN_NOT_INITIALIZED:
		return SL_ERR_NOT_FOUND;
	case CKR_HOST_MEMORY:
		return SL_ERR_MEMORY;
	case CKR_TOKEN_WRITE_PROTECTED:
		return SL_ERR_READONLY;
	case CKR_TOKEN_NOT_PRESENT:
		return SL_ERR_ABSENT;
	default:
		return SL_ERR_DEVICE;
	}
}

enum sl_err
sl_pins_set_user(struct sl_instance *instance, struct sl_token *token, const struct sl_secret *so, const struct sl_secret *user)
{
	struct sl_sessions sessions;
	CK_SESSION_HANDLE session;
	enum sl_err err;

	sl_sessions_init(&sessions, instance);
	err = of_rv(sl_login_open(&sessions, token, true, &session));
	if (err == SL_OK)
		err = of_rv(sl_login(&sessions, token, SL_PIN_SO, sl_pins_part(so)));
	if (err == SL_OK)
		err = sl_pin_set_user(token, sl_pins_part(user));
	sl_session_close_all(&sessions, token); /* and nobody is logged in any more */
	sl_sessions_done(&sessions);
	return err;
}

static void
report_lockout(struct sl_token *token)
{
	struct sl_lockout lockout;

	if (sl_root_lockout(token->root, &lockout) != SL_OK)
		return;
	if (lockout.locked)
		sl_report("the TPM is locked: one try comes back every %u seconds, or with tpm2_dictionarylockout(1)", lockout.interval);
	else if (lockout.max > lockout.failures)
		sl_report("%u of the TPM's %u tries are left", lockout.max - lockout.failures, lockout.max);
}

int
sl_pins_report(enum sl_err err, struct sl_token *token, const char *what, const struct sl_msg *msg)
{
	struct sl_msg trouble = { "" };

	switch (err) {
	case SL_ERR_AUTH:
		sl_report("token %s: wrong %s", token->config->name, what);
		report_lockout(token);
		return SL_EXIT_FAILURE;
	case SL_ERR_LOCKED:
		sl_report("token %s: %s: locked after too many wrong PINs", token->config->name, what);
		report_lockout(token);
		return SL_EXIT_FAILURE;
	case SL_ERR_MISMATCH:
		sl_report("token %s: %s: its PINs were not made by this TPM, or before it was cleared; expected token init", token->config->name, what);
		return SL_EXIT_FAILURE;
	case SL_ERR_UNSUPPORTED:
		sl_report("token %s: it has no PINs: its root is kept by the kernel, and nothing there counts wrong tries", token->config->name);
		return SL_EXIT_FAILURE;
	default:
		if (msg != NULL && msg->text[0] != '\0')
			trouble = *msg;
		else
			sl_root_trouble(token->root, &trouble);
		return sl_report_error(err, token->config->name, &trouble);
	}
}
