/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/pins.h"

static int
change(const struct sl_tool_args *args, struct sl_token *token, enum sl_pin_role role)
{
	const bool so = role == SL_PIN_SO;
	const struct sl_pins_ask ask_old = { .what = so ? "Present SO PIN" : "Present user PIN", .option = "pin-file" };
	const struct sl_pins_ask ask_new = { .what = so ? "New SO PIN" : "New user PIN", .option = "new-pin-file", .fresh = true };
	SL_SECRET old = { 0 };
	SL_SECRET fresh = { 0 };
	struct sl_msg msg = { "" };
	enum sl_err err;

	if ((err = sl_pins_input(args, token, &ask_old, &old, &msg)) == SL_OK &&
	    (err = sl_pins_input(args, token, &ask_new, &fresh, &msg)) == SL_OK)
		err = sl_pin_change(token, role, sl_pins_part(&old), sl_pins_part(&fresh));
	return err == SL_OK ? SL_EXIT_OK : sl_pins_report(err, token, so ? "SO PIN" : "user PIN", &msg);
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	const bool so = sl_args_value(args, "so") != NULL;
	struct sl_pin_state state = { .initialized = false };
	struct sl_token *token;
	int status = SL_EXIT_USAGE;

	instance = sl_keys_open(&status);
	token = instance == NULL ? NULL : sl_pins_token(instance, args, &state, &status);
	if (token == NULL)
		return status;
	if (!state.initialized || (!so && !state.user)) {
		sl_report("token %s: there is no %s PIN, expected token %s first", token->config->name, so ? "SO" : "user",
		          state.initialized ? "reset" : "init");
		return SL_EXIT_FAILURE;
	}
	return change(args, token, so ? SL_PIN_SO : SL_PIN_USER);
}

const struct sl_tool_command sl_cmd_token_pin = {
	.words = "token pin",
	.summary = "Change a token's user PIN, or its SO PIN; keys stay",
	.options = {
		{ "token", "TOKEN", "the token (required)" },
		{ "so", NULL, "the SO's PIN instead of the user's" },
		{ "pin-file", "FILE", "the present PIN; '-' or credential:NAME (default: ask)" },
		{ "new-pin-file", "FILE", "the new one, likewise" },
	},
	.run = run,
};
